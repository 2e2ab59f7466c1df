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
from ccheck.core.shipped_consumers import consumers_path
from ccheck.text.toml_document import ConfigurationError
from ccheck.version import __version__

if TYPE_CHECKING:
    # A program that only validates does without the gate.
    from ccheck.release.gate.result import GateResult, Stage

PathLike = str | os.PathLike[str]


class WrongUsage(ValueError):
    """The request cannot be judged; the message says why.

    Something that was named is missing or cannot be used, or nothing would be examined.
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
    canonical: bool = False,
    jobs: int = 1,
) -> RunReport:
    """Everything that is wrong with files, as a report; the arguments are the options of `ccheck validate`.

    Bad content raises nothing: it is in the report, whose `verdict` is `pass` only if every file passed.

    Args:
        *paths: Files, and folders whose files are judged, except hidden ones.
        schema: The name of a format or a Python file; by default each file is recognised by its content.
        definitions: Files of template types.
        consumers: The consumers.toml with the driver builds, or the name of one that ccheck ships, such as
            ``builtin:linux-lts``.
        target: The consumer version to judge for.
        on: The day of judgement; today by default.
        config: The ccheck.toml; by default the nearest one above the working directory.
        use_config: Whether to use a ccheck.toml.
        exclude: Globs of files to leave out.
        max_size: The bytes of the largest file to read.
        max_findings: How many findings of one check are kept for one file.
        file_timeout: The seconds for which code that is not ccheck's own may examine one file.
        allow_not_looked_into: Schemas whose files may pass although an importer left something out of them.
        canonical: Whether to note where a file is not written as its compiler writes it.
        jobs: The number of processes at most.

    Raises:
        WrongUsage: The request cannot be judged.
    """
    from ccheck.judging.preparation import prepare
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
            consumers=_consumers(consumers),
            target=target,
            on=on or date.today(),
            config=_path(config),
            use_config=use_config,
            max_size=max_size,
            max_findings=max_findings,
            file_timeout=file_timeout,
            allow_not_looked_into=allow_not_looked_into,
            canonical=canonical,
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
    """The release gate's result for a release; the arguments are the options of `ccheck gate`.

    The policy is `[gate]` of ccheck.toml. Nothing is signed: `ccheck gate --verdict` does that.

    Args:
        *release: Files and folders of the release.
        name: The name of the release.
        exclude: Globs of files to leave out.
        only: The stages to run; all of the policy by default.
        skip: The stages to skip.
        baseline: The record of what earlier releases used.
        last_good: The files of the last good release.
        schema: The name of a format or a Python file; by default each file is recognised by its content.
        definitions: Files of template types.
        consumers: The consumers.toml with the driver builds, or the name of one that ccheck ships, such as
            ``builtin:linux-lts``.
        target: The consumer version to judge for.
        on: The day of judgement; today by default.
        config: The ccheck.toml; by default the nearest one above the working directory.
        use_config: Whether to use a ccheck.toml.
        max_size: The bytes of the largest file to read.
        file_timeout: The seconds for which code that is not ccheck's own may examine one file.
        tell: Called with each stage as it ends.

    Raises:
        WrongUsage: The request cannot be judged, or the release is refused.
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
            consumers=_consumers(consumers),
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


def _consumers(named: PathLike | None) -> Path | None:
    try:
        return None if named is None else consumers_path(named)
    except ValueError as unknown:
        raise WrongUsage(f"consumers: {unknown}") from unknown


@contextmanager
def _said() -> Iterator[None]:
    """Make what the command line says of wrong usage one exception."""
    try:
        yield
    except click.ClickException as wrong:
        raise WrongUsage(wrong.format_message()) from wrong
    except ConfigurationError as wrong:
        raise WrongUsage(str(wrong)) from wrong
