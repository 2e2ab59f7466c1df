"""Files are held by one process at a time, and what a killed one left holds nobody up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ccheck.files.atomic_write import Busy, held, write_whole

HOLD = "import sys; from pathlib import Path; from ccheck.files.atomic_write import held\nwith held(Path(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.read()\n"


def holder(path: Path) -> subprocess.Popen[str]:
    """Another process that holds a file until it is ended, or its standard input is."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_another_process_is_told_and_nothing_stays(tmp_path: Path) -> None:
    """While one process locks a file another gets an error at once; afterwards it is free, and no lock file is left."""
    path = tmp_path / "verdict.json"
    with holder(path) as other:
        with pytest.raises(Busy, match="another ccheck works on"), held(path):
            pass
        other.communicate()
    with held(path):
        assert [p.name for p in tmp_path.iterdir()] == [".verdict.json.lock"]
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_holds_nobody_up(tmp_path: Path) -> None:
    """The lock of a process that was killed is taken over, and removed."""
    path = tmp_path / "verdict.json"
    with holder(path) as other:
        other.kill()
        other.wait()
    with held(path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    """Who may write into the folder cannot have ccheck open another file."""
    (tmp_path / ".verdict.json.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"), held(tmp_path / "verdict.json"):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_takes_the_place_of_the_old_one_at_once(tmp_path: Path) -> None:
    """A file is replaced, not written into: who has the old one open keeps it whole."""
    path = tmp_path / "verdict.json"
    write_whole(path, b"old")
    with path.open("rb") as before:
        write_whole(path, b"new")
        assert before.read() == b"old"
    assert path.read_bytes() == b"new"
