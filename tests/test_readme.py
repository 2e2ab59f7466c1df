"""README: its commands are those that the quality gate and the tests run, and its links lead somewhere."""

from __future__ import annotations

import re
import shlex

import pytest

from ccheck.cli import COMMANDS, run
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMAND_LINES = re.findall(r"^python3 -m venv .*$", README, re.MULTILINE)


def test_the_quality_gate_runs_the_test_command_as_it_stands() -> None:
    """README has two commands; the second is a line of .ci/run."""
    assert len(COMMAND_LINES) == 2
    assert COMMAND_LINES[1] in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_first_command_judges_the_story(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What README's first command runs passes the March file, fails the July file, and says so."""
    monkeypatch.chdir(ROOT)
    _, _, tail = COMMAND_LINES[0].partition(".venv/bin/ccheck ")
    assert run(shlex.split(tail)) == 1
    out = capsys.readouterr().out
    assert "pass  corpus/channel/field-past-inputs/good/C-00000291-00000000-00000001.bin" in out
    assert "fail  corpus/channel/field-past-inputs/bad/C-00000291-00000000-00000032.bin" in out


def test_every_command_is_named() -> None:
    """README names each command of the program."""
    assert [name for name in COMMANDS if name != "completion" and f"`ccheck {name}" not in README] == []


@pytest.mark.parametrize(
    "page", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md")), ids=lambda p: p.name
)
def test_links_lead_to_files(page: object) -> None:
    """Every relative link of the documents leads to a file."""
    path = ROOT / str(page)
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{path.name} links to {target}"
