"""Crashes of a campaign's processes: recorded, reported, and counted where they are no findings."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence

from ccheck.core.users_code import ending_in
from ccheck.text.printable import printable
from ccheck.text.quoting import counted
from ccheck_fuzz.campaign.progress import CampaignProgress
from ccheck_fuzz.campaign.state.database import State
from ccheck_fuzz.campaign.state.records import WorkerCrash
from ccheck_fuzz.campaign.workers.jobs import Job
from ccheck_fuzz.execution.context import CampaignContext
from ccheck_fuzz.execution.isolated import Kind, broken_of
from ccheck_fuzz.process.heartbeat import Heartbeat

MOST_CRASHES = 20
"""Crashes of one job in a session, outside of its runs, after which it is not begun again."""
QUICK_CRASHES = 5
"""Crashes of one job in a row, before its first run, after which it is not begun again."""
MOST_LINES = 30
"""Lines of a process's last words that are shown."""


class WorkerCrashes:
    """The crashes of one session."""

    def __init__(self, state: State, made: CampaignContext, session: int, progress: CampaignProgress) -> None:
        self._state = state
        self._made = made
        self._session = session
        self._progress = progress
        self._lost: list[WorkerCrash] = []

    @property
    def loss(self) -> str | None:
        """How many processes crashed outside of a run; None if none did."""
        return f"{len(self._lost):,} of its processes crashed outside of a run" if self._lost else None

    @property
    def last(self) -> str | None:
        """The last crash outside of a run, in a line; None if there is none."""
        return headline(self._lost[-1]) if self._lost else None

    def of_worker(self, job: Job, kind: Kind, heartbeat: Heartbeat | None) -> None:
        """Records the crash of a job's worker, and gives up a job that crashes again and again.

        Args:
            job: The job.
            kind: How its worker ended.
            heartbeat: The worker's last heartbeat; None if it wrote none.
        """
        crash = job.crash(kind, heartbeat)
        runs = 0 if heartbeat is None else heartbeat.runs
        words = f"{crash.detail}\n{crash.log}".strip()
        finding = heartbeat is not None and bool(heartbeat.begun)
        self._record(WorkerCrash(time.time(), job.number, job.engine, kind, words, runs, crash.data, finding))
        if finding:
            self._state.hit(broken_of(self._made, crash), crash.data, runs, job.before_cpu)
        else:
            job.crashes += 1
        job.quick_crashes = 0 if runs else job.quick_crashes + 1
        job.given_up = job.quick_crashes >= QUICK_CRASHES or job.crashes >= MOST_CRASHES

    def of_helper(self, name: str, words: str) -> None:
        """Records the crash of a process that merges the corpus or triages findings.

        Args:
            name: `merge` or `triage`.
            words: How it ended, and its last words.
        """
        self._record(WorkerCrash(time.time(), -1, name, "crash", words, 0, b"", finding=False))

    def _record(self, crash: WorkerCrash) -> None:
        self._state.record_crash(self._session, crash)
        self._progress.worker_crashes += 1
        self._progress.crashed.append(crash)
        if not crash.finding:
            self._lost.append(crash)


def headline(crash: WorkerCrash) -> str:
    """Returns one line that says which process crashed, when and how."""
    who = crash.engine if crash.job < 0 else f"worker {crash.job} ({crash.engine})"
    where = "in a run" if crash.finding else f"outside of a run, after {counted(crash.runs, 'run')}"
    how, _, log = crash.detail.partition("\n")
    how = {"hang": "ended because it hung", "memory": "ended for its memory"}.get(crash.kind, how)
    when = "" if crash.job < 0 else f"{where}: "
    return printable(f"{who} crashed {when}{how} {ending_in(log)}".rstrip())


def last_words(crash: WorkerCrash) -> Iterator[str]:
    """Yields the last lines that a process wrote."""
    lines = crash.detail.splitlines()[1:]
    if len(lines) > MOST_LINES:
        yield f"    ... {len(lines) - MOST_LINES:,} lines before"
    for line in lines[-MOST_LINES:]:
        yield printable(f"    {line.expandtabs()}").rstrip()


def lost(crashes: Sequence[WorkerCrash]) -> Iterator[str]:
    """Yields lines about the crashes outside of a run: each kind once, its count, and its last words."""
    ways = Counter((crash.job < 0, crash.engine, crash.detail) for crash in crashes if not crash.finding)
    shown = {(c.job < 0, c.engine, c.detail): c for c in crashes if not c.finding}
    for way, times in ways.items():
        yield f"{headline(shown[way])}{f' ({times:,} times)' if times > 1 else ''}"
        yield from last_words(shown[way])
