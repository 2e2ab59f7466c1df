"""Write regions, streams, and what is read at a position of a stream."""

from __future__ import annotations

from typing import Any

from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import NOT_THERE, Path, stated
from ccheck_schemas.layout.shown import shown
from ccheck_schemas.recipe.by_layout.hole import Frame, Unknown, rest_key
from ccheck_schemas.recipe.by_layout.leaf import ABSENT, from_hex
from ccheck_schemas.recipe.by_layout.write.pointers import begin
from ccheck_schemas.recipe.by_layout.write.state import Placed, Rest, Spot
from ccheck_schemas.recipe.by_layout.write.writer import Writer
from ccheck_schemas.recipe.part import Part
from ccheck_schemas.schema import RecipeError


def region(writer: Writer, node: tree.Region, spot: Spot) -> Any:
    """Writes bytes with a length of their own."""
    start = writer.out.at
    found = writer.node(node.inner, spot.within(writer.within(node.length, spot.frame, start)))
    writer.equal(node.length, spot.frame, writer.out.at - start, spot.path, "byte")
    return found


def substream(writer: Writer, node: tree.Substream | tree.SubstreamRest, spot: Spot) -> Any:
    """Writes a stream, and what its content leaves of it."""
    frame, path, start = spot.frame, spot.path, writer.out.at
    sized = node if isinstance(node, tree.Substream) else None
    limit = spot.limit if sized is None else writer.within(sized.length, frame, start)
    around, writer.stream = writer.stream, start
    found = writer.node(node.inner, spot.within(limit))
    writer.stream = around
    key = rest_key(frame, spot.name)
    if spot.part.has(key):
        rest = from_hex(spot.part.value(key), frame.where(key))
        if sized is not None and stated(sized.length) is not None and spot.home is not None:
            at = len(writer.out.data)
            writer.rests.append(Rest(spot.home, key, writer.out, at, at + len(rest)))
        writer.out.give_way(rest)
    elif limit is not None and sized is not None:
        writer.fill(limit[0] - writer.out.at, path)
    if sized is not None:
        writer.equal(sized.length, frame, writer.out.at - start, path, "byte")
    return found


def envelope(writer: Writer, node: tree.Envelope, spot: Spot) -> bytes:
    """Writes content of another format, wrapped, or the bytes that a recipe gives for it."""
    part = Part(writer.needed(spot, "a mapping with the content"), spot.path)
    content = writer.content(node.content, part.value("content"), part.where("content"))
    if part.has("bytes"):
        raw = from_hex(part.value("bytes"), part.where("bytes"))
        if node.wrapping.unwrap(raw).content != content:
            why = "unwrapped, they are other content than that of the recipe: leave them out"
            raise RecipeError(part.where("bytes"), why)
    else:
        level = part.integer("level", 0, 9) if part.has("level") else None
        raw = node.wrapping.wrap(content, level)
    part.done()
    writer.out.data += raw
    if isinstance(node, tree.Wrapped):
        writer.equal(node.length, spot.frame, len(raw), spot.path, "byte")
    return content


def read_at(writer: Writer, node: tree.ReadAt, spot: Spot) -> Any:
    """Writes a field at a position, whose bytes may be those of another field."""
    path, frame = spot.path, spot.frame
    hole = writer.only_hole(node.position, frame)
    if spot.given is ABSENT:
        if hole is not None:
            hole.failed = f"{spot.name!r} is left out, so that nothing says where it is"
        return None
    start = 0 if node.whole_file else writer.stream
    if node.inside is not None:
        start = stream_of(node.inside, frame, path)
    position = writer.stated(node.position, frame)
    if position is None and start:
        if hole is not None:
            hole.failed = f"{spot.name!r} is read at it in a stream of its own"
        position = 0
    run = begin(writer, path, None if position is None else start + position)
    around = writer.out, writer.stream
    writer.out, writer.stream = run, start
    found = writer.node(node.inner, spot.kept().within(None))
    writer.out, writer.stream = around
    if not start:
        is_open = position is None
        writer.placed.append(Placed(run, node.position, frame, 1, f"{path} is there", is_open))
    return found


def stream_of(record: Path, frame: Frame, path: str) -> int:
    """Returns where the stream of another record begins.

    Raises:
        RecipeError: The recipe has no such record.
    """
    try:
        found = record.of(frame)  # type: ignore[arg-type]  # a frame is looked up like a mapping
    except (*NOT_THERE, Unknown):
        found = None
    if not isinstance(found, Frame):
        why = f"its position counts in the record {shown(record)}, which the recipe leaves out"
        raise RecipeError(path, why)
    return found.stream
