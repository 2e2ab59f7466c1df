"""Events made from a Sysmon blob reach each of its filters."""

from pathlib import Path

import pytest

from ccheck_interpreter.sysmon.decide import decide
from ccheck_interpreter.sysmon.generate import generate_sysmon
from ccheck_interpreter.sysmon.host import run_sysmon
from ccheck_interpreter.sysmon.loader import CHECKING, TRUSTING, load
from ccheck_interpreter.sysmon.tables import target
from tests.interpreter.sysmon_bytes import OPERATORS, FilterSpec, RuleSpec, blob

NEWEST = target("16")


@pytest.mark.parametrize("operator", OPERATORS)
def test_each_operator_is_matched_and_missed(operator: str) -> None:
    """For each operator one event matches its only filter and one just misses it."""
    rules = load(bytes(blob(RuleSpec(5, [FilterSpec(4, operator, "b;cd")])).data), NEWEST)
    found = {
        event.purpose: decide(rules, 5, event.fields).decision
        for event in generate_sysmon(rules)
        if event.filter_at is not None
    }
    assert found == {"match": "include", "near-miss": "exclude"}


def test_an_and_rule_is_matched_by_all_its_filters_together() -> None:
    """The match for one filter of an and-rule brings what the others want."""
    filters = [
        FilterSpec(4, "end with", "cmd.exe"),
        FilterSpec(12, "is", "me"),
        FilterSpec(10, "contains", "-k"),
    ]
    rules = load(bytes(blob(RuleSpec(1, filters, joined_by_and=1)).data), NEWEST)
    decisions = [
        (event.purpose, decide(rules, 1, event.fields).decision)
        for event in generate_sysmon(rules)
        if event.filter_at is not None
    ]
    assert decisions == [("match", "include"), ("near-miss", "exclude")] * 3


def test_the_events_of_a_blob_reach_a_fault_between_siblings() -> None:
    """A filter on field 8 of event 12: the generated events include event 13, where a trusting reader traps."""
    data = bytes(blob(RuleSpec(12, [FilterSpec(8, "is", "me")])).data)
    outcome = run_sysmon(data, NEWEST, TRUSTING)
    assert outcome.trap is not None
    assert (outcome.verdict, outcome.trap.kind) == ("crash", "table-index-out-of-bounds")
    assert run_sysmon(data, NEWEST).verdict == "run"


def test_a_refused_blob_says_why() -> None:
    """Bytes that are no blob are refused."""
    outcome = run_sysmon(b"", NEWEST)
    assert (outcome.verdict, outcome.refusal and outcome.refusal.reason) == ("refuse", "short-header")


def test_genuine_blobs_run_under_their_own_events(shared_data: Path) -> None:
    """Every genuine blob runs in both readers for version 16 with every event that it calls for."""
    files = sorted((shared_data / "sysmon" / "valid").glob("*.bin"))
    assert len(files) == 83
    for path in files:
        for profile in (TRUSTING, CHECKING):
            outcome = run_sysmon(path.read_bytes(), NEWEST, profile)
            assert outcome.verdict == "run", path.name
            assert outcome.events > 0
