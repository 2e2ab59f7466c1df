"""`from ccheck import validate, gate`: results as data, wrong usage as one exception, and nothing loaded early."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import ccheck
from ccheck import WrongUsage, gate, validate
from ccheck.core.finding import FileReport, RunReport
from ccheck.release.gate.result import Stage, Status
from tests.validator.gate.story import alone, lay_out

DAY = date(2024, 8, 10)


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a policy and two releases."""
    lay_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_importing_ccheck_loads_nothing_else() -> None:
    """`import ccheck` imports the version alone, and no package of others."""
    code = "import sys; before = set(sys.modules); import ccheck; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "ccheck ccheck.version\n"


def test_judging_from_python_loads_no_gate(story: Path) -> None:
    """A program that validates loads neither the release gate nor the interpreter."""
    code = "import sys; from ccheck import validate; validate('march', config='ccheck.toml'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "ccheck.judging.judge" in loaded
    assert not [name for name in loaded if name.startswith(("ccheck.release.gate.run", "ccheck_interpreter"))]


def test_what_is_not_there_is_an_attribute_error() -> None:
    """A name that ccheck does not have is reported as Python reports it."""
    with pytest.raises(AttributeError, match="module 'ccheck' has no attribute 'judgement_day'"):
        _ = ccheck.judgement_day  # type: ignore[attr-defined] # that it is not there is what is tested


@pytest.mark.parametrize(
    "call",
    [
        lambda: validate(),
        lambda: validate("empty"),
        lambda: validate("-"),
        lambda: validate("march", jobs=0),
        lambda: validate("march", schema="nothing"),
        lambda: validate("march", consumers="nowhere.toml"),
        lambda: validate("march", config="nowhere.toml"),
        lambda: validate("march", definitions=["nowhere.bin"]),
        lambda: validate("a\0b"),
        lambda: gate(),
        lambda: gate("empty"),
        lambda: gate("nowhere"),
        lambda: gate("march", only=["validat"]),
        lambda: gate("march", last_good="nowhere"),
        lambda: gate("march", skip=["validate"], only=["validate"]),
        lambda: gate("march", on=date(9999, 12, 31)),
    ],
)
def test_wrong_usage_is_one_exception(story: Path, call: Any) -> None:
    """Whatever cannot be judged raises WrongUsage, and nothing is examined."""
    Path("empty").mkdir()
    with pytest.raises(WrongUsage):
        call()


def test_a_run_without_files_is_no_pass() -> None:
    """An empty report, and one that was interrupted, do not pass."""
    good = FileReport("a", "channel", 1, "", checks_run=1)
    assert RunReport((good,), "1").verdict == "pass"
    assert RunReport((), "1").verdict == "fail"
    assert RunReport((good,), "1", interrupted=True).verdict == "fail"
    assert RunReport((good,), "1", unexamined=("b",)).verdict == "fail"
    assert RunReport((good, FileReport("b", None, 1, "")), "1").verdict == "fail"


def test_each_stage_is_told_as_it_ends(story: Path) -> None:
    """`tell` hears of every stage in its order."""
    told: list[Stage] = []
    alone("validate")
    result = gate("march", on=DAY, tell=told.append)
    assert tuple(told) == result.stages
    assert result.verdict is Status.PASS
    assert gate("march", on=DAY, skip=["validate"], only=["validate", "diff"]).verdict is Status.INCOMPLETE


def test_files_are_judged_alike_on_several_processes(story: Path) -> None:
    """With and without worker processes the reports are the same."""
    one, two = (validate("march", "july", config="ccheck.toml", on=DAY, jobs=jobs) for jobs in (1, 2))
    assert one == two
