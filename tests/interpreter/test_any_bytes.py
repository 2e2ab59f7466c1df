"""Any bytes give a trap, a refusal or a result, in bounded steps; a build with checks never traps."""

from collections import Counter
from dataclasses import replace
from struct import pack_into

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccheck_interpreter.channel.definitions import load_definitions
from ccheck_interpreter.channel.evaluate import evaluate
from ccheck_interpreter.channel.host import ProfileOutcome, run
from ccheck_interpreter.channel.loader import load
from ccheck_interpreter.channel.matrix import exercise
from ccheck_interpreter.channel.sample import sample
from ccheck_interpreter.event import Event
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.space import Limits
from ccheck_interpreter.sysmon.decide import decide
from ccheck_interpreter.sysmon.loader import CHECKING, TRUSTING
from ccheck_interpreter.sysmon.loader import load as load_sysmon
from ccheck_interpreter.sysmon.tables import Target, target
from ccheck_interpreter.trap import BUGCHECKS, Refused, Trap, TrapData, report, to_json
from tests.interpreter.builds import ALL, BIG, CHECKED, NARROW, SHIPPED
from tests.interpreter.channel_bytes import (
    INTEGER,
    TEXT,
    CriterionSpec,
    FieldSpec,
    InstanceSpec,
    TypeSpec,
    definitions,
    instances,
    number,
    seal,
    text,
    wildcard,
)
from tests.interpreter.sysmon_bytes import FilterSpec, RuleSpec, blob

LIMITS = Limits(steps=2000)
NET = definitions(
    TypeSpec(1, "Net", [FieldSpec("host"), FieldSpec("port", INTEGER)]),
    TypeSpec(2, "IPC", [FieldSpec(f"f{index}") for index in range(21)], version=2),
)
GOOD = instances(
    InstanceSpec(11, [text(0, "prefix", "ab"), number(1, "integer_range", 5, 9)]),
    InstanceSpec(12, [text(0, "one_of", "x\0y"), number(1, "bit_mask", 6, 4), number(1, "one_of", 4, 6)]),
    InstanceSpec(
        13,
        [text(0, "regex", "^b+$", ignore_case=True), wildcard(3), text(19, "suffix", "z")],
        type_id=2,
        type_version=2,
    ),
)
EVENTS = (
    Event("Net", ("abc", 7)),
    Event("Net", ("x", 4)),
    Event("IPC", ("bb", *["yz"] * 20)),
    Event("IPC", (None,) * 21),
)
BOUNDARIES = (0, 1, 2, 7, 8, 0x1F, 0x20, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFF8, 0xFFFF_FFFF)

Edit = tuple[int, int, int]


def edited(data: bytes, edits: list[Edit], cut: int | None, *, sealed: bool) -> bytes:
    """The file with words overwritten, cut, and with its size and checksum made right again."""
    out = bytearray(data)
    for at, width, value in edits:
        layout = {1: "<B", 2: "<H", 4: "<I"}[width]
        pack_into(layout, out, at % (len(out) - width), value & ((1 << 8 * width) - 1))
    out = out[: len(out) if cut is None else cut % len(out)]
    return seal(out) if sealed and len(out) >= 0x20 else bytes(out)


EDITS = st.lists(
    st.tuples(
        st.integers(0, 2000),
        st.sampled_from([1, 2, 4]),
        st.one_of(st.sampled_from(BOUNDARIES), st.integers(0, 600), st.integers(0, 0xFFFF_FFFF)),
    ),
    max_size=4,
)
CUTS = st.one_of(st.none(), st.none(), st.integers(0, 2000))


def settled(profile: Profile, known: bytes, content: bytes) -> ProfileOutcome:
    """The outcome, after what holds for every outcome was looked at."""
    outcome = run(profile, known, content, EVENTS, limits=LIMITS)
    budget = LIMITS.for_load(len(known)) + LIMITS.for_load(len(content))
    budget += len(EVENTS) * LIMITS.for_event(len(content), 4096)
    assert outcome.steps <= budget
    assert (outcome.verdict == "crash") is (outcome.trap is not None)
    assert (outcome.verdict == "refuse") is (outcome.refusal is not None)
    if outcome.trap is not None:
        assert outcome.trap.kind in BUGCHECKS
        assert outcome.trap.kind in report(outcome.trap)
        assert to_json(outcome.trap)["consumer"] == profile.name
    if profile.bounds_check:
        assert outcome.trap is None, report(outcome.trap) if outcome.trap else ""
    return outcome


@given(data=st.binary(max_size=300))
def test_random_bytes_as_content(data: bytes) -> None:
    """Random bytes are refused by every build, for their header."""
    for profile in ALL:
        assert settled(profile, NET, data).verdict == "refuse"


@given(body=st.binary(max_size=200))
def test_random_bytes_behind_a_good_header(body: bytes) -> None:
    """Random bytes whose header and checksum are right lead to a trap, a refusal or a result."""
    data = seal(bytearray(GOOD[:0x20] + body))
    for profile in ALL:
        settled(profile, NET, data)


def test_edited_content() -> None:
    """A good file with a few words changed leads to a trap, a refusal or a result under every profile."""
    met: Counter[str] = Counter()

    @settings(max_examples=300)
    @given(edits=EDITS, cut=CUTS)
    def holds(edits: list[Edit], cut: int | None) -> None:
        data = edited(GOOD, edits, cut, sealed=True)
        met.update(settled(profile, NET, data).verdict for profile in ALL)

    holds()
    assert min(met["crash"], met["refuse"], met["run"]) > 20, met


@settings(max_examples=200)
@given(edits=EDITS, cut=CUTS)
def test_edited_definitions(edits: list[Edit], cut: int | None) -> None:
    """So do definitions."""
    data = edited(NET, edits, cut, sealed=True)
    for profile in ALL:
        settled(profile, data, GOOD)


@settings(max_examples=100)
@given(edits=EDITS, cut=CUTS)
def test_edited_content_under_its_own_events(edits: list[Edit], cut: int | None) -> None:
    """The events that an edited file calls for never raise, and never trap a build with checks."""
    data = edited(GOOD, edits, cut, sealed=True)
    run(SHIPPED, NET, data, limits=LIMITS)
    assert run(CHECKED[0], NET, data, limits=LIMITS).trap is None
    exercise(NET, data)


@settings(max_examples=100)
@given(edits=EDITS)
def test_double_fetches_are_watched_without_false_alarm(edits: list[Edit]) -> None:
    """A build that keeps what it checked never fetches twice, whatever the file."""
    data = edited(GOOD, edits, None, sealed=True)
    settled(replace(CHECKED[0], double_fetch=True), NET, data)


@pytest.mark.parametrize("profile", ALL, ids=lambda profile: profile.name)
def test_every_truncation(profile: Profile) -> None:
    """Every build refuses a file cut at any offset, by its total size; with its size fixed up it may trap."""
    for size in range(len(GOOD)):
        outcome = settled(profile, NET, GOOD[:size])
        assert outcome.refusal is not None
        assert outcome.refusal.reason == ("short-header" if size < 32 else "total-size")
        settled(profile, NET, seal(bytearray(GOOD[:size])) if size >= 32 else GOOD[:size])


@given(st.binary(max_size=200), st.booleans())
def test_any_pattern_has_a_sample_or_none(pattern: bytes, ignore_case: bool) -> None:
    """Looking for a text that a pattern matches never raises."""
    found = sample(pattern, ignore_case=ignore_case)
    assert found is None or isinstance(found, str)


@given(
    st.text(max_size=20),
    st.integers(0, (1 << 64) - 1),
    st.sampled_from(["equals", "not_equals", "prefix", "suffix", "contains", "one_of"]),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=5),
)
def test_builds_that_trust_and_that_check_agree(value: str, port: int, kind: str, operand: str) -> None:
    """On a good file both readings give the same instances for any event, on every platform."""
    file = instances(
        InstanceSpec(1, [text(0, kind, operand)]), InstanceSpec(2, [number(1, "integer_range", 0, 1 << 63)])
    )
    event = Event("Net", (value, port))
    answers = set()
    for profile in (SHIPPED, NARROW, BIG, *CHECKED[:3]):
        answers.add(evaluate(load(load_definitions(NET, profile), file, profile), event).matched)
    assert len(answers) == 1


NEWEST = target("16")
BLOB = blob(
    RuleSpec(
        1, [FilterSpec(4, "is", "a", "n", group=1), FilterSpec(10, "contains any", "b;c")], joined_by_and=1
    ),
    RuleSpec(13, [FilterSpec(8, "is", "me"), FilterSpec(5, "begin with", "x", group=2)]),
    RuleSpec(1, [FilterSpec(12, "excludes all", "q")], default=0),
    groups=[1, 0],
)


def sysmon_settled(
    data: bytes, events: dict[int, list[str | None]], judged_for: Target = NEWEST
) -> list[str]:
    """Both readers load the blob and decide some events; the checking one never traps. Returns the outcomes."""
    met: list[str] = []
    for profile in (CHECKING, TRUSTING):
        trapped: TrapData | None = None
        try:
            rules = load_sysmon(data, judged_for, profile, LIMITS)
            assert rules.steps <= LIMITS.for_load(len(data))
            for event_id, fields in events.items():
                assert decide(rules, event_id, fields).steps <= LIMITS.for_event(len(data), 4096)
            met.append("run")
        except Refused:
            met.append("refuse")
            continue
        except Trap as trap:
            trapped = trap.data
            met.append("crash")
        assert trapped is None or profile is TRUSTING, report(trapped) if trapped else ""
    return met


def filled(value: str) -> dict[int, list[str | None]]:
    """Some events with the same text in each field."""
    return {number: [value] * len(NEWEST.events[number].fields) for number in (1, 12, 13, 4)}


@given(st.binary(max_size=700))
def test_random_bytes_as_a_blob(data: bytes) -> None:
    """Random bytes as a Sysmon blob lead to a trap, a refusal or a decision."""
    sysmon_settled(data, filled("a"))


def test_edited_blobs() -> None:
    """A good blob with a few words changed leads to a trap, a refusal or a decision."""
    met: Counter[str] = Counter()

    @settings(max_examples=300)
    @given(edits=EDITS, cut=CUTS, value=st.sampled_from(["", "a", "me", "xb"]))
    def holds(edits: list[Edit], cut: int | None, value: str) -> None:
        met.update(sysmon_settled(edited(bytes(BLOB.data), edits, cut, sealed=False), filled(value)))

    holds()
    assert min(met["crash"], met["refuse"], met["run"]) > 20, met


@settings(max_examples=50)
@given(edits=EDITS, schema=st.sampled_from(["2.0", "3.10", "4.1", "4.21", "4.40", "4.60", "4.80"]))
def test_edited_blobs_for_every_target(edits: list[Edit], schema: str) -> None:
    """The target makes no difference to that."""
    data = edited(bytes(BLOB.data), edits, None, sealed=False)
    sysmon_settled(data, {1: ["a"] * 30, 5: [None]}, target(schema=schema))


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=6)
NUMBERS = st.integers(0, (1 << 64) - 1)


@st.composite
def good_criterion(draw: st.DrawFn) -> CriterionSpec:
    """A criterion that the format allows over the first 20 fields of a type whose odd fields are integers."""
    index = draw(st.integers(0, 19))
    if draw(st.integers(0, 4)) == 0:
        return wildcard(draw(st.integers(0, 20)))
    if index % 2:
        kind = draw(st.sampled_from(["equals", "not_equals", "integer_range", "bit_mask", "one_of"]))
        low, high = sorted((draw(NUMBERS), draw(NUMBERS)))
        if kind == "integer_range":
            return number(index, kind, low, high)
        if kind == "bit_mask":
            return number(index, kind, high | 1, low & (high | 1))
        return number(index, kind, *([low, high][: 1 + (kind == "one_of" and low != high)]))
    kind = draw(st.sampled_from(["equals", "not_equals", "prefix", "suffix", "contains", "one_of", "regex"]))
    value = draw(TEXTS)
    if kind == "regex":
        return text(index, kind, draw(st.sampled_from(["^a[0-9]+$", "a|b", ".*x{3}", "[^a-c]"])))
    ignore_case = draw(st.booleans())
    return text(index, kind, value, ignore_case=ignore_case)


WIDE = definitions(
    TypeSpec(1, "IPC", [FieldSpec(f"f{index}", INTEGER if index % 2 else TEXT) for index in range(21)])
)


@given(st.lists(st.lists(good_criterion(), min_size=1, max_size=5), min_size=1, max_size=4))
def test_a_good_file_traps_in_no_build_that_knows_its_kinds(specs: list[list[CriterionSpec]]) -> None:
    """A file with only wildcards on field 21 runs in every build with 20 inputs, under all its events."""
    file = instances(*(InstanceSpec(number, criteria) for number, criteria in enumerate(specs, 1)))
    outcomes = [run(profile, WIDE, file) for profile in (SHIPPED, NARROW, BIG, *CHECKED[:3])]
    assert {(outcome.verdict, outcome.trap) for outcome in outcomes} == {("run", None)}
    assert len({(outcome.matched, outcome.events) for outcome in outcomes}) == 1


@given(st.lists(good_criterion(), min_size=1, max_size=5), st.integers(0, 4))
def test_one_criterion_on_field_21_is_found(criteria: list[CriterionSpec], place: int) -> None:
    """The file's own events reach one non-wildcard criterion on field 21 in an instance that can match."""
    different = {criterion.field_index: criterion for criterion in criteria}
    chosen = [*different.values()]
    chosen.insert(place % (len(chosen) + 1), text(20, "equals", "x"))
    outcome = run(SHIPPED, WIDE, instances(InstanceSpec(1, chosen)))
    assert outcome.trap is not None
    assert (outcome.trap.kind, outcome.trap.index) == ("input-index-out-of-bounds", 20)
