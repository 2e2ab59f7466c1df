"""Atheris: libFuzzer over instrumented bytecode. Linux on x86-64, as its wheels are."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pkgutil
import sys
import time
from collections.abc import Hashable
from pathlib import Path
from types import ModuleType
from typing import Any

from ccheck_fuzz.engines.engine import Search

_CROSSED = 4
"""One crossover of so many is done: libFuzzer requests one as often as a mutation, which finds more."""
_COLLECTED = 4096
"""Runs between looks for cycles of objects."""


class Atheris:
    """libFuzzer guides the search; mutators, crossover and feature counters are ours.

    Of its instrumentation only control flow is used: tracing comparisons makes runs half as fast, and
    constants reach the search through the mutators.
    """

    name = "atheris"

    def missing(self) -> str | None:
        """Returns why it cannot work here."""
        try:
            _atheris()
        except ImportError as fault:
            install = "python -m pip install atheris, on Linux x86-64, Python 3.11 to 3.14"
            return f"Atheris is not installed ({fault}): {install}"
        return None

    def instrument(self, packages: tuple[str, ...]) -> None:
        """Import the packages with counters in their bytecode. Without any, only features guide it."""
        hooks: Any = importlib.import_module("atheris.import_hook")
        _atheris()
        with (
            Path(os.devnull).open("w", encoding="utf-8") as quiet,
            contextlib.redirect_stderr(quiet),
            hooks.HookManager({name.partition(".")[0] for name in packages}, set(), False, False),
        ):
            for name in packages:
                _import_whole(name)

    def search(self, search: Search) -> None:
        """Search; libFuzzer ends the process when the time is up."""
        atheris = _atheris()
        counters: dict[Hashable, int] = {}
        done = 0

        def run(data: bytes) -> None:
            nonlocal done
            reached = search.run(data)
            done += 1
            if done % _COLLECTED == 0:
                gc.collect(0)
            new = False
            for feature in reached:
                counter = counters.get(feature)
                if counter is None:
                    counter = counters[feature] = atheris._reserve_counter()
                    new = True
                atheris._trace_branch(counter)
            if new:
                search.report_progress(len(counters), 0)

        def mutate(data: bytes, max_size: int, seed: int) -> bytes:
            return search.mutate(data, min(max_size, search.max_size), seed)

        def cross(one: bytes, other: bytes, max_size: int, seed: int) -> bytes:
            if seed % _CROSSED:
                return mutate(one, max_size, seed // _CROSSED)
            return search.cross(one, other, min(max_size, search.max_size), seed)

        seconds = max(1, int(search.until - time.monotonic()))
        arguments = [
            sys.executable,
            str(search.corpus),
            f"-seed={search.seed & 0x7FFFFFFF or 1}",
            f"-max_len={search.max_size}",
            f"-max_total_time={seconds}",
            # Hangs and memory are for the campaign to see, which knows the input; 0 would mean one second.
            "-timeout=1000000",
            f"-artifact_prefix={search.corpus.parent}/artifact-",
            "-rss_limit_mb=0",
            "-reload=1",
            "-print_final_stats=0",
            "-verbosity=0",
            "-len_control=0",
            "-detect_leaks=0",
            # A signal ends the process as it would without libFuzzer: the campaign sees which one it was.
            *(
                f"-handle_{name}=0"
                for name in ("segv", "bus", "abrt", "ill", "fpe", "int", "term", "xfsz", "usr1", "usr2")
            ),
        ]
        if search.runs:
            arguments.append(f"-runs={search.runs}")
        if search.dictionary is not None:
            arguments.append(f"-dict={search.dictionary}")
        atheris.Setup(arguments, run, custom_mutator=mutate, custom_crossover=cross)
        gc.freeze()
        gc.disable()  # the objects of one run are freed by counting references; cycles can wait
        atheris.Fuzz()


def _atheris() -> Any:
    return importlib.import_module("atheris")


def _import_whole(name: str) -> ModuleType:
    """Returns a package with all its modules."""
    module = importlib.import_module(name)
    for found in pkgutil.iter_modules(getattr(module, "__path__", [])):
        if found.name != "__main__":
            _import_whole(f"{name}.{found.name}")
    return module
