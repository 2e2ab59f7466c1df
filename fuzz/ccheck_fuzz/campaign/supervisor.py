"""Runs a session of a campaign: jobs that search, a shared corpus, triage of findings, and a clean end."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from ccheck.text.quoting import counted
from ccheck_fuzz.campaign.findings.queue import TriageQueue
from ccheck_fuzz.campaign.progress import CampaignOutcome, CampaignProgress
from ccheck_fuzz.campaign.shared_corpus import SharedCorpus
from ccheck_fuzz.campaign.state.database import State
from ccheck_fuzz.campaign.state.records import Sample
from ccheck_fuzz.campaign.workers.jobs import Job
from ccheck_fuzz.campaign.workers.worker_crashes import WorkerCrashes
from ccheck_fuzz.execution.context import CampaignContext
from ccheck_fuzz.process.child import exit_words, last_words
from ccheck_fuzz.process.heartbeat import Heartbeat

LOOK = 0.25
"""Seconds between looks at the jobs."""
SAMPLE = 2.0
"""Seconds between figures that are stored, and between looks at what the corpus gained."""
EPOCH = 300.0
"""Seconds after which jobs begin again and the corpus is merged."""
FIRST_EPOCH = 20.0
"""The first epoch is short: it ends with the first merge, and so with the first coverage."""
WRAP_UP_SHARE, WRAP_UP_LEAST, WRAP_UP_MOST = 0.2, 2.5, 30.0
"""The part of a session's time, and its bounds in seconds, for merging the corpus and writing the findings;
at least half of the time is searched.
"""
LEAST_SEARCH = 2.5
"""Seconds of search at least, if the session is that long, however long it took to begin."""
LEAST_LEFT = 2.0
"""Seconds that are left for them at least, if the search ended late or was interrupted."""
GRACE = 1.5
"""Seconds that jobs have for ending when their epoch is over."""


class Campaign:
    """One session of a campaign in its folder."""

    def __init__(
        self,
        folder: Path,
        state: State,
        made: CampaignContext,
        *,
        seeds: Sequence[bytes],
        jobs: int,
        seconds: float,
        engines: Sequence[str],
        seed: int,
        runs: int = 0,
        started: float | None = None,
    ) -> None:
        """Creates a session.

        Args:
            folder: The folder of the campaign.
            state: Its state.
            made: What it is about.
            seeds: The inputs that it begins with.
            jobs: The number of worker processes.
            seconds: The seconds of the session.
            engines: The names of the engines; the jobs use them in turn.
            seed: The seed of the random numbers.
            runs: The number of runs of each job at most; 0 for no limit.
            started: When the time began to count (`time.monotonic`); now without it.
        """
        self._folder = folder
        self._state = state
        self._made = made
        self._seeds = seeds
        now = time.monotonic()
        started = now if started is None else started
        kept = min(max(WRAP_UP_SHARE * seconds, WRAP_UP_LEAST), WRAP_UP_MOST, seconds / 2)
        self._deadline = started + seconds
        self._search_until = max(self._deadline - kept, now + max(seconds / 4, min(seconds, LEAST_SEARCH)))
        bounds = made.options.bounds
        self._chance = random.Random(seed)
        self._runs = runs
        modules = tuple(dict.fromkeys(name for reader in made.readers for name in reader.modules))
        self._jobs = [
            Job(number, engines[number % len(engines)], folder, modules, bounds, made.options.directory)
            for number in range(jobs)
        ]
        self._stop = False
        self._triage = TriageQueue(folder, state, self._triage_crashed)
        self._session = 0
        self.progress = CampaignProgress(started, seconds, engines=tuple(engines))
        self._corpus = SharedCorpus(folder, state, self.progress)
        self._crashes = WorkerCrashes(state, made, 0, self.progress)

    def run(self, show: Callable[[CampaignProgress], None]) -> CampaignOutcome:
        """Searches until the time is up or a signal ends it, and triages findings."""
        self._session = self._state.begin(self._made.fingerprint)
        self._crashes = WorkerCrashes(self._state, self._made, self._session, self.progress)
        why = "time"
        problem = None
        with self._deferred_signals():
            try:
                self._corpus.prepare(self._seeds)
                problem = self._search(show)
                why = "interrupted" if self._stop else "time"
            finally:
                for job in self._jobs:
                    job.kill()
        self._corpus.gather()
        self._sample(last=True)
        if why == "interrupted":  # the next session merges and triages what an interrupted one leaves
            self._end_children()
        else:
            problem = problem or self._idle()
            if not self._wrap_up(show, merging=problem is None):
                why = "interrupted"
        if problem is not None:
            problem += f": {self._crashes.last}" if self._crashes.last else ""
        self._state.end(self._session, problem or (self._crashes.loss if why == "time" else None) or why)
        self.progress.buckets = self._state.buckets()
        self.progress.stage = "ended"
        show(self.progress)
        return CampaignOutcome(why, problem, self.progress.runs, self._crashes.loss)

    def _wrap_up(self, show: Callable[[CampaignProgress], None], *, merging: bool) -> bool:
        """Merge the corpus and write the findings in parallel, within what is left of the session's time.

        The next session does what is not done by then. Returns False if Ctrl-C ended it.
        """
        now = time.monotonic()
        until = max(self._deadline, now + LEAST_LEFT)
        waiting = self._triage.waiting
        work = f"merging {len(self._corpus):,} inputs, writing {counted(waiting, 'finding')}"
        self.progress.stage = f"{work} (at most {max(0.0, until - now):.0f} s)"
        show(self.progress)
        whole = False
        with suppress(KeyboardInterrupt):
            if merging:
                self._corpus.end_merge(until - time.monotonic(), self._crashes)
                self._corpus.begin_merge(until)
            self._triage.rest(until, lambda: show(self.progress))
            if merging:
                self._corpus.end_merge(until - time.monotonic(), self._crashes)
            whole = True
        self._end_children()
        return whole

    def _end_children(self) -> None:
        """End the processes of merging and triage, if they still run."""
        self._corpus.stop()
        self._triage.stop()

    @contextmanager
    def _deferred_signals(self) -> Iterator[None]:
        """Defers SIGINT and SIGTERM to the next look at the jobs."""

        def stop(number: int, frame: FrameType | None) -> None:
            if self._stop:
                raise KeyboardInterrupt
            self._stop = True

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _search(self, show: Callable[[CampaignProgress], None]) -> str | None:
        """Epoch after epoch; why it could not go on, or None."""
        until = self._search_until
        epoch = FIRST_EPOCH
        while not self._stop and time.monotonic() < until:
            self.progress.stage = "searching"
            end = min(until, time.monotonic() + epoch)
            problem = self._epoch(end, show)
            if problem is not None or (
                self._runs and all(job.before_runs >= self._runs for job in self._jobs)
            ):
                return problem
            epoch = EPOCH
            if not self._stop and time.monotonic() < until:
                self._corpus.gather()
                self._corpus.begin_merge()
        return None

    def _epoch(self, end: float, show: Callable[[CampaignProgress], None]) -> str | None:
        """Jobs search until `end`; those that die are begun again. Why it could not go on, or None."""
        for job in self._jobs:
            if not job.given_up and not (self._runs and job.before_runs >= self._runs):
                self._start(job, end)
        sampled = time.monotonic()
        while not self._stop and time.monotonic() < end:
            time.sleep(LOOK)
            for job in self._jobs:
                self._watch(job, end)
            if time.monotonic() - sampled >= SAMPLE:
                sampled = time.monotonic()
                self._sample()
                self._corpus.gather()
                self._triage.next(self._deadline)
                self._corpus.end_merge(0.0, self._crashes)
                show(self.progress)
            if not any(job.running for job in self._jobs):
                if all(job.given_up for job in self._jobs):
                    return "every worker crashed again and again, and is not begun again"
                break
        # Engines look at the clock between runs: they get a moment, and a run that takes long gets its time,
        # so that one that hangs at the end is known as well.
        self.progress.stage = "waiting for the last runs"
        grace = time.monotonic() + GRACE
        while not self._stop and any(job.running for job in self._jobs):
            for job in self._jobs:
                self._watch(job, 0.0)
            if time.monotonic() > grace:
                if not any(job.in_long_run() for job in self._jobs):
                    break
                show(self.progress)
            time.sleep(0.05)
        for job in self._jobs:
            if job.running:
                job.kill()
                job.count(job.heartbeat())
            else:
                self._watch(job, 0.0)
        return None

    def _start(self, job: Job, end: float) -> None:
        job.start(
            max(end, time.monotonic() + 1.0),
            self._chance.getrandbits(31),
            max(0, self._runs - job.before_runs),
        )

    def _watch(self, job: Job, end: float) -> None:
        """End a job that is overdue, and begin again one that crashed."""
        heartbeat = job.heartbeat()
        if job.running:
            if heartbeat is not None and heartbeat.runs:
                job.quick_crashes = 0
            kind = job.overdue(heartbeat)
            if kind is None:
                return
            job.kill(with_stack=True)
            heartbeat = job.heartbeat()
        elif job.status is None or job.counted:
            return
        elif job.whole:
            job.count(heartbeat)
            return
        else:
            kind = "crash"
        job.count(heartbeat)
        self._crashes.of_worker(job, kind, heartbeat)
        left = not self._runs or job.before_runs < self._runs
        if left and time.monotonic() < end and not self._stop and not job.given_up:
            self._start(job, end)

    def _triage_crashed(self, status: int | None) -> None:
        self._crashes.of_helper("triage", f"{exit_words(status)}\n{last_words(self._triage.log)}".strip())

    def _sample(self, *, last: bool = False) -> None:
        """Stores the figures of all jobs, and sums them up for the dashboard."""
        now = time.time()
        rows = [figures_of(job, now, self._session, len(self._corpus)) for job in self._jobs]
        self._state.add_samples(rows)
        runs = sum(row.runs for row in rows)
        progress = self.progress
        if last:
            progress.rate = runs / max(time.monotonic() - progress.begun, 1e-9)
        else:
            progress.rate = 0.7 * progress.rate + 0.3 * (runs - progress.runs) / SAMPLE
        progress.runs, progress.cpu = runs, sum(row.cpu for row in rows)
        progress.stable = sum(row.stable for row in rows)
        progress.replayed = sum(row.replayed for row in rows)
        progress.features = max(progress.features, *(row.features for row in rows))
        progress.buckets = self._state.buckets()

    def _idle(self) -> str | None:
        """Returns why the session did no work, or None."""
        if self.progress.runs == 0:
            return "not one run was made"
        found = any(not bucket.information for bucket in self._state.buckets())
        if self.progress.features == 0 and not found:
            return "no coverage: not one input reached anything in the interpreter"
        return None


def figures_of(job: Job, at: float, session: int, corpus: int) -> Sample:
    """Returns the figures of a job now, with those of its workers that ended before.

    Args:
        job: The job.
        at: The time that they are stored with, in seconds since 1970.
        session: The number of the session.
        corpus: How many inputs the corpus has.
    """
    idle = Heartbeat(0, 0.0, 0, 0, 0, 0, 0, 0.0, 0, b"")
    seen = idle if job.counted else job.heartbeat() or idle
    return Sample(
        session=session,
        at=at,
        job=job.number,
        epoch=job.epoch,
        engine=job.engine,
        runs=job.before_runs + seen.runs,
        cpu=job.before_cpu + seen.cpu,
        features=max(job.before_features, seen.features),
        corpus=corpus,
        rss=job.memory(),
        stable=job.before_stable + seen.stable,
        replayed=job.before_replayed + seen.replayed,
    )
