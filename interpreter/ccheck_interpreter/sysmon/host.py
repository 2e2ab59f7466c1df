"""What a Sysmon blob does to a trusting driver and to a checking one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ccheck_interpreter.profile import Profile
from ccheck_interpreter.space import DEFAULT_LIMITS, Limits
from ccheck_interpreter.sysmon.decide import SysmonResult, decide
from ccheck_interpreter.sysmon.generate import SysmonEvent, generate_sysmon
from ccheck_interpreter.sysmon.loader import CHECKING, Rules, load
from ccheck_interpreter.sysmon.tables import Target
from ccheck_interpreter.trap import Refusal, Refused, Trap, TrapData


@dataclass(frozen=True, slots=True)
class SysmonOutcome:
    """What a blob did: `crash` with a trap, `refuse` with a refusal, or `run`, with given events' results."""

    consumer: str
    target: str
    verdict: Literal["crash", "refuse", "run"]
    trap: TrapData | None = None
    refusal: Refusal | None = None
    events: int = 0
    results: tuple[SysmonResult, ...] = ()
    steps: int = 0


def run_sysmon(
    data: bytes,
    target: Target,
    profile: Profile = CHECKING,
    events: Iterable[SysmonEvent] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> SysmonOutcome:
    """Load a blob and decide events; any bytes give an outcome.

    Args:
        data: The bytes of the blob.
        target: The version of the driver.
        profile: The behaviour of the build.
        events: The events to decide; without them those generated from the blob.
        limits: What the run may cost.

    Raises:
        EventError: The target has no such event type.
    """
    results: list[SysmonResult] = []
    count = steps = 0
    trap: TrapData | None = None
    refusal: Refusal | None = None
    try:
        rules: Rules = load(data, target, profile, limits)
        steps = rules.steps
        for event in generate_sysmon(rules) if events is None else events:
            result = decide(rules, event.event_id, event.fields)
            count += 1
            steps += result.steps
            if events is not None:
                results.append(result)
    except Refused as refused:
        refusal = refused.refusal
    except Trap as found:
        trap = found.data
    verdict: Literal["crash", "refuse", "run"] = "crash" if trap else "refuse" if refusal else "run"
    return SysmonOutcome(profile.name, target.binary, verdict, trap, refusal, count, tuple(results), steps)
