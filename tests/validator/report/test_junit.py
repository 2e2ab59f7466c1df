"""The JUnit report: whole, and readable by an XML parser whatever it holds."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from inline_snapshot import snapshot

from ccheck.core.finding import RunReport
from ccheck.report import RENDERERS
from tests.validator.report.samples import CHECKS, EVERYTHING, JULY, PASSING, any_run, july


def rendered(run: RunReport) -> ET.Element:
    """The document as a viewer reads it."""
    return ET.fromstring(RENDERERS["junit"](run, CHECKS))  # noqa: S314 # our own text


def outcomes(run: RunReport) -> list[tuple[str, str, list[str]]]:
    """Suite, case and outcomes of each case."""
    return [
        (str(suite.get("name")), str(case.get("name")), [child.tag for child in case])
        for suite in rendered(run).iter("testsuite")
        for case in suite.iter("testcase")
    ]


def test_a_passing_file() -> None:
    """A passing file is one passing case that says how many checks ran."""
    assert outcomes(RunReport((PASSING,), "0.1.0")) == [("good.bin", "41 checks ran", [])]


def test_everything() -> None:
    """Errors fail, warnings are printed, the suppressed and not run are skipped, the unreached are errors."""
    assert outcomes(EVERYTHING) == snapshot(
        [
            ("good.bin", "41 checks ran", []),
            ("C-00000291-00000000-00000032.bin", "field-past-inputs", ["failure"]),
            ("C-00000291-00000000-00000032.bin", "unused-pool-text", ["system-out"]),
            ("C-00000291-00000000-00000032.bin", "test-content", ["system-out"]),
            ("C-00000291-00000000-00000032.bin", "duplicate-id (beyond the limit)", ["system-out"]),
            ("C-00000291-00000000-00000032.bin", "field-past-inputs (beyond the limit)", ["system-out"]),
            ("C-00000291-00000000-00000032.bin", "unused-pool-text (suppressed)", ["skipped"]),
            ("C-00000291-00000000-00000032.bin", "not-canonical", ["skipped"]),
            ("C-00000291-00000000-00000032.bin", "duplicate-id", ["skipped"]),
            ("C-00000291-00000000-00000032.bin", "not looked into", ["system-out"]),
            ("C-00000291-00000000-00000032.bin", "41 checks ran", []),
            ("empty.bin", "no check ran", ["error"]),
            ("later.bin", "not examined", ["error"]),
            ("last.bin", "not examined", ["error"]),
            ("ccheck", "interrupted", ["error"]),
        ]
    )


def test_a_failure_has_the_whole_text() -> None:
    """A failure carries all findings of its check as the terminal shows them, without colour."""
    document = rendered(RunReport((july(findings=(JULY, JULY)),), "0.1.0"))
    (failure,) = document.iter("failure")
    assert failure.get("message") == snapshot(
        "criterion reads input 20, but consumer 7.11 supplies 20 (0 to 19) (and 1 more)"
    )
    assert failure.get("type") == "field-past-inputs"
    text = failure.text or ""
    assert text.count("    1f0 | 14 00 07 00 30 02 00 00  0c 00 00 00 01 00 00 00  ....0...........\n") == 2


def test_nothing_examined_is_an_error() -> None:
    """A run without files is no green document."""
    assert outcomes(RunReport((), "0.1.0")) == [("ccheck", "nothing examined", ["error"])]


def test_the_same_run_gives_the_same_text() -> None:
    """The document has no time and no name of a machine."""
    text = RENDERERS["junit"](EVERYTHING, CHECKS)
    assert text == RENDERERS["junit"](EVERYTHING, CHECKS)
    assert "timestamp" not in text
    assert "hostname" not in text


@given(any_run)
def test_any_run_is_valid_xml(run: RunReport) -> None:
    """Whatever stands in a run, its document parses, is ASCII, and counts what it holds."""
    text = RENDERERS["junit"](run, ())
    assert all(c == "\n" or " " <= c <= "~" for c in text)
    document = rendered(run)
    for counter, tag in (
        ("tests", "testcase"),
        ("failures", "failure"),
        ("errors", "error"),
        ("skipped", "skipped"),
    ):
        assert document.get(counter) == str(sum(1 for _ in document.iter(tag)))
    wrong = any(report.verdict == "fail" for report in run.files)
    red = document.find(".//failure") is not None or document.find(".//error") is not None
    assert red == bool(wrong or run.interrupted or run.unexamined or not run.files)


@given(any_run)
def test_xml_holds_printable_text(run: RunReport) -> None:
    """After reading the XML back no text and no attribute holds a control or an unpaired surrogate."""
    for element in rendered(run).iter():
        words = [element.text or "", *element.attrib.values()]
        assert all(c == "\n" or c.isprintable() for word in words for c in word)
