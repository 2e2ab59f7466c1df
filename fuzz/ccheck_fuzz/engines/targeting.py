"""Hypothesis leads: slower, without coverage of lines, and at home on every Python."""

from __future__ import annotations

import importlib
import time
from collections.abc import Hashable
from typing import Any

from ccheck_fuzz.engines import Search
from ccheck_fuzz.engines.shared import Shared

_EXAMPLES = 2000
"""Examples of one round; between rounds what other engines found is taken in."""


class Targeting:
    """Hypothesis chooses parents and seeds of mutators, and climbs by the number of features reached."""

    name = "hypothesis"

    def missing(self) -> str | None:
        """Why it cannot work here."""
        try:
            importlib.import_module("hypothesis")
        except ImportError as fault:
            return f"Hypothesis is not installed ({fault}): pip install 'ccheck-content[fuzz]'"
        return None

    def instrument(self, packages: tuple[str, ...]) -> None:
        """Nothing to do: features alone lead."""

    def search(self, search: Search) -> None:
        """Search until the time is up."""
        hypothesis: Any = importlib.import_module("hypothesis")
        strategies: Any = importlib.import_module("hypothesis.strategies")
        shared = Shared(search.corpus)
        seen: set[Hashable] = set()
        corpus: list[bytes] = []
        done = 0

        def over() -> bool:
            return time.monotonic() >= search.until or bool(search.runs and done >= search.runs)

        def run(data: bytes) -> int:
            nonlocal done
            done += 1
            reached = search.run(data)
            if not reached <= seen:
                seen.update(reached)
                corpus.append(data)
                shared.add(data)
                search.told(len(seen), len(corpus))
            return len(reached)

        def one(parent: int, other: int, seeds: list[int]) -> None:
            if over():
                return
            data = corpus[parent % len(corpus)] if corpus else b""
            for seed in seeds:
                data = search.mutate(data, search.max_size, seed)
            if other and corpus:
                data = search.cross(data, corpus[other % len(corpus)], search.max_size, other)
            hypothesis.target(float(run(data)))

        numbers = strategies.integers(0, 2**31 - 1)
        few = strategies.one_of(strategies.just(0), numbers)
        settings = hypothesis.settings(
            max_examples=_EXAMPLES,
            database=None,
            deadline=None,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=(hypothesis.Phase.generate, hypothesis.Phase.target),
        )
        rounds = 0
        while not over():
            for data in shared.news():
                run(data)
                corpus.append(data) if not corpus else None
            seeded = hypothesis.seed(search.seed + rounds)
            lists = strategies.lists(numbers, min_size=1, max_size=3)
            seeded(settings(hypothesis.given(numbers, few, lists)(one)))()
            rounds += 1
