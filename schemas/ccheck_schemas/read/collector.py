"""The fault collector of one reading: its faults, and which record owns which bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple, assert_never

from ccheck_schemas.coverage import Coverage, merged, subtract
from ccheck_schemas.fault import Fault, FaultDetails, FaultName
from ccheck_schemas.fault_details import BytesOwnedTwice, BytesUnowned, PaddingNotZero
from ccheck_schemas.record import Record, Unread
from ccheck_schemas.span import Span
from ccheck_schemas.vocabulary.gaps import Gaps, OpaqueGaps

FAULTS_KEPT = 1000
"""Faults of one name that are kept; more are only counted."""

GAPS = "bytes between parts"
"""What reports call the bytes that nobody reads, and recipes too."""

Place = tuple[int, int]
"""Offset and end of bytes."""

Related = Sequence[tuple[str, Callable[[], Span]]]
"""Places that show a fault. Their spans are computed at the end, when the paths of all records are known."""


class Stop(Exception):
    """The file needs more work than its size allows: the reading ends."""


class _Note(NamedTuple):
    details: FaultDetails
    record: Record
    field: str | None
    place: Place | None
    related: Related


class FaultCollector:
    """Collects the faults of one reading, and which record owns which bytes.

    Attributes:
        data: The whole file.
        size: Its bytes.
        complete: Whether nothing was skipped so far.
        work_limit: The bytes that all references to shared texts or records may have together.
        counts: The number of faults by name.
        coverage: The bytes that the reading leaves unread, or reads without owning them.
        gaps: The bytes that nobody reads, and that the schema allows.
    """

    def __init__(self, data: bytes, allowed: Gaps | OpaqueGaps | None = None) -> None:
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
        self.gaps: list[Place] = []
        self._allowed = allowed

    def fault(
        self,
        details: FaultDetails,
        record: Record,
        field: str | None = None,
        place: Place | None = None,
        related: Related = (),
    ) -> None:
        """Adds a fault. The same fault at the same place is added once.

        Args:
            details: The kind of fault, and what its message says.
            record: The record that has the fault.
            field: The field to report; the whole record without one.
            place: The bytes to report, if they are not those of the field.
            related: Other places that show the fault.
        """
        name = details.name
        key = (name, id(record), field, place)
        if key in self._noted:
            return
        if self.counts[name] < FAULTS_KEPT:
            self._noted.add(key)
        self.counts[name] += 1
        if self.counts[name] <= FAULTS_KEPT:
            self._notes.append(_Note(details, record, field, place, related))

    def blame(self, details: FaultDetails, record: Record, field: str | None, place: Place) -> None:
        """Adds a fault of a number.

        Args:
            details: The kind of fault, and what its message says.
            record: The record that has the number.
            field: The field that has the number; None if an expression has no field of its own.
            place: The bytes to report if there is no field.
        """
        self.fault(details, record, field, None if field else place)

    def padding(self, record: Record, at: int, end: int) -> None:
        """Reports padding that is not zero, from its first to its last non-zero byte.

        Args:
            record: The record that has the padding.
            at: The offset of the padding.
            end: The offset after it.
        """
        padding = self.data[at:end]
        if any(padding):
            place = (at + len(padding) - len(padding.lstrip(b"\0")), at + len(padding.rstrip(b"\0")))
            self.fault(PaddingNotZero(), record, "padding", place)

    def faults(self) -> tuple[Fault[FaultDetails], ...]:
        """Returns all kept faults by offset. Call it at the end: paths of table rows are known only then."""
        finished = [_finish(note) for note in self._notes]
        return tuple(sorted(finished, key=lambda f: (f.span.offset, f.span.end, f.name)))

    def noted(self, name: FaultName, record: Record, field: str) -> bool:
        """Returns whether this fault of a field is among those that are kept."""
        return (name, id(record), field, None) in self._noted

    def claim(self, record: Record, start: int, end: int, filled: int | None = None) -> None:
        """Gives bytes to a record.

        Args:
            record: The owner.
            start: The offset of its first byte.
            end: The offset after its last byte.
            filled: Where its content ends, if a wrong length says that it goes on to `end`. Another record
                may own the bytes between the two.

        Raises:
            Stop: All records together claim more than twice the bytes of the file.
        """
        record.end = end
        self._claims.append((start, end if filled is None else min(filled, end), end, record))
        self._claimed += end - start
        if self._claimed > 2 * self.size + 4096:
            self.fault(BytesOwnedTwice(other=None, link=False), record, place=(start, end))
            raise Stop

    def check_claims(self, top: Record) -> None:
        """Reports the bytes that two records own, and those that none owns."""
        at = reached = 0
        owner = top
        unowned: list[Place] = []
        for start, filled, end, record in sorted(self._claims, key=lambda claim: claim[:2]):
            if start < at and end > start:
                self._owned_twice(record, owner, (start, min(at, end)))
            elif start > reached:
                unowned.append((reached, start))
            if filled > at:
                at, owner = filled, record
            reached = max(reached, end)
        if reached < self.size:
            unowned.append((reached, self.size))
        if self.complete:
            for gap in subtract(unowned, merged(self.coverage.shared)):
                if not self._allows(top, gap):
                    zero = not any(self.data[slice(*gap)])
                    self.fault(BytesUnowned(zero), top, place=gap)

    def _owned_twice(self, record: Record, owner: Record, place: Place) -> None:
        name = owner.path or "the header"
        related = ((f"{name} owns them", place_of(owner)),)
        self.fault(BytesOwnedTwice(name, link=False), record, place=place, related=related)

    def _allows(self, top: Record, gap: Place) -> bool:
        """Returns whether the schema allows bytes that nobody reads; reports what it asks of them."""
        match self._allowed:
            case None:
                return False
            case OpaqueGaps():
                self.coverage.leave(top, GAPS, gap, self._allowed.reason)
            case Gaps():
                if not self._allowed.allows(*gap, self.size):
                    return False
                if self._allowed.zero:
                    self.padding(top, *gap)
            case _:
                assert_never(self._allowed)
        self.gaps.append(gap)
        return True

    def unread(self) -> tuple[Unread, ...]:
        """Returns the bytes that the schema does not describe. Call it at the end, as `faults`."""
        return self.coverage.unread((start, filled) for start, filled, _, _ in self._claims)


def place_of(record: Record) -> Callable[[], Span]:
    """Returns a function that gives the place of a record once all paths are known."""
    return lambda: Span(record.offset, max(1, record.end - record.offset), record.path)


def _finish(note: _Note) -> Fault[FaultDetails]:
    if note.place is None:
        span = note.record.span(note.field)
    else:
        path = ".".join(part for part in (note.record.path, note.field or "") if part)
        span = Span(note.place[0], note.place[1] - note.place[0], path)
    return Fault(note.details, span, tuple((words, where()) for words, where in note.related))
