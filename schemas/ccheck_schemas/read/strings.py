"""Blocks of texts that each end in a NUL, and the fields that name a text by where it begins."""

from __future__ import annotations

from ccheck_schemas import meaning as m
from ccheck_schemas.fault_details import (
    OffsetOutsideRegion,
    PoolTextUnused,
    TextMalformed,
    TextNotTerminated,
    WorkOutOfProportion,
)
from ccheck_schemas.read.collector import FaultCollector, Stop
from ccheck_schemas.record import Record


class Blocks:
    """The blocks of texts of one reading, by name, and the fields that name their texts."""

    def __init__(self, collector: FaultCollector) -> None:
        self._collector = collector
        self._named: dict[str, list[tuple[Record, str, m.SharedText]]] = {}
        self.extents: dict[str, tuple[int, int]] = {}

    def add(self, block: str, start: int, end: int) -> bool:
        """Enter a block. False when the name is taken."""
        if block in self.extents:
            return False
        self.extents[block] = (start, end)
        return True

    def take(self, record: Record, name: str, node: m.SharedText) -> None:
        """Note a record that names a text."""
        self._named.setdefault(node.block, []).append((record, name, node))

    def read_texts(self) -> None:
        """Read the texts of each block, and see that they own all its bytes.

        Raises:
            Stop: Records name more bytes of text than the size of the file explains.
        """
        for block, (start, end) in self.extents.items():
            first = self._read(self._named.get(block, []), start, min(end, self._collector.size))
            self._spare(block, first, start, min(end, self._collector.size))

    def _read(self, named: list[tuple[Record, str, m.SharedText]], start: int, end: int) -> dict[int, int]:
        """Give each field its text. Where the longest text begins, by where it ends."""
        collector = self._collector
        known: dict[tuple[int, str], tuple[str | None, int]] = {}
        first: dict[int, int] = {}
        work = 0
        for record, name, node in named:
            offset = int(m.evaluate(node.offset, record.values))
            at = start + offset
            field = m.field_of(node.offset)
            if not 0 <= offset < end - start:
                outside = OffsetOutsideRegion(at, 0, 1, start, end, node.block)
                collector.blame(outside, record, field, (record.offset, record.end))
                continue
            if (at, node.encoding) not in known:
                stop = collector.data.find(b"\0", at, end)
                known[at, node.encoding] = self._text(record, name, node, at, stop, end)
            text, stop = known[at, node.encoding]
            # Counted for each record that names the text: whoever asks each record for it looks at it again.
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
        self, record: Record, name: str, node: m.SharedText, at: int, stop: int, end: int
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
        """Bytes that belong to no text that is named."""
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
