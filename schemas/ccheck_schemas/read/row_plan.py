"""How the rows of a table are read in bulk, if they are numbers alone."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import construct

from ccheck_schemas import meaning as m
from ccheck_schemas.generate.scan import Broken, PoolScan, broken_rows, pool_scan
from ccheck_schemas.generate.variables import NotGenerated
from ccheck_schemas.layout.size import sizeof
from ccheck_schemas.layout.tree import bare, nodes
from ccheck_schemas.record import Layout

_BY_ITSELF = (
    m.Version,
    m.Bounded,
    m.StrictEnum,
    m.StrictFlags,
    m.Reserved,
    m.LengthOf,
    m.OffsetInto,
    m.IndexInto,
)
"""Meanings that need only the number and the length of a table."""


@dataclass(frozen=True)
class RowPlan:
    """How the rows of one table are read in bulk, with one packer.

    Attributes:
        packer: Unpacks all numbers of a row.
        names: The names of the numbers, in order.
        layout: The place of each number in a row.
        meanings: The meanings of the numbers, each with the name of the number.
        indexes: Position, name and table of the numbers that index a table.
        broken: Finds the rows that break a meaning.
        takes: Names and nodes of the fields that take rows of another table.
        pooled: Names and nodes of the fields that may name an item of a pool.
        pool: How `pooled` is scanned.
        waiting: The names of all fields that take no bytes, in order.
    """

    packer: struct.Struct
    names: tuple[str, ...]
    layout: Layout
    meanings: tuple[tuple[str, m.Meaning], ...]
    indexes: tuple[tuple[int, str, str], ...]
    broken: Broken
    takes: tuple[tuple[str, m.Rows], ...]
    pooled: tuple[tuple[str, Any], ...]
    pool: PoolScan | None
    waiting: tuple[str, ...]


def read_in_bulk(root: construct.Construct) -> Mapping[str, bool]:
    """Returns, by the name of each table of a schema, whether its rows are read in bulk."""
    return {
        node.table: row_plan(node.subcon) is not None for node in nodes(root) if isinstance(node, m.Table)
    }


@cache
def row_plan(node: construct.Construct) -> RowPlan | None:
    """Returns the plan of a row's Struct.

    None where a row has more than numbers of one byte order, runs of rows, and items of one pool.
    """
    record, _ = bare(node)
    form, at = "", 0
    layout: dict[str, tuple[int, int, struct.Struct | None]] = {}
    numbers: list[tuple[str, Any, tuple[m.Meaning, ...]]] = []
    waiting: list[tuple[str, Any]] = []
    orders: set[str] = set()
    for sub in record.subcons:
        leaf, kinds = bare(sub)
        if isinstance(leaf, construct.FormatField):
            layout[sub.name] = (at, at + leaf.length, struct.Struct(leaf.fmtstr))
            at += leaf.length
            form += leaf.fmtstr[1:]
            numbers.append((sub.name, leaf, tuple(reversed(kinds))))
            if leaf.length > 1:
                orders.add(leaf.fmtstr[0])
        elif sizeof(leaf) == 0 and sub.name:
            waiting.append((sub.name, leaf))
        else:
            return None
    meanings = tuple((name, meaning) for name, _, kinds in numbers for meaning in kinds)
    if len(orders) > 1 or not layout or not all(isinstance(kind, _BY_ITSELF) for _, kind in meanings):
        return None
    packer = struct.Struct((orders.pop() if orders else "<") + form)
    names = tuple(layout)
    positions = {name: position for position, name in enumerate(names)}
    pooled = tuple((name, leaf) for name, leaf in waiting if not isinstance(leaf, m.Rows))
    try:
        pool = pool_scan(names, pooled, packer)
    except NotGenerated:
        return None
    unsigned = {name for name, leaf, _ in numbers if leaf.fmtstr[-1].isupper()}
    takes = tuple((name, leaf) for name, leaf in waiting if isinstance(leaf, m.Rows))
    if not all({leaf.first, leaf.count} <= unsigned for _, leaf in takes):
        return None
    return RowPlan(
        packer=packer,
        names=names,
        layout=layout,
        meanings=meanings,
        indexes=tuple(
            (positions[name], name, kind.table) for name, kind in meanings if isinstance(kind, m.IndexInto)
        ),
        broken=broken_rows(numbers, packer),
        takes=takes,
        pooled=pooled,
        pool=pool,
        waiting=tuple(name for name, _ in waiting),
    )
