"""Unwrap fields that are content of another format, and read the content as a file of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from ccheck_schemas.fault_details import EnvelopeDamaged, EnvelopeTooLarge, EnvelopeTrailingBytes
from ccheck_schemas.layout import tree
from ccheck_schemas.record import Envelope, Record
from ccheck_schemas.wrapping import MOST_ENVELOPES, Behind, Damaged, TooLarge

if TYPE_CHECKING:
    from ccheck_schemas.read.reader import Reader


def wrapped(
    node: tree.Wrapped, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads an envelope of a known length."""
    length = reader.amount(node.length, record, name, at)
    reader.need(record, name, at, length, limit, promised)
    return _opened(node, reader, record, name, at, at + length)


def wrapped_rest(
    node: tree.WrappedRest, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads an envelope up to the end."""
    return _opened(node, reader, record, name, at, limit)


def _opened(node: tree.Envelope, reader: Reader, record: Record, name: str, at: int, end: int) -> int:
    record.put(name, None, at, end)
    collector, work = reader.collector, reader.work
    work.envelopes += 1
    if work.envelopes > MOST_ENVELOPES:
        collector.complete = False
        collector.fault(EnvelopeTooLarge("", MOST_ENVELOPES, True), record, name, (at, end))
        return end
    found = node.wrapping.unwrap(reader.data[at:end], max(0, work.most - work.unwrapped))
    work.unwrapped += found.spent
    for problem in found.problems:
        match problem:
            case Damaged():
                collector.fault(EnvelopeDamaged(problem.step, problem.reason), record, name, (at, end))
            case TooLarge():
                limit = work.most if problem.of_file else problem.limit
                too_large = EnvelopeTooLarge(problem.step, limit, problem.of_file)
                collector.fault(too_large, record, name, (at, end))
            case Behind():
                start = end - problem.size if problem.in_field else at
                trailing = EnvelopeTrailingBytes(problem.step, problem.size)
                collector.fault(trailing, record, name, (start, end))
            case _:
                assert_never(problem)
    if found.content is None:
        collector.complete = False
        return end
    record.values[name] = found.content
    reading = reader.inside(node.content.layout, found.content)
    reader.envelopes.append(
        Envelope(record, name, at, end, node.wrapping, node.content, found.content, reading)
    )
    return end
