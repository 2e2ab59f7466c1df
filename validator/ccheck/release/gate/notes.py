"""What a release changes in meaning, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.subject import Subject
from ccheck.release.changes import changes
from ccheck.release.gate.context import GateContext
from ccheck.release.gate.release import ReleaseFile
from ccheck.release.gate.report.text import markdown
from ccheck.text.quoting import counted
from ccheck_schemas.recipe import way_back
from ccheck_schemas.schema import Recipe, RecipeError

MOST = 200
"""Changes of one file that are written out; the others are counted."""


def notes(context: GateContext) -> tuple[str, list[str], int]:
    """The release notes, what could not be compared, and how many changes there are."""
    lines = [f"# Release {markdown(context.name)}", ""]
    gaps: list[str] = []
    count = 0
    for file in context.files:
        try:
            found = list(_changes(context, file))
        except (RecipeError, ValueError) as wrong:
            gaps.append(f"{file.identity.name}: {wrong}")
            continue
        count += len(found)
        lines += [f"## {markdown(file.identity.name)}", "", *found[:MOST]]
        if len(found) > MOST:
            lines.append(f"* and {len(found) - MOST:,} more changes")
        lines.append("")
    lines += [*_gone(context)]
    return "\n".join(lines).rstrip() + "\n", gaps, count


def _changes(context: GateContext, file: ReleaseFile) -> Iterator[str]:
    """The changes of one file, a line each.

    Raises:
        ValueError: Its meaning is not certain.
        RecipeError: Its meaning is not certain.
    """
    subject = context.subjects[file.identity.name]
    after = _recipe(subject)
    old = context.before(file)
    if old is None:
        yield f"* new: {_holds(after)}"
        return
    before_subject = context.subject(old.data, old.base)
    if before_subject.schema is not subject.schema or subject.schema is None:
        raise ValueError(f"{old.identity.name} is of another format")
    if old.data == file.data:
        yield f"* as in {markdown(old.identity.name)}, to the byte"
        return
    found = list(changes(_recipe(before_subject), after, subject.schema.identities))
    yield f"* {counted(len(found), 'change')} since {markdown(old.identity.name)}"
    for change in found:
        where = f"{markdown(change.where)}: " if change.where else ""
        yield f"* {change.kind} {where}{markdown(change.what)}"


def _gone(context: GateContext) -> Iterator[str]:
    """Files of the release before that nothing takes the place of."""
    replaced = {old.identity.name for file in context.files if (old := context.before(file)) is not None}
    names = {file.identity.name for file in context.files}
    gone = [old.identity.name for old in context.last_good if old.identity.name not in replaced | names]
    if gone:
        yield "## Not in this release"
        yield ""
        yield from (f"* {markdown(name)}" for name in gone)


def _recipe(subject: Subject) -> Recipe:
    if subject.schema is None or subject.reading is None:
        raise ValueError("the content is of no known format")
    if subject.schema.breaks(subject.reading):
        raise ValueError("it breaks its schema, so its meaning is not certain")
    return way_back.meaning(subject.schema, subject.data, subject.content)


def _holds(recipe: Recipe) -> str:
    held = [
        counted(len(value), key.removesuffix("s")) for key, value in recipe.items() if isinstance(value, list)
    ]
    return ", ".join(held) or "a file"
