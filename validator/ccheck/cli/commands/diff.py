"""`ccheck diff`: what changed in meaning between two files, or what other driver builds do to content."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path

import click

from ccheck.cli.commands.options import day
from ccheck.cli.main import FINDINGS, PASS
from ccheck.config.options import Options
from ccheck.core.input import list_files
from ccheck.core.shipped_consumers import consumers_path
from ccheck.judging.context import ValidationContext
from ccheck.judging.preparation import prepare
from ccheck.release.changes import changes
from ccheck.release.consumers_diff import content_change, fact_changes
from ccheck.run.batch import cores, examine
from ccheck.run.interrupts import Interrupts
from ccheck.run.supervise import limited
from ccheck.text.printable import printable
from ccheck.text.quoting import counted
from ccheck_schemas.recipe import way_back
from ccheck_schemas.schema import Recipe, RecipeError, Schema

_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


@click.command(
    "diff",
    epilog="\b\nExamples:\n"
    "  ccheck diff C-00000291-00000000-00000031.bin C-00000291-00000000-00000032.bin\n"
    "  ccheck diff --consumers released.toml consumers.toml shipped/ --definitions types.bin\n",
)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.argument("content", metavar="[CONTENT]...", nargs=-1)
@click.option(
    "--consumers",
    is_flag=True,
    help="OLD and NEW are consumers.toml: say which facts changed, and what the change does to CONTENT,"
    " files or folders that were shipped.",
)
@click.option(
    "--definitions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="With --consumers: the template-type definitions of the content.",
)
@click.option(
    "--on", callback=day, metavar="YYYY-MM-DD", help="With --consumers: the day for support windows."
)
@click.option("--schema", metavar="NAME|FILE.py", help="The format; otherwise recognised by content.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when there are changes.")
def command(
    old: str,
    new: str,
    content: tuple[str, ...],
    consumers: bool,
    definitions: tuple[Path, ...],
    on: date | None,
    schema: str | None,
    exit_code: bool,
) -> int:
    """Say what changed in meaning, not in bytes: "instance 7, field 20: wildcard → regex".

    Both files must be whole; `ccheck validate` says what is wrong with one that is not.

    With --consumers, OLD and NEW list driver builds, and the answer is what the change does to content that
    was shipped. Exit status 1 with --exit-code then means that a file passed before and does not any more, or
    could not be compared.
    """
    if consumers:
        concerned = _of_consumers((old, new), content, definitions, on or date.today(), schema)
        return FINDINGS if concerned and exit_code else PASS
    if content or definitions or on:
        raise click.UsageError("CONTENT, --definitions and --on are for --consumers")
    validation = prepare(schema=schema, use_config=False)
    schema_old, before = _recipe(validation, old)
    schema_new, after = _recipe(validation, new)
    if schema_old is not schema_new:
        raise click.UsageError(f"{old} is of the format {schema_old.name}, {new} of {schema_new.name}")
    found = list(changes(before, after, schema_old.identities))
    for change in found:
        where = f"{printable(change.where)}: " if change.where else ""
        click.echo(f"{_SIGNS[change.kind]} {where}{printable(change.what)}")
    if not found:
        click.echo("no change in meaning")
    return FINDINGS if found and exit_code else PASS


def _of_consumers(
    listed: tuple[str, str], content: Sequence[str], definitions: Sequence[Path], on: date, schema: str | None
) -> bool:
    """Prints what other driver builds do to content; returns whether it concerns any file."""
    try:
        paths = [consumers_path(each) for each in listed]
    except ValueError as unknown:
        raise click.UsageError(str(unknown)) from unknown
    options = [
        Options(schema=schema, use_config=False, definitions=definitions, consumers=path, on=on)
        for path in paths
    ]
    before, after = (prepare(**each) for each in options)
    if before.context.consumers is None or after.context.consumers is None:
        raise click.UsageError("--consumers compares two consumers.toml")
    changed = list(fact_changes(before.context.consumers, after.context.consumers))
    for change in changed:
        click.echo(f"{change.sign} {printable(change.build)} {printable(change.what)}")
    if not changed:
        click.echo("no change of the driver builds")
    if not content:
        return False
    try:
        files = list_files(content, ()).files
    except OSError as fault:
        raise click.UsageError(printable(f"{fault.filename}: {fault.strerror}")) from fault
    if not files:
        raise click.UsageError("nothing to examine: the named folders hold no files")
    concerned = failing = places = 0
    with Interrupts() as interrupts:
        reports = [
            dict(examine(files, partial(prepare, **each), validation, cores(), interrupts))
            for each, validation in zip(options, (before, after), strict=True)
        ]
    for position in range(len(files)):
        found = content_change(reports[0][position], reports[1][position])
        concerned += bool(found.new or found.fails or found.gaps)
        failing += found.fails
        places += len(found.new)
        for finding in found.new:
            at = f", {printable(finding.path)}" if finding.path else ""
            place = f"{printable(found.path)} at {finding.offset:#x}{at}"
            click.echo(f"{place}: {finding.check}: {printable(finding.message)}")
        for gap in found.gaps:
            click.echo(f"{printable(found.path)}: not compared whole: {printable(gap)}")
        if found.gone:
            click.echo(f"{printable(found.path)}: {counted(found.gone, 'error')} less")
    click.echo(
        f"{counted(len(files), 'file')} compared: {failing:,} passed before and would not any more,"
        f" {counted(places, 'new error')}"
    )
    return concerned > 0


def _recipe(validation: ValidationContext, path: str) -> tuple[Schema, Recipe]:
    with limited(validation.time_limit):
        subject = validation.subject(path)
    if subject.problem is not None:
        raise click.UsageError(f"{path}: {subject.detail}")
    if subject.reading is None or subject.schema is None:
        raise click.UsageError(f"{path}: {subject.without_schema}")
    if subject.schema.breaks(subject.reading):
        raise click.UsageError(
            f"{path} breaks its schema, so its meaning is not certain; ccheck validate says how"
        )
    try:
        with limited(validation.time_limit):
            return subject.schema, way_back.meaning(subject.schema, subject.data, subject.content)
    except RecipeError as refused:
        raise click.UsageError(f"{path} cannot be written as a recipe: {refused}") from refused
