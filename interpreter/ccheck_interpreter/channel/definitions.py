"""The template-type definitions as a driver reads them from their file."""

from dataclasses import dataclass
from struct import Struct
from typing import Final

from ccheck_interpreter.channel.container import (
    DEFINITIONS_FILE,
    FIELDS,
    POOL,
    TYPES,
    Container,
    Table,
    open_container,
)
from ccheck_interpreter.event import Event, EventError
from ccheck_interpreter.match import INTEGER, TEXT, VALUE_KIND_NAMES
from ccheck_interpreter.memory import Memory
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.space import DEFAULT_LIMITS, PLACES, Limits, address_space
from ccheck_interpreter.trap import Operation, Provenance, Refusal, Refused, Trap

TYPE: Final = Struct("<IHHIIHHI")
FIELD: Final = Struct("<IHHBBHI")

READ_TYPE: Final = Operation("read-type", "blocks[].count")
READ_FIELD: Final = Operation("read-field", "types[].first_field")
READ_TYPE_NAME: Final = Operation("read-type-name", "types[].name_offset")
READ_FIELD_NAME: Final = Operation("read-field-name", "fields[].name_offset")

_OPTIONAL: Final = 1


@dataclass(frozen=True, slots=True)
class Field:
    """A field that a template type declares: the kind of its input and the greatest length of an operand."""

    name: str
    value_kind: int
    max_length: int
    allowed_kinds: int
    optional: bool


@dataclass(frozen=True, slots=True)
class TemplateType:
    """One version of a template type; content expects as many inputs as it has fields."""

    id: int
    version: int
    name: str
    channel: int
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Definitions:
    """The contents of a definitions file, in the file's order, and by (id, version)."""

    types: tuple[TemplateType, ...]
    by_key: dict[tuple[int, int], TemplateType]
    steps: int

    def named(self, name: str, version: int | None = None) -> tuple[TemplateType, ...]:
        """The versions of the template type with this name, or only the requested version."""
        return tuple(found for found in self.types if found.name == name and version in {None, found.version})


@dataclass(frozen=True, slots=True)
class CallSiteMismatch:
    """A call site that supplies another number of inputs than the definitions expect."""

    consumer: str
    type_name: str
    type_version: int
    expected: int
    supplied: int


def call_site_mismatches(definitions: Definitions, profile: Profile) -> tuple[CallSiteMismatch, ...]:
    """The template types whose call site supplies another number of inputs: a compile-time check."""
    found = []
    for item in definitions.types:
        supplied = profile.supplies(item.name, item.version)
        if supplied is not None and supplied != len(item.fields):
            found.append(CallSiteMismatch(profile.name, item.name, item.version, len(item.fields), supplied))
    return tuple(found)


def conforming(event: Event, definitions: Definitions) -> Event:
    """The same event, if a sensor with these definitions could report it.

    The type (and version, if the event names one) must be defined, and each input be of its field's kind.
    More or fewer inputs than fields are allowed: the call site truncates and pads.

    Raises:
        EventError: No sensor with these definitions could report the event.
    """
    types = definitions.named(event.type, event.version)
    if not types:
        version = "" if event.version is None else f" version {event.version}"
        raise EventError(f"no template type {event.type}{version} is defined")
    for item in types:
        for index, (value, field) in enumerate(zip(event.inputs, item.fields, strict=False)):
            if value is not None and isinstance(value, int) is not (field.value_kind == INTEGER):
                wanted = VALUE_KIND_NAMES[INTEGER if field.value_kind == INTEGER else TEXT]
                raise EventError(f"inputs[{index}] of {item.name} must be {wanted} or null, is {value!r}")
    return event


def load_definitions(data: bytes, profile: Profile, limits: Limits = DEFAULT_LIMITS) -> Definitions:
    """Read a definitions file as the build does, whatever the bytes.

    Raises:
        Refused: The build refuses the file.
        Trap: The build reads outside an object.
    """
    budget = limits.for_load(len(data))
    memory = address_space(profile, budget)
    try:
        opened = open_container(
            memory, data, "definitions", DEFINITIONS_FILE, PLACES[profile.pointer_bits].definitions, profile
        )
        types = _checked_types(memory, opened) if profile.bounds_check else _trusted_types(memory, opened)
    except Trap as trap:
        raise trap.located(Provenance(profile.name, "definitions")) from None
    return Definitions(tuple(types), {(item.id, item.version): item for item in types}, budget - memory.steps)


def _trusted_types(memory: Memory, opened: Container) -> list[TemplateType]:
    types: list[TemplateType] = []
    table = opened.tables.get(TYPES)
    if table is None:
        return types  # the count of a table that was never found is still zero
    base = opened.region.base
    for index in range(table.count):
        address = (table.first + index * table.stride) & memory.mask
        record = memory.record(table.region, address, TYPE, READ_TYPE, table.count_at)
        here = address - base
        number, version, field_count, first, name_offset, name_length, _, channel = record
        name = _name(memory, opened, name_offset, name_length, READ_TYPE_NAME, here + 12)
        fields = tuple(_trusted_field(memory, opened, first + step, here + 8) for step in range(field_count))
        types.append(TemplateType(number, version, name, channel, fields))
    return types


def _trusted_field(memory: Memory, opened: Container, index: int, origin: int) -> Field:
    table = opened.tables.get(FIELDS)
    if table is None:
        raise memory.wild(index * FIELD.size, FIELD.size, READ_FIELD, origin)
    address = (table.first + index * table.stride) & memory.mask
    if index >= table.count:
        raise memory.trap(
            "table-index-out-of-bounds",
            READ_FIELD,
            address=address,
            size=FIELD.size,
            region=table.region,
            origin=origin,
            index=index,
            limit=table.count,
        )
    record = memory.record(table.region, address, FIELD, READ_FIELD, origin)
    name = _name(memory, opened, record[0], record[1], READ_FIELD_NAME, address - opened.region.base)
    return Field(name, record[3], record[2], record[6], bool(record[4] & _OPTIONAL))


def _name(
    memory: Memory, opened: Container, offset: int, length: int, operation: Operation, origin: int
) -> str:
    pool = opened.tables.get(POOL)
    region = opened.region if pool is None else pool.region
    data = memory.read_range(region, (opened.region.base + offset) & memory.mask, length, operation, origin)
    memory.charge(length // 16, operation, origin, "definitions")  # the driver keeps a copy
    return data.decode("utf-8", "surrogateescape")


def _checked_types(memory: Memory, opened: Container) -> list[TemplateType]:
    types: list[TemplateType] = []
    base = opened.region.base
    table, fields, pool = opened.tables[TYPES], opened.tables[FIELDS], opened.tables[POOL]
    seen: set[tuple[int, int]] = set()
    taken = 0
    for index in range(table.count):
        address = table.first + index * table.stride
        here = address - base
        record = memory.record(table.region, address, TYPE, READ_TYPE)
        number, version, field_count, first, name_offset, name_length, _, channel = record
        if number == 0 or version == 0 or (number, version) in seen:
            raise _refuse(
                "type-key",
                f"types[{index}] has id {number} and version {version}: zero, or not the only one",
                here,
            )
        seen.add((number, version))
        taken = _next_run("types", index, first, field_count, taken, fields, here + 8)
        name = _checked_name(memory, base, pool, name_offset, name_length, f"types[{index}]", here + 12)
        declared = tuple(
            _checked_field(memory, base, fields, pool, first + step) for step in range(field_count)
        )
        types.append(TemplateType(number, version, name, channel, declared))
    return types


def _next_run(what: str, index: int, first: int, count: int, taken: int, table: Table, offset: int) -> int:
    """The start of the next run; this one must begin where the last ended and stay in its table."""
    if first != taken or not 1 <= count <= 256 or count > table.count - first:
        raise _refuse(
            "record-run",
            f"{what}[{index}] takes {count} records from {first}; {taken} are taken"
            f", the {table.region.name} has {table.count}",
            offset,
        )
    return first + count


def _checked_field(memory: Memory, base: int, fields: Table, pool: Table, index: int) -> Field:
    address = fields.first + index * fields.stride
    name_offset, name_length, max_length, value_kind, flags, _, allowed = memory.record(
        fields.region, address, FIELD, READ_FIELD
    )
    if value_kind not in {TEXT, INTEGER}:
        raise _refuse(
            "value-kind",
            f"fields[{index}] has value kind {value_kind}, 1 or 2 are allowed",
            address - base + 8,
        )
    name = _checked_name(memory, base, pool, name_offset, name_length, f"fields[{index}]", address - base)
    return Field(name, value_kind, max_length, allowed, bool(flags & _OPTIONAL))


def _checked_name(
    memory: Memory, base: int, pool: Table, offset: int, length: int, owner: str, at: int
) -> str:
    start = pool.first - base
    if not 1 <= length <= 64 or offset < start or length > start + pool.count - offset:
        raise _refuse(
            "name",
            f"{owner} has a name of {length} bytes at {offset:#x}"
            f", the pool has {start:#x} to {start + pool.count:#x}",
            at,
        )
    data = memory.read_range(pool.region, base + offset, length, READ_TYPE_NAME)
    return data.decode("utf-8", "surrogateescape")


def _refuse(reason: str, message: str, offset: int) -> Refused:
    return Refused(Refusal(reason, message, "definitions", offset))
