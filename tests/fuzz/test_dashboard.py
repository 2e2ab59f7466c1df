"""What a campaign shows while it runs, whole."""

from __future__ import annotations

import io
import time

from inline_snapshot import snapshot
from rich.console import Console

from ccheck_fuzz.campaign.display.dashboard import Dashboard, panel, plain
from ccheck_fuzz.campaign.progress import CampaignProgress
from ccheck_fuzz.campaign.state.records import Bucket


def progress() -> CampaignProgress:
    """A campaign in the middle of its time."""
    found = Bucket(
        1, ("validator-bypass", "kind"), "validator-bypass", "the validator passes, and 7.11 \x1b[31mtraps", False, time.time() - 60,
        0.0, 1234, 7, 0.5, "new", None, None,
    )  # fmt: skip
    reported = Bucket(
        2, ("over-strict", "x"), "over-strict", "refused by x", True, 0.0, 0.0, 5, 9, 0.9, "new", None, None
    )
    return CampaignProgress(
        begun=time.monotonic() - 65, seconds=28_800, runs=123_456, rate=2345.6, cpu=100.0, lines=860, cells=40, features=250,
        corpus=1400, buckets=[found, reported], worker_crashes=2, stable=99, replayed=100, engines=("atheris", "monitoring"),
        stage="searching",
    )  # fmt: skip


def test_a_line_for_a_log() -> None:
    """Where there is no terminal, one line has the figures."""
    assert plain(progress()) == snapshot(
        "0:01:05 of 8:00:00: 123,456 runs, 2,346/s, 860 lines, 250 features, corpus 1,400, 1 buckets, 2 worker crashes; searching"
    )


def test_the_live_screen() -> None:
    """The dashboard has all figures, and no finding can steer the terminal."""
    out = io.StringIO()
    Console(file=out, width=100, color_system=None).print(panel(progress()))
    assert "\x1b" not in out.getvalue()
    assert out.getvalue() == snapshot("""\
╭─ ccheck fuzz · searching ────────────────────────────────────────────────────────────────────────╮
│ time      0:01:05 of 8:00:00             corpus          1,400                                   │
│ runs      123,456                        lines reached   860                                     │
│ runs/s    2,346 (1,235 per CPU-second)   field × kind    40 cells                                │
│ engines   atheris, monitoring            features        250                                     │
│ crashes   2                              stability       99 %                                    │
│                                          newest find     0:01:00 ago                             │
│                                                                                                  │
│ 1 buckets                                                                                        │
│       1,234 × validator-bypass: the validator passes, and 7.11 \\x1b[31mtraps                     │
│   and 1 for information                                                                          │
╰──────────────────────────────────────────────────────────────────────────────────────────────────╯
""")


def test_findings_are_told_once_and_information_is_not() -> None:
    """In a log each finding has a line when it is found; what is for information waits for the report."""
    out = io.StringIO()
    with Dashboard(out, quiet=False) as dashboard:
        dashboard.show(progress())
        dashboard.show(progress())
    lines = out.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[0] == snapshot("found validator-bypass: the validator passes, and 7.11 \\x1b[31mtraps")
    quiet = io.StringIO()
    with Dashboard(quiet, quiet=True) as dashboard:
        dashboard.show(progress())
    assert quiet.getvalue() == ""


def test_findings_that_were_known_before_are_no_news() -> None:
    """What a campaign before has found already is not reported as found."""
    out = io.StringIO()
    known = {bucket.signature for bucket in progress().buckets}
    with Dashboard(out, quiet=False, known=known) as dashboard:
        dashboard.show(progress())
    assert known
    assert "found " not in out.getvalue()
