"""`python -m bench.fuzz.zoo` seeds bugs in copies of the sources, and measures how soon each is found.

The measures are runs and the CPU time of the searcher's process until a finding that the sources without the
bug do not have.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from bench.fuzz.zoo.measurement import Measurement, together
from bench.fuzz.zoo.outcome import Hunted
from bench.fuzz.zoo.plant import FORMATS, ROOT, Plant, copy_sources, plants
from bench.fuzz.zoo.report import page, put_in
from bench.fuzz.zoo.searchers import SEARCHERS
from bench.fuzz.zoo.setting import setup_of
from ccheck_fuzz.execution.context import prepare_campaign
from ccheck_fuzz.execution.harness import Harness

CONTROL = "control"
"""The hunt in sources without a fault: what it finds is a fault of ccheck, or of this benchmark."""


def main() -> int:
    """Measure, and report. 1 if ccheck's own search missed a fault, or found one where none is."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--budget", type=float, default=60.0, help="CPU-seconds for one fault and seed")
    parser.add_argument("--seeds", type=int, default=5, help="how many of them")
    parser.add_argument("--first-seed", type=int, default=1, help="the first of them")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", action="append", default=[], help="a fault by name, or a format")
    parser.add_argument("--searcher", action="append", choices=sorted(SEARCHERS))
    parser.add_argument("--json", type=Path, help="write all figures here, after each hunt")
    parser.add_argument(
        "--with", type=Path, action="append", default=[], dest="others",
        help="figures that --json wrote before, for the page: other searchers need not hunt again",
    )  # fmt: skip
    parser.add_argument("--page", type=Path, help="write the tables into this page, between their marks")
    options = parser.parse_args()
    chosen = [p for p in plants() if not options.only or {p.name, p.format} & set(options.only)]
    if not chosen:
        parser.error("no such fault")
    before = [Measurement.read(path) for path in options.others]
    measured = Measurement(" ".join(sys.argv[1:]))
    folder = Path(tempfile.mkdtemp(prefix="ccheck-zoo-"))
    try:
        _prepare(folder, chosen)
        seeds = range(options.first_seed, options.first_seed + options.seeds)
        tasks = list(_tasks(chosen, options.searcher or list(SEARCHERS), seeds))
        planted = _Planted()
        with ThreadPoolExecutor(options.jobs) as pool:
            for one in pool.map(partial(_hunt, folder, options.budget), tasks):
                measured.hunts.append(planted.held(one))
                print(measured.hunts[-1].line(), flush=True)
                if options.json is not None:
                    measured.write(options.json)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    hunted = together([*before, measured])
    text = page(chosen, hunted, [*before, measured])
    print(text)
    if options.page is not None:
        put_in(options.page, text)
    own = [one for one in hunted if one.searcher == "ccheck"]
    missed = {one.plant for one in own if one.plant != CONTROL} - {one.plant for one in own if one.found}
    return 1 if missed or any(one.found for one in own if one.plant == CONTROL) else 0


Task = tuple[Plant | None, str, str, int]
"""A fault, or none; the format; the searcher; the seed."""


def _tasks(chosen: list[Plant], searchers: list[str], seeds: range) -> Iterator[Task]:
    """All hunts, seed by seed, so that a call that was ended early has results for every bug.

    Only our own search runs without a bug.
    """
    for seed in seeds:
        for searcher in searchers:
            yield from ((plant, plant.format, searcher, seed) for plant in chosen)
            if searcher == "ccheck":
                formats = [name for name in FORMATS if any(p.format == name for p in chosen)]
                yield from ((None, name, searcher, seed) for name in formats)


def _prepare(folder: Path, chosen: list[Plant]) -> None:
    """A copy of the sources for each fault, and one without."""
    copy_sources(folder / CONTROL, None)
    for plant in chosen:
        copy_sources(folder / plant.name, plant)


def _hunt(folder: Path, budget: float, task: Task) -> Hunted:
    plant, format_, searcher, seed = task
    name = CONTROL if plant is None else plant.name
    sources = folder / name
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        out = Path(scratch) / "out.json"
        words = [
            sys.executable, "-m", "bench.fuzz.zoo.hunt", "--format", format_, "--searcher", searcher,
            "--seed", str(seed), "--budget", str(budget), "--sources", str(sources), "--out", str(out),
        ]  # fmt: skip
        environment = os.environ | {"PYTHONPATH": str(sources), "PYTHONHASHSEED": "0", "TMPDIR": scratch}
        try:
            done = subprocess.run(
                words, cwd=ROOT, env=environment, capture_output=True, timeout=20 * budget + 120, check=False
            )
            ended = f"exit status {done.returncode}: {done.stderr[-300:].decode(errors='replace')}"
        except subprocess.TimeoutExpired:
            ended = "no end"
        if not out.exists():
            return Hunted(name, format_, searcher, seed, budget, 0, budget, died=ended)
        said = json.loads(out.read_text(encoding="utf-8"))
    found = said["found"] or {}
    return Hunted(
        name, format_, searcher, seed, budget, said["runs"], said["seconds"],
        oracle=found.get("oracle", ""), what=found.get("what", ""),
        signature=tuple(found.get("signature", ())), data=bytes.fromhex(found.get("data", "")),
    )  # fmt: skip


class _Planted:
    """Tells what was planted from what is there anyway: each finding is run again without the fault."""

    def __init__(self) -> None:
        self._harnesses: dict[str, Harness] = {}

    def held(self, one: Hunted) -> Hunted:
        """The same, or a miss where the finding is there without the fault, too."""
        if not one.found or one.plant == CONTROL:
            return one
        if one.format not in self._harnesses:
            self._harnesses[one.format] = Harness(
                prepare_campaign(setup_of(one.format)), lambda data, broken: None
            )
        broken = self._harnesses[one.format].broken_by(one.data)
        return one.not_planted() if one.signature in {each.signature for each in broken} else one


if __name__ == "__main__":
    sys.exit(main())
