"""The oracles: named properties of any bytes, each a function that gives what breaks it.

An oracle takes a `Case` and gives a `Broken` for each way in which the property does not hold: none where it
holds. It raises only what is itself a fault of ccheck: an exception that is neither a finding nor a trap;
`broken` turns that into a `Broken` of the oracle *ccheck*. The same functions serve pytest, Hypothesis and
fuzzers.

| oracle | the property |
|---|---|
| escape | what the validator passes, no supported build traps on |
| refused | what the validator passes, no supported build refuses |
| trap | a build that claims bounds checks traps on no bytes at all |
| disagreement | schema and interpreter read the same bytes alike: counts, types, operands, who matches |
| lax-form | what passes without so much as a warning builds back to the same bytes |
| fast-path | what passes the fast path passes the checks |
| resources | steps, time and memory stay in proportion to the file |
| over-strict | what is refused does harm under some build, or is not canonical (information) |
| needs-validator | a build without bounds checks traps on no bytes at all (information) |
| reader | an interpreter of the user's neither hangs, nor ends its process, nor fills the memory |
| schema | nothing but findings comes out of a schema and checks of the user's, which end no process |
| ccheck | nothing but findings and traps comes out of ccheck itself |
"""

from __future__ import annotations

import time
import traceback
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath
from types import MappingProxyType
from typing import get_args

from ccheck.core.finding import FileReport, Severity
from ccheck.core.subject import Subject
from ccheck.formats.exercise.agreement import Agreed
from ccheck.formats.exercise.outcome import Exercised, Given, Outcome
from ccheck.formats.registry import named
from ccheck.judging.judge import examine, judge
from ccheck.judging.judgement import Judgement
from ccheck_fuzz.blame import interrupts, place_of, text_of, words_of
from ccheck_interpreter.trap import ForeignKind, TrapData
from ccheck_schemas.schema import RecipeError, Schema

FOREIGN = frozenset(get_args(ForeignKind))
"""The kinds of traps that only interpreters of users' own tell of."""

SECONDS = 1.0
"""CPU time that judging a file may take, besides `SECONDS_PER_BYTE`."""
SECONDS_PER_BYTE = 100e-6
"""About twenty times what judging takes on a slow machine: the oracle is for what grows out of proportion."""
MEMORY = 16 << 20
"""Bytes that judging a file may take at once, besides `MEMORY_PER_BYTE`."""
MEMORY_PER_BYTE = 8192
"""About twenty times what judging takes for the files that need most for their size."""
BRIEF, BRIEF_PER_BYTE = 5e-3, 80e-6
"""What is judged in less time than this is not asked for its memory, which takes several times as long. The
inputs of a campaign are small: in so little time no more than some 100 MiB are filled.
"""
STEPS = 65_536
"""Steps that all builds and events of a case may take for each event, besides `STEPS_PER_BYTE`."""
STEPS_PER_BYTE = 64


@dataclass(frozen=True)
class Broken:
    """A property that does not hold.

    oracle: its name. what: one line. signature: what stays the same while an input shrinks: the oracle, the
    kind, the operation and the field path without indices, as far as the oracle knows them.
    """

    oracle: str
    what: str
    signature: tuple[str, ...]

    @property
    def information(self) -> bool:
        """Whether it is told and is no error."""
        return self.oracle in INFORMATION


@dataclass(frozen=True)
class Case:
    """One input: bytes, the schema to read them by, and what they are judged by and run with.

    events: those of the input, None for those that the content itself calls for. ran: what the reference
    interpreter did with the bytes, where it was run already. told: what interpreters of the user's did.
    agreed: what the two readings of other cases of the same setting agreed on; it may grow. Every answer is
    worked out once, when an oracle first asks for it.
    """

    data: bytes
    schema: Schema
    judgement: Judgement
    given: Given
    events: Sequence[str] | None = None
    ran: tuple[Outcome, ...] | None = None
    told: tuple[Outcome, ...] = ()
    agreed: Agreed = field(default_factory=set)

    @cached_property
    def _read(self) -> tuple[Subject, float]:
        # Not CPU time, which some systems take longer to tell than most files take to judge.
        before = time.perf_counter()
        subject = examine(self.data, "", self.judgement.setting, self.judgement.schemas, self.schema)
        return subject, time.perf_counter() - before

    @cached_property
    def _judged(self) -> tuple[FileReport, float]:
        subject, reading = self._read
        before = time.perf_counter()
        report = judge(subject, "-", self.judgement.checks, self.judgement.policy)
        return report, reading + time.perf_counter() - before

    @property
    def subject(self) -> Subject:
        """The bytes as the schema reads them."""
        return self._read[0]

    @property
    def report(self) -> FileReport:
        """What the validator says."""
        return self._judged[0]

    @property
    def judged(self) -> bool:
        """Whether the checks were made."""
        return "_judged" in self.__dict__

    @property
    def seconds(self) -> float:
        """Time that reading and judging took, by the clock on the wall."""
        return self._judged[1]

    def again(self) -> Case:
        """The same bytes, nothing of them judged yet."""
        return Case(self.data, self.schema, self.judgement, self.given)

    @cached_property
    def memory(self) -> int:
        """The most bytes that reading and judging took at once; 0 where they took no time to speak of."""
        if self.seconds <= BRIEF + BRIEF_PER_BYTE * len(self.data):
            return 0
        fresh = self.again()
        return _memory(lambda: (fresh.quick, fresh.report))

    @cached_property
    def quick(self) -> FileReport | None:
        """What the fast path says; None where there is none, or it is not certain."""
        quick = self.judgement.fast_path
        return None if quick is None else quick.report(self.data, "", "-")

    @cached_property
    def passed(self) -> bool:
        """Whether the validator passes the file: the fast path where it knows, and else by all checks."""
        return (not self.judged and self.quick is not None) or self.report.verdict == "pass"

    @cached_property
    def exercised(self) -> Exercised | None:
        """What each build does with the content's own events; None for a format without an interpreter."""
        run = self.judgement.exercise(self.schema)
        return None if run is None else run(self.data, self.given)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What all builds and readers did."""
        return (*self.reference, *self.told)

    @property
    def reference(self) -> tuple[Outcome, ...]:
        """What the builds did in the reference interpreter, as far as they were run."""
        if self.ran is not None:
            return self.ran
        return () if self.exercised is None else self.exercised.outcomes


def escape(case: Case) -> Iterator[Broken]:
    """What the validator passes, no supported build traps on. Channel File 291 was an escape."""
    for outcome in case.outcomes:
        if outcome.trap is not None and case.passed:
            what = f"the validator passes, and {outcome.consumer} traps: {trap_words(outcome.trap)}"
            yield Broken("escape", what, ("escape", *outcome.trap.signature))


def refused(case: Case) -> Iterator[Broken]:
    """What the validator passes, no supported build refuses: its hosts would be without the content."""
    for outcome in case.outcomes:
        if outcome.refusal is not None and case.passed:
            what = f"the validator passes, and {outcome.consumer} refuses: {outcome.refusal.message}"
            yield Broken("refused", what, ("refused", outcome.refusal.reason))


def trap(case: Case) -> Iterator[Broken]:
    """A build that claims to check bounds traps on no bytes at all."""
    for outcome in case.outcomes:
        if outcome.trap is not None and outcome.checks_bounds:
            what = f"{outcome.consumer} checks bounds, and traps: {trap_words(outcome.trap)}"
            yield Broken("trap", what, ("trap", *outcome.trap.signature))


def disagreement(case: Case) -> Iterator[Broken]:
    """Schema and interpreter read the same bytes alike, where neither finds fault with them; so do the
    reference interpreter and a user's own that answers for the same build.
    """
    for outcome in case.told:
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


def lax_form(case: Case) -> Iterator[Broken]:
    """What passes, warnings aside, builds back to the same bytes."""
    if case.report.verdict != "pass" or case.report.findings:
        return
    try:
        built = case.schema.rebuild(case.data, case.subject.content)
    except RecipeError as fault:
        yield Broken("lax-form", f"it passes, and cannot be built again: {fault}", ("lax-form", fault.path))
        return
    if built == case.data:
        return
    at = next((i for i, (a, b) in enumerate(zip(case.data, built, strict=False)) if a != b), len(built))
    yield Broken("lax-form", f"it passes, and builds back to other bytes at {at:#x}", ("lax-form",))


def fast_path(case: Case) -> Iterator[Broken]:
    """What passes the fast path passes whole, without so much as a warning."""
    if case.quick is None or case.quick == case.report:
        return
    checks = tuple(dict.fromkeys(finding.check for finding in case.report.findings))
    yield Broken(
        "fast-path",
        f"it passes the fast path, and not the checks: {', '.join(checks)}",
        ("fast-path", *checks),
    )


def resources(case: Case) -> Iterator[Broken]:
    """Steps of the builds, and memory and time of the validator stay in proportion to the file.

    Time is measured again before it is believed, as CPU time; the limits are far from what any file needs.
    """
    size = len(case.data)
    for outcome in case.outcomes:
        most = (1 + outcome.events) * (STEPS + STEPS_PER_BYTE * size)
        if outcome.steps > most:
            what = f"{outcome.consumer} takes {outcome.steps:,} steps for {size:,} bytes, at most {most:,}"
            yield Broken("resources", what, ("resources", "steps"))
    most_seconds = SECONDS + SECONDS_PER_BYTE * size
    if _takes_longer(case, most_seconds):
        what = f"the validator takes more than {most_seconds:.1f} s for {size:,} bytes"
        yield Broken("resources", what, ("resources", "time"))
        return  # while memory is measured, everything takes several times as long
    most_bytes = MEMORY + MEMORY_PER_BYTE * size
    if case.memory > most_bytes:
        what = f"the validator takes more than {most_bytes >> 20} MiB of memory for {size:,} bytes"
        yield Broken("resources", what, ("resources", "memory"))


def _takes_longer(case: Case, most: float) -> bool:
    if case.seconds <= most:
        return False
    for _ in range(2):
        before = time.process_time()
        _ = case.again().report
        if time.process_time() - before <= most:
            return False
    return True


def over_strict(case: Case) -> Iterator[Broken]:
    """What the validator refuses harms some build, or is not in canonical form. For information."""
    if case.report.verdict == "pass" or not case.outcomes:
        return
    reading = case.subject.reading
    if reading is None or reading.counts or any(o.trap or o.refusal or o.skipped for o in case.outcomes):
        return
    try:
        if case.schema.rebuild(case.data, case.subject.content) != case.data:
            return
    except RecipeError:
        return
    checks = refusing(case.report)
    what = f"refused by {', '.join(checks)}, and no build traps, refuses or skips anything"
    yield Broken("over-strict", what, ("over-strict", *checks))


def needs_validator(case: Case) -> Iterator[Broken]:
    """A build without bounds checks would trap, and the validator alone refuses the file. For information:
    where it passes, it is an escape.
    """
    for outcome in case.outcomes:
        if outcome.trap is not None and not outcome.checks_bounds and not case.passed:
            where = f"{outcome.consumer} would trap: {trap_words(outcome.trap)}"
            what = f"{where}; refused by {', '.join(refusing(case.report))}"
            yield Broken("needs-validator", what, ("needs-validator", *outcome.trap.signature))


def trap_words(data: TrapData) -> str:
    """A trap in a line: what an interpreter of the user's says of it, or the kind and the field."""
    if data.kind in FOREIGN and data.detail:
        return data.detail
    return f"{data.kind} at {data.path}"


def refusing(report: FileReport) -> tuple[str, ...]:
    """The checks that refuse a file, each once."""
    return tuple(dict.fromkeys(f.check for f in report.findings if f.severity is Severity.ERROR))


Oracle = Callable[[Case], Iterator[Broken]]

ORACLES: Mapping[str, Oracle] = MappingProxyType(
    {
        "escape": escape,
        "refused": refused,
        "trap": trap,
        "disagreement": disagreement,
        "lax-form": lax_form,
        "fast-path": fast_path,
        "resources": resources,
        "over-strict": over_strict,
        "needs-validator": needs_validator,
    }
)
"""All oracles that look at a case, by name, the gravest first. *schema* and *ccheck* look at the oracles
themselves, and *reader* at the process in which a user's interpreter runs.
"""

INFORMATION: Mapping[str, str] = MappingProxyType(
    {
        "over-strict": "refused, and no harm to any build",
        "needs-validator": "builds without bounds checks would trap, and the validator refuses the file",
    }
)
"""The oracles that tell no errors, and what they tell."""

QUICK_ORACLES: Mapping[str, Oracle] = MappingProxyType(
    {name: ORACLES[name] for name in ("escape", "refused", "trap", "resources")}
)
"""The oracles that every run of a campaign is held to; the others see a share of the runs."""


def broken(case: Case, oracles: Mapping[str, Oracle] = ORACLES) -> tuple[Broken, ...]:
    """All properties that a case breaks, each once by its signature; also that of an oracle which raised."""
    found: dict[tuple[str, ...], Broken] = {}
    for oracle in oracles.values():
        try:
            for one in oracle(case):
                found.setdefault(one.signature, one)
        except BaseException as raised:  # any here is what the oracles schema and ccheck look for
            if interrupts(raised):
                raise
            one = itself(raised)
            found.setdefault(one.signature, one)
    return tuple(found.values())


def itself(raised: BaseException) -> Broken:
    """Returns what an exception breaks that is neither a finding nor a trap, by its kind and its place.

    Where it came through code of the user's, which then is a schema or a check, the oracle is *schema*.
    """
    kind, place = type(raised).__name__, place_of(raised)
    if place:
        function = place.rpartition(", in ")
        where = f"{function[0].rpartition(':')[0]}:{function[2]}"
        return Broken("schema", f"{words_of(raised)} ({place})", ("schema", kind, where))
    frames = traceback.extract_tb(raised.__traceback__)
    place = f"{PurePath(frames[-1].filename).name}:{frames[-1].name}" if frames else "nowhere"
    what = f"ccheck itself fails: {kind}: {text_of(raised)} in {place}"
    return Broken("ccheck", what, ("ccheck", kind, place))


def _memory(work: Callable[[], object]) -> int:
    """The most bytes that Python's allocators gave out at once for some work."""
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not tracing:
            tracemalloc.stop()
