"""Processes that the user's code ends: reported with their place, and never a pass."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ccheck_fuzz.campaign.state.database import State

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and C's exit are others here")

SEED = b"MINE\x01\x02\x00\x00"
SCHEMA = """
import ctypes, os, signal, sys
from construct import Const, Int8ul, Int16ul, Struct
from ccheck.core.check import Check
from ccheck.formats.exercise.outcome import Exercised, Outcome
from ccheck_schemas.meaning import Bounded, Version
from ccheck_schemas.schema import Schema

class Odd(BaseException):
    pass

PROCESS = [word.rpartition(".")[2] for word in sys.orig_argv if word.startswith("ccheck_fuzz.")]
{top}
MINE = Struct(
    "magic" / Const(b"MINE"), "version" / Version(Int8ul, known=(1,)), "kind" / Bounded(Int8ul, 0, 3), "a" / Int16ul
)

def always_right(subject):
    \"\"\"Nothing is wrong.

    ## What is wrong
    Nothing.

    ## Why is this bad
    It is not.

    ## How to fix
    Do nothing.
    \"\"\"
    {check}
    yield from ()

CHECKS = (Check(always_right, schemas=("mine",)),)
SCHEMA = Schema("mine", "mine", MINE, recognise=lambda data: data[:4] == b"MINE")

def EXERCISE(data, given):
    {exercise}
    return Exercised((Outcome("mine", "any", "run", events=1),))
"""
WAYS = {
    "exits": ("os._exit(0)", "exit status 0"),
    "exits in C": ("ctypes.CDLL(None).exit(0)", "exit status 0"),
    "is killed": ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
    "has no memory": ("raise MemoryError", "MemoryError"),
    "raises": ("raise KeyError('x')", "KeyError: 'x'"),
    "raises no Exception": ("raise Odd('x')", "Odd: x"),
    "raises SystemExit": ("sys.exit(0)", "SystemExit: 0"),
    "raises KeyboardInterrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
}
FEW = ("exits", "exits in C", "raises no Exception", "raises KeyboardInterrupt")
PLACE = re.compile(r"\(mine\.py:\d+, in always_right\)")


def lay_out(folder: Path, *, top: str = "", check: str = "pass", exercise: str = "pass") -> None:
    """Write a schema file and a seed."""
    text = SCHEMA.format(top=top, check=check, exercise=exercise)
    (folder / "mine.py").write_text(text, encoding="utf-8")
    (folder / "seed.bin").write_bytes(SEED)


def ccheck(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ccheck as a user does."""
    command = [sys.executable, "-m", "ccheck", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def fuzz(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a campaign of a few runs, which ends long before its time."""
    return ccheck(
        folder, "fuzz", "--schema", "mine.py", "--seeds", "seed.bin", "--out", "out", "--time", "10m", "--runs", "40",
        "--jobs", "1", "--engine", "hypothesis", *words,
    )  # fmt: skip


@pytest.mark.parametrize("way", [*FEW, "is killed", "has no memory"])
def test_workers_that_die_before_their_first_run_fail_the_campaign(way: str, tmp_path: Path) -> None:
    """Whatever ends them, each is counted and reported with its place, live, in the summary, and as data; status 3."""
    action, how = WAYS[way]
    lay_out(tmp_path, top=f"if 'worker' in PROCESS: {action}")
    done = fuzz(tmp_path)
    said = done.stdout + done.stderr
    assert done.returncode == 3, said
    place = "" if way == "is killed" else "(mine.py:13, in <module>)"
    for output in (done.stdout, done.stderr):
        reported = [
            line
            for line in output.splitlines()
            if line.startswith("worker 0 (hypothesis) crashed outside of a run")
        ]
        assert reported, said
        assert how in reported[0], said
        assert place in reported[0], said
    assert "5 worker crashes" in done.stdout
    assert "every worker crashed again and again, and is not begun again: worker 0" in done.stderr
    again = ccheck(tmp_path, "fuzz", "status", "out")
    assert again.returncode == 3
    assert "the campaign could not do its work: not one run was made" in again.stderr
    report = ccheck(tmp_path, "fuzz", "report", "out", "--json", "out.json", "--markdown", "out.md")
    assert report.returncode == 3, report.stderr
    data = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert (data["runs"], data["problem"]) == (0, "not one run was made")
    assert [(one["job"], one["finding"], how in one["what"]) for one in data["worker_crashes"]] == [
        (0, False, True)
    ] * 5
    assert "5 of them outside of a run" in (tmp_path / "out.md").read_text(encoding="utf-8")


def test_an_engine_that_a_worker_cannot_import_fails_the_campaign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that is there for the campaign and not for its workers is named with the reason; status 3."""
    lay_out(tmp_path)
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "hypothesis.py").write_text(
        "import sys\nif 'ccheck_fuzz.campaign.workers.worker' in sys.orig_argv: raise ImportError('half installed')\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "path"))
    done = fuzz(tmp_path)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "ImportError: half installed" in done.stderr.splitlines()[-1]


AFTER_RUNS = """
if "worker" in PROCESS:
    from ccheck_fuzz.process import heartbeat
    whole = heartbeat.HeartbeatWriter.end
    def end(heartbeats):
        whole(heartbeats)
        if heartbeats.runs == 10: {action}
    heartbeat.HeartbeatWriter.end = end
"""


@pytest.mark.parametrize("way", ["exits", "is killed"])
def test_workers_that_die_between_runs_fail_the_campaign(way: str, tmp_path: Path) -> None:
    """Workers that ran inputs and then died of no finding leave inputs unexamined: status 3.

    There are never more runs than requested.
    """
    action, how = WAYS[way]
    lay_out(tmp_path, top=AFTER_RUNS.format(action=action))
    done = fuzz(tmp_path)
    assert done.returncode == 3, done.stdout + done.stderr
    assert done.stderr.splitlines()[-1] == (
        "the campaign could not do all of its work: 4 of its processes crashed outside of a run"
    )
    assert "\n40 runs in " in done.stdout
    reported = next(line for line in done.stdout.splitlines() if line.startswith("worker 0"))
    assert reported.startswith("worker 0 (hypothesis) crashed outside of a run, after 10 runs: ")
    assert how in reported
    assert done.stdout.splitlines()[-1] == "0 findings"
    assert [crash.finding for crash in State(tmp_path / "out").worker_crashes()] == [False] * 4


@pytest.mark.parametrize("way", ["exits in C", "is killed", "raises SystemExit"])
def test_a_check_that_fails_in_a_run_is_a_finding_with_its_place(way: str, tmp_path: Path) -> None:
    """What a check raises, or ends its process with, on some files is a finding of the oracle schema, not of ccheck."""
    action, how = WAYS[way]
    lay_out(tmp_path, check=f"if subject.data != {SEED!r}: {action}")
    done = fuzz(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    oracle = "ccheck" if way == "is killed" else "schema"
    reported = next(line for line in done.stdout.splitlines() if line.startswith(f"{oracle}: "))
    assert how in reported
    assert oracle == "ccheck" or PLACE.search(reported)


HELPERS = {"merge": (3, "merge crashed"), "triage": (1, "triage crashed")}


@pytest.mark.parametrize("helper", HELPERS)
def test_the_processes_beside_the_workers_are_watched_as_well(helper: str, tmp_path: Path) -> None:
    """One that merges or triages and does not come to its own end is reported, and the campaign is no pass."""
    status, says = HELPERS[helper]
    raises = f"if data != {SEED!r}: raise KeyError" if helper == "triage" else "pass"
    lay_out(tmp_path, top=f"if {helper!r} in PROCESS: os._exit(0)", exercise=raises)
    done = fuzz(tmp_path)
    assert done.returncode == status, done.stdout + done.stderr
    assert f"{says} exit status 0 (mine.py:13, in <module>)" in done.stdout
    assert f"{says} exit status 0 (mine.py:13, in <module>)" in done.stderr


@pytest.fixture(scope="module")
def finding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a campaign that found something, and a corpus that keeps it."""
    folder = tmp_path_factory.mktemp("found")
    lay_out(folder, exercise=f"if data != {SEED!r}: raise KeyError('x')")
    done = fuzz(folder, "--oracle", "validator-bypass")
    assert done.returncode == 1, done.stdout + done.stderr
    (one,) = (folder / "out" / "findings").iterdir()
    words = ["--why", "one", "--why", "two", "--corpus", "kept", "--name", "one"]
    assert ccheck(folder, "corpus", "add", str(one.relative_to(folder)), *words).returncode == 0
    return folder


COMMANDS = {
    "fuzz": ["fuzz", "--schema", "mine.py", "--seeds", "seed.bin", "--out", "new", "--runs", "5"],
    "fuzz, from nothing": ["fuzz", "--schema", "mine.py", "--out", "new", "--runs", "5"],
    "fuzz minimize": ["fuzz", "minimize", "seed.bin", "-o", "small.bin", "--schema=mine.py"],
    "fuzz replay": ["fuzz", "replay", "out"],
    "fuzz coverage": ["fuzz", "coverage", "out"],
    "corpus regress": ["corpus", "regress", "--corpus", "kept"],
    "corpus minimize": ["corpus", "minimize", "seed.bin", "-o", "few", "--schema", "mine.py"],
}


@pytest.mark.parametrize(
    ("name", "way"), [*((name, "exits") for name in COMMANDS), *(("fuzz", way) for way in FEW[1:])]
)
def test_a_command_whose_process_the_users_code_ends_passes_nothing(
    name: str, way: str, finding: Path, tmp_path: Path
) -> None:
    """A schema file that ends the process while it is loaded is reported by name and place, and no command gives 0."""
    action, how = WAYS[way]
    folder = tmp_path / "work"
    shutil.copytree(finding, folder)
    lay_out(folder, top=action)
    for carried in folder.glob("*/**/schema.py"):
        shutil.copyfile(folder / "mine.py", carried)
    state = State(folder / "out")
    state.put("options", (state.setting("options") or "").replace(str(finding), str(folder)))
    state.close()
    done = ccheck(folder, *COMMANDS[name])
    said = done.stdout + done.stderr
    # A schema file that raises is wrong usage, as for `ccheck validate`.
    wrong_usage = name == "fuzz coverage" or (name == "fuzz" and way == "raises no Exception")
    assert done.returncode == (2 if wrong_usage else 3), said
    assert how in said, said
    assert ".py:13, in <module>)" in said or (name == "fuzz" and wrong_usage), said


@pytest.mark.parametrize("way", ["exits in C", "raises KeyboardInterrupt"])
def test_a_check_that_ends_the_process_of_the_campaign_is_blamed(way: str, tmp_path: Path) -> None:
    """The campaign judges its seeds itself: a check that fails there is named, and the status is 3."""
    action, how = WAYS[way]
    lay_out(tmp_path, check=action)
    done = fuzz(tmp_path)
    assert done.returncode == 3, done.stdout + done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("nothing was proved: ")
    assert how in last
    assert PLACE.search(last)


def test_what_is_missing_was_not_run(finding: Path, tmp_path: Path) -> None:
    """A finding's folder, or a kept one, that lost its setting or is gone is not run, and status 3 says so."""
    folder = tmp_path / "work"
    shutil.copytree(finding, folder)
    for carried in folder.glob("*/**/schema.py"):  # all else is fixed
        carried.write_text(carried.read_text(encoding="utf-8").replace("if data !=", "if False and data !="))
    assert ccheck(folder, "corpus", "regress", "--corpus", "kept").returncode == 0
    assert ccheck(folder, "fuzz", "replay", "out").returncode == 0
    (kept,) = (folder / "kept" / "own" / "regress").iterdir()
    shutil.copytree(kept, kept.with_name("two"))
    (kept.with_name("two") / "setup.json").unlink()
    done = ccheck(folder, "corpus", "regress", "--corpus", "kept")
    assert (done.returncode, done.stdout.count("fixed "), done.stdout.count("not run ")) == (3, 1, 1)
    (one,) = (folder / "out" / "findings").iterdir()
    shutil.copytree(one, one.with_name("002-other"))
    (one.with_name("002-other") / "setup.json").unlink()
    assert ccheck(folder, "fuzz", "replay", "out").returncode == 3
    shutil.rmtree(one.with_name("002-other"))
    one.rename(one.with_name("003-renamed"))
    done = ccheck(folder, "fuzz", "replay", "out")
    assert (done.returncode, "its folder is gone" in done.stdout) == (3, True)


@pytest.mark.parametrize("name", ["fuzz", "fuzz replay", "corpus regress", "corpus minimize"])
def test_an_interpreter_that_gives_no_outcome_examines_nothing(
    name: str, finding: Path, tmp_path: Path
) -> None:
    """Where no build says anything of a file, nothing was examined: status 3."""
    folder = tmp_path / "work"
    shutil.copytree(finding, folder)
    lay_out(folder, exercise="return Exercised(())")
    for carried in folder.glob("*/**/schema.py"):
        shutil.copyfile(folder / "mine.py", carried)
    done = ccheck(folder, *COMMANDS[name])
    assert done.returncode == 3, done.stdout + done.stderr
