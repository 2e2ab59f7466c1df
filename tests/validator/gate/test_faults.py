"""The stage faults: a build that takes a damaged file for good, and a validator that passes one, fail it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ccheck.config.gate_policy import STAGES
from ccheck.formats.exercise.outcome import Exercised, Outcome, RunInputs
from ccheck.judging.context import ValidationContext
from ccheck.release.gate.stages import faults
from tests.validator.gate.story import DAY, Call


def test_a_build_that_runs_a_damaged_file_fails(cc: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a listed build would run what is neither the old file nor the new one, the release fails."""

    def takes_all(data: bytes, given: RunInputs) -> Exercised:
        return Exercised(tuple(Outcome(build.name, build.platform, "run") for build in given.builds))

    monkeypatch.setattr(ValidationContext, "exercise", lambda validation, schema: takes_all)
    status, out, _ = cc("gate", "march", "--on", DAY, "--only", "faults")
    assert status == 1
    assert "C-00000291-00000000-00000001.bin, all zero: 7.11 accepts it" in out
    assert "renamed to" not in out


def test_a_damaged_file_that_the_validator_passes_fails(cc: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no check sees the damage, the release fails, although every build refuses."""
    monkeypatch.setattr(faults, "judge", lambda *args: _Passed())
    status, out, _ = cc("gate", "march", "--on", DAY, "--only", "faults")
    assert status == 1
    assert "all zero: the validator passes it" in out
    assert re.search("truncated at 0x.*: the validator passes it", out)


class _Passed:
    verdict = "pass"


def test_no_interpreter_leaves_the_stage_incomplete(cc: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A format that nothing can run is a gap."""
    monkeypatch.setattr(ValidationContext, "exercise", lambda validation, schema: None)
    assert cc("gate", "march", "--on", DAY, "--only", "faults")[0] == 3


def test_a_format_that_no_build_answers_for_leaves_the_stage_incomplete(
    cc: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interpreter that reports no build is no evidence."""
    monkeypatch.setattr(
        ValidationContext, "exercise", lambda validation, schema: lambda data, given: Exercised(())
    )
    status, out, _ = cc("gate", "march", "--on", DAY, "--only", "faults")
    assert status == 3
    assert "no build could be asked what it does with it" in out


ELEMENTS = """\
from construct import Const, Int8ul, Struct, this

from ccheck.formats.exercise.outcome import Exercised, Outcome
from ccheck_interpreter.trap import Refusal
from ccheck_schemas.meaning import Bounded, Table, UpToEnd
from ccheck_schemas.schema import Schema

ELEMENT = Struct("mark" / Const(b"E"), "number" / Bounded(Int8ul, 1, 9))
OPEN = Struct("magic" / Const(b"LIST"), "elements" / UpToEnd(ELEMENT))
COUNTED = Struct("magic" / Const(b"LIST"), "count" / Int8ul, "elements" / Table("elements", this.count, ELEMENT))
SCHEMA = Schema("list", "a list", {layout}, recognise=lambda data: data[:4] == b"LIST")


def EXERCISE(data, given):
    body = data[{first}:]
    if data[:4] != b"LIST" or len(body) % 2 or body[::2].strip(b"E"):
        refusal = Refusal("bad", "bad")
        return Exercised((Outcome("driver", "linux", "refuse", refusal=refusal, checks_bounds=True),))
    return Exercised((Outcome("driver", "linux", "run", events=1, steps=1, checks_bounds=True),))
"""


@pytest.mark.parametrize("is_open", [True, False])
def test_a_cut_between_elements_of_an_open_list_is_no_fault(cc: Call, is_open: bool) -> None:
    """A shorter file that the format allows is counted; where a count says what was meant, none passes."""
    text = ELEMENTS.replace("{layout}", "OPEN" if is_open else "COUNTED")
    Path("one.py").write_text(text.replace("{first}", "4" if is_open else "5"), encoding="utf-8")
    off = "".join(f"{stage} = false\n" for stage in STAGES if stage != "faults")
    Path("ccheck.toml").write_text(f"format = 1\n[gate]\n[gate.stages]\n{off}", encoding="utf-8")
    Path("release").mkdir()
    data = b"LIST" + (b"" if is_open else b"\3") + b"E\1E\2E\3"
    Path("release", "a.list").write_bytes(data)
    status, out, err = cc("gate", "release", "--schema", "one.py", "--on", DAY)
    assert status == 0, out + err
    assert ("cuts between elements left a shorter file that is whole" in out) is is_open


def test_policy_of_several_profiles_passes(cc: Call) -> None:
    """Compiled policy cut between two profiles is a shorter policy: kernels take it, and nothing is wrong."""
    recipe = "schema: apparmor\ncontent:\n  profiles:\n  - {version: 7, name: a}\n  - {name: b}\n"
    Path("p.yaml").write_text(recipe, encoding="utf-8")
    Path("release").mkdir()
    assert cc("build", "p.yaml", "-o", "release/p.bin")[0] == 0
    off = "".join(f"{stage} = false\n" for stage in STAGES if stage != "faults")
    text = f'format = 1\nconsumers = "c.toml"\n[gate]\n[gate.stages]\n{off}'
    Path("ccheck.toml").write_text(text, encoding="utf-8")
    builds = cc("consumers", "show", "builtin:linux-lts", "linux-5.4", "linux-7.2")[1]
    Path("c.toml").write_text(builds, encoding="utf-8")
    status, out, err = cc("gate", "release", "--on", DAY)
    assert status == 0, out + err
    assert "; 1 cut between elements left a shorter file that is whole\n" in out
