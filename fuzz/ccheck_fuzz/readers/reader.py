"""The interface of what a campaign runs on each input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from ccheck.formats.exercise.outcome import Outcome
from ccheck_fuzz.readers.foreign import Features


class Reader(Protocol):
    """Something that reads content as a driver does."""

    @property
    def name(self) -> str:
        """Its name in reports."""
        ...

    @property
    def modules(self) -> tuple[str, ...]:
        """Modules whose coverage guides the search; of a package all."""
        ...

    def outcomes(
        self, data: bytes, events: Sequence[str] | None, features: Features, *, every: bool = False
    ) -> Iterable[Outcome]:
        """Returns what became of the bytes, in one outcome for each build."""
        ...
