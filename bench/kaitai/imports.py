"""Descriptions through `ccheck import-kaitai`, and what became of each."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from bench.kaitai.isolated import isolated
from ccheck.cli.main import FINDINGS, PASS, USAGE, run
from ccheck.config.user_schema import load_user_schema

WHOLE, PART, REFUSED, CRASHED, HUNG = "whole", "in part", "refused", "crashed", "hung"
VERDICTS = (WHOLE, PART, REFUSED, CRASHED, HUNG)
SECONDS = 60.0
"""For one description."""

FOLLOWS = "its place is not known"
"""A consequence of another reason, and none of its own."""

_NAMES = (
    (re.compile(r"'(\W?)[^']*'"), r"'\1…'"),
    (re.compile(r'"[^"]*"'), "'…'"),
    (re.compile(r"\bthe (type|enum) .*?(?= (?:is|takes|holds|of) |…?$)"), r"the \1 …"),
    (re.compile(r"the list ends where .*"), "the list ends where … holds"),
    (re.compile(r"processed by .*?(?=, and are|$)"), "processed by …"),
    (
        re.compile(
            r"^(a choice that is not by a number: )?(?!it |its |')\S+"
            r"(?= (?:is(?! not carried over| said of)|has|may) )"
        ),
        r"\1…",
    ),
    (re.compile(r"\bfield (?!…)\S+(?= here$)"), "field …"),
    (re.compile(r"\bof \S+(?= is not fixed)"), "of …"),
    (re.compile(r"^(valid: ).*"), r"\1…"),
    (re.compile(r"\b0x[0-9a-f]+\b|\b\d[\d,]+\b"), "N"),
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a description.

    Attributes:
        name: Its path below the folder that was named.
        path: Its file.
        verdict: One of `VERDICTS`.
        reasons: What was left out, names replaced; why it was refused, or how it crashed.
        schema: The schema file, if one was written.
        schema_name: The name of the schema.
        named: The fields of which something was left out.
    """

    name: str
    path: Path
    verdict: str
    reasons: tuple[str, ...] = ()
    schema: Path | None = None
    schema_name: str = ""
    named: frozenset[str] = frozenset()


def descriptions(folder: Path) -> list[tuple[str, Path]]:
    """The descriptions below a folder, by name."""
    return sorted((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*.ksy"))


def imported(name: str, path: Path, schema: Path, roots: Sequence[Path] = ()) -> Imported:
    """Imports one description in a process of its own.

    Args:
        name: What it is called in the report.
        path: Its file.
        schema: The schema file to write.
        roots: Where absolute imports begin.
    """
    folders = [root for root in roots if root.is_dir()]
    answer = isolated(_import, path, schema, folders, seconds=SECONDS)
    if answer.hung:
        return Imported(name, path, HUNG, (f"no answer in {SECONDS:.0f} seconds",))
    if answer.crashed:
        return Imported(name, path, CRASHED, (answer.crashed.strip().splitlines()[-1],))
    status, said, omitted, schema_name, named = answer.value
    if status == USAGE:
        return Imported(name, path, REFUSED, (reason_of_refusal(said),))
    if status not in (PASS, FINDINGS) or (status == FINDINGS) != bool(omitted):
        return Imported(name, path, CRASHED, ((said.strip().splitlines() or [f"status {status}"])[-1],))
    reasons = tuple(sorted({normalised(detail) for detail in omitted if detail != FOLLOWS}))
    verdict = PART if omitted else WHOLE
    return Imported(name, path, verdict, reasons or omitted[:1], schema, schema_name, named)


def _import(
    path: Path, schema: Path, folders: Sequence[Path]
) -> tuple[int, str, tuple[str, ...], str, frozenset[str]]:
    """Returns the exit status, the errors, what the schema omits, its name, and the fields of omissions."""
    errors = io.StringIO()
    with redirect_stdout(io.StringIO()), redirect_stderr(errors):
        named = [word for folder in folders for word in ("-I", str(folder))]
        status = run(["import-kaitai", str(path), "-o", str(schema), "--force", *named])
    if status not in (PASS, FINDINGS):
        return status, errors.getvalue(), (), "", frozenset()
    loaded = load_user_schema(schema).schema
    details = tuple(one.detail for one in loaded.omitted)
    return status, errors.getvalue(), details, loaded.name, frozenset(one.field for one in loaded.omitted)


def reason_of_refusal(said: str) -> str:
    """The reason in a message of wrong usage, without file and place, names replaced."""
    line = said.strip().splitlines()[-1]
    detail = re.sub(r"^Error: .*?\.ksy:\d+: ", "", line)
    return normalised(re.sub(r"^\S+: ", "", detail))


def normalised(detail: str) -> str:
    """A reason, with what is particular to one description replaced."""
    for names, word in _NAMES:
        detail = names.sub(word, detail)
    return detail
