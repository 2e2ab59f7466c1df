"""What one process of a campaign may take."""

from __future__ import annotations

import os
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Bounds:
    """run_seconds: for one run. memory: MiB of the process."""

    run_seconds: float = 10.0
    memory: int = 2048


def bound_memory(bounds: Bounds) -> None:
    """Bound the memory of this process: a run that wants more gets a MemoryError, which is a finding.

    Where that is not to be had, the campaign itself watches.
    """
    try:
        import resource
    except ImportError:
        return
    limit = bounds.memory << 20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def step_back(level: int) -> None:
    """Let other programs of the machine go first."""
    if hasattr(os, "nice"):
        os.nice(level)
    else:
        psutil.Process().nice(getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", 0x4000))
