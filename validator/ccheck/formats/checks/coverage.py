"""What a schema does not look into: nothing passes because an importer did not understand it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ccheck.core.check import Diagnostic
from ccheck.core.finding import NotLookedInto
from ccheck.core.subject import Subject


def not_looked_into(subject: Subject) -> Iterator[Diagnostic]:
    """An importer left something out of the schema, so that the file was not examined whole.

    ## What is wrong
    The schema was imported from a description, and does not carry over all of it: bytes are not looked into, or a
    rule of the description is not applied. The finding names the place and the line in the description.

    ## Why is this bad
    Nobody decided that this need not be checked. A driver reads what the validator passed over, and a file that
    breaks the missing rule passes.

    ## How to fix
    Write what is missing into the schema by hand, and take its line out of `OMITTED`. Where bytes need no
    description, declare them `Opaque` with a reason: they are then counted, and no finding. Or allow it for this
    schema: `--allow-not-looked-into NAME`, or `allow = ["NAME"]` under `[not_looked_into]` in ccheck.toml. The
    verdict still says what was not looked into.
    """
    schema, reading = subject.schema, subject.reading
    if schema is None or reading is None or schema.name in subject.context.allowed:
        return
    why = "what an importer left out is not checked, so that the file was not examined whole"
    fix = f"write it into the schema by hand, or allow it: --allow-not-looked-into {schema.name}"
    dropped = {unread.dropped: unread for unread in reading.unread if unread.dropped}
    for omission in schema.omitted:
        unread = dropped.pop(omission.place, None)
        message = (
            f"{omission.source}:{omission.line}: {omission.place} is not carried over: {omission.detail}"
        )
        if unread is not None:
            yield Diagnostic(message, unread.span, label="not looked into", why=why, fix=fix)
            continue
        place = replace(subject.whole, path=omission.field)
        yield Diagnostic(message, place, label="a rule is missing", why=why, fix=fix)
    for unread in dropped.values():
        message = f"{unread.dropped} is not carried over: {unread.reason}"
        yield Diagnostic(message, unread.span, label="not looked into", why=why, fix=fix)


def left_unread(subject: Subject) -> tuple[NotLookedInto, ...]:
    """What the verdict says of a file that was read: bytes first, then rules that are not applied."""
    if subject.schema is None or subject.reading is None:
        return ()
    unread = subject.reading.unread
    found = [NotLookedInto(one.span.path, one.size, one.reason, bool(one.dropped)) for one in unread]
    known = {one.dropped for one in unread}
    found += [
        NotLookedInto(one.place, 0, f"{one.source}:{one.line}: {one.detail}", omitted=True)
        for one in subject.schema.omitted
        if one.place not in known
    ]
    return tuple(found)
