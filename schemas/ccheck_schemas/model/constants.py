"""The numbers and magics that a schema names: what a search should try first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import assert_never

from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import integers_in
from ccheck_schemas.layout.size import sizeof
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
def constants(layout: tree.Struct) -> Constants:
    """Returns the constants of a schema."""
    magics: dict[bytes, None] = {}
    numbers: set[int] = set()
    packed: dict[bytes, None] = {}
    for node in tree.nodes(layout):
        numbers.update(_stated(node))
        if isinstance(node, tree.Const):
            magics[node.expected] = None
        elif isinstance(node, tree.Bytes):
            magics.update(dict.fromkeys(node.names))
        for number in _numbers(node):
            low_high = (
                () if (number.low, number.high) == (number.least, number.most) else (number.low, number.high)
            )
            for value in (*number.values, *low_high):
                numbers.add(value)
                if number.least <= value <= number.most:
                    packed[number.packer.pack(value)] = None
    return Constants(tuple(sorted(numbers)), (*magics, *packed))


def _numbers(node: tree.Node) -> Iterator[Number]:
    """Yields the numbers that are fields of a record, in runs or under a condition."""
    match node:
        case tree.Struct():
            for step in runs_of(node):
                if isinstance(step, Run):
                    yield from step.record_type.numbers
        case tree.If() | tree.Switch() | tree.Array():
            for inner in tree.inner_nodes(node):
                if isinstance(inner, tree.Stored):
                    yield from leaf_run(inner, "", "").record_type.numbers
        case tree.Region() | tree.Substream() | tree.SubstreamRest() | tree.ReadAt():
            return
        case tree.Table() | tree.Terminated() | tree.UpTo() | tree.UpToEnd() | tree.At() | tree.Chain():
            return
        case (
            tree.Integer()
            | tree.Digits()
            | tree.Float()
            | tree.Const()
            | tree.Nothing()
            | tree.Computed()
            | tree.PlaceNumber()
            | tree.Bytes()
            | tree.Opaque()
            | tree.Wrapped()
        ):
            return
        case (
            tree.OpaqueRest()
            | tree.WrappedRest()
            | tree.Slot()
            | tree.Rest()
            | tree.Delimited()
            | tree.Text()
            | tree.TextToNul()
        ):
            return
        case tree.ZeroPad() | tree.AnyPad() | tree.ZerosTo() | tree.ZerosToEnd():
            return
        case tree.Pool() | tree.Strings() | tree.Pooled() | tree.SharedText() | tree.Rows():
            return
        case _:
            assert_never(node)


def _stated(node: tree.Node) -> Iterator[int]:
    """Yields the integers in a node itself."""
    match node:
        case tree.Table():
            yield from (node.low, node.high, sizeof(node.record) or 0)
            yield from integers_in(node.count)
        case tree.Pool():
            yield from (node.low, node.high)
        case tree.ZeroPad():
            yield node.align
        case (
            tree.Text()
            | tree.Bytes()
            | tree.Opaque()
            | tree.Wrapped()
            | tree.Slot()
            | tree.Region()
            | tree.Substream()
        ):
            yield from integers_in(node.length)
        case tree.If():
            yield from integers_in(node.condition)
        case tree.Switch():
            yield from (key for key in node.cases if isinstance(key, int))
        case tree.Computed():
            yield from integers_in(node.value)
        case tree.Chain():
            yield from integers_in(node.first)
        case (
            tree.Integer() | tree.Digits() | tree.Float() | tree.Const() | tree.Nothing() | tree.PlaceNumber()
        ):
            return
        case tree.Struct() | tree.Array():
            return
        case (
            tree.OpaqueRest()
            | tree.WrappedRest()
            | tree.Rest()
            | tree.Delimited()
            | tree.TextToNul()
            | tree.AnyPad()
        ):
            return
        case tree.ZerosTo() | tree.ZerosToEnd() | tree.Terminated() | tree.UpTo() | tree.UpToEnd():
            return
        case tree.Strings() | tree.SubstreamRest() | tree.ReadAt() | tree.At() | tree.Pooled():
            return
        case tree.SharedText() | tree.Rows():
            return
        case _:
            assert_never(node)
