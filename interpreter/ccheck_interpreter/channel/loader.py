"""Template instances as a driver loads them: every number checked and copied, or left in place."""

from dataclasses import dataclass
from struct import Struct
from typing import Final

from ccheck_interpreter.channel.container import (
    CRITERIA,
    INSTANCES,
    INSTANCES_FILE,
    POOL,
    Container,
    Table,
    open_container,
)
from ccheck_interpreter.channel.definitions import Definitions
from ccheck_interpreter.match import (
    IGNORE_CASE,
    INTEGER,
    INTEGER_KINDS,
    KIND_NAMES,
    ONE_OF,
    REGEX,
    TEXT,
    TEXT_KINDS,
    WILDCARD,
    compile_regex,
    integer_operand_size,
    regex_fault,
)
from ccheck_interpreter.memory import Memory, Region
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.space import DEFAULT_LIMITS, PLACES, Limits, address_space
from ccheck_interpreter.trap import Operation, Provenance, Refusal, Refused, Trap

INSTANCE: Final = Struct("<IIHBBIHHI")
CRITERION: Final = Struct("<HHIIHH")

READ_INSTANCE: Final = Operation("read-instance", "blocks[].count")
FIND_TYPE: Final = Operation("find-type", "instances[].type_id")
COUNT_HIT: Final = Operation("count-hit", "instances[].id")
READ_CRITERION: Final = Operation("read-criterion", "instances[].first_criterion")
READ_OPERAND: Final = Operation("read-operand", "criteria[].operand_offset")

MOST_REGEX_BYTES: Final = 1024
MOST_REGEX_PROGRAM: Final = 2000
MOST_OPERAND_BYTES: Final = 4096
MOST_ALTERNATIVES: Final = 64
MOST_CRITERIA: Final = 256


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion whose numbers were checked; `address` is the address of its record."""

    field_index: int
    kind: int
    value_kind: int
    operand: bytes
    ignore_case: bool
    address: int


@dataclass(frozen=True, slots=True)
class Instance:
    """A template instance that the driver registered.

    Attributes:
        index: Its index in the file.
        id: Its id.
        type_name: The name of its template type.
        type_version: The version of its template type.
        supplied: How many inputs the build's call site supplies.
        action: What the driver does on a match.
        first: The index of its first criterion.
        count: The number of its criteria.
        at: The file offset of its record.
        criteria: Its checked criteria; None if the driver reads them in place.
    """

    index: int
    id: int
    type_name: str
    type_version: int
    supplied: int
    action: int
    first: int
    count: int
    at: int
    criteria: tuple[Criterion, ...] | None


@dataclass(frozen=True, slots=True)
class Skip:
    """An instance that the build does not use, and why."""

    instance_index: int
    instance_id: int
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Content:
    """A loaded file of instances, in the address space of the build that loaded it.

    `slots` maps the index of an instance in the file to its place in `instances`.
    """

    profile: Profile
    limits: Limits
    memory: Memory
    region: Region
    criteria: Table | None
    pool: Region
    counters: Region
    instances: tuple[Instance, ...]
    slots: dict[int, int]
    skipped: tuple[Skip, ...]
    size: int
    steps: int


def load(
    definitions: Definitions | None, data: bytes, profile: Profile, limits: Limits = DEFAULT_LIMITS
) -> Content:
    """Read a file of instances as the build does, whatever the bytes.

    A build without definitions knows no template type, and refuses.

    Raises:
        Refused: The build refuses the file.
        Trap: The build reads outside an object.
    """
    if definitions is None:
        raise Refused(Refusal("no-definitions", "the build has no definitions, it knows no template type"))
    budget = limits.for_load(len(data))
    memory = address_space(profile, budget, limits.depth)
    places = PLACES[profile.pointer_bits]
    skipped: list[Skip] = []
    try:
        opened = open_container(memory, data, "content", INSTANCES_FILE, places.content, profile)
        if profile.bounds_check:
            instances = _Checker(memory, opened, definitions, profile).instances(skipped)
        else:
            instances = _trusting(memory, opened, definitions, profile, skipped)
        counters = memory.map("detection table", places.tables, bytearray(4 * len(instances)))
    except Trap as trap:
        raise trap.located(Provenance(profile.name, "content")) from None
    pool = opened.tables.get(POOL)
    return Content(
        profile,
        limits,
        memory,
        opened.region,
        opened.tables.get(CRITERIA),
        opened.region if pool is None else pool.region,
        counters,
        tuple(instances),
        {instance.index: slot for slot, instance in enumerate(instances)},
        tuple(skipped),
        len(data),
        budget - memory.steps,
    )


def _trusting(
    memory: Memory, opened: Container, definitions: Definitions, profile: Profile, skipped: list[Skip]
) -> list[Instance]:
    """Register what the table says; the criteria stay in the file until an event arrives."""
    instances: list[Instance] = []
    table = opened.tables.get(INSTANCES)
    if table is None:
        return instances  # the count of a table that was never found is still zero
    base = opened.region.base
    for index in range(table.count):
        address = (table.first + index * table.stride) & memory.mask
        record = memory.record(table.region, address, INSTANCE, READ_INSTANCE, table.count_at)
        here = address - base
        number, type_id, type_version, _, action, first, count, _, _ = record
        found = definitions.by_key.get((type_id, type_version))
        if found is None:
            # The look-up gave NULL, and the next line of the driver reads the type's field count through it.
            null = memory.wild(6, 2, FIND_TYPE, here + 4)
            raise null.located(Provenance(profile.name, "content", index, number))
        supplied = profile.supplies(found.name, type_version)
        if supplied is None:
            skipped.append(_no_call_site(index, number, found.name, type_version, profile))
            continue
        _check_input_count(profile, index, found.name, len(found.fields), supplied, here)
        instances.append(
            Instance(index, number, found.name, type_version, supplied, action, first, count, here, None)
        )
    return instances


def _no_call_site(index: int, number: int, name: str, version: int, profile: Profile) -> Skip:
    return Skip(
        index, number, "no-call-site", f"build {profile.name} has no call site for {name} version {version}"
    )


def _check_input_count(
    profile: Profile, index: int, name: str, expected: int, supplied: int, here: int
) -> None:
    if profile.input_count_check and expected != supplied:
        message = f"instances[{index}] is of type {name} with {expected} fields"
        raise _refuse("input-count", f"{message}, build {profile.name} supplies {supplied}", here + 4)


class _Checker:
    """Checks every number of a file of instances before it is used, and stores what was checked.

    A wrong number refuses the file, an unknown one skips the instance. An operand is fetched and stored once
    for all criteria that share it, so that the stored operands never exceed the pool.
    """

    __slots__ = (
        "base",
        "criteria",
        "definitions",
        "kept_bytes",
        "memory",
        "operands",
        "pool",
        "profile",
        "table",
    )

    def __init__(self, memory: Memory, opened: Container, definitions: Definitions, profile: Profile) -> None:
        self.memory = memory
        self.base = opened.region.base
        self.table, self.criteria, self.pool = (opened.tables[kind] for kind in (INSTANCES, CRITERIA, POOL))
        self.definitions = definitions
        self.profile = profile
        self.operands: dict[tuple[int, int], bytes] = {}
        self.kept_bytes = 0

    def instances(self, skipped: list[Skip]) -> list[Instance]:
        """The instances that the build uses; those that it does not use are added to `skipped`."""
        instances: list[Instance] = []
        memory, table, criteria, profile = self.memory, self.table, self.criteria, self.profile
        taken = 0
        address = table.first
        for index in range(table.count):
            here = address - self.base
            number, type_id, type_version, _, action, first, count, _, _ = memory.record(
                table.region, address, INSTANCE, READ_INSTANCE
            )
            address += INSTANCE.size
            if first != taken or not 1 <= count <= MOST_CRITERIA or count > criteria.count - first:
                message = f"instances[{index}] takes {count} criteria from {first}"
                message += f"; {taken} are taken, the table has {criteria.count}"
                raise _refuse("record-run", message, here + 12)
            taken += count
            kept, unknown = self._kept(first, count)
            found = self.definitions.by_key.get((type_id, type_version))
            supplied = None if found is None else profile.supplies(found.name, type_version)
            if found is None:
                message = f"no template type has id {type_id} and version {type_version}"
                skipped.append(Skip(index, number, "unknown-type", message))
            elif supplied is None:
                skipped.append(_no_call_site(index, number, found.name, type_version, profile))
            elif unknown:
                skipped.append(Skip(index, number, "unsupported-kind", unknown))
            else:
                _check_input_count(profile, index, found.name, len(found.fields), supplied, here)
                instances.append(
                    Instance(
                        index, number, found.name, type_version, supplied, action, first, count, here, kept
                    )
                )
        memory.mark_checked(table.region, table.first, table.count * table.stride)
        memory.mark_checked(criteria.region, criteria.first, criteria.count * criteria.stride)
        return instances

    def _kept(self, first: int, count: int) -> tuple[tuple[Criterion, ...], str]:
        """The criteria of one instance, and what the build does not understand of them, if anything."""
        kept: list[Criterion] = []
        unknown = ""
        table, profile = self.criteria, self.profile
        address = table.first + first * CRITERION.size
        for number in range(count):
            field_index, kind, offset, length, value_kind, flags = self.memory.record(
                table.region, address, CRITERION, READ_CRITERION
            )
            if kind not in profile.criterion_kinds:
                name = KIND_NAMES.get(kind, str(kind))
                unknown = f"criteria[{number}] has kind {name}, which build {profile.name} does not know"
            elif kind == WILDCARD:
                kept.append(Criterion(field_index, kind, value_kind, b"", False, address))
            else:
                here = address - self.base
                operand = self._operand(offset, length, here)
                check_operand(kind, value_kind, operand, flags, here)
                ignore_case = bool(flags & IGNORE_CASE)
                kept.append(Criterion(field_index, kind, value_kind, operand, ignore_case, address))
            address += CRITERION.size
        return tuple(kept), unknown

    def _operand(self, offset: int, length: int, here: int) -> bytes:
        known = self.operands.get((offset, length))
        if known is not None:
            return known
        start = self.pool.first - self.base
        end = start + self.pool.count
        if not 1 <= length <= MOST_OPERAND_BYTES or offset < start or length > end - offset:
            message = f"operand of {length} bytes at {offset:#x}, the pool has {start:#x} to {end:#x}"
            raise _refuse("operand", message, here + 4)
        self.kept_bytes += length
        if self.kept_bytes > self.pool.count:
            message = f"different operands have {self.kept_bytes} bytes, the pool has {self.pool.count}"
            raise _refuse("operand-overlap", message, here + 4)
        operand = self.memory.read_range(self.pool.region, self.base + offset, length, READ_OPERAND)
        self.operands[offset, length] = operand
        return operand


def check_operand(kind: int, value_kind: int, operand: bytes, flags: int, here: int) -> None:
    """Refuse an operand that its kind cannot use."""
    length = len(operand)
    if value_kind == INTEGER and kind in INTEGER_KINDS:
        wanted = integer_operand_size(kind, length)
        if length != wanted or wanted > 8 * MOST_ALTERNATIVES:
            raise _refuse(
                "operand", f"{KIND_NAMES[kind]} over an integer has an operand of {length} bytes", here + 8
            )
        return
    if value_kind != TEXT or kind not in TEXT_KINDS:
        raise _refuse("value-kind", f"{KIND_NAMES[kind]} has value kind {value_kind}", here + 12)
    if kind == ONE_OF and operand.count(0) >= MOST_ALTERNATIVES:
        raise _refuse(
            "operand",
            f"one_of has {operand.count(0) + 1} alternatives, at most {MOST_ALTERNATIVES}",
            here + 8,
        )
    if kind != REGEX:
        return
    if length > MOST_REGEX_BYTES:
        raise _refuse("regex", f"regex has {length} bytes, at most {MOST_REGEX_BYTES}", here + 8)
    ignore_case = bool(flags & IGNORE_CASE)
    program = compile_regex(operand, ignore_case=ignore_case)
    if program is None:
        fault = regex_fault(operand, ignore_case=ignore_case)
        raise _refuse("regex", f"the regex does not compile: {fault}", here + 4, fault)
    if program.size > MOST_REGEX_PROGRAM:
        raise _refuse(
            "regex",
            f"regex has a program of {program.size} instructions, at most {MOST_REGEX_PROGRAM}",
            here + 4,
        )


def _refuse(reason: str, message: str, offset: int, detail: str = "") -> Refused:
    return Refused(Refusal(reason, message, "content", offset, detail))
