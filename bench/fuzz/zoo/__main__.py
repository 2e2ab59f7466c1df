"""`python -m bench.fuzz.zoo` plants faults in copies of the sources, and measures how soon each is found.

Counted are runs and the CPU time of the searcher's process until a finding that the sources without the fault
do not have.
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
from pathlib import Path

from bench.fuzz.zoo.outcome import Hunted
from bench.fuzz.zoo.plant import FORMATS, ROOT, Plant, copy_sources, plants
from bench.fuzz.zoo.report import page, put_in
from bench.fuzz.zoo.searchers import SEARCHERS
from bench.fuzz.zoo.setting import setup_of

from ccheck_fuzz.harness import Harness
from ccheck_fuzz.setup import ready

CONTROL = "control"
"""The hunt in sources without a fault: what it finds is a fault of ccheck, or of this benchmark."""


def main() -> int:
    """Measure, and report. 1 if ccheck's own search missed a fault, or found one where none is."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--budget", type=float, default=60.0, help="CPU-seconds for one fault and seed")
    parser.add_argument("--seeds", type=int, default=5, help="seeds of ccheck's own search")
    parser.add_argument("--other-seeds", type=int, help="seeds of the others (as many)")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", action="append", default=[], help="a fault by name, or a format")
    parser.add_argument("--searcher", action="append", choices=sorted(SEARCHERS))
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--page", type=Path, help="write the tables into this page, between their marks")
    options = parser.parse_args()
    chosen = [p for p in plants() if not options.only or {p.name, p.format} & set(options.only)]
    if not chosen:
        parser.error("no such fault")
    others = options.seeds if options.other_seeds is None else options.other_seeds
    searchers = options.searcher or list(SEARCHERS)
    folder = Path(tempfile.mkdtemp(prefix="ccheck-zoo-"))
    try:
        tasks = [
            (folder, plant, format_, searcher, seed, options.budget)
            for plant, format_ in [
                *((plant, plant.format) for plant in chosen),
                *((None, name) for name in FORMATS if any(p.format == name for p in chosen)),
            ]
            for searcher in searchers
            for seed in range(1, 1 + (options.seeds if searcher == "ccheck" else others))
            if plant is not None or searcher == "ccheck"
        ]
        _prepare(folder, chosen)
        hunted = []
        with ThreadPoolExecutor(options.jobs) as pool:
            for one in pool.map(lambda task: _hunt(*task), tasks):
                hunted.append(one)
                print(one.line(), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    hunted = list(_held_against_the_sources(hunted))
    text = page(chosen, hunted, options.budget, " ".join(sys.argv[1:]))
    print(text)
    if options.json is not None:
        options.json.write_text(json.dumps([one.plain() for one in hunted], indent=1), encoding="utf-8")
    if options.page is not None:
        put_in(options.page, text)
    own = [one for one in hunted if one.searcher == "ccheck"]
    missed = {p.name for p in chosen} - {one.plant for one in own if one.found}
    return 1 if missed or any(one.found for one in own if one.plant == CONTROL) else 0


def _prepare(folder: Path, chosen: list[Plant]) -> None:
    """A copy of the sources for each fault, and one without."""
    copy_sources(folder / CONTROL, None)
    for plant in chosen:
        copy_sources(folder / plant.name, plant)


def _hunt(folder: Path, plant: Plant | None, format_: str, searcher: str, seed: int, budget: float) -> Hunted:
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
            return Hunted(name, format_, searcher, seed, 0, budget, died=ended)
        said = json.loads(out.read_text(encoding="utf-8"))
    found = said["found"] or {}
    return Hunted(
        name, format_, searcher, seed, said["runs"], said["seconds"],
        oracle=found.get("oracle", ""), what=found.get("what", ""),
        signature=tuple(found.get("signature", ())), data=bytes.fromhex(found.get("data", "")),
    )  # fmt: skip


def _held_against_the_sources(hunted: list[Hunted]) -> Iterator[Hunted]:
    """Each finding run again without the fault: what breaks there too was not planted."""
    harnesses: dict[str, Harness] = {}
    for one in hunted:
        if one.found and one.plant != CONTROL:
            harness = harnesses.get(one.format)
            if harness is None:
                harness = Harness(ready(setup_of(one.format)), lambda data, broken: None)
                harnesses[one.format] = harness
            if one.signature in {broken.signature for broken in harness.broken_by(one.data)}:
                yield one.not_planted()
                continue
        yield one


if __name__ == "__main__":
    sys.exit(main())
