"""The deaths of a campaign's processes: written down, told, and counted where they are no findings."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence

from ccheck.text.printable import printable
from ccheck.text.quoting import counted
from ccheck_fuzz.campaign.progress import Progress
from ccheck_fuzz.campaign.state.database import State
from ccheck_fuzz.campaign.state.records import Death
from ccheck_fuzz.campaign.workers.jobs import Job
from ccheck_fuzz.execution.isolated import Kind, broken_of
from ccheck_fuzz.execution.ready import Ready
from ccheck_fuzz.process.blame import ending_in
from ccheck_fuzz.process.heartbeat import Heartbeat

MOST_DEATHS = 20
"""Deaths of one job in a session, outside of its runs, after which it is not begun again."""
QUICK_DEATHS = 5
"""Deaths of one job before its first run, one after the other, after which it is not begun again."""
MOST_LINES = 30
"""Lines of a dead process's last words that are shown."""


class Deaths:
    """The deaths of one session."""

    def __init__(self, state: State, made: Ready, session: int, progress: Progress) -> None:
        self._state = state
        self._made = made
        self._session = session
        self._progress = progress
        self._lost: list[Death] = []

    @property
    def loss(self) -> str | None:
        """How many processes died of what is no finding; None where none did."""
        return f"{len(self._lost):,} of its processes died of what is no finding" if self._lost else None

    @property
    def last(self) -> str | None:
        """The last death that is no finding, in a line; None where there is none."""
        return headline(self._lost[-1]) if self._lost else None

    def of_worker(self, job: Job, kind: Kind, heartbeat: Heartbeat | None) -> None:
        """Takes in the death of a job's worker; a job that dies again and again is given up."""
        death = job.death(kind, heartbeat)
        runs = 0 if heartbeat is None else heartbeat.runs
        words = f"{death.detail}\n{death.log}".strip()
        finding = heartbeat is not None and bool(heartbeat.begun)
        self._record(Death(time.time(), job.number, job.engine, kind, words, runs, death.data, finding))
        if finding:
            self._state.hit(broken_of(self._made, death), death.data, runs, job.before_cpu)
        else:
            job.deaths += 1
        job.quick_deaths = 0 if runs else job.quick_deaths + 1
        job.given_up = job.quick_deaths >= QUICK_DEATHS or job.deaths >= MOST_DEATHS

    def of_helper(self, name: str, words: str) -> None:
        """Takes in the death of a process that merges the corpus or triages findings."""
        self._record(Death(time.time(), -1, name, "crash", words, 0, b"", finding=False))

    def _record(self, death: Death) -> None:
        self._state.died(self._session, death)
        self._progress.deaths += 1
        self._progress.died.append(death)
        if not death.finding:
            self._lost.append(death)


def headline(death: Death) -> str:
    """Returns one line that says who died, when and how."""
    who = death.engine if death.job < 0 else f"worker {death.job} ({death.engine})"
    where = "in a run" if death.finding else f"outside of a run, after {counted(death.runs, 'run')}"
    how, _, log = death.detail.partition("\n")
    how = {"hang": "ended because it hung", "memory": "ended for its memory"}.get(death.kind, how)
    when = "" if death.job < 0 else f"{where}: "
    return printable(f"{who} died {when}{how} {ending_in(log)}".rstrip())


def last_words(death: Death) -> Iterator[str]:
    """Yields the end of what a dead process wrote, in lines for people."""
    lines = death.detail.splitlines()[1:]
    if len(lines) > MOST_LINES:
        yield f"    ... {len(lines) - MOST_LINES:,} lines before"
    for line in lines[-MOST_LINES:]:
        yield printable(f"    {line.expandtabs()}").rstrip()


def lost(deaths: Sequence[Death]) -> Iterator[str]:
    """Yields lines about the deaths that are no findings: each way once, how often, and its last words."""
    ways = Counter((death.job < 0, death.engine, death.detail) for death in deaths if not death.finding)
    shown = {(d.job < 0, d.engine, d.detail): d for d in deaths if not d.finding}
    for way, times in ways.items():
        yield f"{headline(shown[way])}{f' ({times:,} times)' if times > 1 else ''}"
        yield from last_words(shown[way])
