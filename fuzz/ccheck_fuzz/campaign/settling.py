"""Findings settled while the search goes on: one bucket after another, in a process that may die of it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ccheck_fuzz.campaign.child import begin, end
from ccheck_fuzz.campaign.state import Bucket, State

SECONDS = 40.0
"""Time for shrinking one input; its process is ended when it takes far longer."""
PATIENCE = 60.0
"""Time for what is left when the search is over."""
LOOK = 0.25
"""Seconds between looks at the process."""


class Settling:
    """Settles the buckets of a campaign that are new."""

    def __init__(self, folder: Path, state: State) -> None:
        self._folder = folder
        self._state = state
        self._process: subprocess.Popen[bytes] | None = None
        self._number = 0
        self._until = 0.0
        self._given_up: set[int] = set()

    def next(self) -> bool:
        """Look at the process, and begin the next when it is done; whether one is under way."""
        if self._process is not None:
            if self._process.poll() is None:
                if time.monotonic() > self._until:
                    end(self._process)
                return True
            self._given_up.add(self._number)
            self._process = None
        waiting = self._waiting()
        if waiting:
            self._begin(waiting[0])
        return self._process is not None

    def rest(self, show: Callable[[], None]) -> None:
        """Settle what is left, for a while; what is then still new is settled by the next session."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.next():
            show()
            time.sleep(LOOK)
        self.stop()

    def stop(self) -> None:
        """End the process, where there is one."""
        if self._process is not None and self._process.poll() is None:
            end(self._process)

    def _waiting(self) -> list[Bucket]:
        """Those that wait to be settled; what is told for information is told as it was met."""
        new = (b for b in self._state.buckets() if b.state == "new" and not b.information)
        return [bucket for bucket in new if bucket.number not in self._given_up]

    def _begin(self, bucket: Bucket) -> None:
        self._number, self._until = bucket.number, time.monotonic() + 3 * SECONDS + 60
        words = [str(self._folder.absolute()), str(bucket.number), f"--seconds={SECONDS}"]
        self._process = begin("ccheck_fuzz.campaign.triage", words)
