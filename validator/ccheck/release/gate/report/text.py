"""A gate's result in many forms: lines for people, JSON, a short Markdown summary, and a run over files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from ccheck.core.finding import FileReport, Finding, RunReport, Severity
from ccheck.report.json import dump, tree
from ccheck.text.printable import printable
from ccheck.text.quoting import counted

if TYPE_CHECKING:
    from ccheck.release.gate.result import GateResult, Stage

FORMAT = 1
"""Rises when a program that reads the JSON could misread a newer one."""
MOST = 20
"""Lines of one stage that people are shown."""


def stage_lines(stage: Stage) -> Iterator[str]:
    """One stage for people: how it ended, what it examined, what is wrong."""
    yield printable(f"{stage.name:<10}  {stage.status.value:<10}  {stage.summary}")
    if stage.status.value != "off":
        yield printable(f"{'':<10}  examined:   {examined_words(stage)}")
    told = said(stage)
    if len(told) > 1:
        for line in told[:MOST]:
            yield printable(f"{'':<10}  * {line}")
        if len(told) > MOST:
            yield f"{'':<10}  * and {len(told) - MOST:,} more"


def examined_words(stage: Stage) -> str:
    """What a stage examined, such as `1 file, 3 builds`."""
    return ", ".join(_counted(count, kind) for kind, count in stage.examined.items()) or "nothing"


def _counted(count: int, kind: str) -> str:
    return f"{count:,} {kind.removesuffix('s') if count == 1 else kind}"


def said(stage: Stage) -> list[str]:
    """All that is wrong in a stage, or was not examined, a line each."""
    return [*stage.details.get("failures", ()), *stage.details.get("gaps", ())]


def opening_lines(configuration: str) -> Iterator[str]:
    """The lines before the stages: which ccheck.toml has the policy."""
    yield printable(f"configuration: {configuration or 'none'}")


def closing_lines(result: GateResult) -> Iterator[str]:
    """What follows the stages: builds without facts, first uses, and the verdict."""
    for one in result.unknown:
        yield printable(f"unknown     {one.name}: {one.why}")
    for first in result.first_uses[:MOST]:
        yield printable(f"first use   {first.what}")
    if len(result.first_uses) > MOST:
        yield f"first use   and {len(result.first_uses) - MOST:,} more"
    if result.slower:
        yield f"{counted(len(result.first_uses), 'first use')}: roll this release out more slowly"
    files = counted(len(result.files), "file")
    off = [stage.name for stage in result.stages if stage.status.value == "off"]
    without = f", without {', '.join(off)}" if off else ""
    words = f"release {result.release}, {files}, on {result.on}{without}"
    yield printable(f"verdict     {result.verdict.value}: {words}")


def as_json(result: GateResult) -> str:
    """The whole result as one JSON document in ASCII."""
    return dump(
        {
            "format": FORMAT,
            "program": {"name": "ccheck", "version": result.program_version},
            "configuration": result.reports.configuration or None,
            "release": result.release,
            "on": result.on,
            "verdict": result.verdict.value,
            "slower": result.slower,
            "files": [asdict(file) for file in result.files],
            "stages": [
                {
                    "name": stage.name,
                    "status": stage.status.value,
                    "summary": stage.summary,
                    "examined": dict(stage.examined),
                    "details": dict(stage.details),
                }
                for stage in result.stages
            ],
            "first_uses": [asdict(first) for first in result.first_uses],
            "matrix": [asdict(row) for row in result.matrix],
            "profiles": [asdict(row) for row in result.profiles],
            "unknown": [asdict(row) for row in result.unknown],
            "reports": tree(result.reports)["files"],
            "notes": result.notes,
        }
    )


def as_markdown(result: GateResult) -> str:
    """A short summary for a pull request, and the release notes."""
    lines = [
        f"## ccheck gate: {result.verdict.value}",
        "",
        f"Release {markdown(result.release)}, {counted(len(result.files), 'file')}, on {result.on}."
        f" Configuration: {markdown(result.reports.configuration) or 'none'}.",
        "",
        "| stage | | |",
        "|---|---|---|",
        *(f"| {markdown(s.name)} | {s.status.value} | {markdown(s.summary)} |" for s in result.stages),
    ]
    if result.unknown:
        lines += ["", "Driver builds without facts, for which nothing is known:", ""]
        lines += [f"* {markdown(one.name)}: {markdown(one.why)}" for one in result.unknown]
    if result.first_uses:
        slower = ", which ask for a slower rollout" if result.slower else ""
        lines += ["", f"First uses{slower}:", ""]
        lines += [f"* {markdown(first.what)}" for first in result.first_uses[:MOST]]
        if len(result.first_uses) > MOST:
            lines.append(f"* and {len(result.first_uses) - MOST:,} more")
    if result.notes:
        lines += ["", result.notes.rstrip()]
    return "\n".join(lines) + "\n"


def markdown(text: str) -> str:
    """Text from content as Markdown that shows it and does nothing else."""
    shown = re.sub(r"([\\`*_{}\[\]()<>#!|~&@$])", r"\\\1", printable(text))
    # Some viewers make links of bare addresses.
    return shown.replace("://", ":\\//").replace("www.", "www\\.")


def plain_text(line: str) -> str:
    """The text of a line that `markdown` wrote, printable."""
    return re.sub(r"\\([\\`*_{}\[\]()<>#!|~&@$/.])", r"\1", line)


def as_run(result: GateResult) -> RunReport:
    """The result as a run over files: those of the release, and one for each stage that is on.

    So a form that knows only findings shows a stage that did not pass.
    """
    stages = tuple(_as_file(result, stage) for stage in result.stages if stage.status.value != "off")
    return replace(result.reports, files=(*result.reports.files, *stages))


def _as_file(result: GateResult, stage: Stage) -> FileReport:
    passed = stage.status.value == "pass"
    findings = tuple(
        Finding(
            check=f"gate-{stage.name.replace('_', '-')}",
            severity=Severity.ERROR,
            message=line,
            path="",
            offset=0,
            length=0,
            why=f"the stage {stage.name} is {stage.status.value}, and what has no evidence does not ship",
            fix="see docs/gate.md",
        )
        for line in (() if passed else said(stage) or [stage.summary])
    )
    return FileReport(
        path=f"gate/{result.release}/{stage.name}",
        schema=None,
        size=0,
        sha256="",
        findings=findings,
        checks_run=1,
    )


FORMS: dict[str, Callable[[GateResult], str]] = {"json": as_json, "markdown": as_markdown}
"""The forms of a gate's own; `RENDERERS` renders the others out of `as_run`."""
