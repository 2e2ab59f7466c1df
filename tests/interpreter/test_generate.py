"""Events made from content: each instance matches one, each criterion just fails another."""

from dataclasses import replace

import pytest

from ccheck_interpreter.channel.definitions import load_definitions
from ccheck_interpreter.channel.evaluate import evaluate
from ccheck_interpreter.channel.generate import LONGEST, generate
from ccheck_interpreter.channel.host import run
from ccheck_interpreter.channel.loader import load
from ccheck_interpreter.channel.matrix import exercise, render
from ccheck_interpreter.channel.sample import sample
from ccheck_interpreter.event import Event
from tests.interpreter.builds import SHIPPED
from tests.interpreter.channel_bytes import (
    INTEGER,
    CriterionSpec,
    FieldSpec,
    InstanceSpec,
    TypeSpec,
    definitions,
    instances,
    ipc_definitions,
    march_file,
    number,
    text,
    wildcard,
    with_raw,
)

FIELDS = [FieldSpec("host"), FieldSpec("port", INTEGER), FieldSpec("user")]
NET = definitions(TypeSpec(1, "Net", FIELDS))
BUILD = replace(SHIPPED, inputs={"Net": 3})

CRITERIA: list[list[CriterionSpec]] = [
    [wildcard(0)],
    [text(0, "equals", "abc")],
    [text(0, "equals", "aBc", ignore_case=True)],
    [text(0, "not_equals", "ccheck")],
    [text(0, "prefix", "abc")],
    [text(0, "suffix", "é")],
    [text(0, "contains", "b")],
    [text(0, "regex", r"^\\\\[a-z]+\\pipe\\(x|y){2,3}\.exe$")],
    [text(0, "one_of", "abc\0de")],
    [number(1, "equals", 0)],
    [number(1, "equals", (1 << 64) - 1)],
    [number(1, "not_equals", 1)],
    [number(1, "integer_range", 1024, 65535)],
    [number(1, "bit_mask", 0xFF00, 0x1200)],
    [number(1, "one_of", 80, 443)],
    [
        text(0, "prefix", "abc"),
        text(0, "suffix", "xyz"),
        text(0, "contains", "-"),
        text(0, "regex", "[0-9]{4}"),
    ],
    [number(1, "integer_range", 10, 20), number(1, "not_equals", 10), number(1, "bit_mask", 1, 0)],
    [text(0, "prefix", "a"), number(1, "equals", 7), text(2, "regex", "^b+$")],
]


@pytest.mark.parametrize("criteria", CRITERIA, ids=lambda criteria: "-".join(item.kind for item in criteria))
def test_each_instance_is_matched_and_each_criterion_just_failed(criteria: list[CriterionSpec]) -> None:
    """For each instance one event matches; each criterion but a wildcard gets a near miss that fails it."""
    file = instances(InstanceSpec(9, [text(0, "equals", "other")]), InstanceSpec(1, criteria))
    content = load(load_definitions(NET, BUILD), file, BUILD)
    events = [event for event in generate(NET, file) if event.instance == 1]
    (match,) = [event for event in events if event.purpose == "match"]
    assert evaluate(content, match).matched == (1,)
    for index, criterion in enumerate(criteria):
        misses = [event for event in events if event.purpose == "near-miss" and event.criterion == index]
        assert bool(misses) is (criterion.kind != "wildcard")
        for miss in misses:
            seen: set[tuple[str, int, int, int, bool]] = set()
            assert evaluate(content, miss, seen=seen).matched == ()


def test_near_misses_fail_their_own_criterion_and_no_other() -> None:
    """The near miss of the last of three criteria still matches the two before it."""
    file = instances(InstanceSpec(1, CRITERIA[-1]))
    content = load(load_definitions(NET, BUILD), file, BUILD)
    (miss,) = [event for event in generate(NET, file) if (event.purpose, event.criterion) == ("near-miss", 2)]
    seen: set[tuple[str, int, int, int, bool]] = set()
    evaluate(content, miss, seen=seen)
    assert sorted((field, matched) for _, _, field, _, matched in seen) == [(0, True), (1, True), (2, False)]


def test_absent_and_longest_inputs_are_among_the_events() -> None:
    """Each fetched input is once absent and once longest, and so are all inputs of the type together."""
    file = instances(InstanceSpec(1, [text(0, "prefix", "a")]))
    events = list(generate(NET, file))
    assert {event.purpose for event in events if event.instance is None} == {
        "plain",
        "empty",
        "longest",
        "absent",
    }
    assert [event.inputs[0] for event in events if event.purpose == "absent"] == [None, None]
    longest = [event.inputs[0] for event in events if event.purpose == "longest"]
    assert [len(str(value)) for value in longest] == [LONGEST, LONGEST]


def test_the_events_of_a_file_are_always_the_same() -> None:
    """Events are made without chance."""
    file = instances(InstanceSpec(1, CRITERIA[-1]))
    assert list(generate(NET, file)) == list(generate(NET, file))


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "abc",
        "^a[0-9]+$",
        r"\\pipe\\[a-f]{3,5}(x|y)*\.exe$",
        "(?i)foo",
        r"\d{4}-\d\d",
        "[^a]b",
        "[^a-z]b",
        "a|b",
        r"\bword\b",
        "(?:ab)+c",
        "(?P<name>ab)c",
        "[[:digit:]]x",
        r"\x41\x{263a}",
        "[]a]b",
        r"[\]a-]x",
        "a{0}b",
        r"\pLx",
        "((((a))))",
        r"a\.b\*c",
    ],
)
def test_a_sample_matches_its_pattern(pattern: str) -> None:
    """For ordinary patterns a text is found that the engine itself says matches."""
    assert sample(pattern.encode()) is not None


@pytest.mark.parametrize("pattern", ["(", "[", "a**", r"\8", "a{1001}"])
def test_no_sample_of_what_is_no_pattern(pattern: str) -> None:
    """What the engine refuses has no sample."""
    assert sample(pattern.encode()) is None


def test_the_matrix_shows_what_was_exercised() -> None:
    """The matrix has a row per field and a column per kind, and names the fields that only wildcards saw."""
    file = instances(InstanceSpec(1, [text(0, "prefix", "a"), number(1, "equals", 7), wildcard(2)]))
    table = exercise(NET, file)
    assert [row.field_name for row in table.unexercised] == ["user"]
    marks = {(row.field_name, cell.kind): cell for row in table.rows for cell in row.cells}
    assert (marks["host", "prefix"].matched, marks["host", "prefix"].failed) == (True, True)
    assert (marks["user", "wildcard"].matched, marks["user", "wildcard"].failed) == (True, False)
    assert marks["port", "prefix"].allowed is False


def test_the_matrix_is_drawn_as_a_table() -> None:
    """A cell is ± for a kind that matched and failed, a dot if it never ran, empty if it is not allowed."""
    narrow = definitions(TypeSpec(1, "Net", [FieldSpec("host"), FieldSpec("port", INTEGER)]))
    file = instances(InstanceSpec(1, [text(0, "prefix", "a"), wildcard(1)]))
    assert render(exercise(narrow, file)).splitlines()[2:] == [
        "    0 host  .         .       .           ±       .       .         ." + " " * 31 + ".",
        "    1 port  +         .       ." + " " * 44 + ".              .         .",
    ]


def test_the_instance_of_march_exercises_nothing_but_field_1() -> None:
    """The tests of 2024 had a wildcard in field 21 every time: 20 of the 21 rows were never exercised."""
    table = exercise(ipc_definitions(), march_file())
    assert [row.field_index for row in table.unexercised] == list(range(1, 21))


def test_a_generated_event_reaches_its_instance_alone() -> None:
    """An event that was made for one instance is not evaluated against the others."""
    file = instances(InstanceSpec(1, [wildcard(0)]), InstanceSpec(2, [wildcard(0)]))
    content = load(load_definitions(NET, BUILD), file, BUILD)
    assert evaluate(content, Event("Net", (), instance=1)).matched == (2,)
    assert evaluate(content, Event("Net", (), instance=7)).matched == ()


def test_a_kind_that_the_format_does_not_have_is_led_to_its_fault() -> None:
    """A criterion of kind 25352 gets its event in a file that checking builds refuse for another reason."""
    file = instances(
        InstanceSpec(1, [text(0, "prefix", "only"), with_raw(text(2, "equals", "x"), kind=25352)]),
        InstanceSpec(2, [with_raw(text(0, "equals", "x"), operand_length=0)]),
    )
    assert run(replace(BUILD, bounds_check=True), NET, file).verdict == "refuse"
    outcome = run(BUILD, NET, file)
    assert outcome.trap is not None
    assert (outcome.trap.kind, outcome.trap.index) == ("dispatch-out-of-bounds", 25352)


def test_a_criterion_over_the_wrong_kind_is_led_to_its_fault() -> None:
    """An instance that reads an integer field as text gets the integer of a sensor, and traps."""
    file = instances(InstanceSpec(1, [text(0, "prefix", "only-this"), text(1, "equals", "7")]))
    outcome = run(BUILD, NET, file)
    assert outcome.trap is not None
    assert outcome.trap.kind == "input-type-confusion"
    checked = replace(BUILD, bounds_check=True)
    assert [item.reason for item in run(checked, NET, file).telemetry] == ["input-kind"]
