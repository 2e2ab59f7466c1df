"""The outer fields of a record: those of the records around it that its expressions name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import paths_in
from ccheck_schemas.layout.meanings import ChecksumOver, ComparedWithFact


@cache
def outer_paths(record: tree.Struct) -> tuple[tuple[str, ...], ...]:
    """Returns the paths of the outer fields of a record, from the record around it."""
    return tuple(dict.fromkeys(_outer(record, 0)))


def _outer(node: tree.Node, depth: int) -> Iterator[tuple[str, ...]]:
    """Yields paths; `depth` is the number of records between the node and the outermost one."""
    compared = [one for one in tree.meanings_of(node) if isinstance(one, ChecksumOver | ComparedWithFact)]
    for expression in (*tree.expressions_of(node), *(each for one in compared for each in one.expressions)):
        for path in paths_in(expression):
            above = next((i for i, name in enumerate(path) if name != "_"), len(path))
            if path[above : above + 1] == ("_root",):
                yield path[above:]
            elif above >= depth:
                yield path[depth:]
    for inner in tree.inner_nodes(node):
        yield from _outer(inner, depth + isinstance(node, tree.Struct))
