"""Two readings of the same bytes, rows in bulk and one by one, compared."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import construct

from ccheck_schemas.layout.lint import layout_of
from ccheck_schemas.read import read
from ccheck_schemas.record import Reading, Record

_layout_of = lru_cache(maxsize=16)(layout_of)


def read_both(root: construct.Construct, data: bytes, *, deep: bool = True) -> Reading:
    """The reading of the bytes, which must be the same both ways: faults, counts, and, if `deep`, all records."""
    layout = _layout_of(root)
    fast = read(layout, data)
    slow = read(layout, data, bulk=False)
    assert fast.faults == slow.faults, data.hex()
    assert (fast.counts, fast.complete, fast.pools) == (slow.counts, slow.complete, slow.pools), data.hex()
    assert {name: len(rows) for name, rows in fast.tables.items()} == {
        name: len(rows) for name, rows in slow.tables.items()
    }
    if deep:
        assert _plain(fast.root, set()) == _plain(slow.root, set()), data.hex()
        for name, rows in slow.tables.items():
            assert [_plain(row, set()) for row in fast.tables[name]] == [_plain(row, set()) for row in rows]
    return fast


def _plain(value: Any, seen: set[int]) -> Any:
    """A record as nested tuples: path, place, and each field with its place."""
    if isinstance(value, Record):
        if id(value) in seen:
            return value.path
        seen.add(id(value))
        fields = [(name, _plain(held, seen), value.span(name)) for name, held in value.items()]
        return value.path, value.offset, value.end, fields
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(item, seen) for item in value]
    return value
