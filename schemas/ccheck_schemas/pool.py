"""Pools, and the items that share out their bytes."""

from __future__ import annotations

from typing import Any

from ccheck_schemas import meaning as m
from ccheck_schemas.ledger import Ledger, Stop
from ccheck_schemas.record import PoolItem, Record
from ccheck_schemas.span import Span
from ccheck_schemas.text import decode


class Pools:
    """The pools of one reading, by name, and the fields that name their items."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._named: dict[str, list[tuple[Record, str, m.Pooled]]] = {}
        self.extents: dict[str, tuple[int, int]] = {}
        self.items: dict[str, tuple[PoolItem, ...]] = {}

    def add(self, region: str, start: int, end: int) -> bool:
        """Enter a pool. False when the name is taken."""
        if region in self.extents:
            return False
        self.extents[region] = (start, end)
        return True

    def take(self, record: Record, name: str, node: m.Pooled) -> None:
        """Note a record that names an item."""
        self._named.setdefault(node.region, []).append((record, name, node))

    def settle(self) -> None:
        """Read the items of each pool, and see that they share its bytes out between them."""
        for region, (start, end) in self.extents.items():
            found = self._read(self._named.get(region, []), start, end)
            self.items[region] = tuple(found[key] for key in sorted(found))
            self._share(region, start, min(end, self._ledger.size))

    def _read(
        self, named: list[tuple[Record, str, m.Pooled]], start: int, end: int
    ) -> dict[tuple[int, int], PoolItem]:
        ledger = self._ledger
        items: dict[tuple[int, int], PoolItem] = {}
        values: dict[tuple[int, int, int], Any] = {}
        work = 0
        for record, name, node in named:
            offset = m.evaluate(node.offset, record.values)
            length = m.evaluate(node.length, record.values)
            behind = _behind(node.subcon)
            stop = offset + length + behind
            if not self._inside(node, record, offset, length, behind, start, end) or stop > ledger.size:
                continue
            field = m.field_of(node.offset)
            if offset % node.align:
                place = (offset, offset + length)
                ledger.blame("offset-misaligned", record, field, place, value=offset, align=node.align)
                continue
            key = (offset, length, id(node.subcon))
            if key not in values:
                work += length
                if work > 8 * ledger.size + 65_536:
                    ledger.fault("pool-items-overlap", record, place=(offset, stop), value=offset, other=None)
                    raise Stop
                values[key] = self._value(node.subcon, record, name, offset, length)
                owner = record.span(field) if field else Span(offset, length, record.path)
                items.setdefault((offset, stop), PoolItem(offset, stop, node.align, owner))
            record.put(name, values[key], offset, offset + length)
        return items

    def _value(self, item: Any, record: Record, name: str, offset: int, length: int) -> Any:
        if isinstance(item, m.Text):
            return decode(self._ledger, item, record, name, offset, length)
        return self._ledger.data[offset : offset + length]

    def _inside(
        self, node: m.Pooled, record: Record, offset: int, length: int, behind: int, start: int, end: int
    ) -> bool:
        """Whether an item lies in its pool; written so that it cannot overflow, at any width."""
        if start <= offset <= end and 0 <= length <= end - offset and behind <= end - offset - length:
            return True
        outside = not start <= offset < end
        field = m.field_of(node.offset if outside else node.length)
        values = {"value": offset, "length": length, "behind": behind, "start": start, "end": end}
        place = (record.offset, record.end)
        self._ledger.blame("offset-outside-region", record, field, place, region=node.region, **values)
        return False

    def _share(self, region: str, start: int, end: int) -> None:
        """Each byte of the pool belongs to one item, or is zero padding in front of an aligned one."""
        at = start
        before: PoolItem | None = None
        top = Record(None, region, start)
        for item in self.items[region]:
            if before is not None and item.offset < before.end:
                place = (item.offset, min(item.end, before.end))
                proofs = (("named here", _owner(before)), ("and here", _owner(item)))
                self._ledger.fault(
                    "pool-items-overlap", top, None, place, proofs, value=item.offset, other=before.offset
                )
            elif item.offset > at:
                self._spare(top, at, item.offset, item.align)
            if before is None or item.end > before.end:
                before = item
            at = max(at, item.end)
        if at < end:
            self._spare(top, at, end, 1)

    def _spare(self, top: Record, at: int, end: int, align: int) -> None:
        """Bytes of a pool between its items."""
        if not self._ledger.complete:
            return
        if end - at >= align or end != at + -at % align:
            self._ledger.fault("pool-text-unused", top, place=(at, end), length=end - at)
        elif any(padding := self._ledger.data[at:end]):
            first = at + len(padding) - len(padding.lstrip(b"\0"))
            self._ledger.fault("padding-not-zero", top, "padding", (first, at + len(padding.rstrip(b"\0"))))


def _behind(item: Any) -> int:
    """Bytes of the NUL that follows an item without being counted."""
    return item.unit if isinstance(item, m.Text) and item.terminator == "behind" else 0


def _owner(item: PoolItem) -> Any:
    return lambda: item.owner
