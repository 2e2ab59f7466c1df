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

Reader = Callable[[bytes], object]


def medians(readers: Mapping[str, Reader], data: bytes, rounds: int) -> dict[str, float]:
    """The median CPU time of each reader in seconds. Each round asks every reader once, on the same bytes."""
    times: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(rounds):
        for name, reader in readers.items():
            if times[name] and times[name][0] > LONG:
                continue
            start = time.process_time()
            reader(data)
            times[name].append(time.process_time() - start)
    return {name: statistics.median(found) for name, found in times.items()}


Spent = tuple[float, float]
"""Seconds: wall time, and CPU time of the command and of all processes that it started."""


def spent(words: Sequence[str], environment: Mapping[str, str]) -> Spent:
    """What one command takes. Its status is not looked at."""
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
    """What a program, run in a process of its own, prints as the only thing: its growth in megabytes."""
    found = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=True
    )
    return float(found.stdout)
