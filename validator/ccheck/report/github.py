"""The report for GitHub Actions: workflow commands that annotate files, and one line that sums up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from ccheck.core.finding import Severity
from ccheck.report.summary import suppressed_beyond_words, totals, unread_words
from ccheck.report.text import render_related
from ccheck.text.printable import printable

if TYPE_CHECKING:
    from ccheck.core.check import Check
    from ccheck.core.finding import FileReport, Finding, RunReport

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_WEIGHTS = tuple(_COMMANDS.values())


SHOWN = 10
"""Annotations of one level that GitHub shows for one step; the others are only in its log."""


@dataclass(frozen=True, slots=True)
class _Annotation:
    """A workflow command. level: its name. path: of the file that it is about, empty for the whole run."""

    level: str
    path: str
    title: str
    words: Sequence[str]

    def __str__(self) -> str:
        return _command(self.level, self.path, self.title, self.words)


def render(run: RunReport, checks: Sequence[Check] = ()) -> str:
    """`run` as workflow commands, one line each. `checks` is not used: annotations show only findings.

    If there are more than GitHub shows, a summary and one annotation for each file come first.
    """
    del checks
    found = [annotation for report in run.files for annotation in _file(report)]
    found += [
        _Annotation("error", path, "not examined", ["the run ended before this file"])
        for path in run.unexamined
    ]
    if run.interrupted:
        found.append(_Annotation("error", "", "interrupted", ["the run was interrupted"]))
    if not run.files:
        found.append(_Annotation("error", "", "nothing examined", ["nothing was examined"]))
    left_out = f"; left out: {run.left_out}" if str(run.left_out) else ""
    lines = [
        f"ccheck: configuration: {printable(run.configuration) or 'none'}",
        *([f"ccheck: judged for {printable(', '.join(run.builds))} alone"] if run.builds else ()),
        *map(str, _ordered(run, found)),
        f"ccheck: {totals(run)}{left_out}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _ordered(run: RunReport, found: Sequence[_Annotation]) -> list[_Annotation]:
    """Annotations in the order in which GitHub is to show them, as far as it does."""
    counts = Counter(annotation.level for annotation in found)
    level = "error" if run.verdict != "pass" else next((w for w in ("warning", "notice") if counts[w]), "")
    if all(count <= SHOWN for count in counts.values()):
        return list(found)
    counts[level] += 1  # the summary is one of those that are shown
    shown = ", ".join(
        f"{SHOWN} of {count:,} {name}s" for name, count in sorted(counts.items()) if count > SHOWN
    )
    words = [totals(run), f"GitHub shows {shown}: one for each file comes first, and all are in the log"]
    first: dict[str, int] = {}
    for position in sorted(range(len(found)), key=lambda one: (_WEIGHTS.index(found[one].level), one)):
        if found[position].path:
            first.setdefault(found[position].path, position)
    ahead = sorted(first.values())
    rest = sorted(set(range(len(found))).difference(ahead))
    return [_Annotation(level, "", "ccheck", words), *(found[position] for position in (*ahead, *rest))]


def _file(report: FileReport) -> Iterator[_Annotation]:
    for finding in report.findings:
        yield _Annotation(_COMMANDS[finding.severity], report.path, finding.check, _words(report, finding))
    for entry in report.suppressed:
        words = [
            *_words(report, entry.finding)[: 2 if entry.finding.inside is None else 3],
            f"suppressed until {entry.expires}: {entry.reason}",
        ]
        yield _Annotation("notice", report.path, f"{entry.finding.check} (suppressed)", words)
    if aside := suppressed_beyond_words(report):
        yield _Annotation("notice", report.path, "suppressed", [aside])
    for check, count in sorted(report.beyond.items()):
        yield _Annotation("warning", report.path, check, [f"{count:,} more beyond the limit of findings"])
    if report.not_run:
        names = [f"{entry.check} ({entry.reason})" for entry in report.not_run]
        yield _Annotation("warning", report.path, "checks skipped", [", ".join(names)])
    if unread := unread_words(report):
        yield _Annotation("notice", report.path, "not looked into", [unread])
    for name, gap in report.gaps:
        yield _Annotation("error", report.path, name, [gap])


def _words(report: FileReport, finding: Finding) -> list[str]:
    place = f"at {finding.offset:#x}" + (f", {finding.path}" if finding.path else "")
    words = [finding.message, place]
    words += [] if finding.inside is None else [f"inside: {finding.inside}"]
    words += [f"because: {render_related(report, place)}" for place in finding.related]
    return [*words, f"why: {finding.why}", f"fix: {finding.fix}"]


def _command(name: str, path: str, title: str, words: Sequence[str]) -> str:
    file = PurePath(path).as_posix() if path and path != "-" else ""
    if not file.isprintable():
        # A command holds no such name, and what is written for it could be the name of another file.
        file, words = "", [*words[:1], f"file: {file}", *words[1:]]
    properties = [f"file={_property(file)}"] if file else []
    properties.append(f"title={_property(title)}")
    # The runner decodes %0A: line ends of our own, while those of the content stay escaped by `printable`.
    message = "%0A".join(printable(word).replace("%", "%25") for word in words)
    return f"::{name} {','.join(properties)}::{message}"


def _property(text: str) -> str:
    return printable(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
