"""The report for GitHub Actions: workflow commands that annotate files, and one line that sums up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from ccheck.finding import Severity
from ccheck.report.printable import printable
from ccheck.report.summary import totals, unread_words
from ccheck.report.text import render_proof

if TYPE_CHECKING:
    from ccheck.check import Check
    from ccheck.finding import FileReport, Finding, RunReport

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(run: RunReport, checks: Sequence[Check] = ()) -> str:
    """`run` as workflow commands, one line each. `checks` is not used: annotations say what was found."""
    del checks
    lines = [line for report in run.files for line in _file(report)]
    lines += [
        _command("error", path, "not examined", ["the run ended before this file"]) for path in run.unexamined
    ]
    if run.interrupted:
        lines.append(_command("error", "", "interrupted", ["the run was interrupted"]))
    if not run.files:
        lines.append(_command("error", "", "nothing examined", ["nothing was examined"]))
    lines.append(f"ccheck: {totals(run)}")
    return "".join(f"{line}\n" for line in lines)


def _file(report: FileReport) -> Iterator[str]:
    for finding in report.findings:
        yield _command(_COMMANDS[finding.severity], report.path, finding.check, _words(report, finding))
    for entry in report.suppressed:
        words = [*_words(report, entry.finding)[:2], f"suppressed until {entry.expires}: {entry.reason}"]
        yield _command("notice", report.path, f"{entry.finding.check} (suppressed)", words)
    for check, count in sorted(report.beyond.items()):
        yield _command("warning", report.path, check, [f"{count:,} more beyond the limit of findings"])
    if report.not_run:
        names = [f"{entry.check} ({entry.reason})" for entry in report.not_run]
        yield _command("warning", report.path, "checks not run", [", ".join(names)])
    if unread := unread_words(report):
        yield _command("notice", report.path, "not looked into", [unread])
    for name, gap in report.gaps:
        yield _command("error", report.path, name, [gap])


def _words(report: FileReport, finding: Finding) -> list[str]:
    place = f"at {finding.offset:#x}" + (f", {finding.path}" if finding.path else "")
    words = [finding.message, place]
    words += [f"because: {render_proof(report, proof)}" for proof in finding.because]
    return [*words, f"why: {finding.why}", f"fix: {finding.fix}"]


def _command(name: str, path: str, title: str, words: Sequence[str]) -> str:
    file = PurePath(path).as_posix() if path and path != "-" else ""
    properties = [f"file={_property(file)}"] if file else []
    properties.append(f"title={_property(title)}")
    # The runner decodes %0A: line ends of our own, while those of the content stay escaped by `printable`.
    message = "%0A".join(printable(word).replace("%", "%25") for word in words)
    return f"::{name} {','.join(properties)}::{message}"


def _property(text: str) -> str:
    return printable(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
