"""One input as the oracles see it: each answer is computed once, when an oracle first needs it."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ccheck.core.finding import FileReport
from ccheck.core.subject import Subject
from ccheck.formats.exercise.agreement import Agreed
from ccheck.formats.exercise.outcome import Exercised, Outcome, RunInputs
from ccheck.judging.context import ValidationContext
from ccheck.judging.judge import examine, judge
from ccheck_schemas.schema import Schema

BRIEF, BRIEF_PER_BYTE = 5e-3, 80e-6
"""A file that is judged in less time than this is not measured for memory, which takes several times as long.

The inputs of a campaign are small: in so little time no more than some 100 MiB are filled.
"""


@dataclass(frozen=True)
class OracleCase:
    """One input: bytes, the schema to read them by, and what they are judged by and run with.

    Every answer is computed once, when an oracle first needs it.

    Attributes:
        data: The bytes.
        schema: The format.
        validation: What the bytes are judged by.
        given: What the bytes are run with.
        events: The events of the input; None for those generated from the content.
        ran: What the reference interpreter did with the bytes, if it was run already.
        foreign: What interpreters of the user's did.
        agreed: What the two readings of other cases of the same setting agreed on; it may grow.
    """

    data: bytes
    schema: Schema
    validation: ValidationContext
    given: RunInputs
    events: Sequence[str] | None = None
    ran: tuple[Outcome, ...] | None = None
    foreign: tuple[Outcome, ...] = ()
    agreed: Agreed = field(default_factory=set)

    @cached_property
    def _read(self) -> tuple[Subject, float]:
        # Not CPU time, which some systems take longer to measure than most files take to judge.
        before = time.perf_counter()
        subject = examine(self.data, "", self.validation.context, self.validation.schemas, self.schema)
        return subject, time.perf_counter() - before

    @cached_property
    def _judged(self) -> tuple[FileReport, float]:
        subject, reading = self._read
        before = time.perf_counter()
        report = judge(subject, "-", self.validation.checks, self.validation.policy)
        return report, reading + time.perf_counter() - before

    @property
    def subject(self) -> Subject:
        """The bytes as the schema reads them."""
        return self._read[0]

    @property
    def report(self) -> FileReport:
        """The validator's report."""
        return self._judged[0]

    @property
    def judged(self) -> bool:
        """Whether the checks were made."""
        return "_judged" in self.__dict__

    @property
    def seconds(self) -> float:
        """Time that reading and judging took, by the clock on the wall."""
        return self._judged[1]

    def again(self) -> OracleCase:
        """Returns the same bytes, nothing of them judged yet."""
        return OracleCase(self.data, self.schema, self.validation, self.given)

    @cached_property
    def memory(self) -> int:
        """The most bytes that reading and judging took at once; 0 where they took no time to speak of."""
        if self.seconds <= BRIEF + BRIEF_PER_BYTE * len(self.data):
            return 0
        fresh = self.again()
        return _memory(lambda: (fresh.fast_report, fresh.report))

    @cached_property
    def fast_report(self) -> FileReport | None:
        """The fast path's report; None if there is none, or it is not certain."""
        fast = self.validation.fast_path
        return None if fast is None else fast.report(self.data, "", "-")

    @cached_property
    def passed(self) -> bool:
        """Whether the validator passes the file: by the fast path if it decides, else by all checks."""
        return (not self.judged and self.fast_report is not None) or self.report.verdict == "pass"

    @cached_property
    def exercised(self) -> Exercised | None:
        """What each build does with the content's own events; None for a format without an interpreter."""
        run = self.validation.exercise(self.schema)
        return None if run is None else run(self.data, self.given)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What all builds and readers did."""
        return (*self.reference, *self.foreign)

    @property
    def reference(self) -> tuple[Outcome, ...]:
        """What the builds did in the reference interpreter, as far as they were run."""
        if self.ran is not None:
            return self.ran
        return () if self.exercised is None else self.exercised.outcomes


def _memory(work: Callable[[], object]) -> int:
    """Returns the most bytes that Python's allocators gave out at once for some work."""
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
