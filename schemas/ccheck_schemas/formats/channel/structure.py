"""Channel files: template-type definitions and template instances (docs/formats/channel.md)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

from construct import Bytes, Const, If, IfThenElse, Int8ul, Int16ul, Int32ul, Struct, Switch, this

from ccheck_schemas.formats.channel.numbers import (
    HEADER_SIZE,
    MAGIC,
    NUMBER_HIGH,
    OPERAND_HIGH,
    Action,
    BlockKind,
    CriterionFlag,
    CriterionKind,
    FieldFlag,
    FileFlag,
    InputKind,
    InstanceSeverity,
    Kind,
    KindBit,
    ValueKind,
)
from ccheck_schemas.frozen import frozen
from ccheck_schemas.meaning import (
    Bounded,
    Chain,
    ChecksumOver,
    FileSize,
    LengthOf,
    OffsetInto,
    Pool,
    Pooled,
    RecordSize,
    Region,
    Reserved,
    Rows,
    StrictEnum,
    StrictFlags,
    Table,
    Text,
    Understood,
    Version,
    ZeroPad,
)
from ccheck_schemas.record import Reading, Record


def _name(offset: Any, length: Any) -> Pooled:
    return Pooled("pool", offset, length, Text(length, terminator="behind"))


# docs/formats/channel.md, Header
HEADER = Struct(
    "magic" / Const(MAGIC),
    "format_version" / Understood(Version(Int16ul, known=(1,)), "format_versions"),
    "kind" / StrictEnum(Int16ul, Kind),
    "channel" / Bounded(Int32ul, 0, NUMBER_HIGH),
    "sequence" / Bounded(Int32ul, 0, NUMBER_HIGH),
    "revision" / Bounded(Int32ul, 0, NUMBER_HIGH),
    "total_size" / FileSize(Int32ul),
    "flags" / StrictFlags(Int32ul, FileFlag),
    "checksum" / ChecksumOver(Int32ul, start=HEADER_SIZE),
)

# Template type
TEMPLATE_TYPE = Struct(
    "id" / Bounded(Int32ul, 1, 0xFFFFFFFF),
    "version" / Bounded(Int16ul, 1, 0xFFFF),
    "field_count" / Bounded(Int16ul, 1, 256),
    "first_field" / Int32ul,
    "name_offset" / Int32ul,
    "name_length" / LengthOf(Int16ul, of="name", low=1, high=64),
    "reserved" / Reserved(Int16ul),
    "channel" / Bounded(Int32ul, 0, NUMBER_HIGH),
    "name" / _name(this.name_offset, this.name_length),
    "fields" / Rows("fields", first="first_field", count="field_count"),
)

# Field
FIELD = Struct(
    "name_offset" / Int32ul,
    "name_length" / LengthOf(Int16ul, of="name", low=1, high=64),
    "max_length" / Bounded(Int16ul, 1, OPERAND_HIGH),
    "value_kind" / StrictEnum(Int8ul, InputKind),
    "flags" / StrictFlags(Int8ul, FieldFlag),
    "reserved" / Reserved(Int16ul),
    "allowed_kinds" / StrictFlags(Int32ul, KindBit),
    "name" / _name(this.name_offset, this.name_length),
)

# Template instance
TEMPLATE_INSTANCE = Struct(
    "id" / Bounded(Int32ul, 1, 0xFFFFFFFF),
    "type_id" / Int32ul,
    "type_version" / Int16ul,
    "severity" / StrictEnum(Int8ul, InstanceSeverity),
    "action" / StrictEnum(Int8ul, Action),
    "first_criterion" / Int32ul,
    "criterion_count" / Bounded(Int16ul, 1, 256),
    "reserved_18" / Reserved(Int16ul),
    "reserved_20" / Reserved(Int32ul),
    "criteria" / Rows("criteria", first="first_criterion", count="criterion_count"),
)

_OPERAND = IfThenElse(
    this.value_kind == int(ValueKind.TEXT),
    IfThenElse(
        this.kind == int(CriterionKind.ONE_OF),
        Pooled(
            "pool",
            this.operand_offset,
            this.operand_length,
            Text(this.operand_length, terminator="behind", lists=True),
        ),
        Pooled(
            "pool", this.operand_offset, this.operand_length, Text(this.operand_length, terminator="behind")
        ),
    ),
    Pooled("pool", this.operand_offset, this.operand_length, Bytes(this.operand_length), align=8),
)

# Criterion
CRITERION = Struct(
    "field_index" / Int16ul,
    "kind" / Understood(StrictEnum(Int16ul, CriterionKind), "criterion_kinds", values=CriterionKind),
    "operand_offset" / Int32ul,
    "operand_length" / LengthOf(Int32ul, of="operand", low=0, high=OPERAND_HIGH),
    "value_kind" / StrictEnum(Int16ul, ValueKind),
    "flags" / StrictFlags(Int16ul, CriterionFlag),
    "operand" / If(this.operand_length > 0, _OPERAND),
)

# Blocks
BODY = Struct(
    "kind" / StrictEnum(Int16ul, BlockKind),
    "record_size" / RecordSize(Int16ul, of="records"),
    "count" / Int32ul,
    "records"
    / Switch(
        this.kind,
        {
            int(BlockKind.TYPES): Table("types", this.count, TEMPLATE_TYPE, low=1, high=4096),
            int(BlockKind.FIELDS): Table("fields", this.count, FIELD, low=1, high=65_536),
            int(BlockKind.INSTANCES): Table("instances", this.count, TEMPLATE_INSTANCE, low=1, high=65_536),
            int(BlockKind.CRITERIA): Table("criteria", this.count, CRITERION, low=1, high=262_144),
            int(BlockKind.POOL): Pool("pool", this.count, high=1 << 24),
        },
    ),
)

BLOCK = Struct(
    "next_offset" / OffsetInto(Int32ul, of="blocks", align=8),
    "size" / LengthOf(Int32ul, of="body"),
    "body" / If(this.size > 0, Region(this.size, BODY)),
    ZeroPad(8),
)

CHANNEL = Struct(
    "header" / HEADER,
    "blocks" / Chain(HEADER_SIZE, BLOCK, next_field="next_offset", last="size", align=8),
)


@frozen
class Field:
    """A field of a template type: one input of the driver.

    Attributes:
        source: Its record.
    """

    source: Record
    index: int
    name: str | None
    max_length: int
    value_kind: int
    flags: int
    allowed_kinds: int

    @property
    def optional(self) -> bool:
        """Whether some supported builds do not supply this input."""
        return bool(self.flags & FieldFlag.OPTIONAL)

    def allows(self, kind: int) -> bool:
        """Returns whether criteria of this kind are allowed."""
        return bool(self.allowed_kinds >> kind & 1)


@frozen
class TemplateType:
    """A template type and its fields, in the order of the driver's inputs.

    Attributes:
        source: Its record.
    """

    source: Record
    id: int
    version: int
    name: str | None
    channel: int
    field_count: int
    fields: tuple[Field, ...]


@frozen
class Criterion:
    """The condition on one input.

    Attributes:
        source: Its record.
        text: The operand of a text criterion.
        texts: The operand of a one_of.
        words: The 8-byte integers of an integer operand.

    The three operands are None if the operand has another form, or could not be read.
    """

    source: Record
    field_index: int
    kind: int
    value_kind: int
    flags: int
    operand_length: int
    text: str | None
    texts: tuple[str, ...] | None
    words: tuple[int, ...] | None

    @property
    def ignore_case(self) -> bool:
        """Whether ASCII letters match either case."""
        return bool(self.flags & CriterionFlag.IGNORE_CASE)


@frozen
class TemplateInstance:
    """A template instance and its criteria.

    Attributes:
        source: Its record.
    """

    source: Record
    index: int
    id: int
    type_id: int
    type_version: int
    severity: int
    action: int
    criteria: tuple[Criterion, ...]


@frozen
class ChannelContent:
    """The content of a channel file, as far as it could be read."""

    header: Record
    kind: int | None
    types: tuple[TemplateType, ...]
    instances: tuple[TemplateInstance, ...]


def assemble(reading: Reading, only: Iterable[int] | None = None) -> ChannelContent:
    """Returns the typed content of a reading, without records that are cut short.

    Args:
        reading: The reading.
        only: The indexes of the instances to include; None for all.
    """
    rows = reading.tables.get("instances", ())
    header = reading.root.get("header") or Record(None, "header", 0)
    operands = _Operands()
    return ChannelContent(
        header=header,
        kind=header.get("kind"),
        types=tuple(_template_type(row) for row in reading.tables.get("types", ())),
        instances=tuple(
            _instance(i, rows[i], operands) for i in (range(len(rows)) if only is None else only)
        ),
    )


def _template_type(row: Record) -> TemplateType:
    fields = tuple(
        Field(f, i, f.get("name"), f.max_length, f.value_kind, f.flags, f.allowed_kinds)
        for i, f in enumerate(row.values["fields"])
    )
    return TemplateType(row, row.id, row.version, row.get("name"), row.channel, row.field_count, fields)


def _instance(index: int, row: Record, operands: _Operands) -> TemplateInstance:
    criteria = tuple(_criterion(c, operands) for c in row.values["criteria"])
    return TemplateInstance(
        row, index, row.id, row.type_id, row.type_version, row.severity, row.action, criteria
    )


class _Operands:
    """Decoded operands, each once: any number of criteria may name the same one."""

    def __init__(self) -> None:
        self._texts: dict[str, tuple[str, ...]] = {}
        self._words: dict[bytes, tuple[int, ...]] = {}

    def texts(self, operand: str) -> tuple[str, ...]:
        """Returns the texts of a list."""
        if operand not in self._texts:
            self._texts[operand] = tuple(operand.split("\0"))
        return self._texts[operand]

    def words(self, operand: bytes) -> tuple[int, ...]:
        """Returns the integers."""
        if operand not in self._words:
            self._words[operand] = struct.unpack(f"<{len(operand) // 8}Q", operand)
        return self._words[operand]


def _criterion(row: Record, operands: _Operands) -> Criterion:
    operand = row.get("operand")
    text = texts = words = None
    if isinstance(operand, str):
        if row.kind == CriterionKind.ONE_OF:
            texts = operands.texts(operand)
        else:
            text = operand
    elif isinstance(operand, bytes) and row.value_kind == ValueKind.INTEGER and len(operand) % 8 == 0:
        words = operands.words(operand)
    return Criterion(
        row, row.field_index, row.kind, row.value_kind, row.flags, row.operand_length, text, texts, words
    )
