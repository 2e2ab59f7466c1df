"""``this`` expressions, the end of the bytes at hand, and the error of plain Construct parsing."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, TypeAlias

import construct
from construct.expr import BinExpr, Path

Expression = Any
"""An int, or a ``this`` expression of Construct."""


Context: TypeAlias = MutableMapping[str, Any]
"""The fields that Construct parsed or builds from, by name; its own variables begin with an underscore."""


class FieldError(construct.ValidationError):
    """A field that plain Construct parsing or building refuses.

    Attributes:
        meaning: The class of the node.
        value: The value of the field.
    """

    def __init__(self, meaning: str, value: object, detail: str, path: str) -> None:
        super().__init__(f"{meaning}: {detail}", path=path)
        self.meaning = meaning
        self.value = value


def evaluate(expression: Expression, context: Mapping[str, Any]) -> Any:
    """Returns the value of an int or of a ``this`` expression over the fields read so far."""
    return expression(context) if callable(expression) else expression


class _Trail:
    """A context that records the keys of a path."""

    def __init__(self) -> None:
        self.keys: list[Any] = []

    def __getitem__(self, key: Any) -> _Trail:
        self.keys.append(key)
        return self


def field_path(expression: Expression) -> tuple[str, ...] | None:
    """Returns the names in a ``this.a.b`` expression; None for anything else, such as an index."""
    if not isinstance(expression, Path):
        return None
    trail = _Trail()
    if expression(trail) is not trail or not all(isinstance(key, str) for key in trail.keys):
        return None
    return tuple(trail.keys)


def field_of(expression: Expression) -> str | None:
    """Returns the field of the same record that an expression is, or that it multiplies; else None."""
    if isinstance(expression, BinExpr) and expression.op is operator.mul and isinstance(expression.rhs, int):
        expression = expression.lhs
    path = field_path(expression)
    return path[0] if path is not None and len(path) == 1 and not path[0].startswith("_") else None


_END = "_end_of_region"


@contextmanager
def bounded(context: Context, end: int | None) -> Iterator[None]:
    """Parses inside a region that ends at the offset `end`; None: outside of all regions."""
    before = context.get(_END, ...)
    context[_END] = end
    try:
        yield
    finally:
        if before is ...:
            del context[_END]
        else:
            context[_END] = before


def end_of_region(context: Context | None) -> int | None:
    """Returns the end of the innermost region in plain parsing; None: the end of the file."""
    while context is not None:
        if _END in context:
            end: int | None = context[_END]
            return end
        context = context.get("_")
    return None


_STREAM = "_stream"


@contextmanager
def in_stream(context: Context, start: int, end: int | None) -> Iterator[None]:
    """Parses or builds inside a stream, in which positions count; `end` None: the end of the file."""
    before = context.get(_STREAM, ...)
    context[_STREAM] = (start, end)
    try:
        with bounded(context, end):
            yield
    finally:
        if before is ...:
            del context[_STREAM]
        else:
            context[_STREAM] = before


def stream_of(context: Context | None) -> tuple[int, int | None]:
    """Returns start and end of the stream in plain parsing."""
    while context is not None:
        if _STREAM in context:
            found: tuple[int, int | None] = context[_STREAM]
            return found
        context = context.get("_")
    return 0, None
