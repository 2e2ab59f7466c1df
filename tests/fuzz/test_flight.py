"""What a worker did last is readable however it ended."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from ccheck_fuzz.process.flight import MOST_INPUT, Recorder, look


def test_the_input_of_a_killed_process_is_there(tmp_path: Path) -> None:
    """A process that dies inside a run leaves its input and its figures."""
    path = tmp_path / "flight"
    program = f"""
import os, signal
from pathlib import Path
from ccheck_fuzz.process.flight import Recorder
recorder = Recorder(Path({str(path)!r}))
recorder.begin(b"first")
recorder.end()
recorder.features = 3
recorder.begin(b"the last input")
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL
    flight = look(path)
    assert flight is not None
    assert (flight.runs, flight.features, flight.input) == (2, 3, b"the last input")
    assert flight.begun > 0


def test_between_runs_nothing_is_under_way(tmp_path: Path) -> None:
    """After `end` the run is over, and a longer input than fits is cut."""
    recorder = Recorder(tmp_path / "flight")
    recorder.begin(b"x" * (MOST_INPUT + 5))
    recorder.end()
    flight = look(tmp_path / "flight")
    assert flight is not None
    assert (flight.begun, len(flight.input)) == (0.0, MOST_INPUT)


def test_no_recorder_is_no_flight(tmp_path: Path) -> None:
    """A worker that has not begun has no figures."""
    assert look(tmp_path / "none") is None
    (tmp_path / "short").write_bytes(b"short")
    assert look(tmp_path / "short") is None
