"""Refuse a schema that is too large or too deep, before anything traverses it by recursion.

A schema is a graph: one node or operand may be in many places, and a traversal meets it in each. Sizes
therefore count every place. They are computed once for each object, without recursion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import construct
from construct.expr import ExprMixin, Path

DEEPEST = 200
"""Nodes inside each other, at most; a name and a meaning are nodes of their own."""
MOST = 1_000_000
"""Nodes, names and operators of a schema, at most, each counted in every place."""
DEEPEST_EXPRESSION = 100
"""Operators of an expression inside each other, at most."""
LONGEST_PATH = 100
"""Names of one path, at most."""
LARGEST_EXPRESSION = 4_000
"""Operators and names of an expression, at most, each counted in every place."""
LONGEST_NAME = 200
"""Characters of a field's name, at most."""
LARGEST_NUMBER = 1 << 128
"""Numbers that a schema states are less than this."""

_SHOWN = 200
_COUNTED = "each counted in every place"


@dataclass(slots=True)
class _Measured:
    """An object of the graph.

    Attributes:
        inner: The objects inside it.
        size: The number of objects, including those inside.
        depth: How deeply nodes, or operators, are nested.
        path: The names of a path.
        large: Whether a number in it is too large.
        seen: How many of `inner` were measured.
    """

    inner: tuple[Any, ...]
    size: int = 0
    depth: int = 0
    path: int = 0
    large: bool = False
    seen: int = 0
    complete: bool = False


def oversize(root: construct.Construct) -> tuple[str, ...]:
    """Returns why a schema is too large to traverse, each ``place: reason``; none if it is not.

    A schema that contains itself has no size, and is refused too.
    """
    return tuple(_Measure().complaints(root))


class _Measure:
    """The sizes of one schema, by the ids of its objects, which the schema keeps alive."""

    def __init__(self) -> None:
        self.nodes: dict[int, _Measured] = {}
        self.expressions: dict[int, _Measured] = {}

    def complaints(self, root: construct.Construct) -> Iterator[str]:
        """Yields everything that is too large, at its place."""
        stack = [root]
        self.nodes[id(root)] = _Measured(tuple(_inner_nodes(root)))
        yield from self.single(root, stack)
        while stack:
            node = stack[-1]
            found = self.nodes[id(node)]
            if found.seen == len(found.inner):
                inner = [self.nodes[id(sub)] for sub in found.inner]
                found.size = min(MOST + 1, found.size + 1 + sum(sub.size for sub in inner))
                found.depth = 1 + max((sub.depth for sub in inner), default=0)
                found.complete = True
                stack.pop()
                continue
            sub = found.inner[found.seen]
            found.seen += 1
            known = self.nodes.get(id(sub))
            if known is None:
                stack.append(sub)
                self.nodes[id(sub)] = _Measured(tuple(_inner_nodes(sub)))
                yield from self.single(sub, stack)
            elif not known.complete:
                place = _place([*stack, sub])
                why = "a node that contains itself lets a file choose the depth of recursion"
                yield f"{place}: {why}; write it out, to a depth"
                return
        yield from self.whole(root)

    def single(self, node: construct.Construct, stack: list[construct.Construct]) -> Iterator[str]:
        """Yields what is wrong with one node and its expressions, whose size counts for the node."""
        name = node.name if isinstance(node, construct.Renamed) else None
        if isinstance(name, str) and len(name) > LONGEST_NAME:
            yield f"{_place(stack)}: a name of {len(name):,} characters; {_allowed(LONGEST_NAME)}"
        for value in _attributes(node):
            if isinstance(value, ExprMixin):
                measured = self.expression(value)
                self.nodes[id(node)].size += min(measured.size, LARGEST_EXPRESSION)
                yield from (f"{_place(stack)}: {why}" for why in _too_large(measured))
            elif _has_large_number(value):
                yield f"{_place(stack)}: a number of more than {LARGEST_NUMBER.bit_length() - 1} bits"

    def expression(self, expression: ExprMixin) -> _Measured:
        """Returns the size and depth of an expression; an operand counts in each of its places."""
        stack = [expression]
        while stack:
            part = stack[-1]
            known = self.expressions.get(id(part))
            if known is None:
                operands = tuple(value for value in vars(part).values() if isinstance(value, ExprMixin))
                self.expressions[id(part)] = _Measured(operands)
                stack += [operand for operand in operands if id(operand) not in self.expressions]
                continue
            stack.pop()
            if not known.complete:
                self._complete(part, known)
        return self.expressions[id(expression)]

    def _complete(self, part: ExprMixin, found: _Measured) -> None:
        inner = [self.expressions[id(operand)] for operand in found.inner]
        # An operand that is not complete contains this expression, which then has no end.
        endless = not all(operand.complete for operand in inner)
        found.size = MOST if endless else min(MOST, 1 + sum(operand.size for operand in inner))
        is_path = isinstance(part, Path)
        found.path = max((operand.path for operand in inner), default=0) + is_path
        found.depth = max((operand.depth for operand in inner), default=0) + (not is_path)
        found.large = any(map(_has_large_number, vars(part).values())) or any(sub.large for sub in inner)
        found.complete = True

    def whole(self, root: construct.Construct) -> Iterator[str]:
        """Yields whether the whole schema is too deep or too large, and where."""
        if self.nodes[id(root)].depth > DEEPEST:
            place = [root]
            while len(place) <= DEEPEST:
                inner = self.nodes[id(place[-1])].inner
                place.append(max(inner, key=lambda sub: self.nodes[id(sub)].depth))
            depth = f"{self.nodes[id(root)].depth:,} deep, with names and meanings; {_allowed(DEEPEST)}"
            yield f"{_place(place)}: nodes are nested {depth}"
        if self.nodes[id(root)].size > MOST:
            place = [root]
            while True:
                large = [sub for sub in self.nodes[id(place[-1])].inner if self.nodes[id(sub)].size > MOST]
                if not large:
                    break
                place.append(large[0])
            yield f"{_place(place)}: it has more than {MOST:,} nodes, names and operators, {_COUNTED}"


def _too_large(expression: _Measured) -> Iterator[str]:
    if expression.depth > DEEPEST_EXPRESSION:
        depth = f"{expression.depth:,} deep; {_allowed(DEEPEST_EXPRESSION)}"
        yield f"an expression whose operators are nested {depth}"
    if expression.path - 1 > LONGEST_PATH:
        yield f"a path of {expression.path - 1:,} names in an expression; {_allowed(LONGEST_PATH)}"
    if expression.size > LARGEST_EXPRESSION:
        yield f"an expression of more than {LARGEST_EXPRESSION:,} operators and names, {_COUNTED}"
    if expression.large:
        yield f"an expression with a number of more than {LARGEST_NUMBER.bit_length() - 1} bits"


def _allowed(most: int) -> str:
    return f"{most:,} are allowed"


def _attributes(node: construct.Construct) -> Iterator[object]:
    """Yields the attributes of a node; those of Construct itself begin with an underscore."""
    return (value for name, value in vars(node).items() if not name.startswith("_"))


def _inner_nodes(node: construct.Construct) -> Iterator[construct.Construct]:
    for value in _attributes(node):
        found: Iterable[object] = (value,)
        if isinstance(value, dict):
            found = value.values()
        elif isinstance(value, list | tuple):
            found = value
        yield from (one for one in found if isinstance(one, construct.Construct))


def _has_large_number(value: object) -> bool:
    if isinstance(value, dict | list | tuple | frozenset):
        return any(isinstance(one, int) and abs(one) >= LARGEST_NUMBER for one in value)
    return isinstance(value, int) and abs(value) >= LARGEST_NUMBER


def _place(nodes: list[construct.Construct]) -> str:
    """Returns the place of the last of some nested nodes, as findings write it."""
    names = [str(node.name) for node in nodes if isinstance(node, construct.Renamed) and node.name]
    written = ".".join(name[:_SHOWN] for name in names) or "schema"
    return written if len(written) <= _SHOWN else f"{written[: _SHOWN - 1]}…"
