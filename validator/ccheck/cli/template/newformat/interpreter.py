"""What the driver does with a file of newformat, on memory in which an access outside its object is a trap.

A second, independent reading: it imports neither the schema nor its numbers, so that a mistake in one of them
does not hide in the other.
"""

from struct import Struct
from typing import Final
from zlib import crc32

from ccheck_interpreter.memory import Memory
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.reader import Answers, ReaderOutcome, refuse, run_reader
from ccheck_interpreter.space import PLACES, address_space
from ccheck_interpreter.trap import Operation

HEADER: Final = Struct("<4sHHII")
RULE: Final = Struct("<HBBI")
INPUT: Final = Struct("<I")

READ_HEADER: Final = Operation("read-header", "magic")
READ_RULE: Final = Operation("read-rule", "count")
READ_INPUT: Final = Operation("read-input", "rules[].input")


def run_newformat(data: bytes, profile: Profile) -> ReaderOutcome:
    """Load a file, and compare each rule with its input. Any bytes give an outcome.

    A build that checks bounds compares every number before it uses it; another one uses it as it is.
    """
    return run_reader(profile, lambda: _run(data, profile))


def _run(data: bytes, profile: Profile) -> Answers:
    memory: Memory = address_space(profile, 1_000 + 16 * len(data))
    budget = memory.steps
    places = PLACES[profile.pointer_bits]
    content = memory.map("content", places.content, data, file="content")
    supplied = profile.inputs["inputs"]
    inputs = memory.map("inputs", places.stack, bytes(INPUT.size * supplied))
    if len(data) < HEADER.size:
        raise refuse("short-header", f"file has {len(data)} bytes, its header needs {HEADER.size}", 0)
    magic, version, count, size, checksum = memory.record(content, content.base, HEADER, READ_HEADER)
    if magic != b"\x89NEW":
        raise refuse("magic", f"the magic is {magic.hex(' ')}", 0)
    if version != 1:
        raise refuse("version", f"version {version}, 1 is known", 4)
    if size != len(data):
        raise refuse("size", f"file has {len(data)} bytes, its header says {size}", 8)
    if checksum != crc32(data[HEADER.size :]):
        raise refuse("checksum", "the bytes after the header have another checksum", 12)
    if profile.bounds_check and HEADER.size + count * RULE.size > len(data):
        raise refuse("count", f"{count} rules do not fit into {len(data)} bytes", 6)
    for number in range(count):
        at = HEADER.size + number * RULE.size
        index, _, _, _ = memory.record(content, content.base + at, RULE, READ_RULE, 6)
        if profile.bounds_check and index >= supplied:
            raise refuse("input", f"rule {number} reads input {index} of {supplied}", at)
        memory.record(inputs, inputs.base + index * INPUT.size, INPUT, READ_INPUT, at)
    return Answers(questions=count, steps=budget - memory.steps)
