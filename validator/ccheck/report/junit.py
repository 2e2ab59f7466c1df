"""The report for build servers: JUnit XML, a suite for each file, a case for each check that found any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from ccheck.core.finding import Severity
from ccheck.report.summary import suppressed_beyond_words, unread_words
from ccheck.report.text import render_finding
from ccheck.text.printable import printable
from ccheck.text.quoting import counted

if TYPE_CHECKING:
    from ccheck.core.check import Check
    from ccheck.core.finding import FileReport, Finding, RunReport


def render(run: RunReport, checks: Sequence[Check] = ()) -> str:
    """`run` as JUnit XML without times and names of hosts: the same run gives the same text.

    `checks` is not used: checks that found nothing are counted in one passing case.
    """
    del checks
    document: Any = JUnitXml("ccheck")  # Any: half of junitparser's functions have no types
    for report in run.files:
        document.add_testsuite(_suite(report.path, _cases(report)))
    for path in run.unexamined:
        document.add_testsuite(_suite(path, [_error(path, "not examined", "the run ended before this file")]))
    if run.interrupted:
        document.add_testsuite(_suite("ccheck", [_error("ccheck", "interrupted", "the run was interrupted")]))
    if not run.files:
        document.add_testsuite(
            _suite("ccheck", [_error("ccheck", "nothing examined", "nothing was examined")])
        )
    for suite in document:
        suite.add_property("configuration", printable(run.configuration) or "none")
        if run.builds:
            suite.add_property("judged for", printable(f"{', '.join(run.builds)} alone"))
        if str(run.left_out):
            suite.add_property("left out", str(run.left_out))
    document.update_statistics()
    # ASCII, so that no encoding of a terminal or a file on the way can harm it.
    text: str = document.tostring().decode("utf-8").encode("ascii", "xmlcharrefreplace").decode("ascii")
    return text if text.endswith("\n") else text + "\n"


def _suite(name: str, cases: Sequence[TestCase] | Iterator[TestCase]) -> TestSuite:
    suite = TestSuite(printable(name))
    for case in cases:
        suite.add_testcase(case)
    return suite


def _case(file: str, name: str) -> TestCase:
    return TestCase(printable(name), classname=printable(file))


def _cases(report: FileReport) -> Iterator[TestCase]:
    found: dict[str, list[Finding]] = {}
    for finding in report.findings:
        found.setdefault(finding.check, []).append(finding)
    for check, findings in found.items():
        yield _judged(report, check, findings)
    for check, count in sorted(report.beyond.items()):
        case = _case(report.path, f"{check} (beyond the limit)")
        case.system_out = f"{counted(count, 'more finding')}, counted but not kept"
        yield case
    for entry in report.suppressed:
        words = f"suppressed until {entry.expires}: {entry.reason}"
        yield _skipped(report, f"{entry.finding.check} (suppressed)", words)
    if aside := suppressed_beyond_words(report):
        yield _skipped(report, "suppressed (beyond the limit)", aside)
    for skipped in report.not_run:
        yield _skipped(report, skipped.check, f"skipped: {skipped.reason}")
    if unread := unread_words(report):
        case = _case(report.path, "not looked into")
        case.system_out = printable(unread)
        yield case
    if report.checks_run:
        yield _case(report.path, f"{counted(report.checks_run, 'check')} ran")
    for name, words in report.gaps:
        yield _error(report.path, name, words)


def _judged(report: FileReport, check: str, findings: Sequence[Finding]) -> TestCase:
    case = _case(report.path, check)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    rest = [finding for finding in findings if finding.severity is not Severity.ERROR]
    if errors:
        # One element for all: viewers show only the first failure of a case.
        more = f" (and {len(errors) - 1:,} more)" if len(errors) > 1 else ""
        failure = Failure(printable(errors[0].message) + more, printable(check))
        failure.text = _blocks(report, errors)
        case.result = [failure]
    if rest:
        case.system_out = _blocks(report, rest)
    return case


def _blocks(report: FileReport, findings: Sequence[Finding]) -> str:
    return "\n" + "\n".join(render_finding(report, finding, color=False) for finding in findings)


def _skipped(report: FileReport, name: str, words: str) -> TestCase:
    case = _case(report.path, name)
    case.result = [Skipped(printable(words))]
    return case


def _error(file: str, name: str, words: str) -> TestCase:
    case = _case(file, name)
    case.result = [Error(words, printable(name))]
    return case
