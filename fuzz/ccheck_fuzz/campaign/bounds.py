"""What one process of a campaign may take."""

from __future__ import annotations

from dataclasses import dataclass


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
