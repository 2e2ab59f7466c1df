"""What single bytes of a number may be, where that says all: then a column of bytes is asked at once."""

from __future__ import annotations

from typing import Any

import construct

from ccheck_schemas import meaning as m

_ALL = frozenset(range(256))


def byte_values(
    leaf: Any, meanings: tuple[m.Meaning, ...]
) -> tuple[list[frozenset[int]], tuple[m.Meaning, ...]]:
    """The values that each byte of a field may have, in the order of the file, and the meanings that this
    does not answer for.
    """
    if isinstance(leaf, construct.Const):
        return [frozenset([byte]) for byte in leaf.build(None)], meanings
    may = [_ALL] * leaf.length
    left = []
    for meaning in meanings:
        values = _bytes_of(meaning, leaf)
        if values is None:
            left.append(meaning)
            continue
        ordered = values if leaf.fmtstr[0] != ">" else values[::-1]
        may = [allowed & more for allowed, more in zip(may, ordered, strict=True)]
    return may, tuple(left)


def unrestricted(values: frozenset[int]) -> bool:
    """Whether a byte may be anything."""
    return values == _ALL


def _bytes_of(meaning: m.Meaning, leaf: Any) -> list[frozenset[int]] | None:
    """The values of each byte, lowest first; None where one byte depends on another."""
    size = leaf.length
    signed = leaf.fmtstr[-1].islower()
    match meaning:
        case m.Reserved():
            return [frozenset([0])] * size
        case m.StrictFlags() if not signed:
            return [_within(meaning.mask >> 8 * i & 0xFF) for i in range(size)]
        case m.StrictEnum():
            return _small(meaning.known, size, signed=signed)
        case m.Version() if meaning.mask == -1:
            return _small(frozenset(meaning.known), size, signed=signed)
        case m.Bounded() | m.LengthOf():
            step = meaning.step if isinstance(meaning, m.LengthOf) else 1
            if 0 <= meaning.low <= meaning.high <= 0xFF:
                known = frozenset(v for v in range(meaning.low, meaning.high + 1) if v % step == 0)
                return _small(known, size, signed=signed)
            if step == 1 and not signed and meaning.low <= 0 and meaning.high >= (1 << 8 * size) - 1:
                return [_ALL] * size
        case m.OffsetInto() if 256 % meaning.align == 0:
            return [frozenset(range(0, 256, meaning.align)), *[_ALL] * (size - 1)]
    return None


def _within(mask: int) -> frozenset[int]:
    return frozenset(v for v in range(256) if not v & ~mask)


def _small(known: frozenset[int], size: int, *, signed: bool) -> list[frozenset[int]] | None:
    """The bytes of a number that is one of a few, none greater than one byte holds."""
    if not known <= frozenset(range(128 if signed and size == 1 else 256)):
        return None
    return [known, *[frozenset([0])] * (size - 1)]
