"""A campaign's sessions say of a build what the build does by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from ccheck.core.consumers import Consumer
from ccheck.formats.channel.session import ChannelSession
from ccheck.formats.exercise.outcome import Outcome, RunInputs
from ccheck_fuzz.execution.context import prepare_campaign
from ccheck_fuzz.mutate.events import short_events
from ccheck_fuzz.mutate.scheduler import MutationScheduler
from tests.facts import stating
from tests.fuzz.channel_setting import CORPUS, JULY, MARCH, options

INSTANCES = (CORPUS / "instances.bin").read_bytes()


def builds(known: tuple[Consumer, ...]) -> tuple[Consumer, ...]:
    """The builds of the corpus, and for each one that knows fewer kinds."""
    found = []
    for build in known:
        listed = build.elements("criterion_kinds") or ()
        kinds = tuple(kind for kind in listed if kind not in {"one_of", "prefix"})
        found += [build, stating(replace(build, name=f"{build.name}-old"), criterion_kinds=kinds)]
    return tuple(found)


def inputs(count: int) -> Iterator[bytes]:
    """Files that are near the good ones."""
    scheduler = MutationScheduler(prepare_campaign(options()), [MARCH, INSTANCES, JULY])
    random = Random(7)
    for _ in range(count):
        data = random.choice([MARCH, INSTANCES, JULY])
        for _ in range(random.randrange(1, 4)):
            data = scheduler.mutate(data, 4096, random.getrandbits(31))
        yield data


def said(outcome: Outcome) -> tuple[object, ...]:
    """What an outcome says, but for its build."""
    trap, refusal = outcome.trap, outcome.refusal
    return outcome.verdict, trap and trap.signature, refusal and refusal.reason, outcome.events, outcome.steps


def test_builds_that_a_session_leaves_out_do_what_one_of_their_family_does(more: int) -> None:
    """A build is left out only where another that is alike but for its kinds gives the same answer."""
    given = prepare_campaign(options()).given
    every = builds(given.builds)
    session = ChannelSession(replace(given, builds=every))
    alone = {build.name: ChannelSession(replace(given, builds=(build,))) for build in every}
    left_out = differing = 0
    for data in inputs(400 * more):
        events = short_events("channel", data, given.definitions, 4)
        reported = {outcome.consumer: outcome for outcome in session.outcomes(data, events, set())}
        for checks in (False, True):
            family = [build.name for build in every if build.switch("bounds_check") is checks]
            shown = {said(reported[name]) for name in family if name in reported}
            differing += len(shown) > 1
            for name in family:
                if name in reported:
                    continue
                left_out += 1
                (own,) = alone[name].outcomes(data, events, set())
                assert said(own) in shown, name
    assert left_out > 100
    assert differing


def test_the_same_events_whoever_loads_first(more: int) -> None:
    """What a session remembers of other files changes nothing about a file."""
    given: RunInputs = prepare_campaign(options()).given
    files = list(inputs(200 * more))
    session = ChannelSession(given)
    forth = [[said(outcome) for outcome in session.outcomes(data, None, set())] for data in files]
    session = ChannelSession(given)
    back = [[said(outcome) for outcome in session.outcomes(data, None, set())] for data in reversed(files)]
    assert forth == back[::-1]
