"""Stages of other packages run in a process of their own: whatever becomes of it, the gate goes on, and no pass."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest

import ccheck.release.gate.stage as table
from ccheck.release.gate.context import GateContext
from ccheck.release.gate.isolated_stage import StageLost, run_isolated
from ccheck.release.gate.prepare import prepare_gate
from ccheck.release.gate.result import Stage, Status
from ccheck.release.gate.stage import run_stage
from tests.validator.gate.story import lay_out

STAGES = """\
import os, signal, sys, time
from ccheck.release.gate.result import Stage, Status

def good(case):
    print("words that are no answer", "x" * 1_000_000)
    print("x" * 1_000_000, file=sys.stderr)
    return Stage("good", Status.PASS, "well", {"files": len(case.files), "bytes": len(case.files[0].data)})

def hang(case):
    with open("child", "w") as file:
        file.write(str(os.getpid()))
    while True:
        time.sleep(60)

def raises(case):
    raise RuntimeError("out of luck")

def leaves(case):
    sys.exit(0)

def vanishes(case):
    os._exit(0)

def killed(case):
    os.kill(os.getpid(), signal.SIGKILL)

def greedy(case):
    held = bytearray(1 << 40)

def off(case):
    return Stage("off", Status.OFF, "not today")

def other(case):
    return Stage("good", Status.PASS, "well", {"files": 1})
"""
NAMES = ("good", "hang", "raises", "leaves", "vanishes", "killed", "greedy", "off", "other")


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GateContext:
    """March before a gate, where another package brings stages."""
    lay_out(tmp_path)
    (tmp_path / "ccheck.toml").write_text(
        (tmp_path / "ccheck.toml")
        .read_text(encoding="utf-8")
        .replace("[gate]\n", "[gate]\nstage_seconds = 30\n"),
        encoding="utf-8",
    )
    package = tmp_path / "installed"
    info = package / "brought-1.0.dist-info"
    info.mkdir(parents=True)
    (package / "brought.py").write_text(STAGES, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: brought\nVersion: 1.0\n", encoding="utf-8")
    entries = "".join(f"{name} = brought:{name}\n" for name in NAMES)
    (info / "entry_points.txt").write_text(
        f"[ccheck.stages]\n{entries}fuzz = brought:good\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(str(package))
    monkeypatch.chdir(tmp_path)
    return prepare_gate(["march"], on=date(2024, 8, 10))


def test_a_stage_is_told_of_as_it_ended(context: GateContext) -> None:
    """The stage looks at the bytes that the gate has read, and what it prints is not its answer."""
    path = next(Path("march").iterdir())
    size = path.stat().st_size
    path.write_bytes(b"changed meanwhile")
    assert run_isolated("good", context) == Stage("good", Status.PASS, "well", {"files": 1, "bytes": size})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("raises", "its process ended with exit status 1: RuntimeError: out of luck"),
        ("leaves", "its process ended with exit status 1: SystemExit: 0"),
        ("vanishes", "its process told of no stage"),
        ("killed", "its process was ended by SIGKILL"),
        ("greedy", "its process ended with exit status 1: MemoryError"),
    ],
)
def test_a_process_that_ends_otherwise_leaves_the_stage_incomplete(
    context: GateContext, name: str, words: str
) -> None:
    """Whatever ends the process, the stage is lost and it is said how."""
    with pytest.raises(StageLost) as lost:
        run_isolated(name, context)
    assert str(lost.value).startswith(words)


def test_a_hang_is_ended(context: GateContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that does not end within the policy's seconds is ended, and its process is gone."""
    real = subprocess.Popen.communicate

    def late(self: subprocess.Popen[bytes], data: bytes, timeout: float) -> tuple[bytes, bytes]:
        assert timeout == 30
        assert self.stdin is not None
        self.stdin.write(data)
        self.stdin.close()
        self.stdin = None
        while not Path("child").exists() or not Path("child").read_text(encoding="utf-8"):
            assert self.poll() is None
        return real(self, timeout=0.01)

    monkeypatch.setattr(subprocess.Popen, "communicate", late)
    with pytest.raises(StageLost, match="did not end within 30 s: a hang, or too much for"):
        run_isolated("hang", context)
    assert not Path("/proc", Path("child").read_text(encoding="utf-8")).exists()


def test_what_it_is_judged_by_must_still_be_there(context: GateContext) -> None:
    """A ccheck.toml, or consumers, that changed after they were read leave the stage incomplete."""
    with Path("consumers.toml").open("a", encoding="utf-8") as file:
        file.write("# more\n")
    with pytest.raises(StageLost, match="what the release is judged by was changed while the gate ran"):
        run_isolated("good", context)


def test_several_packages_with_one_stage_are_told(context: GateContext) -> None:
    """If two packages have the same stage, neither runs: the verdict could not say which one did."""
    stage = run_stage("fuzz", prepare_gate(["march"], on=date(2024, 8, 10), only=["fuzz"]))
    assert stage.status is Status.INCOMPLETE
    assert "several packages bring it: " in stage.summary


@pytest.mark.parametrize("name", ["off", "other"])
def test_a_stage_that_is_on_must_be_itself(
    context: GateContext, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stage that says it is off, or is another, would be passed over by the verdict: it is incomplete."""
    monkeypatch.setattr(table, "stage_run", lambda asked: None)
    monkeypatch.setattr(table, "run_isolated", lambda asked, given: run_isolated(name, given))
    only = prepare_gate(["march"], on=date(2024, 8, 10), only=["fuzz"])
    stage = run_stage("fuzz", only)
    assert stage.status is Status.INCOMPLETE
    assert "it told of " in stage.summary
