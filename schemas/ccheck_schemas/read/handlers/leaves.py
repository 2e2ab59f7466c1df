"""Read numbers, constants, bytes, text and padding."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

import construct

from ccheck_schemas import meaning as m
from ccheck_schemas.fault_details import TextNotTerminated, WrongMagic
from ccheck_schemas.layout.size import fixed_size
from ccheck_schemas.read.handlers.meanings import check_meaning
from ccheck_schemas.read.text import decode
from ccheck_schemas.record import Record

if TYPE_CHECKING:
    from ccheck_schemas.read.reader import Reader


class Integer(NamedTuple):
    """How a number is packed, and what it means."""

    packer: struct.Struct
    meanings: tuple[m.Meaning, ...]


def integer(
    reader: Reader, leaf: Integer, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a number, and checks its meanings."""
    packed, meanings = leaf
    end = at + packed.size
    if end > limit:
        reader.need(record, name, at, packed.size, limit, promised)
    (value,) = packed.unpack_from(reader.data, at)
    record.put(name, value, at, end, packed)
    for meaning in meanings:
        check_meaning(reader, meaning, value, record, name)
    return end


def nothing(
    reader: Reader, node: construct.Construct, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a field that this file does not have."""
    record.put(name, None, at, at)
    return at


def const(
    reader: Reader, node: construct.Const, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads bytes that are always the same."""
    size = fixed_size(node) or 0
    reader.need(record, name, at, size, limit, promised)
    raw = reader.data[at : at + size]
    record.put(name, raw if isinstance(node.subcon, construct.Bytes) else node.value, at, at + size)
    expected = node.build(None)
    if raw != expected:
        reader.collector.fault(WrongMagic(raw, expected), record, name)
    return at + size


def raw_bytes(
    reader: Reader, node: construct.Bytes, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads bytes without a structure."""
    length = reader.amount(node.length, record, name, at)
    reader.need(record, name, at, length, limit, promised)
    record.put(name, reader.data[at : at + length], at, at + length)
    return at + length


def text(reader: Reader, node: m.Text, record: Record, name: str, at: int, limit: int, promised: int) -> int:
    """Reads text of a known length."""
    length = reader.amount(node.length, record, name, at)
    behind = node.unit if node.terminator == "behind" else 0
    reader.need(record, name, at, length + behind, limit, promised)
    record.put(name, None, at, at + length)
    record.values[name] = decode(reader.collector, node, record, name, at, length)
    return at + length + behind


def text_to_nul(
    reader: Reader, node: m.TextToNul, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads text up to its NUL."""
    reader.need(record, name, at, 1, limit, promised)
    nul = reader.data.find(b"\0", at, limit)
    record.put(name, None, at, limit if nul < 0 else nul)
    if nul < 0:
        if promised <= limit:
            reader.collector.fault(TextNotTerminated(), record, name, (at, limit))
        reader.stop()
    text = m.Text(0, node.encoding)
    record.values[name] = decode(reader.collector, text, record, name, at, nul - at)
    return nul + 1


def zero_pad(
    reader: Reader, node: m.ZeroPad, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads zeros up to an alignment."""
    end = at + -at % node.align
    reader.need(record, "padding", at, end - at, limit, promised)
    if id(record) not in reader.detached:
        reader.collector.padding(record, at, end)
    return end


def any_pad(
    reader: Reader, node: m.AnyPad, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads any bytes up to an alignment."""
    end = at + -at % node.align
    reader.need(record, name, at, end - at, limit, promised)
    record.put(name, reader.data[at:end], at, end)
    return end
