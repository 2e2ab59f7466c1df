"""What one process of a campaign may take."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from ccheck.run.memory_limit import limit_memory

if TYPE_CHECKING:
    # A worker imports nothing of ccheck's readers before its engine has looked.
    from ccheck_fuzz.setup import Setup


@dataclass(frozen=True, slots=True)
class Bounds:
    """run_seconds: for one run, a program of the user's included. memory: MiB of the process."""

    run_seconds: float = 10.0
    memory: int = 2048

    @classmethod
    def of(cls, setup: Setup) -> Bounds:
        """The bounds in a campaign's words. A program that does not end is ended before its worker is."""
        program = 0.0 if setup.execute is None else setup.execute_seconds
        return cls(setup.run_seconds + program, setup.memory)


def bound_memory(bounds: Bounds) -> None:
    """Bound the memory of this process: a run that wants more gets a MemoryError, which is a finding.

    The programs that it starts are not bound by it. Where that is not to be had, the campaign itself watches.
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
