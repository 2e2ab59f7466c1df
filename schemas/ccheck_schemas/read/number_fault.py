"""Hold one number against what its field means."""

from __future__ import annotations

from typing import Any

from ccheck_schemas import meaning as m
from ccheck_schemas.fault import FaultName


def number_fault(meaning: m.Meaning, value: int, file_size: int) -> tuple[FaultName, dict[str, Any]] | None:
    """The fault's name and values when the number by itself breaks its meaning, else None."""
    if isinstance(meaning, m.FileSize):
        return (
            None if value == file_size else (FaultName.SIZE_MISMATCH, {"value": value, "actual": file_size})
        )
    if meaning.complaint(value) is None:
        return None
    match meaning:
        case m.Version():
            known = tuple(map(meaning.words, meaning.known))
            return FaultName.UNKNOWN_FORMAT_VERSION, {"value": meaning.words(value), "known": known}
        case m.StrictEnum():
            return FaultName.UNKNOWN_ENUM_VALUE, {"value": value, "names": meaning.values}
        case m.StrictFlags():
            unknown = value & ~meaning.mask
            return FaultName.UNKNOWN_FLAG, {"value": value, "unknown": unknown, "names": meaning.bits}
        case m.Reserved():
            return FaultName.RESERVED_NOT_ZERO, {"value": value}
        case m.OffsetInto():
            return FaultName.OFFSET_MISALIGNED, {"value": value, "align": meaning.align}
        case m.LengthOf() if meaning.low <= value <= meaning.high:
            return FaultName.VALUE_OUT_OF_BOUNDS, {"value": value, "step": meaning.step}
        case m.Bounded() | m.LengthOf():
            return FaultName.VALUE_OUT_OF_BOUNDS, {"value": value, "low": meaning.low, "high": meaning.high}
    raise TypeError(f"{type(meaning).__name__} complains, but no fault is named for it")
