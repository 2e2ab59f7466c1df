"""Two stages of the release gate: what once broke something is run again, and a search around the content of
the release for what nobody thought of.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from ccheck.exercise.outcome import ExerciseError
from ccheck.formats import named
from ccheck.release_gate.case import Case
from ccheck.release_gate.result import Stage, concluded
from ccheck.report.summary import counted
from ccheck_fuzz.harness import Harness
from ccheck_fuzz.oracles import ORACLES, Broken
from ccheck_fuzz.readers import SessionReader
from ccheck_fuzz.regress import kept, regress_one
from ccheck_fuzz.setup import Ready, Setup
from ccheck_fuzz.variation import Variation
from ccheck_schemas.schema import Schema

MAX_SIZE = 65_536
"""Bytes of the largest input; a larger file of the release is not searched around, which is a gap."""

REPEATABLE = {name: oracle for name, oracle in ORACLES.items() if name != "resources"}
"""The oracles whose answer is the same on every machine: time is no evidence that others can repeat."""


def regress(case: Case) -> Stage:
    """Run again every folder of the corpus in which something once broke a property."""
    corpus = case.policy.corpus
    if corpus is None:
        return concluded(
            "regress", {}, summary="", gaps=["no corpus was named: [gate] corpus in ccheck.toml"]
        )
    folders = kept(corpus)
    budget = case.policy.budgets["regress"]
    failures = []
    for folder in folders[:budget]:
        one = regress_one(folder)
        failures += [f"{_name(corpus, folder)}: {broken.what}" for broken in one.broken]
    gaps = [] if folders else [f"nothing was kept below {corpus.name}/*/regress"]
    if len(folders) > budget:
        gaps.append(f"the budget of {budget:,} folders is spent; {len(folders) - budget:,} were not run")
    details = {"corpus": {_name(corpus, folder): _digest(folder) for folder in folders}}
    ran = min(len(folders), budget)
    summary = f"{counted(ran, 'folder')} of what once broke something: nothing is broken again"
    return concluded(
        "regress", {"folders": ran}, summary=summary, failures=failures, gaps=gaps, details=details
    )


def _name(corpus: Path, folder: Path) -> str:
    return folder.relative_to(corpus).as_posix()


def _digest(folder: Path) -> str:
    """The digest of all files of a folder, by name."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def fuzz(case: Case) -> Stage:
    """Search around each new or changed file, for a fixed number of runs: the same seed comes to the same
    end.
    """
    failures: list[str] = []
    gaps: list[str] = []
    known = {old.data for old in case.last_good}
    changed = [taken for taken in case.files if taken.data not in known]
    # A release that changes nothing is searched around all the same: nothing examined is no pass.
    about = changed or list(case.files)
    budget = case.policy.budgets["fuzz"]
    runs = files = 0
    for number, taken in enumerate(about):
        share = (budget + number) // len(about)
        schema = case.subjects[taken.file.name].schema
        if share == 0:
            gaps.append(f"{taken.file.name}: the budget of {budget:,} runs does not reach it")
        elif len(taken.data) > MAX_SIZE:
            gaps.append(f"{taken.file.name}: it has more than {MAX_SIZE:,} bytes")
        elif schema is None:
            gaps.append(f"{taken.file.name}: the content is of no known format")
        else:
            try:
                made = _ready(case, schema)
            except ExerciseError as wrong:
                gaps.append(f"{taken.file.name}: {wrong}")
                continue
            passes, found = _search(made, taken.data, share, case.policy.seed + number)
            runs += share
            files += 1
            failures += [f"{taken.file.name}: {one.what}" for one in found]
            if not passes:
                gaps.append(f"{taken.file.name}: it does not pass, so a search around it shows little")
    examined = {"runs": runs, "files": files}
    summary = f"{counted(runs, 'run')} around {counted(files, 'file')} broke nothing"
    return concluded("fuzz", examined, summary=summary, failures=failures, gaps=gaps)


def _ready(case: Case, schema: Schema) -> Ready:
    """A search in this process, about one format, by what the gate judges by. Raises ExerciseError."""
    known = named(schema.name)
    if known is None or known.session is None:
        raise ExerciseError(f"the format {schema.name} has no interpreter")
    given = case.given()
    judgement = replace(case.judgement, schema=schema)
    reader = SessionReader(known.session(given))
    return Ready(Setup(schema.name), schema, judgement, given, (reader,), REPEATABLE, "")


def _search(made: Ready, seed: bytes, runs: int, number: int) -> tuple[bool, list[Broken]]:
    """Whether a file passes, and what inputs around it break, each once."""
    broken: dict[tuple[str, ...], Broken] = {}

    def found(data: bytes, one: Broken) -> None:
        if not one.information:
            broken.setdefault(one.signature, one)

    harness = Harness(made, found)
    variation = Variation(made, [seed], harness.healthy)
    for data in islice(_inputs(variation, seed, random.Random(number)), runs):
        harness.run(data)
    return harness.passes(seed), list(broken.values())


def _inputs(variation: Variation, seed: bytes, chance: random.Random) -> Iterator[bytes]:
    """The file itself, and then what mutations make of it, now and then of what they made."""
    yield seed
    last = seed
    while True:
        parent = last if chance.random() < 0.5 else seed
        last = variation.mutate(parent, MAX_SIZE, chance.getrandbits(31))
        yield last
