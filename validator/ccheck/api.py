"""ccheck from Python: files judged, and a release put before the gate, with results as data."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ccheck.core.finding import RunReport
from ccheck.core.input import STANDARD_INPUT, Listing, list_files
from ccheck.text.toml_document import ConfigurationError
from ccheck.version import __version__

if TYPE_CHECKING:
    # A program that only validates does without the gate.
    from ccheck.release.gate.result import GateResult, Stage

PathLike = str | os.PathLike[str]


class WrongUsage(ValueError):
    """What was asked for cannot be judged: something that was named is missing or cannot be used, or nothing
    would be examined. The message says what.
    """


def validate(
    *paths: PathLike,
    schema: PathLike | None = None,
    definitions: Sequence[PathLike] = (),
    consumers: PathLike | None = None,
    target: str | None = None,
    on: date | None = None,
    config: PathLike | None = None,
    use_config: bool = True,
    exclude: Sequence[str] = (),
    max_size: int | None = None,
    max_findings: int | None = None,
    file_timeout: float | None = None,
    allow_not_looked_into: Sequence[str] = (),
    jobs: int = 1,
) -> RunReport:
    """Everything that is wrong with files; the arguments mean what the options of `ccheck validate` do.

    paths: files, and folders whose files are judged, hidden ones left out. on: the day of judgement, today
    without it. max_size: bytes. file_timeout: seconds. jobs: processes, at most. Raises WrongUsage.

    Bad content raises nothing: it is in the report, whose `verdict` is `pass` only where every file passed.
    """
    from ccheck.judging.context import prepare
    from ccheck.run.batch import examine
    from ccheck.run.interrupts import Interrupts

    if jobs < 1:
        raise WrongUsage(f"jobs: {jobs} is not 1 or more")
    with _said():
        listing = _files([os.fspath(path) for path in paths], exclude)
        again = partial(
            prepare,
            schema=None if schema is None else os.fspath(schema),
            definitions=list(map(Path, definitions)),
            consumers=_path(consumers),
            target=target,
            on=on or date.today(),
            config=_path(config),
            use_config=use_config,
            max_size=max_size,
            max_findings=max_findings,
            file_timeout=file_timeout,
            allow_not_looked_into=allow_not_looked_into,
        )
        validation = again()
    reports = tuple(report for _, report in examine(listing.files, again, validation, jobs, Interrupts()))
    return RunReport(reports, __version__, configuration=validation.configuration, left_out=listing.left_out)


def gate(
    *release: PathLike,
    name: str | None = None,
    exclude: Sequence[str] = (),
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    baseline: PathLike | None = None,
    last_good: PathLike | None = None,
    schema: PathLike | None = None,
    definitions: Sequence[PathLike] = (),
    consumers: PathLike | None = None,
    target: str | None = None,
    on: date | None = None,
    config: PathLike | None = None,
    use_config: bool = True,
    max_size: int | None = None,
    file_timeout: float | None = None,
    tell: Callable[[Stage], None] = lambda stage: None,
) -> GateResult:
    """What the release gate finds out about a release; the arguments mean what the options of `ccheck gate`
    do, and the policy is `[gate]` of ccheck.toml.

    tell: called with each stage as it ends. Raises WrongUsage, also for a release that is not taken in.

    Nothing is signed: `ccheck gate --verdict` does that.
    """
    from ccheck.release.gate.prepare import prepare_gate
    from ccheck.release.gate.run import run_gate

    if not release:
        raise WrongUsage("nothing to examine: no release was named")
    with _said():
        context = prepare_gate(
            [os.fspath(path) for path in release],
            name=name,
            exclude=exclude,
            only=only,
            skip=skip,
            baseline=_path(baseline),
            last_good=_path(last_good),
            schema=None if schema is None else os.fspath(schema),
            definitions=list(map(Path, definitions)),
            consumers=_path(consumers),
            target=target,
            on=on,
            config=_path(config),
            use_config=use_config,
            max_size=max_size,
            file_timeout=file_timeout,
        )
    return run_gate(context, tell)


def _files(paths: Sequence[str], exclude: Sequence[str]) -> Listing:
    if STANDARD_INPUT in paths:
        raise WrongUsage("standard input is not read; name a file")
    try:
        listing = list_files(paths, exclude)
    except (OSError, ValueError) as fault:
        raise WrongUsage(str(fault)) from fault
    if not listing.files:
        raise WrongUsage("nothing to examine: no file was named, or the named folders hold none")
    if listing.empty:
        raise WrongUsage(f"nothing to examine below {', '.join(listing.empty)}")
    return listing


def _path(named: PathLike | None) -> Path | None:
    return None if named is None else Path(named)


@contextmanager
def _said() -> Iterator[None]:
    """Make what the command line says of wrong usage one exception."""
    try:
        yield
    except click.ClickException as wrong:
        raise WrongUsage(wrong.format_message()) from wrong
    except ConfigurationError as wrong:
        raise WrongUsage(str(wrong)) from wrong
