"""Interpreters of users' own, called and executed: what they do becomes an outcome."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ccheck.exercise.outcome import Outcome
from ccheck_fuzz.readers import CallableReader, ExecReader, ReaderError
from tests.conftest import ROOT
from tests.fuzz.channel_setting import JULY, MARCH


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
    assert crashed.trap.signature == ("exception", "read", "own_reader.py:read")
    assert "IndexError: tuple index out of range" in crashed.trap.detail


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("tests.fuzz.own_reader", "write package.module:function"),
        ("no_such_module:read", "No module named 'no_such_module'"),
        ("tests.fuzz.own_reader:absent", "has no function absent"),
        ("tests.fuzz.own_reader:TABLE", "has no function TABLE"),
    ],
)
def test_a_target_that_is_none_is_said_so(target: str, words: str) -> None:
    """A target that cannot be used is wrong usage."""
    with pytest.raises(ReaderError, match=words):
        CallableReader(target)


def script(tmp_path: Path, body: str) -> str:
    """A command that runs a Python program."""
    path = tmp_path / "reader.py"
    path.write_text(f"import os, sys, json, time\n{body}\n", encoding="utf-8")
    return f"{sys.executable} {path}"


def test_how_a_program_ends_is_its_outcome(tmp_path: Path) -> None:
    """Status 0 is running, another status a refusal, a signal and a time-out are traps."""
    reader = ExecReader(script(tmp_path, "sys.exit(len(sys.stdin.buffer.read()))"), 20)
    assert one(reader, b"").verdict == "run"
    assert one(reader, b"abc").refusal is not None
    killed = one(ExecReader(script(tmp_path, "os.abort()"), 20), b"")
    assert killed.trap is not None
    assert killed.trap.signature == ("signal", "SIGABRT", "")
    slow = one(ExecReader(script(tmp_path, "time.sleep(60)"), 0.5), b"")
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
    trap = one(ExecReader(command, 20), b"").trap
    assert trap is not None
    assert trap.signature == ("sanitizer", "read_input", "heap-buffer-overflow")
    assert trap.detail == "ERROR: AddressSanitizer: heap-buffer-overflow"


def test_the_json_of_ccheck_run_is_understood(tmp_path: Path) -> None:
    """A program that answers as `ccheck run --format json` does answers for its builds."""
    said = '{"outcomes": [{"consumer": "7.11", "verdict": "crash", "trap": {"operation": "o", "field": "f"}},'
    said += ' {"consumer": "7.16", "verdict": "refuse", "refusal": "no"}]}'
    reader = ExecReader(script(tmp_path, f"print('''{said}''')"), 20)
    found = list(reader.outcomes(b"", None, set()))
    assert [(o.consumer, o.verdict) for o in found] == [("7.11", "crash"), ("7.16", "refuse")]
    assert one(ExecReader(script(tmp_path, "print('[' * 100_000)"), 20), b"").verdict == "run"


def test_a_command_that_is_none_is_said_so() -> None:
    """An empty command, and one that does not exist, are wrong usage and never a pass."""
    with pytest.raises(ReaderError, match="the command is empty"):
        ExecReader("  ", 1)
    with pytest.raises(ReaderError, match="No such file"):
        one(ExecReader("./no-such-reader @@", 1), b"")


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
    assert trap.signature == ("sanitizer", "read_input", "heap-buffer-overflow")
