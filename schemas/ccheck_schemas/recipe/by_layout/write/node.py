"""Write a node of any kind."""

from __future__ import annotations

from typing import Any, assert_never

from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import NOT_THERE, Expression, paths_in
from ccheck_schemas.layout.shown import shown
from ccheck_schemas.recipe.by_layout import leaf
from ccheck_schemas.recipe.by_layout.hole import Frame, Unknown
from ccheck_schemas.recipe.by_layout.leaf import ABSENT, raw_of
from ccheck_schemas.recipe.by_layout.write import leaves, lists, pointers, streams
from ccheck_schemas.recipe.by_layout.write.state import Spot
from ccheck_schemas.recipe.by_layout.write.writer import Writer
from ccheck_schemas.schema import RecipeError


def write_node(writer: Writer, node: tree.Node, spot: Spot) -> Any:
    """Writes one field, or one element of a list.

    Args:
        writer: The state of the pass.
        node: The node.
        spot: Where it is, and its value in the recipe.

    Returns:
        The value that expressions see; for a number, nothing of use.

    Raises:
        RecipeError: The recipe has something else there.
    """
    if raw_of(spot.given) is not ABSENT and not _takes_hex(node):
        return leaves.exactly(writer, node, spot)
    match node:
        case tree.Integer() | tree.Digits():
            leaves.integer(writer, node, spot)
        case tree.Float():
            writer.out.data += leaf.float_of(node, writer.needed(spot, "a number"), spot.path)
        case tree.Const():
            return leaves.const(writer, node, spot)
        case tree.Nothing():
            if spot.given is not ABSENT:
                raise RecipeError(spot.path, "this field is not there, by what chooses it: leave it out")
        case tree.Computed() | tree.PlaceNumber():
            return leaves.computed(writer, node, spot)
        case tree.Bytes() if node.names:
            return leaves.one_of(writer, node, spot)
        case tree.Wrapped() | tree.WrappedRest():
            return streams.envelope(writer, node, spot)
        case tree.Bytes() | tree.Opaque():
            return leaves.raw_bytes(writer, node.length, spot)
        case tree.OpaqueRest():
            return leaves.raw_bytes(writer, None, spot)
        case tree.Slot() | tree.Text() | tree.Rest() | tree.Delimited() | tree.TextToNul():
            return leaves.text(writer, node, spot)
        case tree.ZeroPad():
            writer.out.data += bytes(-writer.out.at % node.align)
        case tree.AnyPad():
            return leaves.any_pad(writer, node, spot)
        case tree.ZerosTo():
            leaves.zeros_to(writer, node, spot)
        case tree.ZerosToEnd():
            writer.zeros(spot)
        case tree.Struct():
            return writer.struct(node, Frame(spot.path, node, spot.frame), spot.given, spot.limit)
        case tree.Array():
            return lists.array(writer, node, spot)
        case tree.Table():
            return lists.table(writer, node, spot)
        case tree.Terminated() | tree.UpTo() | tree.UpToEnd():
            return lists.records(writer, node, spot)
        case tree.Rows():
            lists.take_rows(writer, node, spot)
        case tree.Pool() | tree.Strings():
            return pointers.owned(writer, node, spot)
        case tree.Pooled() | tree.SharedText():
            pointers.item(writer, node, spot)
        case tree.At():
            return pointers.record_at(writer, node, spot)
        case tree.Chain():
            return pointers.chain(writer, node, spot)
        case tree.Region():
            return streams.region(writer, node, spot)
        case tree.Substream() | tree.SubstreamRest():
            return streams.substream(writer, node, spot)
        case tree.ReadAt():
            return streams.read_at(writer, node, spot)
        case tree.If() | tree.Switch():
            branch = _branch(node, spot)
            free = any(spot.frame.hole(names) is not None for names in paths_in(_chooser(node)))
            # Whether the key is there may choose the branch.
            return writer.node(branch, spot.kept() if free else spot)
        case _:
            assert_never(node)
    return None


def _chooser(node: tree.Choice) -> Expression:
    return node.condition if isinstance(node, tree.If) else node.key


def _branch(node: tree.Choice, spot: Spot) -> tree.Node:
    """Returns the branch that a recipe has."""
    expression, frame = _chooser(node), spot.frame
    optional = isinstance(node, tree.If) and tree.Nothing in map(type, (node.then, node.otherwise))
    for names in paths_in(expression):
        hole = frame.hole(names)
        if hole is not None:
            hole.pinned |= not optional
    try:
        value = expression.of(frame)  # type: ignore[arg-type]  # a frame is looked up like a mapping
    except Unknown as number:
        if isinstance(node, tree.If) and optional:
            absent, present = sorted(
                (node.then, node.otherwise), key=lambda one: type(one) is not tree.Nothing
            )
            return absent if spot.given is ABSENT else present
        raise RecipeError(str(number), f"the key is missing; {spot.path!r} depends on it") from None
    except NOT_THERE:
        why = "has no value here, so that nothing says what it is"
        raise RecipeError(spot.path, f"{shown(expression)} {why}") from None
    if isinstance(node, tree.If):
        return node.then if value else node.otherwise
    found = node.cases.get(value) if isinstance(value, int | str | bytes) else None
    return node.default if found is None else found


def _takes_hex(node: tree.Node) -> bool:
    """Returns whether a node reads ``{hex: …}`` itself, or has a field of that name."""
    match node:
        case tree.Struct():
            return any(field.name == "hex" for field in node.fields)
        case tree.At() | tree.Chain() | tree.Pooled() | tree.SharedText() | tree.Rows():
            return True
        case (
            tree.Integer()
            | tree.Digits()
            | tree.Float()
            | tree.Slot()
            | tree.Text()
            | tree.Rest()
            | tree.Delimited()
        ):
            return True
        case tree.If() | tree.Switch() | tree.ReadAt() | tree.Substream() | tree.SubstreamRest():
            return True
        case tree.Region() | tree.TextToNul():
            return True
        case tree.Computed() | tree.PlaceNumber():
            return False
        case (
            tree.Const()
            | tree.Nothing()
            | tree.Bytes()
            | tree.Opaque()
            | tree.Wrapped()
            | tree.OpaqueRest()
            | tree.WrappedRest()
        ):
            return False
        case tree.ZeroPad() | tree.AnyPad() | tree.ZerosTo() | tree.ZerosToEnd() | tree.Array():
            return False
        case tree.Table() | tree.Terminated() | tree.UpTo() | tree.UpToEnd() | tree.Pool() | tree.Strings():
            return False
        case _:
            assert_never(node)
