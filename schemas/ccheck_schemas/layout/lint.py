"""Refuse a schema that is too lax for a validator, or that a program cannot read.

`refused` lists the nodes of Construct that accept what a strict validator must refuse. `lint` refuses a
schema with such a node, and one whose names and numbers do not belong together, and says where and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

import construct

from ccheck_schemas.checksum import Sum
from ccheck_schemas.layout import meanings, tree
from ccheck_schemas.layout.compiler import compile_tree
from ccheck_schemas.layout.expression import ElementCount, Expression, names_in, paths_in, stated
from ccheck_schemas.layout.extent import oversize
from ccheck_schemas.layout.field_types import (
    FieldType,
    Hints,
    TypeScope,
    key_complaints,
    key_part_complaints,
    number_complaints,
    record_complaints,
    type_in,
    type_of,
)
from ccheck_schemas.layout.shown import shown
from ccheck_schemas.layout.size import number_at, row_size, sizeof
from ccheck_schemas.vocabulary.gaps import Gaps, OpaqueGaps
from ccheck_schemas.wrapping import DEEPEST_ENVELOPES

MOST_VALUES = 65_536
"""Values of one enumeration, at most."""


class LayoutRefused(ValueError):
    """A schema with nodes that a strict validator cannot trust.

    Attributes:
        complaints: What is wrong, each ``place: reason``.
    """

    def __init__(self, complaints: tuple[str, ...]) -> None:
        super().__init__("\n  ".join(("the schema is refused:", *complaints)))
        self.complaints = complaints


def lint(root: construct.Construct) -> tuple[str, ...]:
    """Returns the reasons to refuse a schema, each ``place: reason``; none if it is accepted."""
    try:
        layout_of(root)
    except LayoutRefused as refused:
        return refused.complaints
    return ()


def layout_of(root: construct.Construct, gaps: Gaps | OpaqueGaps | None = None) -> tree.Struct:
    """Returns the layout of a schema.

    Args:
        root: A Struct of the nodes in `ccheck_schemas.meaning`.
        gaps: What bytes may be that no field reads.

    Raises:
        LayoutRefused: A strict validator cannot trust it.
    """
    if type(root) is not construct.Struct:
        raise LayoutRefused(('schema: the top node is not a Struct; put it into one: Struct("name" / …)',))
    if too_large := oversize(root):  # nothing else may traverse it
        raise LayoutRefused(tuple(dict.fromkeys(too_large)))
    layout, refused = compile_tree(root)
    linter = _Linter()
    complaints = [*refused, *linter.struct(layout, "", None)]
    complaints += [
        f"{place}: no {what} is named {name!r}{linter.fix(what, name)}"
        for what, name, place in linter.wanted
        if name not in linter.named[what]
    ]
    complaints += [
        f"{place}: the rows of {part.table!r} have no field {part.field!r}"
        f"{linter.hints.known(part.field, linter.rows_of[part.table])}"
        for part, place in linter.row_fields
        if part.table in linter.rows_of and part.field not in linter.rows_of[part.table]
    ]
    complaints += [linter.no_sibling(*one) for one in linter.siblings]
    read = _names_read(layout) if linter.offsets else frozenset()
    complaints += [
        f"{place}: OffsetInto is the offset of {of!r}, and nothing reads it: it would never be compared;"
        f" read {of!r} by At, ReadAt or Chain, or put ZerosTo(this.{name}) in front of it"
        for name, of, place in linter.offsets
        # An offset of a record that something else points to, one of a chain, is left to a check.
        if name not in read and of in linter.named["field"] - linter.named["pointed"]
    ]
    complaints += _gap_complaints(gaps)
    if complaints:
        raise LayoutRefused(tuple(dict.fromkeys(complaints)))
    return layout if gaps is None else tree.Struct(layout.fields, gaps)


class _Linter:
    """One pass over a layout. Methods yield complaints; `scope` has the fields before the node."""

    def __init__(self) -> None:
        self.named: dict[str, set[str]] = {
            kind: set() for kind in ("table", "pool", "block", "field", "pointed")
        }
        self.wanted: list[tuple[str, str, str]] = []
        self.offsets: list[tuple[str, str, str]] = []
        self.row_fields: list[tuple[meanings.RowField, str]] = []
        self.rows_of: dict[str, set[str]] = {}
        self.siblings: list[tuple[str, str, str, tuple[str, ...]]] = []
        self.holders: dict[str, str] = {}
        self.hints = Hints()

    def struct(
        self, node: tree.Struct, place: str, above: TypeScope | None, *, listed: bool = False
    ) -> Iterator[str]:
        """Yields complaints about a record; `listed`: it is an element of a list."""
        names = frozenset(field.name for field in node.fields)
        scope = TypeScope(above, names=names, hints=self.hints)
        for field in node.fields:
            name = field.name
            here = f"{place}.{name}" if place else name
            if name and name in scope.fields:
                yield f"{here}: {name!r} is the name of a field in front of it, too: rename one of the two"
            elif name and not _is_field_name(name):
                rule = "a field's name is a new identifier that does not begin with an underscore"
                yield f"{here}: {rule}; rename it"
            if isinstance(field.node, tree.PlaceNumber) and field.node.of is tree.Place.INDEX and not listed:
                where = "the element of a list, in front of the lists that it has itself"
                yield f"{here}: Index is a field of a record that is {where}"
            listed = listed and not any(isinstance(leaf, _LISTS) for leaf in tree.leaves_of(field.node))
            yield from self.node(field.node, here, scope)
            if name:
                scope.fields[name] = field.node
                self.named["field"].add(name)
                self.holders.setdefault(name, place)
                leaves = tree.leaves_of(field.node)
                if any(isinstance(leaf, tree.At | tree.ReadAt | tree.Chain) for leaf in leaves):
                    self.named["pointed"].add(name)
        uses: dict[str, _Use] = {}
        for field in node.fields:
            here = f"{place}.{field.name}" if place else field.name
            for meaning in tree.meanings_of(field.node):
                yield from self.sibling(meaning, field.name, scope, here, uses)

    def sibling(
        self, meaning: meanings.Meaning, name: str, scope: TypeScope, place: str, uses: dict[str, _Use]
    ) -> Iterator[str]:
        """Yields complaints about what a number says about other fields of its record.

        Args:
            meaning: The meaning of the number.
            name: The name of the number.
            scope: The fields before it.
            place: The place of the record, for messages.
            uses: The known fields.
        """
        match meaning:
            case meanings.OffsetInto():
                self.wanted.append(("field", meaning.of, place))
                self.offsets.append((name, meaning.of, place))
            case meanings.CountOf() | meanings.LengthOf() | meanings.RecordSize():
                yield from self.described(meaning, name, scope, place, uses)
            case meanings.ComparedWithFact():
                yield from _at(place, self.compared(meaning, scope, place))
            case meanings.Version() | meanings.Bounded() | meanings.StrictEnum() | meanings.StrictFlags():
                return
            case meanings.ChecksumOver():
                yield from self.bounds(meaning, scope, place)
            case meanings.Reserved() | meanings.FileSize() | meanings.IndexInto():
                return
            case _:
                assert_never(meaning)

    def bounds(self, meaning: meanings.ChecksumOver, scope: TypeScope, place: str) -> Iterator[str]:
        """Yields complaints about where the bytes of a checksum begin and end."""
        for expression in meaning.expressions:
            yield from self.number(expression, place, scope)
        for name in meaning.fields:
            if name not in scope.fields:
                rule = f"ChecksumOver names {name!r}, which is no field of its record"
                yield f"{place}: {rule}{self.hints.known(name, scope.fields)}"
            elif any(isinstance(leaf, tree.Pointer) for leaf in tree.leaves_of(scope.fields[name])):
                why = "whose bytes are elsewhere: give an expression"
                yield f"{place}: ChecksumOver names {name!r}, {why}"

    def described(
        self,
        meaning: meanings.CountOf | meanings.LengthOf | meanings.RecordSize,
        name: str,
        scope: TypeScope,
        place: str,
        uses: dict[str, _Use],
    ) -> Iterator[str]:
        """Yields complaints about a count or a size that is never compared with its field."""
        kind, of = type(meaning).__name__, meaning.of
        if of not in scope.fields:
            self.siblings.append((kind, of, place, tuple(one for one in scope.fields if one != name)))
            return
        use = uses.get(of) or uses.setdefault(of, _use(scope.fields[of]))
        compared = name in use.read
        if isinstance(meaning, meanings.CountOf) and not (compared or use.is_list):
            why = "which is no list: the count would never be compared"
            fix = f"name a list, or let the length of {of!r} use this.{name}"
            yield f"{place}: CountOf names {of!r}, {why}; {fix}"
        if isinstance(meaning, meanings.RecordSize) and not use.is_counted:
            fix = f"read {of!r} by one, or write a check"
            yield f"{place}: RecordSize names {of!r}, which is no Table or Pool: {fix}"
        if isinstance(meaning, meanings.LengthOf) and not compared:
            why = "whose length does not depend on it: nothing compares them"
            yield f"{place}: LengthOf names {of!r}, {why}; let it, as in Bytes(this.{name})"

    def fix(self, what: str, name: str) -> str:
        """Returns how a table, a pool, a block or a field gets a name, and which ones there are."""
        by = f": {_NAMED_BY[what].format(name)} would name one" if what in _NAMED_BY else ""
        return f"{by}{self.hints.known(name, self.named[what])}"

    def no_sibling(self, kind: str, of: str, place: str, known: tuple[str, ...]) -> str:
        """Returns the complaint about a number that names a field of another record, or of none."""
        rule = f"{place}: {kind} names {of!r}, which is no sibling: it is about a field of its own record"
        if of in self.holders:
            holder = self.holders[of] or "the top record"
            fix = (
                f"{of!r} is a field of {holder}: put the number there, or leave {kind} out and write a check"
            )
            return f"{rule}; {fix}"
        return f"{rule}{self.hints.known(of, known)}"

    def compared(self, meaning: meanings.ComparedWithFact, scope: TypeScope, place: str) -> Iterator[str]:
        """Yields complaints about the expressions of a comparison, which may name any field of the record."""
        for part in meaning.key:
            if isinstance(part, meanings.RowField):
                self.wanted.append(("table", part.table, place))
                self.row_fields.append((part, place))
                yield from number_complaints(part.index, scope)
            else:
                yield from key_part_complaints(part, scope)
        for each in (meaning.harmless, meaning.amount):
            if each is not None:
                yield from number_complaints(each, scope)

    def node(self, node: tree.Node, place: str, scope: TypeScope, *, listed: bool = False) -> Iterator[str]:
        """Yields complaints about one node at its place, and about those inside it.

        Args:
            node: The node.
            place: Its place.
            scope: The fields before it.
            listed: Whether it is an element of a list.
        """
        if not isinstance(node, tree.If | tree.Switch | tree.Computed):  # others are a count or a place
            for expression in tree.expressions_of(node):
                if not isinstance(node, tree.ReadAt) or expression is not node.inside:
                    yield from self.number(expression, place, scope)
        yield from self.named_node(node, place)
        match node:
            case tree.Integer() | tree.Digits():
                for meaning in node.meanings:
                    yield from self.meaning(meaning, node, place)
            case tree.Computed():
                yield from _at(place, number_complaints(node.value, scope))
            case tree.Struct():
                yield from self.struct(node, place, scope, listed=listed)
            case tree.If():
                yield from _at(place, number_complaints(node.condition, scope))
                for branch in tree.branches_of(node):
                    yield from self.node(branch, place, scope, listed=listed)
            case tree.Switch():
                yield from self.switch(node, place, scope, listed=listed)
            case tree.Region() | tree.Substream() | tree.SubstreamRest():
                yield from self.node(node.inner, place, scope, listed=listed)
            case tree.ReadAt():
                if node.inside is not None:
                    yield from _at(place, record_complaints(node.inside, scope))
                yield from self.node(node.inner, place, scope, listed=listed)
            case tree.Array():
                yield from self.array(node, place, scope)
            case tree.Table():
                yield from self.table(node, place, scope)
            case tree.Terminated() | tree.UpTo() | tree.UpToEnd():
                yield from self.listed(node, place, scope)
            case tree.At():
                yield from self.struct(node.record, place, scope)
            case tree.Chain():
                yield from self.chain(node, place, scope)
            case tree.Rows():
                yield from self.rows(node, place, scope)
            case (
                tree.Float()
                | tree.Const()
                | tree.Nothing()
                | tree.PlaceNumber()
                | tree.Text()
                | tree.TextToNul()
            ):
                return
            case (
                tree.Bytes()
                | tree.Opaque()
                | tree.OpaqueRest()
                | tree.Slot()
                | tree.Rest()
                | tree.Delimited()
            ):
                return
            case tree.Wrapped() | tree.WrappedRest():
                depth = tree.depth_of(node)
                if depth > DEEPEST_ENVELOPES:
                    yield f"{place}: {depth} envelopes inside each other; {DEEPEST_ENVELOPES} are allowed"
            case tree.ZeroPad() | tree.AnyPad() | tree.ZerosTo() | tree.ZerosToEnd():
                return
            case tree.Pool() | tree.Strings() | tree.Pooled() | tree.SharedText():
                return
            case _:
                assert_never(node)

    def named_node(self, node: tree.Node, place: str) -> Iterator[str]:
        """Stores the names that a node gives or needs; yields complaints about those that disagree."""
        match node:
            case tree.Strings():
                self.named["block"].add(node.block)
            case tree.Pool():
                self.named["pool"].add(node.region)
            case tree.Table():
                self.named["table"].add(node.table)
            case tree.SharedText():
                self.wanted.append(("block", node.block, place))
            case tree.Pooled():
                self.wanted.append(("pool", node.region, place))
                if node.item.length != node.length:
                    given, taken = shown(node.length), shown(node.item.length)
                    differ = f"the pool gives {given} bytes, and the item takes {taken}"
                    yield f"{place}: {differ}: write the same length in both"
            case tree.Rows():
                self.wanted.append(("table", node.table, place))
            case (
                tree.Integer()
                | tree.Digits()
                | tree.Float()
                | tree.Const()
                | tree.Nothing()
                | tree.Computed()
                | tree.PlaceNumber()
                | tree.Struct()
                | tree.Array()
            ):
                return
            case tree.If() | tree.Switch() | tree.Terminated() | tree.UpTo() | tree.UpToEnd() | tree.Region():
                return
            case tree.Substream() | tree.SubstreamRest() | tree.ReadAt() | tree.At() | tree.Chain():
                return
            case (
                tree.Bytes()
                | tree.Opaque()
                | tree.Wrapped()
                | tree.OpaqueRest()
                | tree.WrappedRest()
                | tree.Slot()
                | tree.Rest()
            ):
                return
            case tree.Delimited() | tree.Text() | tree.TextToNul():
                return
            case tree.ZeroPad() | tree.AnyPad() | tree.ZerosTo() | tree.ZerosToEnd():
                return
            case _:
                assert_never(node)

    def array(self, node: tree.Array, place: str, scope: TypeScope) -> Iterator[str]:
        if sizeof(node.element) == 0 and not isinstance(node.count, ElementCount):
            yield f"{place}: elements without bytes let a count ask for endless work; give them a field"
        if FieldType.LATER in type_of(node.element):
            yield f"{place}: an element of an Array cannot be a pointer; put this one into a Struct"
        yield from self.node(node.element, f"{place}[]", scope, listed=True)

    def table(self, node: tree.Table, place: str, scope: TypeScope) -> Iterator[str]:
        size = sizeof(node.record)
        if size == 0:
            yield f"{place}: elements without bytes let a count ask for endless work; give them a field"
        if size is None:
            yield f"{place}: the records of a Table are Structs of one fixed size; use Array for others"
        self.rows_of.setdefault(node.table, set()).update(field.name for field in node.record.fields)
        yield from self.struct(node.record, f"{place}[]", scope, listed=True)

    def meaning(self, meaning: meanings.Meaning, leaf: tree.Stored, place: str) -> Iterator[str]:
        """Yields complaints about the meaning of a number."""
        kind = type(meaning).__name__
        if isinstance(meaning, meanings.IndexInto):
            self.wanted.append(("table", meaning.table, place))
        if isinstance(meaning, meanings.StrictEnum) and len(meaning.known) > MOST_VALUES:
            allowed = f"{MOST_VALUES:,} are allowed: use Bounded"
            yield f"{place}: an enumeration of {len(meaning.known):,} values; {allowed}"
        if isinstance(meaning, meanings.ChecksumOver):
            over = meaning.checksum
            if isinstance(leaf, tree.Digits):
                yield from _at(place, _checksum_in_digits(meaning, leaf))
            elif leaf.signed or leaf.size != over.size:
                which = "signed" if leaf.signed else f"of {8 * leaf.size}"
                why = f"{over.name} has {over.algorithm.bits} bits, and the integer is {which}"
                yield f"{place}: {why}; put it around an unsigned integer of {8 * over.size} bits"
        if not _can_hold(leaf, meaning):
            low, high = leaf.range
            why = f"refuses every number from {low} to {high}, which are those of the field"
            yield f"{place}: {kind} {why}; use a wider integer, or other values"

    def number(self, expression: Expression, place: str, scope: TypeScope) -> Iterator[str]:
        """Yields complaints about a count, a length or an offset."""
        yield from _at(place, number_complaints(expression, scope))
        value = stated(expression)
        if value is not None and value < 0:
            yield f"{place}: {value} is negative; a count, a length or an offset is 0 or more"

    def listed(
        self, node: tree.Terminated | tree.UpTo | tree.UpToEnd, place: str, scope: TypeScope
    ) -> Iterator[str]:
        kind, record = type(node).__name__, node.record
        if isinstance(node, tree.Terminated):
            if not sizeof(record):
                yield f"{place}: the records of Terminated are Structs of one fixed size"
                return
            marks = [one.node for one in record.fields if one.name == node.last]
            if any(isinstance(mark, tree.Digits) for mark in marks):
                why = "is in digits, and the record that ends the list is of zeros: use UpTo or a count"
                yield f"{place}: the number {node.last!r} {why}"
            elif number_at(record, node.last) is None:
                known = self.hints.known(node.last, _numbers(record))
                yield f"{place}: the listed record has no number {node.last!r}{known}"
        elif sizeof(record) == 0:
            yield f"{place}: {kind} reads Structs that take bytes"
            return
        elif isinstance(node, tree.UpTo):
            numbers = [one.name for one in record.fields if type_of(one.node) == {FieldType.INTEGER}]
            if node.field not in numbers:
                listed = self.hints.known(node.field, numbers)
                yield f"{place}: the listed record has no number {node.field!r}{listed}"
        yield from self.struct(record, f"{place}[]", scope, listed=True)

    def switch(self, node: tree.Switch, place: str, scope: TypeScope, *, listed: bool) -> Iterator[str]:
        complaints = tuple(key_complaints(node.key, scope))
        yield from _at(place, complaints)
        kind = None if complaints else type_in(node.key, scope)
        for case in node.cases:
            if kind is not None and not isinstance(case, _CASES[kind]):
                fix = "write cases of that type"
                yield f"{place}: the case {case!r} is not {kind.value}, which {shown(node.key)} is: {fix}"
        for branch in tree.branches_of(node):
            yield from self.node(branch, place, scope, listed=listed)

    def chain(self, node: tree.Chain, place: str, scope: TypeScope) -> Iterator[str]:
        fields = {field.name: field.node for field in node.record.fields}
        for name in (node.next_field, node.last):
            if name not in fields:
                yield f"{place}: the chained record has no field {name!r}{self.hints.known(name, fields)}"
            elif type_of(fields[name]) != {FieldType.INTEGER}:
                yield f"{place}: {name!r} of the chained record is no integer: name one that is"
        yield from self.struct(node.record, f"{place}[]", scope, listed=True)

    def before(self, name: str, scope: TypeScope) -> str:
        """Returns what to do about a name that is no field in front."""
        if name in scope.names:
            return f": it is read after it; put {name!r} in front"
        return self.hints.known(name, scope.fields)

    def rows(self, node: tree.Rows, place: str, scope: TypeScope) -> Iterator[str]:
        for name in (node.first, node.count):
            if name not in scope.fields:
                rule = f"Rows names {name!r}, which is no field of this record before it"
                yield f"{place}: {rule}{self.before(name, scope)}"
            elif type_of(scope.fields[name]) != {FieldType.INTEGER}:
                yield f"{place}: Rows names {name!r}, which is no integer: name one that is"


def _gap_complaints(gaps: object) -> Iterator[str]:
    if gaps is not None and not isinstance(gaps, Gaps | OpaqueGaps):
        yield f"gaps: it is Gaps(align) or OpaqueGaps(reason), and not {gaps!r:.40}"


def _numbers(record: tree.Struct) -> list[str]:
    """Returns the names of the numbers that have a fixed place in a record."""
    return [field.name for field in record.fields if number_at(record, field.name) is not None]


def _checksum_in_digits(meaning: meanings.ChecksumOver, leaf: tree.Digits) -> Iterator[str]:
    """Yields why digits cannot state a checksum."""
    over = meaning.checksum
    if isinstance(over.algorithm, Sum) and over.algorithm.to_zero:
        yield f"{over.name} needs the bytes of an integer, which digits are not; use a sum of bytes"
    greatest = meaning.greatest
    if greatest > leaf.range[1]:
        fix = "give it more digits, or an end"
        yield f"{over.name} is up to {greatest}, and the digits hold up to {leaf.range[1]}; {fix}"


def _can_hold(leaf: tree.Stored, meaning: meanings.Meaning) -> bool:
    """Returns whether some number of a field satisfies a meaning."""
    low, high = leaf.range
    match meaning:
        case meanings.StrictEnum():
            return any(low <= value <= high for value in meaning.known)
        case meanings.Version() if meaning.mask == -1:
            return any(low <= value <= high for value in meaning.known)
        case meanings.Bounded() | meanings.LengthOf():
            return meaning.low <= high and meaning.high >= low
        case meanings.Version() | meanings.StrictFlags() | meanings.Reserved() | meanings.OffsetInto():
            return True
        case meanings.CountOf() | meanings.RecordSize() | meanings.FileSize() | meanings.IndexInto():
            return True
        case meanings.ChecksumOver() | meanings.ComparedWithFact():
            return True
        case _:
            assert_never(meaning)


_LISTS = (
    tree.Array, tree.Table, tree.Terminated, tree.UpTo, tree.UpToEnd, tree.Chain,
)  # fmt: skip

_CASES = {FieldType.INTEGER: int, FieldType.TEXT: str, FieldType.BYTES: bytes}


def _at(place: str, complaints: Iterable[str]) -> Iterator[str]:
    return (f"{place}: {complaint}" for complaint in complaints)


def _is_field_name(name: str) -> bool:
    return name.isidentifier() and not name.startswith("_")


_NAMED_BY = {"table": "Table({!r}, …)", "pool": "Pool({!r}, …)", "block": "Strings({!r}, …)"}


@dataclass(frozen=True, slots=True)
class _Use:
    """How the numbers of a record use one of its fields.

    Attributes:
        read: The numbers that its extent depends on.
        is_list: Whether it may be a list.
        is_counted: Whether it may be a table or a pool, or lead to a table.
    """

    read: frozenset[str]
    is_list: bool
    is_counted: bool


def _names_read(layout: tree.Struct) -> frozenset[str]:
    """Returns the names of all fields that an expression, or the link of a Chain, reads."""
    found = set()
    for node in tree.nodes(layout):
        found |= {name for expression in tree.expressions_of(node) for name in names_in(expression)}
        if isinstance(node, tree.Chain):
            found.add(node.next_field)
    return frozenset(found)


def _use(node: tree.Node) -> _Use:
    leaves = tuple(tree.leaves_of(node))
    is_counted = row_size(node) is not None
    is_list = any(isinstance(leaf, _LISTS) for leaf in leaves)
    return _Use(frozenset(_reads(node)), is_list, is_counted)


def _reads(node: tree.Node) -> Iterator[str]:
    """Yields the numbers of the same record that the extent of a field depends on."""
    for expression in tree.expressions_of(node):
        yield from (path[0] for path in paths_in(expression) if len(path) == 1)
    match node:
        case tree.Region() | tree.ReadAt() | tree.Substream() | tree.SubstreamRest():
            yield from _reads(node.inner)
        case tree.If() | tree.Switch():
            for branch in tree.branches_of(node):
                yield from _reads(branch)
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
        case tree.ZeroPad() | tree.AnyPad() | tree.ZerosTo() | tree.ZerosToEnd() | tree.Struct():
            return
        case tree.Array() | tree.Table() | tree.Terminated() | tree.UpTo() | tree.UpToEnd():
            return
        case tree.Pool() | tree.Strings() | tree.At() | tree.Chain() | tree.Pooled() | tree.SharedText():
            return
        case tree.Rows():
            return
        case _:
            assert_never(node)
