"""How the rows of a table are read in bulk, if they are numbers only."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import assert_never

from ccheck_schemas.digits import Packer, RowPacker
from ccheck_schemas.generate.python.scan import Broken, PoolScan, broken_rows, pool_scan
from ccheck_schemas.generate.refused import NotGenerated
from ccheck_schemas.layout import tree
from ccheck_schemas.layout.meanings import (
    Bounded,
    ChecksumOver,
    ComparedWithFact,
    CountOf,
    FileSize,
    IndexInto,
    LengthOf,
    Meaning,
    OffsetInto,
    RecordSize,
    Reserved,
    StrictEnum,
    StrictFlags,
    Version,
)
from ccheck_schemas.layout.size import sizeof
from ccheck_schemas.record import Layout


@dataclass(frozen=True)
class RowPlan:
    """How the rows of one table are read in bulk, with one packer.

    Attributes:
        packer: Unpacks all numbers of a row.
        names: The names of the numbers, in order.
        layout: The place of each number in a row.
        digits: The numbers that are in digits.
        meanings: The meanings of the numbers, each with the name of the number.
        compared: The comparisons with facts of driver builds, each with the name of the number.
        indexes: Position, name and table of the numbers that index a table.
        broken: Finds the rows that break a meaning.
        takes: Names and nodes of the fields that take rows of another table.
        pooled: Names and nodes of the fields that may name an item of a pool.
        pool: How `pooled` is scanned.
        waiting: The names of all fields that take no bytes, in order.
    """

    packer: struct.Struct | RowPacker
    names: tuple[str, ...]
    layout: Layout
    digits: tuple[tuple[str, tree.Digits], ...]
    meanings: tuple[tuple[str, Meaning], ...]
    compared: tuple[tuple[str, ComparedWithFact], ...]
    indexes: tuple[tuple[int, str, str], ...]
    broken: Broken
    takes: tuple[tuple[str, tree.Rows], ...]
    pooled: tuple[tuple[str, tree.Node], ...]
    pool: PoolScan | None
    waiting: tuple[str, ...]


def read_in_bulk(layout: tree.Struct) -> Mapping[str, bool]:
    """Returns, by the name of each table of a schema, whether its rows are read in bulk."""
    return {
        node.table: row_plan(node.record) is not None
        for node in tree.nodes(layout)
        if isinstance(node, tree.Table)
    }


@cache
def row_plan(row: tree.Struct) -> RowPlan | None:
    """Returns the plan of a row.

    None if a row has more than numbers of one byte order, runs of rows, and items of one pool.
    """
    form, at = "", 0
    layout: dict[str, tuple[int, int, Packer | None]] = {}
    numbers: list[tuple[str, tree.Stored | tree.Float, tuple[Meaning, ...]]] = []
    waiting: list[tuple[str, tree.Node]] = []
    compared: list[tuple[str, ComparedWithFact]] = []
    orders: set[str] = set()
    for field in row.fields:
        leaf = field.node
        if isinstance(leaf, tree.Integer | tree.Digits | tree.Float):
            layout[field.name] = (at, at + leaf.size, leaf.packer)
            at += leaf.size
            form += f"{leaf.size}s" if isinstance(leaf, tree.Digits) else leaf.letter
            found = tree.meanings_of(leaf)[::-1]
            compared += [(field.name, one) for one in found if isinstance(one, ComparedWithFact)]
            by_itself = tuple(one for one in found if not isinstance(one, ComparedWithFact))
            numbers.append((field.name, leaf, by_itself))
            if leaf.size > 1 and not isinstance(leaf, tree.Digits):
                orders.add(leaf.order)
        elif sizeof(leaf) == 0 and field.name:
            waiting.append((field.name, leaf))
        else:
            return None
    kinds = tuple((name, meaning) for name, _, found in numbers for meaning in found)
    if len(orders) > 1 or not layout or not all(_in_bulk(kind) for _, kind in kinds):
        return None
    digits = tuple((name, leaf) for name, leaf, _ in numbers if isinstance(leaf, tree.Digits))
    plain = struct.Struct((orders.pop() if orders else "<") + form)
    packer: struct.Struct | RowPacker = plain
    if digits:
        packer = RowPacker(
            plain,
            tuple(
                (i, leaf.packer) for i, (_, leaf, _) in enumerate(numbers) if isinstance(leaf, tree.Digits)
            ),
        )
    names = tuple(layout)
    positions = {name: position for position, name in enumerate(names)}
    pooled = tuple((name, leaf) for name, leaf in waiting if not isinstance(leaf, tree.Rows))
    try:
        pool = pool_scan(names, pooled, packer)
    except NotGenerated:
        return None
    if pool is not None and digits:  # a malformed offset names nothing
        return None
    unsigned = {
        name for name, leaf, _ in numbers if not isinstance(leaf, tree.Digits) and leaf.letter.isupper()
    }
    takes = tuple((name, leaf) for name, leaf in waiting if isinstance(leaf, tree.Rows))
    if not all({leaf.first, leaf.count} <= unsigned for _, leaf in takes):
        return None
    return RowPlan(
        packer=packer,
        names=names,
        layout=layout,
        digits=digits,
        meanings=kinds,
        compared=tuple(compared),
        indexes=tuple(
            (positions[name], name, kind.table) for name, kind in kinds if isinstance(kind, IndexInto)
        ),
        broken=broken_rows(numbers, packer),
        takes=takes,
        pooled=pooled,
        pool=pool,
        waiting=tuple(name for name, _ in waiting),
    )


def _in_bulk(meaning: Meaning) -> bool:
    """Returns whether a meaning needs only the number and the length of a table."""
    match meaning:
        case Version() | Bounded() | StrictEnum() | StrictFlags() | Reserved() | LengthOf() | OffsetInto():
            return True
        case IndexInto() | ComparedWithFact():
            return True
        case CountOf() | RecordSize() | FileSize() | ChecksumOver():
            return False
        case _:
            assert_never(meaning)
