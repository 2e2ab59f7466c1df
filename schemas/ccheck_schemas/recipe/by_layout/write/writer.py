"""One pass over a recipe: its records, and what every field needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from ccheck_schemas.layout import meanings, tree
from ccheck_schemas.layout.expression import NOT_THERE, Expression, Literal, paths_in, stated
from ccheck_schemas.recipe.by_layout import leaf
from ccheck_schemas.recipe.by_layout.hole import AT, GAPS, ZEROS, Frame, Hole, Unknown
from ccheck_schemas.recipe.by_layout.image import MOST, Run
from ccheck_schemas.recipe.by_layout.leaf import ABSENT, kind_of
from ccheck_schemas.recipe.by_layout.shared import Equation, Owner
from ccheck_schemas.recipe.by_layout.write.state import Known, Limit, Optional, Placed, Rest, Spot
from ccheck_schemas.recipe.part import Part
from ccheck_schemas.schema import RecipeError
from ccheck_schemas.wrapping import ContentSchema

Dispatch: TypeAlias = Callable[["Writer", tree.Node, Spot], Any]
"""Writes a node, and returns the value that expressions see."""

BuildContent: TypeAlias = Callable[[ContentSchema, object, str], bytes]
"""Builds the content of an envelope of a schema, a recipe and the path of both."""


class Writer:
    """One pass.

    Attributes:
        layout: The layout.
        content: Builds the content of envelopes.
        known: What the pass before worked out.
        out: The bytes that are being written.
        top: The bytes of the top record.
        runs: All runs, in order.
        holes: All numbers, in order.
        equations: What expressions are equal to.
        placed: The records at offsets.
        owners: Pools and blocks, by name.
        rows: The rows that records take, by table.
        shared: The tables whose rows records may take.
        used_rows: The tables that were written of rows that records take.
        used: Pools and blocks that were written of their items, with the bytes that they had.
        optional: Keys that could be left out, as far as that is known at once.
        rests: Bytes that the content of a field leaves.
        counted: The numbers whose meaning counts the elements of a field, or states the size of its records.
        summed: The checksums, each with the record that has it.
        stream: Where the stream begins in which positions count.
    """

    def __init__(self, layout: tree.Struct, known: Known, dispatch: Dispatch, content: BuildContent) -> None:
        self.layout = layout
        self.content = content
        self.known = known
        self._dispatch = dispatch
        self.top = self.out = Run("")
        self.runs = [self.top]
        self.holes: list[Hole] = []
        self.equations: list[Equation] = []
        self.placed: list[Placed] = []
        self.owners: dict[str, Owner] = {}
        self.rows: dict[str, list[tuple[Any, str]]] = {}
        self.shared = {node.table for node in tree.nodes(layout) if isinstance(node, tree.Rows)}
        self.used_rows: set[str] = set()
        self.used: dict[str, bytes] = {}
        self.optional: list[Optional] = []
        self.rests: list[Rest] = []
        self.counted: list[tuple[Hole, Frame, meanings.CountOf | meanings.RecordSize]] = []
        self.summed: list[tuple[Hole, Frame, meanings.ChecksumOver]] = []
        self.stream = 0
        self._padded = 0

    def run(self, recipe: object) -> None:
        """Writes the whole recipe."""
        self.struct(self.layout, Frame("", self.layout), recipe, None)

    def node(self, node: tree.Node, spot: Spot) -> Any:
        """Writes one field, or one element of a list; returns the value that expressions see."""
        return self._dispatch(self, node, spot)

    def struct(self, node: tree.Struct, frame: Frame, given: object, limit: Limit) -> Frame:
        """Writes the fields of a record."""
        if given is not ABSENT and not isinstance(given, dict):
            raise RecipeError(frame.path, f"a mapping belongs here, not {kind_of(given)}")
        frame.stream = self.stream
        part = Part({} if given is ABSENT else given, frame.path)
        home = given if isinstance(given, dict) else {}
        start = len(self.out.data)
        for field in node.fields:
            name = field.name
            value = part.value(name, ABSENT) if name else ABSENT
            spot = Spot(frame, name, ABSENT if value is None else value, part, home, limit)
            begin = len(self.out.data)
            found = self.node(field.node, spot)
            frame.places[name] = begin, len(self.out.data)
            if name and name not in frame.holes:
                frame.values[name] = found
        frame.run, frame.extent = self.out, (start, len(self.out.data))
        if frame.above is None and self.layout.gaps is not None:
            self.gaps(part)
        part.done()
        return frame

    def gaps(self, part: Part) -> None:
        """Writes the bytes that no field reads.

        Raises:
            RecipeError: It does not say where they are, or where is too far away.
        """
        given = part.value(GAPS, {})
        if not isinstance(given, dict):
            raise RecipeError(GAPS, f"a mapping from offsets to bytes belongs here, not {kind_of(given)}")
        for key, value in given.items():
            path = f"{GAPS}.{key}"
            at = _offset(key)
            if at is None or at > MOST:
                raise RecipeError(
                    path, f"its key says where the bytes are, such as {AT}0x40, up to {MOST:#x}"
                )
            self.runs.append(Run(path, at, bytearray(leaf.from_hex(value, path))))

    def needed(self, spot: Spot, what: str) -> object:
        """Returns the value that a recipe gives.

        Raises:
            RecipeError: It gives none.
        """
        if spot.given is ABSENT:
            raise RecipeError(spot.path, f"the key is missing; it takes {what}")
        return spot.given

    # -- padding

    def zeros(self, spot: Spot) -> None:
        """Writes zeros up to the end of the bytes at hand."""
        frame, limit = spot.frame, spot.limit
        usual = 0 if limit is None else limit[0] - self.out.at
        usual = usual if 0 <= usual <= MOST else 0
        number = usual
        if frame.rests.setdefault(ZEROS, 0) == 0 and spot.part.has(ZEROS):
            number = spot.part.integer(ZEROS, 0, MOST)
            if spot.home is not None and number == usual and (limit is None or limit[1]):
                self.optional.append(Optional(spot.home, ZEROS))
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

    def room(self, length: Expression, frame: Frame, path: str) -> int | None:
        """Returns the bytes of a field that its content need not fill, if they are stated.

        Raises:
            RecipeError: All such fields together are too large.
        """
        room = self.stated(length, frame)
        if room is None or not 0 <= room <= MOST:
            return None
        self.spend(room, path)
        return room

    def spend(self, number: int, path: str) -> None:
        """Counts padding.

        Raises:
            RecipeError: It is too much.
        """
        self._padded += number
        if self._padded > MOST:
            much = f"ask for more than {MOST:,} bytes of padding"
            raise RecipeError(path, f"with it, the numbers of the recipe {much}")

    # -- expressions

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

    def within(self, length: Expression, frame: Frame, start: int) -> Limit:
        """Returns the end of the bytes at hand inside a field of a length."""
        size = self.stated(length, frame)
        return None if size is None else (start + size, stated(length) is not None)

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


def _offset(key: object) -> int | None:
    """Returns the offset that the key of a gap states."""
    if not isinstance(key, str) or not key.startswith(AT):
        return None
    try:
        at = int(key.removeprefix(AT)[:20], 0)
    except ValueError:
        return None
    return at if at >= 0 else None
