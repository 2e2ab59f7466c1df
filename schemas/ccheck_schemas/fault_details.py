"""The details of each kind of fault: the numbers and names that its message needs.

A class is named after its `FaultName`. Offsets and sizes are in bytes; `end` is exclusive.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, IntFlag
from types import MappingProxyType
from typing import Literal

from ccheck_schemas.digits import DigitForm
from ccheck_schemas.fault import FaultDetails, FaultName
from ccheck_schemas.frozen import frozen


@frozen
class BytesOwnedTwice(FaultDetails):
    """Several records own the same bytes.

    Attributes:
        other: The other owner; None if records claim more than twice the bytes of the file.
        link: Whether a number points to bytes that belong to the other owner.
    """

    name = FaultName.BYTES_OWNED_TWICE
    other: str | None
    link: bool


@frozen
class BytesUnowned(FaultDetails):
    """No record owns the bytes.

    Attributes:
        zero: Whether all of the bytes are zero.
    """

    name = FaultName.BYTES_UNOWNED
    zero: bool


@frozen
class ChainBackwards(FaultDetails):
    """The next element of a chain comes earlier in the file.

    Attributes:
        value: The offset of the next element.
        here: The offset of this element.
    """

    name = FaultName.CHAIN_BACKWARDS
    value: int
    here: int


@frozen
class ChainLoop(FaultDetails):
    """A chain returns to an element.

    Attributes:
        value: The offset that the chain comes back to.
    """

    name = FaultName.CHAIN_LOOP
    value: int


@frozen
class ChainNoEnd(FaultDetails):
    """A chain has no last element, or goes on after it.

    Attributes:
        value: The offset of the next element.
        last: The field that is 0 in the last element.
        marked: Whether that field is 0.
    """

    name = FaultName.CHAIN_NO_END
    value: int
    last: str
    marked: bool


@frozen
class ChecksumWrong(FaultDetails):
    """A stored checksum does not match the bytes.

    Attributes:
        value: The stored checksum.
        actual: The checksum of the bytes.
        start: The offset of the first byte.
        end: The offset after the last byte.
        algorithm: The name of its algorithm.
    """

    name = FaultName.CHECKSUM_WRONG
    value: int
    actual: int
    start: int
    end: int
    algorithm: str = "crc-32"


@frozen
class CountMismatch(FaultDetails):
    """A stored count differs from the number of elements.

    Attributes:
        value: The stored count.
        actual: The number of elements.
        of: The field that has the elements.
    """

    name = FaultName.COUNT_MISMATCH
    value: int
    actual: int
    of: str


@frozen
class CountPastBytes(FaultDetails):
    """A stored count is too large for the bytes at hand.

    Attributes:
        count: The stored count.
        room: How many elements fit.
        size: The bytes of one element.
    """

    name = FaultName.COUNT_PAST_BYTES
    count: int
    room: int
    size: int


@frozen
class ElementWithoutBytes(FaultDetails):
    """A list has elements that take no bytes.

    Attributes:
        elements: The stored count; None for a list to the end of its bytes.
        read: The number of elements that were read.
    """

    name = FaultName.ELEMENT_WITHOUT_BYTES
    elements: int | None
    read: int


@frozen
class EnvelopeDamaged(FaultDetails):
    """An envelope cannot be opened.

    Attributes:
        step: The step that fails, in words.
        reason: What is wrong.
    """

    name = FaultName.ENVELOPE_DAMAGED
    step: str
    reason: str


@frozen
class EnvelopeTooLarge(FaultDetails):
    """An envelope has more content than is unwrapped.

    Attributes:
        step: The step that has too much; empty for too many envelopes.
        limit: The bytes that are allowed, or the number of envelopes.
        of_file: Whether it is the limit of all envelopes of a file together, and not that of the schema.
    """

    name = FaultName.ENVELOPE_TOO_LARGE
    step: str
    limit: int
    of_file: bool


@frozen
class EnvelopeTrailingBytes(FaultDetails):
    """Bytes follow the end of a stream in its envelope.

    Attributes:
        step: The step, in words.
        size: Their number.
    """

    name = FaultName.ENVELOPE_TRAILING_BYTES
    step: str
    size: int


@frozen
class ExpressionUnresolved(FaultDetails):
    """An expression has no value.

    Attributes:
        expression: The expression, as the schema has it.
        reason: Why it has no value.
    """

    name = FaultName.EXPRESSION_UNRESOLVED
    expression: str
    reason: str


@frozen
class IndexOutsideTable(FaultDetails):
    """An index, or a run of rows, ends outside its table.

    Attributes:
        value: The first row.
        count: The number of rows.
        rows: The rows of the table.
        table: The name of the table.
    """

    name = FaultName.INDEX_OUTSIDE_TABLE
    value: int
    count: int
    rows: int
    table: str


@frozen
class NumberMalformed(FaultDetails):
    """Bytes are no number in the digits of their field.

    Attributes:
        value: The bytes.
        form: What is allowed.
    """

    name = FaultName.NUMBER_MALFORMED
    value: bytes
    form: DigitForm


@frozen
class OffsetMisaligned(FaultDetails):
    """An offset is not aligned.

    Attributes:
        value: The offset.
        align: What it must be a multiple of.
    """

    name = FaultName.OFFSET_MISALIGNED
    value: int
    align: int


@frozen
class OffsetOutsideFile(FaultDetails):
    """An offset is outside the file or the stream.

    Attributes:
        value: The offset.
        size: The end of the file or the stream.
    """

    name = FaultName.OFFSET_OUTSIDE_FILE
    value: int
    size: int


@frozen
class OffsetOutsideRegion(FaultDetails):
    """An item is outside its region.

    Attributes:
        value: The offset of the item.
        length: Its bytes.
        behind: The bytes of the NUL that follows it.
        start: The offset of the region.
        end: The offset after the region.
        region: The name of the region.
    """

    name = FaultName.OFFSET_OUTSIDE_REGION
    value: int
    length: int
    behind: int
    start: int
    end: int
    region: str


@frozen
class PaddingNotZero(FaultDetails):
    """The bytes of the fault say it all."""

    name = FaultName.PADDING_NOT_ZERO


@frozen
class PoolItemsOverlap(FaultDetails):
    """Two items of a pool overlap.

    Attributes:
        value: The offset of the item.
        other: The offset of the item before; None if items overlap too often to name one.
    """

    name = FaultName.POOL_ITEMS_OVERLAP
    value: int
    other: int | None


@frozen
class PoolTextUnused(FaultDetails):
    """No field names some bytes of a pool.

    Attributes:
        length: The unused bytes.
    """

    name = FaultName.POOL_TEXT_UNUSED
    length: int


@frozen
class RecordSizeWrong(FaultDetails):
    """A stored record size differs from the size by the schema.

    Attributes:
        value: The stored size.
        actual: The size by the schema.
    """

    name = FaultName.RECORD_SIZE_WRONG
    value: int
    actual: int


@frozen
class ReservedNotZero(FaultDetails):
    """A reserved number is not 0.

    Attributes:
        value: The stored number.
    """

    name = FaultName.RESERVED_NOT_ZERO
    value: int


@frozen
class RowsOutOfOrder(FaultDetails):
    """A run of rows does not begin after the last row taken.

    Attributes:
        value: The first row of the run; None at the end of the table.
        expected: The row after the last one taken.
        table: The name of the table.
    """

    name = FaultName.ROWS_OUT_OF_ORDER
    value: int | None
    expected: int
    table: str


@frozen
class RowsLeftOver(RowsOutOfOrder):
    """No record takes the last rows.

    Attributes:
        rows: The rows of the table.
    """

    rows: int


@frozen
class SizeMismatch(FaultDetails):
    """A stored size differs from the number of bytes.

    Attributes:
        value: The stored size.
        actual: The number of bytes.
    """

    name = FaultName.SIZE_MISMATCH
    value: int
    actual: int


@frozen
class TableRepeated(FaultDetails):
    """Two tables, pools or blocks have the same name.

    Attributes:
        table: The name of the table, pool or block.
    """

    name = FaultName.TABLE_REPEATED
    table: str


@frozen
class TextMalformed(FaultDetails):
    """Text is malformed.

    Attributes:
        reason: What is wrong with it.
    """

    name = FaultName.TEXT_MALFORMED
    reason: str


@frozen
class TextNotTerminated(FaultDetails):
    """The bytes of the fault say it all."""

    name = FaultName.TEXT_NOT_TERMINATED


@frozen
class Truncated(FaultDetails):
    """The bytes end too early.

    Attributes:
        need: The bytes that are needed.
        have: The bytes that are left.
    """

    name = FaultName.TRUNCATED
    need: int
    have: int


@frozen
class UnknownEnumValue(FaultDetails):
    """A number is no member of its enum, or selects no branch.

    Attributes:
        value: The stored value.
        names: The known values.
    """

    name = FaultName.UNKNOWN_ENUM_VALUE
    value: object
    names: type[IntEnum] | tuple[int | str | bytes, ...]


@frozen
class UnknownFlag(FaultDetails):
    """Some flags have no meaning.

    Attributes:
        value: The stored flags.
        unknown: The bits without a meaning.
        names: The known bits.
    """

    name = FaultName.UNKNOWN_FLAG
    value: int
    unknown: int
    names: type[IntFlag]


@frozen
class UnknownFormatVersion(FaultDetails):
    """The schema does not describe this version.

    Attributes:
        value: The stored version.
        known: The versions of the schema.
    """

    name = FaultName.UNKNOWN_FORMAT_VERSION
    value: str
    known: tuple[str, ...]


@frozen
class ValueOutOfBounds(FaultDetails):
    """A number breaks its bounds.

    Attributes:
        value: The stored number.
    """

    name = FaultName.VALUE_OUT_OF_BOUNDS
    value: int


@frozen
class OutsideLimits(ValueOutOfBounds):
    """The number is too small or too large.

    Attributes:
        low: The least number that is allowed.
        high: The greatest number that is allowed.
    """

    low: int
    high: int


@frozen
class NotAMultiple(ValueOutOfBounds):
    """The number is between two steps.

    Attributes:
        step: What it must be a multiple of.
    """

    step: int


@frozen
class WorkOutOfProportion(FaultDetails):
    """Reading takes too much work for the size of the file.

    Attributes:
        what: What there is too much of: texts, bytes or records.
        work: How much there is.
        limit: How much is allowed.
    """

    name = FaultName.WORK_OUT_OF_PROPORTION
    what: Literal["texts", "bytes", "records"]
    work: int
    limit: int


@frozen
class WrongMagic(FaultDetails):
    """Constant bytes are wrong.

    Attributes:
        value: The bytes of the file.
        expected: The bytes of the schema.
    """

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
            EnvelopeDamaged,
            EnvelopeTooLarge,
            EnvelopeTrailingBytes,
            ExpressionUnresolved,
            IndexOutsideTable,
            NumberMalformed,
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
