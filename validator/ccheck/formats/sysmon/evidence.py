"""Which events a Sysmon rules blob decides, and how, besides the vocabulary that it uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ccheck.formats.exercise.evidence import Evidence, builds_by, plain
from ccheck.formats.exercise.outcome import RunInputs
from ccheck.formats.sysmon.exercise import driver_of, run
from ccheck_interpreter.event import EventError
from ccheck_interpreter.sysmon.decide import decide
from ccheck_interpreter.sysmon.generate import generate_sysmon
from ccheck_interpreter.sysmon.loader import CHECKING, TRUSTING, load
from ccheck_interpreter.sysmon.tables import Target
from ccheck_interpreter.trap import Refused, Trap
from ccheck_schemas.formats.sysmon.schema import SCHEMA

_VOCABULARY = plain(run, SCHEMA)


def gather(data: bytes, content: Any, given: RunInputs) -> Evidence:
    """Run the blob in both readers, with the events that it calls for itself."""
    evidence = _VOCABULARY(data, content, given)
    driver = driver_of(data, given.target)
    return replace(evidence, paths=builds_by(_decided(data, driver)))


def _decided(data: bytes, driver: Target) -> Iterator[tuple[str, str]]:
    """What each reader decided, and its name in outcomes, up to where it stops."""
    for build in (TRUSTING, CHECKING):
        try:
            rules = load(data, driver, build)
            for event in generate_sysmon(rules):
                try:
                    decision = decide(rules, event.event_id, event.fields).decision
                except EventError:
                    continue
                yield f"event {event.event_id} decided {decision}", f"{build.name} {driver.binary}"
        except (Refused, Trap):
            continue  # the outcome says so
