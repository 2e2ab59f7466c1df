"""A file whose examination fails: an error of that file, while all others are still judged."""

from __future__ import annotations

import os
import signal
import sys
import sysconfig
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from ccheck.core.check import Check
from ccheck.core.finding import FileReport, NotRun
from ccheck.core.intake import Obstacle
from ccheck.core.subject import Setting, Subject
from ccheck.formats.check_table import CHECKS
from ccheck.formats.registry import ENTRY_POINTS, recognise
from ccheck.judging.judge import Policy, judge
from ccheck_schemas.schema import Schema

_LIBRARIES = (*(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")), "<")
_OURS = ("ccheck", "ccheck_fuzz", "ccheck_interpreter", "ccheck_kaitai", "ccheck_schemas")
_LONGEST = 200


class ExaminationCrashed(Exception):
    """An exception that a schema, a check or an interpreter raised. detail: type, words and place."""

    def __init__(self, raised: BaseException) -> None:
        super().__init__(described(raised))
        self.detail = described(raised)


@contextmanager
def examination() -> Iterator[None]:
    """Runs the code of schemas, checks and interpreters, which may be the user's own.

    What that code prints goes to standard error: standard output holds the report.

    Raises:
        ExaminationCrashed: the code raised anything, SystemExit included.
        KeyboardInterrupt: Ctrl-C. Where this process ignores Ctrl-C, the code itself raised it.
    """
    try:
        with redirect_stdout(sys.stderr):
            yield
    except BaseException as raised:
        if isinstance(raised, KeyboardInterrupt) and not _ignores_interrupts():
            raise
        raise ExaminationCrashed(raised) from raised


def _ignores_interrupts() -> bool:
    return signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def from_users_code(raised: BaseException) -> TracebackType | None:
    """Returns the traceback of an exception, from the first place in the user's own code on.

    None where no code of the user's was running.
    """
    frame = raised.__traceback__
    folders = _folders()
    while frame is not None and not folders.are_users(frame.tb_frame.f_code.co_filename):
        frame = frame.tb_next
    return frame


class _Folders(NamedTuple):
    """The folders of code. ours: ccheck's. formats: those of the installed packages that bring formats."""

    ours: tuple[str, ...]
    formats: tuple[str, ...]

    def are_users(self, filename: str) -> bool:
        """Whether a file of code is the user's: neither ccheck's, nor Python's, nor a library's."""
        return filename.startswith(self.formats) or not filename.startswith((*self.ours, *_LIBRARIES))


def _folders() -> _Folders:
    formats = {entry.value.partition(":")[0].partition(".")[0] for entry in entry_points(group=ENTRY_POINTS)}
    return _Folders(_folders_of(_OURS), _folders_of(formats))


def _folders_of(packages: Iterable[str]) -> tuple[str, ...]:
    """The folders of those packages that are imported."""
    files = (getattr(sys.modules.get(package), "__file__", None) for package in packages)
    return tuple(f"{Path(file).parent}{os.sep}" for file in files if file)


def described(raised: BaseException) -> str:
    """Returns the type, words and place of an exception: ``KeyError: 'len' (mine.py:12, in size)``.

    The place is the innermost of the user's own code, or of ccheck's where none of that was running.
    """
    words = traceback.format_exception_only(raised)[-1].strip()
    words = words if len(words) <= _LONGEST else words[: _LONGEST - 3] + "..."
    frames = traceback.extract_tb(raised.__traceback__)
    folders = _folders()
    theirs = [frame for frame in frames if folders.are_users(frame.filename)]
    known = [frame for frame in frames if not frame.filename.startswith(_LIBRARIES)]
    place = next(iter((theirs or known or frames)[::-1]), None)
    if place is None:
        return words
    return f"{words} ({Path(place.filename).name}:{place.lineno}, in {place.name})"


def crashed_subject(
    name: str, data: bytes, setting: Setting, schema: Schema | None, schemas: Sequence[Schema], detail: str
) -> Subject:
    """Returns the subject for a file whose examination failed.

    Args:
        name: The file's base name, empty for standard input.
        data: Its bytes.
        setting: What it is judged against.
        schema: The schema that was named, if any.
        schemas: The schemas that may recognise it otherwise.
        detail: How the examination failed, in words.
    """
    if schema is None:
        with suppress(ExaminationCrashed), examination():
            schema = recognise(data, schemas)
    return Subject(name, data, setting, schema, obstacle=Obstacle.CRASHED, detail=detail)


def crashed(subject: Subject, path: str, checks: Sequence[Check]) -> FileReport:
    """Returns the report for a file whose examination failed.

    It is judged without the user's own checks, one of which may have failed, and without the project's
    policy: no severity and no suppression makes it pass.
    """
    report = judge(subject, path, CHECKS, Policy())
    others = [check for check in checks if check not in CHECKS and not check.schemas]
    not_run = [NotRun(check.name, "blocked by examination-crashed") for check in others]
    return replace(report, not_run=(*report.not_run, *not_run))
