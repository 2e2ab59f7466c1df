"""The processes of a campaign: begun by it, and ended with it, however it ends."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG, from <linux/prctl.h>."""


def begin(module: str, words: Sequence[str], log: Path | None = None) -> subprocess.Popen[bytes]:
    """Begin a module of ours as a process. Its standard input is a pipe that nobody writes to: it ends when
    this process does. log: takes what it prints.
    """
    with (Path(os.devnull) if log is None else log).open("wb") as out:
        return subprocess.Popen(  # noqa: S603 - our own module, with our own arguments
            [sys.executable, "-m", module, *words],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process at once."""
    process.kill()
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def end_with_parent() -> None:
    """End this process when the one that began it is gone, even in the middle of a run that does not end.

    A thread waits for the end of standard input, and what else reads that finds it empty. Where a run never
    lets another thread go on, Linux ends the process itself.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # a C library of another kind: the thread is left
            ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
    pipe = os.dup(0)
    with Path(os.devnull).open("rb") as empty:
        os.dup2(empty.fileno(), 0)
    threading.Thread(target=_wait, args=(pipe,), daemon=True).start()


def _wait(pipe: int) -> None:
    with contextlib.suppress(OSError):
        while os.read(pipe, 4096):
            continue
    os._exit(0)  # what was found is in the campaign's state
