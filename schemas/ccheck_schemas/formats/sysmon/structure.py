"""Sysmon rules blobs, binary versions 9.10 to 16, as docs/formats/sysmon.md specifies them."""

from __future__ import annotations

from enum import IntEnum

from construct import If, Int8ul, Int32sl, Int32ul, Int64ul, Struct, this

from ccheck_schemas.formats.sysmon import facts
from ccheck_schemas.formats.sysmon.tables import (
    FIRST_KNOWN_LAYOUT,
    HEADER_SIZE,
    binary_versions,
)
from ccheck_schemas.frozen import frozen
from ccheck_schemas.meaning import (
    At,
    BelowCount,
    Bounded,
    Chain,
    CountOf,
    LengthOf,
    OffsetInto,
    Reserved,
    StrictEnum,
    Text,
    Understood,
    Version,
    ZeroPad,
)
from ccheck_schemas.record import Reading, Record

ENVIRONMENT = 0x40000000
"""A flag of the filter type that a reader sets when it loads the blob."""


class RuleDefault(IntEnum):
    """The result of an event rule if none of its filters match."""

    INCLUDE = 0
    EXCLUDE = 1


class Combine(IntEnum):
    """How filters are joined."""

    OR = 0
    AND = 1


# docs/formats/sysmon.md, Aggregation
AGGREGATION = Struct(
    "name" / Text(256, encoding="utf-16-le", terminator="inside"),
    "message_id" / Int64ul,
    "aggregation_id" / Bounded(Int32ul, 1, 0xFFFFFFFF),
    "root_rule_offset" / OffsetInto(Int32ul, of="filters"),
    "next_offset" / OffsetInto(Int32ul, of="aggregations"),
    "rule_count" / Int32ul,
    "combine_type" / StrictEnum(Int32sl, Combine),
    "rules_checked" / Int32ul,
    "rules_matched" / Int32ul,
    ZeroPad(8),
)

# Filter. DataSize counts the NUL after the data; the record has one byte more than its fields and data, and
# then its padding. Where the header names no aggregations, those that filters name are read by the filters.
FILTER = Struct(
    "field_id" / BelowCount(Int32ul, facts.FIELDS.name, key=this._.event_id),
    "name" / Text(512, encoding="utf-16-le", terminator="inside"),
    "filter_type"
    / Understood(Int32sl, facts.OPERATORS.name, amount=this.filter_type & (0xFFFFFFFF & ~ENVIRONMENT)),
    "next_offset" / OffsetInto(Int32ul, of="filters"),
    "data_size" / LengthOf(Int32ul, of="data", low=2, step=2),
    "aggregation_id" / Int32ul,
    "aggregation_offset" / OffsetInto(Int32ul, of="aggregation"),
    "data"
    / If(this.data_size > 1, Text(this.data_size // 2 * 2 - 2, encoding="utf-16-le", terminator="behind")),
    "spare" / Reserved(Int8ul),
    ZeroPad(8),
    "aggregation"
    / If(
        (this.aggregation_id != 0) & (this._root.first_aggregation_offset == 0),
        At(this.aggregation_offset, AGGREGATION),
    ),
)

# Event
EVENT = Struct(
    "event_id" / Understood(Int32ul, facts.EVENTS.name),
    "rule_default" / StrictEnum(Int32sl, RuleDefault),
    "combine_type" / StrictEnum(Int32sl, Combine),
    "next_offset" / OffsetInto(Int32ul, of="events"),
    "filter_count" / CountOf(Int32ul, of="filters"),
    "first_filter_offset" / OffsetInto(Int32ul, of="filters"),
    "filters"
    / Chain(this.first_filter_offset, FILTER, next_field="next_offset", last="next_offset", align=8),
)

# Header
SYSMON = Struct(
    "version"
    / Understood(
        Version(Int32ul, known=tuple(v for v in binary_versions() if v >= FIRST_KNOWN_LAYOUT), minor_bits=16),
        facts.VERSIONS.name,
    ),
    "rule_count" / Bounded(CountOf(Int32ul, of="events"), 1, 0xFFFFFFFF),
    "rule_reg_size" / Bounded(Int32ul, HEADER_SIZE, HEADER_SIZE),
    "schema_version" / Int32ul,
    "first_event_offset" / OffsetInto(Int32ul, of="events"),
    "first_aggregation_offset" / OffsetInto(Int32ul, of="aggregations"),
    "aggregations"
    / Chain(
        this.first_aggregation_offset, AGGREGATION, next_field="next_offset", last="next_offset", align=8
    ),
    "events" / Chain(this.first_event_offset, EVENT, next_field="next_offset", last="next_offset", align=8),
)


@frozen
class Filter:
    """A condition on one field.

    Attributes:
        source: Its record.
        text: Its data without the NUL; None if unreadable.
    """

    source: Record
    field_id: int
    name: str | None
    filter_type: int
    text: str | None
    aggregation_id: int
    aggregation_offset: int

    @property
    def operator(self) -> int:
        """The number of the operator, without the flag that readers set."""
        return self.filter_type & ~ENVIRONMENT


@frozen
class Aggregation:
    """A group of filters of one event rule that are combined before the others.

    Attributes:
        source: Its record.
    """

    source: Record
    id: int
    name: str | None
    root_rule_offset: int
    rule_count: int
    combine_type: int


@frozen
class EventRule:
    """All filters for one event type.

    Attributes:
        source: Its record.
    """

    source: Record
    index: int
    event_id: int
    rule_default: int
    combine_type: int
    filters: tuple[Filter, ...]


@frozen
class SysmonContent:
    """The content of a rules blob, as far as it could be read.

    Attributes:
        aggregations: The groups, by offset.
    """

    header: Record
    version: int | None
    schema_version: int | None
    first_aggregation_offset: int | None
    rules: tuple[EventRule, ...]
    aggregations: tuple[Aggregation, ...]


def assemble(reading: Reading) -> SysmonContent:
    """Returns the typed content of a reading, without records that are cut short."""
    root = reading.root
    named: dict[int, Record] = {record.offset: record for record in root.get("aggregations") or ()}
    rules: list[EventRule] = []
    for index, event in enumerate(root.get("events") or ()):
        filters: list[Filter] = []
        for record in event.get("filters") or ():
            if record.get("aggregation") is not None:
                named.setdefault(record.aggregation.offset, record.aggregation)
            if "data" in record.values:
                filters.append(_filter(record))
        if "filters" in event.values:
            rules.append(
                EventRule(
                    event, index, event.event_id, event.rule_default, event.combine_type, tuple(filters)
                )
            )
    return SysmonContent(
        header=root,
        version=root.get("version"),
        schema_version=root.get("schema_version"),
        first_aggregation_offset=root.get("first_aggregation_offset"),
        rules=tuple(rules),
        aggregations=tuple(
            _aggregation(named[at]) for at in sorted(named) if "rules_matched" in named[at].values
        ),
    )


def _filter(record: Record) -> Filter:
    return Filter(
        record, record.field_id, record.get("name"), record.filter_type, record.get("data"),
        record.aggregation_id, record.aggregation_offset,
    )  # fmt: skip


def _aggregation(record: Record) -> Aggregation:
    return Aggregation(
        record,
        record.aggregation_id,
        record.get("name"),
        record.root_rule_offset,
        record.rule_count,
        record.combine_type,
    )
