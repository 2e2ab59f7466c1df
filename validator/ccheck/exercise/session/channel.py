"""Channel files by the hundred thousand: each build loads its definitions once."""

from __future__ import annotations

import zlib
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from ccheck.exercise.channel import DEFINITIONS_KIND, profile_of
from ccheck.exercise.outcome import ExerciseError, Given, Outcome
from ccheck_interpreter.channel import Content, load
from ccheck_interpreter.definitions import Definitions, conforming, load_definitions
from ccheck_interpreter.evaluate import Seen, evaluate
from ccheck_interpreter.event import Event, EventError, parse_event
from ccheck_interpreter.generate import matching, salvaged
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.space import DEFAULT_LIMITS, Limits
from ccheck_interpreter.trap import Refusal, Refused, Trap, TrapData

SHORT = Limits(steps=256)
"""What a run may cost before it counts as a hang, where every build is not asked for: a chain of blocks that
leads back to itself is then known sixteen times sooner. A file without faults stays far below.
"""

MOST_EVENTS = 8
"""Events of one run: a campaign gains more from another file than from another event."""


class ChannelSession:
    """The consumer builds with their definitions, ready for files of instances or of definitions."""

    def __init__(self, given: Given) -> None:
        """Raises ExerciseError when builds or definitions are missing or cannot be read."""
        if not given.builds:
            raise ExerciseError("no consumers were named: under which builds? give --consumers FILE")
        self._builds = [(build.platform, profile_of(build)) for build in given.builds]
        self._known: dict[str, Definitions] = {}
        self._all: Definitions | None = None
        if given.definitions is not None:
            try:
                for _, profile in self._builds:
                    self._known[profile.name] = load_definitions(given.definitions, profile)
                self._all = load_definitions(given.definitions, Profile("generate", {}, bounds_check=True))
            except (Refused, Trap) as refused:
                raise ExerciseError(f"the definitions cannot be read: {refused}") from refused
        self._event = lru_cache(maxsize=4096)(self._one_event)

    def outcomes(
        self, data: bytes, events: Sequence[str] | None, features: set[Hashable], *, every: bool = False
    ) -> Iterator[Outcome]:
        """Load the file, and meet events, in each build."""
        chosen = self._builds if every else self._some(zlib.crc32(data))
        limits = DEFAULT_LIMITS if every else SHORT
        if int.from_bytes(data[6:8], "little") == DEFINITIONS_KIND:
            for platform, profile in chosen:
                yield _loaded(data, platform, profile)
            return
        if self._all is None:
            raise ExerciseError("no definitions were named: give --definitions FILE")
        loads = [self._load(data, platform, profile, limits) for platform, profile in chosen]
        met = self._called_for(loads) if events is None else self._given(events)
        for loading in loads:
            yield _meet(loading, met, features)

    def _some(self, number: int) -> list[tuple[str, Profile]]:
        """One build that checks bounds and one that does not; which, the number says."""
        some = []
        for checks in (False, True):
            group = [build for build in self._builds if build[1].bounds_check is checks]
            if group:
                some.append(group[number % len(group)])
        return some

    def _load(self, data: bytes, platform: str, profile: Profile, limits: Limits) -> _Loading:
        loading = _Loading(platform, profile)
        try:
            loading.content = load(self._known[profile.name], data, profile, limits)
        except Refused as refused:
            loading.refusal = refused.refusal
        except Trap as trapped:
            loading.trap = trapped.data
        return loading

    def _called_for(self, loads: Sequence[_Loading]) -> tuple[Event, ...]:
        """The events that match the instances as they were loaded: by a build that checks and uses all of
        them, else as far as one that trusts them comes. No load is made for it.
        """
        assert self._all is not None  # noqa: S101 - for the type checker; the caller asked
        contents = [loading.content for loading in loads if loading.content is not None]
        whole = (one.instances for one in contents if one.profile.bounds_check and not one.skipped)
        trusted = (tuple(salvaged(one)) for one in contents if not one.profile.bounds_check)
        some = (one.instances for one in contents)
        return tuple(matching(self._all, next(chain(whole, trusted, some), ()), MOST_EVENTS))

    def _given(self, lines: Sequence[str]) -> tuple[Event, ...]:
        given = (self._event(line) for line in lines[:MOST_EVENTS])
        return tuple(event for event in given if event is not None)

    def _one_event(self, line: str) -> Event | None:
        assert self._all is not None  # noqa: S101 - for the type checker; the caller asked
        try:
            return conforming(parse_event(line), self._all)
        except EventError:
            return None


@dataclass(slots=True)
class _Loading:
    """A file that one build loaded: its content, a refusal or a trap."""

    platform: str
    profile: Profile
    content: Content | None = None
    refusal: Refusal | None = None
    trap: TrapData | None = None


def _meet(loading: _Loading, events: Sequence[Event], features: set[Hashable]) -> Outcome:
    """The events, up to the first trap, in a build that loaded the file; and what became of it."""
    profile, content = loading.profile, loading.content
    seen: Seen = set()
    trap, steps, count = loading.trap, 0, 0
    if content is not None:
        steps = content.steps
        for skip in content.skipped:
            features.add(("skip", skip.reason))
        try:
            for event in events:
                result = evaluate(content, event, seen=seen)
                steps += result.steps
                count += 1
                for told in result.telemetry:
                    features.add(("telemetry", told.reason))
        except Trap as trapped:
            trap = trapped.data
    if loading.refusal is not None:
        features.add(("refused", loading.refusal.reason))
    if trap is not None:
        features.add((profile.bounds_check, *trap.signature))
    if content is not None:
        # How an event was compared is told by what was evaluated; without case, by what was kept.
        features.update(
            (criterion.kind, "ignore case")
            for instance in content.instances
            for criterion in instance.criteria or ()
            if criterion.ignore_case
        )
    features.update(seen)
    verdict = "crash" if trap is not None else "run" if content is not None else "refuse"
    return Outcome(
        profile.name, loading.platform, verdict, trap, loading.refusal,
        events=count, steps=steps, checks_bounds=profile.bounds_check,
    )  # fmt: skip


def _loaded(data: bytes, platform: str, profile: Profile) -> Outcome:
    """A definitions file, loaded as what it is, by a build that then has no content."""
    verdict, trap, refusal = "run", None, None
    try:
        load_definitions(data, profile)
    except Refused as refused:
        verdict, refusal = "refuse", refused.refusal
    except Trap as trapped:
        verdict, trap = "crash", trapped.data
    return Outcome(profile.name, platform, verdict, trap, refusal, checks_bounds=profile.bounds_check)
