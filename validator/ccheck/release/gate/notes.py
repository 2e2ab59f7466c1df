"""What a release changes in meaning, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.subject import Subject
from ccheck.formats.changes import changes
from ccheck.release.gate.case import Case
from ccheck.release.gate.release import Taken
from ccheck.release.gate.report.text import markdown
from ccheck.text.quoting import counted
from ccheck_schemas.schema import Recipe, RecipeError

MOST = 200
"""Changes of one file that are written out; the others are counted."""


def notes(case: Case) -> tuple[str, list[str], int]:
    """The release notes, what could not be compared, and how many changes there are."""
    lines = [f"# Release {markdown(case.name)}", ""]
    gaps: list[str] = []
    count = 0
    for taken in case.files:
        try:
            found = list(_changes(case, taken))
        except (RecipeError, ValueError) as wrong:
            gaps.append(f"{taken.file.name}: {wrong}")
            continue
        count += len(found)
        lines += [f"## {markdown(taken.file.name)}", "", *found[:MOST]]
        if len(found) > MOST:
            lines.append(f"* and {len(found) - MOST:,} more changes")
        lines.append("")
    lines += [*_gone(case)]
    return "\n".join(lines).rstrip() + "\n", gaps, count


def _changes(case: Case, taken: Taken) -> Iterator[str]:
    """The changes of one file, a line each.

    Raises ValueError, or RecipeError, where its meaning is not certain.
    """
    subject = case.subjects[taken.file.name]
    after = _recipe(subject)
    old = case.before(taken)
    if old is None:
        yield f"* new: {_holds(after)}"
        return
    before_subject = case.subject(old.data, old.base)
    if before_subject.schema is not subject.schema or subject.schema is None:
        raise ValueError(f"{old.file.name} is of another format")
    if old.data == taken.data:
        yield f"* as in {markdown(old.file.name)}, to the byte"
        return
    found = list(changes(_recipe(before_subject), after, subject.schema.identity))
    yield f"* {counted(len(found), 'change')} since {markdown(old.file.name)}"
    for change in found:
        where = f"{markdown(change.where)}: " if change.where else ""
        yield f"* {change.kind} {where}{markdown(change.what)}"


def _gone(case: Case) -> Iterator[str]:
    """Files of the release before that nothing takes the place of."""
    replaced = {old.file.name for taken in case.files if (old := case.before(taken)) is not None}
    names = {taken.file.name for taken in case.files}
    gone = [old.file.name for old in case.last_good if old.file.name not in replaced | names]
    if gone:
        yield "## Not in this release"
        yield ""
        yield from (f"* {markdown(name)}" for name in gone)


def _recipe(subject: Subject) -> Recipe:
    if subject.schema is None or subject.reading is None:
        raise ValueError("the content is of no known format")
    if subject.schema.describe is None:
        raise ValueError(f"the format {subject.schema.name} has no recipes to compare")
    if subject.reading.counts or not subject.reading.complete:
        raise ValueError("it breaks its schema, so its meaning is not certain")
    return subject.schema.describe(subject.content)


def _holds(recipe: Recipe) -> str:
    held = [
        counted(len(value), key.removesuffix("s")) for key, value in recipe.items() if isinstance(value, list)
    ]
    return ", ".join(held) or "a file"
