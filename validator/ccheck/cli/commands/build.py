"""`ccheck build`: a file from a recipe."""

from __future__ import annotations

from pathlib import Path

import click

from ccheck.cli.recipe_file import build_file
from ccheck.config.user_schema import UserSchemaError, load_user_schema
from ccheck.files.output import refuse_overwriting, write_output
from ccheck.formats.registry import SCHEMAS
from ccheck.text.printable import printable
from ccheck.text.quoting import counted
from ccheck_schemas.schema import RecipeError

NOTES = 20
"""Contradictions of a recipe that are printed, at most."""


@click.command(
    "build",
    epilog="\b\nExamples:\n  ccheck show --yaml FILE > recipe.yaml\n  ccheck build recipe.yaml -o FILE\n"
    "  ccheck build --schema mine.py recipe.yaml -o FILE\n",
)
@click.argument("recipe", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="RECIPE.yaml")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write.",
)
@click.option(
    "--schema",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.py",
    help="The Python file of the recipe's format, where it is your own. It is run.",
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def command(recipe: Path, output: Path, schema: Path | None, force: bool) -> None:
    """Build a file from a recipe, so that content can be written by hand.

    Sizes, counts, offsets and checksums are worked out. `ccheck show --yaml FILE` writes the recipe of a
    file. What is built is not judged: run `ccheck validate` on it.
    """
    if output.exists() and not force:
        raise click.UsageError(f"{output} is there already; --force replaces it")
    refuse_overwriting(output, (recipe, *(() if schema is None else (schema,))))
    try:
        schemas = SCHEMAS if schema is None else (load_user_schema(schema).schema,)
    except UserSchemaError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    notes: list[str] = []
    try:
        data = build_file(recipe, schemas, notes)
    except RecipeError as wrong:
        raise click.UsageError(f"{recipe}: {wrong}") from wrong
    write_output(output, data)
    for note in notes[:NOTES]:
        click.echo(f"note: {printable(note)}", err=True)
    if len(notes) > NOTES:
        click.echo(f"note: and {len(notes) - NOTES:,} more", err=True)
    click.echo(f"wrote {printable(str(output))}: {counted(len(data), 'byte')}")
