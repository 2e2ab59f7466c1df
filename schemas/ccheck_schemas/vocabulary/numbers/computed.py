"""Numbers that take no bytes: what follows from fields read before, and from the place in the stream.

`construct.Computed` is one of them: a number computed by a ``this`` expression, such as the bits of a field.
"""

from __future__ import annotations

from typing import Any, BinaryIO

import construct
from construct.expr import ExprMixin

from ccheck_schemas.vocabulary.expression import (
    Context,
    Expression,
    FieldError,
    end_of_region,
    evaluate,
    stream_of,
)


class Position(construct.Construct):
    """No bytes: the position of the field in its stream, as `ReadAt` counts it."""

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> int:
        return int(construct.stream_tell(stream, path)) - stream_of(context)[0]

    def _build(self, obj: object, stream: BinaryIO, context: Context, path: str) -> object:
        return self._parse(stream, context, path)

    def _sizeof(self, context: Context, path: str) -> int:
        return 0


class StreamSize(construct.Construct):
    """No bytes: how many bytes the stream has, which is the file or the innermost `Substream`.

    Building takes the number as it is given.
    """

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> int:
        start, end = stream_of(context)
        return int(construct.stream_size(stream) if end is None else end) - start

    def _build(self, obj: object, stream: BinaryIO, context: Context, path: str) -> object:
        return obj  # the stream is not written whole yet

    def _sizeof(self, context: Context, path: str) -> int:
        return 0


class BytesTo(construct.Construct):
    """No bytes: how many bytes there are in front of the first terminator among the bytes at hand.

    A `Substream` of that length, and a `Const` of the terminator, read a record that a terminator ends.

    Args:
        terminator: The bytes that end what is counted.
        to_end: Whether the end of the bytes at hand ends it too; else it is a fault.
    """

    def __init__(self, terminator: bytes, *, to_end: bool = False) -> None:
        super().__init__()
        if not terminator:
            raise ValueError("the terminator is empty: give its bytes, or use SubstreamRest")
        self.terminator = terminator
        self.to_end = to_end

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> int:
        start = construct.stream_tell(stream, path)
        end = end_of_region(context)
        raw = construct.stream_read_entire(stream, path) if end is None else stream.read(max(0, end - start))
        construct.stream_seek(stream, start, 0, path)
        found = raw.find(self.terminator)
        if found < 0 and not self.to_end:
            raise FieldError("BytesTo", raw, f"no {self.terminator.hex(' ')} ends it", path)
        return len(raw) if found < 0 else int(found)

    def _build(self, obj: object, stream: BinaryIO, context: Context, path: str) -> object:
        return obj  # what is counted is not written yet

    def _sizeof(self, context: Context, path: str) -> int:
        return 0


class Choice(ExprMixin):
    """A ``this`` expression that is one of two; as `choose` makes it."""

    def __init__(self, condition: Expression, then: Expression, otherwise: Expression) -> None:
        self.condition = condition
        self.then = then
        self.otherwise = otherwise

    def __call__(self, context: Context, *others: Any) -> Any:
        """Returns the value of the expression that the condition chooses."""
        return evaluate(self.then if evaluate(self.condition, context) else self.otherwise, context)

    def __repr__(self) -> str:
        """Returns the expression as its author writes it."""
        return f"choose({self.condition!r}, {self.then!r}, {self.otherwise!r})"


class Element(ExprMixin):
    """A ``this`` expression of an element of a list, or of one of its fields; as `element` makes it."""

    def __init__(self, elements: Expression, index: Expression, names: tuple[str, ...]) -> None:
        self.__elements = elements
        self.__index = index
        self.__names = names

    def __getattr__(self, name: str) -> Element:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Element:
        return Element(self.__elements, self.__index, (*self.__names, name))

    def __call__(self, context: Context, *others: Any) -> Any:
        """Returns the element, or its field.

        Raises:
            FieldError: The list has no such element.
        """
        elements, index = evaluate(self.__elements, context), evaluate(self.__index, context)
        if not 0 <= index < len(elements):
            raise FieldError("element", index, f"no element {index} in {len(elements)}", repr(self))
        found = elements[index]
        for name in self.__names:
            found = found[name]
        return found

    def __repr__(self) -> str:
        """Returns the expression as its author writes it."""
        names = "".join(f"[{name!r}]" for name in self.__names)
        return f"element({self.__elements!r}, {self.__index!r}){names}"


def element_parts(expression: Element) -> tuple[Expression, Expression, tuple[str, ...]]:
    """Returns the list, the index, and the path from the element to the field."""
    parts = vars(expression)
    return tuple(parts[f"_Element__{name}"] for name in ("elements", "index", "names"))


def element(elements: Expression, index: Expression) -> Element:
    """Returns a ``this`` expression of an element of a list; ``element(this.rows, 1).offset`` is its field.

    Args:
        elements: A ``this`` expression that leads to a list.
        index: An int, or a ``this`` expression. There is no element at a negative index.
    """
    return Element(elements, index, ())


def choose(condition: Expression, then: Expression, otherwise: Expression) -> Choice:
    """Returns a ``this`` expression that has the value of one of two; only that one is evaluated.

    Args:
        condition: A ``this`` expression: what is 0 or false chooses `otherwise`.
        then: An int, or a ``this`` expression.
        otherwise: An int, or a ``this`` expression.
    """
    return Choice(condition, then, otherwise)
