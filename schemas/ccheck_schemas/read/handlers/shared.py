"""Read tables, pools and blocks of texts, and the fields that name their rows, items and texts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ccheck_schemas.fault_details import OutsideLimits, TableRepeated
from ccheck_schemas.layout import meanings, tree
from ccheck_schemas.layout.expression import field_of
from ccheck_schemas.layout.size import sizeof
from ccheck_schemas.read.cut import Cut
from ccheck_schemas.read.handlers.meanings import check_meaning, malformed
from ccheck_schemas.read.row_plan import row_plan
from ccheck_schemas.read.rows import RowSequence
from ccheck_schemas.record import Record

if TYPE_CHECKING:
    from ccheck_schemas.read.reader import Reader


def table(
    node: tree.Table, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a table, whose rows other records name or take."""
    count = reader.amount(node.count, record, name, at)
    _limits(reader, node, count, record, at)
    size = sizeof(node.record) or 1
    fits = min(reader.fit(node.count, count, size, record, at, limit, promised), node.high)
    parent = record if node.table in reader.tables else None
    plan = row_plan(node.record) if reader.bulk else None
    one_by_one: list[Record] = []
    rows = (
        one_by_one if plan is None else RowSequence(plan, node.table, reader.data, (at, fits), record, parent)
    )
    if not reader.tables.add(node.table, rows, count):
        _repeated(reader, node.table, field_of(node.count), record, at)
    start = at
    if isinstance(rows, RowSequence):
        _bulk_rows(reader, rows)
        at += fits * size
    else:
        for i in range(fits):
            row = Record(parent, f"{node.table}[{i}]", at)
            row.values |= {"_": record.values, "_root": record.values["_root"]}
            one_by_one.append(row)
            at = reader.struct(node.record, row, at, limit, promised)
            row.end = at
    record.put(name, rows, start, at)
    if fits < count:
        reader.collector.complete = False
        raise Cut
    return at


def _bulk_rows(reader: Reader, rows: RowSequence) -> None:
    """Reads all rows together: only a row that breaks a meaning becomes a record here."""
    plan = rows.plan
    for i in plan.broken(rows.bytes(), reader.size):
        for name, digits in plan.digits:
            if name not in rows[i].values:
                start, end, _ = rows[i].place(name)
                malformed(reader, digits, reader.data[start:end], rows[i], name)
        for name, meaning in plan.meanings:
            if name in rows[i].values and not isinstance(meaning, meanings.IndexInto):
                check_meaning(reader, meaning, rows[i].values[name], rows[i], name)
    if plan.compared:
        reader.compared_rows.append(rows)
    if plan.indexes:
        reader.deferred.append(partial(reader.tables.check_indexes, rows))
    for name, node in plan.takes:
        reader.tables.take(rows, name, node)
    if plan.pool is not None:
        reader.pools.take_rows(rows, plan.pool.region)


def pool(
    node: tree.Pool, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a pool, whose items other records name."""
    count = reader.amount(node.count, record, name, at)
    _limits(reader, node, count, record, at)
    fits = reader.fit(node.count, count, 1, record, at, limit, promised)
    if not reader.pools.add(node.region, at, at + count):
        _repeated(reader, node.region, field_of(node.count), record, at)
    record.put(name, reader.data[at : at + fits], at, at + fits)
    if fits < count:
        reader.collector.complete = False
        raise Cut
    return at + count


def strings(
    node: tree.Strings, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a block of texts, which other records name by their offset."""
    length = reader.amount(node.length, record, name, at)
    fits = reader.fit(node.length, length, 1, record, at, limit, promised)
    if not reader.blocks.add(node.block, at, at + fits):
        _repeated(reader, node.block, field_of(node.length), record, at)
    record.put(name, reader.data[at : at + fits], at, at + fits)
    if fits < length:
        reader.stop()
    return at + length


def take_shared(
    node: tree.SharedText, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a field that names a text of a block."""
    record.put(name, None, at, at)
    reader.number(node.offset, record, name, at)
    reader.blocks.take(record, name, node)
    return at


def take_rows(
    node: tree.Rows, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a field that takes rows of a table."""
    record.put(name, (), at, at)
    if node.first not in record.values or node.count not in record.values:  # malformed
        reader.collector.complete = False
    reader.tables.take(record, name, node)
    return at


def take_pooled(
    node: tree.Pooled, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Reads a field that names an item of a pool."""
    record.put(name, None, at, at)
    for expression in (node.offset, node.length):
        reader.number(expression, record, name, at)
    reader.pools.take(record, name, node)
    return at


def _limits(reader: Reader, node: tree.Table | tree.Pool, count: int, record: Record, at: int) -> None:
    """Compares a count with the limits of its table or pool."""
    if not node.low <= count <= node.high:
        outside = OutsideLimits(count, node.low, node.high)
        reader.collector.blame(outside, record, field_of(node.count), (at, at))


def _repeated(reader: Reader, name: str, field: str | None, record: Record, at: int) -> None:
    """Reports a second table or pool of the same name. The name refers to the first only."""
    reader.collector.blame(TableRepeated(name), record, field, (at, at))
