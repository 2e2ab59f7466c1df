"""`ccheck fuzz minimize` and `replay`: one file made small, and findings run again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import click

from ccheck.cli.main import FAILURE, FINDINGS, PASS
from ccheck.core.input import InputError, read_input
from ccheck.files.output import refuse_overwriting, write_output
from ccheck.text.printable import printable
from ccheck.text.quoting import counted
from ccheck_fuzz.campaign.display.summary import output_lines
from ccheck_fuzz.campaign.findings.triage import triage
from ccheck_fuzz.campaign.state.database import State
from ccheck_fuzz.campaign.state.records import Bucket, StateError
from ccheck_fuzz.commands.options import CampaignSubject, made_ready, options_of, subject
from ccheck_fuzz.corpus.carried import SETUP, words_of
from ccheck_fuzz.corpus.reproduce import NotRun, rerun
from ccheck_fuzz.execution.harness import Harness
from ccheck_fuzz.execution.isolated import ProcessCrash, Ran, broken_of, run_isolated
from ccheck_fuzz.execution.options import CampaignOptions
from ccheck_fuzz.model.test_input import split


@click.command(
    "minimize",
    epilog="\b\nExamples:\n  ccheck fuzz minimize bad.bin -o small.bin --config ccheck.toml\n"
    "  ccheck fuzz minimize bad.bin -o small.bin --oracle validator-bypass\n",
)
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Write it here."
)
@click.option(
    "--seconds", type=click.FloatRange(1), default=60.0, show_default=True, help="Time for each property."
)
@subject
def minimize(path: Path, output: Path, seconds: float, about: CampaignSubject) -> int:
    """Make a file that breaks a property smaller, as long as it breaks the same one in the same way.

    Exit status: 0, or 1 when the file breaks nothing.
    """
    refuse_overwriting(output, (path,))
    try:
        data = read_input(path)
    except InputError as fault:
        raise click.UsageError(f"{path}: {fault.detail}") from fault
    made = made_ready(options_of([data], about))
    broken = Harness(made, lambda data, broken: None).broken_by(data)
    if not broken:
        click.echo(f"{path} breaks no property: nothing to keep while it shrinks", err=True)
        return FINDINGS
    gravest = broken[0]
    triaged = triage(made, [data], gravest.signature, time.monotonic() + seconds)
    if triaged is None:
        click.echo(f"{path} does not break the same property every time: {gravest.what}", err=True)
        return FINDINGS
    write_output(output, triaged.data)
    click.echo(printable(f"{gravest.oracle}: {triaged.broken.what}"))
    click.echo(f"{counted(len(data), 'byte')} to {len(split(triaged.data).content):,}: {output}")
    return PASS


@click.command(
    "replay", epilog="\b\nExamples:\n  ccheck fuzz replay night\n  ccheck fuzz replay night/findings/001-*\n"
)
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
def replay(folder: Path) -> int:
    """Run findings again, and say which still reproduce.

    DIR is a campaign's folder or a finding's. In a campaign's folder the inputs of findings that are not
    triaged yet are run too.

    Exit status: 0 all are fixed, 1 one still reproduces, 3 there is nothing to run, or one cannot be
    run here.
    """
    if (folder / SETUP).is_file():
        return _status([_finding(folder)])
    places = sorted(path for path in folder.glob("findings/[!.]*") if path.is_dir())
    results = [_finding(path) for path in places]
    try:
        state = State(folder)
    except StateError:
        pass
    else:
        options = CampaignOptions.from_json(state.setting("options") or "{}")
        untriaged = [one for one in state.buckets() if one.folder is None and not one.information]
        results += [_untriaged(options, state, bucket) for bucket in untriaged]
        written = {path.name for path in places}
        gone = [one for one in state.buckets() if one.folder is not None and one.folder not in written]
        for bucket in gone:
            _say(None, str(bucket.folder), "its folder is gone")
            results.append(None)
        state.close()
    if not results:
        click.echo(f"{folder} holds no finding: nothing was run", err=True)
    return _status(results)


def _status(results: Sequence[bool | None]) -> int:
    """Returns the exit status for findings that still reproduce, are fixed, or could not be run (None)."""
    if True in results:
        return FINDINGS
    return FAILURE if not results or None in results else PASS


def _finding(folder: Path) -> bool | None:
    """Runs a finding's folder again: whether it still reproduces; None if it cannot be run."""
    name = folder.resolve().name
    try:
        ran = rerun(folder)
        schema = words_of(folder).schema
    except NotRun as wrong:
        _say(None, name, str(wrong))
        return None
    broken = [one for one in ran.broken if not one.information]
    _say(bool(broken), name, broken[0].what if broken else f"no property is broken ({schema})")
    if broken:
        for line in output_lines(ran.output_of(broken[0])):
            click.echo(line)
    return bool(broken)


def _untriaged(options: CampaignOptions, state: State, bucket: Bucket) -> bool | None:
    """Run the inputs of a bucket that has no folder yet."""
    results: list[bool | None] = []
    for data in state.hits(bucket.number):
        ran = run_isolated(options, data)
        if isinstance(ran, ProcessCrash):
            ran = Ran((broken_of(made_ready(options), ran),))
        again = any(one.signature == bucket.signature for one in ran.broken)
        results.append(again if ran.not_run is None else None)
    still = True if True in results else None if None in results or not results else False
    _say(still, bucket.oracle, f"{bucket.what} (not minimised)")
    return still


def _say(still: bool | None, name: str, what: str) -> None:
    word = {True: "still reproduces", False: "fixed", None: "not run"}[still]
    click.echo(printable(f"{word} {name}: {what}"))
