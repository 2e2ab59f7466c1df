"""Pipes, sockets and devices: each is an error at every door, and none is ever waited for."""

from __future__ import annotations

import ast
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.validator.gate.story import lay_out

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")

CORPUS = ROOT / "corpus" / "channel"
SECONDS = 60
"""Far longer than any of these commands takes; one that waits for a pipe takes for ever."""


def ccheck(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder; a command that waits fails the test."""
    return subprocess.run(
        [sys.executable, "-m", "ccheck", *map(str, words)],
        cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS, stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with two releases, and a pipe of every ending that a command takes."""
    lay_out(tmp_path)
    for name in ("pipe", "pipe.toml", "pipe.py", "pipe.yaml", "pipe.ksy", "pipe.json", "pipe.pub"):
        os.mkfifo(tmp_path / name)
    return tmp_path


def test_a_folder_with_special_files_is_judged_to_its_end(folder: Path) -> None:
    """A pipe, a socket and a link to a device are findings, and the good files beside them are judged."""
    content = folder / "march"
    os.mkfifo(content / "a.bin")
    (content / "b.bin").symlink_to("/dev/zero")
    server = socket.socket(socket.AF_UNIX)
    with server:
        here = Path.cwd()
        os.chdir(content)  # the name of a socket has 107 characters at most
        try:
            server.bind("c.bin")
        finally:
            os.chdir(here)
        for jobs in (1, 2):
            done = ccheck(folder, "validate", "march", "--on", "2024-08-10", "--jobs", jobs)
            assert done.returncode == 1
            assert done.stdout.count("error[unreadable]") == 3
            for kind in ("a named pipe", "a character device", "a socket"):
                assert f"it is {kind}, not a regular file" in done.stdout
            assert "4 files examined: 1 passed, 3 failed" in done.stdout


def test_a_pipe_that_is_exchanged_for_a_file_is_not_waited_for(tmp_path: Path) -> None:
    """What counts is what was opened: a path that is a file when it is looked at, and then a pipe, is refused."""
    from ccheck.files import regular_file

    path = tmp_path / "x"
    os.mkfifo(path)
    real = os.stat
    try:
        os.stat = lambda *args, **words: real(__file__)  # the look before
        with pytest.raises(OSError, match="named pipe"):
            regular_file.read_regular_file(path)
    finally:
        os.stat = real


DOORS = [
    ["validate", "pipe"],
    ["validate", "march", "--config", "pipe.toml"],
    ["validate", "march", "--definitions", "pipe"],
    ["validate", "march", "--consumers", "pipe.toml"],
    ["validate", "march", "--schema", "pipe.py"],
    ["show", "pipe"],
    ["show", "march/C-00000291-00000000-00000001.bin", "--schema", "pipe.py"],
    ["diff", "pipe", "pipe"],
    ["build", "pipe.yaml", "-o", "built.bin"],
    ["build", "good.yaml", "-o", "pipe", "--force"],
    ["explain", "--schema", "pipe.py"],
    ["schemas", "--schema", "pipe.py"],
    ["import-kaitai", "pipe.ksy"],
    ["import-kaitai", "good.ksy", "-o", "pipe.py", "--force"],
    ["run", "pipe"],
    ["run", "march/C-00000291-00000000-00000001.bin", "--events", "pipe.json", "--consumer", "7.11"],
    ["run", "march/C-00000291-00000000-00000001.bin", "--last-good", "pipe"],
    ["gate", "pipe"],
    ["gate", "march", "--config", "pipe.toml"],
    ["gate", "march", "--baseline", "pipe"],
    ["gate", "march", "--key", "pipe.pub", "--verdict", "v.json"],
    ["gate", "march", "--json", "pipe.json", "--only", "validate"],
    ["verify", "pipe.json", "march", "--key", "gate.pub"],
    ["verify", "v.json", "march", "--key", "pipe.pub"],
    ["verify", "v.json", "pipe", "--key", "gate.pub"],
    ["verify", "v.json", "march", "--key", "gate.pub", "--baseline", "pipe"],
    ["baseline", "add", "pipe", "--release", "r"],
    ["baseline", "show", "--baseline", "pipe"],
    ["baseline", "merge", "pipe", "--baseline", "baseline.txt"],
    ["rollout", "plan", "r", "pipe", "--record", "r", "--last-good", "l", "--hosts", "10"],
    ["rollout", "plan", "r", "ccheck.toml", "--record", "r", "--last-good", "l", "--hosts", "10", "--result", "pipe.json"],
    ["rollout", "record", "canary", "--record", "r", "--health", "pipe.json"],
    ["rollout", "next", "--record", "pipe"],
    ["rollout", "next", "--record", "r", "--trust", "pipe.pub"],
    ["rollout", "simulate", "--record", "pipe"],
    ["rollout", "simulate", "--plot", "pipe"],
    ["validate", "march", "--output", "pipe"],
    ["fuzz", "--seeds", "pipe", "--out", "night", "--time", "1s"],
    ["fuzz", "minimize", "pipe", "-o", "small.bin"],
    ["fuzz", "replay", "finding"],
    ["consumers", "add", "pipe", "--name", "7.17", "--from", "2024-08-10"],
    ["consumers", "verify", "pipe"],
    ["consumers", "verify", "march", "--consumers", "pipe.toml"],
    ["generate", "header", "--schema", "pipe.py"],
    ["generate", "header", "--schema", "channel", "--definitions", "pipe"],
    ["corpus", "add", "finding", "--why", "a", "--why", "b"],
    ["corpus", "regress", "--corpus", "kept"],
    ["corpus", "minimize", "pipe", "-o", "small"],
]  # fmt: skip


@pytest.mark.parametrize("words", DOORS, ids=lambda words: " ".join(words))
def test_no_command_waits_for_a_pipe(folder: Path, words: list[str]) -> None:
    """A pipe at any door is wrong usage or a finding at once, never a pass, and no bug."""
    pytest.importorskip("securesystemslib", reason="keys and verdicts need the extra gate")
    (folder / "good.yaml").write_text(
        (CORPUS / "instances.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    (folder / "good.ksy").write_text(
        "meta: {id: a, endian: le}\nseq: [{id: x, type: u1}]\n", encoding="utf-8"
    )
    (folder / "v.json").write_text("{}", encoding="utf-8")
    for place in ("finding", "kept/channel/regress/finding"):
        (folder / place).mkdir(parents=True)
        os.mkfifo(folder / place / "setup.json")
        (folder / place / "file.bin").write_bytes(b"x")
        (folder / place / "why.txt").write_text("a\nb\n", encoding="utf-8")
    if "gate.pub" in words:
        assert ccheck(folder, "keys", "new", "gate").returncode == 0
    done = ccheck(folder, *words)
    # 3: a gate's result that could not be written, and folders in which there is nothing to run.
    assert done.returncode in (1, 2, 3), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "this is a bug" not in done.stderr
    told = done.stdout + done.stderr
    assert any(
        word in told
        for word in ("pipe", "regular file", "not a finding's folder", "nothing was run", "it was not run")
    ), told


def test_what_ccheck_toml_names_is_not_waited_for(folder: Path) -> None:
    """A pipe that a glob of definitions matches is an error, and is not passed over."""
    toml = folder / "ccheck.toml"
    toml.write_text('format = 1\ndefinitions = ["def*"]\nconsumers = "consumers.toml"\n', encoding="utf-8")
    os.mkfifo(folder / "def-pipe.bin")
    done = ccheck(folder, "validate", "march")
    assert done.returncode == 2
    assert 'ccheck.toml:2: definitions[0]: "def-pipe.bin" is not a regular file' in done.stderr
    toml.unlink()
    os.mkfifo(toml)
    done = ccheck(folder, "validate", "march")
    assert done.returncode == 2
    assert "it is a named pipe, not a regular file" in done.stderr


OWN = {
    "validator/ccheck/files/regular_file.py",  # the one function
    "validator/ccheck/report/page.py",  # templates of this package
    "validator/ccheck/cli/scaffold.py",  # templates of this package
    "validator/ccheck/run/supervise.py",  # what a process of its own reports
    # What a campaign itself has written into its folder:
    "fuzz/ccheck_fuzz/campaign/workers/worker.py",
    "fuzz/ccheck_fuzz/campaign/workers/jobs.py",
    "fuzz/ccheck_fuzz/campaign/shared_corpus.py",
    "fuzz/ccheck_fuzz/process/heartbeat.py",
    "fuzz/ccheck_fuzz/engines/shared.py",
    "fuzz/ccheck_fuzz/execution/isolated.py",
    "fuzz/ccheck_fuzz/process/child.py",  # the log of a process of its own
    "fuzz/ccheck_fuzz/process/memory_group.py",  # what the kernel says of a control group
    "fuzz/ccheck_fuzz/process/program.py",  # and what the kernel says of a process
}  # fmt: skip


def _reads(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called.endswith((".read_bytes", ".read_text")):
            yield f"line {node.lineno}: {called}"
        elif called in ("open", "io.open", "os.open", "click.open_file") or called.endswith(".open"):
            words = ast.unparse(node)
            harmless = "handle" in words or "os.devnull" in words or "O_DIRECTORY" in words
            if not harmless and any(mode in words for mode in ("'rb'", "'r'", "'r+b'", "O_RDONLY")):
                yield f"line {node.lineno}: {words}"


def test_every_file_is_read_by_one_function() -> None:
    """No module of ccheck opens a path of a user's by other means than `read_regular_file`."""
    found = {}
    paths = [*(ROOT / "validator" / "ccheck").rglob("*.py"), *(ROOT / "fuzz" / "ccheck_fuzz").rglob("*.py")]
    assert len(paths) > 100
    for path in paths:
        name = path.relative_to(ROOT).as_posix()
        if name in OWN or "/template/" in name:
            continue
        if reads := list(_reads(ast.parse(path.read_bytes()))):
            found[name] = reads
    assert found == {}


def test_the_table_of_doors_has_every_command() -> None:
    """Each command that takes a path has a line in the table above."""
    from ccheck.cli.main import COMMANDS

    without = {"keys", "init", "completion", "replay-291"}
    assert {words[0] for words in DOORS} == set(COMMANDS) - without | {"fuzz", "corpus", "import-kaitai"}
    assert shutil.which("true"), "the tests run on a system with pipes"


@pytest.mark.parametrize("target", ["loop", "nowhere"])
def test_a_link_that_leads_nowhere_is_a_finding(tmp_path: Path, target: str) -> None:
    """Named itself or below a folder: the link fails, and the other files are judged."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "loop").symlink_to(target)
    (folder / "other").write_bytes(b"x")
    for names in ([folder], [folder / "loop", folder / "other"]):
        done = ccheck(tmp_path, "validate", "--no-config", "--format", "json", *names)
        assert done.returncode == 1
        reports = json.loads(done.stdout)["files"]
        assert [report["findings"][0]["check"] for report in reports] == [
            "unreadable",
            "unrecognised-content",
        ]


GOOD = CORPUS / "field-past-inputs" / "good" / "C-00000291-00000000-00000001.bin"
BAD = CORPUS / "field-past-inputs" / "bad" / "C-00000291-00000000-00000032.bin"


def dashed(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run the command line where a good file is standard input."""
    with GOOD.open("rb") as good:
        return subprocess.run(
            [sys.executable, "-m", "ccheck", *map(str, words)],
            cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS, stdin=good,
        )  # fmt: skip


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("place", [".", "./", "", "./."])
def test_a_file_called_dash_below_a_folder_is_not_standard_input(
    tmp_path: Path, place: str, jobs: str
) -> None:
    """The file is judged, and not what a pipe brings."""
    shutil.copy(BAD, tmp_path / "-")
    done = dashed(tmp_path, "validate", "--config", CORPUS / "ccheck.toml", "--jobs", jobs, place or tmp_path)
    assert done.returncode == 1, done.stdout
    assert "856 bytes" in done.stdout
    assert "480 bytes" not in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("import-kaitai", "./-"),
        ("validate", "--definitions", "./-", GOOD),
        ("verify", "./-", GOOD, "--key", "gate.pub"),
        ("run", "--definitions", "./-", GOOD),
        ("rollout", "record", "canary", "--record", "march.rollout", "--health", "./-"),
        ("fuzz", "minimize", "./-", "-o", "small.bin"),
    ],
)
def test_a_file_called_dash_is_not_standard_input(folder: Path, words: tuple[object, ...]) -> None:
    """A name with its dot is that of a file for every command: here of one that nothing can be made of."""
    os.mkfifo(folder / "-")
    assert dashed(folder, "keys", "new", "gate").returncode == 0
    with_pipe = dashed(folder, *words)
    assert with_pipe.returncode in (1, 2), with_pipe.stdout
    assert "named pipe" in with_pipe.stderr + with_pipe.stdout
