"""`ccheck gate --schema`: a format of one's own before the gate, whatever its interpreter does."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccheck.config.gate_policy import STAGES
from tests.validator.gate.story import DAY, Call

SCHEMA = '''\
"""A format of one number, and its driver."""

import os
import time

from construct import Const, Int8ul, Struct

from ccheck.formats.exercise.outcome import Exercised, Outcome
from ccheck_interpreter.trap import Operation, Provenance, Refusal, TrapData
from ccheck_schemas.meaning import Bounded
from ccheck_schemas.schema import Schema

ONE = Struct("magic" / Const(b"ONE1"), "number" / Bounded(Int8ul, 1, 9))
SCHEMA = Schema("one", "one number", ONE, recognise=lambda data: data[:4] == b"ONE1")


def refuse(data, given):
    if len(data) != 5 or data[:4] != b"ONE1" or not 1 <= data[4] <= 9:
        return Exercised((Outcome("driver", "linux", "refuse", refusal=Refusal("bad", "bad"), checks_bounds=True),))
    return Exercised((Outcome("driver", "linux", "run", events=1, steps=1, checks_bounds=True),))


def trap(data, given):
    where = TrapData("exception", Operation("read", "number"), detail="late", provenance=Provenance("driver"))
    return Exercised((Outcome("driver", "linux", "crash", trap=where, checks_bounds=True),))


def vanish(data, given):
    os._exit(0)


def hang(data, given):
    while True:
        time.sleep(60)


def trust(data, given):
    return Exercised((Outcome("driver", "linux", "run", events=1, steps=1, checks_bounds=True),))
'''


@pytest.fixture
def one(cc: Call) -> Call:
    """The command line, beside a schema file and a release of two files of its format."""
    Path("one.py").write_text(SCHEMA, encoding="utf-8")
    Path("release").mkdir()
    for number in (1, 2):
        Path("release", f"file-{number}.one").write_bytes(b"ONE1" + bytes([number]))
    return cc


def gate(
    cc: Call, exercise: str, *words: object, seconds: int = 60, off: tuple[str, ...] = ()
) -> tuple[int, str]:
    """`ccheck gate --schema` with an interpreter, by a policy with stages off: status and output."""
    with Path("one.py").open("a", encoding="utf-8") as file:
        file.write(f"\n\nEXERCISE = {exercise}\n")
    stages = "".join(f"{stage} = false\n" for stage in off)
    policy = f"format = 1\n[gate]\nstage_seconds = {seconds}\n[gate.stages]\n{stages}"
    Path("ccheck.toml").write_text(policy, encoding="utf-8")
    status, out, _ = cc("gate", "release", "--schema", "one.py", "--on", DAY, *words)
    return status, out


def test_the_stages_run_its_interpreter(one: Call) -> None:
    """With an interpreter that refuses what is bad, what it examined is reported, without a matrix."""
    status, out = gate(one, "refuse", off=("first_use", "regress", "diff"))
    assert status == 0, out
    assert (
        "exercise    pass        2 files ran under 1 build, 2 events; without criteria, so without a matrix"
        in out
    )
    assert "fuzz        pass        300 runs around 2 files" in out


def test_a_trap_and_a_driver_that_takes_all_fail(one: Call) -> None:
    """A driver that traps fails the release; no file is proved by a driver that runs whatever it is given."""
    status, out = gate(one, "trap", "--only", "exercise")
    assert status == 1
    assert "file-1.one: driver traps: exception" in out


@pytest.mark.parametrize("stage", ["exercise", "faults", "fuzz"])
def test_an_interpreter_that_ends_its_process_is_no_pass(one: Call, stage: str) -> None:
    """Where the interpreter leaves with status 0, the gate goes on, and is incomplete."""
    status, out = gate(one, "vanish", "--only", stage)
    assert status == 3
    assert f"{stage:<10}  incomplete  its process told of no stage" in out


def test_an_interpreter_that_hangs_is_no_pass(one: Call) -> None:
    """Where the interpreter does not end, the stage is ended, and is incomplete."""
    status, out = gate(one, "hang", "--only", "exercise", seconds=2)
    assert status == 3
    assert (
        "exercise    incomplete  it did not end within 2 s: a hang, or too much for [gate] stage_seconds"
        in out
    )


def test_a_format_without_an_interpreter_says_so(one: Call) -> None:
    """What only an interpreter can tell is incomplete; the other stages still say what they saw."""
    status, out = gate(one, "None", "--skip", "first_use", "--skip", "regress")
    assert status == 3
    assert "validate    pass        2 files passed" in out
    for stage in ("exercise", "faults", "fuzz"):
        assert f"{stage:<10}  incomplete" in out
    assert "one has no interpreter" in out


def test_the_verdict_holds_the_schema(one: Call) -> None:
    """The digest of the schema file is one of the verdict's materials: another schema gives another verdict."""
    pytest.importorskip("securesystemslib", reason="signing needs the extra gate")
    one("keys", "new", "gate")
    signed = ("--key", "gate.key", "--verdict", "v.json")
    assert gate(one, "refuse", *signed, off=tuple(stage for stage in STAGES if stage != "validate"))[0] == 0
    before = Path("v.json").read_bytes()
    with Path("one.py").open("a", encoding="utf-8") as file:
        file.write("# another\n")
    assert one("gate", "release", "--schema", "one.py", "--on", DAY, *signed)[0] == 0
    assert Path("v.json").read_bytes() != before


CHECKED = '''

from ccheck.check import Diagnostic, Check


def nine(subject):
    """The number is nine.

    ## What is wrong
    It is nine.

    ## Why is this bad
    Nine is too many.

    ## How to fix
    Write less.
    """
    if subject.content.root.number == 9:
        yield Diagnostic("nine", subject.content.root.span("number"), why="too many", fix="write less")


CHECKS = (Check(nine, schemas=("one",)),)
EXERCISE = refuse
'''


def test_a_policy_that_names_checks_of_ones_own_is_verified(one: Call) -> None:
    """A verdict whose policy names a check of one's own is verified and rolled out without its schema.

    The shipping side does not have the schema; a command that judges needs it.
    """
    schema = Path("one.py")
    schema.write_text(schema.read_text(encoding="utf-8") + CHECKED, encoding="utf-8")
    policy = (
        'format = 1\n[severity]\nnine = "warning"\n[[suppress]]\ncheck = "nine"\nreason = "known"\n'
        "expires = 2099-12-31\n[gate]\nbaseline = 'baseline.txt'\n"
        "[gate.stages]\nfaults = false\nfirst_use = false\nfuzz = false\nregress = false\ndiff = false\n"
    )
    Path("ccheck.toml").write_text(policy, encoding="utf-8")
    assert one("keys", "new", "gate")[0] == 0
    by = ("--key", "gate.pub", "--config", "ccheck.toml", "--on", DAY)
    status, out, _ = one(
        "gate", "release", "--schema", "one.py", "--on", DAY, "--key", "gate.key", "--verdict", "one.json"
    )
    assert status == 0, out
    status, out, err = one("verify", "one.json", "release", *by)
    assert status == 0, err
    assert "verified: release release, 2 files" in out
    files = ("release/file-1.one", "release/file-2.one")
    plan = ("rollout", "plan", "two", *files, "--record", "r", "--last-good", "one", "--hosts", "1000")
    assert one(*plan, "--verdict", "one.json", *by)[0] == 0
    assert one("baseline", "add", "--schema", "one.py", "--release", "a", "release", "--on", DAY)[0] == 0
    assert one("baseline", "show")[0] == 0
    status, _, err = one("validate", "release/file-1.one")
    assert status == 2
    assert "severity.nine: is not a check" in err
