"""A file whose examination fails: an error of that file, while all others are still judged."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import replace
from pathlib import Path

from ccheck.core.check import Check
from ccheck.core.finding import FileReport, NotRun
from ccheck.core.input import InputProblem
from ccheck.core.subject import CheckContext, Subject
from ccheck.core.users_code import LIBRARIES, frames_in, interrupts, is_users, place_in
from ccheck.formats.check_table import CHECKS
from ccheck.formats.registry import recognise
from ccheck.judging.judge import Policy, judge
from ccheck_schemas.schema import Schema

_LONGEST = 200


class ExaminationCrashed(Exception):
    """An exception that a schema, a check or an interpreter raised. detail: type, words and place."""

    def __init__(self, raised: BaseException) -> None:
        super().__init__(described(raised))
        self.detail = described(raised)


@contextmanager
def examination() -> Iterator[None]:
    """Runs the code of schemas, checks and interpreters, which may be the user's own.

    What that code prints goes to standard error: standard output has the report.

    Raises:
        ExaminationCrashed: the code raised anything, SystemExit included.
        KeyboardInterrupt: Ctrl-C.
    """
    try:
        with redirect_stdout(sys.stderr):
            yield
    except BaseException as raised:
        if interrupts(raised):
            raise
        raise ExaminationCrashed(raised) from raised


def described(raised: BaseException) -> str:
    """Returns the type, words and place of an exception: ``KeyError: 'len' (mine.py:12, in size)``.

    The place is the innermost of the user's own code, or of ccheck's where none of that was running.
    """
    words = traceback.format_exception_only(raised)[-1].strip()
    words = words if len(words) <= _LONGEST else words[: _LONGEST - 3] + "..."
    frames = traceback.extract_tb(raised.__traceback__)
    known = [frame for frame in frames if not frame.filename.startswith(LIBRARIES)]
    theirs = [frame for frame in frames if is_users(frame.filename)]
    place = next(iter((theirs or known or frames)[::-1]), None)
    if place is None:
        return words
    return f"{words} ({Path(place.filename).name}:{place.lineno}, in {place.name})"


def running(stack: str, checks: Sequence[Check], schema: Schema | None) -> str:
    """Returns which check or schema ran, and where: ``the check odd-kind (mine.py:12, in odd_kind)``.

    Args:
        stack: As `faulthandler` writes it; empty if it is not known.
        checks: The checks that may have run.
        schema: The schema that was named, if any.

    Returns:
        An empty text if neither is known.
    """
    frames = {(file, function) for file, _, function in frames_in(stack)}
    named = (
        f"the check {check.name}"
        for check in checks
        if (code := getattr(check.judge, "__code__", None)) and (code.co_filename, code.co_name) in frames
    )
    place = place_in(stack)
    who = next(named, "")
    if not place:
        return who
    return f"{who or ('the schema' if schema is None else f'the schema {schema.name}')} ({place})"


def crashed_subject(
    name: str,
    data: bytes,
    context: CheckContext,
    schema: Schema | None,
    schemas: Sequence[Schema],
    detail: str,
) -> Subject:
    """Returns the subject for a file whose examination failed.

    Args:
        name: The file's base name, empty for standard input.
        data: Its bytes.
        context: What it is judged against.
        schema: The schema that was named, if any.
        schemas: The schemas that may recognise it otherwise; none for a file that must not be read again.
        detail: How the examination failed, in words.
    """
    if schema is None:
        with suppress(ExaminationCrashed), examination():
            schema = recognise(data, schemas)
    return Subject(name, data, context, schema, problem=InputProblem.CRASHED, detail=detail)


def crashed(subject: Subject, path: str, checks: Sequence[Check]) -> FileReport:
    """Returns the report for a file whose examination failed.

    It is judged without the user's own checks, one of which may have failed, and without the project's
    policy: no severity and no suppression makes it pass.
    """
    report = judge(subject, path, CHECKS, Policy())
    others = [check for check in checks if check not in CHECKS and not check.schemas]
    not_run = [NotRun(check.name, "blocked by examination-crashed") for check in others]
    return replace(report, not_run=(*report.not_run, *not_run))
