"""`ccheck fuzz minimize` and `replay`: one file made small, and findings run again."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ccheck.cli import FAILURE, FINDINGS, PASS
from ccheck.intake import NotTaken, take
from ccheck.output import write_output
from ccheck.regular_file import read_regular_text
from ccheck.report.printable import printable
from ccheck_fuzz.campaign.state import State, StateError
from ccheck_fuzz.campaign.triage import deadly, settle
from ccheck_fuzz.commands.options import Subject, made_ready, setup_of, subject
from ccheck_fuzz.entry import split
from ccheck_fuzz.harness import Harness
from ccheck_fuzz.reproduce import UNREADABLE, entry_of, reproduce
from ccheck_fuzz.setup import Setup


@click.command(
    "minimize",
    epilog="\b\nExamples:\n  ccheck fuzz minimize bad.bin -o small.bin --config ccheck.toml\n"
    "  ccheck fuzz minimize bad.bin -o small.bin --oracle escape\n",
)
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Write it here."
)
@click.option(
    "--seconds", type=click.FloatRange(1), default=60.0, show_default=True, help="Time for each property."
)
@subject
def minimize(path: Path, output: Path, seconds: float, about: Subject) -> int:
    """Make a file that breaks a property smaller, as long as it breaks the same one in the same way.

    Exit status: 0, or 1 when the file breaks nothing.
    """
    try:
        data = take(str(path))
    except NotTaken as fault:
        raise click.UsageError(f"{path}: {fault.detail}") from fault
    made = made_ready(setup_of([data], about))
    broken = Harness(made, lambda data, broken: None).broken_by(data)
    if not broken:
        click.echo(f"{path} breaks no property: nothing to keep while it shrinks", err=True)
        return FINDINGS
    gravest = broken[0]
    settled = settle(made, [data], gravest.signature, seconds)
    if settled is None:
        click.echo(f"{path} does not break the same property every time: {gravest.what}", err=True)
        return FINDINGS
    write_output(output, settled.data)
    click.echo(printable(f"{gravest.oracle}: {settled.broken.what}"))
    click.echo(f"{len(data):,} bytes to {len(split(settled.data).content):,}: {output}")
    return PASS


@click.command(
    "replay", epilog="\b\nExamples:\n  ccheck fuzz replay night\n  ccheck fuzz replay night/findings/001-*\n"
)
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
def replay(folder: Path) -> int:
    """Run findings again, and say which properties are still broken.

    DIR is a campaign's folder or a finding's. In a campaign's folder also the inputs of findings that are not
    settled yet are run.

    Exit status: 0 nothing is broken any more, 1 something is, 3 there is nothing to run.
    """
    if (folder / "setup.json").is_file():
        return _findings([folder])
    found = sorted(path.parent for path in folder.glob("findings/*/setup.json"))
    status = _findings(found)
    try:
        state = State(folder)
    except StateError:
        if not found:
            click.echo(f"{folder} holds no finding: nothing was run", err=True)
        return status
    unsettled = [one for one in state.buckets() if one.folder is None and not one.information]
    if unsettled:
        harness = Harness(
            made_ready(Setup.from_json(state.setting("setup") or "")), lambda data, broken: None
        )
        for bucket in unsettled:
            now = [b for data in state.hits(bucket.number) for b in harness.broken_by(data)]
            still = any(b.signature == bucket.signature for b in now)
            click.echo(
                printable(
                    f"{'broken' if still else 'holds '}  {bucket.oracle}: {bucket.what} (not minimised)"
                )
            )
            status = FINDINGS if still else PASS if status == FAILURE else status
    if status == FAILURE:
        click.echo(f"{folder} holds no finding: nothing was run", err=True)
    return status


def _signature(folder: Path) -> tuple[str, ...]:
    """What a finding's folder says it breaks."""
    try:
        told = json.loads(read_regular_text(folder / "report.json"))
    except OSError:
        return ("",)
    return tuple(told["signature"])


def _findings(folders: list[Path]) -> int:
    """Run folders of findings; FAILURE when there are none."""
    still = 0
    for folder in folders:
        if deadly(_signature(folder)):
            still += 1
            click.echo(
                f"not run {folder.name}: it ends the process that runs it; its test_reproducer.py runs it"
            )
            continue
        try:
            test = Setup.from_json(read_regular_text(folder / "setup.json"))
            entry_of(folder)
        except UNREADABLE as fault:
            raise click.UsageError(f"{folder} cannot be read: {fault}") from fault
        broken = [one for one in reproduce(folder) if not one.information]
        still += bool(broken)
        what = broken[0].what if broken else f"nothing is broken ({test.schema})"
        click.echo(printable(f"{'broken' if broken else 'holds '}  {folder.name}: {what}"))
    return FAILURE if not folders else FINDINGS if still else PASS
