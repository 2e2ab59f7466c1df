"""The oracles: named properties of any bytes, each a function that gives what breaks it.

An oracle takes a `Case` and returns a `Broken`, or None where the property holds. It raises only what is
itself the fault: an exception that is neither a finding nor a trap. The same functions serve pytest,
Hypothesis and fuzzers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from ccheck.exercise import EXERCISES
from ccheck.exercise.outcome import Exercised, Given
from ccheck.finding import FileReport
from ccheck.judgement import Judgement
from ccheck.subject import Subject
from ccheck.validate import examine, judge
from ccheck_schemas.schema import RecipeError, Schema


@dataclass(frozen=True)
class Broken:
    """A property that does not hold. oracle: its name. what: one line. signature: what stays the same while
    an input shrinks.
    """

    oracle: str
    what: str
    signature: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """One input: bytes, the schema to read them by, and what they are judged by and run with.

    Both answers are worked out once, when an oracle first asks for them.
    """

    data: bytes
    schema: Schema
    judgement: Judgement
    given: Given

    @cached_property
    def subject(self) -> Subject:
        """The bytes as the schema reads them."""
        return examine(self.data, "", self.judgement.setting, self.judgement.schemas, self.schema)

    @cached_property
    def report(self) -> FileReport:
        """What the validator says."""
        return judge(self.subject, "-", self.judgement.checks, self.judgement.policy)

    @cached_property
    def exercised(self) -> Exercised | None:
        """What each build does; None for a format without an interpreter."""
        run = EXERCISES.get(self.schema.name)
        return None if run is None else run(self.data, self.given)


def escape(case: Case) -> Broken | None:
    """What the validator passes, no supported build traps on. Channel File 291 was an escape."""
    if case.report.verdict != "pass" or case.exercised is None:
        return None
    for outcome in case.exercised.outcomes:
        if outcome.trap is not None:
            where = f"{outcome.trap.kind} at {outcome.trap.path}"
            what = f"the validator passes, and {outcome.consumer} traps: {where}"
            return Broken("escape", what, ("escape", *outcome.trap.signature))
    return None


def refused(case: Case) -> Broken | None:
    """What the validator passes, no supported build refuses: its hosts would be without the content."""
    if case.report.verdict != "pass" or case.exercised is None:
        return None
    for outcome in case.exercised.outcomes:
        if outcome.refusal is not None:
            what = f"the validator passes, and {outcome.consumer} refuses: {outcome.refusal.message}"
            return Broken("refused", what, ("refused", outcome.refusal.reason))
    return None


def trap(case: Case) -> Broken | None:
    """A build that claims to check bounds traps on no bytes at all."""
    if case.exercised is None:
        return None
    checking = {build.name for build in case.given.builds if build.bounds_check}
    for outcome in case.exercised.outcomes:
        if outcome.trap is not None and outcome.consumer in checking:
            what = f"{outcome.consumer} checks bounds, and traps: {outcome.trap.kind} at {outcome.trap.path}"
            return Broken("trap", what, ("trap", *outcome.trap.signature))
    return None


def lax_form(case: Case) -> Broken | None:
    """What passes, warnings aside, builds back to the same bytes."""
    if case.report.verdict != "pass" or case.report.findings:
        return None
    try:
        built = case.schema.rebuild(case.data, case.subject.content)
    except RecipeError as fault:
        return Broken("lax-form", f"it passes, and cannot be built again: {fault}", ("lax-form", fault.path))
    if built == case.data:
        return None
    at = next((i for i, (a, b) in enumerate(zip(case.data, built, strict=False)) if a != b), len(built))
    return Broken("lax-form", f"it passes, and builds back to other bytes at {at:#x}", ("lax-form",))


def quick_way(case: Case) -> Broken | None:
    """What passes the quick way passes whole, without so much as a warning."""
    quick = case.judgement.quick
    passed = None if quick is None else quick.report(case.data, "", "-")
    if passed is None or passed == case.report:
        return None
    checks = tuple(dict.fromkeys(finding.check for finding in case.report.findings))
    return Broken(
        "quick-way",
        f"it passes the quick way, and not the checks: {', '.join(checks)}",
        ("quick-way", *checks),
    )


Oracle = Callable[[Case], Broken | None]

ORACLES: Mapping[str, Oracle] = MappingProxyType(
    {"escape": escape, "refused": refused, "trap": trap, "lax-form": lax_form, "quick-way": quick_way}
)
"""All oracles by name, the gravest first."""


def broken(case: Case, oracles: Mapping[str, Oracle] = ORACLES) -> tuple[Broken, ...]:
    """All properties that a case breaks."""
    found = (oracle(case) for oracle in oracles.values())
    return tuple(one for one in found if one is not None)
