"""`ccheck fuzz status`, `report` and `coverage`: what a campaign found and what it looked at."""

from __future__ import annotations

from pathlib import Path

import click

from ccheck.cli.main import FAILURE, FINDINGS, PASS
from ccheck.files.output import refuse_overwriting, write_output
from ccheck_fuzz.campaign.display.summary import findings, lines, unexamined
from ccheck_fuzz.campaign.report.account import account
from ccheck_fuzz.campaign.state.database import State
from ccheck_fuzz.campaign.state.records import StateError

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


def opened(folder: Path) -> State:
    """Returns the state of a campaign's folder.

    Raises:
        click.UsageError: The folder has no state.
    """
    try:
        return State(folder)
    except StateError as wrong:
        raise click.UsageError(str(wrong)) from wrong


@click.command("status", epilog="\b\nExample:\n  ccheck fuzz status night\n")
@click.argument("folder", metavar="DIR", type=_FOLDER)
def status(folder: Path) -> int:
    """Say what a campaign found and did, also while it runs.

    Exit status: 0 nothing found, 1 findings, 3 no run was made, or the campaign could not do its work.
    """
    state = opened(folder)
    for line in lines(folder, state, outputs=True):
        click.echo(line)
    return FINDINGS if findings(state) else _examined(state)


def _examined(state: State) -> int:
    """Returns whether the campaign examined something: one that examined nothing is no pass."""
    problem = unexamined(state)
    if problem is not None:
        click.echo(f"the campaign could not do its work: {problem}", err=True)
    return PASS if problem is None else FAILURE


@click.command(
    "report",
    epilog="\b\nExamples:\n  ccheck fuzz report night\n  ccheck fuzz report night --html night.html\n",
)
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write one page of HTML here.")
@click.option(
    "--markdown",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write Markdown here, not to standard output.",
)
@click.option(
    "--json", "data", type=click.Path(dir_okay=False, path_type=Path), help="Write JSON here, for programs."
)
def report(folder: Path, html: Path | None, markdown: Path | None, data: Path | None) -> int:
    """Write a campaign's report: findings, coverage and buckets over time, the matrix of fields and kinds.

    Exit status: 0, or 3 where no run was made, or the campaign could not do its work.
    """
    for output in filter(None, (html, markdown, data)):
        refuse_overwriting(output, folder.glob("*.sqlite*"))
    state = opened(folder)
    reported = account(folder, state)
    if data is not None:
        from ccheck_fuzz.campaign.report.data import render as as_data

        write_output(data, as_data(reported).encode("utf-8"))
        click.echo(f"wrote {data}", err=True)
    if html is not None:
        from ccheck_fuzz.campaign.report import html as page

        write_output(html, page.render(reported).encode("utf-8", "backslashreplace"))
        click.echo(f"wrote {html}", err=True)
    if markdown is not None or (html is None and data is None):
        from ccheck_fuzz.campaign.report.markdown import render

        if markdown is None:
            click.echo(render(reported), nl=False)
        else:
            write_output(markdown, render(reported).encode("utf-8", "backslashreplace"))
            click.echo(f"wrote {markdown}", err=True)
    return _examined(state)


@click.command("coverage", epilog="\b\nExample:\n  ccheck fuzz coverage night --html covered/\n")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option(
    "--html", type=click.Path(file_okay=False, path_type=Path), help="Write coverage.py's pages here."
)
@click.option("--missing", is_flag=True, help="Name the lines and branches that nothing reaches.")
def coverage(folder: Path, html: Path | None, missing: bool) -> int:
    """Say which lines and branches of the interpreter the corpus reaches, by plain replay under coverage.py.

    Exit status: 0, or 3 when there is nothing to replay.
    """
    from ccheck_fuzz.campaign.coverage.measure import CoverageMissing, measure

    if not opened(folder).inputs():
        click.echo(f"the corpus of {folder} is empty: nothing was replayed", err=True)
        return FAILURE
    try:
        click.echo(measure(folder, html=html, missing=missing), nl=False)
    except CoverageMissing as wrong:
        raise click.UsageError(str(wrong)) from wrong
    return PASS
