"""The layout in plain Construct, as one would write it without ccheck, and the rules of `by_hand` over it."""

from __future__ import annotations

import zlib
from typing import Any

from construct import (
    Array,
    Bytes,
    Const,
    If,
    Int8ul,
    Int16ul,
    Int32ul,
    Pointer,
    RepeatUntil,
    Seek,
    Struct,
    Switch,
    this,
)

HEADER = Struct(
    "magic" / Const(b"\xaa\xaa\xaa\xaa"),
    "format_version" / Int16ul,
    "kind" / Int16ul,
    "channel" / Int32ul,
    "sequence" / Int32ul,
    "revision" / Int32ul,
    "total_size" / Int32ul,
    "flags" / Int32ul,
    "checksum" / Int32ul,
)
INSTANCE = Struct(
    "id" / Int32ul,
    "type_id" / Int32ul,
    "type_version" / Int16ul,
    "severity" / Int8ul,
    "action" / Int8ul,
    "first_criterion" / Int32ul,
    "criterion_count" / Int16ul,
    "reserved_18" / Int16ul,
    "reserved_20" / Int32ul,
)
CRITERION = Struct(
    "field_index" / Int16ul,
    "kind" / Int16ul,
    "operand_offset" / Int32ul,
    "operand_length" / Int32ul,
    "value_kind" / Int16ul,
    "flags" / Int16ul,
    "operand" / If(this.operand_length > 0, Pointer(this.operand_offset, Bytes(this.operand_length + 1))),
)
BODY = Struct(
    "kind" / Int16ul,
    "record_size" / Int16ul,
    "count" / Int32ul,
    "records"
    / Switch(
        this.kind, {3: Array(this.count, INSTANCE), 4: Array(this.count, CRITERION), 5: Bytes(this.count)}
    ),
)
BLOCK = Struct(
    "next_offset" / Int32ul, "size" / Int32ul, "body" / If(this.size > 0, BODY), Seek(this.next_offset)
)
FILE = Struct("header" / HEADER, "blocks" / RepeatUntil(lambda block, _, __: block.size == 0, BLOCK))


def parse(data: bytes) -> Any:
    """The tree of a file, without any rule."""
    return FILE.parse(data)


def faults(data: bytes) -> int:
    """How many of the rules of `by_hand` are broken."""
    tree = parse(data)
    header = tree.header
    wrong = header.format_version != 1 or not 1 <= header.kind <= 2 or header.flags > 1
    wrong += header.total_size != len(data) or header.checksum != zlib.crc32(memoryview(data)[32:])
    wrong += max(header.channel, header.sequence, header.revision) > 99_999_999
    bodies = [block.body for block in tree.blocks if block.body is not None]
    for block, body in zip(tree.blocks, bodies, strict=False):
        wrong += block.size != 8 + body.record_size * body.count or not 1 <= body.kind <= 5
    instances, criteria, pool = bodies
    first = 0
    for one in instances.records:
        wrong += not one.id or not 1 <= one.severity <= 5 or not 1 <= one.action <= 3
        wrong += one.first_criterion != first or one.reserved_18 != 0 or one.reserved_20 != 0
        first += one.criterion_count
    end = len(data) - 8
    start = end - end % 8 - pool.count - (-pool.count % 8)
    for one in criteria.records:
        wrong += not 1 <= one.kind <= 10 or one.operand_length > 4096 or one.value_kind > 2 or one.flags > 1
        if one.operand is not None:
            wrong += not start <= one.operand_offset <= start + pool.count - one.operand_length
            if one.value_kind == 1:
                wrong += one.operand.find(0) != one.operand_length
                one.operand[:-1].decode()
            else:
                wrong += one.operand_offset % 8 != 0
    return int(wrong + (first != criteria.count))
