"""Read numbers that take no bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from ccheck_schemas.fault_details import ExpressionUnresolved, TextNotTerminated
from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import paths_in
from ccheck_schemas.read.handlers.meanings import check_meaning
from ccheck_schemas.record import Record

if TYPE_CHECKING:
    from ccheck_schemas.read.reader import Reader


def computed(
    node: tree.Computed, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Computes a number, and checks its meanings. Its place is that of the fields that it follows from."""
    value = reader.number(node.value, record, name, at)
    low, high = node.range
    if not low <= value <= high:
        large = ExpressionUnresolved(repr(node.value), "the number is larger than any field")
        reader.collector.fault(large, record, name, (at, at))
        reader.stop()
    record.put(name, value, at, at)
    if node.meanings:
        record.put(name, value, *_origin(node, record, at))
    for meaning in node.meanings:
        check_meaning(reader, meaning, value, record, name)
    return at


def _origin(node: tree.Computed, record: Record, at: int) -> tuple[int, int]:
    """Returns the bytes of the fields of the same record that a number follows from."""
    names = {path[0] for path in paths_in(node.value) if len(path) == 1 and path[0] in record.values}
    places = [record.place(name) for name in names]
    return min((start for start, _, _ in places), default=at), max((end for _, end, _ in places), default=at)


def place_number(
    node: tree.PlaceNumber, reader: Reader, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Stores a number of the place of the field."""
    start, end, _ = reader.stream
    value: int | None
    match node.of:
        case tree.Place.POSITION:
            value = at - start
        case tree.Place.SIZE:
            value = end - start
        case tree.Place.INDEX:
            _, opened, index = record.label.rpartition("[")
            value = int(index[:-1]) if opened else None  # lint lets it stand in elements of lists alone
        case tree.Place.UP_TO:
            value = node.up_to(reader.data, at, limit)
            reader.look_through(record, name, at, limit - at if value is None else value)
            if value is None:
                record.put(name, None, at, limit)
                if promised <= limit:
                    reader.collector.fault(TextNotTerminated(), record, name, (at, limit))
                reader.stop()
        case _:
            assert_never(node.of)
    record.put(name, value, at, at)
    return at
