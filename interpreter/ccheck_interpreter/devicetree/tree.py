"""A flattened devicetree as libfdt reads it: walked token by token, and queried for properties by path.

A kernel that takes a tree over looks only at the header. libfdt, built as small boot loaders build it
(FDT_ASSUME_PERFECT), compares nothing after that; built as kernels build it, it compares every offset.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from struct import Struct
from typing import Any, Final

from ccheck_interpreter.memory import Memory, Region
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.reader import Answers, ReaderOutcome, refuse, run_reader
from ccheck_interpreter.space import DEFAULT_LIMITS, PLACES, address_space
from ccheck_interpreter.trap import Operation

HEADER: Final = Struct(">10I")
OLD_HEADER: Final = Struct(">9I")
"""The header before version 17, without the size of the structure."""
WORD: Final = Struct(">I")
PROPERTY: Final = Struct(">II")
RESERVATION: Final = Struct(">QQ")

READ_HEADER: Final = Operation("read-header", "magic")
READ_RESERVATION: Final = Operation("read-reservation", "off_mem_rsvmap")
READ_TOKEN: Final = Operation("read-token", "structure.tokens[].token")
READ_NAME: Final = Operation("read-node-name", "structure.tokens[].body.name")
READ_PROPERTY: Final = Operation("read-property", "structure.tokens[].body.len")
READ_VALUE: Final = Operation("read-value", "structure.tokens[].body.len")
READ_STRING: Final = Operation("read-string", "structure.tokens[].body.nameoff")
GO_DOWN: Final = Operation("go-down", "structure.tokens[].token")

BEGIN_NODE: Final = 1
END_NODE: Final = 2
PROP: Final = 3
NOP: Final = 4
END: Final = 9

_MAGIC: Final = 0xD00DFEED
_DEPTH: Final = 64
"""Nodes in each other for which a reader has room."""
_FEW: Final = 16
"""Nodes, and properties of each, that are queried without a list of questions."""

TRUSTING: Final = Profile("libfdt-perfect", {}, platform="linux")
"""Checks only the header, and assumes that the tree is perfect."""
CHECKING: Final = Profile("libfdt-checked", {}, platform="linux", bounds_check=True)
"""Compares every offset and length before it is used."""


@dataclass(frozen=True, slots=True)
class Step:
    """A token of the structure block.

    Attributes:
        kind: The token.
        at: Its offset in the structure block.
        after: The offset of the next token.
        name: The name of a node.
        string: The offset of a property's name in the strings block.
        value: The offset of a property's value, and its length in bytes.
    """

    kind: int
    at: int
    after: int
    name: str = ""
    string: int = 0
    value: tuple[int, int] = (0, 0)


class Tree:
    """A loaded devicetree of any bytes.

    Raises:
        Refused: The build refuses the tree.
        Trap: The build reads outside an object.
    """

    __slots__ = ("checks", "data_size", "memory", "parents", "region", "strings", "strings_size", "structure",
                 "structure_size")  # fmt: skip

    def __init__(self, data: bytes, profile: Profile = CHECKING) -> None:
        """Load a tree as the build does: its header and reservations, then once through all tokens."""
        self.memory: Memory = address_space(profile, 8192 + 16 * len(data), DEFAULT_LIMITS.depth)
        self.checks = profile.bounds_check
        self.data_size = len(data)
        places = PLACES[profile.pointer_bits]
        self.region: Region = self.memory.map("devicetree", places.content, data, file="content")
        self.parents: Region = self.memory.map("stack of parents", places.stack, bytearray(4 * _DEPTH))
        self._header()
        self._reservations()
        self._walk()

    def _header(self) -> None:
        if self.data_size < HEADER.size:
            raise refuse(
                "short-header", f"file has {self.data_size} bytes, its header needs {HEADER.size}", 0
            )
        (magic, total, self.structure, self.strings, reserved, version, compatible, _, self.strings_size) = (
            self._at(0, OLD_HEADER, READ_HEADER, -1)
        )
        header = HEADER if version >= 17 else OLD_HEADER
        # Without its size, the structure may go on to the end of the tree.
        self.structure_size = (
            self._at(0, HEADER, READ_HEADER, -1)[9] if header is HEADER else max(0, total - self.structure)
        )
        if magic != _MAGIC:
            raise refuse("magic", f"the magic is {magic:#010x}, not {_MAGIC:#010x}", 0)
        if version < 2 or compatible > 17 or version < compatible:
            raise refuse("version", f"version {version}, compatible with {compatible}, is not known", 20)
        if not self.checks:
            return
        if total > self.data_size or total < header.size:
            raise refuse("size", f"the tree says {total} bytes, the file has {self.data_size}", 4)
        if version not in {16, 17} or compatible != 16:
            what = f"version {version}, compatible with {compatible}"
            raise refuse("version", f"{what}, is not 16 or 17, compatible with 16", 20)
        blocks = (
            (reserved, RESERVATION.size, 8, 16),
            (self.structure, self.structure_size, 4, 8),
            (self.strings, self.strings_size, 1, 12),
        )
        for at, size, align, origin in blocks:
            if not header.size <= at <= total or size > total - at or at % align:
                raise refuse("block", f"a block of {size} bytes at {at:#x} does not fit into {total}", origin)

    def _reservations(self) -> None:
        """The memory that the kernel must leave alone; the list ends with a size of 0."""
        (at,) = self._at(16, WORD, READ_HEADER, -1)
        while True:
            self.memory.reserve(1, READ_RESERVATION, 16, "content")
            if self.checks and not 0 <= at <= self.data_size - RESERVATION.size:
                raise refuse("reservations", "the list of reservations has no end inside the file", 16)
            _, size = self._at(at, RESERVATION, READ_RESERVATION, 16)
            if size == 0:
                return
            at += RESERVATION.size

    def _at(self, offset: int, layout: Struct, operation: Operation, origin: int) -> tuple[Any, ...]:
        """A structure at an offset of the file."""
        return self.memory.record(self.region, self.region.base + offset, layout, operation, origin)

    def _inside(self, at: int, size: int) -> bool:
        """Returns whether bytes lie inside the structure block."""
        return at >= 0 and size <= self.structure_size - at

    def step(self, at: int) -> Step:
        """The token at an offset of the structure block (`fdt_next_tag`).

        Offsets are C's int: a length near 4 GiB points backwards.
        """
        memory = self.memory
        place = self.structure + at
        memory.reserve(1, READ_TOKEN, place, "content")
        if self.checks and not self._inside(at, 4):
            raise refuse("structure", f"a token at {at:#x} is outside of {self.structure_size} bytes", place)
        (kind,) = self._at(place, WORD, READ_TOKEN, place)
        after = at + 4
        if kind == BEGIN_NODE:
            name = self._text(self.structure, after, self.structure_size, READ_NAME, place)
            return Step(kind, at, _aligned(after + len(name) + 1), name)
        if kind == PROP:
            if self.checks and not self._inside(after, PROPERTY.size):
                raise refuse("structure", f"a property at {at:#x} is cut short", place)
            length, name_at = self._at(place + 4, PROPERTY, READ_PROPERTY, place)
            start = after + PROPERTY.size
            if self.checks and not self._inside(start, length):
                raise refuse(
                    "property", f"{length} bytes at {start:#x} are outside of the structure", place + 4
                )
            return Step(kind, at, _aligned(start + length), "", name_at, (start, length))
        if self.checks and kind not in {END_NODE, NOP, END}:
            raise refuse("token", f"token {kind:#x} is none", place)
        return Step(kind, at, after)

    def _text(self, block: int, at: int, size: int, operation: Operation, origin: int) -> str:
        """The text at an offset of a block; a trusting reader goes on until it finds a NUL."""
        self._look_at_text(block, at, size, origin)
        region = self.region
        first = block + at
        nul = region.data.find(b"\0", first) if first >= 0 else -1
        length = nul - first + 1 if nul >= 0 else max(1, region.size - first + 1)
        raw = self.memory.read_range(region, region.base + first, length, operation, origin)
        return raw[:-1].decode("latin-1")

    def _look_at_text(self, block: int, at: int, size: int, origin: int) -> None:
        """Refuse a text that does not end inside its block, in a build that checks it."""
        if not self.checks:
            return
        if not 0 <= at < size:
            raise refuse("text", f"a text at {at:#x} is outside of its block of {size} bytes", origin)
        if self.region.data.find(b"\0", block + at, block + size) < 0:
            raise refuse("text", f"the text at {at:#x} has no NUL inside its block of {size} bytes", origin)

    def name_of(self, token: Step) -> str:
        """The name of a property."""
        place = self.structure + token.at + 8
        return self._text(self.strings, token.string, self.strings_size, READ_STRING, place)

    def _walk(self) -> None:
        """Walk all tokens once, as a kernel unfolds the tree, with a stack of 64 open nodes."""
        at = depth = 0
        roots = 0
        while True:
            token = self.step(at)
            if token.kind == BEGIN_NODE:
                if self.checks and depth >= _DEPTH:
                    raise refuse("depth", f"node {token.name!r} is deeper than {_DEPTH}", self.structure + at)
                if self.checks and depth == 0 and (roots or token.name):
                    raise refuse("root", "there is more than one root, or it has a name", self.structure + at)
                roots += depth == 0
                self.memory.write(
                    self.parents,
                    self.parents.base + 4 * depth,
                    at.to_bytes(4, "little", signed=True),
                    GO_DOWN,
                    self.structure + at,
                )
                depth += 1
            elif token.kind == END_NODE:
                if self.checks and depth == 0:
                    raise refuse("nesting", "a node ends where none is open", self.structure + at)
                depth -= 1
                place = self.parents.base + 4 * depth
                self.memory.read(self.parents, place, 4, GO_DOWN, self.structure + at)
            elif token.kind == PROP:
                if self.checks and depth == 0:
                    raise refuse("nesting", "a property stands in no node", self.structure + at)
                start, length = token.value
                place = self.region.base + self.structure + start
                self.memory.read_range(self.region, place, length, READ_VALUE, self.structure + at + 4)
                self._look_at_text(self.strings, token.string, self.strings_size, self.structure + at + 8)
            elif token.kind == END:
                if self.checks and (depth or not roots):
                    raise refuse("nesting", f"the structure ends {depth} nodes deep", self.structure + at)
                return
            at = token.after

    def nodes(self) -> Iterator[tuple[str, int]]:
        """The path of each node, and the offset of the first token after its name."""
        path: list[str] = []
        at = 0
        while True:
            token = self.step(at)
            if token.kind == BEGIN_NODE:
                path.append(token.name)
                yield "/" + "/".join(path[1:]), token.after
            elif token.kind == END_NODE and path:
                path.pop()
            elif token.kind == END:
                return
            at = token.after

    def find(self, path: str) -> int | None:
        """The offset of the first token inside the node of a path, or None without such a node.

        Names are looked up one by one from the root. As in libfdt, a name without an address means the first
        node of that name.
        """
        at = self.step(0).after
        for name in path.split("/"):
            if name:
                below = self._below(at, name)
                if below is None:
                    return None
                at = below
        return at

    def _below(self, at: int, name: str) -> int | None:
        depth = 0
        while True:
            token = self.step(at)
            if token.kind == BEGIN_NODE:
                if depth == 0 and (
                    token.name == name or ("@" not in name and token.name.split("@")[0] == name)
                ):
                    return token.after
                depth += 1
            elif token.kind == END_NODE:
                depth -= 1
                if depth < 0:
                    return None
            elif token.kind == END:
                return None
            at = token.after

    def property(self, at: int, name: str) -> bytes | None:
        """The value of a property of the node whose tokens begin at `at`; None without it."""
        for token in self.properties(at):
            if self.name_of(token) == name:
                start, length = token.value
                place = self.region.base + self.structure + start
                return self.memory.read_range(
                    self.region, place, length, READ_VALUE, self.structure + token.at + 4
                )
        return None

    def properties(self, at: int) -> Iterator[Step]:
        """The properties of the node whose tokens begin at `at`: up to its first subnode or its end."""
        while True:
            token = self.step(at)
            if token.kind == PROP:
                yield token
            elif token.kind != NOP:
                return
            at = token.after


def _aligned(offset: int) -> int:
    """The next multiple of 4 in C's int."""
    up = (offset + 3) & ~3 & 0xFFFFFFFF
    return up - (1 << 32) if up >> 31 else up


def run_devicetree(
    data: bytes, profile: Profile, questions: Iterable[tuple[str, str]] | None = None
) -> ReaderOutcome:
    """Load a tree and query properties by path; any bytes give an outcome.

    Args:
        data: The bytes of the tree.
        profile: The behaviour of the build.
        questions: Paths and names of properties; without them all properties of a few paths.
    """
    return run_reader(profile, lambda: _ask(data, profile, questions))


def _ask(data: bytes, profile: Profile, questions: Iterable[tuple[str, str]] | None) -> Answers:
    tree = Tree(data, profile)
    memory = tree.memory
    # A path of 64 names takes as many ways through what is left of the tokens.
    budget = 8192 + 64 * len(data)
    results: list[dict[str, Any]] = []
    count = steps = 0
    for path, name in _every(tree, budget) if questions is None else questions:
        memory.steps = budget
        at = tree.find(path)
        value = None if at is None else tree.property(at, name)
        steps += budget - memory.steps
        count += 1
        if questions is not None:
            plain = None if value is None else value.hex()
            results.append({"path": path, "property": name, "node": at is not None, "value": plain})
    return Answers((), count, tuple(results), steps)


def _every(tree: Tree, budget: int) -> Iterator[tuple[str, str]]:
    """The first properties of a few nodes, and one that none has, so that the lookup visits all of them."""
    tree.memory.steps = budget
    nodes = list(tree.nodes())
    for path, at in dict.fromkeys([*nodes[: _FEW // 2], *nodes[-_FEW // 2 :]]):
        tree.memory.steps = budget
        for token in islice(tree.properties(at), _FEW):
            tree.memory.steps = budget
            yield path, tree.name_of(token)
        yield path, ""
