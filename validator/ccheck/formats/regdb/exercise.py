"""A wireless regulatory database, asked for countries as the kernel asks."""

from __future__ import annotations

from ccheck.formats.exercise.outcome import Exercised, RunInputs
from ccheck.formats.exercise.reader import questions, under
from ccheck_interpreter.regdb.database import CHECKING, TRUSTING, run_regdb


def run(data: bytes, given: RunInputs) -> Exercised:
    """Ask for the countries of the file in both readers, or for those that were given in the one that
    checks.
    """
    if given.events is None:
        return under((TRUSTING, CHECKING), lambda build: run_regdb(data, build))
    asked = [country for (country,) in questions(given, '{"country": "DE"}', ("country",))]
    return under((CHECKING,), lambda build: run_regdb(data, build, asked))
