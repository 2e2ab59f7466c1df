"""The fixed size of a node, and the fixed place of a number in a record."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import assert_never

from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import stated


@cache
def sizeof(node: tree.Node) -> int | None:
    """Returns the bytes that a node takes in its record; None if they depend on the file.

    Unlike Construct's own `sizeof`, it gives a choice between branches of one size that size.
    """
    match node:
        case tree.Integer() | tree.Digits() | tree.Float():
            return node.size
        case tree.Const():
            return len(node.expected)
        case tree.Struct():
            sizes = [sizeof(field.node) for field in node.fields]
            return None if None in sizes else sum(size for size in sizes if size is not None)
        case tree.Array():
            count, each = stated(node.count), sizeof(node.element)
            return None if count is None or each is None else count * each
        case tree.If():
            return _common(map(sizeof, tree.branches_of(node)))
        case tree.Switch():
            # An unknown key without a default is a fault, and ends the record.
            known = isinstance(node.default, tree.Nothing) and node.cases
            return _common(map(sizeof, node.cases.values() if known else tree.branches_of(node)))
        case tree.Text():
            length = stated(node.length)
            return None if length is None else length + node.behind
        case tree.Bytes() | tree.Opaque() | tree.Wrapped() | tree.Slot() | tree.Region() | tree.Substream():
            return stated(node.length)
        case tree.Nothing() | tree.Computed() | tree.PlaceNumber():
            return 0
        case tree.At() | tree.Chain() | tree.ReadAt() | tree.Pooled() | tree.SharedText() | tree.Rows():
            return 0
        case tree.Table() | tree.Terminated() | tree.UpTo() | tree.UpToEnd() | tree.Pool() | tree.Strings():
            return None
        case (
            tree.OpaqueRest()
            | tree.WrappedRest()
            | tree.Rest()
            | tree.Delimited()
            | tree.TextToNul()
            | tree.SubstreamRest()
        ):
            return None
        case tree.ZeroPad() | tree.AnyPad() | tree.ZerosTo() | tree.ZerosToEnd():
            return None
        case _:
            assert_never(node)


def row_size(node: tree.Node) -> int | None:
    """Returns the bytes of one record of the table that a field holds, and 1 for a pool; None without one.

    A `ReadAt` leads to its table, and an `At` to that of its record, if the record has no other list.
    """
    for leaf in tree.leaves_of(node):
        found: int | None = None
        if isinstance(leaf, tree.Table):
            return sizeof(leaf.record)
        if isinstance(leaf, tree.Pool):
            return 1
        if isinstance(leaf, tree.ReadAt):
            found = row_size(leaf.inner)
        elif isinstance(leaf, tree.At):
            lists = [field.node for field in leaf.record.fields if _has_list(field.node)]
            found = row_size(lists[0]) if len(lists) == 1 else None
        if found is not None:
            return found
    return None


def _has_list(node: tree.Node) -> bool:
    kinds = (tree.Array, tree.Table, tree.Terminated, tree.UpTo, tree.UpToEnd, tree.Chain)
    return any(
        isinstance(leaf, kinds) or (isinstance(leaf, tree.ReadAt) and _has_list(leaf.inner))
        for leaf in tree.leaves_of(node)
    )


def _common(sizes: Iterable[int | None]) -> int | None:
    """Returns the size that all branches have; None without one."""
    found = set(sizes)
    return found.pop() if len(found) == 1 else None


def number_at(record: tree.Struct, name: str) -> tuple[int, tree.Integer | tree.Float] | None:
    """Returns the offset of a number in a record, and its node; None if the offset is not fixed."""
    at = 0
    for field in record.fields:
        if field.name == name:
            return (at, field.node) if isinstance(field.node, tree.Integer | tree.Float) else None
        size = sizeof(field.node)
        if size is None:
            return None
        at += size
    return None


@cache
def least_size(node: tree.Node) -> int:
    """Returns the least number of bytes that a node takes in its record, as far as it is known."""
    if isinstance(node, tree.Struct):
        return sum(least_size(field.node) for field in node.fields)
    return sizeof(node) or 0
