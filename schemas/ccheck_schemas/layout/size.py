"""The fixed size of a node, and the fixed place of a number in a record."""

from __future__ import annotations

from functools import cache

import construct

from ccheck_schemas import meaning as m


def sizeof(node: construct.Construct) -> int | None:
    """Returns the bytes that a node takes in its record; None if they depend on the file.

    Unlike Construct's own `sizeof`, it gives a choice between branches of one size that size.
    """
    while isinstance(node, construct.Renamed | m.Meaning):
        node = node.subcon
    sizes: list[int | None]
    match node:
        case construct.Struct():
            sizes = [sizeof(sub) for sub in node.subcons]
            return None if None in sizes else sum(size for size in sizes if size is not None)
        case construct.Array():
            each = None if callable(node.count) else sizeof(node.subcon)
            return None if each is None else int(node.count) * each
        case construct.IfThenElse():
            sizes = [sizeof(node.thensubcon), sizeof(node.elsesubcon)]
        case construct.Switch():
            sizes = [sizeof(sub) for sub in (*node.cases.values(), node.default)]
        case m.At() | m.Chain() | m.ReadAt() | m.Pooled() | m.SharedText() | m.Rows():
            return 0
        case _:
            try:
                return int(node.sizeof())
            except construct.SizeofError:
                return None
    return sizes[0] if len(set(sizes)) == 1 else None


@cache
def fixed_size(node: construct.Construct) -> int | None:
    """Returns `sizeof`, computed once for each node."""
    return sizeof(node)


def number_at(record: construct.Construct, name: str) -> tuple[int, construct.FormatField] | None:
    """Returns the offset of a number in a record, and its node; None if the offset is not fixed."""
    at = 0
    for sub in record.subcons:
        leaf = sub
        while isinstance(leaf, construct.Renamed | m.Meaning):
            leaf = leaf.subcon
        if sub.name == name:
            return (at, leaf) if isinstance(leaf, construct.FormatField) else None
        size = sizeof(sub)
        if size is None:
            return None
        at += size
    return None


@cache
def least_size(node: construct.Construct) -> int:
    """Returns the least number of bytes that a node takes in its record, as far as it is known."""
    while isinstance(node, construct.Renamed | m.Meaning):
        node = node.subcon
    if isinstance(node, construct.Struct):
        return sum(map(least_size, node.subcons))
    return 0 if isinstance(node, m.ZeroPad) else sizeof(node) or 0


def integer_range(leaf: construct.FormatField) -> tuple[int, int]:
    """Returns the least and greatest number that an integer field can hold."""
    bits = 8 * int(leaf.length)
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if leaf.fmtstr[-1].islower() else (0, (1 << bits) - 1)
