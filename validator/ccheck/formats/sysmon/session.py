"""Sysmon rules blobs by the hundred thousand: in a reader that trusts them and in one that checks them."""

from __future__ import annotations

import zlib
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice

from ccheck.formats.exercise.outcome import Outcome, RunInputs
from ccheck.formats.sysmon.exercise import parse_event
from ccheck_interpreter.event import EventError
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.sysmon.decide import decide
from ccheck_interpreter.sysmon.generate import SysmonEvent, generate_sysmon
from ccheck_interpreter.sysmon.loader import CHECKING, TRUSTING, Rules, load
from ccheck_interpreter.sysmon.tables import Target, TargetError, target
from ccheck_interpreter.trap import Refused, Trap

MOST_EVENTS = 8
"""Events of one run: a campaign gains more from another file than from another event."""
LOOKED_AT = 64
"""Events that a blob calls for, out of which those of a run are taken."""


class SysmonSession:
    """The two readers, for the version that was named or for each blob's own."""

    def __init__(self, given: RunInputs) -> None:
        self._wanted = given.target
        self._event = lru_cache(maxsize=4096)(_one_event)

    def outcomes(
        self, data: bytes, events: Sequence[str] | None, features: set[Hashable], *, every: bool = False
    ) -> Iterator[Outcome]:
        """Load the blob, and decide events, in each reader."""
        version = int.from_bytes(data[:4], "little")
        try:
            driver = target(self._wanted or f"{version >> 16}.{version & 0xFFFF}")
        except TargetError:
            features.add(("refused", "version"))
            return
        given = None
        if events is not None:
            parsed = (self._event(line) for line in events[:MOST_EVENTS])
            given = tuple(event for event in parsed if event is not None)
        for build in (TRUSTING, CHECKING):
            yield _run(data, driver, build, given, features)


def _run(
    data: bytes,
    driver: Target,
    build: Profile,
    given: tuple[SysmonEvent, ...] | None,
    features: set[Hashable],
) -> Outcome:
    steps = count = 0
    try:
        rules = load(data, driver, build)
        steps = rules.steps
        features.update(
            (rule.event_id, item.operator, item.aggregation_id != 0)
            for group in rules.by_event.values()
            for rule in group
            for item in rule.filters
        )
        for event in _some(rules, zlib.crc32(data)) if given is None else given:
            try:
                result = decide(rules, event.event_id, event.fields)
            except EventError:
                continue
            count += 1
            steps += result.steps
            features.add((event.event_id, result.decision, bool(result.rule_name)))
    except Refused as refused:
        features.add(("refused", refused.refusal.reason))
        outcome = Outcome(build.name, "windows-x64", "refuse", refusal=refused.refusal)
    except Trap as trap:
        features.add((build.bounds_check, *trap.data.signature))
        outcome = Outcome(build.name, "windows-x64", "crash", trap=trap.data)
    else:
        outcome = Outcome(build.name, "windows-x64", "run")
    return replace(outcome, steps=steps, events=count, checks_bounds=build.bounds_check)


def _some(rules: Rules, number: int) -> Sequence[SysmonEvent]:
    """Events that a blob calls for, from its first to its last; which, the number says."""
    events = list(islice(generate_sysmon(rules), LOOKED_AT))
    step = max(1, len(events) // MOST_EVENTS)
    return events[number % step :: step][:MOST_EVENTS]


def _one_event(line: str) -> SysmonEvent | None:
    try:
        return parse_event(line)
    except EventError:
        return None
