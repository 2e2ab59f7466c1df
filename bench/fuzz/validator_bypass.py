"""`python -m bench.fuzz.validator_bypass` measures how soon the bypass of July 2024 is found, and run speed.

From the March file only: runs until the bypass against a validator that trusts the definitions, 20 seeds.
From nothing: CPU-seconds, growing a valid file included. What was not found counts as endless. Speed: runs
per CPU-second on a small file. No engine guides the search: what is measured is the mutators, the interpreter
and the oracles, as every engine uses them.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Hashable
from pathlib import Path
from random import Random

from ccheck_fuzz.corpus.grow import grow
from ccheck_fuzz.execution.context import CampaignContext, prepare_campaign
from ccheck_fuzz.execution.harness import Harness
from ccheck_fuzz.execution.options import CampaignOptions
from ccheck_fuzz.mutate.events import has_events
from ccheck_fuzz.mutate.scheduler import MutationScheduler, interesting_values_of
from ccheck_fuzz.oracles.broken import Broken

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "corpus" / "channel"
STORY = CORPUS / "field-past-inputs"
MARCH = (STORY / "good" / "C-00000291-00000000-00000001.bin").read_bytes()
SMALL = (CORPUS / "instances.bin").read_bytes()
BYPASS = ("validator-bypass", "input-index-out-of-bounds", "fetch-input", "criteria[].field_index")
MOST_RUNS = 20_000
SOON = 10.0
"""CPU-seconds within which the bypass should be found from nothing."""


class Search:
    """Mutate, run, keep what reached something new: the least that every engine does."""

    def __init__(self, made: CampaignContext, seeds: list[bytes], seed: int) -> None:
        self.found: dict[tuple[str, ...], int] = {}
        self.runs = 0
        self._harness = Harness(made, self._note)
        self._scheduler = MutationScheduler(made, seeds, self._harness.accepted)
        self._chance = Random(seed)
        self._corpus = list(seeds)
        self._seen: set[Hashable] = set()
        for data in seeds:
            self._run(data)

    def _note(self, data: bytes, broken: Broken) -> None:
        self.found.setdefault(broken.signature, self.runs)

    def _run(self, data: bytes) -> bool:
        self.runs += 1
        reached = self._harness.run(data)
        new = not reached <= self._seen
        self._seen |= reached
        return new

    def step(self) -> None:
        """One run."""
        parent = self._chance.choice(self._corpus)
        data = self._scheduler.mutate(parent, 65_536, self._chance.getrandbits(31))
        if self._run(data):
            self._corpus.append(data)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=20, help="seeds of the random numbers")
    parser.add_argument("--from-nothing", type=int, default=5, help="seeds of growing from nothing")
    parser.add_argument("--speed-runs", type=int, default=20_000)
    options = parser.parse_args()
    trusting = prepare_campaign(
        CampaignOptions(
            "channel", config=str(CORPUS / "ccheck.toml"), on="2026-01-01", trust_definitions=True
        )
    )
    strict = prepare_campaign(CampaignOptions("channel", config=str(CORPUS / "ccheck.toml"), on="2026-01-01"))
    print(f"Python {platform.python_version()}, {platform.machine()}")
    runs: list[float] = []
    for seed in range(options.seeds):
        search = Search(trusting, [MARCH], seed)
        while BYPASS not in search.found and search.runs < MOST_RUNS:
            search.step()
        runs.append(search.found.get(BYPASS, float("inf")))
    print(f"291 from the March file, runs: median {statistics.median(runs):,.0f}, all {sorted(runs)}")
    seconds = []
    for seed in range(options.from_nothing):
        before = time.process_time()
        harness = Harness(trusting, lambda data, broken: None)
        wanted = harness.meets_events if has_events(trusting.schema.name) else bool
        grown = grow(
            trusting.schema, trusting.validation, Random(seed), interesting_values_of(trusting), wanted=wanted
        )
        growing = time.process_time() - before
        search = Search(trusting, [grown.data], seed)
        while BYPASS not in search.found and search.runs < MOST_RUNS:
            search.step()
        spent = time.process_time() - before
        found = BYPASS in search.found
        seconds.append(spent if found else float("inf"))
        reported = f"{search.runs:,} runs" if found else f"not found in {search.runs:,} runs"
        print(f"  from nothing, seed {seed}: {growing:.1f} s to grow, {spent:.1f} s in all, {reported}")
    if seconds:
        late = sum(spent > SOON for spent in seconds)
        print(
            f"291 from nothing, CPU-seconds: median {statistics.median(seconds):.1f}, "
            f"{len(seconds) - late} of {len(seconds)} within {SOON:g}"
        )
    search = Search(strict, [SMALL], 1)
    before = time.process_time()
    for _ in range(options.speed_runs):
        search.step()
    rate = options.speed_runs / (time.process_time() - before)
    print(
        f"runs per CPU-second, a file of {len(SMALL)} bytes, {len(strict.given.builds)} builds: {rate:,.0f}"
    )


if __name__ == "__main__":
    main()
