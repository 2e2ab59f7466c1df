"""What a file uses of its format's vocabulary, in words: record types, named values, flags and versions.

Numbers that could be anything are left out, and so are texts. The rest is small, and equal for all files that
use the same things.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import zip_longest

from ccheck_schemas.layout import tree
from ccheck_schemas.model.decompose import decompose
from ccheck_schemas.model.record_type import DERIVED, Number, RecordType, Role

_SINGLE = frozenset({Role.ENUM, Role.VERSION})


def vocabulary(layout: tree.Struct, data: bytes) -> frozenset[str]:
    """Returns the things that a file uses, such as ``rules[].flags: no_ofdm``.

    Args:
        layout: The layout of its format.
        data: The file, whatever its bytes are.
    """
    file_model = decompose(layout, data)
    found: set[str] = set()
    seen: set[tuple[RecordType, bytes]] = set()
    for piece in file_model.pieces:
        rows = None if piece.table is None else file_model.tables.get(piece.table)
        record_type = piece.record_type if rows is None else rows.record_type
        if record_type is None:
            continue
        size = record_type.size or piece.end - piece.start
        starts = (
            [piece.start] if rows is None else range(rows.start, rows.start + size * len(rows.rows), size)
        )
        for start in starts:
            # Most records are equal to another one: each distinct row is read once.
            row = (record_type, data[start : start + size])
            if row not in seen:
                seen.add(row)
                found.update(_words(*row))
    return frozenset(found)


def _words(record_type: RecordType, row: bytes) -> Iterator[str]:
    for number in record_type.numbers:
        place = row[number.delta : number.delta + number.packer.size]
        if len(place) < number.packer.size:
            continue
        (value,) = number.packer.unpack(place)
        where = ".".join(filter(None, (record_type.name, number.name)))
        if number.role is Role.FLAGS:
            yield from (f"{where}: {_name(number, bit)}" for bit in number.values if value & bit)
        elif number.role in _SINGLE and value in _names(number):
            yield f"{where}: {_name(number, value)}"
        elif number.role not in DERIVED and number.role is not Role.RESERVED:
            yield where
    for blob in record_type.blobs:
        if blob.exact is None:
            yield ".".join(filter(None, (record_type.name, blob.name)))


def _name(number: Number, value: int) -> str:
    """Returns the name of a value in the schema, or the value itself."""
    return _names(number).get(value, str(value))


@cache
def _names(number: Number) -> dict[int, str]:
    """Returns the names of the values of a number; a value without one is its own name."""
    names = zip_longest(number.values, number.names)
    return {value: name or str(value) for value, name in names}
