"""How a table's rows are read at once, where they are numbers alone."""

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
"""Meanings that a row's number keeps or breaks without anything but a table's length."""


@dataclass(frozen=True)
class RowPlan:
    """One packer for all numbers of a row.

    names: of the numbers, in order. layout: where each stands. meanings: what each number is held against, by
    name. indexes: position, name and table of the numbers that index a table. broken: finds the rows that
    break a meaning. takes: names and nodes of the fields that take rows of another table. pooled: names and
    nodes of the fields that may name an item of a pool, and how `pool` scans them. waiting: all fields that
    take no bytes, in order.
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
    """Whether the rows of each table of a schema are read at once, by the table's name."""
    return {
        node.table: row_plan(node.subcon) is not None for node in nodes(root) if isinstance(node, m.Table)
    }


@cache
def row_plan(node: construct.Construct) -> RowPlan | None:
    """The plan of a row's Struct; None where a row holds anything but numbers of one byte order, and fields
    that take no bytes: runs of rows, and items of one pool.
    """
    record, _ = bare(node)
    form, at = "", 0
    layout: dict[str, tuple[int, int, struct.Struct | None]] = {}
    numbers: list[tuple[str, Any, tuple[m.Meaning, ...]]] = []
    waiting: list[tuple[str, Any]] = []
    orders: set[str] = set()
    for sub in record.subcons:
        leaf, held = bare(sub)
        if isinstance(leaf, construct.FormatField):
            layout[sub.name] = (at, at + leaf.length, struct.Struct(leaf.fmtstr))
            at += leaf.length
            form += leaf.fmtstr[1:]
            numbers.append((sub.name, leaf, tuple(reversed(held))))
            if leaf.length > 1:
                orders.add(leaf.fmtstr[0])
        elif sizeof(leaf) == 0 and sub.name:
            waiting.append((sub.name, leaf))
        else:
            return None
    meanings = tuple((name, meaning) for name, _, held in numbers for meaning in held)
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
