"""A verdict appears whole or not at all: a full disk, Ctrl-C at any moment, and two gates at once."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from ccheck.files.atomic_write import held
from tests.validator.gate.story import DAY, WHOLE, Call

pytest.importorskip("securesystemslib", reason="signing needs the extra gate")


def test_a_full_disk_leaves_the_old_verdict(signed: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the verdict cannot be written to its end, there is the old one and no part of the new."""
    before = Path("march.json").read_bytes()
    files = set(Path().iterdir())

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    status, _, err = signed(
        "gate", "march", "--on", "2024-08-12", "--key", "gate.key", "--verdict", "march.json"
    )
    assert status == 3
    assert err == f"the gate's result could not be written: march.json: {os.strerror(errno.ENOSPC)}\n"
    assert Path("march.json").read_bytes() == before
    assert set(Path().iterdir()) == files


@pytest.mark.parametrize("where", ["ccheck.release.gate.run.run_stage", "ccheck.files.atomic_write.os.fsync"])
def test_an_interrupt_leaves_no_half_of_a_verdict(
    signed: Call, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Ctrl-C in a stage or while the verdict is written ends with 130, and the old verdict is whole."""
    before = Path("march.json").read_bytes()
    files = set(Path().iterdir())

    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(where, interrupted)
    assert (
        signed("gate", "march", "--on", "2024-08-12", "--key", "gate.key", "--verdict", "march.json")[0]
        == 130
    )
    assert Path("march.json").read_bytes() == before
    assert set(Path().iterdir()) == files


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal on POSIX")
def test_ctrl_c_while_a_stage_runs_apart_ends_both_processes(signed: Call) -> None:
    """The gate ends with 130, its verdict and its lock are not there, and what searched has ended with it."""
    Path("ccheck.toml").write_text(WHOLE + "\n[gate.budgets]\nfuzz = 1_000_000_000\n", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "ccheck",
        "gate",
        "march",
        "--on",
        DAY,
        "--only",
        "faults",
        "--only",
        "fuzz",
    ]
    files = set(Path().iterdir())
    with subprocess.Popen(
        [*command, "--key", "gate.key", "--verdict", "new.json"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        while not (line := process.stdout.readline()).startswith("regress"):
            assert line, "the gate ended by itself"
        while not (children := psutil.Process(process.pid).children()):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.wait() == 130
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)
    assert set(Path().iterdir()) == files


def test_two_gates_cannot_write_one_verdict(signed: Call) -> None:
    """While another process holds the verdict, a gate ends at once and says so."""
    with held(Path("march.json")):
        status, _, err = signed("gate", "march", "--on", DAY, "--key", "gate.key", "--verdict", "march.json")
    assert status == 2
    assert "another ccheck works on march.json" in err


def test_a_verdict_is_not_written_into_its_release(signed: Call) -> None:
    """A verdict below the release's folder would be an extra file of it."""
    status, _, err = signed("gate", "march", "--on", DAY, "--key", "gate.key", "--verdict", "march/v.json")
    assert status == 2
    assert "would become a part of it" in err
