"""What one worker found: written at once if it is new or smaller, else counted."""

from __future__ import annotations

import time
from collections import Counter

from ccheck_fuzz.campaign.state.database import State
from ccheck_fuzz.oracles.broken import Broken
from ccheck_fuzz.process.heartbeat import HeartbeatWriter


class FindingBuffer:
    """Takes findings from a harness to the campaign's state."""

    def __init__(self, state: State, heartbeats: HeartbeatWriter) -> None:
        self._state = state
        self._heartbeats = heartbeats
        self._smallest: dict[tuple[str, ...], int] = {}
        self._again: Counter[tuple[str, ...]] = Counter()

    def found(self, data: bytes, broken: Broken) -> None:
        """An input broke a property. When this returns it is on the disk, unless a smaller one is."""
        known = self._smallest.get(broken.signature)
        if known is not None and len(data) >= known:
            self._again[broken.signature] += 1
            return
        self._smallest[broken.signature] = len(data)
        self._state.hit(broken, data, self._heartbeats.runs, time.process_time())

    def flush(self) -> None:
        """Write down how often known buckets were met."""
        for signature, times in self._again.items():
            self._state.met_again(signature, times)
        self._again.clear()
