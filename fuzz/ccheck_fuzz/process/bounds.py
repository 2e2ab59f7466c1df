"""The limits of one process of a campaign."""

from __future__ import annotations

import os
from dataclasses import dataclass

import psutil

from ccheck.run.memory_limit import limit_memory


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of one process.

    Attributes:
        run_seconds: The seconds of one run, including a program of the user's.
        memory: The MiB of the process.
    """

    run_seconds: float = 10.0
    memory: int = 2048


def bound_memory(bounds: Bounds) -> None:
    """Bound the memory of this process: a run that needs more gets a MemoryError, which is a finding.

    The programs that it starts are not bound by it. Where this is not available, the campaign itself watches.
    """
    limit_memory(bounds.memory << 20)
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def step_back(level: int) -> None:
    """Let other programs of the machine go first."""
    if hasattr(os, "nice"):
        os.nice(level)
    else:
        psutil.Process().nice(getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", 0x4000))
