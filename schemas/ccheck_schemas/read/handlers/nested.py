"""Read nodes that contain other nodes: records, lists, regions, branches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import construct

from ccheck_schemas import meaning as m
from ccheck_schemas.fault_details import SizeMismatch, Truncated, UnknownEnumValue
from ccheck_schemas.layout.size import fixed_size, least_size
from ccheck_schemas.meaning import field_of
from ccheck_schemas.read.cut import Cut
from ccheck_schemas.read.handlers import leaves
from ccheck_schemas.record import Record

if TYPE_CHECKING:
    from ccheck_schemas.read.reader import Reader


def nested(
    reader: Reader, node: construct.Struct, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a record inside another."""
    inner = Record(record, name or "", at)
    record.put(name, inner, at, at)
    end = reader.struct(node, inner, at, limit, promised)
    inner.end = end
    record.put(name, inner, at, end)
    return end


def array(
    reader: Reader, node: construct.Array, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a list with a count."""
    count = reader.amount(node.count, record, name, at)
    size = fixed_size(node.subcon)
    may_be_empty = size is None and not least_size(node.subcon)
    fits = count if may_be_empty else reader.fit(node.count, count, size or 1, record, at, limit, promised)
    start = at
    values: list[Any] = []
    record.put(name, values, at, at)
    handle, subcon = reader.handler(node.subcon)
    # An Array has no context of its own: its elements name the fields of the record around it.
    if isinstance(subcon, leaves.Integer) and not subcon.meanings:
        # Numbers without a meaning are read together, and have no places of their own.
        end = at + fits * subcon.packer.size
        values += (number for (number,) in subcon.packer.iter_unpack(memoryview(reader.data)[at:end]))
        at, one_by_one = end, range(0)
    else:
        one_by_one = range(fits)
    for i in one_by_one:
        reader.make(record, name, at)
        element = f"{name}[{i}]"
        try:
            end = handle(reader, subcon, record, element, at, limit, promised)
        finally:
            value = record.values.pop(element, None)
        values.append(value)
        if end == at:
            reader.idle(record, name, at, count)
        at = end
    record.put(name, values, start, at)
    if fits < count:
        reader.collector.complete = False
        raise Cut
    return at


def region(
    reader: Reader, node: m.Region, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads bytes with a length of their own, which the content must fill."""
    length = reader.amount(node.length, record, name, at)
    field = field_of(node.length)
    end = at + length
    if end > limit:
        reader.collector.complete = False
        if end > promised or promised <= limit:
            place = (min(at, limit), limit)
            reader.collector.blame(Truncated(length, limit - at), record, field, place)
    stop = min(end, limit)
    try:
        handle, subcon = reader.handler(node.subcon)
        used = handle(reader, subcon, record, name, at, stop, end)
    except Cut:
        reader.collector.complete = False
        used = end
        reader.detached[id(record)] = end
    if used < end <= limit:
        reader.detached[id(record)] = used
        reader.collector.blame(SizeMismatch(length, used - at), record, field, (at, end))
    if end > limit:
        raise Cut
    return end


def if_then_else(
    reader: Reader, node: construct.IfThenElse, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads one of two branches."""
    condition = reader.value(node.condfunc, record, name, at)
    chosen = node.thensubcon if condition else node.elsesubcon
    return choose(reader, chosen, record, name, at, limit, promised)


def switch(
    reader: Reader, node: construct.Switch, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads the branch of a key. An unknown key without a default is a fault and ends the record."""
    key = reader.value(node.keyfunc, record, name, at)
    if key not in node.cases and node.default is construct.Pass:
        # The content of an unknown key cannot be read. A StrictEnum field has reported the key already.
        reader.collector.complete = False
        unknown = UnknownEnumValue(key, node.cases)
        reader.collector.blame(unknown, record, field_of(node.keyfunc), (at, at))
        record.put(name, None, at, at)
        raise Cut
    return choose(reader, node.cases.get(key, node.default), record, name, at, limit, promised)


def choose(
    reader: Reader, node: construct.Construct, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads the chosen branch."""
    handle, subcon = reader.handler(node)
    return handle(reader, subcon, record, name, at, limit, promised)
