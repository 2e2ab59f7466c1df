"""How every command ends where its report cannot be written, or Ctrl-C is pressed: one line, and a known status."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from ccheck.cli.main import ccheck
from ccheck.report import RENDERERS
from tests.conftest import ROOT
from tests.validator.gate.story import CORPUS, DAY, MARCH, lay_out
from tests.validator.test_driver_facts import compiled

pytestmark = pytest.mark.skipif(os.name != "posix", reason="streams and signals are others here")
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this platform")

FILE = f"march/{MARCH.name}"
ROLLOUT = ["--record", "new.rollout", "--last-good", "l", "--hosts", "1000"]
COMMANDS = {
    "validate": ["validate", FILE, "--on", DAY],
    **{f"validate --format {form}": ["validate", FILE, "--on", DAY, "--format", form] for form in RENDERERS},
    "explain": ["explain"],
    "show": ["show", FILE],
    "show --yaml": ["show", FILE, "--yaml"],
    "diff": ["diff", FILE, FILE],
    "build": ["build", "recipe.yaml", "-o", "built.bin"],
    "schemas": ["schemas"],
    "run": ["run", FILE, "--on", DAY],
    "replay-291": ["replay-291"],
    "gate": ["gate", "march", "--on", DAY, "--only", "validate"],
    "verify": ["verify", "v.json", "march", "--key", "gate.pub"],
    "baseline add": ["baseline", "add", "march", "--release", "r", "--on", DAY],
    "baseline show": ["baseline", "show", "--baseline", "known.txt"],
    "baseline merge": ["baseline", "merge", "known.txt"],
    "consumers list": ["consumers", "list"],
    "consumers show": ["consumers", "show", "builtin:boot"],
    "generate header": ["generate", "header", "--schema", "channel"],
    "keys new": ["keys", "new", "other"],
    "rollout plan": ["rollout", "plan", "r", FILE, *ROLLOUT],
    "rollout record": ["rollout", "record", "canary", "--record", "r.rollout", "--health", "health.json"],
    "rollout next": ["rollout", "next", "--record", "r.rollout"],
    "rollout simulate": ["rollout", "simulate"],
    "init": ["init", "mine"],
    "import-kaitai": ["import-kaitai", "a.ksy"],
    "completion": ["completion", "bash"],
    "fuzz": ["fuzz", "--seeds", "march", "--out", "night", "--time", "10m", "--runs", "5", "--jobs", "1", "--quiet", "--on", DAY],
    "fuzz status": ["fuzz", "status", "campaign"],
    "fuzz report": ["fuzz", "report", "campaign"],
    "fuzz coverage": ["fuzz", "coverage", "campaign"],
    "fuzz replay": ["fuzz", "replay", "finding"],
    "fuzz minimize": ["fuzz", "minimize", "july/C-00000291-00000000-00000032.bin", "-o", "small.bin", "--trust-definitions", "--seconds", "600", "--on", DAY],
    "corpus add": ["corpus", "add", "finding", "--why", "a", "--why", "b"],
    "corpus regress": ["corpus", "regress", "--corpus", "kept"],
    "corpus minimize": ["corpus", "minimize", "march", "-o", "few", "--on", DAY],
    "--help": ["--help"],
    "validate --help": ["validate", "--help"],
    "--version": ["--version"],
}  # fmt: skip
if shutil.which("gcc"):  # a driver is compiled
    COMMANDS |= {
        "consumers add": [
            "consumers",
            "add",
            "driver.so",
            "--name",
            "7.16",
            "--from",
            DAY,
            "--consumers",
            "new.toml",
        ],
        "consumers verify": ["consumers", "verify", "driver.so", "--consumers", "known.toml"],
    }


def leaves(group: click.Group, before: str = "") -> Iterator[str]:
    """The names of all commands that do something."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from leaves(command, f"{before}{name} ")
            if command.invoke_without_command:
                yield f"{before}{name}"
        else:
            yield f"{before}{name}"


def test_the_table_has_every_command() -> None:
    """A command that is added needs a line above."""
    compiled = set() if shutil.which("gcc") else {"consumers add", "consumers verify"}
    assert set(leaves(ccheck)) - compiled <= set(COMMANDS)


def ran(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "ccheck", *words], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every command of the table has something to say."""
    pytest.importorskip("securesystemslib", reason="keys and verdicts need the extra gate")
    folder = tmp_path_factory.mktemp("ready")
    lay_out(folder)
    (folder / "health.json").write_text(
        '{"begun": "2024-08-10T00:00:00+00:00", "until": "2024-08-11T00:00:00+00:00", "hosts": 10,'
        ' "reporting": 10, "crashed": 0, "looping": 0}',
        encoding="utf-8",
    )
    (folder / "a.ksy").write_text("meta: {id: a, endian: le}\nseq: [{id: x, type: u1}]\n", encoding="utf-8")
    (folder / "v.json").write_text("{}", encoding="utf-8")
    (folder / "recipe.yaml").write_text(ran(folder, "show", FILE, "--yaml").stdout, encoding="utf-8")
    if "consumers add" in COMMANDS:
        done = compiled(folder, "gcc -shared -fPIC", "driver.so")
        assert done.returncode == 0, done.stderr
        done = ran(folder, *COMMANDS["consumers add"][:-1], "known.toml")
        assert done.returncode == 0, done.stderr
    for words in (
        ["keys", "new", "gate"],
        ["baseline", "add", "march", "--release", "r", "--on", DAY, "--baseline", "known.txt"],
        ["rollout", "plan", "r", FILE, "--record", "r.rollout", "--last-good", "l", "--hosts", "1000"],
        ["fuzz", "--seeds", "march", "--out", "campaign", "--time", "10m", "--runs", "50", "--jobs", "1", "--on", DAY, "--quiet"],
    ):  # fmt: skip
        done = ran(folder, *words)
        assert done.returncode == 0, done.stdout + done.stderr
    shutil.copytree(next((CORPUS / "regress").iterdir()), folder / "finding")
    shutil.copytree(folder / "finding", folder / "kept" / "channel" / "regress" / "one")
    return folder


@pytest.fixture
def place(ready: Path, tmp_path: Path) -> Path:
    """A copy of the folder, for one command."""
    shutil.copytree(ready, tmp_path / "work")
    return tmp_path / "work"


@needs_full
@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk(place: Path, name: str) -> None:
    """A report that standard output does not take is status 3, and one line says why."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        command = [sys.executable, "-m", "ccheck", *COMMANDS[name]]
        done = subprocess.run(command, cwd=place, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.stderr.splitlines()[-1:] == ["standard output could not be written: No space left on device"]
    assert _of_the_end(done.stderr) == 1
    assert done.returncode == 3


@pytest.mark.parametrize("name", COMMANDS)
def test_a_reader_that_leaves(place: Path, name: str) -> None:
    """A pipe that is closed before the end of the report is status 3, and one line says so."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "ccheck", *COMMANDS[name]]
    with open(writing, "w", encoding="utf-8") as pipe:  # noqa: PTH123 - an open descriptor
        done = subprocess.run(command, cwd=place, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False)
    assert done.stderr.splitlines()[-1:] == ["standard output was closed before the end of the report"]
    assert _of_the_end(done.stderr) == 1
    assert done.returncode == 3


INTERRUPTED = """
import signal, sys
import click
from ccheck.cli import main as cli
whole = click.Context.invoke
def invoke(self, callback, *given, **named):
    if isinstance(self.command, click.Group) and not self.command.invoke_without_command:
        return whole(self, callback, *given, **named)
    if self.invoked_subcommand is None:
        signal.raise_signal(signal.SIGINT)
    return whole(self, callback, *given, **named)
click.Context.invoke = invoke
sys.argv = ["ccheck", *sys.argv[1:]]
cli.main()
"""


@pytest.mark.parametrize("name", [name for name in COMMANDS if not name.endswith(("--help", "--version"))])
def test_ctrl_c(place: Path, name: str) -> None:
    """Ctrl-C in any command is status 130, and one line says so."""
    command = [sys.executable, "-c", INTERRUPTED, *COMMANDS[name]]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


@pytest.mark.parametrize("streams", [">&-", "2>&-", "<&-", ">&- 2>&-", "2>/dev/full", "2>&- | cat"])
@pytest.mark.parametrize(("file", "expected"), [(FILE, 0), ("july", 1), ("nowhere", 2)])
def test_streams_that_are_closed_change_no_answer(
    place: Path, streams: str, file: str, expected: int
) -> None:
    """The status says what was found whatever becomes of standard error; without standard output it is 3."""
    program = f"{sys.executable} -m ccheck validate {file} --on {DAY} {streams}"
    done = subprocess.run(
        [shutil.which("bash") or "sh", "-c", f"set -o pipefail; {program}"],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (3 if ">&-" in streams.replace("2>&-", "") and expected != 2 else expected)
    assert "Traceback" not in done.stderr


def test_a_report_file_on_a_full_disk(place: Path) -> None:
    """A file that the disk does not take is status 3, no wrong usage, and nothing is left of it."""
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64)); sys.argv[0] = 'ccheck';"
        "from ccheck.cli.main import main; main()"
    )
    command = [sys.executable, "-c", limited, *COMMANDS["validate"], "--output", "report.txt"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "report.txt could not be written: File too large\n")
    assert not (place / "report.txt").exists()
    assert list(place.glob(".ccheck-*")) == []


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077, 0o000])
def test_files_have_the_mode_that_the_umask_leaves(place: Path, umask: int) -> None:
    """Every file that a command writes for people has the mode that any program would give it."""

    def masked(*words: str) -> None:
        command = [sys.executable, "-m", "ccheck", *words]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False, umask=umask)
        assert done.returncode in (0, 3), done.stdout + done.stderr

    masked(*COMMANDS["validate"], "--output", "out.txt")
    masked(*COMMANDS["validate"], "--format", "sarif", "--output", "out.sarif")
    masked(
        *COMMANDS["gate"],
        "--json",
        "out.json",
        "--junit",
        "out.xml",
        "--report",
        "out.html",
        "--markdown",
        "out.md",
        "--key",
        "gate.key",
        "--verdict",
        "out.verdict",
    )
    masked(*COMMANDS["build"])
    masked(*COMMANDS["import-kaitai"], "-o", "out.py")
    masked(*COMMANDS["rollout plan"])
    masked(*COMMANDS["rollout simulate"], "--plot", "out.svg")
    masked(*COMMANDS["baseline add"])
    masked(*COMMANDS["fuzz report"], "--html", "night.html", "--markdown", "night.md")
    written = [
        *place.glob("out.*"),
        *(place / name for name in ("built.bin", "new.rollout", "baseline.txt", "night.html", "night.md")),
    ]
    assert len(written) == 14
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in written} == {
        path.name: oct(0o666 & ~umask) for path in written
    }


def test_a_file_that_is_replaced_keeps_its_mode(place: Path) -> None:
    """What somebody made secret stays so; where a link leads is not written to."""
    (place / "kept.txt").write_text("old", encoding="utf-8")
    (place / "kept.txt").chmod(0o640)
    (place / "link.txt").symlink_to("kept.txt")
    assert ran(place, *COMMANDS["validate"], "--output", "link.txt").returncode == 0
    assert "1 passed" in (place / "link.txt").read_text(encoding="utf-8")
    assert not (place / "link.txt").is_symlink()
    assert (place / "kept.txt").read_text(encoding="utf-8") == "old"
    assert ran(place, *COMMANDS["validate"], "--output", "kept.txt").returncode == 0
    assert "1 passed" in (place / "kept.txt").read_text(encoding="utf-8")
    assert (place / "kept.txt").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("output", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev/null", "null"])
def test_a_stream_is_no_file_to_write(place: Path, output: str) -> None:
    """A device, and the link that stands for standard output, are not replaced by a file."""
    (place / "null").symlink_to("/dev/null")
    done = ran(place, *COMMANDS["validate"], "--output", output)
    assert (done.returncode, done.stdout) == (2, "")
    assert "not a regular file" in done.stderr
    assert (place / "null").is_symlink()
    assert Path("/dev/stdout").is_symlink() or not Path("/dev/stdout").exists()


def _of_the_end(errors: str) -> int:
    """How many lines speak of the end; there is no traceback, and no bug."""
    assert "Traceback" not in errors
    assert "this is a bug" not in errors
    assert "Exception ignored" not in errors
    return sum(line.startswith("standard output ") for line in errors.splitlines())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["validate", FILE, "--config", "ccheck.toml", "--no-config"], "give one of them"),
        (["gate", "march", "--config", "ccheck.toml", "--no-config"], "give one of them"),
        (["run", FILE, "--config", "ccheck.toml", "--no-config"], "give one of them"),
        (["baseline", "add", "march", "--release", "r", "--config", "ccheck.toml", "--no-config"], "give one of them"),
        (["fuzz", "--seeds", "march", "--out", "o", "--config", "ccheck.toml", "--no-config"], "give one of them"),
        (["validate", FILE, "--schema", "chanel"], "did you mean channel?"),
        (["show", FILE, "--schema", "chanel"], "did you mean channel?"),
        (["diff", FILE, FILE, "--schema", "sysmn"], "did you mean sysmon?"),
        (["gate", "march", "--schema", "chanel"], "did you mean channel?"),
        (["fuzz", "--seeds", "march", "--out", "o", "--schema", "chanel"], "did you mean channel?"),
        (["run", FILE, "--consumer", "7.1"], "did you mean 7.1"),
        (["rollout", "record", "canry", "--record", "r.rollout", "--health", "health.json"], "did you mean canary?"),
        (["explain", "field-past-input"], "did you mean field-past-inputs"),
    ],
)  # fmt: skip
def test_wrong_usage_says_what_was_meant(place: Path, words: list[str], said: str) -> None:
    """Two options that contradict each other are wrong usage, and a name that is nearly one gets a hint."""
    done = ran(place, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_an_annotation_names_no_other_file(tmp_path: Path) -> None:
    """A name that a workflow command cannot hold is in the words, and not in the place of a file's name."""
    name = os.fsdecode(b"\xff.bin")
    for one in (name, "\\udcff.bin", "a\x1bb.bin"):
        (tmp_path / one).write_bytes(b"junk")
    done = subprocess.run(
        [sys.executable, "-m", "ccheck", "validate", "--no-config", "--format", "github", "."],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 1
    commands = [
        line
        for line in done.stdout.splitlines()
        if line.startswith("::error") and "unrecognised-content" in line
    ]
    assert [line.split("title")[0] for line in commands] == [
        "::error file=\\udcff.bin,",
        "::error ",
        "::error ",
    ]
    assert [word for line in commands for word in line.split("%0A") if word.startswith("file: ")] == [
        "file: a\\x1bb.bin",
        "file: \\udcff.bin",
    ]


COUNTED = """
import signal, sys
from ccheck.__main__ import main
from ccheck.run import process_end
calls, last = 0, int(sys.argv[1])
def count(frame, event, argument):
    global calls
    calls += event == "call"
    if calls == last:
        sys.setprofile(None)
        signal.raise_signal(signal.SIGINT)
sys.argv = ["ccheck", *sys.argv[2:]]
sys.setprofile(count)
end = process_end.end_at_once
def ended(status):
    sys.setprofile(None)
    sys.stdout.write(f"{calls} calls\\n")
    sys.stdout.flush()
    end(status)
process_end.end_at_once = ended
main()
"""
GATE = ["gate", "march", "--on", DAY, "--only", "validate", "--only", "exercise"]
MOMENTS = 12


@pytest.fixture(scope="module")
def calls(ready: Path) -> int:
    """How many functions of Python's the command calls from its first line to its last."""
    done = subprocess.run(
        [sys.executable, "-c", COUNTED, "0", *GATE], cwd=ready, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stderr
    # The command runs in a child process; what supervises it calls fewer.
    return max(int(line.split()[0]) for line in done.stdout.splitlines() if line.endswith(" calls"))


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_ctrl_c_at_any_moment(place: Path, calls: int, moment: int) -> None:
    """Whenever it comes, also while ccheck's own code is imported, Ctrl-C is one line and status 130."""
    last = 2 + moment * (calls - 2) // MOMENTS
    command = [sys.executable, "-c", COUNTED, str(last), *GATE]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


@pytest.mark.parametrize("occasion", [1, 60, 120])
def test_ctrl_c_is_not_lost_in_a_callback_of_the_import_system(place: Path, occasion: int) -> None:
    """Python prints an exception there, and forgets it."""
    forgets = 'event == "call" and frame.f_code.co_name == "cb" and "importlib" in frame.f_code.co_filename'
    code = COUNTED.replace('event == "call"', forgets)
    command = [sys.executable, "-c", code, str(occasion), *GATE]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_recipe_is_the_same_file_in_every_encoding(place: Path, encoding: str) -> None:
    """What standard output cannot encode is escaped as YAML does it, and builds the same bytes again."""
    recipe = (place / "recipe.yaml").read_text(encoding="utf-8")
    changed = recipe.replace("NamedPipe", "→ŭ\u0439")
    assert changed != recipe
    (place / "recipe.yaml").write_text(changed, encoding="utf-8")
    assert ran(place, "build", "recipe.yaml", "-o", "odd.bin").returncode == 0
    done = subprocess.run(
        [sys.executable, "-m", "ccheck", "show", "--yaml", "odd.bin"],
        cwd=place, capture_output=True, check=False, env=os.environ | {"PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (place / "again.yaml").write_bytes(done.stdout)
    assert ran(place, "build", "again.yaml", "-o", "again.bin").returncode == 0
    assert (place / "again.bin").read_bytes() == (place / "odd.bin").read_bytes()
