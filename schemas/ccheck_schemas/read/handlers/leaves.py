"""Read numbers, constants, bytes, text and padding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ccheck_schemas.fault_details import TextNotTerminated, UnknownEnumValue, WrongMagic
from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import Literal
from ccheck_schemas.read.handlers.meanings import check_meaning, malformed
from ccheck_schemas.read.text import decode
from ccheck_schemas.record import Record

if TYPE_CHECKING:
    from ccheck_schemas.read.reader import Reader


def number(
    node: tree.Integer | tree.Float,
    reader: Reader,
    record: Record,
    name: str,
    at: int,
    limit: int,
    promised: int,
) -> int:
    """Reads a number, and checks its meanings."""
    packer = node.packer
    end = at + packer.size
    if end > limit:
        reader.need(record, name, at, packer.size, limit, promised)
    (value,) = packer.unpack_from(reader.data, at)
    record.put(name, value, at, end, packer)
    if isinstance(node, tree.Integer):
        for meaning in node.meanings:
            check_meaning(reader, meaning, value, record, name)
    return end


def digits(
    node: tree.Digits, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a number in digits, and checks its meanings; the record has no value for a malformed one."""
    packer = node.packer
    end = at + packer.length
    if end > limit:
        reader.need(record, name, at, packer.length, limit, promised)
    raw = reader.data[at:end]
    value = packer.find(raw)
    if value is None:
        record.put_malformed(name, at, end, packer)
        malformed(reader, node, raw, record, name)
        return end
    record.put(name, value, at, end, packer)
    for meaning in node.meanings:
        check_meaning(reader, meaning, value, record, name)
    return end


def nothing(
    node: tree.Nothing, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a field that this file does not have."""
    record.put(name, None, at, at)
    return at


def const(
    node: tree.Const, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads bytes that are always the same."""
    size = len(node.expected)
    reader.need(record, name, at, size, limit, promised)
    raw = reader.data[at : at + size]
    record.put(name, raw if node.number is None else node.number, at, at + size)
    if raw != node.expected:
        reader.collector.fault(WrongMagic(raw, node.expected), record, name)
    return at + size


def raw_bytes(
    node: tree.Bytes, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads bytes without a structure, which may be one of several constants."""
    length = reader.amount(node.length, record, name, at)
    reader.need(record, name, at, length, limit, promised)
    found = reader.data[at : at + length]
    record.put(name, found, at, at + length)
    if node.names and found not in node.names:
        reader.collector.fault(UnknownEnumValue(found, tuple(node.names.values())), record, name)
    return at + length


def text(
    node: tree.Text, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads text of a known length."""
    length = reader.amount(node.length, record, name, at)
    reader.need(record, name, at, length + node.behind, limit, promised)
    record.put(name, None, at, at + length)
    record.values[name] = decode(reader.collector, node, record, name, at, length)
    return at + length + node.behind


def text_to_nul(
    node: tree.TextToNul, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads text up to its NUL."""
    reader.need(record, name, at, 1, limit, promised)
    nul = reader.data.find(b"\0", at, limit)
    record.put(name, None, at, limit if nul < 0 else nul)
    if nul < 0:
        if promised <= limit:
            reader.collector.fault(TextNotTerminated(), record, name, (at, limit))
        reader.stop()
    text = tree.Text(Literal(0), node.encoding, terminator="none", lists=False, unit=1)
    record.values[name] = decode(reader.collector, text, record, name, at, nul - at)
    return nul + 1


def zero_pad(
    node: tree.ZeroPad, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads zeros up to an alignment."""
    end = at + -at % node.align
    reader.need(record, "padding", at, end - at, limit, promised)
    if id(record) not in reader.detached:
        reader.collector.padding(record, at, end)
    return end


def any_pad(
    node: tree.AnyPad, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads any bytes up to an alignment."""
    end = at + -at % node.align
    reader.need(record, name, at, end - at, limit, promised)
    record.put(name, reader.data[at:end], at, end)
    return end
