"""A record and the state of today: which units differ, and what has changed in them."""

from __future__ import annotations

import difflib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from bench.baseline.program import Item, fired
from bench.baseline.units import ROOT, VIEWS, Unit, digests, genuine, units

RECORD = Path(__file__).with_name("record.json")
LINES = 40
"""Lines of a difference that are shown of one view."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The digests of units by name, and how often each check had findings in mutants and in other files."""

    digests: Mapping[str, str]
    in_mutants: Counter[str] = field(default_factory=Counter)
    in_files: Counter[str] = field(default_factory=Counter)


def measure(names: Collection[str], mutants: int, jobs: int) -> Measured:
    """Computes units and their digests.

    Args:
        names: The units.
        mutants: Mutants of each format, at most.
        jobs: Processes; the digests do not depend on it.
    """
    found: dict[str, str] = {}
    in_mutants, in_files = Counter[str](), Counter[str]()
    ordered = sorted(names)
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for name, (made, checks) in zip(
            ordered, pool.map(_made, ordered, [mutants] * len(ordered), chunksize=4), strict=True
        ):
            found[name] = made
            if sys.stderr.isatty():
                print(f"\r{len(found):,} of {len(ordered):,} units", end="", file=sys.stderr)
            (in_mutants if name.startswith("mutants/") else in_files).update(checks)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return Measured(found, in_mutants, in_files)


def _made(name: str, mutants: int) -> tuple[str, Counter[str]]:
    items = list(_units(mutants)[name]())
    checks = Counter(check for item in items if "input" in item.views for check in fired(item))
    return digests(items), checks


@cache
def _units(mutants: int) -> dict[str, Unit]:
    return units(mutants)


def differing(before: str, after: str) -> tuple[str, ...]:
    """Returns the views whose digests differ."""
    pairs = zip(VIEWS, before.split(), after.split(), strict=True)
    return tuple(view for view, one, other in pairs if one != other)


def show(name: str, mutants: int) -> Iterator[str]:
    """Yields the items of a unit as lines of JSON."""
    for item in _units(mutants)[name]():
        yield json.dumps({"name": item.name, "views": dict(item.views)})


class Before:
    """The program as it was when the record was committed, in a folder of its own."""

    def __init__(self, mutants: int) -> None:
        """mutants: Mutants of each format, at most."""
        self._mutants = mutants
        self._folder = tempfile.TemporaryDirectory(prefix="ccheck-baseline-")
        self.commit = _git("log", "-1", "--format=%H", "--", str(RECORD)).decode().strip()
        if not self.commit:
            raise OSError("the record is in no commit")
        with tarfile.open(fileobj=io.BytesIO(_git("archive", self.commit))) as archive:
            archive.extractall(self._folder.name, filter="data")

    def items(self, name: str) -> list[Item]:
        """Returns the items of a unit, judged by the program as it was.

        Raises:
            OSError: The program cannot be checked out.
        """
        words = [sys.executable, "-m", "bench.baseline", "show", name, "--mutants", str(self._mutants)]
        setting = os.environ | {"CCHECK_SHARED_DATA": str(genuine())}
        done = subprocess.run(words, cwd=self._folder.name, env=setting, capture_output=True, check=False)
        if done.returncode != 0:
            raise OSError(done.stderr.decode(errors="replace"))
        return [Item(one["name"], one["views"]) for one in map(json.loads, done.stdout.splitlines())]

    def close(self) -> None:
        """Removes the folder."""
        self._folder.cleanup()


def _git(*words: str) -> bytes:
    """Output of git.

    Raises:
        OSError: It fails or is not installed.
    """
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)  # noqa: S607 - git of the path
    if done.returncode != 0:
        raise OSError(f"git {words[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def changes(before: list[Item], after: list[Item], views: Collection[str], most: int) -> Iterator[str]:
    """Yields what changed in the first items that differ.

    Args:
        before: The items as they were.
        after: The items as they are.
        views: The views that are compared.
        most: Items that are shown.
    """
    old = {item.name: item.views for item in before}
    new = {item.name: item.views for item in after}
    for name in [*old, *(name for name in new if name not in old)]:
        one, other = old.get(name, {}), new.get(name, {})
        differ = [view for view in views if one.get(view) != other.get(view)]
        if not differ:
            continue
        if most == 0:
            yield "  … and more"
            return
        most -= 1
        for view in differ:
            yield f"  {name}: {view}"
            yield from _changed(one.get(view, ""), other.get(view, ""))


def _changed(before: str, after: str) -> Iterator[str]:
    lines = list(
        difflib.unified_diff(_laid_out(before), _laid_out(after), "before", "now", n=1, lineterm="")
    )[2:]
    yield from (f"    {line}" for line in lines[:LINES])
    if len(lines) > LINES:
        yield f"    … {len(lines) - LINES} lines more"


def _laid_out(text: str) -> list[str]:
    """Text in lines; a judgement, which is JSON in one line, with one value on each line."""
    if text.startswith("{") and "\n" not in text:
        values = json.loads(text)
        return [f"{key}: {line}" for key, value in values.items() for line in _each(value)]
    return text.splitlines()


def _each(value: object) -> list[str]:
    return [json.dumps(one) for one in value] if isinstance(value, list) else [json.dumps(value)]
