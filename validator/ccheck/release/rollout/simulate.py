"""How many hosts a bad file reaches, with a plan and without: a model, minute by minute.

Hosts that are on fetch a release at a steady rate once their ring has it. A bad file stops a host as soon as
it is fetched; a host that loops cannot fetch the good one any more. The vendor learns of it after a delay,
and then withdraws the file: nobody fetches it afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

from ccheck.release.rollout.plan import Plan


@dataclass(frozen=True, slots=True)
class Fleet:
    """A model of a fleet.

    Attributes:
        online: The share of the hosts that are on.
        fetch_minutes: The minutes in which the hosts of a ring fetch a release.
        detect_minutes: The minutes from the first `noticed` stopped hosts to the withdrawal.
        noticed: How many stopped hosts are noticed.
        hit_rate: The share of the hosts on which the file is bad.
        loop_rate: The share of those that do not come up again by themselves.
    """

    online: float = 0.85
    fetch_minutes: float = 60.0
    detect_minutes: float = 78.0
    noticed: int = 10
    hit_rate: float = 1.0
    loop_rate: float = 1.0


@dataclass(frozen=True, slots=True)
class Simulated:
    """The result of a simulation.

    Attributes:
        curve: (minutes, hosts stopped so far).
        stopped: Hosts stopped at the end.
        looping: Hosts in a boot loop at the end.
        withdrawn: When the file was withdrawn, in minutes, or None if nobody noticed before the end.
        ring: The last ring that got the file.
    """

    curve: tuple[tuple[float, float], ...]
    stopped: int
    looping: int
    withdrawn: float | None
    ring: str


def simulate(plan: Plan | None, hosts: int, fleet: Fleet) -> Simulated:
    """Let a bad file out, by the plan's rings or, without a plan, to everybody at once."""
    starts = [(0.0, "everybody", float(hosts))]
    if plan is not None:
        starts, at, before = [], 0.0, 0
        for step in plan.rings:
            starts.append((at, step.name, float(plan.size(step) - before)))
            before = plan.size(step)
            at += step.bake_hours * 60
    curve = [(0.0, 0.0)]
    withdrawn: float | None = None
    minute = 0.0
    end = starts[-1][0] + fleet.fetch_minutes + fleet.detect_minutes + 1
    ring = starts[0][1]
    while minute < end and (withdrawn is None or minute < withdrawn):
        minute += 1
        stopped = 0.0
        for start, name, size in starts:
            if minute > start:
                ring = name
                fetched = size * fleet.online * min(1.0, (minute - start) / fleet.fetch_minutes)
                stopped += fetched * fleet.hit_rate
        curve.append((minute, stopped))
        if withdrawn is None and stopped >= fleet.noticed:
            withdrawn = minute + fleet.detect_minutes
    stopped_hosts = round(curve[-1][1])
    # Between rings nothing happens: the curve keeps its corners alone.
    kept = [
        point
        for index, point in enumerate(curve)
        if index in (0, len(curve) - 1) or curve[index - 1][1] != point[1] or curve[index + 1][1] != point[1]
    ]
    return Simulated(tuple(kept), stopped_hosts, round(stopped_hosts * fleet.loop_rate), withdrawn, ring)
