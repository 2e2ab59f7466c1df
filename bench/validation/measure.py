"""Measure: CPU time as medians of interleaved rounds, wall time of commands, peak memory of a process."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

LONG = 2.0
"""Seconds after which a reader is measured once and not again."""

TURN = 0.02
"""Seconds of a turn, at least."""

Reader = Callable[[bytes], object]


def medians(readers: Mapping[str, Reader], data: bytes, rounds: int) -> dict[str, float]:
    """The median CPU time of each reader in seconds.

    Each round gives every reader a turn on the same bytes, with repeated calls, as in a run over many files.
    """
    times: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(rounds):
        for name, reader in readers.items():
            if not times[name] or times[name][0] <= LONG:
                times[name].append(_turn(reader, data))
    return {name: statistics.median(found) for name, found in times.items()}


def _turn(reader: Reader, data: bytes) -> float:
    """Seconds of one reading, the mean of a turn."""
    asked = 0
    start = time.process_time()
    while (taken := time.process_time() - start) < TURN or not asked:
        reader(data)
        asked += 1
    return taken / asked


Spent = tuple[float, float]
"""Seconds: wall time, and CPU time of the command and of all processes that it started."""


def spent(words: Sequence[str], environment: Mapping[str, str]) -> Spent:
    """The time of one command, whatever its status."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(words, env=dict(environment), capture_output=True, check=False)
    end, after = time.perf_counter(), os.times()
    # The system counts in ticks, often of 10 ms.
    user = after.children_user - before.children_user
    return end - start, user + after.children_system - before.children_system


def whole(commands: Mapping[str, tuple[Sequence[str], Mapping[str, str]]], rounds: int) -> dict[str, Spent]:
    """The medians of what each command takes, interleaved. A command: words and environment."""
    times: dict[str, list[Spent]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, (words, environment) in commands.items():
            times[name].append(spent(words, environment))
    return {
        name: (statistics.median(wall for wall, _ in found), statistics.median(cpu for _, cpu in found))
        for name, found in times.items()
    }


def peak(program: str, *words: str) -> float:
    """The only output of a program in a process of its own: its growth in megabytes."""
    found = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=True
    )
    return float(found.stdout)
