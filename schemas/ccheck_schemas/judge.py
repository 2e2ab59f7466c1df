"""Hold one number against what its field means."""

from __future__ import annotations

from typing import Any

from ccheck_schemas import meaning as m


def judge(meaning: m.Meaning, value: int, file_size: int) -> tuple[str, dict[str, Any]] | None:
    """The fault's name and values when the number by itself breaks its meaning, else None."""
    if isinstance(meaning, m.FileSize):
        return None if value == file_size else ("size-mismatch", {"value": value, "actual": file_size})
    if meaning.complaint(value) is None:
        return None
    match meaning:
        case m.Version():
            known = tuple(map(meaning.words, meaning.known))
            return "unknown-format-version", {"value": meaning.words(value), "known": known}
        case m.StrictEnum():
            return "unknown-enum-value", {"value": value, "names": meaning.values}
        case m.StrictFlags():
            unknown = value & ~meaning.mask
            return "unknown-flag", {"value": value, "unknown": unknown, "names": meaning.bits}
        case m.Reserved():
            return "reserved-not-zero", {"value": value}
        case m.OffsetInto():
            return "offset-misaligned", {"value": value, "align": meaning.align}
        case m.LengthOf() if meaning.low <= value <= meaning.high:
            return "value-out-of-bounds", {"value": value, "step": meaning.step}
        case m.Bounded() | m.LengthOf():
            return "value-out-of-bounds", {"value": value, "low": meaning.low, "high": meaning.high}
    raise TypeError(f"{type(meaning).__name__} complains, but no fault is named for it")
