"""Updates in a kernel that compares their sizes and sums, and in one that does not."""

from __future__ import annotations

from ccheck.formats.exercise.outcome import Exercised, ExerciseError, RunInputs
from ccheck.formats.exercise.reader import questions, under
from microcode.interpreter import CHECKING, TRUSTING, run_microcode

FORM = '{"processor": "306c3", "platforms": "2"}'


def run(data: bytes, given: RunInputs) -> Exercised:
    """Load the updates in both kernels, or look for those of processors in the one that checks.

    Raises:
        ExerciseError: An event is no processor.
    """
    if given.events is None:
        return under((TRUSTING, CHECKING), lambda build: run_microcode(data, build))
    try:
        asked = [
            (int(one, 16), int(two, 16)) for one, two in questions(given, FORM, ("processor", "platforms"))
        ]
    except ValueError as wrong:
        raise ExerciseError(f"a processor is two hexadecimal numbers: {FORM}") from wrong
    return under((CHECKING,), lambda build: run_microcode(data, build, asked))
