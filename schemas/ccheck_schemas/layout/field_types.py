"""The fields that a ``this`` expression can name at each place of a schema, and their types.

Construct looks names up when it parses, in a context that also has its own variables. A name that is missing
is then a KeyError on somebody's file. Here every expression is resolved when the schema is made: each path
leads to a field that was read before, and operators have operands that they are defined for.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from reprlib import Repr
from typing import Any

import construct
from construct.expr import BinExpr, Path, UniExpr

from ccheck_schemas import meaning as m
from ccheck_schemas.layout.tree import bare, branches_of
from ccheck_schemas.vocabulary.expression import Expression, field_path


class FieldType(StrEnum):
    """The type of a field's value, as far as expressions need it."""

    INTEGER = "an integer"
    FLOAT = "a floating-point number"
    TEXT = "text"
    BYTES = "bytes"
    RECORD = "a record"
    LIST = "a list"
    LATER = "read only after the whole file"
    NOTHING = "nothing"


_LONGEST = 200
_REPR = Repr()
_REPR.maxother = _REPR.maxstring = _LONGEST

MOST_SHOWN = 20
"""Names that a message lists, at most."""

_COMPARED = frozenset({FieldType.INTEGER, FieldType.TEXT, FieldType.BYTES})

_OPERATORS = frozenset({
    operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod, operator.and_, operator.or_,
    operator.rshift, operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge,
})  # fmt: skip


@dataclass(slots=True)
class TypeScope:
    """The fields of one record that an expression can name: those before it.

    Attributes:
        above: The record around it; None for the top record.
        fields: The node of each field, by name.
        found: The results of paths from here, so that a field with many branches is searched once for each
            path.
    """

    above: TypeScope | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    found: dict[tuple[str, ...], _Found] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Found:
    """The target of a path. types: its types. fields: the nodes of its own fields, by name."""

    types: frozenset[FieldType]
    fields: dict[str, list[Any]]


class Unresolvable(Exception):
    """A path that leads to no field. The message tells the author of the schema why."""


def type_of(node: Any) -> frozenset[FieldType]:
    """Returns the types of a field's value, by its node: one type for each branch."""
    node = bare(node)[0]
    match node:
        case construct.FormatField():
            return frozenset({FieldType.FLOAT if node.fmtstr[-1] in "efd" else FieldType.INTEGER})
        case construct.Const():
            return type_of(node.subcon)
        case m.Slot() | m.Rest() | m.Delimited() if node.encoding is not None:
            return frozenset({FieldType.TEXT})
        case m.Rest() | m.Delimited() | m.OpaqueRest():
            return frozenset({FieldType.BYTES})
        case construct.Bytes() | m.AnyPad() | m.Pool() | m.Strings():
            return frozenset({FieldType.BYTES})
        case m.Text() | m.TextToNul():
            return frozenset({FieldType.TEXT})
        case construct.Struct() | m.At():
            return frozenset({FieldType.RECORD})
        case construct.IfThenElse() | construct.Switch():
            return frozenset[FieldType]().union(*(type_of(branch) for branch in branches_of(node)))
        case m.Region() | m.Substream() | m.SubstreamRest() | m.ReadAt():
            return type_of(node.subcon)
        case m.Pooled() | m.SharedText() | m.Rows():
            return frozenset({FieldType.LATER})
        case construct.Array() | m.Table() | m.Terminated() | m.UpTo() | m.UpToEnd() | m.Chain():
            return frozenset({FieldType.LIST})
    return frozenset({FieldType.NOTHING})


def resolve(path: tuple[str, ...], scope: TypeScope) -> frozenset[FieldType]:
    """Returns the types of the field at the end of a path.

    Raises:
        Unresolvable: The path leads to no field that is read before.
    """
    shown = ".".join(("this", *path))
    names = list(path)
    while names and names[0] in ("_", "_root"):
        if names.pop(0) == "_":
            if scope.above is None:
                raise Unresolvable(f"{shown} goes above the top record")
            scope = scope.above
        else:
            while scope.above is not None:
                scope = scope.above
    if not names:
        raise Unresolvable(f"{shown} is not a field")
    return _lead(scope, tuple(names), shown).types


def _lead(scope: TypeScope, names: tuple[str, ...], shown: str) -> _Found:
    """Returns the target of names, from a record."""
    if names in scope.found:
        return scope.found[names]
    *before, name = names
    if name.startswith("_"):
        raise Unresolvable(
            f"{shown}: {name} is a variable of Construct's parser; a schema names fields, with _ for the "
            "record around and _root for the top record"
        )
    around = _lead(scope, tuple(before), shown) if before else None
    if around is None:
        nodes = [scope.fields[name]] if name in scope.fields else []
    else:
        nodes = around.fields.get(name, [])
    if not nodes:
        known = scope.fields if around is None else around.fields
        where = before[-1] if before else "this record before it"
        raise Unresolvable(f"{shown}: {name} is no field of {where}; known are {_listed(known)}")
    fields: dict[str, list[Any]] = {}
    for node in nodes:
        for inner in _fields_of(node):
            for key, sub in inner.items():
                fields.setdefault(key, []).append(sub)
    types = frozenset[FieldType]().union(*map(type_of, nodes)) - {FieldType.NOTHING}
    return scope.found.setdefault(names, _Found(types, fields))


def _listed(known: Iterable[str]) -> str:
    """Returns some names for a message."""
    names = sorted(known)
    more = f" and {len(names) - MOST_SHOWN:,} more" if len(names) > MOST_SHOWN else ""
    return ", ".join(names[:MOST_SHOWN]) + more or "none"


def _fields_of(node: Any) -> Iterator[dict[str, Any]]:
    """Yields the fields of each record that a field may be."""
    node = bare(node)[0]
    match node:
        case construct.Struct():
            yield {sub.name: sub for sub in node.subcons if sub.name}
        case m.Region() | m.At() | m.Substream() | m.SubstreamRest() | m.ReadAt():
            yield from _fields_of(node.subcon)
        case construct.IfThenElse() | construct.Switch():
            for branch in branches_of(node):
                yield from _fields_of(branch)


def number_complaints(expression: Expression, scope: TypeScope) -> Iterator[str]:
    """Yields why an expression is no integer at this place; nothing where it is one."""
    if not isinstance(expression, str | bytes):
        yield from _operand_complaints(expression, scope)
    found = _type(expression, scope)
    if found is not None and found is not FieldType.INTEGER:
        yield f"{shown(expression)} is {found}, where an integer belongs"


def key_type(expression: Expression, scope: TypeScope) -> FieldType | None:
    """Returns the type of a `Switch` key; None where the expression has complaints of its own."""
    return _type(expression, scope)


def key_complaints(expression: Expression, scope: TypeScope) -> Iterator[str]:
    """Yields why an expression cannot choose between the cases of a `Switch`."""
    yield from _operand_complaints(expression, scope)
    found = _type(expression, scope)
    if found is not None and found not in _COMPARED:
        yield f"{shown(expression)} is {found}, which chooses no case"


def _type(expression: Expression, scope: TypeScope) -> FieldType | None:
    """Returns the one type of an expression; None if it is refused, or if branches differ."""
    match expression:
        case int() | BinExpr() | UniExpr():
            return FieldType.INTEGER
        case str():
            return FieldType.TEXT
        case bytes():
            return FieldType.BYTES
        case Path():
            path = field_path(expression)
            try:
                found = resolve(path, scope) if path else frozenset[FieldType]()
            except Unresolvable:
                return None
            return next(iter(found)) if len(found) == 1 else None
    return None


def _operand_complaints(expression: Expression, scope: TypeScope) -> Iterator[str]:
    match expression:
        case int() | str() | bytes():
            return
        case Path():
            yield from _path_complaints(expression, scope)
        case BinExpr():
            yield from _binary_complaints(expression, scope)
        case UniExpr():
            yield from number_complaints(expression.operand, scope)
        case _:
            yield f"{shown(expression)} is a function; use an int or a `this` expression"


def _path_complaints(expression: Path, scope: TypeScope) -> Iterator[str]:
    path = field_path(expression)
    if path is None:
        yield f"{shown(expression)} takes an element of a list by its index; an expression names fields alone"
    elif not path:
        yield f"{shown(expression)} is not a field"
    else:
        try:
            found = resolve(path, scope)
        except Unresolvable as why:
            yield str(why)
            return
        if len(found) != 1:
            kinds = " or ".join(sorted(found)) or "nothing"
            yield f"{shown(expression)} is {kinds}; an expression needs one type"


def _binary_complaints(expression: BinExpr, scope: TypeScope) -> Iterator[str]:
    op, left, right = expression.op, expression.lhs, expression.rhs
    if op not in _OPERATORS:
        yield f"the operator of {shown(expression)} can make numbers without bound"
    if op in (operator.floordiv, operator.mod) and not (isinstance(right, int) and right > 0):
        yield f"{shown(expression)} divides by something that is not a positive number"
    if op is operator.rshift and isinstance(right, int) and right < 0:
        yield f"{shown(expression)} shifts by a negative number"
    if op not in (operator.eq, operator.ne):
        yield from number_complaints(left, scope)
        yield from number_complaints(right, scope)
        return
    yield from _operand_complaints(left, scope)
    yield from _operand_complaints(right, scope)
    kinds = _type(left, scope), _type(right, scope)
    if None in kinds:
        return
    if kinds[0] is not kinds[1] or kinds[0] not in _COMPARED:
        yield f"{shown(expression)} compares {kinds[0]} with {kinds[1]}"


def shown(expression: Expression) -> str:
    """Returns an expression as a message shows it, shortened where it is long."""
    path = field_path(expression)
    words = _REPR.repr(expression) if path is None else ".".join(("this", *path))
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
