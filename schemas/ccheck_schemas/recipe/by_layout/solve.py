"""Work out the numbers that a recipe leaves out, when all its bytes are written."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from ccheck_schemas.checksum import Checksum, in_order
from ccheck_schemas.digits import cut
from ccheck_schemas.layout import meanings, tree
from ccheck_schemas.layout.expression import NOT_THERE, Expression, integer_value, names_in, paths_in
from ccheck_schemas.layout.shown import shown
from ccheck_schemas.layout.size import row_size
from ccheck_schemas.recipe.by_layout import leaf
from ccheck_schemas.recipe.by_layout.hole import Frame, Hole, Unknown
from ccheck_schemas.recipe.by_layout.image import MOST, Image, image_of
from ccheck_schemas.recipe.by_layout.invert import NoInverse, invert
from ccheck_schemas.recipe.by_layout.shared import Equation, Owner
from ccheck_schemas.recipe.by_layout.write.state import Known, Optional, Placed
from ccheck_schemas.recipe.by_layout.write.writer import Writer
from ccheck_schemas.schema import RecipeError

_TRIES = 4096
"""Offsets that are tried for a record, one after the other, until a number can state one."""


class Solver:
    """Works out the numbers of one pass.

    Attributes:
        known: What the next pass needs.
        stable: Whether that is what this pass had.
        notes: Where the recipe contradicts itself, of the last pass.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._holes = writer.holes
        self._was = [hole.known for hole in writer.holes]
        self._equations = list(writer.equations)
        self._hopeless: set[int] = set()
        self.known = Known(rows=writer.rows)
        self.stable = True
        self.notes: list[str] = []

    def run(self) -> Image:
        """Returns the file.

        Raises:
            RecipeError: The pass is the last, and the recipe leaves out what cannot be worked out.
        """
        for hole in self._holes:
            hole.known = hole.constant
        self._count()
        self._solve(self._equations)
        self._share()
        self._place()
        size = max(run.at for run in self._writer.runs)
        for hole in self._holes:
            if hole.states_itself and any(isinstance(one, meanings.FileSize) for one in hole.node.meanings):
                self._tell(hole, size, f"the file has {leaf.counted(size, 'byte')}", stated=True)
        self._rest_is_zero()
        self._compare()
        if self.stable:
            self._check()
        return self._filled()

    # -- numbers

    def _tell(self, hole: Hole, value: int, why: str, *, place: bool = False, stated: bool = False) -> None:
        """Stores what a number is by its own meaning (`stated`) or by one equation."""
        hole.place |= place
        if hole.would is not None and hole.would != value:
            hole.differs = True
        hole.would = value
        if stated:
            hole.asserted = value, why
        if hole.open and hole.known is None:
            hole.known, hole.why = value, why

    def _count(self) -> None:
        """Tells the numbers that count the elements of a field, or state the size of its records."""
        for hole, frame, meaning in self._writer.counted:
            field = next((one for one in frame.node.fields if one.name == meaning.of), None)
            found = frame.values.get(meaning.of)
            if isinstance(meaning, meanings.RecordSize):
                size = None if field is None else row_size(field.node)
                if size is not None:
                    self._tell(
                        hole,
                        size,
                        f"the records of {meaning.of!r} have {leaf.counted(size, 'byte')}",
                        stated=True,
                    )
            elif isinstance(found, list):
                self._tell(
                    hole,
                    len(found),
                    f"{frame.where(meaning.of)} has {leaf.counted(len(found), 'element')}",
                    stated=True,
                )

    def _solve(self, equations: list[Equation]) -> None:
        """Solves equations of one unknown each, until none is left of them."""
        pending = []
        for equation in equations:
            self._would(equation)
            if self._unsolved(equation):
                pending.append(equation)
        while pending:
            left = []
            for equation in pending:
                unknown = self._unsolved(equation)
                if len(unknown) == 1:
                    self._invert(equation, unknown[0])
                elif unknown:
                    left.append(equation)
            if len(left) == len(pending):
                break
            pending = left
        for equation in pending:
            for hole in self._unsolved(equation):
                hole.failed = hole.failed or (
                    f"{equation.why}, and {shown(equation.expression)} has other numbers that are left out"
                )

    def _invert(self, equation: Equation, hole: Hole) -> None:
        try:
            value = invert(equation.expression, equation.frame, equation.target, hole)
        except NoInverse:
            hole.failed = hole.failed or (
                f"{equation.why}, and what it is does not follow from {shown(equation.expression)}"
            )
            return
        self._tell(hole, value, equation.why, place=equation.place)

    def _would(self, equation: Equation) -> None:
        """Tells what the number of an equation would be if the recipe left it out."""
        holes = _holes(equation.expression, equation.frame)
        for hole in holes:
            hole.used = True
        able = [hole for hole in holes if not hole.states_itself and hole.constant is None]
        if len(able) > 1:
            able = [hole for hole in able if hole.counts]
        if len(able) == 1 and able[0].given is not None:
            try:
                value = invert(equation.expression, equation.frame, equation.target, able[0])
            except NoInverse:
                return
            self._tell(able[0], value, equation.why, place=equation.place)

    def _unsolved(self, equation: Equation) -> list[Hole]:
        holes = _holes(equation.expression, equation.frame)
        return [one for one in holes if one.open and one.known is None and not one.states_itself]

    def _rest_is_zero(self) -> None:
        """Tells that a number which counts nothing is 0."""
        names = _sized(self._writer.layout)
        for hole in self._holes:
            if hole.used or hole.would is not None or hole.failed:
                continue
            if hole.counts or hole.path.rpartition(".")[2] in names:
                self._tell(hole, 0, "nothing needs it")

    # -- places

    def _share(self) -> None:
        """Places the items of pools and blocks."""
        for name, owner in self._writer.owners.items():
            raw, places = owner.packed()
            found: list[int | None] = [*places]
            if owner.stated is None:
                self.known.contents[name] = raw
                self.stable &= self._writer.used.get(name, raw) == raw
            elif owner.stated != raw:
                found = owner.searched()
            elif owner.home is not None:
                self._writer.optional.append(Optional(*owner.home, place=True))
            if owner.start is None:
                continue
            self._agree(name, owner)
            start = owner.start if owner.whole_file else 0
            for item, place in zip(owner.items, found, strict=True):
                if place is None:
                    for hole in _holes(item.offset, item.frame):
                        hole.failed = hole.failed or f"{name!r} is given, and does not hold {item.path}"
                else:
                    why = f"{item.path} is there"
                    self._equations.append(
                        Equation(item.offset, item.frame, start + place, start + place, why, place=True)
                    )
                    self._solve(self._equations[-1:])

    def _agree(self, name: str, owner: Owner) -> None:
        """Refuses an item whose offset and pool are given, where the pool has other bytes.

        Raises:
            RecipeError: There is one.
        """
        if owner.stated is None:
            return
        for item in owner.items:
            offset = self._writer.stated(item.offset, item.frame)
            place = -1 if offset is None else offset - (owner.start or 0 if owner.whole_file else 0)
            there = owner.stated[place : place + len(item.raw)] if place >= 0 else b""
            if len(there) == len(item.raw) and there != item.raw:
                fix = f"change both, leave {name!r} out, or leave this key out to write the numbers alone"
                raise RecipeError(item.path, f"{name!r} is given, and has other bytes at its offset: {fix}")

    def _place(self) -> None:
        """Places records behind what the recipe places, in order."""
        cursor = self._writer.top.at
        for placed in self._writer.placed:
            offset = self._offset_from(placed, cursor)
            run = placed.run
            if placed.open:
                base = cursor if offset is None else offset
                self.known.bases[run.path] = base
                self.stable &= base == run.base
                cursor = max(cursor, base + len(run.data))
            else:
                cursor = max(cursor, run.at)

    def _offset_from(self, placed: Placed, cursor: int) -> int | None:
        """Returns the first offset from a place on that a number can state, and tells the number."""
        holes = [
            one
            for one in _holes(placed.offset, placed.frame)
            if not one.states_itself and one.constant is None and (one.known is None or not one.open)
        ]
        unknown = [one for one in holes if one.open]
        if not placed.open and len(holes) > 1:
            unknown = [one for one in holes if one.counts]
        elif not placed.open:
            unknown = holes
        for one in holes:
            one.used = True
        if placed.open and not unknown:
            try:
                found = placed.offset.of(placed.frame)  # type: ignore[arg-type]  # a frame is looked up like a mapping
            except (*NOT_THERE, Unknown):
                return None
            return found if isinstance(found, int) and 0 <= found <= MOST else None
        if len(unknown) != 1 or id(placed.offset) in self._hopeless:
            for one in unknown:
                one.failed = one.failed or f"{placed.why}, and where that is does not follow: give it"
            return None
        hole = unknown[0]
        steps = [one for one in hole.node.meanings if isinstance(one, meanings.OffsetInto)]
        for offset in range(cursor, cursor + _TRIES):
            if offset % placed.align:
                continue
            try:
                value = invert(placed.offset, placed.frame, offset, hole)
            except NoInverse:
                continue
            if all(one.allows(value) for one in steps):
                self._tell(hole, value, placed.why, place=True)
                return offset
        self._hopeless.add(id(placed.offset))
        hole.failed = hole.failed or f"{placed.why}, and where that is does not follow: give it"
        return None

    # -- the end of a pass

    def _compare(self) -> None:
        """Compares what this pass worked out with what it had."""
        for hole, was in zip(self._holes, self._was, strict=True):
            if hole.open:
                if hole.known is not None:
                    self.known.numbers[hole.path] = hole.known
                self.stable &= not hole.asked or hole.known == was
        for table in self._writer.used_rows:
            before, after = self._writer.known.rows.get(table, []), self._writer.rows.get(table, [])
            self.stable &= [path for _, path in before] == [path for _, path in after]

    def _check(self) -> None:
        """Refuses what cannot be worked out.

        Raises:
            RecipeError: A number is missing, or two things say what it is.
        """
        for hole in self._holes:
            if not hole.open:
                if hole.asserted and hole.given is not None and hole.given != hole.asserted[0]:
                    self._note(hole, hole.asserted[1])
                continue
            if hole.known is None and not _is_checksum(hole):
                why = f": {hole.failed}" if hole.failed else f"; it takes {leaf.expected(hole.node)}"
                raise RecipeError(hole.path, f"the key is missing{why}")
            low, high = leaf.range_of(hole.node)
            if hole.known is not None and not low <= hole.known <= high:
                raise RecipeError(
                    hole.path, f"{hole.why}: {hole.known} is not in {low}..{high}, which it can hold"
                )
        for equation in self._equations:
            every = _holes(equation.expression, equation.frame)
            holes = [one for one in every if one.open]
            if equation.place and not holes:
                continue
            try:
                value = equation.expression.of(equation.frame)  # type: ignore[arg-type]  # a frame is looked up like a mapping
            except (*NOT_THERE, Unknown):
                continue
            if not holes:
                if value != equation.actual and every:
                    self._note(every[0], equation.why)
            elif value != equation.target:
                hole = holes[0]
                one = f"{hole.why}, which makes it {hole.known}" if hole.why else f"it is {hole.known}"
                fix = "make them agree, or give this key"
                raise RecipeError(hole.path, f"{one}, but {equation.why}: {fix}")

    def _note(self, hole: Hole, why: str) -> None:
        """Stores that a number of the recipe contradicts the rest of it."""
        self.notes.append(f"{hole.path} is {hole.given}, but {why}: written as it is given")

    def _filled(self) -> Image:
        """Returns the file with all numbers in it, the checksums last."""
        for hole in self._holes:
            value = hole.given if hole.given is not None else hole.known
            low, high = leaf.range_of(hole.node)
            if hole.spelled is not None:
                hole.run.data[hole.at : hole.at + len(hole.spelled)] = hole.spelled
            elif value is not None and low <= value <= high:
                hole.node.packer.pack_into(hole.run.data, hole.at, value)
        image = image_of(self._writer.runs) if self.stable else Image(bytearray(), bytearray())
        sums = in_order(self._sums(len(image.data))) if self.stable else []
        for checksum, at, hole in sums:
            own = checksum.covers(at, hole.node.size) and checksum.own is None
            value = cut(hole.node.packer, checksum.over(image.data, at))
            if hole.open and own:
                why = "the checksum covers its own bytes, and cannot be worked out"
                raise RecipeError(hole.path, f"the key is missing: {why}")
            if hole.open:
                hole.known = value
                hole.node.packer.pack_into(image.data, at, value)
            hole.would = None if own else value
            if hole.given is not None and not own and hole.given != value:
                end = len(image.data) if checksum.end is None else checksum.end
                why = f"the checksum of {checksum.start:#x} to {end:#x} is {value:#x}"
                self._note(hole, why)
        for checksum, at, hole in sums:
            if hole.open and cut(hole.node.packer, checksum.over(image.data, at)) != hole.known:
                why = "its checksum covers another one that covers it: give one of them"
                raise RecipeError(hole.path, f"the key is missing: {why}")
        return image

    def _sums(self, size: int) -> Iterator[tuple[Checksum, int, Hole]]:
        """Yields the checksums with their bytes.

        Args:
            size: The bytes of the file.

        Raises:
            RecipeError: The recipe leaves one out, and does not say what its bytes are; or all of them
                together are of too many.
        """
        work = MOST + 8 * size
        for hole, frame, over in self._writer.summed:
            checksum = over.checksum
            if over.bounds is not None:
                extent = _extent(over.bounds, frame, size)
                if extent is None:
                    if hole.open:
                        why = "the numbers around it do not say what it is a checksum of"
                        raise RecipeError(hole.path, f"the key is missing: {why}")
                    continue
                checksum = checksum.between(*extent)
                work -= extent[1] - extent[0]
                if work < 0:
                    why = "checksums up to here are of many times the bytes of the file"
                    raise RecipeError(hole.path, why)
            yield checksum, hole.run.base + hole.at, hole

    def optional(self, image: Image) -> Iterator[Optional]:
        """Yields the keys of the recipe that could be left out."""
        yield from self._writer.optional
        for hole in self._holes:
            would = hole.would if hole.constant is None else hole.constant
            if (
                hole.home
                and hole.given is not None
                and hole.given == would
                and not (hole.differs or hole.pinned)
            ):
                yield Optional(*hole.home, place=hole.place)
        for rest in self._writer.rests:
            at = rest.run.base
            places = range(rest.start, rest.end)
            if all(not rest.run.data[i] or image.owned[at + i] for i in places):
                yield Optional(rest.home, rest.key)


def _holes(expression: Expression, frame: Frame) -> list[Hole]:
    """Returns the numbers of a recipe that an expression reads, each once."""
    found = (frame.hole(names) for names in paths_in(expression))
    return list({id(hole): hole for hole in found if hole is not None}.values())


def _extent(bounds: meanings.Bounds, frame: Frame, size: int) -> tuple[int, int] | None:
    """Returns the bytes that a checksum is of; None if its record does not say."""
    run = frame.run.base if frame.run is not None else 0
    base, last = (run + frame.extent[0], run + frame.extent[1]) if bounds.of_record else (0, size)
    try:
        start = _place(bounds.start, frame, run, base, 0)
        end = last if bounds.end is None else _place(bounds.end, frame, run, base, 1)
    except (*NOT_THERE, Unknown):
        return None
    return (start, min(end, size)) if 0 <= start <= end else None


def _place(bound: Expression | str, frame: Frame, run: int, base: int, side: int) -> int:
    """Returns an offset in the file: of a side of a field, or a number from `base` on."""
    if isinstance(bound, str):
        return run + frame.places[bound][side]
    return base + integer_value(bound, frame)  # type: ignore[arg-type]  # a frame is looked up like a mapping


def _is_checksum(hole: Hole) -> bool:
    return any(isinstance(one, meanings.ChecksumOver) for one in hole.node.meanings)


@cache
def _sized(layout: tree.Struct) -> frozenset[str]:
    """Returns the names of the numbers that are the count, the length or the offset of something."""
    found = set()
    for node in tree.nodes(layout):
        if not isinstance(node, tree.If | tree.Switch):
            found |= {name for expression in tree.expressions_of(node) for name in names_in(expression)}
    return frozenset(found)
