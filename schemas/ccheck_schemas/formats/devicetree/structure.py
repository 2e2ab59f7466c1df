"""Flattened devicetrees, version 17 (docs/formats/devicetree.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from construct import Bytes, Const, Int32ub, Int64ub, Pass, Struct, Switch, this

from ccheck_schemas.build_facts import Amount
from ccheck_schemas.formats.devicetree import facts
from ccheck_schemas.formats.devicetree.numbers import (
    DEPTH_HIGH,
    LAST_COMPATIBLE,
    MAGIC,
    VERSION,
    Token,
)
from ccheck_schemas.frozen import frozen
from ccheck_schemas.meaning import (
    AnyPad,
    Bounded,
    FileSize,
    LengthOf,
    OffsetInto,
    Region,
    SharedText,
    StrictEnum,
    Strings,
    Terminated,
    TextToNul,
    Understood,
    UpTo,
    Version,
    WithinLimit,
    ZerosTo,
    ZerosToEnd,
)
from ccheck_schemas.record import Reading, Record
from ccheck_schemas.span import Span

# Devicetree specification 0.4, 5.3.2
RESERVATION = Struct("address" / Int64ub, "size" / Int64ub)

# 5.4. Padding is zero by the specification; libfdt, where it changes a tree in place, leaves what was there.
NODE = Struct("name" / TextToNul(), "padding" / AnyPad(4))
PROPERTY = Struct(
    "len" / LengthOf(Int32ub, of="value"),
    "nameoff" / Int32ub,
    "value" / Bytes(this.len),
    "padding" / AnyPad(4),
    "name" / SharedText("strings", this.nameoff),
)
TOKEN = Struct(
    "token" / StrictEnum(Int32ub, Token),
    "body"
    / Switch(
        this.token,
        {
            int(Token.BEGIN_NODE): NODE,
            int(Token.END_NODE): Pass,
            int(Token.PROPERTY): PROPERTY,
            int(Token.NOP): Pass,
            int(Token.END): Pass,
        },
    ),
)

# 5.2, and the blocks in the order in which 5.1 draws them
DEVICETREE = Struct(
    "magic" / Const(MAGIC),
    "totalsize" / WithinLimit(FileSize(Int32ub), facts.SIZE.name),
    "off_dt_struct" / OffsetInto(Int32ub, of="structure", align=4),
    "off_dt_strings" / OffsetInto(Int32ub, of="strings"),
    "off_mem_rsvmap" / OffsetInto(Int32ub, of="reservations", align=8),
    "version" / Understood(Version(Int32ub, known=(VERSION,)), facts.VERSIONS.name),
    "last_comp_version" / Bounded(Int32ub, LAST_COMPATIBLE, LAST_COMPATIBLE),
    "boot_cpuid_phys" / Int32ub,
    "size_dt_strings" / LengthOf(Int32ub, of="strings"),
    "size_dt_struct" / LengthOf(Int32ub, of="structure", step=4),
    ZerosTo(this.off_mem_rsvmap),
    "reservations" / Terminated(RESERVATION, last="size"),
    ZerosTo(this.off_dt_struct),
    "structure"
    / Region(this.size_dt_struct, Struct("tokens" / UpTo(TOKEN, field="token", value=int(Token.END)))),
    ZerosTo(this.off_dt_strings),
    "strings" / Strings("strings", this.size_dt_strings),
    ZerosToEnd(),
)


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
class DevicetreeContent:
    """The content of a devicetree, as far as it could be read.

    Attributes:
        nodes: The nodes in the order of the file.
        padding: Zero bytes after the strings.
        strings: The block of names.
    """

    boot_cpuid: int
    reservations: tuple[tuple[int, int], ...]
    nodes: tuple[Node, ...]
    misplaced: tuple[Misplaced, ...]
    padding: int = 0
    strings: bytes = b""


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
    strings = root.span("strings").end if root.get("strings") is not None else 0
    total = root.get("totalsize") or 0
    return DevicetreeContent(
        boot_cpuid=root.get("boot_cpuid_phys") or 0,
        reservations=tuple(
            (entry.address, entry["size"])
            for entry in root.get("reservations") or ()
            if entry.get("size") is not None
        ),
        nodes=nodes,
        misplaced=tuple(
            Misplaced(token, what, nodes[inner] if inner >= 0 else None)
            for token, what, inner in builder.misplaced
        ),
        padding=max(0, total - strings) if strings else 0,
        strings=root.get("strings") or b"",
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


def phandles(nodes: tuple[Node, ...]) -> Iterator[tuple[Node, Property]]:
    """Yields the properties by which other nodes refer to one."""
    for node in nodes:
        for property_ in node.properties:
            if property_.name in ("phandle", "linux,phandle"):
                yield node, property_
