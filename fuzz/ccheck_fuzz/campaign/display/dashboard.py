"""What a campaign shows while it runs: a live dashboard on a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection
from datetime import timedelta
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ccheck.text.printable import printable
from ccheck_fuzz.campaign.progress import CampaignProgress
from ccheck_fuzz.campaign.state.records import Bucket, WorkerCrash
from ccheck_fuzz.campaign.workers.worker_crashes import headline, last_words

EVERY = 10.0
"""Seconds between plain lines."""


class Dashboard:
    """Shows progress.

    As a context it leaves the terminal as it was.

    Args:
        known: The signatures of findings that are no news.
    """

    def __init__(self, stream: TextIO, *, quiet: bool, known: Collection[tuple[str, ...]] = ()) -> None:
        self._stream = stream
        self._old = known
        self._quiet = quiet
        self._console = Console(file=stream, highlight=False)
        self._live = None
        if stream.isatty() and not quiet:
            self._live = Live(console=self._console, refresh_per_second=4, transient=True)
        self._said = 0.0
        self._stage = ""
        self._known = 0
        self._shown_crashes = 0
        self._words: set[str] = set()

    def __enter__(self) -> Dashboard:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *ended: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, progress: CampaignProgress) -> None:
        """Show how far it is."""
        if self._quiet:
            return
        for crash in progress.crashed[self._shown_crashes :]:
            self._print_crash(crash)
        self._shown_crashes = len(progress.crashed)
        if self._live is not None:
            self._live.update(panel(progress))
            return
        now = time.monotonic()
        for bucket in progress.buckets[self._known :]:
            if not bucket.information and bucket.signature not in self._old:
                print(f"found {line_of(bucket)}", file=self._stream, flush=True)
        self._known = len(progress.buckets)
        if now - self._said >= EVERY or progress.stage != self._stage:
            self._said, self._stage = now, progress.stage
            print(plain(progress), file=self._stream, flush=True)

    def _print_crash(self, crash: WorkerCrash) -> None:
        """Prints a crash of a process, and its last words once."""
        lines = [headline(crash)]
        if crash.detail not in self._words:
            self._words.add(crash.detail)
            lines += last_words(crash)
        for line in lines:
            if self._live is not None:
                self._console.print(Text(line))
            else:
                print(line, file=self._stream, flush=True)


def plain(progress: CampaignProgress) -> str:
    """Returns one line for a log."""
    elapsed = time.monotonic() - progress.begun
    errors = sum(not bucket.information for bucket in progress.buckets)
    return (
        f"{_span(elapsed)} of {_span(progress.seconds)}: {progress.runs:,} runs, {progress.rate:,.0f}/s,"
        f" {progress.lines:,} lines, {progress.features:,} features, corpus {progress.corpus:,},"
        f" {errors} buckets, {progress.worker_crashes} worker crashes; {progress.stage}"
    )


def line_of(bucket: Bucket) -> str:
    """Returns one bucket in a line."""
    kind = " (information)" if bucket.information else ""
    flaky = " (flaky)" if bucket.state == "flaky" else ""
    return printable(f"{bucket.oracle}{kind}{flaky}: {bucket.what}")


def panel(progress: CampaignProgress) -> Panel:
    """Returns the dashboard on a terminal."""
    elapsed = time.monotonic() - progress.begun
    figures = Table.grid(padding=(0, 3))
    for _ in range(4):
        figures.add_column()
    per_second = progress.runs / progress.cpu if progress.cpu else 0.0
    stable = f"{100 * progress.stable / progress.replayed:.0f} %" if progress.replayed else "-"
    shown = [bucket for bucket in progress.buckets if not bucket.information]
    newest = max((bucket.first for bucket in shown), default=None)
    since = "-" if newest is None else f"{_span(max(0.0, time.time() - newest))} ago"
    merged = progress.lines > 0
    lines = f"{progress.lines:,}" if merged else "after the first merge"
    cells = f"{progress.cells:,} cells" if merged else "after the first merge"
    rate = f"{progress.rate:,.0f} ({per_second:,.0f} per CPU-second)"
    for row in (
        ("time", f"{_span(elapsed)} of {_span(progress.seconds)}", "corpus", f"{progress.corpus:,}"),
        ("runs", f"{progress.runs:,}", "lines reached", lines),
        ("runs/s", rate, "field × kind", cells),
        ("engines", ", ".join(progress.engines), "features", f"{progress.features:,}"),
        ("crashes", f"{progress.worker_crashes}", "stability", stable),
        ("", "", "newest find", since),
    ):
        figures.add_row(*row)
    rows = [
        Text(f"  {bucket.hits:>9,} × {line_of(bucket)}", overflow="ellipsis", no_wrap=True)
        for bucket in shown[-12:]
    ]
    notes = len(progress.buckets) - len(shown)
    if notes:
        rows.append(Text(f"  and {notes} for information", style="dim"))
    findings = Group(*rows) if rows else Text("  nothing found yet", style="dim")
    title = f"ccheck fuzz · {progress.stage}"
    return Panel(
        Group(figures, Text(""), Text(f"{len(shown)} buckets"), findings), title=title, title_align="left"
    )


def _span(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))


def default_stream() -> TextIO:
    """Standard error: standard output is for the summary."""
    return sys.stderr
