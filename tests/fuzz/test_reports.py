"""Reports say what a campaign found, and no text of a content file becomes markup."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccheck_fuzz.campaign.report import html, markdown
from ccheck_fuzz.campaign.report.account import Account, account
from ccheck_fuzz.campaign.state.database import State
from ccheck_fuzz.campaign.state.records import Sample, WorkerCrash
from ccheck_fuzz.oracles.broken import INFORMATION, Broken
from tests.fuzz.channel_setting import options

HOSTILE = "<script>alert(1)</script> `code` *bold* | <img src=x onerror=alert(1)> \x1b[31m"


@pytest.fixture
def hostile(tmp_path: Path) -> Account:
    """A campaign whose every text is hostile."""
    state = State(tmp_path, create=True)
    state.put("options", options().to_json())
    session = state.begin("f")
    state.keep(b"input", "seed")
    state.reached({f'["{HOSTILE[:20]}", 1, 20, 7, true]', "line evaluate.py:7"})
    state.hit(Broken("validator-bypass", HOSTILE, ("validator-bypass", HOSTILE)), b"data", 5, 0.5)
    state.hit(Broken("over-strict", HOSTILE, ("over-strict",)), b"data", 5, 0.5)
    state.hit(Broken("needs-validator", HOSTILE, ("needs-validator",)), b"data", 5, 0.5)
    state.record_crash(session, WorkerCrash(1.0, 0, "atheris", "hang", HOSTILE, 3, b"data", finding=True))
    state.add_samples([Sample(session, 1e9 + i, 0, 1, "atheris", 10 * i, i, i, i, 1, 1, 1) for i in range(3)])
    folder = tmp_path / "findings" / "001-x"
    folder.mkdir(parents=True)
    (folder / "report.txt").write_text(f"{HOSTILE}\n```\n</pre>{HOSTILE}\n", encoding="utf-8")
    (bucket, _, _) = state.buckets()
    state.record_triage(bucket.number, "minimal", HOSTILE, b"data", "001-x")
    state.end(session, "time")
    return account(tmp_path, state)


def test_the_page_escapes_every_text(hostile: Account) -> None:
    """No element and no attribute comes out of a text; the page forbids scripts besides."""
    page = html.render(hostile)
    assert "<script" not in page
    assert "<img" not in page
    assert "\x1b" not in page
    assert page.count("&lt;script&gt;") >= 5
    assert "default-src 'none'" in page


def test_markdown_escapes_every_text(hostile: Account) -> None:
    """Texts in lines are escaped, and a report is code whatever it says."""
    text = markdown.render(hostile)
    assert "\x1b" not in text
    for line in text.splitlines():
        assert line.startswith("    ") or "<script" not in line.replace("\\<", "")
        assert line.startswith("    ") or "`code`" not in line


def test_figures_are_summed_over_jobs(hostile: Account) -> None:
    """Runs are those of the last figures, lines and features are separate, the matrix has its cell."""
    assert (hostile.runs, hostile.lines, hostile.features, hostile.corpus) == (20, 1, 1, 1)
    assert [len(hostile.errors), len(hostile.worker_crashes)] == [1, 1]
    assert [(what, len(found)) for what, found in hostile.information] == [
        (INFORMATION["over-strict"], 1),
        (INFORMATION["needs-validator"], 1),
    ]
    assert all(f"For information: {what}" in html.render(hostile) for what in INFORMATION.values())
    assert all(f"For information: {what}" in markdown.render(hostile) for what in INFORMATION.values())
    (row,) = hostile.matrix
    assert row.cells == ("", "", "", "", "", "", "matched", "", "", "")
