"""Each instance under every supported build, with the events that matter; full coverage of the matrix."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.formats.exercise.evidence import Evidence, Use
from ccheck.formats.exercise.outcome import Outcome
from ccheck.release.gate.context import FileRun, GateContext
from ccheck.release.gate.result import Stage, concluded
from ccheck.text.quoting import counted


def run(context: GateContext) -> Stage:
    """Run each file; a trap, a refusal, an instance that a build does not use, and a hole are failures."""
    failures: list[str] = []
    gaps = [*_other_definitions(context)]
    files = events = steps = instances = 0
    builds: set[str] = set()
    uses: set[Use] = set()
    for ran in context.ran:
        evidence = ran.evidence
        if ran.problem:
            gaps.append(ran.problem)
        if evidence is None:
            continue
        outcomes = evidence.exercised.outcomes
        if not outcomes:
            gaps.append(f"{ran.file.identity.name}: no build ran it")
            continue
        files += 1
        events += sum(outcome.events for outcome in outcomes)
        steps += sum(outcome.steps for outcome in outcomes)
        instances += max(outcome.instances for outcome in outcomes)
        builds |= {outcome.consumer for outcome in outcomes}
        uses |= set(evidence.uses)
        failures += _failures(ran, evidence)
    examined = {
        "files": files,
        "builds": len(builds),
        "instances": instances,
        "events": events,
        "uses": len(uses),
    }
    # Formats without criteria have neither instances nor a matrix.
    examined = {kind: count for kind, count in examined.items() if count or kind not in ("instances", "uses")}
    matrix = "full coverage of the matrix" if uses else "without criteria, so without a matrix"
    ran_under = f"{counted(files, 'file')} ran under {counted(len(builds), 'build')}"
    summary = f"{ran_under}, {counted(events, 'event')}; {matrix}"
    return concluded(
        "exercise", examined, summary=summary, failures=failures, gaps=gaps, details={"steps": steps}
    )


def _other_definitions(context: GateContext) -> Iterator[str]:
    """A release that ships definitions is judged by those, or what was run is not what will run."""
    known = {definitions.data for definitions in context.validation.context.definitions}
    for file in context.files:
        content = context.subjects[file.identity.name].content
        if getattr(content, "types", ()) and file.data not in known:
            why = "brings definitions, and the release is judged by others: name it in ccheck.toml"
            yield f"{file.identity.name} {why}"


def _failures(ran: FileRun, evidence: Evidence) -> Iterator[str]:
    name = ran.file.identity.name
    for outcome in evidence.exercised.outcomes:
        words = _stopped(outcome)
        if words:
            yield f"{name}: {outcome.consumer} {words}"
    met = {use for use, _ in evidence.results}
    for use in evidence.uses:
        if use not in met:
            place = f"{use.type} field {use.field + 1}, {use.kind}"
            yield f"{name}: no event met {place}: not covered"


def _stopped(outcome: Outcome) -> str:
    """How a build did not run the file as it is."""
    if outcome.trap is not None:
        index = (
            f", index {outcome.trap.index} of {outcome.trap.limit}" if outcome.trap.index is not None else ""
        )
        return f"traps: {outcome.trap.kind}{index}, {outcome.trap.path}"
    if outcome.refusal is not None:
        return f"refuses: {outcome.refusal.message}"
    if outcome.skipped:
        return f"does not use {outcome.skipped[0]}"
    if outcome.telemetry:
        return f"reports {outcome.telemetry[0]}"
    return ""
