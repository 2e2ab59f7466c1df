"""One file read in two ways: by schema and interpreter, by fast path and checks, and built again."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.formats.registry import named
from ccheck_fuzz.oracles.broken import Broken, refusing
from ccheck_fuzz.oracles.case import OracleCase
from ccheck_schemas.schema import RecipeError


def disagreement(case: OracleCase) -> Iterator[Broken]:
    """Schema and interpreter read the same bytes alike, if both accept them.

    So do the reference interpreter and a user's own for the same build.
    """
    for outcome in case.foreign:
        for reference in case.reference:
            if outcome.consumer == reference.consumer and outcome.verdict != reference.verdict:
                said = f"the reference says {reference.verdict}, yours {outcome.verdict}"
                what = f"build {outcome.consumer}: {said}"
                yield Broken("disagreement", what, ("disagreement", reference.verdict, outcome.verdict))
    reading = case.subject.reading
    if reading is None or reading.counts or not reading.complete:
        return
    known = named(case.schema.name)
    agree = None if known is None else known.agree
    found = (
        None
        if agree is None
        else agree(case.data, case.subject.content, case.given, case.events, case.agreed)
    )
    if found is not None:
        yield Broken("disagreement", found[1], ("disagreement", found[0]))


def non_canonical(case: OracleCase) -> Iterator[Broken]:
    """What passes, warnings aside, builds back to the same bytes."""
    if case.report.verdict != "pass" or case.report.findings:
        return
    try:
        built = _rebuilt(case)
    except RecipeError as fault:
        yield Broken(
            "non-canonical", f"it passes, and cannot be built again: {fault}", ("non-canonical", fault.path)
        )
        return
    if built == case.data:
        return
    at = next((i for i, (a, b) in enumerate(zip(case.data, built, strict=False)) if a != b), len(built))
    yield Broken("non-canonical", f"it passes, and builds back to other bytes at {at:#x}", ("non-canonical",))


def fast_path(case: OracleCase) -> Iterator[Broken]:
    """What the fast path passes has no finding at all, not even a warning."""
    if case.fast_report is None or case.fast_report == case.report:
        return
    checks = tuple(dict.fromkeys(finding.check for finding in case.report.findings))
    yield Broken(
        "fast-path",
        f"it passes the fast path, and not the checks: {', '.join(checks)}",
        ("fast-path", *checks),
    )


def over_strict(case: OracleCase) -> Iterator[Broken]:
    """What the validator refuses harms some build, or is not in canonical form. Informational."""
    if case.report.verdict == "pass" or not case.outcomes:
        return
    reading = case.subject.reading
    if reading is None or reading.counts or any(o.trap or o.refusal or o.skipped for o in case.outcomes):
        return
    try:
        if _rebuilt(case) != case.data:
            return
    except RecipeError:
        return
    checks = refusing(case.report)
    what = f"refused by {', '.join(checks)}, and no build traps, refuses or skips anything"
    yield Broken("over-strict", what, ("over-strict", *checks))


def _rebuilt(case: OracleCase) -> bytes:
    """Returns the bytes of the content, written again, with those that no field reads."""
    reading = case.subject.reading
    return case.schema.rebuild(case.data, case.subject.content, () if reading is None else reading.gaps)
