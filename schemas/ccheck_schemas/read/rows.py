"""The rows of a table as a sequence of records, each created on first access."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, overload

from ccheck_schemas.read.row_plan import RowPlan
from ccheck_schemas.record import Record

Finish = Callable[[int, Record], None]
"""Completes a row, by its number, with what is known when the whole file is read."""


class RowSequence(Sequence[Record]):
    """The rows of a table whose records are numbers only. Each row is one record, created on first access.

    Attributes:
        plan: How the rows are read.
        made: The records that exist, by row number.
        start: The offset of the first row.
        data: The whole file.
    """

    def __init__(
        self,
        plan: RowPlan,
        table: str,
        data: bytes,
        place: tuple[int, int],
        holder: Record,
        parent: Record | None,
    ) -> None:
        """Describes rows without reading them.

        Args:
            plan: How the rows are read.
            table: The name of the table, for the paths of rows that no record takes.
            data: The whole file.
            place: The offset of the first row, and the number of rows.
            holder: The record that has the table as a field.
            parent: Default parent in row paths.
        """
        self.plan = plan
        self.made: dict[int, Record] = {}
        self.start, self._count = place
        self._table = table
        self.data = data
        self._holder = holder
        self._parent = parent
        self._finishes: list[Finish] = []

    @property
    def outer(self) -> Mapping[str, Any]:
        """The fields of the record that has the table."""
        return self._holder.values

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Record: ...

    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...

    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        if isinstance(index, slice):
            return [self._row(i) for i in range(*index.indices(self._count))]
        if not -self._count <= index < self._count:
            raise IndexError(index)
        return self._row(index % self._count)

    def __iter__(self) -> Iterator[Record]:
        return map(self._row, range(self._count))

    def bytes(self) -> memoryview:
        """Returns the bytes of all rows."""
        size = self.plan.packer.size
        return memoryview(self.data)[self.start : self.start + self._count * size]

    def numbers(self) -> Iterator[tuple[Any, ...]]:
        """Yields the numbers of each row."""
        return self.plan.packer.iter_unpack(self.bytes())

    def finish(self, step: Finish) -> None:
        """Applies a step to every row: to existing rows now, to others when they are created."""
        self._finishes.append(step)
        for i, row in list(self.made.items()):
            step(i, row)

    def _row(self, i: int) -> Record:
        row = self.made.get(i)
        if row is None:
            plan = self.plan
            at = self.start + i * plan.packer.size
            row = self.made[i] = Record(self._parent, f"{self._table}[{i}]", at, plan.layout)
            row.end = at + plan.packer.size
            row.values = dict(zip(plan.names, plan.packer.unpack_from(self.data, at), strict=True))
            for name, _ in plan.digits:
                if row.values[name] is None:  # malformed
                    del row.values[name]
            row.values["_"] = self._holder.values
            row.values["_root"] = self._holder.values["_root"]
            for name in plan.waiting:
                row.put(name, None, row.end, row.end)
            for name, _ in plan.takes:
                row.values[name] = ()
            for step in self._finishes:
                step(i, row)
        return row
