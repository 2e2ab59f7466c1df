"""What a violation looks like: where the driver left an object, and which byte of the file caused it."""

from dataclasses import dataclass
from typing import Final, Literal

TrapKind = Literal[
    "out-of-bounds-read",
    "out-of-bounds-write",
    "null-dereference",
    "uninitialised-read",
    "write-to-read-only",
    "misaligned-access",
    "double-fetch",
    "input-index-out-of-bounds",
    "input-type-confusion",
    "table-index-out-of-bounds",
    "dispatch-out-of-bounds",
    "step-budget",
    "recursion",
    "invalid-free",
]

ForeignKind = Literal["exception", "signal", "sanitizer", "panic", "time-out", "memory"]
"""How an interpreter that is not this one ends: a user's own, called or executed."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A step of the driver's code: its name, and the field of the file whose number it uses."""

    name: str
    field: str


@dataclass(frozen=True, slots=True)
class Bugcheck:
    """The stop code that Windows shows for a violation."""

    code: int
    name: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a bad number came from; None if a part is not known or does not apply.

    `system` is the system whose terms describe the crash.
    """

    consumer: str = ""
    file: str = ""
    instance_index: int | None = None
    instance_id: int | None = None
    criterion_index: int | None = None
    file_offset: int | None = None
    system: Literal["windows", "linux"] = "windows"


@dataclass(frozen=True, slots=True)
class TrapData:
    """One violation as data.

    Attributes:
        kind: The kind of violation.
        operation: The step of the driver's code.
        address: Where the access began.
        size: Its size in bytes.
        write: Whether it was a write.
        pointer_bits: The width of a pointer.
        region: The object that the pointer belongs to.
        region_base: The address of the object.
        region_size: The size of the object in bytes.
        distance: How many bytes outside the object the access began or, if it began inside, ended.
        before: Whether it was before the object.
        landed: The other region that the address is in, if any.
        index: The index, if the oracle is an index.
        limit: The number of elements, if the oracle is an index.
        detail: More in words.
        provenance: Where the bad number came from.
    """

    kind: TrapKind | ForeignKind
    operation: Operation
    address: int | None = None
    size: int = 0
    write: bool = False
    pointer_bits: int = 64
    region: str | None = None
    region_base: int = 0
    region_size: int = 0
    distance: int = 0
    before: bool = False
    landed: str | None = None
    index: int | None = None
    limit: int | None = None
    detail: str = ""
    provenance: Provenance = Provenance()

    @property
    def signature(self) -> tuple[str, str, str]:
        """What stays the same while an input shrinks: kind, operation, field path without indices."""
        return (self.kind, self.operation.name, self.operation.field)

    def having(self, provenance: Provenance) -> "TrapData":
        """The same violation with another provenance.

        Traps are raised by the hundred thousand, and `dataclasses.replace` takes five times as long.
        """
        return TrapData(
            self.kind, self.operation, self.address, self.size, self.write, self.pointer_bits, self.region,
            self.region_base, self.region_size, self.distance, self.before, self.landed, self.index,
            self.limit, self.detail, provenance,
        )  # fmt: skip

    @property
    def path(self) -> str:
        """The field that carried the bad number, with its indices if known."""
        field = self.operation.field
        at = self.provenance
        if at.instance_index is None:
            return field
        instance = f"instances[{at.instance_index}]"
        if field.startswith("instances[]."):
            return instance + field.removeprefix("instances[]")
        if field.startswith("criteria[].") and at.criterion_index is not None:
            return f"{instance}.criteria[{at.criterion_index}]{field.removeprefix('criteria[]')}"
        return field


class Trap(Exception):
    """The one exception of the simulated machine; everything it knows is in `data`."""

    def __init__(self, data: TrapData) -> None:
        """Wrap the data of one violation."""
        super().__init__(data.kind, data.operation.name)
        self.data = data

    def located(self, provenance: Provenance) -> "Trap":
        """The same violation, with what the caller knows about its origin; the file offset stays."""
        known = self.data.provenance
        merged = Provenance(
            provenance.consumer,
            known.file or provenance.file,
            provenance.instance_index,
            provenance.instance_id,
            provenance.criterion_index,
            known.file_offset if known.file_offset is not None else provenance.file_offset,
            provenance.system,
        )
        return Trap(self.data.having(merged))


@dataclass(frozen=True, slots=True)
class Refusal:
    """The refusal of a file before it is used.

    Attributes:
        reason: The check that failed.
        message: The failure in words, with both numbers.
        file: The name of the file.
        offset: The file offset of the wrong number.
        detail: How the check failed, one of a few words, if it can fail in several ways.
    """

    reason: str
    message: str
    file: str = "content"
    offset: int | None = None
    detail: str = ""


class Refused(Exception):
    """Raised by a loader; `refusal` says why. It is not a trap: the host goes on without the file."""

    def __init__(self, refusal: Refusal) -> None:
        """Wrap the data of one refusal."""
        super().__init__(refusal.reason, refusal.message)
        self.refusal = refusal


_PAGE_FAULT: Final = Bugcheck(0x50, "PAGE_FAULT_IN_NONPAGED_AREA")
_UNHANDLED: Final = Bugcheck(0x7E, "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED")

# What Windows shows where the access really faults. None: the access goes through and the damage shows later
# or never.
BUGCHECKS: Final[dict[TrapKind | ForeignKind, Bugcheck | None]] = {
    "out-of-bounds-read": _PAGE_FAULT,
    "out-of-bounds-write": _PAGE_FAULT,
    "null-dereference": _UNHANDLED,
    "uninitialised-read": None,
    "write-to-read-only": Bugcheck(0xBE, "ATTEMPTED_WRITE_TO_READONLY_MEMORY"),
    "misaligned-access": _UNHANDLED,
    "double-fetch": None,
    "input-index-out-of-bounds": _PAGE_FAULT,
    "input-type-confusion": None,
    "table-index-out-of-bounds": _PAGE_FAULT,
    "dispatch-out-of-bounds": _PAGE_FAULT,
    "step-budget": Bugcheck(0x133, "DPC_WATCHDOG_VIOLATION"),
    "recursion": Bugcheck(0x7F, "UNEXPECTED_KERNEL_MODE_TRAP"),
    "invalid-free": Bugcheck(0xC2, "BAD_POOL_CALLER"),
    "exception": None,
    "signal": None,
    "sanitizer": None,
    "panic": None,
    "time-out": None,
    "memory": None,
}

# What the Linux kernel writes into its log. None as above.
OOPSES: Final[dict[TrapKind | ForeignKind, str | None]] = {
    "out-of-bounds-read": "BUG: unable to handle page fault",
    "out-of-bounds-write": "BUG: unable to handle page fault",
    "null-dereference": "BUG: kernel NULL pointer dereference",
    "uninitialised-read": None,
    "write-to-read-only": "BUG: unable to handle page fault",
    "misaligned-access": "Unhandled fault: alignment exception",
    "double-fetch": None,
    "input-index-out-of-bounds": "BUG: unable to handle page fault",
    "input-type-confusion": None,
    "table-index-out-of-bounds": "BUG: unable to handle page fault",
    "dispatch-out-of-bounds": "BUG: unable to handle page fault",
    "step-budget": "watchdog: BUG: soft lockup",
    "recursion": "BUG: stack guard page was hit",
    "invalid-free": "kernel BUG at mm/slub.c",
}

_RULE: Final = "=" * 66


def report(data: TrapData) -> str:
    """The violation as a kernel sanitizer prints it, with the system's own crash line."""
    width = data.pointer_bits // 4
    at = data.provenance
    lines = [_RULE, f"BUG: ccheck: {data.kind} in {data.operation.name}"]
    if data.address is not None:
        verb = "Write" if data.write else "Read"
        lines.append(
            f"{verb} of size {data.size} at address {data.address:0{width}x} by consumer {at.consumer}"
        )
    else:
        lines.append(f"Stopped in consumer {at.consumer}")
    if data.index is not None and data.limit is not None:
        lines.append(f"The index is {data.index} of {data.limit}{_valid(data.limit)}")
    if data.detail:
        lines.append(data.detail)
    lines.append("")
    if at.instance_index is not None:
        who = f"instance {at.instance_id}, instances[{at.instance_index}]"
        if at.criterion_index is not None:
            who += f", criterion {at.criterion_index}"
        lines.append(f"Evaluating {who}")
    if at.file_offset is not None:
        lines.append(f"The number came from {data.path}, offset {at.file_offset:#x} of the {at.file} file")
    if data.region is not None:
        end = data.region_base + data.region_size
        side = "before" if data.before else "after"
        lines.append(f"The address is {data.distance} bytes {side} the {data.region}")
        lines.append(f"  [{data.region_base:0{width}x}, {end:0{width}x}), {data.region_size} bytes")
    if data.landed is not None:
        lines.append(f"There it fell into the {data.landed}: the access may go unnoticed")
    lines.append("")
    bugcheck = BUGCHECKS[data.kind]
    oops = OOPSES.get(data.kind)
    if at.system == "linux" and oops is not None:
        lines.append(oops)
    elif bugcheck is None:
        lines.append("No bugcheck of its own: what follows depends on the bytes that were read")
    else:
        lines.append(f"{bugcheck.name} ({bugcheck.code:x})")
        if bugcheck is _PAGE_FAULT:
            lines.append("An exception handler cannot save the host from this one")
    lines.append(_RULE)
    return "\n".join(lines)


def _valid(limit: int) -> str:
    return f" (0 to {limit - 1} are valid)" if limit else " (none is valid)"


def to_json(data: TrapData) -> dict[str, object]:
    """The violation as plain values for JSON."""
    at = data.provenance
    bugcheck = BUGCHECKS[data.kind]
    return {
        "kind": data.kind,
        "operation": data.operation.name,
        "field": data.path,
        "address": None if data.address is None else f"0x{data.address:0{data.pointer_bits // 4}x}",
        "size": data.size,
        "write": data.write,
        "region": data.region,
        "distance": data.distance,
        "before": data.before,
        "landed": data.landed,
        "index": data.index,
        "limit": data.limit,
        "detail": data.detail,
        "bugcheck": None
        if bugcheck is None or at.system != "windows"
        else {"code": bugcheck.code, "name": bugcheck.name},
        "consumer": at.consumer,
        "file": at.file,
        "file_offset": at.file_offset,
        "instance_index": at.instance_index,
        "instance_id": at.instance_id,
        "criterion_index": at.criterion_index,
    }
