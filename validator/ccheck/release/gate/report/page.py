"""A gate's result as one page that opens offline, on a phone and in the dark."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from ccheck.release.gate.report.text import examined_words, plain_text, said
from ccheck.release.gate.result import GateResult, MatrixRow, Status
from ccheck.report.page import page
from ccheck.report.plot import Series, plot
from ccheck.report.summary import unread_words
from ccheck.report.text import render_finding, unlisted
from ccheck.text.printable import printable
from ccheck.text.quoting import counted

MOST_FINDINGS = 50
"""Findings that are shown for one file."""


def render(result: GateResult) -> str:
    """The page: everything in it, nothing loaded from elsewhere, every text of content escaped."""
    findings = [
        (
            report.path,
            report.verdict,
            [*map(printable, filter(None, [unread_words(report)])), *unlisted(report)],
            "Nothing was found that is not suppressed." if report.suppressed else "Nothing was found.",
            [
                *((f"{name}: {words}", "") for name, words in report.gaps),
                *(
                    render_finding(report, finding, color=False).partition("\n")[::2]
                    for finding in report.findings[:MOST_FINDINGS]
                ),
            ],
        )
        for report in result.reports.files
    ]
    return page(
        "ccheck.release.gate.report",
        "page.html",
        result=result,
        files=counted(len(result.files), "file"),
        ended=_ended(result),
        stages=[
            (stage, "" if stage.status is Status.OFF else examined_words(stage), said(stage))
            for stage in result.stages
        ],
        findings=findings,
        matrix=_by_type(result),
        notes=_notes(result.notes),
        curves=list(_curves(result)),
    )


def _ended(result: GateResult) -> list[tuple[str, list[str]]]:
    """The stages that did not pass, by how they ended, the worst first."""
    found = [
        (status.value, [stage.name for stage in result.stages if stage.status is status])
        for status in (Status.FAIL, Status.INCOMPLETE, Status.OFF)
    ]
    return [(status, names) for status, names in found if names]


def _by_type(result: GateResult) -> list[tuple[str, list[MatrixRow]]]:
    """The rows of the matrix, by template type."""
    types: dict[str, list[MatrixRow]] = {}
    for row in result.matrix:
        types.setdefault(f"{row.type} version {row.version}", []).append(row)
    return list(types.items())


def _notes(notes: str) -> list[tuple[str, list[str]]]:
    """The release notes as headings with lines, as plain text: Markdown is for other readers."""
    found: list[tuple[str, list[str]]] = []
    for line in notes.splitlines():
        if line.startswith("## "):
            found.append((plain_text(line[3:]), []))
        elif line.startswith("* "):
            if not found:
                found.append(("", []))
            found[-1][1].append(plain_text(line[2:]))
    return found


def _curves(result: GateResult) -> Iterator[Markup]:
    """The curve of the stage that fuzzed: pairs of runs and what was reached, in its details."""
    for stage in result.stages:
        curve = stage.details.get("curve")
        if isinstance(curve, list) and curve:
            points = [(float(x), float(y)) for x, y in curve]
            drawn = plot(
                [Series("reached", points, step=True)],
                title="What the search reached, run after run", x_label="runs", y_label="things a driver did",
            )  # fmt: skip
            yield Markup(drawn)  # noqa: S704 - plot escapes every text that it is given
