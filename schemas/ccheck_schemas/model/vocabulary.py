"""What of a format's vocabulary a file uses: kinds of records, named values, flags and versions, in words.

Numbers that could be anything are left out, and so are texts: what is left is small, and the same for all
files that use the same things.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import zip_longest

import construct

from ccheck_schemas.model.decompose import decompose
from ccheck_schemas.model.record_type import DERIVED, Number, RecordType, Role

_SINGLE = frozenset({Role.ENUM, Role.VERSION})


def vocabulary(root: construct.Construct, data: bytes) -> frozenset[str]:
    """Words such as ``rules[].flags: no_ofdm``, one for each thing that `data` has, by the schema `root`.
    Any bytes have some, or none.
    """
    file_model = decompose(root, data)
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
            # Most records of a type are like some other: each look is taken once.
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
    """The name that the schema has for a value, or the value itself."""
    return _names(number).get(value, str(value))


@cache
def _names(number: Number) -> dict[int, str]:
    """The values of a number with their names; a value without one stands for itself."""
    names = zip_longest(number.values, number.names)
    return {value: name or str(value) for value, name in names}
