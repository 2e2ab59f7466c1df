"""Refuse schema nodes that would bring Construct's laxity back, or that a program cannot read.

Construct is a description language here. Many of its nodes accept what a strict validator must not (an
unknown enum value, trailing bytes, a swallowed error, a pointer from the end of the file), and a lambda
cannot be turned into a program. A schema is refused, with the place and the remedy, when it uses one.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import construct
from construct.expr import BinExpr, Path, UniExpr

from ccheck_schemas import meaning as m
from ccheck_schemas.size import number_at, sizeof

REFUSED: dict[str, str] = {
    "GreedyRange": "swallows the error that ends it; use Array or Table with a count",
    "GreedyBytes": "takes whatever is left; give Bytes a length",
    "GreedyString": "takes whatever is left; use Text with a length",
    "RepeatUntil": "has no bound; use Chain or a count",
    "Enum": "lets unknown values pass; use StrictEnum",
    "FlagsEnum": "lets unknown bits pass; use StrictFlags",
    "Mapping": "hides the number; use StrictEnum",
    "Flag": "reads every byte but 0 as true; use StrictEnum or Bounded",
    "Padding": "does not look at the padding; use Reserved or ZeroPad",
    "Padded": "does not look at the padding; use Region or ZeroPad",
    "Aligned": "does not look at the padding; use ZeroPad",
    "FixedSized": "lets a short content pass; use Region",
    "NullTerminated": "has no bound; use Text",
    "NullStripped": "drops bytes; use Text",
    "PaddedString": "drops what stands behind the NUL; use Text",
    "PascalString": "has no bound on its length; use LengthOf and Text",
    "CString": "has no bound; use Text or TextToNul",
    "Prefixed": "lets bytes behind its content pass; use LengthOf and Region",
    "PrefixedArray": "has no bound on its count; use CountOf and Array or Table",
    "Pointer": "reads a negative offset from the end of the file; use At, Chain or Pooled",
    "Peek": "swallows errors",
    "Seek": "moves without a bound; use At, Chain or Pooled",
    "Optional": "swallows errors; use If with a field",
    "Select": "swallows errors; use Switch with a field",
    "Union": "gives bytes two owners",
    "Rebuild": "does not verify what it read; use CountOf, LengthOf or FileSize",
    "Default": "does not verify what it read",
    "Checksum": "takes functions; use ChecksumOver",
    "Computed": "is no part of the file; compute it in a check",
    "Check": "takes a function and has no place; write a check",
    "Probe": "prints",
    "StopIf": "ends a record silently; use If",
    "LazyBound": "lets a file choose the depth of recursion",
    "RawCopy": "gives bytes two owners",
    "ExprAdapter": "takes functions",
    "ExprValidator": "takes functions; use Bounded or write a check",
    "OneOf": "takes any container; use StrictEnum",
    "NoneOf": "takes any container; write a check",
}
"""Nodes of Construct that a schema may not use, and what to use instead."""

_LEAVES = (construct.FormatField,)
_SHAPES = (
    construct.Struct,
    construct.Array,
    construct.IfThenElse,
    construct.Switch,
    m.Table,
    m.Terminated,
    m.UpTo,
    m.UpToEnd,
    m.Region,
    m.At,
    m.Chain,
)
_WITHOUT_ARGUMENTS = (
    construct.Const, m.ZeroPad, m.AnyPad, m.ZerosToEnd, m.TextToNul, m.OpaqueRest, m.Rest, m.Delimited,
)  # fmt: skip
_OPERATORS = {
    operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod, operator.and_, operator.or_,
    operator.rshift, operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge,
}  # fmt: skip


def lint(root: construct.Construct) -> tuple[str, ...]:
    """All reasons for which a schema is refused, each ``place: reason``; empty when it is accepted."""
    if not isinstance(root, construct.Struct):
        return ("schema: the top node is not a Struct",)
    linter = _Linter()
    complaints = list(linter.struct(root, "", set()))
    complaints += [
        f"{place}: no {what} is named {name!r}"
        for what, name, place in linter.wanted
        if name not in linter.named[what]
    ]
    return tuple(complaints)


class _Linter:
    """One walk over a schema."""

    def __init__(self) -> None:
        self.named: dict[str, set[str]] = {kind: set() for kind in ("table", "pool", "block", "field")}
        self.wanted: list[tuple[str, str, str]] = []
        self.open: set[int] = set()

    def struct(self, node: Any, place: str, above: set[str]) -> Iterator[str]:
        if id(node) in self.open:
            yield f"{place}: a struct that holds itself lets a file choose the depth of recursion"
            return
        self.open.add(id(node))
        names: set[str] = set()
        for sub in node.subcons:
            name = sub.name
            here = f"{place}.{name}" if place else str(name)
            inner = sub.subcon if isinstance(sub, construct.Renamed) else sub
            if name is None and not isinstance(inner, m.ZeroPad | m.ZerosTo | m.ZerosToEnd):
                yield f"{place or 'schema'}: a {type(inner).__name__} has no name"
            elif name is not None and (not name.isidentifier() or name.startswith("_") or name in names):
                yield f"{here}: a field's name is a new identifier that does not begin with an underscore"
            yield from self.node(inner, here, names | above)
            if name is not None:
                names.add(name)
                self.named["field"].add(name)
        every = names | above
        for sub in node.subcons:
            inner = sub
            while isinstance(inner, construct.Renamed | m.Meaning):
                if isinstance(inner, m.OffsetInto):
                    self.wanted.append(("field", inner.of, f"{place}.{sub.name}"))
                if isinstance(inner, m.CountOf | m.LengthOf | m.RecordSize) and inner.of not in every:
                    kind = type(inner).__name__
                    yield f"{place}.{sub.name}: {kind} names {inner.of!r}, which is no field here"
                inner = inner.subcon
        self.open.discard(id(node))

    def node(self, node: Any, place: str, names: set[str]) -> Iterator[str]:
        while isinstance(node, construct.Renamed):
            node = node.subcon
        kind = type(node).__name__
        if isinstance(node, m.Meaning):
            if isinstance(node, m.IndexInto):
                self.wanted.append(("table", node.table, place))
            inner = node.subcon
            while isinstance(inner, construct.Renamed | m.Meaning):
                inner = inner.subcon
            if not isinstance(inner, _LEAVES) or "f" in inner.fmtstr or "d" in inner.fmtstr:
                yield f"{place}: {kind} stands around {type(inner).__name__}, not around an integer"
        elif isinstance(node, construct.Struct):
            yield from self.struct(node, place, names)
        elif isinstance(node, construct.Array | m.Table | m.Pool):
            yield from self.expression(node.count, place, names)
            if isinstance(node, m.Pool):
                self.named["pool"].add(node.region)
                return
            size = sizeof(node.subcon)
            if size == 0:
                yield f"{place}: elements without bytes let a count ask for endless work"
            if isinstance(node, m.Table):
                self.named["table"].add(node.table)
                if size is None or not isinstance(_bare(node.subcon), construct.Struct):
                    yield f"{place}: the records of a Table are Structs of one fixed size"
            yield from self.node(node.subcon, f"{place}[]", names)
        elif isinstance(node, m.UpTo | m.UpToEnd):
            record = _bare(node.subcon)
            if not isinstance(record, construct.Struct) or sizeof(record) == 0:
                yield f"{place}: {kind} reads Structs that take bytes"
                return
            if isinstance(node, m.UpTo) and number_at(record, node.field) is None:
                yield f"{place}: the listed record has no number {node.field!r} at a fixed place"
            yield from self.node(record, f"{place}[]", names)
        elif isinstance(node, m.ZerosTo):
            yield from self.expression(node.offset, place, names)
        elif isinstance(node, m.Strings):
            yield from self.expression(node.length, place, names)
            self.named["block"].add(node.block)
        elif isinstance(node, m.SharedText):
            yield from self.expression(node.offset, place, names)
            self.wanted.append(("block", node.block, place))
        elif isinstance(node, m.Terminated):
            record = _bare(node.subcon)
            if not isinstance(record, construct.Struct) or not sizeof(record):
                yield f"{place}: the records of Terminated are Structs of one fixed size"
                return
            if number_at(record, node.last) is None:
                yield f"{place}: the listed record has no number {node.last!r}"
            yield from self.node(record, f"{place}[]", names)
        elif isinstance(node, construct.IfThenElse):
            yield from self.expression(node.condfunc, place, names)
            for sub in (node.thensubcon, node.elsesubcon):
                yield from self.node(sub, place, names)
        elif isinstance(node, construct.Switch):
            yield from self.expression(node.keyfunc, place, names)
            for sub in (*node.cases.values(), node.default):
                yield from self.node(sub, place, names)
        elif isinstance(node, m.Text | construct.Bytes):
            yield from self.expression(node.length, place, names)
        elif isinstance(node, m.Region | m.Substream):
            yield from self.expression(node.length, place, names)
            yield from self.node(node.subcon, place, names)
        elif isinstance(node, m.SubstreamRest):
            yield from self.node(node.subcon, place, names)
        elif isinstance(node, m.ReadAt):
            yield from self.expression(node.position, place, names)
            yield from self.node(node.subcon, place, names)
        elif isinstance(node, m.At | m.Chain):
            yield from self.expression(node.offset if isinstance(node, m.At) else node.first, place, names)
            record = _bare(node.subcon)
            if not isinstance(record, construct.Struct):
                yield f"{place}: {kind} reads a Struct"
                return
            if isinstance(node, m.Chain):
                fields = {sub.name for sub in record.subcons}
                for name in (node.next_field, node.last):
                    if name not in fields:
                        yield f"{place}: the chained record has no field {name!r}"
            yield from self.node(record, f"{place}[]" if isinstance(node, m.Chain) else place, names)
        elif isinstance(node, m.Pooled):
            yield from self.expression(node.offset, place, names)
            yield from self.expression(node.length, place, names)
            self.wanted.append(("pool", node.region, place))
            if type(node.subcon) not in (m.Text, construct.Bytes):
                yield f"{place}: an item of a pool is a Text or Bytes"
        elif isinstance(node, m.Rows):
            self.wanted.append(("table", node.table, place))
            for name in (node.first, node.count):
                if not isinstance(name, str) or name not in names:
                    yield f"{place}: Rows names {name!r}, which is no field before it"
        elif kind in REFUSED:
            yield f"{place}: {kind} {REFUSED[kind]}"
        elif not isinstance(node, (*_LEAVES, *_WITHOUT_ARGUMENTS)) and node is not construct.Pass:
            yield f"{place}: {kind} is not in the vocabulary; ccheck_schemas.meaning lists what is"

    def expression(self, expression: Any, place: str, names: set[str]) -> Iterator[str]:
        match expression:
            case int():
                return
            case Path():
                path = m.field_path(expression)
                if not path:
                    yield f"{place}: {expression} is not a field"
                elif path[0] not in names and not path[0].startswith("_"):
                    yield f"{place}: {expression} is no field before it"
            case BinExpr():
                if expression.op not in _OPERATORS:
                    yield f"{place}: the operator of {expression} can make numbers without bound"
                if expression.op in (operator.floordiv, operator.mod) and not (
                    isinstance(expression.rhs, int) and expression.rhs > 0
                ):
                    yield f"{place}: {expression} divides by something that is not a positive number"
                yield from self.expression(expression.lhs, place, names)
                text = isinstance(expression.rhs, str) and expression.op in (operator.eq, operator.ne)
                if not text:
                    yield from self.expression(expression.rhs, place, names)
            case UniExpr():
                yield from self.expression(expression.operand, place, names)
            case _:
                yield f"{place}: {expression!r} is a function; use an int or a `this` expression"


def _bare(node: Any) -> Any:
    while isinstance(node, construct.Renamed):
        node = node.subcon
    return node
