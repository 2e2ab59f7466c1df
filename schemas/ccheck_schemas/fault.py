"""The faults that a reading can have: every kind by name, and one fault with its place.

The name of a fault is the id of the check that reports it. `ccheck.judging.judge` fails a file with a fault
that no check reports, and a test compares the two sets in both directions.
"""

from __future__ import annotations

from enum import StrEnum, unique
from typing import ClassVar, Generic, TypeVar

from ccheck_schemas.frozen import frozen
from ccheck_schemas.span import Span


@unique
class FaultName(StrEnum):
    """A kind of fault."""

    BYTES_OWNED_TWICE = "bytes-owned-twice"
    BYTES_UNOWNED = "bytes-unowned"
    CHAIN_BACKWARDS = "chain-backwards"
    CHAIN_LOOP = "chain-loop"
    CHAIN_NO_END = "chain-no-end"
    CHECKSUM_WRONG = "checksum-wrong"
    COUNT_MISMATCH = "count-mismatch"
    COUNT_PAST_BYTES = "count-past-bytes"
    ENVELOPE_DAMAGED = "envelope-damaged"
    ENVELOPE_TOO_LARGE = "envelope-too-large"
    ENVELOPE_TRAILING_BYTES = "envelope-trailing-bytes"
    ELEMENT_WITHOUT_BYTES = "element-without-bytes"
    EXPRESSION_UNRESOLVED = "expression-unresolved"
    INDEX_OUTSIDE_TABLE = "index-outside-table"
    NUMBER_MALFORMED = "number-malformed"
    OFFSET_MISALIGNED = "offset-misaligned"
    OFFSET_OUTSIDE_FILE = "offset-outside-file"
    OFFSET_OUTSIDE_REGION = "offset-outside-region"
    PADDING_NOT_ZERO = "padding-not-zero"
    POOL_ITEMS_OVERLAP = "pool-items-overlap"
    POOL_TEXT_UNUSED = "pool-text-unused"
    RECORD_SIZE_WRONG = "record-size-wrong"
    RESERVED_NOT_ZERO = "reserved-not-zero"
    ROWS_OUT_OF_ORDER = "rows-out-of-order"
    SIZE_MISMATCH = "size-mismatch"
    TABLE_REPEATED = "table-repeated"
    TEXT_MALFORMED = "text-malformed"
    TEXT_NOT_TERMINATED = "text-not-terminated"
    TRUNCATED = "truncated"
    UNKNOWN_ENUM_VALUE = "unknown-enum-value"
    UNKNOWN_FLAG = "unknown-flag"
    UNKNOWN_FORMAT_VERSION = "unknown-format-version"
    VALUE_OUT_OF_BOUNDS = "value-out-of-bounds"
    WORK_OUT_OF_PROPORTION = "work-out-of-proportion"
    WRONG_MAGIC = "wrong-magic"


@frozen
class FaultDetails:
    """What a message about a fault contains. Each kind of fault has its class in `fault_details`."""

    name: ClassVar[FaultName]


D_co = TypeVar("D_co", bound=FaultDetails, covariant=True)


@frozen
class Fault(Generic[D_co]):
    """One place where the bytes break the schema.

    Attributes:
        details: The kind of fault, and what a message says about it.
        span: The guilty bytes.
        related: Other places that show it, with a few words each.
    """

    details: D_co
    span: Span
    related: tuple[tuple[str, Span], ...] = ()

    @property
    def name(self) -> FaultName:
        """The kind of fault, which is the id of the check that reports it."""
        return self.details.name
