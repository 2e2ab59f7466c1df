"""Sysmon rules blobs written with struct alone, record by record, with every offset open to abuse."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import pack, pack_into

VERSION_16 = 16 << 16
OPERATORS = [
    "is",
    "is not",
    "contains",
    "contains any",
    "is any",
    "contains all",
    "excludes",
    "excludes any",
    "excludes all",
    "begin with",
    "end with",
    "less than",
    "more than",
    "image",
    "not begin with",
    "not end with",
]


@dataclass(frozen=True)
class FilterSpec:
    """A filter; `group` is the number of its aggregation, 0 for none."""

    field_id: int
    operator: str
    data: str
    name: str = ""
    group: int = 0


@dataclass(frozen=True)
class RuleSpec:
    """An event rule."""

    event_id: int
    filters: Sequence[FilterSpec] = ()
    default: int = 1
    joined_by_and: int = 0


@dataclass
class Blob:
    """The bytes, and where each record lies."""

    data: bytearray
    events: list[int] = field(default_factory=list)
    filters: list[int] = field(default_factory=list)
    aggregations: list[int] = field(default_factory=list)

    def poke(self, layout: str, at: int, *values: int) -> bytes:
        """The bytes with some members overwritten."""
        data = bytearray(self.data)
        pack_into(layout, data, at, *values)
        return bytes(data)


def blob(*rules: RuleSpec, groups: Sequence[int] = ()) -> Blob:
    """A blob of these rules; `groups` gives the combine type of each aggregation, whose ids count from 1."""
    made = Blob(bytearray(24))
    out = made.data
    for rule in rules:
        if made.events:
            pack_into("<I", out, made.events[-1] + 12, len(out))
        at = len(out)
        made.events.append(at)
        first = at + 24 if rule.filters else 0
        out += pack("<IiiIII", rule.event_id, rule.default, rule.joined_by_and, 0, len(rule.filters), first)
        for number, item in enumerate(rule.filters):
            if number:
                pack_into("<I", out, made.filters[-1] + 520, len(out))
            made.filters.append(len(out))
            data = (item.data + "\0").encode("utf-16-le")
            name = item.name.encode("utf-16-le").ljust(512, b"\0")
            operator = OPERATORS.index(item.operator)
            out += pack("<I512siIIII", item.field_id, name, operator, 0, len(data), item.group, 0) + data
            out += bytes(-len(out) % 8)
    for number, combine in enumerate(groups, 1):
        made.aggregations.append(len(out))
        out += pack("<256sQIIIIiII", b"", 0, number, 0, 0, 0, combine, 0, 0) + bytes(4)
    for at in made.filters:
        group = int.from_bytes(out[at + 528 : at + 532], "little")
        if group:
            pack_into("<I", out, at + 532, made.aggregations[group - 1])
    first_aggregation = made.aggregations[0] if made.aggregations else 0
    pack_into("<6I", out, 0, VERSION_16, len(rules), 24, 4 << 16 | 81, 24, first_aggregation)
    return made
