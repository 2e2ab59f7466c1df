"""The fields of a record as variables of generated code, and ``this`` expressions over them."""

from __future__ import annotations

import operator

from construct.expr import BinExpr, Path, UniExpr

from ccheck_schemas import meaning as m

_SYMBOLS = {
    operator.add: "+", operator.sub: "-", operator.mul: "*", operator.floordiv: "//", operator.mod: "%",
    operator.and_: "&", operator.or_: "|", operator.rshift: ">>", operator.eq: "==", operator.ne: "!=",
    operator.lt: "<", operator.le: "<=", operator.gt: ">", operator.ge: ">=",
}  # fmt: skip


class NotGenerated(Exception):
    """A schema that the generator does not understand.

    Attributes:
        reason: The node, and its place.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class VariableScope:
    """The fields of one record by name: the variable of a number, or the scope of a nested record."""

    def __init__(self, parent: VariableScope | None, root: VariableScope | None) -> None:
        self.parent = parent or self
        self.root = root or self
        self.names: dict[str, str | VariableScope] = {}
        self.sized: dict[str, str] = {}


def expression(value: m.Expression, scope: VariableScope) -> str:
    """Returns a ``this`` expression as Python, over the variables of a scope.

    Raises:
        NotGenerated: It names something that is no variable.
    """
    match value:
        case int():
            return repr(int(value))  # a member of an enumeration has another repr
        case Path():
            return variable(m.field_path(value) or (), scope)
        case BinExpr():
            left, right = expression(value.lhs, scope), expression(value.rhs, scope)
            return f"({left} {_SYMBOLS[value.op]} {right})"
        case UniExpr() if value.op is operator.neg:
            return f"(-{expression(value.operand, scope)})"
        case UniExpr() if value.op is operator.not_:
            return f"(not {expression(value.operand, scope)})"
    raise NotGenerated(f"the expression {value!r} is not understood")


def variable(path: tuple[str, ...], scope: VariableScope) -> str:
    """Returns the variable of a field.

    Raises:
        NotGenerated: The path does not lead to a number that was read before.
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

    # -- structs
