"""A small file made from a schema alone: all its records in their smallest form, with correct sizes.

It need not satisfy checks beyond the layout; a search repairs that with the help of a validator. Numbers are
the smallest that their meanings allow. The random numbers decide which conditional parts exist.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import construct

from ccheck_schemas import meaning as m
from ccheck_schemas.layout.size import integer_range
from ccheck_schemas.layout.tree import bare
from ccheck_schemas.model.runs import branches, choices, condition, slope, variable, variables
from ccheck_schemas.vocabulary.expression import Unresolved, resolve

MOST = 1 << 12
"""Bytes of one field, and elements of one list, at most; a file that needs more is incomplete."""

STEPS = (1, 4, 8)
"""Possible alignments of a block at an offset of its own."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def minimal_file(root: construct.Construct, random: Random) -> bytes:
    """Returns a file of at most a few kilobytes, the same for the same random numbers.

    Args:
        root: The schema.
        random: Decides what the schema leaves open.
    """
    return _MinimalFile(random).run(root)


@dataclass(slots=True)
class _Grown:
    """A record while it is written: its values, and the places of its numbers in the file."""

    above: _Grown | None
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, tuple[int, Any]] = field(default_factory=dict)

    def find(self, path: tuple[str, ...]) -> tuple[_Grown, str] | None:
        """Returns the record and the name of the number at the end of a path."""
        grown: Any = self
        for name in path[:-1]:
            if name == "_root":
                while grown.above is not None:
                    grown = grown.above
            else:
                grown = grown.above if name == "_" else grown.values.get(name)
            if not isinstance(grown, _Grown):
                return None
        return (grown, path[-1]) if path and path[-1] in grown.places else None

    def context(self) -> dict[str, Any]:
        """Returns the values for expressions."""
        found = {k: v.context() if isinstance(v, _Grown) else v for k, v in self.values.items() if k != "_"}
        top = self
        while top.above is not None:
            top = top.above
        found["_"] = found if self.above is None else self.above.scalars()
        found["_root"] = found if top is self else top.scalars()
        return found

    def scalars(self) -> dict[str, Any]:
        """Returns the numbers and texts alone, and those of the records around."""
        found: dict[str, Any] = {k: v for k, v in self.values.items() if isinstance(v, int | str)}
        found["_"] = found if self.above is None else self.above.scalars()
        return found


class _MinimalFile:
    """One file while it is written, from its start to its end."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.out = bytearray()
        self.deferred: list[Callable[[], None]] = []
        self.pooled: dict[str, list[tuple[m.Pooled, _Grown]]] = {}
        self.shared: dict[str, list[tuple[m.SharedText, _Grown]]] = {}
        self.rows: dict[str, int] = {}
        self.takers: dict[str, list[tuple[_Grown, m.Rows]]] = {}
        self.counts: list[tuple[_Grown, str, str]] = []
        self.fix_ups: list[tuple[m.Meaning, int, construct.FormatField]] = []
        self.lists: dict[tuple[int, str], int] = {}
        self.texts = 0

    def run(self, root: construct.Struct) -> bytes:
        """Returns the whole file."""
        top = _Grown(None)
        self.struct(root, top)
        for step in self.deferred:  # grows during the loop
            step()
        for grown, name, of in self.counts:
            if (id(grown), of) in self.lists:
                self.patch(grown, (name,), self.lists[id(grown), of])
        self.share()
        for meaning, at, leaf in sorted(self.fix_ups, key=lambda fix: isinstance(fix[0], m.ChecksumOver)):
            value = len(self.out)
            if isinstance(meaning, m.ChecksumOver):
                value = zlib.crc32(memoryview(self.out)[meaning.start :])
            self.out[at : at + leaf.length] = leaf.build(value)
        return bytes(self.out)

    # -- numbers

    def patch(self, grown: _Grown, path: tuple[str, ...] | None, amount: int, expression: Any = None) -> None:
        """Sets the number that an expression reads, so that the expression gives this amount."""
        found = grown.find(path) if path else None
        if found is None or path is None:
            return
        owner, name = found
        value = amount
        if expression is not None:
            line = slope(expression, path, 0)
            value = amount if line is None else (amount - line[0]) * line[2] // line[1]
        at, leaf = owner.places[name]
        try:
            self.out[at : at + leaf.length] = leaf.build(value)
        except construct.ConstructError:
            return  # the number is too large for its field: the file stays as it is, and a check will say so
        owner.values[name] = value

    def integer(
        self,
        leaf: construct.FormatField,
        meanings: tuple[m.Meaning, ...],
        grown: _Grown,
        name: str,
    ) -> None:
        value = 0
        at = len(self.out)
        least, most = integer_range(leaf)
        for meaning in meanings:
            match meaning:
                case m.Version():
                    value = self.random.choice(meaning.known)
                case m.StrictEnum():
                    known = sorted(v for v in meaning.known if least <= v <= most)
                    value = known[0] if self.random.random() < 0.5 else self.random.choice(known)
                case m.Bounded() | m.LengthOf():
                    value = max(value, meaning.low)
                case m.FileSize() | m.ChecksumOver():
                    self.fix_ups.append((meaning, at, leaf))
                case m.RecordSize():
                    self.counts.append((grown, name, f"size of {meaning.of}"))
            if isinstance(meaning, m.CountOf):
                self.counts.append((grown, name, meaning.of))
        value = min(max(value, least), most)
        grown.values[name] = value
        grown.places[name] = (at, leaf)
        self.out += leaf.build(value)

    # -- nodes

    def struct(self, node: construct.Struct, grown: _Grown, pick: Any = None) -> None:
        for sub in bare(node)[0].subcons:
            self.node(sub, sub.name or "", grown, pick)

    def node(self, node: Any, name: str, grown: _Grown, pick: Any = None) -> None:
        node, meanings = bare(node)
        if choices(node):
            self.choose(node, name, grown, pick)
            return
        match node:
            case construct.FormatField():
                self.integer(node, meanings, grown, name)
            case construct.Const():
                self.out += node.build(None)
            case construct.Struct():
                inner = grown.values[name] = _Grown(grown)
                self.struct(node, inner, pick)
            case m.Text() | construct.Bytes():
                self.text(node, name, grown)
            case m.ZeroPad() | m.AnyPad():
                self.out += bytes(min(-len(self.out) % node.align, MOST))
            case m.ZerosTo():
                self.out += bytes(-len(self.out) % self.random.choice(STEPS))
                self.patch(grown, variable(node.offset), len(self.out), node.offset)
            case m.TextToNul():
                # Often empty: the top of a tree has no name.
                self.out += (self.words(m.Text(0)) if self.random.random() < 0.5 else b"") + b"\0"
            case m.SharedText():
                self.shared.setdefault(node.block, []).append((node, grown))
            case m.Strings():
                self.strings(node, grown)
            case m.UpTo() | m.UpToEnd():
                self.up_to(node, grown)
            case m.Region() | m.Substream():
                start = len(self.out)
                self.node(node.subcon, name, grown, pick)
                self.patch(grown, variable(node.length), len(self.out) - start, node.length)
            case m.SubstreamRest():
                self.node(node.subcon, name, grown, pick)
            case m.Rest() | m.OpaqueRest() | m.Delimited():
                self.out += self.words(node) + getattr(node, "terminator", b"")
            case m.Table() | construct.Array():
                self.many(node, name, grown)
            case m.Pool():
                self.pool(node, name, grown)
            case m.Pooled():
                self.pooled.setdefault(node.region, []).append((node, grown))
            case m.Rows():
                self.takers.setdefault(node.table, []).append((grown, node))
            case m.Terminated():
                self.terminated(node, name, grown)
            case m.Chain():
                self.deferred.append(lambda: self.chain(node, name, grown))
            case m.At():
                self.deferred.append(lambda: self.record_at(node, grown))

    def choose(self, node: Any, name: str, grown: _Grown, pick: Any) -> None:
        """Writes a branch.

        It is the picked one; the present one if its own length says whether it exists; else the one that the
        numbers
        choose.
        """
        if isinstance(node, construct.Switch):
            key = pick if pick is not None and pick in node.cases else self.random.choice(tuple(node.cases))
            path = variable(node.keyfunc)
            if path is not None and isinstance(key, int) and (pick is not None or self.random.random() < 0.5):
                self.patch(grown, path, key)
            key = self.known(node.keyfunc, grown)
            self.node(node.cases.get(key, node.default), name, grown)
            return
        inner = [_length(branch) for branch in branches(node)]
        lengths = {path for path in map(variable, inner) if path is not None}
        pointers = any(isinstance(branch, m.Pooled | m.At) for branch in branches(node))
        if lengths & variables(condition(node)):
            if pick is not False and (not pointers or self.random.random() < 0.3):
                self.node(node.thensubcon, name, grown, pick)
            return
        chosen = node.thensubcon if self.known(condition(node), grown) else node.elsesubcon
        self.node(chosen, name, grown, pick)

    def known(self, expression: Any, grown: _Grown) -> Any:
        """Returns the value of an expression over the numbers and texts so far.

        None if it needs bytes or a list, which are not kept.
        """
        try:
            return resolve(expression, grown.context())
        except Unresolved:
            return None

    def text(self, node: m.Text | construct.Bytes, name: str, grown: _Grown) -> None:
        raw = self.words(node)
        if callable(node.length):
            line = variable(node.length)
            self.patch(grown, line, len(raw), node.length)
        else:
            raw = bytes(min(node.length, MOST))
        if isinstance(node, m.Text):
            grown.values[name] = raw.decode(node.encoding, "replace")
        self.out += raw + bytes(_behind(node))

    def words(self, node: Any) -> bytes:
        """Returns a short text, each time another; eight bytes for a node without an encoding."""
        self.texts += 1
        encoding = getattr(node, "encoding", None)
        if encoding is None:
            return self.texts.to_bytes(8, "little")
        word, number = "", self.texts
        while number:
            number, digit = divmod(number - 1, len(LETTERS))
            word = LETTERS[digit] + word
        return word.encode(encoding)

    def many(self, node: m.Table | construct.Array, name: str, grown: _Grown) -> None:
        """Writes the records of a table or an array."""
        low = max(1, node.low) if isinstance(node, m.Table) else 1
        number = low + self.random.choice((0, 0, 0, 1, 2))
        if not callable(node.count):
            number = int(node.count)
        number = min(number, MOST)
        start = len(self.out)
        for _ in range(number):
            holder = _Grown(grown)
            if isinstance(bare(node.subcon)[0], construct.Struct):
                self.struct(node.subcon, holder)
            else:
                self.node(node.subcon, "", holder)
        self.patch(grown, variable(node.count), number, node.count)
        self.lists[id(grown), name] = number
        self.lists[id(grown), f"size of {name}"] = (len(self.out) - start) // number if number else 0
        if isinstance(node, m.Table):
            self.rows.setdefault(node.table, number)

    def terminated(self, node: m.Terminated, name: str, grown: _Grown) -> None:
        """Writes a list that ends with a record of zeros.

        It has one record if that names another, which gives it its mark; else none.
        """
        start = len(self.out)
        self.struct(node.subcon, _Grown(grown))
        size = len(self.out) - start
        named = any(isinstance(branch, m.At) for branch in _deep(bare(node.subcon)[0]))
        self.out += bytes(size) if named else b""
        self.lists[id(grown), name] = int(named)

    def pool(self, node: m.Pool, name: str, grown: _Grown) -> None:
        """Writes a pool with an item for each record so far that names one."""
        start = len(self.out)
        for item, owner in self.pooled.pop(node.region, []):
            self.out += bytes(min(-len(self.out) % item.align, MOST))
            raw = self.words(bare(item.subcon)[0])
            self.patch(owner, variable(item.offset), len(self.out), item.offset)
            self.patch(owner, variable(item.length), len(raw), item.length)
            self.out += raw + bytes(_behind(bare(item.subcon)[0]))
        self.patch(grown, variable(node.count), len(self.out) - start, node.count)
        self.lists[id(grown), f"size of {name}"] = 1

    def strings(self, node: m.Strings, grown: _Grown) -> None:
        """Writes a block with a text for each record so far that names one."""
        start = len(self.out)
        for item, owner in self.shared.pop(node.block, []):
            self.patch(owner, variable(item.offset), len(self.out) - start, item.offset)
            self.out += self.words(m.Text(0, encoding=item.encoding)) + b"\0"
        self.patch(grown, variable(node.length), len(self.out) - start, node.length)

    def up_to(self, node: m.UpTo | m.UpToEnd, grown: _Grown) -> None:
        """Writes a few records of different kinds, and the one that ends the list."""
        record = bare(node.subcon)[0]
        switches = [branch for branch in _deep(record) if isinstance(branch, construct.Switch)]
        keys = [key for switch in switches for key in switch.cases] or [None]
        picks = [self.random.choice(keys) for _ in range(self.random.choice((1, 2, 2, 3)))]
        if isinstance(node, m.UpTo):
            picks = [*(pick for pick in picks if pick != node.value), node.value]
        for pick in picks:
            self.struct(record, _Grown(grown), pick)

    def chain(self, node: m.Chain, name: str, grown: _Grown) -> None:
        """Writes the records of a chain, with a random subset of the kinds of body."""
        record = bare(node.subcon)[0]
        keys = [
            key for branch in _deep(record) if isinstance(branch, construct.Switch) for key in branch.cases
        ]
        picks: list[Any] = [key for key in keys if self.random.random() < 0.6]
        if not keys:
            picks = [None] * (0 if self.random.random() < 0.4 else 1)
        if node.last != node.next_field:
            picks.append(False)
        self.out += bytes(min(-len(self.out) % node.align, MOST))
        before: _Grown | None = None
        for pick in picks:
            at = len(self.out)
            if before is None:
                self.patch(grown, variable(node.first), at, node.first)
            else:
                self.patch(before, (node.next_field,), at)
            before = _Grown(grown)
            self.struct(record, before, pick)
            # The records that this one points to follow it directly.
        self.lists[id(grown), name] = len(picks)

    def record_at(self, node: m.At, grown: _Grown) -> None:
        """Writes a record at an offset."""
        at = len(self.out)
        self.struct(node.subcon, _Grown(grown))
        self.patch(grown, variable(node.offset), at, node.offset)

    def share(self) -> None:
        """Hands out the rows of each table: one for each taker, and the rest for the last."""
        for table, takers in self.takers.items():
            rows = self.rows.get(table, 0)
            for i, (grown, node) in enumerate(takers):
                first = min(i, rows)
                number = max(0, rows - first) if i == len(takers) - 1 else min(1, rows - first)
                self.patch(grown, (node.first,), first)
                self.patch(grown, (node.count,), number)


def _length(node: Any) -> Any:
    """Returns the expression of a node's length or count; 0 if it has none."""
    if isinstance(node, m.Text | construct.Bytes | m.Region | m.Substream | m.Pooled):
        return node.length
    return node.count if isinstance(node, m.Table | m.Pool | construct.Array) else 0


def _behind(node: Any) -> int:
    return node.unit if isinstance(node, m.Text) and node.terminator == "behind" else 0


def _deep(node: construct.Construct) -> Iterator[construct.Construct]:
    """Yields all nodes of a record itself."""
    for branch in branches(node):
        yield branch
        if isinstance(branch, construct.Struct):
            for sub in branch.subcons:
                yield from _deep(sub)
        elif isinstance(branch, m.Region | m.Substream | m.SubstreamRest):
            yield from _deep(branch.subcon)
