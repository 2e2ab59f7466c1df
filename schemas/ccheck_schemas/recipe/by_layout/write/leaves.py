"""Write numbers, constants, bytes, text and padding."""

from __future__ import annotations

from functools import partial
from typing import assert_never

from ccheck_schemas.layout import meanings, tree
from ccheck_schemas.layout.expression import Expression, stated
from ccheck_schemas.recipe.by_layout import leaf
from ccheck_schemas.recipe.by_layout.hole import Derived, Frame, Hole
from ccheck_schemas.recipe.by_layout.leaf import ABSENT, from_hex, raw_of
from ccheck_schemas.recipe.by_layout.shared import Equation
from ccheck_schemas.recipe.by_layout.write.state import Optional, Spot
from ccheck_schemas.recipe.by_layout.write.writer import Writer
from ccheck_schemas.schema import RecipeError


def integer(writer: Writer, node: tree.Stored, spot: Spot) -> None:
    """Writes a number, or leaves room for one that is worked out."""
    path = spot.path
    spelled = leaf.spelled(node, spot.given, path)
    if spelled is not None and isinstance(node, tree.Digits) and node.packer.find(spelled) is None:
        writer.out.data += spelled  # no number: nothing can be worked out of it
        return
    value = None if spot.given is ABSENT else leaf.number_of(node, spot.given, path)
    if spot.listed and value is None:
        raise RecipeError(path, f"the element is missing; it is {leaf.expected(node)}")
    hole = Hole(path, node, writer.out, len(writer.out.data), value, writer.known.numbers.get(path))
    hole.spelled = spelled
    fixed = spot.listed or spot.home is None or spelled is not None
    hole.home = None if fixed or spot.home is None else (spot.home, spot.name)
    writer.holes.append(hole)
    writer.summed += (
        (hole, spot.frame, one) for one in node.meanings if isinstance(one, meanings.ChecksumOver)
    )
    if not spot.listed:
        spot.frame.holes[spot.name] = hole
        for meaning in node.meanings:
            _tell(writer, meaning, hole, spot.frame)
    writer.out.data += bytes(node.size)


def _tell(writer: Writer, meaning: meanings.Meaning, hole: Hole, frame: Frame) -> None:
    """Stores what a meaning says of the number of a record."""
    match meaning:
        case meanings.Reserved():
            hole.constant = 0
        case meanings.Version():
            if len(meaning.known) == 1:
                hole.constant = meaning.known[0]
        case meanings.CountOf() | meanings.RecordSize():
            writer.counted.append((hole, frame, meaning))
        case meanings.FileSize() | meanings.ChecksumOver():  # worked out when all is written
            return
        case meanings.LengthOf() | meanings.OffsetInto():  # as the expressions that read them
            return
        case meanings.Bounded() | meanings.StrictEnum() | meanings.StrictFlags() | meanings.IndexInto():
            return
        case meanings.ComparedWithFact():
            return
        case _:
            assert_never(meaning)


def const(writer: Writer, node: tree.Const, spot: Spot) -> bytes | int:
    """Writes bytes that are always the same, or others that a recipe gives instead."""
    raw, given = node.expected, spot.given
    if isinstance(given, int) and not isinstance(given, bool) and node.number is not None:
        little = int.from_bytes(raw, "little", signed=node.number < 0) == node.number
        try:
            raw = given.to_bytes(len(raw), "little" if little else "big", signed=given < 0)
        except OverflowError:
            raise RecipeError(
                spot.path, f"{given} does not fit into {leaf.counted(len(raw), 'byte')}"
            ) from None
    elif given is not ABSENT:
        raw = from_hex(given, spot.path)
    _could_be_left_out(writer, spot, raw, node.expected)
    writer.out.data += raw
    return raw if node.number is None else node.number


def _could_be_left_out(writer: Writer, spot: Spot, raw: bytes, usual: bytes) -> None:
    if spot.given is not ABSENT and raw == usual and spot.home is not None and not spot.listed:
        writer.optional.append(Optional(spot.home, spot.name))


def computed(writer: Writer, node: tree.Computed | tree.PlaceNumber, spot: Spot) -> Derived:
    """Writes nothing: the number follows from other fields, or from its place.

    Raises:
        RecipeError: The recipe gives it.
    """
    path = spot.path
    if spot.given is not ABSENT:
        raise RecipeError(path, "it follows from other fields, and has no bytes: leave it out")
    if isinstance(node, tree.Computed):
        return Derived(partial(node.value.of, spot.frame))  # type: ignore[arg-type]  # it is looked up like a mapping
    position, end = writer.out.at - writer.stream, spot.limit
    match node.of:
        case tree.Place.POSITION:
            return Derived(lambda: position)
        case tree.Place.INDEX:
            _, opened, index = spot.frame.path.rpartition("[")
            return Derived(lambda: int(index[:-1]) if opened else None)
        case tree.Place.SIZE | tree.Place.UP_TO:
            pass
        case _:
            assert_never(node.of)

    def size() -> int:
        if end is None or node.of is tree.Place.UP_TO:
            why = "something depends on bytes that are not written yet: give the bytes as a whole"
            raise RecipeError(path, why)
        return end[0] - writer.stream

    return Derived(size)


def raw_bytes(writer: Writer, length: Expression | None, spot: Spot) -> bytes:
    """Writes bytes without a structure."""
    raw = from_hex(writer.needed(spot, "pairs of hex digits"), spot.path)
    writer.out.data += raw
    if length is not None:
        writer.equal(length, spot.frame, len(raw), spot.path, "byte")
    return raw


def one_of(writer: Writer, node: tree.Bytes, spot: Spot) -> bytes:
    """Writes bytes that are one of several constants: by their name, or as pairs of hex digits."""
    names = {name: raw for raw, name in node.names.items()}
    given = writer.needed(spot, f"one of {', '.join(list(names)[:12])}")
    if not isinstance(given, str) or given not in names:
        return raw_bytes(writer, node.length, spot)
    writer.out.data += names[given]
    return names[given]


def exactly(writer: Writer, node: tree.Node, spot: Spot) -> bytes:
    """Writes the bytes of ``{hex: …}`` in the place of a field, whatever it is."""
    raw = from_hex(raw_of(spot.given), spot.path)
    writer.out.data += raw
    length: Expression | None = None
    if isinstance(node, tree.Bytes | tree.Opaque | tree.Wrapped | tree.Strings):
        length = node.length
    elif isinstance(node, tree.Pool):
        length = node.count
    if length is not None:
        writer.equal(length, spot.frame, len(raw), spot.path, "byte")
    return raw


def text(
    writer: Writer, node: tree.Slot | tree.Text | tree.Rest | tree.Delimited | tree.TextToNul, spot: Spot
) -> str | bytes | None:
    """Writes text, or bytes that need not fill their field."""
    path = spot.path
    sized = node if isinstance(node, tree.Slot | tree.Text) else None
    room = None if sized is None else writer.room(sized.length, spot.frame, path)
    what = "pairs of hex digits" if leaf.encoding_of(node) is None else "text"
    raw, value = leaf.text_of(node, writer.needed(spot, what), room, path)
    writer.out.data += raw
    if sized is not None:
        behind = sized.behind if isinstance(sized, tree.Text) and raw_of(spot.given) is ABSENT else 0
        usual, _ = leaf.text_of(node, spot.given, None, path)
        length = len(raw) - behind
        writer.equal(sized.length, spot.frame, length, path, "byte", usual=len(usual) - behind)
    return value


def any_pad(writer: Writer, node: tree.AnyPad, spot: Spot) -> bytes:
    """Writes any bytes up to an alignment; zeros, if the recipe leaves them out."""
    usual = bytes(-writer.out.at % node.align)
    raw = usual if spot.given is ABSENT else from_hex(spot.given, spot.path)
    _could_be_left_out(writer, spot, raw, usual)
    writer.out.data += raw
    return raw


def zeros_to(writer: Writer, node: tree.ZerosTo, spot: Spot) -> None:
    """Writes zeros up to an offset; up to here, aligned, if the recipe leaves it out."""
    hole = writer.only_hole(node.offset, spot.frame)
    meant = () if hole is None else hole.node.meanings
    align = max((one.align * one.unit for one in meant if isinstance(one, meanings.OffsetInto)), default=1)
    usual = writer.out.at + -writer.out.at % align
    target = writer.stated(node.offset, spot.frame)
    writer.fill((usual if target is None else target) - writer.out.at, spot.path)
    if stated(node.offset) is None:
        why = f"what follows {spot.path or 'the padding'} begins at {usual:#x}"
        writer.equations.append(Equation(node.offset, spot.frame, usual, usual, why, place=True))
