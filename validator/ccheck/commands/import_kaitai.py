"""`ccheck import-kaitai`: a schema file out of a Kaitai Struct description."""

from __future__ import annotations

from pathlib import Path

import click

from ccheck.cli import FINDINGS, PASS
from ccheck.kaitai.description import KaitaiError, load, words
from ccheck.kaitai.write import write
from ccheck.output import write_output
from ccheck.report.printable import printable


@click.command(
    "import-kaitai",
    epilog="\b\nExamples:\n  ccheck import-kaitai elf.ksy -o elf.py\n  ccheck schemas --schema elf.py\n",
)
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE.ksy")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The schema file to write; standard output without it.",
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def command(source: Path, output: Path | None, force: bool) -> int:
    """Turn a Kaitai Struct description into a schema file, and name what cannot be carried over.

    What is left out is named with its line, and is a comment in the schema. Where the bytes behind it cannot
    be found, the schema ends there, and its files do not pass. See docs/own-format.md.

    Exit status: 0 everything was carried over, 1 something was left out, 2 the file is no description.
    """
    if output is not None and output.exists() and not force:
        raise click.UsageError(f"{output} is there already; --force replaces it")
    try:
        description = load(source)
    except KaitaiError as wrong:
        raise click.UsageError(f"{source}: {wrong}") from wrong
    written = write(description, source.name)
    if output is None:
        click.echo(written.text, nl=False)
    else:
        write_output(output, written.text.encode())
        click.echo(f"wrote {printable(str(output))}")
    for gap in written.gaps:
        line = f"{source}:{description.line(gap.place)}: {words(gap.place)}: {gap.detail}"
        click.echo(printable(line), err=True)
    if written.gaps:
        click.echo(f"{len(written.gaps)} left out", err=True)
    return FINDINGS if written.gaps else PASS
