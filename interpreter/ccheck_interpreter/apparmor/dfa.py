"""A DFA of compiled policy as the kernel unpacks, verifies and follows it (security/apparmor/match.c)."""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Any, Final

from ccheck_interpreter.apparmor.kernel import Kernel
from ccheck_interpreter.memory import Memory, Region
from ccheck_interpreter.reader import refuse
from ccheck_interpreter.space import PLACES
from ccheck_interpreter.trap import Operation

READ_DFA: Final = Operation("read-dfa", "items[].value.length")
READ_BASE: Final = Operation("match-base", "dfa.tables[base]")
READ_CHECK: Final = Operation("match-check", "dfa.tables[check]")
READ_NEXT: Final = Operation("match-next", "dfa.tables[next]")
READ_DEFAULT: Final = Operation("match-default", "dfa.tables[default]")
READ_CLASS: Final = Operation("match-class", "dfa.tables[classes]")
READ_ACCEPT: Final = Operation("read-permissions", "dfa.tables[accept]")
READ_PATH: Final = Operation("read-path", "dfa.tables[base]")
READ_PERMISSION: Final = Operation("read-permission-table", "perms[]")

ACCEPT, BASE, CHECK, DEFAULT, CLASSES, ACCEPT2, NEXT = 1, 2, 3, 4, 5, 7, 8
PERMISSION: Final = Struct("<14I")
"""An entry of a table of permissions in the memory of the kernel."""

_HEADER: Final = Struct(">IIIH")
_TABLE: Final = Struct(">HHII")
_STATES: Final = frozenset({CHECK, DEFAULT, NEXT})
_SIZES: Final = {ACCEPT: 4, BASE: 4, CLASSES: 1, ACCEPT2: 4}
_LETTERS: Final = {1: "B", 2: "H", 4: "I"}
_ENTRY: Final = {size: Struct(f">{letter}") for size, letter in _LETTERS.items()}
_MAGIC: Final = 0x1B5E783D
_DIFF_ENCODE: Final = 0x80000000
_OUT_OF_BAND: Final = 0x20000000
_INVALID: Final = 0x5F000000
_INDEX: Final = 0x00FFFFFF
_STEPS: Final = 65_536
"""The step budget of a lookup without chains."""
_FOR_OWNERS: Final = 1
"""The flag of a state whose permissions are those of owners, and whose next entry is those of others."""
_WIDE: Final = {16: 0x40000, 32: 0x8000, 64: 0x10000}
"""Link, lock and map: the bits of accept words, and those of tables of permissions."""


@dataclass(frozen=True, slots=True)
class Dfa:
    """A verified DFA, each table a region of its own, so that an index past the end of one is detected.

    Attributes:
        memory: The address space of the tables.
        tables: The table of each kind.
        origin: The file offset of the DFA's first byte.
        sizes: Bytes of an entry of each table.
        start: The state in which a match begins, and the file offset of its number.
        file_start: Where matching of files starts, if another state is named for it.
        permissions: The table that accept words are indexes of, if there is one.
        follows_differences: Whether one byte of a path is taken for all steps from a state that is encoded by
            its difference.
        has_pairs: Whether every state has two entries of it, if accept2 does not say so for each.
    """

    memory: Memory
    tables: dict[int, Region]
    sizes: dict[int, int]
    origin: int
    start: tuple[int, int] = (1, -1)
    file_start: tuple[int, int] | None = None
    permissions: Region | None = None
    has_pairs: bool = False
    follows_differences: bool = True

    @property
    def states(self) -> int:
        """The number of states."""
        return self.tables[BASE].size // 4

    def entry(self, kind: int, index: int, operation: Operation, origin: int) -> int:
        """An entry of a table."""
        size = self.sizes[kind]
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
        passed = 0
        while True:
            passed = self._follow(passed, 4, origin)
            word = self.entry(BASE, state, READ_BASE, origin)
            place = (word & _INDEX) + byte
            here = self.where(BASE, state)
            if self.entry(CHECK, place, READ_CHECK, here) == state:
                return self.entry(NEXT, place, READ_NEXT, here)
            origin = self.where(DEFAULT, state)
            state = self.entry(DEFAULT, state, READ_DEFAULT, here)
            if not word & _DIFF_ENCODE:
                return state
            self._read_on(here)

    def around(self, state: int, origin: int) -> Iterator[int]:
        """The next states for all bytes, as `step` finds them; what they share is read once."""
        waiting = list(range(256))
        if CLASSES in self.tables:
            waiting = sorted({self.entry(CLASSES, byte, READ_CLASS, -1) for byte in waiting})
        passed = 0
        while True:
            passed = self._follow(passed, 16, origin)
            word = self.entry(BASE, state, READ_BASE, origin)
            here = self.where(BASE, state)
            first, region = (word & _INDEX) + waiting[0], self.tables[CHECK]
            width, span = self.sizes[CHECK], waiting[-1] - waiting[0] + 1
            place = region.base + width * first
            raw = self.memory.read_range(region, place, width * span, READ_CHECK, here)
            owners = Struct(f">{span}{_LETTERS[width]}").unpack(raw)
            if state in owners:
                lowest, left = waiting[0], []
                for byte in waiting:
                    if owners[byte - lowest] == state:
                        yield self.entry(NEXT, first + byte - lowest, READ_NEXT, here)
                    else:
                        left.append(byte)
                if not left:
                    return
                waiting = left
            origin = self.where(DEFAULT, state)
            state = self.entry(DEFAULT, state, READ_DEFAULT, here)
            if not word & _DIFF_ENCODE:
                yield state
                return
            self._read_on(here)

    def _follow(self, passed: int, steps: int, origin: int) -> int:
        """Count a state of a chain, and trap where the chain never ends: it passed more than there are."""
        self.memory.reserve(steps, READ_BASE, origin, "content")
        if passed > self.states:
            raise self.memory.trap("step-budget", READ_BASE, origin=origin, file="content")
        return passed + 1

    def lookup_steps(self, bytes_of_path: int) -> int:
        """The step budget for a path. A kernel has none: at each byte it may follow a chain of all states."""
        return _STEPS + bytes_of_path * (1024 + 4 * self.states)

    def visit_steps(self) -> int:
        """The step budget for all bytes at one state, which may be encoded by a chain of all states."""
        return _STEPS + 32 * self.states

    def _read_on(self, origin: int) -> None:
        """Take another byte of the path, as some kernels do: behind the last one is what follows the path."""
        if not self.follows_differences:
            raise self.memory.trap(
                "out-of-bounds-read",
                READ_PATH,
                size=1,
                origin=origin,
                detail="behind the path",
            )

    def where(self, kind: int, index: int) -> int:
        """The offset of an entry in the file."""
        region = self.tables[kind]
        return region.base + index * self.sizes[kind] - PLACES[64].content

    def match(self, path: bytes) -> int:
        """The state after a path."""
        state, origin = self.start
        for byte in path:
            state = self.step(state, byte, origin)
            origin = -1
        return state

    def allowed(self, state: int) -> int:
        """What a state allows the owner of a file, in the bits of accept words."""
        word = self.entry(ACCEPT, state, READ_ACCEPT, self.start[1])
        if self.permissions is None:
            return word & 0x7F
        origin = self.where(ACCEPT, state)
        allow = self._permission(word, origin)
        if self.is_pair(state):
            self._permission(word + 1, origin)  # what others may
        return allow & 0xF | sum(bit for bit, wide in _WIDE.items() if allow & wide)

    def is_pair(self, state: int) -> bool:
        """Returns whether a state has an entry of the table for owners, and the next one for others."""
        if ACCEPT2 not in self.tables:
            return self.has_pairs
        return bool(self.entry(ACCEPT2, state, READ_ACCEPT, self.start[1]) & _FOR_OWNERS)

    def _permission(self, index: int, origin: int) -> int:
        """What an entry of the table of permissions allows (`aa_lookup_condperms`)."""
        region = self.permissions
        assert region is not None  # noqa: S101 - asked before
        place = region.base + index * PERMISSION.size
        allow: int = self.memory.record(region, place, PERMISSION, READ_PERMISSION, origin)[1]
        return allow


class DfaReader:
    """Unpacks and verifies DFAs as one kernel does."""

    def __init__(self, memory: Memory, region: Region, kernel: Kernel) -> None:
        """Read from the bytes of the policy."""
        self.memory = memory
        self.region = region
        self.kernel = kernel

    def read(self, first: int, size: int, accept2: bool) -> Dfa:
        """Unpack and verify a DFA, aligned as the kernel aligns it (`unpack_dfa`, `aa_dfa_unpack`).

        Args:
            first: The offset of its blob.
            size: The bytes of the blob.
            accept2: Whether the table accept2 must be there; if not, it must not.

        Raises:
            Refused: The kernel does not take it.
        """
        end = first + size
        pad = -(first - (end & 7)) % 8
        at = first + pad
        if size - pad < _HEADER.size:
            raise refuse("dfa", f"a DFA of {size} bytes is too short for its header", first)
        magic, header, _, flags = self._at(at, _HEADER, first)
        if magic != _MAGIC or header > size - pad or flags not in self.kernel.dfa_flags:
            raise refuse("dfa", f"the header of the DFA at {at:#x} is not one", at)
        dfa = Dfa(self.memory, {}, {}, at, follows_differences=self.kernel.follows_differences)
        place = at + header
        while place < end:
            place = self._table(dfa, place, end)
        self._compare_tables(dfa, accept2, at)
        self._verify(dfa, flags)
        return dfa

    def _at(self, offset: int, layout: Struct, origin: int) -> tuple[Any, ...]:
        return self.memory.record(self.region, self.region.base + offset, layout, READ_DFA, origin)

    def _table(self, dfa: Dfa, at: int, end: int) -> int:
        """Read a table (`unpack_table`); returns the offset of the next one."""
        if end - at < _TABLE.size:
            raise refuse("table", f"a table at {at:#x} is cut short", at)
        kind, size, _, count = self._at(at, _TABLE, at)
        fits = size in self.kernel.state_bytes if kind in _STATES else _SIZES.get(kind) == size
        if not fits or count == 0 or kind in dfa.tables:
            raise refuse("table", f"table {kind} of {count} entries of {size} bytes is not taken", at)
        length = -(-(_TABLE.size + count * size) // 8) * 8
        if length > end - at:
            raise refuse(
                "table", f"table {kind} of {count} entries does not fit into {end - at} bytes", at + 8
            )
        first = self.region.base + at + _TABLE.size
        dfa.tables[kind] = self.memory.part(self.region, f"table {kind}", first, count * size)
        dfa.sizes[kind] = size
        return int(at + length)

    def _compare_tables(self, dfa: Dfa, accept2: bool, at: int) -> None:
        """The kernel's `verify_table_headers`."""
        counts = {kind: region.size // dfa.sizes[kind] for kind, region in dfa.tables.items()}
        needed = {ACCEPT, BASE, CHECK, DEFAULT, NEXT} | ({ACCEPT2} if accept2 else set())
        if not needed <= counts.keys():
            raise refuse("tables", f"the DFA at {at:#x} lacks tables", at)
        if ACCEPT2 in counts and not accept2:
            raise refuse("tables", f"the DFA at {at:#x} has accept2 beside its permissions", at)
        states = counts[BASE]
        alike = counts[ACCEPT] == counts[DEFAULT] == states and counts[CHECK] == counts[NEXT]
        if not alike or counts.get(ACCEPT2, states) != states or counts.get(CLASSES, 256) != 256:
            raise refuse("tables", f"the tables of the DFA at {at:#x} have different lengths", at)
        if states < self.kernel.least_states:
            raise refuse("tables", f"the DFA at {at:#x} has {states} state", at)

    def _verify(self, dfa: Dfa, flags: int) -> None:
        """The kernel's `verify_dfa`."""
        kernel, states = self.kernel, dfa.states
        base, default = self._numbers(dfa, BASE), self._numbers(dfa, DEFAULT)
        room = dfa.tables[NEXT].size // dfa.sizes[NEXT]
        # The first kernels read no flags of states but the one of differences.
        has_flags = 2 in kernel.dfa_flags
        for state, word in enumerate(base):
            differs = bool(word & _DIFF_ENCODE)
            if (kernel.compares_states or not differs) and default[state] >= states:
                message = f"default state {default[state]} of state {state}, there are {states}"
                raise refuse("default", message, dfa.where(DEFAULT, state))
            fault = has_flags and self._flag_fault(word, flags)
            if fault:
                raise refuse("flags", f"state {state} {fault}", dfa.where(BASE, state))
            if (word & _INDEX) + 255 >= room:
                message = f"base {word & _INDEX} of state {state}, there are {room} transitions"
                raise refuse("base", message, dfa.where(BASE, state))
        for kind in (NEXT, CHECK):
            for index, state in enumerate(self._numbers(dfa, kind)):
                if state >= states:
                    raise refuse("state", f"state {state} of {states}", dfa.where(kind, index))
        (_compare_chains if kernel.compares_states else _compare_neighbours)(dfa, base, default)

    def _flag_fault(self, word: int, flags: int) -> str:
        """Why the flags of a state are not taken, or an empty text."""
        unannounced = (word & _DIFF_ENCODE and not flags & 1) or (word & _OUT_OF_BAND and not flags & 2)
        if word & _INVALID or unannounced:
            return f"has the flags {word >> 24:#x}"
        if word & _OUT_OF_BAND and not word & _INDEX:
            return "has an out-of-band transition before its table"
        return ""

    def _numbers(self, dfa: Dfa, kind: int) -> tuple[int, ...]:
        region = dfa.tables[kind]
        raw = self.memory.read_range(region, region.base, region.size, READ_DFA)
        return tuple(value for (value,) in _ENTRY[dfa.sizes[kind]].iter_unpack(raw))


def _compare_chains(dfa: Dfa, base: tuple[int, ...], default: tuple[int, ...]) -> None:
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


def _compare_neighbours(dfa: Dfa, base: tuple[int, ...], default: tuple[int, ...]) -> None:
    """Follow chains as kernels did before 2026: to the first step back, or to a state that was passed."""
    passed = bytearray(len(base))
    for first in range(len(base)):
        state, origin = first, -1
        while True:
            if state >= len(base):
                # Its base is read to find out whether the chain goes on.
                dfa.entry(BASE, state, READ_BASE, origin)
            if not base[state] & _DIFF_ENCODE or passed[state]:
                break
            origin = dfa.where(DEFAULT, state)
            if default[state] == state:
                raise refuse("chain", f"state {state} leads to itself", origin)
            if default[state] < state:
                break
            passed[state] = 1
            state = default[state]
