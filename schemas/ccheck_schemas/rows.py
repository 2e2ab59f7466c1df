"""Tables, and the records that share out their rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ccheck_schemas import meaning as m
from ccheck_schemas.ledger import Ledger
from ccheck_schemas.record import Record


class Tables:
    """The tables of one reading, by name, and who takes their rows.

    shared: the tables whose rows the schema shares out; rows that nobody takes are then a fault.
    """

    def __init__(self, ledger: Ledger, shared: Sequence[str]) -> None:
        self._ledger = ledger
        self._shared = shared
        self._rows: dict[str, tuple[list[Record], int]] = {}
        self._takers: dict[str, list[tuple[Record, str, m.Rows]]] = {}

    def add(self, table: str, rows: list[Record], count: int) -> bool:
        """Enter a table. count: the rows that it claims to have. False when the name is taken."""
        if table in self._rows:
            return False
        self._rows[table] = (rows, count)
        return True

    def take(self, record: Record, name: str, node: m.Rows) -> None:
        """Note a record that takes rows."""
        self._takers.setdefault(node.table, []).append((record, name, node))

    def read(self) -> Mapping[str, tuple[Record, ...]]:
        """The rows of each table."""
        return {name: tuple(rows) for name, (rows, _) in self._rows.items()}

    def settle_index(self, table: str, value: int, record: Record, name: str) -> None:
        """See that an index lies in its table."""
        if table in self._rows and value >= self._rows[table][1]:
            rows = self._rows[table][1]
            self._ledger.fault(
                "index-outside-table", record, name, value=value, count=1, rows=rows, table=table
            )

    def settle(self) -> None:
        """Hand the rows of each table to their takers, in order and without gaps."""
        for table in self._shared:
            if table in self._rows:
                self._share(table)

    def _share(self, table: str) -> None:
        rows, count = self._rows[table]
        expected = 0
        ordered = True
        handed = 0
        for record, name, node in self._takers.get(table, ()):
            first, number = record.get(node.first), record.get(node.count)
            if first is None or number is None:
                continue
            if self._ledger.noted("value-out-of-bounds", record, node.count):
                ordered = False
            if first > count or number > count - first:
                blame = node.first if first >= count else node.count
                values = {"value": first, "count": number, "rows": count, "table": table}
                self._ledger.fault("index-outside-table", record, blame, **values)
                ordered = False
                continue
            if ordered and first != expected:
                values = {"value": first, "expected": expected, "table": table}
                self._ledger.fault("rows-out-of-order", record, node.first, **values)
                ordered = False
            handed += number
            if handed <= 2 * count:
                _hand(rows[first : first + number], record, name)
            expected = first + number
        if ordered and self._ledger.complete and expected != count:
            place = (rows[expected].offset, rows[-1].end)
            values = {"value": None, "expected": expected, "rows": count, "table": table}
            self._ledger.fault("rows-out-of-order", Record(None, table, 0), place=place, **values)


def _hand(rows: list[Record], record: Record, name: str) -> None:
    """Give rows to their first taker, whose path they bear from now on."""
    for i, row in enumerate(rows):
        if row.parent is None:
            row.parent, row.label = record, f"{name}[{i}]"
    record.values[name] = tuple(rows)
