"""The contract of any format: facts that a schema refers to, compared with every build, in both paths."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from enum import IntEnum
from pathlib import Path

import pytest
from construct import Array, Bytes, Const, Construct, If, Int8ul, Int16ul, Int32ul, Struct, this

from ccheck.cli.main import run
from ccheck.config.user_schema import UserSchema
from ccheck.core.consumers import Consumers, load_consumers
from ccheck.core.contract import missing
from ccheck.core.finding import FileReport
from ccheck.core.subject import CheckContext
from ccheck.formats.channel.fast_path.files import prepare as prepare_channel
from ccheck.formats.check_table import CHECKS
from ccheck.judging import generated_fast_path as own
from ccheck.judging.judge import Policy, examine, judge
from ccheck_schemas.build_facts import Amount, Fact, FactKind
from ccheck_schemas.formats.channel.facts import FACTS
from ccheck_schemas.meaning import (
    BelowCount,
    IndexInto,
    Pool,
    Pooled,
    RowField,
    Rows,
    StrictEnum,
    Table,
    Text,
    Understood,
    WithinLimit,
)
from ccheck_schemas.schema import Schema, SchemaRefused, file_size
from tests.conftest import ROOT
from tests.facts import stating

Run = Callable[..., tuple[int, str, str]]
DAY = date(2026, 11, 1)


class Op(IntEnum):
    """What a rule does."""

    NONE = 0
    LOAD = 1
    STORE = 2


KIND = Struct("slots" / Int16ul, "id" / Int16ul)
RULE = Struct(
    "op" / Understood(StrictEnum(Int8ul, Op), "opcodes", values=Op),
    "sensor" / BelowCount(Int8ul, "sensors", harmless=this.op == 0),
    "kind" / IndexInto(Int8ul, "kinds"),
    "input" / BelowCount(Int8ul, "inputs", key=RowField("kinds", this.kind, "id"), harmless=this.op == 0),
)
PROBE = Schema(
    "probe",
    "rules of a probe",
    Struct(
        "magic" / Const(b"PRB1"),
        "head" / Struct("version" / Understood(Int8ul, "versions"), "kind_count" / Int8ul),
        "rule_count" / WithinLimit(Int8ul, "rule_bytes", amount=this.rule_count * 4),
        "kinds" / Table("kinds", this.head.kind_count, KIND),
        "rules" / Table("rules", this.rule_count, RULE),
    ),
    recognise=lambda data: data[:4] == b"PRB1",
)
BUILDS = """\
format = 2
[[consumer]]
name = "1.0"
version = "1.0"
platform = "linux-x64"
pointer_bits = 64
supported_from = 2024-01-01
[consumer.counts]
sensors = 4
inputs = { "7" = 3, "9" = 2 }
[consumer.sets]
opcodes = ["none", "load"]
versions = [1, 2]
[consumer.limits]
rule_bytes = 12

[[consumer]]
name = "1.1"
version = "1.1"
platform = "linux-arm"
pointer_bits = 32
supported_from = 2025-01-01
[consumer.counts]
sensors = 4
inputs = { "7" = 4, "9" = 4 }
[consumer.sets]
opcodes = [0, 1, "store"]
versions = [2]
[consumer.limits]
rule_bytes = 16
"""


@pytest.fixture
def cc(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line: status, standard output, standard error."""

    def call(*args: object) -> tuple[int, str, str]:
        status = run([str(a) for a in args])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Consumers:
    """Two builds, which understand and supply not quite the same."""
    path = tmp_path_factory.mktemp("builds") / "consumers.toml"
    path.write_text(BUILDS, encoding="utf-8")
    return replace(load_consumers(path), path=Path("consumers.toml"))


def probe(rules: list[tuple[int, int, int, int]], ids: tuple[int, ...] = (7, 9), version: int = 2) -> bytes:
    """A file of rules: op, sensor, kind and input of each."""
    kinds = b"".join(struct.pack("<HH", 1, each) for each in ids)
    return b"PRB1" + bytes([version, len(ids), len(rules)]) + kinds + b"".join(map(bytes, rules))


def slow(schema: Schema, data: bytes, consumers: Consumers | None) -> FileReport:
    """A file by all checks."""
    context = CheckContext(DAY, (), consumers)
    return judge(examine(data, "", context, [schema], schema), "", CHECKS.joined((), schema.name), Policy())


def found(schema: Schema, data: bytes, consumers: Consumers | None) -> list[tuple[str, str, str]]:
    """Check, path and message of what is found; the fast path, where there is one, agrees on whether all is well."""
    report = slow(schema, data, consumers)
    way = own.made(UserSchema(schema, ()), consumers, DAY).way
    if way is not None:
        assert way.passes(data, "") is (report.verdict == "pass"), data.hex()
    return [(one.check, one.path, one.message) for one in report.findings]


GOOD = [(1, 3, 0, 2), (1, 0, 1, 1), (0, 200, 1, 250)]


def test_a_file_that_every_build_can_read_passes(builds: Consumers) -> None:
    """A rule that does nothing is not compared; the fast path is taken."""
    assert found(PROBE, probe(GOOD), builds) == []
    assert own.made(UserSchema(PROBE, ()), builds, DAY).problem == ""


def test_each_kind_of_fact_names_the_builds_concerned(builds: Consumers) -> None:
    """Builds that state the same are named together, each with the line that says so."""
    rules = [(1, 4, 0, 2), (1, 0, 1, 2), (2, 0, 0, 0), (1, 0, 0, 0)]
    assert found(PROBE, probe(rules), builds) == [
        ("count-exceeded", "rules[0].sensor", "sensor is 4, but 1.0 and 1.1 supply 4 sensors (0 to 3)"),
        ("count-exceeded", "rules[1].input", "input is 2, but 1.0 supplies 2 inputs for 9 (0 to 1)"),
        ("value-not-understood", "rules[2].op", "op is 2 (store), but 1.0 does not list it in opcodes"),
        ("limit-exceeded", "rule_count", "rule_count is 16, but 1.0 takes at most 12"),
    ]
    finding = slow(PROBE, probe(rules), builds).findings[0]
    assert [(place.file, place.line, place.message) for place in finding.related] == [
        ("consumers.toml", 9, "1.0 (linux-x64) states 4: counts.sensors"),
        ("consumers.toml", 24, "1.1 (linux-arm) states 4: counts.sensors"),
    ]


def test_what_a_build_states_nothing_for_is_not_unlimited(builds: Consumers) -> None:
    """A key that no build lists, and a version that one does not read, do not pass."""
    assert found(PROBE, probe([(1, 3, 1, 0)], ids=(7, 8)), builds) == [
        ("count-exceeded", "rules[0].input", "input is 0, but 1.0 and 1.1 state no inputs for 8"),
    ]
    assert found(PROBE, probe(GOOD, version=1), builds) == [
        ("value-not-understood", "head.version", "version is 1, but 1.1 does not list it in versions"),
    ]


def test_each_fact_must_be_stated(builds: Consumers) -> None:
    """Whatever fact one build lacks, no file passes, by either path."""
    for fact in PROBE.facts:
        first = builds.builds[0]
        less = replace(first, facts={at: v for at, v in first.facts.items() if at[1] != fact.name})
        lacking = replace(builds, builds=(less, builds.builds[1]))
        assert found(PROBE, probe(GOOD), lacking) == [
            ("facts-missing", "", f"consumer 1.0 does not state {fact}")
        ]
    assert len(PROBE.facts) == 5


def test_each_fact_of_channel_files_must_be_stated() -> None:
    """The same for channel files, whose fast path and checks are their own."""
    corpus = ROOT / "corpus" / "channel"
    listed = load_consumers(corpus / "consumers.toml")
    definitions = corpus / "definitions.bin"
    data = definitions.read_bytes()
    assert prepare_channel(listed, DAY, [definitions]).passes(data, "")
    tried = 0
    for fact in FACTS:
        first = listed.builds[0]
        less = replace(first, facts={at: v for at, v in first.facts.items() if at[1] != fact.name})
        lacking = replace(listed, builds=(less, *listed.builds[1:]))
        needed = bool(missing(FACTS, less))
        assert prepare_channel(lacking, DAY, [definitions]).passes(data, "") is not needed
        tried += needed
    assert tried == 4


def test_a_build_of_other_formats_is_left_out(builds: Consumers) -> None:
    """A build that lists its formats is compared with those alone; where none reads the format, nothing passes."""
    first, second = builds.builds
    others = replace(builds, builds=(replace(first, formats=("regdb",)), second))
    assert found(PROBE, probe([(2, 0, 1, 3)]), others) == []
    none = replace(builds, builds=(replace(first, formats=("regdb",)),))
    assert found(PROBE, probe(GOOD), none) == [
        ("consumers-missing", "", "none of the 1 consumer reads files of probe")
    ]
    early = replace(builds, builds=(replace(first, supported_from=date(2027, 1, 1)),))
    assert found(PROBE, probe(GOOD), early) == [
        ("consumers-missing", "", "no consumer that reads files of probe is supported on 2026-11-01")
    ]
    assert found(PROBE, probe(GOOD), None)[0][0] == "consumers-missing"


def edited(count: int) -> Iterator[bytes]:
    """Good files with some numbers changed, and some that are cut."""
    rng = random.Random(8)
    for _ in range(count):
        data = bytearray(probe([*GOOD, (2, 3, 0, 3)][: rng.randrange(5)], version=rng.choice([1, 2, 3])))
        for _ in range(rng.randrange(4)):
            data[rng.randrange(4, len(data))] = rng.choice([0, 1, 2, 3, 4, 7, 9, 255])
        yield bytes(data[: rng.randrange(len(data))] if rng.random() < 0.05 else data)


def test_both_paths_agree(builds: Consumers) -> None:
    """Thousands of edited files get the same answer from columns and from records."""
    verdicts = [not found(PROBE, data, builds) for data in edited(3000)]
    assert 200 < sum(verdicts) < 2800


NAMED = Struct(
    "offset" / Int32ul,
    "size" / Int8ul,
    "name" / Pooled("names", this.offset, this.size, Text(this.size, terminator="behind")),
)
SPREAD = Schema(
    "spread",
    "comparisons in all places",
    Struct(
        "magic" / Const(b"SPR1"),
        "type" / Int8ul,
        "count" / Int8ul,
        "inner" / Struct("depth" / WithinLimit(Int8ul, "depth"), "deeper" / Struct("slot" / BelowCount(Int8ul, "slots"))),
        "list" / Array(this.count, Struct("slot" / BelowCount(Int8ul, "slots"), "kind" / Int8ul)),
        "more" / If(this.type == 2, BelowCount(Int8ul, "inputs", key=(this.type, this.inner.depth))),
        "name_count" / Int8ul,
        "pool_size" / Int8ul,
        "names" / Table("named", this.name_count, NAMED),
        "uses" / Array(
            this.name_count,
            Struct("name" / IndexInto(Int8ul, "named"), "n" / BelowCount(Int8ul, "by_name", key=RowField("named", this.name, "name"))),
        ),
        "pool" / Pool("names", this.pool_size),
    ),
    recognise=lambda data: data[:4] == b"SPR1",
    amounts={"file_size": file_size},
)  # fmt: skip


def spread(
    slot: int = 0, depth: int = 1, type_: int = 1, listed: tuple[int, ...] = (0, 1), named: int = 0
) -> bytes:
    """A file with one number in each place."""
    lists = b"".join(bytes([each, 9]) for each in listed)
    more = bytes([3]) if type_ == 2 else b""
    head = b"SPR1" + bytes([type_, len(listed), depth, slot]) + lists + more + bytes([1, 4])
    place = len(head) + 5 + 2
    return head + struct.pack("<IB", place, 3) + bytes([0, named]) + b"IPC\0"


def spread_builds(builds: Consumers) -> Consumers:
    """A build for them."""
    facts = stating(
        replace(
            builds.builds[0], facts={(FactKind.LIMIT, "depth", ""): 3, (FactKind.LIMIT, "file_size", ""): 64}
        ),
        slots=2,
        inputs={"2@1": 4, "2": 3},
        by_name={"IPC": 2},
    )
    return replace(builds, builds=(facts,))


def test_comparisons_in_lists_branches_and_inner_records(builds: Consumers) -> None:
    """Every place of a number is compared: nested records, lists, branches, keys of several parts and of text."""
    known = spread_builds(builds)
    assert found(SPREAD, spread(), known) == []
    assert [place for _, place, _ in found(SPREAD, spread(slot=2), known)] == ["inner.deeper.slot"]
    assert [place for _, place, _ in found(SPREAD, spread(listed=(0, 2, 1, 3)), known)] == [
        "list[1].slot",
        "list[3].slot",
    ]
    assert [one[:2] for one in found(SPREAD, spread(depth=4), known)] == [("limit-exceeded", "inner.depth")]
    assert found(SPREAD, spread(type_=2), known) == []  # 2@1 has 4
    assert found(SPREAD, spread(type_=2, depth=2), known) == [
        ("count-exceeded", "more", "more is 3, but 1.0 supplies 3 inputs for 2@2 (0 to 2)")
    ]
    assert found(SPREAD, spread(named=2), known) == [
        ("count-exceeded", "uses[0].n", "n is 2, but 1.0 supplies 2 by_name for IPC (0 to 1)")
    ]
    large = spread(listed=(0, 1) * 20)
    assert found(SPREAD, large, known) == [
        ("limit-exceeded", "", f"file size is {len(large)}, but 1.0 takes at most 64")
    ]


def test_a_schema_has_a_fast_path_or_says_why_not(builds: Consumers) -> None:
    """The size of the file is compared on the fast path; a list of records, and other amounts, are read."""
    number = Struct("n" / Int8ul, "slot" / BelowCount(Int8ul, "slots"))
    listed = Struct("n" / Int8ul, "list" / Array(this.n, Struct("slot" / BelowCount(Int8ul, "slots"))))
    known = spread_builds(builds)
    ways = [
        own.made(
            UserSchema(
                Schema("x", "x", root, recognise=lambda data: True, amounts={"file_size": amount}), ()
            ),
            known,
            DAY,
        )
        for root, amount in (
            (number, file_size),
            (number, lambda reading: file_size(reading)),
            (listed, file_size),
        )
    ]
    assert ways[0].way is not None
    assert "derived" in ways[1].problem
    assert ways[2].problem
    sized = Schema("sized", "sized", number, recognise=lambda data: True, amounts={"file_size": file_size})
    for limit, checks in ((2, []), (1, ["limit-exceeded"])):
        facts = {(FactKind.LIMIT, "file_size", ""): limit, (FactKind.COUNT, "slots", ""): 9}
        build = replace(builds, builds=(replace(builds.builds[0], facts=facts),))
        assert [check for check, *_ in found(sized, b"\1\2", build)] == checks


def test_an_amount_with_a_key() -> None:
    """A function of the schema may give several amounts, each with a key of its own."""
    keyed = Schema(
        "keyed",
        "amounts",
        Struct("a" / Int8ul, "b" / Int8ul),
        recognise=lambda data: True,
        contract=(Fact(FactKind.LIMIT, "per_kind", keyed=True),),
        amounts={
            "per_kind": lambda reading: [Amount(reading.root[n], reading.root.span(n), (n,)) for n in "ab"]
        },
    )
    assert keyed.facts == (Fact(FactKind.LIMIT, "per_kind", keyed=True),)


@pytest.mark.parametrize(
    ("field", "why"),
    [
        (BelowCount(Int8ul, "n", key=this.absent), "absent is no field"),
        (BelowCount(Int8ul, "n", harmless=this.absent == 0), "absent is no field"),
        (BelowCount(Int8ul, "n", key=RowField("rows", this.x, "y")), "no table is named 'rows'"),
        (WithinLimit(Int8ul, "n", amount=this.x * this.absent), "absent is no field"),
        (BelowCount(Int8ul, "n", key=this.raw), "a part of a key is a number or text"),
        (BelowCount(Int8ul, "n", key=lambda context: 1), "is a function"),
        (BelowCount(Bytes(2), "n"), "wraps Bytes"),
    ],
    ids=str,
)
def test_a_comparison_that_names_what_is_not_there_is_refused(field: Construct, why: str) -> None:
    """A schema is refused when it is made, and not when somebody's file is read."""
    root = Struct("x" / field, "raw" / Bytes(2))
    with pytest.raises(SchemaRefused, match=why):
        Schema("bad", "bad", root, recognise=lambda data: True)


def test_a_fact_has_one_form() -> None:
    """One fact with a key here and none there, or with other names, is refused; a name is text."""
    root = Struct("x" / BelowCount(Int8ul, "n"), "y" / BelowCount(Int8ul, "n", key=this.x))
    with pytest.raises(SchemaRefused, match="has a key in one place, and none in another"):
        Schema("bad", "bad", root, recognise=lambda data: True)
    with pytest.raises(ValueError, match="the name of a fact is text"):
        BelowCount(Int8ul, this.x)


def test_rows_that_records_take_are_compared(builds: Consumers) -> None:
    """A row of a table is compared, whichever record takes it; one that is cut short is not compared."""
    schema = Schema(
        "taken",
        "rows",
        Struct(
            "n" / Int8ul,
            "m" / Int8ul,
            "owners" / Array(this.n, Struct("first" / Int8ul, "count" / Int8ul, "own" / Rows("slots", "first", "count"))),
            "slots" / Table("slots", this.m, Struct("slot" / BelowCount(Int16ul, "slots"))),
        ),
        recognise=lambda data: True,
    )  # fmt: skip
    known = spread_builds(builds)
    known = replace(known, builds=(replace(known.builds[0], facts={(FactKind.COUNT, "slots", ""): 2}),))
    assert found(schema, bytes([1, 2, 0, 2, 1, 0, 1, 0]), known) == []
    assert [one[:2] for one in found(schema, bytes([1, 2, 0, 2, 1, 0, 9, 0]), known)] == [
        ("count-exceeded", "owners[0].own[1].slot")
    ]
    assert "count-exceeded" not in {check for check, *_ in found(schema, bytes([1, 2, 0, 2, 1, 0, 9]), known)}


def test_the_command_line_says_the_same(cc: Run, tmp_path: Path) -> None:
    """A schema file, a consumers.toml and files: pass, fail, and wrong usage where the two do not fit."""
    schema = tmp_path / "slots.py"
    schema.write_text(
        "from construct import Const, Int8ul, Struct\n"
        "from ccheck_schemas.meaning import BelowCount\n"
        "from ccheck_schemas.schema import Schema\n"
        'ROOT = Struct("magic" / Const(b"SLOT"), "slot" / BelowCount(Int8ul, "slots"))\n'
        'SCHEMA = Schema("slots", "slots", ROOT, recognise=lambda data: data[:4] == b"SLOT")\n',
        encoding="utf-8",
    )
    consumers = tmp_path / "consumers.toml"
    consumers.write_text(
        BUILDS.partition("[consumer.counts]")[0] + "[consumer.counts]\nslots = 20\n", encoding="utf-8"
    )
    file = tmp_path / "slot.bin"
    named = ["validate", "--no-config", "--schema", schema, "--consumers", consumers, file]
    for slot, expected in ((19, 0), (20, 1), (21, 1)):
        file.write_bytes(b"SLOT" + bytes([slot]))
        status, out, _ = cc(*named)
        assert status == expected, out
        assert ("supplies 20 slots (0 to 19)" in out) is bool(expected)
    consumers.write_text(consumers.read_text(encoding="utf-8").replace("slots", "slot"), encoding="utf-8")
    status, _, said = cc(*named)
    assert status == 2
    assert "counts.slot: no schema in use refers to it; did you mean slots?" in said
    assert "counts.slots: is missing: files of slots are compared with it" in said
    status, out, _ = cc("validate", "--no-config", "--schema", schema, file)
    assert (status, "consumers-missing" in out) == (1, True)


def test_pass_is_never_understood_as_unlimited() -> None:
    """A schema without facts needs no builds."""
    plain = Schema("plain", "plain", Struct("x" / Int8ul), recognise=lambda data: True)
    assert plain.facts == ()
    assert found(plain, b"x", None) == []


def test_what_other_builds_do_to_shipped_content(cc: Run, tmp_path: Path) -> None:
    """The facts that changed, each file that would not pass any more, and the exit status for a pipeline."""
    corpus = ROOT / "corpus" / "channel"
    old, new = corpus / "consumers.toml", tmp_path / "new.toml"
    text = old.read_text(encoding="utf-8")
    new.write_text(
        text.replace('"bit_mask", "one_of"]', '"bit_mask"]').replace('name = "7.16"', 'name = "7.17"'),
        encoding="utf-8",
    )
    bad, good = (
        corpus / "value-not-understood" / part for part in ("bad/one-of-for-7.11.bin", "good/bit-mask.bin")
    )
    named = ["--definitions", corpus / "definitions.bin", "--on", "2024-09-01", "--exit-code"]
    status, out, _ = cc("diff", "--consumers", old, new, bad, good, *named)
    assert status == 1
    lines = out.splitlines()
    assert lines[:3] == [
        "~ 7.15 sets.criterion_kinds: -one_of",
        "- 7.16 is listed no more",
        "+ 7.17 is new, supported from 2024-08-09",
    ]
    assert "value-not-understood: kind is 10 (one_of), but 7.11, 7.15 and 7.17 do not list it" in lines[3]
    assert lines[4:] == ["2 files compared: 0 passed before and would not any more, 1 new error"]
    assert cc("diff", "--consumers", old, new, good, *named)[0] == 0
    assert cc("diff", "--consumers", old, old, bad, *named)[1].startswith("no change of the driver builds\n")
    new.write_text(text.replace("criterion_kinds", "criterion_kind"), encoding="utf-8")
    status, _, said = cc("diff", "--consumers", old, new, good, *named)
    assert (status, "did you mean criterion_kinds?" in said) == (2, True)
    status, _, said = cc("diff", bad, good, good)
    assert (status, "for --consumers" in said) == (2, True)


def test_a_build_that_ends_makes_no_new_errors(cc: Run, tmp_path: Path) -> None:
    """An error that is there for fewer builds than before is said in other words, and is not new."""
    corpus = ROOT / "corpus" / "channel"
    old, new = corpus / "consumers.toml", tmp_path / "new.toml"
    text = old.read_text(encoding="utf-8")
    new.write_text(
        text.replace(
            "supported_from = 2024-02-28", "supported_from = 2024-02-28\nsupported_until = 2024-03-01"
        ),
        encoding="utf-8",
    )
    july = corpus / "field-past-inputs" / "bad" / "C-00000291-00000000-00000032.bin"
    named = ["--definitions", corpus / "definitions.bin", "--on", "2024-07-19", "--exit-code"]
    status, out, _ = cc("diff", "--consumers", old, new, july, *named)
    assert (status, "0 new errors" in out) == (0, True), out
    status, _, said = cc("diff", "--consumers", old, new, tmp_path / "missing", *named)
    assert (status, "No such file" in said) == (2, True)


def test_builds_with_like_names_are_told_apart(cc: Run, tmp_path: Path) -> None:
    """A build that is worse than before makes a new error, although another one of a like name failed before."""
    corpus = ROOT / "corpus" / "channel"
    text = (corpus / "consumers.toml").read_text(encoding="utf-8")
    old, new = tmp_path / "old.toml", tmp_path / "new.toml"
    text = text.replace('name = "7.11"', 'name = "drv (x64)"').replace('name = "7.15"', 'name = "drv (arm)"')
    first, second, third = text.split("IPC = 20")
    old.write_text(f"{first}IPC = 20{second}IPC = 21{third}", encoding="utf-8")
    new.write_text(text, encoding="utf-8")
    july = corpus / "field-past-inputs" / "bad" / "C-00000291-00000000-00000032.bin"
    named = ["--definitions", corpus / "definitions.bin", "--on", "2024-07-19", "--exit-code"]
    status, out, _ = cc("diff", "--consumers", old, new, july, *named)
    assert (status, "1 new error" in out) == (1, True), out


TWO_LIMITS = """\
from construct import Int8ul, Struct
from ccheck_schemas.build_facts import Amount
from ccheck_schemas.schema import Schema
SCHEMA = Schema("two", "two", Struct("a" / Int8ul, "b" / Int8ul), recognise=lambda data: True, amounts={
    "size": lambda reading: [Amount(50, reading.root.span("a"), KEY)],
    "depth": lambda reading: [Amount(50, reading.root.span("a"), KEY)],
})
"""
BUILD = """\
format = 2
[[consumer]]
name = "1"
version = "1"
platform = "linux-x64"
pointer_bits = 64
supported_from = 2020-01-01
[consumer.limits]
"""


def test_another_fact_at_the_same_place_is_another_error(cc: Run, tmp_path: Path) -> None:
    """A limit that was kept and is not any more is new, where another limit was not kept before."""
    schema, file = tmp_path / "s.py", tmp_path / "f.bin"
    schema.write_text(TWO_LIMITS.replace("KEY", "()"), encoding="utf-8")
    file.write_bytes(b"ab")
    old, new = tmp_path / "old.toml", tmp_path / "new.toml"
    old.write_text(f"{BUILD}size = 10\ndepth = 100\n", encoding="utf-8")
    new.write_text(f"{BUILD}size = 1000\ndepth = 1\n", encoding="utf-8")
    status, out, _ = cc("diff", "--consumers", old, new, file, "--schema", schema, "--exit-code")
    assert (status, "1 new error" in out) == (1, True), out


def test_a_key_is_a_number_or_a_text(cc: Run, tmp_path: Path) -> None:
    """True is no key: it is equal to 1, and is stated under another name."""
    schema, file, listed = tmp_path / "s.py", tmp_path / "f.bin", tmp_path / "c.toml"
    schema.write_text(TWO_LIMITS.replace("KEY", "(True,)"), encoding="utf-8")
    file.write_bytes(b"ab")
    listed.write_text(f"{BUILD}size = 100\ndepth = 100\n", encoding="utf-8")
    status, out, _ = cc("validate", "--no-config", "--schema", schema, "--consumers", listed, file)
    assert (status, "it must give Amount(number, span, key)" in out) == (1, True), out


def test_a_file_that_cannot_be_compared_is_not_passed_over(cc: Run, tmp_path: Path) -> None:
    """A file of no known format is named, and the exit status is that of a finding."""
    old = ROOT / "corpus" / "channel" / "consumers.toml"
    unknown = tmp_path / "unknown.bin"
    unknown.write_bytes(b"nothing that is known")
    status, out, _ = cc("diff", "--consumers", old, old, unknown, "--exit-code")
    assert status == 1
    assert "not compared whole" in out


def test_consumers_for_a_format_without_facts_are_wrong_usage(cc: Run) -> None:
    """Builds that nothing would be compared with are not accepted as if something had been."""
    named = ["--no-config", "--consumers", ROOT / "corpus" / "channel" / "consumers.toml", ROOT / "README.md"]
    status, _, said = cc("validate", "--schema", ROOT / "tests" / "user" / "sensor.py", *named)
    assert (status, "compared with no facts of driver builds" in said) == (2, True)
