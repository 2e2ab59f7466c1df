"""Refuse schema nodes that are too lax for a validator, or that a program cannot read.

Construct is a description language here. Many of its nodes accept what a strict validator must refuse: an
unknown enum value, trailing bytes, a swallowed error, a pointer from the end of the file. And a lambda
cannot be turned into a program. `lint` refuses a schema with such a node, and says where and what to use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import construct

from ccheck_schemas import meaning as m
from ccheck_schemas.layout.extent import oversize
from ccheck_schemas.layout.field_types import (
    FieldType,
    TypeScope,
    key_complaints,
    key_type,
    number_complaints,
    shown,
    type_of,
)
from ccheck_schemas.layout.outer import expressions_of
from ccheck_schemas.layout.size import integer_range, number_at, sizeof
from ccheck_schemas.layout.tree import bare, branches_of, leaves_of, nodes
from ccheck_schemas.vocabulary.expression import paths_in

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
    "PaddedString": "drops what follows the NUL; use Text",
    "PascalString": "has no bound on its length; use LengthOf and Text",
    "CString": "has no bound; use Text or TextToNul",
    "Prefixed": "lets bytes after its content pass; use LengthOf and Region",
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
    "BytesInteger": "has an odd size that no driver reads at once; use Int8, Int16, Int32 or Int64, or Bytes",
    "BitStruct": "reads bits, which have no place in bytes; read the integer with StrictFlags or Bounded",
    "Bitwise": "reads bits, which have no place in bytes; read the integer with StrictFlags or Bounded",
    "BitsInteger": "reads bits, which have no place in bytes; read the integer with StrictFlags or Bounded",
    "VarInt": "has several spellings of one number; use an integer of a fixed size",
    "ZigZag": "has several spellings of one number; use an integer of a fixed size",
    "Sequence": "has elements without names; use Struct",
    "FocusedSeq": "drops what it reads; use Struct",
    "Hex": "changes how a value prints; leave it away",
    "HexDump": "changes how a value prints; leave it away",
    "Tell": "is no part of the file; a record knows its place",
    "Index": "is no part of the file; a check knows the index of a record",
    "Terminated": "of Construct looks past the record; every unread byte is a finding anyway",
    "Lazy": "reads on access; name the node itself",
}
"""Nodes of Construct that a schema may not use, as authors write them, and what to use instead."""
REFUSED |= {
    f"Int24{sign}": "has three bytes; use Bytes(3), or an Int8 and an Int16 where they are two fields"
    for sign in ("ub", "ul", "un", "sb", "sl", "sn")
}
REFUSED |= dict.fromkeys(("Bit", "Nibble", "Octet"), REFUSED["BitsInteger"])

MOST_VALUES = 65_536
"""Values of one enumeration, at most."""

_LEAVES = (construct.FormatField,)
_MEANINGS = (
    m.Version, m.Bounded, m.StrictEnum, m.StrictFlags, m.Reserved, m.CountOf, m.LengthOf, m.RecordSize,
    m.FileSize, m.IndexInto, m.OffsetInto, m.ChecksumOver,
)  # fmt: skip
_UNNAMED = (m.ZeroPad, m.ZerosTo, m.ZerosToEnd)
_SAME_RECORD = (m.Region, m.ReadAt, m.Substream, m.SubstreamRest)
"""Nodes whose content sees the fields of the record that they stand in."""
_POINTED = (m.At, m.ReadAt, m.Chain)
_LISTS = (construct.Array, m.Table, m.Terminated, m.UpTo, m.UpToEnd, m.Chain)


def lint(root: construct.Construct) -> tuple[str, ...]:
    """Returns the reasons to refuse a schema, each ``place: reason``; none if it is accepted."""
    if type(root) is not construct.Struct:
        return ("schema: the top node is not a Struct",)
    if too_large := oversize(root):
        return tuple(dict.fromkeys(too_large))  # nothing else may traverse it
    linter = _Linter()
    complaints = list(linter.struct(root, "", None))
    complaints += [
        f"{place}: no {what} is named {name!r}"
        for what, name, place in linter.wanted
        if name not in linter.named[what]
    ]
    read = _names_read(root) if linter.offsets else frozenset()
    complaints += [
        f"{place}: OffsetInto says where {of!r} stands, and nothing reads it: it would never be compared;"
        f" read {of!r} by At, ReadAt or Chain, or put ZerosTo(this.{name}) in front of it"
        for name, of, place in linter.offsets
        # An offset of a record that something else leads to, one of a chain, is for a check to compare.
        if name not in read and of in linter.named["field"] - linter.named["pointed"]
    ]
    return tuple(dict.fromkeys(complaints))


class _Linter:
    """One pass over a schema. Methods yield complaints; `scope` has the fields before the node."""

    def __init__(self) -> None:
        self.named: dict[str, set[str]] = {
            kind: set() for kind in ("table", "pool", "block", "field", "pointed")
        }
        self.wanted: list[tuple[str, str, str]] = []
        self.offsets: list[tuple[str, str, str]] = []

    def struct(self, node: Any, place: str, above: TypeScope | None) -> Iterator[str]:
        scope = TypeScope(above)
        for sub in node.subcons:
            name = sub.name
            here = f"{place}.{name}" if place else str(name)
            inner = bare(sub)[0]
            if name is None and not isinstance(inner, _UNNAMED):
                yield f"{place or 'schema'}: {as_written(inner)} has no name"
            elif name is not None and not _is_field_name(name, scope):
                yield f"{here}: a field's name is a new identifier that does not begin with an underscore"
            yield from self.node(sub, here, scope)
            if name is not None:
                scope.fields[name] = sub
                self.named["field"].add(name)
                if any(isinstance(leaf, _POINTED) for leaf in leaves_of(sub)):
                    self.named["pointed"].add(name)
        uses: dict[str, _Use] = {}
        for sub in node.subcons:
            for meaning in bare(sub)[1]:
                here = f"{place}.{sub.name}" if place else sub.name
                yield from self.sibling(meaning, sub.name, scope, here, uses)

    def sibling(
        self, meaning: m.Meaning, name: str, scope: TypeScope, place: str, uses: dict[str, _Use]
    ) -> Iterator[str]:
        """Yields complaints about a number that describes another field of its record; `uses`: the
        known fields.
        """
        if isinstance(meaning, m.OffsetInto):
            self.wanted.append(("field", meaning.of, place))
            self.offsets.append((name, meaning.of, place))
        if not isinstance(meaning, m.CountOf | m.LengthOf | m.RecordSize):
            return
        kind, of = type(meaning).__name__, meaning.of
        if of not in scope.fields:
            yield f"{place}: {kind} names {of!r}, which is no field of this record"
            return
        use = uses.get(of) or uses.setdefault(of, _use(scope.fields[of]))
        compared = name in use.read
        if isinstance(meaning, m.CountOf) and not (compared or use.is_list):
            yield f"{place}: CountOf names {of!r}, which is no list: the count would never be compared"
        if isinstance(meaning, m.RecordSize) and not use.is_counted:
            yield f"{place}: RecordSize names {of!r}, which is no Table or Pool"
        if isinstance(meaning, m.LengthOf) and not compared:
            yield f"{place}: LengthOf names {of!r}, whose length does not depend on it: nothing compares them"

    def node(self, node: Any, place: str, scope: TypeScope) -> Iterator[str]:
        """Yields complaints about one node at its place."""
        node, meanings = bare(node)
        for meaning in meanings:
            yield from self.meaning(meaning, node, place)
        if meanings:
            return
        match node:
            case construct.Struct() if type(node) is construct.Struct:
                yield from self.struct(node, place, scope)
            case construct.FormatField() | m.ZeroPad() | m.AnyPad() | m.ZerosToEnd() | m.TextToNul():
                return
            case construct.Const():
                yield from self.const(node, place)
            case m.OpaqueRest() | m.Rest() | m.Delimited():
                return
            case m.Substream():
                yield from self.number(node.length, place, scope)
                yield from self.node(node.subcon, place, scope)
            case m.SubstreamRest():
                yield from self.node(node.subcon, place, scope)
            case m.ReadAt():
                yield from self.number(node.position, place, scope)
                yield from self.node(node.subcon, place, scope)
            case construct.Bytes() | m.Text():
                yield from self.number(node.length, place, scope)
            case m.Strings():
                yield from self.number(node.length, place, scope)
                self.named["block"].add(node.block)
            case m.Pool():
                yield from self.number(node.count, place, scope)
                self.named["pool"].add(node.region)
            case construct.Array() | m.Table():
                yield from self.counted(node, place, scope)
            case m.Terminated() | m.UpTo() | m.UpToEnd():
                yield from self.listed(node, place, scope)
            case m.ZerosTo():
                yield from self.number(node.offset, place, scope)
            case m.Region():
                yield from self.number(node.length, place, scope)
                yield from self.node(node.subcon, place, scope)
            case construct.IfThenElse():
                yield from _at(place, number_complaints(node.condfunc, scope))
                for branch in branches_of(node):
                    yield from self.node(branch, place, scope)
            case construct.Switch():
                yield from self.switch(node, place, scope)
            case m.At() | m.Chain():
                yield from self.record_at(node, place, scope)
            case m.Pooled():
                yield from self.pooled(node, place, scope)
            case m.SharedText():
                yield from self.number(node.offset, place, scope)
                self.wanted.append(("block", node.block, place))
            case m.Rows():
                yield from self.rows(node, place, scope)
            case _ if node is construct.Pass:
                return
            case _:
                written = as_written(node)
                why = REFUSED.get(written, "is not in the vocabulary; ccheck_schemas.meaning lists what is")
                yield f"{place}: {written} {why}"

    def meaning(self, meaning: m.Meaning, leaf: Any, place: str) -> Iterator[str]:
        """Yields complaints about a meaning, and the number inside it."""
        kind = type(meaning).__name__
        if not isinstance(meaning, _MEANINGS):
            yield f"{place}: {kind} is a meaning that the reader does not know; write a check for it"
        if isinstance(meaning, m.IndexInto):
            self.wanted.append(("table", meaning.table, place))
        if isinstance(meaning, m.StrictEnum) and len(meaning.known) > MOST_VALUES:
            yield f"{place}: an enumeration of {len(meaning.known):,} values; {MOST_VALUES:,} are allowed"
        if not isinstance(leaf, _LEAVES) or leaf.fmtstr[-1] in "efd":
            yield f"{place}: {kind} wraps {as_written(leaf)}, not an integer"
        elif not _can_hold(leaf, meaning):
            low, high = integer_range(leaf)
            yield f"{place}: {kind} refuses every number from {low} to {high}, which are those of the field"

    def number(self, expression: Any, place: str, scope: TypeScope) -> Iterator[str]:
        """Yields complaints about a count, a length or an offset."""
        yield from _at(place, number_complaints(expression, scope))
        if isinstance(expression, int) and expression < 0:
            yield f"{place}: {expression} is negative"

    def const(self, node: Any, place: str) -> Iterator[str]:
        leaf = bare(node.subcon)[0]
        if node.subcon is not leaf or type(leaf) not in (construct.Bytes, construct.FormatField):
            yield f"{place}: Const is of bytes, or of an integer of 1, 2, 4 or 8 bytes"
        elif type(leaf) is construct.FormatField and leaf.fmtstr[-1] in "efd":
            yield f"{place}: Const of a floating-point number has several spellings; give its bytes"

    def counted(self, node: Any, place: str, scope: TypeScope) -> Iterator[str]:
        yield from self.number(node.count, place, scope)
        size = sizeof(node.subcon)
        if size == 0:
            yield f"{place}: elements without bytes let a count ask for endless work"
        if isinstance(node, m.Table):
            self.named["table"].add(node.table)
            if size is None or not isinstance(_record(node.subcon), construct.Struct):
                yield f"{place}: the records of a Table are Structs of one fixed size; use Array for others"
        elif FieldType.LATER in type_of(node.subcon):
            yield f"{place}: an element of an Array cannot be a pointer; put this one into a Struct"
        yield from self.node(node.subcon, f"{place}[]", scope)

    def listed(self, node: Any, place: str, scope: TypeScope) -> Iterator[str]:
        kind, record = type(node).__name__, _record(node.subcon)
        is_record = isinstance(record, construct.Struct)
        if isinstance(node, m.Terminated):
            if not is_record or not sizeof(record):
                yield f"{place}: the records of Terminated are Structs of one fixed size"
                return
            if number_at(record, node.last) is None:
                yield f"{place}: the listed record has no number {node.last!r}"
        elif not is_record or sizeof(record) == 0:
            yield f"{place}: {kind} reads Structs that take bytes"
            return
        elif isinstance(node, m.UpTo) and number_at(record, node.field) is None:
            yield f"{place}: the listed record has no number {node.field!r} at a fixed place"
        yield from self.node(record, f"{place}[]", scope)

    def switch(self, node: Any, place: str, scope: TypeScope) -> Iterator[str]:
        complaints = tuple(key_complaints(node.keyfunc, scope))
        yield from _at(place, complaints)
        kind = None if complaints else key_type(node.keyfunc, scope)
        for case in node.cases:
            if kind is not None and not isinstance(case, _CASES[kind]):
                yield f"{place}: the case {case!r} is not {kind.value}, which {shown(node.keyfunc)} is"
        for branch in branches_of(node):
            yield from self.node(branch, place, scope)

    def record_at(self, node: Any, place: str, scope: TypeScope) -> Iterator[str]:
        kind, record = type(node).__name__, _record(node.subcon)
        yield from self.number(node.offset if isinstance(node, m.At) else node.first, place, scope)
        if not isinstance(record, construct.Struct):
            other = (
                "put it into a Struct, or read it by ReadAt" if isinstance(node, m.At) else "put it into one"
            )
            yield f"{place}: {kind} reads a Struct; {other}"
            return
        if isinstance(node, m.Chain):
            fields = {sub.name: sub for sub in record.subcons}
            for name in (node.next_field, node.last):
                if name not in fields:
                    yield f"{place}: the chained record has no field {name!r}"
                elif type_of(fields[name]) != {FieldType.INTEGER}:
                    yield f"{place}: {name!r} of the chained record is no integer"
        yield from self.node(record, f"{place}[]" if isinstance(node, m.Chain) else place, scope)

    def pooled(self, node: m.Pooled, place: str, scope: TypeScope) -> Iterator[str]:
        yield from self.number(node.offset, place, scope)
        yield from self.number(node.length, place, scope)
        self.wanted.append(("pool", node.region, place))
        item = node.subcon
        if type(item) not in (m.Text, construct.Bytes):
            yield f"{place}: an item of a pool is a Text or Bytes"
        elif repr(item.length) != repr(node.length):
            given, taken = shown(node.length), shown(item.length)
            yield f"{place}: the pool gives {given} bytes, and the item takes {taken}"

    def rows(self, node: m.Rows, place: str, scope: TypeScope) -> Iterator[str]:
        self.wanted.append(("table", node.table, place))
        for name in (node.first, node.count):
            if not isinstance(name, str) or name not in scope.fields:
                yield f"{place}: Rows names {name!r}, which is no field of this record before it"
            elif type_of(scope.fields[name]) != {FieldType.INTEGER}:
                yield f"{place}: Rows names {name!r}, which is no integer"


def _can_hold(leaf: Any, meaning: m.Meaning) -> bool:
    """Returns whether some number of a field satisfies a meaning."""
    low, high = integer_range(leaf)
    match meaning:
        case m.StrictEnum():
            return any(low <= value <= high for value in meaning.known)
        case m.Version() if meaning.mask == -1:
            return any(low <= value <= high for value in meaning.known)
        case m.Bounded() | m.LengthOf():
            return meaning.low <= high and meaning.high >= low
    return True


_CASES = {FieldType.INTEGER: int, FieldType.TEXT: str, FieldType.BYTES: bytes}


def _at(place: str, complaints: Iterable[str]) -> Iterator[str]:
    return (f"{place}: {complaint}" for complaint in complaints)


def _is_field_name(name: str, scope: TypeScope) -> bool:
    return name.isidentifier() and not name.startswith("_") and name not in scope.fields


def _record(node: Any) -> Any:
    while isinstance(node, construct.Renamed):
        node = node.subcon
    return node


@dataclass(frozen=True, slots=True)
class _Use:
    """How the numbers of a record use one of its fields.

    read: the numbers that its extent depends on. is_list: whether it may be a list. is_counted: whether it
    may be
    a table or a pool.
    """

    read: frozenset[str]
    is_list: bool
    is_counted: bool


def _names_read(root: Any) -> frozenset[str]:
    """Returns the names of all fields that an expression, or the link of a Chain, reads."""
    found = set()
    for node in nodes(root):
        found |= {path[-1] for expression in expressions_of(node) for path in paths_in(expression)}
        if isinstance(node, m.Chain):
            found.add(node.next_field)
    return frozenset(found)


def _use(node: Any) -> _Use:
    leaves = tuple(leaves_of(node))
    is_counted = any(type(leaf) in (m.Table, m.Pool) for leaf in leaves)
    return _Use(frozenset(_reads(node)), any(isinstance(leaf, _LISTS) for leaf in leaves), is_counted)


def _reads(node: Any) -> Iterator[str]:
    """Returns the numbers of the same record that the extent of a field depends on."""
    node = bare(node)[0]
    for expression in expressions_of(node):
        yield from (path[0] for path in paths_in(expression) if len(path) == 1)
    for inner in [node.subcon] if isinstance(node, _SAME_RECORD) else branches_of(node):
        yield from _reads(inner)


def as_written(node: Any) -> str:
    """Returns the name of a node as the author of a schema writes it: `Int24ul`, and not its class."""
    match node:
        case construct.StringEncoded():
            return _STRINGS.get(type(node.subcon).__name__, "StringEncoded")
        case construct.Padded() if node.subcon is construct.Pass:
            return "Padding"
        case construct.FocusedSeq() if node.parsebuildfrom == "items":
            return "PrefixedArray"
        case construct.Select() if construct.Pass in node.subcons:
            return "Optional"
        case construct.Transformed() | construct.Restreamed():
            return "BitStruct" if isinstance(node.subcon, construct.Struct) else "Bitwise"
        case m.Meaning() | construct.Renamed():
            return as_written(bare(node)[0])
    return str(_SINGLETONS.get(id(node), type(node).__name__))


_STRINGS = {
    "GreedyBytes": "GreedyString",
    "Prefixed": "PascalString",
    "NullTerminated": "CString",
    "FixedSized": "PaddedString",
}

_SINGLETONS = {
    id(node): name
    for name, node in reversed(vars(construct).items())
    if isinstance(node, construct.Construct) and not isinstance(node, construct.FormatField)
}
