"""Read lists without a count, and padding without a length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ccheck_schemas.fault_details import (
    BytesOwnedTwice,
    ElementWithoutBytes,
    OffsetOutsideFile,
    ReservedNotZero,
)
from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import field_of
from ccheck_schemas.layout.size import number_at, sizeof
from ccheck_schemas.record import Record
from ccheck_schemas.span import Span

if TYPE_CHECKING:
    from ccheck_schemas.read.reader import Reader


def terminated(
    node: tree.Terminated, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads records up to one whose mark is 0. Any other non-zero byte of that record is a fault."""
    size = sizeof(node.record)
    mark = number_at(node.record, node.last)
    if size is None or mark is None:
        raise TypeError(f"the records of {name} have no fixed size; lint refuses such a schema")
    shift, packer = mark[0], mark[1].packer
    start = at
    rows: list[Record] = []
    record.put(name, rows, at, at)
    while True:
        reader.need(record, name, at, size, limit, promised)
        if packer.unpack_from(reader.data, at + shift)[0] == 0:
            break
        row = Record(record, f"{name}[{len(rows)}]", at)
        rows.append(row)
        at = row.end = reader.struct(node.record, row, at, limit, promised)
    ending = reader.data[at : at + size]
    if any(ending):
        place = (at + len(ending) - len(ending.lstrip(b"\0")), at + len(ending.rstrip(b"\0")))
        value = int.from_bytes(ending.strip(b"\0"), "big")
        reader.collector.fault(ReservedNotZero(value), record, name, place)
    record.put(name, rows, start, at + size)
    return at + size


def up_to(
    node: tree.UpTo, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads records up to and including the one whose mark has the given value."""
    start = at
    rows: list[Record] = []
    record.put(name, rows, at, at)
    while True:
        row = Record(record, f"{name}[{len(rows)}]", at)
        rows.append(row)
        row.end = reader.struct(node.record, row, at, limit, promised)
        mark = row.values.get(node.field)
        if mark is None:  # malformed: nothing says whether the list goes on
            reader.stop()
        if mark == node.value:
            break
        if row.end == at:
            # The next element would be this one again, without end.
            reader.collector.fault(ElementWithoutBytes(None, len(rows)), record, name, (at, limit))
            reader.stop()
        at = row.end
    at = row.end
    record.put(name, rows, start, at)
    return at


def up_to_end(
    node: tree.UpToEnd, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads records up to the end of the bytes at hand."""
    start = at
    rows: list[Record] = []
    record.put(name, rows, at, at)
    while at < limit:
        row = Record(record, f"{name}[{len(rows)}]", at)
        rows.append(row)
        row.end = reader.struct(node.record, row, at, limit, promised)
        if row.end == at:
            # The next element would be this one again, without end.
            reader.collector.fault(ElementWithoutBytes(None, len(rows)), record, name, (at, limit))
            reader.stop()
        at = row.end
    record.put(name, rows, start, at)
    return at


def zeros_to(
    node: tree.ZerosTo, reader: Reader, record: Record, name: str | None, at: int, limit: int, promised: int
) -> int:
    """Reads zeros up to the offset in a field. An offset before this place is a fault and ends the record."""
    target = reader.number(node.offset, record, name, at)
    field = field_of(node.offset)
    if target < at:
        place = (max(0, target), at)
        related = (("they are read up to here", lambda: Span(at, 0, "")),)
        twice = BytesOwnedTwice("what stands before", link=True)
        reader.collector.fault(twice, record, field, None if field else place, related)
        reader.stop()
    if target > limit and promised <= limit:
        reader.collector.blame(OffsetOutsideFile(target, limit), record, field, (limit, limit))
        reader.stop()
    reader.need(record, "padding", at, target - at, limit, promised)
    _zeros(reader, record, at, target)
    return target


def zeros_to_end(
    node: tree.ZerosToEnd,
    reader: Reader,
    record: Record,
    name: str | None,
    at: int,
    limit: int,
    promised: int,
) -> int:
    """Reads zeros up to the end of the bytes at hand."""
    _zeros(reader, record, at, limit)
    return limit


def _zeros(reader: Reader, record: Record, at: int, end: int) -> None:
    reader.collector.padding(record, at, end)
