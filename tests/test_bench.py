"""What the benchmarks measure is what they say: mypy checks all of their code, and this the files that they use."""

from __future__ import annotations

import importlib
from datetime import date

import pytest

MODULES = [
    "bench.any_count",
    "bench.baseline.__main__",
    "bench.fuzz.chaos",
    "bench.fuzz.speed",
    "bench.fuzz.validator_bypass",
    "bench.fuzz.zoo.__main__",
    "bench.fuzz.zoo.hunt",
    "bench.interpreter",
    "bench.kaitai.__main__",
    "bench.mutate",
]


@pytest.mark.parametrize("module", MODULES)
def test_each_benchmark_can_be_imported(module: str) -> None:
    """No benchmark imports a module that was moved."""
    assert importlib.import_module(module).__doc__


def test_all_readers_agree_on_the_files_that_are_measured() -> None:
    """The good file has no fault by any reader, the other one has; the fast path accepts the good one."""
    pytest.importorskip("dissect.cstruct", reason="the benchmarks' peers are not installed")
    pytest.importorskip("kaitaistruct", reason="the benchmarks' peers are not installed")
    from bench import validate
    from bench.validation.samples import LAYOUTS, good, with_fault

    from ccheck.judging.preparation import prepare

    validation = prepare(config=validate.CONFIG, on=date(2026, 1, 1))
    for layout in LAYOUTS.values():
        data = good(layout, layout.counts["40 KB"])
        validate.require_comparable(validation, data, with_fault(data))
