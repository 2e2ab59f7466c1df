"""The rules of a single operand. The checks report what breaks them; the fast path asks whether any does."""

from __future__ import annotations

from collections.abc import Sequence

from ccheck_schemas.formats.channel.numbers import LIST_HIGH, CriterionKind

_SIZES: dict[int, int | None] = {
    CriterionKind.INTEGER_RANGE: 16,
    CriterionKind.BIT_MASK: 16,
    CriterionKind.ONE_OF: None,
}


def wrong_size(kind: int, size: int) -> str | None:
    """Returns what is wrong with the size of an operand of integers; None if nothing is.

    Args:
        kind: The kind of the criterion.
        size: Bytes of the operand; not 0.
    """
    wanted = _SIZES.get(kind, 8)
    if size % 8 or wanted not in (None, size):
        return f"the operand has {size} bytes, the kind reads {wanted or 'a multiple of 8'}"
    return None


def wrong_mask(mask: int, value: int) -> str | None:
    """Returns what is wrong with a bit mask and its value; None if nothing is."""
    if mask == 0:
        return "the mask is 0, so the criterion looks at no bit"
    if value & ~mask:
        return f"the value {value:#x} has bits outside the mask {mask:#x}, so it never matches"
    return None


def inverted(low: int, high: int) -> bool:
    """Returns whether a range ends before it begins."""
    return low > high


def list_too_long(items: Sequence[object]) -> str | None:
    """Returns that a list has too many elements; None if it has not."""
    if len(items) > LIST_HIGH:
        return f"the list has {len(items)} elements, at most {LIST_HIGH} are allowed"
    return None


def wrong_elements(items: Sequence[object]) -> str | None:
    """Returns what is wrong with the elements of a list; None if nothing is.

    Args:
        items: Integers, or texts, decoded or not.
    """
    if any(item in ("", b"") for item in items):
        return "the list has an empty text"
    if len(set(items)) != len(items):
        return "the list has an element twice"
    return None
