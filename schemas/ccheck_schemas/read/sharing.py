"""Tables, and the records that take their rows."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ccheck_schemas.fault import FaultName
from ccheck_schemas.fault_details import IndexOutsideTable, RowsLeftOver, RowsOutOfOrder
from ccheck_schemas.layout import tree
from ccheck_schemas.read.collector import FaultCollector
from ccheck_schemas.read.rows import RowSequence
from ccheck_schemas.record import Record

_Taker = tuple[Record | RowSequence, str, tree.Rows]
"""A record, or all rows of a table, that take rows of another; the field that gets them, and its node."""


class Tables:
    """The tables of one reading by name, and the records that take their rows.

    Args:
        collector: The fault collector of the reading.
        shared: The tables whose rows the schema hands out: a row that no record takes is then a fault.
    """

    def __init__(self, collector: FaultCollector, shared: Sequence[str]) -> None:
        self._collector = collector
        self._shared = shared
        self._rows: dict[str, tuple[Sequence[Record], int]] = {}
        self._takers: dict[str, list[_Taker]] = {}
        self._absent: tuple[Sequence[Record], int] | None = None

    def close(self) -> None:
        """Treats tables that were not found as empty. Call it if the file has no fault so far."""
        self._absent = (), 0

    def _known(self, table: str) -> tuple[Sequence[Record], int] | None:
        """Returns the rows of a table and their number; None if it may be in an unread part."""
        return self._rows.get(table, self._absent)

    def __contains__(self, table: object) -> bool:
        return table in self._rows

    def add(self, table: str, rows: Sequence[Record], count: int) -> bool:
        """Adds a table with `count` rows by its own count. Returns False if there is one of the same name."""
        if table in self._rows:
            return False
        self._rows[table] = (rows, count)
        return True

    def take(self, taker: Record | RowSequence, name: str, node: tree.Rows) -> None:
        """Adds a record that takes rows, or a table of which each row does."""
        self._takers.setdefault(node.table, []).append((taker, name, node))

    def read(self) -> Mapping[str, Sequence[Record]]:
        """Returns the rows of each table."""
        return {
            name: rows if isinstance(rows, RowSequence) else tuple(rows)
            for name, (rows, _) in self._rows.items()
        }

    def check_index(self, table: str, value: int, record: Record, name: str) -> None:
        """Reports an index that lies outside its table."""
        known = self._known(table)
        if known is not None and not 0 <= value < known[1]:
            rows = known[1]
            self._collector.fault(IndexOutsideTable(value, 1, rows, table), record, name)

    def check_indexes(self, rows: RowSequence) -> None:
        """Reports the indexes of a table's rows that lie outside their tables."""
        known = [(index, self._known(index[2])) for index in rows.plan.indexes]
        limits = [(*index, table[1]) for index, table in known if table is not None]
        for i, numbers in enumerate(rows.numbers()):
            for at, name, table, count in limits:
                if numbers[at] is not None and not 0 <= numbers[at] < count:
                    self.check_index(table, numbers[at], rows[i], name)

    def assign_rows(self) -> None:
        """Assigns the rows of each table to the records that take them, in order and without gaps."""
        for table in self._shared:
            known = self._known(table)
            if known is None:
                continue
            rows = known[0]
            takers = self._takers.get(table, [])
            if len(takers) == 1 and isinstance(takers[0][0], RowSequence) and isinstance(rows, RowSequence):
                shares = _Shares(rows, takers[0][0], *takers[0][1:])
                if not shares.ordered(known[1]):
                    shares.set((first, number) for _, first, number in self._share(table, *known))
                shares.attach()
                continue
            for record, first, number in self._share(table, *known):
                taker, label = record()
                _hand(rows[first : first + number], taker, label)

    def _share(
        self, table: str, rows: Sequence[Record], count: int
    ) -> Iterator[tuple[Callable[[], tuple[Record, str]], int, int]]:
        """Yields each taker, its first row and its number of rows; 0 rows for an invalid range."""
        collector = self._collector
        expected = handed = 0
        ordered = True
        for request in self._requests(table):
            first, number = request.first, request.number
            if request.marked:
                ordered = False
            if not (0 <= first <= count and 0 <= number <= count - first):
                blame = request.node.count if 0 <= first < count else request.node.first
                outside = IndexOutsideTable(first, number, count, table)
                collector.fault(outside, request.record(), blame)
                ordered = False
                yield request.taker, 0, 0
                continue
            if ordered and first != expected:
                disorder = RowsOutOfOrder(first, expected, table)
                collector.fault(disorder, request.record(), request.node.first)
                ordered = False
            handed += number
            yield (request.taker, first, number) if handed <= 2 * count else (request.taker, 0, 0)
            expected = first + number
        if ordered and collector.complete and expected != count:
            place = (rows[expected].offset, rows[-1].end)
            left_over = RowsLeftOver(None, expected, table, count)
            collector.fault(left_over, Record(None, table, 0), place=place)

    def _requests(self, table: str) -> Iterator[_Request]:
        for taker, name, node in self._takers.get(table, []):
            if isinstance(taker, RowSequence):
                yield from self._row_requests(taker, name, node)
                continue
            first, number = taker.get(node.first), taker.get(node.count)
            if first is not None and number is not None:
                marked = self._collector.noted(FaultName.VALUE_OUT_OF_BOUNDS, taker, node.count)
                yield _Request([taker], 0, name, node, first, number, marked)

    def _row_requests(self, rows: RowSequence, name: str, node: tree.Rows) -> Iterator[_Request]:
        noted = self._collector.noted
        marked = {i for i, row in rows.made.items() if noted(FaultName.VALUE_OUT_OF_BOUNDS, row, node.count)}
        first, count = rows.plan.names.index(node.first), rows.plan.names.index(node.count)
        for i, numbers in enumerate(rows.numbers()):
            yield _Request(rows, i, name, node, numbers[first], numbers[count], i in marked)


class _Request(NamedTuple):
    """A requested row range. marked: its count was already reported as out of bounds."""

    takers: Sequence[Record]
    position: int
    name: str
    node: tree.Rows
    first: int
    number: int
    marked: bool

    def record(self) -> Record:
        return self.takers[self.position]

    def taker(self) -> tuple[Record, str]:
        """Returns the record, and its field that gets the rows."""
        return self.record(), self.name


class _Shares:
    """Which rows of a table belong to which rows of another. A row gets its part when it is created."""

    def __init__(self, rows: RowSequence, takers: RowSequence, name: str, node: tree.Rows) -> None:
        self._rows = rows
        self._takers = takers
        self._name = name
        names = takers.plan.names
        self._columns = names.index(node.first), names.index(node.count)
        self._runs: tuple[array[int], array[int]] | None = None
        self._owners: array[int] | None = None

    def ordered(self, count: int) -> bool:
        """Returns whether the takers request all rows of the table, in order and without gaps."""
        expected = 0
        for first, number in self._requests():
            if first != expected:
                return False
            expected += number
        return expected == count

    def set(self, runs: Iterable[tuple[int, int]]) -> None:
        """Sets the rows of each taker, if they are not those that it requests."""
        first, number = array("Q"), array("Q")
        for run in runs:
            first.append(run[0])
            number.append(run[1])
        self._runs = first, number

    def _requests(self) -> Iterator[tuple[int, int]]:
        first, number = self._columns
        return ((numbers[first], numbers[number]) for numbers in self._takers.numbers())

    def _known(self) -> tuple[array[int], array[int]]:
        if self._runs is None:
            self.set(self._requests())
        assert self._runs is not None  # noqa: S101 - set one line above
        return self._runs

    def attach(self) -> None:
        """Completes the rows that exist, and those that will be created."""
        self._takers.finish(self._give)
        self._rows.finish(self._own)

    def _give(self, taker: int, record: Record) -> None:
        first, number = (run[taker] for run in self._known())
        record.values[self._name] = tuple(self._rows[first : first + number])

    def _own(self, i: int, row: Record) -> None:
        if row.parent is not None:
            return
        taker = self._owner(i)
        if taker >= 0:
            row.parent, row.label = self._takers[taker], f"{self._name}[{i - self._known()[0][taker]}]"

    def _owner(self, i: int) -> int:
        """Returns the first taker of a row, or -1.

        A row is taken twice on average at most, which bounds the work.
        """
        if self._owners is None:
            owners = array("q", [-1]) * len(self._rows)
            for taker, (first, number) in enumerate(zip(*self._known(), strict=True)):
                for row in range(first, min(first + number, len(owners))):
                    if owners[row] < 0:
                        owners[row] = taker
            self._owners = owners
        return self._owners[i]


def _hand(rows: Sequence[Record], record: Record, name: str) -> None:
    """Assigns rows to a record. A row that has no parent yet becomes part of its path."""
    for i, row in enumerate(rows):
        if row.parent is None:
            row.parent, row.label = record, f"{name}[{i}]"
    record.values[name] = tuple(rows)
