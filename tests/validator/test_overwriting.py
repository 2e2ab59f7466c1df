"""No command writes its output over a file that it reads, by whatever name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ccheck.report import RENDERERS
from tests.conftest import ROOT
from tests.validator.test_cli import Run, cc

assert callable(cc)

CORPUS = ROOT / "corpus" / "channel"
STORY = CORPUS / "field-past-inputs" / "good"

SCHEMA = """\
from construct import Int8ub, Struct
from ccheck_schemas.schema import Schema
SCHEMA = Schema("mine", "made for a test", Struct("a" / Int8ub), recognise=lambda data: False)
"""
KSY = "meta: {id: small}\nseq: [{id: a, type: u1}]\n"
PLAN = (
    "rollout",
    "plan",
    "march",
    "march.bin",
    "--record",
    "record",
    "--last-good",
    "june",
    "--hosts",
    "1000",
)

CASES = {
    "march.bin": (
        *(["validate", "march.bin", "--format", form, "--output"] for form in ("text", *RENDERERS)),
        ["gate", "march.bin", "--json"],
        ["fuzz", "minimize", "march.bin", "--output"],
    ),
    "ccheck.toml": (["validate", "march.bin", "--output"],),
    "consumers.toml": (["validate", "march.bin", "--output"], ["gate", "march.bin", "--report"]),
    "definitions.bin": (["validate", "march.bin", "--format", "json", "--output"],),
    "mine.py": (
        ["validate", "--schema", "mine.py", "one.bin", "--output"],
        ["gate", "--schema", "mine.py", "one.bin", "--sarif"],
        ["build", "--schema", "mine.py", "recipe.yaml", "--force", "--output"],
    ),
    "recipe.yaml": (["build", "recipe.yaml", "--force", "--output"],),
    "small.ksy": (["import-kaitai", "small.ksy", "--force", "--output"],),
    "record": (["rollout", "simulate", "--record", "record", "--plot"],),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cc: Run) -> Path:
    """A folder with whatever commands read."""
    for name in ("ccheck.toml", "consumers.toml", "definitions.bin"):
        shutil.copy(CORPUS / name, tmp_path)
    shutil.copy(STORY / "C-00000291-00000000-00000001.bin", tmp_path / "march.bin")
    shutil.copy(STORY / "C-00000291-00000000-00000001.yaml", tmp_path / "recipe.yaml")
    (tmp_path / "mine.py").write_text(SCHEMA, encoding="utf-8")
    (tmp_path / "small.ksy").write_text(KSY, encoding="utf-8")
    (tmp_path / "one.bin").write_bytes(b"\1")
    monkeypatch.chdir(tmp_path)
    assert cc(*PLAN)[0] == 0
    return tmp_path


def itself(path: Path) -> Path:
    """The name of the file."""
    return path


def link(path: Path) -> Path:
    """A symbolic link to it."""
    made = path.with_name("link")
    made.symlink_to(path)
    return made


def other_name(path: Path) -> Path:
    """A second name of it."""
    made = path.with_name("second")
    os.link(path, made)
    return made


@pytest.mark.skipif(os.name != "posix", reason="links")
@pytest.mark.parametrize("named", [itself, link, other_name])
@pytest.mark.parametrize(("name", "words"), [(name, words) for name, each in CASES.items() for words in each])
def test_what_is_read_is_not_written_over(
    name: str, words: Sequence[str], named: Callable[[Path], Path], folder: Path, cc: Run
) -> None:
    """Such an output is wrong usage, and the file stays as it is."""
    before = (folder / name).read_bytes()
    status, _, err = cc(*words, named(folder / name))
    assert status == 2, err
    assert "over what" in err
    assert (folder / name).read_bytes() == before


def test_a_campaign_is_not_written_over(tmp_path: Path, cc: Run) -> None:
    """A report of a campaign does not replace the campaign."""
    state = tmp_path / "campaign.sqlite"
    state.write_bytes(b"")
    for form in ("--html", "--json", "--markdown"):
        status, _, err = cc("fuzz", "report", tmp_path, form, state)
        assert status == 2
        assert "over what" in err


def test_another_report_is_replaced(folder: Path, cc: Run) -> None:
    """What is not read may be written again."""
    for _ in range(2):
        assert cc("validate", "march.bin", "--format", "json", "--output", "report.json")[0] == 0
