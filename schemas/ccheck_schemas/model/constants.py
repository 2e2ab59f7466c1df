"""The numbers and magics that a schema names: what a search should try first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import construct
from construct.expr import BinExpr, UniExpr

from ccheck_schemas import meaning as m
from ccheck_schemas.layout.size import sizeof
from ccheck_schemas.layout.tree import bare, nodes
from ccheck_schemas.model.record_type import Number
from ccheck_schemas.model.runs import Run, leaf_run, runs_of


@dataclass(frozen=True, slots=True)
class Constants:
    """What a schema names.

    Attributes:
        numbers: All integers, ascending.
        packed: Magics, and numbers as the bytes of their fields.
    """

    numbers: tuple[int, ...]
    packed: tuple[bytes, ...]


@cache
def constants(root: construct.Construct) -> Constants:
    """Returns the constants of a schema."""
    magics: dict[bytes, None] = {}
    numbers: set[int] = set()
    packed: dict[bytes, None] = {}
    for node in nodes(root):
        numbers.update(_stated(node))
        if isinstance(node, construct.Const):
            magics[bytes(node.build(None))] = None
        for number in _numbers(node):
            low_high = (
                () if (number.low, number.high) == (number.least, number.most) else (number.low, number.high)
            )
            for value in (*number.values, *low_high):
                numbers.add(value)
                if number.least <= value <= number.most:
                    packed[number.packer.pack(value)] = None
    return Constants(tuple(sorted(numbers)), (*magics, *packed))


def _numbers(node: construct.Construct) -> Iterator[Number]:
    """Yields the numbers that are fields of a Struct, in runs or under a condition."""
    if isinstance(node, construct.Struct):
        for step in runs_of(node):
            if isinstance(step, Run):
                yield from step.record_type.numbers
        return
    conditional = isinstance(node, construct.IfThenElse | construct.Switch | construct.Array)
    inner = () if not conditional else (
        (node.subcon,) if isinstance(node, construct.Array)
        else (node.thensubcon, node.elsesubcon) if isinstance(node, construct.IfThenElse)
        else tuple(node.cases.values())
    )  # fmt: skip
    for sub in inner:
        if isinstance(bare(sub)[0], construct.FormatField):
            yield from leaf_run(sub, "", "").record_type.numbers


def _stated(node: Any) -> Iterator[int]:
    """Yields the integers in a node itself."""
    match node:
        case m.Table():
            yield from (node.low, node.high, sizeof(node.subcon) or 0)
            yield from _integers(node.count)
        case m.Pool():
            yield from (node.low, node.high)
        case m.ZeroPad():
            yield node.align
        case m.Text() | construct.Bytes() | m.Region() | m.Substream():
            yield from _integers(node.length)
        case construct.IfThenElse():
            yield from _integers(node.condfunc)
        case construct.Switch():
            yield from (key for key in node.cases if isinstance(key, int))
        case m.Chain():
            yield from _integers(node.first)


def _integers(expression: Any) -> Iterator[int]:
    """Yields the integers of an expression."""
    match expression:
        case bool():
            return
        case int():
            yield expression
        case BinExpr():
            yield from _integers(expression.lhs)
            yield from _integers(expression.rhs)
        case UniExpr():
            yield from _integers(expression.operand)
