"""A Sysmon rules blob as its driver loads it: by following offsets, checked or trusted."""

from dataclasses import dataclass
from struct import Struct
from typing import Final

from ccheck_interpreter.memory import Memory, Region
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.space import DEFAULT_LIMITS, PLACES, Limits, address_space
from ccheck_interpreter.sysmon.match import fold
from ccheck_interpreter.sysmon.tables import Target
from ccheck_interpreter.trap import Operation, Provenance, Refusal, Refused, Trap

HEADER: Final = Struct("<6I")
EVENT: Final = Struct("<IiiIII")
FILTER: Final = Struct("<I512siIIII")
AGGREGATION: Final = Struct("<256sQIIIIiII")
DATA_AT: Final = FILTER.size

READ_HEADER: Final = Operation("read-header", "header")
READ_EVENT: Final = Operation("read-event", "events[].next_offset")
INDEX_EVENT: Final = Operation("index-event", "events[].event_id")
READ_FILTER: Final = Operation("read-filter", "filters[].next_offset")
READ_DATA: Final = Operation("read-filter-data", "filters[].data_size")
READ_AGGREGATION: Final = Operation("read-aggregation", "filters[].aggregation_offset")

OLDEST_LAYOUT: Final = 9 << 16
BEYOND_NEWEST_LAYOUT: Final = 17 << 16
_ERROR_EVENT: Final = 255
_INCLUDE: Final = 0


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter with its text folded.

    `same_field_follows` is true if a later filter of the event has the same field and aggregation.
    """

    at: int
    field_id: int
    name: str
    operator: int
    data: str
    aggregation_id: int
    aggregation_offset: int
    same_field_follows: bool = False


@dataclass(frozen=True, slots=True)
class EventRule:
    """An event's rule: its filters and how they are joined."""

    at: int
    event_id: int
    includes_by_default: bool
    joined_by_and: bool
    filters: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Aggregation:
    """How the filters of a sub-group are joined."""

    id: int
    name: str
    joined_by_and: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """A loaded blob: the rules by the number of their event, in the order in which they are tried."""

    target: Target
    profile: Profile
    limits: Limits
    memory: Memory
    region: Region
    by_event: dict[int, tuple[EventRule, ...]]
    aggregations: dict[int, Aggregation]
    steps: int


TRUSTING: Final = Profile("sysmon-reference", {}, platform="windows-x64")
"""Checks what the public reference reader checks."""
CHECKING: Final = Profile("sysmon-checked", {}, platform="windows-x64", bounds_check=True)
"""Compares every number before it is used."""


def load(data: bytes, target: Target, profile: Profile = CHECKING, limits: Limits = DEFAULT_LIMITS) -> Rules:
    """Read a blob as the target's driver does, whatever version the blob names, down to 9.0.

    Raises:
        Refused: The build refuses the blob.
        Trap: The build reads outside an object.
    """
    budget = limits.for_load(len(data))
    memory = address_space(profile, budget, limits.depth)
    aggregations: dict[int, Aggregation] = {}
    try:
        if len(data) < HEADER.size:
            raise _refuse("short-header", f"file has {len(data)} bytes, its header needs {HEADER.size}", 0)
        region = memory.map("rules blob", PLACES[profile.pointer_bits].content, data, file="content")
        loader = _Loader(memory, region, target, profile, aggregations)
        rules = loader.rules()
        by_event = _index(memory, target, rules)
    except Trap as trap:
        raise trap.located(Provenance(profile.name, "content")) from None
    return Rules(target, profile, limits, memory, region, by_event, aggregations, budget - memory.steps)


def table_index(memory: Memory, target: Target, event_id: int, origin: int) -> int:
    """The number under which an event's rules are filed: that of the last event type with the same rule name.

    A number that is no event type's is returned as it is. Event types without a rule name reach a NULL name,
    as in the reference reader, unless nothing that has one follows.
    """
    names = {number: item.rule_name for number, item in target.events.items()}
    names[0] = None
    while True:
        following = names.get(event_id + 1)
        if following is None or event_id not in names:
            return 0 if event_id == _ERROR_EVENT else event_id
        mine = names[event_id]
        if mine is None:
            detail = f"event {event_id} has no rule name"
            raise memory.trap(
                "null-dereference",
                INDEX_EVENT,
                address=0,
                size=2,
                origin=origin,
                file="content",
                detail=detail,
            )
        if mine != following:
            return event_id
        event_id += 1


def _index(memory: Memory, target: Target, rules: list[EventRule]) -> dict[int, tuple[EventRule, ...]]:
    """The rules by event: those that include by default first, each group in reverse order."""
    by_event: dict[int, list[EventRule]] = {}
    last = max(number for number in target.events if number < _ERROR_EVENT)
    for rule in rules:
        number = table_index(memory, target, rule.event_id, rule.at)
        if number > 0x7FFFFFFF:
            continue
        if number > last:
            raise _refuse("event-id", f"event {rule.event_id}, the last event type is {last}", rule.at)
        by_event.setdefault(number, []).append(rule)
    return {number: _ordered(group[::-1]) for number, group in by_event.items()}


def _ordered(group: list[EventRule]) -> tuple[EventRule, ...]:
    including = [rule for rule in group if rule.includes_by_default]
    return (*including, *(rule for rule in group if not rule.includes_by_default))


def text_of(data: bytes) -> str:
    """UTF-16 units up to the first NUL."""
    return data.decode("utf-16-le", "surrogatepass").partition("\0")[0]


def read_aggregation(memory: Memory, region: Region, offset: int, origin: int) -> Aggregation:
    """The aggregation at an offset of the blob."""
    address = (region.base + offset) & memory.mask
    name, _, number, _, _, _, combine, _, _ = memory.record(
        region, address, AGGREGATION, READ_AGGREGATION, origin
    )
    return Aggregation(number, text_of(name), combine == 1)


class _Loader:
    """Walks the chains of one blob."""

    __slots__ = ("aggregations", "checks", "memory", "profile", "region", "target")

    def __init__(
        self,
        memory: Memory,
        region: Region,
        target: Target,
        profile: Profile,
        aggregations: dict[int, Aggregation],
    ) -> None:
        self.memory = memory
        self.region = region
        self.target = target
        self.profile = profile
        self.checks = profile.bounds_check
        self.aggregations = aggregations

    def rules(self) -> list[EventRule]:
        """All event rules in the order of their chain."""
        memory, region = self.memory, self.region
        version, count, header_size, _, at, first_aggregation = memory.record(
            region, region.base, HEADER, READ_HEADER
        )
        if not OLDEST_LAYOUT <= version < BEYOND_NEWEST_LAYOUT:
            raise _refuse(
                "layout",
                f"binary version {version >> 16}.{version & 0xFFFF} has another layout, 9.0 to 16 are known",
                0,
            )
        if count == 0:
            raise _refuse("rule-count", "the header says 0 events", 4)
        if self.checks and (header_size != HEADER.size or at != HEADER.size):
            raise _refuse(
                "header-size",
                f"header size {header_size} and first event at {at}, both must be {HEADER.size}",
                8,
            )
        if self.checks and first_aggregation and not self._fits(first_aggregation, AGGREGATION.size):
            raise _refuse("aggregation-offset", f"first aggregation at {first_aggregation:#x} is outside", 20)
        found: list[EventRule] = []
        origin = 16
        while self._inside(at):
            memory.reserve(1, READ_EVENT, origin, region.file)
            if self.checks and not self._fits(at, EVENT.size):
                raise _refuse(
                    "event-offset", f"event at {at:#x} does not fit into {region.size} bytes", origin
                )
            rule, following = self._event(at, origin)
            found.append(rule)
            if following == 0:
                break
            if self.checks and following < at + EVENT.size:
                raise _refuse("event-order", f"event at {following:#x} follows the one at {at:#x}", at + 12)
            origin, at = at + 12, following
        else:
            if self.checks:
                raise _refuse("event-offset", f"event at {at:#x} is outside of {region.size} bytes", origin)
        if self.checks and len(found) != count:
            raise _refuse("rule-count", f"header says {count} events, the chain has {len(found)}", 4)
        return found

    def _inside(self, offset: int) -> bool:
        """Returns whether the record begins inside: the reference reader's only test of an offset."""
        return offset < self.region.size

    def _fits(self, offset: int, size: int) -> bool:
        return offset % 8 == 0 and HEADER.size <= offset and size <= self.region.size - offset

    def _event(self, at: int, origin: int) -> tuple[EventRule, int]:
        memory, region = self.memory, self.region
        record = memory.record(region, region.base + at, EVENT, READ_EVENT, origin)
        number, default, combine, following, count, first = record
        if default not in {0, 1}:
            raise _refuse(
                "rule-default", f"events at {at:#x} has default {default}, 0 or 1 are allowed", at + 4
            )
        if self.checks and combine not in {0, 1}:
            raise _refuse(
                "combine-type", f"event at {at:#x} has combine type {combine}, 0 or 1 are allowed", at + 8
            )
        if self.checks and number not in self.target.siblings:
            raise _refuse(
                "event-id", f"event {number} cannot be filtered by a driver of {self.target.binary}", at
            )
        filters = self._filters(at, first) if count else []
        if self.checks and len(filters) != count:
            raise _refuse(
                "filter-count", f"event says {count} filters, its chain has {len(filters)}", at + 16
            )
        return EventRule(at, number, default == _INCLUDE, combine == 1, _look_ahead(filters)), following

    def _filters(self, event_at: int, at: int) -> list[Filter]:
        """The filters of one event; a filter that the reader rejects ends the chain, or the load."""
        found: list[Filter] = []
        origin = event_at + 20
        while True:
            self.memory.reserve(1, READ_FILTER, origin, self.region.file)
            if self.checks and not self._fits(at, DATA_AT + 2):
                raise _refuse(
                    "filter-offset", f"filter at {at:#x} does not fit into {self.region.size} bytes", origin
                )
            if not self._inside(at):
                return found
            item, following = self._filter(at, origin)
            if item is None:
                return found
            found.append(item)
            if following == 0:
                return found
            if self.checks and following <= at:
                raise _refuse(
                    "filter-order", f"filter at {following:#x} follows the one at {at:#x}", at + 520
                )
            origin, at = at + 520, following

    def _filter(self, at: int, origin: int) -> tuple[Filter | None, int]:
        memory, region = self.memory, self.region
        record = memory.record(region, region.base + at, FILTER, READ_FILTER, origin)
        field_id, name, operator, following, size, aggregation_id, aggregation_offset = record
        if self.checks and size > region.size - at - DATA_AT:
            raise _refuse(
                "data-size",
                f"filter at {at:#x} has {size} bytes of data, {region.size - at - DATA_AT} follow",
                at + 524,
            )
        # What the reference reader compares: it forgets the 536 bytes in front of the data.
        end = (at + size) & memory.mask
        if size % 2 or end <= at or end >= region.size:
            return self._reject(f"filter at {at:#x} has {size} bytes of data", at + 524)
        memory.reserve(2 + (size >> 6), READ_FILTER, origin, region.file)
        start = region.base + at + DATA_AT
        if memory.record(region, start + size - 2, Struct("<H"), READ_DATA, at + 524)[0] != 0:
            return self._reject(f"the data of the filter at {at:#x} does not end with a NUL", at + 524)
        data = memory.read_range(region, start, size, READ_DATA, at + 524)
        if self.checks:
            self._check_filter(at, field_id, name, operator, aggregation_id, aggregation_offset)
        item = Filter(
            at,
            field_id,
            self._name(at, name),
            operator & 0xFFFF,
            fold(text_of(data)),
            aggregation_id,
            aggregation_offset,
        )
        return item, following

    def _reject(self, message: str, offset: int) -> tuple[None, int]:
        if self.checks:
            raise _refuse("filter-data", message, offset)
        return None, 0

    def _name(self, at: int, name: bytes) -> str:
        """The rule name; a trusting reader goes on until it finds a NUL."""
        text = text_of(name)
        if "\0" in name.decode("utf-16-le", "surrogatepass"):
            return text
        address = self.region.base + at + 4
        raise self.memory.trap(
            "out-of-bounds-read",
            Operation("read-rule-name", "filters[].name"),
            address=address + len(name),
            size=2,
            region=self.memory.part(self.region, "rule name", address, len(name)),
            origin=at + 4,
        )

    def _check_filter(
        self, at: int, field_id: int, name: bytes, operator: int, number: int, offset: int
    ) -> None:
        if operator not in range(len(self.target.operators)):
            most = len(self.target.operators) - 1
            message = f"operator {operator}, a driver of {self.target.binary} knows 0 to {most}"
            raise _refuse("operator", message, at + 516)
        if "\0" not in name.decode("utf-16-le", "surrogatepass"):
            raise _refuse("rule-name", f"the name of the filter at {at:#x} does not end with a NUL", at + 4)
        most = max(len(item.fields) for item in self.target.events.values())
        if field_id >= most:
            raise _refuse(
                "field-id",
                f"field {field_id}, no event type of {self.target.binary} has more than {most}",
                at,
            )
        if number == 0:
            return
        if not self._fits(offset, AGGREGATION.size):
            raise _refuse(
                "aggregation-offset",
                f"aggregation at {offset:#x} does not fit into {self.region.size} bytes",
                at + 532,
            )
        known = self.aggregations.get(offset)
        if known is None:
            known = read_aggregation(self.memory, self.region, offset, at + 532)
            self.aggregations[offset] = known
        if known.id != number:
            raise _refuse(
                "aggregation-id", f"filter names aggregation {number}, {offset:#x} has {known.id}", at + 528
            )


def _look_ahead(filters: list[Filter]) -> tuple[Filter, ...]:
    """The filters with `same_field_follows` set."""
    seen: set[tuple[int, int]] = set()
    found: list[Filter] = []
    for item in reversed(filters):
        key = (item.field_id, item.aggregation_id)
        found.append(
            Filter(
                item.at,
                item.field_id,
                item.name,
                item.operator,
                item.data,
                item.aggregation_id,
                item.aggregation_offset,
                key in seen,
            )
        )
        seen.add(key)
    return tuple(reversed(found))


def _refuse(reason: str, message: str, offset: int) -> Refused:
    return Refused(Refusal(reason, message, "content", offset))
