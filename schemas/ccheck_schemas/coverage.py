"""The bytes that a reading leaves unread, and those that it reads without owning them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from ccheck_schemas.record import Record, Unread
from ccheck_schemas.span import Span

Place = tuple[int, int]
"""Offset and end of bytes."""

SHARED_WORK = 8
"""How often the bytes of a file may be read by fields that do not own them, on average."""

_INDEX = re.compile(r"\[[0-9]+\]")


class Note(NamedTuple):
    """Unread bytes: their field, and why they are unread."""

    start: int
    end: int
    record: Record
    field: str
    reason: str
    dropped: str


class Coverage:
    """The unread and shared bytes of one reading.

    Attributes:
        notes: The unread bytes.
        shared: The bytes that fields read without owning them.
        looked_through: The number of bytes that fields read without owning them, with repetitions.
        limit: The greatest such number that is allowed.
    """

    def __init__(self, size: int) -> None:
        self.notes: list[Note] = []
        self.shared: list[Place] = []
        self._beside: list[Note] = []
        self._looked: list[Place] = []
        self.looked_through = 0
        self.limit = SHARED_WORK * size + 4096

    def leave(self, record: Record, field: str, place: Place, reason: str, dropped: str = "") -> None:
        """Adds unread bytes of a field; `dropped` as in `Unread`."""
        if place[0] < place[1]:
            self.notes.append(Note(*place, record, field, reason, dropped))

    def share(self, place: Place, before: int) -> bool:
        """Adds bytes that a field reads without owning them.

        Args:
            place: The bytes.
            before: The number of notes when the field began.

        Returns:
            False if fields read too many bytes in this way.
        """
        inside = self.notes[before:]
        del self.notes[before:]
        self._beside += inside
        if place[0] < place[1]:
            self.shared.append(place)
            self._looked += subtract([place], merged(note[:2] for note in inside))
        return self.charge(place[1] - place[0])

    def charge(self, size: int) -> bool:
        """Counts bytes that a field reads without owning them. Returns False if there are too many."""
        self.looked_through += 1 + size
        return self.looked_through <= self.limit

    def unread(self, owned: Iterable[Place]) -> tuple[Unread, ...]:
        """Returns all unread bytes by field.

        Args:
            owned: The bytes of all records.
        """
        left = merged(note[:2] for note in self.notes)
        looked = merged([*self._looked, *subtract(merged(owned), left)])
        # What one field leaves unread, another may read: only what none reads is left.
        left = subtract(merged([*left, *(note[:2] for note in self._beside)]), looked)
        found: dict[tuple[str, str, str], list[Place]] = {}
        for note in sorted([*self.notes, *self._beside], key=lambda note: note[:2]):
            path = ".".join(part for part in (note.record.path, note.field) if part)
            found.setdefault((_INDEX.sub("", path), note.reason, note.dropped), []).append(note[:2])
        fields = []
        for (path, reason, dropped), places in found.items():
            kept = intersect(merged(places), left)
            left = subtract(left, kept)  # bytes that two fields leave are counted once
            size = sum(end - start for start, end in kept)
            if size:
                start, end = kept[0]
                fields.append(Unread(Span(start, end - start, path), size, reason, dropped))
        return tuple(fields)


def merged(places: Iterable[Place]) -> list[Place]:
    """Returns the same bytes as ordered places that do not touch."""
    found: list[Place] = []
    for start, end in sorted(places):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif start < end:
            found.append((start, end))
    return found


def subtract(places: list[Place], others: list[Place]) -> list[Place]:
    """Returns the bytes of ordered places that are in no other; both ordered, the others not touching."""
    found: list[Place] = []
    first = 0
    for start, end in places:
        while first < len(others) and others[first][1] <= start:
            first += 1
        at = first
        while start < end and at < len(others) and others[at][0] < end:
            if start < others[at][0]:
                found.append((start, others[at][0]))
            start = max(start, others[at][1])
            at += 1
        if start < end:
            found.append((start, end))
    return found


def intersect(places: list[Place], others: list[Place]) -> list[Place]:
    """Returns the bytes that are in both; both ordered, not touching."""
    return subtract(places, subtract(places, others))
