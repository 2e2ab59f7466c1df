"""A file in readers that load it once and then answer queries: one that trusts it, and one that checks it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ccheck.core.consumers import Consumer
from ccheck.formats.exercise.outcome import Exercised, ExerciseError, Outcome, RunInputs
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.reader import ReaderOutcome


def questions(given: RunInputs, form: str, keys: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The texts under `keys` of each given line of JSON.

    Raises:
        ExerciseError: A line has another form; the message shows `form`.
    """
    for number, line in enumerate(given.events or (), 1):
        if not line.strip():
            continue
        try:
            value: Any = json.loads(line)
        except (ValueError, RecursionError) as wrong:
            raise ExerciseError(f"events line {number}: not {form}") from wrong
        if not isinstance(value, dict) or sorted(value) != sorted(keys):
            raise ExerciseError(f"events line {number}: not {form}")
        if not all(isinstance(value[key], str) for key in keys):
            raise ExerciseError(f"events line {number}: not {form}")
        yield tuple(value[key] for key in keys)


def profile_of(build: Consumer, inputs: Mapping[str, int]) -> Profile:
    """Returns the interpreter's profile of a build.

    Args:
        build: The build. Its switch ``bounds_check`` says whether it checks numbers before it uses them.
        inputs: What it supplies, by a name of the interpreter's.
    """
    return Profile(
        build.name,
        inputs,
        version=build.version,
        platform=build.platform,
        pointer_bits=build.pointer_bits,
        byte_order="big" if build.byte_order == "big" else "little",
        strict_alignment=build.strict_alignment,
        bounds_check=build.switch("bounds_check"),
    )


def under(builds: Sequence[Profile], run: Callable[[Profile], ReaderOutcome]) -> Exercised:
    """Run under each build."""
    return Exercised(tuple(reader_outcome(run(build), build) for build in builds))


def reader_outcome(outcome: ReaderOutcome, build: Profile) -> Outcome:
    """Returns what a reader did, in the form of all formats."""
    return Outcome(
        consumer=outcome.consumer,
        platform=outcome.platform,
        verdict=outcome.verdict,
        trap=outcome.trap,
        refusal=outcome.refusal,
        skipped=outcome.answers.skipped,
        events=outcome.answers.questions,
        steps=outcome.answers.steps,
        telemetry=outcome.answers.notes,
        lines=outcome.answers.results,
        checks_bounds=build.bounds_check,
    )
