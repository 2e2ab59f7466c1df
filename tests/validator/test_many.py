"""Many files: the same answer however many processes judge, whatever becomes of one of them, and on Ctrl-C."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from ccheck.cli.commands import validate
from ccheck.cli.main import run
from ccheck.core.finding import FileReport, Finding, RunReport, Severity
from ccheck.judging.context import ValidationContext
from ccheck.judging.preparation import prepare
from ccheck.report import RENDERERS
from ccheck.report.text import render_file
from ccheck.run import batch as many
from ccheck.run import workers
from ccheck.run.batch import cores, examine, worth_workers
from ccheck.run.chunks import BYTES, PreparationFailed, chunks
from ccheck.run.interrupts import Interrupts
from ccheck.run.process_end import ending
from ccheck.run.progress import Progress
from ccheck.run.workers import WorkerNotStarted
from tests.conftest import ROOT

CORPUS = ROOT / "corpus" / "channel"
CONFIG = ["--config", str(CORPUS / "ccheck.toml")]

posix = pytest.mark.skipif(os.name != "posix", reason="signals to a process group are POSIX's")

Run = Callable[..., tuple[int, str, str]]

TOY = '''
import os, signal, sys, time
from pathlib import Path
from construct import Const, Int8ub, Struct
from ccheck.core.check import Diagnostic, Check
from ccheck_schemas.schema import Schema


class Odd(Exception):
    """Cannot be unpickled: it needs two arguments."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def strange_byte(subject):
    """The byte is strange.

    ## What is wrong
    The byte.

    ## Why is this bad
    It is strange.

    ## How to fix
    Write another.
    """
    what = chr(subject.data[3])
    if what == "b":
        yield Diagnostic("the byte is b", subject.whole, why="it is strange", fix="write another")
    if what == "x":
        os._exit(0)
    if what == "k":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "o":
        raise Odd(1, 2)
    if what == "s":
        sys.exit(0)
    if what == "w":
        mark = Path(os.environ["MARKS"], subject.name)
        mark.with_suffix(".tmp").write_text(str(os.getpid()))
        mark.with_suffix(".tmp").replace(mark)
        time.sleep(60)


def always_made(subject):
    """Never found.

    ## What is wrong
    Nothing.

    ## Why is this bad
    It is not.

    ## How to fix
    There is no need.
    """
    yield from ()


SCHEMA = Schema(
    "toy", "a toy", Struct("magic" / Const(b"TOY"), "what" / Int8ub), recognise=lambda d: d[:3] == b"TOY"
)
CHECKS = (Check(strange_byte, schemas=("toy",)), Check(always_made))
'''


@pytest.fixture
def cc(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run the command line from the root of the project: status, standard output, standard error."""
    monkeypatch.chdir(ROOT)

    def call(*args: object) -> tuple[int, str, str]:
        status = run([str(a) for a in args])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    yield call
    assert multiprocessing.active_children() == []


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of 4 files, so that few files are many chunks."""
    monkeypatch.setattr(many, "FILES", 4)
    monkeypatch.setattr(workers, "FILES", 4)
    monkeypatch.setattr(many, "ENOUGH", 8)


@pytest.fixture
def no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers must not be started."""
    monkeypatch.setattr(workers, "Workers", None)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 files, each in a folder of its own: copies of the corpus, of which every fifth is damaged."""
    folder = tmp_path_factory.mktemp("mixed")
    sources = sorted(CORPUS.glob("*/*/*.bin")) + sorted(CORPUS.glob("*.bin"))
    assert len(sources) > 2
    for number in range(300):
        source = sources[number % len(sources)]
        data = bytearray(source.read_bytes())
        if number % 5 == 4 and data:
            data[number * 7 % len(data)] ^= 1 << number % 8
        if number % 60 == 59:
            del data[len(data) // 2 :]
        target = folder / f"{number:03}" / source.name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(data)
    return folder


def toys(folder: Path, what: str) -> tuple[list[str], list[Path]]:
    """The options for the toy's schema, and a file for each letter of `what`."""
    (folder / "toys").mkdir()
    (folder / "toy.py").write_text(TOY, encoding="utf-8")
    files = [folder / "toys" / f"{number:03}" for number in range(len(what))]
    for file, letter in zip(files, what, strict=True):
        file.write_bytes(b"TOY" + letter.encode())
    return ["--no-config", "--schema", str(folder / "toy.py")], files


def outcomes(out: str) -> list[tuple[int, str]]:
    """The number and verdict of each toy in a text report, in its order."""
    return [
        (int(number), word)
        for word, number in re.findall(r"^(pass|fail)  \S*toys\W(\d+) ", out, re.MULTILINE)
    ]


def test_the_answer_does_not_depend_on_the_number_of_processes(cc: Run, mixed: Path) -> None:
    """300 files give the same text, byte for byte, and the same status on 1, 2 and 3 processes."""
    alone = cc("validate", *CONFIG, mixed, "--jobs", 1)
    assert alone[0] == 1
    assert min(alone[1].count("\npass  "), alone[1].count("\nfail  ")) >= 40
    assert cc("validate", *CONFIG, mixed, "--jobs", 2) == alone
    assert cc("validate", *CONFIG, mixed, "--jobs", 3) == alone


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("form", [*RENDERERS])
def test_every_renderer_gets_the_same_run(cc: Run, mixed: Path, form: str) -> None:
    """Each form of the report is the same from 2 processes as from one."""
    files = sorted(mixed.glob("*/*.bin"))[:23]
    args = ["validate", *CONFIG, "--format", form, *files]
    assert cc(*args, "--jobs", 2) == cc(*args, "--jobs", 1)


@pytest.mark.usefixtures("small_chunks")
def test_reports_come_in_the_order_of_the_names(
    cc: Run, mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files named backwards, twice, and standard input between them: each is reported where it was named."""
    good = (CORPUS / "field-past-inputs" / "good" / "C-00000291-00000000-00000001.bin").read_bytes()
    files = sorted(mixed.glob("*/*.bin"))[13::-1]
    args = [files[3], *files[:5], "-", *files[5:], files[3], mixed / "000"]
    answers = []
    for jobs in (1, 2):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(good)))
        answers.append(cc("validate", *CONFIG, *args, "--jobs", jobs))
    assert answers[0] == answers[1]
    told = re.findall(r"^(?:pass|fail)  (\S+)", answers[1][1], re.MULTILINE)
    assert told == [str(arg) for arg in args[:-1]] + [str(file) for file in (mixed / "000").iterdir()]


@pytest.mark.usefixtures("no_workers")
def test_few_files_start_no_workers(cc: Run, tmp_path: Path) -> None:
    """127 small files are judged in this process, where starting others would cost more than it brings."""
    good = (CORPUS / "field-past-inputs" / "good" / "C-00000291-00000000-00000001.bin").read_bytes()
    for number in range(127):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "C-00000291-00000000-00000001.bin").write_bytes(good)
    assert cc("validate", *CONFIG, tmp_path, "--jobs", 2)[0] == 0


def test_a_few_full_chunks_are_worth_workers(tmp_path: Path) -> None:
    """It takes 256 files, or two or more that have the bytes of two chunks."""
    assert worth_workers(["nowhere"] * 256)
    assert not worth_workers(["nowhere"] * 255)
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(BYTES)
    assert worth_workers([str(large)] * 2)
    assert not worth_workers([str(large), "nowhere"])
    with large.open("wb") as file:
        file.truncate(2 * BYTES)
    assert not worth_workers([str(large)])


def test_chunks_hold_each_file_once(tmp_path: Path) -> None:
    """A chunk ends after 64 files, after the bytes of a chunk, and beside standard input, which is one by itself."""
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(BYTES)
    files = ["-", *["small"] * 65, "-", "-", "small", str(large), "small", "-"]
    cuts = [0, 1, 65, 66, 67, 68, 70, 71, 72]
    assert list(chunks(files)) == [range(*cut) for cut in pairwise(cuts)]
    assert list(chunks(files, 66)) == [range(*cut) for cut in pairwise(cuts[3:])]
    assert list(chunks(["small"] * 3, most=1)) == [range(1), range(1, 2), range(2, 3)]
    assert list(chunks([])) == []


def test_there_is_a_core() -> None:
    """The default of --jobs is at least one and at most all cores of the machine."""
    assert 1 <= cores() <= (os.cpu_count() or 1)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize(
    ("letter", "words"),
    [
        ("x", "ended with exit status 0 in the check strange-byte (toy.py:32, in strange_byte)"),
        pytest.param("k", "was ended by SIGKILL", marks=posix),
    ],
)
def test_a_file_that_ends_its_worker_is_an_error(cc: Run, tmp_path: Path, letter: str, words: str) -> None:
    """Two files end the process that judges them: both fail by name, and all others are judged as usual."""
    what = f"gbgg gg{letter}g gbgg gggg {letter}ggb gg".replace(" ", "")
    options, _ = toys(tmp_path, what)
    status, out, err = cc("validate", *options, tmp_path / "toys", "--jobs", 2)
    assert (status, err) == (1, "")
    assert outcomes(out) == [(n, "pass" if c == "g" else "fail") for n, c in enumerate(what)]
    assert out.count("error[examination-crashed]") == 2
    assert out.count("error[strange-byte]") == 3
    place = out.index("error[examination-crashed]")
    report = out[place : out.index("pass", place)].replace(f"{tmp_path / 'toys'}{os.sep}", "toys/")
    report = re.sub(r"(?<=skipped: )\d+ checks", "... checks", report)
    code = f"{ord(letter):02x}"
    assert (
        report
        == f"""\
error[examination-crashed]: examining the file failed: the process {words}
  --> toys/006 at 0x0
        |  0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f
    000 | 54 4f 59 {code}                                       TOY{letter}
        | ^^^^^^^^^^^
        = why: a file that was not examined to its end is not known to be good
        = fix: correct the schema or check that fails; if the place is in ccheck, report it with the file
        = more: ccheck explain examination-crashed

skipped: ... checks (blocked by examination-crashed)
fail  toys/006  toy, 4 bytes, 1 error, not examined, 3 checks
"""
    )


@pytest.mark.usefixtures("small_chunks")
def test_no_configuration_makes_a_pass_of_a_crash(cc: Run, tmp_path: Path) -> None:
    """A project that lowers the severity of the check still fails."""
    options, _ = toys(tmp_path, "gggggggggx")
    config = tmp_path / "ccheck.toml"
    config.write_text('format = 1\n[severity]\nexamination-crashed = "info"\n', encoding="utf-8")
    args = ["--config", config, *options[1:], tmp_path / "toys"]
    assert cc("validate", *args, "--jobs", 2)[0] == 1


@pytest.mark.usefixtures("small_chunks")
def test_a_worker_that_is_killed_once_costs_nothing(cc: Run, tmp_path: Path) -> None:
    """A worker that dies of something else than a file is replaced, and its files are judged by another."""
    options, _ = toys(tmp_path, "g" * 12)
    schema = tmp_path / "toy.py"
    once = f"""
    mark = Path({str(tmp_path / "mark")!r})
    if subject.name == "005" and not mark.exists():
        mark.touch()
        os._exit(9)
"""
    schema.write_text(TOY.replace("    what = chr", f"{once}    what = chr"), encoding="utf-8")
    status, out, _ = cc("validate", *options, tmp_path / "toys", "--jobs", 2)
    assert (tmp_path / "mark").exists()
    assert (status, len(outcomes(out))) == (0, 12)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(("letter", "words"), [("o", "Odd: 1 and 2"), ("s", "SystemExit: 0")])
def test_an_exception_in_a_check_is_an_error_of_its_file(
    cc: Run, tmp_path: Path, letter: str, words: str, jobs: int
) -> None:
    """What a user's check raises fails that file, with type and place; all others are judged and reported."""
    options, _ = toys(tmp_path, f"gbggg{letter}gggggg")
    status, out, err = cc("validate", *options, tmp_path / "toys", "--jobs", jobs)
    expected = [(i, "fail" if i in (1, 5) else "pass") for i in range(12)]
    assert (status, outcomes(out), err) == (1, expected, "")
    assert re.search(
        rf"error\[examination-crashed\]: examining the file failed: (\S+\.)?{words} \(.*, in str", out
    )


@pytest.mark.usefixtures("no_workers")
def test_a_mistake_in_the_configuration_is_told_once(cc: Run, tmp_path: Path, mixed: Path) -> None:
    """A configuration that cannot be used is status 2 before any worker starts."""
    config = tmp_path / "ccheck.toml"
    config.write_text("format = 2\n", encoding="utf-8")
    status, out, err = cc("validate", "--config", config, mixed, "--jobs", 2)
    assert (status, out) == (2, "")
    assert err.count("ccheck.toml") == 1


def _ends() -> ValidationContext:
    os._exit(7)


def _raises() -> ValidationContext:
    raise ValueError("no longer")


@pytest.mark.usefixtures("small_chunks")
def test_workers_that_cannot_start_are_no_crash_of_a_file(mixed: Path) -> None:
    """Workers that end or fail before they judge anything end the run; no file is reported."""
    files = [str(file) for file in sorted(mixed.glob("*/*"))[:20]]
    validation = prepare(use_config=False)
    with pytest.raises(WorkerNotStarted, match="could not start: it ended with exit status 7") as ended:
        list(examine(files, _ends, validation, 2, Interrupts()))
    assert ended.value.exitcode == 7
    with pytest.raises(PreparationFailed, match="ValueError: no longer"):
        list(examine(files, _raises, validation, 2, Interrupts()))
    assert multiprocessing.active_children() == []


@pytest.mark.usefixtures("small_chunks")
def test_a_run_that_is_left_ends_its_workers(mixed: Path) -> None:
    """Whoever stops asking for reports, as a reader that has gone does, leaves no process behind."""
    files = [str(file) for file in sorted(mixed.glob("*/*"))[:40]]
    make = partial(prepare, use_config=False)
    examined = examine(files, make, make(), 2, Interrupts())
    assert next(examined)[0] == 0
    assert multiprocessing.active_children() != []
    examined.close()
    assert multiprocessing.active_children() == []


def test_how_a_process_ended_is_said_in_words() -> None:
    """Signals have names, and the codes of Windows are hexadecimal."""
    assert ending(-int(signal.SIGTERM)) == "was ended by SIGTERM"
    assert ending(-250) == "was ended by signal 250"
    assert ending(3) == "ended with exit status 3"
    assert ending(0xC0000005) == "ended with exit status 0xc0000005"
    assert ending(None) == "ended"


def begin(folder: Path, *args: object) -> subprocess.Popen[str]:
    """Start the command line on the toys in a process group of its own."""
    (folder / "marks").mkdir()
    return subprocess.Popen(
        [sys.executable, "-m", "ccheck", "validate", *map(str, args), str(folder / "toys")],
        env={**os.environ, "MARKS": str(folder / "marks")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )


def reached(folder: Path, *numbers: int) -> None:
    """Wait until these toys, which make their checks wait, are being judged."""
    end = time.monotonic() + 30
    while not all((folder / "marks" / f"{number:03}").exists() for number in numbers):
        assert time.monotonic() < end, "the files were never reached"
        time.sleep(0.01)


TWO_STUCK = "g" * 64 + "b" * 10 + "w" + "g" * 53 + "b" * 64 + "w" + "g" * 63
"""Two files stay in a check. Files that code of the user's judges are given out one by one."""


@posix
@pytest.mark.parametrize("signals", [1, 2])
def test_an_interrupt_leaves_a_correct_partial_report(tmp_path: Path, signals: int) -> None:
    """Ctrl-C, once or twice, in the whole process group: what was judged, what was not reached, no more."""
    options, files = toys(tmp_path, TWO_STUCK)
    process = begin(tmp_path, *options, "--jobs", 2, "--format", "json")
    reached(tmp_path, 74, 192)
    for _ in range(signals):
        os.killpg(process.pid, signal.SIGINT)
    # The end of the output: a worker that lived on would hold it open.
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "interrupted\n")
    report = json.loads(out)
    assert report["interrupted"]
    assert report["summary"]["verdict"] == "fail"
    assert [f["path"] for f in report["files"]] == [str(f) for f in files[:74] + files[75:192]]
    assert report["unexamined"] == [str(f) for f in files[74:75] + files[192:]]
    for mark in (tmp_path / "marks").iterdir():
        with pytest.raises(ProcessLookupError):
            os.kill(int(mark.read_text()), 0)


@posix
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupted_text_says_what_was_not_reached(tmp_path: Path, jobs: int) -> None:
    """Text stops after whole reports and ends with the count of files that were not reached."""
    options, _ = toys(tmp_path, TWO_STUCK)
    output = tmp_path / "report.txt"
    process = begin(tmp_path, *options, "--jobs", jobs, "--output", output)
    reached(tmp_path, *([74] if jobs == 1 else [74, 192]))
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=30) == ("", "interrupted\n")
    assert process.returncode == 130
    told = [*range(74)] if jobs == 1 else [*range(74), *range(75, 192)]
    text = output.read_text(encoding="utf-8")
    assert outcomes(text) == [(n, "pass" if TWO_STUCK[n] == "g" else "fail") for n in told]
    assert text.splitlines()[-1] == f"interrupted: {256 - len(told)} files not reached"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["marks", "report.txt", "toy.py", "toys"]


@posix
def test_a_killed_ccheck_takes_its_workers_along(tmp_path: Path) -> None:
    """When the parent is killed, workers end too, also in the middle of a file."""
    options, _ = toys(tmp_path, TWO_STUCK)
    process = begin(tmp_path, *options, "--jobs", 2, "--format", "json")
    reached(tmp_path, 74, 192)
    process.kill()
    assert process.communicate(timeout=30)[0] == ""


def test_an_interrupt_while_a_report_is_made_leaves_none(
    cc: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while a whole run is rendered for --output ends with status 130 and without any file."""

    def interrupted(report: RunReport, checks: object) -> str:
        signal.raise_signal(signal.SIGINT)
        return "not reached"

    options, _ = toys(tmp_path, "gb")
    (tmp_path / "out").mkdir()
    monkeypatch.setattr(validate, "RENDERERS", {**RENDERERS, "json": interrupted})
    args = ["--format", "json", "--output", tmp_path / "out" / "report", tmp_path / "toys"]
    status, out, err = cc("validate", *options, *args)
    assert (status, out, err.strip()) == (130, "", "interrupted")
    assert list((tmp_path / "out").iterdir()) == []


def test_an_interrupt_between_files_waits_until_the_report_is_told(
    cc: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while a report is written lets it be written whole, and stops before the next file."""

    def interrupted(report: FileReport, *, color: bool) -> str:
        signal.raise_signal(signal.SIGINT)
        return render_file(report, color=color)

    options, _ = toys(tmp_path, "bgg")
    monkeypatch.setattr(validate, "render_file", interrupted)
    status, out, _ = cc("validate", *options, tmp_path / "toys")
    assert status == 130
    assert outcomes(out) == [(0, "fail")]
    assert out.splitlines()[-1] == "interrupted: 2 files not reached"


def test_a_user_who_insists_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second Ctrl-C stops at once, but not one that a launcher passed on in the same moment."""
    before = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert interrupts.noted
        monkeypatch.setattr("ccheck.run.interrupts.INSISTS", 0.0)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) == before


def test_an_ignored_interrupt_stays_ignored() -> None:
    """A launcher that had Ctrl-C ignored, as a shell does for jobs in the background, is obeyed."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            signal.raise_signal(signal.SIGINT)
            assert not interrupts.noted
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


class Terminal(io.StringIO):
    """A terminal that keeps what was written."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def screen(text: str) -> str:
    """What a terminal shows after `text`: a carriage return goes back, and what follows covers."""
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part) :]
        lines.append(shown.rstrip())
    return "\n".join(lines)


def _report(size: int, findings: int) -> FileReport:
    finding = Finding("strange", Severity.ERROR, "it is", "", 0, 1, "why", "fix")
    return FileReport("a", "toy", size, "", (finding,) * findings, checks_run=1)


def test_progress_is_one_line_that_leaves_nothing() -> None:
    """The line shows files, speed, findings and time left, is redrawn in its place, and goes away."""
    now = [100.0]
    stream = Terminal()
    with Progress(1000, stream, clock=lambda: now[0]) as progress:
        progress.tick()
        assert screen(stream.getvalue()) == snapshot("0 of 1,000 files")
        for _ in range(250):
            progress.count(_report(100_000, 1))
        progress.tick()
        assert "MB/s" not in stream.getvalue(), "drawn again too soon"
        now[0] += 25
        progress.tick()
        assert screen(stream.getvalue()) == snapshot("250 of 1,000 files  1.0 MB/s  250 findings  1:15 left")
        progress.clear()
        stream.write("pass  a\n")
        now[0] += 1
        progress.tick()
    assert screen(stream.getvalue()) == "pass  a\n"


def test_progress_of_few_files_waits_a_second() -> None:
    """Up to 200 files get no line before a second has passed."""
    now = [0.0]
    stream = Terminal()
    progress = Progress(200, stream, clock=lambda: now[0])
    now[0] = 0.9
    progress.tick()
    assert stream.getvalue() == ""
    now[0] = 1.1
    progress.tick()
    assert screen(stream.getvalue()) == "0 of 200 files"


def test_progress_is_for_terminals_alone() -> None:
    """Nothing is written to a file or a pipe, to a terminal of someone who wants none, or to one that has gone."""
    for stream, wanted in ((io.StringIO(), True), (Terminal(), False)):
        with Progress(1000, stream, wanted=wanted) as progress:
            progress.tick()
        assert stream.getvalue() == ""

    class Gone(Terminal):
        def write(self, text: str) -> int:
            raise OSError(5, "Input/output error")

    with Progress(1000, Gone()) as progress:
        progress.tick()
        progress.tick()


@posix
@pytest.mark.parametrize("wanted", [True, False])
def test_progress_and_text_share_a_terminal(cc: Run, tmp_path: Path, wanted: bool) -> None:
    """On a terminal the report reads as in a file, with the progress drawn and gone; --no-progress draws none."""
    pty = pytest.importorskip("pty")
    options, _ = toys(tmp_path, "ggb" * 90)
    args = [sys.executable, "-m", "ccheck", "validate", *options, "--jobs", "2", "--color", "never"]
    args += [str(tmp_path / "toys")] + ([] if wanted else ["--no-progress"])
    ours, theirs = pty.openpty()
    with subprocess.Popen(args, stdout=theirs, stderr=theirs, cwd=ROOT) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux says so at the end
                break
            if not part:
                break
            shown += part
    os.close(ours)
    status, plain, _ = cc("validate", *options, tmp_path / "toys")
    assert process.returncode == status == 1
    assert screen(shown.decode()) == screen(plain)
    assert (b"of 270 files" in shown) == wanted


def test_the_program_starts_without_worker_machinery() -> None:
    """A run in one process imports no multiprocessing: starting quickly matters more to it."""
    code = "import sys, ccheck.cli.commands.validate; print('multiprocessing' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
