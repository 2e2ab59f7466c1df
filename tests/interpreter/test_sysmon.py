"""Sysmon rules: the decisions of the public reference reader, and what bad blobs do to readers that trust."""

import json
from pathlib import Path

import pytest

from ccheck_interpreter.event import EventError
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.sysmon.decide import decide
from ccheck_interpreter.sysmon.loader import CHECKING, TRUSTING, Rules, load
from ccheck_interpreter.sysmon.match import match
from ccheck_interpreter.sysmon.tables import GENERATIONS, TargetError, target
from ccheck_interpreter.trap import Refused, Trap, TrapData
from tests.interpreter.sysmon_bytes import Blob, FilterSpec, RuleSpec, blob

NEWEST = target("16")
PROFILES = (CHECKING, TRUSTING)
IMAGE, COMMAND_LINE, USER = 4, 10, 12


def process(**fields: str) -> list[str]:
    """The fields of a ProcessCreate event, those not given empty."""
    return [fields.get(name, "") for name in NEWEST.events[1].fields]


def both(made: Blob) -> list[Rules]:
    """The blob as each reader loads it."""
    return [load(bytes(made.data), NEWEST, profile) for profile in PROFILES]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_all_genuine_decisions_agree(profile: Profile, shared_data: Path) -> None:
    """Each of the 537 answers of the reference reader is given again: decision, rule name and failures."""
    lines = (shared_data / "sysmon" / "decisions.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == 537
    loaded: dict[str, Rules] = {}
    for line in lines:
        asked = json.loads(line)
        name = asked["blob"]
        if name not in loaded:
            loaded[name] = load((shared_data / "sysmon" / "valid" / name).read_bytes(), NEWEST, profile)
        answer = decide(loaded[name], asked["event_id"], asked["fields"])
        expected = (asked["decision"], asked["rule_name"], asked["failures"])
        assert (answer.decision, answer.rule_name, answer.failures) == expected, line


def test_all_genuine_blobs_load(shared_data: Path) -> None:
    """Every genuine blob passes the reader that checks every number."""
    blobs = sorted((shared_data / "sysmon" / "valid").glob("*.bin"))
    assert len(blobs) == 83
    for path in blobs:
        assert load(path.read_bytes(), NEWEST).by_event, path.name


def test_the_field_tables_are_the_public_ones(shared_data: Path) -> None:
    """The tables of all 20 public generations come out of the history as they were published."""
    published = json.loads((shared_data / "sysmon" / "event_fields_by_schema.json").read_text("utf-8"))
    assert len(published) == len(GENERATIONS) == 20
    for generation in published:
        built = target(generation["binary"], generation["schema"]).events
        expected = {
            event["id"]: (event["rulename"], event["default"], tuple(event["fields"]))
            for event in generation["events"]
        }
        assert {
            number: (item.rule_name, item.default, item.fields) for number, item in built.items()
        } == expected


@pytest.mark.parametrize(
    ("schema", "fields"), [("3.4", 16), ("4.0", 20), ("4.1", 21), ("4.21", 22), ("4.81", 23)]
)
def test_process_create_grew(schema: str, fields: int) -> None:
    """ProcessCreate grew from 16 to 23 fields."""
    assert len(target(schema=schema).events[1].fields) == fields


def test_operators_were_renumbered_in_14() -> None:
    """Number 3 is excludes below version 14.0 and contains any from then on; 15.0 added the last two."""
    assert target("13.0").operators[3] == "excludes"
    assert target("14.0").operators[3] == "contains any"
    assert [len(target(binary).operators) for binary in ("13.0", "14.0", "15.0", "16")] == [9, 14, 16, 16]


@pytest.mark.parametrize("binary", ["17", "x", "16.1", ""])
def test_an_unknown_target_is_an_error(binary: str) -> None:
    """A version that was never public cannot be judged for."""
    with pytest.raises(TargetError):
        target(binary)


@pytest.mark.parametrize(
    ("operator", "rule", "matching", "failing"),
    [
        ("is", "abc", ["abc"], ["ab", "abcd", ""]),
        ("is not", "abc", ["ab", ""], ["abc"]),
        ("contains", "bc", ["abcd", "bc"], ["b c", ""]),
        ("contains", "", ["x"], [""]),
        ("contains any", "ab;cd", ["xab", "cdx"], ["ac", ""]),
        ("is any", "ab;cd", ["ab", "cd"], ["ab;cd", "abc"]),
        ("contains all", "ab;cd", ["cdab"], ["ab", "cd"]),
        ("excludes", "bc", ["b", ""], ["abc"]),
        ("excludes any", "ab;cd", ["x", ""], ["ab", "xcd"]),
        ("excludes all", "ab;cd", ["ab", "x"], ["abcd"]),
        ("begin with", "ab", ["ab", "abc"], ["xab", "a"]),
        ("end with", "ab", ["ab", "xab"], ["abx", "b"]),
        ("less than", "5", ["4", ""], ["5", "6"]),
        ("more than", "5", ["6", "50"], ["5", "4"]),
        ("image", "cmd.exe", ["c:\\x\\cmd.exe", "cmd.exe"], ["c:\\cmd.exe\\x", "xcmd.exe"]),
        ("image", "x\\cmd.exe", ["x\\cmd.exe"], ["c:\\x\\cmd.exe", "cmd.exe"]),
        ("not begin with", "ab", ["xab"], ["abc"]),
        ("not end with", "ab", ["abx"], ["xab"]),
    ],
)
def test_an_operator_matches(operator: str, rule: str, matching: list[str], failing: list[str]) -> None:
    """Each operator matches and fails the texts that its name says, lists split at the semicolon."""
    assert [match(operator, rule, value) for value in matching] == [True] * len(matching)
    assert [match(operator, rule, value) for value in failing] == [False] * len(failing)


def test_an_empty_item_of_a_list_stands_for_the_rest() -> None:
    """The reference reader reads the empty item of `a;;b` as `;b`, and that of `a;` as any other text."""
    assert match("contains any", "a;;b", "x;b") is True
    assert match("contains any", "a;;b", "x;c") is False
    assert match("contains any", "a;", "x") is True


def test_an_or_rule_needs_one_filter() -> None:
    """Filters joined by or: one match gives the opposite of the rule's default."""
    made = blob(
        RuleSpec(1, [FilterSpec(IMAGE, "is", "A.exe", "first"), FilterSpec(USER, "is", "me", "second")])
    )
    for rules in both(made):
        hit = decide(rules, 1, process(User="ME"))
        assert (hit.decision, hit.rule_name) == ("include", "second")
        miss = decide(rules, 1, process(User="you"))
        assert (miss.decision, miss.rule_name) == ("exclude", "")


def test_an_and_rule_takes_filters_on_the_same_field_as_or() -> None:
    """In an and-rule two filters on one field need one match between them."""
    filters = [FilterSpec(IMAGE, "is", "a"), FilterSpec(IMAGE, "is", "b"), FilterSpec(USER, "is", "me")]
    for rules in both(blob(RuleSpec(1, filters, joined_by_and=1))):
        assert decide(rules, 1, process(Image="b", User="me")).decision == "include"
        assert decide(rules, 1, process(Image="a", User="me")).decision == "include"
        assert decide(rules, 1, process(Image="c", User="me")).decision == "exclude"
        assert decide(rules, 1, process(Image="a", User="you")).decision == "exclude"


def test_a_run_of_filters_of_one_aggregation_is_a_group() -> None:
    """Two and-groups in an or-rule: both filters of one of them must match."""
    filters = [
        FilterSpec(IMAGE, "is", "a", group=1),
        FilterSpec(USER, "is", "me", group=1),
        FilterSpec(IMAGE, "is", "b", group=2),
        FilterSpec(USER, "is", "you", group=2),
    ]
    for rules in both(blob(RuleSpec(1, filters), groups=[1, 1])):
        assert decide(rules, 1, process(Image="b", User="you")).decision == "include"
        assert decide(rules, 1, process(Image="a", User="you")).decision == "exclude"


def test_defaults() -> None:
    """No rule gives the type's default, one rule that fails its own, several that fail exclude."""
    one = blob(RuleSpec(3, [FilterSpec(4, "is", "a")], default=0))
    two = blob(
        RuleSpec(3, [FilterSpec(4, "is", "a")], default=0), RuleSpec(3, [FilterSpec(4, "is", "b")], default=1)
    )
    fields = [""] * 18
    for rules in both(one):
        assert decide(rules, 1, process()).decision == "include"
        assert decide(rules, 5, [""] * 6).decision == "include"
        assert decide(rules, 2, [""] * 9).decision == "exclude"
        assert decide(rules, 3, fields).decision == "include"
    for rules in both(two):
        assert decide(rules, 3, fields).decision == "exclude"


def test_a_field_past_the_event_types_table_gives_no_match() -> None:
    """A registry rule names field 8 of event 13; event 12 has 8 fields, 0 to 7, and does not match."""
    made = blob(RuleSpec(13, [FilterSpec(8, "is", "me")]))
    for rules in both(made):
        assert decide(rules, 12, ["me"] * 8).decision == "exclude"


def test_a_field_that_cannot_be_resolved_is_a_failure() -> None:
    """A filter over a field that the event does not carry fails, and the answer says so."""
    for rules in both(blob(RuleSpec(1, [FilterSpec(IMAGE, "is", "a")]))):
        assert decide(rules, 1, []).failures == 1
        assert decide(rules, 1, process()).failures == 0


def test_an_event_that_the_target_does_not_have_is_an_error() -> None:
    """Event 99 is bad usage, not bad content."""
    (rules, _) = both(blob(RuleSpec(1)))
    with pytest.raises(EventError):
        decide(rules, 99, [])


def trap_at_load(data: bytes) -> TrapData:
    """The trap of the trusting reader; the checking one must refuse."""
    with pytest.raises(Refused):
        load(data, NEWEST, CHECKING)
    with pytest.raises(Trap) as found:
        load(data, NEWEST, TRUSTING)
    return found.value.data


ONE = blob(RuleSpec(1, [FilterSpec(IMAGE, "is", "abc"), FilterSpec(USER, "is", "me")]))


def test_an_event_header_past_the_end_traps() -> None:
    """The reader tests only that a record begins inside: an event 8 bytes before the end reads past it."""
    end = len(ONE.data)
    data = trap_at_load(ONE.poke("<I", ONE.events[0] + 12, end - 8))
    assert (data.kind, data.operation.name, data.distance) == ("out-of-bounds-read", "read-event", 16)
    assert data.provenance.file_offset == ONE.events[0] + 12


def test_a_filter_header_past_the_end_traps() -> None:
    """So does a filter."""
    data = trap_at_load(ONE.poke("<I", ONE.filters[0] + 520, len(ONE.data) - 16))
    assert (data.kind, data.operation.name) == ("out-of-bounds-read", "read-filter")
    assert data.provenance.file_offset == ONE.filters[0] + 520


def test_the_data_bound_forgets_the_header() -> None:
    """A data size that fits behind the record's start but not behind its header reads past the end."""
    at = ONE.filters[1]
    data = trap_at_load(ONE.poke("<I", at + 524, len(ONE.data) - at - 2))
    assert (data.kind, data.operation.name) == ("out-of-bounds-read", "read-filter-data")
    assert data.provenance.file_offset == at + 524


@pytest.mark.parametrize("back", [0, 1])
def test_a_cyclic_filter_chain_hangs(back: int) -> None:
    """A filter that leads to itself or to the one before it never ends: the step budget does."""
    data = trap_at_load(ONE.poke("<I", ONE.filters[1] + 520, ONE.filters[back]))
    assert data.kind == "step-budget"


def test_a_cyclic_event_chain_hangs() -> None:
    """So does a chain of events."""
    assert trap_at_load(ONE.poke("<I", ONE.events[0] + 12, ONE.events[0])).kind == "step-budget"


@pytest.mark.parametrize("event_id", [0, 4, 16])
def test_events_without_a_rule_name_reach_null(event_id: int) -> None:
    """Event ids 0, 4 and 16 compare a NULL name."""
    data = trap_at_load(ONE.poke("<I", ONE.events[0], event_id))
    assert (data.kind, data.operation.name) == ("null-dereference", "index-event")


def test_an_aggregation_offset_is_not_checked() -> None:
    """An aggregation outside the blob loads in the trusting reader, and traps at the first event."""
    made = blob(RuleSpec(1, [FilterSpec(IMAGE, "is", "a", group=1)]), groups=[1])
    data = made.poke("<I", made.filters[0] + 532, len(made.data) - 100)
    with pytest.raises(Refused) as refused:
        load(data, NEWEST, CHECKING)
    assert refused.value.refusal.reason == "aggregation-offset"
    rules = load(data, NEWEST, TRUSTING)
    with pytest.raises(Trap) as found:
        decide(rules, 1, process())
    assert (found.value.data.kind, found.value.data.operation.name) == (
        "out-of-bounds-read",
        "read-aggregation",
    )
    assert found.value.data.provenance.file_offset == made.filters[0] + 532


def test_a_field_valid_for_a_sibling_reads_past_the_named_types_table() -> None:
    """A rule for event 12 with field 8, which event 13 has: the reader looks up field 8 of event 12."""
    made = blob(RuleSpec(12, [FilterSpec(8, "is", "me")]))
    with pytest.raises(Trap) as found:
        decide(load(bytes(made.data), NEWEST, TRUSTING), 13, ["me"] * 9)
    data = found.value.data
    assert (data.kind, data.index, data.limit) == ("table-index-out-of-bounds", 8, 8)
    assert decide(load(bytes(made.data), NEWEST, CHECKING), 13, ["me"] * 9).decision == "exclude"


def test_an_unknown_operator_is_a_failure_or_a_refusal() -> None:
    """Operator 16 fails in the trusting reader and is refused by the checking one."""
    data = ONE.poke("<i", ONE.filters[0] + 516, 16)
    assert decide(load(data, NEWEST, TRUSTING), 1, process()).failures == 1
    with pytest.raises(Refused) as refused:
        load(data, NEWEST, CHECKING)
    assert refused.value.refusal.reason == "operator"


@pytest.mark.parametrize(
    ("layout", "at", "value", "reason"),
    [
        ("<I", 0, 8 << 16, "layout"),
        ("<I", 0, 17 << 16, "layout"),
        ("<I", 4, 2, "rule-count"),
        ("<I", 4, 0, "rule-count"),
        ("<I", 8, 16, "header-size"),
        ("<I", 16, 28, "header-size"),
        ("<I", 20, 9999, "aggregation-offset"),
        ("<I", ONE.events[0], 255, "event-id"),
        ("<i", ONE.events[0] + 4, 2, "rule-default"),
        ("<i", ONE.events[0] + 8, 2, "combine-type"),
        ("<I", ONE.events[0] + 16, 3, "filter-count"),
        ("<I", ONE.events[0] + 20, 60, "filter-offset"),
        ("<I", ONE.filters[0], 23, "field-id"),
        ("<I", ONE.filters[0] + 524, 7, "filter-data"),
        ("<I", ONE.filters[0] + 524, 4, "filter-data"),
        ("<I", ONE.filters[0] + 524, 0xFFFFFFFE, "data-size"),
        ("<I", ONE.filters[1] + 528, 1, "aggregation-offset"),
    ],
)
def test_the_checking_reader_refuses(layout: str, at: int, value: int, reason: str) -> None:
    """Each number that is wrong is refused for its own reason."""
    with pytest.raises(Refused) as refused:
        load(ONE.poke(layout, at, value), NEWEST, CHECKING)
    assert refused.value.refusal.reason == reason


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_truncation_ends_in_a_trap_a_refusal_or_a_decision(profile: Profile) -> None:
    """A blob cut at any offset never raises anything else; the checking reader never traps."""
    made = blob(
        RuleSpec(1, [FilterSpec(IMAGE, "is", "a", "n", group=1), FilterSpec(USER, "contains any", "b;c")]),
        RuleSpec(13, [FilterSpec(8, "is", "me")]),
        groups=[1],
    )
    outcomes = {"loaded": 0, "refused": 0, "trapped": 0}
    for size in range(len(made.data) + 1):
        try:
            rules = load(bytes(made.data[:size]), NEWEST, profile)
            decide(rules, 1, process(Image="a"))
            outcomes["loaded"] += 1
        except Refused:
            outcomes["refused"] += 1
        except Trap:
            outcomes["trapped"] += 1
    assert outcomes["loaded"] >= 1
    assert (outcomes["trapped"] == 0) is profile.bounds_check


def test_the_last_of_two_rules_is_tried_first() -> None:
    """Of two matching rules of one event, the later one in the blob gives its name.

    A rule that includes by default comes before.
    """
    first = RuleSpec(1, [FilterSpec(IMAGE, "is", "a", "first")])
    second = RuleSpec(1, [FilterSpec(IMAGE, "is", "a", "second")])
    default = RuleSpec(1, [FilterSpec(IMAGE, "is", "a", "default")], default=0)
    for rules in both(blob(first, second)):
        assert decide(rules, 1, process(Image="a")).rule_name == "second"
    for rules in both(blob(default, first, second)):
        answer = decide(rules, 1, process(Image="a"))
        assert (answer.decision, answer.rule_name) == ("exclude", "default")


def test_many_groups_do_not_nest() -> None:
    """Twenty groups one after the other are no deeper than one."""
    filters = [FilterSpec(IMAGE, "is", f"{number}", group=number) for number in range(1, 21)]
    for rules in both(blob(RuleSpec(1, filters), groups=[0] * 20)):
        assert decide(rules, 1, process(Image="20")).decision == "include"


def test_a_filter_that_names_one_group_and_leads_to_another() -> None:
    """The reader does not move and the rule fails; the checking reader refuses."""
    made = blob(RuleSpec(1, [FilterSpec(IMAGE, "is", "a", group=1)]), groups=[0])
    data = made.poke("<I", made.filters[0] + 528, 2)
    assert decide(load(data, NEWEST, TRUSTING), 1, process(Image="a")).failures == 1
    with pytest.raises(Refused) as refused:
        load(data, NEWEST, CHECKING)
    assert refused.value.refusal.reason == "aggregation-id"


def test_a_filter_without_data_ends_its_chain() -> None:
    """Data of no bytes has no NUL: the reference reader silently drops the filter and those behind it."""
    data = ONE.poke("<I", ONE.filters[0] + 524, 0)
    rules = load(data, NEWEST, TRUSTING)
    assert decide(rules, 1, process(User="me")).decision == "exclude"
    with pytest.raises(Refused) as refused:
        load(data, NEWEST, CHECKING)
    assert refused.value.refusal.reason == "filter-data"
