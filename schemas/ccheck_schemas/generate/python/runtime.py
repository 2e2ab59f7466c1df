"""What generated modules need at run time. It imports neither Construct nor a schema, for a short start."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import chain, compress, islice
from operator import add, lt, or_, sub
from struct import Struct, calcsize
from typing import Any, NamedTuple, TypeAlias

from ccheck_schemas.digits import DigitForm, RowPacker

ROWS = 4096
"""Rows of a table that are processed together: more would cost memory, and gain nothing."""

_NATIVE = "<" if sys.byteorder == "little" else ">"
_CODES = str.maketrans("Ll", "Ii")
"""The format of a four-byte number in a view."""


class TableExtent(NamedTuple):
    """The place of a table.

    Attributes:
        start: The offset of the first row; -1 if the file has no such table.
        length: The number of rows.
        packer: Unpacks a row.
        places: The offset of each number in a row, and its format for `struct`, byte order first, or how its
            digits are read.
    """

    start: int
    length: int
    packer: Struct | RowPacker
    places: Mapping[str, tuple[int, str | DigitForm]]


@dataclass(frozen=True, slots=True)
class Columns:
    """A file without faults, as columns. Nothing is copied before it is needed.

    Attributes:
        data: The whole file.
        numbers: The numbers of the top record, by their path.
        tables: The tables by name.
        pools: Start and end of each pool.
    """

    data: bytes
    numbers: Mapping[str, Any]
    tables: Mapping[str, TableExtent]
    pools: Mapping[str, tuple[int, int]]

    def rows(self, table: str) -> Iterator[tuple[Any, ...]]:
        """Yields the numbers of each row of a table; none if the file has no such table."""
        found = self.tables[table]
        start = max(found.start, 0)
        return found.packer.iter_unpack(self.data[start : start + found.length * found.packer.size])

    def column(self, table: str, name: str, first: int, behind: int) -> list[int]:
        """Returns one number of the rows from `first` up to `behind`, exclusive."""
        found = self.tables[table]
        at, form = found.places[name]
        width = found.packer.size
        rows = memoryview(self.data)[found.start + first * width : found.start + behind * width]
        return list(column(width, at, form)(rows))

    def byte(self, table: str, name: str, first: int, behind: int, *, place: int = 0) -> bytes:
        """Returns one byte of a number of the rows from `first` up to `behind`, exclusive.

        Args:
            table: The name of the table.
            name: The name of the number.
            first: The first row.
            behind: The row after the last one.
            place: The byte; 0 is the first in the file.
        """
        found = self.tables[table]
        width = found.packer.size
        at = found.start + found.places[name][0] + place
        return self.data[at + first * width : found.start + behind * width : width]


def tiled(claims: list[tuple[int, int]], size: int) -> bool:
    """Returns whether extents cover a file from 0 to `size`, each byte once."""
    at = 0
    for start, end in sorted(claims):
        if start != at:
            return False
        at = end
    return at == size


def tiled_with_gaps(claims: list[tuple[int, int]], data: bytes, align: int, zero: bool) -> bool:
    """Returns whether extents cover a file, each byte once, but for padding up to a multiple of `align`."""
    at, size = 0, len(data)
    for start, end in [*sorted(claims), (size, size)]:
        gap = start - at
        if gap and not (0 < gap < align and (start % align == 0 or start == size)):
            return False
        if zero and any(data[at:start]):
            return False
        at = end
    return at == size


Account: TypeAlias = "array[int]"
"""Items of one kind, ascending: the offset shifted left by 32 bits, and the offset after the item."""


def contains(account: Account, key: int) -> bool:
    """Returns whether an account has an item."""
    at = bisect_left(account, key)
    return at < len(account) and account[at] == key


Column: TypeAlias = "Callable[[memoryview], Sequence[int]]"
"""Whole rows → one number of each."""


@lru_cache(maxsize=4096)
def column(width: int, at: int, form: str | DigitForm) -> Column:
    """Returns a function that takes one number out of rows.

    Args:
        width: The bytes of a row.
        at: The offset of the number in a row.
        form: Its format for `struct`, byte order first, or how its digits are read. The function raises
            ValueError for digits that are malformed.
    """
    if isinstance(form, DigitForm):
        number = form.number
        field = Struct(f"{at}x{form.length}s{width - at - form.length}x")
        return lambda rows: [number(raw) for (raw,) in field.iter_unpack(rows)]
    size = calcsize(form)
    if (form[0] == _NATIVE or size == 1) and width % size == 0 and at % size == 0:
        code: Any = form[1].translate(_CODES)  # a literal to mypy, which knows no text that is made
        first, step = at // size, width // size
        return lambda rows: rows.cast(code)[first::step].tolist()
    packer = Struct(f"{form[0]}{at}x{form[1]}{width - at - size}x")
    return lambda rows: [number for (number,) in packer.iter_unpack(rows)]


def chosen(pick: Sequence[int], *columns: Sequence[int]) -> Iterator[Sequence[int]]:
    """Returns the columns of the picked rows only."""
    return iter(columns) if all(pick) else (list(compress(every, pick)) for every in columns)


def others(pick: Sequence[int], *columns: Sequence[int]) -> Iterator[Sequence[int]]:
    """Returns the columns of the rows that are not picked."""
    return chosen([not picked for picked in pick], *columns) if any(pick) else iter(columns)


class Items:
    """Items of one kind in a pool. Each is tested once, however often it is named.

    Attributes:
        starts: The offsets of the items that came in ascending order.
        stops: The offsets after them.
        others: The other items, as keys of an `Account`.
    """

    __slots__ = ("align", "behind", "judged", "others", "starts", "stops", "text")

    def __init__(self, align: int, text: tuple[str, int, str, bool] | None) -> None:
        self.align = align
        self.text = text
        self.behind = text[1] if text is not None and text[2] == "behind" else 0
        self.starts, self.stops = array("Q"), array("Q")
        self.others: set[int] = set()
        self.judged = 0

    def take(self, data: bytes, start: int, end: int, offsets: Sequence[int], lengths: Sequence[int]) -> bool:
        """Adds items. Returns False if one is malformed or not inside the pool."""
        ends = list(map(add, offsets, lengths))
        stops = [to + self.behind for to in ends] if self.behind else ends
        if min(lengths) < 0 or min(offsets) < start or max(stops) > end:
            return False
        if self.align > 1 and not _aligned(offsets, self.align):
            return False
        if not _ascending(offsets) or (self.starts and offsets[0] <= self.starts[-1]):
            offsets, stops = self._unseen(offsets, stops)
            ends = [stop - self.behind for stop in stops]
        else:
            self.starts.extend(offsets)
            self.stops.extend(stops)
        # Items tile the pool in the end, so items of one kind have at most its bytes.
        self.judged += sum(stops) - sum(offsets)
        return self.judged <= end - start and (self.text is None or self._texts(data, offsets, ends))

    def has(self, start: int, stop: int) -> bool:
        """Returns whether an item was added."""
        at = bisect_left(self.starts, start)
        in_order = at < len(self.starts) and self.starts[at] == start and self.stops[at] == stop
        return in_order or start << 32 | stop in self.others

    def every(self) -> Iterator[tuple[int, int]]:
        """Yields the items, in no order."""
        yield from zip(self.starts, self.stops, strict=True)
        yield from ((key >> 32, key & 0xFFFFFFFF) for key in self.others)

    def _unseen(self, offsets: Sequence[int], stops: Sequence[int]) -> tuple[list[int], list[int]]:
        """Adds items, and returns those that are new."""
        new = [pair for pair in dict.fromkeys(zip(offsets, stops, strict=True)) if not self.has(*pair)]
        last = self.starts[-1] if self.starts else -1
        for start, stop in new:
            if start > last:
                self.starts.append(start)
                self.stops.append(stop)
                last = start
            else:
                self.others.add(start << 32 | stop)
        return [start for start, _ in new], [stop for _, stop in new]

    def _texts(self, data: bytes, offsets: Sequence[int], ends: Sequence[int]) -> bool:
        """Returns whether items are well-formed text. Raises UnicodeDecodeError for undecodable text."""
        if self.text is None:
            return True
        encoding, unit, terminator, lists = self.text
        if unit > 1 or terminator == "inside" or encoding != "utf-8":
            return all(well_formed(data, at, to, *self.text) for at, to in zip(offsets, ends, strict=True))
        if self.behind and any(map(data.__getitem__, ends)):
            return False
        texts = [data[at:to] for at, to in zip(offsets, ends, strict=True)]
        together = b"".join(texts)
        if self.behind and not lists and 0 in together:
            return False
        if not together.isascii():
            for text in texts:
                text.decode()
        return True


def _ascending(numbers: Sequence[int]) -> bool:
    """Returns whether each number is greater than the one before."""
    return all(map(lt, numbers, islice(numbers, 1, None)))


def _aligned(offsets: Sequence[int], align: int) -> bool:
    """Returns whether all offsets are multiples of a number."""
    if align & (align - 1) == 0:
        return not reduce(or_, offsets) & (align - 1)
    return not any(at % align for at in offsets)


def shared_out(data: bytes, start: int, end: int, *every: Items | None) -> bool:
    """Returns whether items tile the pool; only zero padding before aligned items."""
    kinds = [items for items in every if items is not None]
    late = [key for items in kinds for key in items.others]
    starts = array("Q", sorted(chain(*(items.starts for items in kinds), (key >> 32 for key in late))))
    stops = array("Q", sorted(chain(*(items.stops for items in kinds), (key & 0xFFFFFFFF for key in late))))
    # With ordered starts and stops, each byte has one item if each start is the stop before it.
    stops.insert(0, start)
    gaps = list(map(sub, starts, stops))
    if stops[-1] != end:
        return False
    if not any(gaps):
        return True
    aligned = [items for items in kinds if items.align > 1]
    if min(gaps) < 0 or len(aligned) != 1 or aligned[0].others:
        return _one_by_one(data, start, end, kinds)
    after = list(compress(starts, gaps))
    if max(gaps) >= aligned[0].align or not set(aligned[0].starts).issuperset(after):
        return False
    return not any(b"".join([data[at - gap : at] for at, gap in zip(after, filter(None, gaps), strict=True)]))


def _one_by_one(data: bytes, start: int, end: int, kinds: Sequence[Items]) -> bool:
    """Returns `shared_out` for items of which some have two kinds, or several alignments."""
    at, before = start, (-1, -1)
    for item in sorted(chain.from_iterable(items.every() for items in kinds)):
        if item[0] != at:
            if item == before:
                continue
            unit = max((items.align for items in kinds if items.has(*item)), default=1)
            if item[0] != at + -at % unit or any(data[at : item[0]]):
                return False
        before = item
        at = item[1]
    return at == end


def well_formed(
    data: bytes, at: int, end: int, encoding: str, unit: int, terminator: str, lists: bool
) -> bool:
    """Returns whether `ccheck_schemas.read.text.decode` finds no fault in a text of any encoding."""
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
    """Returns `well_formed`; False for text that its encoding refuses."""
    try:
        return well_formed(data, at, end, encoding, unit, terminator, lists)
    except UnicodeDecodeError:
        return False
