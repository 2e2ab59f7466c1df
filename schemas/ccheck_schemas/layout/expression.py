"""The expressions of a layout, from which counts, lengths, offsets and conditions are computed.

The compiler builds them from ints and from Construct's ``this`` expressions. They name fields that were read
before, and have no functions.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, unique
from typing import Any, TypeAlias, assert_never

Values: TypeAlias = Mapping[str, Any]
"""The fields that an expression can name, by name: those of one record, ``_`` and ``_root``."""


@unique
class Operator(Enum):
    """An operator between two operands. The value is its symbol, in Python as in Construct."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "//"
    REMAINDER = "%"
    AND = "&"
    OR = "|"
    SHIFT_RIGHT = ">>"
    SHIFT_LEFT = "<<"
    EQUAL = "=="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="


@unique
class UnaryOperator(Enum):
    """An operator in front of an operand. The value is its symbol, in Python as in Construct."""

    NEGATE = "-"
    PLUS = "+"
    NOT = "not"


MOST_SHIFTED = 128
"""Bits by which a number is shifted to the left, at most."""


def _shifted_left(number: int, bits: int) -> int:
    if not 0 <= bits <= MOST_SHIFTED:
        raise ValueError(f"a shift by a number that is not from 0 to {MOST_SHIFTED}")
    return number << bits


_BINARY: Mapping[Operator, Callable[[Any, Any], object]] = {
    Operator.ADD: operator.add, Operator.SUBTRACT: operator.sub, Operator.MULTIPLY: operator.mul,
    Operator.DIVIDE: operator.floordiv, Operator.REMAINDER: operator.mod, Operator.AND: operator.and_,
    Operator.OR: operator.or_, Operator.SHIFT_RIGHT: operator.rshift, Operator.SHIFT_LEFT: _shifted_left,
    Operator.EQUAL: operator.eq, Operator.UNEQUAL: operator.ne, Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le, Operator.GREATER: operator.gt, Operator.AT_LEAST: operator.ge,
}  # fmt: skip

_UNARY: Mapping[UnaryOperator, Callable[[Any], object]] = {
    UnaryOperator.NEGATE: operator.neg, UnaryOperator.PLUS: operator.pos, UnaryOperator.NOT: operator.not_,
}  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Literal:
    """A number that the schema states; text or bytes, where they are compared."""

    value: int | str | bytes

    def of(self, values: Values) -> object:
        """Returns the value of the expression over some fields."""
        return self.value

    def __repr__(self) -> str:
        """Returns the expression as Construct writes it."""
        return repr(self.value)


@dataclass(frozen=True, slots=True, repr=False)
class Path:
    """A field. ``_`` is the record around, and ``_root`` the top record."""

    names: tuple[str, ...]

    def of(self, values: Values) -> object:
        """Returns the value of the expression over some fields."""
        return _followed(values, self.names)

    def __repr__(self) -> str:
        """Returns the expression as Construct writes it."""
        return "".join(("this", *(f"[{name!r}]" for name in self.names)))


def _followed(found: Any, names: tuple[str, ...]) -> object:
    for name in names:
        found = found[name]
    if found is None:  # a comparison with it would be true or false
        raise TypeError(f"{'.'.join(names) or 'the element'} is not there")
    return found


@dataclass(frozen=True, slots=True, repr=False)
class Element:
    """A field of an element of a list; without names, the element itself.

    Attributes:
        elements: The list.
        index: The index of the element; there is no element at a negative one.
        names: The path from the element to the field.
    """

    elements: Path | Element
    index: Expression
    names: tuple[str, ...] = ()

    def of(self, values: Values) -> object:
        """Returns the value of the expression over some fields."""
        elements, index = _listed(self.elements, values), self.index.of(values)
        if not isinstance(index, int) or not 0 <= index < len(elements):
            raise ValueError(f"no element {index!r:.40} in {len(elements)}")
        return _followed(elements[index], self.names)

    def __repr__(self) -> str:
        """Returns the expression as its author writes it."""
        names = "".join(f"[{name!r}]" for name in self.names)
        return f"element({self.elements!r}, {self.index!r}){names}"


@dataclass(frozen=True, slots=True, repr=False)
class ElementCount:
    """The number of elements of a list."""

    elements: Path | Element

    def of(self, values: Values) -> object:
        """Returns the value of the expression over some fields."""
        return len(_listed(self.elements, values))

    def __repr__(self) -> str:
        """Returns the expression as Construct writes it."""
        return f"len_({self.elements!r})"


def _listed(expression: Path | Element, values: Values) -> Sequence[Any]:
    found = expression.of(values)
    if not isinstance(found, Sequence) or isinstance(found, str | bytes):
        raise TypeError(f"{expression!r} is no list")
    return found


@dataclass(frozen=True, slots=True, repr=False)
class Binary:
    """Two operands and the operator between them."""

    operator: Operator
    left: Expression
    right: Expression

    def of(self, values: Values) -> object:
        """Returns the value of the expression over some fields."""
        return _BINARY[self.operator](self.left.of(values), self.right.of(values))

    def __repr__(self) -> str:
        """Returns the expression as Construct writes it."""
        return f"({self.left!r} {self.operator.value} {self.right!r})"


@dataclass(frozen=True, slots=True, repr=False)
class Unary:
    """An operand and the operator in front of it."""

    operator: UnaryOperator
    operand: Expression

    def of(self, values: Values) -> object:
        """Returns the value of the expression over some fields."""
        return _UNARY[self.operator](self.operand.of(values))

    def __repr__(self) -> str:
        """Returns the expression as Construct writes it."""
        return f"{self.operator.value} {self.operand!r}"


@dataclass(frozen=True, slots=True, repr=False)
class Choice:
    """One of two expressions; only the one that the condition chooses is evaluated."""

    condition: Expression
    then: Expression
    otherwise: Expression

    def of(self, values: Values) -> object:
        """Returns the value of the expression over some fields."""
        return (self.then if self.condition.of(values) else self.otherwise).of(values)

    def __repr__(self) -> str:
        """Returns the expression as its author writes it."""
        return f"choose({self.condition!r}, {self.then!r}, {self.otherwise!r})"


Expression: TypeAlias = Literal | Path | Element | ElementCount | Binary | Unary | Choice

NOT_THERE = (KeyError, TypeError, ValueError, ZeroDivisionError)
"""What an expression raises over the fields of a file that is cut short: a field is not there, or is None; a
list has no such element; a number is divided by 0, or shifted by too many bits or by a negative number.
"""


class Unresolved(Exception):
    """An expression that has no value over the fields of a file."""


def resolve(expression: Expression, values: Values) -> object:
    """Returns the value of an expression over a file that may be cut short.

    Raises:
        Unresolved: It has none.
    """
    try:
        return expression.of(values)
    except NOT_THERE as why:
        raise Unresolved(f"{type(why).__name__}: {why}") from why


def integer_value(expression: Expression, values: Values) -> int:
    """Returns the value of an expression that is known to have one, and to be a number."""
    value = expression.of(values)
    if not isinstance(value, int):
        raise TypeError(f"{expression!r} is {value!r:.40}, and no number")
    return int(value)


def stated(expression: Expression) -> int | None:
    """Returns the number that the schema states; None if it depends on the file."""
    return (
        int(expression.value)
        if isinstance(expression, Literal) and isinstance(expression.value, int)
        else None
    )


def operands_of(expression: Expression) -> tuple[Expression, ...]:
    """Returns the expressions that an expression is made of."""
    match expression:
        case Binary():
            return expression.left, expression.right
        case Unary():
            return (expression.operand,)
        case Choice():
            return expression.condition, expression.then, expression.otherwise
        case Element():
            return expression.elements, expression.index
        case ElementCount():
            return (expression.elements,)
        case Literal() | Path():
            return ()
        case _:
            assert_never(expression)


def parts_of(expression: Expression) -> Iterator[Expression]:
    """Yields an expression and all expressions inside it."""
    yield expression
    for operand in operands_of(expression):
        yield from parts_of(operand)


def paths_in(expression: Expression) -> Iterator[tuple[str, ...]]:
    """Yields the path of each field that an expression reads; of an element, that of its list."""
    return (part.names for part in parts_of(expression) if isinstance(part, Path))


def names_in(expression: Expression) -> Iterator[str]:
    """Yields the name of each field that an expression reads, whichever record has it."""
    return (
        name for part in parts_of(expression) if isinstance(part, Path | Element) for name in part.names[-1:]
    )


def lists_in(expression: Expression) -> Iterator[str]:
    """Yields the name of each list of which an expression reads an element, or counts the elements."""
    for part in parts_of(expression):
        if isinstance(part, Element | ElementCount):
            yield from part.elements.names[-1:]


def only_path(expression: Expression) -> tuple[str, ...] | None:
    """Returns the path of the only field that an expression reads; None if it reads none or several."""
    paths = frozenset(paths_in(expression))
    return next(iter(paths)) if len(paths) == 1 else None


def field_of(expression: Expression) -> str | None:
    """Returns the only field of an expression: the field itself, or one multiplied by a number; else None."""
    match expression:
        case Binary(Operator.MULTIPLY, left, Literal(int())):
            expression = left
    match expression:
        case Path((name,)) if not name.startswith("_"):
            return name
    return None


def integers_in(expression: Expression) -> Iterator[int]:
    """Yields the numbers that an expression states."""
    for part in parts_of(expression):
        if isinstance(part, Literal) and isinstance(part.value, int) and not isinstance(part.value, bool):
            yield part.value
