"""An object in a loader that compares sizes as libbpf does since 2025, and in one that does not."""

from __future__ import annotations

from bpfelf.interpreter import CHECKING, TRUSTING, run_bpfelf
from ccheck.formats.exercise.outcome import Exercised, RunInputs
from ccheck.formats.exercise.reader import under


def run(data: bytes, given: RunInputs) -> Exercised:
    """Open the object in both loaders; events have no meaning."""
    return under((TRUSTING, CHECKING), lambda build: run_bpfelf(data, build))
