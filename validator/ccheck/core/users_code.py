"""Which of the user's code raised an exception, or ran last in a process that has ended."""

from __future__ import annotations

import os
import re
import signal
import sys
import sysconfig
import traceback
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path, PurePath

MOST_WORDS = 500
"""Characters of an exception's text that are shown."""
_PACKAGES = ("ccheck", "ccheck_fuzz", "ccheck_interpreter", "ccheck_kaitai", "ccheck_schemas")
OURS = tuple(
    str(Path(spec.origin).parent)
    for spec in map(find_spec, _PACKAGES)  # found, not imported: most commands do without the fuzzer
    if spec is not None and spec.origin is not None
)
"""The folders of ccheck's own code."""
LIBRARIES = (*(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")), "<")
"""What the names of Python's own files and of installed libraries begin with."""
_DUMPED = re.compile(r"^(?:Stack|Current thread .*|Thread 0x.*) \(most recent call first\):", re.MULTILINE)
_FRAME = re.compile(r'^\s+File "(?P<file>[^"\n]*)", line (?P<line>\d+),? in (?P<function>.+)$', re.MULTILINE)
_RAISED = "Traceback (most recent call last):"


def is_users(filename: str) -> bool:
    """Returns whether a file of code is the user's: neither Python's, nor a library's, nor ccheck's.

    A package that is installed to bring a format is the user's, wherever it lies.
    """
    return filename.startswith(_format_packages()) or not filename.startswith((*OURS, *LIBRARIES))


def _format_packages() -> tuple[str, ...]:
    """Returns the folders of the packages that bring formats and are not ccheck's own."""
    names = {
        entry.value.partition(":")[0].partition(".")[0] for entry in entry_points(group="ccheck.formats")
    }
    found = (sys.modules.get(name) for name in names - set(_PACKAGES))
    files = (getattr(module, "__file__", None) for module in found)
    return tuple(f"{Path(file).parent}{os.sep}" for file in files if file)


def interrupts(raised: BaseException) -> bool:
    """Returns whether an exception is Ctrl-C, and not a KeyboardInterrupt that the user's code raises.

    A process of ccheck's command line either ignores SIGINT or has a handler of ccheck's, which then is the
    innermost frame. A program that uses ccheck as a library has Python's handler or one of its own.
    """
    if not isinstance(raised, KeyboardInterrupt):
        return False
    handler = signal.getsignal(signal.SIGINT)
    if handler in (signal.SIG_IGN, signal.default_int_handler):
        return handler is signal.default_int_handler
    frames = traceback.extract_tb(raised.__traceback__)
    code = getattr(handler, "__code__", None)
    return not frames or frames[-1].filename.startswith((*OURS, *((code.co_filename,) if code else ())))


def text_of(raised: BaseException) -> str:
    """Returns the text of an exception, which a user's class may fail to give."""
    try:
        return str(raised)[:MOST_WORDS]
    except Exception as worse:  # noqa: BLE001 - whatever it raises, the exception has no text
        return f"(its text cannot be made: {type(worse).__name__})"


def words_of(raised: BaseException) -> str:
    """Returns the type and the text of an exception."""
    kind, text = type(raised).__name__, text_of(raised)
    return f"{kind}: {text}" if text else kind


def traceback_of(raised: BaseException) -> str:
    """Returns the traceback of an exception, also of one that cannot be shown."""
    try:
        return "".join(traceback.format_exception(raised))
    except Exception:  # noqa: BLE001 - an exception of the user's that cannot be shown
        return f"{type(raised).__name__}\n{''.join(traceback.format_tb(raised.__traceback__))}"


def users_traceback_of(raised: BaseException) -> str:
    """Returns the traceback of an exception from the first place in the user's code on, or the whole one."""
    frame = raised.__traceback__
    while frame is not None and not is_users(frame.tb_frame.f_code.co_filename):
        frame = frame.tb_next
    return traceback_of(raised if frame is None else raised.with_traceback(frame))


def place_of(raised: BaseException) -> str:
    """Returns the innermost place in the user's code that an exception came through; empty for none."""
    frames = traceback.extract_tb(raised.__traceback__)
    theirs = [frame for frame in frames if is_users(frame.filename)]
    return _place(theirs[-1].filename, theirs[-1].lineno, theirs[-1].name) if theirs else ""


def frames_in(log: str) -> list[tuple[str, int, str]]:
    """Returns file, line and function of each frame of the last stack in a log, innermost first."""
    dumps = list(_DUMPED.finditer(log))
    frames = [
        (match["file"], int(match["line"]), match["function"])
        for match in _FRAME.finditer(log, dumps[-1].start() if dumps else 0)
    ]
    return frames if dumps else frames[::-1]


def place_in(log: str) -> str:
    """Returns the innermost place in the user's code of the last stack in a log; empty for none."""
    return next((_place(*frame) for frame in frames_in(log) if is_users(frame[0])), "")


def ending_in(log: str) -> str:
    """Returns the exception that ended a process, by its last words, and its place; empty if none did."""
    raised = log.rstrip().splitlines()[-1].strip() if _RAISED in log else ""
    place = place_in(log)
    return " ".join(filter(None, (raised[:MOST_WORDS], place and f"({place})")))


def _place(file: str, line: int | None, function: str) -> str:
    return f"{PurePath(file).name}:{line}, in {function}"
