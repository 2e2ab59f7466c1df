"""The outer fields of a record: those of the records around it that its expressions name."""

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
    """Returns the paths of the outer fields of a Struct, from the record around it."""
    return tuple(dict.fromkeys(_outer(node, 0)))


def _outer(node: Any, depth: int) -> Iterator[tuple[str, ...]]:
    """Yields paths; `depth` is the number of records between the node and the outermost Struct."""
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
    """Returns the expressions of a node itself."""
    names = ("count", "length", "offset", "position", "first", "condfunc", "keyfunc")
    return tuple(value for name in names if callable(value := getattr(node, name, None)))
