"""`ccheck verify`: whether a signed verdict lets these files out, offline and with only the public key."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from ccheck.cli.commands.options import ConsumersFile, day, require_signing
from ccheck.cli.main import FINDINGS, PASS
from ccheck.text.printable import printable
from ccheck.text.quoting import counted

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
@click.option(
    "--consumers",
    type=ConsumersFile(),
    metavar="FILE|builtin:NAME",
    help="Those that it must have been judged by, if not --config's.",
)
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
    from ccheck.release.verdict.verify import VerdictRefused, verified

    try:
        told = verified(
            verdict,
            paths,
            key,
            on=on,
            config=config,
            baseline=baseline,
            definitions=definitions,
            consumers=consumers,
            target=target,
            exclude=exclude,
        )
    except VerdictRefused as refused:
        for line in refused.why:
            click.echo(printable(f"refused: {line}"))
        return FINDINGS
    predicate, files = told.predicate, counted(len(told.files), "file")
    click.echo(printable(f"verified: release {predicate['release']}, {files}, until {predicate['expires']}"))
    if predicate["slower"]:
        click.echo("something is used for the first time: roll this release out more slowly")
    return PASS
