"""Every criterion kind, over text and over integers, in builds that check and in builds that trust."""

import pytest

from ccheck_interpreter.channel.definitions import conforming, load_definitions
from ccheck_interpreter.channel.evaluate import evaluate
from ccheck_interpreter.channel.loader import load
from ccheck_interpreter.event import Event, EventError, Input
from ccheck_interpreter.profile import Profile
from tests.interpreter.builds import BIG, CHECKED, FIXED, NARROW, SHIPPED
from tests.interpreter.channel_bytes import (
    INTEGER,
    CriterionSpec,
    FieldSpec,
    InstanceSpec,
    TypeSpec,
    definitions,
    instances,
    number,
    text,
    wildcard,
)

NET = definitions(TypeSpec(1, "Net", [FieldSpec("host"), FieldSpec("port", INTEGER)]))
LARGEST = (1 << 64) - 1

CASES: list[tuple[CriterionSpec, list[Input], list[Input]]] = [
    (wildcard(0), ["", "x", None], []),
    (text(0, "equals", "abc"), ["abc"], ["ab", "abcd", "ABC", "", None]),
    (text(0, "equals", "aBc", ignore_case=True), ["abc", "ABC"], ["abd"]),
    (text(0, "not_equals", "abc"), ["abd", ""], ["abc", None]),
    (text(0, "prefix", "abc"), ["abc", "abcd"], ["ab", "xabc", ""]),
    (text(0, "suffix", "abc"), ["abc", "xabc"], ["abcx", "bc"]),
    (text(0, "contains", "abc"), ["abc", "xabcx"], ["ab", "acb", ""]),
    (text(0, "contains", "é", ignore_case=True), ["xé"], ["É"]),
    (text(0, "regex", "^a[0-9]+$"), ["a1", "a12345"], ["a", "xa1", "a1x"]),
    (text(0, "regex", "^AB", ignore_case=True), ["abc", "aBc"], ["xab"]),
    (text(0, "one_of", "abc\0de"), ["abc", "de"], ["abcde", "abc\0de", "d", ""]),
    (number(1, "equals", 7), [7], [6, 8, None]),
    (number(1, "equals", LARGEST), [LARGEST], [0]),
    (number(1, "not_equals", 7), [6, 0], [7, None]),
    (number(1, "integer_range", 5, 9), [5, 7, 9], [4, 10]),
    (number(1, "integer_range", 0, LARGEST), [0, LARGEST], [None]),
    (number(1, "bit_mask", 0xF0, 0x30), [0x30, 0x13F], [0x31 << 4, 0x20]),
    (number(1, "one_of", 1, 443, 8443), [1, 443, 8443], [0, 2, None]),
]


@pytest.mark.parametrize("profile", [SHIPPED, NARROW, BIG, *CHECKED[:3]], ids=lambda profile: profile.name)
@pytest.mark.parametrize(
    ("criterion", "matching", "failing"), CASES, ids=lambda value: getattr(value, "kind", None)
)
def test_a_criterion_matches_what_the_format_says(
    profile: Profile, criterion: CriterionSpec, matching: list[Input], failing: list[Input]
) -> None:
    """Each kind matches and fails the inputs of the format's table, on all platforms, checked or trusting."""
    content = load(load_definitions(NET, profile), instances(InstanceSpec(1, [criterion])), profile)
    for inputs, expected in ((matching, (1,)), (failing, ())):
        for value in inputs:
            event = Event("Net", (value,) if criterion.field_index == 0 else (None, value))
            assert evaluate(content, event).matched == expected, value


def test_every_criterion_of_an_instance_must_match() -> None:
    """An instance matches when all its criteria match."""
    both = instances(InstanceSpec(5, [text(0, "prefix", "a"), number(1, "equals", 1)]))
    content = load(load_definitions(NET, SHIPPED), both, SHIPPED)
    assert evaluate(content, Event("Net", ("ab", 1))).matched == (5,)
    assert evaluate(content, Event("Net", ("ab", 2))).matched == ()
    assert evaluate(content, Event("Net", ("b", 1))).matched == ()


def test_events_go_to_the_instances_of_their_type_and_version() -> None:
    """An event reaches its type's instances; with a version those of that version alone."""
    types = definitions(
        TypeSpec(1, "Net", [FieldSpec("a")]),
        TypeSpec(1, "Net", [FieldSpec("a")], version=2),
        TypeSpec(2, "IPC", [FieldSpec("a")]),
    )
    file = instances(
        InstanceSpec(1, [wildcard(0)]),
        InstanceSpec(2, [wildcard(0)], type_version=2),
        InstanceSpec(3, [wildcard(0)], type_id=2),
    )
    content = load(load_definitions(types, FIXED), file, FIXED)
    assert evaluate(content, Event("Net", ("x",))).matched == (1, 2)
    assert evaluate(content, Event("Net", ("x",), version=2)).matched == (2,)
    assert evaluate(content, Event("IPC", ("x",))).matched == (3,)
    assert evaluate(content, Event("Other", ("x",))).matched == ()


def test_a_call_site_for_one_version_counts_before_the_general_one() -> None:
    """`"IPC@2"` gives the number of inputs for version 2 alone."""
    profile = Profile("build", {"IPC": 20, "IPC@2": 21})
    assert (profile.supplies("IPC", 1), profile.supplies("IPC", 2), profile.supplies("Net", 1)) == (
        20,
        21,
        None,
    )


def test_hits_are_counted_in_global_state() -> None:
    """Each match of an instance writes its counter, and nothing else is written."""
    content = load(load_definitions(NET, SHIPPED), instances(InstanceSpec(1, [wildcard(0)])), SHIPPED)
    results = [evaluate(content, Event("Net", ("x",))) for _ in range(2)]
    assert [[write.value for write in result.global_writes] for result in results] == [[1], [2]]


@pytest.mark.parametrize(
    "event",
    [
        Event("Net", ("host", 7)),
        Event("Net", (None, None)),
        Event("Net", ()),
        Event("Net", ("a", 1, "more"), 1),
    ],
)
def test_an_event_that_the_definitions_allow(event: Event) -> None:
    """An event conforms with absent, missing and surplus inputs."""
    assert conforming(event, load_definitions(NET, FIXED)) is event


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (Event("IPC", ()), "no template type IPC is defined"),
        (Event("Net", (), 2), "no template type Net version 2 is defined"),
        (Event("Net", (7,)), "inputs[0] of Net must be text or null, is 7"),
        (Event("Net", (None, "7")), "inputs[1] of Net must be integer or null, is '7'"),
    ],
)
def test_an_event_that_no_sensor_could_report(event: Event, message: str) -> None:
    """An unknown type and an input of the wrong kind are errors of the event, not traps of the content."""
    with pytest.raises(EventError) as found:
        conforming(event, load_definitions(NET, FIXED))
    assert str(found.value) == message
