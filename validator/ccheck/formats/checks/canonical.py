"""The forms of content: what cannot be written again, and what a compiler would write otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.subject import Subject
from ccheck.text.quoting import counted
from ccheck_schemas.schema import RecipeError
from ccheck_schemas.span import Span


def not_canonical(subject: Subject) -> Iterator[Diagnostic]:
    """The content, built again, gives other bytes.

    ## What is wrong
    The file can be read, but its content does not explain all of its bytes. In a format with one form, pool items
    stand in another order or twice. In a format whose recipes keep the layout that was found, such as a
    devicetree, something else than the layout differs.

    ## Why is this bad
    A reader that is a little more lax or strict than this one sees something else in the bytes that differ.
    Content that has one form can be compared, signed and reproduced.

    ## How to fix
    Build the file again: `ccheck show --yaml FILE > recipe.yaml`, `ccheck build recipe.yaml -o FILE`.
    """
    if subject.schema is None or subject.reading is None or subject.canonical:
        return
    fix = "build the file again: ccheck show --yaml FILE, then ccheck build"
    why = "a reader that is a little more lax or strict sees something else in these bytes"
    try:
        content = subject.schema.assemble(subject.reading) if subject.narrowed else subject.content
        built = subject.schema.rebuild(subject.data, content, subject.reading.gaps)
    except RecipeError as refused:
        yield Diagnostic(f"the content cannot be written again: {refused}", subject.whole, why=why, fix=fix)
        return
    if built == subject.data:
        return
    at, span = _difference(subject, built)
    yield Diagnostic(
        f"the content, built again, differs from {at:#x} on and has {counted(len(built), 'byte')} (this file {len(subject.data):,})",
        span,
        label="differs",
        why=why,
        fix=fix,
    )


def not_as_compiled(subject: Subject) -> Iterator[Diagnostic]:
    """The format's own compiler would write the content in another way.

    ## What is wrong
    Nothing: every reader takes the file. It is reported by `ccheck validate --canonical` alone. Records stand in
    another order than the compiler gives them, are stored twice, or have room between them: the file was written
    by another program, or changed in place.

    ## Why is this bad
    Two files of one content differ, so that they cannot be compared byte by byte, and a release cannot be
    reproduced from its source.

    ## How to fix
    Leave `layout` out of the recipe (of a devicetree, `strings` too), and build the file again: `ccheck show --yaml
    FILE > recipe.yaml`, `ccheck build recipe.yaml -o FILE`.
    """
    schema = subject.schema
    if schema is None or schema.compose is None or schema.describe is None or schema.as_compiled is None:
        return
    content = schema.assemble(subject.reading) if subject.narrowed and subject.reading else subject.content
    try:
        built = schema.compose(schema.as_compiled(schema.describe(content)))
    except RecipeError as refused:
        yield Diagnostic(
            f"the compiler could not write it: {refused}",
            subject.whole,
            label="otherwise",
            why="every reader takes the file, but no recipe without its layout gives it",
            fix="keep the recipe with its layout",
        )
        return
    if built != subject.data:
        at, span = _difference(subject, built)
        yield Diagnostic(
            f"the compiler would write it otherwise from {at:#x} on, in {counted(len(built), 'byte')} (this file {len(subject.data):,})",
            span,
            label="otherwise",
            why="every reader takes the file, but files of the same content differ",
            fix="leave layout out of the recipe, and build the file again: ccheck show --yaml FILE, then ccheck build",
        )


def _difference(subject: Subject, built: bytes) -> tuple[int, Span]:
    """Returns where the file differs from bytes that were built, and the first bytes that do."""
    data = subject.data
    # The size and the checksum differ because something else does.
    fix_ups = () if subject.reading is None else subject.reading.fix_ups
    sealed = {i for _, span, _ in fix_ups for i in range(span.offset, span.end)}
    at = next(
        (i for i, (a, b) in enumerate(zip(data, built, strict=False)) if a != b and i not in sealed),
        min(len(data), len(built)),
    )
    end = at + 1
    while end < min(len(data), len(built)) and data[end] != built[end] and end - at < 16:
        end += 1
    return at, Span(min(at, len(data)), min(end, len(data)) - min(at, len(data)), "")
