"""A file whose examination raises an exception: an error of that file, while all others are still judged."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import ccheck
import ccheck_schemas
from ccheck.check import Check
from ccheck.checks import CHECKS
from ccheck.finding import FileReport, NotRun
from ccheck.intake import Obstacle
from ccheck.judge import Policy, judge
from ccheck.subject import Setting, Subject

RAISED = (Exception, SystemExit, GeneratorExit)
"""What a schema, a check or an interpreter may raise while it examines a file; Ctrl-C is none of it."""

_LIBRARIES = (*(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")), "<")
_OURS = tuple(str(Path(module.__file__ or "").parent) for module in (ccheck, ccheck_schemas))
_LONGEST = 200


def described(raised: BaseException) -> str:
    """Returns the type, words and place of an exception: ``KeyError: 'len' (mine.py:12, in size)``.

    The place is the innermost of the user's own code, or of ccheck's where none of that was running.
    """
    words = traceback.format_exception_only(raised)[-1].strip()
    words = words if len(words) <= _LONGEST else words[: _LONGEST - 3] + "..."
    frames = traceback.extract_tb(raised.__traceback__)
    known = [frame for frame in frames if not frame.filename.startswith(_LIBRARIES)]
    theirs = [frame for frame in known if not frame.filename.startswith(_OURS)]
    place = next(iter((theirs or known or frames)[::-1]), None)
    if place is None:
        return words
    return f"{words} ({Path(place.filename).name}:{place.lineno}, in {place.name})"


def crashed(path: str, setting: Setting, checks: Sequence[Check], detail: str) -> FileReport:
    """Returns the report of a file whose examination failed. detail: how, in words.

    It is judged without the user's own checks, one of which may have failed, and without the project's
    policy: no severity and no suppression makes a pass of it.
    """
    subject = Subject(Path(path).name, b"", setting, obstacle=Obstacle.CRASHED, detail=detail)
    report = judge(subject, path, CHECKS, Policy())
    others = [check for check in checks if check not in CHECKS and not check.schemas]
    not_run = [NotRun(check.name, "needs examination-crashed") for check in others]
    return replace(report, not_run=(*report.not_run, *not_run))
