"""Hypothesis guides the search: slower, without line coverage, but available on every Python."""

from __future__ import annotations

import importlib
import time
from collections.abc import Hashable
from typing import Any

from ccheck.core.extras import how_to_install
from ccheck_fuzz.engines.engine import Search
from ccheck_fuzz.engines.shared import Shared

_EXAMPLES = 2000
"""Examples of one round; between rounds what other engines found is taken in."""
_CROSSED = 8
"""One input of this many comes from two parents."""


def _number(word: bytes) -> int:
    return int.from_bytes(word, "little") & 0x7FFFFFFF


class Targeting:
    """Hypothesis chooses parents and seeds of mutators, and climbs by the number of features reached."""

    name = "hypothesis"

    def missing(self) -> str | None:
        """Returns why it cannot work here."""
        try:
            importlib.import_module("hypothesis")
        except ImportError as fault:
            return f"Hypothesis is not installed ({fault}): {how_to_install('fuzz')}"
        return None

    def instrument(self, packages: tuple[str, ...]) -> None:
        """Nothing to do: only features guide the search."""

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
                search.report_progress(len(seen), len(corpus))
            return len(reached)

        def one(parent: bytes, other: bytes, seed: bytes) -> None:
            if over():
                return
            data = corpus[_number(parent) % len(corpus)] if corpus else b""
            if corpus and other[0] % _CROSSED == 0:
                data = search.cross(
                    data, corpus[_number(other) % len(corpus)], search.max_size, _number(seed)
                )
            else:
                data = search.mutate(data, search.max_size, _number(seed))
            hypothesis.target(float(run(data)))

        # Numbers out of bytes: as integers Hypothesis would prefer small ones, and meet inputs again.
        words = strategies.binary(min_size=4, max_size=4)
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
                if data not in corpus:
                    corpus.append(data)
            hypothesis.seed(search.seed + rounds)(settings(hypothesis.given(words, words, words)(one)))()
            rounds += 1
