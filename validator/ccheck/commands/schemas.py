"""`ccheck schemas`: the formats that ccheck reads."""

from __future__ import annotations

import click

from ccheck.checks import CHECKS, applying
from ccheck.cli import PASS, USAGE
from ccheck.formats import brought, every
from ccheck.report.printable import printable


@click.command("schemas", epilog="\b\nExample:\n  ccheck schemas\n")
def command() -> int:
    """List the formats that ccheck reads, and what it can do with each.

    Formats of other packages are among them. Exit status 2 when one of those cannot be used.
    """
    known = every()
    width = max(len(one.name) for one in known)
    for one in known:
        made = tuple(applying(CHECKS, one.name))
        own = sum(1 for check in made if check.schemas)
        can = "validate, show, diff, build" if one.schema.compose else "validate, show"
        run = ", run" if one.interpreter else ""
        quick = "yes" if not one.no_quick_way else f"no, {one.no_quick_way}"
        click.echo(f"{one.name:{width}}  {one.schema.title}")
        click.echo(f"{'':{width}}  {len(made) - own} general checks and {own} of its own · {can}{run}")
        click.echo(f"{'':{width}}  quick way for good files: {quick}")
    for problem in brought().problems:
        click.echo(f"Error: {printable(problem)}", err=True)
    return USAGE if brought().problems else PASS
