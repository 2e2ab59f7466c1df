"""What a flattened devicetree says: its nodes, what stands where they may not, and how its bytes lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ccheck_schemas.build_facts import Amount
from ccheck_schemas.formats.devicetree.numbers import (
    DEPTH_HIGH,
    HEADER_SIZE,
    OLD_HEADER_SIZE,
    VERSION,
    Token,
)
from ccheck_schemas.frozen import frozen
from ccheck_schemas.record import Reading, Record
from ccheck_schemas.span import Span


@frozen
class Property:
    """A property of a node.

    Attributes:
        source: Its record.
        behind_node: Whether a subnode of its node comes before it.
    """

    source: Record
    name: str | None
    value: bytes
    behind_node: bool


@frozen
class Node:
    """A node.

    Attributes:
        source: Its record.
        parent: The node around it, None for the root.
        depth: Its depth; 1 for the root.
    """

    source: Record
    name: str | None
    parent: Node | None
    depth: int
    properties: tuple[Property, ...]

    @property
    def path(self) -> str:
        """The names from the root on, joined by slashes; the last of them if there are very many."""
        names: list[str] = []
        node: Node | None = self
        while node is not None and node.parent is not None and len(names) < DEPTH_HIGH:
            names.append(node.name or "")
            node = node.parent
        return "/" + "/".join(reversed(names))


@frozen
class Misplaced:
    """A token that may not be in its place.

    Attributes:
        source: Its record.
        what: `end-without-node`, `end-inside-node`, `outside-root`, or `no-root`.
        open: The innermost node that is open there.
    """

    source: Record
    what: str
    open: Node | None = None


@frozen
class Placement:
    """How the bytes of a tree lie.

    Attributes:
        data: The whole file.
        reservations: The offset of the reservations.
        structure: The offset of the structure.
        strings: The offset of the strings.
        structure_size: The bytes that the header gives to the structure; up to its END in version 16.
        room: The bytes that no reader looks at, in order: between the blocks, and behind the END.
        nops: The offsets of NOPs in the structure, in order.
    """

    data: bytes
    reservations: int
    structure: int
    strings: int
    structure_size: int
    room: tuple[Span, ...]
    nops: tuple[int, ...]


@frozen
class DevicetreeContent:
    """The content of a devicetree, as far as it could be read.

    Attributes:
        nodes: The nodes in the order of the file.
        strings: The block of names.
        placement: How the bytes lie; None if a block could not be read.
    """

    boot_cpuid: int
    reservations: tuple[tuple[int, int], ...]
    nodes: tuple[Node, ...]
    misplaced: tuple[Misplaced, ...]
    strings: bytes = b""
    version: int = VERSION
    placement: Placement | None = None


@dataclass
class _Open:
    """A node without its end so far."""

    node: Record
    parent: int
    depth: int
    properties: list[Property] = field(default_factory=list)
    has_nodes: bool = False


def assemble(reading: Reading) -> DevicetreeContent:
    """Returns the typed content of a reading, without tokens that are cut short."""
    root = reading.root
    builder = _TreeBuilder()
    structure = root.get("structure")
    for token in (structure.get("tokens") or ()) if isinstance(structure, Record) else ():
        builder.token(token)
    nodes = builder.nodes()
    strings = root.get("strings")
    reservations = root.get("reservations")
    return DevicetreeContent(
        boot_cpuid=root.get("boot_cpuid_phys") or 0,
        reservations=tuple(
            (entry.address, entry["size"])
            for entry in (_field(reservations, "entries") or ())
            if entry.get("size") is not None
        ),
        nodes=nodes,
        misplaced=tuple(
            Misplaced(token, what, nodes[inner] if inner >= 0 else None)
            for token, what, inner in builder.misplaced
        ),
        strings=_field(strings, "strings") or b"",
        version=root.get("version") or VERSION,
        placement=_placement(root) if reading.complete else None,
    )


def _field(record: object, name: str) -> Any:
    return record.get(name) if isinstance(record, Record) else None


def _placement(root: Record) -> Placement | None:
    """Returns how the bytes of a file that was read whole lie."""
    data = root.get("whole")
    blocks = [root.get(name) for name in ("reservations", "structure", "strings")]
    if not isinstance(data, bytes) or not all(isinstance(block, Record) for block in blocks):
        return None
    reservations, structure = blocks[:2]
    tokens = structure.get("tokens") or ()
    if not tokens:
        return None
    header = HEADER_SIZE if root.version >= VERSION else OLD_HEADER_SIZE
    owned = sorted(
        ((0, header), (reservations.offset, reservations.end), (structure.offset, tokens[-1].end),
         (root.off_dt_strings, root.off_dt_strings + root.size_dt_strings))
    )  # fmt: skip
    room, at = [], 0
    for start, end in (*owned, (len(data), len(data))):
        if start > at:
            room.append(Span(at, start - at, "room"))
        at = max(at, end)
    return Placement(
        data=data,
        reservations=reservations.offset,
        structure=structure.offset,
        strings=root.off_dt_strings,
        structure_size=structure.end - structure.offset,
        room=tuple(room),
        nops=tuple(token.offset - structure.offset for token in tokens if token.get("token") == Token.NOP),
    )


class _TreeBuilder:
    """Makes nodes from the tokens in order."""

    def __init__(self) -> None:
        self.found: list[_Open] = []
        self.open: list[int] = []
        self.misplaced: list[tuple[Record, str, int]] = []

    def token(self, token: Record) -> None:
        """Takes the next token."""
        body = token.get("body")
        match token.get("token"):
            case Token.BEGIN_NODE if isinstance(body, Record):
                if not self.open and self.found:
                    self.note(token, "outside-root")
                if self.open:
                    self.found[self.open[-1]].has_nodes = True
                parent = self.open[-1] if self.open else -1
                self.open.append(len(self.found))
                self.found.append(_Open(body, parent, len(self.open)))
            case Token.END_NODE:
                if self.open:
                    self.open.pop()
                else:
                    self.note(token, "end-without-node")
            case Token.PROPERTY if isinstance(body, Record) and body.get("value") is not None:
                if not self.open:
                    self.note(token, "outside-root")
                    return
                node = self.found[self.open[-1]]
                node.properties.append(Property(body, body.get("name"), body.value, node.has_nodes))
            case Token.END:
                if self.open:
                    self.note(token, "end-inside-node")
                elif not self.found:
                    self.note(token, "no-root")

    def note(self, token: Record, what: str) -> None:
        """Adds a misplaced token."""
        self.misplaced.append((token, what, self.open[-1] if self.open else -1))

    def nodes(self) -> tuple[Node, ...]:
        """Returns the nodes, parents before their children."""
        made: list[Node] = []
        for entry in self.found:
            parent = made[entry.parent] if entry.parent >= 0 else None
            made.append(
                Node(entry.node, entry.node.get("name"), parent, entry.depth, tuple(entry.properties))
            )
        return tuple(made)


def children(nodes: tuple[Node, ...]) -> dict[int, list[Node]]:
    """Returns the nodes directly below each node, by its `id`."""
    below: dict[int, list[Node]] = {}
    for node in nodes:
        if node.parent is not None:
            below.setdefault(id(node.parent), []).append(node)
    return below


def depth(reading: Reading) -> Iterator[Amount]:
    """Yields how many nodes lie inside each other at most, at the deepest node."""
    deepest = max(assemble(reading).nodes, key=lambda node: node.depth, default=None)
    if deepest is not None:
        source = deepest.source
        whole = source.get("name") is not None
        yield Amount(deepest.depth, source.span("name") if whole else Span(source.offset, 0, source.path))


def is_overlay(content: DevicetreeContent) -> bool:
    """Returns whether a tree is an overlay, whose references may lead into another tree."""
    names = ("__fixups__", "__local_fixups__", "__overlay__")
    return any(node.name in names for node in content.nodes if node.depth in (2, 3))


def phandles(nodes: tuple[Node, ...]) -> Iterator[tuple[Node, Property]]:
    """Yields the properties by which other nodes refer to one."""
    for node in nodes:
        for property_ in node.properties:
            if property_.name in ("phandle", "linux,phandle"):
                yield node, property_
