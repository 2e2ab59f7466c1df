"""Builds prepared once, for files by the hundred thousand: what a fuzz campaign runs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Protocol

from ccheck.formats.exercise.outcome import Exercise, Outcome, RunInputs

Features = set[Hashable]
"""What a run reached beyond lines of code, for example (type, field, criterion kind, matched)."""


class Session(Protocol):
    """Builds that were made ready once."""

    def outcomes(
        self, data: bytes, events: Sequence[str] | None, features: Features, *, every: bool = False
    ) -> Iterable[Outcome]:
        """What the builds do with a file, up to its first trap or refusal in each.

        Args:
            data: The bytes of the file.
            events: JSON lines; None for events generated from the content. A line that is no event of the
                definitions is skipped.
            features: Collects the coverage features.
            every: Whether to run every build, not a share of those that behave differently.
        """
        ...


def plain(exercise: Exercise) -> Callable[[RunInputs], Session]:
    """The session of a format that has an interpreter and no session of its own: each run begins anew."""
    return lambda given: _Plain(exercise, given)


class _Plain:
    def __init__(self, exercise: Exercise, given: RunInputs) -> None:
        self._exercise = exercise
        self._given = given

    def outcomes(
        self, data: bytes, events: Sequence[str] | None, features: Features, *, every: bool = False
    ) -> Iterable[Outcome]:
        """The outcomes of the whole exercise."""
        outcomes = self._exercise(data, self._given).outcomes
        for outcome in outcomes:
            features.add((outcome.consumer, outcome.verdict, outcome.trap and outcome.trap.signature))
            features.add((outcome.consumer, outcome.refusal and outcome.refusal.reason))
        return outcomes
