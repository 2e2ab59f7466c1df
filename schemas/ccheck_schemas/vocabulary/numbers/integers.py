"""Integers with the meaning that a specification gives them: bounds, counts, lengths, offsets, checksums."""

from __future__ import annotations

import difflib
from enum import IntEnum, IntFlag
from typing import BinaryIO

import construct

from ccheck_schemas.checksum import ALGORITHMS, Checksum, Crc, Sum
from ccheck_schemas.vocabulary.expression import Context, Expression, FieldError
from ccheck_schemas.vocabulary.limits import at_least, in_order, positive


class Meaning(construct.Subconstruct):
    """An integer with a meaning.

    Subclasses check the number in `complaint`, or leave it to the reader if it needs more than one field.
    """

    def __init__(self, subcon: construct.Construct) -> None:
        super().__init__(subcon)
        self.flagbuildnone = False

    def complaint(self, value: int) -> str | None:
        """Returns what is wrong with the number by itself, or None."""
        return None

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> object:
        value = self.subcon._parsereport(stream, context, path)
        self._refuse(value, path)
        return value

    def _build(self, obj: int, stream: BinaryIO, context: Context, path: str) -> object:
        self._refuse(obj, path)
        return self.subcon._build(obj, stream, context, path)

    def _refuse(self, value: int, path: str) -> None:
        detail = self.complaint(value)
        if detail is not None:
            raise FieldError(type(self).__name__, value, detail, path)


MOST_VERSIONS = 4096
"""Versions that one schema describes, at most."""


class Version(Meaning):
    """The version of the format.

    Args:
        subcon: The integer.
        known: The versions that this schema describes.
        minor_bits: The number of its low bits that are the minor version.
        mask: The bits of the version, if other bits mean something else.
    """

    def __init__(
        self, subcon: construct.Construct, known: tuple[int, ...], minor_bits: int = 0, mask: int = -1
    ) -> None:
        super().__init__(subcon)
        if len(known) > MOST_VERSIONS:
            raise ValueError(f"{len(known):,} versions are too many to name; {MOST_VERSIONS:,} are allowed")
        self.known = tuple(known)
        self.minor_bits = at_least(0, minor_bits, "minor_bits", 64)
        self.mask = mask

    def words(self, value: int) -> str:
        """Returns the version as people write it."""
        value &= self.mask
        bits = self.minor_bits
        return f"{value >> bits}.{value & (1 << bits) - 1}" if bits else str(value)

    def complaint(self, value: int) -> str | None:
        """Returns what is wrong with an unknown version, or None."""
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
        """Returns what is wrong with a number outside its bounds, or None."""
        return None if self.low <= value <= self.high else f"{value} is not in {self.low}..{self.high}"


class StrictEnum(Meaning):
    """One of the values of an `IntEnum`; any other is a fault. Parses to the plain integer."""

    def __init__(self, subcon: construct.Construct, values: type[IntEnum]) -> None:
        super().__init__(subcon)
        self.values = values
        self.known = frozenset(int(v) for v in values)
        if not self.known:
            raise ValueError(
                f"{values.__name__} has no member: give it one for each value that the field may have"
            )

    def complaint(self, value: int) -> str | None:
        """Returns what is wrong with an unknown number, or None."""
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
        """Returns what is wrong with unknown bits, or None."""
        return (
            None
            if not value & ~self.mask
            else f"bits {value & ~self.mask:#x} have no name in {self.bits.__name__}"
        )


class Reserved(Meaning):
    """Reserved for later versions: zero."""

    def complaint(self, value: int) -> str | None:
        """Returns what is wrong with a number that is not zero, or None."""
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
        self.step = positive(step, "step")

    def complaint(self, value: int) -> str | None:
        """Returns what is wrong with a length outside its bounds or between two steps, or None."""
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
    """An offset, from the start of the file, of a record that a `Chain` or `At` of the struct reads; 0: none.

    Args:
        subcon: The integer.
        of: The field that reads the record.
        align: What the number is a multiple of.
        unit: The bytes that 1 represents.
    """

    def __init__(self, subcon: construct.Construct, of: str, align: int = 1, unit: int = 1) -> None:
        super().__init__(subcon)
        self.of = of
        self.align = positive(align, "align")
        self.unit = positive(unit, "unit")

    def complaint(self, value: int) -> str | None:
        """Returns what is wrong with a misaligned offset, or None."""
        return None if value % self.align == 0 else f"{value:#x} is not {self.align}-aligned"


class ChecksumOver(Meaning):
    """A checksum of the bytes from offset `start` to `end`, or to the end of the file.

    `start` and `end` are numbers, ``this`` expressions over any fields of the record, or names of fields of
    it: from the first byte of one to the last byte of the other.

    Args:
        subcon: The integer, which has as many bits as the checksum.
        start: The offset of the first byte.
        algorithm: A name in `ccheck_schemas.checksum.ALGORITHMS`, such as ``crc-32`` (IEEE, as zlib's) or
            ``sum-16-le``; or a `Crc` with its parameters. ``zero-sum-…`` is the number that makes the sum of
            all bytes or words, itself included, 0.
        end: The offset after the last byte; None for the end of the file, or of the record.
        zeroed: Whether the bytes of the integer itself count as zeros; or the byte that each of them counts
            as, such as ``b" "``.
        within: What numbers count from, and where the bytes end without an `end`: ``file`` or ``record``,
            which is the one that has the integer.
    """

    def __init__(
        self,
        subcon: construct.Construct,
        start: Expression | str,
        algorithm: str | Crc = "crc-32",
        *,
        end: Expression | str | None = None,
        zeroed: bool | bytes = False,
        within: str = "file",
    ) -> None:
        super().__init__(subcon)
        if within not in ("file", "record"):
            raise ValueError(f"within={within!r:.40} is neither 'file' nor 'record'")
        self.of_record = within == "record"
        self.start = at_least(0, start, "start") if isinstance(start, int) else start
        least = start + 1 if isinstance(start, int) else 0
        self.end = at_least(least, end, "end") if isinstance(end, int) else end
        if isinstance(algorithm, str):
            found = ALGORITHMS.get(algorithm)
            if found is None:
                near = difflib.get_close_matches(algorithm[:80], ALGORITHMS, 1)
                meant = f"did you mean {near[0]!r}? " if near else ""
                known = f"known are {', '.join(ALGORITHMS)}, and any Crc(bits, poly, …)"
                raise ValueError(f"checksum algorithm {algorithm!r} is not known; {meant}{known}")
        elif isinstance(algorithm, Crc):
            found = algorithm
        else:
            raise ValueError(f"algorithm={algorithm!r:.40} is neither the name of a checksum nor a Crc")
        name = algorithm if isinstance(algorithm, str) else f"crc of {algorithm.bits} bits"
        own: int | None
        if isinstance(zeroed, bytes):
            if len(zeroed) != 1:
                raise ValueError(f"zeroed={zeroed!r:.40} is not one byte, which each of its bytes counts as")
            own = zeroed[0]
        else:
            own = 0 if zeroed or (isinstance(found, Sum) and found.to_zero) else None
        self.stated = not self.of_record and isinstance(start, int) and (end is None or isinstance(end, int))
        """Whether start and end are numbers from the start of the file."""
        first = start if self.stated and isinstance(start, int) else 0
        last = end if self.stated and isinstance(end, int) else None
        self.checksum = Checksum(first, last, found, name, own)
