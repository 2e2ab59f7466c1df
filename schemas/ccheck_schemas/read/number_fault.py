"""What is wrong with one number on its own."""

from __future__ import annotations

from typing import assert_never

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
from ccheck_schemas.layout import meanings


def number_fault(meaning: meanings.Meaning, value: int, file_size: int) -> FaultDetails | None:
    """Returns what is wrong with a number on its own.

    Args:
        meaning: The meaning of its field.
        value: The number.
        file_size: The bytes of the whole file.

    Returns:
        The details of the fault; None for a number that its meaning allows, or that needs more than the
        number.
    """
    if isinstance(meaning, meanings.ByOthers):
        return None
    if isinstance(meaning, meanings.ComparedWithFact):  # for the validator, which knows the builds
        return None
    if isinstance(meaning, meanings.FileSize):
        return None if value == file_size else SizeMismatch(value, file_size)
    if meaning.allows(value):
        return None
    match meaning:
        case meanings.Version():
            known = tuple(map(meaning.words, meaning.known))
            return UnknownFormatVersion(meaning.words(value), known)
        case meanings.StrictEnum():
            return UnknownEnumValue(value, meaning.values)
        case meanings.StrictFlags():
            return UnknownFlag(value, value & ~meaning.mask, meaning.bits)
        case meanings.Reserved():
            return ReservedNotZero(value)
        case meanings.OffsetInto():
            return OffsetMisaligned(value, meaning.align)
        case meanings.LengthOf() if meaning.low <= value <= meaning.high:
            return NotAMultiple(value, meaning.step)
        case meanings.Bounded() | meanings.LengthOf():
            return OutsideLimits(value, meaning.low, meaning.high)
        case _:
            assert_never(meaning)
