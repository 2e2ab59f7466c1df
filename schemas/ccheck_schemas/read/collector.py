"""The fault collector of one reading: its faults, and which record owns which bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ccheck_schemas.coverage import Coverage, merged, subtract
from ccheck_schemas.fault import Fault, FaultDetails, FaultName
from ccheck_schemas.fault_details import BytesOwnedTwice, BytesUnowned, PaddingNotZero
from ccheck_schemas.record import Record, Unread
from ccheck_schemas.span import Span

FAULTS_KEPT = 1000
"""Faults of one name that are kept; more are only counted."""

Place = tuple[int, int]
"""Offset and end of bytes."""

Proofs = Sequence[tuple[str, Callable[[], Span]]]
"""Places that show a fault, asked for their spans only when the paths of all records are known."""


class Stop(Exception):
    """The file asks for more work than its size allows: stop reading."""


class _Note(NamedTuple):
    details: FaultDetails
    record: Record
    field: str | None
    place: Place | None
    proofs: Proofs


class FaultCollector:
    """What is noted while a file is read.

    Attributes:
        data: The whole file.
        complete: Nothing was passed over so far.
        work_limit: The bytes that all references to shared texts or records may have together.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)
        self.complete = True
        self.work_limit = 8 * len(data) + 65_536
        self.counts: Counter[FaultName] = Counter()
        self._notes: list[_Note] = []
        self._noted: set[tuple[FaultName, int, str | None, Place | None]] = set()
        self._claims: list[tuple[int, int, int, Record]] = []
        self._claimed = 0
        self.coverage = Coverage(len(data))

    def fault(
        self,
        details: FaultDetails,
        record: Record,
        field: str | None = None,
        place: Place | None = None,
        proofs: Proofs = (),
    ) -> None:
        """Note a fault at a field of a record, or at `place` when the bytes to blame are not the field's.

        The same fault at the same place is noted once, however many rules find it.
        """
        name = details.name
        key = (name, id(record), field, place)
        if key in self._noted:
            return
        if self.counts[name] < FAULTS_KEPT:
            self._noted.add(key)
        self.counts[name] += 1
        if self.counts[name] <= FAULTS_KEPT:
            self._notes.append(_Note(details, record, field, place, proofs))

    def blame(self, details: FaultDetails, record: Record, field: str | None, place: Place) -> None:
        """Note a fault at a field, or at `place` when the number to blame stands in no field of its own."""
        self.fault(details, record, field, None if field else place)

    def padding(self, record: Record, at: int, end: int) -> None:
        """Note padding that is not zero, from its first to its last such byte."""
        padding = self.data[at:end]
        if any(padding):
            place = (at + len(padding) - len(padding.lstrip(b"\0")), at + len(padding.rstrip(b"\0")))
            self.fault(PaddingNotZero(), record, "padding", place)

    def faults(self) -> tuple[Fault[FaultDetails], ...]:
        """All kept faults by offset. Asked at the end: only then are the paths of table rows known."""
        finished = [_finish(note) for note in self._notes]
        return tuple(sorted(finished, key=lambda f: (f.span.offset, f.span.end, f.name)))

    def noted(self, name: FaultName, record: Record, field: str) -> bool:
        """Whether this fault of a field is among those that are kept."""
        return (name, id(record), field, None) in self._noted

    def claim(self, record: Record, start: int, end: int, filled: int | None = None) -> None:
        """Give bytes to a record. filled: where its content ends, when its length says that it goes on to
        `end`; what lies between is not held against another record. Raises Stop when records claim the bytes
        of the file over and over.
        """
        record.end = end
        self._claims.append((start, end if filled is None else min(filled, end), end, record))
        self._claimed += end - start
        if self._claimed > 2 * self.size + 4096:
            self.fault(BytesOwnedTwice(other=None, link=False), record, place=(start, end))
            raise Stop

    def check_claims(self, top: Record) -> None:
        """See that each byte of the file belongs to one record."""
        at = reached = 0
        owner = top
        for start, filled, end, record in sorted(self._claims, key=lambda claim: claim[:2]):
            if start < at and end > start:
                self._owned_twice(record, owner, (start, min(at, end)))
            elif start > reached:
                self._unowned(top, (reached, start))
            if filled > at:
                at, owner = filled, record
            reached = max(reached, end)
        if reached < self.size:
            self._unowned(top, (reached, self.size))

    def _owned_twice(self, record: Record, owner: Record, place: Place) -> None:
        name = owner.path or "the header"
        proofs = ((f"{name} owns them", place_of(owner)),)
        self.fault(BytesOwnedTwice(name, link=False), record, place=place, proofs=proofs)

    def _unowned(self, top: Record, place: Place) -> None:
        if self.complete:
            for gap in subtract([place], merged(self.coverage.shared)):
                zero = not any(self.data[slice(*gap)])
                self.fault(BytesUnowned(zero), top, place=gap)

    def unread(self) -> tuple[Unread, ...]:
        """What was not looked into. Asked at the end, as `faults` is."""
        return self.coverage.unread((start, filled) for start, filled, _, _ in self._claims)


def place_of(record: Record) -> Callable[[], Span]:
    """Where a record stands, to be asked later."""
    return lambda: Span(record.offset, max(1, record.end - record.offset), record.path)


def _finish(note: _Note) -> Fault[FaultDetails]:
    if note.place is None:
        span = note.record.span(note.field)
    else:
        path = ".".join(part for part in (note.record.path, note.field or "") if part)
        span = Span(note.place[0], note.place[1] - note.place[0], path)
    return Fault(note.details, span, tuple((words, where()) for words, where in note.proofs))
