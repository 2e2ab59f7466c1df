"""`ccheck verify`: whether a signed verdict lets these files out, offline and with the public key alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from ccheck.cli import FINDINGS, PASS
from ccheck.commands.options import day, require_signing
from ccheck.gather import CheckNames
from ccheck.project import load_project
from ccheck.release_gate.policy import GatePolicy
from ccheck.release_gate.release import ReleaseError, take_release
from ccheck.report.printable import printable
from ccheck.report.summary import counted

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(
    "verify",
    epilog="\b\nExample:\n  ccheck verify verdict.json release/ --key gate.pub --config ccheck.toml\n",
)
@click.argument("verdict", metavar="VERDICT", type=_FILE)
@click.argument("paths", metavar="FILE...", nargs=-1, required=True)
@click.option("--key", type=_FILE, required=True, help="The public key of those who may sign.")
@click.option(
    "--config",
    type=_FILE,
    help="The ccheck.toml whose policy the verdict must have been made by. Without it every stage must have"
    " passed.",
)
@click.option("--exclude", multiple=True, metavar="GLOB", help="Files below folders that are no content.")
@click.option("--on", callback=day, metavar="YYYY-MM-DD", help="The day, instead of today.")
def command(
    verdict: Path,
    paths: tuple[str, ...],
    key: Path,
    config: Path | None,
    exclude: tuple[str, ...],
    on: date | None,
) -> int:
    """Say whether VERDICT is signed by this key, passes, still counts, and speaks of exactly these files.

    Exit status: 0 it does, 1 it does not, 2 wrong usage.
    """
    require_signing()
    from ccheck.release_gate.envelope import MAX_BYTES, NotTrusted, unseal
    from ccheck.release_gate.keys import KeyFault, public_key
    from ccheck.release_gate.verdict import Expected, objections

    try:
        trusted = public_key(key)
        files = take_release(paths, exclude)
        with verdict.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (KeyFault, ReleaseError) as refused:
        raise click.UsageError(str(refused)) from refused
    except OSError as fault:
        raise click.UsageError(f"{verdict}: {fault.strerror}") from fault
    expected = None
    if config is not None:
        project = load_project(config, known_checks=CheckNames())
        expected = Expected(project.gate or GatePolicy(), project.sha256)
    today = on or date.today()
    try:
        told = unseal(data, trusted)
    except NotTrusted as wrong:
        click.echo(printable(f"refused: {wrong}"))
        return FINDINGS
    found = objections(told, files, today, expected)
    for line in found:
        click.echo(printable(f"refused: {line}"))
    if found:
        return FINDINGS
    predicate = told["predicate"]
    words = f"release {predicate['release']}, {counted(len(files), 'file')}, until {predicate['expires']}"
    click.echo(printable(f"verified: {words}"))
    if predicate["slower"]:
        click.echo("something is used for the first time: roll this release out more slowly")
    return PASS
