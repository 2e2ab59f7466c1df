"""Read records at offsets that fields name, and chains of records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ccheck_schemas.fault import FaultDetails
from ccheck_schemas.fault_details import (
    BytesOwnedTwice,
    ChainBackwards,
    ChainLoop,
    ChainNoEnd,
    OffsetMisaligned,
    OffsetOutsideFile,
)
from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import field_of
from ccheck_schemas.layout.outer import outer_paths
from ccheck_schemas.read.collector import Related, place_of
from ccheck_schemas.read.cut import Cut
from ccheck_schemas.record import Record

if TYPE_CHECKING:
    from ccheck_schemas.read.reader import Reader


def record_at(
    node: tree.At, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a record at an offset, once for all fields that name it."""
    record.put(name, None, at, at)
    offset = reader.number(node.offset, record, name, at)
    if offset:
        around = _around(node.record, record)
        target = reader.seen.get((id(node.record), offset), {}).get(around)
        if target is None:
            target = Record(record, name, offset)
            before = reader.expanded
            if _read_at(reader, node.record, target, record, field_of(node.offset), offset):
                reader.expand(record, name, at, target.end - offset)
                reader.weights[id(target)] = reader.expanded - before
            else:
                target = None
        else:
            reader.expand(record, name, at, reader.weights.get(id(target), target.end - offset))
        record.values[name] = target
    return at


def _around(node: tree.Struct, record: Record) -> tuple[Any, ...]:
    """Returns the values that a record at an offset uses from outside.

    Two fields that name one offset share the record only if these values are equal. Otherwise it would be
    read with the values of the first and used by both.
    """
    return tuple(_followed(path, record.values) for path in outer_paths(node))


def _followed(path: tuple[str, ...], values: Any) -> Any:
    for name in path:
        if not isinstance(values, Record | dict) or (values := values.get(name)) is None:
            return None
    return id(values) if isinstance(values, dict | list) else values  # a reading keeps them all


def _read_at(
    reader: Reader, node: tree.Struct, target: Record, holder: Record, field: str | None, offset: int
) -> bool:
    """Reads a record at an offset that a field of the `holder` names; returns whether it is in the file."""
    if not 0 <= offset < reader.size:
        reader.collector.complete = False
        outside = OffsetOutsideFile(offset, reader.size)
        reader.collector.blame(outside, holder, field, (reader.size, reader.size))
        return False
    around = () if target.parent is None else _around(node, target.parent)
    reader.seen.setdefault((id(node), offset), {})[around] = target
    stream, reader.stream = reader.stream, (0, reader.size, reader.size)
    try:
        end = reader.struct(node, target, offset, reader.size, reader.size)
    except Cut:
        reader.collector.complete = False
        reader.cut.add(id(target))
        end = min(reader.size, target.reach)
    finally:
        reader.stream = stream
    reader.collector.claim(target, offset, max(offset, end), reader.detached.get(id(target)))
    return True


def chain(
    node: tree.Chain, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads records of which each names the next."""
    links: list[Record] = []
    record.put(name, links, at, at)
    holder, field = record, field_of(node.first)
    offset = reader.number(node.first, record, name, at)
    while offset:
        fault = _misstep(reader, node, links, offset)
        if fault is not None:
            details, related = fault
            place = None if field else (reader.size, reader.size)
            reader.collector.fault(details, holder, field, place, related)
            reader.collector.complete = False
            break
        link = Record(record, f"{name}[{len(links)}]", offset)
        if not _read_at(reader, node.record, link, holder, field, offset):
            break
        links.append(link)
        holder, field = link, node.next_field
        offset, last = link.get(node.next_field), link.get(node.last)
        if offset is None or last is None:
            reader.collector.complete = False
            break
        if id(link) in reader.cut and not 0 < offset < reader.size:
            break
        if (last == 0) != (offset == 0):
            reader.collector.fault(ChainNoEnd(offset, node.last, last == 0), link, node.next_field)
            reader.collector.complete = False
            break
    return at


def _misstep(
    reader: Reader, node: tree.Chain, links: list[Record], offset: int
) -> tuple[FaultDetails, Related] | None:
    """Returns why a chain must not go on at an offset, with related; None when it may."""
    if offset % node.align:
        return OffsetMisaligned(offset, node.align), ()
    before = next(iter(reader.seen.get((id(node.record), offset), {}).values()), None)
    if before is not None and links and links[0].offset <= offset <= links[-1].offset:
        return ChainLoop(offset), (("the chain has been here", place_of(before)),)
    if links and offset < links[-1].offset:
        return ChainBackwards(offset, links[-1].offset), ()
    if before is not None:
        return BytesOwnedTwice(before.path, link=True), (("read here before", place_of(before)),)
    return None
