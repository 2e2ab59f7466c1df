"""The details of each kind of fault: the numbers and names that its message needs.

A class is named after its `FaultName`. Offsets and sizes are in bytes; `end` is exclusive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from types import MappingProxyType
from typing import Literal

from ccheck_schemas.fault import FaultDetails, FaultName


@dataclass(frozen=True, slots=True)
class BytesOwnedTwice(FaultDetails):
    """other: the other owner; None where records claim more than twice the bytes of the file. link:
    whether a number leads to bytes that belong to the other owner.
    """

    name = FaultName.BYTES_OWNED_TWICE
    other: str | None
    link: bool


@dataclass(frozen=True, slots=True)
class BytesUnowned(FaultDetails):
    """zero: whether all of the bytes are zero."""

    name = FaultName.BYTES_UNOWNED
    zero: bool


@dataclass(frozen=True, slots=True)
class ChainBackwards(FaultDetails):
    """value: the offset of the next element. here: the offset of this element."""

    name = FaultName.CHAIN_BACKWARDS
    value: int
    here: int


@dataclass(frozen=True, slots=True)
class ChainLoop(FaultDetails):
    """value: the offset that the chain comes back to."""

    name = FaultName.CHAIN_LOOP
    value: int


@dataclass(frozen=True, slots=True)
class ChainNoEnd(FaultDetails):
    """value: the offset of the next element. last: the field that is 0 in the last element. marked:
    whether that field is 0.
    """

    name = FaultName.CHAIN_NO_END
    value: int
    last: str
    marked: bool


@dataclass(frozen=True, slots=True)
class ChecksumWrong(FaultDetails):
    """value: the stored checksum. actual: the checksum of the bytes. start: the offset of the first byte.
    end: the offset after the last byte.
    """

    name = FaultName.CHECKSUM_WRONG
    value: int
    actual: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class CountMismatch(FaultDetails):
    """value: the stored count. actual: the number of elements. of: the field that has the elements."""

    name = FaultName.COUNT_MISMATCH
    value: int
    actual: int
    of: str


@dataclass(frozen=True, slots=True)
class CountPastBytes(FaultDetails):
    """count: the stored count. room: how many elements fit. size: the bytes of one element."""

    name = FaultName.COUNT_PAST_BYTES
    count: int
    room: int
    size: int


@dataclass(frozen=True, slots=True)
class ElementWithoutBytes(FaultDetails):
    """elements: the stored count; None for a list to the end of its bytes. read: the number of elements
    that were read.
    """

    name = FaultName.ELEMENT_WITHOUT_BYTES
    elements: int | None
    read: int


@dataclass(frozen=True, slots=True)
class ExpressionUnresolved(FaultDetails):
    """expression: as the schema has it. reason: why it has no value."""

    name = FaultName.EXPRESSION_UNRESOLVED
    expression: str
    reason: str


@dataclass(frozen=True, slots=True)
class IndexOutsideTable(FaultDetails):
    """value: the first row. count: the number of rows. rows: the rows of the table. table: the name of the
    table.
    """

    name = FaultName.INDEX_OUTSIDE_TABLE
    value: int
    count: int
    rows: int
    table: str


@dataclass(frozen=True, slots=True)
class OffsetMisaligned(FaultDetails):
    """value: the offset. align: what it must be a multiple of."""

    name = FaultName.OFFSET_MISALIGNED
    value: int
    align: int


@dataclass(frozen=True, slots=True)
class OffsetOutsideFile(FaultDetails):
    """value: the offset. size: where the file or the stream ends."""

    name = FaultName.OFFSET_OUTSIDE_FILE
    value: int
    size: int


@dataclass(frozen=True, slots=True)
class OffsetOutsideRegion(FaultDetails):
    """value: the offset of the item. length: its bytes. behind: the bytes of the NUL that follows it.
    start: the offset of the region. end: the offset after the region. region: the name of the region.
    """

    name = FaultName.OFFSET_OUTSIDE_REGION
    value: int
    length: int
    behind: int
    start: int
    end: int
    region: str


@dataclass(frozen=True, slots=True)
class PaddingNotZero(FaultDetails):
    """The bytes of the fault say it all."""

    name = FaultName.PADDING_NOT_ZERO


@dataclass(frozen=True, slots=True)
class PoolItemsOverlap(FaultDetails):
    """value: the offset of the item. other: the offset of the item before; None where items overlap too
    often to name one.
    """

    name = FaultName.POOL_ITEMS_OVERLAP
    value: int
    other: int | None


@dataclass(frozen=True, slots=True)
class PoolTextUnused(FaultDetails):
    """length: the unused bytes."""

    name = FaultName.POOL_TEXT_UNUSED
    length: int


@dataclass(frozen=True, slots=True)
class RecordSizeWrong(FaultDetails):
    """value: the stored size. actual: the size by the schema."""

    name = FaultName.RECORD_SIZE_WRONG
    value: int
    actual: int


@dataclass(frozen=True, slots=True)
class ReservedNotZero(FaultDetails):
    """value: the stored number."""

    name = FaultName.RESERVED_NOT_ZERO
    value: int


@dataclass(frozen=True, slots=True)
class RowsOutOfOrder(FaultDetails):
    """value: the first row of the run; None at the end of the table. expected: the row after the last one
    taken. table: the name of the table.
    """

    name = FaultName.ROWS_OUT_OF_ORDER
    value: int | None
    expected: int
    table: str


@dataclass(frozen=True, slots=True)
class RowsLeftOver(RowsOutOfOrder):
    """No record takes the last rows. rows: the rows of the table."""

    rows: int


@dataclass(frozen=True, slots=True)
class SizeMismatch(FaultDetails):
    """value: the stored size. actual: the bytes that there are."""

    name = FaultName.SIZE_MISMATCH
    value: int
    actual: int


@dataclass(frozen=True, slots=True)
class TableRepeated(FaultDetails):
    """table: the name of the table, pool or block."""

    name = FaultName.TABLE_REPEATED
    table: str


@dataclass(frozen=True, slots=True)
class TextMalformed(FaultDetails):
    """reason: what is wrong with it."""

    name = FaultName.TEXT_MALFORMED
    reason: str


@dataclass(frozen=True, slots=True)
class TextNotTerminated(FaultDetails):
    """The bytes of the fault say it all."""

    name = FaultName.TEXT_NOT_TERMINATED


@dataclass(frozen=True, slots=True)
class Truncated(FaultDetails):
    """need: the bytes that are needed. have: the bytes that are left."""

    name = FaultName.TRUNCATED
    need: int
    have: int


@dataclass(frozen=True, slots=True)
class UnknownEnumValue(FaultDetails):
    """value: the stored value. names: the known values."""

    name = FaultName.UNKNOWN_ENUM_VALUE
    value: object
    names: type[IntEnum] | tuple[int | str | bytes, ...]


@dataclass(frozen=True, slots=True)
class UnknownFlag(FaultDetails):
    """value: the stored flags. unknown: the bits without a meaning. names: the known bits."""

    name = FaultName.UNKNOWN_FLAG
    value: int
    unknown: int
    names: type[IntFlag]


@dataclass(frozen=True, slots=True)
class UnknownFormatVersion(FaultDetails):
    """value: the stored version. known: the versions of the schema."""

    name = FaultName.UNKNOWN_FORMAT_VERSION
    value: str
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ValueOutOfBounds(FaultDetails):
    """value: the stored number."""

    name = FaultName.VALUE_OUT_OF_BOUNDS
    value: int


@dataclass(frozen=True, slots=True)
class OutsideLimits(ValueOutOfBounds):
    """The number is too small or too large. low: the least number that is allowed. high: the greatest
    number that is allowed.
    """

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class NotAMultiple(ValueOutOfBounds):
    """The number is between two steps. step: what it must be a multiple of."""

    step: int


@dataclass(frozen=True, slots=True)
class WorkOutOfProportion(FaultDetails):
    """what: what there is too much of. work: how much there is. limit: how much is allowed."""

    name = FaultName.WORK_OUT_OF_PROPORTION
    what: Literal["texts", "bytes", "records"]
    work: int
    limit: int


@dataclass(frozen=True, slots=True)
class WrongMagic(FaultDetails):
    """value: the bytes of the file. expected: the bytes of the schema."""

    name = FaultName.WRONG_MAGIC
    value: bytes
    expected: bytes


DETAILS: Mapping[FaultName, type[FaultDetails]] = MappingProxyType(
    {
        details.name: details
        for details in (
            BytesOwnedTwice,
            BytesUnowned,
            ChainBackwards,
            ChainLoop,
            ChainNoEnd,
            ChecksumWrong,
            CountMismatch,
            CountPastBytes,
            ElementWithoutBytes,
            ExpressionUnresolved,
            IndexOutsideTable,
            OffsetMisaligned,
            OffsetOutsideFile,
            OffsetOutsideRegion,
            PaddingNotZero,
            PoolItemsOverlap,
            PoolTextUnused,
            RecordSizeWrong,
            ReservedNotZero,
            RowsOutOfOrder,
            SizeMismatch,
            TableRepeated,
            TextMalformed,
            TextNotTerminated,
            Truncated,
            UnknownEnumValue,
            UnknownFlag,
            UnknownFormatVersion,
            ValueOutOfBounds,
            WorkOutOfProportion,
            WrongMagic,
        )
    }
)
"""The details of each kind of fault."""
