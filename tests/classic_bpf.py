"""Classic BPF programs by a seed, and the running kernel's answers: whether it attaches one, and what it keeps of packets.

`python -m tests.classic_bpf --programs 20000` compares them with the format `examples/cbpf`, and prints how many agree.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import json
import random
import socket
import struct
import sys
from collections import Counter
from dataclasses import dataclass, field

from ccheck.config.user_schema import load_user_schema
from ccheck.formats.exercise.outcome import RunInputs
from ccheck.judging.preparation import prepare
from tests.conftest import ROOT

SCHEMA_FILE = ROOT / "examples" / "cbpf" / "cbpf" / "schema.py"
SO_ATTACH_FILTER = 26
ALU = [operation | source for operation in range(0x04, 0xB4, 0x10) for source in (0, 8) if operation != 0x84]
BRANCHES = [operation | source for operation in range(0x15, 0x55, 0x10) for source in (0, 8)]
LOADS = [0x00, 0x01, 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x80, 0x81, 0xB1]
MEMORY = [0x02, 0x03, 0x60, 0x61]
CODES = [*ALU, *BRANCHES, *LOADS, *MEMORY, 0x05, 0x06, 0x16, 0x07, 0x84, 0x87]
NUMBERS = [
    *(0, 1, 2, 3, 14, 15, 16, 17, 30, 31, 32, 33, 63, 64, 255, 256, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF),
    *(0xFFFFF000 + number for number in (-4, -1, 0, 1, 4, 40, 56, 59, 60, 61, 64, 68)),
    *(0xFFF00000, 0xFFF00004, 0xFFE00000, 0xFFDFFFFF),
]
EDGES = [
    *((code, k) for code in (0x34, 0x94) for k in (0, 1)),
    *((code, k) for code in (0x64, 0x74) for k in (31, 32)),
    *((code, 0xFFFFF000 + number) for code in (0x20, 0x28, 0x30) for number in (-1, 1, 60, 62, 64)),
]
"""Codes and numbers on both sides of a bound."""
Instruction = tuple[int, int, int, int]


class SockFprog(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def attach(to: socket.socket, data: bytes) -> int:
    """Attach a program to a socket. Returns 0, or the number of the error."""
    program = ctypes.create_string_buffer(data, len(data))
    given = SockFprog(len(data) // 8, ctypes.addressof(program))
    try:
        to.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, bytes(given))
    except OSError as refused:
        return refused.errno or -1
    return 0


def why_not() -> str:
    """Why the running kernel cannot be asked; empty where it can."""
    if not sys.platform.startswith("linux") or sys.byteorder != "little":
        return "programs are attached on little-endian Linux"
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        error = attach(ends[0], struct.pack("<HBBI", 6, 0, 0, 0))
    finally:
        for end in ends:
            end.close()
    return f"the kernel attaches no program: {errno.errorcode.get(error, error)}" if error else ""


class Kernel:
    """Two sockets, the second of which has the program."""

    def __init__(self) -> None:
        self.near, self.far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.far.setblocking(False)

    def attaches(self, data: bytes) -> bool | None:
        """Whether the kernel attaches a program; None where it lacks memory for it."""
        error = attach(self.far, data)
        if error not in (0, errno.EINVAL, errno.ENOMEM):
            raise OSError(error, "the kernel gives another answer")
        return None if error == errno.ENOMEM else not error

    def kept(self, packet: bytes) -> int | None:
        """How many bytes of a packet the program keeps; None where it drops it."""
        self.near.send(packet)
        try:
            return len(self.far.recv(1 << 16))
        except BlockingIOError:
            return None

    def close(self) -> None:
        """Close both sockets."""
        self.near.close()
        self.far.close()


def sound(rng: random.Random) -> list[Instruction]:
    """A program that Linux attaches, but for words of memory that it may load unstored."""
    count = rng.choice([1, 2, 3, 5, 8, 13, 40])
    program: list[Instruction] = [(0x02, 0, 0, word) for word in range(16) if rng.random() < 0.3]
    count += len(program)
    for at in range(len(program), count - 1):
        left = count - at - 2
        code = rng.choice(rng.choice([ALU, BRANCHES, LOADS, MEMORY, CODES]))
        jt = jf = 0
        k = rng.choice([rng.choice(NUMBERS), rng.randrange(80), rng.getrandbits(32)])
        if code in BRANCHES:
            jt, jf = rng.randint(0, min(left, 255)), rng.randint(0, min(left, 255))
        elif code == 0x05:
            k = rng.randint(0, left)
        elif code in MEMORY:
            k = rng.randrange(16)
        elif code in (0x34, 0x94):
            k = k or 1
        elif code in (0x64, 0x74):
            k &= 31
        elif code in (0x20, 0x28, 0x30) and k >= 0xFFFFF000:
            k = 0xFFFFF000 + 4 * rng.randrange(16)
        program.append((code, jt, jf, k))
    program.append((rng.choice([0x06, 0x16]), 0, 0, rng.choice([0, 1, 20, 0xFFFF, 0xFFFFFFFF])))
    return program


def broken(rng: random.Random, program: list[Instruction]) -> list[Instruction]:
    """A program with one to three edits, which may break it."""
    edited = list(program)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(edited))
        code, jt, jf, k = edited[at]
        match rng.randrange(9):
            case 8:
                code, k = rng.choice(EDGES)
            case 0:
                code = rng.choice([rng.choice(CODES), rng.randrange(256), rng.getrandbits(16)])
            case 1:
                k = rng.choice(NUMBERS)
            case 2:
                jt = rng.choice([len(edited) - at - 2, len(edited) - at - 1, rng.randrange(256)]) & 0xFF
            case 3:
                jf = rng.choice([len(edited) - at - 2, len(edited) - at - 1, rng.randrange(256)]) & 0xFF
            case 4:
                k = max(0, len(edited) - at - 2 + rng.randint(0, 1))
            case 5:
                k ^= 1 << rng.randrange(32)
            case 6 if len(edited) > 1:
                del edited[at]
                continue
            case _:
                edited.insert(at, edited[rng.randrange(len(edited))])
                continue
        edited[at] = (code, jt, jf, k)
    return edited


def packed(program: list[Instruction]) -> bytes:
    """The bytes of a program."""
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program)


def is_of_the_packet_alone(program: list[Instruction]) -> bool:
    """Whether a program reads nothing but the packet: no bookkeeping data, no headers found by their names.

    A load relative to X does so where X is small: a small constant, or a length of the packet.
    """
    codes = {code for code, _, _, _ in program}
    is_relative = bool(codes & {0x40, 0x48, 0x50})
    is_x_small = not codes & {0x61, 0x07} and not any(code == 0x01 and k >> 16 for code, _, _, k in program)
    reading = {0x20, 0x28, 0x30, 0xB1, 0x40, 0x48, 0x50}
    is_in_front = not any(code in reading and k >= 0x7FFF0000 for code, _, _, k in program)
    return is_in_front and (is_x_small or not is_relative)


@dataclass
class Compared:
    """How many answers were compared, by what they were, and those that differ, in words."""

    counts: Counter[str] = field(default_factory=Counter)
    differ: list[str] = field(default_factory=list)


def compare(programs: int, seed: int = 0) -> Compared:
    """Compare the checks and the interpreter with the running kernel: every other program is a mutant."""
    rng = random.Random(seed)
    validation = prepare(schema=str(SCHEMA_FILE), use_config=False)
    exercise = load_user_schema(SCHEMA_FILE).exercise
    assert exercise is not None
    kernel = Kernel()
    compared = Compared()
    counts = compared.counts
    try:
        for number in range(programs):
            program = sound(rng)
            if number % 2:
                program = broken(rng, program)
            data = packed(program)
            attached = kernel.attaches(data)
            if attached is None:
                counts["no memory"] += 1
                continue
            counts["attached" if attached else "refused"] += 1
            report = validation.judged(data, "program", "program")
            if (report.verdict == "pass") != attached:
                found = sorted({finding.check for finding in report.findings})
                compared.differ.append(
                    f"{data.hex()}: the kernel {'attaches' if attached else 'refuses'}, found {found}"
                )
            packet = rng.randbytes(rng.choice([1, 13, 14, 60, 300]))
            ran = exercise(data, RunInputs(events=[json.dumps({"packet": packet.hex()})])).outcomes
            checking = next(outcome for outcome in ran if outcome.checks_bounds)
            if (checking.verdict == "run") != attached:
                compared.differ.append(f"{data.hex()}: the interpreter says {checking.verdict}")
            elif attached and is_of_the_packet_alone(program):
                counts["packets"] += 1
                kept = kernel.kept(packet)
                counts["kept"] += kept is not None
                if (kept or 0) != checking.lines[0]["kept"]:
                    compared.differ.append(f"{data.hex()} on {packet.hex()}: {kept}, {checking.lines[0]}")
    finally:
        kernel.close()
    return compared


def main() -> int:
    """Compare as many programs as are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    reason = why_not()
    if reason:
        print(reason)
        return 1
    compared = compare(given.programs, given.seed)
    counts = compared.counts
    print(
        f"{counts['attached']:,} programs attached, {counts['refused']:,} refused; {counts['no memory']:,} not asked"
    )
    print(f"{counts['packets']:,} packets, {counts['kept']:,} of them kept at least in part")
    print(*compared.differ[:20], f"{len(compared.differ)} answers differ", sep="\n")
    return int(bool(compared.differ))


if __name__ == "__main__":
    sys.exit(main())
