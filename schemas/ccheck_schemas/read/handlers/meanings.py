"""Check numbers against their meanings, at once or when the whole file is read."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, assert_never

from ccheck_schemas.checksum import Checksum
from ccheck_schemas.fault_details import (
    ChecksumWrong,
    CountMismatch,
    ExpressionUnresolved,
    NumberMalformed,
    RecordSizeWrong,
    Truncated,
)
from ccheck_schemas.layout import meanings, tree
from ccheck_schemas.read.cut import Cut
from ccheck_schemas.read.number_fault import number_fault
from ccheck_schemas.read.rows import RowSequence
from ccheck_schemas.record import Compared, FixUp, Record

if TYPE_CHECKING:
    from ccheck_schemas.read.reader import Reader


def check_meaning(reader: Reader, meaning: meanings.Meaning, value: int, record: Record, name: str) -> None:
    """Checks a number against its meaning, at once or when the whole file is read.

    Args:
        reader: The state of the reading.
        meaning: The meaning of the field.
        value: The number.
        record: The record that has the field.
        name: The name of the field.
    """
    wrong = number_fault(meaning, value, reader.size)
    if wrong is not None:
        reader.collector.fault(wrong, record, name)
    match meaning:
        case meanings.ChecksumOver():
            reader.deferred.append(partial(_checksum, reader, meaning, value, record, name))
            if meaning.bounds is None:
                _fix_up(reader, meaning.checksum, record, name)
        case meanings.FileSize():
            _fix_up(reader, None, record, name)
        case meanings.IndexInto():
            reader.deferred.append(partial(reader.tables.check_index, meaning.table, value, record, name))
        case meanings.CountOf():
            reader.deferred.append(partial(_count, reader, meaning, value, record, name))
        case meanings.ComparedWithFact():
            start, end, _ = record.place(name)
            reader.compared.append(Compared(meaning, record, name, value, start, end))
        case meanings.RecordSize():
            reader.deferred.append(partial(_record_size, reader, meaning, value, record, name))
        case meanings.Version() | meanings.Bounded() | meanings.StrictEnum() | meanings.StrictFlags():
            return  # the number alone decides
        case meanings.Reserved() | meanings.LengthOf() | meanings.OffsetInto():
            return
        case _:
            assert_never(meaning)


def malformed(reader: Reader, node: tree.Digits, raw: bytes, record: Record, name: str) -> None:
    """Reports bytes that are no number. What they should say of the file can be fixed up all the same."""
    reader.collector.fault(NumberMalformed(raw, node.packer), record, name)
    for meaning in node.meanings:
        if isinstance(meaning, meanings.FileSize):
            _fix_up(reader, None, record, name)
        elif isinstance(meaning, meanings.ChecksumOver):
            _fix_up(reader, meaning.checksum, record, name)


def _fix_up(reader: Reader, checksum: Checksum | None, record: Record, name: str) -> None:
    packer = record.packer(name)
    if packer is not None:
        reader.fix_ups.append(FixUp(checksum, record.span(name), packer))


def _checksum(reader: Reader, meaning: meanings.ChecksumOver, value: int, record: Record, name: str) -> None:
    over = meaning.checksum
    at = record.place(name)[0]
    if meaning.bounds is not None:
        extent = _extent(reader, meaning.bounds, record, name, at)
        if extent is None:
            return
        over = over.between(*extent)
    end = reader.size if over.end is None else over.end
    if end > reader.size:
        reader.collector.fault(Truncated(end - over.start, max(0, reader.size - over.start)), record, name)
        return
    key = over, -1 if over.own is None else at
    actual = reader.checksums.get(key)
    if actual is None:
        reader.look_through(record, name, at, end - over.start)
        actual = reader.checksums[key] = over.over(reader.data, at)
    if meaning.bounds is not None:
        _fix_up(reader, over, record, name)
    if value != actual:
        reader.collector.fault(ChecksumWrong(value, actual, over.start, end, over.name), record, name)


def _extent(
    reader: Reader, bounds: meanings.Bounds, record: Record, name: str, at: int
) -> tuple[int, int] | None:
    """Returns the bytes that a checksum is of; None if the file does not say, which is reported."""
    base, last = (record.offset, record.end) if bounds.of_record else (0, reader.size)
    try:
        if isinstance(bounds.start, str):
            start = reader.extents[id(record), bounds.start][0]
        else:
            start = base + reader.number(bounds.start, record, name, at)
        if bounds.end is None:
            end = last
        elif isinstance(bounds.end, str):
            end = reader.extents[id(record), bounds.end][1]
        else:
            end = base + reader.number(bounds.end, record, name, at)
    except (Cut, KeyError):  # a record that is cut short is reported
        return None
    if 0 <= start <= end:
        return start, end
    found = f"its bytes would be from {start:#x} to {end:#x}"
    reader.collector.fault(ExpressionUnresolved(f"the extent of {name}", found), record, name)
    return None


def _count(reader: Reader, meaning: meanings.CountOf, value: int, record: Record, name: str) -> None:
    counted = record.get(meaning.of)
    if isinstance(counted, list | RowSequence) and len(counted) != value and reader.collector.complete:
        reader.collector.fault(CountMismatch(value, len(counted), meaning.of), record, name)


def _record_size(reader: Reader, meaning: meanings.RecordSize, value: int, record: Record, name: str) -> None:
    counted = record.get(meaning.of)
    if isinstance(counted, Record):  # of an `At`: its only list is the table
        lists = (one for one in counted.values.values() if isinstance(one, list | RowSequence))
        counted = next(lists, None)
    if counted is None:
        return
    size = 1 if isinstance(counted, bytes) else next((row.end - row.offset for row in counted), value)
    if value != size:
        reader.collector.fault(RecordSizeWrong(value, size), record, name)
