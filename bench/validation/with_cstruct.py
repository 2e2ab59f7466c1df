"""The layout in dissect.cstruct, and the rules of `by_hand` over it."""

from __future__ import annotations

import zlib

from dissect.cstruct import cstruct

LAYOUT = cstruct()
LAYOUT.load(
    """
    struct header {
        char magic[4]; uint16 format_version; uint16 kind; uint32 channel; uint32 sequence; uint32 revision;
        uint32 total_size; uint32 flags; uint32 checksum;
    };
    struct link { uint32 next_offset; uint32 size; };
    struct body { uint16 kind; uint16 record_size; uint32 count; };
    struct instance {
        uint32 id; uint32 type_id; uint16 type_version; uint8 severity; uint8 action; uint32 first_criterion;
        uint16 criterion_count; uint16 reserved_18; uint32 reserved_20;
    };
    struct criterion {
        uint16 field_index; uint16 kind; uint32 operand_offset; uint32 operand_length; uint16 value_kind;
        uint16 flags;
    };
    """
)


def faults(data: bytes) -> int:
    """How many of the rules of `by_hand` are broken."""
    header = LAYOUT.header(data)
    wrong = header.magic != b"\xaa\xaa\xaa\xaa" or header.format_version != 1 or not 1 <= header.kind <= 2
    wrong += header.flags > 1 or header.total_size != len(data)
    wrong += header.checksum != zlib.crc32(memoryview(data)[32:])
    wrong += max(header.channel, header.sequence, header.revision) > 99_999_999
    at, spans = 32, []
    while True:
        link = LAYOUT.link(data[at : at + 8])
        if not link.size:
            break
        body = LAYOUT.body(data[at + 8 : at + 16])
        spans.append((at + 16, body.count))
        wrong += link.size != 8 + body.record_size * body.count or not 1 <= body.kind <= 5
        at = link.next_offset
    (rows, n), (criteria, m), (pool, p) = spans
    first = 0
    for one in LAYOUT.instance[n](data[rows : rows + 24 * n]):
        wrong += not one.id or not 1 <= one.severity <= 5 or not 1 <= one.action <= 3
        wrong += one.first_criterion != first or one.reserved_18 != 0 or one.reserved_20 != 0
        first += one.criterion_count
    for one in LAYOUT.criterion[m](data[criteria : criteria + 16 * m]):
        offset, size, value = one.operand_offset, one.operand_length, one.value_kind
        wrong += not 1 <= one.kind <= 10 or size > 4096 or value > 2 or one.flags > 1
        if size and value == 1:
            stop = offset + size
            wrong += not pool <= offset < stop < pool + p or data.find(0, offset, stop + 1) != stop
            data[offset:stop].decode()
        elif size:
            wrong += offset % 8 != 0 or not pool <= offset <= pool + p - size
    return int(wrong + (first != m))
