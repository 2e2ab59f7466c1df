"""The numbers of a whole run, counted once for every report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccheck.core.finding import Severity
from ccheck.text.quoting import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ccheck.core.finding import FileReport, RunReport


@dataclass(frozen=True, slots=True)
class Summary:
    """The totals of a run.

    Attributes:
        size: The bytes of all examined files.
        beyond: Findings counted but not kept.
        unread: Bytes that schemas do not look into.
    """

    files: int
    passed: int
    failed: int
    errors: int
    warnings: int
    infos: int
    suppressed: int
    beyond: int
    not_run: int
    size: int
    unread: int
    verdict: str


def summarise(run: RunReport) -> Summary:
    """Count `run`. Its verdict is `pass` only when files were examined, all of them, and each passed."""
    passed = sum(report.verdict == "pass" for report in run.files)
    whole = bool(run.files) and passed == len(run.files)
    return Summary(
        files=len(run.files),
        passed=passed,
        failed=len(run.files) - passed,
        errors=sum(report.errors for report in run.files),
        warnings=sum(report.warnings for report in run.files),
        infos=sum(f.severity is Severity.INFO for report in run.files for f in report.findings),
        suppressed=sum(len(report.suppressed) + report.suppressed_beyond for report in run.files),
        beyond=sum(sum(report.beyond.values()) for report in run.files),
        not_run=sum(len(report.not_run) for report in run.files),
        size=sum(report.size for report in run.files),
        unread=sum(report.unread for report in run.files),
        verdict="pass" if whole and not run.interrupted and not run.unexamined else "fail",
    )


FIELDS = 4
"""Fields, and places of a description, that a line names; more are counted."""


def unread_words(report: FileReport) -> str:
    """What the schema does not look into in a file, in one line; empty if there is nothing.

    Bytes come with their fields, then what else an importer left out.
    """
    fields = [entry.field or "the file" for entry in report.not_looked_into if entry.size]
    rules = [entry.field for entry in report.not_looked_into if not entry.size]
    words = []
    if fields:
        inside = any("/" in field for field in fields)  # it may have more bytes than the file
        whole = "bytes of the file and of its envelopes" if inside else f"of {report.size:,} bytes"
        words.append(f"{report.unread:,} {whole} not looked into: {_named(fields)}")
    if rules:
        words.append(f"not carried over into the schema: {_named(rules)}")
    return "; ".join(words)


def suppressed_beyond_words(report: FileReport) -> str:
    """Returns how many suppressed findings of a file are counted and not listed, in words; empty if none."""
    if not report.suppressed_beyond:
        return ""
    return f"{counted(report.suppressed_beyond, 'more suppressed finding')}, counted but not kept"


def _named(names: Sequence[str]) -> str:
    more = len(names) - FIELDS
    return ", ".join(names[:FIELDS]) + (f" and {more:,} more" if more > 0 else "")


def totals(run: RunReport) -> str:
    """One line: files examined, passed and failed, errors, warnings, bytes."""
    total = summarise(run)
    parts = [
        f"{counted(total.files, 'file')} examined: {total.passed:,} passed, {total.failed:,} failed",
        f"{counted(total.errors, 'error')}, {counted(total.warnings, 'warning')}",
        counted(total.size, "byte") + (f", {total.unread:,} not looked into" if total.unread else ""),
    ]
    if total.beyond:
        parts.insert(2, f"{total.beyond:,} beyond the limit")
    if total.suppressed:
        parts.insert(2, f"{total.suppressed:,} suppressed")
    return "; ".join(parts)
