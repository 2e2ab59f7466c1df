"""What a kernel does with microcode updates, on memory in which an access outside its object is a trap.

A second, independent reading, along `intel_microcode_sanity_check`: it imports neither the schema nor its
numbers, so that a mistake in one of them does not hide in the other.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Final

from ccheck_interpreter.memory import Memory, Region
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.reader import Answers, ReaderOutcome, refuse, run_reader
from ccheck_interpreter.space import PLACES, address_space
from ccheck_interpreter.trap import Operation

CHECKING: Final = Profile("linux-checked", {}, platform="linux-x64", bounds_check=True)
"""Compares sizes and sums before it uses an update."""
TRUSTING: Final = Profile("linux-trusting", {}, platform="linux-x64")
"""Takes sizes and counts as they are."""

HEADER: Final = Struct("<12I")
TABLE: Final = Struct("<5I")
PROCESSOR: Final = Struct("<3I")
MASK: Final = 0xFFFF_FFFF

READ_HEADER: Final = Operation("read-header", "updates[].total_size")
SUM_DATA: Final = Operation("sum-data", "updates[].data_size")
READ_TABLE: Final = Operation("read-table", "updates[].total_size")
READ_PROCESSOR: Final = Operation("read-processor", "updates[].table.count")

Update = tuple[int, list[tuple[int, int]]]
"""The revision of an update, and each processor with its platforms that it is for."""


def run_microcode(
    data: bytes, profile: Profile, asked: Sequence[tuple[int, int]] | None = None
) -> ReaderOutcome:
    """Load updates, and say which one a processor gets. Any bytes give an outcome."""
    return run_reader(profile, lambda: _run(data, profile, asked))


def _run(data: bytes, profile: Profile, asked: Sequence[tuple[int, int]] | None) -> Answers:
    memory = address_space(profile, 1_000 + len(data))
    budget = memory.steps
    updates = memory.map("updates", PLACES[profile.pointer_bits].content, data, file="content")
    if not data:
        raise refuse("empty", "the file has no update", 0)
    loaded: list[Update] = []
    at = 0
    while at < len(data):
        update, size = _load(memory, updates, at, profile)
        loaded.append(update)
        at += size
    results = []
    for processor, platforms in asked or ():
        fitting = [revision for revision, for_them in loaded if _fits(processor, platforms, for_them)]
        revision = f"{max(fitting):#x}" if fitting else None
        results.append({"processor": f"{processor:x}", "platforms": f"{platforms:x}", "revision": revision})
    return Answers(
        questions=len(loaded) if asked is None else len(asked),
        results=tuple(results),
        steps=budget - memory.steps,
    )


def _fits(processor: int, platforms: int, for_them: Sequence[tuple[int, int]]) -> bool:
    """Whether an update is for a processor, as `intel_cpu_signatures_match` has it."""
    return any(one == processor and (two & platforms or two == platforms == 0) for one, two in for_them)


def _load(memory: Memory, updates: Region, at: int, profile: Profile) -> tuple[Update, int]:
    """One update, and its bytes. Raises Refused and Trap."""
    left = updates.size - at
    checks = profile.bounds_check
    if checks and left < HEADER.size:
        raise refuse("cut", f"{left} bytes are left, a header needs {HEADER.size}", at)
    header = memory.record(updates, updates.base + at, HEADER, READ_HEADER, at)
    version, revision, _, processor, checksum, loader, platforms, data_size, total, _, _, reserved = header
    if checks:
        if (version, loader, reserved) != (1, 1, 0):
            raise refuse("version", f"header {version}, loader {loader}, reserved {reserved}", at)
        if data_size % 4 or total % 1024 or (data_size == 0 and total not in (0, 2048)):
            raise refuse("size", f"{data_size} bytes of data, {total} in all", at + 28)
    total, data_size = (total, data_size) if data_size else (2048, 2000)
    table = total - HEADER.size - data_size
    if checks:
        if table < 0 or total > left:
            raise refuse("total", f"{data_size} bytes of data, {total} in all, {left} are there", at + 32)
        if table and (table < TABLE.size or (table - TABLE.size) % PROCESSOR.size):
            raise refuse("table", f"{table} bytes are no table of processors", at + 28)
    whole = memory.read_range(updates, updates.base + at, HEADER.size + data_size, SUM_DATA, at + 28)
    if checks and _sum(whole):
        raise refuse("checksum", f"the words sum up to {_sum(whole):#x}", at + 16)
    for_them = [(processor, platforms)]
    if table:
        base = updates.base + at + HEADER.size + data_size
        count, _, *others = memory.record(updates, base, TABLE, READ_TABLE, at + 32)
        if checks:
            if count != (table - TABLE.size) // PROCESSOR.size or any(others):
                raise refuse("count", f"{count} processors in a table of {table} bytes", at)
            if _sum(memory.read_range(updates, base, table, READ_TABLE, at + 32)):
                raise refuse("table-checksum", "the words of the table do not sum up to 0", at)
        for number in range(count):
            address = base + TABLE.size + number * PROCESSOR.size
            one, two, three = memory.record(updates, address, PROCESSOR, READ_PROCESSOR, base - updates.base)
            if checks and (one + two + three - processor - platforms - checksum) & MASK:
                raise refuse("processor-checksum", f"processor {one:#x} has another sum", at)
            for_them.append((one, two))
    return (revision, for_them), total


def _sum(data: bytes) -> int:
    return sum(int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data), 4)) & MASK
