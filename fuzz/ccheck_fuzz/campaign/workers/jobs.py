"""The jobs of a campaign: one worker process each, watched, ended when it must be, and begun again."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import psutil

from ccheck_fuzz.execution.isolated import Kind, ProcessCrash
from ccheck_fuzz.process.bounds import Bounds
from ccheck_fuzz.process.child import WHOLE, begin, end_family, exit_words, last_words
from ccheck_fuzz.process.heartbeat import Heartbeat, read_heartbeat
from ccheck_fuzz.process.program import resident


class Job:
    """One worker process after another, with one engine."""

    def __init__(
        self,
        number: int,
        engine: str,
        folder: Path,
        modules: tuple[str, ...],
        bounds: Bounds,
        directory: str | None = None,
    ) -> None:
        self.number = number
        self.engine = engine
        self.epoch = 0
        self._folder = folder
        self._modules = modules
        self._bounds = bounds
        self._directory = directory or str(Path.cwd())
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: psutil.Process | None = None
        self._stuck: tuple[int, float] = (-1, 0.0)
        self.before_runs = 0
        """Runs of the workers before this one."""
        self.before_cpu = 0.0
        self.before_features = 0
        self.before_stable = 0
        self.before_replayed = 0
        self.crashes = 0
        """Crashes of its workers outside of a run, in this session."""
        self.quick_crashes = 0
        """Crashes in a row before their first run."""
        self.given_up = False
        """Whether it is not begun again."""
        self.counted = True
        """Whether `before_runs` has the runs of the worker that was started last."""

    @property
    def heartbeat_path(self) -> Path:
        """The file of its heartbeat."""
        return self._folder / "work" / f"heartbeat-{self.number}"

    @property
    def running(self) -> bool:
        """Whether a worker is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def whole(self) -> bool:
        """Whether the worker came to its own end; status 0 may be that of the user's code."""
        return self.status == WHOLE

    @property
    def status(self) -> int | None:
        """The exit status of the worker that ended, or None."""
        return None if self._process is None else self._process.poll()

    def start(self, until: float, seed: int, runs: int = 0) -> None:
        """Begin an epoch.

        Args:
            until: Its end (`time.monotonic`).
            seed: The seed of the random numbers.
            runs: The number of runs at most; 0 for no limit.
        """
        self.epoch += 1
        self.counted = False
        self._stuck = (-1, 0.0)
        self.heartbeat_path.unlink(missing_ok=True)
        words = [
            str(self._folder.absolute()), f"--job={self.number}", f"--engine={self.engine}",
            f"--instrument={','.join(self._modules)}", f"--until={until:.3f}", f"--seed={seed}",
            f"--runs={runs}", f"--memory={self._bounds.memory}", f"--directory={self._directory}",
        ]  # fmt: skip
        log = self._folder / "work" / f"log-{self.number}"
        self._process = begin("ccheck_fuzz.campaign.workers.worker", words, log)
        try:
            self._watch = psutil.Process(self._process.pid)
        except psutil.Error:
            self._watch = None

    def heartbeat(self) -> Heartbeat | None:
        """Returns the last heartbeat of its worker."""
        return read_heartbeat(self.heartbeat_path)

    def memory(self) -> int:
        """Returns the bytes of memory that the worker uses."""
        try:
            return 0 if self._watch is None else int(self._watch.memory_info().rss)
        except psutil.Error:
            return 0

    def overdue(self, heartbeat: Heartbeat | None) -> Kind | None:
        """Returns why the worker must be ended: `hang` or `memory`; None if it is well."""
        most = self._bounds.memory << 20
        # What it has started has a limit of its own besides.
        if self.memory() > most or (self._process is not None and resident(self._process.pid) > 2 * most):
            return "memory"
        longest = self._bounds.run_seconds
        if heartbeat is not None and heartbeat.begun and time.monotonic() - heartbeat.begun > longest:
            # Seen twice in the same run: one look may fall between the two writes of a quick one.
            if self._stuck == (heartbeat.runs, heartbeat.begun):
                return "hang"
            self._stuck = (heartbeat.runs, heartbeat.begun)
        return None

    def in_long_run(self) -> bool:
        """Returns whether the worker is in a run that has taken more than a second."""
        heartbeat = self.heartbeat() if self.running else None
        return heartbeat is not None and 0 < heartbeat.begun < time.monotonic() - 1.0

    def kill(self, *, with_stack: bool = False) -> None:
        """End the worker at once, with all processes that it started.

        Args:
            with_stack: Whether it first writes its stack.
        """
        if self._process is not None:
            end_family(self._process, with_stack=with_stack)

    def count(self, heartbeat: Heartbeat | None) -> None:
        """Add what the ended worker did to what the job did, once."""
        if heartbeat is not None and not self.counted:
            self.before_runs += heartbeat.runs
            self.before_cpu += heartbeat.cpu
            self.before_features = max(self.before_features, heartbeat.features)
            self.before_stable += heartbeat.stable
            self.before_replayed += heartbeat.replayed
        self.counted = True

    def crash(self, kind: Kind, heartbeat: Heartbeat | None) -> ProcessCrash:
        """Returns the crash of the worker that ended: how, its last words, and the input it was in."""
        in_run = heartbeat is not None and heartbeat.begun
        return ProcessCrash(
            kind,
            exit_words(self.status),
            heartbeat.reader if heartbeat is not None and in_run else 0,
            last_words(self._folder / "work" / f"log-{self.number}"),
            heartbeat.input if heartbeat is not None and in_run else b"",
        )
