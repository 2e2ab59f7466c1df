"""`ccheck corpus`: inputs that once broke a property are kept and run again."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click

from ccheck.cli.main import FAILURE, FINDINGS, PASS
from ccheck.cli.subcommands import Subcommands
from ccheck.files.atomic_write import write_whole
from ccheck.files.output import lost_or_misplaced
from ccheck.text.printable import printable
from ccheck_fuzz.campaign.coverage.merge import merge
from ccheck_fuzz.commands.options import CampaignSubject, made_ready, options_of, subject
from ccheck_fuzz.corpus.regress import RegressError, keep, kept, regress_one
from ccheck_fuzz.corpus.seeds import gather

_CORPUS = click.Path(file_okay=False, path_type=Path)


@click.group("corpus", cls=Subcommands, epilog="\b\nExample:\n  ccheck corpus regress\n")
def command() -> None:
    """Keep what broke once, run it again, and make collections of files small."""


@command.command(
    "add",
    epilog="\b\nExample:\n  ccheck corpus add night/findings/001-validator-bypass-exception \\\n"
    '    --why "a criterion on the 21st input of a build that supplies 20" --why "7.11 read past them"\n',
)
@click.argument("finding", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--why", multiple=True, required=True, help="A line of why; give it twice: what it is, what it did."
)
@click.option(
    "--corpus", type=_CORPUS, default=Path("corpus"), show_default=True, help="The corpus's folder."
)
@click.option("--name", help="The folder's name.  [default: the finding's]")
def add(finding: Path, why: tuple[str, ...], corpus: Path, name: str | None) -> int:
    """Keep a finding below CORPUS/<format>/regress, with what it was judged by, to be run again for good."""
    try:
        click.echo(f"kept as {keep(finding, corpus, chr(10).join(why), name)}")
    except RegressError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    return PASS


@command.command("regress", epilog="\b\nExample:\n  ccheck corpus regress\n")
@click.option(
    "--corpus", type=_CORPUS, default=Path("corpus"), show_default=True, help="The corpus's folder."
)
def run_again(corpus: Path) -> int:
    """Run all kept findings again.

    Exit status: 0 all are fixed, 1 one still reproduces, 3 there is nothing to run, or one cannot be run
    here.
    """
    folders = kept(corpus)
    broken = not_run = 0
    for folder in folders:
        try:
            one = regress_one(folder)
        except RegressError as wrong:
            not_run += 1
            click.echo(printable(f"not run {wrong}"))
            continue
        broken += bool(one.broken)
        what = one.broken[0].what if one.broken else one.why.splitlines()[0]
        click.echo(printable(f"{'still reproduces' if one.broken else 'fixed'} {one.folder}: {what}"))
    if not folders:
        click.echo(f"nothing below {corpus}/*/regress: nothing was run", err=True)
    if broken:
        return FINDINGS
    return FAILURE if not_run or not folders else PASS


@command.command(
    "minimize", epilog="\b\nExample:\n  ccheck corpus minimize collected/ -o small/ --config ccheck.toml\n"
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", type=_CORPUS, required=True, help="Write the kept files here.")
@subject
def minimize(paths: tuple[Path, ...], output: Path, about: CampaignSubject) -> int:
    """Copy the fewest and smallest files that reach what all of them reach in the interpreter.

    Exit status: 0, or 3 where no file reached anything or one, which is copied as well, could not be run.
    """
    given, passed_over = gather(paths, about.max_size)
    for line in passed_over:
        click.echo(f"passed over: {line}", err=True)
    if not given:
        raise click.UsageError("there is not one file")
    merged = merge(made_ready(options_of(given, about)), given)
    try:
        output.mkdir(parents=True, exist_ok=True)
        for data in merged.kept:
            write_whole(output / f"{hashlib.sha256(data).hexdigest()[:16]}.bin", data)
    except OSError as fault:
        raise lost_or_misplaced(output, fault) from fault
    click.echo(
        f"{len(given):,} files to {len(merged.kept):,}, which reach {len(merged.lines):,} lines: {output}"
    )
    for what in merged.failed:
        click.echo(printable(f"a file was copied that could not be run: {what}"), err=True)
    if not merged.lines and not merged.features:
        click.echo("not one file reached anything in the interpreter: nothing was examined", err=True)
        return FAILURE
    return FAILURE if merged.failed else PASS
