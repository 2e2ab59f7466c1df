"""A parent process that supervises the command, which may run code of the user's.

A schema file, a check, a reader, a format of another package or a library that they load can end its process
at any moment, also with status 0. So the command runs in a child process, which reports its exit status once
its report is whole. The parent exits with that status. If none was reported, it exits with `FAILURE` and
names the code that ran last.

On a system with `fork`, every command is supervised. Elsewhere a child process costs a second start of
Python, and a command is supervised only if its arguments name code of the user's.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from ccheck.run.process_end import end_at_once, end_with_parent, ending, leave

FAILURE, INTERRUPTED = 3, 130
INSISTS = 3
"""So many Ctrl-Cs kill a command that does not end by itself."""

_STATUS_FILE = "CCHECK_STATUS_FILE"
"""The environment variable that names the file to which a child reports, if it was not forked."""
_WHOLE = "the status is "
_TIMEOUT = "Timeout ("
"""What `faulthandler` writes before the stack of a process that it ends."""
_PASSED_ON = frozenset(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name)
)
_CARRY_CODE = frozenset({"replay", "regress"})
"""Subcommands about folders that carry the schema file that they are judged by."""
_FROM_TERMINAL = 0x80
"""`si_code` of a signal that the kernel sent, to the child as well (SI_KERNEL)."""


_report: int | None = None
"""The file descriptor to which this process reports, if it is supervised."""


def supervise(args: Sequence[str]) -> Callable[[int], NoReturn]:
    """Goes on in a child process; the parent never returns.

    Args:
        args: The command line, without the program.

    Returns:
        A function that reports the exit status of the command to the parent, and ends this process.
    """
    status_file = os.environ.pop(_STATUS_FILE, None)
    if status_file is not None:
        threading.Thread(target=_end_with_parent, daemon=True).start()
        return _child(os.open(status_file, os.O_WRONLY | os.O_APPEND))
    if hasattr(os, "fork"):
        return _fork(args)
    if any(_named_code(args)):
        _spawn(args)
    return sys.exit


def _fork(args: Sequence[str]) -> Callable[[int], NoReturn]:
    result, report = os.pipe()
    alive, life = os.pipe()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {*_PASSED_ON, signal.SIGCHLD})
    parent = os.getpid()
    try:
        child = os.fork()
    except OSError as fault:
        os.write(2, f"nothing was proved: no process could be started: {fault.strerror}\n".encode())
        end_at_once(FAILURE)
    if child:
        os.close(report)
        os.close(alive)
        signal.signal(
            signal.SIGCHLD, lambda number, frame: None
        )  # a signal that is ignored is never waited for
        _follow(child, result, args)
    os.close(result)
    os.close(life)
    os.set_blocking(report, False)  # a stack that does not fit is cut, and never waited for
    if not end_with_parent(parent):
        threading.Thread(target=_end_after, args=(alive,), daemon=True).start()
    reported = _child(report)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return reported


def _child(report: int) -> Callable[[int], NoReturn]:
    """Makes this process one that says how it ends. Returns what reports a status and ends it."""
    import faulthandler

    from ccheck.run.process_end import heed_interrupts, report_exits

    global _report  # it belongs to the process
    _report = report
    faulthandler.enable(report, all_threads=False)
    report_exits(report)
    heed_interrupts()

    def reported(status: int) -> NoReturn:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the report is whole: it is too late
        os.write(report, f"\n{_WHOLE}{status}\n".encode())
        leave(status)

    return reported


def may_fork() -> bool:
    """Returns whether worker processes may be forked from this one.

    They may from a supervised command that has only one thread, including native threads: nothing then has a
    lock that would stay locked in the worker. Linux reports threads exactly. A program that uses ccheck as a
    library may have other resources that a copy of it would harm.
    """
    try:
        return _report is not None and len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208 - no Path is needed
    except OSError:
        return False


def leave_to_parent() -> None:
    """Makes a forked worker forget that this process is supervised: it does not report."""
    global _report
    if _report is not None:
        os.close(_report)
        _report = None


@contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """Ends a supervised process when the time of this context is up, and reports the code that ran.

    Args:
        seconds: Seconds of wall-clock time: code that waits for ever takes no processor time. None for no
            limit.
    """
    if seconds is None or _report is None:
        yield
        return
    import faulthandler

    faulthandler.dump_traceback_later(seconds, exit=True, file=_report)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def _end_after(alive: int) -> None:
    os.read(alive, 1)
    end_at_once(FAILURE)


def _end_with_parent() -> None:
    if sys.platform == "win32":
        import _winapi

        parent = _winapi.OpenProcess(0x100000, False, os.getppid())  # SYNCHRONIZE
        _winapi.WaitForSingleObject(parent, 0xFFFFFFFF)  # INFINITE
        end_at_once(FAILURE)


def _follow(child: int, result: int, args: Sequence[str]) -> NoReturn:
    """Passes signals on to the child until it ends, and exits with the status that it reported."""
    ended = interrupts = 0
    while not ended:
        number, by_kernel = _next_signal()
        interrupts += number == signal.SIGINT
        if number == signal.SIGCHLD:
            ended, status = os.waitpid(child, os.WNOHANG)
        elif interrupts >= INSISTS:
            os.kill(child, signal.SIGKILL)
        elif not by_kernel:
            os.kill(child, number)
    os.set_blocking(result, False)  # a process that the child has left behind may hold the pipe open
    said = b"".join(iter(lambda: _read(result), b""))
    exitcode = os.waitstatus_to_exitcode(status)
    if interrupts and exitcode == -signal.SIGKILL:
        end_at_once(INTERRUPTED)
    _end(said, exitcode, args)


def _read(result: int) -> bytes:
    try:
        return os.read(result, 1 << 16)
    except BlockingIOError:
        return b""


def _spawn(args: Sequence[str]) -> NoReturn:
    """Runs the command in a process that is started anew, and exits with the status that it reported."""
    import tempfile

    # Ctrl-C reaches the child as well, which says so.
    signal.signal(signal.SIGINT, lambda number, frame: None)
    descriptor, name = tempfile.mkstemp(prefix="ccheck-status-")
    os.close(descriptor)
    safe_path = ["-P"] if sys.flags.safe_path else []
    try:
        import subprocess  # only systems without fork need it

        done = subprocess.run(  # noqa: S603 - our own module, with the user's own arguments
            [sys.executable, *safe_path, "-m", "ccheck", *args],
            env={**os.environ, _STATUS_FILE: name},
            check=False,
        )
        said = Path(name).read_bytes()
    finally:
        Path(name).unlink(missing_ok=True)
    _end(said, done.returncode, args)


def _end(said: bytes, exitcode: int, args: Sequence[str]) -> NoReturn:
    """Exits as the command did.

    Args:
        said: What it reported.
        exitcode: Its exit code; negative for a signal.
        args: The command line.
    """
    last = said.decode("utf-8", "replace").splitlines()[-1:]
    if last and last[0].startswith(_WHOLE):
        end_at_once(int(last[0].removeprefix(_WHOLE)))
    if exitcode in (INTERRUPTED, -signal.SIGINT):
        end_at_once(INTERRUPTED)
    if -exitcode in _PASSED_ON:
        _die_of(-exitcode)
    os.write(2, f"{_blame(said, exitcode, args)}\n".encode("utf-8", "backslashreplace"))
    end_at_once(FAILURE)


def _blame(said: bytes, exitcode: int, args: Sequence[str]) -> str:
    """Returns who ended the process, as far as that is known."""
    from ccheck.core.users_code import place_in
    from ccheck.text.printable import printable

    log = said.decode("utf-8", "replace")
    place = place_in(log)
    if _TIMEOUT in log:
        who = f"your code ({place})" if place else "it"
        return printable(f"nothing was proved: {who} still ran after the time that one file may take")
    named = " or ".join(dict.fromkeys(_named_code(args)))
    who = (
        f"your code ({place}) ended it"
        if place
        else f"code of {named}, or a library that it loads, may have ended it"
        if named
        else "a library, or something outside, ended it"
    )
    how = f"the process of this command {ending(exitcode)} before its report was whole"
    return printable(f"nothing was proved: {how}: {who}")


def _named_code(args: Sequence[str]) -> Iterator[str]:
    """Yields the words of a command line that name code of the user's."""
    from ccheck.config.options import is_schema_file  # most command lines do without it

    option = ""
    for word in args:
        if word == "--":
            return
        name, _, value = word.partition("=")
        if not value:
            name, value = option, word
        if (
            (name == "--schema" and is_schema_file(value))
            or name == "--reader"
            or value.endswith(".py")
            or word in _CARRY_CODE
        ):
            yield value
        option = word


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
    end_at_once(FAILURE)
