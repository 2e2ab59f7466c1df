"""`ccheck schemas`: the formats that ccheck reads."""

from __future__ import annotations

import click

from ccheck.checks import CHECKS
from ccheck.exercise import EXERCISES
from ccheck.screen.quick import NONE_WHY
from ccheck_schemas.table import SCHEMAS


@click.command("schemas", epilog="\b\nExample:\n  ccheck schemas\n")
def command() -> None:
    """List the formats that ccheck reads, and what it can do with each."""
    width = max(len(schema.name) for schema in SCHEMAS)
    for schema in SCHEMAS:
        own = sum(1 for check in CHECKS if schema.name in check.schemas)
        general = sum(1 for check in CHECKS if not check.schemas)
        can = "validate, show, diff, build" if schema.compose else "validate, show"
        run = ", run" if schema.name in EXERCISES else ""
        quick = NONE_WHY.get(schema.name)
        click.echo(f"{schema.name:{width}}  {schema.title}")
        click.echo(f"{'':{width}}  {general} general checks and {own} of its own · {can}{run}")
        click.echo(f"{'':{width}}  quick way for good files: {'yes' if quick is None else f'no, {quick}'}")
