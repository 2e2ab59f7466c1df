"""How this process ends: at once, and with its Python stack written where the user's code ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, NoReturn

end_at_once = os._exit
"""Ends this process. `os._exit` itself is replaced by `report_exits`."""
_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG, from <linux/prctl.h>."""
_FORGETS = ("<frozen importlib._bootstrap>", "cb")
"""A callback of Python's import system, in which an exception is printed and forgotten."""
_SOON = 0.01
"""Seconds after which a signal is sent again: the callback has returned by then."""
_kept: list[Any] = []
"""What the C library calls at the exit of this process must not be freed before."""


def leave(status: int) -> NoReturn:
    """End this process at once, with what it has printed."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # nobody reads it any more
            stream.flush()
    end_at_once(status)


def heed_interrupts() -> None:
    """Has Ctrl-C raise KeyboardInterrupt also where Python would print the exception and forget it.

    The handler is known as ccheck's own: user code may raise KeyboardInterrupt as well.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    while frame is not None:
        if (frame.f_code.co_filename, frame.f_code.co_name) == _FORGETS:
            import threading

            threading.Timer(_SOON, os.kill, (os.getpid(), number)).start()
            return
        frame = frame.f_back
    raise KeyboardInterrupt


def end_with_parent(parent: int | None = None) -> bool:
    """Have Linux end this process with the one that started it, even if no other thread ever runs.

    Args:
        parent: The process that started it, if that is known: it may have ended already.

    Returns:
        Whether Linux does so; other systems do not.
    """
    if sys.platform != "linux":
        return False
    import ctypes

    parent = parent or os.getppid()
    try:
        failed = ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
    except (OSError, AttributeError):  # a C library of another kind
        return False
    if os.getppid() != parent:  # it has ended in the meantime
        end_at_once(1)
    return not failed


def ending(exitcode: int | None) -> str:
    """How a process ended, in words.

    Args:
        exitcode: Negative for a signal.
    """
    if exitcode is None:
        return "ended"
    if exitcode < 0:
        try:
            return f"was ended by {signal.Signals(-exitcode).name}"
        except ValueError:
            return f"was ended by signal {-exitcode}"
    return f"ended with exit status {exitcode:#x}" if exitcode > 255 else f"ended with exit status {exitcode}"


def report_exits(file: int, caller: Callable[[CodeType], object] = lambda code: None) -> None:
    """Write the Python stack to a file descriptor when `os._exit`, or C's `exit`, ends this process.

    After this the process must end by `leave`: after Python's own tear-down the C library would call what
    is gone.

    Args:
        file: The file descriptor.
        caller: Called with the code that calls C's `exit`, before the stack is written. It may `leave`.
    """
    import ctypes  # only a command that runs the user's code needs it
    import faulthandler

    process = os.getpid()

    def report() -> None:
        if os.getpid() == process:
            faulthandler.dump_traceback(file, all_threads=False)

    def exit_reported(status: int) -> NoReturn:
        report()
        end_at_once(status)

    def at_exit(_: int | None) -> None:
        caller(sys._getframe(1).f_code)
        report()

    os._exit = exit_reported
    register = getattr(ctypes.CDLL(None), "__cxa_atexit", None) if os.name == "posix" else None
    if register is not None:
        hook = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(at_exit)
        _kept.append(hook)
        register(hook, None, None)
