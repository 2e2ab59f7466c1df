"""Write a file without faults as a recipe, by its layout: everything that it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias, assert_never

from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import integer_value, lists_in
from ccheck_schemas.layout.size import number_at, sizeof
from ccheck_schemas.read import read
from ccheck_schemas.recipe.by_layout import leaf
from ccheck_schemas.recipe.by_layout.hole import AT, GAPS, ZEROS
from ccheck_schemas.recipe.by_layout.leaf import ABSENT, as_hex
from ccheck_schemas.schema import RecipeError
from ccheck_schemas.wrapping import ContentSchema

MOST_VALUES = 4_000_000
"""Values of a recipe, at most; records that several fields name count for each of them."""

Values = dict[str, Any]
"""The fields of a record as expressions name them, with ``_`` and ``_root``."""


@dataclass(slots=True)
class _Here:
    """A record while it is described.

    Attributes:
        values: Its fields.
        index: Its index in a list; None outside of one.
        recipe: What it becomes.
        rests: How often a key for the rest of a field was used.
    """

    values: Values
    index: int | None = None
    recipe: dict[str, Any] = field(default_factory=dict)
    rests: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Taker:
    """A field that takes rows of a table: its place in the recipe."""

    recipe: dict[str, Any]
    key: str
    first: int
    count: int


@dataclass(slots=True)
class _Shared:
    """A table whose rows records take."""

    rows: list[Any]
    recipe: dict[str, Any]
    key: str


Content: TypeAlias = Callable[[ContentSchema, bytes], Any]
"""Returns the recipe of the content of an envelope. Raises `RecipeError` where none builds it."""


def as_bytes(schema: ContentSchema, data: bytes) -> Any:
    """Returns the recipe of content that is not described."""
    raise RecipeError("", f"the content of {schema.name} is not described")


def describe(layout: tree.Struct, data: bytes, content: Content = as_bytes) -> dict[str, Any]:
    """Returns the recipe of a file, with all that could be left out of it.

    Args:
        layout: The layout of its format.
        data: A file that is read by it without faults.
        content: Describes the content of envelopes; without it they are bytes.

    Raises:
        RecipeError: The recipe would be too large.
    """
    return _Description(layout, data, content).run(layout)


class _Description:
    """One walk over a file."""

    def __init__(self, layout: tree.Struct, data: bytes, content: Content) -> None:
        self._data = data
        self._content = content
        self._stream = (0, len(data))
        self._listed = _lists_read(layout)
        self._names = {node.table for node in tree.nodes(layout) if isinstance(node, tree.Rows)}
        self._tables: dict[str, _Shared] = {}
        self._takers: dict[str, list[_Taker]] = {}
        self._starts: dict[str, int] = {}
        self._texts: list[tuple[_Here, str, tree.SharedText]] = []
        self._made = 0

    def run(self, layout: tree.Struct) -> dict[str, Any]:
        """Returns the recipe."""
        values: Values = {}
        values |= {"_": values, "_root": values, "_stream": self._stream}
        here = _Here(values)
        self.fields(layout, here, 0, len(self._data))
        for name in self._names:
            self.hand_out(name)
        for record, key, node in self._texts:
            at = self._starts[node.block] + integer_value(node.offset, record.values)
            raw = self._data[at : self._data.index(b"\0", at) + 1]
            record.recipe[key] = leaf.text_words(tree.TextToNul(node.encoding), raw[:-1], raw)
        if layout.gaps is not None:
            self.gaps(layout, here.recipe)
        return here.recipe

    def gaps(self, layout: tree.Struct, recipe: dict[str, Any]) -> None:
        """Adds the bytes that no field reads, unless they are zeros in front of a part."""
        data = self._data
        found = {
            f"{AT}{start:#x}": as_hex(data[start:end])
            for start, end in read(layout, data).gaps
            if end == len(data) or any(data[start:end])
        }
        if found:
            recipe[GAPS] = found

    def hand_out(self, name: str) -> None:
        """Puts the rows of a table where records take them, if they take all of them in order."""
        table, takers = self._tables.get(name), self._takers.get(name, [])
        expected = 0
        for taker in takers:
            if taker.first != expected:
                break
            expected += taker.count
        else:
            if table is None or expected == len(table.rows):
                for taker in takers:
                    rows = [] if table is None else table.rows[taker.first : taker.first + taker.count]
                    taker.recipe[taker.key] = rows
                if table is not None:
                    del table.recipe[table.key]
                return
        for taker in takers:
            del taker.recipe[taker.key]

    def fields(self, node: tree.Struct, here: _Here, at: int, limit: int) -> int:
        """Describes the fields of a record. Returns the offset after it."""
        for part in node.fields:
            before = here.rests.get(ZEROS, 0)
            value, end = self.node(part.node, here, part.name, at, limit)
            if isinstance(part.node, tree.ZerosToEnd) and end > at and not before:
                here.recipe[ZEROS] = end - at
                here.rests[ZEROS] = 1
            if part.name and value is not ABSENT:
                here.recipe[part.name] = value
            at = end
        return at

    def record(self, node: tree.Struct, here: _Here, name: str, at: int, limit: int) -> tuple[Any, int]:
        """Describes a record inside another; expressions see it as `name`."""
        values: Values = {"_": here.values, "_root": here.values["_root"], "_stream": self._stream}
        _, opened, index = name.rpartition("[")
        inner = _Here(values, int(index[:-1]) if opened else None)
        here.values[name] = values
        end = self.fields(node, inner, at, limit)
        return inner.recipe, end

    def node(self, node: tree.Node, here: _Here, name: str, at: int, limit: int) -> tuple[Any, int]:
        """Describes one field, or one element of a list.

        Returns:
            Its value in a recipe, and the offset after it.
        """
        self._made += 1
        if self._made > MOST_VALUES:
            raise RecipeError("", f"it would have more than {MOST_VALUES:,} values")
        data, values = self._data, here.values
        match node:
            case tree.Digits():
                raw = data[at : at + node.size]
                values[name] = node.packer.number(raw)
                return leaf.digits_words(node, raw), at + node.size
            case tree.Integer():
                values[name] = node.packer.unpack_from(data, at)[0]
                return leaf.number_words(node, values[name]), at + node.size
            case tree.Float():
                return leaf.float_words(node, data[at : at + node.size]), at + node.size
            case tree.Const():
                values[name] = node.expected if node.number is None else node.number
                return ABSENT, at + len(node.expected)
            case tree.Nothing():
                values[name] = None
                return ABSENT, at
            case tree.Computed():
                values[name] = integer_value(node.value, values)
                return ABSENT, at
            case tree.PlaceNumber():
                values[name] = self.place(node, here, at, limit)
                return ABSENT, at
            case tree.Wrapped():
                return self.envelope(node, at, at + integer_value(node.length, values))
            case tree.WrappedRest():
                return self.envelope(node, at, limit)
            case tree.Bytes() | tree.Opaque():
                words, end = self.plain(here, name, at, at + integer_value(node.length, values))
                known = node.names.get(data[at:end]) if isinstance(node, tree.Bytes) else None
                return words if known is None else known, end
            case tree.Pool():
                self._starts[node.region] = at
                return self.plain(here, name, at, at + integer_value(node.count, values))
            case tree.Strings():
                self._starts[node.block] = at
                return self.plain(here, name, at, at + integer_value(node.length, values))
            case tree.OpaqueRest():
                return self.plain(here, name, at, limit)
            case tree.AnyPad():
                return self.plain(here, name, at, at + -at % node.align)
            case tree.Slot() | tree.Rest() | tree.Text() | tree.TextToNul() | tree.Delimited():
                return self.text(node, here, name, at, limit)
            case tree.ZeroPad():
                return ABSENT, at + -at % node.align
            case tree.ZerosTo():
                return ABSENT, integer_value(node.offset, values)
            case tree.ZerosToEnd():
                return ABSENT, limit
            case tree.Struct():
                return self.record(node, here, name, at, limit)
            case tree.Array():
                count = integer_value(node.count, values)
                return self.elements(node.element, here, name, at, limit, count)
            case tree.Table():
                found, end = self.elements(
                    node.record, here, name, at, limit, integer_value(node.count, values)
                )
                if node.table in self._names:
                    self._tables[node.table] = _Shared(found, here.recipe, name)
                return found, end
            case tree.Terminated() | tree.UpTo() | tree.UpToEnd():
                return self.records(node, here, name, at, limit)
            case tree.Region():
                end = at + integer_value(node.length, values)
                return self.node(node.inner, here, name, at, end)[0], end
            case tree.Substream() | tree.SubstreamRest():
                end = (
                    limit if isinstance(node, tree.SubstreamRest) else at + integer_value(node.length, values)
                )
                return self.substream(node.inner, here, name, at, end), end
            case tree.ReadAt():
                return self.read_at(node, here, name), at
            case tree.If():
                branch = node.then if node.condition.of(values) else node.otherwise
                return self.node(branch, here, name, at, limit)
            case tree.Switch():
                key: Any = node.key.of(values)
                return self.node(node.cases.get(key, node.default), here, name, at, limit)
            case tree.At():
                offset = integer_value(node.offset, values)
                if not offset:
                    values[name] = None
                    return ABSENT, at
                return self.pointed(node.record, here, name, offset), at
            case tree.Chain():
                return self.chain(node, here, name), at
            case tree.Pooled():
                start = integer_value(node.offset, values)
                end = start + integer_value(node.length, values)
                raw = data[start : end + node.behind]
                if isinstance(node.item, tree.Text):
                    return leaf.text_words(node.item, _content(node.item, raw), raw), at
                return as_hex(raw), at
            case tree.SharedText():
                here.recipe[name] = None  # its place among the keys
                self._texts.append((here, name, node))
                return ABSENT, at
            case tree.Rows():
                here.recipe[name] = None
                taker = _Taker(here.recipe, name, values[node.first], values[node.count])
                self._takers.setdefault(node.table, []).append(taker)
                return ABSENT, at
            case _:
                assert_never(node)

    def place(self, node: tree.PlaceNumber, here: _Here, at: int, limit: int) -> int | None:
        """Returns a number of a place."""
        start, end = self._stream
        match node.of:
            case tree.Place.POSITION:
                return at - start
            case tree.Place.SIZE:
                return end - start
            case tree.Place.INDEX:
                return here.index
            case tree.Place.UP_TO:
                return node.up_to(self._data, at, limit)
            case _:
                assert_never(node.of)

    def plain(self, here: _Here, name: str, at: int, end: int) -> tuple[str, int]:
        """Describes bytes."""
        here.values[name] = self._data[at:end]
        return as_hex(self._data[at:end]), end

    def envelope(self, node: tree.Envelope, at: int, end: int) -> tuple[Any, int]:
        """Describes content of another format, and how it is wrapped if not in the usual way."""
        raw = self._data[at:end]
        content = node.wrapping.unwrap(raw).content
        try:
            if content is None:
                raise RecipeError("", "it cannot be unwrapped")
            recipe = {"content": self._content(node.content, content)}
        except RecipeError:
            return {"hex": as_hex(raw)}, end
        for level in node.wrapping.levels_of(content, raw):
            return recipe if level is None else {**recipe, "level": level}, end
        return {**recipe, "bytes": as_hex(raw)}, end

    def text(
        self,
        node: tree.Slot | tree.Rest | tree.Text | tree.TextToNul | tree.Delimited,
        here: _Here,
        name: str,
        at: int,
        limit: int,
    ) -> tuple[object, int]:
        """Describes text, or bytes that need not fill their field."""
        data = self._data
        match node:
            case tree.TextToNul():
                end = data.index(b"\0", at, limit) + 1
            case tree.Delimited():
                end, filled = _delimited(node, data, at, limit)
            case tree.Rest():
                end = limit
            case tree.Slot() | tree.Text():
                end = at + integer_value(node.length, here.values)
                end += node.behind if isinstance(node, tree.Text) else 0
            case _:
                assert_never(node)
        raw = data[at:end]
        content = data[at:filled] if isinstance(node, tree.Delimited) else _content(node, raw)
        encoding = leaf.encoding_of(node)
        here.values[name] = content if encoding is None else content.decode(encoding)
        return leaf.text_words(node, content, raw), end

    def elements(
        self, node: tree.Node, here: _Here, name: str, at: int, limit: int, count: int
    ) -> tuple[list[Any], int]:
        """Describes a list with a count."""
        found: list[Any] = []
        if isinstance(node, tree.Integer) and not node.meanings:
            self._made += count
            end = at + count * node.size
            numbers = [number for (number,) in node.packer.iter_unpack(self._data[at:end])]
            self.keep(here, name, numbers)
            return numbers, end
        values: list[Any] = []
        for i in range(count):
            label = f"{name}[{i}]"
            value, at = self.node(node, here, label, at, limit)
            values.append(here.values.pop(label, None))
            found.append(None if value is ABSENT else value)
        self.keep(here, name, values)
        return found, at

    def keep(self, here: _Here, name: str, values: list[Any]) -> None:
        """Stores the elements of a list of which an expression may read one."""
        if name.partition("[")[0] in self._listed:
            here.values[name] = values

    def records(
        self, node: tree.Terminated | tree.UpTo | tree.UpToEnd, here: _Here, name: str, at: int, limit: int
    ) -> tuple[list[Any], int]:
        """Describes records without a count."""
        found: list[Any] = []
        values: list[Any] = []
        size = sizeof(node.record) or 0
        mark = number_at(node.record, node.last) if isinstance(node, tree.Terminated) else None
        while not isinstance(node, tree.UpToEnd) or at < limit:
            if mark is not None and not mark[1].packer.unpack_from(self._data, at + mark[0])[0]:
                at += size  # zeros, which are no number in digits
                break
            label = f"{name}[{len(found)}]"
            value, end = self.record(node.record, here, label, at, limit)
            read = here.values.pop(label)
            found.append(value)
            values.append(read)
            at = end
            if isinstance(node, tree.UpTo) and read[node.field] == node.value:
                break
        self.keep(here, name, values)
        return found, at

    def substream(self, node: tree.Node, here: _Here, name: str, at: int, end: int) -> Any:
        """Describes a stream, and what its content leaves of it."""
        around, self._stream = self._stream, (at, end)
        value, used = self.node(node, here, name, at, end)
        self._stream = around
        number = here.rests[name] = here.rests.get(name, 0) + 1
        if used < end:
            key = f"rest of {name}" if number == 1 else f"rest of {name} ({number})"
            here.recipe[key] = as_hex(self._data[used:end])
        return value

    def read_at(self, node: tree.ReadAt, here: _Here, name: str) -> Any:
        """Describes a field at a position."""
        start, end = (0, len(self._data)) if node.whole_file else self._stream
        if node.inside is not None:
            kept: Any = node.inside.of(here.values)
            start, end = kept["_stream"]
        around, self._stream = self._stream, (start, end)
        position = start + integer_value(node.position, here.values)
        value, _ = self.node(node.inner, here, name, position, end)
        self._stream = around
        return value

    def pointed(self, record: tree.Struct, here: _Here, name: str, offset: int) -> Any:
        """Describes a record at an offset."""
        around, self._stream = self._stream, (0, len(self._data))
        value, _ = self.record(record, here, name, offset, len(self._data))
        self._stream = around
        return value

    def chain(self, node: tree.Chain, here: _Here, name: str) -> list[Any]:
        """Describes records of which each names the next."""
        found: list[Any] = []
        values: list[Any] = []
        offset = integer_value(node.first, here.values)
        while offset:
            label = f"{name}[{len(found)}]"
            found.append(self.pointed(node.record, here, label, offset))
            values.append(here.values.pop(label))
            offset = values[-1][node.next_field]
        self.keep(here, name, values)
        return found


def _content(node: tree.Slot | tree.Rest | tree.Text | tree.TextToNul, raw: bytes) -> bytes:
    """Returns the content of the bytes of a field."""
    match node:
        case tree.Slot() | tree.Rest():
            return raw[: node.content.extent(raw)]
        case tree.TextToNul():
            return raw[:-1]
        case tree.Text():
            if node.terminator == "behind":
                return raw[: len(raw) - node.unit]
            if node.terminator == "inside":
                return raw[: leaf.nul_in(raw, node.unit)]
            return raw
        case _:
            assert_never(node)


def _delimited(node: tree.Delimited, data: bytes, at: int, limit: int) -> tuple[int, int]:
    """Returns the offsets after a field and after its content, which a terminator ends."""
    step = node.unit if len(node.terminator) % node.unit == 0 else 1
    found = data.find(node.terminator, at, limit)
    while found >= 0 and (found - at) % step:
        found = data.find(node.terminator, found + 1, limit)
    if found < 0:
        return limit, limit
    behind = found + len(node.terminator)
    return behind if node.consume else found, behind if node.include else found


@cache
def _lists_read(layout: tree.Struct) -> frozenset[str]:
    """Returns the names of the lists of which an expression reads an element."""
    found = set()
    for node in tree.nodes(layout):
        for expression in tree.expressions_of(node):
            found |= set(lists_in(expression))
    return frozenset(found)
