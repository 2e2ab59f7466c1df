"""Read nodes that contain other nodes: records, lists, regions, branches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ccheck_schemas.fault_details import SizeMismatch, Truncated, UnknownEnumValue
from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import field_of
from ccheck_schemas.layout.size import least_size, sizeof
from ccheck_schemas.read.cut import Cut
from ccheck_schemas.record import Record

if TYPE_CHECKING:
    from ccheck_schemas.read.reader import Reader


def nested(
    node: tree.Struct, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a record inside another."""
    inner = Record(record, name or "", at)
    record.put(name, inner, at, at)
    end = reader.struct(node, inner, at, limit, promised)
    inner.end = end
    record.put(name, inner, at, end)
    return end


def array(
    node: tree.Array, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a list with a count."""
    count = reader.amount(node.count, record, name, at)
    size = sizeof(node.element)
    may_be_empty = size is None and not least_size(node.element)
    fits = count if may_be_empty else reader.fit(node.count, count, size or 1, record, at, limit, promised)
    start = at
    values: list[Any] = []
    record.put(name, values, at, at)
    # An Array has no context of its own: its elements name the fields of the record around it.
    if isinstance(node.element, tree.Integer | tree.Float) and not tree.meanings_of(node.element):
        # Numbers without a meaning are read together, and have no places of their own.
        packer = node.element.packer
        end = at + fits * packer.size
        values += (number for (number,) in packer.iter_unpack(memoryview(reader.data)[at:end]))
        at, one_by_one = end, range(0)
    else:
        one_by_one = range(fits)
    handle = reader.handler(node.element)
    for i in one_by_one:
        reader.make(record, name, at)
        element = f"{name}[{i}]"
        try:
            end = handle(reader, record, element, at, limit, promised)
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
    node: tree.Region, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
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
        used = reader.handler(node.inner)(reader, record, name, at, stop, end)
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
    node: tree.If, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads one of two branches."""
    condition = reader.value(node.condition, record, name, at)
    chosen = node.then if condition else node.otherwise
    return reader.handler(chosen)(reader, record, name, at, limit, promised)


def switch(
    node: tree.Switch, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads the branch of a key. An unknown key without a default is a fault and ends the record."""
    key = reader.value(node.key, record, name, at)
    branch = node.cases.get(key) if isinstance(key, int | str | bytes) else None
    if branch is None and isinstance(node.default, tree.Nothing):
        # The content of an unknown key cannot be read. A StrictEnum field has reported the key already.
        reader.collector.complete = False
        unknown = UnknownEnumValue(key, tuple(node.cases))
        reader.collector.blame(unknown, record, field_of(node.key), (at, at))
        record.put(name, None, at, at)
        raise Cut
    return reader.handler(node.default if branch is None else branch)(
        reader, record, name, at, limit, promised
    )
