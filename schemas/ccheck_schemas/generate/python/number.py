"""The conditions under which one number breaks its meaning, as Python."""

from __future__ import annotations

from typing import assert_never

from ccheck_schemas.layout import meanings, tree


def conditions(meaning: meanings.ByItself, v: str, leaf: tree.Stored | tree.Computed) -> list[str]:
    """Returns the conditions that refuse a number.

    Args:
        meaning: A meaning of the number.
        v: The variable that has the number.
        leaf: The node of the number.

    Returns:
        Expressions over `v` and the `size` of the file, any of which refuses the number.
    """
    low, high = leaf.range
    match meaning:
        case meanings.Version():
            masked = v if meaning.mask == -1 else f"({v} & {meaning.mask})"
            return [f"{masked} not in {tuple(map(int, meaning.known))!r}"]
        case meanings.StrictEnum():
            return [_outside(v, meaning.known, low, high)]
        case meanings.StrictFlags():
            bits = (1 << high.bit_length()) - 1  # of digits, the greatest number has not all of them
            return [f"{v} & {~meaning.mask if low else ~meaning.mask & bits}"]
        case meanings.Reserved():
            return [v]
        case meanings.OffsetInto():
            return [f"{v} % {meaning.align}"] if meaning.align > 1 else []
        case meanings.Bounded():
            return _bounds(v, meaning.low, meaning.high, low, high)
        case meanings.LengthOf():
            step = [f"{v} % {meaning.step}"] if meaning.step > 1 else []
            return _bounds(v, meaning.low, meaning.high, low, high) + step
        case meanings.FileSize():
            return [f"{v} != size"]
        case meanings.ComparedWithFact():
            return []
        case _:
            assert_never(meaning)


def order(leaf: tree.Stored | tree.Float | tree.Const) -> str | None:
    """Returns the byte order of a number; None if it has none."""
    if isinstance(leaf, tree.Const | tree.Digits) or leaf.size == 1:
        return None
    return leaf.order.replace("=", "<")


def _bounds(v: str, low: int, high: int, least: int, greatest: int) -> list[str]:
    """Returns the conditions for a number outside its bounds; none for a bound that the field cannot pass."""
    if low <= least and high >= greatest:
        return []
    if high >= greatest:
        return [f"{v} < {low}"]
    if low <= least:
        return [f"{v} > {high}"]
    return [f"not {low} <= {v} <= {high}"]


def _outside(v: str, known: frozenset[int], least: int, greatest: int) -> str:
    values = sorted(known)
    if len(values) > 1 and values[-1] - values[0] == len(values) - 1:
        return "".join(_bounds(v, values[0], values[-1], least, greatest)) or "False"
    return f"{v} not in {tuple(values)!r}" if len(values) > 1 else f"{v} != {values[0]}"
