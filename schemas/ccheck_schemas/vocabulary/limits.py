"""The numbers by which schemas bound fields, checked when a schema is made."""

from __future__ import annotations


def at_least(least: int, value: int, most: int | None = None) -> int:
    """Returns `value`.

    Raises:
        ValueError: It is less than `least` or more than `most`.
    """
    if value < least:
        raise ValueError(f"{value} is less than {least}")
    if most is not None and value > most:
        raise ValueError(f"{value} is more than {most}")
    return value


def positive(value: int) -> int:
    """Returns a step, an alignment or a unit.

    Raises:
        ValueError: It is less than 1.
    """
    return at_least(1, value)


def in_order(low: int, high: int) -> tuple[int, int]:
    """Returns two bounds.

    Raises:
        ValueError: No number lies between them.
    """
    if low > high:
        raise ValueError(f"the bounds {low}..{high} contain no number")
    return low, high
