"""The values that single bytes of a number may have, so that a column of bytes is tested together."""

from __future__ import annotations

from typing import assert_never

from ccheck_schemas.layout import tree
from ccheck_schemas.layout.meanings import (
    Bounded,
    ChecksumOver,
    ComparedWithFact,
    CountOf,
    FileSize,
    IndexInto,
    LengthOf,
    Meaning,
    OffsetInto,
    RecordSize,
    Reserved,
    StrictEnum,
    StrictFlags,
    Version,
)

_ALL = frozenset(range(256))


def byte_values(
    leaf: tree.Stored | tree.Float | tree.Const,
) -> tuple[list[frozenset[int]], tuple[Meaning, ...]]:
    """Returns the allowed values of each byte of a field in file order.

    Args:
        leaf: The node of the field.

    Returns:
        The values, and the meanings that they do not express.
    """
    if isinstance(leaf, tree.Const):
        return [frozenset([byte]) for byte in leaf.expected], ()
    may = [_ALL] * leaf.size
    if isinstance(leaf, tree.Digits):
        return may, leaf.meanings
    if isinstance(leaf, tree.Float):
        return may, ()
    left = []
    for meaning in leaf.meanings:
        values = _bytes_of(meaning, leaf)
        if values is None:
            left.append(meaning)
            continue
        ordered = values if leaf.order != ">" else values[::-1]
        may = [allowed & more for allowed, more in zip(may, ordered, strict=True)]
    return may, tuple(left)


def unrestricted(values: frozenset[int]) -> bool:
    """Returns whether a byte may have any value."""
    return values == _ALL


def _bytes_of(meaning: Meaning, leaf: tree.Integer) -> list[frozenset[int]] | None:
    """Returns the values of each byte, lowest first; None if one byte depends on another."""
    size = leaf.size
    signed = leaf.signed
    match meaning:
        case Reserved():
            return [frozenset([0])] * size
        case StrictFlags() if not signed:
            return [_within(meaning.mask >> 8 * i & 0xFF) for i in range(size)]
        case StrictEnum():
            return _small(meaning.known, size, signed=signed)
        case Version() if meaning.mask == -1:
            return _small(frozenset(meaning.known), size, signed=signed)
        case Bounded() | LengthOf():
            step = meaning.step if isinstance(meaning, LengthOf) else 1
            if 0 <= meaning.low <= meaning.high <= 0xFF:
                known = frozenset(v for v in range(meaning.low, meaning.high + 1) if v % step == 0)
                return _small(known, size, signed=signed)
            if step == 1 and not signed and meaning.low <= 0 and meaning.high >= (1 << 8 * size) - 1:
                return [_ALL] * size
            return None
        case OffsetInto() if 256 % meaning.align == 0:
            return [frozenset(range(0, 256, meaning.align)), *[_ALL] * (size - 1)]
        case StrictFlags() | Version() | OffsetInto():
            return None
        case CountOf() | RecordSize() | FileSize() | IndexInto() | ChecksumOver() | ComparedWithFact():
            return None
        case _:
            assert_never(meaning)


def _within(mask: int) -> frozenset[int]:
    return frozenset(v for v in range(256) if not v & ~mask)


def _small(known: frozenset[int], size: int, *, signed: bool) -> list[frozenset[int]] | None:
    """Returns the bytes of a number with a few values, of which each fits in one byte."""
    if not known <= frozenset(range(128 if signed and size == 1 else 256)):
        return None
    return [known, *[frozenset([0])] * (size - 1)]
