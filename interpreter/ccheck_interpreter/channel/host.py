"""A host that runs a build: it loads content, receives events, and may recover when the driver traps."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from ccheck_interpreter.channel.definitions import load_definitions
from ccheck_interpreter.channel.evaluate import EventResult, Seen, Telemetry, evaluate
from ccheck_interpreter.channel.generate import generate
from ccheck_interpreter.channel.loader import Content, Instance, Skip, load
from ccheck_interpreter.event import Event
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.space import DEFAULT_LIMITS, Limits
from ccheck_interpreter.trap import Refusal, Refused, Trap, TrapData

Verdict = Literal["crash", "refuse", "skip", "run"]
Saviour = Literal["quarantine", "last-known-good", "boot-loop-recovery"]

STARTS_BEFORE_RECOVERY: Final = 2


@dataclass(frozen=True, slots=True)
class ProfileOutcome:
    """What a file did to a host that runs one build.

    Attributes:
        consumer: The name of the build.
        verdict: `crash`, the host stopped at least once; `refuse`, the build runs without this file; `skip`,
            it runs without some of its instances; `run`, it uses all of them.
        trap: The first violation, also if the host was saved.
        refusal: Why the build refuses the file.
        skipped: The instances that the build does not use.
        saved_by: What saved the host.
        starts: How often the host started.
        instances: How many instances are in use.
        matched: The ids of the instances that matched at least once.
        telemetry: What a build with checks reported instead of crashing.
        events: How many events were evaluated.
        results: The result of each given event; generated events are only counted.
        steps: The steps that the load and all events cost.
    """

    consumer: str
    verdict: Verdict
    trap: TrapData | None = None
    refusal: Refusal | None = None
    skipped: tuple[Skip, ...] = ()
    saved_by: Saviour | None = None
    starts: int = 1
    instances: int = 0
    matched: frozenset[int] = frozenset()
    telemetry: tuple[Telemetry, ...] = ()
    events: int = 0
    results: tuple[EventResult, ...] = ()
    steps: int = 0


@dataclass(slots=True)
class _Session:
    """One start of the driver with one file, up to its end."""

    trap: TrapData | None = None
    refusal: Refusal | None = None
    crashed: bool = False
    instances: int = 0
    events: int = 0
    steps: int = 0
    skipped: list[Skip] = field(default_factory=list)
    quarantined: list[Skip] = field(default_factory=list)
    matched: set[int] = field(default_factory=set)
    telemetry: dict[Telemetry, None] = field(default_factory=dict)
    results: list[EventResult] = field(default_factory=list)


def run(
    profile: Profile,
    definitions: bytes | None,
    content: bytes | None,
    events: Iterable[Event] | None = None,
    *,
    last_good: bytes | None = None,
    limits: Limits = DEFAULT_LIMITS,
    seen: Seen | None = None,
) -> ProfileOutcome:
    """Run a file in a host with one build; any bytes give an outcome.

    Args:
        profile: The behaviour of the build.
        definitions: The bytes of the definitions file.
        content: The bytes of the content; without them only the definitions are loaded.
        events: The events to evaluate; without them those generated from the content.
        last_good: The file that `last_known_good` and `boot_loop_recovery` fall back to; without one the host
            goes on without content.
        limits: What the run may cost.
        seen: Collects what was evaluated.
    """
    given = None if events is None else tuple(events)

    def start(data: bytes | None, coverage: Seen | None = None) -> _Session:
        return _start(profile, definitions, data, given, limits, coverage)

    first = start(content, seen)
    if not first.crashed:
        return _outcome(profile, first)
    if profile.last_known_good:
        fallback = start(last_good)
        if not fallback.crashed:
            saved = _outcome(profile, fallback)
            return replace(saved, verdict="refuse", trap=first.trap, saved_by="last-known-good")
    if profile.boot_loop_recovery:
        # Nothing changed on disk: the next start ends the same way, and the one after takes the good file.
        recovered = start(last_good)
        if not recovered.crashed:
            return replace(
                _outcome(profile, recovered),
                verdict="crash",
                trap=first.trap,
                saved_by="boot-loop-recovery",
                starts=STARTS_BEFORE_RECOVERY + 1,
            )
    return _outcome(profile, first)


def run_all(
    profiles: Iterable[Profile],
    definitions: bytes | None,
    content: bytes | None,
    events: Iterable[Event] | None = None,
    *,
    last_good: bytes | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[ProfileOutcome, ...]:
    """The outcome under each profile, in their order."""
    given = None if events is None else tuple(events)
    return tuple(
        run(profile, definitions, content, given, last_good=last_good, limits=limits) for profile in profiles
    )


def _outcome(profile: Profile, session: _Session) -> ProfileOutcome:
    lost = (*session.skipped, *session.quarantined)
    verdict: Verdict = (
        "crash" if session.crashed else "refuse" if session.refusal else "skip" if lost else "run"
    )
    return ProfileOutcome(
        consumer=profile.name,
        verdict=verdict,
        trap=session.trap,
        refusal=session.refusal,
        skipped=lost,
        saved_by="quarantine" if session.quarantined and not session.crashed else None,
        instances=session.instances - len(session.quarantined),
        matched=frozenset(session.matched),
        telemetry=tuple(session.telemetry),
        events=session.events,
        results=tuple(session.results),
        steps=session.steps,
    )


def _start(
    profile: Profile,
    definitions: bytes | None,
    content: bytes | None,
    given: tuple[Event, ...] | None,
    limits: Limits,
    seen: Seen | None,
) -> _Session:
    """One start: load the definitions, load the content, evaluate the events."""
    session = _Session()
    try:
        known = None if definitions is None else load_definitions(definitions, profile, limits)
        session.steps = 0 if known is None else known.steps
        if content is None:
            return session
        loaded = load(known, content, profile, limits)
        session.steps += loaded.steps
        session.skipped.extend(loaded.skipped)
        session.instances = len(loaded.instances)
        if given is None:
            _meet(session, loaded, generate(definitions, content), seen)
        else:
            _meet(session, loaded, given, seen, keep=True)
    except Refused as refused:
        session.refusal = refused.refusal
    except Trap as trap:
        session.trap = session.trap or trap.data
        session.crashed = True
    return session


def _meet(
    session: _Session, content: Content, events: Iterable[Event], seen: Seen | None, *, keep: bool = False
) -> None:
    """Evaluate the events; a trap either quarantines one instance or goes on to the host."""
    dropped: set[int] = set()

    def contain(trap: Trap, instance: Instance, wrote_global: bool) -> bool:
        session.trap = session.trap or trap.data
        if not content.profile.quarantine or wrote_global:
            return False
        dropped.add(instance.index)
        session.quarantined.append(Skip(instance.index, instance.id, "quarantined", trap.data.kind))
        return True

    for event in events:
        result = evaluate(content, event, seen=seen, contain=contain, dropped=dropped)
        session.events += 1
        session.steps += result.steps
        session.matched.update(result.matched)
        session.telemetry.update(dict.fromkeys(result.telemetry))
        if keep:
            session.results.append(result)
