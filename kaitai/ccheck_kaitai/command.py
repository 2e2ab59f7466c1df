"""`ccheck import-kaitai`: a schema file out of a Kaitai Struct description."""

from __future__ import annotations

from pathlib import Path

import click

from ccheck.cli.main import FINDINGS, PASS
from ccheck.files.output import refuse_overwriting, write_output
from ccheck.text.printable import printable
from ccheck_kaitai.description import Gap, KaitaiError, load
from ccheck_kaitai.source import file_of, words
from ccheck_kaitai.write import write
from ccheck_schemas.schema import SchemaRefused


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

    What is left out is named with its line, and stands in the schema: files that are judged by it fail with
    not-looked-into, unless you allow that for the schema. See docs/own-format.md.

    Exit status: 0 everything was carried over, 1 something was left out, 2 the file is no description, or has
    an error.
    """
    if output is not None and output.exists() and not force:
        raise click.UsageError(f"{output} is there already; --force replaces it")
    if output is not None:
        refuse_overwriting(output, (source,))
    try:
        description = load(source)
        written = write(description, source.name)
        _require_loadable(written.text)
    except KaitaiError as wrong:
        raise click.UsageError(printable(f"{source}:{wrong.line or 1}: {wrong}")) from wrong
    if output is None:
        click.echo(written.text, nl=False)
    else:
        write_output(output, written.text.encode())
        click.echo(f"wrote {printable(str(output))}")

    def named(gap: Gap) -> str:
        file = file_of(gap.place)
        place = gap.place[1:] if file else gap.place
        path = source.parent / file if file else source
        return f"{path}:{description.line(gap.place)}: {words(place)}: {gap.detail}"

    for note in written.notes:
        click.echo(printable(f"note: {named(note)}"), err=True)
    for gap in written.gaps:
        click.echo(printable(named(gap)), err=True)
    if written.gaps:
        click.echo(f"{len(written.gaps)} left out", err=True)
    return FINDINGS if written.gaps else PASS


def _require_loadable(text: str) -> None:
    """Load a schema that was written.

    Raises:
        KaitaiError: The lint refuses the schema.
    """
    try:
        exec(compile(text, "<imported>", "exec", dont_inherit=True), {"__name__": "ccheck_imported"})  # noqa: S102 - ccheck's own text
    except SchemaRefused as refused:
        raise KaitaiError(
            (), f"it describes what no schema may: {'; '.join(refused.complaints)}"
        ) from refused


setattr(command, "section", "Formats of your own")  # noqa: B010 - a click command has no place for it
