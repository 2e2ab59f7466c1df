"""The libFuzzer harnesses behave as libFuzzer's users expect."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ccheck.formats.registry import FORMATS
from ccheck_fuzz.engines.libfuzzer import Atheris
from tests.conftest import ROOT
from tests.fuzz.channel_setting import STORY

TARGETS = sorted((ROOT / "fuzz" / "targets").glob("*.py"))
pytestmark = pytest.mark.skipif(Atheris().missing() is not None, reason="Atheris is not installed")


def test_there_is_one_for_each_format() -> None:
    """Every format has an executable harness."""
    assert [path.stem for path in TARGETS] == sorted(known.name for known in FORMATS)
    assert all(os.access(path, os.X_OK) for path in TARGETS)


def run(target: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a harness as libFuzzer's users do."""
    command = [sys.executable, str(target), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)


@pytest.mark.parametrize("target", TARGETS, ids=lambda path: path.stem)
def test_a_search_of_good_files_ends_well(target: Path, tmp_path: Path) -> None:
    """Beginning with a good file, so many runs end with status 0, and the corpus has grown."""
    good = next(iter(sorted((ROOT / "corpus" / target.stem).glob("*/good/*.bin"))))
    (tmp_path / "seed").write_bytes(good.read_bytes())
    done = run(target, "-runs=60", "-seed=1", str(tmp_path))
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(list(tmp_path.iterdir())) > 1


def test_merge_keeps_what_reaches_more(tmp_path: Path) -> None:
    """`-merge=1` runs the harness again by its own command, and copies what adds coverage."""
    (tmp_path / "many").mkdir()
    (tmp_path / "few").mkdir()
    data = next((STORY / "good").glob("*.bin")).read_bytes()
    for number in range(4):
        (tmp_path / "many" / str(number)).write_bytes(data)
    (tmp_path / "many" / "other").write_bytes(b"nothing of the kind")
    target = next(path for path in TARGETS if path.stem == "channel")
    done = run(target, "-merge=1", str(tmp_path / "few"), str(tmp_path / "many"))
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(list((tmp_path / "few").iterdir())) == 2
