"""What no release did before, and whether it was tried under every build."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.formats.exercise.evidence import Use
from ccheck.release.baseline import Baseline
from ccheck.release.gate.context import FileRun, GateContext
from ccheck.release.gate.result import FirstUse, Stage, concluded
from ccheck.text.quoting import counted
from ccheck_schemas.schema import Schema

WILDCARD = "wildcard"


def run(context: GateContext) -> Stage:
    """Compare the release with the baseline.

    A first use passes with evidence of its own, and is flagged for a slower rollout.
    """
    gaps = [ran.problem for ran in context.ran if ran.problem]
    gaps += [
        f"{ran.file.identity.name}: no build ran it"
        for ran in context.ran
        if ran.evidence is not None and not ran.evidence.exercised.outcomes
    ]
    if context.baseline is None:
        why = context.baseline_problem or "no baseline was named: what was released before is not known"
        return concluded("first_use", {}, summary="", gaps=[why, *gaps])
    found = first_uses(context)
    failures = [
        f"{first.what}: not exercised under {', '.join(first.missing)}" for first in found if first.missing
    ]
    uses = sum(len(ran.evidence.uses) for ran in context.ran if ran.evidence is not None)
    paths = sum(len(ran.evidence.paths) for ran in context.ran if ran.evidence is not None)
    words = sum(len(ran.evidence.words) for ran in context.ran if ran.evidence is not None)
    examined = {kind: count for kind, count in (("uses", uses), ("paths", paths), ("words", words)) if count}
    told = " and ".join(counted(count, kind.removesuffix("s")) for kind, count in examined.items())
    summary = f"{told} are known from earlier releases"
    if found:
        summary = f"{counted(len(found), 'first use')}, each exercised under every supported build"
    details = {
        "first_uses": [
            {"what": one.what, "file": one.file, "kind": one.kind, "missing": list(one.missing)}
            for one in found
        ],
    }
    return concluded("first_use", examined, summary=summary, failures=failures, gaps=gaps, details=details)


def first_uses(context: GateContext) -> tuple[FirstUse, ...]:
    """What the release uses for the first time, each once: at the first file that does."""
    if context.baseline is None:
        return ()
    found: dict[object, FirstUse] = {}
    for ran in context.ran:
        for key, first in _of_file(ran, context.baseline, context.subjects[ran.file.identity.name].schema):
            before = found.get(key)
            if before is None or (first.missing and not before.missing):
                found[key] = first
    return tuple(found.values())


def _of_file(ran: FileRun, baseline: Baseline, schema: Schema | None) -> Iterator[tuple[object, FirstUse]]:
    evidence = ran.evidence
    if evidence is None:
        return
    builds = tuple(outcome.consumer for outcome in evidence.exercised.outcomes)
    names = {(slot.type, slot.version, slot.field): slot.name for slot in evidence.slots}
    for use in evidence.uses:
        if use in baseline.uses:
            continue
        exercised = evidence.ran.get(use, frozenset())
        yield (
            use,
            FirstUse(
                _words(use, baseline),
                ran.file.identity.name,
                type=use.type,
                version=use.version,
                field=use.field,
                field_name=names.get((use.type, use.version, use.field)),
                kind=use.kind,
                exercised=tuple(build for build in builds if build in exercised),
                missing=tuple(build for build in builds if build not in exercised),
            ),
        )
    form = "" if schema is None else schema.name
    for what, known, found in (
        ("interpreter", baseline.paths, evidence.paths),
        ("content", baseline.words, evidence.words),
    ):
        for path, took in sorted(found.items()):
            if (form, path) in known:
                continue
            yield (
                (what, form, path),
                FirstUse(
                    f"{form} {what}: first time {path}",
                    ran.file.identity.name,
                    path=path,
                    exercised=tuple(build for build in builds if build in took),
                    missing=tuple(build for build in builds if build not in took),
                ),
            )


def _words(use: Use, baseline: Baseline) -> str:
    """A first use in one line, as people speak of it: fields are counted from 1."""
    version = f" version {use.version}" if use.version != 1 else ""
    place = f"{use.type}{version} field {use.field + 1}"
    before = {
        known.kind
        for known in baseline.uses
        if (known.type, known.version, known.field) == (use.type, use.version, use.field)
    }
    if use.kind != WILDCARD and before <= {WILDCARD}:
        return f"{place}: first non-wildcard criterion ever"
    return f"{place}: first {use.kind}"
