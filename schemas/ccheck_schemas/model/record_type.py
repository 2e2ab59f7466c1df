"""What records are made of, as plain data: numbers and texts, where they stand, and what ties them."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import NamedTuple


class Role(StrEnum):
    """What an integer is for."""

    PLAIN = "plain"
    BOUNDED = "bounded"
    ENUM = "enum"
    FLAGS = "flags"
    VERSION = "version"
    RESERVED = "reserved"
    COUNT = "count"
    LENGTH = "length"
    RECORD_SIZE = "record size"
    FILE_SIZE = "file size"
    CHECKSUM = "checksum"
    INDEX = "index"
    OFFSET = "offset"


DERIVED = frozenset(
    {Role.COUNT, Role.LENGTH, Role.RECORD_SIZE, Role.FILE_SIZE, Role.CHECKSUM, Role.INDEX, Role.OFFSET}
)
"""The roles whose values follow from the rest of the file."""


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """An integer of a record type.

    name: as the schema has it. delta: bytes from the start of its run. low, high: the bounds that the schema
    states, or else those of its bytes. least, most: what its bytes can hold. values: the members of an enum,
    the known versions, the single bits of a set of flags, or the offset from which a checksum is taken.
    step: what it is a multiple of. names: what the schema calls the values of an enum, or the bits of flags.
    """

    name: str
    delta: int
    packer: struct.Struct
    role: Role
    low: int
    high: int
    least: int
    most: int
    values: tuple[int, ...] = ()
    step: int = 1
    names: tuple[str, ...] = ()

    def fit(self, value: int) -> int:
        """The value, cut to what the bytes can hold."""
        width = 8 * self.packer.size
        value &= (1 << width) - 1
        return value if value <= self.most else value - (1 << width)


@dataclass(frozen=True, slots=True, eq=False)
class Blob:
    """Text or bytes of a record type.

    delta: bytes from the start of its run. size: bytes, with the NUL behind; None where it stands by itself
    and its length varies. unit: bytes of one character and of the NUL. encoding: None for raw bytes. behind:
    bytes of the NUL that its length does not count. lists: NULs part the texts of a list. exact: the only
    bytes that are allowed.
    """

    name: str
    delta: int
    size: int | None
    encoding: str | None = None
    unit: int = 1
    behind: int = 0
    lists: bool = False
    exact: bytes | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PooledForm:
    """Two numbers that name an item of a pool: its offset, and its length without the NUL behind it.

    optional: no item is named where the length is 0.
    """

    name: str
    region: str
    offset: Number
    length: Number
    optional: bool


class Payload(NamedTuple):
    """What stands in a pool for a record. content: without the `behind` NULs that follow it."""

    content: bytes
    align: int = 1
    behind: int = 0
    encoding: str | None = None
    lists: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class PlaceForm:
    """A number that points to a record at the offset ``base + slope * number``; `zero` names none."""

    number: Number
    base: int = 0
    slope: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Share:
    """Two numbers with which a record takes rows of a table: the first row, and how many."""

    name: str
    table: str
    first: Number
    count: Number


@dataclass(frozen=True, slots=True, eq=False)
class RecordType:
    """A run of fixed bytes that is the same in all records of its type; one piece of text where size is None.

    name: where it stands in the schema, for people. indices: the numbers that name rows, with their tables.
    """

    name: str
    size: int | None
    numbers: tuple[Number, ...] = ()
    blobs: tuple[Blob, ...] = ()
    pooled: tuple[PooledForm, ...] = ()
    places: tuple[PlaceForm, ...] = ()
    shares: tuple[Share, ...] = ()
    indices: tuple[tuple[Number, str], ...] = ()

    def number(self, name: str) -> Number | None:
        """The number of that name, or None."""
        return next((number for number in self.numbers if number.name == name), None)


class Derivation(StrEnum):
    """How a number follows from the rest of the file."""

    BYTES = "bytes"
    """The bytes from the start of one piece to the end of another."""
    ELEMENTS = "elements"
    """The elements of a list, or the rows of a table."""
    FIRST = "first"
    """The offset of a list's first element, 0 without any."""
    SIZE = "size"
    """The bytes of the file."""
    CHECKSUM = "checksum"
    """The CRC-32 of the bytes from an offset to the end of the file."""


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """A number of a piece that follows from the rest of the file.

    target: the key of a piece (`last` then ends the extent), of a table or of a list; the offset from which a
    checksum is taken. trim: bytes that the number does not count. The amount that the schema reads out of the
    number is ``base + rise * (number - at) / run``.
    """

    number: Number
    derivation: Derivation
    target: int = 0
    last: int = 0
    trim: int = 0
    at: int = 0
    base: int = 0
    rise: int = 1
    run: int = 1

    def value(self, amount: int) -> int:
        """The number that stands for an amount."""
        return self.at + (amount - self.base) * self.run // self.rise


class Pinned(NamedTuple):
    """An item of a pool that stays where it stands, `delta` bytes behind the pool's start."""

    delta: int
    payload: Payload


class Orphan(NamedTuple):
    """An item of a pool that a record no longer names truly. offset, length: which number still holds."""

    payload: Payload
    offset: bool
    length: bool


Ref = Payload | Pinned | Orphan | int | None
"""What a number of a record names: an item of a pool, or a piece by its key. None is left as it stands."""

Refs = tuple[Ref, ...]
"""What the pooled numbers of a record name, and then its places."""

KEYS = count(1)
"""Keys of pieces, tables and lists: different in all files, so that pieces can move between them."""


@dataclass(slots=True, eq=False)
class Piece:
    """Bytes that stay together. record_type: None for bytes that nobody explains.

    align: what its start is a multiple of. path: the keys of the elements that it belongs to; an element's
    key is that of its first piece. table, pool: what stands here instead of bytes of its own. dangling: the
    offset of the next element, which it holds, does not lead there.
    """

    key: int
    start: int
    end: int
    record_type: RecordType | None = None
    align: int = 1
    path: tuple[int, ...] = ()
    relations: tuple[Relation, ...] = ()
    refs: Refs = ()
    table: int | None = None
    pool: str | None = None
    dangling: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ListForm:
    """A chain or an array of the schema.

    next: the number of an element's first piece that holds the offset of the next one. closed: the last
    element only ends the chain, and stays last. variable: its length may change.
    """

    name: str
    next: Number | None = None
    closed: bool = False
    variable: bool = True


@dataclass(slots=True, eq=False)
class Chained:
    """The elements of one list, by the keys of their first pieces. owner: the path of its record."""

    form: ListForm
    elements: tuple[int, ...]
    owner: tuple[int, ...] = ()


@dataclass(slots=True, eq=False)
class TableRows:
    """One table. name: as the schema has it. low, high: how many rows are allowed. rows: what each names."""

    name: str
    record_type: RecordType
    low: int
    high: int
    start: int
    rows: list[Refs] = field(default_factory=list)


@dataclass(slots=True)
class FileModel:
    """A file taken apart: pieces in the order in which the schema names them, tables and lists by key."""

    pieces: list[Piece]
    tables: dict[int, TableRows]
    lists: dict[int, Chained]
