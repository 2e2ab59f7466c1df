"""Edits of a model that change its layout; the result is laid out and made true once, by `build`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypedDict, Unpack

from ccheck_fuzz.model.frame import Frame, Model, Sharing, Table
from ccheck_fuzz.model.layout import lay
from ccheck_schemas.model import (
    KEYS,
    Chained,
    Orphan,
    Payload,
    Piece,
    Pinned,
    RecordType,
    Ref,
    Refs,
    Relation,
)


@dataclass(frozen=True, slots=True)
class Cutting:
    """A row that was cut out of a table, with the rows that it takes, by its shares."""

    kind: RecordType
    raw: bytes
    refs: Refs
    taken: tuple[tuple[Cutting, ...], ...] = ()

    def detached(self) -> Cutting:
        """Returns the same row for another file: its texts come along, records elsewhere do not."""
        refs = tuple(_uprooted(ref) for ref in self.refs)
        raw = _without(self.kind, self.raw, self.refs, refs)
        return Cutting(self.kind, raw, refs, tuple(tuple(c.detached() for c in run) for run in self.taken))


def _uprooted(ref: Ref) -> Ref:
    if isinstance(ref, Pinned):
        return ref.payload
    return ref if isinstance(ref, Payload | Orphan) else None


@dataclass(frozen=True, slots=True)
class Branch:
    """An element of a list that was cut out: its pieces and bytes, and the lists and tables inside.

    Attributes:
        named: The kinds of the records elsewhere that it names, by their keys.
    """

    pieces: tuple[Piece, ...]
    raws: tuple[bytes, ...]
    lists: tuple[tuple[int, Chained], ...]
    tables: tuple[tuple[int, Table], ...]
    named: Mapping[int, RecordType]


class Draft:
    """A file that is being edited. The model that it was made from stays as it is."""

    __slots__ = ("base", "canonical", "lists", "pieces", "raws", "rows", "sharings", "tables")

    def __init__(self, base: Model) -> None:
        frame = base.frame
        self.base = base
        self.pieces: Sequence[Piece] = frame.pieces
        self.tables = dict(frame.tables)
        self.lists = dict(frame.lists)
        self.sharings: tuple[Sharing, ...] = frame.sharings
        self.canonical = frame.canonical
        self.raws: dict[int, bytes] = {}
        self.rows: dict[int, bytearray] = {}

    def build(self) -> Model:
        """Returns the file, laid out, with everything that follows from it."""
        return lay(
            self.base, self.raws, self.rows, self.pieces, self.tables, self.lists, self.sharings,
            self.canonical,
        )  # fmt: skip

    # -- rows

    def open(self, key: int) -> tuple[Table, bytearray, list[Refs], int]:
        """Returns a table for editing: the table, its bytes, what its rows name, and the bytes of a row."""
        table = self.tables[key]
        if key not in self.rows:
            (piece,) = (piece for piece in self.pieces if piece.table == key)
            frame: Frame = self.base.frame
            start, end = frame.starts[piece.key], frame.ends[piece.key]
            self.rows[key] = bytearray(self.base.data[start:end])
            table = self.tables[key] = Table(table.name, table.kind, table.low, table.high, list(table.refs))
        refs = table.refs
        assert isinstance(refs, list)  # noqa: S101 - made a list above
        return table, self.rows[key], refs, table.kind.size or 1

    def cut(self, key: int, row: int) -> Cutting:
        """Returns a copy of a row and of the rows that it takes."""
        table = self.tables[key]
        size = table.kind.size or 1
        if key in self.rows:
            raw = bytes(self.rows[key][row * size : row * size + size])
        else:
            (piece,) = (piece for piece in self.pieces if piece.table == key)
            start = self.base.frame.starts[piece.key] + row * size
            raw = self.base.data[start : start + size]
        taken = tuple(
            tuple(self.cut(sharing.taken, inner) for inner in range(first, first + sharing.runs[row]))
            for sharing in self.sharings
            if sharing.taker == key
            for first in (sharing.first(row),)
        )
        return Cutting(table.kind, raw, table.refs[row], taken)

    def drop(self, key: int, row: int) -> None:
        """Take a row out, with the rows that it takes."""
        table, raw, refs, size = self.open(key)
        for number, sharing in enumerate(self.sharings):
            if sharing.taker == key:
                first = sharing.first(row)
                for inner in reversed(range(first, first + sharing.runs[row])):
                    self.drop(sharing.taken, inner)
                sharing = self.sharings[number]
                runs = sharing.runs[:row] + sharing.runs[row + 1 :]
                dangling = frozenset(i - (i > row) for i in sharing.dangling if i != row)
                self._share(number, sharing._replace(runs=runs, dangling=dangling))
            elif sharing.taken == key:
                owner = sharing.owner(row)
                if owner is not None:
                    self._share(number, sharing._replace(runs=_changed(sharing.runs, owner, -1)))
        del raw[row * size : row * size + size]
        del refs[row]
        self._shift(table.name, row, -1)

    def plant(self, key: int, row: int, cutting: Cutting, owner: int | None = None) -> None:
        """Insert a row before another, or at the end.

        Args:
            key: The key of the table.
            row: The number of the row to insert it before.
            cutting: The new row.
            owner: The row that takes it, if rows are taken; by default the one that takes the row before.
        """
        table, raw, refs, size = self.open(key)
        raw[row * size : row * size] = cutting.raw
        refs.insert(row, cutting.refs)
        self._shift(table.name, row, 1)
        taken = list(cutting.taken)
        for number, sharing in enumerate(self.sharings):
            if sharing.taken == key:
                taker = owner if owner is not None else sharing.owner(max(0, row - 1))
                if taker is not None:
                    self._share(number, sharing._replace(runs=_changed(sharing.runs, taker, 1)))
            elif sharing.taker == key:
                runs = (*sharing.runs[:row], 0, *sharing.runs[row:])
                dangling = frozenset(i + (i >= row) for i in sharing.dangling)
                self._share(number, sharing._replace(runs=runs, dangling=dangling))
                first = sharing.first(row)
                for i, inner in enumerate(taken.pop(0) if taken else ()):
                    self.plant(sharing.taken, first + i, inner, row)

    def swap(self, key: int, row: int, other: int) -> None:
        """Let two rows change places, with what they take. Between owners, the rows change owners."""
        row, other = sorted((row, other))
        if row == other:
            return
        taker = next((sharing for sharing in self.sharings if sharing.taken == key), None)
        first = None if taker is None else taker.owner(row)
        second = None if taker is None else taker.owner(other)
        one, two = self.cut(key, row), self.cut(key, other)
        self.drop(key, other)
        self.plant(key, other, one, second)
        self.drop(key, row)
        self.plant(key, row, two, first)

    def put(self, key: int, row: int, raw: bytes, refs: Refs) -> None:
        """Give a row other bytes, and let it name other things; what it takes stays."""
        _, rows, held, size = self.open(key)
        rows[row * size : row * size + size] = raw
        held[row] = refs

    def _share(self, number: int, sharing: Sharing) -> None:
        self.sharings = (*self.sharings[:number], sharing, *self.sharings[number + 1 :])

    def _shift(self, table: str, row: int, by: int) -> None:
        """Let the numbers that name rows of a table by index follow rows that move."""
        for piece in self.pieces:
            if piece.table is None or not self.tables[piece.table].kind.indices:
                continue
            for number, target in self.tables[piece.table].kind.indices:
                if target != table:
                    continue
                _, raw, _, size = self.open(piece.table)
                for at in range(number.delta, len(raw), size):
                    (value,) = number.packer.unpack_from(raw, at)
                    if value > row or (value == row and by > 0):
                        number.packer.pack_into(raw, at, number.fit(value + by))

    # -- pools

    def pin(self, region: str) -> int:
        """Pin the items of a pool, so that it may be edited; returns the key of its piece."""
        (pool,) = (piece for piece in self.pieces if piece.pool == region)
        start = self.base.frame.starts[pool.key]
        self.canonical = self.canonical - {region}
        pieces = []
        for piece in self.pieces:
            at = self.base.frame.starts[piece.key]
            if piece.table is not None:
                table = self.tables[piece.table]
                if any(form.region == region for form in table.kind.pooled):
                    _, _, refs, size = self.open(piece.table)
                    for row, named in enumerate(refs):
                        refs[row] = self._pinned(table.kind, at + row * size, named, region, start)
            elif piece.refs and piece.record_type is not None:
                refs_here = self._pinned(piece.record_type, at, piece.refs, region, start)
                if refs_here != piece.refs:
                    piece = changed(piece, refs=refs_here)
            pieces.append(piece)
        self.pieces = pieces
        return pool.key

    def _pinned(self, kind: RecordType, at: int, refs: Refs, region: str, start: int) -> Refs:
        out = list(refs)
        for i, form in enumerate(kind.pooled):
            ref = out[i]
            if form.region == region and isinstance(ref, Payload):
                out[i] = Pinned(self.base.value(at, form.offset) - start, ref)
            elif form.region == region and isinstance(ref, Orphan):
                out[i] = None
        return tuple(out)

    # -- pieces

    def set_text(self, key: int, raw: bytes) -> None:
        """Give a piece other bytes, of any length."""
        self.raws[key] = raw

    def branch(self, chained: Chained, number: int) -> Branch:
        """Returns a copy of an element of a list."""
        key = chained.elements[number]
        pieces = tuple(piece for piece in self.pieces if key in piece.path)
        starts, ends = self.base.frame.starts, self.base.frame.ends
        raws = tuple(
            self.raws[piece.key] if piece.key in self.raws
            else self.base.data[starts[piece.key] : ends[piece.key]]
            for piece in pieces
        )  # fmt: skip
        lists = tuple((tag, inner) for tag, inner in self.lists.items() if key in inner.owner)
        tables = tuple((p.table, self.tables[p.table]) for p in pieces if p.table is not None)
        outside = {ref for piece in pieces for ref in piece.refs if isinstance(ref, int)}
        kinds = {p.key: p.record_type for p in self.pieces if p.key in outside and p.record_type is not None}
        return Branch(pieces, raws, lists, tables, kinds)

    def prune(self, tag: int, number: int) -> None:
        """Take an element out of a list, with all that is in it, and the records that only it names."""
        chained = self.lists[tag]
        key = chained.elements[number]
        elements = chained.elements[:number] + chained.elements[number + 1 :]
        self.lists[tag] = Chained(chained.form, elements, chained.owner)
        gone = [piece for piece in self.pieces if key in piece.path]
        self.pieces = [piece for piece in self.pieces if key not in piece.path]
        for inner in [inner for inner, held in self.lists.items() if key in held.owner]:
            del self.lists[inner]
        self._forget({piece.table for piece in gone if piece.table is not None})
        self._orphans([ref for piece in gone for ref in piece.refs if isinstance(ref, int)])

    def _forget(self, tables: set[int]) -> None:
        for table in tables:
            del self.tables[table]
        if tables:
            self.sharings = tuple(
                sharing for sharing in self.sharings if not {sharing.taker, sharing.taken} & tables
            )

    def _orphans(self, targets: Sequence[int]) -> None:
        """Drop detached records that nothing names any more."""
        if not targets:
            return
        listed = {key for chained in self.lists.values() for key in chained.elements}
        named = {ref for piece in self.pieces for ref in piece.refs if isinstance(ref, int)}
        named |= {
            ref for t in self.tables.values() for refs in t.refs for ref in refs if isinstance(ref, int)
        }
        lost = {key for key in targets if key not in listed and key not in named}
        if lost:
            gone = [piece for piece in self.pieces if lost.intersection(piece.path)]
            self.pieces = [piece for piece in self.pieces if not lost.intersection(piece.path)]
            for inner in [inner for inner, held in self.lists.items() if lost.intersection(held.owner)]:
                del self.lists[inner]
            self._forget({piece.table for piece in gone if piece.table is not None})
            self._orphans([ref for piece in gone for ref in piece.refs if isinstance(ref, int)])

    def graft(self, tag: int, number: int, branch: Branch) -> None:
        """Put a copy of an element into a list, in front of another or at the end."""
        chained = self.lists[tag]
        keys = {piece.key: next(KEYS) for piece in branch.pieces}
        tables = {key: next(KEYS) for key, _ in branch.tables}
        lists = {key: next(KEYS) for key, _ in branch.lists}
        renamed = keys | tables | lists
        outer = len(branch.pieces[0].path) - 1
        here = {piece.key for piece in self.pieces}
        alike: dict[int, int] = {}
        for ref, kind in branch.named.items():
            if ref not in keys and ref not in here:
                # A record that this file lacks: one of its own of that kind takes its part.
                alike[ref] = next((piece.key for piece in self.pieces if piece.record_type is kind), 0)
        made: list[Piece] = []
        for piece, raw in zip(branch.pieces, branch.raws, strict=True):
            refs = tuple(
                keys.get(ref, ref if ref in here else alike.get(ref) or None) if isinstance(ref, int) else ref
                for ref in piece.refs
            )
            relations = tuple(
                replace(r, target=renamed.get(r.target, r.target), last=keys.get(r.last, r.last))
                for r in piece.relations
            )
            path = chained.owner + tuple(keys.get(key, key) for key in piece.path[outer:])
            tag_here = None if piece.table is None else tables[piece.table]
            key = keys[piece.key]
            made.append(changed(piece, key=key, path=path, relations=relations, refs=refs, table=tag_here))
            self.raws[key] = (
                raw if piece.record_type is None else _without(piece.record_type, raw, piece.refs, refs)
            )
        size_of = {t: raw for (t, _), raw in zip(branch.tables, _table_raws(branch), strict=True)}
        for key, table in branch.tables:
            self.tables[tables[key]] = Table(table.name, table.kind, table.low, table.high, list(table.refs))
            self.rows[tables[key]] = bytearray(size_of[key])
        for key, held in branch.lists:
            self.lists[lists[key]] = Chained(
                held.form,
                tuple(keys[e] for e in held.elements if e in keys),
                chained.owner + tuple(keys.get(k, k) for k in held.owner[outer:]),
            )
        at = self._place(chained, number)
        self.pieces = [*self.pieces[:at], *made, *self.pieces[at:]]
        elements = (*chained.elements[:number], made[0].key, *chained.elements[number:])
        self.lists[tag] = Chained(chained.form, elements, chained.owner)

    def _place(self, chained: Chained, number: int) -> int:
        """Returns where the pieces of a new element belong."""
        if number < len(chained.elements):
            wanted = chained.elements[number]
            return next(i for i, piece in enumerate(self.pieces) if piece.key == wanted)
        if chained.elements:
            last = chained.elements[-1]
            return 1 + max(i for i, piece in enumerate(self.pieces) if last in piece.path)
        owner = chained.owner[-1] if chained.owner else 0
        inside = [i for i, piece in enumerate(self.pieces) if not owner or owner in piece.path]
        return 1 + max(inside, default=len(self.pieces) - 1)

    def exchange(self, tag: int, number: int) -> None:
        """Swap an element with the next one."""
        branch = self.branch(self.lists[tag], number)
        self.prune(tag, number)
        self.graft(tag, number + 1, branch)


def _without(kind: RecordType, raw: bytes, before: Refs, after: Refs) -> bytes:
    """Returns the bytes of a record, with 0 in place of the offsets of missing records."""
    out = bytearray(raw)
    first = len(kind.pooled)
    for form, old, new in zip(kind.places, before[first:], after[first:], strict=False):
        if old is not None and new is None:
            form.number.packer.pack_into(out, form.number.delta, 0)
    return bytes(out)


def _table_raws(branch: Branch) -> list[bytes]:
    return [raw for piece, raw in zip(branch.pieces, branch.raws, strict=True) if piece.table is not None]


def _changed(runs: tuple[int, ...], number: int, by: int) -> tuple[int, ...]:
    return (*runs[:number], runs[number] + by, *runs[number + 1 :])


class DraftParts(TypedDict, total=False):
    """What `changed` can change of a piece, by the names of Piece."""

    key: int
    path: tuple[int, ...]
    relations: tuple[Relation, ...]
    refs: Refs
    table: int | None
    dangling: bool


def changed(piece: Piece, **parts: Unpack[DraftParts]) -> Piece:
    """Returns a copy of a piece with other parts."""
    kept: dict[str, Any] = {name: getattr(piece, name) for name in Piece.__slots__}
    kept.update(parts)
    return Piece(**kept)
