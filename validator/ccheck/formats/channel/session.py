"""Channel files by the hundred thousand: each build loads its definitions once."""

from __future__ import annotations

import zlib
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, islice
from typing import TypeAlias

from ccheck.formats.channel.exercise import DEFINITIONS_KIND, profile_of
from ccheck.formats.exercise.outcome import ExerciseError, Outcome, RunInputs
from ccheck.formats.exercise.stated import require_stated
from ccheck_interpreter.channel.definitions import Definitions, conforming, load_definitions
from ccheck_interpreter.channel.evaluate import Seen, evaluate
from ccheck_interpreter.channel.generate import matching, salvaged
from ccheck_interpreter.channel.loader import Content, Instance, load
from ccheck_interpreter.event import Event, EventError, parse_event
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.space import DEFAULT_LIMITS, Limits
from ccheck_interpreter.trap import Refusal, Refused, Trap, TrapData
from ccheck_schemas.formats.channel.facts import FACTS

Build: TypeAlias = tuple[str, Profile]
"""A build: its platform as the file of builds names it, and how it behaves."""

SHORT = Limits(steps=256)
"""What a run may cost before it counts as a hang, if not every build is required.

A chain of blocks that loops is then detected sixteen times sooner. A file without faults stays far below.
"""

MOST_EVENTS = 8
"""Events of one run: a campaign gains more from another file than from another event."""

MOST_MATCHES = 2048
"""Events for instances that are remembered, all together."""


class ChannelSession:
    """The consumer builds with their definitions, ready for files of instances or of definitions."""

    def __init__(self, given: RunInputs) -> None:
        """Prepares the builds.

        Raises:
            ExerciseError: Builds or definitions are missing or cannot be read.
        """
        if not given.builds:
            raise ExerciseError("no consumers were named: under which builds? give --consumers FILE")
        require_stated(given.builds, FACTS)
        self._builds: list[Build] = [(build.platform, profile_of(build)) for build in given.builds]
        self._known: dict[str, Definitions] = {}
        self._all: Definitions | None = None
        if given.definitions is not None:
            try:
                for _, profile in self._builds:
                    self._known[profile.name] = load_definitions(given.definitions, profile)
                self._all = load_definitions(given.definitions, Profile("generate", {}, bounds_check=True))
            except (Refused, Trap) as refused:
                raise ExerciseError(f"the definitions cannot be read: {refused}") from refused
        self._families = {checks: _families(self._builds, self._all, checks) for checks in (False, True)}
        self._event = lru_cache(maxsize=4096)(self._one_event)
        self._matches: dict[Hashable, Event] = {}

    def outcomes(
        self, data: bytes, events: Sequence[str] | None, features: set[Hashable], *, every: bool = False
    ) -> Iterator[Outcome]:
        """Load the file, and meet events, in each build."""
        some = () if every else self._some(zlib.crc32(data) >> 8)
        chosen = self._builds if every else [family.builds[0] for family in some]
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
        for family, first in zip(some, loads, strict=False):
            if family.differing and not family.agrees(first):
                for platform, profile in family.builds[1:]:
                    yield _meet(self._load(data, platform, profile, limits), met, features)

    def _some(self, number: int) -> list[_Family]:
        """A family of builds that check bounds and one of those that do not; which, the number says."""
        return [group[number % len(group)] for group in self._families.values() if group]

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
        """The events that match the loaded instances.

        They are those of a build that checks and uses all of them, else of one that trusts them, as far as it
        reads. No build is loaded for it.
        """
        assert self._all is not None  # noqa: S101 - for the type checker; the caller asked
        contents = [loading.content for loading in loads if loading.content is not None]
        whole = (one.instances for one in contents if one.profile.bounds_check and not one.skipped)
        trusted = (tuple(salvaged(one)) for one in contents if not one.profile.bounds_check)
        some = (one.instances for one in contents)
        return tuple(map(self._match, islice(next(chain(whole, trusted, some), ()), MOST_EVENTS)))

    def _match(self, instance: Instance) -> Event:
        """The event that matches an instance; most instances of a file are those of the file before."""
        assert self._all is not None  # noqa: S101 - for the type checker; the caller asked
        asked = [
            (c.field_index, c.kind, c.value_kind, c.operand, c.ignore_case) for c in instance.criteria or ()
        ]
        key = (instance.type_name, instance.type_version, instance.index, *asked)
        known = self._matches.get(key)
        if known is None:
            if len(self._matches) >= MOST_MATCHES:
                self._matches.clear()
            known = self._matches[key] = next(matching(self._all, (instance,), 1))
        return known

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
    """A file that one build loaded: its content, a refusal or a trap; and what criteria it then evaluated."""

    platform: str
    profile: Profile
    content: Content | None = None
    refusal: Refusal | None = None
    trap: TrapData | None = None
    seen: Seen = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Family:
    """Builds that differ only in the criterion kinds that they know, as far as the interpreter is concerned.

    Attributes:
        differing: The kinds that some of them know and others do not. If a file shows none of them to the
            first of the builds, the others do what it does.
    """

    builds: tuple[Build, ...]
    differing: frozenset[int]

    def agrees(self, first: _Loading) -> bool:
        """Returns whether the first build met no kind in which the others differ, as far as it came."""
        if first.content is not None and first.trap is not None:
            return False  # in a criterion whose kind nobody noted
        if any(kind in self.differing for _, _, _, kind, _ in first.seen):
            return False
        content = first.content
        if not first.profile.bounds_check:
            return True
        # A build that checks looks at all kinds when it loads; what it kept of them can be looked at again.
        return (
            content is not None
            and not content.skipped
            and all(c.kind not in self.differing for one in content.instances for c in one.criteria or ())
        )


def _families(builds: Sequence[Build], known: Definitions | None, checks: bool) -> list[_Family]:
    """The builds that check bounds, or those that do not, by what they do alike."""
    alike: dict[Hashable, list[Build]] = {}
    for platform, profile in builds:
        if profile.bounds_check is checks:
            types = () if known is None else known.types
            supplied = tuple(profile.supplies(item.name, item.version) for item in types)
            same = replace(profile, name="", version="", platform="", criterion_kinds=frozenset(), inputs={})
            alike.setdefault((same, supplied), []).append((platform, profile))
    families = []
    for group in alike.values():
        kinds = [profile.criterion_kinds for _, profile in group]
        families.append(_Family(tuple(group), frozenset.union(*kinds) - frozenset.intersection(*kinds)))
    return families


def _meet(loading: _Loading, events: Sequence[Event], features: set[Hashable]) -> Outcome:
    """The events, up to the first trap, in a build that loaded the file; and what became of it."""
    profile, content, seen = loading.profile, loading.content, loading.seen
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
            trap = loading.trap = trapped.data
    if loading.refusal is not None:
        features.add(("refused", loading.refusal.reason))
    if trap is not None:
        features.add((profile.bounds_check, *trap.signature))
    if content is not None:
        # The evaluated criteria show how an event was compared; without case, the stored operands do.
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
