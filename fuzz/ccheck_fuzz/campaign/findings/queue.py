"""Triages findings while the search goes on, in a process that may crash on one."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ccheck_fuzz.campaign.state.database import State
from ccheck_fuzz.campaign.state.records import Bucket
from ccheck_fuzz.process.child import WHOLE, begin, end_family

SECONDS = 40.0
"""Time for shrinking one input while the search goes on; its process is ended when it takes far longer."""
MARGIN = 1.0
"""Seconds before the end of its time at which a process stops shrinking, and writes what it has."""
LOOK = 0.05
"""Seconds between looks at the process at the end of a session."""


class TriageQueue:
    """Triages the buckets of a campaign that are new."""

    def __init__(self, folder: Path, state: State, crashed: Callable[[int | None], object]) -> None:
        """Creates a queue.

        Args:
            folder: The folder of the campaign.
            state: Its state.
            crashed: Called with the exit status of a process that did not end by itself.
        """
        self._crashed = crashed
        self._folder = folder
        self._state = state
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers: Sequence[int] = ()
        self._until = 0.0
        self._given_up: set[int] = set()

    @property
    def log(self) -> Path:
        """What its processes print."""
        return self._folder / "work" / "log-triage"

    @property
    def waiting(self) -> int:
        """How many findings wait to be triaged."""
        return len(self._waiting())

    def next(self, latest: float) -> bool:
        """Look at the process, and start the next if it is done.

        Args:
            latest: The end of the session (`time.monotonic`).

        Returns:
            Whether a process is running.
        """
        if not self._under_way():
            waiting = self._waiting()
            if waiting:
                self._begin(waiting[:1], min(time.monotonic() + SECONDS, latest))
        return self._process is not None

    def rest(self, until: float, show: Callable[[], None]) -> None:
        """Triage what is left, until a time; the next session triages what is then still new.

        Args:
            until: When to stop (`time.monotonic`).
            show: Shows the progress.
        """
        while time.monotonic() < until:
            if not self._under_way():
                waiting = self._waiting()
                if not waiting:
                    return
                self._begin(waiting, until)
            # One that began while the search went on has no more time than the session.
            self._until = min(self._until, until)
            show()
            time.sleep(LOOK)

    def stop(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            end_family(self._process)
            self._process = None

    def _under_way(self) -> bool:
        if self._process is None:
            return False
        if self._process.poll() is None:
            if time.monotonic() <= self._until:
                return True
            end_family(self._process)
        elif self._process.returncode != WHOLE:
            self._crashed(self._process.returncode)
        # It takes them in order: the first that is left is the one that it died of, or had no time for.
        self._given_up.update([b.number for b in self._waiting() if b.number in self._numbers][:1])
        self._process = None
        return False

    def _waiting(self) -> list[Bucket]:
        """Returns those that wait to be triaged; informational findings are reported as they were found."""
        new = (b for b in self._state.buckets() if b.state == "new" and not b.information)
        return [bucket for bucket in new if bucket.number not in self._given_up]

    def _begin(self, buckets: Sequence[Bucket], until: float) -> None:
        self._numbers = [bucket.number for bucket in buckets]
        self._until = until
        words = [str(self._folder.absolute()), *map(str, self._numbers), f"--until={until - MARGIN:.3f}"]
        self._process = begin("ccheck_fuzz.campaign.findings.triage", words, self.log)
