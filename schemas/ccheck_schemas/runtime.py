"""What generated modules need while they run. Imports neither Construct nor a schema, so that a start is
short.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from struct import Struct
from typing import Any, TypeAlias


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
        rows = memoryview(self.data)[start : start + count * packer.size] if start >= 0 else b""
        return packer.iter_unpack(rows)


def tiled(claims: list[tuple[int, int]], size: int) -> bool:
    """Whether the extents cover a file from 0 to `size`, each byte once."""
    at = 0
    for start, end in sorted(claims):
        if start != at:
            return False
        at = end
    return at == size


Account: TypeAlias = "array[int]"
"""Items of one kind, ascending: the offset shifted left by 32 bits, and the offset behind the item."""


def held(account: Account, key: int) -> bool:
    """Whether an account has an item."""
    at = bisect_left(account, key)
    return at < len(account) and account[at] == key


def shared_out(
    data: bytes, start: int, end: int, accounts: tuple[tuple[Account, set[int], int], ...]
) -> bool:
    """Whether items share out a pool, with zeros alone in front of an aligned one.

    accounts: items that came in order, those that did not, and their alignment. The same bytes may be an item
    of two kinds.
    """
    keys: list[int] = []
    for account, others, _ in accounts:
        keys += account
        keys += others
    keys.sort()
    aligned = [(sorted((*a, *o)) if o else a, align) for a, o, align in accounts if align > 1]
    passed = [0] * len(aligned)
    at, before = start, -1
    for key in keys:
        offset = key >> 32
        if offset != at or key == before:
            if key == before:
                continue
            unit = 1
            for i, (items, align) in enumerate(aligned):
                # Keys ascend, so each account is walked through once.
                while passed[i] < len(items) and items[passed[i]] < key:
                    passed[i] += 1
                if passed[i] < len(items) and items[passed[i]] == key:
                    unit = max(unit, align)
            if offset != at + -at % unit or any(data[at:offset]):
                return False
        before = key
        at = key & 0xFFFFFFFF
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
