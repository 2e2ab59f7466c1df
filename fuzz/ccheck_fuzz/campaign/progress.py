"""How a campaign stands, for the dashboard, and how a session of it ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from ccheck_fuzz.campaign.state.records import Bucket, WorkerCrash


@dataclass
class Progress:
    """What the dashboard shows.

    Attributes:
        runs: Of all jobs in this session.
        rate: Runs per second, over the last few.
        lines, cells: Reached, by the last merge; cells of the matrix field × criterion kind, in formats
            that have one.
        features: Reached, by the jobs.
        crashed: Workers in this session, `worker_crashes` of them.
        stage: What is going on.
    """

    begun: float
    seconds: float
    runs: int = 0
    rate: float = 0.0
    cpu: float = 0.0
    lines: int = 0
    features: int = 0
    cells: int = 0
    corpus: int = 0
    buckets: list[Bucket] = field(default_factory=list)
    worker_crashes: int = 0
    crashed: list[WorkerCrash] = field(default_factory=list)
    stable: int = 0
    replayed: int = 0
    engines: tuple[str, ...] = ()
    stage: str = "starting"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a session ended.

    Attributes:
        why: `time` or `interrupted`.
        problem: Why it could not do its work, or None.
        lost: Says how many of its processes crashed outside of a run, where any did.
    """

    why: str
    problem: str | None
    runs: int
    lost: str | None = None
