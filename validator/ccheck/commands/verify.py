"""`ccheck verify`: whether a signed verdict lets these files out, offline and with the public key alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ccheck.cli import FINDINGS, PASS
from ccheck.commands.options import day, require_signing
from ccheck.gather import CheckNames
from ccheck.intake import MAX_SIZE, NotTaken, take
from ccheck.project import Project, load_project
from ccheck.release_gate.policy import GatePolicy
from ccheck.release_gate.release import ReleaseError, take_release
from ccheck.report.printable import printable
from ccheck.report.summary import counted

if TYPE_CHECKING:
    from ccheck.release_gate.verdict import Expected

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
@click.option("--baseline", type=_FILE, help="The baseline that it must have been held against.")
@click.option(
    "--definitions",
    type=_FILE,
    multiple=True,
    help="Those that it must have been judged by, if not --config's.",
)
@click.option("--consumers", type=_FILE, help="Those that it must have been judged by, if not --config's.")
@click.option(
    "--target", metavar="VERSION", help="That which it must have been judged for, if not --config's."
)
@click.option("--exclude", multiple=True, metavar="GLOB", help="Files below folders that are no content.")
@click.option("--on", callback=day, metavar="YYYY-MM-DD", help="The day, instead of today.")
def command(
    verdict: Path,
    paths: tuple[str, ...],
    key: Path,
    config: Path | None,
    baseline: Path | None,
    definitions: tuple[Path, ...],
    consumers: Path | None,
    target: str | None,
    exclude: tuple[str, ...],
    on: date | None,
) -> int:
    """Say whether VERDICT is signed by this key, passes, still counts, and speaks of exactly these files.

    With --config it must also have been made by that policy, and judged by the definitions, the consumers and
    the target that ccheck.toml names.

    Exit status: 0 it does, 1 it does not, 2 wrong usage.
    """
    require_signing()
    from ccheck.release_gate.envelope import MAX_BYTES, NotTrusted, unseal
    from ccheck.release_gate.keys import KeyFault, public_key
    from ccheck.release_gate.verdict import objections

    project = None if config is None else load_project(config, known_checks=CheckNames())
    try:
        trusted = public_key(key)
        limit = None if project is None else project.max_size
        files = take_release(paths, exclude, limit or MAX_SIZE)
        expected = _expected(project, baseline, definitions, consumers, target)
        with verdict.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (KeyFault, ReleaseError, NotTaken) as refused:
        raise click.UsageError(str(refused)) from refused
    except OSError as fault:
        raise click.UsageError(f"{verdict}: {fault.strerror}") from fault
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


def _expected(
    project: Project | None,
    baseline: Path | None,
    definitions: Sequence[Path],
    consumers: Path | None,
    target: str | None,
) -> Expected:
    """What the verdict must have been made by: all that ccheck.toml says, and what was named. Raises
    NotTaken.
    """
    from ccheck.release_gate.verdict import Expected

    materials: dict[str, Any] = {}
    if project is not None:
        materials["ccheck.toml"] = project.sha256
        definitions = definitions or project.definitions
        consumers = consumers or project.consumers
        target = target or project.sysmon_target
    if project is not None or definitions:
        materials["definitions"] = [_digest(path) for path in definitions]
    if project is not None or consumers is not None:
        materials["consumers"] = None if consumers is None else _digest(consumers)
    if project is not None or target is not None:
        materials["target"] = target
    if baseline is not None:
        # Not that of ccheck.toml: by the day of shipping it may know this release.
        materials["baseline"] = _digest(baseline)
    return Expected(None if project is None else project.gate or GatePolicy(), materials)


def _digest(path: Path) -> str:
    return hashlib.sha256(take(str(path))).hexdigest()
