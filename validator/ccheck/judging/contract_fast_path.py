"""The contract of a schema with driver builds, on the columns of a file without faults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ccheck.core.contract import lacks, missing
from ccheck_schemas.build_facts import FactKind
from ccheck_schemas.generate.python.runtime import Columns
from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import paths_in
from ccheck_schemas.layout.meanings import ComparedWithFact, RowField
from ccheck_schemas.read.fact_uses import asks, names_of
from ccheck_schemas.schema import Schema, file_size

if TYPE_CHECKING:
    from ccheck.core.consumers import Consumer


@dataclass(frozen=True)
class _Compared:
    """A number of the top record, or of a record in it, that is compared. path: of the record around."""

    path: tuple[str, ...]
    name: str
    meaning: ComparedWithFact


@dataclass(frozen=True)
class _ComparedRows:
    """A number of the rows of a table that is compared."""

    table: str
    name: str
    meaning: ComparedWithFact


_MOST_KNOWN = 65_536
"""Answers that are kept, at most."""


class ContractFastPath:
    """Whether files keep the contract, asked of their columns.

    Raises:
        NoFastPath: The schema compares what columns do not have.
    """

    def __init__(self, schema: Schema, builds: Sequence[Consumer], *, builds_required: bool = True) -> None:
        """Finds what the schema compares.

        Args:
            schema: The schema.
            builds: The builds in their support window that read the format.
            builds_required: Whether a file that is compared with no build is not certain to keep it.
        """
        sized = dict.fromkeys(schema.amounts.values()) == {file_size: None}
        own = any(fact.kind is not FactKind.SWITCH for fact in schema.contract)
        if own or (schema.amounts and not sized):
            raise NoFastPath("it compares amounts that are derived from the whole file")
        self._compared = tuple(_compared(schema.layout))
        self._builds = builds
        self._builds_required = builds_required
        self._facts = schema.facts
        self._merged = schema.merged_fact
        names = schema.amounts if sized else ()
        self._sizes = [fact for fact in schema.facts if fact.kind is FactKind.LIMIT and fact.name in names]
        self._known: dict[tuple[int, int, tuple[int | str, ...]], bool] = {}

    def keeps(self, columns: Columns) -> bool:
        """Returns whether a file keeps the contract; False where that is not certain."""
        if self._facts and not self._builds:
            return not self._builds_required
        if any(missing(self._facts, build) for build in self._builds):
            return False
        size = len(columns.data)
        if any(lacks(fact, (), size, self._builds) for fact in self._sizes):
            return False
        return all(self._allowed(one, *asked) for one, asked in self._asked(columns))

    def _asked(
        self, columns: Columns
    ) -> Iterator[tuple[_Compared | _ComparedRows, tuple[int, tuple[int | str, ...] | None]]]:
        def row_field(table: str, index: int, name: str) -> Any:
            if index >= columns.tables[table].length:
                raise IndexError(index)
            return columns.column(table, name, index, index + 1)[0]

        outer = _nested(columns.numbers)
        for one in self._compared:
            if isinstance(one, _Compared):
                record: Mapping[str, Any] = outer
                for step in one.path:
                    record = record[step]
                asked = asks(one.meaning, record[one.name], {**record, "_": outer, "_root": outer}, row_field)
                if asked is not None:
                    yield one, asked
                continue
            names = names_of(one.meaning, one.name)
            length = columns.tables[one.table].length
            each = zip(*(columns.column(one.table, name, 0, length) for name in names), strict=True)
            for numbers in set(each):
                row: dict[str, Any] = dict(zip(names, numbers, strict=True))
                asked = asks(one.meaning, row[one.name], {**row, "_": outer, "_root": outer}, row_field)
                if asked is not None:
                    yield one, asked

    def _allowed(self, one: _Compared | _ComparedRows, value: int, key: tuple[int | str, ...] | None) -> bool:
        if key is None:
            return False
        place = id(one), value, key
        if place not in self._known:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            self._known[place] = not lacks(self._merged(one.meaning.fact), key, value, self._builds)
        return self._known[place]


class NoFastPath(Exception):
    """Why files of a schema are read whole."""


def _compared(root: tree.Struct) -> Iterator[_Compared | _ComparedRows]:
    """Yields the comparisons of a layout.

    Raises:
        NoFastPath: One is of a record that columns do not have.
    """
    places = sum(len(_meanings(node)) for node in tree.nodes(root))
    tables = {node.table: node for node in tree.nodes(root) if isinstance(node, tree.Table)}
    every: list[_Compared | _ComparedRows] = [*_of_record(root, ()), *_of_tables(tables.values())]
    for one in every:
        places -= 1
        if isinstance(one, _ComparedRows):
            own: tree.Struct | None = tables[one.table].record
            around = root if any(field.node is tables[one.table] for field in root.fields) else None
        else:
            own, around = _record(root, one.path), root
        if own is None or around is None or not _numbers_alone(one.meaning, own, root, tables):
            raise NoFastPath(f"{one.name} is compared where columns do not have all that is needed")
        yield one
    if places:
        raise NoFastPath("it compares a number that is neither of the top record nor of a table")


def _meanings(node: tree.Node) -> tuple[ComparedWithFact, ...]:
    return tuple(one for one in tree.meanings_of(node) if isinstance(one, ComparedWithFact))


def _of_record(record: tree.Struct, path: tuple[str, ...]) -> Iterator[_Compared]:
    for field in record.fields:
        yield from (_Compared(path, field.name, one) for one in _meanings(field.node))
        if isinstance(field.node, tree.Struct) and not path:
            yield from _of_record(field.node, (field.name,))


def _of_tables(tables: Iterable[tree.Table]) -> Iterator[_ComparedRows]:
    for table in tables:
        for field in table.record.fields:
            yield from (_ComparedRows(table.table, field.name, one) for one in _meanings(field.node))


def _record(root: tree.Struct, path: tuple[str, ...]) -> tree.Struct | None:
    """Returns the record in the top record at a path; None if there is none."""
    found: tree.Struct | None = root
    for step in path:
        inner = {field.name: field.node for field in found.fields} if found is not None else {}
        node = inner.get(step)
        found = node if isinstance(node, tree.Struct) else None
    return found


def _numbers_alone(
    meaning: ComparedWithFact, own: tree.Struct, root: tree.Struct, tables: Mapping[str, tree.Table]
) -> bool:
    """Returns whether all that a comparison names are numbers that columns have."""
    for part in meaning.key:
        if isinstance(part, RowField) and part.field not in _integers(tables[part.table].record):
            return False
    for expression in meaning.expressions:
        for path in paths_in(expression):
            if path[0] in ("_", "_root"):
                names, start = path[1:], root
            else:
                names, start = path, own
            record = _record(start, names[:-1])
            if len(names) not in (1, 2) or record is None or names[-1] not in _integers(record):
                return False
    return True


def _integers(record: tree.Struct) -> set[str]:
    return {field.name for field in record.fields if isinstance(field.node, tree.Stored)}


def _nested(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the numbers of the top record, those of records in it by their names."""
    found: dict[str, Any] = {}
    for path, number in numbers.items():
        head, _, tail = path.partition(".")
        if tail:
            found.setdefault(head, {})[tail] = number
        else:
            found[head] = number
    return found
