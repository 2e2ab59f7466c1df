"""What saves a host: each option alone, and what it cannot save it from."""

from dataclasses import replace

import pytest

from ccheck_interpreter.channel.host import run, run_all
from ccheck_interpreter.channel.mitigation import MITIGATIONS, contained, judge
from ccheck_interpreter.event import Event, EventError, parse_event, parse_events
from ccheck_interpreter.profile import Profile, ProfileError
from tests.interpreter.builds import FIXED, SHIPPED
from tests.interpreter.channel_bytes import (
    InstanceSpec,
    criterion_at,
    instance_at,
    instances,
    ipc_definitions,
    ipc_instance,
    july_file,
    march_file,
    poke,
    text,
    wildcard,
)

IPC = ipc_definitions()
EVENT = Event("IPC", (r"\pipe\srv7", *["x"] * 20))
UNLOADABLE = poke(july_file(), "<I", instance_at(july_file(), 0) + 4, 99)


def test_the_build_of_2024_has_nothing_to_save_it() -> None:
    """As shipped, the host crashes with the file of July and runs with the file of March."""
    march, july = (run(SHIPPED, IPC, data, last_good=march_file()) for data in (march_file(), july_file()))
    assert (march.verdict, march.trap, march.saved_by) == ("run", None, None)
    assert (july.verdict, july.saved_by) == ("crash", None)
    assert july.trap is not None
    assert july.trap.index == 20


def test_quarantine_drops_one_instance_and_goes_on() -> None:
    """With quarantine the faulting instance is dropped; the other matches at this event and the next."""
    outcome = run(replace(SHIPPED, quarantine=True), IPC, july_file(), [EVENT, EVENT])
    assert (outcome.verdict, outcome.saved_by, outcome.instances) == ("skip", "quarantine", 1)
    assert [result.matched for result in outcome.results] == [(291001,), (291001,)]
    (skip,) = outcome.skipped
    assert (skip.instance_id, skip.reason, skip.message) == (
        291002,
        "quarantined",
        "input-index-out-of-bounds",
    )


def test_quarantine_cannot_undo_a_write_of_global_state() -> None:
    """A build that counts matched criteria at once writes global state before field 21: no quarantine."""
    eager = replace(SHIPPED, quarantine=True, eager_counters=True)
    assert run(eager, IPC, july_file(), [EVENT]).verdict == "crash"
    saved = run(replace(eager, last_known_good=True), IPC, july_file(), [EVENT], last_good=march_file())
    assert (saved.verdict, saved.saved_by, saved.matched) == (
        "refuse",
        "last-known-good",
        frozenset({291001}),
    )


def test_quarantine_cannot_help_a_load() -> None:
    """A trap while loading has no evaluation to drop."""
    assert run(replace(SHIPPED, quarantine=True), IPC, UNLOADABLE, [EVENT]).verdict == "crash"


@pytest.mark.parametrize("data", [july_file(), UNLOADABLE], ids=["at-event", "at-load"])
def test_last_known_good_takes_the_old_file(data: bytes) -> None:
    """With last known good the host runs on with the file of March, at a load and at an event."""
    outcome = run(replace(SHIPPED, last_known_good=True), IPC, data, [EVENT], last_good=march_file())
    assert (outcome.verdict, outcome.saved_by, outcome.starts) == ("refuse", "last-known-good", 1)
    assert outcome.matched == {291001}
    assert outcome.trap is not None


def test_without_an_old_file_the_host_goes_on_without_content() -> None:
    """Last known good with nothing known as good runs with no instance at all."""
    outcome = run(replace(SHIPPED, last_known_good=True), IPC, july_file(), [EVENT])
    assert (outcome.verdict, outcome.instances, outcome.saved_by) == ("refuse", 0, "last-known-good")


def test_an_old_file_that_is_as_bad_saves_nobody() -> None:
    """A last known good file that crashes too is no way out."""
    for profile in (replace(SHIPPED, last_known_good=True), replace(SHIPPED, boot_loop_recovery=True)):
        assert run(profile, IPC, july_file(), [EVENT], last_good=july_file()).saved_by is None


@pytest.mark.parametrize("data", [july_file(), UNLOADABLE], ids=["at-event", "at-load"])
def test_boot_loop_recovery_comes_after_two_crashes(data: bytes) -> None:
    """Boot-loop recovery does not prevent the crash: the third start comes up with the old file."""
    outcome = run(replace(SHIPPED, boot_loop_recovery=True), IPC, data, [EVENT], last_good=march_file())
    assert (outcome.verdict, outcome.saved_by, outcome.starts) == ("crash", "boot-loop-recovery", 3)
    assert outcome.matched == {291001}


def test_each_way_out_alone() -> None:
    """The three ways out, each switched on alone, save the host of July in three ways."""
    outcomes = contained(SHIPPED, IPC, july_file(), march_file())
    assert [(outcome.verdict, outcome.saved_by) for outcome in outcomes] == [
        ("skip", "quarantine"),
        ("refuse", "last-known-good"),
        ("crash", "boot-loop-recovery"),
    ]


def test_the_mitigations_alone() -> None:
    """In March the two comparisons of counts and the test of each field catch it; in July all do."""
    march, july = (
        {catch.mitigation: catch.caught for catch in judge(SHIPPED, IPC, data)}
        for data in (march_file(), july_file())
    )
    assert july == {mitigation.name: True for mitigation in MITIGATIONS}
    assert {name for name, caught in march.items() if caught} == {
        "compile-time-check",
        "input-count-check",
        "test-each-field",
    }


def test_nothing_is_caught_where_nothing_is_wrong() -> None:
    """A build that supplies 21 inputs has nothing to be caught in July."""
    assert not [
        catch for catch in judge(replace(SHIPPED, inputs={"IPC": 21}), IPC, july_file()) if catch.caught
    ]


def test_every_profile_gets_its_own_outcome() -> None:
    """One run over several builds keeps their order and distinguishes them."""
    outcomes = run_all([SHIPPED, FIXED, replace(FIXED, name="other", inputs={"Net": 1})], IPC, july_file())
    assert [(item.consumer, item.verdict) for item in outcomes] == [
        ("7.11", "crash"),
        ("7.16", "run"),
        ("other", "skip"),
    ]


def test_definitions_alone_can_be_run() -> None:
    """Without content the outcome is that of the definitions."""
    assert run(SHIPPED, IPC, None).verdict == "run"
    refused = run(SHIPPED, march_file(), None)
    assert (refused.verdict, refused.refusal and refused.refusal.reason) == ("refuse", "file-kind")


def test_the_events_of_the_content_lead_to_a_fault_behind_other_criteria() -> None:
    """Without given events, the file's own reach a fault after three criteria that must match first."""
    hidden = instances(
        InstanceSpec(
            1,
            [
                text(0, "prefix", "abc"),
                text(0, "suffix", "xyz"),
                text(5, "regex", "^k[0-9]{3}$"),
                text(20, "contains", "q"),
            ],
        )
    )
    outcome = run(SHIPPED, IPC, hidden)
    assert outcome.trap is not None
    assert (outcome.trap.kind, outcome.trap.provenance.criterion_index) == ("input-index-out-of-bounds", 3)


def test_a_fault_in_a_file_that_a_checking_build_refuses_is_reached_too() -> None:
    """Criteria before an unreadable one are still matched, so that a trusting build reaches it."""
    base = instances(
        ipc_instance(1, text(19, "equals", "zz"), prefix="only-this"), InstanceSpec(2, [wildcard(0)])
    )
    bad = poke(base, "<I", instance_at(base, 0) + 12, 1)
    outcome = run(SHIPPED, IPC, bad)
    assert outcome.verdict == "run"
    worse = poke(base, "<I", criterion_at(base, 20) + 4, 0xFFFF_0000)
    outcome = run(SHIPPED, IPC, worse)
    assert outcome.trap is not None
    assert outcome.trap.operation.name == "read-operand"
    assert run(FIXED, IPC, worse).verdict == "refuse"


def test_an_event_line() -> None:
    """An event is read from a line of JSON."""
    assert parse_event('{"type": "IPC", "version": 2, "inputs": ["a", 7, null]}') == Event(
        "IPC", ("a", 7, None), 2
    )
    assert list(parse_events(['{"type": "IPC", "inputs": []}', "", " "])) == [Event("IPC", ())]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"inputs": []}',
        '{"type": 1, "inputs": []}',
        '{"type": "IPC"}',
        '{"type": "IPC", "inputs": [1.5]}',
        '{"type": "IPC", "inputs": [true]}',
        '{"type": "IPC", "inputs": [-1]}',
        '{"type": "IPC", "inputs": [18446744073709551616]}',
        '{"type": "IPC", "inputs": [], "version": "1"}',
        '{"type": "IPC", "inputs": ["' + "x" * 65536 + '"]}',
    ],
)
def test_a_line_that_is_no_event(line: str) -> None:
    """A line that no sensor could report is an error that names its number."""
    with pytest.raises(EventError, match=r"^line 2: "):
        list(parse_events(["", line]))


CONSUMER: dict[str, object] = {
    "name": "7.11",
    "version": "7.11",
    "platform": "windows-x64",
    "pointer_bits": 64,
    "format_versions": [1],
    "criterion_kinds": ["wildcard", "equals"],
    "bounds_check": False,
    "inputs": {"IPC": 20},
}


def test_a_profile_comes_from_a_consumer_table() -> None:
    """The keys of a consumer table become the profile, the missing ones their documented default."""
    expected = Profile("7.11", {"IPC": 20}, "7.11", criterion_kinds=frozenset({1, 2}))
    assert Profile.from_mapping(CONSUMER) == expected
    options: dict[str, object] = dict.fromkeys(
        ("strict_alignment", "input_count_check", "quarantine", "last_known_good", "boot_loop_recovery"), True
    )
    assert Profile.from_mapping({**CONSUMER, **options, "byte_order": "big"}) == replace(
        expected,
        byte_order="big",
        strict_alignment=True,
        input_count_check=True,
        quarantine=True,
        last_known_good=True,
        boot_loop_recovery=True,
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("pointer_bits", 16),
        ("pointer_bits", "64"),
        ("byte_order", "middle"),
        ("criterion_kinds", ["glob"]),
        ("criterion_kinds", []),
        ("format_versions", 1),
        ("bounds_check", "yes"),
        ("bounds_check", None),
        ("inputs", [20]),
        ("inputs", {"IPC": -1}),
        ("name", 7),
        ("quarantine", 1),
    ],
)
def test_a_wrong_consumer_table_names_its_key(key: str, value: object) -> None:
    """A value that describes no build is an error that names the key."""
    with pytest.raises(ProfileError) as found:
        Profile.from_mapping({**CONSUMER, key: value})
    assert found.value.key.split(".")[0] == key
    with pytest.raises(ProfileError):
        Profile.from_mapping({name: item for name, item in CONSUMER.items() if name != "bounds_check"})
