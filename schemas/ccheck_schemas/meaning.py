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

Four families:

* around an integer: `Version`, `Bounded`, `StrictEnum`, `StrictFlags`, `Reserved`, `CountOf`, `LengthOf`,
  `RecordSize`, `FileSize`, `IndexInto`, `OffsetInto`, `ChecksumOver`
* shapes that take bytes where they stand: `Text`, `ZeroPad`, `AnyPad`, `Table`, `Terminated`, `UpTo`,
`UpToEnd`,
  `Pool`, `Strings`, `Region`, `TextToNul`, `ZerosTo`, `ZerosToEnd`
* shapes that follow a number to another place and take none where they stand: `At`, `Chain`, `Pooled`,
`SharedText`, `Rows`
* for formats that leave bytes unread or read them twice: `Opaque`, `OpaqueRest`, `Slot`, `Rest`, `Delimited`,
`Substream`, `SubstreamRest`, `ReadAt`

Every argument is an integer, a name, or a ``this`` expression; there are no lambdas, because a generator must
be able to read a schema. All of them also parse and build as plain Construct nodes, with the conditions that
one field can judge alone; `ccheck_schemas.read` judges everything, reports every fault and never raises on
bad bytes.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Any

import construct

from ccheck_schemas.elsewhere import At, Chain, Pooled, Rows, SharedText
from ccheck_schemas.expression import Expression, FieldError, evaluate, field_of, field_path
from ccheck_schemas.limits import at_least, in_order, positive
from ccheck_schemas.listing import Terminated, UpTo, UpToEnd
from ccheck_schemas.shape import (
    AnyPad,
    Pool,
    Region,
    Strings,
    Table,
    Text,
    TextToNul,
    ZeroPad,
    ZerosTo,
    ZerosToEnd,
)
from ccheck_schemas.streams import (
    Delimited,
    Opaque,
    OpaqueRest,
    ReadAt,
    Rest,
    Slot,
    Substream,
    SubstreamRest,
)

__all__ = [
    "AnyPad",
    "At",
    "Bounded",
    "Chain",
    "ChecksumOver",
    "CountOf",
    "Delimited",
    "Expression",
    "FieldError",
    "FileSize",
    "IndexInto",
    "LengthOf",
    "Meaning",
    "OffsetInto",
    "Opaque",
    "OpaqueRest",
    "Pool",
    "Pooled",
    "ReadAt",
    "RecordSize",
    "Region",
    "Reserved",
    "Rest",
    "Rows",
    "SharedText",
    "Slot",
    "StrictEnum",
    "StrictFlags",
    "Strings",
    "Substream",
    "SubstreamRest",
    "Table",
    "Terminated",
    "Text",
    "TextToNul",
    "UpTo",
    "UpToEnd",
    "Version",
    "ZeroPad",
    "ZerosTo",
    "ZerosToEnd",
    "evaluate",
    "field_of",
    "field_path",
]


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


MOST_VERSIONS = 4096
"""Versions that one schema describes, at most."""


class Version(Meaning):
    """The version of the format. known: the versions that this schema describes. minor_bits: how many of its
    low bits are the minor number. mask: its bits, where other bits are something else.
    """

    def __init__(
        self, subcon: construct.Construct, known: tuple[int, ...], minor_bits: int = 0, mask: int = -1
    ) -> None:
        super().__init__(subcon)
        if len(known) > MOST_VERSIONS:
            raise ValueError(f"{len(known):,} versions are too many to name; {MOST_VERSIONS:,} are allowed")
        self.known = tuple(known)
        self.minor_bits = at_least(0, minor_bits, 64)
        self.mask = mask

    def words(self, value: int) -> str:
        """The version as people write it."""
        value &= self.mask
        bits = self.minor_bits
        return f"{value >> bits}.{value & (1 << bits) - 1}" if bits else str(value)

    def complaint(self, value: int) -> str | None:
        """Whether the version is one of the known."""
        return (
            None
            if value & self.mask in self.known
            else f"{self.words(value)} is none of {', '.join(map(self.words, self.known))}"
        )


class Bounded(Meaning):
    """An integer from `low` to `high`, both inclusive."""

    def __init__(self, subcon: construct.Construct, low: int, high: int) -> None:
        super().__init__(subcon)
        self.low, self.high = in_order(low, high)

    def complaint(self, value: int) -> str | None:
        """Whether the value lies inside its bounds."""
        return None if self.low <= value <= self.high else f"{value} is not in {self.low}..{self.high}"


class StrictEnum(Meaning):
    """One of the values of an `IntEnum`; any other is a fault. Parses to the plain integer."""

    def __init__(self, subcon: construct.Construct, values: type[IntEnum]) -> None:
        super().__init__(subcon)
        self.values = values
        self.known = frozenset(int(v) for v in values)
        if not self.known:
            raise ValueError(f"{values.__name__} has no value that a field could have")

    def complaint(self, value: int) -> str | None:
        """Whether the value has a name."""
        return None if value in self.known else f"{value} has no name in {self.values.__name__}"


class StrictFlags(Meaning):
    """A set of the bits of an `IntFlag`; any other bit is a fault. Parses to the plain integer."""

    def __init__(self, subcon: construct.Construct, bits: type[IntFlag]) -> None:
        super().__init__(subcon)
        self.bits = bits
        self.mask = 0
        for bit in bits.__members__.values():  # aliases of several bits, too, which iterating leaves out
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
        self.low, self.high = in_order(low, high)
        self.step = positive(step)

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
    0 for none. align: what the number is a multiple of. unit: how many bytes 1 stands for.
    """

    def __init__(self, subcon: construct.Construct, of: str, align: int = 1, unit: int = 1) -> None:
        super().__init__(subcon)
        self.of = of
        self.align = positive(align)
        self.unit = positive(unit)

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
        self.start = at_least(0, start)
        self.algorithm = algorithm
