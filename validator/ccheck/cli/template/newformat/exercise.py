"""A file of newformat in each build of the driver."""

from __future__ import annotations

from ccheck.core.consumers import Consumer
from ccheck.formats.exercise.outcome import Exercised, ExerciseError, RunInputs
from ccheck.formats.exercise.reader import profile_of, under
from ccheck_interpreter.profile import Profile
from ccheck_schemas.build_facts import FactKind
from newformat.interpreter import run_newformat


def run(data: bytes, given: RunInputs) -> Exercised:
    """What each build does with a file. Raises ExerciseError without builds, and for events."""
    if given.events is not None:
        raise ExerciseError("newformat takes no events")
    if not given.builds:
        raise ExerciseError("no consumers were named: under which builds? give --consumers FILE")
    return under([_profile(build) for build in given.builds], lambda build: run_newformat(data, build))


def _profile(build: Consumer) -> Profile:
    inputs = build.number(FactKind.COUNT, "newformat_inputs")
    if inputs is None:
        raise ExerciseError(f"consumer {build.name} does not state counts.newformat_inputs")
    return profile_of(build, {"inputs": inputs})
