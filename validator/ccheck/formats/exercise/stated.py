"""Builds that state every fact that an interpreter behaves by; what is not stated is not guessed."""

from __future__ import annotations

from collections.abc import Iterable

from ccheck.core.consumers import Consumer
from ccheck.core.contract import missing
from ccheck.formats.exercise.outcome import ExerciseError
from ccheck_schemas.build_facts import Fact


def require_stated(builds: Iterable[Consumer], facts: tuple[Fact, ...]) -> None:
    """Compares builds with the facts of a format.

    Raises:
        ExerciseError: A build does not state all of them; the message names each build and each fact.
    """
    lacking = {build.name: missing(facts, build) for build in builds}
    lines = [
        f"consumer {name} does not state {', '.join(map(str, found))}"
        for name, found in lacking.items()
        if found
    ]
    if lines:
        raise ExerciseError("\n".join(lines))
