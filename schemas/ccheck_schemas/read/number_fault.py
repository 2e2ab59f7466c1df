"""What is wrong with one number by itself."""

from __future__ import annotations

from ccheck_schemas import meaning as m
from ccheck_schemas.fault import FaultDetails
from ccheck_schemas.fault_details import (
    NotAMultiple,
    OffsetMisaligned,
    OutsideLimits,
    ReservedNotZero,
    SizeMismatch,
    UnknownEnumValue,
    UnknownFlag,
    UnknownFormatVersion,
)


def number_fault(meaning: m.Meaning, value: int, file_size: int) -> FaultDetails | None:
    """Returns what is wrong with a number by itself.

    Args:
        meaning: The meaning of its field.
        value: The number.
        file_size: The bytes of the whole file.

    Returns:
        The details of the fault; None for a number that its meaning allows.

    Raises:
        TypeError: The meaning refuses the number, but has no fault of its own.
    """
    if isinstance(meaning, m.FileSize):
        return None if value == file_size else SizeMismatch(value, file_size)
    if meaning.complaint(value) is None:
        return None
    match meaning:
        case m.Version():
            known = tuple(map(meaning.words, meaning.known))
            return UnknownFormatVersion(meaning.words(value), known)
        case m.StrictEnum():
            return UnknownEnumValue(value, meaning.values)
        case m.StrictFlags():
            return UnknownFlag(value, value & ~meaning.mask, meaning.bits)
        case m.Reserved():
            return ReservedNotZero(value)
        case m.OffsetInto():
            return OffsetMisaligned(value, meaning.align)
        case m.LengthOf() if meaning.low <= value <= meaning.high:
            return NotAMultiple(value, meaning.step)
        case m.Bounded() | m.LengthOf():
            return OutsideLimits(value, meaning.low, meaning.high)
    raise TypeError(f"{type(meaning).__name__} complains, but no fault is named for it")
