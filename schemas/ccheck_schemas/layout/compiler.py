"""Compile a Construct tree into a layout; name everything in it that a layout cannot have.

This is the only module of the engine that looks into Construct nodes, beside `extent` and `refused`. A node
that is refused is left out of the layout, so that the rest can be examined too.
"""

from __future__ import annotations

import operator
import re
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import construct
from construct.expr import BinExpr, ExprMixin, FuncPath, Path, UniExpr

from ccheck_schemas import meaning as m
from ccheck_schemas.layout import expression as x
from ccheck_schemas.layout import meanings, tree
from ccheck_schemas.layout.refused import REFUSED, as_written
from ccheck_schemas.layout.shown import shown_path, shown_value
from ccheck_schemas.vocabulary.expression import Expression, counted_list, field_path, path_keys
from ccheck_schemas.vocabulary.numbers.computed import Choice, Element, element_parts
from ccheck_schemas.vocabulary.numbers.facts import ComparedWithFact, KeyPart
from ccheck_schemas.vocabulary.streams import code_unit

_OPERATORS: Mapping[object, x.Operator] = MappingProxyType({
    operator.add: x.Operator.ADD, operator.sub: x.Operator.SUBTRACT, operator.mul: x.Operator.MULTIPLY,
    operator.floordiv: x.Operator.DIVIDE, operator.mod: x.Operator.REMAINDER, operator.and_: x.Operator.AND,
    operator.or_: x.Operator.OR, operator.rshift: x.Operator.SHIFT_RIGHT,
    operator.lshift: x.Operator.SHIFT_LEFT, operator.eq: x.Operator.EQUAL,
    operator.ne: x.Operator.UNEQUAL, operator.lt: x.Operator.LESS, operator.le: x.Operator.AT_MOST,
    operator.gt: x.Operator.GREATER, operator.ge: x.Operator.AT_LEAST,
})  # fmt: skip
_UNARY: Mapping[object, x.UnaryOperator] = MappingProxyType({
    operator.neg: x.UnaryOperator.NEGATE, operator.pos: x.UnaryOperator.PLUS,
    operator.not_: x.UnaryOperator.NOT,
})  # fmt: skip

_INTEGERS = frozenset("bBhHlLqQ")
_FLOATS = frozenset("efd")
_ZERO = x.Literal(0)
_EXPRESSIONS = frozenset({
    "amount", "condfunc", "count", "end", "first", "func", "harmless", "inside", "key", "keyfunc", "length",
    "offset", "position", "start",
})  # fmt: skip
"""The attributes of nodes that may be expressions. In any other one, which names a field or states a number,
every comparison with an expression would be true.
"""
_ALLOWED = f"use {' '.join(one.value for one in x.Operator)}"
_ITEM = re.compile(r"\['([A-Za-z_]\w*)'\]", re.ASCII)
_UNNAMED = (m.ZeroPad, m.ZerosTo, m.ZerosToEnd)


def compile_tree(root: construct.Struct) -> tuple[tree.Struct, tuple[str, ...]]:
    """Returns the layout of a Construct tree that `extent` allows, and why parts of it are refused.

    Args:
        root: The top record.

    Returns:
        The layout without the refused parts, and the reasons, each ``place: reason``.
    """
    compiler = _Compiler()
    layout = compiler.record(root, "", "the top node is not a Struct", listed=False)
    return layout, tuple(dict.fromkeys(compiler.complaints))


class _Compiler:
    """One pass over a tree. A node that is in several places is compiled once, and stays one node.

    Attributes:
        complaints: The reasons so far.
    """

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self._made: dict[int, tree.Node] = {}

    # -- nodes

    def node(self, node: construct.Construct, place: str) -> tree.Node:
        """Returns the compiled node."""
        node = self._unnamed(node, place)
        found = self._made.get(id(node))
        if found is None:
            before = len(self.complaints)
            found = self._compile(node, place)
            if len(self.complaints) == before:  # what is refused is named at each of its places
                self._made[id(node)] = found
        return found

    def _unnamed(self, node: construct.Construct, place: str) -> construct.Construct:
        while isinstance(node, construct.Renamed):
            if node.parsed is not None:
                self.refuse(place, "it calls a function when Construct parses it; write a check")
            node = node.subcon
        return node

    def _compile(self, node: construct.Construct, place: str) -> tree.Node:
        if isinstance(node, m.Meaning):
            return self._number(node, place)
        if node is construct.Pass:
            return tree.Nothing()
        compiled = _KINDS.get(type(node))
        if compiled is not None:
            return compiled(self, node, place) if self._states(node, place) else tree.Nothing()
        written = as_written(node)
        why = REFUSED.get(written, "is not in the vocabulary; ccheck_schemas.meaning lists what is")
        self.refuse(place, f"{written} {why}")
        return tree.Nothing()

    def _states(self, node: construct.Construct, place: str) -> bool:
        """Returns whether names and numbers of a node are stated; refuses a node with an expression there."""
        stated = True
        name = type(node).__name__ if isinstance(node, m.Meaning) else as_written(node)
        for attribute, value in vars(node).items():
            parts = value if isinstance(value, tuple | list | frozenset) else (value,)
            if attribute not in _EXPRESSIONS and any(isinstance(part, ExprMixin) for part in parts):
                what = "a name is text" if field_path(value) else "a number is stated"
                why = f"takes no expression as {attribute}: {what}"
                stated = self.refuse(place, f"{name} {why}, and not {_shown(value)}")
        return stated

    def _number(self, node: construct.Construct, place: str) -> tree.Node:
        """Returns an integer with its meanings."""
        found: list[meanings.Meaning] = []
        kinds: list[str] = []
        while isinstance(node, construct.Renamed | m.Meaning):
            if isinstance(node, m.Meaning):
                kinds.append(type(node).__name__)
                compiled = _MEANINGS.get(type(node))
                if compiled is None:
                    why = "is a meaning that the reader does not know; write a check for it"
                    self.refuse(place, f"{kinds[-1]} {why}")
                elif self._states(node, place):
                    found.append(compiled(self, node, place))
                node = node.subcon
            else:
                node = self._unnamed(node, place)
        number = self.node(node, place)
        others = tuple(one for one in found if isinstance(one, meanings.Restriction))
        every = tuple(
            replace(one, others=others) if isinstance(one, meanings.ComparedWithFact) else one
            for one in found
        )
        if isinstance(number, tree.Integer):
            return tree.Integer(number.packer, number.order, number.letter, every)
        if isinstance(number, tree.Digits):
            return tree.Digits(number.packer, tuple(_in_digits(one, number) for one in every))
        if isinstance(number, tree.Computed):
            alone = tuple(
                one for one in every if isinstance(one, meanings.Restriction | meanings.ComparedWithFact)
            )
            if len(alone) < len(every):
                why = "about bytes, which a computed number has not; put it around the field itself"
                self.refuse(place, f"{', '.join(kinds)}: one of them is {why}")
            return tree.Computed(number.value, alone)
        for kind in kinds:
            self.refuse(
                place, f"{kind} wraps {as_written(node)}, not an integer; put it around one, such as Int16ul"
            )
        return number

    def struct(self, node: construct.Construct, place: str) -> tree.Struct:
        """Returns a record."""
        return tree.Struct(tuple(self._fields(node, place)))

    def _fields(self, node: construct.Construct, place: str) -> Iterable[tree.Field]:
        for sub in node.subcons:
            here = f"{place}.{sub.name}" if place else str(sub.name)
            inner = _bare(sub)
            if sub.name is None and not isinstance(inner, _UNNAMED):
                self.refuse(
                    place or "schema", f'{_written(inner)} has no name; write "name" / {_written(inner)}'
                )
            yield tree.Field(sub.name or "", self.node(sub, here))

    def record(self, node: construct.Construct, place: str, why: str, *, listed: bool = True) -> tree.Struct:
        """Returns the record that a list or a pointer reads; refuses any other node."""
        inner = self._unnamed(node, place)
        if type(inner) is not construct.Struct:
            self.refuse(place, why)
            return tree.Struct(())
        found = self.node(inner, f"{place}[]" if listed else place)
        return found if isinstance(found, tree.Struct) else tree.Struct(())

    def format_field(self, node: construct.Construct, place: str) -> tree.Node:
        """Returns a number."""
        order, letter = node.fmtstr[0], node.fmtstr[1:]
        packer = struct.Struct(node.fmtstr)
        if letter in _INTEGERS:
            return tree.Integer(packer, order, letter)
        if letter not in _FLOATS:
            self.refuse(place, f"a number of format {node.fmtstr!r} {REFUSED['Flag']}")
        return tree.Float(packer, order, letter)

    def const(self, node: construct.Construct, place: str) -> tree.Node:
        """Returns a constant of bytes or of an integer."""
        leaf = self._unnamed(node.subcon, place)
        if node.subcon is not leaf or type(leaf) not in (construct.Bytes, construct.FormatField):
            self.refuse(place, "Const is of bytes, or of an integer of 1, 2, 4 or 8 bytes")
            return tree.Nothing()
        if type(leaf) is construct.FormatField and leaf.fmtstr[1:] not in _INTEGERS:
            self.refuse(place, "Const of a floating-point number has several spellings; give its bytes")
            return tree.Nothing()
        number = None if type(leaf) is construct.Bytes else int(node.value)
        return tree.Const(bytes(node.build(None)), number)

    def choice(self, node: construct.Construct, place: str) -> tree.Node:
        """Returns the node of If and IfThenElse."""
        condition = self.expression(node.condfunc, place)
        return tree.If(condition, self.node(node.thensubcon, place), self.node(node.elsesubcon, place))

    def switch(self, node: construct.Construct, place: str) -> tree.Node:
        """Returns a choice by a key."""
        cases: dict[int | str | bytes, tree.Node] = {}
        for case, branch in node.cases.items():
            if isinstance(case, int | str | bytes):
                cases[case] = self.node(branch, place)
            else:
                self.refuse(place, f"the case {case!r} is not an integer, text or bytes, which a key can be")
        fallback = x.Literal(next(iter(cases), 0))  # of a type that no case contradicts
        return tree.Switch(
            self.expression(node.keyfunc, place, fallback),
            MappingProxyType(cases),
            self.node(node.default, place),
        )

    def pooled(self, node: m.Pooled, place: str) -> tree.Node:
        """Returns an item of a pool."""
        offset, length = self.expression(node.offset, place), self.expression(node.length, place)
        if type(node.subcon) not in (m.Text, construct.Bytes):
            self.refuse(
                place,
                "an item of a pool is a Text or Bytes; put other things into records, and read them by At",
            )
            return tree.Nothing()
        item = self.node(node.subcon, place)
        if not isinstance(item, tree.Text | tree.Bytes):
            raise TypeError(f"{place}: the item is compiled to {type(item).__name__}")
        return tree.Pooled(node.region, offset, length, item, node.align)

    def one_of(self, node: m.OneOf, place: str) -> tree.Node:
        """Returns bytes that are one of several constants."""
        inner = self._unnamed(node.subcon, place)
        if type(inner) is not construct.Bytes or inner.length != node.length:
            self.refuse(place, f"OneOf is of Bytes({node.length}), the length of its constants")
            return tree.Nothing()
        names = MappingProxyType({value: name for name, value in node.values.items()})
        return tree.Bytes(x.Literal(node.length), names)

    def checksum_over(self, node: m.ChecksumOver, place: str) -> meanings.ChecksumOver:
        """Returns the meaning of a checksum."""
        if node.stated:
            return meanings.ChecksumOver(node.checksum)
        start, end = (
            each if each is None or isinstance(each, str) else self.expression(each, place)
            for each in (node.start, node.end)
        )
        bounds = meanings.Bounds(x.Literal(0) if start is None else start, end, node.of_record)
        return meanings.ChecksumOver(node.checksum, bounds)

    def rows(self, node: construct.Construct, place: str) -> tree.Node:
        """Returns a run of rows of a table."""
        for name in (node.first, node.count):
            if not isinstance(name, str):
                self.refuse(
                    place, f"Rows names {_shown(name)}: give the name of a number of this record, as text"
                )
                return tree.Nothing()
        return tree.Rows(node.table, node.first, node.count)

    def inside(self, node: m.ReadAt, place: str) -> x.Path | None:
        """Returns the record in whose stream a position counts; None if the node states none."""
        if node.inside is None:
            return None
        path = field_path(node.inside)
        if not path:
            self.refuse(place, f"inside={_shown(node.inside)} is no record: give a `this` expression of one")
            return None
        return x.Path(path)

    def compared_with_fact(self, node: ComparedWithFact, place: str) -> meanings.Meaning:
        """Returns the meaning of a number that is compared with a fact of a driver build."""
        harmless, amount = (
            None if each is None else self.expression(each, place) for each in (node.harmless, node.amount)
        )
        key = tuple(self._key_part(part, place) for part in node.key)
        return meanings.ComparedWithFact(node.fact, key, harmless, amount)

    def _key_part(self, part: KeyPart, place: str) -> meanings.KeyPart:
        if isinstance(part, m.RowField):
            return meanings.RowField(part.table, self.expression(part.index, place), part.field)
        return self.expression(part, place)

    # -- expressions

    def expression(self, value: Expression, place: str, fallback: x.Expression = _ZERO) -> x.Expression:
        """Returns a compiled expression; the fallback for one that is refused."""
        found = self._expression(value, place)
        return fallback if found is None else found

    def _expression(self, value: Expression, place: str) -> x.Expression | None:
        match value:
            case int() | str() | bytes():
                return x.Literal(value)
            case Path():
                return self._path(value, place)
            case Element():
                elements, index, names = element_parts(value)
                return self._element(elements, index, names, place)
            case FuncPath() if (elements := counted_list(value)) is not None:
                found = self._list(elements, place)
                return None if found is None else x.ElementCount(found)
            case BinExpr():
                return self._binary(value, place)
            case Choice():
                each = (value.condition, value.then, value.otherwise)
                parts = [self._expression(part, place) for part in each]
                whole = [part for part in parts if part is not None]
                return x.Choice(*whole) if len(whole) == len(parts) else None
            case UniExpr() if value.op in _UNARY:
                operand = self._expression(value.operand, place)
                return None if operand is None else x.Unary(_UNARY[value.op], operand)
        self.refuse(place, f"{_shown(value)} is a function; use an int or a `this` expression")
        return None

    def _path(self, value: Expression, place: str) -> x.Expression | None:
        """Returns a field; where a number stands in the path, an element of a list."""
        found: x.Path | x.Element | None = None
        names: list[str] = []
        for key in (*path_keys(value), None):
            if isinstance(key, str):
                names.append(key)
                continue
            if found is None and names:
                found = x.Path(tuple(names))
            elif isinstance(found, x.Element):
                found = x.Element(found.elements, found.index, tuple(names))
            if key is None:
                break
            if found is None or isinstance(key, bool) or not isinstance(key, int):
                found = None
                break
            found, names = x.Element(found, x.Literal(key)), []
        if found is None:
            self.refuse(place, f"{_shown(value)} is not a field")
        return found

    def _list(self, value: Expression, place: str) -> x.Path | x.Element | None:
        found = self._expression(value, place)
        if isinstance(found, x.Path | x.Element):
            return found
        if found is not None:
            self.refuse(place, f"{_shown(value)} is no list: give a `this` expression that leads to one")
        return None

    def _element(
        self, elements: Expression, index: Expression, names: tuple[str, ...], place: str
    ) -> x.Expression | None:
        found, number = self._list(elements, place), self._expression(index, place)
        if any(not isinstance(name, str) for name in names):
            self.refuse(place, f"an element of {_shown(elements)} has a field that is not named by text")
            return None
        return None if found is None or number is None else x.Element(found, number, names)

    def _binary(self, value: Expression, place: str) -> x.Expression | None:
        op, right = value.op, value.rhs
        allowed = True
        if op not in _OPERATORS:
            allowed = self.refuse(
                place, f"the operator of {_shown(value)} can make numbers without bound; {_ALLOWED}"
            )
        if op in (operator.floordiv, operator.mod) and isinstance(right, int) and right <= 0:
            why = "divides by a number that is not positive; divide by a positive one, or by a field"
            allowed = self.refuse(place, f"{_shown(value)} {why}")
        if op in (operator.rshift, operator.lshift) and isinstance(right, int) and right < 0:
            allowed = self.refuse(place, f"{_shown(value)} shifts by a negative number; multiply instead")
        left, right = self._expression(value.lhs, place), self._expression(right, place)
        if not allowed or left is None or right is None:
            return None
        return x.Binary(_OPERATORS[op], left, right)

    def refuse(self, place: str, why: str) -> bool:
        """Adds a complaint. Returns False."""
        self.complaints.append(f"{place}: {why}")
        return False


def _written(node: construct.Construct) -> str:
    """Returns a node as its author writes it; a number has no class of its own."""
    names = (name for name, one in vars(construct).items() if one is node and name[:3] in ("Int", "Flo"))
    return next(names, as_written(node))


def _bare(node: construct.Construct) -> construct.Construct:
    while isinstance(node, construct.Renamed | m.Meaning):
        node = node.subcon
    return node


def _shown(value: Expression) -> str:
    path = field_path(value)
    if path is not None:
        return shown_path(path)
    return _ITEM.sub(r".\1", shown_value(value))  # as its author writes it


def _in_digits(meaning: meanings.Meaning, number: tree.Digits) -> meanings.Meaning:
    """Returns a meaning of a number in digits: a checksum has as many bytes of its own as the digits."""
    if isinstance(meaning, meanings.ChecksumOver):
        return replace(meaning, checksum=replace(meaning.checksum, width=number.size))
    return meaning


def _content(node: m.Slot | m.Rest) -> tree.Content:
    return tree.Content(node.terminator, node.include, node.pad, node.encoding, node.unit)


_Compile = Callable[[_Compiler, Any, str], tree.Node]

_FIXED = "are Structs of one fixed size"
_NO_RECORD = "At reads a Struct; put it into a Struct, or read it by ReadAt"
_KINDS: Mapping[type, _Compile] = MappingProxyType({
    construct.FormatField: _Compiler.format_field,
    construct.Const: _Compiler.const,
    construct.Struct: _Compiler.struct,
    construct.IfThenElse: _Compiler.choice,
    construct.Switch: _Compiler.switch,
    construct.Computed: lambda c, n, at: tree.Computed(c.expression(n.func, at)),
    m.Digits: lambda c, n, at: tree.Digits(n.form),
    m.Position: lambda c, n, at: tree.PlaceNumber(tree.Place.POSITION),
    m.StreamSize: lambda c, n, at: tree.PlaceNumber(tree.Place.SIZE),
    m.BytesTo: lambda c, n, at: tree.PlaceNumber(tree.Place.UP_TO, n.terminator, n.to_end),
    type(construct.Index): lambda c, n, at: tree.PlaceNumber(tree.Place.INDEX),
    construct.Bytes: lambda c, n, at: tree.Bytes(c.expression(n.length, at)),
    construct.Array: lambda c, n, at: tree.Array(c.expression(n.count, at), c.node(n.subcon, f"{at}[]")),
    m.Opaque: lambda c, n, at: tree.Opaque(c.expression(n.length, at), n.reason, n.dropped),
    m.OpaqueRest: lambda c, n, at: tree.OpaqueRest(n.reason, n.dropped),
    m.Wrapped: lambda c, n, at: tree.Wrapped(c.expression(n.length, at), n.wrapping, n.content),
    m.WrappedRest: lambda c, n, at: tree.WrappedRest(n.wrapping, n.content),
    m.Slot: lambda c, n, at: tree.Slot(c.expression(n.length, at), _content(n)),
    m.Rest: lambda c, n, at: tree.Rest(_content(n)),
    m.Delimited: lambda c, n, at: tree.Delimited(
        n.terminator, n.include, n.consume, n.to_end, n.encoding, code_unit(n.encoding)
    ),
    m.Text: lambda c, n, at: tree.Text(
        c.expression(n.length, at), n.encoding, n.terminator, n.lists, n.unit
    ),
    m.TextToNul: lambda c, n, at: tree.TextToNul(n.encoding),
    m.OneOf: _Compiler.one_of,
    m.ZeroPad: lambda c, n, at: tree.ZeroPad(n.align),
    m.AnyPad: lambda c, n, at: tree.AnyPad(n.align),
    m.ZerosTo: lambda c, n, at: tree.ZerosTo(c.expression(n.offset, at)),
    m.ZerosToEnd: lambda c, n, at: tree.ZerosToEnd(),
    m.Table: lambda c, n, at: tree.Table(
        n.table,
        c.expression(n.count, at),
        c.record(n.subcon, at, f"the records of a Table {_FIXED}; use Array for others"),
        n.low,
        n.high,
    ),
    m.Terminated: lambda c, n, at: tree.Terminated(
        c.record(n.subcon, at, f"the records of Terminated {_FIXED}"), n.last
    ),
    m.UpTo: lambda c, n, at: tree.UpTo(
        c.record(n.subcon, at, "UpTo reads Structs that take bytes"), n.field, n.value
    ),
    m.UpToEnd: lambda c, n, at: tree.UpToEnd(
        c.record(n.subcon, at, "UpToEnd reads Structs that take bytes")
    ),
    m.Pool: lambda c, n, at: tree.Pool(n.region, c.expression(n.count, at), n.low, n.high),
    m.Strings: lambda c, n, at: tree.Strings(n.block, c.expression(n.length, at)),
    m.Region: lambda c, n, at: tree.Region(c.expression(n.length, at), c.node(n.subcon, at)),
    m.Substream: lambda c, n, at: tree.Substream(c.expression(n.length, at), c.node(n.subcon, at)),
    m.SubstreamRest: lambda c, n, at: tree.SubstreamRest(c.node(n.subcon, at)),
    m.ReadAt: lambda c, n, at: tree.ReadAt(
        c.expression(n.position, at), n.whole_file, c.inside(n, at), c.node(n.subcon, at)
    ),
    m.At: lambda c, n, at: tree.At(
        c.expression(n.offset, at), c.record(n.subcon, at, _NO_RECORD, listed=False)
    ),
    m.Chain: lambda c, n, at: tree.Chain(
        c.expression(n.first, at),
        c.record(n.subcon, at, "Chain reads a Struct; put it into one"),
        n.next_field,
        n.last,
        n.align,
    ),
    m.Pooled: _Compiler.pooled,
    m.SharedText: lambda c, n, at: tree.SharedText(n.block, c.expression(n.offset, at), n.encoding),
    m.Rows: _Compiler.rows,
})  # fmt: skip
"""How each kind of node is compiled. A subclass of one may read otherwise: only these classes are known."""

_MEANINGS: Mapping[type, Callable[[_Compiler, Any, str], meanings.Meaning]] = MappingProxyType({
    m.Version: lambda c, n, at: meanings.Version(n.known, n.minor_bits, n.mask),
    m.Bounded: lambda c, n, at: meanings.Bounded(n.low, n.high),
    m.StrictEnum: lambda c, n, at: meanings.StrictEnum(n.values, n.known),
    m.StrictFlags: lambda c, n, at: meanings.StrictFlags(n.bits, n.mask),
    m.Reserved: lambda c, n, at: meanings.Reserved(),
    m.CountOf: lambda c, n, at: meanings.CountOf(n.of),
    m.LengthOf: lambda c, n, at: meanings.LengthOf(n.of, n.low, n.high, n.step),
    m.RecordSize: lambda c, n, at: meanings.RecordSize(n.of),
    m.FileSize: lambda c, n, at: meanings.FileSize(),
    m.IndexInto: lambda c, n, at: meanings.IndexInto(n.table),
    m.OffsetInto: lambda c, n, at: meanings.OffsetInto(n.of, n.align, n.unit),
    m.ChecksumOver: _Compiler.checksum_over,
    m.BelowCount: _Compiler.compared_with_fact,
    m.Understood: _Compiler.compared_with_fact,
    m.WithinLimit: _Compiler.compared_with_fact,
})  # fmt: skip
"""How each meaning is compiled. A subclass of one may refuse other numbers: only these classes are known."""
