"""The numbers by which schemas bound fields, checked when a schema is made."""

from __future__ import annotations


def at_least(least: int, value: int, what: str, most: int | None = None) -> int:
    """Returns `value`, the argument `what` of a node.

    Raises:
        ValueError: It is less than `least` or more than `most`.
    """
    if value < least:
        raise ValueError(f"{what}={value} is less than {least}, the least that it can be")
    if most is not None and value > most:
        raise ValueError(f"{what}={value} is more than {most}, the most that it can be")
    return value


def positive(value: int, what: str) -> int:
    """Returns a step, an alignment or a unit, the argument `what` of a node.

    Raises:
        ValueError: It is less than 1.
    """
    return at_least(1, value, what)


def in_order(low: int, high: int) -> tuple[int, int]:
    """Returns two bounds.

    Raises:
        ValueError: No number lies between them.
    """
    if low > high:
        raise ValueError(f"the bounds {low}..{high} contain no number: low is at most high")
    return low, high
