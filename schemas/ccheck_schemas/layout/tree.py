"""Traverse the tree of a schema; nodes without names and meanings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import construct

from ccheck_schemas import meaning as m
from ccheck_schemas.record import Record


def bare(node: Any) -> tuple[Any, tuple[m.Meaning, ...]]:
    """Returns a node without its name and meanings, and the meanings, outermost first."""
    meanings = []
    while isinstance(node, construct.Renamed | m.Meaning):
        if isinstance(node, m.Meaning):
            meanings.append(node)
        node = node.subcon
    return node, tuple(meanings)


def branches_of(node: Any) -> tuple[Any, ...]:
    """Returns the branches of a conditional node; none for any other."""
    match node:
        case construct.IfThenElse():
            return node.thensubcon, node.elsesubcon
        case construct.Switch():
            return (*node.cases.values(), node.default)
    return ()


def leaves_of(node: Any) -> Iterator[Any]:
    """Yields what a field may be, inside branches and regions."""
    node = bare(node)[0]
    if isinstance(node, m.Region):
        yield from leaves_of(node.subcon)
    elif branches_of(node):
        for branch in branches_of(node):
            yield from leaves_of(branch)
    else:
        yield node


def inner_nodes(node: Any) -> tuple[Any, ...]:
    """Returns the nodes inside a node that has neither name nor meanings."""
    match node:
        case construct.Struct():
            return tuple(node.subcons)
        case construct.IfThenElse() | construct.Switch():
            return branches_of(node)
        case (
            construct.Array()
            | m.Table()
            | m.Terminated()
            | m.UpTo()
            | m.UpToEnd()
            | m.Region()
            | m.Chain()
            | m.At()
            | m.Substream()
            | m.SubstreamRest()
            | m.ReadAt()
        ):
            return (node.subcon,)
    return ()


def nodes(node: Any) -> Iterator[Any]:
    """Yields all nodes of a tree that `lint` accepts, without names and meanings."""
    node = bare(node)[0]
    yield node
    for sub in inner_nodes(node):
        yield from nodes(sub)


def hidden_fields(root: Any) -> list[str]:
    """Returns the fields that ``record.name`` does not give, because every record has an attribute of that
    name, which says something else.
    """
    structs = (node for node in nodes(root) if isinstance(node, construct.Struct))
    names = {sub.name for struct in structs for sub in struct.subcons if sub.name is not None}
    return sorted(name for name in names if hasattr(Record, name))
