"""What a record takes from the records around it: the fields that its expressions name above itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import construct

from ccheck_schemas import meaning as m
from ccheck_schemas.layout.tree import bare, inner_nodes
from ccheck_schemas.vocabulary.expression import paths_in


@cache
def outer_paths(node: construct.Construct) -> tuple[tuple[str, ...], ...]:
    """Returns the paths of all fields outside of a Struct that expressions inside it name, as the record that
    holds the Struct names them.
    """
    return tuple(dict.fromkeys(_outer(node, 0)))


def _outer(node: Any, depth: int) -> Iterator[tuple[str, ...]]:
    """depth: how many records are around the node, the outermost being the one asked about."""
    node = bare(node)[0]
    for expression in expressions_of(node):
        for path in paths_in(expression):
            above = next((i for i, name in enumerate(path) if name != "_"), len(path))
            if path[above : above + 1] == ("_root",):
                yield path[above:]
            elif above >= depth:
                yield path[depth:]
    for sub in inner_nodes(node):
        yield from _outer(sub, depth + isinstance(node, construct.Struct))


def expressions_of(node: Any) -> tuple[m.Expression, ...]:
    """Returns the expressions that a node holds itself."""
    names = ("count", "length", "offset", "position", "first", "condfunc", "keyfunc")
    return tuple(value for name in names if callable(value := getattr(node, name, None)))
