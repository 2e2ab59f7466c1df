"""The address space: every access outside its object is a trap that says where."""

from struct import Struct

import pytest

from ccheck_interpreter.memory import Memory
from ccheck_interpreter.trap import Operation, Trap, TrapData

READ = Operation("read", "file.number")
BASE = 0x10000


def caught(memory: Memory, base: int, size: int, *, data_size: int = 16) -> TrapData:
    """The trap of reading `size` bytes at `base` from a region of `data_size` bytes at BASE."""
    region = memory.map("content", BASE, bytes(data_size), file="content")
    with pytest.raises(Trap) as found:
        memory.read_range(region, base, size, READ, 7)
    return found.value.data


@pytest.mark.parametrize(
    ("address", "size", "distance", "before"),
    [
        (BASE + 16, 1, 0, False),
        (BASE + 13, 4, 1, False),
        (BASE + 20, 8, 4, False),
        (BASE - 1, 1, 1, True),
        (BASE - 8, 8, 8, True),
        (BASE, 17, 1, False),
        (BASE - 2, 4, 2, True),
    ],
)
def test_a_read_outside_its_region_traps(address: int, size: int, distance: int, before: bool) -> None:
    """A read that begins or ends outside its region traps and says how far outside, on which side."""
    data = caught(Memory(), address, size)
    assert (data.kind, data.distance, data.before, data.region) == (
        "out-of-bounds-read",
        distance,
        before,
        "content",
    )
    assert data.provenance.file_offset == 7


def test_reads_up_to_both_edges_are_allowed() -> None:
    """The first and the last byte of a region can be read, and an empty range at its end."""
    memory = Memory()
    region = memory.map("content", BASE, bytes(range(16)))
    assert memory.read(region, BASE, 1, READ) == 0
    assert memory.read(region, BASE + 8, 8, READ) == int.from_bytes(range(8, 16), "little")
    assert memory.read(region, BASE + 14, 2, READ) == 0x0F0E
    assert memory.read(region, BASE + 12, 4, READ) == 0x0F0E0D0C
    assert memory.read_range(region, BASE + 16, 0, READ) == b""


def test_a_negative_size_traps() -> None:
    """A negative size never turns into a slice from the end."""
    assert caught(Memory(), BASE + 4, -2).kind == "out-of-bounds-read"


def test_the_null_page_is_its_own_kind() -> None:
    """An access below 4096 is a null dereference, whatever object was meant."""
    assert caught(Memory(), 8, 8).kind == "null-dereference"


def test_a_part_keeps_a_read_inside_its_object() -> None:
    """A read that leaves a table but not the file traps, and the trap says that it fell into the file."""
    memory = Memory()
    region = memory.map("content", BASE, bytes(64), file="content")
    table = memory.part(region, "table", BASE + 16, 16)
    with pytest.raises(Trap) as found:
        memory.record(table, BASE + 32, Struct("<I"), READ)
    data = found.value.data
    assert (data.kind, data.region, data.distance, data.landed) == (
        "out-of-bounds-read",
        "table",
        0,
        "content",
    )


def test_a_part_that_claims_too_much_ends_with_its_file() -> None:
    """A table whose claimed size leaves the file grants no byte behind the file."""
    memory = Memory()
    region = memory.map("content", BASE, bytes(64))
    table = memory.part(region, "table", BASE + 48, 1 << 40)
    assert table.end == region.end
    assert memory.part(region, "table", BASE + 100, 8).size == 0


def test_a_write_to_read_only_memory_traps() -> None:
    """Content cannot be written."""
    memory = Memory()
    region = memory.map("content", BASE, bytes(16))
    with pytest.raises(Trap) as found:
        memory.write(region, BASE, b"\1", READ)
    assert (found.value.data.kind, found.value.data.write) == ("write-to-read-only", True)


def test_a_write_outside_its_region_traps() -> None:
    """A write behind a writable region is an out-of-bounds write, and the region keeps its size."""
    memory = Memory()
    region = memory.map("stack", BASE, bytearray(8))
    with pytest.raises(Trap) as found:
        memory.write(region, BASE + 6, b"abcd", READ)
    assert found.value.data.kind == "out-of-bounds-write"
    assert region.data == bytes(8)


def test_unset_bytes_trap_until_written() -> None:
    """A read of bytes that nobody wrote traps even when only one of them is unset."""
    memory = Memory()
    region = memory.map("stack", BASE, bytearray(8), unset=True)
    memory.write(region, BASE, b"abc", READ)
    assert memory.read_range(region, BASE, 3, READ) == b"abc"
    with pytest.raises(Trap) as found:
        memory.read(region, BASE, 4, READ)
    assert found.value.data.kind == "uninitialised-read"


def test_a_second_fetch_of_checked_bytes_traps() -> None:
    """Bytes marked as checked can be fetched no more, their neighbours can."""
    memory = Memory()
    region = memory.map("content", BASE, bytes(16), double_fetch=True)
    memory.mark_checked(region, BASE + 4, 4)
    memory.read(region, BASE, 4, READ)
    with pytest.raises(Trap) as found:
        memory.read(region, BASE + 7, 1, READ)
    assert found.value.data.kind == "double-fetch"


def test_strict_alignment_is_an_option() -> None:
    """A misaligned word traps on a platform that faults, and is read on one that does not."""
    for strict in (False, True):
        memory = Memory(strict=strict)
        region = memory.map("content", BASE, bytes(16))
        if strict:
            with pytest.raises(Trap) as found:
                memory.read(region, BASE + 2, 4, READ)
            assert found.value.data.kind == "misaligned-access"
        else:
            assert memory.read(region, BASE + 2, 4, READ) == 0


def test_pointers_have_the_platforms_width_and_order() -> None:
    """A pointer is read in the platform's width and byte order, content always little-endian."""
    memory = Memory(pointer_bits=32, order="big")
    region = memory.map("stack", BASE, bytes(range(8)))
    assert memory.read_pointer(region, BASE, READ) == 0x00010203
    assert memory.read(region, BASE, 4, READ) == 0x03020100
    assert memory.read_word(region, BASE, 8, READ) == 0x0001020304050607


def test_the_step_budget_ends_a_loop() -> None:
    """When the steps are spent the next access traps."""
    memory = Memory(steps=3)
    region = memory.map("content", BASE, bytes(4))
    for _ in range(3):
        memory.read(region, BASE, 4, READ)
    with pytest.raises(Trap) as found:
        memory.read(region, BASE, 4, READ)
    assert found.value.data.kind == "step-budget"


def test_a_long_range_costs_more_than_a_short_one() -> None:
    """A range costs one step more for each 64 bytes."""
    memory = Memory(steps=100)
    region = memory.map("content", BASE, bytes(640))
    memory.read_range(region, BASE, 640, READ)
    assert memory.steps == 100 - 11


def test_nested_calls_are_limited() -> None:
    """One call deeper than the limit traps."""
    memory = Memory(depth=2)
    memory.enter(READ)
    memory.enter(READ)
    memory.leave()
    memory.enter(READ)
    with pytest.raises(Trap) as found:
        memory.enter(READ)
    assert found.value.data.kind == "recursion"


def test_a_pointer_to_nothing_names_the_nearest_region() -> None:
    """An access through a stray pointer is reported against the region that is closest."""
    memory = Memory()
    memory.map("far", 0x9000_0000, bytes(16))
    memory.map("near", 0x5000_0000, bytes(16))
    data = memory.wild(0x5000_0040, 8, READ).data
    assert (data.region, data.distance, data.before) == ("near", 0x30, False)


def test_writes_of_global_state_are_recorded() -> None:
    """A write to global state leaves a record of where and what."""
    memory = Memory()
    region = memory.map("table", BASE, bytearray(8))
    memory.write_global(region, BASE + 4, 9, READ)
    assert [(item.region, item.offset, item.value) for item in memory.global_writes] == [("table", 4, 9)]
    assert memory.read_word(region, BASE + 4, 4, READ) == 9
