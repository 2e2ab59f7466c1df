"""The stages of a gate, in one visible table; other packages bring theirs through an entry-point group."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module, metadata
from types import MappingProxyType

from ccheck.config.gate_policy import STAGES
from ccheck.core.extras import how_to_install
from ccheck.judging.crash import ExaminationCrashed, examination
from ccheck.release.gate.apart import StageLost, run_apart
from ccheck.release.gate.case import Case, StageRun
from ccheck.release.gate.result import Stage, Status

ENTRY_POINTS = "ccheck.stages"
"""The entry-point group through which the fuzz package brings its stages: validator never imports it."""

OWN: Mapping[str, str] = MappingProxyType(
    {
        "validate": "ccheck.release.gate.stages.validate",
        "exercise": "ccheck.release.gate.stages.exercise",
        "first_use": "ccheck.release.gate.stages.first_use",
        "faults": "ccheck.release.gate.stages.faults",
        "diff": "ccheck.release.gate.stages.diff",
    }
)
"""The stages of this package, each the function `run` of its module. The others are brought."""

RUNNING = frozenset({"exercise", "first_use", "faults"})
"""Those that run an interpreter: where it is not ccheck's own, in a process apart, as brought stages do."""


class StageMissing(Exception):
    """A stage whose package is not installed."""


def stage_run(name: str) -> StageRun:
    """The function of a stage. Raises StageMissing."""
    if name in OWN:
        run: StageRun = import_module(OWN[name]).run
        return run
    entries = tuple(metadata.entry_points(group=ENTRY_POINTS, name=name))
    if not entries:
        raise StageMissing("no installed package brings it")
    if len(entries) > 1:
        raise StageMissing(f"several packages bring it: {', '.join(entry.value for entry in entries)}")
    try:
        brought: StageRun = entries[0].load()
    except ModuleNotFoundError as missing:
        raise StageMissing(f"it needs {missing.name}: {how_to_install('fuzz')}") from missing
    return brought


def run_stage(name: str, case: Case) -> Stage:
    """Run one stage. Whatever it raises leaves it incomplete, as does skipping it; only a policy switches it
    off.
    """
    if name not in case.policy.stages:
        return Stage(name, Status.OFF, "switched off")
    if name in case.skipped:
        return Stage(name, Status.INCOMPLETE, "skipped: the policy wants it")
    try:
        run = stage_run(name)  # that it is there is known here, before a process is begun for it
        apart = name not in OWN or (name in RUNNING and case.foreign)
        if apart:
            stage = run_apart(name, case)
        else:
            with examination():
                stage = run(case)
        if stage.name != name or not isinstance(stage.status, Status) or stage.status is Status.OFF:
            raise ValueError(f"it told of {stage.name}, {stage.status}")
        return stage
    except (StageMissing, StageLost) as missing:
        return Stage(name, Status.INCOMPLETE, str(missing))
    except Exception as raised:  # noqa: BLE001 - any crash of a stage leaves the verdict incomplete
        crash = raised if isinstance(raised, ExaminationCrashed) else ExaminationCrashed(raised)
        what = f"the stage crashed: {crash.detail}"
        return Stage(name, Status.INCOMPLETE, what, details={"gaps": [what]})


__all__ = ["ENTRY_POINTS", "OWN", "STAGES", "StageMissing", "run_stage", "stage_run"]
