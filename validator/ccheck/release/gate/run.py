"""A release through all stages: what `ccheck gate` does before it prints anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ccheck.config.gate_policy import STAGES
from ccheck.core.finding import RunReport
from ccheck.formats.exercise.evidence import Slot, Use
from ccheck.release.gate.context import GateContext
from ccheck.release.gate.notes import notes
from ccheck.release.gate.result import GateResult, MatrixCell, MatrixRow, ProfileRow, Stage, UnknownRow
from ccheck.release.gate.stage import run_stage
from ccheck.release.gate.stages.first_use import first_uses
from ccheck.version import __version__


def run_gate(context: GateContext, tell: Callable[[Stage], None] = lambda stage: None) -> GateResult:
    """Run all stages, in their order.

    Args:
        context: The release.
        tell: Called with each stage as it ends.
    """
    stages = []
    for name in STAGES:
        stage = run_stage(name, context)
        tell(stage)
        stages.append(stage)
    # What a crashed stage could not work out cannot be shown either, and would crash again here.
    on = {stage.name for stage in stages if stage.examined}
    ran = on & {"exercise", "first_use"}
    return GateResult(
        release=context.name,
        on=context.validation.context.on.isoformat(),
        program_version=__version__,
        files=tuple(file.identity for file in context.files),
        stages=tuple(stages),
        reports=RunReport(
            context.reports if "validate" in on else (),
            __version__,
            configuration=context.validation.configuration,
        ),
        first_uses=first_uses(context) if "first_use" in on else (),
        matrix=tuple(_matrix(context)) if ran else (),
        profiles=tuple(_profiles(context)) if ran else (),
        unknown=tuple(_unknown(context)),
        notes=notes(context)[0] if "diff" in on else "",
    )


def _unknown(context: GateContext) -> Iterator[UnknownRow]:
    """Yields the builds without facts that read files of the release."""
    listed = context.validation.context.consumers
    if listed is None:
        return
    formats = {subject.schema.name for subject in context.subjects.values() if subject.schema is not None}
    for one in listed.unknown:
        if read := formats.intersection(one.formats):
            yield UnknownRow(one.name, one.why, tuple(sorted(read)))


def _profiles(context: GateContext) -> Iterator[ProfileRow]:
    for ran in context.ran:
        for outcome in () if ran.evidence is None else ran.evidence.exercised.outcomes:
            trap = outcome.trap
            yield ProfileRow(
                file=ran.file.identity.name,
                consumer=outcome.consumer,
                platform=outcome.platform,
                verdict=outcome.verdict,
                instances=outcome.instances,
                events=outcome.events,
                steps=outcome.steps,
                skipped=outcome.skipped,
                trap=None if trap is None else f"{trap.kind} at {trap.path}",
                refusal=None if outcome.refusal is None else outcome.refusal.message,
                saved_by=outcome.saved_by,
            )


def _matrix(context: GateContext) -> Iterator[MatrixRow]:
    """The matrix of the whole release, over the types that it uses."""
    uses: set[Use] = set()
    results: set[tuple[Use, bool]] = set()
    kinds: dict[str, None] = {}
    slots: dict[tuple[str, int, int], Slot] = {}
    for ran in context.ran:
        if ran.evidence is None:
            continue
        uses |= set(ran.evidence.uses)
        results |= ran.evidence.results
        kinds |= dict.fromkeys(ran.evidence.kinds)
        slots |= {(slot.type, slot.version, slot.field): slot for slot in ran.evidence.slots}
    known = () if context.baseline is None else context.baseline.uses
    for (name, version, index), slot in sorted(slots.items()):
        cells = []
        for kind in kinds:
            use = Use(name, version, index, kind)
            cells.append(
                MatrixCell(
                    kind,
                    used=use in uses,
                    allowed=kind in slot.allowed,
                    matched=(use, True) in results,
                    failed=(use, False) in results,
                    first=use in uses and use not in known,
                )
            )
        yield MatrixRow(name, version, index, slot.name, tuple(cells))
