"""A kernel address space in which every byte is accounted for: an access outside its object is a trap."""

from dataclasses import dataclass
from functools import lru_cache
from struct import Struct
from typing import Any, Final, Literal

from ccheck_interpreter.trap import Operation, Provenance, Trap, TrapData, TrapKind

NULL_PAGE: Final = 0x1000
RED_ZONE: Final = 64
ByteOrder = Literal["little", "big"]

_WORD: Final[dict[tuple[ByteOrder, int], Struct]] = {
    ("little", 4): Struct("<I"),
    ("little", 8): Struct("<Q"),
    ("big", 4): Struct(">I"),
    ("big", 8): Struct(">Q"),
}
_LITTLE: Final = {1: Struct("<B"), 2: Struct("<H"), 4: Struct("<I"), 8: Struct("<Q")}


@dataclass(slots=True, eq=False)
class Region:
    """An object in memory, of `size` bytes from address `base`.

    Attributes:
        name: Its name in reports.
        base: The address of its first byte.
        size: Its size in bytes.
        data: Its bytes; a table inside a file shares the file's bytes.
        data_base: The address of the first byte of `data`.
        file: The file that the bytes come from.
        writable: Whether it may be written.
        guarded: Whether every access takes the slow path, which looks at `unset`, `checked` and alignment.
        unset: 1 for each byte that was not written yet; None if not tracked.
        checked: 1 for each byte that was checked and must not be fetched again; None if not tracked.
    """

    name: str
    base: int
    size: int
    data: bytes | bytearray
    data_base: int
    file: str = ""
    writable: bool = False
    guarded: bool = False
    unset: bytearray | None = None
    checked: bytearray | None = None

    @property
    def end(self) -> int:
        """The first address after the region."""
        return self.base + self.size


@dataclass(frozen=True, slots=True)
class GlobalWrite:
    """One write to state that outlives an evaluation."""

    region: str
    offset: int
    value: int


class Memory:
    """The address space of one driver: its regions, word width, byte order and remaining budget.

    Every access names the region its pointer belongs to, so that a read that leaves its object is detected
    even if it reaches another one. `origin` is the offset in that region's file of the number that gave the
    address, or -1.
    """

    __slots__ = (
        "depth",
        "depth_limit",
        "global_writes",
        "mask",
        "order",
        "pointer",
        "regions",
        "steps",
        "strict",
        "width",
    )

    def __init__(
        self,
        *,
        pointer_bits: int = 64,
        order: ByteOrder = "little",
        strict: bool = False,
        steps: int = 1_000_000,
        depth: int = 16,
    ) -> None:
        """An empty address space with a budget of `steps` accesses and calls nested `depth` deep."""
        self.width = pointer_bits // 8
        self.mask = (1 << pointer_bits) - 1
        self.order: ByteOrder = order
        self.pointer = _WORD[order, self.width]
        self.strict = strict
        self.steps = steps
        self.depth = 0
        self.depth_limit = depth
        self.regions: list[Region] = []
        self.global_writes: list[GlobalWrite] = []

    def map(
        self,
        name: str,
        base: int,
        data: bytes | bytearray,
        *,
        file: str = "",
        unset: bool = False,
        double_fetch: bool = False,
    ) -> Region:
        """A new region over `data`; a bytearray is writable.

        With `unset` no byte of it may be read before it is written.
        """
        size = len(data)
        region = Region(name, base, size, data, base, file, isinstance(data, bytearray), self.strict)
        if unset or double_fetch:
            region.guarded = True
            region.unset = bytearray(b"\1") * size if unset else None
            region.checked = bytearray(size) if double_fetch else None
        self.regions.append(region)
        return region

    def part(self, parent: Region, name: str, base: int, size: int) -> Region:
        """An object inside `parent`; what its claimed size has outside the parent belongs to no region."""
        inside = min(size, parent.end - base) if base >= parent.base else 0
        return Region(
            name,
            base,
            max(0, inside),
            parent.data,
            parent.data_base,
            parent.file,
            parent.writable,
            parent.guarded,
            parent.unset,
            parent.checked,
        )

    def record(
        self, region: Region, address: int, layout: Struct, operation: Operation, origin: int = -1
    ) -> tuple[Any, ...]:
        """Read the members of one structure at `address`."""
        self.steps -= 1
        at = address - region.base
        if at < 0 or at > region.size - layout.size or region.guarded or self.steps < 0:
            self._admit(region, address, layout.size, operation, origin, _alignment(layout.format))
        return layout.unpack_from(region.data, address - region.data_base)

    def read(self, region: Region, address: int, size: int, operation: Operation, origin: int = -1) -> int:
        """Read 1, 2, 4 or 8 bytes as a little-endian number, as content is written."""
        value: int = self.record(region, address, _LITTLE[size], operation, origin)[0]
        return value

    def read_pointer(self, region: Region, address: int, operation: Operation, origin: int = -1) -> int:
        """Read a pointer in the platform's width and byte order."""
        value: int = self.record(region, address, self.pointer, operation, origin)[0]
        return value

    def read_word(
        self, region: Region, address: int, size: int, operation: Operation, origin: int = -1
    ) -> int:
        """Read 4 or 8 bytes as a number in the platform's byte order."""
        value: int = self.record(region, address, _WORD[self.order, size], operation, origin)[0]
        return value

    def read_range(
        self, region: Region, address: int, size: int, operation: Operation, origin: int = -1
    ) -> bytes:
        """Read `size` bytes; costs one step for every 64 of them."""
        self.steps -= 1 + (size >> 6)
        at = address - region.base
        if at < 0 or size < 0 or size > region.size - at or region.guarded or self.steps < 0:
            self._admit(region, address, size, operation, origin, 1)
        at = address - region.data_base
        return bytes(region.data[at : at + size])

    def write(
        self, region: Region, address: int, data: bytes, operation: Operation, origin: int = -1
    ) -> None:
        """Write bytes; the region must be writable."""
        self.steps -= 1
        self._admit(
            region,
            address,
            len(data),
            operation,
            origin,
            len(data) if len(data) in _LITTLE else 1,
            write=True,
        )
        at = address - region.data_base
        target = region.data
        if isinstance(target, bytearray):  # _admit refuses the others
            target[at : at + len(data)] = data
        if region.unset is not None:
            region.unset[at : at + len(data)] = bytes(len(data))

    def write_global(self, region: Region, address: int, value: int, operation: Operation) -> None:
        """Write 4 bytes to state that outlives the evaluation, and record the write."""
        self.write(region, address, _WORD[self.order, 4].pack(value & 0xFFFFFFFF), operation)
        self.global_writes.append(GlobalWrite(region.name, address - region.base, value & 0xFFFFFFFF))

    def mark_checked(self, region: Region, address: int, size: int) -> None:
        """From now on a second fetch of these bytes is a trap, if the build tracks double fetches."""
        if region.checked is not None:
            at = address - region.data_base
            region.checked[at : at + size] = b"\1" * size

    def charge(self, steps: int, operation: Operation, origin: int = -1, file: str = "") -> None:
        """Spend steps that are not memory accesses."""
        self.steps -= steps
        if self.steps < 0:
            raise self.trap("step-budget", operation, origin=origin, file=file)

    def reserve(self, steps: int, operation: Operation, origin: int = -1, file: str = "") -> None:
        """Trap at the head of a loop if fewer steps are left: a hang gets one name wherever it ends."""
        if self.steps < steps:
            raise self.trap("step-budget", operation, origin=origin, file=file)

    def enter(self, operation: Operation, origin: int = -1, file: str = "") -> None:
        """Begin a nested call."""
        self.depth += 1
        if self.depth > self.depth_limit:
            raise self.trap("recursion", operation, origin=origin, file=file)

    def leave(self) -> None:
        """End a nested call."""
        self.depth -= 1

    def find(self, address: int) -> Region | None:
        """The region that an address lies in."""
        for region in self.regions:
            if region.base <= address < region.base + region.size:
                return region
        return None

    def nearest(self, address: int) -> Region | None:
        """The region whose first or last byte is closest to an address."""
        return min(self.regions, key=lambda region: _outside(region, address, 1)[0], default=None)

    def wild(
        self, address: int, size: int, operation: Operation, origin: int = -1, *, write: bool = False
    ) -> Trap:
        """The trap for an access through a pointer that belongs to no object."""
        address &= self.mask
        region = self.nearest(address)
        if address < NULL_PAGE or region is None:
            return self.trap(
                "null-dereference", operation, address=address, size=size, origin=origin, write=write
            )
        return self._outside_trap(region, address, size, operation, origin, write=write)

    def trap(
        self,
        kind: TrapKind,
        operation: Operation,
        *,
        address: int | None = None,
        size: int = 0,
        region: Region | None = None,
        origin: int = -1,
        file: str = "",
        write: bool = False,
        index: int | None = None,
        limit: int | None = None,
        detail: str = "",
    ) -> Trap:
        """A trap of this address space, to be raised."""
        provenance = Provenance(
            file=file or (region.file if region is not None else ""),
            file_offset=origin if origin >= 0 else None,
        )
        bits = self.width * 8
        if region is None or address is None:
            return Trap(
                TrapData(
                    kind, operation, address, size, write, bits,
                    index=index, limit=limit, detail=detail, provenance=provenance,
                )
            )  # fmt: skip
        distance, before = _outside(region, address, size)
        fits = region.base <= address and address + size <= region.end
        landed = None if fits else self.find(address)
        return Trap(
            TrapData(
                kind, operation, address, size, write, bits, region.name, region.base, region.size, distance,
                before, None if landed is None else landed.name, index, limit, detail, provenance,
            )
        )  # fmt: skip

    def _admit(
        self,
        region: Region,
        address: int,
        size: int,
        operation: Operation,
        origin: int,
        alignment: int,
        *,
        write: bool = False,
    ) -> None:
        """Return if the access is allowed, else raise its trap."""
        at = address - region.base
        if at < 0 or size < 0 or size > region.size - at:
            if 0 <= address < NULL_PAGE:
                raise self.trap(
                    "null-dereference",
                    operation,
                    address=address,
                    size=size,
                    origin=origin,
                    file=region.file,
                    write=write,
                )
            raise self._outside_trap(region, address, size, operation, origin, write=write)
        if self.steps < 0:
            raise self.trap("step-budget", operation, origin=origin, file=region.file)
        kind: TrapKind | None = None
        at = address - region.data_base
        if write and not region.writable:
            kind = "write-to-read-only"
        elif self.strict and alignment > 1 and address % alignment:
            kind = "misaligned-access"
        elif not write and region.unset is not None and region.unset.find(1, at, at + size) >= 0:
            kind = "uninitialised-read"
        elif not write and region.checked is not None and region.checked.find(1, at, at + size) >= 0:
            kind = "double-fetch"
        if kind is not None:
            raise self.trap(
                kind, operation, address=address, size=size, region=region, origin=origin, write=write
            )

    def _outside_trap(
        self, region: Region, address: int, size: int, operation: Operation, origin: int, *, write: bool
    ) -> Trap:
        kind: TrapKind = "out-of-bounds-write" if write else "out-of-bounds-read"
        return self.trap(
            kind, operation, address=address, size=size, region=region, origin=origin, write=write
        )


def _outside(region: Region, address: int, size: int) -> tuple[int, bool]:
    """Returns how far an access is outside a region, and whether it lies before it."""
    if address < region.base:
        return region.base - address, True
    if address >= region.end:
        return address - region.end, False
    return max(0, address + size - region.end), False


@lru_cache(maxsize=64)
def _alignment(layout: str) -> int:
    """The alignment of a structure on a platform with strict alignment: that of its widest member."""
    return 8 if "Q" in layout else 4 if "I" in layout or "i" in layout else 2 if "H" in layout else 1
