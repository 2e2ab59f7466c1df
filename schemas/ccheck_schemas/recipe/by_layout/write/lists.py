"""Write lists, tables, and the rows that records take of tables."""

from __future__ import annotations

from typing import Any

from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import Path
from ccheck_schemas.layout.size import sizeof
from ccheck_schemas.recipe.by_layout import leaf
from ccheck_schemas.recipe.by_layout.hole import Frame
from ccheck_schemas.recipe.by_layout.leaf import ABSENT, kind_of
from ccheck_schemas.recipe.by_layout.write.state import Spot
from ccheck_schemas.recipe.by_layout.write.writer import Writer
from ccheck_schemas.schema import RecipeError


def elements(writer: Writer, spot: Spot) -> list[Any]:
    """Returns the elements that a recipe gives.

    Raises:
        RecipeError: It gives something else.
    """
    given = writer.needed(spot, "a list")
    if not isinstance(given, list):
        raise RecipeError(spot.path, f"a list belongs here, not {kind_of(given)}")
    return given


def array(writer: Writer, node: tree.Array, spot: Spot) -> list[Any]:
    """Writes a list with a count."""
    given = elements(writer, spot)
    writer.equal(node.count, spot.frame, len(given), spot.path, "element")
    if isinstance(node.element, tree.Integer) and not node.element.meanings:
        low, high = leaf.range_of(node.element)
        if all(type(one) is int and low <= one <= high for one in given):
            writer.out.data += b"".join(map(node.element.packer.pack, given))
            return given
    return [
        writer.node(node.element, spot.element(i, ABSENT if one is None else one))
        for i, one in enumerate(given)
    ]


def records(writer: Writer, node: tree.Terminated | tree.UpTo | tree.UpToEnd, spot: Spot) -> list[Any]:
    """Writes records without a count."""
    path = spot.path
    rows = [(one, f"{path}[{i}]") for i, one in enumerate(elements(writer, spot))]
    found = _structs(writer, node.record, rows, spot)
    if isinstance(node, tree.Terminated):
        writer.out.data += bytes(sizeof(node.record) or 0)
    return found


def table(writer: Writer, node: tree.Table, spot: Spot) -> list[Any]:
    """Writes a table: the rows that the recipe gives here, or those that records take."""
    path = spot.path
    if spot.given is ABSENT and node.table in writer.shared:
        rows = writer.known.rows.get(node.table, [])
        writer.used_rows.add(node.table)
    else:
        rows = [(one, f"{path}[{i}]") for i, one in enumerate(elements(writer, spot))]
    writer.equal(node.count, spot.frame, len(rows), path, "row")
    return _structs(writer, node.record, rows, spot)


def _structs(writer: Writer, record: tree.Struct, rows: list[tuple[Any, str]], spot: Spot) -> list[Any]:
    return [
        writer.struct(record, Frame(path, record, spot.frame), ABSENT if row is None else row, spot.limit)
        for row, path in rows
    ]


def take_rows(writer: Writer, node: tree.Rows, spot: Spot) -> None:
    """Stores the rows that a record takes."""
    if spot.given is ABSENT:
        return
    path, rows = spot.path, elements(writer, spot)
    taken = writer.rows.setdefault(node.table, [])
    writer.equal(Path((node.first,)), spot.frame, len(taken), path, "row", behind="in front of it")
    writer.equal(Path((node.count,)), spot.frame, len(rows), path, "row")
    taken += ((row, f"{path}[{i}]") for i, row in enumerate(rows))
