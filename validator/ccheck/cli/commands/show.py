"""`ccheck show`: what is in a file, with offsets, or as a recipe that builds it again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click

from ccheck.cli.main import FINDINGS, PASS
from ccheck.cli.recipe_file import dump_yaml
from ccheck.core.subject import Subject
from ccheck.judging.preparation import prepare
from ccheck.run.supervise import limited
from ccheck.text.printable import printable
from ccheck.text.quoting import counted
from ccheck_schemas.layout import tree
from ccheck_schemas.recipe import way_back
from ccheck_schemas.recipe.fields import Named, named_fields, names_of
from ccheck_schemas.record import Envelope, Reading
from ccheck_schemas.schema import RecipeError
from ccheck_schemas.span import Span

WIDTH = 80


@click.command(
    "show",
    epilog="\b\nExamples:\n  ccheck show FILE\n  ccheck show --yaml FILE > recipe.yaml\n",
)
@click.argument("path", metavar="FILE")
@click.option("--schema", metavar="NAME|FILE.py", help="The format; otherwise recognised by content.")
@click.option("--yaml", "as_yaml", is_flag=True, help="Write a recipe that `ccheck build` takes.")
def command(path: str, schema: str | None, as_yaml: bool) -> int:
    """Show what is in a file: every field with its offset and value, as far as it can be read.

    Exit status 1 when the file breaks its schema; `ccheck validate` says how.
    """
    validation = prepare(schema=schema, use_config=False)
    with limited(validation.time_limit):
        subject = validation.subject(path)
    if subject.problem is not None:
        raise click.UsageError(f"{path}: {subject.detail}")
    if subject.reading is None or subject.schema is None:
        raise click.UsageError(f"{path}: {subject.without_schema}")
    if as_yaml:
        with limited(validation.time_limit):
            recipe = _recipe(subject, path)
        click.echo(recipe, nl=False)
    else:
        for line in lines(subject.schema.layout, subject.reading):
            click.echo(line)
    total = subject.schema.breaks(subject.reading)
    if total:
        note = f"note: the file breaks its schema in {counted(total, 'place')}; ccheck validate says how"
        click.echo(note, err=True)
        return FINDINGS
    return PASS


def _recipe(subject: Subject, path: str) -> str:
    assert subject.schema is not None  # noqa: S101 - asked before
    assert subject.reading is not None  # noqa: S101 - asked before
    if subject.schema.breaks(subject.reading):
        raise click.UsageError(
            f"{path} breaks its schema, so that a recipe would not build it again; ccheck validate says how"
        )
    try:
        recipe = way_back.describe(subject.schema, subject.data, subject.content)
    except RecipeError as refused:
        raise click.UsageError(f"{path} cannot be written as a recipe: {refused}") from refused
    # Marks that turn the writing direction are text in a file, and a trick on a terminal. What a stream could
    # not encode would be written as other text.
    encodes_all = (sys.stdout.encoding or "").lower().replace("-", "").replace("_", "") == "utf8"
    return dump_yaml(recipe, subject.schema.name, ascii_only=sys.stdout.isatty() or not encodes_all)


def lines(layout: tree.Struct, reading: Reading) -> Iterator[str]:
    """One line for each field: offset, path, value, and the names of a value that has some.

    Text is escaped, long values are cut. The fields in the content of an envelope follow the field of the
    envelope; each has its offset in the file, which is that of the whole field if its content is compressed,
    and its offset in the content.
    """
    for span, inner, text in _fields(layout, reading):
        inside = "".join(f" +{offset:#x}" for offset in inner)
        yield f"{span.offset:#08x}{inside}  {printable(span.path)} = {text}"


def _fields(layout: tree.Struct, reading: Reading) -> Iterator[tuple[Span, tuple[int, ...], str]]:
    """Yields place, offsets in the content of envelopes around it, and value of each field."""
    envelopes: dict[tuple[int, str], list[Envelope]] = {}
    for envelope in reading.envelopes:
        key = (id(envelope.record), envelope.name.partition("[")[0])
        envelopes.setdefault(key, []).append(envelope)
    for owner, name, value, number in named_fields(layout, reading.root):
        if value is None or value == () or value == []:
            continue
        inside = envelopes.get((id(owner), name), ())
        if not inside or isinstance(value, list):
            yield owner.span(name), (), _value(value, number)
        for envelope in inside:
            size = counted(len(envelope.data), "byte")
            yield envelope.span, (), f"{envelope.wrapping} with {printable(envelope.content.name)}, {size}"
            for span, offsets, text in _fields(envelope.content.layout, envelope.reading):
                yield envelope.outside(span), (span.offset, *offsets), text


def _value(value: Any, number: Named | None) -> str:
    if isinstance(value, bytes):
        text = value[: WIDTH // 3].hex(" ")
        known = number.names.get(value) if isinstance(number, tree.Bytes) else None
        named = "" if known is None else f" ({printable(known)[:WIDTH]})"
        return text + (f" … ({counted(len(value), 'byte')})" if len(value) > WIDTH // 3 else "") + named
    if isinstance(value, str):
        text = printable(value)
        return f'"{text[:WIDTH]}"' + (f" … ({len(value):,} characters)" if len(text) > WIDTH else "")
    if isinstance(value, int):
        known = "" if number is None else printable(names_of(number, value))[:WIDTH]
        notes = [*(() if -10 < value < 10 else (f"{value:#x}",)), *((known,) if known else ())]
        return f"{value} ({', '.join(notes)})" if notes else f"{value}"
    if isinstance(value, list) and number is not None and tree.meanings_of(number):
        return f"[{', '.join(_element(one, number) for one in value[:WIDTH])}]"[:WIDTH]
    return printable(str(value))[:WIDTH]


def _element(value: Any, number: Named) -> str:
    known = printable(names_of(number, value)) if isinstance(value, int) else ""
    return f"{value} ({known})" if known else printable(str(value))
