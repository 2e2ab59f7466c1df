"""A parent process that supervises a command which runs the user's Python code.

A schema file, a check or a library that they load can end its process at any moment, also with status 0. So
the command runs in a child process, which reports its exit status over a pipe once its report is whole. The
parent exits with that status, and with `FAILURE` where none was reported.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from typing import NoReturn

FAILURE, INTERRUPTED = 3, 130

_PASSED_ON = frozenset(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name)
)
_SUPERVISE_THEMSELVES = frozenset({"fuzz", "corpus"})
"""Commands that start a process of their own, which says more of what ended it."""

_FROM_TERMINAL = 0x80
"""`si_code` of a signal that the kernel sent, to the child as well (SI_KERNEL)."""


def runs_user_code(args: Sequence[str]) -> bool:
    """Returns whether a command line names a Python file, and the command does not supervise itself."""
    if args and args[0] in _SUPERVISE_THEMSELVES:
        return False
    option = ""
    for word in args:
        if word == "--":
            break
        name, _, value = word.partition("=")
        if not value:
            name, value = option, word
        if name == "--schema":
            from ccheck.config.options import is_schema_file  # most command lines do without it

            if is_schema_file(value):
                return True
        option = word
    return False


def supervise(args: Sequence[str]) -> Callable[[int], None]:
    """Goes on in a child process where `args` name code of the user's; the parent never returns.

    On a system without `fork` the command runs unsupervised.

    Returns:
        What reports the exit status of the command to the parent.
    """
    if not hasattr(os, "fork") or not runs_user_code(args):
        return lambda status: None
    result, report = os.pipe()
    alive, life = os.pipe()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {*_PASSED_ON, signal.SIGCHLD})
    child = os.fork()
    if child:
        os.close(report)
        os.close(alive)
        signal.signal(
            signal.SIGCHLD, lambda number, frame: None
        )  # a signal that is ignored is never waited for
        _follow(child, result)
    os.close(result)
    os.close(life)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    threading.Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
    return lambda status: _tell(report, status)


def _tell(report: int, status: int) -> None:
    os.write(report, str(status).encode())


def _end_with_parent(alive: int) -> None:
    os.read(alive, 1)
    os._exit(FAILURE)


def _follow(child: int, result: int) -> NoReturn:
    """Passes signals on to the child until it ends, and exits with the status that it reported."""
    passed_on: set[int] = set()
    ended = 0
    while not ended:
        number, by_kernel = _next_signal()
        if number == signal.SIGCHLD:
            ended, status = os.waitpid(child, os.WNOHANG)
        elif not by_kernel:
            passed_on.add(number)
            os.kill(child, number)
    os.set_blocking(result, False)
    try:
        reported = os.read(result, 16)
    except BlockingIOError:  # a process that the child has left behind holds the pipe open
        reported = b""
    if reported:
        os._exit(int(reported))
    exitcode = os.waitstatus_to_exitcode(status)
    if exitcode in (INTERRUPTED, -signal.SIGINT):
        os._exit(INTERRUPTED)
    if -exitcode in _PASSED_ON:
        _die_of(-exitcode)
    from ccheck.run.workers import ending

    words = (
        f"Error: the process of this command {ending(exitcode)} before its report was whole: nothing was"
        " proved. The Python code that was named, or a library that it loads, ended it.\n"
    )
    os.write(2, words.encode())
    os._exit(FAILURE)


def _next_signal() -> tuple[int, bool]:
    """Waits for a signal. Returns its number, and whether the kernel sent it to the child too."""
    if hasattr(signal, "sigwaitinfo"):
        info = signal.sigwaitinfo({*_PASSED_ON, signal.SIGCHLD})
        return info.si_signo, info.si_code == _FROM_TERMINAL
    number = signal.sigwait({*_PASSED_ON, signal.SIGCHLD})
    return number, number == signal.SIGINT


def _die_of(number: int) -> NoReturn:
    """Ends this process by a signal, as the child ended."""
    signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
    os._exit(FAILURE)
