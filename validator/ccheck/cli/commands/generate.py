"""`ccheck generate`: what a driver is built with, written from a schema."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click

from ccheck.cli.main import PASS
from ccheck.cli.subcommands import Subcommands
from ccheck.files.output import write_output
from ccheck.judging.preparation import prepare
from ccheck.run.supervise import limited
from ccheck.text.printable import printable
from ccheck.version import __version__
from ccheck_schemas.driver.header import NoHeader, header


@click.group(
    "generate",
    cls=Subcommands,
    epilog="\b\nExample:\n  ccheck generate header --schema mine.py -o ccheck_contract.h\n",
)
def command() -> None:
    """Write what a driver is built with, from a schema."""


@command.command(
    "header",
    epilog="\b\nExample:\n"
    "  ccheck generate header --schema channel --definitions types.bin -o ccheck_contract.h\n",
)
@click.option("--schema", required=True, metavar="NAME|FILE.py", help="The format of the content.")
@click.option(
    "--definitions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The template-type definitions: what they promise is compared at compile time.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file; otherwise standard output.",
)
def write_header(schema: str, definitions: Path | None, output: Path | None) -> int:
    """Write ccheck_contract.h: macros that a driver puts beside its call sites.

    A macro states what a call site supplies. It does not compile where the definitions promise more, and
    leaves a record in the binary, from which `ccheck consumers add` reads the facts of the build.
    """
    validation = prepare(schema=schema, use_config=False)
    chosen = validation.schema
    assert chosen is not None  # noqa: S101 - it was named
    promises, digest = [], ""
    if definitions is not None:
        if chosen.promises is None:
            raise click.UsageError(
                f"--definitions: the format {chosen.name} has no definitions that promise anything"
            )
        with limited(validation.time_limit):
            subject = validation.subject(str(definitions))
        if subject.reading is None or subject.reading.counts or not subject.reading.complete:
            raise click.UsageError(
                f"{printable(str(definitions))}: no whole file of {chosen.name}; ccheck validate says why"
            )
        promises = list(chosen.promises(subject.content))
        digest = hashlib.sha256(subject.data).hexdigest()
        if not promises:
            raise click.UsageError(f"{printable(str(definitions))}: it promises nothing")
    try:
        text = header(chosen, promises, digest, __version__)
    except NoHeader as wrong:
        raise click.UsageError(printable(str(wrong))) from wrong
    if output is None:
        click.echo(text, nl=False)
    else:
        write_output(output, text.encode())
    return PASS
