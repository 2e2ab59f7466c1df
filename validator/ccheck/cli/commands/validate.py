"""`ccheck validate`: everything that is wrong with files."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ccheck.cli.commands.options import Judging, judging
from ccheck.cli.main import FINDINGS, INTERRUPTED, PASS
from ccheck.config.options import Options
from ccheck.core.finding import FileReport, RunReport
from ccheck.core.input import Listing, list_files
from ccheck.files.output import refuse_overwriting, write_output
from ccheck.judging import short_start as start
from ccheck.report import RENDERERS
from ccheck.report.text import render_file, render_head, render_summary
from ccheck.text.printable import printable
from ccheck.version import __version__

if TYPE_CHECKING:
    from ccheck.run.interrupts import Interrupts

EXAMPLES = """
\b
Examples:
  ccheck validate --definitions types.bin --consumers consumers.toml C-00000291-*.bin
  ccheck validate rules/ --target 15.0
  ccheck validate --consumers builtin:linux-lts /lib/firmware/regulatory.db
  ccheck validate --format sarif --output report.sarif release/
  producer | ccheck validate -
"""


@click.command("validate", epilog=EXAMPLES)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@judging
@click.option(
    "--exclude",
    multiple=True,
    metavar="GLOB",
    help="Leave files below a named folder out. May be given more than once.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", *RENDERERS]),
    default="text",
    show_default=True,
    help="How the report is written.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report to this file, whole or not at all.",
)
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colour the text report.",
)
@click.option(
    "--max-findings",
    type=click.IntRange(1, 1000),
    help="Findings of one check shown for one file; more are counted.  [default: 100]",
)
@click.option(
    "--allow-not-looked-into",
    "allowed",
    multiple=True,
    metavar="SCHEMA",
    help="Pass files of this schema although an importer left something out of it; the verdict says what. "
    "May be given more than once.",
)
@click.option(
    "--canonical",
    is_flag=True,
    help="Note where a file is not written as its format's compiler writes it, though every reader takes it.",
)
@click.option(
    "--consumer",
    "builds",
    metavar="NAME",
    multiple=True,
    help="Judge for this build of --consumers alone. May be given more than once.",
)
@click.option(
    "--per-build/--no-per-build",
    default=None,
    help="Say for each build alone whether it takes the file.  [default: for builtin:NAME]",
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    help="Judge on this many processes.  [default: the cores]",
)
@click.option("--no-progress", is_flag=True, help="Show no progress on the terminal.")
def command(
    paths: tuple[str, ...],
    by: Judging,
    exclude: tuple[str, ...],
    form: str,
    output: Path | None,
    color: str,
    max_findings: int | None,
    allowed: tuple[str, ...],
    canonical: bool,
    builds: tuple[str, ...],
    per_build: bool | None,
    jobs: int | None,
    no_progress: bool,
) -> int:
    """Say everything that is wrong with files: which check, field and bytes, why, and what to change.

    PATH is a file, a folder (all files below it but hidden ones), or - for standard input.

    Reports come in the order of the files, however many processes judge. After Ctrl-C the report holds what
    was judged by then, and says what was not reached.

    Exit status 0 means that every named file was examined whole and has no errors.
    """
    options = by.named()
    options["on"] = by.on or date.today()  # one day for all workers, also when it ends during the run
    options["max_findings"] = max_findings
    options["allow_not_looked_into"] = allowed
    options["canonical"] = canonical
    builds = tuple(dict.fromkeys(builds))
    options["builds"] = builds
    if form not in ("text", "json"):
        if per_build:
            raise click.UsageError("--per-build: the table is in reports as text and json")
        per_build = False
    options["per_build"] = per_build
    try:
        listing = list_files(paths, exclude)
    except OSError as fault:
        raise click.UsageError(f"{fault.filename}: {fault.strerror}") from fault
    files = list(listing.files)
    if not files:
        besides = f", but {listing.left_out}" if str(listing.left_out) else ""
        raise click.UsageError(f"nothing to examine: the named folders hold no files{besides}")
    if listing.empty:
        # What was named and is not there must not look like what was examined.
        raise click.UsageError(printable(f"nothing to examine below {', '.join(listing.empty)}"))
    way = _Way(form, output, _colored(color, output), jobs, progress=not no_progress)
    # What is named in ccheck.toml is known to the long way alone, which refuses to write over it.
    is_short = (
        form in ("text", "json") and (output is None or not output.exists()) and not options["per_build"]
    )
    passed = start.passes(files, options) if is_short else None
    if passed is not None:
        run = _report(replace(passed, left_out=listing.left_out, builds=builds), way)
    else:
        run = _whole(listing, options, way)
    if run.interrupted:
        return INTERRUPTED
    return FINDINGS if any(report.verdict != "pass" for report in run.files) else PASS


@dataclass(frozen=True)
class _Way:
    """How a run is judged and reported. jobs: processes, at most; None for the cores."""

    form: str
    output: Path | None
    colored: bool
    jobs: int | None
    progress: bool


def _report(run: RunReport, way: _Way) -> RunReport:
    """Write the report of files that all took the fast path."""
    if way.form == "text":
        files = (render_file(report, color=way.colored) for report in run.files)
        head, summary = render_head(run.configuration, run.builds), render_summary(run, color=way.colored)
        _write(way.output, "".join((head, *files, summary)))
    else:
        _write(way.output, RENDERERS[way.form](run, ()))
    return run


def _whole(listing: Listing, options: Options, way: _Way) -> RunReport:
    """Judge files by all that ccheck has, and write the report."""
    # Loaded here: the schemas and checks take longer than a few good files, which do without them.
    from ccheck.judging.preparation import prepare
    from ccheck.run.batch import cores, examine
    from ccheck.run.interrupts import Interrupts
    from ccheck.run.progress import Progress

    ready = partial(prepare, **options)
    validation = ready()
    files = listing.files
    if way.output is not None:
        refuse_overwriting(way.output, (*files, *validation.sources))
    empty = RunReport(
        (),
        __version__,
        configuration=validation.configuration,
        left_out=listing.left_out,
        builds=tuple(options.get("builds", ())),
    )
    with Interrupts() as interrupts:
        with Progress(len(files), sys.stderr, wanted=way.progress) as progress:
            examined = examine(files, ready, validation, way.jobs or cores(), interrupts, progress.tick)
            if way.form == "text":
                parts: list[str] = []
                write = partial(_write, None) if way.output is None else parts.append
                write(render_head(validation.configuration, empty.builds))

                def tell(report: FileReport) -> None:
                    progress.clear()
                    write(render_file(report, color=way.colored))
                    progress.count(report)

                run = _judge(empty, files, examined, interrupts, tell)
                progress.clear()
                write(render_summary(run, color=way.colored))
                if way.output is not None:
                    _write(way.output, "".join(parts))
            else:
                run = _judge(empty, files, examined, interrupts, progress.count)
        if way.form != "text":
            with contextlib.nullcontext() if run.interrupted else interrupts.heeded():
                _write(way.output, RENDERERS[way.form](run, validation.checks))
    return run


def _judge(
    empty: RunReport,
    files: Sequence[str],
    examined: Generator[tuple[int, FileReport], None, None],
    interrupts: Interrupts,
    tell: Callable[[FileReport], None],
) -> RunReport:
    """Emit each report as it arrives. An interrupt ends the run with what is done and names what is not."""
    reports: list[FileReport] = []
    done: set[int] = set()
    try:
        with contextlib.closing(examined):
            for position, report in examined:
                tell(report)
                reports.append(report)
                done.add(position)
        if interrupts.noted:
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        unexamined = tuple(file for position, file in enumerate(files) if position not in done)
        return replace(empty, files=tuple(reports), interrupted=True, unexamined=unexamined)
    return replace(empty, files=tuple(reports))


def _colored(color: str, output: Path | None) -> bool:
    if color == "auto":
        return output is None and sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return color == "always"


def _write(output: Path | None, text: str) -> None:
    """Writes a part of the report to standard output, or all of it to a file."""
    if output is None:
        click.echo(text, nl=not text.endswith("\n"), color=True)
    else:
        write_output(output, text.encode("utf-8", "backslashreplace"))
