"""A wireless regulatory database, queried by country as in the kernel."""

from __future__ import annotations

from ccheck.formats.exercise.outcome import Exercised, RunInputs
from ccheck.formats.exercise.reader import questions, under
from ccheck_interpreter.regdb.database import CHECKING, TRUSTING, run_regdb


def run(data: bytes, given: RunInputs) -> Exercised:
    """Query the countries of the file in both readers, or the given ones in the checking reader."""
    if given.events is None:
        return under((TRUSTING, CHECKING), lambda build: run_regdb(data, build))
    asked = [country for (country,) in questions(given, '{"country": "DE"}', ("country",))]
    return under((CHECKING,), lambda build: run_regdb(data, build, asked))
