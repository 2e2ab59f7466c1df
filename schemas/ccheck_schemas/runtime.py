"""What generated modules need while they run. Imports neither Construct nor a schema, so that a start is
short.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from struct import Struct
from typing import Any


@dataclass(frozen=True, slots=True)
class Columns:
    """A file without faults, as columns: nothing is copied until it is asked for.

    numbers: those of the top record, by their path. tables: packer, offset and number of rows. pools: start
    and end.
    """

    data: bytes
    numbers: Mapping[str, Any]
    tables: Mapping[str, tuple[Struct, int, int]]
    pools: Mapping[str, tuple[int, int]]

    def rows(self, table: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a table, each a tuple of its numbers in the order of the format; none when it is not
        there.
        """
        packer, start, count = self.tables[table]
        return packer.iter_unpack(self.data[start : start + count * packer.size] if start >= 0 else b"")


def tiled(claims: list[tuple[int, int]], size: int) -> bool:
    """Whether the extents cover a file from 0 to `size`, each byte once."""
    at = 0
    for start, end in sorted(claims):
        if start != at:
            return False
        at = end
    return at == size


def shared_out(data: bytes, start: int, end: int, accounts: tuple[tuple[dict[int, int], int], ...]) -> bool:
    """Whether items share out a pool, with zeros alone in front of an aligned one.

    accounts: items (offset to end) and their alignment. The same bytes may be an item of two kinds.
    """
    items: dict[int, int] = {}
    aligned: dict[int, int] = {}
    for account, align in accounts:
        if align > 1:
            aligned.update(dict.fromkeys(account, align))
        if items and any(items.get(offset, stop) != stop for offset, stop in account.items()):
            return False
        items |= account
    at = start
    for offset in sorted(items):
        if offset != at:
            padded = at + -at % aligned.get(offset, 1)
            if offset != padded or any(data[at:offset]):
                return False
        at = items[offset]
    return at == end


def well_formed(
    data: bytes, at: int, end: int, encoding: str, unit: int, terminator: str, lists: bool
) -> bool:
    """Whether text of any encoding is what `ccheck_schemas.text.decode` finds no fault in."""
    raw = data[at:end]
    nul = raw.find(bytes(unit))
    while nul >= 0 and nul % unit:
        nul = raw.find(bytes(unit), nul + 1)
    if terminator == "behind":
        if any(data[end : end + unit]) or (nul >= 0 and not lists):
            return False
    elif terminator == "inside":
        if nul < 0 or raw[nul:].strip(b"\0"):
            return False
        raw = raw[:nul]
    if len(raw) % unit:
        return False
    raw.decode(encoding)
    return True


def sound_text(
    data: bytes, at: int, end: int, encoding: str, unit: int, terminator: str, lists: bool
) -> bool:
    """`well_formed`, with text that its encoding refuses as a plain False."""
    try:
        return well_formed(data, at, end, encoding, unit, terminator, lists)
    except UnicodeDecodeError:
        return False
