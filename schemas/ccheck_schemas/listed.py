"""Read lists that end with a mark: no count says how many records they have."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from ccheck_schemas import meaning as m
from ccheck_schemas.record import Record
from ccheck_schemas.size import fixed_size, number_at
from ccheck_schemas.tree import bare

if TYPE_CHECKING:
    from ccheck_schemas.read import _Reader


def terminated(
    reader: _Reader, node: m.Terminated, record: Record, name: str, at: int, limit: int, promised: int
) -> int:
    """Records up to the one whose mark is 0. What else that one holds is a fault."""
    listed = bare(node.subcon)[0]
    size = fixed_size(listed)
    mark = number_at(listed, node.last)
    if size is None or mark is None:
        raise TypeError(f"the records of {name} have no fixed size; lint refuses such a schema")
    shift, packer = mark[0], struct.Struct(mark[1].fmtstr)
    start = at
    rows: list[Record] = []
    record.put(name, rows, at, at)
    while True:
        reader.need(record, name, at, size, limit, promised)
        if packer.unpack_from(reader.data, at + shift)[0] == 0:
            break
        row = Record(record, f"{name}[{len(rows)}]", at)
        rows.append(row)
        at = row.end = reader.struct(listed, row, at, limit, promised)
    ending = reader.data[at : at + size]
    if any(ending):
        place = (at + len(ending) - len(ending.lstrip(b"\0")), at + len(ending.rstrip(b"\0")))
        value = int.from_bytes(ending.strip(b"\0"), "big")
        reader.ledger.fault("reserved-not-zero", record, name, place, value=value)
    record.put(name, rows, start, at + size)
    return at + size
