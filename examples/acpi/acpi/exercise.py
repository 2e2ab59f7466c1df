"""An ACPI table in a kernel that compares its sizes and numbers, and in one that does not."""

from __future__ import annotations

from acpi.interpreter import CHECKING, TRUSTING, run_acpi
from ccheck.formats.exercise.outcome import Exercised, ExerciseError, RunInputs
from ccheck.formats.exercise.reader import questions, under

FORM = '{"apic_id": "1"}'


def run(data: bytes, given: RunInputs) -> Exercised:
    """Load the table in both kernels, or ask for the processors that were given in the one that checks.

    Raises:
        ExerciseError: An event is no processor.
    """
    if given.events is None:
        return under((TRUSTING, CHECKING), lambda build: run_acpi(data, build))
    try:
        asked = [int(text, 0) for (text,) in questions(given, FORM, ("apic_id",))]
    except ValueError as wrong:
        raise ExerciseError(f"a processor is the number of its local APIC: {FORM}") from wrong
    return under((CHECKING,), lambda build: run_acpi(data, build, asked))
