"""Blocks of texts that end in a NUL, and the fields that name a text by its offset."""

from __future__ import annotations

from ccheck_schemas.fault_details import (
    OffsetOutsideRegion,
    PoolTextUnused,
    TextMalformed,
    TextNotTerminated,
    WorkOutOfProportion,
)
from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import field_of, integer_value
from ccheck_schemas.read.collector import FaultCollector, Stop
from ccheck_schemas.record import Record


class Blocks:
    """The blocks of texts of one reading by name, and the fields that name their texts."""

    def __init__(self, collector: FaultCollector) -> None:
        self._collector = collector
        self._named: dict[str, list[tuple[Record, str, tree.SharedText]]] = {}
        self.extents: dict[str, tuple[int, int]] = {}

    def add(self, block: str, start: int, end: int) -> bool:
        """Adds a block. Returns False if there is one of the same name."""
        if block in self.extents:
            return False
        self.extents[block] = (start, end)
        return True

    def take(self, record: Record, name: str, node: tree.SharedText) -> None:
        """Adds a field that names a text."""
        self._named.setdefault(node.block, []).append((record, name, node))

    def read_texts(self) -> None:
        """Reads the texts of each block, and reports bytes that belong to none.

        Raises:
            Stop: Records name more bytes of text than the size of the file allows.
        """
        for block, (start, end) in self.extents.items():
            first = self._read(self._named.get(block, []), start, min(end, self._collector.size))
            self._spare(block, first, start, min(end, self._collector.size))

    def _read(self, named: list[tuple[Record, str, tree.SharedText]], start: int, end: int) -> dict[int, int]:
        """Stores the text of each field. Returns the earliest start of a text by the end of the text."""
        collector = self._collector
        known: dict[tuple[int, str], tuple[str | None, int]] = {}
        first: dict[int, int] = {}
        work = 0
        for record, name, node in named:
            offset = integer_value(node.offset, record.values)
            at = start + offset
            field = field_of(node.offset)
            if not 0 <= offset < end - start:
                outside = OffsetOutsideRegion(at, 0, 1, start, end, node.block)
                collector.blame(outside, record, field, (record.offset, record.end))
                continue
            if (at, node.encoding) not in known:
                stop = collector.data.find(b"\0", at, end)
                known[at, node.encoding] = self._text(record, name, node, at, stop, end)
            text, stop = known[at, node.encoding]
            # Counted for each record that names the text: a consumer reads the text once for each of them.
            work += stop - at + 1
            if work > collector.work_limit:
                too_much = WorkOutOfProportion("texts", work, collector.work_limit)
                collector.fault(too_much, record, name, (at, stop))
                raise Stop
            record.put(name, text, at, stop)
            reach = min(stop + 1, end)
            first[reach] = min(first.get(reach, at), at)
        return first

    def _text(
        self, record: Record, name: str, node: tree.SharedText, at: int, stop: int, end: int
    ) -> tuple[str | None, int]:
        if stop < 0:
            self._collector.fault(TextNotTerminated(), record, name, (at, end))
            return None, end
        try:
            return self._collector.data[at:stop].decode(node.encoding), stop
        except UnicodeDecodeError as bad:
            malformed = TextMalformed(f"not {node.encoding}: {bad.reason}")
            self._collector.fault(malformed, record, name, (at + bad.start, at + bad.end))
            return None, stop

    def _spare(self, block: str, first: dict[int, int], start: int, end: int) -> None:
        """Reports bytes that belong to no named text."""
        if not self._collector.complete:
            return
        at = start
        for stop in sorted(first):
            self._unused(block, at, first[stop])
            at = stop
        self._unused(block, at, end)

    def _unused(self, block: str, at: int, end: int) -> None:
        if at < end:
            self._collector.fault(PoolTextUnused(end - at), Record(None, block, at), place=(at, end))
