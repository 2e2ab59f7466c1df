"""The vocabulary: Construct nodes that say what a field means, so that a program can walk a schema.

A schema is written in Construct's own style, with integers wrapped in the meaning that their specification
gives them::

    CRITERION = Struct(
        "field_index" / Int16ul,
        "kind" / StrictEnum(Int16ul, CriterionKind),
        "operand_offset" / Int32ul,
        "operand_length" / Bounded(Int32ul, 0, 4096),
        "reserved" / Reserved(Int32ul),
        "operand" / Pooled("pool", this.operand_offset, this.operand_length, Text(this.operand_length)),
    )

Three families:

* around an integer: `Version`, `Bounded`, `StrictEnum`, `StrictFlags`, `Reserved`, `CountOf`, `LengthOf`,
  `RecordSize`, `FileSize`, `IndexInto`, `OffsetInto`, `ChecksumOver`
* shapes that take bytes where they stand: `Text`, `ZeroPad`, `Table`, `Pool`, `Region`
* shapes that follow a number to another place and take none where they stand: `At`, `Chain`, `Pooled`, `Rows`

Every argument is an integer, a name, or a ``this`` expression; there are no lambdas, because a generator must
be able to read a schema. All of them also parse and build as plain Construct nodes, with the conditions that
one field can judge alone; `ccheck_schemas.read` judges everything, reports every fault and never raises on
bad bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum, IntFlag
from typing import Any

import construct
from construct.expr import Path

Expression = Any
"""An int, or a ``this`` expression of Construct."""


class FieldError(construct.ValidationError):
    """A field of a schema that plain Construct parsing or building refuses. meaning: the node's class. value:
    what stood there.
    """

    def __init__(self, meaning: str, value: object, detail: str, path: str) -> None:
        super().__init__(f"{meaning}: {detail}", path=path)
        self.meaning = meaning
        self.value = value


def evaluate(expression: Expression, context: Mapping[str, Any]) -> Any:
    """The value of an int or of a ``this`` expression over the fields read so far."""
    return expression(context) if callable(expression) else expression


def field_path(expression: Expression) -> tuple[str, ...] | None:
    """The names in a ``this.a.b`` expression; None for anything else."""
    if not isinstance(expression, Path):
        return None
    return tuple(re.findall(r"\['([^']*)'\]", str(expression)))


def field_of(expression: Expression) -> str | None:
    """The field of the same record that an expression is, when it is nothing more."""
    path = field_path(expression)
    return path[0] if path is not None and len(path) == 1 and not path[0].startswith("_") else None


class Meaning(construct.Subconstruct):
    """An integer with a meaning. Subclasses judge the value in `complaint`, or leave it to the reader when it
    takes more than one field.
    """

    def __init__(self, subcon: construct.Construct) -> None:
        super().__init__(subcon)
        self.flagbuildnone = False

    def complaint(self, value: int) -> str | None:
        """What is wrong with the value by itself, or None."""
        return None

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        value = self.subcon._parsereport(stream, context, path)
        self._refuse(value, path)
        return value

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        self._refuse(obj, path)
        return self.subcon._build(obj, stream, context, path)

    def _refuse(self, value: int, path: str) -> None:
        detail = self.complaint(value)
        if detail is not None:
            raise FieldError(type(self).__name__, value, detail, path)


class Version(Meaning):
    """The version of the format. known: the versions that this schema describes. minor_bits: how many of its
    low bits are the minor number.
    """

    def __init__(self, subcon: construct.Construct, known: tuple[int, ...], minor_bits: int = 0) -> None:
        super().__init__(subcon)
        self.known = known
        self.minor_bits = minor_bits

    def words(self, value: int) -> str:
        """The version as people write it."""
        bits = self.minor_bits
        return f"{value >> bits}.{value & (1 << bits) - 1}" if bits else str(value)

    def complaint(self, value: int) -> str | None:
        """Whether the version is one of the known."""
        return (
            None
            if value in self.known
            else f"{self.words(value)} is none of {', '.join(map(self.words, self.known))}"
        )


class Bounded(Meaning):
    """An integer from `low` to `high`, both inclusive."""

    def __init__(self, subcon: construct.Construct, low: int, high: int) -> None:
        super().__init__(subcon)
        self.low = low
        self.high = high

    def complaint(self, value: int) -> str | None:
        """Whether the value lies inside its bounds."""
        return None if self.low <= value <= self.high else f"{value} is not in {self.low}..{self.high}"


class StrictEnum(Meaning):
    """One of the values of an `IntEnum`; any other is a fault. Parses to the plain integer."""

    def __init__(self, subcon: construct.Construct, values: type[IntEnum]) -> None:
        super().__init__(subcon)
        self.values = values
        self.known = frozenset(int(v) for v in values)

    def complaint(self, value: int) -> str | None:
        """Whether the value has a name."""
        return None if value in self.known else f"{value} has no name in {self.values.__name__}"


class StrictFlags(Meaning):
    """A set of the bits of an `IntFlag`; any other bit is a fault. Parses to the plain integer."""

    def __init__(self, subcon: construct.Construct, bits: type[IntFlag]) -> None:
        super().__init__(subcon)
        self.bits = bits
        self.mask = 0
        for bit in bits:
            self.mask |= int(bit)

    def complaint(self, value: int) -> str | None:
        """Whether all set bits have names."""
        return (
            None
            if not value & ~self.mask
            else f"bits {value & ~self.mask:#x} have no name in {self.bits.__name__}"
        )


class Reserved(Meaning):
    """Reserved for later: zero."""

    def complaint(self, value: int) -> str | None:
        """Whether the value is zero."""
        return None if value == 0 else f"{value} is not 0"


class CountOf(Meaning):
    """The number of elements of the field `of` of the same struct."""

    def __init__(self, subcon: construct.Construct, of: str) -> None:
        super().__init__(subcon)
        self.of = of


class LengthOf(Meaning):
    """The length in bytes of the field `of` of the same struct, from `low` to `high` in steps of `step`."""

    def __init__(
        self, subcon: construct.Construct, of: str, low: int = 0, high: int = 0xFFFFFFFF, step: int = 1
    ) -> None:
        super().__init__(subcon)
        self.of = of
        self.low = low
        self.high = high
        self.step = step

    def complaint(self, value: int) -> str | None:
        """Whether the length lies inside its bounds and is a multiple of its step."""
        if not self.low <= value <= self.high:
            return f"{value} is not in {self.low}..{self.high}"
        return f"{value} is not a multiple of {self.step}" if value % self.step else None


class RecordSize(Meaning):
    """The size in bytes of one record of the table in field `of` of the same struct."""

    def __init__(self, subcon: construct.Construct, of: str) -> None:
        super().__init__(subcon)
        self.of = of


class FileSize(Meaning):
    """The number of bytes of the whole file."""


class IndexInto(Meaning):
    """An index of a record of the table named `table`, from 0."""

    def __init__(self, subcon: construct.Construct, table: str) -> None:
        super().__init__(subcon)
        self.table = table


class OffsetInto(Meaning):
    """An offset, from the start of the file, of a record that a `Chain` or `At` of the same struct reads, or
    0 for none.
    """

    def __init__(self, subcon: construct.Construct, of: str, align: int = 1) -> None:
        super().__init__(subcon)
        self.of = of
        self.align = align

    def complaint(self, value: int) -> str | None:
        """Whether the offset is aligned."""
        return None if value % self.align == 0 else f"{value:#x} is not {self.align}-aligned"


class ChecksumOver(Meaning):
    """A checksum of the bytes from offset `start` to the end of the file. algorithm: ``crc-32`` (IEEE, as
    zlib's).
    """

    def __init__(self, subcon: construct.Construct, start: int, algorithm: str = "crc-32") -> None:
        super().__init__(subcon)
        if algorithm != "crc-32":
            raise ValueError(f"checksum algorithm {algorithm!r} is not known; crc-32 is")
        self.start = start
        self.algorithm = algorithm


class Text(construct.Construct):
    """Text of `length` bytes (an int or a ``this`` expression).

    encoding: a codec of Python, decoded strictly. terminator: ``none``; ``inside``, a NUL ends the text
    within its length and only zeros follow it; ``behind``, one NUL follows that the length does not count.
    lists: NULs inside part the texts of a list.
    """

    def __init__(
        self, length: Expression, encoding: str = "utf-8", terminator: str = "none", *, lists: bool = False
    ) -> None:
        super().__init__()
        if terminator not in ("none", "inside", "behind"):
            raise ValueError(f"terminator {terminator!r} is not none, inside or behind")
        self.length = length
        self.encoding = encoding
        self.terminator = terminator
        self.lists = lists

    @property
    def unit(self) -> int:
        """Bytes of one code unit, and of the NUL."""
        return 2 if self.encoding.startswith("utf-16") else 1

    def _parse(self, stream: Any, context: Any, path: str) -> str:
        raw: bytes = construct.stream_read(stream, evaluate(self.length, context), path)
        if self.terminator == "behind":
            construct.stream_read(stream, self.unit, path)
        try:
            text = raw.decode(self.encoding)
        except UnicodeDecodeError as fault:
            raise FieldError("Text", raw, str(fault), path) from None
        return text.split("\0", 1)[0] if self.terminator == "inside" else text

    def _build(self, obj: str, stream: Any, context: Any, path: str) -> str:
        raw = obj.encode(self.encoding)
        length = evaluate(self.length, context)
        if self.terminator == "inside":
            raw = raw.ljust(length, b"\0")
        if len(raw) != length:
            raise FieldError("Text", obj, f"text has {len(raw)} bytes, its field {length}", path)
        if self.terminator == "behind":
            raw += bytes(self.unit)
        construct.stream_write(stream, raw, len(raw), path)
        return obj

    def _sizeof(self, context: Any, path: str) -> int:
        if callable(self.length):
            raise construct.SizeofError("the length of this text is a field", path=path)
        return int(self.length) + (self.unit if self.terminator == "behind" else 0)


class ZeroPad(construct.Construct):
    """Zero bytes up to the next multiple of `align` from the start of the file."""

    def __init__(self, align: int) -> None:
        super().__init__()
        self.align = align
        self.flagbuildnone = True

    def _parse(self, stream: Any, context: Any, path: str) -> None:
        padding = construct.stream_read(stream, -construct.stream_tell(stream, path) % self.align, path)
        if any(padding):
            raise FieldError("ZeroPad", padding, f"padding {padding.hex()} is not zero", path)

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> None:
        padding = bytes(-construct.stream_tell(stream, path) % self.align)
        construct.stream_write(stream, padding, len(padding), path)


class Table(construct.Subconstruct):
    """`count` records of one fixed size, known as `table` to `IndexInto` and `Rows`. low..high: how many are
    allowed.
    """

    def __init__(
        self, table: str, count: Expression, record: construct.Construct, low: int = 0, high: int = 65_536
    ) -> None:
        super().__init__(record)
        self.table = table
        self.count = count
        self.low = low
        self.high = high

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        count = evaluate(self.count, context)
        if not self.low <= count <= self.high:
            raise FieldError("Table", count, f"{count} is not in {self.low}..{self.high}", path)
        return construct.Array(count, self.subcon)._parsereport(stream, context, path)

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        return construct.Array(len(obj), self.subcon)._build(obj, stream, context, path)

    def _sizeof(self, context: Any, path: str) -> int:
        raise construct.SizeofError("the size of a table depends on its count", path=path)


class Pool(construct.Construct):
    """`count` bytes, known as `region` to `Pooled`, whose items own them. low..high: how many are allowed."""

    def __init__(self, region: str, count: Expression, low: int = 0, high: int = 1 << 24) -> None:
        super().__init__()
        self.region = region
        self.count = count
        self.low = low
        self.high = high

    def _parse(self, stream: Any, context: Any, path: str) -> bytes:
        count = evaluate(self.count, context)
        if not self.low <= count <= self.high:
            raise FieldError("Pool", count, f"{count} is not in {self.low}..{self.high}", path)
        return bytes(construct.stream_read(stream, count, path))

    def _build(self, obj: bytes, stream: Any, context: Any, path: str) -> bytes:
        construct.stream_write(stream, obj, len(obj), path)
        return obj


class Region(construct.Subconstruct):
    """`length` bytes that the inner node fills exactly."""

    def __init__(self, length: Expression, subcon: construct.Construct) -> None:
        super().__init__(subcon)
        self.length = length

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        start = construct.stream_tell(stream, path)
        value = self.subcon._parsereport(stream, context, path)
        self._fill(construct.stream_tell(stream, path) - start, context, path)
        return value

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        start = construct.stream_tell(stream, path)
        value = self.subcon._build(obj, stream, context, path)
        self._fill(construct.stream_tell(stream, path) - start, context, path)
        return value

    def _fill(self, used: int, context: Any, path: str) -> None:
        length = evaluate(self.length, context)
        if used != length:
            raise FieldError("Region", length, f"region of {length} bytes holds {used}", path)

    def _sizeof(self, context: Any, path: str) -> int:
        return int(evaluate(self.length, context))


class _Elsewhere(construct.Subconstruct):
    """A node that takes no bytes where it stands."""

    def __init__(self, subcon: construct.Construct) -> None:
        super().__init__(subcon)
        self.flagbuildnone = True

    def _sizeof(self, context: Any, path: str) -> int:
        return 0


class At(_Elsewhere):
    """A record at an absolute offset (a ``this`` expression); None when the offset is 0. Shared records are
    read once.
    """

    def __init__(self, offset: Expression, record: construct.Construct) -> None:
        super().__init__(record)
        self.offset = offset

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        offset = evaluate(self.offset, context)
        if offset == 0:
            return None
        back = construct.stream_tell(stream, path)
        construct.stream_seek(stream, offset, 0, path)
        value = self.subcon._parsereport(stream, context, path)
        construct.stream_seek(stream, back, 0, path)
        return value

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        offset = evaluate(self.offset, context)
        if obj is not None and offset:
            back = construct.stream_tell(stream, path)
            construct.stream_seek(stream, offset, 0, path)
            self.subcon._build(obj, stream, context, path)
            construct.stream_seek(stream, back, 0, path)
        return obj


class Chain(_Elsewhere):
    """Records that name the offset of the next one, ascending and `align`-aligned.

    first: offset of the first record (0: none). next_field: the record's field that holds the offset of the
    next one. last: the field that is 0 in the last record (often the same).
    """

    def __init__(
        self, first: Expression, record: construct.Construct, next_field: str, last: str, align: int = 1
    ) -> None:
        super().__init__(record)
        self.first = first
        self.next_field = next_field
        self.last = last
        self.align = align

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        back = construct.stream_tell(stream, path)
        offset = evaluate(self.first, context)
        records = construct.ListContainer()
        before = -1
        while offset:
            if offset <= before:
                raise FieldError("Chain", offset, f"{offset:#x} is not behind {before:#x}", path)
            before = offset
            construct.stream_seek(stream, offset, 0, path)
            record = self.subcon._parsereport(stream, context, path)
            records.append(record)
            offset = record[self.next_field]
            if record[self.last] == 0:
                break
        construct.stream_seek(stream, back, 0, path)
        return records

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        back = construct.stream_tell(stream, path)
        offset = evaluate(self.first, context)
        for record in obj:
            construct.stream_seek(stream, offset, 0, path)
            self.subcon._build(record, stream, context, path)
            offset = record[self.next_field]
        construct.stream_seek(stream, back, 0, path)
        return obj


class Pooled(_Elsewhere):
    """An item of the pool `region`: `length` bytes at an absolute `offset`, `align`-aligned. item: a `Text`
    or `construct.Bytes`.
    """

    def __init__(
        self, region: str, offset: Expression, length: Expression, item: construct.Construct, align: int = 1
    ) -> None:
        super().__init__(item)
        self.region = region
        self.offset = offset
        self.length = length
        self.align = align

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        back = construct.stream_tell(stream, path)
        construct.stream_seek(stream, evaluate(self.offset, context), 0, path)
        value = self.subcon._parsereport(stream, context, path)
        construct.stream_seek(stream, back, 0, path)
        return value

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        return obj


class Rows(construct.Construct):
    """A run of `count` records of the table `table` from index `first` on, taken by this record alone.

    first and count name fields of the same struct. The takers share out the table in order and without gaps.
    Plain Construct parsing gives None here, because the table may stand later in the file; the reader gives
    the records.
    """

    def __init__(self, table: str, first: str, count: str) -> None:
        super().__init__()
        self.table = table
        self.first = first
        self.count = count
        self.flagbuildnone = True

    def _parse(self, stream: Any, context: Any, path: str) -> None:
        return None

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        return obj

    def _sizeof(self, context: Any, path: str) -> int:
        return 0
