"""One stage of a gate run: here, or in a process of its own."""

from __future__ import annotations

from ccheck.judging.crash import ExaminationCrashed, examination
from ccheck.release.gate.context import GateContext
from ccheck.release.gate.isolated_stage import StageLost, run_isolated
from ccheck.release.gate.result import Stage, Status
from ccheck.release.gate.stages import OWN, StageMissing, stage_run

RUNNING = frozenset({"exercise", "first_use", "faults"})
"""Those that run an interpreter: if it is not ccheck's own, in an isolated process, as stages of plugins."""


def run_stage(name: str, context: GateContext) -> Stage:
    """Run one stage. An exception makes it incomplete, as does skipping it; only a policy disables it."""
    if name not in context.policy.stages:
        return Stage(name, Status.OFF, "switched off")
    if name in context.skipped:
        return Stage(name, Status.INCOMPLETE, "skipped: the policy wants it")
    try:
        run = stage_run(name)  # that it is there is known here, before a process is begun for it
        apart = name not in OWN or (name in RUNNING and context.foreign)
        if apart:
            stage = run_isolated(name, context)
        else:
            with examination():
                stage = run(context)
        if stage.name != name or not isinstance(stage.status, Status) or stage.status is Status.OFF:
            raise ValueError(f"it told of {stage.name}, {stage.status}")
        return stage
    except (StageMissing, StageLost) as missing:
        return Stage(name, Status.INCOMPLETE, str(missing))
    except Exception as raised:  # noqa: BLE001 - any crash of a stage leaves the verdict incomplete
        crash = raised if isinstance(raised, ExaminationCrashed) else ExaminationCrashed(raised)
        what = f"the stage crashed: {crash.detail}"
        return Stage(name, Status.INCOMPLETE, what, details={"gaps": [what]})
