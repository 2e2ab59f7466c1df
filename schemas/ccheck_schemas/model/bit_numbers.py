"""Numbers inside other numbers: what a field must be so that some of its bits are a given number."""

from __future__ import annotations

from ccheck_schemas.layout.expression import Expression, Unresolved, resolve
from ccheck_schemas.model.runs import Context

BITS = 64
"""Bits of a field, at most."""


def number_with(expression: Expression, path: tuple[str, ...], number: int, wanted: int) -> int | None:
    """Returns a number near `number` for which an expression has a value.

    Args:
        expression: An expression of one field, such as some of its bits.
        path: The path of the field.
        number: The number that the field has; bits that the expression does not read stay as they are.
        wanted: The value of the expression.

    Returns:
        None if no such number is found by its bits.
    """

    def value(of: int) -> int:
        found = resolve(expression, Context({path[-1]: of}))
        return int(found) if isinstance(found, int) else 0

    try:
        base = value(0)
        rises = {1 << bit: value(1 << bit) - base for bit in range(BITS)}
        number &= ~sum(bit for bit, rise in rises.items() if rise)
        left = wanted - base
        for bit, rise in sorted(rises.items(), key=lambda one: -one[1]):
            if 0 < rise <= left:
                number |= bit
                left -= rise
        return number if value(number) == wanted else None
    except Unresolved:
        return None
