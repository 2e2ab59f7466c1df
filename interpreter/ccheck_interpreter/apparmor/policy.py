"""Compiled AppArmor policy as the kernel loads it and matches paths by it (security/apparmor).

The stream is unpacked item by item, with every length compared; each DFA is verified as the kernel verifies
it. The build of 2025 lacks the three comparisons that were added in 2026: the start state, the default
entry of a state that is encoded by its difference, and chains of such states without an end.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from struct import Struct
from typing import Any, Final

from ccheck_interpreter.apparmor.stream import Stream
from ccheck_interpreter.memory import Memory, Region
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.reader import Answers, ReaderOutcome, refuse, run_reader
from ccheck_interpreter.space import DEFAULT_LIMITS, PLACES, address_space
from ccheck_interpreter.trap import Operation

DFA_HEADER: Final = Struct(">IIIH")
TABLE: Final = Struct(">HHII")

READ_DFA: Final = Operation("read-dfa", "items[].value.length")
READ_BASE: Final = Operation("match-base", "dfa.tables[base]")
READ_CHECK: Final = Operation("match-check", "dfa.tables[check]")
READ_NEXT: Final = Operation("match-next", "dfa.tables[next]")
READ_DEFAULT: Final = Operation("match-default", "dfa.tables[default]")
READ_CLASS: Final = Operation("match-class", "dfa.tables[classes]")
READ_ACCEPT: Final = Operation("read-permissions", "dfa.tables[accept]")

ACCEPT, BASE, CHECK, DEFAULT, CLASSES, ACCEPT2, NEXT = 1, 2, 3, 4, 5, 7, 8
_SIZES: Final = {ACCEPT: 4, BASE: 4, CHECK: 2, DEFAULT: 2, CLASSES: 1, ACCEPT2: 4, NEXT: 2}
_ENTRY: Final = {1: Struct(">B"), 2: Struct(">H"), 4: Struct(">I")}
_MAGIC: Final = 0x1B5E783D
_DIFF_ENCODE: Final = 0x80000000
_INVALID: Final = 0x5F000000
_INDEX: Final = 0x00FFFFFF
_FEW: Final = 128
"""States that are visited without a list of questions."""
PERMISSIONS: Final = {"x": 1, "w": 2, "r": 4, "a": 8, "l": 16, "k": 32, "m": 64}
"""The permissions that a query may request: execute, write, read, append, link, lock, map."""

TRUSTING: Final = Profile("linux-2025", {}, platform="linux")
"""Checks what the kernel checked before the three faults of 2026 were fixed."""
CHECKING: Final = Profile("linux-checked", {}, platform="linux", bounds_check=True)
"""Compares every number before it is used."""


@dataclass(frozen=True, slots=True)
class Dfa:
    """A verified DFA, each table a region of its own, so that an index past the end of one is detected.

    Attributes:
        memory: The address space of the tables.
        tables: The table of each kind.
        origin: The file offset of the DFA's first byte.
        start: The state in which a match begins, and the file offset of its number.
    """

    memory: Memory
    tables: dict[int, Region]
    origin: int
    start: tuple[int, int] = (1, -1)

    def entry(self, kind: int, index: int, operation: Operation, origin: int) -> int:
        """An entry of a table."""
        size = _SIZES[kind]
        region = self.tables[kind]
        found: int = self.memory.record(region, region.base + index * size, _ENTRY[size], operation, origin)[
            0
        ]
        return found

    def step(self, state: int, byte: int, origin: int) -> int:
        """The next state for a byte (`match_char`).

        Args:
            state: The current state.
            byte: The input byte, 0 to 255.
            origin: The file offset of the number of `state`.
        """
        if CLASSES in self.tables:
            byte = self.entry(CLASSES, byte, READ_CLASS, -1)
        while True:
            self.memory.reserve(4, READ_BASE, origin, "content")
            word = self.entry(BASE, state, READ_BASE, origin)
            place = (word & _INDEX) + byte
            here = self.where(BASE, state)
            if self.entry(CHECK, place, READ_CHECK, here) == state:
                return self.entry(NEXT, place, READ_NEXT, here)
            origin = self.where(DEFAULT, state)
            state = self.entry(DEFAULT, state, READ_DEFAULT, here)
            if not word & _DIFF_ENCODE:
                return state

    def around(self, state: int, origin: int) -> Iterator[int]:
        """The next states for all bytes, as `step` finds them; what they share is read once."""
        waiting = list(range(256))
        if CLASSES in self.tables:
            waiting = sorted({self.entry(CLASSES, byte, READ_CLASS, -1) for byte in waiting})
        while True:
            self.memory.reserve(16, READ_BASE, origin, "content")
            word = self.entry(BASE, state, READ_BASE, origin)
            here = self.where(BASE, state)
            first, region = (word & _INDEX) + waiting[0], self.tables[CHECK]
            size = 2 * (waiting[-1] - waiting[0] + 1)
            raw = self.memory.read_range(region, region.base + 2 * first, size, READ_CHECK, here)
            owners = Struct(f">{size // 2}H").unpack(raw)
            lowest, left = waiting[0], []
            for byte in waiting:
                if owners[byte - lowest] == state:
                    yield self.entry(NEXT, first + byte - lowest, READ_NEXT, here)
                else:
                    left.append(byte)
            if not left:
                return
            origin = self.where(DEFAULT, state)
            state = self.entry(DEFAULT, state, READ_DEFAULT, here)
            if not word & _DIFF_ENCODE:
                yield state
                return
            waiting = left

    def where(self, kind: int, index: int) -> int:
        """The offset of an entry in the file."""
        region = self.tables[kind]
        return region.base + index * _SIZES[kind] - PLACES[64].content

    def match(self, path: bytes) -> int:
        """The state after a path."""
        state, origin = self.start
        for byte in path:
            state = self.step(state, byte, origin)
            origin = -1
        return state

    def permissions(self, state: int) -> int:
        """What a state allows the owner of a file."""
        return self.entry(ACCEPT, state, READ_ACCEPT, self.start[1]) & 0x7F


@dataclass(slots=True)
class Confinement:
    """A profile: its name, mode and DFAs."""

    name: str
    mode: int = 0
    xmatch: Dfa | None = None
    policydb: Dfa | None = None
    file: Dfa | None = None
    names: int = 0


@dataclass(slots=True)
class Policy:
    """A loaded stream of any bytes.

    Raises:
        Refused: The build refuses the stream.
        Trap: The build reads outside an object.
    """

    data: bytes
    build: Profile = CHECKING
    profiles: list[Confinement] = field(default_factory=list)
    memory: Memory = field(init=False)
    region: Region = field(init=False)

    def __post_init__(self) -> None:
        """Load the stream as the build does."""
        self.memory = address_space(self.build, 8192 + 16 * len(self.data), DEFAULT_LIMITS.depth)
        self.region = self.memory.map("policy", PLACES[64].content, self.data, file="content")
        stream = Stream(self.memory, self.region)
        if not self.data:
            raise refuse("stream", "the policy has 0 bytes", 0)
        while stream.at < len(self.data):
            self._profile(stream)

    def _profile(self, stream: Stream) -> None:
        """One profile, item by item (`verify_header` and `unpack_profile`)."""
        version = stream.number("version")
        if version is None and stream.at == 0:
            raise refuse("version", "the policy does not begin with its version", 0)
        if version is not None and not 5 <= version & 0x3FF <= 8:
            raise refuse(
                "version", f"version {version & 0x3FF} of the policy, 5 to 8 are known", stream.at - 4
            )
        if stream.text("namespace") == "":
            raise refuse("namespace", "the name of the namespace is empty", stream.at)
        stream.need_struct("profile")
        name = stream.need_text()
        if not name:
            raise refuse("name", "the name of the profile is empty", stream.at)
        own = Confinement(name)
        stream.text("rename")
        stream.text("attach")
        own.xmatch = self._dfa(stream)
        if own.xmatch is not None:
            stream.need_number()
            self._look_at_start(own.xmatch)
        stream.text("disconnected")
        stream.need_struct("flags")
        stream.need_number()
        own.mode = stream.need_number()
        if own.mode > 3:
            raise refuse("mode", f"mode {own.mode}, 0 to 3 are known", stream.at - 4)
        stream.need_number()
        stream.need_end()
        stream.number("path_flags")
        for _ in range(4):
            stream.need_number()
        for what, count in (("caps64", 4), ("capsx", 2)):
            if stream.struct(what):
                for _ in range(count):
                    stream.need_number()
                stream.need_end()
        stream.skip_optional()
        if stream.struct("policydb"):
            found = self._dfa(stream)
            start = stream.start("start")
            if found is not None:
                own.policydb = self._started(found, start)
            stream.need_end()
        found = self._dfa(stream)
        if found is not None:
            own.file = self._started(found, stream.start("dfa_start"))
        own.names = stream.names()
        if own.file is not None:
            self._look_at_names(own)
        stream.skip_data()
        stream.need_end()
        self.profiles.append(own)

    def _started(self, dfa: Dfa, start: tuple[int, int]) -> Dfa:
        started = Dfa(dfa.memory, dfa.tables, dfa.origin, start)
        self._look_at_start(started)
        return started

    def _look_at_start(self, dfa: Dfa) -> None:
        states = dfa.tables[BASE].size // 4
        if self.build.bounds_check and dfa.start[0] >= states:
            raise refuse(
                "start", f"matching starts in state {dfa.start[0]} of {states}", max(0, dfa.start[1])
            )

    def _look_at_names(self, own: Confinement) -> None:
        """Compare the indexes of names in accept words (`verify_dfa_xindex`)."""
        assert own.file is not None  # noqa: S101 - asked before
        for state in range(own.file.tables[ACCEPT].size // 4):
            word = own.file.entry(ACCEPT, state, READ_ACCEPT, -1)
            for shift in (10, 24):
                number = word >> shift & 15
                if number >= 4 and number - 4 >= own.names:
                    place = own.file.where(ACCEPT, state)
                    raise refuse("names", f"state {state} leads to name {number - 4} of {own.names}", place)

    def _dfa(self, stream: Stream) -> Dfa | None:
        """A DFA, aligned as the kernel aligns it (`unpack_dfa`), and verified."""
        blob = stream.blob("aadfa")
        if blob is None:
            return None
        first, size = blob
        end = first + size
        pad = -(first - (end & 7)) % 8
        at = first + pad
        if size - pad < DFA_HEADER.size:
            raise refuse("dfa", f"a DFA of {size} bytes is too short for its header", first)
        magic, header, _, flags = self._at(at, DFA_HEADER, first)
        if magic != _MAGIC or header > size - pad or flags & ~3:
            raise refuse("dfa", f"the header of the DFA at {at:#x} is not one", at)
        tables: dict[int, Region] = {}
        place = at + header
        while place < end:
            place = self._table(tables, place, end)
        dfa = Dfa(self.memory, tables, at)
        self._verify(dfa, flags, at)
        return dfa

    def _at(self, offset: int, layout: Struct, origin: int) -> tuple[Any, ...]:
        return self.memory.record(self.region, self.region.base + offset, layout, READ_DFA, origin)

    def _table(self, tables: dict[int, Region], at: int, end: int) -> int:
        """Read a table (`unpack_table`); returns the offset of the next one."""
        if end - at < TABLE.size:
            raise refuse("table", f"a table at {at:#x} is cut short", at)
        kind, size, _, count = self._at(at, TABLE, at)
        if kind not in _SIZES or size != _SIZES[kind] or count == 0 or kind in tables:
            raise refuse("table", f"table {kind} of {count} entries of {size} bytes is not taken", at)
        length = -(-(TABLE.size + count * size) // 8) * 8
        if length > end - at:
            raise refuse(
                "table", f"table {kind} of {count} entries does not fit into {end - at} bytes", at + 8
            )
        first = self.region.base + at + TABLE.size
        tables[kind] = self.memory.part(self.region, f"table {kind}", first, count * size)
        return int(at + length)

    def _verify(self, dfa: Dfa, flags: int, at: int) -> None:
        """The kernel's `verify_table_headers` and `verify_dfa`."""
        counts = {kind: region.size // _SIZES[kind] for kind, region in dfa.tables.items()}
        if not {ACCEPT, BASE, CHECK, DEFAULT, NEXT} <= counts.keys():
            raise refuse("tables", f"the DFA at {at:#x} lacks tables", at)
        states, room = counts[BASE], counts[NEXT]
        alike = counts[ACCEPT] == counts[DEFAULT] == states and counts[CHECK] == room
        if not alike or counts.get(ACCEPT2, states) != states or counts.get(CLASSES, 256) != 256:
            raise refuse("tables", f"the tables of the DFA at {at:#x} have different lengths", at)
        raw = {kind: self._numbers(region, _SIZES[kind]) for kind, region in dfa.tables.items()}
        for state, word in enumerate(raw[BASE]):
            differs = bool(word & _DIFF_ENCODE)
            if (self.build.bounds_check or not differs) and raw[DEFAULT][state] >= states:
                message = f"default state {raw[DEFAULT][state]} of state {state}, there are {states}"
                raise refuse("default", message, dfa.where(DEFAULT, state))
            if word & _INVALID or (differs and not flags & 1):
                raise refuse("flags", f"state {state} has the flags {word >> 24:#x}", dfa.where(BASE, state))
            if (word & _INDEX) + 255 >= room:
                message = f"base {word & _INDEX} of state {state}, there are {room} transitions"
                raise refuse("base", message, dfa.where(BASE, state))
        for kind in (NEXT, CHECK):
            for index, state in enumerate(raw[kind]):
                if state >= states:
                    raise refuse("state", f"state {state} of {states}", dfa.where(kind, index))
        if self.build.bounds_check:
            self._look_at_chains(dfa, raw[BASE], raw[DEFAULT])

    def _numbers(self, region: Region, size: int) -> tuple[int, ...]:
        raw = self.memory.read_range(region, region.base, region.size, READ_DFA)
        return tuple(value for (value,) in _ENTRY[size].iter_unpack(raw))

    def _look_at_chains(self, dfa: Dfa, base: tuple[int, ...], default: tuple[int, ...]) -> None:
        """Refuse chains of difference-encoded states that never end."""
        ends = bytearray(len(base))
        for first in range(len(base)):
            way: set[int] = set()
            state = first
            while base[state] & _DIFF_ENCODE and not ends[state]:
                if state in way:
                    raise refuse("chain", f"state {state} leads back to itself", dfa.where(DEFAULT, state))
                way.add(state)
                state = default[state]
            for passed in way:
                ends[passed] = 1


def run_apparmor(
    data: bytes, build: Profile, questions: Iterable[tuple[str, str, str]] | None = None
) -> ReaderOutcome:
    """Load policy and match by it; any bytes give an outcome.

    Args:
        data: The bytes of the stream.
        build: The behaviour of the kernel build.
        questions: A profile, a path, and the requested permissions (of ``rwxalkm``). Without them the states
            of each DFA are visited, the nearest first.
    """
    return run_reader(build, lambda: _ask(data, build, questions))


def _ask(data: bytes, build: Profile, questions: Iterable[tuple[str, str, str]] | None) -> Answers:
    policy = Policy(data, build)
    memory = policy.memory
    budget = 65_536
    results: list[dict[str, Any]] = []
    count = steps = 0
    if questions is None:
        for own in policy.profiles:
            for dfa in filter(None, (own.xmatch, own.policydb, own.file)):
                for state in _visit(dfa, budget):
                    dfa.permissions(state)
                    count += 1
    else:
        by_name = {own.name: own for own in policy.profiles}
        for name, path, wanted in questions:
            memory.steps = budget + 16 * len(path) * 64
            before = memory.steps
            results.append(_answer(by_name.get(name), name, path, wanted))
            steps += before - memory.steps
            count += 1
    return Answers((), count, tuple(results), steps)


def _visit(dfa: Dfa, budget: int) -> Iterator[int]:
    """The states reachable from the start by some bytes, within a budget for each state."""
    state, origin = dfa.start
    seen = {state}
    waiting = deque(seen)
    while waiting and len(seen) <= _FEW:
        state = waiting.popleft()
        yield state
        dfa.memory.steps = budget
        for found in dfa.around(state, origin):
            if found not in seen:
                seen.add(found)
                waiting.append(found)
        origin = -1


def _answer(own: Confinement | None, name: str, path: str, wanted: str) -> dict[str, Any]:
    allowed: int | None = None
    if own is not None and own.file is not None:
        state = own.file.match(path.encode("utf-8", "surrogateescape"))
        allowed = own.file.permissions(state)
    bits = sum(PERMISSIONS.get(letter, 1 << 31) for letter in set(wanted))
    return {
        "profile": name,
        "path": path,
        "permission": wanted,
        "found": own is not None,
        "allowed": allowed is not None and allowed & bits == bits,
        "permissions": "".join(letter for letter, bit in PERMISSIONS.items() if (allowed or 0) & bit),
    }
