"""A file of newformat in both builds of the driver: the one in the field, and one that checks."""

from __future__ import annotations

from ccheck.formats.exercise.outcome import Exercised, ExerciseError, RunInputs
from ccheck.formats.exercise.reader import under
from newformat.interpreter import CHECKING, TRUSTING, run_newformat


def run(data: bytes, given: RunInputs) -> Exercised:
    """What each build does with a file. Raises ExerciseError where events are given: it takes none."""
    if given.events is not None:
        raise ExerciseError("newformat takes no events")
    return under((TRUSTING, CHECKING), lambda build: run_newformat(data, build))
