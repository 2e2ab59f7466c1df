"""The gate's page says what the result says, and no text of content becomes markup, in a real browser too."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from ccheck.core.finding import FileReport, Finding, RunReport, Severity, Suppressed
from ccheck.release.gate.report.page import render
from ccheck.release.gate.report.text import markdown, plain_text
from ccheck.release.gate.result import (
    ContentFile,
    FirstUse,
    GateResult,
    MatrixCell,
    MatrixRow,
    ProfileRow,
    Stage,
    Status,
)
from ccheck.text.printable import printable

HOSTILE = "<script>document.title='hacked'</script><img src=x onerror=\"document.title='hacked'\">\x1b[31m"


def result(*, hostile: str = "name", status: Status = Status.FAIL) -> GateResult:
    """A result with something in every part."""
    finding = Finding(
        "field-past-inputs",
        Severity.ERROR,
        f"reads {hostile}",
        f"a.{hostile}",
        0,
        4,
        hostile,
        hostile,
        hostile,
    )
    report = FileReport(
        hostile, "channel", 16, "0" * 64, (finding,), checks_run=3, rows={0: b"<script>alert(1)"}
    )
    cells = (
        MatrixCell("wildcard", used=True, allowed=True, matched=True, failed=False, first=False),
        MatrixCell("regex", used=True, allowed=True, matched=False, failed=False, first=True),
    )
    stages = (
        Stage("validate", status, hostile, {"files": 2}, {"failures": [hostile, hostile]}),
        Stage("fuzz", Status.INCOMPLETE, hostile, {}, {"curve": [[0, 1], [5, 9]]}),
        Stage("diff", Status.OFF, "not wanted"),
    )
    return GateResult(
        hostile, "2026-11-22", "1.0", (ContentFile(hostile, hostile, 16, "0" * 64),), stages,
        RunReport((report,), "1.0"),
        (FirstUse(hostile, hostile, exercised=(hostile,), missing=(hostile,)),),
        (MatrixRow(hostile, 1, 20, hostile, cells),),
        (ProfileRow(hostile, hostile, hostile, "crash", 1, 2, 3, trap=hostile),),
        f"# {hostile}\n\n## {markdown(hostile)}\n\n* {markdown(hostile)}\n",
    )  # fmt: skip


def test_the_page_has_all_parts() -> None:
    """Verdict on top, then stages, first uses, findings with their bytes, builds, matrix, curve, changes, digests."""
    page = render(result())
    assert re.findall(r"<h2>(.*?)</h2>", page) == [
        "Stages",
        "First uses",
        "Findings",
        "Driver builds",
        "Field × criterion kind",
        "Fuzzing",
        "What changes",
        "What was judged",
    ]
    assert '<p class="verdict bad" id="verdict"><strong>fail</strong>' in page
    assert "error[field-past-inputs]: reads name" in page
    assert "3c 73 63 72 69 70 74" in page  # the bytes of the finding
    assert '<td class="hole first">!</td>' in page
    assert "no evidence from name" in page
    assert "roll out more slowly" not in page  # a release that fails is not rolled out


def test_the_page_speaks_as_people_count() -> None:
    """Fields count from 1, one of a thing is singular, and the stages that did not pass stand on top."""
    page = render(result())
    assert '<span class="soft">21</span> name' in page
    assert "2 files" in page
    assert "fail: validate" in page
    assert "incomplete: fuzz" in page
    assert "off: diff" in page


@pytest.mark.parametrize(
    "text", [HOSTILE, "a_b*c", "\\d+[.]", "see https://www.example.org/ | #1 & $2", "~`!@{}"]
)
def test_the_notes_are_shown_as_they_were_before_markdown(text: str) -> None:
    """What was escaped for Markdown is shown on the page without the backslashes."""
    assert plain_text(markdown(text)) == printable(text)


def test_an_incomplete_gate_does_not_look_green() -> None:
    """Where nothing failed but a stage is incomplete, the page says that this is not a pass."""
    page = render(result(status=Status.PASS))
    assert 'class="verdict incomplete"' in page
    assert "that is not a pass" in page


def test_no_text_becomes_markup() -> None:
    """Every text of content is escaped, and the page forbids scripts and everything from elsewhere besides."""
    page = render(result(hostile=HOSTILE))
    assert "<script" not in page
    assert "<img" not in page
    assert "\x1b" not in page
    assert page.count("&lt;script&gt;") > 15
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)\s*=", page.replace("src=x", ""))


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_a_browser_runs_nothing_of_content(tmp_path: Path) -> None:
    """In headless Chromium the page keeps its own title, has no element out of content, and fits a phone."""
    assert CHROMIUM is not None
    (tmp_path / "page.html").write_text(render(result(hostile=HOSTILE)), encoding="utf-8")
    command = [
        CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--window-size=390,844", "--dump-dom",
        (tmp_path / "page.html").as_uri(),
    ]  # fmt: skip
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | {"HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr[-1000:]
    dom = done.stdout
    assert "<title>ccheck gate: &lt;script&gt;" in dom
    assert "<title>hacked" not in dom
    assert "<img" not in dom
    assert "<script" not in dom
    assert dom.count("<details") == 2, "the lines of a stage, and the findings of a file"


def test_suppressed_findings_are_on_the_page() -> None:
    """Each is listed with its reason, those that are not kept are counted, and nobody reads that nothing was found."""
    shown = result()
    kept = Suppressed(shown.reports.files[0].findings[0], "a <b>reason</b>", "2030-01-01")
    report = replace(shown.reports.files[0], findings=(), suppressed=(kept,), suppressed_beyond=4321)
    page = render(replace(shown, reports=replace(shown.reports, files=(report,))))
    assert (
        "suppressed: field-past-inputs at 0x0, a.name: a &lt;b&gt;reason&lt;/b&gt; (until 2030-01-01)" in page
    )
    assert "suppressed: 4,321 more" in page
    assert "Nothing was found that is not suppressed." in page
