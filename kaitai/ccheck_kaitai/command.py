"""`ccheck import-kaitai`: a schema file out of a Kaitai Struct description."""

from __future__ import annotations

from pathlib import Path

import click

from ccheck.cli.main import FINDINGS, PASS
from ccheck.files.output import refuse_overwriting, write_output
from ccheck.text.printable import printable
from ccheck_kaitai.description import Gap, KaitaiError, load
from ccheck_kaitai.source import Place, file_of, words
from ccheck_kaitai.write import RECURSION, write
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
@click.option(
    "-I",
    "--import-path",
    "folders",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where files that are imported by an absolute name, such as /common/x, are looked for before the "
    "folders above the file. Repeatable.",
)
@click.option(
    "--depth",
    "recursion",
    type=click.IntRange(1, 30),
    default=RECURSION,
    show_default=True,
    metavar="N",
    help="How deep records of a type that holds itself are read; files with deeper ones fail.",
)
@click.option(
    "--allow-gaps",
    is_flag=True,
    help="Let files have bytes that the description gives to no field, as Kaitai does: they are counted.",
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def command(
    source: Path,
    output: Path | None,
    folders: tuple[Path, ...],
    recursion: int,
    allow_gaps: bool,
    force: bool,
) -> int:
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
        description = load(source, folders)
        written = write(description, source.name, recursion, allow_gaps=allow_gaps)
        _require_loadable(written.text)
    except KaitaiError as wrong:
        raise click.UsageError(
            printable(_named(source, wrong.place, wrong.line or 1, wrong.detail))
        ) from wrong
    if output is None:
        click.echo(written.text, nl=False)
    else:
        write_output(output, written.text.encode())
        click.echo(f"wrote {printable(str(output))}")

    def named(gap: Gap) -> str:
        return _named(source, gap.place, description.line(gap.place), gap.detail)

    for note in written.notes:
        click.echo(printable(f"note: {named(note)}"), err=True)
    for gap in written.gaps:
        click.echo(printable(named(gap)), err=True)
    if written.gaps:
        click.echo(f"{len(written.gaps)} left out", err=True)
    return FINDINGS if written.gaps else PASS


def _named(source: Path, place: Place, line: int, detail: str) -> str:
    """A place with its file and line, and what is said of it."""
    file = file_of(place)
    inside = words(place[1:] if file else place)
    return f"{source.parent / file if file else source}:{line}: {f'{inside}: ' if inside else ''}{detail}"


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
