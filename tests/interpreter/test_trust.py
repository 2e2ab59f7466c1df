"""Bad numbers: a build that trusts them traps at their file offset, a build that checks refuses or skips."""

from dataclasses import dataclass, replace

import pytest

from ccheck_interpreter.channel.definitions import load_definitions
from ccheck_interpreter.channel.evaluate import evaluate
from ccheck_interpreter.channel.host import run
from ccheck_interpreter.channel.loader import load
from ccheck_interpreter.event import Event
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.trap import Refused, Trap, TrapData
from tests.interpreter.builds import BIG, FIXED, NARROW, OLD, SHIPPED
from tests.interpreter.channel_bytes import (
    INTEGER,
    FieldSpec,
    InstanceSpec,
    TypeSpec,
    criterion_at,
    definitions,
    instance_at,
    instances,
    number,
    poke,
    seal,
    tables,
    text,
)

NET = definitions(TypeSpec(1, "Net", [FieldSpec("host"), FieldSpec("port", INTEGER), FieldSpec("user")]))
GOOD = instances(
    InstanceSpec(11, [text(0, "prefix", "a"), number(1, "equals", 7)]),
    InstanceSpec(12, [text(0, "prefix", "a"), text(2, "regex", "^b+$")]),
)
EVENT = Event("Net", ("abc", 7, "bb"))
INSTANCES, CRITERIA, POOL = (tables(GOOD)[kind] for kind in (3, 4, 5))
FIRST, SECOND, LAST = criterion_at(GOOD, 0), criterion_at(GOOD, 1), criterion_at(GOOD, 3)


def trap_of(data: bytes, profile: Profile = SHIPPED, event: Event = EVENT) -> TrapData:
    """The trap of loading the file and evaluating the event."""
    with pytest.raises(Trap) as found:
        evaluate(load(load_definitions(NET, profile), data, profile), event)
    return found.value.data


def refusal_of(data: bytes, profile: Profile = FIXED) -> str:
    """The reason for which a build refuses the file."""
    with pytest.raises(Refused) as found:
        load(load_definitions(NET, profile), data, profile)
    return found.value.refusal.reason


@dataclass(frozen=True)
class Bad:
    """One member overwritten: the trap of trusting builds, the file offset, the refusal of checking ones."""

    name: str
    layout: str
    at: int
    value: int
    kind: str
    operation: str
    blamed: int | None
    refusal: str


BAD = [
    Bad(
        "next-outside",
        "<I",
        CRITERIA,
        0xFFFF_FFF8,
        "out-of-bounds-read",
        "walk-chain",
        CRITERIA,
        "next-offset",
    ),
    Bad(
        "next-near-end",
        "<I",
        CRITERIA,
        len(GOOD) - 4,
        "out-of-bounds-read",
        "walk-chain",
        CRITERIA,
        "next-offset",
    ),
    Bad("next-itself", "<I", CRITERIA, CRITERIA, "step-budget", "walk-chain", CRITERIA, "next-offset"),
    Bad("next-back", "<I", CRITERIA, INSTANCES, "step-budget", "walk-chain", CRITERIA, "next-offset"),
    Bad(
        "count-high",
        "<I",
        INSTANCES + 12,
        5,
        "null-dereference",
        "find-type",
        INSTANCES + 64 + 4,
        "block-size",
    ),
    Bad(
        "count-huge",
        "<I",
        INSTANCES + 12,
        1 << 31,
        "null-dereference",
        "find-type",
        INSTANCES + 68,
        "record-count",
    ),
    Bad(
        "type-unknown",
        "<I",
        instance_at(GOOD, 1) + 4,
        9,
        "null-dereference",
        "find-type",
        instance_at(GOOD, 1) + 4,
        "",
    ),
    Bad(
        "stride-zero",
        "<H",
        INSTANCES + 10,
        0,
        "out-of-bounds-read",
        "read-instance",
        INSTANCES + 12,
        "record-size",
    ),
    Bad(
        "first-criterion",
        "<I",
        instance_at(GOOD, 0) + 12,
        4,
        "table-index-out-of-bounds",
        "read-criterion",
        instance_at(GOOD, 0) + 12,
        "record-run",
    ),
    Bad(
        "criterion-count",
        "<H",
        instance_at(GOOD, 1) + 16,
        3,
        "table-index-out-of-bounds",
        "read-criterion",
        instance_at(GOOD, 1) + 12,
        "record-run",
    ),
    Bad("field-index", "<H", FIRST, 4, "input-index-out-of-bounds", "fetch-input", FIRST, ""),
    Bad("kind-zero", "<H", FIRST + 2, 0, "null-dereference", "dispatch", FIRST + 2, ""),
    Bad("kind-past-table", "<H", FIRST + 2, 11, "dispatch-out-of-bounds", "dispatch", FIRST + 2, ""),
    Bad(
        "operand-outside",
        "<I",
        FIRST + 4,
        0xFFFF_FFFF,
        "out-of-bounds-read",
        "read-operand",
        FIRST + 4,
        "operand",
    ),
    Bad(
        "operand-before-pool",
        "<I",
        FIRST + 4,
        0x20,
        "out-of-bounds-read",
        "read-operand",
        FIRST + 4,
        "operand",
    ),
    Bad("operand-long", "<I", FIRST + 8, 4096, "out-of-bounds-read", "read-operand", FIRST + 4, "operand"),
    Bad(
        "operand-length-huge",
        "<I",
        FIRST + 8,
        0xFFFF_FFFF,
        "out-of-bounds-read",
        "read-operand",
        FIRST + 4,
        "operand",
    ),
    Bad("integer-as-text", "<H", SECOND + 12, 1, "input-type-confusion", "read-input", SECOND + 12, ""),
    Bad(
        "prefix-over-integer",
        "<H",
        SECOND + 2,
        4,
        "input-type-confusion",
        "read-input",
        SECOND + 12,
        "value-kind",
    ),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
@pytest.mark.parametrize("profile", [SHIPPED, NARROW, BIG], ids=lambda profile: profile.name)
def test_a_build_that_trusts_traps(bad: Bad, profile: Profile) -> None:
    """Each bad number gives its own trap, which reports the offset of that number."""
    data = trap_of(poke(GOOD, bad.layout, bad.at, bad.value), profile)
    assert (data.kind, data.operation.name) == (bad.kind, bad.operation)
    assert data.provenance.file_offset == bad.blamed
    assert (data.provenance.file, data.provenance.consumer) == ("content", profile.name)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_a_build_that_checks_does_not(bad: Bad) -> None:
    """A checking build refuses the file for a reason of its own, or uses the rest of it; it never traps."""
    content = poke(GOOD, bad.layout, bad.at, bad.value)
    if bad.refusal:
        assert refusal_of(content) == bad.refusal
    else:
        outcome = run(FIXED, NET, content, [EVENT])
        assert outcome.trap is None
        assert outcome.skipped or outcome.telemetry


def test_the_good_file_is_good() -> None:
    """Both instances of the file that the others are made of match in every build."""
    for profile in (SHIPPED, NARROW, BIG, FIXED):
        content = load(load_definitions(NET, profile), GOOD, profile)
        assert evaluate(content, EVENT).matched == (11, 12)


def test_a_read_past_the_pool_lands_in_the_file_and_is_seen() -> None:
    """An operand before the pool reads bytes of the same file: the trap says which object was left."""
    data = trap_of(poke(GOOD, "<I", FIRST + 4, 0x20))
    assert (data.region, data.before, data.landed) == ("string pool", True, "content file")
    assert data.distance == POOL + 16 - 0x20


def test_pointer_arithmetic_wraps_at_the_platforms_width() -> None:
    """The largest operand offset wraps to an address below the file on 32 bits, and is far after it on 64."""
    bad = poke(GOOD, "<I", FIRST + 4, 0xFFFF_FFFF)
    assert trap_of(bad, NARROW).before is True
    assert trap_of(bad, SHIPPED).before is False


def test_a_missing_table_is_a_null_pointer() -> None:
    """A build that trusts keeps NULL for a block that it never met, and reads criteria through it."""
    data = trap_of(poke(GOOD, "<H", CRITERIA + 8, 99))
    assert (data.kind, data.operation.name) == ("null-dereference", "read-criterion")
    assert refusal_of(poke(GOOD, "<H", CRITERIA + 8, 99)) == "block-kind"


def test_a_regex_that_does_not_compile_is_a_null_program() -> None:
    """A build that trusts runs the program that the compiler did not return; one that checks refuses."""
    broken = instances(InstanceSpec(1, [text(0, "regex", "(")]))
    data = trap_of(broken)
    assert (data.kind, data.operation.name) == ("null-dereference", "match-regex")
    with pytest.raises(Refused) as found:
        load(load_definitions(NET, FIXED), broken, FIXED)
    refusal = found.value.refusal
    assert (refusal.reason, refusal.detail) == ("regex", "missing )")
    assert refusal.message == "the regex does not compile: missing )"


def test_misaligned_records_fault_where_the_platform_does() -> None:
    """A block at an odd place runs on x64 and faults on a platform with strict alignment."""
    shifted = bytearray(GOOD[:CRITERIA])
    shifted += bytes(2) + GOOD[CRITERIA:]
    moved = bytearray(poke(bytes(shifted), "<I", INSTANCES, CRITERIA + 2))
    moved = bytearray(poke(bytes(moved), "<I", CRITERIA + 2, POOL + 2))
    moved = bytearray(poke(bytes(moved), "<I", POOL + 2, len(GOOD) - 8 + 2))
    for index in range(4):
        at = CRITERIA + 2 + 16 + 16 * index + 4
        moved = bytearray(poke(bytes(moved), "<I", at, int.from_bytes(moved[at : at + 4], "little") + 2))
    data = seal(moved)
    content = load(load_definitions(NET, SHIPPED), data, SHIPPED)
    assert evaluate(content, EVENT).matched == (11, 12)
    assert trap_of(data, BIG).kind == "misaligned-access"
    assert refusal_of(data) == "next-offset"


@pytest.mark.parametrize(
    ("size", "at", "value", "reason"),
    [
        (None, 0, 0, "magic"),
        (None, 4, 2, "format-version"),
        (None, 6, 1, "file-kind"),
        (None, 0x14, 1, "total-size"),
        (None, 0x1C, 1, "checksum"),
        (31, 0, 0xAA, "short-header"),
        (0, 0, 0xAA, "short-header"),
        (40, 0, 0xAA, "total-size"),
    ],
)
@pytest.mark.parametrize("profile", [SHIPPED, FIXED], ids=lambda profile: profile.name)
def test_every_build_checks_the_header(
    profile: Profile, size: int | None, at: int, value: int, reason: str
) -> None:
    """A wrong header is refused by every build, before anything else is read; refusing is no trap."""
    data = bytearray(GOOD)
    data[at] = value
    assert refusal_of(bytes(data[:size]), profile) == reason


def test_a_file_of_zeroes_is_refused() -> None:
    """Hosts met whole files of zeroes after the crashes: every build refuses them."""
    for profile in (SHIPPED, FIXED):
        assert refusal_of(bytes(4096), profile) == "magic"


def test_a_build_without_definitions_refuses() -> None:
    """A build that has no definitions knows no template type."""
    with pytest.raises(Refused) as found:
        load(None, GOOD, SHIPPED)
    assert found.value.refusal.reason == "no-definitions"


def test_an_older_build_skips_or_crashes_at_a_kind_it_does_not_know() -> None:
    """A regex is number 7; the dispatch table of a build that knows six kinds ends with 6."""
    data = trap_of(GOOD, OLD)
    assert (data.kind, data.index, data.limit) == ("dispatch-out-of-bounds", 7, 7)
    outcome = run(replace(OLD, bounds_check=True), NET, GOOD, [EVENT])
    assert (outcome.verdict, outcome.matched) == ("skip", frozenset({11}))
    (skip,) = outcome.skipped
    assert (skip.instance_id, skip.reason) == (12, "unsupported-kind")


def test_a_kind_in_a_hole_of_the_dispatch_table_has_no_handler() -> None:
    """A build that knows kind 10 but not 7 has a slot for 7, and it is NULL."""
    holed = replace(SHIPPED, criterion_kinds=frozenset({1, 2, 4, 10}))
    assert trap_of(GOOD, holed).kind == "null-dereference"


@pytest.mark.parametrize("profile", [SHIPPED, FIXED], ids=lambda profile: profile.name)
def test_an_instance_without_a_call_site_is_skipped(profile: Profile) -> None:
    """A build that does not list a template type never evaluates its instances."""
    outcome = run(replace(profile, inputs={"IPC": 20}), NET, GOOD, [EVENT])
    assert (outcome.verdict, outcome.matched) == ("skip", frozenset())
    assert {skip.reason for skip in outcome.skipped} == {"no-call-site"}


def test_a_build_that_reads_in_place_fetches_twice() -> None:
    """A build that checked a criterion at load and reads it again at an event traps where that is watched."""
    careless = replace(FIXED, reads_in_place=True, double_fetch=True)
    data = trap_of(GOOD, careless)
    assert (data.kind, data.operation.name, data.provenance.criterion_index) == (
        "double-fetch",
        "read-criterion",
        0,
    )
    for harmless in (replace(FIXED, reads_in_place=True), replace(FIXED, double_fetch=True)):
        content = load(load_definitions(NET, harmless), GOOD, harmless)
        assert evaluate(content, EVENT).matched == (11, 12)


def test_the_regexes_of_an_instance_have_a_budget() -> None:
    """Regexes over the budget are a hang in a trusting build, and telemetry in a checking one."""
    for profile in (SHIPPED, FIXED):
        content = load(load_definitions(NET, profile), GOOD, profile)
        limited = replace(content, limits=replace(content.limits, regex_steps=10))
        if profile.bounds_check:
            result = evaluate(limited, EVENT)
            assert (result.matched, result.telemetry[0].reason) == ((11,), "regex-budget")
        else:
            with pytest.raises(Trap) as found:
                evaluate(limited, EVENT)
            assert found.value.data.kind == "step-budget"


@pytest.mark.parametrize(
    ("at", "layout", "value", "kind", "reason"),
    [
        (8, "<I", 9, "table-index-out-of-bounds", "record-run"),
        (6, "<H", 5, "table-index-out-of-bounds", "record-run"),
        (12, "<I", 0xFFFF_0000, "out-of-bounds-read", "name"),
        (16, "<H", 0xFFFF, "out-of-bounds-read", "name"),
        (0, "<I", 0, "", "type-key"),
    ],
)
def test_bad_definitions(at: int, layout: str, value: int, kind: str, reason: str) -> None:
    """Definitions are read with the same trust and the same checks as instances."""
    bad = poke(NET, layout, tables(NET)[1] + 16 + at, value)
    with pytest.raises(Refused) as refused:
        load_definitions(bad, FIXED)
    assert refused.value.refusal.reason == reason
    if kind:
        with pytest.raises(Trap) as found:
            load_definitions(bad, SHIPPED)
        assert found.value.data.kind == kind
        assert found.value.data.provenance.file == "definitions"


def test_a_shared_operand_is_fetched_and_kept_once() -> None:
    """Many criteria over one long operand load within the budget of a small file, and share one copy."""
    long = text(0, "prefix", "a" * 4096)
    content = load(
        load_definitions(NET, FIXED), instances(*(InstanceSpec(n, [long]) for n in range(1, 400))), FIXED
    )
    kept = {id(criterion.operand) for instance in content.instances for criterion in instance.criteria or ()}
    assert (len(content.instances), len(kept)) == (399, 1)
    assert content.steps < content.size


def test_operands_that_overlap_are_refused_before_they_fill_memory() -> None:
    """Overlapping operands would be stored many times: a checking build refuses the file."""
    specs = [InstanceSpec(number, [text(0, "prefix", "a" * 64)]) for number in range(1, 9)]
    file = instances(*specs)
    for index in range(8):
        file = poke(file, "<I", criterion_at(file, index) + 8, 64 - index)
    assert refusal_of(file) == "operand-overlap"


MANY = "\0".join(f"alternative-{index}" for index in range(65))


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (instances(), "record-count"),
        (instances(InstanceSpec(1, [text(0, "one_of", MANY)])), "operand"),
        (instances(InstanceSpec(1, [text(0, "regex", "a" * 1025)])), "regex"),
        (instances(InstanceSpec(1, [text(0, "regex", "[a-f]{999}[a-f]{999}[a-f]{9}")])), "regex"),
        (instances(InstanceSpec(1, [number(1, "one_of", *range(65))])), "operand"),
        (poke(GOOD, "<I", instance_at(GOOD, 1) + 12, 0), "record-run"),
        (poke(GOOD, "<I", len(GOOD) - 8, 8), "chain-end"),
        (poke(GOOD, "<I", POOL, POOL), "next-offset"),
        (poke(GOOD, "<I", POOL + 4, 0), "missing-block"),
        (poke(GOOD, "<IIHHI", POOL, POOL + 4112, 4104, 5, 1, 4096), "block-size"),
        (seal(bytearray(GOOD[: CRITERIA + 8])), "chain-end"),
        (seal(bytearray(GOOD) + bytes(8)), "chain-end"),
    ],
)
def test_the_checking_build_refuses(file: bytes, reason: str) -> None:
    """What the format forbids is refused, each for its own reason."""
    assert refusal_of(file) == reason


def test_an_operand_may_end_where_the_pool_ends_and_not_behind() -> None:
    """The last byte of the pool can be read, the one behind it cannot: refused or trapped."""
    pool_end = POOL + 16 + int.from_bytes(GOOD[POOL + 12 : POOL + 16], "little")
    offset = int.from_bytes(GOOD[LAST + 4 : LAST + 8], "little")
    inside = poke(GOOD, "<HI", LAST + 2, 2, offset)
    inside = poke(inside, "<I", LAST + 8, pool_end - offset)
    behind = poke(inside, "<I", LAST + 8, pool_end - offset + 1)
    for profile in (SHIPPED, FIXED):
        assert len(load(load_definitions(NET, profile), inside, profile).instances) == 2
    assert refusal_of(behind) == "operand"
    data = trap_of(behind)
    assert (data.kind, data.region, data.distance) == ("out-of-bounds-read", "string pool", 1)


def test_a_misaligned_number_faults_where_the_platform_does() -> None:
    """An integer operand at an odd place is read on x64 and faults on a platform with strict alignment."""
    odd = poke(GOOD, "<I", SECOND + 4, int.from_bytes(GOOD[SECOND + 4 : SECOND + 8], "little") - 1)
    data = trap_of(odd, BIG)
    assert (data.kind, data.operation.name) == ("misaligned-access", "read-operand")
    content = load(load_definitions(NET, SHIPPED), odd, SHIPPED)
    assert 12 in evaluate(content, EVENT).matched


def test_events_leave_nothing_behind() -> None:
    """Each event starts with its whole budget and an address space without the inputs of the one before."""
    content = load(load_definitions(NET, SHIPPED), GOOD, SHIPPED)
    regions = len(content.memory.regions)
    steps = {evaluate(content, EVENT).steps for _ in range(2000)}
    assert (len(steps), len(content.memory.regions)) == (1, regions)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (poke(NET, "<B", tables(NET)[2] + 16 + 8, 3), "value-kind"),
        (definitions(TypeSpec(1, "A", [FieldSpec("f")]), TypeSpec(1, "B", [FieldSpec("f")])), "type-key"),
        (definitions(TypeSpec(1, "A", [])), "record-count"),
        (definitions(TypeSpec(1, "A", [FieldSpec("n" * 65)])), "name"),
    ],
)
def test_bad_definitions_are_refused(bad: bytes, reason: str) -> None:
    """Definitions that the format forbids are refused by a build that checks."""
    with pytest.raises(Refused) as refused:
        load_definitions(bad, FIXED)
    assert refused.value.refusal.reason == reason


def test_long_names_cannot_fill_memory() -> None:
    """Many types that share one very long name: a build that trusts and copies each spends its budget."""
    types = [TypeSpec(number, "T", [FieldSpec("f")]) for number in range(1, 60)]
    bad = definitions(TypeSpec(99, "n" * 60_000, [FieldSpec("f")]), *types)
    record = tables(bad)[1] + 16
    name_at = int.from_bytes(bad[record + 12 : record + 16], "little")
    for index in range(60):
        bad = poke(bad, "<IH", record + 24 * index + 12, name_at, 60_000)
    with pytest.raises(Trap) as found:
        load_definitions(bad, SHIPPED)
    assert found.value.data.kind == "step-budget"
