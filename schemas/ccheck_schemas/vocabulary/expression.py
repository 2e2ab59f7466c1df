"""``this`` expressions, the end of the bytes at hand, and the error of plain Construct parsing."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, TypeAlias

import construct
from construct.expr import BinExpr, FuncPath, Path

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


def path_keys(expression: Path) -> tuple[Any, ...]:
    """Returns the names in a ``this.a.b`` expression, and the indexes of elements among them."""
    trail = _Trail()
    return tuple(trail.keys) if expression(trail) is trail else ()


def field_path(expression: Expression) -> tuple[str, ...] | None:
    """Returns the names in a ``this.a.b`` expression; None for anything else, such as an index."""
    if not isinstance(expression, Path):
        return None
    keys = path_keys(expression)
    return keys if all(isinstance(key, str) for key in keys) else None


def counted_list(expression: FuncPath) -> Expression | None:
    """Returns the list that a ``len_(this.a)`` expression counts; None for any other function."""
    parts = vars(expression)
    return parts["_FuncPath__operand"] if parts["_FuncPath__func"] is len else None


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


_READ_IN = "_read_in"


def read_in(value: object, start: int, end: int | None) -> None:
    """Stores in a record the innermost stream that it was read in, for `ReadAt` with `inside`."""
    for record in value if isinstance(value, list) else (value,):
        if isinstance(record, construct.Container):
            record.setdefault(_READ_IN, (start, end))


def stream_of_record(path: Expression, context: Context) -> tuple[int, int | None]:
    """Returns start and end of the stream that a record was read in, by the path to it."""
    found: Any = context
    stream = stream_of(context.get("_"))
    for name in field_path(path) or ():
        found = found[name]
        if not isinstance(found, Mapping):
            raise FieldError("ReadAt", found, f"the record {name!r} is not there", repr(path))
        # While a record is parsed, the fields of it may be in another stream than the record.
        stream = stream_of(found.get("_")) if name in ("_", "_root") else found.get(_READ_IN, stream)
    return stream


def stream_of(context: Context | None) -> tuple[int, int | None]:
    """Returns start and end of the stream in plain parsing."""
    while context is not None:
        if _STREAM in context:
            found: tuple[int, int | None] = context[_STREAM]
            return found
        context = context.get("_")
    return 0, None


SOURCE = "ccheck_source"
"""The name under which `build` receives the file that is rebuilt."""


def source_of(context: Context) -> bytes | None:
    """Returns the file that is rebuilt; None for one that is built anew."""
    found = context.get("_params", {}).get(SOURCE)
    return found if isinstance(found, bytes) else None
