"""The table of renderers."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import pytest

from ccheck.core.finding import FileReport, NotLookedInto, NotRun, RunReport, Suppressed
from ccheck.report import RENDERERS
from ccheck.report.text import render_file
from tests.validator.report.samples import CHECKS, EVERYTHING, finding


def test_the_table() -> None:
    """The forms of a whole run are there, and each ends with a line end."""
    assert set(RENDERERS) >= {"json", "sarif", "junit", "github"}
    assert all(render(EVERYTHING, CHECKS).endswith("\n") for render in RENDERERS.values())


def test_nothing_heavy_is_imported_before_its_use() -> None:
    """Importing the table does not import the library of a form that was not requested."""
    program = "import sys, ccheck.report, ccheck.report.text; print('junitparser' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


QUIET = FileReport("x.bin", "channel", 9, "", checks_run=9)
SILENT: dict[str, tuple[RunReport, str]] = {
    "nothing examined": (RunReport((), "1"), "nothing was examined"),
    "interrupted": (RunReport((QUIET,), "1", interrupted=True), "run was interrupted"),
    "unexamined": (RunReport((QUIET,), "1", unexamined=("later.bin",)), r"later\.bin"),
    "not_run": (RunReport((replace(QUIET, not_run=(NotRun("one-check", "why"),)),), "1"), "one-check"),
    "beyond": (RunReport((replace(QUIET, beyond={"one-check": 4321}),), "1"), "4,?321"),
    "unread": (RunReport((replace(QUIET, not_looked_into=(NotLookedInto("a.b", 5, "why"),)),), "1"), r"a\.b"),
}
"""What a run did not do, where no finding says so: the report of such a run, and what is printed of it."""
AS_DATA = {
    ("json", "nothing examined"): r'"files": \[\](.|\n)*"verdict": "fail"',
    ("json", "interrupted"): '"interrupted": true',
}
"""How a form for programs says it, where it has a field in place of words."""


@pytest.mark.parametrize("form", sorted(RENDERERS))
@pytest.mark.parametrize("what", SILENT)
def test_every_form_says_what_a_run_did_not_do(form: str, what: str) -> None:
    """Nothing examined, interrupted, not reached, not run, not kept, not looked into: each form shows each of them."""
    run, words = SILENT[what]
    words = AS_DATA.get((form, what), words)
    assert re.search(words, RENDERERS[form](run, CHECKS)), f"the form {form} does not show {what!r}: {words}"
    quiet = RENDERERS[form](RunReport((QUIET,), "1"), CHECKS)
    assert not re.search(words, quiet), f"the form {form} shows {what!r} of every run: {words}"


GAPS: dict[str, dict[str, object]] = {
    "the file was not examined whole": {"examined": False},
    "3 checks could not be made behind findings that are set aside": {"unjudged": 3},
    "5 more errors were counted, not kept": {"errors_beyond": 5},
    "no check ran on this file": {"checks_run": 0},
}


@pytest.mark.parametrize("form", sorted(RENDERERS))
@pytest.mark.parametrize("words", GAPS)
def test_no_report_looks_green_where_a_file_fails_without_a_finding(form: str, words: str) -> None:
    """A file that fails without a kept finding says why in every form, and none of them calls it a success."""
    report = FileReport("x.bin", "channel", 1, "", **({"checks_run": 9} | GAPS[words]))  # type: ignore[arg-type] # one of them
    assert report.verdict == "fail"
    text = RENDERERS[form](RunReport((report,), "1"), CHECKS)
    assert words in text
    green = {"json": '"verdict": "pass"', "sarif": '"executionSuccessful": true', "junit": 'errors="0"'}
    assert green.get(form, "::notice") not in text
    assert "::error" in text or form != "github"


@pytest.mark.parametrize("form", ["text", *sorted(RENDERERS)])
def test_every_report_says_how_many_suppressed_findings_it_does_not_list(form: str) -> None:
    """A file that passes because findings are set aside shows their number, also beyond those that are kept."""
    kept = Suppressed(finding(), "accepted", "2030-01-01")
    report = FileReport("x.bin", "channel", 1, "", suppressed=(kept,), suppressed_beyond=4321, checks_run=9)
    run = RunReport((report,), "1")
    text = render_file(report, color=False) if form == "text" else RENDERERS[form](run, CHECKS)
    assert '"suppressed_beyond": 4321' in text if form == "json" else "4,321 more" in text
    assert report.verdict == "pass"
    assert "::error" not in text
    assert '"executionSuccessful": false' not in text
