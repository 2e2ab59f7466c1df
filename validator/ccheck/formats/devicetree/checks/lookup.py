"""A devicetree by name: nodes by path and phandle, properties by name, and numbers of cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ccheck_schemas.formats.devicetree.content import (
    DevicetreeContent,
    Node,
    Property,
    children,
    is_overlay,
    phandles,
)
from ccheck_schemas.span import Span

CELL = 4
_NAMES = ("aliases", "__symbols__", "__fixups__", "__local_fixups__")
NONE = (0, 0xFFFFFFFF)
"""Phandles that mean no node."""


class Lookup:
    """The nodes of a tree.

    Attributes:
        nodes: All nodes in the order of the file.
        hardware: Those that describe hardware: not aliases, nor what dtc writes for overlays.
        by_phandle: The first node of each phandle.
        is_overlay: Whether the tree is an overlay, whose references may lead into another tree.
    """

    def __init__(self, content: DevicetreeContent) -> None:
        self.nodes = content.nodes
        self.hardware = tuple(_hardware(content.nodes))
        self._below = children(content.nodes)
        self._children: dict[int, dict[tuple[str, bool], Node]] = {}
        for node in content.nodes:
            if node.parent is not None:
                named = self._children.setdefault(id(node.parent), {})
                named.setdefault((node.name or "", False), node)
                named.setdefault(((node.name or "").partition("@")[0], True), node)
        self._properties: dict[int, dict[str, Property]] = {}
        for node in content.nodes:
            own: dict[str, Property] = {}
            for held in node.properties:
                own.setdefault(held.name or "", held)
            self._properties[id(node)] = own
        self.by_phandle: dict[int, Node] = {}
        for node, held in phandles(content.nodes):
            if len(held.value) == CELL:
                self.by_phandle.setdefault(number_of(held.value), node)
        self.is_overlay = is_overlay(content)

    def below(self, node: Node) -> list[Node]:
        """Returns the nodes directly below one."""
        return self._below.get(id(node), [])

    def child(self, node: Node, name: str, *, any_address: bool = False) -> Node | None:
        """Returns the first node of a name below one.

        Args:
            node: The node above.
            name: The name.
            any_address: Whether a name without an address means a node with any, as in libfdt.
        """
        named = self._children.get(id(node), {})
        return named.get((name, any_address and "@" not in name))

    def at(self, path: str) -> Node | None:
        """Returns the node of a path, as libfdt finds it; None without one."""
        node: Node | None = self.nodes[0] if self.nodes else None
        for name in path.split("/"):
            if name and node is not None:
                node = self.child(node, name, any_address=True)
        return node

    def top(self, name: str) -> Node | None:
        """Returns the node of a name below the root."""
        return self.child(self.nodes[0], name) if self.nodes else None

    def property(self, node: Node, name: str) -> Property | None:
        """Returns the first property of a name."""
        return self._properties[id(node)].get(name)

    def cells(self, node: Node, name: str) -> int | None:
        """Returns the number in a property of one cell; None without it, or with a number that nobody means."""
        held = self.property(node, name)
        if held is None or len(held.value) != CELL:
            return None
        number = number_of(held.value)
        return number if number <= 0xFF else None


def _hardware(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yields the nodes that are not in a node below the root which only names others."""
    apart: set[int] = set()
    for node in nodes:
        names = node.depth == 2 and node.name in _NAMES
        if names or (node.parent is not None and id(node.parent) in apart):
            apart.add(id(node))
        else:
            yield node


def number_of(raw: bytes) -> int:
    """Returns bytes as a number."""
    return int.from_bytes(raw, "big")


def cells_of(value: bytes) -> list[int]:
    """Returns the whole cells of a value."""
    return [number_of(value[at : at + CELL]) for at in range(0, len(value) - CELL + 1, CELL)]


def value_span(held: Property, start: int = 0, length: int | None = None) -> Span:
    """Returns a part of a value as a place; the length field of a value without bytes."""
    whole = held.source.span("value")
    if not whole.length:
        return held.source.span("len")
    return Span(whole.offset + start, whole.length - start if length is None else length, whole.path)


def texts(value: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Yields the texts of a value: offset, bytes, and whether a NUL ends it."""
    at = 0
    while at < len(value):
        end = value.find(b"\0", at)
        yield at, value[at:] if end < 0 else value[at:end], end >= 0
        at = len(value) if end < 0 else end + 1
