"""The `[gate]` table of ccheck.toml: the stages of a release, their costs, and how long verdicts count."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType

from ccheck.text.quoting import shown
from ccheck.text.toml_table import Table

STAGES = ("validate", "exercise", "first_use", "faults", "regress", "fuzz", "diff")
"""All stages, in the order in which they are run."""

BUDGETS: Mapping[str, int] = MappingProxyType(
    {"exercise": 100_000_000, "faults": 5_000, "regress": 1_000, "fuzz": 300}
)
"""What a stage may cost, unless the project says otherwise, in work and not in time, so that everybody who
repeats a gate comes to the same end: steps of the interpreter · damaged files · folders · runs.
"""

STAGE_SECONDS = 600
"""Seconds after which a stage that runs in a process of its own is taken for hung, unless the project says
otherwise. What a stage may cost is counted in work: this only ends what would never end.
"""

VALID_DAYS = 30
"""Days for which a verdict counts, unless the project says otherwise."""


@dataclass(frozen=True)
class GatePolicy:
    """What a release must show.

    Paths are ready to open; None: nothing was named.

    Attributes:
        stages: The stages that are on, in the order of `STAGES`.
        last_good: The folder of the last good release.
        corpus: A folder whose `<format>/regress/` are run again.
        key: The public key of the accepted signers.
        drivers: A folder of the drivers' files, which the listed builds are compared with.
    """

    stages: tuple[str, ...] = STAGES
    budgets: Mapping[str, int] = field(default_factory=lambda: BUDGETS, hash=False)
    baseline: Path | None = None
    last_good: Path | None = None
    corpus: Path | None = None
    key: Path | None = None
    drivers: Path | None = None
    valid_days: int = VALID_DAYS
    seed: int = 1
    stage_seconds: int = STAGE_SECONDS

    def terms(self) -> dict[str, object]:
        """What the policy requires, as plain values, without the paths of this machine."""
        return {
            "stages": list(self.stages),
            "budgets": dict(sorted(self.budgets.items())),
            "valid_days": self.valid_days,
            "seed": self.seed,
            "stage_seconds": self.stage_seconds,
            **({"drivers": True} if self.drivers is not None else {}),
        }

    def expires(self, on: date) -> date | None:
        """The last day on which a verdict of that day counts; None if the calendar ends before it."""
        try:
            return on + timedelta(days=self.valid_days)
        except OverflowError:
            return None

    @property
    def sha256(self) -> str:
        """The digest of the terms: two policies that ask for the same have the same."""
        return digest_of(self.terms())


def digest_of(terms: Mapping[str, object]) -> str:
    """The digest of a policy's terms."""
    return hashlib.sha256(json.dumps(terms, sort_keys=True).encode()).hexdigest()


def read_gate(table: Table, folder: Path, folders: bool = True) -> GatePolicy:
    """Read `[gate]`; errors are noted in its document.

    Args:
        table: The table.
        folder: The folder of ccheck.toml.
        folders: Whether the folders that it names must exist; verifying a verdict looks into none.
    """
    there = _there if folders else _path
    stages, budgets = table.table("stages"), table.table("budgets")
    chosen = tuple(name for name in STAGES if stages.flag(name, True))
    if not chosen:
        table.complain("stages", "every stage is off: nothing would be examined")
    limits = dict(BUDGETS)
    for name in BUDGETS:
        limits[name] = budgets.optional_integer(name, 1, 10**12) or BUDGETS[name]
    policy = GatePolicy(
        stages=chosen,
        budgets=MappingProxyType(limits),
        baseline=_path(table, "baseline", folder),
        last_good=there(table, "last_good", folder),
        corpus=there(table, "corpus", folder),
        key=_path(table, "key", folder),
        drivers=there(table, "drivers", folder),
        valid_days=table.optional_integer("valid_days", 1, 3650) or VALID_DAYS,
        seed=table.optional_integer("seed", 1, 2**31 - 1) or 1,
        stage_seconds=table.optional_integer("stage_seconds", 1, 86_400) or STAGE_SECONDS,
    )
    for part in (stages, budgets, table):
        part.done()
    return policy


def _path(table: Table, key: str, folder: Path) -> Path | None:
    name = table.optional_text(key)
    if name and "\0" in name:
        table.complain(key, f"{shown(name)} is not a path")
        return None
    return folder / name if name else None


def _there(table: Table, key: str, folder: Path) -> Path | None:
    path = _path(table, key, folder)
    if path is not None and not path.is_dir():
        table.complain(key, f"{shown(str(table.data[key]))} is not a folder in {folder}")
    return path
