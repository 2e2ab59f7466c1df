"""Two stages of the release gate: kept findings run again, and a search around the release's content."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from ccheck.files.regular_file import read_regular_file, read_regular_text
from ccheck.formats.exercise.outcome import ExerciseError, RunInputs
from ccheck.formats.exercise.session import Features, Session, plain
from ccheck.formats.registry import named
from ccheck.release.gate.context import GateContext
from ccheck.release.gate.result import Stage, concluded
from ccheck.text.quoting import counted
from ccheck_fuzz.corpus.regress import RegressError, kept, regress_one
from ccheck_fuzz.execution.context import CampaignContext
from ccheck_fuzz.execution.harness import Harness
from ccheck_fuzz.execution.options import CampaignOptions
from ccheck_fuzz.mutate.scheduler import MutationScheduler
from ccheck_fuzz.oracles.broken import Broken
from ccheck_fuzz.oracles.table import ORACLES
from ccheck_fuzz.readers.reference import SessionReader
from ccheck_schemas.schema import Schema

MAX_SIZE = 65_536
"""Bytes of the largest input; a larger file of the release is not searched around, which is a gap."""

MOST_POINTS = 100
"""Points of the curve."""

REPEATABLE = {name: oracle for name, oracle in ORACLES.items() if name != "resources"}
"""The oracles whose answer is the same on every machine: nobody can reproduce a measured time."""


def regress(context: GateContext) -> Stage:
    """Run again every folder of the corpus in which something once broke a property."""
    corpus = context.policy.corpus
    if corpus is None:
        return concluded(
            "regress", {}, summary="", gaps=["no corpus was named: [gate] corpus in ccheck.toml"]
        )
    folders = kept(corpus)
    budget = context.policy.budgets["regress"]
    digests = {_name(corpus, folder): _digest(folder) for folder in folders}
    failures = []
    gaps = [] if folders else [f"nothing was kept below {corpus.name}/*/regress"]
    for folder in folders[:budget]:
        try:
            one = regress_one(folder)
        except RegressError as wrong:
            gaps.append(f"{_name(corpus, folder)}: {wrong}")
            continue
        failures += [f"{_name(corpus, folder)}: {broken.what}" for broken in one.broken]
    if len(folders) > budget:
        gaps.append(f"the budget of {budget:,} folders is spent; {len(folders) - budget:,} were not run")
    if {_name(corpus, folder): _digest(folder) for folder in kept(corpus)} != digests:
        gaps.append(f"{corpus.name} was changed while it was run")
    details = {"corpus": digests}
    ran = min(len(folders), budget)
    summary = f"{counted(ran, 'folder')} of what once broke something: all are fixed"
    return concluded(
        "regress", {"folders": ran}, summary=summary, failures=failures, gaps=gaps, details=details
    )


def _name(corpus: Path, folder: Path) -> str:
    return folder.relative_to(corpus).as_posix()


def _digest(folder: Path) -> str:
    """Returns the digest of all files of a folder, by name."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(read_regular_file(path)).digest())
    return digest.hexdigest()


def fuzz(context: GateContext) -> Stage:
    """Search around each new or changed file, for a fixed number of runs; the seed decides the result."""
    failures: list[str] = []
    gaps: list[str] = []
    same = {old.data for old in context.last_good}
    changed = [file for file in context.files if file.data not in same]
    # A release that changes nothing is searched around all the same: nothing examined is no pass.
    about = changed or list(context.files)
    budget = context.policy.budgets["fuzz"]
    once = _once(context.policy.corpus)
    curve = Curve()
    files = 0
    for number, file in enumerate(about):
        share = (budget + number) // len(about)
        schema = context.subjects[file.identity.name].schema
        if share == 0:
            gaps.append(f"{file.identity.name}: the budget of {budget:,} runs does not reach it")
        elif len(file.data) > MAX_SIZE:
            gaps.append(f"{file.identity.name}: it has more than {MAX_SIZE:,} bytes")
        elif schema is None:
            gaps.append(f"{file.identity.name}: the content is of no known format")
        else:
            try:
                made = _campaign(context, schema)
            except ExerciseError as wrong:
                gaps.append(f"{file.identity.name}: {wrong}")
                continue
            passes, found = _search(made, file.data, share, context.policy.seed + number, curve)
            files += 1
            failures += [f"{file.identity.name}: {one.what}{once.get(one.signature, '')}" for one in found]
            if not passes:
                gaps.append(f"{file.identity.name}: it does not pass, so a search around it shows little")
    examined = {"runs": curve.runs, "files": files}
    reached = len(curve.reached)
    details = {"curve": curve.points(), "reached": reached, "seed": context.policy.seed}
    around = f"{counted(curve.runs, 'run')} around {counted(files, 'file')}"
    summary = f"{around} reached {reached:,} coverage features, and broke nothing"
    return concluded("fuzz", examined, summary=summary, failures=failures, gaps=gaps, details=details)


class Curve:
    """How much was reached after how many runs, over all files."""

    def __init__(self) -> None:
        self.runs = 0
        self.reached: set[tuple[str, Hashable]] = set()
        self._points: list[tuple[int, int]] = []

    def count(self, schema: str, features: Features) -> None:
        """Take in what one run of a format reached."""
        self.runs += 1
        before = len(self.reached)
        self.reached.update((schema, feature) for feature in features)
        if len(self.reached) > before:
            self._points.append((self.runs, len(self.reached)))

    def points(self) -> list[list[int]]:
        """Pairs of runs and coverage features, from no run to the last; not many more than `MOST_POINTS`."""
        step = max(1, len(self._points) // MOST_POINTS)
        thinned = self._points[::-1][::step][::-1]
        ends = ((0, 0), *thinned, (self.runs, len(self.reached)))
        return [list(point) for point in dict.fromkeys(ends)]


def _once(corpus: Path | None) -> dict[tuple[str, ...], str]:
    """Returns words for what broke the same way before, by its signature.

    It is still a failure: the fix was incomplete.
    """
    found = {}
    for folder in () if corpus is None else kept(corpus):
        once = folder / "once.json"
        if once.is_file():
            signature = json.loads(read_regular_text(once))["signature"]
            found[tuple(map(str, signature))] = f" (as once in {_name(corpus or folder, folder)})"
    return found


def _campaign(context: GateContext, schema: Schema) -> CampaignContext:
    """Returns a search in this process, about one format, with the gate's validation context.

    Raises:
        ExerciseError: The format has no interpreter.
    """
    session = _session(context, schema)
    if session is None:
        raise ExerciseError(f"the format {schema.name} has no interpreter")
    given = context.given(schema)
    validation = replace(context.validation, schema=schema)
    return CampaignContext(
        CampaignOptions(schema.name),
        schema,
        validation,
        given,
        (SessionReader(session(given)),),
        REPEATABLE,
        "",
    )


def _session(context: GateContext, schema: Schema) -> Callable[[RunInputs], Session] | None:
    """Returns what runs files of a format: for a schema file, its own interpreter."""
    validation = context.validation
    if schema is validation.schema and validation.own_exercise is not None:
        return plain(validation.own_exercise)
    known = named(schema.name)
    return None if known is None else known.session


def _search(
    made: CampaignContext, seed: bytes, runs: int, number: int, curve: Curve
) -> tuple[bool, list[Broken]]:
    """Returns whether a file passes, and what inputs around it break, each once."""
    broken: dict[tuple[str, ...], Broken] = {}

    def found(data: bytes, one: Broken) -> None:
        if not one.information:
            broken.setdefault(one.signature, one)

    harness = Harness(made, found)
    scheduler = MutationScheduler(made, [seed], harness.accepted)
    for data in islice(_inputs(scheduler, seed, random.Random(number)), runs):
        curve.count(made.schema.name, harness.run(data))
    return harness.passes(seed), list(broken.values())


def _inputs(scheduler: MutationScheduler, seed: bytes, chance: random.Random) -> Iterator[bytes]:
    """Yields the file itself, and then what mutations make of it, now and then of what they made."""
    yield seed
    last = seed
    while True:
        parent = last if chance.random() < 0.5 else seed
        last = scheduler.mutate(parent, MAX_SIZE, chance.getrandbits(31))
        yield last
