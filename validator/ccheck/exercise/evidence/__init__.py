"""What a file makes a driver do, and under which builds that was tried: what a release gate weighs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ccheck.exercise.outcome import Exercise, Exercised, Given
from ccheck.exercise.session import Session


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """One criterion kind on one field of a template type. field: from 0."""

    type: str
    version: int
    field: int
    kind: str


@dataclass(frozen=True, slots=True)
class Slot:
    """One field of a template type as its definitions have it. allowed: criterion kinds."""

    type: str
    version: int
    field: int
    name: str
    allowed: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """What came of running one file.

    kinds: all criterion kinds of the format, in its order. slots: the fields of the types in use. uses: what
    the file holds. results: each use that met an event in a build that supplies every input, with whether it
    matched. ran: under which builds a use was evaluated on an input that the build supplies. paths: what the
    interpreter did beyond that, in words, and under which builds.
    """

    exercised: Exercised
    kinds: tuple[str, ...] = ()
    slots: tuple[Slot, ...] = ()
    uses: tuple[Use, ...] = ()
    results: frozenset[tuple[Use, bool]] = frozenset()
    ran: Mapping[Use, frozenset[str]] = field(default_factory=dict)
    paths: Mapping[str, frozenset[str]] = field(default_factory=dict)


Gather = Callable[[bytes, Any, Given], Evidence]
"""Run a file (its bytes, and its content as the schema reads it). Raises ExerciseError; any bytes give
evidence.
"""


def plain(exercise: Exercise, session: Callable[[Given], Session] | None) -> Gather:
    """The evidence of a format without criteria: what each build did, and what its session reached, if it has
    one of its own.
    """

    def gather(data: bytes, content: Any, given: Given) -> Evidence:
        done = exercise(data, given)
        features: set[Hashable] = set()
        builds = frozenset(o.consumer for o in done.outcomes if o.trap is None and o.refusal is None)
        if session is not None:
            for _ in session(given).outcomes(data, given.events, features, every=True):
                pass
        reached = {" ".join(map(str, f)) if isinstance(f, tuple) else str(f) for f in features}
        return Evidence(done, paths=dict.fromkeys(("file loaded", *sorted(reached)), builds))

    return gather
