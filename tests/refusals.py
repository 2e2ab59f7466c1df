"""`python -m tests.refusals` writes the table of what readers refuse into the page of each format that lists it.

The list is `corpus/<format>/refusals.toml`: a clause of a reader, the check that refuses it here, and a bad file.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ccheck.core.check import Check
from ccheck.core.finding import Severity
from ccheck.formats.check_table import CHECKS
from tests.conftest import ROOT
from tests.corpus import without

BEGIN, END = "<!-- refusals: written by python -m tests.refusals -->", "<!-- end of refusals -->"
NOT_OF_CONTENT = frozenset(
    (
        "all-zero",
        "consumers-missing",
        "count-exceeded",
        "examination-crashed",
        "facts-missing",
        "fault-unclaimed",
        "file-empty",
        "limit-exceeded",
        "not-looked-into",
        "too-large",
        "torn-at-sector",
        "unreadable",
        "unrecognised-content",
        "value-not-understood",
    )
)
"""Checks of the file as such, and of what it is judged by: no clause of a reader is their partner."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a reader refuses.

    Attributes:
        reader: The function that refuses it.
        check: The check that refuses it here; empty for none.
        bad: The bad file, from the folder of the format's corpus and without its ending; empty for none.
        why: Why there is none.
        libfdt: The release of libfdt that refuses it first, where that is a new one.
    """

    reader: str
    what: str
    check: str
    bad: str = ""
    why: str = ""
    note: str = ""
    libfdt: str = ""


def formats() -> tuple[str, ...]:
    """The formats that list what their readers refuse."""
    return tuple(sorted(path.parent.name for path in (ROOT / "corpus").glob("*/refusals.toml")))


def refusals(name: str) -> tuple[Refusal, ...]:
    """What the readers of a format refuse."""
    path = ROOT / "corpus" / name / "refusals.toml"
    return tuple(Refusal(**entry) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["refusal"])


def page(name: str) -> Path:
    """The page of a format."""
    return ROOT / "docs" / "formats" / f"{name}.md"


def alone(name: str) -> tuple[Check, ...]:
    """The checks of a format that fail files, and that no clause of a reader asks for."""
    named = {refusal.check for refusal in refusals(name)} | NOT_OF_CONTENT | set(without(name))
    return tuple(
        check
        for check in CHECKS.applying(name)
        if check.severity is Severity.ERROR and check.name not in named
    )


def render(name: str) -> str:
    """The table of a format, and the counts of what has no partner."""
    listed = refusals(name)
    return "\n".join([BEGIN, "", *_lines(name, listed), "", END])


def _lines(name: str, listed: tuple[Refusal, ...]) -> Iterator[str]:
    yield "| refused by | what | check here | bad file |"
    yield "|---|---|---|---|"
    for one in listed:
        check = f"[`{one.check}`](../checks.md#{one.check})" if one.check else f"none: {one.why}"
        bad = f"`{one.bad}`" if one.bad else ""
        what = f"{one.what}. {one.note[:1].upper()}{one.note[1:]}" if one.note else one.what
        yield f"| `{one.reader.removeprefix('libfdt ').removeprefix('linux ')}` | {what} | {check} | {bad} |"
    partners = Counter(bool(one.check) for one in listed)
    more = alone(name)
    yield ""
    yield (
        f"{len(listed)} refusals of readers: {partners[True]} have a check here, {partners[False]} have none. "
        f"{len(more)} checks fail files that these readers take: "
        + ", ".join(f"[`{check.name}`](../checks.md#{check.name})" for check in more)
        + "."
    )


def written(name: str) -> str:
    """The page of a format with its table as it is now."""
    text = page(name).read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + render(name) + after


if __name__ == "__main__":
    for each in formats():
        page(each).write_text(written(each), encoding="utf-8")
