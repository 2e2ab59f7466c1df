"""The processes of a campaign end with it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil

from ccheck_fuzz.process.child import begin, end
from tests.conftest import ROOT

BEGIN = (
    "import sys, time; from pathlib import Path; from ccheck_fuzz.process.child import begin; "
    "print(begin('tests.fuzz.sleeper', [], Path(sys.argv[1])).pid, flush=True); time.sleep(3600)"
)


def asleep(log: Path) -> None:
    """Wait until the process says that its run began."""
    while "asleep" not in log.read_text():
        time.sleep(0.05)


def test_a_process_whose_run_does_not_end_ends_with_the_one_that_began_it(tmp_path: Path) -> None:
    """Killing a campaign leaves no worker behind, not even one that hangs."""
    log = tmp_path / "log"
    with subprocess.Popen(
        [sys.executable, "-c", BEGIN, str(log)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as campaign:
        assert campaign.stdout is not None
        worker = psutil.Process(int(campaign.stdout.readline()))
        asleep(log)
        campaign.kill()
    gone, alive = psutil.wait_procs([worker], timeout=60)
    assert gone
    assert not alive


def test_a_process_ends_when_its_standard_input_does(tmp_path: Path) -> None:
    """Where no system call ties a process to the one that began it, the pipe between them does."""
    log = tmp_path / "log"
    worker = begin("tests.fuzz.sleeper", [], log)
    asleep(log)
    assert worker.stdin is not None
    worker.stdin.close()
    assert worker.wait(60) == 0
    end(worker)
