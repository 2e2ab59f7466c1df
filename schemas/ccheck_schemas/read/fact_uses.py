"""What a file asks of driver builds: the numbers that are compared with their facts, each once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import Any

from ccheck_schemas.build_facts import Fact, FactKind
from ccheck_schemas.digits import DigitForm
from ccheck_schemas.generate.python.runtime import column
from ccheck_schemas.layout.expression import Expression, Path, Unresolved, Values, paths_in, resolve
from ccheck_schemas.layout.meanings import ComparedWithFact, KeyPart, RowField
from ccheck_schemas.read.rows import RowSequence
from ccheck_schemas.record import Compared, Reading, Record
from ccheck_schemas.span import Span

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
        key: The key of the content; None if the key, the condition or the amount has no value in this file.
        places: Yields the bytes of the number, in each place.
    """

    fact: Fact
    field: str
    value: int
    key: Key | None
    places: Callable[[], Iterator[Span]]


def fact_uses(reading: Reading, kind: FactKind, *, refused: bool = False) -> Iterator[FactUse]:
    """Yields what a file asks of driver builds.

    A number that a driver does nothing with is left out.

    Args:
        reading: The file.
        kind: The kind of facts.
        refused: Whether to include numbers that another meaning of their field refuses.
    """
    row_field = _row_fields(reading)
    found: dict[tuple[int, str, int, Key | None], list[Compared]] = {}
    for one in reading.compared:
        if one.meaning.fact.kind is kind:
            asked = asks(one.meaning, one.number, one.record.values, row_field, refused=refused)
            if asked is not None:
                field = one.name.partition("[")[0]
                found.setdefault((id(one.meaning), field, *asked), []).append(one)
    for (_, field, value, key), places in found.items():
        yield FactUse(places[0].meaning.fact, field, value, key, partial(_spans, places))
    for rows in reading.compared_rows:
        if isinstance(rows, RowSequence):
            for name, meaning in rows.plan.compared:
                if meaning.fact.kind is kind:
                    yield from _of_rows(rows, name, meaning, row_field, refused=refused)


def _spans(places: Sequence[Compared]) -> Iterator[Span]:
    return (one.span for one in places)


def asks(
    meaning: ComparedWithFact, number: int, values: Values, row_field: FieldOfRow, *, refused: bool = False
) -> tuple[int, Key | None] | None:
    """Returns what one record asks: the value and the key of a comparison.

    Args:
        meaning: The comparison.
        number: The number of the field.
        values: The fields that expressions can name.
        row_field: Gives a field of a row of a table.
        refused: Whether a number counts that another meaning refuses.

    Returns:
        None for a number that a driver does nothing with, or that the schema refuses. The key is None if the
        key, the condition or the amount has no value.
    """
    if not refused and not all(one.allows(number) for one in meaning.others):
        return None
    try:
        if meaning.harmless is not None and _number(meaning.harmless, values):
            return None
        amount = number if meaning.amount is None else _number(meaning.amount, values)
    except Unresolved:
        return number, None
    try:
        return amount, tuple(_part(part, values, row_field) for part in meaning.key)
    except (Unresolved, LookupError):
        return amount, None


def _number(expression: Expression, values: Values) -> int:
    """Returns the value of a condition or an amount.

    A field of a branch that is not there is None, and a comparison with it would be true or false.

    Raises:
        Unresolved: It, or a field that it names, has no value.
    """
    for path in paths_in(expression):
        if resolve(Path(path), values) is None:
            raise Unresolved(f"{Path(path)!r} is not there")
    found = resolve(expression, values)
    if not isinstance(found, int):
        raise Unresolved(f"{expression!r} is no number")
    return int(found)


def _part(part: KeyPart, values: Values, row_field: FieldOfRow) -> int | str:
    if isinstance(part, RowField):
        index = resolve(part.index, values)
        found = row_field(part.table, index, part.field) if isinstance(index, int) and index >= 0 else None
    else:
        found = resolve(part, values)
    if not isinstance(found, int | str):
        raise Unresolved(f"{found!r:.40} is no number or text")
    return int(found) if isinstance(found, bool) else found


def _row_fields(reading: Reading) -> FieldOfRow:
    def row_field(table: str, index: int, field: str) -> Any:
        rows: Sequence[Record] = reading.tables[table]
        return rows[index].values[field]

    return row_field


def _of_rows(
    rows: RowSequence, name: str, meaning: ComparedWithFact, row_field: FieldOfRow, *, refused: bool
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
        own = {each: number for each, number in zip(names, numbers, strict=True) if number is not None}
        if name not in own:
            continue
        values: Mapping[str, Any] = {**own, **outer}
        asked = asks(meaning, values[name], values, row_field, refused=refused)
        if asked is not None:
            value, key = asked
            yield FactUse(meaning.fact, name, value, key, partial(_spans_of_rows, rows, name, indexes))


def names_of(meaning: ComparedWithFact, name: str) -> dict[str, None]:
    """Returns the fields of its own record that a comparison needs, that with the number first."""
    names = {name: None}
    for expression in meaning.expressions:
        names |= {path[0]: None for path in paths_in(expression) if not path[0].startswith("_")}
    return names


def _column(rows: RowSequence, name: str) -> Sequence[int | None]:
    """Returns a number of all rows; None where it is malformed."""
    at, _, packer = rows.plan.layout[name]
    if packer is None or not len(rows):
        return list(repeat(0, len(rows)))
    if isinstance(packer, DigitForm):
        i = rows.plan.names.index(name)
        return [numbers[i] for numbers in rows.numbers()]
    return column(rows.plan.packer.size, at, packer.format)(rows.bytes())


def _spans_of_rows(rows: RowSequence, name: str, indexes: Sequence[int]) -> Iterator[Span]:
    return (rows[index].span(name) for index in indexes)
