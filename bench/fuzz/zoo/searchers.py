"""The searchers that are compared: ccheck's own, a naive Atheris harness, plain Hypothesis.

Each has the same seeds and the same harness with all oracles, and runs until the harness ends the
process.
"""

from __future__ import annotations

import importlib
import random
import sys
import tempfile
import time
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bench.fuzz.zoo.setting import seeds_of, setup_of

INSTRUMENTED = ("ccheck_interpreter",)
MOST_BYTES = 65_536

Found = Callable[[bytes, Any], None]
Ran = Callable[[], None]
"""Called before each run; ends the process when the time is up."""
Searcher = Callable[[str, int, Found, Ran], None]


def ccheck(format_: str, seed: int, found: Found, ran: Ran) -> None:
    """The search of ccheck: mutators, accepted parents, crossover, guided by new lines and features.

    The engine is the one on `sys.monitoring`; before Python 3.12 only features guide it.
    """
    from ccheck_fuzz.engines.engine import Search
    from ccheck_fuzz.engines.monitoring import Monitoring
    from ccheck_fuzz.execution.context import prepare_campaign
    from ccheck_fuzz.execution.harness import Harness
    from ccheck_fuzz.mutate.scheduler import MutationScheduler

    made = prepare_campaign(setup_of(format_))
    harness = Harness(made, found)
    seeds = seeds_of(format_)
    scheduler = MutationScheduler(made, seeds, harness.accepted)
    chance = random.Random(seed)

    def run(data: bytes) -> set[Hashable]:
        ran()
        return harness.run(data)

    engine = Monitoring()
    if engine.missing() is None:
        engine.instrument(INSTRUMENTED)
        folder = Path(tempfile.mkdtemp(prefix="ccheck-hunt-"))
        for number, data in enumerate(seeds):
            (folder / str(number)).write_bytes(data)
        engine.search(
            Search(
                run=run, mutate=scheduler.mutate, cross=scheduler.cross, corpus=folder, dictionary=None,
                seed=seed, until=time.monotonic() + 1e9, max_size=MOST_BYTES,
                report_progress=lambda features, corpus: None, stable=lambda stable: None,
            )
        )  # fmt: skip
    corpus, seen = list(seeds), set[Hashable]()
    for data in seeds:
        seen |= run(data)
    while True:
        data = scheduler.mutate(chance.choice(corpus), MOST_BYTES, chance.getrandbits(31))
        reached = run(data)
        if not reached <= seen:
            seen |= reached
            corpus.append(data)


def naive(format_: str, seed: int, found: Found, ran: Ran) -> None:
    """An Atheris harness as its tutorial has it: raw bytes, no mutator of one's own, no features."""
    from ccheck_fuzz.engines.libfuzzer import Atheris

    Atheris().instrument(INSTRUMENTED)
    from ccheck_fuzz.execution.context import prepare_campaign
    from ccheck_fuzz.execution.harness import Harness

    atheris: Any = importlib.import_module("atheris")
    harness = Harness(prepare_campaign(setup_of(format_)), found)
    folder = Path(tempfile.mkdtemp(prefix="ccheck-hunt-"))
    for number, data in enumerate(seeds_of(format_)):
        (folder / str(number)).write_bytes(data)

    def run(data: bytes) -> None:
        ran()
        harness.run(data)

    quiet = ("-verbosity=0", "-print_final_stats=0", "-timeout=1000000", "-rss_limit_mb=0")
    arguments = [sys.executable, str(folder), f"-seed={seed or 1}", f"-max_len={MOST_BYTES}", *quiet]
    atheris.Setup(arguments, run)
    atheris.Fuzz()


def hypothesis(format_: str, seed: int, found: Found, ran: Ran) -> None:
    """Hypothesis as most tests use it: bytes cut out of a seed, and others put in."""
    import hypothesis as hy
    import hypothesis.strategies as st

    from ccheck_fuzz.execution.context import prepare_campaign
    from ccheck_fuzz.execution.harness import Harness

    harness = Harness(prepare_campaign(setup_of(format_)), found)
    edit = st.tuples(st.integers(0, MOST_BYTES), st.integers(0, 8), st.binary(max_size=8))
    settings = hy.settings(
        max_examples=2000, database=None, deadline=None, phases=(hy.Phase.generate,),
        suppress_health_check=tuple(hy.HealthCheck),
    )  # fmt: skip
    for turn in range(1_000_000):

        @hy.seed(seed * 1_000_000 + turn)
        @settings
        @hy.given(st.sampled_from(seeds_of(format_)), st.lists(edit, min_size=1, max_size=6))
        def search(data: bytes, edits: list[tuple[int, int, bytes]]) -> None:
            for at, cut, put in edits:
                place = at % (len(data) + 1)
                data = data[:place] + put + data[place + cut :]
            ran()
            harness.run(data)

        search()


SEARCHERS: Mapping[str, Searcher] = MappingProxyType(
    {"ccheck": ccheck, "naive": naive, "hypothesis": hypothesis}
)
"""All searchers, by name."""
