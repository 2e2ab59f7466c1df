"""What a worker did last is readable however it ended."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from ccheck_fuzz.process.heartbeat import MOST_INPUT, HeartbeatWriter, read_heartbeat


def test_the_input_of_a_killed_process_is_there(tmp_path: Path) -> None:
    """A process that dies inside a run leaves its input and its figures."""
    path = tmp_path / "heartbeat"
    program = f"""
import os, signal
from pathlib import Path
from ccheck_fuzz.process.heartbeat import HeartbeatWriter
heartbeats = HeartbeatWriter(Path({str(path)!r}))
heartbeats.begin(b"first")
heartbeats.end()
heartbeats.features = 3
heartbeats.begin(b"the last input")
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL
    heartbeat = read_heartbeat(path)
    assert heartbeat is not None
    assert (heartbeat.runs, heartbeat.features, heartbeat.input) == (2, 3, b"the last input")
    assert heartbeat.begun > 0


def test_between_runs_nothing_is_under_way(tmp_path: Path) -> None:
    """After `end` the run is over, and a longer input than fits is cut."""
    heartbeats = HeartbeatWriter(tmp_path / "heartbeat")
    heartbeats.begin(b"x" * (MOST_INPUT + 5))
    heartbeats.end()
    heartbeat = read_heartbeat(tmp_path / "heartbeat")
    assert heartbeat is not None
    assert (heartbeat.begun, len(heartbeat.input)) == (0.0, MOST_INPUT)


def test_without_a_worker_there_is_no_heartbeat(tmp_path: Path) -> None:
    """A worker that has not begun has no figures."""
    assert read_heartbeat(tmp_path / "none") is None
    (tmp_path / "short").write_bytes(b"short")
    assert read_heartbeat(tmp_path / "short") is None
