"""What a kernel does with an ACPI table, on memory in which an access outside its object is a trap.

A second, independent reading, along `acpi_parse_entries_array`, `slit_valid` and the others: it imports
neither the schema nor its numbers, so that a mistake in one of them does not hide in the other.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from struct import Struct
from typing import Final

from ccheck_interpreter.memory import Memory, Region
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.reader import Answers, ReaderOutcome, refuse, run_reader
from ccheck_interpreter.space import PLACES, address_space
from ccheck_interpreter.trap import Operation

CHECKING: Final = Profile("linux-checked", {}, platform="linux-x64", bounds_check=True)
"""Compares sizes and numbers before it uses them."""
TRUSTING: Final = Profile("linux-trusting", {}, platform="linux-x64")
"""Steps, counts and indexes as the table says."""

HEADER: Final = Struct("<4sIBB6s8sI4sI")
ENTRY: Final = Struct("<BB")
SEGMENT: Final = Struct("<QHBBI")
REGISTER: Final = Struct("<BBBBQ")
LEAST: Final = {0: 8, 1: 12, 2: 10, 3: 8, 4: 6, 5: 12, 9: 16, 10: 12}
"""The least bytes of the structures of a MADT, by type."""
LEAST_AFFINITY: Final = {0: 16, 1: 40, 2: 24}
"""The same of an SRAT."""
REVISIONS: Final = {1: 116, 2: 132, 3: 244, 4: 244, 5: 268, 6: 276}

READ_HEADER: Final = Operation("read-header", "length")
SUM: Final = Operation("sum", "length")
READ_ENTRY: Final = Operation("read-entry", "body.entries[].length")
READ_DISTANCE: Final = Operation("read-distance", "body.localities")
READ_FIELD: Final = Operation("read-field", "length")
SET_INTERRUPT: Final = Operation("set-interrupt", "body.entries[].content.source")


@dataclass(slots=True)
class Table:
    """One table in memory.

    Attributes:
        memory: The memory.
        region: The bytes of the table.
        end: Where the table ends, as its header says.
        revision: Its revision.
        checks: Whether the kernel compares before it uses.
        processors: Whether each processor is enabled, by its local APIC.
    """

    memory: Memory
    region: Region
    end: int
    revision: int
    checks: bool
    processors: dict[int, bool] = field(default_factory=dict)

    def read(self, at: int, size: int, operation: Operation = READ_FIELD) -> int:
        """A number of the table."""
        return self.memory.read(self.region, self.region.base + at, size, operation, at)

    def record(self, at: int, layout: Struct) -> tuple[int, ...]:
        """The members of a structure."""
        return self.memory.record(self.region, self.region.base + at, layout, READ_ENTRY, at)

    def compare(self, holds: bool, reason: str, message: str, at: int) -> None:
        """Refuses the table, if the kernel compares. Raises Refused."""
        if self.checks and not holds:
            raise refuse(reason, message, at)


def run_acpi(data: bytes, profile: Profile, asked: Sequence[int] | None = None) -> ReaderOutcome:
    """Load a table, and say which processors are enabled. Any bytes give an outcome."""
    return run_reader(profile, lambda: _run(data, profile, asked))


def _run(data: bytes, profile: Profile, asked: Sequence[int] | None) -> Answers:
    memory = address_space(profile, 1_000 + 4 * len(data))
    budget = memory.steps
    region = memory.map("table", PLACES[profile.pointer_bits].content, data, file="content")
    if not data:
        raise refuse("empty", "the file has no table", 0)
    checks = profile.bounds_check
    if checks and len(data) < HEADER.size:
        raise refuse("cut", f"the file has {len(data)} bytes, a header needs {HEADER.size}", 0)
    signature, length, revision, *_ = memory.record(region, region.base, HEADER, READ_HEADER)
    table = Table(memory, region, length, revision, checks)
    table.compare(signature.isascii(), "signature", f"the signature is {signature.hex()}", 0)
    table.compare(length == len(data), "length", f"it says {length} bytes, {len(data)} are there", 4)
    total = sum(memory.read_range(region, region.base, length, SUM, 4)) & 0xFF
    table.compare(total == 0, "checksum", f"its bytes sum up to {total:#x}", 9)
    load = LOADERS.get(signature)
    if load is not None:
        load(table)
    results: list[Mapping[str, object]] = [
        {"apic_id": one, "enabled": table.processors.get(one)} for one in asked or ()
    ]
    questions = len(table.processors) if asked is None else len(asked)
    return Answers(questions=questions, results=tuple(results), steps=budget - memory.steps)


def _root(width: int) -> Callable[[Table], None]:
    """Returns what reads an RSDT or an XSDT (`acpi_tb_parse_root_table`)."""

    def load(table: Table) -> None:
        room = table.end - HEADER.size
        table.compare(room % width == 0, "entry-cut", f"{room} bytes are no entries of {width}", 4)
        for number in range(room // width):
            at = HEADER.size + number * width
            table.compare(table.read(at, width) != 0, "entry-null", "the entry is 0", at)

    return load


def _entries(table: Table, at: int, least: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """Type and offset of each structure from an offset on (`acpi_parse_entries_array`)."""
    table.compare(at <= table.end, "cut", f"the table has {table.end} bytes, it needs {at}", 4)
    while at < table.end:
        table.compare(table.end - at >= ENTRY.size, "entry-cut", f"{table.end - at} byte is left", at)
        kind, length = table.record(at, ENTRY)
        needed = max(ENTRY.size, least.get(kind, 0))
        table.compare(needed <= length <= table.end - at, "entry-length", f"type {kind}, {length} bytes", at)
        yield kind, at
        at += length


def _madt(table: Table) -> None:
    memory = table.memory
    interrupts = memory.map("isa_irq_to_gsi", PLACES[64].tables, bytearray(4 * 16))
    for kind, at in _entries(table, 44, LEAST):
        match kind:
            case 0:
                table.processors[table.read(at + 3, 1, READ_ENTRY)] = bool(
                    table.read(at + 4, 4, READ_ENTRY) & 1
                )
            case 9:
                table.processors[table.read(at + 4, 4, READ_ENTRY)] = bool(
                    table.read(at + 8, 4, READ_ENTRY) & 1
                )
            case 1:
                table.compare(
                    table.read(at + 4, 4, READ_ENTRY) != 0, "ioapic", "an I/O APIC at address 0", at + 4
                )
            case 2:
                source = table.read(at + 3, 1, READ_ENTRY)
                table.compare(source < 16, "override", f"an override of interrupt {source}", at + 3)
                number = table.read(at + 4, 4, READ_ENTRY).to_bytes(4, "little")
                memory.write(interrupts, interrupts.base + 4 * source, number, SET_INTERRUPT, at + 3)
            case _:
                pass


def _processor(table: Table, number: int, flags: int) -> None:
    table.processors[number] = bool(table.read(flags, 4, READ_ENTRY) & 1)


def _mcfg(table: Table) -> None:
    room = table.end - 44
    table.compare(room >= 0, "cut", f"the table has {table.end} bytes, it needs 44", 4)
    table.compare(room % SEGMENT.size == 0, "entry-cut", f"{room} bytes are no entries", 4)
    table.compare(room > 0, "empty", "the table has no entry", 4)
    for number in range(room // SEGMENT.size):
        at = 44 + number * SEGMENT.size
        address, _, first, last, _ = table.record(at, SEGMENT)
        table.compare(address != 0, "address", "a segment at address 0", at)
        table.compare(first <= last, "buses", f"buses {first} to {last}", at + 10)


def _srat(table: Table) -> None:
    for kind, at in _entries(table, 48, LEAST_AFFINITY):
        length = table.read(at + 1, 1, READ_ENTRY)
        table.compare(kind != 0 or length == 16, "entry-length", f"a processor of {length} bytes", at + 1)
        if kind in LEAST_AFFINITY:  # the domain and the flags
            table.memory.read_range(
                table.region, table.region.base + at, LEAST_AFFINITY[kind], READ_ENTRY, at + 1
            )


def _slit(table: Table) -> None:
    table.compare(table.end >= 44, "cut", f"the table has {table.end} bytes, it needs 44", 4)
    count = table.read(36, 8)
    table.compare(44 + count * count == table.end, "matrix", f"{count} localities", 36)
    base = table.region.base + 44
    for number in range(count):
        row = table.memory.read_range(table.region, base + number * count, count, READ_DISTANCE, 36)
        near = all(distance == 10 if other == number else distance > 10 for other, distance in enumerate(row))
        table.compare(near, "distance", f"the distances of locality {number}", 44 + number * count)


def _hpet(table: Table) -> None:
    table.compare(table.end == 56, "size", f"the table has {table.end} bytes, and not 56", 4)
    space, *_, address = table.record(40, REGISTER)
    table.compare(space == 0 and address != 0, "base", f"address {address:#x} of space {space}", 40)


def _fadt(table: Table) -> None:
    table.compare(table.end >= 116, "cut", f"the table has {table.end} bytes, it needs 116", 4)
    size = REVISIONS.get(table.revision, table.end)
    table.compare(size == table.end, "size", f"revision {table.revision} has {size} bytes", 4)
    narrow = table.read(36, 4), table.read(40, 4)
    if size >= 244:  # a kernel that goes by the revision
        wide = table.read(132, 8), table.read(140, 8)
        for one, other in zip(narrow, wide, strict=True):
            table.compare(not one or not other or one == other, "address", f"{one:#x} and {other:#x}", 132)


LOADERS: Final[Mapping[bytes, Callable[[Table], None]]] = {
    b"RSDT": _root(4),
    b"XSDT": _root(8),
    b"APIC": _madt,
    b"MCFG": _mcfg,
    b"SRAT": _srat,
    b"SLIT": _slit,
    b"HPET": _hpet,
    b"FACP": _fadt,
}
