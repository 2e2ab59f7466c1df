"""The fields of a record as variables of generated code, and ``this`` expressions over them."""

from __future__ import annotations

from typing import assert_never

from ccheck_schemas.generate.refused import NotGenerated
from ccheck_schemas.layout.expression import (
    Binary,
    Choice,
    Element,
    ElementCount,
    Expression,
    Literal,
    Operator,
    Path,
    Unary,
    UnaryOperator,
)


class VariableScope:
    """The fields of one record by name: the variable of a number, or the scope of a nested record."""

    def __init__(self, parent: VariableScope | None, root: VariableScope | None) -> None:
        self.parent = parent or self
        self.root = root or self
        self.names: dict[str, str | VariableScope] = {}
        self.sized: dict[str, str] = {}


def expression(value: Expression, scope: VariableScope) -> str:
    """Returns an expression as Python, over the variables of a scope.

    Raises:
        NotGenerated: It names something that is no variable.
    """
    match value:
        case Literal(int(number)):
            return repr(int(number))  # a member of an enumeration has another repr
        case Literal() | Unary(UnaryOperator.PLUS) | Element() | ElementCount():
            raise NotGenerated(f"the expression {value!r} is not understood")
        case Path(names):
            return variable(names, scope)
        case Binary(Operator.SHIFT_LEFT):
            raise NotGenerated(f"the expression {value!r} is not understood")
        case Binary():
            left, right = expression(value.left, scope), expression(value.right, scope)
            return f"({left} {value.operator.value} {right})"
        case Unary():
            symbol = "not " if value.operator is UnaryOperator.NOT else "-"
            return f"({symbol}{expression(value.operand, scope)})"
        case Choice():
            parts = (value.then, value.condition, value.otherwise)
            then, condition, otherwise = (expression(part, scope) for part in parts)
            return f"({then} if {condition} else {otherwise})"
        case _:
            assert_never(value)


def variable(path: tuple[str, ...], scope: VariableScope) -> str:
    """Returns the variable of a field.

    Raises:
        NotGenerated: The path does not name a number that was read before.
    """
    found: str | VariableScope = scope
    for name in path:
        if isinstance(found, str):
            raise NotGenerated(f"{'.'.join(path)} goes into a number")
        if name == "_":
            if found.parent is found:
                raise NotGenerated(f"{'.'.join(path)} goes above the file's own record")
            found = found.parent
        elif name == "_root":
            found = found.root
        elif name in found.names:
            found = found.names[name]
        else:
            raise NotGenerated(f"{'.'.join(path)} is not a number that was read before")
    if not isinstance(found, str):
        raise NotGenerated(f"{'.'.join(path)} is not a number")
    return found
