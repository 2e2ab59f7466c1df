"""The state of a campaign, for the dashboard, and how a session of it ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from ccheck_fuzz.campaign.state.records import Bucket, WorkerCrash


@dataclass
class CampaignProgress:
    """What the dashboard shows.

    Attributes:
        runs: The runs of all jobs in this session.
        rate: Runs per second, over the last few seconds.
        lines: The lines that the last merge reached.
        features: The features that the jobs reached.
        cells: The cells that the last merge reached, in formats that have a matrix of field × criterion kind.
        worker_crashes: How many workers crashed in this session.
        crashed: The crashes of workers in this session.
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
class CampaignOutcome:
    """How a session ended.

    Attributes:
        why: `time` or `interrupted`.
        problem: Why it could not do its work, or None.
        runs: The number of runs.
        lost: How many of its processes crashed outside of a run, in words; None if none did.
    """

    why: str
    problem: str | None
    runs: int
    lost: str | None = None
