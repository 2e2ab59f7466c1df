"""What the integers of a layout mean, as plain data; `vocabulary.numbers.integers` describes each."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import TypeAlias

from ccheck_schemas.build_facts import Fact
from ccheck_schemas.checksum import Checksum
from ccheck_schemas.frozen import frozen
from ccheck_schemas.layout.expression import Expression, stated


@frozen
class Version:
    """The version of the format."""

    known: tuple[int, ...]
    minor_bits: int
    mask: int

    def allows(self, value: int) -> bool:
        """Returns whether the schema describes the version."""
        return value & self.mask in self.known

    def words(self, value: int) -> str:
        """Returns the version as people write it."""
        value &= self.mask
        bits = self.minor_bits
        return f"{value >> bits}.{value & (1 << bits) - 1}" if bits else str(value)


@frozen
class Bounded:
    """An integer from `low` to `high`, both inclusive."""

    low: int
    high: int

    def allows(self, value: int) -> bool:
        """Returns whether a number lies in the bounds."""
        return self.low <= value <= self.high


@frozen
class StrictEnum:
    """One of the values of an `IntEnum`."""

    values: type[IntEnum]
    known: frozenset[int]

    def allows(self, value: int) -> bool:
        """Returns whether a number has a name."""
        return value in self.known


@frozen
class StrictFlags:
    """A set of the bits of an `IntFlag`."""

    bits: type[IntFlag]
    mask: int

    def allows(self, value: int) -> bool:
        """Returns whether all bits of a number have a name."""
        return not value & ~self.mask


@frozen
class Reserved:
    """Zero."""

    def allows(self, value: int) -> bool:
        """Returns whether a number is zero."""
        return value == 0


@frozen
class CountOf:
    """The number of elements of the field `of` of the same record."""

    of: str


@frozen
class LengthOf:
    """The length in bytes of the field `of` of the same record."""

    of: str
    low: int
    high: int
    step: int

    def allows(self, value: int) -> bool:
        """Returns whether a length lies in its bounds and on a step."""
        return self.low <= value <= self.high and value % self.step == 0


@frozen
class RecordSize:
    """The size in bytes of one record of the table in field `of` of the same record."""

    of: str


@frozen
class FileSize:
    """The number of bytes of the whole file."""


@frozen
class IndexInto:
    """An index of a row of a table, from 0."""

    table: str


@frozen
class OffsetInto:
    """An offset of a record, from the start of the file; 0: none."""

    of: str
    align: int
    unit: int

    def allows(self, value: int) -> bool:
        """Returns whether an offset is aligned."""
        return value % self.align == 0


@frozen
class Bounds:
    """Where the bytes of a checksum begin and end.

    Attributes:
        start: A number, or the name of a field of the record, with whose first byte they begin.
        end: A number, or the name of a field, with whose last byte they end; None for the end of the file or
            of the record.
        of_record: Whether numbers count from the record, and not from the start of the file.
    """

    start: Expression | str
    end: Expression | str | None
    of_record: bool


@frozen
class ChecksumOver:
    """A checksum of stated bytes of the file.

    Attributes:
        checksum: The checksum, of all bytes where `bounds` say of which.
        bounds: Where the bytes begin and end, if that depends on the file.
    """

    checksum: Checksum
    bounds: Bounds | None = None

    @property
    def greatest(self) -> int:
        """The greatest checksum that there can be."""
        if self.bounds is None:
            return self.checksum.greatest
        both = (self.bounds.start, self.bounds.end)
        start, end = (None if one is None or isinstance(one, str) else stated(one) for one in both)
        if start is None or end is None:
            return self.checksum.between(0, None).greatest
        return self.checksum.between(start, max(start, end)).greatest

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """All its expressions."""
        both = () if self.bounds is None else (self.bounds.start, self.bounds.end)
        return tuple(each for each in both if each is not None and not isinstance(each, str))

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of the record that it begins and ends with."""
        both = () if self.bounds is None else (self.bounds.start, self.bounds.end)
        return tuple(each for each in both if isinstance(each, str))


@frozen
class RowField:
    """The field `field` of the row of a table that an index leads to."""

    table: str
    index: Expression
    field: str


KeyPart: TypeAlias = Expression | RowField

Restriction: TypeAlias = Version | Bounded | StrictEnum | StrictFlags | Reserved | LengthOf | OffsetInto
"""A meaning that allows or refuses a number, and needs nothing else."""


@frozen
class ComparedWithFact:
    """A number, or an amount, that is compared with a fact of each driver build; as in `numbers.facts`.

    Any number is allowed by itself. A number that `others`, the other meanings of the field, refuse is
    reported for that, and is not compared.
    """

    fact: Fact
    key: tuple[KeyPart, ...]
    harmless: Expression | None
    amount: Expression | None
    others: tuple[Restriction, ...] = ()

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """All its expressions: the key's, the condition and the amount."""
        parts = [part.index if isinstance(part, RowField) else part for part in self.key]
        return (*parts, *(each for each in (self.harmless, self.amount) if each is not None))


ByItself: TypeAlias = Restriction | FileSize | ComparedWithFact
"""A meaning whose rule about the number needs no more than the number and the size of the file."""

ByOthers: TypeAlias = CountOf | RecordSize | IndexInto | ChecksumOver
"""A meaning whose rule about the number needs other fields."""

Meaning: TypeAlias = ByItself | ByOthers
"""Any meaning of an integer."""
