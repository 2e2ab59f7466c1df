"""A function in a process of its own, so that what crashes or hangs is counted and ends nothing."""

from __future__ import annotations

import multiprocessing
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
MEMORY = 4 << 30
"""Bytes that a process may use, where the system limits them."""


class Answer(NamedTuple):
    """What became of a call.

    Attributes:
        value: What the function returned; None unless it did.
        crashed: The end of the traceback, or how the process ended.
        hung: Whether the time was over.
    """

    value: Any = None
    crashed: str = ""
    hung: bool = False


def isolated(function: Callable[..., Any], *arguments: object, seconds: float) -> Answer:
    """Calls a function in a new process.

    Args:
        function: A function of a module.
        *arguments: Its arguments; they and the result are pickled.
        seconds: The time that it has.
    """
    context: Any = multiprocessing.get_context(METHOD)
    if METHOD == "forkserver":
        context.set_forkserver_preload(["bench.kaitai.imports", "bench.kaitai.own"])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(theirs, function, arguments))
    process.start()
    theirs.close()
    try:
        if not ours.poll(seconds):
            return Answer(hung=True)
        value, crashed = ours.recv()
    except EOFError:
        process.join(seconds)
        return Answer(crashed=f"the process ended with status {process.exitcode}")
    finally:
        process.kill()
        process.join()
        ours.close()
    return Answer(value, crashed)


def limit_memory() -> None:
    """Limits the memory of this process, where the system can."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _call(results: Connection, function: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    limit_memory()
    sys.setrecursionlimit(5000)
    try:
        answer = (function(*arguments), "")
    except BaseException as raised:  # noqa: BLE001 - whatever it raises is the result
        answer = (None, "".join(traceback.format_exception(raised)[-4:]))
    results.send(answer)
    results.close()
