"""How a table's rows are read at once, where they are numbers alone."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from typing import Any

import construct

from ccheck_schemas import meaning as m
from ccheck_schemas.record import Layout
from ccheck_schemas.size import sizeof
from ccheck_schemas.tree import bare


@dataclass(frozen=True)
class RowPlan:
    """One packer for all numbers of a row.

    names: of the numbers, in order. layout: where each stands. meanings: what each number is held against, by
    name. waiting: the fields that take no bytes, and their nodes.
    """

    packer: struct.Struct
    names: tuple[str, ...]
    layout: Layout
    meanings: tuple[tuple[str, m.Meaning], ...]
    waiting: tuple[tuple[str, Any], ...]


@cache
def row_plan(node: construct.Construct) -> RowPlan | None:
    """The plan of a row's Struct; None where a row holds anything but numbers of one byte order."""
    record, _ = bare(node)
    form, at = "", 0
    layout: dict[str, tuple[int, int, struct.Struct | None]] = {}
    meanings: list[tuple[str, m.Meaning]] = []
    waiting: list[tuple[str, Any]] = []
    orders: set[str] = set()
    for sub in record.subcons:
        leaf, held = bare(sub)
        if isinstance(leaf, construct.FormatField):
            layout[sub.name] = (at, at + leaf.length, struct.Struct(leaf.fmtstr))
            at += leaf.length
            form += leaf.fmtstr[1:]
            meanings += [(sub.name, meaning) for meaning in reversed(held)]
            if leaf.length > 1:
                orders.add(leaf.fmtstr[0])
        elif sizeof(leaf) == 0:
            waiting.append((sub.name, leaf))
        else:
            return None
    if len(orders) > 1 or not layout:
        return None
    packer = struct.Struct((orders.pop() if orders else "<") + form)
    return RowPlan(packer, tuple(layout), layout, tuple(meanings), tuple(waiting))
