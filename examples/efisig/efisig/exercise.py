"""Signature lists in a kernel that compares their sizes, and in one that does not."""

from __future__ import annotations

from ccheck.formats.exercise.outcome import Exercised, ExerciseError, RunInputs
from ccheck.formats.exercise.reader import questions, under
from efisig.interpreter import CHECKING, TRUSTING, run_efisig

FORM = '{"sha256": "00…1f"}'


def run(data: bytes, given: RunInputs) -> Exercised:
    """Load the lists in both kernels, or ask for the hashes that were given in the one that checks.

    Raises:
        ExerciseError: An event is no hash.
    """
    if given.events is None:
        return under((TRUSTING, CHECKING), lambda build: run_efisig(data, build))
    try:
        hashes = [bytes.fromhex(text) for (text,) in questions(given, FORM, ("sha256",))]
    except ValueError as wrong:
        raise ExerciseError(f"a hash is pairs of hex digits: {FORM}") from wrong
    return under((CHECKING,), lambda build: run_efisig(data, build, hashes))
