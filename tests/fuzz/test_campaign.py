"""Campaigns, short ones: found, survived, resumed, reported."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import psutil
import pytest

from ccheck.cli.recipe_file import build_file
from ccheck.formats.registry import SCHEMAS
from ccheck_fuzz.campaign.state.database import State
from ccheck_fuzz.engines.table import available
from ccheck_fuzz.execution.context import prepare_campaign
from ccheck_fuzz.execution.harness import Harness
from tests.conftest import ROOT
from tests.fuzz.channel_setting import CORPUS, ON, STORY, options

ENGINES = [name for name, missing in available().items() if missing is None]
SETTING = ["--config", str(CORPUS / "ccheck.toml"), "--on", ON]
OWN = ["--reader", "tests.fuzz.own_reader:read"]


def fuzz(*words: str, timeout: float = 400) -> subprocess.CompletedProcess[str]:
    """Run `ccheck fuzz` as a user does."""
    command = [sys.executable, "-m", "ccheck", "fuzz", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=timeout)


def test_every_python_has_an_engine() -> None:
    """Hypothesis is there with the tests, so that the engines below are never none."""
    assert "hypothesis" in ENGINES


@pytest.mark.parametrize("engine", ENGINES)
def test_each_engine_finds_the_fault_of_a_users_own_reader(engine: str, tmp_path: Path) -> None:
    """With the March file as seed, every engine comes to what the user's reader raises on; exit status 1."""
    out = tmp_path / "out"
    done = fuzz(
        "--seeds", str(STORY / "good"), "--out", str(out), "--time", "120s", "--runs", "9000", "--jobs", "1",
        "--engine", engine, *SETTING, *OWN,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    state = State(out)
    found = {bucket.signature: bucket for bucket in state.buckets()}
    bucket = found["validator-bypass", "exception", "IndexError", "own_reader.py:read"]
    assert bucket.state == "minimal"
    assert {sample.engine for sample in state.samples()} == {engine}
    assert state.inputs()
    assert any(name.startswith("line ") for name, _ in state.features())
    folder = out / "findings" / str(bucket.folder)
    names = {path.name for path in folder.iterdir()}
    assert names - {"recipe.yaml"} == {
        "consumers.toml", "definitions.bin", "file.bin", "output.txt", "report.json", "report.txt",
        "setup.json", "test_reproducer.py",
    }  # fmt: skip
    if "recipe.yaml" in names:
        assert build_file(folder / "recipe.yaml", SCHEMAS) == (folder / "file.bin").read_bytes()
    else:  # what has no recipe passes with a warning, and the report says which
        assert "warning[" in (folder / "report.txt").read_text(encoding="utf-8")
    again = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder / "test_reproducer.py")],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert again.returncode == 1, again.stdout
    assert "the validator passes, and tests.fuzz.own_reader:read traps" in again.stdout


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a short campaign with one finding."""
    out = tmp_path_factory.mktemp("campaign") / "out"
    done = fuzz(
        "--seeds", str(STORY / "good"), "--out", str(out), "--time", "120s", "--runs", "5000", "--jobs", "2",
        *SETTING, *OWN, "--oracle", "validator-bypass",
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "found validator-bypass: the validator passes, and tests.fuzz.own_reader:read traps" in done.stderr
    return out


def test_status_says_what_was_found(campaign: Path) -> None:
    """`status` is the summary once more, with its exit status."""
    done = fuzz("status", str(campaign))
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "configuration: corpus/channel/ccheck.toml"
    assert " lines and " in lines[1]
    assert lines[-1] == "1 finding"


def test_replay_runs_the_finding_again(campaign: Path) -> None:
    """`replay` says that the finding still reproduces, for the campaign and for one folder of it."""
    for folder in (campaign, next((campaign / "findings").iterdir())):
        done = fuzz("replay", str(folder))
        assert done.returncode == 1
        assert done.stdout.startswith(
            "still reproduces 001-validator-bypass-exception-IndexError-own-reader.py-read: the validator passes"
        )


def test_replay_runs_no_information(tmp_path: Path) -> None:
    """An informational finding is not broken: a campaign without findings has nothing to run again."""
    state = State(tmp_path, create=True)
    state.put("options", options().to_json())
    july = (STORY / "bad" / "C-00000291-00000000-00000032.bin").read_bytes()
    (reported,) = Harness(prepare_campaign(options()), lambda data, broken: None).broken_by(july)
    assert reported.information
    state.hit(reported, july, 1, 0.1)
    state.close()
    done = fuzz("replay", str(tmp_path))
    assert (done.returncode, done.stdout) == (3, "")
    assert "holds no finding: nothing was run" in done.stderr


def test_the_same_campaign_goes_on(campaign: Path) -> None:
    """The same command adds a session; corpus and findings stay, and nothing is found anew."""
    before = State(campaign)
    corpus, buckets = before.inputs(), len(before.buckets())
    done = fuzz(
        "--seeds", str(STORY / "good"), "--out", str(campaign), "--time", "20s", "--runs", "100", "--jobs", "1",
        *SETTING, *OWN, "--oracle", "validator-bypass",
    )  # fmt: skip
    assert done.returncode == 1
    after = State(campaign)
    assert [why for _, _, _, why in after.sessions()] == ["time", "time"]
    assert len(after.buckets()) == buckets
    assert set(after.inputs()) & set(corpus)
    session = after.sessions()[-1][0]
    figures = [sample for sample in after.samples() if sample.session == session]
    assert all(sample.corpus >= len(corpus) for sample in figures)
    shown = next(line for line in done.stderr.splitlines() if " lines, " in line)
    assert ", 0 lines, " not in shown


def test_only_what_is_new_counts(campaign: Path, tmp_path: Path) -> None:
    """With --new-only a finding that an earlier campaign has does not fail the run, and is mentioned."""
    done = fuzz(
        "--seeds", str(STORY / "good"), "--out", str(tmp_path / "pr"), "--time", "120s", "--runs", "5000",
        "--jobs", "1", *SETTING, *OWN, "--oracle", "validator-bypass", "--new-only", "--since", str(campaign),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-2:] == ["1 findings were known before", "0 findings"]


def test_coverage_is_by_plain_replay(campaign: Path) -> None:
    """`coverage` gives coverage.py's table of the interpreter and of the user's own package."""
    done = fuzz("coverage", str(campaign))
    assert done.returncode == 0, done.stderr
    rows = {
        line.split()[0].rpartition("/")[2]: line.split() for line in done.stdout.splitlines() if ".py" in line
    }
    assert int(rows["evaluate.py"][-1].rstrip("%")) > 20
    assert "own_reader.py" in rows


def test_reports_tell_what_was_found(campaign: Path, tmp_path: Path) -> None:
    """Markdown and the page have the finding, the figures and the matrix; the page loads nothing."""
    page = tmp_path / "page.html"
    done = fuzz("report", str(campaign), "--html", str(page), "--markdown", str(tmp_path / "report.md"))
    assert done.returncode == 0, done.stderr
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert markdown.startswith("# Fuzzing channel: 1 finding\n")
    assert "| IPC 1 field 20 |" in markdown
    html = page.read_text(encoding="utf-8")
    assert html.count("<details") == 1
    assert html.count("<svg") == 3
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")


def test_a_killed_campaign_loses_no_finding(tmp_path: Path) -> None:
    """Killed with a finding fresh, its workers end too; the same command finds all that was found, and triages it."""
    out = tmp_path / "out"
    words = [
        "--seeds", str(STORY / "good"), "--out", str(out), "--time", "120s", "--jobs", "2", *SETTING, *OWN,
        "--oracle", "validator-bypass",
    ]  # fmt: skip
    command = [sys.executable, "-m", "ccheck", "fuzz", *words]
    running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        time.sleep(0.2)
        if (out / "campaign.sqlite").is_file() and (out / "work").is_dir() and State(out).buckets():
            break
    family = psutil.Process(running.pid).children(recursive=True)
    assert family
    running.kill()
    running.wait()
    _, alive = psutil.wait_procs(family, timeout=60)
    assert alive == []
    found = [(bucket.signature, bucket.hits) for bucket in State(out).buckets()]
    assert found
    again = fuzz(*words[:5], "20s", *words[6:], "--runs", "200")
    assert again.returncode == 1, again.stdout + again.stderr
    buckets = {bucket.signature: bucket for bucket in State(out).buckets()}
    for signature, hits in found:
        assert buckets[signature].hits >= hits
        assert buckets[signature].state == "minimal"


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
@pytest.mark.parametrize("options", [[], ["--quiet"], OWN])
def test_ctrl_c_ends_cleanly(tmp_path: Path, options: list[str]) -> None:
    """An interrupt ends the campaign and its workers early, prints the summary, and gives status 130.

    It is reported once, even if code of the user's runs in a process of its own.
    """
    out = tmp_path / "out"
    command = [
        sys.executable, "-m", "ccheck", "fuzz", "--seeds", str(STORY / "good"), "--out", str(out), "--time", "8h",
        "--jobs", "1", *options, *SETTING,
    ]  # fmt: skip
    running = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    until = time.monotonic() + 60
    while time.monotonic() < until:
        time.sleep(0.2)
        if (out / "campaign.sqlite").is_file() and any(sample.runs for sample in State(out).samples()):
            break
    running.send_signal(signal.SIGINT)
    output, errors = running.communicate(timeout=600)  # of eight hours: what it must not do is to go on
    assert running.returncode == 130, output + errors
    assert errors.splitlines()[-1] == "interrupted"
    assert errors.count("interrupted") == 1
    assert re.fullmatch(r"\d+ findings?", output.splitlines()[-1])
    assert [why for _, _, _, why in State(out).sessions()] == ["interrupted"]
    assert "Traceback" not in errors


CRASHER = {
    "hang": "time.sleep(999)",
    "crash": "os.kill(os.getpid(), signal.SIGSEGV)",
    "memory": "bytearray(1 << 33)",
}


@pytest.mark.parametrize("kind", CRASHER)
def test_a_worker_that_dies_is_begun_again_and_leaves_its_input(kind: str, tmp_path: Path) -> None:
    """A run that hangs, crashes its process or takes all memory is a finding with its input; the search goes on."""
    (tmp_path / "crasher.py").write_text(
        f"import os, signal, time\ndef read(data):\n    if len(data) > 520:\n        {CRASHER[kind]}\n",
        encoding="utf-8",
    )
    out = tmp_path / "out"
    command = [
        sys.executable, "-m", "ccheck", "fuzz", "--seeds", str(STORY / "good"), "--out", str(out), "--time", "14s",
        "--jobs", "1", "--reader", "crasher:read", "--run-timeout", "2s", *SETTING,
    ]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment, timeout=240
    )
    assert done.returncode == 1, done.stdout + done.stderr
    state = State(out)
    if kind == "memory":
        signatures = {bucket.signature for bucket in state.buckets()}
        assert ("validator-bypass", "exception", "MemoryError", "crasher.py:read") in signatures
        return
    crashes = state.worker_crashes()
    assert crashes
    assert {crash.kind for crash in crashes} == {kind}
    assert all(len(crash.data) > 520 for crash in crashes)
    wanted = (kind, "crasher:read") if kind == "hang" else (kind, "crasher:read", "SIGSEGV")
    errors = [bucket for bucket in state.buckets() if not bucket.information]
    assert wanted in {bucket.signature[1:] for bucket in errors}
    assert not [bucket for bucket in errors if bucket.oracle == "ccheck"]
    assert all("(crasher.py:4, in read)" in bucket.what for bucket in errors)


def test_inputs_that_end_every_process_do_not_end_the_search(tmp_path: Path) -> None:
    """A reader that dies of the empty file and of a seed, with which engines begin, is searched on."""
    seed = STORY / "good" / "C-00000291-00000000-00000001.bin"
    (tmp_path / "crasher.py").write_text(
        "import os, signal, zlib\n"
        f"def read(data):\n    if not data or zlib.crc32(data) == {zlib.crc32(seed.read_bytes())}:\n"
        "        os.kill(os.getpid(), signal.SIGSEGV)\n",
        encoding="utf-8",
    )
    out = tmp_path / "out"
    command = [
        sys.executable, "-m", "ccheck", "fuzz", "--seeds", str(seed), "--seeds", str(CORPUS / "instances.bin"),
        "--out", str(out), "--time", "60s", "--jobs", "1", "--runs", "2000", "--reader", "crasher:read", *SETTING,
    ]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment, timeout=240
    )
    assert done.returncode == 1, done.stdout + done.stderr
    state = State(out)
    assert state.samples()[-1].runs > 1000
    assert state.samples()[-1].features > 20
    # A worker that has just begun takes away nothing that those before it did.
    for name in ("runs", "cpu", "features", "stable", "replayed"):
        figures = [getattr(sample, name) for sample in state.samples()]
        assert figures == sorted(figures), name
    assert len(state.worker_crashes()) >= 2
    assert ("validator-bypass", "crash", "crasher:read", "SIGSEGV") in {
        bucket.signature for bucket in state.buckets()
    }


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        ([], 2, "name the campaign's folder with --out"),
        (["--out", "o", "--new-only"], 2, "--new-only needs --since"),
        (["--out", "o", "--time", "soon"], 2, "'soon' is not a time such as 60s, 10m, 8h or 2d"),
        (["--out", "o", "--schema", "nothing"], 2, "schema 'nothing' is not known"),
        (["--out", "o"], 2, "no seed says which format it is: name the format with --schema"),
        (["--out", "o", "--schema", "channel", "--no-config"], 2, "no consumers were named"),
        (["status", "{empty}"], 2, "holds no campaign"),
        (["coverage", "{empty}"], 2, "holds no campaign"),
        (["replay", "{empty}"], 3, "holds no finding: nothing was run"),
    ],
)
def test_wrong_usage_is_said_so(words: list[str], status: int, says: str, tmp_path: Path) -> None:
    """What cannot be done is said in words, with its exit status, and never looks like a campaign."""
    (tmp_path / "empty").mkdir()
    words = [word.replace("{empty}", str(tmp_path / "empty")) for word in words]
    command = [sys.executable, "-m", "ccheck", "fuzz", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == status, done.stderr
    assert says in done.stdout + done.stderr


def test_seeds_that_the_validator_refuses_are_no_campaign(tmp_path: Path) -> None:
    """When every seed is refused and nothing is found, the exit status is 3: the search began nowhere."""
    done = fuzz(
        "--seeds", str(CORPUS / "truncated" / "bad"), "--out", str(tmp_path / "out"), "--time", "20s", "--runs", "50",
        "--jobs", "1", *SETTING, "--oracle", "trap",
    )  # fmt: skip
    assert done.returncode == 3, done.stdout + done.stderr
    assert "the validator refuses every seed" in done.stderr


def test_a_finding_is_kept_in_the_corpus_and_run_again(campaign: Path, tmp_path: Path) -> None:
    """`corpus add` keeps a finding with why, and `corpus regress` runs it: broken while the fault is there."""
    finding = next((campaign / "findings").iterdir())
    corpus = tmp_path / "corpus"

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ccheck", "corpus", *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )

    assert run("regress", "--corpus", str(corpus)).returncode == 3
    short = run("add", str(finding), "--why", "one line", "--corpus", str(corpus))
    assert (short.returncode, "say why in two lines" in short.stderr) == (2, True)
    why = ["--why", "a revision that is used as an index", "--why", "the reader read past its table of three"]
    added = run("add", str(finding), *why, "--corpus", str(corpus), "--name", "revision-as-index")
    assert added.returncode == 0, added.stderr
    kept = corpus / "channel" / "regress" / "revision-as-index"
    assert json.loads((kept / "once.json").read_text(encoding="utf-8"))["oracle"] == "validator-bypass"
    again = run("regress", "--corpus", str(corpus))
    assert again.returncode == 1
    assert again.stdout.startswith("still reproduces ")
