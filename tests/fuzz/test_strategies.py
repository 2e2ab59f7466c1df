"""Strategies give what they say: valid files, files that break one check alone, events."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from ccheck.core.consumers import load_consumers
from ccheck.formats.exercise.outcome import RunInputs
from ccheck.formats.interpreters import EXERCISES
from ccheck.judging.preparation import prepare
from ccheck_fuzz.corpus.explore import Explorer
from ccheck_fuzz.corpus.judged import Judged
from ccheck_fuzz.mutate.interesting_values import interesting_values
from ccheck_fuzz.strategies import Unreachable, broken, events, valid
from ccheck_schemas.read import read
from ccheck_schemas.schema import Schema
from tests.corpus import without
from tests.fuzz.seeds import BASE, CHANNEL, CORPUS, DEFINITIONS, JULY, MARCH, NEVER_ALONE, SYSMON, good

USER = prepare(use_config=False, schema=str(Path(__file__).resolve().parent.parent / "user" / "sensor.py"))
STORY = prepare(config=CORPUS / "channel" / "ccheck.toml")
BARE = prepare(use_config=False)
BUILDS = load_consumers(CORPUS / "channel" / "consumers.toml").builds
NUMBERS = interesting_values(CHANNEL, [DEFINITIONS], BUILDS)
assert USER.schema is not None
SENSOR = USER.schema
QUICKLY = settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@given(data=valid(CHANNEL, STORY, seeds=[MARCH, DEFINITIONS], interesting=NUMBERS))
@QUICKLY
def test_valid_files_pass(data: bytes) -> None:
    """Files that are varied from seeds pass without a finding."""
    assert not Judged(CHANNEL, STORY).report(data).findings


@given(data=valid(SENSOR, USER))
@QUICKLY
def test_valid_files_of_a_users_format_pass(data: bytes) -> None:
    """So do files of a user's own format, grown from nothing, under the user's own checks."""
    assert not Judged(SENSOR, USER).report(data).findings


@given(data=broken(CHANNEL, "field-past-inputs", STORY, seeds=[MARCH], interesting=NUMBERS))
@QUICKLY
def test_broken_files_break_one_check_alone(data: bytes) -> None:
    """In a file that breaks one check, that check alone finds something."""
    assert Judged(CHANNEL, STORY).checks(data) == {"field-past-inputs"}


@given(data=broken(SENSOR, "port-ruled-twice", USER))
@QUICKLY
def test_a_users_own_check_is_broken_alone(data: bytes) -> None:
    """So it is for a user's own check of a user's own format."""
    assert Judged(SENSOR, USER).checks(data) == {"port-ruled-twice"}


def test_they_shrink() -> None:
    """A failure shrinks to a small seed with few edits: of two instances with one that is 7, to the smallest such file."""
    strategy = valid(CHANNEL, STORY, seeds=[MARCH, *good(CHANNEL)[:20]], interesting=NUMBERS)
    smallest = find(
        strategy,
        lambda data: len(read(CHANNEL.layout, data).tables.get("instances", ())) > 1,
        settings=settings(max_examples=500, derandomize=True, database=None),
    )
    assert len(smallest) <= 300


ELSEWHERE = {
    CHANNEL.name: {
        "count-mismatch": "the format has no count of chained records",
        "name-not-header": "these files have no names",
        "definitions-missing": "takes a setting without definitions",
        "definitions-unreadable": "takes broken definitions",
        "definitions-broken": "takes broken definitions",
        "consumers-missing": "takes a setting without builds",
        "type-not-supplied": "takes builds that lack a type of the definitions",
        "input-count-refused": "takes builds that compare counts before they load",
        "bytes-owned-twice": "leaves bytes that nobody owns as well, or makes a chain go back",
    },
    SYSMON.name: {
        "bytes-owned-twice": "leaves bytes that nobody owns as well",
        "sysmon-layout-of-target": "takes a target of another layout",
        "sysmon-version-of-target": "takes a target",
        "not-canonical": "records stay in the compiler's order, or break checks of that order first",
    },
}
"""Checks that take another setting or are never alone after a mutation, and why."""

RARE = {
    CHANNEL.name: {
        "definitions-past-inputs",
        "field-past-inputs", "regex-too-costly", "chain-backwards", "duplicate-type-name", "kind-not-allowed"},
    SYSMON.name: {
        "sysmon-generations-differ", "sysmon-field-of-sibling", "sysmon-empty-list-element",
        "sysmon-aggregations-unlisted", "sysmon-event-not-filtered", "sysmon-group-interrupted",
    },
}  # fmt: skip
"""Checks that some searches of this length find alone and others do not; they are neither asked for nor excused."""


@pytest.mark.parametrize(
    ("schema", "validation"), [(CHANNEL, STORY), (SYSMON, BARE)], ids=["channel", "sysmon"]
)
def test_checks_that_can_be_broken_alone(schema: Schema, validation: object) -> None:
    """Every check of a format is broken alone by some mutation, but for those that are listed with a reason."""
    (found,) = (one for one in (STORY, BARE) if one is validation)
    judged = Judged(schema, found)
    seeds = [data for data in good(schema) if not judged.report(data).findings][-60:]
    explorer = Explorer(judged, seeds, NUMBERS if schema is CHANNEL else interesting_values(schema))
    for _ in range(6000):
        explorer.step()
    alone = explorer.found.keys() | explorer.fixed.keys()
    names = {check.name for check in found.checks if not check.schemas or schema.name in check.schemas}
    impossible = without(schema.name).keys()
    excused = NEVER_ALONE.keys() | ELSEWHERE[schema.name].keys() | impossible | RARE[schema.name]
    lacking = sorted(names - excused - alone)
    assert not lacking, (
        f"no mutation of good files of {schema.name} broke these checks alone: {', '.join(lacking)}. Add good files"
        " that come near, or put them into ELSEWHERE with the reason (they are never alone), into RARE (some searches"
        f" find them), or into corpus/{schema.name}/without.toml (no file can fail them)"
    )
    assert len(names - excused) > 25
    assert not impossible & alone, (
        f"corpus/{schema.name}/without.toml gives reasons for checks that a mutation broke"
    )


def test_what_cannot_be_reached_is_said() -> None:
    """A check that no mutation breaks alone, or that does not exist, is an error that names it."""
    for check in ("definitions-missing", "no-such-check"):
        with pytest.raises(Unreachable, match=check):
            find(broken(CHANNEL, check, STORY, seeds=[MARCH], tries=200), lambda data: True)
    with pytest.raises(Unreachable, match="no seed passes"):
        find(valid(CHANNEL, STORY, seeds=[JULY]), lambda data: True)


@given(lines=events(MARCH, CHANNEL, DEFINITIONS))
@QUICKLY
def test_events_are_events(lines: tuple[str, ...]) -> None:
    """Events of a channel file are lines that every build takes."""
    builds = tuple(build for build in BUILDS if build.switch("bounds_check"))
    outcomes = EXERCISES["channel"](MARCH, RunInputs(DEFINITIONS, builds, events=lines)).outcomes
    assert [outcome.events for outcome in outcomes] == [len(lines)] * len(builds)


@given(lines=events(BASE, SYSMON))
@QUICKLY
def test_events_of_rules_are_events(lines: tuple[str, ...]) -> None:
    """So are events of Sysmon rules, and a format without events has none."""
    assert [outcome.events for outcome in EXERCISES["sysmon"](BASE, RunInputs(events=lines)).outcomes] == [
        len(lines)
    ]
    assert all(json.loads(line)["fields"] for line in lines)


@given(data=st.binary(max_size=200))
@QUICKLY
def test_any_bytes_call_for_some_events_or_none(data: bytes) -> None:
    """Any bytes call for events or for none, and never for an exception."""
    for schema in (CHANNEL, SYSMON, SENSOR):
        assert events(data, schema, DEFINITIONS) is not None
