"""The number for which an expression has a given value."""

from __future__ import annotations

from ccheck_schemas.layout.expression import (
    NOT_THERE,
    Binary,
    Expression,
    Operator,
    Path,
    Unary,
    UnaryOperator,
    paths_in,
)
from ccheck_schemas.recipe.by_layout.hole import Frame, Hole, Unknown


class NoInverse(Exception):
    """No number was found."""


def invert(expression: Expression, frame: Frame, target: int, hole: Hole) -> int:
    """Returns the number of a hole for which an expression is `target`.

    Args:
        expression: The expression.
        frame: The record whose fields it names.
        target: Its value.
        hole: The number to find. All other fields of the expression are known.

    Raises:
        NoInverse: There is none, or it cannot be found.
    """
    match expression:
        case Path(names):
            if frame.hole(names) is hole:
                return target
        case Unary(UnaryOperator.NEGATE, operand):
            return invert(operand, frame, -target, hole)
        case Unary(UnaryOperator.PLUS, operand):
            return invert(operand, frame, target, hole)
        case Binary():
            return _binary(expression, frame, target, hole)
    raise NoInverse


def _binary(expression: Binary, frame: Frame, target: int, hole: Hole) -> int:
    left, right, op = expression.left, expression.right, expression.operator
    in_left, in_right = (any(frame.hole(path) is hole for path in paths_in(one)) for one in (left, right))
    if in_left == in_right:
        raise NoInverse
    try:
        known = (right if in_left else left).of(frame)  # type: ignore[arg-type]  # a frame is looked up like a mapping
    except (*NOT_THERE, Unknown) as why:
        raise NoInverse from why
    if not isinstance(known, int):
        raise NoInverse
    inner = left if in_left else right
    match op:
        case Operator.ADD:
            return invert(inner, frame, target - known, hole)
        case Operator.SUBTRACT:
            return invert(inner, frame, target + known if in_left else known - target, hole)
        case Operator.MULTIPLY if known and target % known == 0:
            return invert(inner, frame, target // known, hole)
        case Operator.DIVIDE if in_left:
            return invert(inner, frame, target * known, hole)
        case Operator.SHIFT_RIGHT if in_left and 0 <= known < 64:
            return invert(inner, frame, target << known, hole)
    raise NoInverse
