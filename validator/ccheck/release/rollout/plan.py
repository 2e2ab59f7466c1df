"""The plan of a release: its rings, how long each bakes, and what stops it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

FLAGGED_FACTOR = 4
"""A release with a first use bakes this many times as long, in rings of this part of the size."""


MOST_HOURS = 87_600
"""Hours that a ring bakes, and that a health report may be old, at most: ten years."""
MOST_HOSTS = 10**15
"""Hosts of a fleet, at most."""


class PlanError(ValueError):
    """A plan that cannot be. It says why."""


@dataclass(frozen=True, slots=True)
class Ring:
    """One step of a rollout.

    Attributes:
        share: The share of the fleet, from 0 to 1, including the rings before it.
        bake_hours: Hours for which its hosts are watched before the next ring may start.
    """

    name: str
    share: float
    bake_hours: float


@dataclass(frozen=True, slots=True)
class StopConditions:
    """What ends a rollout.

    Attributes:
        crash_rate: The share of the reporting hosts that crashed.
        silent_rate: The share of the ring's hosts that do not report.
        report_hours: The age of a health report in hours, at most.
    """

    crash_rate: float = 0.001
    silent_rate: float = 0.05
    report_hours: float = 24.0


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a rollout.

    Attributes:
        release: The name of the release.
        files: SHA-256 by name.
        last_good: The release that hosts return to.
        hosts: The hosts of the fleet.
        flagged: First uses, which slow the rollout down.
    """

    release: str
    files: Mapping[str, str]
    last_good: str
    hosts: int
    rings: tuple[Ring, ...]
    stop: StopConditions
    flagged: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, read: Mapping[str, Any]) -> Plan:
        """A plan from plain values.

        Raises:
            PlanError: A value is missing or impossible.
        """
        try:
            plan = cls(
                release=str(read["release"]),
                files={str(k): str(v) for k, v in read["files"].items()},
                last_good=str(read["last_good"]),
                hosts=int(read["hosts"]),
                rings=tuple(
                    Ring(str(r["name"]), float(r["share"]), float(r["bake_hours"])) for r in read["rings"]
                ),
                stop=StopConditions(**{str(k): float(v) for k, v in read["stop"].items()}),
                flagged=tuple(map(str, read.get("flagged", ()))),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as fault:
            raise PlanError(f"not a rollout plan: {fault}") from fault
        plan.check()
        return plan

    def check(self) -> None:
        """Checks the rings.

        Raises:
            PlanError: They do not grow up to the whole fleet.
        """
        if not self.rings:
            raise PlanError("a plan has at least one ring")
        names = [ring.name for ring in self.rings]
        if len(set(names)) != len(names):
            raise PlanError("two rings have the same name")
        before = 0.0
        for ring in self.rings:
            if not before < ring.share <= 1:
                raise PlanError(f"ring {ring.name} has share {ring.share}, the one before it {before}")
            if not 0 <= ring.bake_hours <= MOST_HOURS:
                raise PlanError(f"ring {ring.name} bakes {ring.bake_hours} hours; at most {MOST_HOURS:,}")
            before = ring.share
        if before != 1:
            raise PlanError(f"the last ring has share {before}, the fleet is 1")
        for name, value in asdict(self.stop).items():
            # Also for what is not a number: compared with that, nothing would ever stop the rollout.
            if not 0 <= value < math.inf:
                raise PlanError(f"{name} is {value}")
        if self.stop.report_hours > MOST_HOURS:
            raise PlanError(f"report_hours is {self.stop.report_hours}; at most {MOST_HOURS:,}")
        if not 1 <= self.hosts <= MOST_HOSTS:
            raise PlanError(f"the fleet has 1 to {MOST_HOSTS:,} hosts, and not what was named")
        if not self.files:
            raise PlanError("a release has at least one file")

    def size(self, ring: Ring) -> int:
        """Hosts that have the release when this ring has it: at least one, and all in the last."""
        return min(self.hosts, max(1, round(self.hosts * ring.share)))


DEFAULT_RINGS = (Ring("canary", 0.001, 24), Ring("early", 0.05, 48), Ring("general", 1, 0))


def plan(
    release: str,
    files: Mapping[str, str],
    *,
    last_good: str,
    hosts: int,
    rings: Sequence[Ring] = DEFAULT_RINGS,
    stop: StopConditions | None = None,
    flagged: Sequence[str] = (),
) -> Plan:
    """The plan of a release; with a first use every ring but the last is smaller and bakes longer.

    Raises:
        PlanError: The plan is impossible.
    """
    chosen = tuple(rings)
    if flagged:
        chosen = tuple(
            ring
            if ring.share == 1
            else Ring(ring.name, ring.share / FLAGGED_FACTOR, ring.bake_hours * FLAGGED_FACTOR)
            for ring in chosen
        )
    made = Plan(
        release,
        dict(sorted(files.items())),
        last_good,
        hosts,
        chosen,
        stop or StopConditions(),
        tuple(flagged),
    )
    made.check()
    return made
