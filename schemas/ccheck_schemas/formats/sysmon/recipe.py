"""Sysmon rules as people write them (YAML), and their bytes in the compiler's order; both ways."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from ccheck_schemas.formats.sysmon import tables
from ccheck_schemas.formats.sysmon.structure import (
    AGGREGATION,
    EVENT,
    FILTER,
    SYSMON,
    Aggregation,
    Combine,
    EventRule,
    Filter,
    RuleDefault,
    SysmonContent,
)
from ccheck_schemas.recipe.packing import Packing
from ccheck_schemas.recipe.part import Part
from ccheck_schemas.schema import Recipe, RecipeError

_HEADER = Packing(SYSMON)
_EVENT = Packing(EVENT)
_FILTER = Packing(FILTER)
_AGGREGATION = Packing(AGGREGATION)
_U32 = 0xFFFFFFFF
_S32 = 0x7FFFFFFF


def compose(recipe: Recipe) -> bytes:
    """Returns the bytes of a recipe in canonical form.

    Raises:
        RecipeError: The recipe cannot be built. The error names the key.
    """
    top = Part(recipe)
    writer = _Writer(_version(top, "version"))
    schema_version = _version(top, "schema_version")
    for part in top.parts("rules"):
        writer.rule(part)
        part.done()
    first = writer.groups[0] if writer.groups else 0
    first = top.integer("first_aggregation", 0, _U32, default=first)
    top.done()
    return writer.finish(schema_version, first)


class _Writer:
    """The blob while it is written: each record is appended, and linked from the previous one."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.target = tables.target_of(version)
        self.out = bytearray(tables.HEADER_SIZE)
        self.events: list[int] = []
        self.groups: list[int] = []
        self.group_id = 0

    def rule(self, part: Part) -> None:
        """Writes an event rule, then its filters and groups."""
        at = len(self.out)
        self.link(self.events, at, _EVENT, "next_offset")
        event_id = self.event_id(part)
        event = {
            "event_id": event_id,
            "rule_default": part.name("default", RuleDefault, _S32),
            "combine_type": part.name("combine", Combine, _S32),
            "next_offset": 0,
            "filter_count": 0,
            "first_filter_offset": 0,
        }
        self.put(_EVENT.pack(event))
        filters: list[int] = []
        for item in part.parts("filters", default=[]):
            if item.has("group"):
                group = item.mapping("group")
                self.group(group, event_id, filters)
                group.done()
            else:
                self.filter(item, event_id, filters, 0, 0)
            item.done()
        event |= {"filter_count": len(filters), "first_filter_offset": filters[0] if filters else 0}
        self.out[at : at + _EVENT.size] = _EVENT.pack(event)

    def group(self, part: Part, event_id: int, filters: list[int]) -> None:
        """Writes an aggregation, then its filters."""
        at = len(self.out)
        self.link(self.groups, at, _AGGREGATION, "next_offset")
        self.group_id = part.integer("id", 0, _U32, default=self.group_id + 1)
        own = dict.fromkeys(_AGGREGATION.names, 0) | {
            "name": _utf16(part, "name", 256),
            "aggregation_id": self.group_id,
            "combine_type": part.name("combine", Combine, _S32),
        }
        self.put(_AGGREGATION.pack(own))
        before = len(filters)
        for item in part.parts("filters", default=[]):
            self.filter(item, event_id, filters, self.group_id, at)
            item.done()
        mine = filters[before:]
        own |= {"rule_count": len(mine), "root_rule_offset": mine[0] if mine else 0}
        self.out[at : at + _AGGREGATION.size] = _AGGREGATION.pack(own)

    def filter(self, part: Part, event_id: int, filters: list[int], group_id: int, group_at: int) -> None:
        """Writes a filter and its data."""
        self.link(filters, len(self.out), _FILTER, "next_offset")
        raw = _utf16(part, "data") + b"\0\0"
        own = {
            "field_id": self.field_id(part, event_id),
            "name": _utf16(part, "name", 512),
            "filter_type": _number(part, "operator", tables.operators(self.version), _S32),
            "next_offset": 0,
            "data_size": len(raw),
            "aggregation_id": group_id,
            "aggregation_offset": group_at,
            "spare": 0,
        }
        # One byte is packed with the fixed fields, but comes after the data in the file.
        packed = _FILTER.pack(own)
        self.put(packed[:-1] + raw + packed[-1:])

    def event_id(self, part: Part) -> int:
        """Returns the number of an event, by its rule name if only one event type has it."""
        names: dict[str, int] = {}
        several: set[str] = set()
        for generation in self.target.generations if self.target else ():
            for event in generation.events.values():
                if event.rule_name is not None and names.setdefault(event.rule_name, event.id) != event.id:
                    several.add(event.rule_name)
        value = part.value("event")
        if value in several:
            raise RecipeError(
                part.where("event"), f"{value} covers several event types; give the number of one"
            )
        return _choose(value, names, _U32, part.where("event"))

    def field_id(self, part: Part, event_id: int) -> int:
        """Returns the index of a field, by its name in the newest table of the blob's version."""
        event = self.target.event(event_id) if self.target else None
        return _number(part, "field", event.fields if event else (), _U32)

    def link(self, chain: list[int], at: int, packing: Packing, name: str) -> None:
        """Lets the last record of a chain point to the record at `at`."""
        if chain:
            place = chain[-1] + packing.offset(name)
            self.out[place : place + 4] = at.to_bytes(4, "little")
        chain.append(at)

    def put(self, record: bytes) -> None:
        """Adds a record and its padding."""
        self.out += record
        self.out += bytes(-len(self.out) % 8)

    def finish(self, schema_version: int, first_aggregation: int) -> bytes:
        """Returns the whole blob."""
        self.out[: tables.HEADER_SIZE] = _HEADER.pack(
            {
                "version": self.version,
                "rule_count": len(self.events),
                "rule_reg_size": tables.HEADER_SIZE,
                "schema_version": schema_version,
                "first_event_offset": self.events[0] if self.events else 0,
                "first_aggregation_offset": first_aggregation,
            }
        )
        return bytes(self.out)


def _version(part: Part, key: str) -> int:
    """Returns the 32 bits of a version: text (``"15.0"``), a number (15.0), or the bits themselves."""
    value = part.value(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return part.integer(key, 0, _U32)
    try:
        return tables.number_of(f"{value:.2f}" if isinstance(value, float) else str(value))
    except ValueError as bad:
        raise RecipeError(part.where(key), str(bad)) from None


def _number(part: Part, key: str, names: Iterable[str], high: int) -> int:
    """Returns the index of one of the names, or a number, so that wrong content can be written too."""
    return _choose(part.value(key), {name: i for i, name in enumerate(names)}, high, part.where(key))


def _choose(value: Any, names: Mapping[str, int], high: int, path: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= high:
        return value
    if not isinstance(value, str):
        raise RecipeError(path, f"a name, or a number from 0 to {high}, belongs here")
    if value not in names:
        near = difflib.get_close_matches(value, names, 1)
        hint = (
            f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names) or 'none; give a number'}"
        )
        raise RecipeError(path, f"{value!r} is not a name here; {hint}")
    return names[value]


def _utf16(part: Part, key: str, room: int | None = None) -> bytes:
    """Returns text as UTF-16; with `room`, in a buffer of this many bytes, including its NUL."""
    text = part.text(key) if room is None else part.text(key, default="")
    try:
        raw = text.encode("utf-16-le")
    except UnicodeEncodeError as bad:
        raise RecipeError(part.where(key), f"not UTF-16: {bad.reason}") from None
    if room is None:
        return raw
    if len(raw) + 2 > room:
        raise RecipeError(
            part.where(key), f"{len(raw) // 2} characters; there is room for {room // 2 - 1} and a NUL"
        )
    return raw.ljust(room, b"\0")


def describe(content: SysmonContent) -> Recipe:
    """Returns the recipe of content that was read completely; `compose` of it gives the same bytes."""
    version = content.version or 0
    recipe: dict[str, Any] = {
        "version": _version_word(version),
        "schema_version": _version_word(content.schema_version or 0),
    }
    groups = {aggregation.source.offset: aggregation for aggregation in content.aggregations}
    first = min(groups, default=0)
    if content.first_aggregation_offset != first:
        recipe["first_aggregation"] = content.first_aggregation_offset
    describer = _Describer(version, groups)
    recipe["rules"] = [describer.rule(rule, following) for rule, following in _followed(content.rules)]
    return recipe


def _followed(rules: tuple[EventRule, ...]) -> Iterable[tuple[EventRule, int]]:
    """Yields each rule, with the offset of the next one."""
    ends = [rule.source.offset for rule in rules[1:]] + [1 << 32]
    return zip(rules, ends, strict=True)


class _Describer:
    """Turns the rules into plain values in order, and counts the groups."""

    def __init__(self, version: int, groups: dict[int, Aggregation]) -> None:
        self.target = tables.target_of(version)
        self.operators = tables.operators(version)
        self.groups = groups
        self.waiting = sorted(groups, reverse=True)
        self.group_id = 0

    def rule(self, rule: EventRule, following: int) -> dict[str, Any]:
        """Returns one event rule; groups without filters are in the order of their records."""
        event = self.target.event(rule.event_id) if self.target else None
        named = event is not None and event.rule_name is not None
        if event is not None and self.target is not None and self.target.siblings(event):
            named = False
        items: list[dict[str, Any]] = []
        open_group: list[dict[str, Any]] | None = None
        last = 0
        for condition in rule.filters:
            made = self.filter(condition, event)
            if condition.aggregation_id and condition.aggregation_offset in self.groups:
                if condition.aggregation_offset != last or open_group is None:
                    self.empty_groups(items, condition.aggregation_offset)
                    open_group = []
                    items.append(self.group(condition.aggregation_offset, open_group))
                open_group.append(made)
                last = condition.aggregation_offset
            else:
                self.empty_groups(items, condition.source.offset)
                items.append(made)
                last = 0
        self.empty_groups(items, following)
        recipe: dict[str, Any] = {
            "event": event.rule_name if named and event is not None else rule.event_id,
            "default": _member(RuleDefault, rule.rule_default),
            "combine": _member(Combine, rule.combine_type),
        }
        return recipe | ({"filters": items} if items else {})

    def empty_groups(self, items: list[dict[str, Any]], before: int) -> None:
        """Returns the groups with records before an offset that no filter has named."""
        while self.waiting and self.waiting[-1] < before:
            items.append(self.group(self.waiting[-1], []))

    def group(self, offset: int, filters: list[dict[str, Any]]) -> dict[str, Any]:
        """Returns a group; its number is written only if it does not follow the one before."""
        if self.waiting and self.waiting[-1] == offset:
            self.waiting.pop()
        own = self.groups[offset]
        recipe: dict[str, Any] = {"id": own.id} if own.id != self.group_id + 1 else {}
        self.group_id = own.id
        if own.name:
            recipe["name"] = own.name
        return {"group": recipe | {"combine": _member(Combine, own.combine_type), "filters": filters}}

    def filter(self, condition: Filter, event: tables.EventType | None) -> dict[str, Any]:
        """Returns one filter."""
        fields = event.fields if event is not None else ()
        recipe: dict[str, Any] = {
            "field": _word(fields, condition.field_id),
            "operator": _word(self.operators, condition.filter_type),
            "data": condition.text,
        }
        return recipe | ({"name": condition.name} if condition.name else {})


def _word(names: tuple[str, ...], number: int) -> str | int:
    return names[number] if 0 <= number < len(names) else number


def _member(names: type[Any], value: int) -> str | int:
    return str(names(value).name).lower() if value in names._value2member_map_ else value


def _version_word(number: int) -> str | int:
    """Returns a version as text if that gives the same number again."""
    text = tables.version_text(number)
    try:
        return text if tables.number_of(text) == number else number
    except ValueError:
        return number
