"""What the evidence means: may the next ring start, must it wait, or should the last good release return?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ccheck.release.rollout.chain import Health, RingRecord
from ccheck.release.rollout.plan import Ring

Word = Literal["start", "wait", "return", "done"]


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision about a ring.

    Attributes:
        word: `start` the ring, `wait`, `return` to the last good release, or `done`.
        ring: The ring.
        why: The reasons, one line each.
    """

    word: Word
    ring: str | None
    why: tuple[str, ...]


def decide(record: RingRecord, now: datetime) -> Decision:
    """The decision at a time.

    Without evidence nothing starts but the first ring; evidence that is old or insufficient counts as none.
    """
    plan = record.plan
    latest: dict[str, Health] = {health.ring: health for health in record.health}
    bad = [why for health in record.health for why in _stops(record, health)]
    if bad:
        return Decision("return", None, (*bad, f"last good release: {plan.last_good}"))
    for position, ring in enumerate(plan.rings):
        health = latest.get(ring.name)
        if health is None:
            before = plan.rings[position - 1].name if position else None
            why = [f"ring {before} has baked and is healthy"] if before else []
            why += [
                f"ring {later.name} has reported already: that is no evidence"
                for later in plan.rings[position + 1 :]
                if later.name in latest
            ]
            return Decision("start", ring.name, tuple(why or ["no ring has it yet"]))
        waiting = _waits(record, ring, health, now)
        if waiting:
            return Decision("wait", ring.name, tuple(waiting))
    return Decision("done", None, ("all rings have it, and are healthy",))


def _stops(record: RingRecord, health: Health) -> list[str]:
    stop = record.plan.stop
    found = []
    if health.looping:
        found.append(f"ring {health.ring}: {health.looping:,} hosts do not come up")
    rate = health.crashed / health.reporting if health.reporting else 0.0
    if rate > stop.crash_rate:
        found.append(
            f"ring {health.ring}: {health.crashed:,} of {health.reporting:,} hosts crashed,"
            f" {rate:.3%}; at most {stop.crash_rate:.3%}"
        )
    return found


def _waits(record: RingRecord, ring: Ring, health: Health, now: datetime) -> list[str]:
    plan = record.plan
    found = []
    before = record.plan.rings[: record.plan.rings.index(ring)]
    wanted = plan.size(ring) - (plan.size(before[-1]) if before else 0)
    if before and (early := _began_early(record, before[-1], health)):
        found.append(early)
    if health.hosts < wanted:
        found.append(f"the report is of {health.hosts:,} hosts, ring {ring.name} has {wanted:,}")
    silent = 1 - health.reporting / health.hosts
    if silent > plan.stop.silent_rate:
        found.append(f"{silent:.1%} of the hosts are silent; at most {plan.stop.silent_rate:.1%}")
    baked = health.until - health.begun
    if baked < timedelta(hours=ring.bake_hours):
        found.append(f"ring {ring.name} has baked {_hours(baked)} of {ring.bake_hours:g} hours")
    if health.until > now:
        found.append(f"the report is of {health.until.isoformat()}, which is to come")
    elif now - health.until > timedelta(hours=plan.stop.report_hours):
        found.append(
            f"the report is {_hours(now - health.until)} hours old; at most {plan.stop.report_hours:g}"
        )
    return found


def _began_early(record: RingRecord, before: Ring, health: Health) -> str | None:
    """Why the evidence of a ring is none: the ring got the release before the one before it had baked."""
    reports = [one for one in record.health if one.ring == before.name]
    # The report that counts is the last; an earlier one may speak of another beginning.
    baked = reports[-1].begun + timedelta(hours=before.bake_hours)
    if health.begun >= baked:
        return None
    return (
        f"ring {health.ring} began at {health.begun.isoformat()}, before ring {before.name} had baked"
        f" ({before.bake_hours:g} hours, until {baked.isoformat()}): what it reports is no evidence"
    )


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:.1f}"
