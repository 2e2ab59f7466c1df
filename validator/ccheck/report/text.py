"""The report for people: what is wrong, in which bytes, why, and what to change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from ccheck.core.finding import Severity
from ccheck.report.summary import totals, unread_words
from ccheck.text.printable import printable, printable_path
from ccheck.text.quoting import counted

if TYPE_CHECKING:
    from ccheck.core.finding import FileReport, Finding, RelatedLocation, RunReport
    from ccheck.report.excerpt import Mark

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_INDENT = " " * 8


_NAMED = 12
"""Checks not run for one reason that are named; more are counted, and the JSON report has them all."""


def render_file(report: FileReport, *, color: bool) -> str:
    """The report on one file, ending with its verdict in one line.

    Args:
        report: The report.
        color: Whether to style with ANSI sequences.
    """
    blocks = [render_finding(report, f, color=color) for f in report.findings]
    lines = [*unlisted(report), *_not_run(report), *_by_build(report, color), _verdict(report, color=color)]
    return "\n".join([*blocks, "".join(f"{line}\n" for line in lines)])


def render_finding(report: FileReport, finding: Finding, *, color: bool) -> str:
    """One finding of `report` with the excerpt of the hex dump, ending with a line end."""
    return "".join(f"{line}\n" for line in _finding(report, finding, color))


def render_head(configuration: str, builds: Sequence[str] = ()) -> str:
    """The first lines of a report: which ccheck.toml the files are judged by, and for which builds alone."""
    alone = f"judged for {', '.join(map(printable, builds))} alone\n" if builds else ""
    return f"configuration: {printable(configuration) or 'none'}\n{alone}"


def render_summary(run: RunReport, *, color: bool) -> str:
    """The totals of the run, and whether it was cut short."""
    lines = [totals(run) if run.files else _style("nothing was examined", color, fg="red", bold=True)]
    if str(run.left_out):
        lines.append(f"left out: {run.left_out}")
    if run.interrupted:
        words = f"interrupted: {counted(len(run.unexamined), 'file')} not reached"
        lines.append(_style(words, color, fg="red", bold=True))
    elif run.unexamined:
        words = f"not examined: {counted(len(run.unexamined), 'file')}"
        lines.append(_style(words, color, fg="red", bold=True))
    return "".join(f"{line}\n" for line in lines)


def _finding(report: FileReport, finding: Finding, color: bool) -> Iterator[str]:
    tint = _COLORS[finding.severity]
    head = _style(f"{finding.severity.value}[{printable(finding.check)}]", color, fg=tint, bold=True)
    yield f"{head}{_style(f': {printable(finding.message)}', color, bold=True)}"
    place = f" at {finding.offset:#x}" + (f", {printable(finding.path)}" if finding.path else "")
    yield f"{_frame('  -->', color)} {printable_path(report.path)}{place}"

    from ccheck.report.excerpt import Mark, excerpt, shows  # good files have nothing to show

    label = finding.label or ("missing" if finding.length == 0 else "")
    marks = [Mark(finding.offset, finding.length, "^", printable(label))]
    elsewhere = []
    for proof in finding.related:
        mark = _mark(report, proof)
        if mark and shows(mark, report.rows, report.size):
            marks.append(mark)
        else:
            elsewhere.append(proof)
    indent = _INDENT
    for line in excerpt(marks, report.rows, report.size):
        indent = " " * (len(line.gutter) + 1)
        body = _style(f" {line.body}", color, fg=tint if line.sign == "^" else "blue", bold=True)
        gutter = _frame(f"{line.gutter} |" if line.bar else line.gutter, color)
        yield f"{gutter}{body if line.sign else f' {line.body}'}" if line.body else gutter

    notes = [] if finding.inside is None else [("inside", printable(str(finding.inside)))]
    notes += [("because", render_related(report, proof)) for proof in elsewhere]
    notes += [("why", printable(finding.why)), ("fix", printable(finding.fix))]
    notes += [("more", f"ccheck explain {printable(finding.check)}")]
    for name, words in notes:
        if words:
            yield f"{indent}{_frame('=', color)} {_style(name, color, bold=True)}: {words}"


def _mark(report: FileReport, proof: RelatedLocation) -> Mark | None:
    if proof.offset is None or proof.file not in (None, report.path):
        return None
    from ccheck.report.excerpt import Mark

    return Mark(proof.offset, proof.length, "-", printable(proof.message))


def render_related(report: FileReport, proof: RelatedLocation) -> str:
    """A proof of a finding of `report` in one line: its file, line or offset, its field, its words."""
    own = proof.file in (None, report.path)
    place = "" if own else printable_path(proof.file or "")
    if proof.line is not None:
        place += f":{proof.line}" if place else f"line {proof.line}"
    elif proof.offset is not None:
        place += f" at {proof.offset:#x}"
    if proof.path:
        place += f", {printable(proof.path)}" if place else printable(proof.path)
    return ": ".join(part for part in (place.strip(), printable(proof.message)) if part)


def unlisted(report: FileReport) -> list[str]:
    """The findings that are suppressed, and those that were counted and not kept, in lines."""
    return [*_suppressed(report), *_beyond(report)]


def _suppressed(report: FileReport) -> Iterator[str]:
    for entry in report.suppressed:
        finding = entry.finding
        place = f" at {finding.offset:#x}" + (f", {printable(finding.path)}" if finding.path else "")
        reason = f"{printable(entry.reason)} (until {printable(entry.expires)})"
        yield f"suppressed: {printable(finding.check)}{place}: {reason}"
    if report.suppressed_beyond:
        yield f"suppressed: {report.suppressed_beyond:,} more (--max-findings shows more)"


def _beyond(report: FileReport) -> Iterator[str]:
    if report.beyond:
        counts = ", ".join(
            f"{count:,} more {printable(check)}" for check, count in sorted(report.beyond.items())
        )
        yield f"beyond the limit: {counts} (--max-findings shows more)"


def _not_run(report: FileReport) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for entry in report.not_run:
        groups.setdefault(entry.reason, []).append(printable(entry.check))
    if groups:
        yield "skipped: " + "; ".join(
            f"{', '.join(names) if len(names) <= _NAMED else f'{len(names)} checks'} ({printable(why)})"
            for why, names in groups.items()
        )


_COLOR_OF_VERDICT = {"pass": "green", "unknown": "yellow"}


def _by_build(report: FileReport, color: bool) -> Iterator[str]:
    """Yields a table: one line for each driver build, with what fails the file for it."""
    if not report.builds:
        return
    rows = [("consumer", "platform", "verdict", "why")]
    for one in report.builds:
        by_all = (
            "refused by ccheck for every build, whatever its facts: " if one.refused_by == "ccheck" else ""
        )
        rows.append((printable(one.build), one.platform, one.verdict, by_all + printable(one.why)))
    widths = [max(len(row[at]) for row in rows) for at in range(3)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        if row is not rows[0]:
            cells[2] = _style(cells[2], color, fg=_COLOR_OF_VERDICT.get(row[2], "red"), bold=True)
        yield "  ".join((*cells, row[3])).rstrip()


def _verdict(report: FileReport, *, color: bool) -> str:
    facts = [printable(report.schema) if report.schema else "no schema fits", counted(report.size, "byte")]
    if report.errors:
        facts.append(counted(report.errors, "error"))
    if report.warnings:
        facts.append(counted(report.warnings, "warning"))
    facts += [name for name, _ in report.gaps]
    if report.checks_run:
        facts.append(counted(report.checks_run, "check"))
    word = _style(report.verdict, color, fg="green" if report.verdict == "pass" else "red", bold=True)
    unread = unread_words(report)
    behind = f"; {printable(unread)}" if unread else ""
    return f"{word}  {printable_path(report.path)}  {', '.join(facts)}{behind}"


def _frame(text: str, color: bool) -> str:
    return _style(text, color, fg="blue", bold=True)


def _style(text: str, color: bool, **style: Any) -> str:
    return click.style(text, **style) if color and text else text
