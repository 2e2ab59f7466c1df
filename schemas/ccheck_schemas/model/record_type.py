"""What records consist of, as plain data: numbers and texts, their places, and their dependencies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import NamedTuple

from ccheck_schemas.checksum import Checksum
from ccheck_schemas.digits import Packer
from ccheck_schemas.wrapping import ContentSchema, Wrapping


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

    Attributes:
        name: Its name in the schema.
        delta: Bytes from the start of its run.
        packer: How it is packed.
        role: What it is for.
        low: The least number that the schema allows, or that its bytes can hold.
        high: The greatest number that the schema allows, or that its bytes can hold.
        least: The least number that its bytes can hold.
        most: The greatest number that its bytes can hold.
        values: The members of an enum, the known versions, or the single bits of flags.
        step: What it is a multiple of.
        names: The names of the values of an enum, or of the bits of flags.
        facts: The facts of driver builds that it is compared with, such as ``counts.inputs``.
        checksum: What it is a checksum of.
        moves: Whether the bytes that it is a checksum of depend on the file.
    """

    name: str
    delta: int
    packer: Packer
    role: Role
    low: int
    high: int
    least: int
    most: int
    values: tuple[int, ...] = ()
    step: int = 1
    names: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    checksum: Checksum | None = None
    moves: bool = False

    @property
    def bits(self) -> int:
        """The bits that its bytes can hold."""
        return (self.most - self.least).bit_length()

    def fit(self, value: int) -> int:
        """Returns the value, cut to what the bytes can hold."""
        return (value - self.least) % (self.most - self.least + 1) + self.least


@dataclass(frozen=True, slots=True, eq=False)
class Blob:
    """Text or bytes of a record type.

    Attributes:
        name: Its name in the schema.
        delta: Bytes from the start of its run.
        size: Bytes, including the NUL; None for text of its own whose length varies.
        encoding: None for raw bytes.
        unit: Bytes of one code unit and of the NUL.
        behind: Bytes of the NUL that its length does not count.
        lists: Whether NULs separate the texts of a list.
        exact: The only bytes that are allowed.
        wrapping: How it is unwrapped, if it is content of another format.
        content: The schema of its content.
    """

    name: str
    delta: int
    size: int | None
    encoding: str | None = None
    unit: int = 1
    behind: int = 0
    lists: bool = False
    exact: bytes | None = None
    wrapping: Wrapping | None = None
    content: ContentSchema | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PooledForm:
    """Two numbers that name an item of a pool: its offset, and its length without the NUL.

    Attributes:
        name: The name of the field that has the item.
        region: The name of the pool.
        offset: The offset of the item.
        length: Its length.
        optional: Whether length 0 means that there is no item.
    """

    name: str
    region: str
    offset: Number
    length: Number
    optional: bool


class Payload(NamedTuple):
    """An item of a pool.

    Attributes:
        content: Its bytes, without the NUL of `behind` bytes that follows it.
    """

    content: bytes
    align: int = 1
    behind: int = 0
    encoding: str | None = None
    lists: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class PlaceForm:
    """A number that points to a record at offset ``base + slope * number``; 0 means none."""

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
    """A run of fixed bytes that all records of one type have; one piece of text if `size` is None.

    Attributes:
        name: Its place in the schema, for people.
        size: Its bytes.
        numbers: Its integers.
        blobs: Its texts and bytes.
        pooled: The numbers that name items of pools.
        places: The numbers that point to records.
        shares: The numbers that take rows of tables.
        indices: The numbers that name rows, with their tables.
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
        """Returns the number of a name, or None."""
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
    """The checksum of stated bytes of the file: that of the number."""


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """A number of a piece that follows from the rest of the file.

    The amount that the schema reads from the number is ``base + rise * (number - at) / run``.

    Attributes:
        number: The number.
        derivation: How it follows.
        target: The key of a piece (the extent then ends with the piece `last`), of a table or of a list; 0
            for a checksum of stated bytes.
        last: The key of the last piece of an extent.
        trim: Bytes that the number does not count.
        at: The number for which `base` is the amount.
        base: The amount for the number `at`; for a checksum, the bytes of the first piece that it is not of.
        rise: How much the amount grows over `run`.
        run: A step of the number.
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
        """Returns the number for an amount."""
        return self.at + (amount - self.base) * self.run // self.rise

    def checksum(self, starts: Mapping[int, int], ends: Mapping[int, int]) -> Checksum | None:
        """Returns the checksum that the number is; None if it is none, or if its bytes are gone.

        Args:
            starts: The offsets of pieces.
            ends: The offsets after them.
        """
        own = self.number.checksum
        if self.derivation is not Derivation.CHECKSUM or own is None or not self.target:
            return own if self.derivation is Derivation.CHECKSUM else None
        if self.target not in starts or self.last not in ends:
            return None
        start = starts[self.target] + self.base
        return own.between(start, max(start, ends[self.last] - self.trim))


class Pinned(NamedTuple):
    """A pool item that keeps its place, `delta` bytes after the start of the pool."""

    delta: int
    payload: Payload


class Orphan(NamedTuple):
    """A pool item whose reference was corrupted.

    Attributes:
        offset: Whether that field is still correct.
        length: Whether that field is still correct.
    """

    payload: Payload
    offset: bool
    length: bool


Ref = Payload | Pinned | Orphan | int | None
"""What a number of a record names: an item of a pool, or a piece by its key. None: nothing to update."""

Refs = tuple[Ref, ...]
"""What the pooled numbers of a record name, followed by its places."""

KEYS = count(1)
"""Keys of pieces, tables and lists: different in all files, so that pieces can move between them."""


@dataclass(slots=True, eq=False)
class Piece:
    """Bytes that stay together.

    Attributes:
        key: Its key.
        start: The offset of its first byte.
        end: The offset after its last byte.
        record_type: The type of the record that it is; None for unexplained bytes.
        align: What its start is a multiple of.
        path: The keys of the elements that it is part of; the key of an element is that of its first piece.
        relations: Its numbers that follow from the rest of the file.
        refs: What its numbers name.
        table: The key of the table that it represents.
        pool: The name of the pool that it represents.
        dangling: Whether its offset of the next element does not point to that element.
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

    Attributes:
        name: Its name in the schema.
        next: The number of an element's first piece that has the offset of the next element.
        closed: Whether the last element only ends the chain, and must stay last.
        variable: Whether its length may change.
    """

    name: str
    next: Number | None = None
    closed: bool = False
    variable: bool = True


@dataclass(slots=True, eq=False)
class Chained:
    """The elements of one list, by the keys of their first pieces.

    Attributes:
        owner: The path of its record.
    """

    form: ListForm
    elements: tuple[int, ...]
    owner: tuple[int, ...] = ()


@dataclass(slots=True, eq=False)
class TableRows:
    """One table.

    Attributes:
        name: Its name in the schema.
        record_type: The type of its rows.
        low: The least number of rows.
        high: The greatest number of rows.
        start: The offset of the first row.
        rows: What each row names.
    """

    name: str
    record_type: RecordType
    low: int
    high: int
    start: int
    rows: list[Refs] = field(default_factory=list)


@dataclass(slots=True)
class FileModel:
    """A decomposed file: pieces in the order of the schema, tables and lists by key."""

    pieces: list[Piece]
    tables: dict[int, TableRows]
    lists: dict[int, Chained]
