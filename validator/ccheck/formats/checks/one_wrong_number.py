"""Whether one wrong count, length or size explains what a file lacks."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import islice

from ccheck_schemas.fault import Fault, FaultDetails, FaultName
from ccheck_schemas.fault_details import CountPastBytes, SizeMismatch, Truncated
from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import Expression, only_path
from ccheck_schemas.layout.size import sizeof
from ccheck_schemas.read import read
from ccheck_schemas.recipe.fields import record_at
from ccheck_schemas.record import Reading, Record

_MISSING = frozenset({
    FaultName.TRUNCATED, FaultName.COUNT_PAST_BYTES, FaultName.SIZE_MISMATCH, FaultName.OFFSET_OUTSIDE_FILE,
    FaultName.OFFSET_OUTSIDE_REGION, FaultName.BYTES_UNOWNED, FaultName.CHECKSUM_WRONG,
})  # fmt: skip
"""Faults that a file has whose end is not there."""

_COUNTS = 64
"""Values of one count that are tried, from the greatest that fits downwards."""
_TRIES = 64
"""Numbers that are tried, at most."""
_BYTES = 4 << 20
"""Bytes that are read for all tries; the first try is made in any case."""

_ELEMENT = re.compile(r"(.*)\[([0-9]+)\]")

_Number = tuple[Record, str]
_Find = Callable[[str], tuple[Record, tree.Struct] | None]
"""Returns the record at a path, and its struct."""


def is_explained(layout: tree.Struct, data: bytes, reading: Reading, boundary: int) -> bool:
    """Returns whether nothing is missing from a file any more if one of its numbers is another.

    Args:
        layout: The layout of its format.
        data: The file.
        reading: Its reading.
        boundary: Where the bytes begin that may never have been written.
    """
    if FaultName.WORK_OUT_OF_PROPORTION in reading.counts:  # each try would be as much work
        return False
    before = {(fault.name, fault.span) for fault in reading.faults}
    left = _BYTES
    tries = islice(dict.fromkeys(_candidates(layout, reading, boundary)), _TRIES)
    for (record, name), value in tries:
        changed = _with(data, record, name, value)
        if changed is None:
            continue
        after = read(layout, changed)
        if all(
            (fault.name, fault.span) in before and fault.name not in _MISSING and fault.span.end <= boundary
            for fault in after.faults
        ):
            return True
        left -= len(data)
        if left < 0:
            return False
    return False


def _with(data: bytes, record: Record, name: str, value: int) -> bytes | None:
    """Returns a file in which a number is another; None if the number cannot be that."""
    start, end, packer = record.place(name)
    if packer is None:
        return None
    try:
        return data[:start] + packer.pack(value) + data[end:]
    except struct.error:
        return None


def _candidates(layout: tree.Struct, reading: Reading, boundary: int) -> Iterator[tuple[_Number, int]]:
    """Yields numbers of a file that may be wrong, with values that they may have had."""
    find = cache(partial(record_at, layout, reading.root))
    for fault in reading.faults:
        record_path, _, field = fault.span.path.rpartition(".")
        holder = find(record_path)
        record = None if holder is None else holder[0]
        details = fault.details
        if isinstance(details, SizeMismatch) and record is not None and _is_number(record, field):
            yield (record, field), details.actual
        elif isinstance(details, CountPastBytes) and record is not None and _is_number(record, field):
            least = max(0, details.room - _COUNTS + 1)
            yield from (((record, field), count) for count in range(details.room, least - 1, -1))
        elif isinstance(details, Truncated) and record is not None and _is_number(record, field):
            yield (record, field), record.values[field] - details.need + details.have
        if isinstance(details, Truncated):
            yield from _amounts_before(find, fault, details.need - details.have)
        if isinstance(details, Truncated):
            yield from _counts_around(find, fault)
    # The elements in front of the first fault behind the boundary may be all that there are.
    first = next((fault for fault in reading.faults if fault.span.offset >= boundary), None)
    if first is not None:
        yield from _counts_around(find, first)


def _amounts_before(find: _Find, fault: Fault[FaultDetails], lacking: int) -> Iterator[tuple[_Number, int]]:
    """Yields the lengths and counts that move the place of a fault, made less by the bytes that are lacking."""
    path = fault.span.path
    while path:
        above, _, field = path.rpartition(".")
        found = find(above)
        if found is not None:
            record, node = found
            field = field.partition("[")[0]
            names = [one.name for one in node.fields]
            last = names.index(field) if field in names else len(names) - 1
            for one in node.fields[: last + 1]:
                for number, size in _amounts(record, one.node):
                    yield number, number[0].values[number[1]] - -(-lacking // size)
        path = above


def _amounts(record: Record, node: tree.Node) -> Iterator[tuple[_Number, int]]:
    """Yields the numbers that the length of a field is read from, with the bytes that 1 stands for."""
    for leaf in tree.leaves_of(node):
        size = 1
        if isinstance(leaf, tree.Array | tree.Table):
            size = sizeof(leaf.element if isinstance(leaf, tree.Array) else leaf.record) or 1
        for expression in tree.expressions_of(leaf):
            number = _number_of(record, expression)
            if number is not None:
                yield number, size
    if isinstance(node, tree.Region | tree.Substream):
        number = _number_of(record, node.length)
        if number is not None:
            yield number, 1


def _counts_around(find: _Find, fault: Fault[FaultDetails]) -> Iterator[tuple[_Number, int]]:
    """Yields the counts of the lists that a fault lies in, with the elements in front of it."""
    path = fault.span.path
    while path:
        element = _ELEMENT.fullmatch(path)
        if element is not None:
            holder, _, field = element[1].rpartition(".")
            found = find(holder)
            if found is not None:
                record, node = found
                listed = next((one.node for one in node.fields if one.name == field), tree.Nothing())
                for number, _ in _amounts(record, listed):
                    yield number, int(element[2])
        path = path.rpartition(".")[0]


def _number_of(record: Record, expression: Expression) -> _Number | None:
    """Returns the only number that an expression reads."""
    path = only_path(expression)
    holder: Record | None = record
    for name in (path or ())[:-1]:
        if holder is None:
            return None
        if name == "_":
            holder = holder.parent
        elif name == "_root":
            while holder.parent is not None:
                holder = holder.parent
        else:
            found = holder.get(name)
            holder = found if isinstance(found, Record) else None
    return (holder, path[-1]) if path and holder is not None and _is_number(holder, path[-1]) else None


def _is_number(record: Record, name: str) -> bool:
    value = record.get(name)
    return isinstance(value, int) and record.packer(name) is not None
