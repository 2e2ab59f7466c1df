"""All figures and findings of a report, read from the state of a campaign once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ccheck.files.regular_file import read_regular_text
from ccheck_fuzz.campaign.coverage.matrix import matrix
from ccheck_fuzz.campaign.display.summary import unexamined
from ccheck_fuzz.campaign.state.database import State
from ccheck_fuzz.campaign.state.records import Bucket, Sample, WorkerCrash
from ccheck_fuzz.execution.options import CampaignOptions
from ccheck_fuzz.oracles.broken import INFORMATION
from ccheck_interpreter.match import KIND_NAMES


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One field of one template type: for each criterion kind `both`, `matched`, `failed` or ``."""

    type_name: str
    version: int
    field: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A bucket, and the contents of its folder.

    Attributes:
        text: Its report.
    """

    bucket: Bucket
    text: str


@dataclass(frozen=True)
class Account:
    """A campaign's figures, over all of its sessions.

    Attributes:
        seconds: The seconds of searching.
        growth: (seconds, runs, features, corpus) over time, summed over jobs.
        line_growth: (seconds, lines) over time.
        bucket_growth: (seconds, buckets) over time.
        problem: Why the campaign could not do its work, or None.
    """

    folder: Path
    options: CampaignOptions
    sessions: list[tuple[int, float, float | None, str | None]]
    seconds: float
    runs: int
    cpu: float
    corpus: int
    lines: int
    features: int
    growth: list[tuple[float, int, int, int]]
    line_growth: list[tuple[float, int]]
    bucket_growth: list[tuple[float, int]]
    found: list[Found]
    worker_crashes: list[WorkerCrash]
    matrix: list[MatrixRow]
    kinds: tuple[str, ...]
    stable: int
    replayed: int
    engines: tuple[str, ...]
    problem: str | None

    @property
    def errors(self) -> list[Found]:
        """Findings that are errors."""
        return [one for one in self.found if not one.bucket.information]

    @property
    def lost(self) -> list[WorkerCrash]:
        """Crashes of processes outside of a run: each left inputs unexamined."""
        return [crash for crash in self.worker_crashes if not crash.finding]

    @property
    def information(self) -> list[tuple[str, list[Found]]]:
        """Informational findings, by oracle."""
        reported = [one for one in self.found if one.bucket.information]
        oracles = dict.fromkeys(one.bucket.oracle for one in reported)
        return [(INFORMATION[name], [o for o in reported if o.bucket.oracle == name]) for name in oracles]


def account(folder: Path, state: State) -> Account:
    """Take it out of the state."""
    samples = state.samples()
    clock = _Clock(state.sessions(), samples)
    reached = state.features()
    lines = [at for name, at in reached if name.startswith("line ")]
    features = [name for name, _ in reached if not name.startswith("line ")]
    buckets = state.buckets()
    last = {(s.session, s.job): s for s in samples}.values()
    return Account(
        folder=folder,
        options=CampaignOptions.from_json(state.setting("options") or "{}"),
        sessions=state.sessions(),
        seconds=clock.total,
        runs=sum(s.runs for s in last),
        cpu=sum(s.cpu for s in last),
        corpus=len(state.inputs()),
        lines=len(lines),
        features=len(features),
        growth=_growth(samples, clock),
        line_growth=_count(sorted(map(clock, lines)), clock.total),
        bucket_growth=_count(sorted(clock(b.first) for b in buckets if not b.information), clock.total),
        found=[Found(bucket, _text(folder, bucket)) for bucket in buckets],
        worker_crashes=state.worker_crashes(),
        matrix=_matrix(features),
        kinds=tuple(KIND_NAMES.values()),
        stable=sum(s.stable for s in last),
        replayed=sum(s.replayed for s in last),
        engines=tuple(dict.fromkeys(s.engine for s in samples)),
        problem=unexamined(state),
    )


class _Clock:
    """Seconds of campaign: the times between sessions are taken out."""

    def __init__(
        self, sessions: list[tuple[int, float, float | None, str | None]], samples: list[Sample]
    ) -> None:
        self._spans: list[tuple[float, float, float]] = []
        self.total = 0.0
        ends = {s.session: s.at for s in samples}
        for number, begun, ended, _ in sessions:
            end = max(begun, ended or ends.get(number, begun))
            self._spans.append((begun, end, self.total))
            self.total += end - begun

    def __call__(self, at: float) -> float:
        for begun, end, before in reversed(self._spans):
            if at >= begun:
                return before + min(at, end) - begun
        return 0.0


def _growth(samples: list[Sample], clock: _Clock) -> list[tuple[float, int, int, int]]:
    now: dict[tuple[int, int], Sample] = {}
    points: dict[float, tuple[float, int, int, int]] = {}
    for sample in samples:
        now[sample.session, sample.job] = sample
        seconds = clock(sample.at)
        current = [s for s in now.values() if s.session == sample.session]
        points[seconds] = (
            seconds,
            sum(s.runs for s in now.values()),
            max(s.features for s in current),
            max(s.corpus for s in current),
        )
    return list(points.values())


def _count(times: list[float], total: float) -> list[tuple[float, int]]:
    points = {0.0: 0} | {at: number for number, at in enumerate(times, 1)}
    points[max(total, *points)] = len(times)
    return sorted(points.items())


def _matrix(features: list[str]) -> list[MatrixRow]:
    words = {frozenset({True, False}): "both", frozenset({True}): "matched", frozenset({False}): "failed"}
    return [
        MatrixRow(*place, tuple(words.get(frozenset(row.get(kind, ())), "") for kind in KIND_NAMES))
        for place, row in sorted(matrix(features).items())
    ]


def _text(folder: Path, bucket: Bucket) -> str:
    if bucket.folder is None:
        return ""
    try:
        path = folder / "findings" / bucket.folder / "report.txt"
        return read_regular_text(path, errors="replace")
    except OSError:
        return ""
