"""What a campaign stores: buckets of findings, crashes of its processes, figures of its workers."""

from __future__ import annotations

from dataclasses import dataclass


class StateError(Exception):
    """A campaign's folder that cannot be used."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Inputs that break one property in one way.

    Attributes:
        state: `new`, `minimal` (shrunk, and broken again when re-run) or `flaky` (not broken again).
        hits: How often it was found.
        runs: The runs of the worker that found it first, up to then.
        cpu: The seconds of CPU time of that worker, up to then.
        minimal: Its smallest input.
    """

    number: int
    signature: tuple[str, ...]
    oracle: str
    what: str
    information: bool
    first: float
    last: float
    hits: int
    runs: int
    cpu: float
    state: str
    folder: str | None
    minimal: bytes | None


@dataclass(frozen=True, slots=True)
class WorkerCrash:
    """A worker that ended as it should not: `hang`, `memory` or `crash`.

    Attributes:
        engine: Its engine; `merge` or `triage`, of job -1, for the other processes.
        detail: How it ended, and its last words.
        data: The input that it was running.
        finding: Whether the crash is a finding: that of a run. Any other crash leaves inputs unexamined.
    """

    at: float
    job: int
    engine: str
    kind: str
    detail: str
    runs: int
    data: bytes
    finding: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """The figures of one worker at one time.

    Attributes:
        at: Seconds since 1970.
        rss: Bytes of memory.
    """

    session: int
    at: float
    job: int
    epoch: int
    engine: str
    runs: int
    cpu: float
    features: int
    corpus: int
    rss: int
    stable: int
    replayed: int
