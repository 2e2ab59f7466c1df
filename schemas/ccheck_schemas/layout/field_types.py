"""The fields that an expression can name at each place of a layout, and their types.

Construct looks names up when it parses, in a context that also has its own variables. A name that is missing
is then a KeyError on somebody's file. Here every expression is resolved when the schema is created: each path
names a field that was read before, and operators have operands that they are defined for.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from ccheck_schemas.layout import tree
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
    stated,
)
from ccheck_schemas.layout.shown import shown, shown_path


class FieldType(StrEnum):
    """The type of a field's value, as far as expressions need it."""

    INTEGER = "an integer"
    FLOAT = "a floating-point number"
    TEXT = "text"
    BYTES = "bytes"
    RECORD = "a record"
    CONTENT = "content of another format"
    LIST = "a list"
    LATER = "read only after the whole file"
    NOTHING = "nothing"


MOST_SHOWN = 20
"""Names that a message lists, at most."""

_FIXES = {
    FieldType.RECORD: ": name one of its fields",
    FieldType.LIST: ": name the field that has its count, or len_ of the list",
    FieldType.LATER: ": name a number of the same record",
    FieldType.TEXT: ": compare it with a text",
    FieldType.BYTES: ": compare it with bytes",
    FieldType.FLOAT: ": write a check",
}
"""What the author of a schema does instead of using a field as a number."""

_COMPARISONS = frozenset({
    Operator.EQUAL, Operator.UNEQUAL, Operator.LESS, Operator.AT_MOST, Operator.GREATER, Operator.AT_LEAST,
})  # fmt: skip

_COMPARED = frozenset({FieldType.INTEGER, FieldType.TEXT, FieldType.BYTES})


@dataclass(slots=True)
class Hints:
    """How many more complaints search for the name that is meant: each search takes time.

    Attributes:
        left: Their number.
    """

    left: int = 50

    def known(self, name: str, known: Iterable[str]) -> str:
        """Returns the names that there are, and the one that may be meant."""
        if not self.spend():
            return ""
        listed = sorted(one for one in known if one)
        near = difflib.get_close_matches(name[:80], listed[:1000], 1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        return f"; known are {_listed(listed)}{meant}"

    def spend(self) -> bool:
        """Returns whether one more complaint may search."""
        self.left -= 1
        return self.left >= 0


@dataclass(slots=True)
class TypeScope:
    """The fields of one record that an expression can name: those before it.

    Attributes:
        above: The record around it; None for the top record.
        fields: The node of each field, by name.
        names: The names of all its fields, also of those behind.
        hints: How many complaints may still search for the name that is meant.
        found: The results of paths from here, so that a field with many branches is searched once for each
            path.
    """

    above: TypeScope | None = None
    fields: dict[str, tree.Node] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    hints: Hints = field(default_factory=Hints)
    found: dict[tuple[str, ...], _Found] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Found:
    """The target of a path.

    Attributes:
        types: Its types.
        nodes: Its nodes, one for each branch.
        fields: The nodes of its own fields, by name.
    """

    types: frozenset[FieldType]
    nodes: list[tree.Node]
    fields: dict[str, list[tree.Node]]


class Unresolvable(Exception):
    """A path that names no field. The message tells the author of the schema why."""


def type_of(node: tree.Node) -> frozenset[FieldType]:
    """Returns the types of a field's value, by its node: one type for each branch."""
    match node:
        case tree.Integer() | tree.Digits() | tree.Computed() | tree.PlaceNumber():
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
        case tree.Wrapped() | tree.WrappedRest():
            return frozenset({FieldType.CONTENT})
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
    return _target(path, scope).types


def _target(path: tuple[str, ...], scope: TypeScope) -> _Found:
    """Returns what a path leads to.

    Raises:
        Unresolvable: The path names no field that is read before.
    """
    shown = ".".join(("this", *path))
    around, names = _climbed(path, scope)
    if not names:
        raise Unresolvable(f"{shown} is not a field; name one of its fields: {_listed(around.fields)}")
    return _lead(around, names, shown, scope)


def _climbed(path: tuple[str, ...], here: TypeScope) -> tuple[TypeScope, tuple[str, ...]]:
    """Returns the record that a path begins at, and the names from there.

    Raises:
        Unresolvable: The path goes above the top record.
    """
    scope, names = here, list(path)
    while names and names[0] in ("_", "_root"):
        if names.pop(0) == "_":
            if scope.above is None:
                shown = ".".join(("this", *path))
                raise Unresolvable(f"{shown} goes above the top record{_within_reach(names[-1:], here)}")
            scope = scope.above
        else:
            while scope.above is not None:
                scope = scope.above
    return scope, tuple(names)


def _lead(scope: TypeScope, names: tuple[str, ...], shown: str, here: TypeScope) -> _Found:
    """Returns the target of names, from a record; `here` is the one that has the expression."""
    if names in scope.found:
        return scope.found[names]
    *before, name = names
    if name.startswith("_"):
        raise Unresolvable(
            f"{shown}: {name} is a variable of Construct's parser; a schema names fields, with _ for the "
            "record around and _root for the top record"
        )
    around = _lead(scope, tuple(before), shown, here) if before else None
    if around is None:
        nodes = [scope.fields[name]] if name in scope.fields else []
    else:
        nodes = around.fields.get(name, [])
    if not nodes:
        known = scope.fields if around is None else around.fields
        where = before[-1] if before else "this record before it"
        if not before and name in scope.names:
            hint = f": it is read after it; put {name!r} in front"
        elif not before and (near := _within_reach([name], here)):
            hint = near
        else:
            hint = here.hints.known(name, known)
        raise Unresolvable(f"{shown}: {name} is no field of {where}{hint}")
    return scope.found.setdefault(names, _found(nodes))


def _found(nodes: list[tree.Node]) -> _Found:
    fields: dict[str, list[tree.Node]] = {}
    for node in nodes:
        for inner in _fields_of(node):
            for key, sub in inner.items():
                fields.setdefault(key, []).append(sub)
    types = frozenset[FieldType]().union(*map(type_of, nodes)) - {FieldType.NOTHING}
    return _Found(types, nodes, fields)


def _resolved(expression: Path | Element, scope: TypeScope) -> _Found:
    """Returns the target of a path, or of a path from an element of a list.

    Raises:
        Unresolvable: It names no field that is read before.
    """
    if isinstance(expression, Path):
        return _target(expression.names, scope)
    around = _resolved(expression.elements, scope)
    if around.types != {FieldType.LIST}:
        kinds = " or ".join(sorted(around.types)) or "nothing"
        raise Unresolvable(f"{shown(expression.elements)} is {kinds}, and has no elements: name a list")
    nodes = [element for node in around.nodes for element in _elements_of(node)]
    for depth, name in enumerate(expression.names):
        known = _found(nodes).fields
        nodes = known.get(name, [])
        if not nodes:
            before = expression.names[depth - 1] if depth else "the elements"
            hint = scope.hints.known(name, known)
            raise Unresolvable(f"{shown(expression)}: {name} is no field of {before}{hint}")
    return _found(nodes)


def _elements_of(node: tree.Node) -> Iterator[tree.Node]:
    """Yields what the elements of a field may be."""
    for leaf in tree.leaves_of(node):
        if isinstance(leaf, tree.Array):
            yield leaf.element
        elif isinstance(leaf, tree.Table | tree.Terminated | tree.UpTo | tree.UpToEnd | tree.Chain):
            yield leaf.record
        elif isinstance(leaf, tree.Substream | tree.SubstreamRest | tree.ReadAt):
            yield from _elements_of(leaf.inner)


def record_complaints(path: Path, scope: TypeScope) -> Iterator[str]:
    """Yields why a path leads to no record whose stream another field may be read in."""
    try:
        _, names = _climbed(path.names, scope)
        if not names:  # a record around
            return
        found = _target(path.names, scope)
    except Unresolvable as why:
        yield str(why)
        return
    if found.types != {FieldType.RECORD}:
        kinds = " or ".join(sorted(found.types)) or "nothing"
        yield f"{shown_path(path.names)} is {kinds}, where a record belongs"


def _within_reach(names: list[str], here: TypeScope) -> str:
    """Returns how a record reaches a field: of itself, of one around it, or of one inside."""
    depth, scope = 0, here
    for name in names if here.hints.spend() else ():
        while not name.startswith("_"):
            up = ("_",) * depth
            if name in scope.fields:
                note = "; an Array makes no record of its own" if depth == 0 else ""
                return f"; did you mean {shown_path((*up, name))}?{note}"
            for holder, node in scope.fields.items():
                if any(name in inner for inner in _fields_of(node)):
                    return f"; did you mean {shown_path((*up, holder, name))}?"
            if scope.above is None:
                break
            depth, scope = depth + 1, scope.above
    return ""


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
        case (
            tree.Integer()
            | tree.Digits()
            | tree.Float()
            | tree.Const()
            | tree.Nothing()
            | tree.Computed()
            | tree.PlaceNumber()
            | tree.Bytes()
            | tree.Opaque()
            | tree.Wrapped()
        ):
            return
        case (
            tree.OpaqueRest()
            | tree.WrappedRest()
            | tree.Slot()
            | tree.Rest()
            | tree.Delimited()
            | tree.Text()
            | tree.TextToNul()
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
        fix = _FIXES.get(found, "")
        yield f"{shown(expression)} is {found}, where an integer belongs{fix}"


def key_complaints(expression: Expression, scope: TypeScope) -> Iterator[str]:
    """Yields why an expression cannot choose between the cases of a `Switch`."""
    yield from _operand_complaints(expression, scope)
    found = type_in(expression, scope)
    if found is not None and found not in _COMPARED:
        yield f"{shown(expression)} is {found}, which chooses no case: name an integer, a text or bytes"


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
        case Literal() | Binary() | Unary() | Choice() | ElementCount():
            return FieldType.INTEGER
        case Path() | Element():
            try:
                found = _resolved(expression, scope).types
            except Unresolvable:
                return None
            return next(iter(found)) if len(found) == 1 else None
        case _:
            assert_never(expression)


def _operand_complaints(expression: Expression, scope: TypeScope) -> Iterator[str]:
    match expression:
        case Literal():
            return
        case Path() | Element():
            yield from _path_complaints(expression, scope)
        case ElementCount():
            yield from _count_complaints(expression, scope)
        case Binary():
            yield from _binary_complaints(expression, scope)
        case Unary():
            yield from number_complaints(expression.operand, scope)
        case Choice():
            for part in (expression.condition, expression.then, expression.otherwise):
                yield from number_complaints(part, scope)
        case _:
            assert_never(expression)


def _path_complaints(expression: Path | Element, scope: TypeScope) -> Iterator[str]:
    if isinstance(expression, Element):
        yield from number_complaints(expression.index, scope)
        index = stated(expression.index)
        if index is not None and index < 0:
            yield f"{shown(expression.elements)} has no element {index}: an index is 0 or more"
            return
    try:
        found = _resolved(expression, scope).types
    except Unresolvable as why:
        yield str(why)
        return
    if len(found) != 1:
        kinds = " or ".join(sorted(found)) or "nothing"
        yield f"{shown(expression)} is {kinds}; an expression needs one type: let its branches have one"


def _count_complaints(expression: ElementCount, scope: TypeScope) -> Iterator[str]:
    complaints = list(_path_complaints(expression.elements, scope))
    yield from complaints
    found = type_in(expression.elements, scope)
    if not complaints and found is not FieldType.LIST:
        yield f"{shown(expression)} counts the elements of {found or 'nothing'}: name a list"


def _binary_complaints(expression: Binary, scope: TypeScope) -> Iterator[str]:
    left, right = expression.left, expression.right
    if expression.operator not in _COMPARISONS:
        yield from number_complaints(left, scope)
        yield from number_complaints(right, scope)
        return
    yield from _operand_complaints(left, scope)
    yield from _operand_complaints(right, scope)
    kinds = type_in(left, scope), type_in(right, scope)
    if None in kinds:
        return
    if kinds[0] is not kinds[1] or kinds[0] not in _COMPARED:
        fix = "compare with a constant of the same type"
        yield f"{shown(expression)} compares {kinds[0]} with {kinds[1]}: {fix}"
