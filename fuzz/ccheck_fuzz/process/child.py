"""The processes of a campaign: begun by it, and ended with it, however it ends."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import CodeType
from typing import NoReturn

import psutil

from ccheck.files.regular_file import read_regular_file
from ccheck.run import process_end
from ccheck.run.process_end import end_at_once, leave, report_exits

WHOLE = 83
"""The exit status of a process that came to its own end. With 0 the user's code may have ended it."""
LOG_TAIL = 20_000
"""Characters of a process's last words that are kept."""
_STACK_SECONDS = 0.1
"""Time for writing a stack."""


def begin(module: str, words: Sequence[str], log: Path | None = None) -> subprocess.Popen[bytes]:
    """Start a module of ours as a process.

    Its standard input is a pipe that nobody writes to: it ends when this process does.

    Args:
        module: The name of the module.
        words: Its arguments.
        log: The file for its output.
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


def end_family(process: subprocess.Popen[bytes], *, with_stack: bool = False) -> None:
    """End a process at once, with all that it started.

    Args:
        process: The process.
        with_stack: Whether it first writes its Python stack, if it can.
    """
    if process.poll() is not None:
        end(process)
        return
    if with_stack and hasattr(signal, "SIGUSR1"):
        process.send_signal(signal.SIGUSR1)
        time.sleep(_STACK_SECONDS)
    if hasattr(signal, "SIGSTOP"):
        process.send_signal(signal.SIGSTOP)  # so that nothing is started while its children are listed
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        family = []
    end(process)
    for child in family:
        with contextlib.suppress(psutil.Error):
            child.kill()


def last_stack_on_request() -> None:
    """Make this process write its Python stack to standard error when it crashes, or on SIGUSR1.

    It leaves Ctrl-C to the process that started it.
    """
    faulthandler.enable(all_threads=False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGUSR1"):
        faulthandler.register(signal.SIGUSR1, all_threads=False)


def run_whole(work: Callable[[], object]) -> NoReturn:
    """Do the work of this process and end it: with `WHOLE`, or with 1 and a traceback.

    If the user's code ends the process, its Python stack is in the log. Python is not torn down, so that
    nothing of the user's runs after the work.
    """
    report_exits(2, _leave_libfuzzer)
    try:
        work()
    except BaseException:  # noqa: BLE001 - all that ends the work is reported with its place
        traceback.print_exc()
        leave(1)
    leave(WHOLE)


def _leave_libfuzzer(code: CodeType) -> None:
    """Ends a process well that libFuzzer ends, as it does when the time is up."""
    if code.co_name == "search" and code.co_filename.endswith("libfuzzer.py"):
        leave(WHOLE)


def end_with_parent() -> None:
    """End this process when its parent is gone, even in the middle of a run that does not end.

    A thread waits for the end of standard input, and other readers find it empty. If a run never
    lets another thread go on, Linux ends the process itself.
    """
    process_end.end_with_parent()
    pipe = os.dup(0)
    with Path(os.devnull).open("rb") as empty:
        os.dup2(empty.fileno(), 0)
    threading.Thread(target=_wait, args=(pipe,), daemon=True).start()


def _wait(pipe: int) -> None:
    with contextlib.suppress(OSError):
        while os.read(pipe, 4096):
            continue
    end_at_once(0)  # what was found is in the campaign's state


def exit_words(status: int | None) -> str:
    """Returns an exit status in words."""
    if status is None:
        return "it still runs"
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def last_words(log: Path) -> str:
    """Returns the end of what a process wrote."""
    try:
        return read_regular_file(log).decode("utf-8", "replace")[-LOG_TAIL:].strip()
    except OSError:
        return ""
