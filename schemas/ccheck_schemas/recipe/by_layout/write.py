"""Write the bytes of a recipe once, by its layout."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, assert_never

from ccheck_schemas.layout import meanings, tree
from ccheck_schemas.layout.expression import NOT_THERE, Expression, Literal, Path, paths_in, stated
from ccheck_schemas.layout.shown import shown
from ccheck_schemas.layout.size import sizeof
from ccheck_schemas.recipe.by_layout import leaf
from ccheck_schemas.recipe.by_layout.hole import ZEROS, Frame, Hole, Unknown, rest_key
from ccheck_schemas.recipe.by_layout.image import MOST, Run
from ccheck_schemas.recipe.by_layout.leaf import ABSENT, from_hex, kind_of, raw_of
from ccheck_schemas.recipe.by_layout.shared import Equation, Item, Owner
from ccheck_schemas.recipe.part import Part
from ccheck_schemas.schema import RecipeError

Home = dict[str, Any] | None
"""The mapping of a recipe whose keys may turn out to be optional; None where none of them is."""

Limit = tuple[int, bool] | None
"""The end of the bytes at hand, and whether the schema states it; None if it is worked out."""


@dataclass(slots=True)
class Known:
    """What a pass worked out, for the next one.

    Attributes:
        numbers: Numbers that the recipe leaves out, by path.
        bases: Offsets of records that the recipe does not place, by path.
        contents: The bytes of pools and blocks, by name.
        starts: Where they begin.
        rows: The rows of tables that records take, each with its path.
    """

    numbers: dict[str, int] = field(default_factory=dict)
    bases: dict[str, int] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)
    rows: dict[str, list[tuple[Any, str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Optional:
    """A key that a recipe has and could leave out.

    Attributes:
        home: The mapping that has it.
        key: The key.
        place: Whether it says where something is.
    """

    home: dict[str, Any]
    key: str
    place: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A record at an offset.

    Attributes:
        run: Its bytes.
        offset: The expression that is its offset.
        frame: The record whose fields the expression names.
        align: What its offset is a multiple of.
        why: The record, for messages.
        open: Whether the recipe leaves its offset out.
    """

    run: Run
    offset: Expression
    frame: Frame
    align: int
    why: str
    open: bool


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """The bytes that the content of a field of stated length leaves, as the recipe gives them."""

    home: dict[str, Any]
    key: str
    run: Run
    start: int
    end: int


class Writer:
    """One pass.

    Attributes:
        layout: The layout.
        known: What the pass before worked out.
        top: The bytes of the top record.
        runs: All runs, in order.
        holes: All numbers, in order.
        equations: What expressions are equal to.
        placed: The records at offsets.
        owners: Pools and blocks, by name.
        rows: The rows that records take, by table.
        used_rows: Whether a table was written of rows that records take.
        used: Pools and blocks that were written of their items, with the bytes that they had.
        optional: Keys that could be left out, as far as that is known at once.
        rests: Bytes that the content of a field leaves.
    """

    def __init__(self, layout: tree.Struct, known: Known) -> None:
        self.layout = layout
        self.known = known
        self.top = self.out = Run("")
        self.runs = [self.top]
        self.holes: list[Hole] = []
        self.equations: list[Equation] = []
        self.placed: list[Placed] = []
        self.owners: dict[str, Owner] = {}
        self.rows: dict[str, list[tuple[Any, str]]] = {}
        self.used_rows: set[str] = set()
        self.used: dict[str, bytes] = {}
        self.optional: list[Optional] = []
        self.rests: list[Rest] = []
        self.counted: list[tuple[Hole, Frame, meanings.CountOf | meanings.RecordSize]] = []
        self.stream = 0
        self.padded = 0
        self._shared = {node.table for node in tree.nodes(layout) if isinstance(node, tree.Rows)}

    def run(self, recipe: object) -> None:
        """Writes the whole recipe."""
        self.struct(self.layout, Frame("", self.layout), recipe, None)

    # -- records

    def struct(self, node: tree.Struct, frame: Frame, given: object, limit: Limit) -> Frame:
        """Writes the fields of a record."""
        if given is not ABSENT and not isinstance(given, dict):
            raise RecipeError(frame.path, f"a mapping belongs here, not {kind_of(given)}")
        part = Part({} if given is ABSENT else given, frame.path)
        home = given if isinstance(given, dict) else {}
        for field_ in node.fields:
            name = field_.name
            value = part.value(name, ABSENT) if name else ABSENT
            value = ABSENT if value is None else value
            if isinstance(field_.node, tree.ZerosToEnd):
                self.zeros(frame, part, home, limit)
                continue
            found = self.node(field_.node, frame, name, value, part, home, limit, listed=False)
            if name and name not in frame.holes:
                frame.values[name] = found
        part.done()
        return frame

    def zeros(self, frame: Frame, part: Part, home: Home, limit: Limit) -> None:
        """Writes zeros up to the end of the bytes at hand."""
        usual = 0 if limit is None else limit[0] - self.out.at
        usual = usual if 0 <= usual <= MOST else 0
        number = usual
        if frame.rests.setdefault(ZEROS, 0) == 0 and part.has(ZEROS):
            number = part.integer(ZEROS, 0, MOST)
            if home is not None and number == usual and (limit is None or limit[1]):
                self.optional.append(Optional(home, ZEROS))
        frame.rests[ZEROS] = 1
        self.fill(number, frame.where(ZEROS))

    def fill(self, number: int, path: str) -> None:
        """Writes zeros that give way to other bytes; none for a number that no file has.

        Raises:
            RecipeError: All of them together are too many.
        """
        if 0 <= number <= MOST:
            self.spend(number, path)
            self.out.give_way(bytes(number))

    def spend(self, number: int, path: str) -> None:
        """Counts padding.

        Raises:
            RecipeError: It is too much.
        """
        self.padded += number
        if self.padded > MOST:
            raise RecipeError(
                path, f"with it, the numbers of the recipe ask for more than {MOST:,} bytes of padding"
            )

    def node(
        self,
        node: tree.Node,
        frame: Frame,
        name: str,
        given: object,
        part: Part,
        home: Home,
        limit: Limit,
        *,
        listed: bool,
    ) -> Any:
        """Writes one field, or one element of a list.

        Args:
            node: The node.
            frame: The record that has it.
            name: Its name, with an index for an element.
            given: Its value in the recipe.
            part: The mapping of the record.
            home: The same mapping, whose keys may turn out to be optional.
            limit: The end of the bytes at hand.
            listed: Whether it is an element.

        Returns:
            The value that expressions see; for a number, nothing of use.
        """
        path = frame.where(name)
        around = (part, home, limit)
        if raw_of(given) is not ABSENT and not _takes_hex(node):
            return self.raw(node, frame, name, from_hex(raw_of(given), path))
        match node:
            case tree.Integer():
                return self.integer(node, frame, name, given, home, listed=listed)
            case tree.Float():
                self.out.data += leaf.float_of(node, self.needed(given, path, "a number"), path)
            case tree.Const():
                return self.const(node, given, path, home, name, listed=listed)
            case tree.Nothing():
                if given is not ABSENT:
                    raise RecipeError(path, "this field is not there, by what chooses it: leave it out")
            case tree.Bytes() | tree.Opaque():
                raw = from_hex(self.needed(given, path, "pairs of hex digits"), path)
                self.out.data += raw
                self.equal(node.length, frame, len(raw), path, "byte")
                return raw
            case tree.OpaqueRest():
                raw = from_hex(self.needed(given, path, "pairs of hex digits"), path)
                self.out.data += raw
                return raw
            case tree.Slot() | tree.Text() | tree.Rest() | tree.Delimited() | tree.TextToNul():
                return self.text(node, frame, given, path)
            case tree.ZeroPad():
                self.out.data += bytes(-self.out.at % node.align)
            case tree.AnyPad():
                usual = bytes(-self.out.at % node.align)
                raw = usual if given is ABSENT else from_hex(given, path)
                if given is not ABSENT and raw == usual and home is not None and not listed:
                    self.optional.append(Optional(home, name))
                self.out.data += raw
                return raw
            case tree.ZerosTo():
                self.zeros_to(node, frame, path)
            case tree.ZerosToEnd():
                self.zeros(frame, part, home, limit)
            case tree.Struct():
                return self.struct(node, Frame(path, node, frame), given, limit)
            case tree.Array():
                return self.array(node, frame, name, given, *around)
            case tree.Table():
                return self.table(node, frame, name, given, limit)
            case tree.Terminated() | tree.UpTo() | tree.UpToEnd():
                found = self.records(node.record, frame, name, given, limit)
                if isinstance(node, tree.Terminated):
                    self.out.data += bytes(sizeof(node.record) or 0)
                return found
            case tree.Pool():
                return self.owned(node.region, node.count, frame, given, path, name, home, pool=True)
            case tree.Strings():
                return self.owned(node.block, node.length, frame, given, path, name, home, pool=False)
            case tree.Region():
                start = self.out.at
                inner = self.within(node.length, frame, start)
                found = self.node(node.inner, frame, name, given, part, home, inner, listed=listed)
                self.equal(node.length, frame, self.out.at - start, path, "byte")
                return found
            case tree.Substream() | tree.SubstreamRest():
                return self.substream(node, frame, name, given, *around, listed=listed)
            case tree.ReadAt():
                return self.read_at(node, frame, name, given, *around, listed=listed)
            case tree.If() | tree.Switch():
                branch = self.branch(node, frame, given, path)
                free = any(frame.hole(names) is not None for names in paths_in(_chooser(node)))
                home = None if free else home  # whether the key is there may choose the branch
                return self.node(branch, frame, name, given, part, home, limit, listed=listed)
            case tree.At():
                return self.record_at(node, frame, given, path)
            case tree.Chain():
                return self.chain(node, frame, name, given)
            case tree.Pooled() | tree.SharedText():
                return self.item(node, frame, given, path)
            case tree.Rows():
                self.take_rows(node, frame, name, given)
            case _:
                assert_never(node)
        return None

    def needed(self, given: object, path: str, what: str) -> object:
        """Returns the value that a recipe gives.

        Raises:
            RecipeError: It gives none.
        """
        if given is ABSENT:
            raise RecipeError(path, f"the key is missing; it takes {what}")
        return given

    # -- what has bytes of its own

    def integer(
        self, node: tree.Integer, frame: Frame, name: str, given: object, home: Home, *, listed: bool
    ) -> None:
        """Writes a number, or leaves room for one that is worked out."""
        path = frame.where(name)
        value = None if given is ABSENT else leaf.number_of(node, given, path)
        if listed and value is None:
            raise RecipeError(path, f"the element is missing; it is {leaf.expected(node)}")
        hole = Hole(path, node, self.out, len(self.out.data), value, self.known.numbers.get(path))
        hole.home = None if listed or home is None else (home, name)
        self.holes.append(hole)
        if not listed:
            frame.holes[name] = hole
            for meaning in node.meanings:
                self.told(meaning, hole, frame)
        self.out.data += bytes(node.size)

    def told(self, meaning: meanings.Meaning, hole: Hole, frame: Frame) -> None:
        """Stores what a meaning says of the number of a record."""
        match meaning:
            case meanings.Reserved():
                hole.constant = 0
            case meanings.Version() if len(meaning.known) == 1:
                hole.constant = meaning.known[0]
            case meanings.CountOf() | meanings.RecordSize():
                self.counted.append((hole, frame, meaning))
            case _:
                return

    def const(
        self, node: tree.Const, given: object, path: str, home: Home, name: str, *, listed: bool
    ) -> bytes | int:
        """Writes bytes that are always the same, or others that a recipe gives instead."""
        raw = node.expected
        if isinstance(given, int) and not isinstance(given, bool) and node.number is not None:
            little = int.from_bytes(raw, "little", signed=node.number < 0) == node.number
            try:
                raw = given.to_bytes(len(raw), "little" if little else "big", signed=given < 0)
            except OverflowError:
                raise RecipeError(path, f"{given} does not fit into {len(raw)} bytes") from None
        elif given is not ABSENT:
            raw = from_hex(given, path)
        if given is not ABSENT and raw == node.expected and home is not None and not listed:
            self.optional.append(Optional(home, name))
        self.out.data += raw
        return raw if node.number is None else node.number

    def raw(self, node: tree.Node, frame: Frame, name: str, raw: bytes) -> bytes:
        """Writes the bytes of ``{hex: …}`` in the place of a field, whatever it is."""
        self.out.data += raw
        for expression in _lengths(node):
            self.equal(expression, frame, len(raw), frame.where(name), "byte")
        return raw

    def text(
        self,
        node: tree.Slot | tree.Text | tree.Rest | tree.Delimited | tree.TextToNul,
        frame: Frame,
        given: object,
        path: str,
    ) -> str | bytes | None:
        """Writes text, or bytes that need not fill their field."""
        sized = isinstance(node, tree.Slot | tree.Text)
        room = self.stated(node.length, frame) if isinstance(node, tree.Slot | tree.Text) else None
        room = room if room is not None and 0 <= room <= MOST else None
        self.spend(room or 0, path)
        what = "pairs of hex digits" if leaf.encoding_of(node) is None else "text"
        raw, value = leaf.text_of(node, self.needed(given, path, what), room, path)
        self.out.data += raw
        if sized and isinstance(node, tree.Slot | tree.Text):
            behind = node.behind if isinstance(node, tree.Text) and raw_of(given) is ABSENT else 0
            usual, _ = leaf.text_of(node, given, None, path)
            self.equal(node.length, frame, len(raw) - behind, path, "byte", usual=len(usual) - behind)
        return value

    def zeros_to(self, node: tree.ZerosTo, frame: Frame, path: str) -> None:
        """Writes zeros up to an offset; up to here, aligned, if the recipe leaves it out."""
        align = max((m.align * m.unit for m in _offsets(self.only_hole(node.offset, frame))), default=1)
        usual = self.out.at + -self.out.at % align
        target = self.stated(node.offset, frame)
        self.fill((usual if target is None else target) - self.out.at, path)
        if stated(node.offset) is None:
            why = f"what follows {path or 'the padding'} begins at {usual:#x}"
            self.equations.append(Equation(node.offset, frame, usual, usual, why, place=True))

    # -- lists

    def listed(self, given: object, path: str) -> list[Any]:
        """Returns the elements of a list.

        Raises:
            RecipeError: The recipe has something else.
        """
        self.needed(given, path, "a list")
        if not isinstance(given, list):
            raise RecipeError(path, f"a list belongs here, not {kind_of(given)}")
        return given

    def array(
        self,
        node: tree.Array,
        frame: Frame,
        name: str,
        given: object,
        part: Part,
        home: Home,
        limit: Limit,
    ) -> list[Any]:
        """Writes a list with a count."""
        path = frame.where(name)
        elements = self.listed(given, path)
        self.equal(node.count, frame, len(elements), path, "element")
        values: list[Any] = []
        if isinstance(node.element, tree.Integer) and not node.element.meanings:
            low, high = leaf.range_of(node.element)
            if all(type(one) is int and low <= one <= high for one in elements):
                packer = node.element.packer
                self.out.data += b"".join(map(packer.pack, elements))
                return elements
        for i, element in enumerate(elements):
            value = ABSENT if element is None else element
            values.append(
                self.node(node.element, frame, f"{name}[{i}]", value, part, home, limit, listed=True)
            )
        return values

    def records(self, record: tree.Struct, frame: Frame, name: str, given: object, limit: Limit) -> list[Any]:
        """Writes records one after the other."""
        path = frame.where(name)
        elements = self.listed(given, path)
        return [
            self.struct(record, Frame(f"{path}[{i}]", record, frame), ABSENT if one is None else one, limit)
            for i, one in enumerate(elements)
        ]

    def table(self, node: tree.Table, frame: Frame, name: str, given: object, limit: Limit) -> list[Any]:
        """Writes a table: the rows that the recipe gives here, or those that records take."""
        path = frame.where(name)
        if given is ABSENT and node.table in self._shared:
            rows = self.known.rows.get(node.table, [])
            self.used_rows.add(node.table)
        else:
            rows = [(one, f"{path}[{i}]") for i, one in enumerate(self.listed(given, path))]
        self.equal(node.count, frame, len(rows), path, "row")
        return [
            self.struct(node.record, Frame(where, node.record, frame), ABSENT if row is None else row, limit)
            for row, where in rows
        ]

    def take_rows(self, node: tree.Rows, frame: Frame, name: str, given: object) -> None:
        """Stores the rows that a record takes."""
        path = frame.where(name)
        if given is ABSENT:
            return
        rows = self.listed(given, path)
        taken = self.rows.setdefault(node.table, [])
        self.equal(Path((node.first,)), frame, len(taken), path, "row", behind="in front of it")
        self.equal(Path((node.count,)), frame, len(rows), path, "row")
        taken += ((row, f"{path}[{i}]") for i, row in enumerate(rows))

    # -- streams

    def within(self, length: Expression, frame: Frame, start: int) -> Limit:
        """Returns the end of the bytes at hand inside a field of a length."""
        size = self.stated(length, frame)
        return None if size is None else (start + size, stated(length) is not None)

    def substream(
        self,
        node: tree.Substream | tree.SubstreamRest,
        frame: Frame,
        name: str,
        given: object,
        part: Part,
        home: Home,
        limit: Limit,
        *,
        listed: bool,
    ) -> Any:
        """Writes a stream, and what its content leaves of it."""
        path, start, around = frame.where(name), self.out.at, self.stream
        self.stream = start
        inner = limit if isinstance(node, tree.SubstreamRest) else self.within(node.length, frame, start)
        found = self.node(node.inner, frame, name, given, part, home, inner, listed=listed)
        self.stream = around
        key = rest_key(frame, name)
        if part.has(key):
            rest = from_hex(part.value(key), frame.where(key))
            fixed = isinstance(node, tree.Substream) and stated(node.length) is not None
            if fixed and home is not None:
                at = len(self.out.data)
                self.rests.append(Rest(home, key, self.out, at, at + len(rest)))
            self.out.give_way(rest)
        elif inner is not None and isinstance(node, tree.Substream):
            self.fill(inner[0] - self.out.at, path)
        if isinstance(node, tree.Substream):
            self.equal(node.length, frame, self.out.at - start, path, "byte")
        return found

    def read_at(
        self,
        node: tree.ReadAt,
        frame: Frame,
        name: str,
        given: object,
        part: Part,
        home: Home,
        limit: Limit,
        *,
        listed: bool,
    ) -> Any:
        """Writes a field at a position, whose bytes may be those of another field."""
        path = frame.where(name)
        hole = self.only_hole(node.position, frame)
        if given is ABSENT:
            if hole is not None:
                hole.failed = f"{name!r} is left out, so that nothing says where it is"
            return None
        start = 0 if node.whole_file else self.stream
        position = self.stated(node.position, frame)
        if position is None and start:
            if hole is not None:
                hole.failed = f"{name!r} is read at it in a stream of its own"
            position = 0
        run = self.begin(path, None if position is None else start + position)
        around, self.out = self.out, run
        found = self.node(node.inner, frame, name, given, part, None, None, listed=listed)
        self.out = around
        if not start:
            is_open = position is None
            self.placed.append(Placed(run, node.position, frame, 1, f"{path} is there", is_open))
        return found

    # -- pointers

    def begin(self, path: str, offset: int | None) -> Run:
        """Returns a run at an offset; at the place of the pass before if the recipe does not state it.

        Raises:
            RecipeError: It is too far away.
        """
        if offset is not None and not 0 <= offset <= MOST:
            fix = "leave the record out to write its offset alone"
            raise RecipeError(path, f"it would be at offset {offset:#x}, where no record is placed; {fix}")
        run = Run(path, self.known.bases.get(path, 0) if offset is None else offset)
        self.runs.append(run)
        return run

    def record_at(self, node: tree.At, frame: Frame, given: object, path: str) -> Frame | None:
        """Writes a record at an offset."""
        if given is ABSENT:
            self.equations.append(Equation(node.offset, frame, 0, 0, f"{path} is left out", place=True))
            return None
        return self.pointed(node.record, node.offset, frame, given, path, 1, frame)

    def pointed(
        self,
        record: tree.Struct,
        offset: Expression,
        holder: Frame,
        given: object,
        path: str,
        align: int,
        frame: Frame,
    ) -> Frame:
        """Writes a record at an offset that a field of the holder states."""
        at = self.stated(offset, holder)
        run = self.begin(path, at)
        self.placed.append(Placed(run, offset, holder, align, f"{path} is there", at is None))
        around, stream, self.out, self.stream = self.out, self.stream, run, 0
        found = self.struct(record, Frame(path, record, frame), given, None)
        self.out, self.stream = around, stream
        return found

    def chain(self, node: tree.Chain, frame: Frame, name: str, given: object) -> list[Any]:
        """Writes records of which each names the next."""
        path = frame.where(name)
        holder, offset = frame, node.first
        links = []
        for i, one in enumerate(self.listed(given, path)):
            value = ABSENT if one is None else one
            link = self.pointed(node.record, offset, holder, value, f"{path}[{i}]", node.align, frame)
            links.append(link)
            holder, offset = link, Path((node.next_field,))
        self.equations.append(Equation(offset, holder, 0, 0, f"{path} ends", place=True))
        return links

    def item(self, node: tree.Pooled | tree.SharedText, frame: Frame, given: object, path: str) -> None:
        """Puts an item into its pool, or a text into its block."""
        if given is ABSENT:
            return
        if isinstance(node, tree.SharedText):
            owner = self.owners.setdefault(node.block, Owner(whole_file=False))
            raw, _ = leaf.text_of(tree.TextToNul(node.encoding), given, None, path)
            owner.items.append(Item(path, frame, node.offset, raw, 1))
            return
        owner = self.owners.setdefault(node.region, Owner(whole_file=True))
        if isinstance(node.item, tree.Text):
            room = self.stated(node.length, frame) if node.item.terminator == "inside" else None
            room = room if room is not None and 0 <= room <= MOST else None
            self.spend(room or 0, path)
            raw, _ = leaf.text_of(node.item, given, room, path)
        else:
            raw = from_hex(given, path)
        owner.items.append(Item(path, frame, node.offset, raw, node.align))
        self.equal(node.length, frame, len(raw) - node.behind, path, "byte")

    def owned(
        self,
        name: str,
        length: Expression,
        frame: Frame,
        given: object,
        path: str,
        key: str,
        home: Home,
        *,
        pool: bool,
    ) -> bytes:
        """Writes a pool or a block: the bytes that the recipe gives, or those of its items."""
        owner = self.owners.setdefault(name, Owner(whole_file=pool))
        owner.start = self.out.at
        if given is ABSENT:
            raw = self.known.contents.get(name, b"")
            self.used[name] = raw
        else:
            raw = owner.stated = from_hex(given, path)
            owner.home = None if home is None else (home, key)
        self.out.data += raw
        self.equal(length, frame, len(raw), path, "byte")
        return raw

    # -- expressions

    def branch(self, node: tree.Choice, frame: Frame, given: object, path: str) -> tree.Node:
        """Returns the branch that a recipe has."""
        expression = _chooser(node)
        optional = isinstance(node, tree.If) and any(
            isinstance(one, tree.Nothing) for one in (node.then, node.otherwise)
        )
        for names in paths_in(expression):
            hole = frame.hole(names)
            if hole is not None:
                hole.pinned |= not optional
        try:
            value = expression.of(frame)  # type: ignore[arg-type]  # a frame is looked up like a mapping
        except Unknown as hole_path:
            if isinstance(node, tree.If) and optional:
                chosen = node.otherwise if isinstance(node.then, tree.Nothing) else node.then
                other = node.then if isinstance(node.then, tree.Nothing) else node.otherwise
                return other if given is ABSENT else chosen
            raise RecipeError(str(hole_path), f"the key is missing; {path!r} depends on it") from None
        except NOT_THERE:
            raise RecipeError(
                path, f"{shown(expression)} has no value here, so that nothing says what it is"
            ) from None
        if isinstance(node, tree.If):
            return node.then if value else node.otherwise
        found = node.cases.get(value) if isinstance(value, int | str | bytes) else None
        return node.default if found is None else found

    def only_hole(self, expression: Expression, frame: Frame) -> Hole | None:
        """Returns the only number of a recipe that an expression reads; None if there are none or several."""
        found = {id(hole): hole for hole in map(frame.hole, paths_in(expression)) if hole is not None}
        return next(iter(found.values())) if len(found) == 1 else None

    def stated(self, expression: Expression, frame: Frame) -> int | None:
        """Returns the value of an expression if neither the schema nor the recipe leaves it open."""
        if isinstance(expression, Literal):
            return stated(expression)
        holes = [frame.hole(names) for names in paths_in(expression)]
        if any(hole is not None and hole.open and not hole.states_itself for hole in holes):
            return None
        try:
            value = expression.of(frame)  # type: ignore[arg-type]  # a frame is looked up like a mapping
        except (*NOT_THERE, Unknown):
            return None
        return value if isinstance(value, int) else None

    def equal(
        self,
        expression: Expression,
        frame: Frame,
        target: int,
        path: str,
        unit: str,
        usual: int | None = None,
        behind: str = "",
    ) -> None:
        """Stores that an expression counts something; refuses a number of the schema that differs.

        Args:
            expression: The expression.
            frame: The record whose fields it names.
            target: The number.
            path: What is counted.
            unit: Of what.
            usual: The number if the recipe left the fields of the expression out.
            behind: Words behind the unit, for messages.
        """
        number = stated(expression)
        if number is None:
            why = " ".join((path, "has", leaf.counted(target, unit), *((behind,) if behind else ())))
            expected = target if usual is None else usual
            self.equations.append(Equation(expression, frame, expected, target, why))
        elif number != target:
            raise RecipeError(path, f"{leaf.counted(target, unit)} given, the field has {number:,}")


def _chooser(node: tree.Choice) -> Expression:
    return node.condition if isinstance(node, tree.If) else node.key


def _takes_hex(node: tree.Node) -> bool:
    """Returns whether a node reads ``{hex: …}`` itself, or has a field of that name."""
    match node:
        case tree.Struct():
            return any(field_.name == "hex" for field_ in node.fields)
        case tree.At() | tree.Chain():
            return True
        case tree.Integer() | tree.Float() | tree.Slot() | tree.Text() | tree.Rest() | tree.Delimited():
            return True
        case tree.TextToNul() | tree.Pooled() | tree.SharedText() | tree.Rows():
            return True
        case (
            tree.If()
            | tree.Switch()
            | tree.ReadAt()
            | tree.Substream()
            | tree.SubstreamRest()
            | tree.Region()
        ):
            return True
        case _:
            return False


def _lengths(node: tree.Node) -> tuple[Expression, ...]:
    """Returns the expressions that are the bytes of a node."""
    match node:
        case tree.Bytes() | tree.Opaque() | tree.Strings():
            return (node.length,)
        case tree.Pool():
            return (node.count,)
        case _:
            return ()


def _offsets(hole: Hole | None) -> list[meanings.OffsetInto]:
    meant = () if hole is None else hole.node.meanings
    return [one for one in meant if isinstance(one, meanings.OffsetInto)]
