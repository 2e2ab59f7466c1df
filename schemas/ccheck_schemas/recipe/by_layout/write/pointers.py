"""Write records at offsets, and the items of pools and blocks."""

from __future__ import annotations

from typing import Any

from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import Expression, Path
from ccheck_schemas.recipe.by_layout import leaf
from ccheck_schemas.recipe.by_layout.hole import Frame
from ccheck_schemas.recipe.by_layout.image import MOST, Run
from ccheck_schemas.recipe.by_layout.leaf import ABSENT, from_hex
from ccheck_schemas.recipe.by_layout.shared import Equation, Item, Owner
from ccheck_schemas.recipe.by_layout.write.lists import elements
from ccheck_schemas.recipe.by_layout.write.state import Placed, Spot
from ccheck_schemas.recipe.by_layout.write.writer import Writer
from ccheck_schemas.schema import RecipeError


def begin(writer: Writer, path: str, offset: int | None) -> Run:
    """Returns a run at an offset; at the place of the pass before if the recipe does not state it.

    Raises:
        RecipeError: It is too far away.
    """
    if offset is not None and not 0 <= offset <= MOST:
        fix = "leave the record out to write its offset alone"
        raise RecipeError(path, f"it would be at offset {offset:#x}, where no record is placed; {fix}")
    run = Run(path, writer.known.bases.get(path, 0) if offset is None else offset)
    writer.runs.append(run)
    return run


def record_at(writer: Writer, node: tree.At, spot: Spot) -> Frame | None:
    """Writes a record at an offset."""
    frame, path = spot.frame, spot.path
    if spot.given is ABSENT:
        writer.equations.append(Equation(node.offset, frame, 0, 0, f"{path} is left out", place=True))
        return None
    return _pointed(writer, node.record, (node.offset, frame), Frame(path, node.record, frame), spot.given, 1)


def _pointed(
    writer: Writer,
    record: tree.Struct,
    offset: tuple[Expression, Frame],
    frame: Frame,
    given: object,
    align: int,
) -> Frame:
    """Writes a record at an offset: an expression, over the fields of a record."""
    at = writer.stated(*offset)
    run = begin(writer, frame.path, at)
    writer.placed.append(Placed(run, *offset, align, f"{frame.path} is there", at is None))
    around, stream, writer.out, writer.stream = writer.out, writer.stream, run, 0
    found = writer.struct(record, frame, given, None)
    writer.out, writer.stream = around, stream
    return found


def chain(writer: Writer, node: tree.Chain, spot: Spot) -> list[Any]:
    """Writes records of which each names the next."""
    path = spot.path
    holder, offset = spot.frame, node.first
    links = []
    for i, one in enumerate(elements(writer, spot)):
        frame = Frame(f"{path}[{i}]", node.record, spot.frame)
        given = ABSENT if one is None else one
        link = _pointed(writer, node.record, (offset, holder), frame, given, node.align)
        links.append(link)
        holder, offset = link, Path((node.next_field,))
    writer.equations.append(Equation(offset, holder, 0, 0, f"{path} ends", place=True))
    return links


def item(writer: Writer, node: tree.Pooled | tree.SharedText, spot: Spot) -> None:
    """Puts an item into its pool, or a text into its block."""
    if spot.given is ABSENT:
        return
    path, frame = spot.path, spot.frame
    if isinstance(node, tree.SharedText):
        owner = writer.owners.setdefault(node.block, Owner(whole_file=False))
        raw, _ = leaf.text_of(tree.TextToNul(node.encoding), spot.given, None, path)
        owner.items.append(Item(path, frame, node.offset, raw, 1))
        return
    owner = writer.owners.setdefault(node.region, Owner(whole_file=True))
    if isinstance(node.item, tree.Text):
        inside = node.item.terminator == "inside"
        room = writer.room(node.length, frame, path) if inside else None
        raw, _ = leaf.text_of(node.item, spot.given, room, path)
    else:
        raw = from_hex(spot.given, path)
    owner.items.append(Item(path, frame, node.offset, raw, node.align))
    writer.equal(node.length, frame, len(raw) - node.behind, path, "byte")


def owned(writer: Writer, node: tree.Pool | tree.Strings, spot: Spot) -> bytes:
    """Writes a pool or a block: the bytes that the recipe gives, or those of its items."""
    is_pool = isinstance(node, tree.Pool)
    name = node.region if isinstance(node, tree.Pool) else node.block
    owner = writer.owners.setdefault(name, Owner(whole_file=is_pool))
    owner.start = writer.out.at
    if spot.given is ABSENT:
        raw = writer.known.contents.get(name, b"")
        writer.used[name] = raw
    else:
        raw = owner.stated = from_hex(spot.given, spot.path)
        owner.home = None if spot.home is None else (spot.home, spot.name)
    writer.out.data += raw
    length = node.count if isinstance(node, tree.Pool) else node.length
    writer.equal(length, spot.frame, len(raw), spot.path, "byte")
    return raw
