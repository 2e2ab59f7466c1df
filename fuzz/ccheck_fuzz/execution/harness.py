"""Runs an input through the readers and checks it with the oracles; never raises on a finding."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Hashable, Sequence

from ccheck.core.users_code import interrupts
from ccheck.formats.exercise.agreement import Agreed
from ccheck.formats.exercise.outcome import Outcome
from ccheck.run.memory_limit import restore_limit
from ccheck_fuzz.execution.context import CampaignContext
from ccheck_fuzz.execution.stop import stop_of
from ccheck_fuzz.model.test_input import split
from ccheck_fuzz.oracles.broken import Broken, itself, refusing
from ccheck_fuzz.oracles.case import OracleCase
from ccheck_fuzz.oracles.table import EVERY_RUN, broken
from ccheck_fuzz.readers.foreign import ReaderError
from ccheck_fuzz.readers.reference import SessionReader

# Every run that reaches something new is given to all oracles, and one run of so many others. The checksum of
# the content chooses: every campaign judges the same inputs.
PASSED = 2
"""The fast path passes the file, and no build stops at it."""
REFUSED = 8
"""The fast path does not pass the file, and no build stops at it."""
UNKNOWN = 32
"""The format has no fast path, and no build stops at the file."""
STOPPED = 64
"""A build stops at the file."""

# The same for runs in which a build stops and the fast path does not pass the file, for each kind of stop.
FIRST = 2
"""Runs of one kind of stop that are judged by all checks before any is left out."""
OPEN = 4
"""The validator has not yet refused `FIRST` files of this kind of stop by one check only."""
LATER = 8
"""It has, and every build with bounds checks accepts the file."""
AGREED = 16
"""It has, and a build with bounds checks refuses the file too."""

PARENTS = 16
"""Accepted inputs that are kept as parents although they reach nothing new: the seeds first."""

Features = set[Hashable]
Found = Callable[[bytes, Broken], None]
Entering = Callable[[int], None]


def _nothing(_: int) -> None:
    """Ignores which reader runs."""


class Harness:
    """Runs inputs.

    Args:
        found: Called with each input that breaks an oracle, and what it breaks.
        entering: Called before an interpreter of the user's runs, with its number among the readers, from
            1, and with 0 after it.
    """

    def __init__(self, campaign: CampaignContext, found: Found, entering: Entering = _nothing) -> None:
        self._campaign = campaign
        self._found = found
        self._entering = entering
        self._seen: Features = set()
        self._stops: Counter[Hashable] = Counter()
        self._refused_alone: Counter[Hashable] = Counter()
        self._agreed: Agreed = set()
        self._reached_by_accepted: Features = set()
        self._refused_share = UNKNOWN if campaign.validation.fast_path is None else REFUSED
        self._quick = {name: oracle for name, oracle in campaign.oracles.items() if name in EVERY_RUN}
        self.refused = 0
        """Runs that the validator judged and refused."""
        self.judged = 0
        self.accepted: list[bytes] = []
        """Accepted parents: they pass the validator, run in every build, and reached something new."""

    def run(self, data: bytes) -> Features:
        """Runs one input, and returns its coverage features."""
        features: Features = set()
        case, failed = self._case(data, features)
        if failed is not None:
            self._found(data, failed)
            return features
        new = not features <= self._seen
        if new:
            self._seen |= features
        try:
            passes = case.fast_report is not None
        except BaseException as raised:  # what is raised is what the oracles schema and ccheck look for
            if interrupts(raised):
                raise
            self._found(data, itself(raised))
            return features
        outcomes = case.outcomes
        stopped = any(outcome.trap or outcome.refusal for outcome in outcomes)
        new = new or (not stopped and len(self.accepted) < PARENTS)
        number = zlib.crc32(data)
        if new or number % (STOPPED if stopped else PASSED if passes else self._refused_share) == 0:
            for one in broken(case, self._campaign.oracles):
                self._found(data, one)
            self._count(case)
            if not stopped and (new or not features <= self._reached_by_accepted):
                passed, failed = self._judged(case)
                if failed is not None:
                    self._found(data, failed)
                if passed:
                    self._reached_by_accepted |= features
                    self.accepted.append(data)
        elif stopped:
            stop = tuple(map(stop_of, outcomes))
            if passes or self._near(outcomes, stop, number):
                for one in broken(case, self._quick):
                    self._found(data, one)
                self._count(case)
                if case.judged and len(refusing(case.report)) == 1:
                    self._refused_alone[stop] += 1
        return features

    def judged_by(self, data: bytes) -> tuple[bool, Broken | None]:
        """Returns whether the validator passes the content of an input, and what it raises."""
        return self._judged(self.case_for_validator(data))

    def _judged(self, case: OracleCase) -> tuple[bool, Broken | None]:
        try:
            return case.passed, None
        except BaseException as raised:  # what is raised is what the oracles schema and ccheck look for
            if interrupts(raised):
                raise
            return False, itself(raised)

    def broken_by(self, data: bytes) -> tuple[Broken, ...]:
        """Returns all that an input breaks, under every build and by every oracle."""
        return self.broken_with_outcomes(data)[0]

    def broken_with_outcomes(self, data: bytes) -> tuple[tuple[Broken, ...], tuple[Outcome, ...]]:
        """Returns all that an input breaks, and what builds and interpreters did with it."""
        case, failed = self._case(data, set(), every=True)
        return (
            ((failed,), ()) if failed is not None else (broken(case, self._campaign.oracles), case.outcomes)
        )

    def passes(self, data: bytes) -> bool:
        """Returns whether the validator passes the content of an input."""
        return self.case_for_validator(data).passed

    def reach(self, data: bytes) -> Features:
        """Returns what an input reaches, without the oracles; exceptions of a reader are raised."""
        features: Features = set()
        self._run(data, features, every=False)
        return features

    def meets_events(self, data: bytes) -> bool:
        """Returns whether some build meets an event with the content."""
        return any(outcome.events for outcome in self._run(data, set(), every=False).outcomes)

    def case_for_validator(self, data: bytes) -> OracleCase:
        """Returns the case of an input for the validator only: no build and no interpreter is run."""
        campaign = self._campaign
        return OracleCase(split(data).content, campaign.schema, campaign.validation, campaign.given, ran=())

    def case(self, data: bytes) -> OracleCase:
        """Returns the case of an input, run under every build; ccheck's own exceptions come out."""
        return self._run(data, set(), every=True)

    def _case(
        self, data: bytes, features: Features, *, every: bool = False
    ) -> tuple[OracleCase, Broken | None]:
        try:
            return self._run(data, features, every=every), None
        except ReaderError:
            raise
        except BaseException as raised:  # what is raised is what the oracles schema and ccheck look for
            if interrupts(raised):
                raise
            empty = OracleCase(
                b"", self._campaign.schema, self._campaign.validation, self._campaign.given, ran=()
            )
            return empty, itself(raised)

    def _run(self, data: bytes, features: Features, *, every: bool) -> OracleCase:
        campaign = self._campaign
        test_input = split(data)
        ran: tuple[Outcome, ...] = ()
        foreign: tuple[Outcome, ...] = ()
        restore_limit()
        for number, reader in enumerate(campaign.readers, 1):
            own = not isinstance(reader, SessionReader) or reader.own is not None
            if own:
                self._entering(number)
            found = tuple(reader.outcomes(test_input.content, test_input.events, features, every=every))
            if own:
                self._entering(0)
            if isinstance(reader, SessionReader):
                ran += found
            else:
                foreign += found
                features.update((reader.name, o.verdict, o.trap and o.trap.signature) for o in found)
        agreed: Agreed = set() if every else self._agreed
        return OracleCase(
            test_input.content,
            campaign.schema,
            campaign.validation,
            campaign.given,
            test_input.events,
            ran,
            foreign,
            agreed,
        )

    def _near(self, outcomes: Sequence[Outcome], stop: Hashable, number: int) -> bool:
        """Returns whether the stop of a build is worth all checks, though the fast path does not pass it.

        Either a build with checks trapped, or the validator may pass the file.
        """
        if any(outcome.trap and outcome.checks_bounds for outcome in outcomes):
            return True
        count = self._stops[stop] = self._stops[stop] + 1
        refused = any(outcome.refusal and outcome.checks_bounds for outcome in outcomes)
        if count <= FIRST or (not refused and self._campaign.validation.fast_path is None):
            return True
        known = self._refused_alone[stop] >= FIRST
        return number // STOPPED % (OPEN if not known else AGREED if refused else LATER) == 0

    def _count(self, case: OracleCase) -> None:
        if case.judged:
            self.judged += 1
            self.refused += case.report.verdict != "pass"
