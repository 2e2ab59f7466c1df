"""`python -m bench.fuzz.speed` measures full runs per CPU-second, and what each part of a run costs.

A full run is a mutated input, the validator's report on it, the interpreter under the builds, the oracles.
Each file is searched from by each engine in processes of its own: several as they are, the best of which
gives the rate, because others use the machine; and one with a clock around each part, which gives the shares.
The clock makes runs slower, so the shares refer to the time of the best. The rest is the engine's:
choosing parents, looking at features, and for Atheris libFuzzer itself. The cost of line events or counters
is included in the other parts.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from ccheck_fuzz.engines.engine import Engine, Search
from ccheck_fuzz.engines.table import ENGINES

if TYPE_CHECKING:
    from ccheck.formats.exercise.outcome import Outcome

P = ParamSpec("P")
R = TypeVar("R")

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "corpus"
FILES = (
    "channel/instances.bin",
    "channel/definitions.bin",
    "channel/field-past-inputs/good/C-00000291-00000000-00000001.bin",
    "sysmon/base.bin",
    "regdb/base.bin",
    "devicetree/base.bin",
    "apparmor/base.bin",
)
PARTS = ("mutate", "judge", "interpret", "oracles", "engine")
WARM = 1000
"""Runs before the clock starts."""
MAX_SIZE = 65_536


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--engine", action="append", choices=("none", *ENGINES), help="may be repeated")
    parser.add_argument("--file", action="append", help="below corpus/; may be repeated")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--alone", choices=("rate", "parts"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        with tempfile.TemporaryDirectory() as folder:
            _alone(options, Path(folder))
        return
    runs = f"{options.runs:,} runs, seed {options.seed}, best of {options.repeat}"
    print(f"Python {platform.python_version()}, {platform.machine()}; {runs}")
    print(f"{'file':28} {'bytes':>5} {'engine':10} {'runs/s':>7}  microseconds: {'  '.join(PARTS)}")
    for name in options.file or FILES:
        size = (CORPUS / name).stat().st_size
        for engine in options.engine or ("none", "monitoring", "atheris"):
            missing = None if engine == "none" else ENGINES[engine]().missing()
            head = f"{name[-28:]:28} {size:5} {engine:10}"
            if missing is not None:
                print(f"{head} {missing}")
                continue
            rate = min(_asked(name, engine, options, "rate")["all"] for _ in range(options.repeat))
            parts = _asked(name, engine, options, "parts")
            scale = rate / sum(parts.values())
            shares = "  ".join(f"{parts[part] * scale * 1e6:{len(part)}.0f}" for part in PARTS)
            print(f"{head} {1 / rate:7,.0f}                {shares}", flush=True)


def _asked(name: str, engine: str, options: argparse.Namespace, what: str) -> dict[str, float]:
    """CPU-seconds of one run, in a process of its own."""
    words = [
        sys.executable, "-m", "bench.fuzz.speed", "--alone", what, "--file", name, "--engine", engine,
        "--runs", str(options.runs), "--seed", str(options.seed),
    ]  # fmt: skip
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            said: dict[str, float] = json.loads(line)
            return said
    raise SystemExit(f"{name}, {engine}: no figures\n{done.stdout[-500:]}\n{done.stderr[-1000:]}")


class Clock:
    """CPU time by part; a part inside another is taken out of it."""

    def __init__(self) -> None:
        self._spent = dict.fromkeys(PARTS, 0.0)
        self._open = ["engine"]
        self._since = 0.0

    def begin(self) -> None:
        """Forget what was spent so far."""
        self._spent = dict.fromkeys(PARTS, 0.0)
        self._since = time.perf_counter()

    def end(self) -> dict[str, float]:
        """Seconds by part since the beginning."""
        self._turn()
        return self._spent

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Counts the time of this context for a part."""
        self._turn()
        self._open.append(name)
        try:
            yield
        finally:
            self._turn()
            self._open.pop()

    def _turn(self) -> None:
        now = time.perf_counter()
        self._spent[self._open[-1]] += now - self._since
        self._since = now

    def around(self, name: str, work: Callable[P, R]) -> Callable[P, R]:
        """The same function, whose time is of this part."""

        def timed(*given: P.args, **named: P.kwargs) -> R:
            with self.part(name):
                return work(*given, **named)

        return timed


class Plain:
    """No engine: mutate, run, keep what reached something new, by features only."""

    def search(self, search: Search) -> None:
        """Search for the requested number of runs."""
        gc.freeze()
        gc.disable()  # as the engine on sys.monitoring does
        chance = random.Random(search.seed)
        corpus = [path.read_bytes() for path in sorted(search.corpus.iterdir())]
        seen: set[Hashable] = set()
        for data in corpus:
            seen |= search.run(data)
        while True:
            data = search.mutate(chance.choice(corpus), search.max_size, chance.getrandbits(31))
            reached = search.run(data)
            if not reached <= seen:
                seen |= reached
                corpus.append(data)


def _alone(options: argparse.Namespace, folder: Path) -> None:
    """Search from one file with one engine, print the CPU-seconds of a run, and end the process."""
    (name,), (engine_name,) = options.file, options.engine
    engine: Engine | Plain = Plain() if engine_name == "none" else ENGINES[engine_name]()
    if not isinstance(engine, Plain):
        engine.instrument(("ccheck_interpreter",))
    # Only now: Atheris must see the interpreter being imported.
    from ccheck_fuzz.execution.context import prepare_campaign
    from ccheck_fuzz.execution.harness import Harness
    from ccheck_fuzz.execution.options import CampaignOptions
    from ccheck_fuzz.mutate.scheduler import MutationScheduler

    schema = name.partition("/")[0]
    config = CORPUS / schema / "ccheck.toml"
    words = str(config) if config.exists() else None
    made = prepare_campaign(
        CampaignOptions(schema, config=words, use_config=words is not None, on="2026-01-01")
    )
    seed = (CORPUS / name).read_bytes()
    (folder / "corpus").mkdir()
    (folder / "corpus" / hashlib.sha256(seed).hexdigest()).write_bytes(seed)
    clock = Clock()
    if options.alone == "parts":
        _watch(clock)
    harness = Harness(made, lambda data, broken: None)
    scheduler = MutationScheduler(made, [seed], harness.accepted)
    runs = 0
    begun = 0.0

    def run(data: bytes) -> set[Hashable]:
        nonlocal runs, begun
        if runs == WARM:
            begun = time.process_time()
            clock.begin()
        if runs == WARM + options.runs:
            spent = {"all": time.process_time() - begun} if options.alone == "rate" else clock.end()
            print(json.dumps({part: seconds / options.runs for part, seconds in spent.items()}), flush=True)
            os._exit(0)  # libFuzzer would print its own last words
        runs += 1
        return harness.run(data)

    engine.search(
        Search(
            run=run,
            mutate=clock.around("mutate", scheduler.mutate),
            cross=clock.around("mutate", scheduler.cross),
            corpus=folder / "corpus",
            dictionary=None,
            seed=options.seed,
            until=time.monotonic() + 3600,
            max_size=MAX_SIZE,
            report_progress=lambda features, corpus: None,
            stable=lambda same: None,
        )
    )


def _watch(clock: Clock) -> None:
    """Put the clock around the parts of every run."""
    from ccheck.formats.channel.fast_path.files import ChannelFastPath
    from ccheck_fuzz.execution import harness
    from ccheck_fuzz.oracles import case
    from ccheck_fuzz.readers.reference import SessionReader

    for holder, attribute, part in (
        (ChannelFastPath, "passes", "judge"),
        (case, "examine", "judge"),
        (case, "judge", "judge"),
        (harness, "broken", "oracles"),
    ):
        setattr(holder, attribute, clock.around(part, getattr(holder, attribute)))
    reader: Any = SessionReader
    outcomes = reader.outcomes

    def whole(*given: Any, **named: Any) -> Iterable[Outcome]:
        return tuple(outcomes(*given, **named))  # a generator has done nothing yet when it is returned

    reader.outcomes = clock.around("interpret", whole)


if __name__ == "__main__":
    main()
