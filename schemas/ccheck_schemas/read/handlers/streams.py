"""Read opaque fields, content that need not fill its field, substreams, and fields at positions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ccheck_schemas.fault_details import (
    OffsetOutsideFile,
    TextMalformed,
    TextNotTerminated,
    Truncated,
    WorkOutOfProportion,
)
from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import field_of
from ccheck_schemas.read.cut import Cut
from ccheck_schemas.record import Record

if TYPE_CHECKING:
    from ccheck_schemas.read.reader import Reader

SLACK = "the type ends before its field does"
"""Why the rest of a substream is unread."""
BEHIND = "the content ends before its field does"
"""Why the rest of a slot is unread."""


def opaque(
    node: tree.Opaque, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads bytes that the schema does not describe."""
    length = reader.amount(node.length, record, name, at)
    reader.need(record, name, at, length, limit, promised)
    return _opaque(reader, node, record, name, at, at + length)


def opaque_rest(
    node: tree.OpaqueRest, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads bytes up to the end that the schema does not describe."""
    return _opaque(reader, node, record, name, at, limit)


def _opaque(
    reader: Reader, node: tree.Opaque | tree.OpaqueRest, record: Record, name: str, at: int, end: int
) -> int:
    record.put(name, reader.data[at:end], at, end)
    reader.collector.coverage.leave(record, name, (at, end), node.reason, node.dropped)
    return end


def slot(
    node: tree.Slot, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a field of a known length, which its content need not fill."""
    length = reader.amount(node.length, record, name, at)
    reader.need(record, name, at, length, limit, promised)
    return _content(reader, node.content, record, name, at, at + length)


def rest(
    node: tree.Rest, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a field up to the end, which its content need not fill."""
    return _content(reader, node.content, record, name, at, limit)


def _content(reader: Reader, node: tree.Content, record: Record, name: str, at: int, end: int) -> int:
    raw = reader.data[at:end]
    length = node.extent(raw)
    record.put(name, None, at, end)
    record.values[name] = _decoded(reader, node.encoding, record, name, at, raw[:length])
    behind = raw[length:].removeprefix(b"" if node.include else node.terminator)
    if behind.strip(b"\0") and behind.strip(bytes([node.pad or 0])):
        reader.collector.coverage.leave(record, name, (end - len(behind), end), BEHIND)
    return end


def delimited(
    node: tree.Delimited, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads content up to a terminator."""
    found = _find(reader.data, node, at, limit)
    if found < 0 and not node.to_end:
        record.put(name, None, at, limit)
        if promised <= limit:
            reader.collector.fault(TextNotTerminated(), record, name, (at, limit))
        reader.stop()
    behind = limit if found < 0 else found + len(node.terminator)
    filled = behind if node.include or found < 0 else found
    end = behind if node.consume or found < 0 else found
    record.put(name, None, at, max(filled, end))
    record.values[name] = _decoded(reader, node.encoding, record, name, at, reader.data[at:filled])
    return end


def _find(data: bytes, node: tree.Delimited, at: int, limit: int) -> int:
    """Returns the offset of the terminator, or -1."""
    step = node.unit if len(node.terminator) % node.unit == 0 else 1
    found = data.find(node.terminator, at, limit)
    while found >= 0 and (found - at) % step:
        found = data.find(node.terminator, found + 1, limit)
    return found


def _decoded(
    reader: Reader, encoding: str | None, record: Record, name: str, at: int, content: bytes
) -> str | bytes | None:
    """Returns the content; None for malformed text."""
    if encoding is None:
        return content
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as bad:
        malformed = TextMalformed(f"not {encoding}: {bad.reason}")
        reader.collector.fault(malformed, record, name, (at + bad.start, at + bad.end))
        return None


def substream(
    node: tree.Substream, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a stream of a known length, in which positions count, and whose rest is unread."""
    length = reader.amount(node.length, record, name, at)
    end = at + length
    if end > limit:
        reader.collector.complete = False
        if end > promised or promised <= limit:
            place = (min(at, limit), limit)
            truncated = Truncated(length, limit - at)
            reader.collector.blame(truncated, record, field_of(node.length), place)
    _inside(reader, node.inner, record, name, at, min(end, limit), end)
    if end > limit:
        raise Cut
    return end


def substream_rest(
    node: tree.SubstreamRest, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a stream up to the end, in which positions count, and whose rest is unread."""
    _inside(reader, node.inner, record, name, at, limit, promised)
    return limit


def _inside(reader: Reader, node: tree.Node, record: Record, name: str, at: int, stop: int, end: int) -> None:
    """Reads a node in a stream from `at` to `stop`; the file states that the stream ends at `end`."""
    around, reader.stream = reader.stream, (at, stop, end)
    try:
        used = reader.handler(node)(reader, record, name, at, stop, end)
    except Cut:
        reader.collector.complete = False
        reader.detached[id(record)] = stop
        used = stop
    finally:
        reader.stream = around
    reader.collector.coverage.leave(record, name, (used, stop), SLACK)


def read_at(
    node: tree.ReadAt, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a node at a position, whose bytes another field may own too."""
    position = reader.number(node.position, record, name, at)
    start, stop, end = (0, reader.size, reader.size) if node.whole_file else reader.stream
    if node.inside is not None:
        start, stop, end = reader.stream_of(node.inside, record, name, at)
    record.put(name, None, at, at)
    if not 0 <= position <= stop - start:
        reader.collector.complete = False
        if position < 0 or start + position > end or end <= stop:
            outside = OffsetOutsideFile(start + position, stop)
            reader.collector.blame(outside, record, field_of(node.position), (stop, stop))
        return at
    target = start + position
    coverage = reader.collector.coverage
    before = len(coverage.notes)
    around, reader.stream = reader.stream, (start, stop, end)
    try:
        after = reader.handler(node.inner)(reader, record, name, target, stop, end)
        within = coverage.share((target, after), before)
    except Cut:
        reader.collector.complete = False
        after = stop
        within = coverage.charge(stop - target)
    finally:
        reader.stream = around
    if not within:
        too_much = WorkOutOfProportion("bytes", coverage.looked_through, coverage.limit)
        reader.out_of_proportion(record, name, (target, after), too_much)
    return at
