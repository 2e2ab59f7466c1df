"""What a kernel does with a classic BPF program, on memory in which an access outside its object is a trap.

A second, independent reading: it imports neither the schema nor its numbers, and takes codes apart by their
bits, so that a mistake in one of them does not hide in the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Final

from ccheck_interpreter.memory import Memory, Region
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.reader import Answers, ReaderOutcome, refuse, run_reader
from ccheck_interpreter.space import PLACES, address_space
from ccheck_interpreter.trap import Operation

CHECKING: Final = Profile("linux-checked", {}, platform="linux-x64", bounds_check=True)
"""Checks a program as `bpf_check_classic` does, and then runs it."""
TRUSTING: Final = Profile("linux-trusting", {}, platform="linux-x64")
"""Runs a program as it is."""

INSTRUCTION: Final = Struct("<HBBI")
WORD: Final = Struct("<I")
MASK: Final = 0xFFFF_FFFF
NETWORK_OFF, LINK_OFF, ANCILLARY_OFF = -0x100000, -0x200000, -0x1000
NETWORK_HEADER: Final = 14
"""Where the network header of a packet begins: behind an Ethernet header."""
CODES: Final = frozenset(
    {
        *(0x00, 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x60, 0x80),  # ld
        *(0x01, 0x61, 0x81, 0xB1),  # ldx
        *(0x02, 0x03),  # st, stx
        *(operation | source for operation in range(0x04, 0xB4, 0x10) for source in (0, 8)),  # alu
        *(operation | source for operation in range(0x15, 0x55, 0x10) for source in (0, 8)),  # branches
        *(0x05, 0x06, 0x16, 0x07, 0x87),  # ja, ret, tax, txa
    }
) - {0x8C}

FETCH: Final = Operation("fetch-instruction", "instructions[].k")
LOAD: Final = Operation("load-word", "instructions[].k")
STORE: Final = Operation("store-word", "instructions[].k")
DECODE: Final = Operation("decode", "instructions[].code")
READ_PACKET: Final = Operation("read-packet", "instructions[].k")


class _Abort(Exception):
    """The program leaves the packet or divides by X at 0: it returns 0."""


def run_cbpf(data: bytes, profile: Profile, packets: Sequence[bytes]) -> ReaderOutcome:
    """Load a program, and run it on packets. Any bytes give an outcome.

    A build that checks bounds looks at the program as Linux does before it attaches it; another one runs it.
    """
    return run_reader(profile, lambda: _run(data, profile, packets))


def _run(data: bytes, profile: Profile, packets: Sequence[bytes]) -> Answers:
    count = len(data) // INSTRUCTION.size
    if len(data) % INSTRUCTION.size or not 1 <= count <= 4096:
        raise refuse("length", f"file has {len(data)} bytes, a program 1 to 4096 instructions of 8", 0)
    if profile.bounds_check:
        _verify([INSTRUCTION.unpack_from(data, at) for at in range(0, len(data), INSTRUCTION.size)])
    results = []
    steps = 0
    for packet in packets:
        memory = address_space(profile, 4 * count + 64)
        budget = memory.steps
        result = _Machine(memory, profile, data, packet).run()
        steps += budget - memory.steps
        results.append({"packet": len(packet), "returns": result, "kept": min(result, len(packet))})
    return Answers(questions=len(packets), results=tuple(results), steps=steps)


def _verify(program: Sequence[tuple[int, int, int, int]]) -> None:
    """Refuses what `bpf_check_classic` refuses. Raises Refused."""
    ways: list[set[int] | None] = [None] * len(program)  # words stored on all ways to an instruction
    ways[0] = set()
    for pc, (code, jt, jf, k) in enumerate(program):
        at = pc * INSTRUCTION.size
        last = len(program) - 1
        if code not in CODES:
            raise refuse("code", f"code {code:#x} is no instruction", at)
        kind = code & 7
        stored = ways[pc]
        if kind == 4 and not code & 8:
            if code & 0xF0 in (0x30, 0x90) and k == 0:
                raise refuse("division", "division by the constant 0", at + 4)
            if code & 0xF0 in (0x60, 0x70) and k > 31:
                raise refuse("shift", f"shift by {k} bits", at + 4)
        if kind in (2, 3) or code in (0x60, 0x61):
            if k > 15:
                raise refuse("memory", f"word {k} of 16", at + 4)
            if kind < 2 and stored is not None and k not in stored:
                raise refuse("unwritten", f"word {k} may not be written yet", at + 4)
        if kind == 0 and code & 0xE0 == 0x20 and k - (1 << 32) >= ANCILLARY_OFF:
            number = k - (1 << 32) - ANCILLARY_OFF
            if number % 4 or number > 60:
                raise refuse("ancillary", f"ancillary {number}", at + 4)
        following = [pc + 1]
        if code == 0x05:
            following = [pc + 1 + k]
        elif kind == 5:
            following = [pc + 1 + jt, pc + 1 + jf]
        if pc == last:
            if kind != 6:
                raise refuse("end", f"the program ends with code {code:#x}", at)
            return
        if max(following) > last:
            raise refuse("jump", f"jump to instruction {max(following)} of {last + 1}", at)
        leaving = None if stored is None else stored | ({k} if kind in (2, 3) else set())
        for target in following:
            before = ways[target]
            if leaving is not None:
                ways[target] = set(leaving) if before is None else before & leaving


@dataclass(slots=True)
class _Machine:
    """The two registers, and the objects that a program may touch."""

    memory: Memory
    profile: Profile
    data: bytes
    packet: bytes
    a: int = 0
    x: int = 0

    def run(self) -> int:
        """The number that the program returns."""
        places = PLACES[self.profile.pointer_bits]
        program = self.memory.map("program", places.content, self.data, file="content")
        scratch = self.memory.map("scratch memory", places.stack, bytearray(64), unset=True)
        packet = self.memory.map("packet", places.strings, self.packet)
        pc = origin = 0
        while True:
            address = program.base + pc * INSTRUCTION.size
            code, jt, jf, k = self.memory.record(program, address, INSTRUCTION, FETCH, origin)
            origin = pc * INSTRUCTION.size + 4
            kind = code & 7
            if code not in CODES:
                raise self.memory.trap(
                    "dispatch-out-of-bounds", DECODE, origin=origin - 4, file="content", index=code, limit=256
                )
            if kind == 6:
                return int(self.a if code & 0x10 else k)
            try:
                if kind == 5:
                    pc += k if code == 0x05 else jt if self._compares(code, k) else jf
                elif kind == 4:
                    self.a = self._calculated(code, self.x if code & 8 else k)
                elif kind == 7:
                    self.a, self.x = (self.x, self.x) if code & 0x80 else (self.a, self.a)
                elif kind in (2, 3):
                    word = WORD.pack(self.a if kind == 2 else self.x)
                    self.memory.write(scratch, scratch.base + 4 * k, word, STORE, origin)
                elif kind == 1:
                    self.x = self._loaded(code, k, scratch, packet, origin)
                else:
                    self.a = self._loaded(code, k, scratch, packet, origin)
            except _Abort:
                return 0
            pc += 1

    def _compares(self, code: int, k: int) -> bool:
        other = self.x if code & 8 else k
        match code & 0xF0:
            case 0x10:
                return self.a == other
            case 0x20:
                return self.a > other
            case 0x30:
                return self.a >= other
            case _:
                return bool(self.a & other)

    def _calculated(self, code: int, other: int) -> int:
        a = self.a
        operation = code & 0xF0
        if operation in (0x30, 0x90) and not other:
            raise _Abort
        match operation:
            case 0x00:
                a += other
            case 0x10:
                a -= other
            case 0x20:
                a *= other
            case 0x30:
                a //= other
            case 0x40:
                a |= other
            case 0x50:
                a &= other
            case 0x60:
                a <<= other & 31  # as the processor does
            case 0x70:
                a >>= other & 31
            case 0x80:
                a = -a
            case 0x90:
                a %= other
            case _:
                a ^= other
        return a & MASK

    def _loaded(self, code: int, k: int, scratch: Region, packet: Region, origin: int) -> int:
        mode = code & 0xE0
        if mode == 0x00:
            return k
        if mode == 0x80:
            return len(self.packet)
        if mode == 0x60:
            return self.memory.read(scratch, scratch.base + 4 * k, 4, LOAD, origin)
        if mode == 0xA0:
            return 4 * (self._of_packet(packet, _signed(k), 1, origin) & 15)
        size = {0x00: 4, 0x08: 2, 0x10: 1}[code & 0x18]
        if mode == 0x40:
            return self._of_packet(packet, _signed((self.x + k) & MASK), size, origin)
        offset = _signed(k)
        number = offset - ANCILLARY_OFF
        if 0 <= number <= 60 and not number % 4:
            # XOR with X is calculated; all else is bookkeeping that a bare packet has none of.
            return self.a ^ self.x if number == 40 else 0
        return self._of_packet(packet, offset, size, origin)

    def _of_packet(self, packet: Region, offset: int, size: int, origin: int) -> int:
        """Big-endian bytes of the packet. Raises _Abort outside of it, as every build compares."""
        if offset < 0:
            if offset >= NETWORK_OFF:
                offset += NETWORK_HEADER - NETWORK_OFF
            elif offset >= LINK_OFF:
                offset -= LINK_OFF
            else:
                raise _Abort
        if offset + size > packet.size:
            raise _Abort
        raw = self.memory.read_range(packet, packet.base + offset, size, READ_PACKET, origin)
        return int.from_bytes(raw, "big")


def _signed(number: int) -> int:
    return number - (1 << 32) if number >> 31 else number
