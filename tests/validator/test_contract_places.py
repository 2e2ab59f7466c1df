"""Numbers that are compared with driver builds, in every place and with every value that a file can have."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from construct import Array, Construct, If, Int8sb, Int8ub, Int16ub, Struct, this

from ccheck.cli.main import run
from ccheck.config.user_schema import UserSchema
from ccheck.core.consumers import Consumers, Value, load_consumers
from ccheck.core.subject import CheckContext
from ccheck.formats.check_table import CHECKS
from ccheck.judging import generated_fast_path as own
from ccheck.judging.judge import Policy, examine, judge
from ccheck_schemas.build_facts import FactKind
from ccheck_schemas.meaning import At, BelowCount, Region, Table, Text, Understood, WithinLimit
from ccheck_schemas.schema import Schema
from tests.conftest import ROOT

DAY = date(2026, 11, 1)
Run = Callable[..., tuple[int, str, str]]
SLOT = BelowCount(Int8ub, "slots")

HEAD = """\
format = 2
[[consumer]]
name = "1.0"
version = "1.0"
platform = "linux-x64"
pointer_bits = 64
supported_from = 2024-01-01
"""
SCHEMA = """\
from enum import IntEnum
from construct import Int8sb, Int8ub, Struct, this
from ccheck_schemas.build_facts import Amount, Fact, FactKind
from ccheck_schemas.meaning import BelowCount, Bounded, IndexInto, Table, Understood, WithinLimit
from ccheck_schemas.schema import Schema
"""


@pytest.fixture
def cc(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line: status, standard output, standard error."""

    def call(*args: object) -> tuple[int, str, str]:
        status = run([str(a) for a in args])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def stated(facts: dict[str, Value]) -> Consumers:
    """One build; counts.slots, or counts.slots.KEY."""
    listed = load_consumers(ROOT / "corpus" / "channel" / "consumers.toml")
    places = (name.split(".", 2) for name in facts)
    keys = [(FactKind(kind), name, "".join(key)) for kind, name, *key in places]
    return replace(
        listed, builds=(replace(listed.builds[0], facts=dict(zip(keys, facts.values(), strict=True))),)
    )


def found(root: Construct, data: bytes, facts: dict[str, Value]) -> list[str]:
    """Where the contract is broken; the fast path, where there is one, agrees on whether the file passes."""
    schema = Schema("probe", "numbers", root, recognise=lambda _: True)
    consumers = stated(facts)
    context = CheckContext(DAY, (), consumers)
    report = judge(examine(data, "", context, [schema], schema), "", CHECKS.joined((), "probe"), Policy())
    way = own.made(UserSchema(schema, ()), consumers, DAY).way
    if way is not None:
        assert way.passes(data, "") is (report.verdict == "pass"), data.hex()
    return [
        f"{one.check} {one.path}"
        for one in report.findings
        if one.check in ("count-exceeded", "value-not-understood", "limit-exceeded", "facts-missing")
    ]


@pytest.mark.parametrize(
    ("root", "data", "path"),
    [
        (Struct("list" / Array(3, SLOT)), b"\0\4\1", "list[1]"),
        (Struct("n" / Int8ub, "list" / Array(this.n, Struct("slot" / SLOT))), b"\2\0\4", "list[1].slot"),
        (Struct("n" / Int8ub, "list" / Array(this.n, Array(2, SLOT))), b"\2\0\1\2\4", "list[1][1]"),
        (Struct("n" / Int8ub, "in" / Region(this.n, Struct("slot" / SLOT))), b"\1\4", "in.slot"),
        (Struct("n" / Int8ub, "if" / If(this.n == 1, SLOT)), b"\1\4", "if"),
        (Struct("at" / Int8ub, "ref" / At(this.at, Struct("slot" / SLOT))), b"\2\0\4", "ref.slot"),
        (Struct("n" / Int8ub, "rows" / Table("rows", this.n, Struct("slot" / SLOT))), b"\2\0\4", "rows[1].slot"),
        (
            Struct("n" / Int8ub, "rows" / Table("rows", this.n, Struct("slots" / Array(2, SLOT)))),
            b"\2\0\1\2\4",
            "rows[1].slots[1]",
        ),
        (
            Struct("n" / Int8ub, "rows" / Table("rows", this.n, Struct("in" / Struct("slot" / SLOT)))),
            b"\2\0\4",
            "rows[1].in.slot",
        ),
    ],
    ids=["array", "records", "array of arrays", "region", "branch", "pointer", "table", "table of arrays", "table of records"],
)  # fmt: skip
def test_a_number_is_compared_wherever_it_stands(root: Construct, data: bytes, path: str) -> None:
    """Each place is compared, and named to the element."""
    assert found(root, data, {"counts.slots": 4}) == [f"count-exceeded {path}"]
    assert found(root, data, {"counts.slots": 5}) == []


def test_a_shared_record_is_compared_for_each_key(subtests: pytest.Subtests) -> None:
    """A record at an offset that two records share is compared with the count of each of them."""
    record = Struct(
        "kind" / Int8ub, "at" / Int8ub, "ref" / At(this.at, Struct("n" / BelowCount(Int8ub, "n", key=this._.kind)))
    )  # fmt: skip
    root = Struct("list" / Array(2, record))
    data = bytes([7, 4, 9, 4, 3])
    for seven, nine, broken in ((4, 4, []), (3, 4, ["list[0]"]), (4, 3, ["list[1]"])):
        with subtests.test(seven=seven, nine=nine):
            places = [f"count-exceeded {place}.ref.n" for place in broken]
            assert found(root, data, {"counts.n.7": seven, "counts.n.9": nine}) == places


@pytest.mark.parametrize(
    "meaning", [BelowCount(Int8sb, "n"), WithinLimit(Int8sb, "n")], ids=["count", "limit"]
)
@pytest.mark.parametrize("in_table", [False, True])
def test_a_negative_number_is_within_nothing(meaning: Construct, in_table: bool) -> None:
    """-1 is below every count as a number, and no index: a driver reads it as one."""
    kind = "limits" if isinstance(meaning, WithinLimit) else "counts"
    field = Struct("n" / meaning)
    root = Struct("rows" / Table("rows", 1, field)) if in_table else field
    assert found(root, b"\1", {f"{kind}.n": 2}) == []
    assert len(found(root, b"\xff", {f"{kind}.n": 2})) == 1


def test_a_set_of_signed_values_has_negative_elements() -> None:
    """A field with a sign is compared with elements that have one."""
    root = Struct("n" / Understood(Int8sb, "n"))
    assert found(root, b"\xff", {"sets.n": (-1, 3)}) == []
    assert found(root, b"\1", {"sets.n": (-1, 3)}) == ["value-not-understood n"]


@pytest.mark.parametrize(
    ("root", "data"),
    [
        (
            Struct("a" / Int8ub, "b" / If(this.a == 1, Int8ub), "n" / BelowCount(Int8ub, "n", key=this.b)),
            b"\0\0",
        ),
        (
            Struct("a" / Int8ub, "b" / If(this.a == 1, Int8ub), "n" / BelowCount(Int8ub, "n", key="k", harmless=this.b == 7)),
            b"\0\0",
        ),
        (
            Struct("a" / Int8ub, "b" / If(this.a == 1, Int8ub), "n" / BelowCount(Int8ub, "n", key="k", harmless=this.b != 7)),
            b"\0\0",
        ),
        (
            Struct("a" / Int8ub, "name" / Text(this.a, terminator="behind"), "n" / BelowCount(Int8ub, "n", key=this.name)),
            b"\0\0\0",
        ),
    ],
    ids=["key of a branch", "condition of a branch", "condition that None would fulfil", "empty text"],
)  # fmt: skip
def test_a_number_without_a_key_does_not_pass(root: Construct, data: bytes) -> None:
    """Where a file does not say what a number is compared with, nothing was compared."""
    assert found(root, data, {"counts.n.k": 4, "counts.n.0": 4}) == ["count-exceeded n"]


def test_a_key_is_read_after_the_number_and_around_it() -> None:
    """A key may be a later field of the record, and a field of a record around."""
    later = Struct("n" / BelowCount(Int8ub, "n", key=this.kind), "kind" / Int8ub)
    assert found(later, b"\3\7", {"counts.n.7": 4}) == []
    assert found(later, b"\3\7", {"counts.n.7": 3}) == ["count-exceeded n"]
    around = Struct(
        "kind" / Int16ub, "list" / Array(2, Struct("n" / BelowCount(Int8ub, "n", key=this._.kind)))
    )
    assert found(around, b"\0\7\0\3", {"counts.n.7": 3}) == ["count-exceeded list[1].n"]


def setup(folder: Path, schema: str, consumers: str, policy: str = "") -> list[object]:
    """A schema file, builds and a policy: what a command names."""
    (folder / "probe.py").write_text(SCHEMA + schema, encoding="utf-8")
    (folder / "consumers.toml").write_text(HEAD + consumers, encoding="utf-8")
    (folder / "ccheck.toml").write_text("format = 1\n" + policy, encoding="utf-8")
    (folder / "one.bin").write_bytes(b"\xff")
    return [
        "validate", "--config", folder / "ccheck.toml", "--schema", folder / "probe.py",
        "--consumers", folder / "consumers.toml", folder / "one.bin",
    ]  # fmt: skip


def test_a_finding_that_is_set_aside_takes_no_other_with_it(cc: Run, tmp_path: Path) -> None:
    """255 is out of range, and above the count: a policy that forgives the first does not forgive the second."""
    schema = """\
LAYOUT = Struct("rows" / Table("rows", 1, Struct("n" / BelowCount(Bounded(Int8ub, 0, 9), "n"))))
SCHEMA = Schema("probe", "probe", LAYOUT, recognise=lambda data: True)
"""
    counts = "[consumer.counts]\nn = 8\n"
    status, out, _ = cc(*setup(tmp_path, schema, counts))
    assert (status, "count-exceeded" in out, "value-out-of-bounds" in out) == (1, False, True), out
    for policy in (
        '[severity]\nvalue-out-of-bounds = "warning"\n',
        '[[suppress]]\ncheck = "value-out-of-bounds"\nfile = "**"\nreason = "known"\nexpires = 2099-01-01\n',
    ):
        status, out, said = cc(*setup(tmp_path, schema, counts, policy))
        assert (status, "error[count-exceeded]" in out) == (1, True), out + said


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("None", "must give a list of Amount"),
        ("[7]", "must give Amount(number, span, key)"),
        ('[Amount("7", reading.root.span("n"))]', "must give Amount(number, span, key)"),
        ('[Amount(7, reading.root.span("n"), "key")]', "must give Amount(number, span, key)"),
        ("1 / 0", "division by zero"),
    ],
)
def test_an_amount_that_is_none_does_not_pass(cc: Run, tmp_path: Path, given: str, words: str) -> None:
    """A function of the schema that gives something else than amounts is named, and nothing passes."""
    schema = f"""\
SCHEMA = Schema("probe", "probe", Struct("n" / Int8ub), recognise=lambda data: True, amounts={{"n": lambda reading: {given}}})
"""
    status, out, said = cc(*setup(tmp_path, schema, "[consumer.limits]\nn = 255\n"))
    assert status != 0
    assert words in out + said
    assert "Traceback" not in out + said


def test_amounts_have_keys(cc: Run, tmp_path: Path) -> None:
    """A function may give several amounts, each for a key of its own."""
    schema = """\
SCHEMA = Schema(
    "probe", "probe", Struct("n" / Int8ub), recognise=lambda data: True,
    contract=(Fact(FactKind.LIMIT, "n", keyed=True),),
    amounts={"n": lambda reading: [Amount(reading.root.n - i, reading.root.span("n"), (i,)) for i in range(2)]},
)
"""
    for one, status in ((254, 0), (253, 1)):
        got, out, said = cc(*setup(tmp_path, schema, f"[consumer.limits.n]\n0 = 255\n1 = {one}\n"))
        assert got == status, out + said
    got, out, _ = cc(*setup(tmp_path, schema, "[consumer.limits.n]\n0 = 255\n"))
    assert (got, "state no n for 1" in out or "states no n for 1" in out) == (1, True), out


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ('contract=(Fact(FactKind.COUNT, "n"),)', "contract has counts.n, and nothing compares it"),
        ('contract=("counts.n",)', "contract: it is a tuple of Fact"),
        ('amounts={"n": 7}', "amounts: 'n' is no name of a fact, or has no function"),
        ("amounts=[7]", "amounts: it maps the name of a fact to a function"),
        ('contract=(Fact("counts", "n"),)', 'write Fact(FactKind.COUNT, "name")'),
    ],
)
def test_a_contract_that_nothing_compares_is_refused(
    cc: Run, tmp_path: Path, schema: str, words: str
) -> None:
    """A fact that would be demanded of builds, and compared with nothing, is a mistake of the schema."""
    text = f'SCHEMA = Schema("probe", "probe", Struct("n" / Int8ub), recognise=lambda data: True, {schema})\n'
    status, _, said = cc(*setup(tmp_path, text, "[consumer.counts]\nn = 255\n"))
    assert (status, words in said) == (2, True), said


@pytest.mark.parametrize(
    ("consumers", "words"),
    [
        ('[consumer.sets]\nn = ["a", 1]\n', "n: has one value twice, by its name and by its number"),
        ('[consumer.sets]\nn = ["A"]\n', '"A" is no value of it; did you mean a?'),
        ("[consumer.sets.n]\nx = [1]\n", "sets.n: is one value, and no table"),
        ("[consumer.sets]\nm = [1]\n", "sets.m: no schema in use refers to it"),
        ('[consumer.sets]\nn = [1]\n[consumer.counts]\n"n " = 1\n', "counts"),
    ],
)
def test_facts_in_a_wrong_form_are_named(cc: Run, tmp_path: Path, consumers: str, words: str) -> None:
    """What would be compared with something else than its author meant is wrong usage."""
    schema = """\
LAYOUT = Struct("n" / Understood(Int8ub, "n", values=IntEnum("Name", {"a": 1, "b": 2})))
SCHEMA = Schema("probe", "probe", LAYOUT, recognise=lambda data: True)
"""
    status, _, said = cc(*setup(tmp_path, schema, consumers))
    assert (status, words in said) == (2, True), said


def test_a_seed_is_tried_as_each_build(tmp_path: Path) -> None:
    """A program that needs the facts of a build has them in the trial before a search, too."""
    schema = """\
LAYOUT = Struct("a" / Int8ub, "n" / BelowCount(Int8ub, "n", key=this.a))
SCHEMA = Schema("probe", "probe", LAYOUT, recognise=lambda data: True)
"""
    named = setup(tmp_path, schema, "[consumer.counts.n]\n0 = 5\n")
    reader = tmp_path / "reader.sh"
    reader.write_text('#!/bin/sh\n[ "$CCHECK_COUNTS_N_0" = 5 ] || kill -SEGV $$\n', encoding="utf-8")
    reader.chmod(0o755)
    (tmp_path / "seed.bin").write_bytes(b"\0\1")
    words = [*named[1:7], "--exec", f"{reader} @@", "--per-build", "--time", "3s", "--out", tmp_path / "out"]
    words += ["--seeds", tmp_path / "seed.bin", "--jobs", "1"]
    command = [sys.executable, "-m", "ccheck", "fuzz", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_two_facts_with_one_environment_variable_are_refused(tmp_path: Path, cc: Run) -> None:
    """A program that is given the facts of a build could not tell them apart: both lines are named."""
    schema = """\
LAYOUT = Struct("a" / Int8ub, "n" / BelowCount(Int8ub, "n", key=this.a))
SCHEMA = Schema("probe", "probe", LAYOUT, recognise=lambda data: True)
"""
    named = setup(tmp_path, schema, '[consumer.counts.n]\n"a b" = 1\n"a_b" = 2\n')
    status, _, said = cc(
        "fuzz", *named[1:7], "--exec", "true @@", "--per-build", "--time", "1s", "--out", tmp_path / "out"
    )
    assert (status, "one environment variable, CCHECK_COUNTS_N_A_B: lines 9 and 10" in said) == (2, True), (
        said
    )
