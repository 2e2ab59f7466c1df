"""`pytest --ccheck` collects content files as tests, and is inert without the option."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

CORPUS = ROOT / "corpus" / "channel"
STORY = CORPUS / "field-past-inputs"


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A folder with a good and a bad file, and what they are judged by."""
    for name in ("ccheck.toml", "consumers.toml", "definitions.bin"):
        shutil.copy(CORPUS / name, tmp_path)
    (tmp_path / "files").mkdir()
    shutil.copy(next((STORY / "good").glob("*1.bin")), tmp_path / "files")
    shutil.copy(next((STORY / "bad").glob("*.bin")), tmp_path / "files")
    return tmp_path


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_files_are_tests(content: Path) -> None:
    """Each content file is one test; a failure shows the report of ccheck validate."""
    done = run(content, "--ccheck", "files")
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout
    assert "error[field-past-inputs]: criterion reads input 20" in done.stdout


def test_without_the_option_nothing_is_collected(content: Path) -> None:
    """The plug-in is silent, and loads nothing else of ccheck."""
    (content / "test_inert.py").write_text(
        "import sys\n\ndef test_inert():\n"
        "    assert [m for m in sys.modules if m.startswith('ccheck')] == ['ccheck', 'ccheck.pytest_plugin']\n",
        encoding="utf-8",
    )
    done = run(content)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_what_cannot_be_judged_is_wrong_usage(content: Path) -> None:
    """A configuration that cannot be used ends the run with pytest's status for wrong usage."""
    done = run(content, "--ccheck", "--ccheck-schema", "nothing", "files")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "schema 'nothing' is not known" in done.stdout + done.stderr


def test_unknown_content_fails(content: Path) -> None:
    """A file of a collected ending that no format recognises does not pass."""
    (content / "files" / "other.bin").write_bytes(b"nothing that is known")
    (content / "files" / "passed-over.txt").write_bytes(b"not collected")
    done = run(content, "--ccheck", "files")
    assert "2 failed, 1 passed" in done.stdout
    assert "unrecognised-content" in done.stdout
