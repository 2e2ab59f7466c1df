"""The canonical form: the parsed content, built again, gives the same bytes."""

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
    The file can be read, but it is not the one way in which its content is written: pool items in another
    order or stored twice, or a field whose value the content does not explain.

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
        built = subject.schema.rebuild(subject.data, content)
    except RecipeError as refused:
        yield Diagnostic(f"the content cannot be written again: {refused}", subject.whole, why=why, fix=fix)
        return
    if built == subject.data:
        return
    data = subject.data
    # The size and the checksum differ because something else does.
    sealed = {i for _, span, _ in subject.reading.fix_ups for i in range(span.offset, span.end)}
    at = next(
        (i for i, (a, b) in enumerate(zip(data, built, strict=False)) if a != b and i not in sealed),
        min(len(data), len(built)),
    )
    end = at + 1
    while end < min(len(data), len(built)) and data[end] != built[end] and end - at < 16:
        end += 1
    yield Diagnostic(
        f"the content, built again, differs from {at:#x} on and has {counted(len(built), 'byte')} (this file {len(data):,})",
        Span(min(at, len(data)), min(end, len(data)) - min(at, len(data)), ""),
        label="differs",
        why=why,
        fix=fix,
    )
