"""The outer layers of a channel file: the header that every build checks, and the chain of blocks."""

from dataclasses import dataclass
from struct import Struct
from typing import Final
from zlib import crc32

from ccheck_interpreter.memory import Memory, Region
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.trap import Operation, Refusal, Refused

MAGIC: Final = b"\xaa\xaa\xaa\xaa"
HEADER: Final = Struct("<4sHHIIIIII")
LINK: Final = Struct("<II")
BODY: Final = Struct("<HHI")
FIRST_BLOCK: Final = 0x20

DEFINITIONS_FILE: Final = 1
INSTANCES_FILE: Final = 2

TYPES: Final = 1
FIELDS: Final = 2
INSTANCES: Final = 3
CRITERIA: Final = 4
POOL: Final = 5
BLOCK_NAMES: Final = {
    TYPES: "template type table",
    FIELDS: "field table",
    INSTANCES: "instance table",
    CRITERIA: "criterion table",
    POOL: "string pool",
}
BLOCKS_OF: Final = {DEFINITIONS_FILE: (TYPES, FIELDS, POOL), INSTANCES_FILE: (INSTANCES, CRITERIA, POOL)}
RECORD_SIZE: Final = {TYPES: 24, FIELDS: 16, INSTANCES: 24, CRITERIA: 16, POOL: 1}
MOST: Final = {TYPES: 4096, FIELDS: 65_536, INSTANCES: 65_536, CRITERIA: 262_144, POOL: 16 * 1024 * 1024}

WALK_CHAIN: Final = Operation("walk-chain", "blocks[].next_offset")
READ_BLOCK: Final = Operation("read-block", "blocks[].size")


@dataclass(frozen=True, slots=True)
class Table:
    """One block's records as the driver believes them to be.

    Attributes:
        region: The object that the records are read from.
        first: The address of the first record.
        stride: Bytes from one record to the next.
        count: The number of records.
        count_at: The file offset of the count.
    """

    region: Region
    first: int
    stride: int
    count: int
    count_at: int


@dataclass(frozen=True, slots=True)
class Container:
    """An opened file: its region and the tables by block kind."""

    region: Region
    tables: dict[int, Table]


class _Refuse:
    """Creates the refusals of one file."""

    __slots__ = ("file",)

    def __init__(self, file: str) -> None:
        self.file = file

    def __call__(self, reason: str, message: str, offset: int | None = None) -> Refused:
        return Refused(Refusal(reason, message, self.file, offset))


def open_container(
    memory: Memory, data: bytes, file: str, kind: int, base: int, profile: Profile
) -> Container:
    """Check the header, as every build does, then find the tables, by checking the chain or by trusting it.

    Raises:
        Refused: The header (or, in a build with checks, the chain) is wrong.
        Trap: A trusted number points outside.
    """
    region = memory.map(f"{file} file", base, data, file=file, double_fetch=profile.double_fetch)
    _check_header(memory, region, data, file, kind, profile)
    tables = (
        _checked_chain(memory, region, file, kind) if profile.bounds_check else _trusted_chain(memory, region)
    )
    return Container(region, tables)


def _check_header(
    memory: Memory, region: Region, data: bytes, file: str, kind: int, profile: Profile
) -> None:
    refuse = _Refuse(file)
    size = len(data)
    if size < HEADER.size:
        raise refuse("short-header", f"file has {size} bytes, its header needs {HEADER.size}", 0)
    if size > memory.mask >> 4:
        raise refuse("too-large", f"file has {size} bytes, the build maps at most {memory.mask >> 4}", 0)
    magic, version, file_kind, _, _, _, total, _, checksum = memory.record(
        region, region.base, HEADER, READ_BLOCK
    )
    if magic != MAGIC:
        raise refuse("magic", f"file begins with {magic.hex(' ')}, not {MAGIC.hex(' ')}", 0)
    if version not in profile.format_versions:
        raise refuse(
            "format-version",
            f"file has format version {version}, the build reads {_list(profile.format_versions)}",
            4,
        )
    if file_kind != kind:
        raise refuse("file-kind", f"file has kind {file_kind}, kind {kind} is expected", 6)
    if total != size:
        raise refuse("total-size", f"header says {total} bytes, file has {size}", 0x14)
    found = crc32(memoryview(data)[HEADER.size :])
    if checksum != found:
        raise refuse("checksum", f"header says {checksum:#010x}, the bytes have {found:#010x}", 0x1C)
    memory.mark_checked(region, region.base, HEADER.size)


def _list(numbers: frozenset[int]) -> str:
    return ", ".join(str(number) for number in sorted(numbers))


def _trusted_chain(memory: Memory, region: Region) -> dict[int, Table]:
    """Follow the links wherever they point; skip a block kind that the build does not know."""
    believed: dict[int, tuple[int, int, int, int]] = {}
    mask = memory.mask
    at = region.base + FIRST_BLOCK
    origin = backwards = -1
    while True:
        memory.reserve(2, WALK_CHAIN, backwards, region.file)
        following, size = memory.record(region, at, LINK, WALK_CHAIN, origin)
        here = at - region.base
        if size == 0:
            return {
                kind: Table(
                    memory.part(region, BLOCK_NAMES[kind], first, count * stride),
                    first,
                    stride,
                    count,
                    origin,
                )
                for kind, (first, stride, count, origin) in believed.items()
            }
        kind, stride, count = memory.record(region, (at + 8) & mask, BODY, READ_BLOCK, here + 4)
        if kind in BLOCK_NAMES:
            believed[kind] = ((at + 16) & mask, stride, count, here + 12)
        origin = here
        if following <= here:
            backwards = here
        at = (region.base + following) & mask


def _checked_chain(memory: Memory, region: Region, file: str, file_kind: int) -> dict[int, Table]:
    """The tables of a chain in which every number was compared before it was used."""
    refuse = _Refuse(file)
    total = region.size
    tables: dict[int, Table] = {}
    here = FIRST_BLOCK
    for kind in BLOCKS_OF[file_kind]:
        name = BLOCK_NAMES[kind]
        if here > total - 16:
            raise refuse(
                "chain-end", f"file has {total} bytes, the block of the {name} at {here:#x} needs 16", here
            )
        following, size = memory.record(region, region.base + here, LINK, WALK_CHAIN)
        if size == 0:
            raise refuse("missing-block", f"the chain ends at {here:#x} before the {name}", here)
        found, stride, count = memory.record(region, region.base + here + 8, BODY, READ_BLOCK)
        if found != kind:
            raise refuse("block-kind", f"block has kind {found}, kind {kind} is expected", here + 8)
        if stride != RECORD_SIZE[kind]:
            raise refuse(
                "record-size",
                f"records have {stride} bytes, those of the {name} have {RECORD_SIZE[kind]}",
                here + 10,
            )
        if count > MOST[kind] or (count == 0 and kind != POOL):
            raise refuse(
                "record-count", f"the {name} has {count} records, 1 to {MOST[kind]} are allowed", here + 12
            )
        if size != 8 + count * stride:
            raise refuse(
                "block-size", f"block has {size} bytes, {count} records need {8 + count * stride}", here + 4
            )
        if size > total - here - 8:
            raise refuse(
                "block-size",
                f"block of {size} bytes at {here + 8:#x} does not fit into {total} bytes",
                here + 4,
            )
        after = (here + 8 + size + 7) & ~7
        if following != after:
            raise refuse("next-offset", f"next block is at {following:#x}, this one ends at {after:#x}", here)
        first = region.base + here + 16
        tables[kind] = Table(
            memory.part(region, name, first, count * stride), first, stride, count, here + 12
        )
        memory.mark_checked(region, region.base + here, 16)
        here = after
    if here != total - 8:
        raise refuse("chain-end", f"the last link is at {here:#x}, the file ends at {total:#x}", here)
    following, size = memory.record(region, region.base + here, LINK, WALK_CHAIN)
    if following or size:
        raise refuse(
            "chain-end", f"the last link has next_offset {following} and size {size}, not 0 and 0", here
        )
    return tables
