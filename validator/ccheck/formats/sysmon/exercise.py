"""A Sysmon rules blob in the reference interpreter: in a reader that trusts it, and in one that checks it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from ccheck.formats.exercise.outcome import Exercised, ExerciseError, Outcome, RunInputs
from ccheck_interpreter.event import EventError
from ccheck_interpreter.sysmon.generate import SysmonEvent
from ccheck_interpreter.sysmon.host import run_sysmon
from ccheck_interpreter.sysmon.loader import CHECKING, TRUSTING
from ccheck_interpreter.sysmon.tables import Target, TargetError, target


def run(data: bytes, given: RunInputs) -> Exercised:
    """Run a blob for a target version; without one, for its own.

    The checking reader decides given events; both readers meet the events of the blob itself.
    """
    driver = driver_of(data, given.target)
    if given.events is not None:
        events = tuple(_parse(given.events))
        try:
            outcomes = [(True, run_sysmon(data, driver, CHECKING, events))]
        except EventError as wrong:
            raise ExerciseError(f"events: {wrong}") from wrong
    else:
        outcomes = [(b.bounds_check, run_sysmon(data, driver, b)) for b in (TRUSTING, CHECKING)]
    return Exercised(
        tuple(
            Outcome(
                consumer=f"{outcome.consumer} {outcome.target}",
                platform="windows-x64",
                verdict=outcome.verdict,
                trap=outcome.trap,
                refusal=outcome.refusal,
                events=outcome.events,
                steps=outcome.steps,
                lines=tuple(
                    {
                        "event_id": result.event_id,
                        "decision": result.decision,
                        "rule_name": result.rule_name,
                        "failures": result.failures,
                    }
                    for result in outcome.results
                ),
                checks_bounds=checks,
            )
            for checks, outcome in outcomes
        )
    )


def driver_of(data: bytes, wanted: str | None) -> Target:
    """The driver version that was named, or the blob's own.

    Raises:
        ExerciseError: There is no such version.
    """
    version = int.from_bytes(data[:4], "little")
    try:
        return target(wanted or f"{version >> 16}.{version & 0xFFFF}")
    except TargetError as unknown:
        raise ExerciseError(f"{unknown}; name a version with --target") from unknown


def parse_event(line: str) -> SysmonEvent:
    """One line of JSON: `{"event_id": 1, "fields": ["text", null]}`.

    Raises:
        EventError: The line has another form.
    """
    try:
        value: Any = json.loads(line)
        fields = value["fields"]
        identity = value["event_id"]
    except (ValueError, KeyError, TypeError, RecursionError) as wrong:
        raise EventError('not {"event_id": 1, "fields": [...]}') from wrong
    texts = isinstance(fields, list) and all(field is None or isinstance(field, str) for field in fields)
    if not texts or not isinstance(identity, int) or isinstance(identity, bool):
        raise EventError("fields are texts or null, event_id is a number")
    return SysmonEvent(identity, tuple(fields))


def _parse(lines: Sequence[str]) -> Iterator[SysmonEvent]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield parse_event(line)
            except EventError as wrong:
                raise ExerciseError(f"events line {number}: {wrong}") from wrong
