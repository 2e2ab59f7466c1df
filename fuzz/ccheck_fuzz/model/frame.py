"""The structure of a file: pieces in their order, tables, lists, and which rows take which."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ccheck_schemas.checksum import Checksum
from ccheck_schemas.digits import Packer, cut
from ccheck_schemas.model import Chained, Number, Piece, RecordType, Refs


class Table:
    """The rows of one table.

    Attributes:
        name: The name of the table.
        kind: The type of its rows.
        low: The least number of rows.
        high: The greatest number of rows.
        refs: What each row names.
    """

    __slots__ = ("high", "kind", "low", "name", "refs")

    def __init__(self, name: str, kind: RecordType, low: int, high: int, refs: Sequence[Refs]) -> None:
        self.name = name
        self.kind = kind
        self.low = low
        self.high = high
        self.refs = refs


class Sharing(NamedTuple):
    """How the rows of one table take those of another.

    Attributes:
        taker: The key of the table that takes rows.
        share: The index among the taker's shares.
        taken: The key of the table whose rows are taken.
        runs: How many rows each row takes, in order.
        dangling: The rows of the taker whose numbers disagree with `runs`.
    """

    taker: int
    share: int
    taken: int
    runs: tuple[int, ...]
    dangling: frozenset[int] = frozenset()

    def first(self, row: int) -> int:
        """Returns the first row that a row takes."""
        return sum(self.runs[:row])

    def owner(self, row: int) -> int | None:
        """Returns the row of the taker that takes a row; None for one that nobody takes."""
        for number, run in enumerate(self.runs):
            if row < run:
                return number
            row -= run
        return None


class Population(NamedTuple):
    """All records of one kind.

    Attributes:
        starts: Their offsets.
        table: The key of their table; None for pieces, whose keys are in `keys`.
    """

    kind: RecordType
    starts: Sequence[int]
    table: int | None
    keys: Sequence[int]


Seal = tuple[int, Packer, Checksum]
"""A checksum: its offset, its packer, and what it is of. One that covers another comes after it."""


class Frame:
    """The layout of one file.

    Attributes:
        starts: The offsets of the pieces, by their keys.
        ends: The offsets after the pieces, by their keys.
        canonical: The pools that contain each item once, in the order of first use, and nothing else.
    """

    __slots__ = (
        "_populations",
        "canonical",
        "ends",
        "lists",
        "pieces",
        "seals",
        "sharings",
        "starts",
        "tables",
    )

    def __init__(
        self,
        pieces: Sequence[Piece],
        starts: Mapping[int, int],
        ends: Mapping[int, int],
        tables: Mapping[int, Table],
        lists: Mapping[int, Chained],
        sharings: tuple[Sharing, ...],
        canonical: frozenset[str],
        seals: tuple[Seal, ...],
    ) -> None:
        self.pieces = pieces
        self.starts = starts
        self.ends = ends
        self.tables = tables
        self.lists = lists
        self.sharings = sharings
        self.canonical = canonical
        self.seals = seals
        self._populations: tuple[Population, ...] | None = None

    @property
    def populations(self) -> tuple[Population, ...]:
        """The records that have numbers or texts, kind by kind, in the order of first occurrence."""
        if self._populations is None:
            self._populations = tuple(self._count())
        return self._populations

    def _count(self) -> list[Population]:
        found: list[Population] = []
        detached: dict[RecordType, tuple[list[int], list[int]]] = {}
        for piece in self.pieces:
            if piece.table is not None:
                table = self.tables[piece.table]
                size = table.kind.size or 1
                start = self.starts[piece.key]
                if table.refs:
                    places = range(start, start + size * len(table.refs), size)
                    found.append(Population(table.kind, places, piece.table, ()))
            elif piece.record_type is not None:
                if piece.record_type not in detached:
                    starts: list[int] = []
                    keys: list[int] = []
                    detached[piece.record_type] = (starts, keys)
                    found.append(Population(piece.record_type, starts, None, keys))
                starts, keys = detached[piece.record_type]
                starts.append(self.starts[piece.key])
                keys.append(piece.key)
        return found

    def having(
        self,
        pieces: Sequence[Piece] | None = None,
        tables: Mapping[int, Table] | None = None,
        sharings: tuple[Sharing, ...] | None = None,
    ) -> Frame:
        """Returns the same layout with other parts; the offsets of records stay."""
        frame = Frame(
            self.pieces if pieces is None else pieces,
            self.starts,
            self.ends,
            self.tables if tables is None else tables,
            self.lists,
            self.sharings if sharings is None else sharings,
            self.canonical,
            self.seals,
        )
        frame._populations = self._populations
        return frame

    def piece(self, key: int) -> Piece:
        """Returns the piece of a key.

        Raises:
            StopIteration: There is none.
        """
        return next(piece for piece in self.pieces if piece.key == key)

    def counts(self) -> list[int]:
        """Returns the lengths of all tables, lists and runs of this file, each once."""
        found = [len(table.refs) for table in self.tables.values()]
        found += [len(chained.elements) for chained in self.lists.values()]
        for sharing in self.sharings:
            found += sharing.runs
        return list(dict.fromkeys(found))

    def weight(self) -> int:
        """Returns what the frame costs in memory, roughly in bytes."""
        return 200 * len(self.pieces) + sum(16 * len(table.refs) for table in self.tables.values())


class Model:
    """A file and its frame."""

    __slots__ = ("data", "frame")

    def __init__(self, data: bytes, frame: Frame) -> None:
        self.data = data
        self.frame = frame

    def value(self, start: int, number: Number) -> int:
        """Returns a number of the record at `start`."""
        return int(number.packer.unpack_from(self.data, start + number.delta)[0])

    def states(self, start: int, number: Number, value: int) -> bool:
        """Returns whether the record at `start` has the bytes that a number is written in."""
        at = start + number.delta
        return self.data[at : at + number.packer.size] == number.packer.pack(number.fit(value))

    def with_bytes(self, at: int, raw: bytes, *, sealed: bool = True) -> Model:
        """Returns the same file with other bytes in place, as many."""
        out = bytearray(self.data)
        out[at : at + len(raw)] = raw
        return Model(self.seal(out) if sealed else bytes(out), self.frame)

    def with_number(self, start: int, number: Number, value: int, frame: Frame | None = None) -> Model:
        """Returns the same file with another number in one record.

        Args:
            start: The offset of the record.
            number: The number.
            value: Its new value.
            frame: A frame in place of the file's own.
        """
        out = bytearray(self.data)
        try:
            number.packer.pack_into(out, start + number.delta, value)
        except struct.error:
            number.packer.pack_into(out, start + number.delta, number.fit(value))
        return Model(self.seal(out, frame), frame or self.frame)

    def seal(self, out: bytearray, frame: Frame | None = None) -> bytes:
        """Returns the bytes with true checksums."""
        for at, packer, checksum in (frame or self.frame).seals:
            packer.pack_into(out, at, cut(packer, checksum.over(out, at)))
        return bytes(out)
