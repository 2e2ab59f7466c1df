"""The numbers of a whole run, counted once for every report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccheck.finding import Severity

if TYPE_CHECKING:
    from ccheck.finding import RunReport


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to. size: bytes of all examined files. beyond: findings counted but not kept."""

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
        suppressed=sum(len(report.suppressed) for report in run.files),
        beyond=sum(sum(report.beyond.values()) for report in run.files),
        not_run=sum(len(report.not_run) for report in run.files),
        size=sum(report.size for report in run.files),
        verdict="pass" if whole and not run.interrupted and not run.unexamined else "fail",
    )


def counted(number: int, noun: str) -> str:
    """`1 file`, `1,234 files`: the number with thousands marked, and its noun."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def totals(run: RunReport) -> str:
    """One line: files examined, passed and failed, errors, warnings, bytes."""
    total = summarise(run)
    parts = [
        f"{counted(total.files, 'file')} examined: {total.passed:,} passed, {total.failed:,} failed",
        f"{counted(total.errors, 'error')}, {counted(total.warnings, 'warning')}",
        counted(total.size, "byte"),
    ]
    if total.beyond:
        parts.insert(2, f"{total.beyond:,} beyond the limit")
    if total.suppressed:
        parts.insert(2, f"{total.suppressed:,} suppressed")
    return "; ".join(parts)
