"""Builds that were named, and of which none is supported: nothing runs as if no builds had been named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ccheck.cli.main import run
from tests.conftest import ROOT

Cli = Callable[..., tuple[int, str, str]]
POLICY = ROOT / "corpus" / "apparmor" / "base.bin"
DAY = "2026-11-01"

OWN = '''\
"""A format of one number, whose interpreter has a reader of its own where no builds are named."""

from construct import Const, Int8ul, Struct

from ccheck.formats.exercise.outcome import Exercised, Outcome
from ccheck_schemas.meaning import Understood
from ccheck_schemas.schema import Schema

ONE = Struct("magic" / Const(b"ONE1"), "op" / Understood(Int8ul, "ops"))
SCHEMA = Schema("one", "one number", ONE, recognise=lambda data: data[:4] == b"ONE1", builds_required=False)


def EXERCISE(data, given):
    names = [build.name for build in given.builds] or ["reader of its own"]
    return Exercised(tuple(Outcome(name, "linux", "run", events=1, steps=1) for name in names))
'''


@pytest.fixture
def cc(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """Run the command line in an empty folder: status, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def call(*args: object) -> tuple[int, str, str]:
        status = run([str(one) for one in args])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def kernel(cc: Cli, window: str, formats: str = '["regdb", "apparmor"]') -> Path:
    """Writes a build like Linux 6.12, with another window of support and other formats."""
    text = cc("consumers", "show", "builtin:linux-lts", "linux-6.12")[1]
    text = text[: text.index("[[unknown]]")] + text[text.index("[[consumer]]") :]
    text = text.replace("linux-6.12", "acme-6.12").replace("supported_from = 1970-01-01", window)
    path = Path("c.toml")
    path.write_text(text.replace('["regdb", "apparmor"]', formats), encoding="utf-8")
    return path


ENDED = "supported_from = 2020-01-01\nsupported_until = 2026-06-30"
WINDOWS = [
    (ENDED, "acme-6.12 until 2026-06-30"),
    ("supported_from = 2027-01-01", "acme-6.12 from 2027-01-01"),
    (
        "supported_from = 2027-01-01\nsupported_until = 2028-01-01",
        "acme-6.12 from 2027-01-01 to 2028-01-01",
    ),
]


@pytest.mark.parametrize(("window", "words"), WINDOWS)
def test_run_refuses_builds_of_which_none_is_supported(cc: Cli, window: str, words: str) -> None:
    """`ccheck run` says which windows have ended or not begun, and runs no other reader."""
    builds = kernel(cc, window)
    status, out, err = cc("run", "--no-config", POLICY, "--consumers", builds, "--on", DAY)
    assert (status, out) == (2, "")
    assert f"no build of c.toml that reads apparmor is supported on {DAY}: {words}\n" in err


@pytest.mark.parametrize("more", [(), ("--all-consumers",), ("--consumer", "acme-6.12")])
def test_run_refuses_builds_of_other_formats(cc: Cli, more: tuple[str, ...]) -> None:
    """Where no named build reads the format, `ccheck run` runs nothing, however the builds are chosen."""
    builds = kernel(cc, "supported_from = 2020-01-01", '["regdb"]')
    status, out, err = cc("run", "--no-config", POLICY, "--consumers", builds, "--on", DAY, *more)
    assert (status, out) == (2, "")
    who = "acme-6.12 does not read" if "--consumer" in more else "no build of c.toml reads"
    assert f"{who} files of apparmor\n" in err


def test_run_refuses_builds_of_ccheck_toml_too(cc: Cli) -> None:
    """It makes no difference whether the builds are named by the option or in ccheck.toml."""
    kernel(cc, ENDED)
    Path("ccheck.toml").write_text('format = 1\nconsumers = "c.toml"\n', encoding="utf-8")
    status, _, err = cc("run", POLICY, "--on", DAY)
    assert status == 2
    assert "acme-6.12 until 2026-06-30" in err


def test_an_interpreter_of_ones_own_runs_no_reader_of_its_own_instead(cc: Cli) -> None:
    """An `EXERCISE` is never called without builds where builds were named."""
    Path("one.py").write_text(OWN, encoding="utf-8")
    Path("a.one").write_bytes(b"ONE1\1")
    build = "version = '1'\nplatform = 'linux-x64'\npointer_bits = 64\n"
    text = f"format = 2\n[[consumer]]\nname = 'old'\n{build}{ENDED}\n[consumer.sets]\nops = [1]\n"
    Path("c.toml").write_text(text, encoding="utf-8")
    words = ("run", "--no-config", "a.one", "--schema", "one.py", "--consumers", "c.toml", "--on")
    assert cc(*words, "2026-01-01")[0] == 0
    status, out, err = cc(*words, DAY)
    assert (status, out) == (2, "")
    assert f"no build of c.toml that reads one is supported on {DAY}: old until 2026-06-30\n" in err


def test_the_gate_has_no_evidence_of_builds_that_are_not_supported(cc: Cli) -> None:
    """No stage passes that would run the release under builds, and each says why."""
    kernel(cc, ENDED)
    policy = 'format = 1\nconsumers = "c.toml"\n[gate]\nbaseline = "baseline.txt"\n'
    Path("ccheck.toml").write_text(policy, encoding="utf-8")
    Path("release").mkdir()
    Path("release", "policy.bin").write_bytes(POLICY.read_bytes())
    assert cc("baseline", "add", "release", "--release", "1", "--on", "2026-01-01")[0] == 0
    status, out, _ = cc("gate", "release", "--on", DAY)
    assert status == 1
    why = f"no build of c.toml that reads apparmor is supported on {DAY}: acme-6.12 until 2026-06-30"
    for stage in ("exercise", "first_use", "faults", "fuzz"):
        assert f"{stage:<10}  incomplete  policy.bin: {why}\n" in out, out


def test_fuzz_refuses_builds_of_which_none_is_supported(cc: Cli) -> None:
    """A search with builds of which none is supported does not begin, and says why."""
    builds = kernel(cc, ENDED)
    status, _, err = cc(
        "fuzz", "--schema", "apparmor", "--no-config", "--consumers", builds, "--on", DAY, "--out", "o"
    )
    assert status == 2
    assert f"no build of c.toml that reads apparmor is supported on {DAY}: acme-6.12 until 2026-06-30" in err


def test_a_window_that_has_not_begun_is_named_as_such(cc: Cli) -> None:
    """A finding says `from` a future day, not from that day to today, and points at its line."""
    builds = kernel(cc, "supported_from = 2027-01-01")
    _, out, _ = cc("validate", "--no-config", POLICY, "--consumers", builds, "--on", DAY)
    lines = builds.read_text(encoding="utf-8").splitlines()
    (line,) = (number for number, one in enumerate(lines, 1) if one.startswith("supported_from = "))
    assert f"= because: c.toml:{line}: acme-6.12 is supported from 2027-01-01\n" in out
