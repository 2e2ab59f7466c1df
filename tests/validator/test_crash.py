"""Whatever a user's schema or check raises while one file is judged is an error of that file, and of no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.validator.test_cli import Run, cc

__all__ = ["cc"]

SCHEMA = '''
from construct import Bytes, Int8ub, Struct
from ccheck.core.check import Diagnostic, Check
from ccheck_schemas.schema import Schema

def assemble(reading):
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
    {check}
    yield from ()

SCHEMA = Schema("mine", "mine", Struct("kind" / Int8ub, "rest" / Bytes(3)), recognise=bool, assemble=assemble)
CHECKS = (Check(odd_kind),)
'''
BAD = {
    "KeyError": "{{}}['gone']",
    "RecursionError": "(lambda f: f(f))(lambda f: f(f))",
    "MemoryError": "raise MemoryError",
    "SystemExit": "raise SystemExit(0)",
    "UnicodeDecodeError": "b'\\xff'.decode()",
    "AssertionError": "assert False, 'words\\nof\\tmany'",
    "TypeError: a Diagnostic has texts": "yield Diagnostic(None, subject.whole, why='', fix='')",
}


def files(tmp_path: Path, number: int = 8) -> Path:
    """A folder of good files, and one that the schema stumbles over."""
    folder = tmp_path / "files"
    folder.mkdir()
    for i in range(number):
        (folder / f"{i}.bin").write_bytes(bytes([7 if i == 3 else 1, 2, 3, 4]))
    return folder


def schema(tmp_path: Path, place: str, raising: str) -> Path:
    """A schema file that raises for one kind, in one place."""
    kind = "reading.root" if place == "assemble" else "subject.reading.root"
    lines = {"assemble": "pass", "check": "pass", place: f"if {kind}.kind == 7:\n        {raising}"}
    path = tmp_path / "mine.py"
    path.write_text(SCHEMA.format(**lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("place", ["assemble", "check"])
@pytest.mark.parametrize("name", BAD)
def test_an_exception_is_an_error_of_its_file(
    cc: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, place: str, jobs: str
) -> None:
    """Type and place of the exception are in the finding; all other files are judged; exit status 1."""
    if place == "assemble" and "Diagnostic" in name:
        pytest.skip("a schema makes no Diagnostic")
    monkeypatch.setattr("ccheck.run.batch.ENOUGH", 2)
    path = schema(tmp_path, place, BAD[name].format())
    words = ("--no-config", "--schema", str(path), str(files(tmp_path)), "--jobs", jobs, "--format", "json")
    status, out, err = cc("validate", *words)
    assert (status, err) == (1, "")
    reports = json.loads(out)["files"]
    assert [report["verdict"] for report in reports] == ["fail" if i == 3 else "pass" for i in range(8)]
    (finding,) = reports[3]["findings"]
    assert finding["check"] == "examination-crashed"
    assert name in finding["message"]
    assert "mine.py:" in finding["message"]


@pytest.mark.parametrize("place", ["assemble", "check"])
def test_the_gate_judges_the_other_files(cc: Run, tmp_path: Path, place: str) -> None:
    """One file of a release on which a check raises fails the stage validate, with its name; nothing else does."""
    path = schema(tmp_path, place, BAD["KeyError"].format())
    folder = files(tmp_path)
    status, out, _ = cc("gate", str(folder), "--no-config", "--schema", str(path), "--only", "validate")
    assert status == 1
    assert "3.bin: examination-crashed: examining the file failed: KeyError: 'gone' (mine.py:" in out
    assert "2.bin" not in out


@pytest.mark.parametrize("command", ["show", "diff", "run"])
def test_other_commands_say_it_in_one_line(cc: Run, tmp_path: Path, command: str) -> None:
    """A schema that raises is no traceback of `show`, `diff` or `run`."""
    path = schema(tmp_path, "assemble", BAD["KeyError"].format())
    file = str(files(tmp_path) / "3.bin")
    status, _, err = cc(command, "--schema", str(path), file, *([file] if command == "diff" else []))
    assert status in (1, 2)
    assert "Traceback" not in err
    assert "KeyError: 'gone'" in err


def test_definitions_that_cannot_be_examined_are_wrong_usage(cc: Run, tmp_path: Path) -> None:
    """The definitions of a whole run are no file of it: the run does not begin."""
    path = schema(tmp_path, "assemble", BAD["KeyError"].format())
    folder = files(tmp_path)
    words = ("--no-config", "--schema", str(path), "--definitions", str(folder / "3.bin"))
    status, _, err = cc("validate", *words, str(folder / "1.bin"))
    assert status == 2
    assert "KeyError: 'gone' (mine.py:" in err
