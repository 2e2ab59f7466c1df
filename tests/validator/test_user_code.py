"""A user's schema or check can neither end a run unseen, nor write into its report, nor keep it busy for ever."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ccheck.report import RENDERERS
from tests.conftest import ROOT

posix = pytest.mark.skipif(os.name != "posix", reason="signals and the C library are others here")

SCHEMA = '''
import ctypes, os, signal, sys, time
from construct import Bytes, Int8ub, Struct
from ccheck.core.check import Diagnostic, Check
from ccheck_schemas.schema import Schema

class Own(BaseException):
    pass

{top}

def assemble(reading):
    if reading.root.kind == 7:
        {assemble}
    return reading

def odd_kind(subject):
    """Odd.

    ## What is wrong
    x
    ## Why is this bad
    x
    ## How to fix
    x
    """
    blame = Diagnostic("odd", subject.whole, why="x", fix="x")
    if subject.reading.root.kind == 7:
        {check}
    return []

SCHEMA = Schema("mine", "mine", Struct("kind" / Int8ub, "rest" / Bytes(3)), recognise=bool, assemble=assemble)
CHECKS = (Check(odd_kind),)
'''
ENDINGS = {
    "os._exit(0)": "ended with exit status 0",
    "ctypes.CDLL(None).exit(0)": "ended with exit status 0",
    "os.execv('/bin/true', ['true'])": "ended with exit status 0",
    "ctypes.string_at(0)": "was ended by SIGSEGV",
    "os.abort()": "was ended by SIGABRT",
}
RAISING = {
    "raise KeyboardInterrupt": "KeyboardInterrupt (mine.py:",
    "raise Own('words')": "Own: words (mine.py:",
    "raise GeneratorExit": "GeneratorExit (mine.py:",
    "raise StopIteration": "StopIteration (mine.py:",
    "sys.exit(0)": "SystemExit: 0 (mine.py:",
}
NO_BLAMES = {
    "return [None]": "the check odd-kind (mine.py:",
    "return [blame, 5]": "the check odd-kind (mine.py:",
    "return 5": "the check odd-kind (mine.py:",
    "return None": "the check odd-kind (mine.py:",
}


def made(tmp_path: Path, place: str, code: str) -> list[str]:
    """A schema file with code of the user's in one place, three files of which it meets the second, options."""
    code_at = {"top": "", "assemble": "pass", "check": "pass", place: code}
    (tmp_path / "mine.py").write_text(SCHEMA.format(**code_at), encoding="utf-8")
    folder = tmp_path / "files"
    folder.mkdir()
    for number, kind in enumerate((1, 7, 2)):
        (folder / f"{number}.bin").write_bytes(bytes([kind, 2, 3, 4]))
    return ["--no-config", "--schema", str(tmp_path / "mine.py"), str(folder)]


def ccheck(*args: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run the command line in a process of its own."""
    command = [sys.executable, "-P", "-m", "ccheck", *args]
    return subprocess.run(command, input=data, capture_output=True, cwd=ROOT, timeout=120, check=False)


@posix
@pytest.mark.parametrize(
    ("place", "code"), [("assemble", "os._exit(0)"), *(("check", code) for code in ENDINGS)]
)
def test_code_that_ends_its_process_fails_its_file_alone(tmp_path: Path, place: str, code: str) -> None:
    """Few files, one job: the file is named with how the process ended, and all others are judged."""
    done = ccheck("validate", *made(tmp_path, place, code), "--format", "json", "--jobs", "1")
    assert done.returncode == 1, done.stderr
    reports = json.loads(done.stdout)["files"]
    assert [report["verdict"] for report in reports] == ["pass", "fail", "pass"]
    (finding,) = reports[1]["findings"]
    assert finding["check"] == "examination-crashed"
    assert ENDINGS[code] in finding["message"]
    if "execv" not in code:  # which leaves no stack
        assert f"in {WHO[place]}" in finding["message"]
    assert (reports[1]["schema"], reports[1]["size"]) == ("mine", 4)


@posix
@pytest.mark.parametrize("code", ENDINGS)
def test_code_that_ends_its_process_when_it_is_loaded_is_no_pass(tmp_path: Path, code: str) -> None:
    """Nothing was judged: status 3, and the words say how the process ended."""
    args = made(tmp_path, "top", code)
    for command in (["validate", *args], ["gate", *args], ["schemas", *args[1:3]]):
        done = ccheck(*command)
        assert done.returncode == 3, (command, done)
        assert (
            f"the process of this command {ENDINGS[code]} before its report was whole" in done.stderr.decode()
        )


@posix
@pytest.mark.parametrize("code", ["os._exit(0)", "ctypes.string_at(0)"])
def test_the_gate_names_the_file_and_judges_the_others(tmp_path: Path, code: str) -> None:
    """A file that ends the process that examines it fails the release, and is in its report."""
    report = tmp_path / "gate.json"
    done = ccheck("gate", *made(tmp_path, "check", code), "--only", "validate", "--json", str(report))
    assert done.returncode == 1, done.stderr
    out = done.stdout.decode()
    assert "1.bin: examination-crashed" in out
    assert "0.bin" not in out
    assert report.exists()


@posix
@pytest.mark.parametrize("command", ["show", "diff", "run"])
def test_other_commands_do_not_end_with_0(tmp_path: Path, command: str) -> None:
    """`show`, `diff` and `run` read one file in their own process, which is supervised."""
    args = made(tmp_path, "assemble", "os._exit(0)")[1:3]
    file = str(tmp_path / "files" / "1.bin")
    done = ccheck(command, *args, file, *([file] if command == "diff" else []))
    assert done.returncode == 3
    assert b"nothing was proved" in done.stderr


BROUGHT = "Metadata-Version: 2.1\nName: brought\nVersion: 1\n"


@posix
@pytest.mark.parametrize("code", ["os._exit(0)", "ctypes.CDLL(None).exit(0)"])
def test_a_format_of_another_package_cannot_end_a_command_unseen(tmp_path: Path, code: str) -> None:
    """The package's code ends the process while it is loaded: status 3, though no word names code of anybody."""
    (tmp_path / "brought.py").write_text(f"import ctypes, os\n{code}\n", encoding="utf-8")
    info = tmp_path / "brought-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(BROUGHT, encoding="utf-8")
    (info / "entry_points.txt").write_text("[ccheck.formats]\nbrought = brought:FORMAT\n", encoding="utf-8")
    (tmp_path / "unknown.bin").write_bytes(b"unknown")
    for words in (
        ["validate", "--no-config", "unknown.bin"],
        ["schemas"],
        ["show", "unknown.bin"],
    ):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "ccheck", *words],
            capture_output=True, cwd=tmp_path, check=False, env=os.environ | {"PYTHONPATH": str(tmp_path)},
        )  # fmt: skip
        assert done.returncode == 3, (words, done)
        assert b"your code (brought.py:2, in <module>) ended it" in done.stderr


WITHOUT_FORK = "import os; del os.fork; from ccheck.cli.main import main; main()"


@posix
@pytest.mark.parametrize(("code", "status"), [("pass", 0), ("os._exit(0)", 3), ("sys.exit(0)", 2)])
def test_a_system_without_fork(tmp_path: Path, code: str, status: int) -> None:
    """A command whose words name code of the user's is supervised there too, in a process that is started anew."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", WITHOUT_FORK, "validate", *made(tmp_path, "top", code)],
        capture_output=True, cwd=ROOT, check=False, env=os.environ | {"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == status, done
    assert (b"before its report was whole: your code (mine.py:" in done.stderr) == (status == 3)
    assert not list(tmp_path.glob("ccheck-status-*"))


@posix
def test_where_no_process_can_be_started_nothing_is_proved(tmp_path: Path) -> None:
    """One line says why, and the status is 3."""
    without = "import os; from ccheck.cli.main import main\ndef fork(): raise OSError(11, 'no more processes')\nos.fork = fork; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", without, "validate", *made(tmp_path, "top", "pass")],
        capture_output=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr == b"nothing was proved: no process could be started: no more processes\n"


def test_an_interpreter_that_raises_is_blamed(tmp_path: Path) -> None:
    """What the user's code raises in a command is no bug of ccheck's: it is named, with its place."""
    args = made(tmp_path, "top", "def EXERCISE(data, given):\n    raise Own('words')")[1:3]
    done = ccheck("run", "--no-config", *args, str(tmp_path / "files" / "0.bin"))
    assert done.returncode == 3
    last = done.stderr.decode().splitlines()[-1]
    assert last.startswith("nothing was proved: your code raised Own: words (mine.py:")
    assert b"this is a bug" not in done.stderr


@posix
def test_ctrl_c_that_insists_kills(tmp_path: Path) -> None:
    """Code of the user's that takes Ctrl-C for itself is killed by the third."""
    mark = tmp_path / "mark"
    code = f"signal.signal(signal.SIGINT, signal.SIG_IGN); open({str(mark)!r}, 'w').close(); time.sleep(600)"
    args = made(tmp_path, "assemble", code)[1:3]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "ccheck", "show", *args, str(tmp_path / "files" / "1.bin")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    wait_for(mark)
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
    process.communicate(timeout=60)
    assert process.returncode == 130


@posix
def test_a_file_from_standard_input_is_isolated_too(tmp_path: Path) -> None:
    """Bytes from a pipe are judged in a worker process, in their turn."""
    args = made(tmp_path, "check", "os._exit(0)")
    for data, status in ((b"\x01abc", 0), (b"\x07abc", 1)):
        done = ccheck("validate", *args[:3], str(tmp_path / "files" / "0.bin"), "-", data=data)
        assert done.returncode == status, done
        assert done.stdout.decode().count("\npass  ") == 2 - status


@pytest.mark.parametrize(
    ("place", "code"), [("assemble", "sys.exit(0)"), *(("check", code) for code in RAISING)]
)
def test_whatever_is_raised_fails_its_file_alone(tmp_path: Path, place: str, code: str) -> None:
    """Also what is no Exception, and what looks like Ctrl-C."""
    done = ccheck("validate", *made(tmp_path, place, code), "--format", "json")
    assert done.returncode == 1, done.stderr
    reports = json.loads(done.stdout)["files"]
    assert [report["verdict"] for report in reports] == ["pass", "fail", "pass"]
    assert RAISING[code] in reports[1]["findings"][0]["message"]


@pytest.mark.parametrize("code", ["raise Own('words')", "sys.exit(0)", "raise GeneratorExit", "1 / 0"])
def test_whatever_a_schema_file_raises_is_wrong_usage(tmp_path: Path, code: str) -> None:
    """One line names the file and the exception."""
    done = ccheck("validate", *made(tmp_path, "top", code))
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"mine.py: it failed with " in done.stderr


@pytest.mark.parametrize("code", NO_BLAMES)
def test_a_check_that_yields_no_blames_is_named(tmp_path: Path, code: str) -> None:
    """The message names the check and its place."""
    done = ccheck("validate", *made(tmp_path, "check", code), "--format", "json")
    assert done.returncode == 1, done.stderr
    assert NO_BLAMES[code] in json.loads(done.stdout)["files"][1]["findings"][0]["message"]


@pytest.mark.parametrize("severity", ["error", "info"])
def test_a_check_that_blames_without_end_is_stopped(tmp_path: Path, severity: str) -> None:
    """It is stopped at a fixed number, and the file fails whatever the severity of its findings."""
    args = made(tmp_path, "check", "return iter(lambda: blame, None)")
    config = tmp_path / "ccheck.toml"
    config.write_text(f'format = 1\n[severity]\nodd-kind = "{severity}"\n', encoding="utf-8")
    for form in ("text", *RENDERERS) if severity == "info" else ("json",):
        done = ccheck("validate", "--config", str(config), *args[1:], "--format", form)
        assert done.returncode == 1, done.stderr
        if form == "json":
            report = json.loads(done.stdout)["files"][1]
            assert report["beyond"] == {"odd-kind": 99_900}
        assert b"not counted" in done.stdout or b"not-counted" in done.stdout


@pytest.mark.parametrize("form", ["text", *RENDERERS])
def test_what_user_code_prints_is_not_in_the_report(tmp_path: Path, form: str) -> None:
    """Python, C and child processes of a schema file print to standard error."""
    code = "print('lo' 'ud'); os.system('echo lo''ud'); os.write(1, b'lo' b'ud')"
    args = made(tmp_path, "check", code)
    schema = tmp_path / "mine.py"
    schema.write_text(schema.read_text(encoding="utf-8") + "\nprint('lo' 'ud')\n", encoding="utf-8")
    done = ccheck("validate", *args, "--format", form)
    assert done.returncode == 0
    assert b"loud" not in done.stdout
    assert done.stderr.count(b"loud") >= 4


LOADED = "open({mark!r}, 'a').write('x')"
THREAD = "; import threading; threading.Thread(target=time.sleep, args=(600,), daemon=True).start()"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers are started anew")
@pytest.mark.parametrize(("thread", "again"), [("", False), (THREAD, True)])
@pytest.mark.parametrize("code", ["os._exit(0)", "ctypes.string_at(0)", "while True: pass", "1 / 0"])
def test_workers_are_forked_where_there_is_one_thread(
    tmp_path: Path, thread: str, again: bool, code: str
) -> None:
    """The schema file is loaded once then, and in each worker anew where it starts a thread; the answer is one."""
    mark = tmp_path / "mark"
    args = made(tmp_path, "top", LOADED.format(mark=str(mark)) + thread)
    schema = Path(args[2])
    schema.write_text(
        schema.read_text(encoding="utf-8").replace(
            "        pass\n    return []", f"        {code}\n    return []"
        ),
        encoding="utf-8",
    )
    done = ccheck("validate", *args, "--format", "json", "--file-timeout", "3s")
    assert done.returncode == 1, done.stderr
    reports = json.loads(done.stdout)["files"]
    assert [report["verdict"] for report in reports] == ["pass", "fail", "pass"]
    assert WHO["check"].removeprefix("the check odd-kind ") in reports[1]["findings"][0]["message"]
    assert (len(mark.read_text(encoding="utf-8")) > 1) == again


LOOPS = {
    "a loop": "\n        while True: pass",
    "a wait": "time.sleep(600)",
    "a C function": "sum(range(10**14))",
    "a lock": "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "a stopped process": "os.kill(os.getpid(), signal.SIGSTOP)",
}
WHO = {"check": "the check odd-kind (mine.py:", "assemble": "the schema mine (mine.py:"}


@posix
@pytest.mark.parametrize(
    ("place", "loop", "jobs"),
    [("assemble", "a loop", "2"), *(("check", loop, "1") for loop in LOOPS), ("check", "a loop", "2")],
)
def test_a_file_that_takes_too_long_fails_alone(tmp_path: Path, place: str, loop: str, jobs: str) -> None:
    """Code that does not end is named with its place, and all other files are judged."""
    args = made(tmp_path, place, LOOPS[loop])
    if jobs == "2":
        for number in range(300):  # so many that worker processes share them
            (tmp_path / "files" / f"more-{number}.bin").write_bytes(b"\x01abc")
    done = ccheck("validate", *args, "--format", "json", "--jobs", jobs, "--file-timeout", "3s")
    assert done.returncode == 1, done.stderr
    reports = json.loads(done.stdout)["files"]
    failed = [report for report in reports if report["verdict"] == "fail"]
    assert len(reports) == (303 if jobs == "2" else 3)
    assert [Path(report["path"]).name for report in failed] == ["1.bin"]
    (finding,) = failed[0]["findings"]
    assert finding["check"] == "examination-crashed"
    assert "still ran after 3 s; --file-timeout, or file_timeout under [limits]" in finding["message"]
    if loop != "a stopped process":  # which cannot say where it is
        assert WHO[place] in finding["message"]
    assert (failed[0]["schema"], failed[0]["size"]) == ("mine", 4)


@posix
def test_a_file_that_takes_too_long_through_every_door(tmp_path: Path) -> None:
    """The gate, standard input, pytest, and the commands that read one file in their own process."""
    args = made(tmp_path, "check", LOOPS["a loop"])
    config = tmp_path / "ccheck.toml"
    config.write_text("format = 1\n[limits]\nfile_timeout = 3\n", encoding="utf-8")
    words = "the check odd-kind (mine.py:"
    named = ["--config", str(config), *args[1:]]
    done = ccheck("gate", *named, "--only", "validate")
    assert done.returncode == 1, done.stderr
    assert b"1.bin: examination-crashed" in done.stdout
    assert b"0.bin" not in done.stdout
    done = ccheck("validate", *named[:-1], str(tmp_path / "files" / "0.bin"), "-", data=b"\x07abc")
    assert done.returncode == 1, done.stderr
    assert words in done.stdout.decode()
    assert b"1 passed, 1 failed" in done.stdout
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--ccheck",
        "--ccheck-config",
        named[1],
        "--ccheck-schema",
        named[3],
    ]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", "files"],
        capture_output=True,
        cwd=tmp_path,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert words in done.stdout.decode()
    assert b"1 failed, 2 passed" in done.stdout


@posix
def test_a_format_of_another_package_that_does_not_end_is_not_asked_again(tmp_path: Path) -> None:
    """Its recogniser never ends on one file: that file fails, in the gate too, and nothing else waits for it."""
    subprocess.run(
        [sys.executable, "-m", "ccheck", "init", "blower"], cwd=tmp_path, check=True, capture_output=True
    )
    numbers = tmp_path / "blower" / "blower" / "numbers.py"
    text = numbers.read_text(encoding="utf-8")
    numbers.write_text(
        text
        + "\nordinary = recognise\ndef recognise(data):\n    while data == b'loop': pass\n    return ordinary(data)\n"
    )
    info = tmp_path / "blower" / "blower-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(BROUGHT.replace("brought", "blower"), encoding="utf-8")
    (info / "entry_points.txt").write_text("[ccheck.formats]\nblower = blower:FORMAT\n", encoding="utf-8")
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "0.bin").write_bytes(b"loop")
    (folder / "1.bin").write_bytes(b"junk")
    for words in (["validate"], ["gate", "--only", "validate"]):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "ccheck", *words, "--no-config", "--file-timeout", "3s", "files"],
            capture_output=True, text=True, cwd=tmp_path, check=False, timeout=100,
            env=os.environ | {"PYTHONPATH": str(tmp_path / "blower")},
        )  # fmt: skip
        assert done.returncode == 1, done.stderr
        assert "the schema (numbers.py:" in done.stdout
        assert ", in recognise) still ran after 3 s" in done.stdout
        assert "unrecognised-content" in done.stdout


@posix
def test_an_interpreter_that_takes_too_long_is_blamed(tmp_path: Path) -> None:
    """`ccheck run` ends, and names the place."""
    args = made(tmp_path, "top", "def EXERCISE(data, given):\n    while True: pass")[1:3]
    file = str(tmp_path / "files" / "0.bin")
    done = ccheck("run", "--no-config", *args, file, "--file-timeout", "2s")
    assert done.returncode == 3
    assert "nothing was proved: your code (mine.py:" in done.stderr.decode()
    assert b", in EXERCISE) still ran after the time that one file may take" in done.stderr


@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_reaches_the_command(tmp_path: Path, number: signal.Signals) -> None:
    """A signal to the process that was started ends all of it, as it ends a command without a schema file."""
    args = made(tmp_path, "check", f"open({str(tmp_path / 'mark')!r}, 'w').close(); time.sleep(60)")
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "ccheck", "validate", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    wait_for(tmp_path / "mark")
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)  # every process that holds the pipes has ended
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert out.startswith(b"configuration: none\n")


@posix
def test_a_killed_command_leaves_nothing_behind(tmp_path: Path) -> None:
    """Where the process that was started is killed, what it started ends too."""
    args = made(tmp_path, "check", f"open({str(tmp_path / 'mark')!r}, 'w').close(); time.sleep(600)")
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "ccheck", "validate", *args], stdout=subprocess.PIPE, cwd=ROOT
    )
    wait_for(tmp_path / "mark")
    process.kill()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL


def wait_for(mark: Path) -> None:
    """Wait until a check has made a file."""
    end = time.monotonic() + 60
    while not mark.exists():
        assert time.monotonic() < end, "the check was never reached"
        time.sleep(0.01)


OTHER_CODE = """
def boom(*given):
    {code}


SCHEMA = Schema("mine", "mine", SCHEMA.root, recognise=bool, compose=boom, describe=boom)
CHECKS = ()
EXERCISE = boom
"""
OTHER_COMMANDS = {
    "build": ["build", "recipe.yaml", "-o", "new.bin"],
    "show": ["show", "--yaml", "files/0.bin"],
    "diff": ["diff", "files/0.bin", "files/2.bin"],
    "run": ["run", "--no-config", "files/0.bin"],
}


@pytest.mark.parametrize("code", ["raise KeyError('words')", "sys.exit(0)"])
@pytest.mark.parametrize("name", OTHER_COMMANDS)
def test_what_other_code_raises_is_not_a_fault_of_ccheck(tmp_path: Path, name: str, code: str) -> None:
    """The two functions of a recipe and an interpreter are reported by file, line and function, and nothing else is."""
    made(tmp_path, "check", "pass")
    schema = tmp_path / "mine.py"
    schema.write_text(schema.read_text(encoding="utf-8") + OTHER_CODE.format(code=code), encoding="utf-8")
    (tmp_path / "recipe.yaml").write_text("schema: mine\ncontent: {}\n", encoding="utf-8")
    command, *rest = OTHER_COMMANDS[name]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "ccheck", command, "--schema", "mine.py", *rest],
        capture_output=True,
        cwd=tmp_path,
        timeout=120,
        check=False,
    )
    assert done.returncode == 3, done
    said = done.stderr.decode()
    raised = "KeyError: 'words'" if "raise" in code else "SystemExit: 0"
    assert f"nothing was proved: your code raised {raised} (mine.py:" in said
    assert "this is a bug" not in said
    assert "validator/ccheck" not in said


def test_a_place_that_is_no_proof_is_blamed_on_its_check(tmp_path: Path) -> None:
    """A check that puts spans where related belong is named, with what to write."""
    code = "return [Diagnostic('odd', subject.whole, why='x', fix='x', related=(subject.whole,))]"
    done = ccheck("validate", *made(tmp_path, "check", code), "--format", "json")
    (finding,) = json.loads(done.stdout)["files"][1]["findings"]
    assert finding["check"] == "examination-crashed"
    assert "related of a Diagnostic is a tuple of RelatedLocation" in finding["message"]
    assert "write related=(RelatedLocation.at(span, message),) (mine.py:" in finding["message"]


def test_a_proof_is_made_of_a_place(tmp_path: Path) -> None:
    """A place of the file that proves a finding is shown with the words of its proof."""
    code = (
        "from ccheck.check import RelatedLocation; return [Diagnostic('odd', subject.whole, why='x', fix='x',"
        " related=(RelatedLocation.at(subject.reading.root.span('kind'), 'it is odd'),))]"
    )
    done = ccheck("validate", *made(tmp_path, "check", code), "--format", "json")
    (finding,) = json.loads(done.stdout)["files"][1]["findings"]
    (proof,) = finding["related"]
    assert (proof["message"], proof["path"], proof["offset"], proof["length"]) == ("it is odd", "kind", 0, 1)


def test_a_field_that_a_file_lacks_is_named(tmp_path: Path) -> None:
    """A check that reads a field that is not there learns which, of what record, and how to ask for it."""
    done = ccheck("validate", *made(tmp_path, "check", "subject.reading.root.nosuch"), "--format", "json")
    (finding,) = json.loads(done.stdout)["files"][1]["findings"]
    assert "the top record has no field 'nosuch'" in finding["message"]
    assert "get('nosuch') is None then (mine.py:" in finding["message"]
