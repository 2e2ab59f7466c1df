"""`ccheck schemas`: the formats that ccheck reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from ccheck.cli.main import PASS, USAGE
from ccheck.config.user_schema import UserSchemaError, load_user_schema
from ccheck.formats.check_table import CHECKS, applying
from ccheck.formats.registry import every, plugins
from ccheck.judging import generated_fast_path as own
from ccheck.text.printable import printable
from ccheck_schemas.read.row_plan import read_in_bulk
from ccheck_schemas.schema import Schema

CAN = "validate, show, diff, build"
"""The commands that every format has."""


@click.command("schemas", epilog="\b\nExamples:\n  ccheck schemas\n  ccheck schemas --schema mine.py\n")
@click.option(
    "--schema",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Say the same of the schema in this Python file.",
)
def command(schema: Path | None) -> int:
    """List the formats that ccheck reads, what it can do with each, and how it reads them.

    Formats of other packages are among them. Exit status 2 when one of those cannot be used.
    """
    if schema is not None:
        return _of_file(schema)
    known = every()
    width = max(len(one.name) for one in known)
    for one in known:
        made = tuple(applying(CHECKS, one.name))
        own = sum(1 for check in made if check.schemas)
        run = ", run" if one.interpreter else ""
        fast = "yes" if not one.no_fast_path else f"no, {one.no_fast_path}"
        click.echo(f"{one.name:{width}}  {one.schema.title}")
        click.echo(f"{'':{width}}  {len(made) - own} general checks and {own} of its own · {CAN}{run}")
        click.echo(f"{'':{width}}  fast path for good files: {fast}")
        click.echo(f"{'':{width}}  {_reading(one.schema)}")
        for line in _compared(one.schema):
            click.echo(f"{'':{width}}  {line}")
    for problem in plugins().problems:
        click.echo(f"Error: {printable(problem)}", err=True)
    return USAGE if plugins().problems else PASS


def _of_file(path: Path) -> int:
    """Say what a user's schema file is, and how its files are read."""
    try:
        user = load_user_schema(path)
    except UserSchemaError as fault:
        raise click.UsageError(str(fault)) from fault
    name, indent = printable(user.schema.name), " " * len(printable(user.schema.name))
    general = sum(1 for check in applying(CHECKS, user.schema.name) if not check.schemas)
    click.echo(f"{name}  {printable(user.schema.title)}")
    run = ", run" if user.exercise else ""
    click.echo(f"{indent}  {general} general checks and {len(user.checks)} of its own · {CAN}{run}")
    problem = own.made(user).problem
    fast = f"no, {problem}" if problem else "yes"
    click.echo(f"{indent}  fast path for good files: {printable(fast)}")
    click.echo(f"{indent}  {_reading(user.schema)}")
    for line in _compared(user.schema):
        click.echo(f"{indent}  {line}")
    for content in user.schema.contents:
        click.echo(f"{indent}  content of an envelope: {printable(content.name)}")
        for line in _compared(content):
            click.echo(f"{indent}    {line}")
    return PASS


def _compared(schema: Schema) -> Iterator[str]:
    """Say which facts of consumers.toml a schema refers to."""
    facts = [f"{fact} (by key)" if fact.keyed else str(fact) for fact in schema.facts]
    if facts:
        yield printable(f"facts of driver builds: {', '.join(facts)}")


def _reading(schema: Schema) -> str:
    """How the records of a schema are read."""
    tables = read_in_bulk(schema.layout)
    fast = [name for name, bulk in tables.items() if bulk]
    slow = [name for name, bulk in tables.items() if not bulk]
    if not tables:
        return "records are read one by one: it has no tables"
    words = [f"rows read at once: {', '.join(fast)}"] if fast else []
    if slow:
        why = "they hold more than numbers, runs of rows and items of one pool"
        words.append(f"rows read one by one: {', '.join(slow)} ({why})")
    return printable("; ".join(words))
