"""A gate's result as one page that opens offline, on a phone and in the dark."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from ccheck.release_gate.result import GateResult
from ccheck.report.page import page
from ccheck.report.plot import Series, plot
from ccheck.report.printable import printable
from ccheck.report.text import render_finding

MOST_FINDINGS = 50
"""Findings that are shown for one file."""


def render(result: GateResult) -> str:
    """The page: everything in it, nothing loaded from elsewhere, every text of content escaped."""
    findings = [
        (
            report.path,
            report.verdict,
            [
                *(f"{name}: {words}" for name, words in report.gaps),
                *(
                    render_finding(report, finding, color=False)
                    for finding in report.findings[:MOST_FINDINGS]
                ),
            ],
        )
        for report in result.reports.files
    ]
    notes = "\n".join(printable(line) for line in result.notes.splitlines())
    return page(
        "ccheck.report",
        "gate_page.html",
        result=result,
        findings=findings,
        notes=notes,
        curves=list(_curves(result)),
    )


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
