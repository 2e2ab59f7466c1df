"""`ccheck init`: a folder for a format of one's own, to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from ccheck.cli.scaffold import ScaffoldError, write
from ccheck.text.printable import printable


@click.command(
    "init",
    epilog="\b\nExamples:\n  ccheck init sensor --interpreter\n  ccheck init sensor -o formats/sensor\n",
)
@click.argument("name")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The folder to write.  [default: NAME]",
)
@click.option(
    "--interpreter", is_flag=True, help="Write an interpreter too: what the driver does with a file."
)
def command(name: str, output: Path | None, interpreter: bool) -> None:
    """Write a folder for a format of your own: schema, checks with manuals, corpus recipes and tests.

    It is a small format that works at once; make it yours file by file. `pytest` in the folder tests it,
    `ccheck validate --schema NAME/NAME/schema.py FILE` judges by it, and installed as a package it is known
    to every command. docs/own-format.md walks through it.
    """
    folder = Path(name) if output is None else output
    try:
        paths = write(name, folder, interpreter=interpreter)
    except ScaffoldError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    for path in paths:
        click.echo(f"  {printable(str(folder / path))}")
    click.echo(f"wrote {len(paths)} files; test them: pytest {printable(str(folder))}")
