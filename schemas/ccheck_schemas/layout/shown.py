"""How messages about a schema show its expressions."""

from __future__ import annotations

from collections.abc import Iterator
from reprlib import Repr
from typing import assert_never

from ccheck_schemas.layout.expression import (
    Binary,
    Choice,
    Element,
    ElementCount,
    Expression,
    Literal,
    Path,
    Unary,
    UnaryOperator,
)

_LONGEST = 200
_REPR = Repr()
_REPR.maxother = _REPR.maxstring = _LONGEST


def shown(expression: Expression) -> str:
    """Returns an expression as its author writes it, shortened if it is long."""
    words = ""
    for part in _parts(expression):
        words += part
        if len(words) > _LONGEST:
            break
    return _shortened(words)


def _parts(expression: Expression) -> Iterator[str]:
    match expression:
        case Path():
            yield shown_path(expression.names)
        case Element():
            yield "element("
            yield from _parts(expression.elements)
            yield ", "
            yield from _parts(expression.index)
            yield ".".join((")", *expression.names))
        case ElementCount():
            yield "len_("
            yield from _parts(expression.elements)
            yield ")"
        case Literal():
            yield shown_value(expression.value)
        case Binary():
            yield "("
            yield from _parts(expression.left)
            yield f" {expression.operator.value} "
            yield from _parts(expression.right)
            yield ")"
        case Unary():
            word = expression.operator.value
            yield "~" if expression.operator is UnaryOperator.NOT else word
            yield from _parts(expression.operand)
        case Choice():
            yield "choose("
            yield from _parts(expression.condition)
            yield ", "
            yield from _parts(expression.then)
            yield ", "
            yield from _parts(expression.otherwise)
            yield ")"
        case _:
            assert_never(expression)


def shown_path(names: tuple[str, ...]) -> str:
    """Returns the path of a field as a message shows it."""
    return _shortened(".".join(("this", *names)))


def shown_value(value: object) -> str:
    """Returns, as a message shows it, a value in the place of an expression."""
    return _shortened(_REPR.repr(value))


def _shortened(words: str) -> str:
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
