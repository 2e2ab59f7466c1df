"""What a file asks of driver builds: the numbers that are compared with their facts, each once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from ccheck_schemas.build_facts import Fact, FactKind
from ccheck_schemas.generate.runtime import column
from ccheck_schemas.layout.expression import Unresolved, Values, paths_in, resolve
from ccheck_schemas.layout.meanings import ComparedWithFact, RowField
from ccheck_schemas.read.rows import RowSequence
from ccheck_schemas.record import Reading, Record

Key = tuple[int | str, ...]

FieldOfRow = Callable[[str, int, str], Any]
"""Table, index of a row and name of a field → the value of the field. Raises LookupError."""


@dataclass(frozen=True, slots=True)
class FactUse:
    """One number that is compared with a fact, in all places that ask the same.

    Attributes:
        fact: The fact.
        field: The field that has the number.
        value: The number, or the amount that stands for it.
        key: The key of the content; None if it has no value in this file.
        places: Returns the records that have the field.
    """

    fact: Fact
    field: str
    value: int
    key: Key | None
    places: Callable[[], Iterator[Record]]


def fact_uses(reading: Reading, kind: FactKind) -> Iterator[FactUse]:
    """Yields what a file asks of driver builds.

    A number that a driver does nothing with is left out, and so is one whose record is cut short.

    Args:
        reading: The file.
        kind: The kind of facts.
    """
    row_field = _row_fields(reading)
    found: dict[tuple[int, str, int, Key | None], list[Record]] = {}
    meanings: dict[int, ComparedWithFact] = {}
    for meaning, record, name in reading.compared:
        if meaning.fact.kind is not kind:
            continue
        asked = asks(meaning, record.get(name), record.values, row_field)
        if asked is not None:
            meanings[id(meaning)] = meaning
            found.setdefault((id(meaning), name, *asked), []).append(record)
    for (which, name, value, key), records in found.items():
        yield FactUse(meanings[which].fact, name, value, key, records.__iter__)
    for rows in reading.tables.values():
        if isinstance(rows, RowSequence):
            for name, meaning in rows.plan.compared:
                if meaning.fact.kind is kind:
                    yield from _of_rows(rows, name, meaning, row_field)


def asks(
    meaning: ComparedWithFact, number: object, values: Values, row_field: FieldOfRow
) -> tuple[int, Key | None] | None:
    """Returns what one record asks: the value and the key of a comparison.

    Args:
        meaning: The comparison.
        number: The number of the field; None if its record is cut short.
        values: The fields that expressions can name.
        row_field: Gives a field of a row of a table.

    Returns:
        None for a number that a driver does nothing with, or that the schema refuses. The key is None where
        it has no value.
    """
    if not isinstance(number, int) or not all(one.allows(number) for one in meaning.others):
        return None
    try:
        if meaning.harmless is not None and resolve(meaning.harmless, values):
            return None
        amount = number if meaning.amount is None else resolve(meaning.amount, values)
    except Unresolved:
        return number, None
    if not isinstance(amount, int):
        return number, None
    try:
        return amount, tuple(_part(part, values, row_field) for part in meaning.key)
    except (Unresolved, LookupError):
        return amount, None


def _part(part: Any, values: Values, row_field: FieldOfRow) -> int | str:
    if isinstance(part, RowField):
        index = resolve(part.index, values)
        found = row_field(part.table, index, part.field) if isinstance(index, int) and index >= 0 else None
    else:
        found = resolve(part, values)
    if not isinstance(found, int | str):
        raise Unresolved(f"{found!r:.40} is no number or text")
    return found


def _row_fields(reading: Reading) -> FieldOfRow:
    def row_field(table: str, index: int, field: str) -> Any:
        rows: Sequence[Record] = reading.tables[table]
        return rows[index].values[field]

    return row_field


def _of_rows(
    rows: RowSequence, name: str, meaning: ComparedWithFact, row_field: FieldOfRow
) -> Iterator[FactUse]:
    """Yields what the rows of a table ask, each combination of the numbers that count once."""
    names = names_of(meaning, name)
    outer: Values = {"_": rows.outer, "_root": rows.outer.get("_root")}
    if names.keys() <= set(rows.plan.names):
        columns = [_column(rows, each) for each in names]
        combined: Iterator[tuple[Any, ...]] = zip(*columns, strict=True)
    else:  # a text, which a row has when it is a record
        combined = (tuple(row.get(each) for each in names) for row in rows)
    places: dict[tuple[Any, ...], list[int]] = {}
    for number, numbers in enumerate(combined):
        places.setdefault(numbers, []).append(number)
    for numbers, indexes in places.items():
        values: Mapping[str, Any] = {**dict(zip(names, numbers, strict=True)), **outer}
        asked = asks(meaning, values[name], values, row_field)
        if asked is not None:
            value, key = asked
            yield FactUse(meaning.fact, name, value, key, _places(rows, indexes))


def names_of(meaning: ComparedWithFact, name: str) -> dict[str, None]:
    """Returns the fields of its own record that a comparison needs, that with the number first."""
    names = {name: None}
    for expression in meaning.expressions:
        names |= {path[0]: None for path in paths_in(expression) if not path[0].startswith("_")}
    return names


def _column(rows: RowSequence, name: str) -> Sequence[int]:
    at, _, packer = rows.plan.layout[name]
    if packer is None or not len(rows):
        return list(repeat(0, len(rows)))
    return column(rows.plan.packer.size, at, packer.format)(rows.bytes())


def _places(rows: RowSequence, indexes: Sequence[int]) -> Callable[[], Iterator[Record]]:
    return lambda: (rows[index] for index in indexes)
