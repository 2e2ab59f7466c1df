"""`ccheck diff`: what changed in meaning between two files."""

from __future__ import annotations

import click

from ccheck.cli.main import FINDINGS, PASS
from ccheck.cli.recipe_file import NO_RECIPES
from ccheck.formats.changes import changes
from ccheck.judging.context import ValidationContext, prepare
from ccheck.run.supervise import limited
from ccheck.text.printable import printable
from ccheck_schemas.schema import Recipe, RecipeError, Schema

_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


@click.command(
    "diff",
    epilog="\b\nExample:\n  ccheck diff C-00000291-00000000-00000031.bin C-00000291-00000000-00000032.bin\n",
)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--schema", metavar="NAME|FILE.py", help="The format; otherwise recognised by content.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when there are changes.")
def command(old: str, new: str, schema: str | None, exit_code: bool) -> int:
    """Say what changed in meaning, not in bytes: "instance 7, field 20: wildcard → regex".

    Both files must be whole; `ccheck validate` says what is wrong with one that is not.
    """
    validation = prepare(schema=schema, use_config=False)
    schema_old, before = _recipe(validation, old)
    schema_new, after = _recipe(validation, new)
    if schema_old is not schema_new:
        raise click.UsageError(f"{old} is of the format {schema_old.name}, {new} of {schema_new.name}")
    found = list(changes(before, after, schema_old.identity))
    for change in found:
        where = f"{printable(change.where)}: " if change.where else ""
        click.echo(f"{_SIGNS[change.kind]} {where}{printable(change.what)}")
    if not found:
        click.echo("no change in meaning")
    return FINDINGS if found and exit_code else PASS


def _recipe(validation: ValidationContext, path: str) -> tuple[Schema, Recipe]:
    with limited(validation.time_limit):
        subject = validation.subject(path)
    if subject.problem is not None:
        raise click.UsageError(f"{path}: {subject.detail}")
    if subject.reading is None or subject.schema is None:
        raise click.UsageError(f"{path}: the content is of no known format; name one with --schema")
    if subject.schema.describe is None:
        raise click.UsageError(
            f"{path}: the format {subject.schema.name} has no recipes to compare: {NO_RECIPES}"
        )
    if subject.reading.counts:
        raise click.UsageError(
            f"{path} breaks its schema, so its meaning is not certain; ccheck validate says how"
        )
    try:
        return subject.schema, subject.schema.describe(subject.content)
    except RecipeError as refused:
        raise click.UsageError(f"{path} cannot be written as a recipe: {refused}") from refused
