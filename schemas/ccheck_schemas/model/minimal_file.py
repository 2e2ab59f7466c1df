"""A small file built from a schema only: all its records in their smallest form, with correct sizes.

It need not satisfy checks beyond the layout; a search repairs that with the help of a validator. Numbers are
the smallest that their meanings allow. The random numbers decide which conditional parts exist.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, assert_never

from ccheck_schemas.checksum import in_order
from ccheck_schemas.layout import meanings, tree
from ccheck_schemas.layout.expression import (
    Expression,
    Literal,
    Path,
    Unresolved,
    only_path,
    paths_in,
    resolve,
    stated,
)
from ccheck_schemas.layout.size import row_size
from ccheck_schemas.model.allowed_numbers import NoAllowedNumber, allows, least_allowed
from ccheck_schemas.model.bit_numbers import number_with
from ccheck_schemas.model.fix_up import fix_up
from ccheck_schemas.model.runs import Sized, branch_of, branches, condition, slope
from ccheck_schemas.read import read

_Pick = int | str | bytes | None
"""The key of a branch; None leaves it to the random numbers."""

MOST = 1 << 12
"""Bytes of one field, and elements of all lists, at most; a file that needs more is incomplete."""

STEPS = (1, 4, 8)
"""Possible alignments of a block at an offset of its own."""

_TRIES = 8
"""Files that are tried as the content of an envelope whose length is restricted."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def minimal_file(layout: tree.Struct, random: Random) -> bytes:
    """Returns a file of at most a few kilobytes, the same for the same random numbers.

    Args:
        layout: The layout of a format.
        random: Decides what the schema leaves open.

    Raises:
        NoAllowedNumber: The meanings of a number contradict each other, or no number was found for them.
    """
    return _MinimalFile(random).run(layout)


@dataclass(slots=True)
class _Grown:
    """A record while it is written: its values, and the places of its numbers in the file."""

    above: _Grown | None
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, tuple[int, tree.Stored | tree.Float]] = field(default_factory=dict)
    computed: dict[str, tree.Computed] = field(default_factory=dict)

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
        known = path and (path[-1] in grown.places or path[-1] in grown.computed)
        return (grown, path[-1]) if known else None

    def context(self) -> dict[str, Any]:
        """Returns the values for expressions."""
        found = {k: v.context() if isinstance(v, _Grown) else v for k, v in self.values.items() if k != "_"}
        top = self
        while top.above is not None:
            top = top.above
        found["_"] = found if self.above is None else self.above.scalars()
        found["_root"] = found if top is self else top.scalars()
        self.compute(found)
        return found

    def compute(self, found: dict[str, Any]) -> None:
        """Adds the numbers that follow from others, as these are now."""
        for name, node in self.computed.items():
            try:
                found[name] = resolve(node.value, found)
            except Unresolved:
                found[name] = None

    def scalars(self) -> dict[str, Any]:
        """Returns its numbers and texts, and those of the records around."""
        found: dict[str, Any] = {k: v for k, v in self.values.items() if isinstance(v, int | str)}
        found["_"] = found if self.above is None else self.above.scalars()
        self.compute(found)
        return found


class _MinimalFile:
    """One file while it is written, from its start to its end."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.out = bytearray()
        self.deferred: list[Callable[[], None]] = []
        self.pooled: dict[str, list[tuple[tree.Pooled, _Grown]]] = {}
        self.shared: dict[str, list[tuple[tree.SharedText, _Grown]]] = {}
        self.rows: dict[str, int] = {}
        self.takers: dict[str, list[tuple[_Grown, tree.Rows]]] = {}
        self.counts: list[tuple[_Grown, str, str]] = []
        self.fix_ups: list[tuple[meanings.FileSize | meanings.ChecksumOver, int, tree.Stored]] = []
        self.lists: dict[tuple[int, str], int] = {}
        self.texts = 0
        self.elements = 0

    def run(self, layout: tree.Struct) -> bytes:
        """Returns the whole file."""
        top = _Grown(None)
        self.struct(layout, top)
        for step in self.deferred:  # grows during the loop
            step()
        for grown, name, of in self.counts:
            if (id(grown), of) in self.lists:
                self.patch(grown, (name,), self.lists[id(grown), of])
        self.share()
        for _, at, leaf in (one for one in self.fix_ups if isinstance(one[0], meanings.FileSize)):
            self.put(at, leaf, len(self.out))
        if any(isinstance(one, meanings.ChecksumOver) and one.bounds for one, _, _ in self.fix_ups):
            return fix_up(bytes(self.out), read(layout, bytes(self.out)), sizes=False)
        sums = [
            (one.checksum, at, leaf)
            for one, at, leaf in self.fix_ups
            if isinstance(one, meanings.ChecksumOver)
        ]
        for checksum, at, leaf in in_order(sums):
            self.put(at, leaf, checksum.over(self.out, at))
        return bytes(self.out)

    # -- numbers

    def patch(
        self, grown: _Grown, path: tuple[str, ...] | None, amount: int, expression: Expression | None = None
    ) -> None:
        """Sets the number that an expression reads, so that the expression gives this amount."""
        found = grown.find(path) if path else None
        if found is None or path is None:
            return
        owner, name = found
        if name in owner.computed:
            self.patch_computed(owner, owner.computed[name].value, amount)
            return
        value = amount
        if expression is not None:
            line = slope(expression, path, 0)
            value = amount if line is None else _value(line, amount)
        if self.put(*owner.places[name], value):
            owner.values[name] = value

    def patch_computed(self, grown: _Grown, expression: Expression, amount: int) -> None:
        """Sets the field whose bits an expression reads, so that they are this amount."""
        path = only_path(expression)
        found = grown.find(path) if path else None
        if found is None or path is None or found[1] not in found[0].places:
            return
        owner, name = found
        number = number_with(expression, path, owner.values[name], amount)
        if number is not None and self.put(*owner.places[name], number):
            owner.values[name] = number

    def put(self, at: int, leaf: tree.Stored | tree.Float, value: int) -> bool:
        """Sets a number; returns False if its field cannot have it, which a check will say of the file."""
        try:
            packed = leaf.packer.pack(value)
        except struct.error:
            return False
        self.out[at : at + leaf.size] = packed
        return True

    def allowed(self, grown: _Grown, expression: Expression, amount: int) -> bool:
        """Returns whether the number that an expression reads is allowed to give this amount."""
        path = only_path(expression)
        found = grown.find(path) if path else None
        if found is None or path is None:
            return True
        if found[1] in found[0].computed:
            node = found[0].computed[found[1]]
            return all(one.allows(amount) for one in node.meanings if isinstance(one, meanings.Restriction))
        _, leaf = found[0].places[found[1]]
        line = slope(expression, path, 0)
        if line is None or isinstance(leaf, tree.Float):
            return True
        return (amount - line[0]) * line[2] % line[1] == 0 and allows(leaf, _value(line, amount))

    def integer(
        self,
        leaf: tree.Stored,
        grown: _Grown,
        name: str,
    ) -> None:
        """Writes a number that all its meanings allow; what it counts may set it later.

        Raises:
            NoAllowedNumber: There is none, as far as a search finds.
        """
        value = 0
        at = len(self.out)
        least, most = leaf.range
        compared = any(isinstance(meaning, meanings.ComparedWithFact) for meaning in leaf.meanings)
        for meaning in leaf.meanings:
            match meaning:
                case meanings.Version():
                    value = self.random.choice(meaning.known)
                case meanings.StrictEnum():
                    known = sorted(v for v in meaning.known if least <= v <= most)
                    # Any build is likely to take the first value.
                    is_first = compared or self.random.random() < 0.5
                    value = known[0] if is_first else self.random.choice(known)
                case meanings.Bounded() | meanings.LengthOf():
                    value = max(value, meaning.low)
                case meanings.FileSize() | meanings.ChecksumOver():
                    self.fix_ups.append((meaning, at, leaf))
                case meanings.RecordSize():
                    self.counts.append((grown, name, f"size of {meaning.of}"))
                case meanings.CountOf():
                    self.counts.append((grown, name, meaning.of))
                case meanings.StrictFlags() | meanings.Reserved() | meanings.OffsetInto():
                    pass  # 0 is allowed
                case meanings.IndexInto() | meanings.ComparedWithFact():
                    pass
                case _:
                    assert_never(meaning)
        value = min(max(value, least), most)
        if not allows(leaf, value):
            found = least_allowed(leaf)
            if found is None:
                raise NoAllowedNumber(name, leaf)
            value = found
        grown.values[name] = value
        grown.places[name] = (at, leaf)
        self.out += leaf.packer.pack(value)

    # -- nodes

    def struct(self, node: tree.Struct, grown: _Grown, pick: _Pick = None) -> None:
        for inner in node.fields:
            self.node(inner.node, inner.name, grown, pick)

    def node(self, node: tree.Node, name: str, grown: _Grown, pick: _Pick = None) -> None:
        match node:
            case tree.If() | tree.Switch():
                self.choose(node, name, grown, pick)
            case tree.Integer() | tree.Digits():
                self.integer(node, grown, name)
            case tree.Float():
                grown.values[name] = 0
                grown.places[name] = (len(self.out), node)
                self.out += node.packer.pack(0)
            case tree.Const():
                self.out += node.expected
            case tree.Struct():
                inner = grown.values[name] = _Grown(grown)
                self.struct(node, inner, pick)
            case tree.Bytes() if node.names:
                self.out += self.random.choice(tuple(node.names))
            case tree.Text() | tree.Bytes() | tree.Opaque() | tree.Slot():
                self.text(node, name, grown)
            case tree.Wrapped():
                self.envelope(node, grown)
            case tree.WrappedRest():
                self.out += node.wrapping.wrap(minimal_file(node.content.layout, self.random))
            case tree.ZeroPad() | tree.AnyPad():
                self.out += bytes(min(-len(self.out) % node.align, MOST))
            case tree.ZerosTo():
                self.out += bytes(-len(self.out) % self.random.choice(STEPS))
                self.patch(grown, only_path(node.offset), len(self.out), node.offset)
            case tree.TextToNul():
                # Often empty: the top of a tree has no name.
                self.out += (self.words("utf-8") if self.random.random() < 0.5 else b"") + b"\0"
            case tree.SharedText():
                self.shared.setdefault(node.block, []).append((node, grown))
            case tree.Strings():
                self.strings(node, grown)
            case tree.UpTo() | tree.UpToEnd():
                self.up_to(node, grown)
            case tree.Region() | tree.Substream():
                start = len(self.out)
                self.node(node.inner, name, grown, pick)
                self.patch(grown, only_path(node.length), len(self.out) - start, node.length)
            case tree.SubstreamRest():
                self.node(node.inner, name, grown, pick)
            case tree.Rest():
                self.out += self.words(node.content.encoding) + node.content.terminator
            case tree.OpaqueRest():
                self.out += self.words(None)
            case tree.Delimited():
                self.out += self.words(node.encoding) + node.terminator
            case tree.Table() | tree.Array():
                self.many(node, name, grown)
            case tree.Pool():
                self.pool(node, name, grown)
            case tree.Pooled():
                self.pooled.setdefault(node.region, []).append((node, grown))
            case tree.Rows():
                self.takers.setdefault(node.table, []).append((grown, node))
            case tree.Terminated():
                self.terminated(node, name, grown)
            case tree.Chain():
                self.deferred.append(lambda: self.chain(node, name, grown))
            case tree.At():
                self.lists[id(grown), f"size of {name}"] = row_size(node) or 0
                self.deferred.append(lambda: self.record_at(node, grown))
            case tree.Computed():
                grown.computed[name] = node
                self.satisfy(node, name, grown)
            case tree.PlaceNumber():  # the file grows: no number is right yet
                grown.values[name] = len(self.out) if node.of is tree.Place.POSITION else 0
            case tree.ReadAt():  # where nothing is written yet
                self.lists[id(grown), f"size of {name}"] = row_size(node) or 0
            case tree.Nothing() | tree.ZerosToEnd():
                return
            case _:
                assert_never(node)

    def satisfy(self, node: tree.Computed, name: str, grown: _Grown) -> None:
        """Gives the fields of a computed number bits that its meanings allow."""
        restrictions = [one for one in node.meanings if isinstance(one, meanings.Restriction)]
        value = self.known(Path((name,)), grown)
        if not restrictions or (isinstance(value, int) and all(one.allows(value) for one in restrictions)):
            return
        likely = [low for one in restrictions for low in _likely(one)]
        for wanted in likely:
            if all(one.allows(wanted) for one in restrictions):
                self.patch(grown, (name,), wanted)
                return

    def choose(self, node: tree.Choice, name: str, grown: _Grown, pick: _Pick) -> None:
        """Writes a branch.

        It is the picked one; the present one if its own length says whether it exists; else the one that the
        numbers choose.
        """
        if isinstance(node, tree.Switch):
            key = pick if pick is not None and pick in node.cases else self.random.choice(tuple(node.cases))
            path = only_path(node.key)
            if path is not None and isinstance(key, int) and (pick is not None or self.random.random() < 0.5):
                self.patch(grown, path, key)
            self.node(branch_of(node, self.known(node.key, grown)), name, grown)
            return
        inner = [_length(branch) for branch in branches(node)]
        lengths = {path for path in map(only_path, inner) if path is not None}
        pointers = any(isinstance(branch, tree.Pooled | tree.At) for branch in branches(node))
        if lengths & frozenset(paths_in(condition(node))):
            if pick is not False and (not pointers or self.random.random() < 0.3):
                self.node(node.then, name, grown, pick)
            return
        chosen = node.then if self.known(condition(node), grown) else node.otherwise
        self.node(chosen, name, grown, pick)

    def known(self, expression: Expression, grown: _Grown) -> object:
        """Returns the value of an expression over the numbers and texts so far.

        None if it needs bytes or a list, which are not kept.
        """
        try:
            return resolve(expression, grown.context())
        except Unresolved:
            return None

    def text(self, node: Sized, name: str, grown: _Grown) -> None:
        """Writes text or bytes of a length that a number states, or that the schema does."""
        encoding = _encoding(node)
        raw = self.words(encoding)
        fixed = stated(node.length)
        if fixed is None:
            raw = self.fitting(raw, encoding, grown, node.length)
            self.patch(grown, only_path(node.length), len(raw), node.length)
        else:
            raw = bytes(min(fixed, MOST))
        if isinstance(node, tree.Text):
            grown.values[name] = raw.decode(node.encoding, "replace")
        self.out += raw + bytes(_behind(node))

    def envelope(self, node: tree.Wrapped, grown: _Grown) -> None:
        """Writes a file of another format, wrapped; of several, the first whose length is allowed."""
        fixed = stated(node.length)
        for _ in range(_TRIES):
            raw = node.wrapping.wrap(minimal_file(node.content.layout, self.random))
            if self.allowed(grown, node.length, len(raw)) if fixed is None else len(raw) == fixed:
                break
        self.patch(grown, only_path(node.length), len(raw), node.length)
        self.out += raw

    def words(self, encoding: str | None) -> bytes:
        """Returns a short text, each time another; eight bytes without an encoding."""
        self.texts += 1
        if encoding is None:
            return self.texts.to_bytes(8, "little")
        word, number = "", self.texts
        while number:
            number, digit = divmod(number - 1, len(LETTERS))
            word = LETTERS[digit] + word
        return word.encode(encoding)

    def fitting(self, raw: bytes, encoding: str | None, grown: _Grown, length: Expression) -> bytes:
        """Returns text or bytes of an allowed length: longer ones if need be, else shorter ones.

        They stay as they are if there is no such length.
        """
        if self.allowed(grown, length, len(raw)):
            return raw
        letter = b"\0" if encoding is None else LETTERS[0].encode(encoding)
        for size in range(len(raw) + len(letter), MOST + 1, len(letter)):
            if self.allowed(grown, length, size):
                return raw + letter * ((size - len(raw)) // len(letter))
        for size in range(len(raw) - len(letter), -1, -len(letter)):
            if self.allowed(grown, length, size):
                return raw[:size]
        return raw

    def many(self, node: tree.Table | tree.Array, name: str, grown: _Grown) -> None:
        """Writes the records of a table or an array."""
        low = max(1, node.low) if isinstance(node, tree.Table) else 1
        number = low + self.random.choice((0, 0, 0, 1, 2))
        count = stated(node.count)
        if count is None and not self.allowed(grown, node.count, number):
            others = (*range(number + 1, MOST + 1), *range(number - 1, -1, -1))
            number = next((other for other in others if self.allowed(grown, node.count, other)), number)
        number = self.elements_left(number if count is None else count)
        start = len(self.out)
        for _ in range(number):
            holder = _Grown(grown)
            element = node.record if isinstance(node, tree.Table) else node.element
            if isinstance(element, tree.Struct):
                self.struct(element, holder)
            else:
                self.node(element, "", holder)
        self.patch(grown, only_path(node.count), number, node.count)
        self.lists[id(grown), name] = number
        self.lists[id(grown), f"size of {name}"] = (len(self.out) - start) // number if number else 0
        if isinstance(node, tree.Table):
            self.rows.setdefault(node.table, number)

    def elements_left(self, number: int) -> int:
        """Returns how many of so many elements a list gets: lists inside lists multiply."""
        number = min(number, MOST - self.elements)
        self.elements += number
        return number

    def terminated(self, node: tree.Terminated, name: str, grown: _Grown) -> None:
        """Writes a list that ends with a record of zeros.

        It has one record if that names another, which gives it its mark; else none.
        """
        start = len(self.out)
        self.struct(node.record, _Grown(grown))
        size = len(self.out) - start
        named = any(isinstance(branch, tree.At) for branch in _deep(node.record))
        self.out += bytes(size) if named else b""
        self.lists[id(grown), name] = int(named)

    def pool(self, node: tree.Pool, name: str, grown: _Grown) -> None:
        """Writes a pool with an item for each record so far that names one."""
        start = len(self.out)
        for item, owner in self.pooled.pop(node.region, []):
            self.out += bytes(min(-len(self.out) % item.align, MOST))
            encoding = _encoding(item.item)
            raw = self.fitting(self.words(encoding), encoding, owner, item.length)
            self.patch(owner, only_path(item.offset), len(self.out), item.offset)
            self.patch(owner, only_path(item.length), len(raw), item.length)
            self.out += raw + bytes(item.behind)
        self.patch(grown, only_path(node.count), len(self.out) - start, node.count)
        self.lists[id(grown), f"size of {name}"] = 1

    def strings(self, node: tree.Strings, grown: _Grown) -> None:
        """Writes a block with a text for each record so far that names one."""
        start = len(self.out)
        for item, owner in self.shared.pop(node.block, []):
            self.patch(owner, only_path(item.offset), len(self.out) - start, item.offset)
            self.out += self.words(item.encoding) + b"\0"
        self.patch(grown, only_path(node.length), len(self.out) - start, node.length)

    def up_to(self, node: tree.UpTo | tree.UpToEnd, grown: _Grown) -> None:
        """Writes a few records of different kinds, and the one that ends the list."""
        record = node.record
        switches = [branch for branch in _deep(record) if isinstance(branch, tree.Switch)]
        keys: list[_Pick] = [key for switch in switches for key in switch.cases] or [None]
        picks = [self.random.choice(keys) for _ in range(self.random.choice((1, 2, 2, 3)))]
        if isinstance(node, tree.UpTo):
            picks = [*(pick for pick in picks if pick != node.value), node.value]
        for pick in picks[: self.elements_left(len(picks))]:
            self.struct(record, _Grown(grown), pick)

    def chain(self, node: tree.Chain, name: str, grown: _Grown) -> None:
        """Writes the records of a chain, with a random subset of the kinds of body."""
        record = node.record
        keys = [key for branch in _deep(record) if isinstance(branch, tree.Switch) for key in branch.cases]
        picks: list[_Pick] = [key for key in keys if self.random.random() < 0.6]
        if not keys:
            picks = [None] * (0 if self.random.random() < 0.4 else 1)
        if node.last != node.next_field:
            picks.append(False)
        picks = picks[: self.elements_left(len(picks))]
        self.out += bytes(min(-len(self.out) % node.align, MOST))
        before: _Grown | None = None
        for pick in picks:
            at = len(self.out)
            if before is None:
                self.patch(grown, only_path(node.first), at, node.first)
            else:
                self.patch(before, (node.next_field,), at)
            before = _Grown(grown)
            self.struct(record, before, pick)
            # The records that this one points to follow it directly.
        self.lists[id(grown), name] = len(picks)

    def record_at(self, node: tree.At, grown: _Grown) -> None:
        """Writes a record at the next offset that its number may have."""
        end = len(self.out)
        at = next((at for at in range(end, end + max(STEPS)) if self.allowed(grown, node.offset, at)), end)
        self.out += bytes(at - end)
        self.struct(node.record, _Grown(grown))
        self.patch(grown, only_path(node.offset), at, node.offset)

    def share(self) -> None:
        """Hands out the rows of each table: one for each taker, and the rest for the last."""
        for table, takers in self.takers.items():
            rows = self.rows.get(table, 0)
            for i, (grown, node) in enumerate(takers):
                first = min(i, rows)
                number = max(0, rows - first) if i == len(takers) - 1 else min(1, rows - first)
                self.patch(grown, (node.first,), first)
                self.patch(grown, (node.count,), number)


def _likely(meaning: meanings.Restriction) -> tuple[int, ...]:
    """Returns numbers that a meaning allows, the likeliest first."""
    match meaning:
        case meanings.StrictEnum():
            return tuple(sorted(meaning.known))
        case meanings.Version():
            return tuple(meaning.known)
        case meanings.Bounded() | meanings.LengthOf():
            return (meaning.low,)
        case meanings.StrictFlags() | meanings.Reserved() | meanings.OffsetInto():
            return (0,)
        case _:
            assert_never(meaning)


def _value(line: tuple[int, int, int], amount: int) -> int:
    """Returns the number for an amount; `line` is the base, rise and run of `slope` at 0."""
    base, rise, run = line
    return (amount - base) * run // rise


def _length(node: tree.Node) -> Expression:
    """Returns the expression of a node's length or count; 0 if it has none."""
    match node:
        case (
            tree.Text()
            | tree.Bytes()
            | tree.Opaque()
            | tree.Wrapped()
            | tree.Slot()
            | tree.Region()
            | tree.Substream()
        ):
            return node.length
        case tree.Pooled():
            return node.length
        case tree.Table() | tree.Pool() | tree.Array():
            return node.count
        case (
            tree.Integer()
            | tree.Digits()
            | tree.Float()
            | tree.Const()
            | tree.Nothing()
            | tree.Computed()
            | tree.PlaceNumber()
            | tree.Struct()
            | tree.Strings()
        ):
            return Literal(0)
        case tree.If() | tree.Switch() | tree.Terminated() | tree.UpTo() | tree.UpToEnd():
            return Literal(0)
        case (
            tree.OpaqueRest()
            | tree.WrappedRest()
            | tree.Rest()
            | tree.Delimited()
            | tree.TextToNul()
            | tree.SubstreamRest()
        ):
            return Literal(0)
        case tree.ZeroPad() | tree.AnyPad() | tree.ZerosTo() | tree.ZerosToEnd():
            return Literal(0)
        case tree.At() | tree.Chain() | tree.ReadAt() | tree.SharedText() | tree.Rows():
            return Literal(0)
        case _:
            assert_never(node)


def _encoding(node: Sized) -> str | None:
    match node:
        case tree.Text():
            return node.encoding
        case tree.Slot():
            return node.content.encoding
        case tree.Bytes() | tree.Opaque() | tree.Wrapped():
            return None
        case _:
            assert_never(node)


def _behind(node: Sized) -> int:
    return node.behind if isinstance(node, tree.Text) else 0


def _deep(node: tree.Node) -> Iterator[tree.Node]:
    """Yields all nodes of a record itself."""
    for branch in branches(node):
        yield branch
        for inner in _own(branch):
            yield from _deep(inner)


def _own(node: tree.Node) -> tuple[tree.Node, ...]:
    """Returns the nodes inside a node that belong to the same record."""
    match node:
        case tree.Struct() | tree.Region() | tree.Substream() | tree.SubstreamRest():
            return tree.inner_nodes(node)
        case tree.If() | tree.Switch():  # `branches` has their branches
            return ()
        case tree.Array() | tree.Table() | tree.Terminated() | tree.UpTo() | tree.UpToEnd():
            return ()
        case tree.At() | tree.Chain() | tree.ReadAt() | tree.Pooled() | tree.SharedText() | tree.Rows():
            return ()
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
            return ()
        case (
            tree.OpaqueRest()
            | tree.WrappedRest()
            | tree.Slot()
            | tree.Rest()
            | tree.Delimited()
            | tree.Text()
            | tree.TextToNul()
        ):
            return ()
        case tree.ZeroPad() | tree.AnyPad() | tree.ZerosTo() | tree.ZerosToEnd():
            return ()
        case tree.Pool() | tree.Strings():
            return ()
        case _:
            assert_never(node)
