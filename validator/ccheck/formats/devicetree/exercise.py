"""A flattened devicetree, walked and queried for properties by path."""

from __future__ import annotations

from ccheck.formats.exercise.outcome import Exercised, RunInputs
from ccheck.formats.exercise.reader import questions, under
from ccheck_interpreter.devicetree.tree import CHECKING, TRUSTING, run_devicetree


def run(data: bytes, given: RunInputs) -> Exercised:
    """Walk the tree in both readers, or ask for the properties that were given in the one that checks."""
    if given.events is None:
        return under((TRUSTING, CHECKING), lambda build: run_devicetree(data, build))
    form = '{"path": "/cpus/cpu@0", "property": "reg"}'
    asked = [(path, name) for path, name in questions(given, form, ("path", "property"))]
    return under((CHECKING,), lambda build: run_devicetree(data, build, asked))
