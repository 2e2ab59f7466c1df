"""The fields that an expression can name at each place of a layout, and their types.

Construct looks names up when it parses, in a context that also has its own variables. A name that is missing
is then a KeyError on somebody's file. Here every expression is resolved when the schema is created: each path
names a field that was read before, and operators have operands that they are defined for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import Binary, Expression, Literal, Operator, Path, Unary
from ccheck_schemas.layout.shown import shown, shown_path


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


MOST_SHOWN = 20
"""Names that a message lists, at most."""

_COMPARED = frozenset({FieldType.INTEGER, FieldType.TEXT, FieldType.BYTES})


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
    fields: dict[str, tree.Node] = field(default_factory=dict)
    found: dict[tuple[str, ...], _Found] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Found:
    """The target of a path. types: its types. fields: the nodes of its own fields, by name."""

    types: frozenset[FieldType]
    fields: dict[str, list[tree.Node]]


class Unresolvable(Exception):
    """A path that names no field. The message tells the author of the schema why."""


def type_of(node: tree.Node) -> frozenset[FieldType]:
    """Returns the types of a field's value, by its node: one type for each branch."""
    match node:
        case tree.Integer():
            return frozenset({FieldType.INTEGER})
        case tree.Float():
            return frozenset({FieldType.FLOAT})
        case tree.Const():
            return frozenset({FieldType.BYTES if node.number is None else FieldType.INTEGER})
        case tree.Slot() | tree.Rest():
            return frozenset({FieldType.BYTES if node.content.encoding is None else FieldType.TEXT})
        case tree.Delimited():
            return frozenset({FieldType.BYTES if node.encoding is None else FieldType.TEXT})
        case tree.Bytes() | tree.Opaque() | tree.OpaqueRest() | tree.AnyPad() | tree.Pool() | tree.Strings():
            return frozenset({FieldType.BYTES})
        case tree.Text() | tree.TextToNul():
            return frozenset({FieldType.TEXT})
        case tree.Struct() | tree.At():
            return frozenset({FieldType.RECORD})
        case tree.If() | tree.Switch():
            return frozenset[FieldType]().union(*map(type_of, tree.branches_of(node)))
        case tree.Region() | tree.Substream() | tree.SubstreamRest() | tree.ReadAt():
            return type_of(node.inner)
        case tree.Pooled() | tree.SharedText() | tree.Rows():
            return frozenset({FieldType.LATER})
        case tree.Array() | tree.Table() | tree.Terminated() | tree.UpTo() | tree.UpToEnd() | tree.Chain():
            return frozenset({FieldType.LIST})
        case tree.Nothing() | tree.ZeroPad() | tree.ZerosTo() | tree.ZerosToEnd():
            return frozenset({FieldType.NOTHING})
        case _:
            assert_never(node)


def resolve(path: tuple[str, ...], scope: TypeScope) -> frozenset[FieldType]:
    """Returns the types of the field at the end of a path.

    Raises:
        Unresolvable: The path names no field that is read before.
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
    fields: dict[str, list[tree.Node]] = {}
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


def _fields_of(node: tree.Node) -> Iterator[dict[str, tree.Node]]:
    """Yields the fields of each record that a field may be."""
    match node:
        case tree.Struct():
            yield {field.name: field.node for field in node.fields if field.name}
        case tree.At():
            yield from _fields_of(node.record)
        case tree.Region() | tree.Substream() | tree.SubstreamRest() | tree.ReadAt():
            yield from _fields_of(node.inner)
        case tree.If() | tree.Switch():
            for branch in tree.branches_of(node):
                yield from _fields_of(branch)
        case tree.Integer() | tree.Float() | tree.Const() | tree.Nothing() | tree.Bytes() | tree.Opaque():
            return
        case (
            tree.OpaqueRest() | tree.Slot() | tree.Rest() | tree.Delimited() | tree.Text() | tree.TextToNul()
        ):
            return
        case tree.ZeroPad() | tree.AnyPad() | tree.ZerosTo() | tree.ZerosToEnd():
            return
        case tree.Array() | tree.Table() | tree.Terminated() | tree.UpTo() | tree.UpToEnd() | tree.Chain():
            return
        case tree.Pool() | tree.Strings() | tree.Pooled() | tree.SharedText() | tree.Rows():
            return
        case _:
            assert_never(node)


def number_complaints(expression: Expression, scope: TypeScope) -> Iterator[str]:
    """Yields why an expression is no integer at this place; nothing if it is one."""
    if not isinstance(expression, Literal):
        yield from _operand_complaints(expression, scope)
    found = type_in(expression, scope)
    if found is not None and found is not FieldType.INTEGER:
        yield f"{shown(expression)} is {found}, where an integer belongs"


def key_complaints(expression: Expression, scope: TypeScope) -> Iterator[str]:
    """Yields why an expression cannot choose between the cases of a `Switch`."""
    yield from _operand_complaints(expression, scope)
    found = type_in(expression, scope)
    if found is not None and found not in _COMPARED:
        yield f"{shown(expression)} is {found}, which chooses no case"


def key_part_complaints(expression: Expression, scope: TypeScope) -> Iterator[str]:
    """Yields why an expression is no part of a key of a fact: it is a number or text, also one read late."""
    match expression:
        case Literal(int() | str()):
            return
        case Path(names):
            try:
                found = resolve(names, scope)
            except Unresolvable as why:
                yield str(why)
                return
            if found not in ({FieldType.INTEGER}, {FieldType.TEXT}, {FieldType.LATER}):
                kinds = " or ".join(sorted(found)) or "nothing"
                yield f"{shown_path(names)} is {kinds}; a part of a key is a number or text"
        case _:
            yield f"{shown(expression)} is no part of a key: a number, text, or a field"


def type_in(expression: Expression, scope: TypeScope) -> FieldType | None:
    """Returns the one type of an expression; None if it is refused, or if branches differ."""
    match expression:
        case Literal(str()):
            return FieldType.TEXT
        case Literal(bytes()):
            return FieldType.BYTES
        case Literal() | Binary() | Unary():
            return FieldType.INTEGER
        case Path(names):
            try:
                found = resolve(names, scope)
            except Unresolvable:
                return None
            return next(iter(found)) if len(found) == 1 else None
        case _:
            assert_never(expression)


def _operand_complaints(expression: Expression, scope: TypeScope) -> Iterator[str]:
    match expression:
        case Literal():
            return
        case Path(names):
            yield from _path_complaints(names, scope)
        case Binary():
            yield from _binary_complaints(expression, scope)
        case Unary():
            yield from number_complaints(expression.operand, scope)
        case _:
            assert_never(expression)


def _path_complaints(names: tuple[str, ...], scope: TypeScope) -> Iterator[str]:
    try:
        found = resolve(names, scope)
    except Unresolvable as why:
        yield str(why)
        return
    if len(found) != 1:
        kinds = " or ".join(sorted(found)) or "nothing"
        yield f"{shown_path(names)} is {kinds}; an expression needs one type"


def _binary_complaints(expression: Binary, scope: TypeScope) -> Iterator[str]:
    left, right = expression.left, expression.right
    if expression.operator not in (Operator.EQUAL, Operator.UNEQUAL):
        yield from number_complaints(left, scope)
        yield from number_complaints(right, scope)
        return
    yield from _operand_complaints(left, scope)
    yield from _operand_complaints(right, scope)
    kinds = type_in(left, scope), type_in(right, scope)
    if None in kinds:
        return
    if kinds[0] is not kinds[1] or kinds[0] not in _COMPARED:
        yield f"{shown(expression)} compares {kinds[0]} with {kinds[1]}"
