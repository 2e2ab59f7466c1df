"""Interpreters of users' own, called and executed: what they do becomes an outcome."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ccheck.core.consumers import load_consumers
from ccheck.formats.exercise.outcome import Outcome
from ccheck_fuzz.campaign.state.database import State
from ccheck_fuzz.readers.foreign import ReaderError
from ccheck_fuzz.readers.function import CallableReader
from ccheck_fuzz.readers.native.reader import ExecReader
from tests.conftest import ROOT
from tests.facts import stating
from tests.fuzz.channel_setting import CORPUS, JULY, MARCH, ON
from tests.fuzz.test_matrix import SCHEMA, SEED, SHAPE


def one(reader: CallableReader | ExecReader, data: bytes) -> Outcome:
    """The only outcome."""
    (outcome,) = reader.outcomes(data, None, set())
    return outcome


def test_what_a_function_raises_is_a_trap_or_its_refusal() -> None:
    """Returning is running, its own exceptions are refusals, any other is a trap by kind and place."""
    reader = CallableReader("tests.fuzz.own_reader:read")
    assert one(reader, MARCH).verdict == "run"
    refused = one(reader, b"")
    assert refused.verdict == "refuse"
    assert refused.refusal is not None
    assert (refused.refusal.reason, refused.refusal.message) == ("Refuses", "too short")
    crashed = one(reader, MARCH + bytes(200))
    assert crashed.trap is not None
    assert crashed.trap.signature == ("exception", "IndexError", "own_reader.py:read")
    assert "IndexError: tuple index out of range" in crashed.trap.detail


@pytest.mark.parametrize(
    ("reader", "words"),
    [
        ("tests.fuzz.own_reader", "write package.module:function"),
        ("no_such_module:read", "No module named 'no_such_module'"),
        ("tests.fuzz.own_reader:absent", "has no function absent"),
        ("tests.fuzz.own_reader:TABLE", "has no function TABLE"),
    ],
)
def test_a_reader_that_is_none_is_an_error(reader: str, words: str) -> None:
    """A target that cannot be used is wrong usage."""
    with pytest.raises(ReaderError, match=words):
        CallableReader(reader)


BUILDS = load_consumers(CORPUS / "consumers.toml").builds


def test_a_function_that_takes_a_build_is_called_for_each() -> None:
    """A parameter called build has the facts of one build; each build has an outcome under its name."""
    reader = CallableReader("tests.fuzz.own_reader:of_a_build", builds=BUILDS)
    verdicts = {
        one.consumer.rpartition(" as ")[2]: one.verdict for one in reader.outcomes(b"\x14", None, set())
    }
    assert verdicts == {"7.11": "crash", "7.15": "crash", "7.16": "run"}
    with pytest.raises(ReaderError, match="it takes a build, and no build of --consumers is supported"):
        CallableReader("tests.fuzz.own_reader:of_a_build")


def test_a_program_gets_the_facts_of_a_build_from_its_environment(tmp_path: Path) -> None:
    """With builds a program is run once for each; counts, sets and switches are environment variables."""
    body = (
        "import pathlib\n"
        "found = {k: v for k, v in os.environ.items() if k.startswith('CCHECK_')}\n"
        f"pathlib.Path({str(tmp_path)!r}, found['CCHECK_BUILD']).write_text(json.dumps(found))\n"
        "sys.exit(int(found['CCHECK_COUNTS_INPUTS_IPC']) - 20)"
    )
    reader = ExecReader(f"{script(tmp_path, body)} @@", 20, builds=BUILDS)
    verdicts = [(one.consumer[-4:], one.verdict) for one in reader.outcomes(b"x", None, set())]
    assert verdicts == [("7.11", "run"), ("7.15", "run"), ("7.16", "refuse")]
    said = json.loads((tmp_path / "7.16").read_text(encoding="utf-8"))
    assert said["CCHECK_SWITCHES_BOUNDS_CHECK"] == "1"
    assert said["CCHECK_SETS_FORMAT_VERSIONS"] == "1"
    assert said["CCHECK_SETS_CRITERION_KINDS"].startswith("wildcard,equals,")
    assert (said["CCHECK_PLATFORM"], said["CCHECK_POINTER_BITS"]) == ("windows-x64", "64")


def test_two_facts_of_one_environment_variable_are_refused(tmp_path: Path) -> None:
    """A reader never gets one fact in place of another."""
    twice = stating(BUILDS[0], inputs={"A@1": 1, "A_1": 2})
    with pytest.raises(ReaderError, match=r"two facts of 7.11 have one environment variable"):
        ExecReader(f"{script(tmp_path, '')} @@", 20, builds=[twice])


def script(tmp_path: Path, body: str) -> str:
    """A command that runs a Python program."""
    path = tmp_path / "reader.py"
    path.write_text(f"import os, sys, json, time\n{body}\n", encoding="utf-8")
    return f"{sys.executable} {path}"


def test_how_a_program_ends_is_its_outcome(tmp_path: Path) -> None:
    """Status 0 is running, another status a refusal, a signal and a time-out are traps."""
    reader = ExecReader(f"{script(tmp_path, 'sys.exit(len(sys.stdin.buffer.read()))')} < @@", 20)
    assert one(reader, b"").verdict == "run"
    assert one(reader, b"abc").refusal is not None
    killed = one(ExecReader(f"{script(tmp_path, 'os.abort()')} @@", 20), b"")
    assert killed.trap is not None
    assert killed.trap.signature == ("signal", "SIGABRT", "")
    slow = one(ExecReader(f"{script(tmp_path, 'time.sleep(60)')} @@", 0.5), b"")
    assert slow.trap is not None
    assert slow.trap.kind == "time-out"


def test_a_program_is_given_a_file(tmp_path: Path) -> None:
    """`@@` stands for a file that holds the bytes."""
    command = script(tmp_path, "sys.exit(0 if open(sys.argv[1], 'rb').read() == b'abc' else 3)")
    assert one(ExecReader(f"{command} @@", 20), b"abc").verdict == "run"
    assert one(ExecReader(f"{command} @@", 20), b"other").verdict == "refuse"


def test_a_sanitizer_report_is_a_trap_without_addresses(tmp_path: Path) -> None:
    """The kind and the function are the bucket; addresses change from run to run and are left out."""
    report = (
        "==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x60e0000000e0 at pc 0x55\\n"
        "    #0 0x55cd4e59c743 in read_input /src/reader.c:30\\n"
    )
    command = script(tmp_path, f"sys.stderr.write('{report}'); sys.exit(1)")
    trap = one(ExecReader(f"{command} @@", 20), b"").trap
    assert trap is not None
    assert trap.signature == ("sanitizer", "heap-buffer-overflow", "read_input")
    assert trap.detail == "heap-buffer-overflow in read_input reader.c:30"


def test_the_json_of_ccheck_run_is_understood(tmp_path: Path) -> None:
    """A program that answers as `ccheck run --format json` does answers for its builds."""
    said = '{"outcomes": [{"consumer": "7.11", "verdict": "crash", "trap": {"operation": "o", "field": "f"}},'
    said += ' {"consumer": "7.16", "verdict": "refuse", "refusal": "no"}]}'
    reader = ExecReader(script(tmp_path, f"print('''{said}''')") + " @@", 20)
    found = list(reader.outcomes(b"", None, set()))
    assert [(o.consumer, o.verdict) for o in found] == [("7.11", "crash"), ("7.16", "refuse")]
    assert one(ExecReader(script(tmp_path, "print('{' * 100_000)") + " @@", 20), b"").verdict == "run"


def test_a_command_that_is_none_is_said_so() -> None:
    """An empty command, and one that does not exist, are wrong usage and never a pass."""
    with pytest.raises(ReaderError, match="the command is empty"):
        ExecReader("  ", 1)
    with pytest.raises(ReaderError, match=r"there is no file \./no-such-reader"):
        ExecReader("./no-such-reader @@", 1)


def test_the_reader_in_c_has_the_fault_of_2024(tmp_path: Path) -> None:
    """docs/examples/reader.c runs the March file and steps past its inputs for the July file."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    program = tmp_path / "reader"
    source = ROOT / "docs" / "examples" / "reader.c"
    words = [compiler, "-Wall", "-Wextra", "-Werror", "-g", "-O1", "-fsanitize=address", "-o", str(program)]
    built = subprocess.run([*words, str(source)], capture_output=True, text=True, check=False)
    if built.returncode and "asan" in built.stderr:
        pytest.skip("the compiler has no address sanitizer")
    assert built.returncode == 0, built.stderr
    reader = ExecReader(f"{program} @@", 20)
    assert one(reader, MARCH).verdict == "run"
    trap = one(reader, JULY).trap
    assert trap is not None
    assert trap.signature == ("sanitizer", "heap-buffer-overflow", "read_input < evaluate")


WRONG = {
    "./nosuch @@": "there is no file ./nosuch",
    "nosuch-program @@": "no program nosuch-program is on the PATH",
    "plain @@": "write ./plain for the file in this folder",
    "./plain @@": "./plain is not executable (chmod +x ./plain)",
    "./folder @@": "./folder is a folder",
    "./empty @@": "it is not a program that this system runs",
    "./lost @@": "the interpreter in its first line, or its loader, is not there",
    "./works": "write @@ for its name (--exec './works @@'), or '< @@' at the end",
    "@@": "does not say where the file goes",
    "./works '@@": "No closing quotation",
    "< @@": "it names no program",
}


@pytest.mark.parametrize("command", WRONG)
def test_a_program_that_cannot_be_run_is_wrong_usage(command: str, tmp_path: Path) -> None:
    """What the user mistyped ends with status 2, and says what to write instead; the campaign does not begin."""
    for name, content in (
        ("plain", "x"),
        ("empty", ""),
        ("lost", "#!/no/such/shell\n"),
        ("works", "#!/bin/sh\n"),
    ):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o644 if name == "plain" else 0o755)
    (tmp_path / "empty").write_bytes(b"\x00\x01\x02")
    (tmp_path / "folder").mkdir()
    (tmp_path / "seed.bin").write_bytes(MARCH)
    done = subprocess.run(
        [
            sys.executable, "-m", "ccheck", "fuzz", "--seeds", "seed.bin", "--out", "out", "--time", "5s", "--jobs", "1",
            "--exec", command, "--config", str(CORPUS / "ccheck.toml"), "--on", ON,
        ],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2, done.stdout + done.stderr
    assert WRONG[command] in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


FUNCTIONS = {
    "returns": ("", None),
    "raises": ("raise KeyError('x')", "traps: KeyError: 'x' (own.py:"),
    "exits": ("sys.exit(0)", "traps: SystemExit: 0 (own.py:"),
    "interrupts": ("raise KeyboardInterrupt", "traps: KeyboardInterrupt (own.py:"),
    "recurses": ("fails(data)", "traps: RecursionError: "),
    "wordless": ("raise Wordless", "traps: Wordless: (its text cannot be made: ValueError) (own.py:"),
    "ends": ("os._exit(0)", "ends its process: exit status 0"),
    "segfaults": ("ctypes.string_at(0)", "ends its process: SIGSEGV (own.py:"),
    "hangs": ("time.sleep(999)", "hangs: no end within 1.5 s (own.py:"),
    "spins": ("while True: pass", "hangs: no end within 1.5 s (own.py:"),
}


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_a_function_is_blamed_by_name_for_all_that_it_does(kind: str, tmp_path: Path) -> None:
    """However a user's function fails, the finding names it and the place, and none is a fault of ccheck.

    `replay` has the same result.
    """
    body, wanted = FUNCTIONS[kind]
    (tmp_path / "own.py").write_text(
        "import ctypes, os, sys, time\n"
        "class Wordless(Exception):\n    def __str__(self): raise ValueError\n"
        f"def fails(data):\n    if data != {MARCH!r}:\n        {body or 'pass'}\n",
        encoding="utf-8",
    )
    (tmp_path / "seed.bin").write_bytes(MARCH)
    context = ["--config", str(CORPUS / "ccheck.toml"), "--on", ON]

    def fuzz(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "ccheck", "fuzz", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=200)

    # Runs that end their process are few: their time ends them; all others end by their number, however slow it is.
    seconds = "12s" if wanted is not None and wanted.startswith(("ends", "hangs")) else "10m"
    done = fuzz(
        "--seeds", "seed.bin", "--out", "out", "--time", seconds, "--runs", "60", "--jobs", "1", "--engine", "hypothesis",
        "--run-timeout", "1.5s", "--reader", "own:fails", "--oracle", "validator-bypass", *context,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert "ccheck itself" not in said, said
    assert "ccheck:" not in done.stdout, said
    assert done.returncode == (0 if wanted is None else 1), said
    if wanted is not None:
        assert f"own:fails {wanted}" in done.stdout, said
        again = fuzz("replay", "out")
        assert again.returncode == 1, again.stdout + again.stderr
        assert f"own:fails {wanted}" in again.stdout
        assert "ccheck itself" not in again.stdout


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ("import time; time.sleep(999)", 3, "own:fails hangs: no end within 1.5 s"),
        ("import os; os._exit(0)", 3, "own:fails ends its process: exit status 0"),
        ("raise KeyError", 3, "own:fails on a known-good seed: KeyError"),
        ("raise ValueError('not mine')", 0, "own:fails refuses a known-good seed: not mine"),
    ],
)
def test_a_function_that_dies_on_a_known_good_seed_stops_the_campaign(
    body: str, status: int, says: str, tmp_path: Path
) -> None:
    """What dies on every file is no reader to search with; one that refuses the seed is searched with, and says so."""
    (tmp_path / "own.py").write_text(f"def fails(data):\n    {body}\n", encoding="utf-8")
    (tmp_path / "seed.bin").write_bytes(MARCH)
    done = subprocess.run(
        [
            sys.executable, "-m", "ccheck", "fuzz", "--seeds", "seed.bin", "--out", "out", "--time", "12s", "--runs", "20",
            "--jobs", "1", "--reader", "own:fails", "--run-timeout", "1.5s", "--oracle", "trap",
            "--config", str(CORPUS / "ccheck.toml"), "--on", ON,
        ],
        capture_output=True, text=True, check=False, cwd=tmp_path, timeout=120,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    assert says in done.stderr


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("raise SystemExit(0)", "importing own raised SystemExit: 0"),
        ("x = 1 / 0", "importing own raised ZeroDivisionError"),
        ("def fails(data): pass\nfails.refuses = 3", "its attribute refuses has 3, which is no exception"),
        ("def fails(:", "importing own raised SyntaxError"),
    ],
)
def test_a_module_that_cannot_be_used_is_wrong_usage(
    source: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that fails when it is imported, or that says what no exception is, is named with why."""
    (tmp_path / "own.py").write_text(source, encoding="utf-8")
    monkeypatch.delitem(sys.modules, "own", raising=False)
    with pytest.raises(ReaderError, match=re.escape(says)):
        CallableReader("own:fails", tmp_path)


COMPILERS = [name for name in ("gcc", "clang") if shutil.which(name)] or ["cc"]


@pytest.mark.parametrize("compiler", COMPILERS)
def test_the_documented_campaign_finds_the_fault_and_nothing_in_a_harmless_file(
    compiler: str, tmp_path: Path
) -> None:
    """docs/fuzzing.md, Your own interpreter: the campaign finds the read past the inputs.

    A reader with the address sanitizer runs the good file. The finding has the whole report in the folder, in
    `status`, `report` and `replay`.
    """
    if shutil.which(compiler) is None:
        pytest.skip("no C compiler")
    source = ROOT / "docs" / "examples" / "reader.c"
    build = [compiler, "-g", "-O1", "-fsanitize=address", "-o", "reader", str(source)]
    if subprocess.run(build, check=False, cwd=tmp_path).returncode:
        pytest.skip(f"{compiler} has no address sanitizer")

    def fuzz(*words: str) -> str:
        command = [sys.executable, "-m", "ccheck", "fuzz", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=200)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        return done.stdout

    said = fuzz(
        "--seeds", str(CORPUS / "field-past-inputs" / "good"), "--out", "in-c", "--time", "100s", "--runs", "60", "--jobs", "1", "--seed", "20",
        "--trust-definitions", "--config", str(CORPUS / "ccheck.toml"), "--on", ON, "--exec", "./reader @@",
        "--oracle", "validator-bypass",
    )  # fmt: skip
    assert "./reader @@ traps: heap-buffer-overflow in read_input reader.c:" in said
    buckets = {bucket.signature: bucket for bucket in State(tmp_path / "in-c").buckets()}
    own = [
        signature for signature in buckets if signature[1] in ("sanitizer", "signal", "memory", "time-out")
    ]
    assert own == [("validator-bypass", "sanitizer", "heap-buffer-overflow", "read_input < evaluate")]
    folder = tmp_path / "in-c" / "findings" / str(buckets[own[0]].folder)
    output = (folder / "output.txt").read_text(encoding="utf-8")
    for part in (
        "exit status 1",
        "ERROR: AddressSanitizer: heap-buffer-overflow",
        " in read_input ",
        "SUMMARY:",
    ):
        assert part in output
        for shown in (
            (folder / "report.txt").read_text(),
            fuzz("status", "in-c"),
            fuzz("report", "in-c"),
            fuzz("replay", "in-c"),
        ):
            assert part in shown


def test_a_program_that_dies_on_a_known_good_seed_stops_the_campaign(tmp_path: Path) -> None:
    """Its own output says why, and no finding is written."""
    (tmp_path / "seed.bin").write_bytes(MARCH)
    for body, says in (
        ("echo 'no licence' >&2; kill -ABRT $$", "ended by SIGABRT"),
        ("echo 'no licence' >&2; sleep 999", "no end after 1 s"),
        ("echo 'no licence' >&2; exit 127", "cannot start: exit status 127"),
    ):
        (tmp_path / "reader").write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / "reader").chmod(0o755)
        done = subprocess.run(
            [
                sys.executable, "-m", "ccheck", "fuzz", "--seeds", "seed.bin", "--out", "out", "--time", "5s", "--jobs", "1",
                "--exec", "./reader @@", "--exec-timeout", "1s", "--config", str(CORPUS / "ccheck.toml"), "--on", ON,
            ],
            capture_output=True, text=True, check=False, cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 3, done.stdout + done.stderr
        assert says in done.stderr
        assert "no licence" in done.stderr
        assert not (tmp_path / "out" / "findings").exists()


def test_the_interpreter_of_a_schema_file_is_blamed_by_name(tmp_path: Path) -> None:
    """What `EXERCISE` of a user's schema file raises is its crash, and no fault of ccheck; so is what ends its process."""
    for body, wanted in (("raise KeyError(3)", "KeyError: 3 (mine.py:"), ("os._exit(0)", "exit status 0")):
        own = f"import os\ndef EXERCISE(data, given):\n    if len(data) != {len(SEED)}:\n        {body}\n"
        rest = "    return Exercised((Outcome('mine', 'any', 'run', events=1),))\n"
        (tmp_path / "mine.py").write_text(SHAPE + SCHEMA + own + rest, encoding="utf-8")
        (tmp_path / "seed.bin").write_bytes(SEED)
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        command = [
            sys.executable, "-m", "ccheck", "fuzz", "--schema", "mine.py", "--seeds", "seed.bin", "--out", "out", "--time",
            "15s", "--runs", "60", "--jobs", "1", "--engine", "hypothesis", "--oracle", "validator-bypass",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=200)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "EXERCISE of mine.py" in done.stdout
        assert wanted in done.stdout
        assert "ccheck itself" not in done.stdout
        assert "ccheck:" not in done.stdout
