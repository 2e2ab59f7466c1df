"""Pools, and the items that own their bytes."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from functools import partial

from ccheck_schemas.fault import FaultName
from ccheck_schemas.fault_details import (
    OffsetMisaligned,
    OffsetOutsideRegion,
    PaddingNotZero,
    PoolItemsOverlap,
    PoolTextUnused,
)
from ccheck_schemas.generate.python.runtime import Account
from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import field_of, integer_value
from ccheck_schemas.read.collector import FAULTS_KEPT, FaultCollector, Stop
from ccheck_schemas.read.rows import RowSequence
from ccheck_schemas.read.text import decode, taken
from ccheck_schemas.record import Record
from ccheck_schemas.span import Span

_Namer = tuple[Record | RowSequence, str, tree.Pooled | None]
"""A record with the field that names an item and its node, or all rows of a table."""

_LOW = (1 << 32) - 1
_TAG = 8
"""Bits below the key of an item that number its account, if all accounts are sorted together."""


class Pools:
    """The pools of one reading by name, and the fields that name their items."""

    def __init__(self, collector: FaultCollector) -> None:
        self._collector = collector
        self._named: dict[str, list[_Namer]] = {}
        self.extents: dict[str, tuple[int, int]] = {}
        self._absent: list[str] = []

    def add(self, region: str, start: int, end: int) -> bool:
        """Adds a pool. Returns False if there is one of the same name."""
        if region in self.extents:
            return False
        self.extents[region] = (start, end)
        return True

    def take(self, record: Record, name: str, node: tree.Pooled) -> None:
        """Adds a field that names an item."""
        self._named.setdefault(node.region, []).append((record, name, node))

    def take_rows(self, rows: RowSequence, region: str) -> None:
        """Adds a table whose rows name items."""
        self._named.setdefault(region, []).append((rows, "", None))

    def close(self) -> None:
        """Treats pools that were not found as empty. Call it if the file has no fault so far."""
        self._absent = [region for region in self._named if region not in self.extents]

    def read_items(self) -> None:
        """Reads the items of each pool, and reports bytes that two items own, or none."""
        for region, (start, end) in self.extents.items():
            _Items(self._collector, region, start, end, self._named.get(region, [])).read_items()
        for region in self._absent:
            _Items(self._collector, region, 0, 0, self._named[region]).read_items()


class _Items:
    """The items of one pool. An item belongs to the first field that names it, where its faults are reported.

    The key of an item is its offset, shifted left, plus the offset after it.
    """

    def __init__(
        self, collector: FaultCollector, region: str, start: int, end: int, named: list[_Namer]
    ) -> None:
        self._collector = collector
        self._region = region
        self._start = start
        self._end = end
        self._named = named
        self._bits = 32 if collector.size <= _LOW else 64
        self._limit = 8 * collector.size + 65_536
        self._work = 0
        self._values: dict[tuple[int, int, int], str | bytes | None] = {}
        self._read_aligns: dict[int, int] = {}
        self._wanted: set[int] = set()
        self._owners: dict[int, tuple[Span, int]] = {}

    def read_items(self) -> None:
        """Reads all items, then reports bytes that two items own, or none."""
        accounts = self._scanned()
        if accounts is None:
            accounts, each = [], list(self._one_by_one())
            self._named = [*each]
            for record, name, node in each:
                self._read(record, name, node)
        self._share(accounts)

    # -- reading

    def _scanned(self) -> list[tuple[int, Account]] | None:
        """Reads all items of tables in bulk.

        Returns:
            The alignment and the items of each field that names some. None, with nothing reported, if there
            are so many bytes that items must be read one by one.
        """
        data = self._collector.data
        left = self._limit
        accounts: list[tuple[int, Account]] = []
        suspects: list[tuple[Record, str, tree.Pooled]] = []
        for namer, name, node in self._named:
            if isinstance(namer, RowSequence):
                mine, rows = self._scan(namer, left)
                if rows is None:
                    return None
                accounts += mine
                suspects += ((namer[i], *pair) for i in rows for pair in _pooled(namer, namer[i]))
                left -= sum((key & _LOW) - (key >> 32) for _, account in mine for key in account)
            elif node is not None:
                suspects.append((namer, name, node))
        lengths = (_extent(node, record)[1] for record, _, node in suspects)
        left -= sum(length for length in lengths if 0 <= length <= len(data))
        if left < 0 or len(accounts) >= 1 << _TAG or self._bits > 32:
            return None
        for record, name, node in suspects:
            self._read(record, name, node)
        for namer, _, _ in self._named:
            if isinstance(namer, RowSequence):
                namer.finish(partial(self._fill, namer))
        return accounts

    def _scan(self, rows: RowSequence, limit: int) -> tuple[list[tuple[int, Account]], list[int] | None]:
        """Returns the valid items that the rows of a table name, and the numbers of the other rows."""
        scan = rows.plan.pool
        if scan is None:
            return [], []
        data = self._collector.data
        accounts = [array("Q") for _ in scan.aligns]
        found = scan.suspects(data, rows.bytes(), self._start, min(self._end, len(data)), accounts, limit)
        return list(zip(scan.aligns, accounts, strict=True)), found and list(dict.fromkeys(found))

    def _one_by_one(self) -> Iterator[tuple[Record, str, tree.Pooled]]:
        for namer, name, node in self._named:
            if isinstance(namer, RowSequence):
                for record in namer:
                    yield from ((record, *pair) for pair in _pooled(namer, record))
            elif node is not None:
                yield namer, name, node

    def _read(self, record: Record, name: str, node: tree.Pooled) -> None:
        """Checks an item, and stores its value in the field that names it."""
        collector = self._collector
        offset, length, behind = _extent(node, record)
        stop = offset + length + behind
        if not self._inside(node, record, offset, length, behind) or stop > collector.size:
            return
        field = field_of(node.offset)
        if offset % node.align:
            place = (offset, offset + length)
            collector.blame(OffsetMisaligned(offset, node.align), record, field, place)
            return
        key = (offset, length, id(node.item))
        if key not in self._values:
            self._work += length
            if self._work > self._limit:
                collector.fault(PoolItemsOverlap(offset, None), record, place=(offset, stop))
                raise Stop
            item = node.item
            if isinstance(item, tree.Text):
                self._values[key] = decode(collector, item, record, name, offset, length)
            else:
                self._values[key] = collector.data[offset : offset + length]
            self._read_aligns.setdefault(offset << self._bits | stop, node.align)
        record.put(name, self._values[key], offset, offset + length)

    def _fill(self, rows: RowSequence, _: int, record: Record) -> None:
        """Stores the items of a row."""
        data = self._collector.data
        for name, node in _pooled(rows, record):
            offset, length, behind = _extent(node, record)
            if self._contains(offset, length, behind) and not offset % node.align:
                item = node.item
                key = (offset, length, id(item))
                if key not in self._values:  # rows that name one item share its value
                    if isinstance(item, tree.Text):
                        self._values[key] = taken(item, data, offset, length)[0]
                    else:
                        self._values[key] = data[offset : offset + length]
                record.put(name, self._values[key], offset, offset + length)

    def _contains(self, offset: int, length: int, behind: int) -> bool:
        """Returns whether an item lies in its pool and in the file."""
        within = self._start <= offset <= self._end and 0 <= length <= self._end - offset - behind
        return within and offset + length + behind <= self._collector.size

    def _inside(self, node: tree.Pooled, record: Record, offset: int, length: int, behind: int) -> bool:
        """Returns whether an item lies in its pool, without overflow at any width; reports one outside."""
        start, end = self._start, self._end
        if start <= offset <= end and 0 <= length <= end - offset and behind <= end - offset - length:
            return True
        outside = not start <= offset < end
        field = field_of(node.offset if outside else node.length)
        details = OffsetOutsideRegion(offset, length, behind, start, end, node.region)
        self._collector.blame(details, record, field, (record.offset, record.end))
        return False

    # -- sharing out

    def _share(self, accounts: list[tuple[int, Account]]) -> None:
        """Checks that each byte of the pool belongs to one item, or is zero padding before an aligned one."""
        bits, low = self._bits, (1 << self._bits) - 1
        aligns = [align for align, _ in accounts]
        tagged = [key << _TAG | tag for tag, (_, account) in enumerate(accounts) for key in account]
        tagged += [key << _TAG | len(aligns) for key in self._read_aligns]
        tagged.sort()
        top = Record(None, self._region, self._start)
        at = reached = self._start
        before = last = -1
        for position, packed in enumerate(tagged):
            key = packed >> _TAG
            if key == last:
                continue
            last = key
            offset, stop = key >> bits, key & low
            if offset != at:
                if offset < reached:
                    self._overlap(top, before, key)
                elif offset > at:
                    self._spare(top, at, offset, self._align(key, tagged, position, aligns))
            if before < 0 or stop > reached:
                before, reached = key, stop
            at = max(at, stop)
        end = min(self._end, self._collector.size)
        if at < end:
            self._spare(top, at, end, 1)

    def _align(self, key: int, tagged: list[int], position: int, aligns: list[int]) -> int:
        """Returns the alignment of an item: that of the first field that names it."""
        found = set()
        while position < len(tagged) and tagged[position] >> _TAG == key:
            tag = tagged[position] & (1 << _TAG) - 1
            found.add(aligns[tag] if tag < len(aligns) else self._read_aligns[key])
            position += 1
        return found.pop() if len(found) == 1 else self._owner(key)[1]

    def _overlap(self, top: Record, before: int, key: int) -> None:
        """Reports two items that share bytes."""
        bits, low = self._bits, (1 << self._bits) - 1
        place = (key >> bits, min(key & low, before & low))
        if self._collector.counts[FaultName.POOL_ITEMS_OVERLAP] < FAULTS_KEPT:
            self._wanted |= {before, key}
        related = (
            ("named here", lambda: self._owner(before)[0]),
            ("and here", lambda: self._owner(key)[0]),
        )
        overlap = PoolItemsOverlap(key >> bits, before >> bits)
        self._collector.fault(overlap, top, None, place, related)

    def _spare(self, top: Record, at: int, end: int, align: int) -> None:
        """Reports bytes of a pool between its items."""
        if not self._collector.complete:
            return
        if end - at >= align or end != at + -at % align:
            self._collector.fault(PoolTextUnused(end - at), top, place=(at, end))
        elif any(padding := self._collector.data[at:end]):
            first = at + len(padding) - len(padding.lstrip(b"\0"))
            place = (first, at + len(padding.rstrip(b"\0")))
            self._collector.fault(PaddingNotZero(), top, "padding", place)

    def _owner(self, key: int) -> tuple[Span, int]:
        """Returns the first field that names an item, and the item's alignment there.

        All items that may be needed are looked up together.
        """
        if key not in self._owners:
            self._wanted.add(key)
            for record, node in self._namers(frozenset(self._wanted)):
                offset, length, behind = _extent(node, record)
                named = offset << self._bits | offset + length + behind
                if (
                    self._contains(offset, length, behind)
                    and named in self._wanted
                    and not offset % node.align
                ):
                    field = field_of(node.offset)
                    owner = record.span(field) if field else Span(offset, length, record.path)
                    self._owners.setdefault(named, (owner, node.align))
        return self._owners[key]

    def _namers(self, wanted: frozenset[int]) -> Iterator[tuple[Record, tree.Pooled]]:
        """Yields the records that may name the wanted items, in reading order."""
        for namer, _, node in self._named:
            if isinstance(namer, RowSequence):
                scan = namer.plan.pool
                end = min(self._end, self._collector.size)
                found = (
                    scan.find(self._collector.data, namer.bytes(), self._start, end, wanted) if scan else []
                )
                first: dict[int, int] = {}
                for i, named in found:
                    first.setdefault(named, i)
                for i in sorted(set(first.values())):
                    yield from ((namer[i], pooled) for _, pooled in _pooled(namer, namer[i]))
            elif node is not None:
                yield namer, node


def _extent(node: tree.Pooled, record: Record) -> tuple[int, int, int]:
    """Returns the offset and length of an item, and the bytes of the uncounted NUL after it."""
    return integer_value(node.offset, record.values), integer_value(node.length, record.values), node.behind


def _pooled(rows: RowSequence, record: Record) -> list[tuple[str, tree.Pooled]]:
    """Returns the fields of a row that name items, with their nodes."""
    found = []
    for name, field in rows.plan.pooled:
        node = field
        while isinstance(node, tree.If):
            node = node.then if node.condition.of(record.values) else node.otherwise
        if isinstance(node, tree.Pooled):
            found.append((name, node))
    return found
