"""Schedules mutations: content by the mutators of its schema, events by theirs."""

from __future__ import annotations

import random
from collections.abc import Sequence

from ccheck_fuzz.execution.context import CampaignContext
from ccheck_fuzz.model.test_input import Input, split
from ccheck_fuzz.mutate import Mutator
from ccheck_fuzz.mutate.deterministic_stage import DeterministicStage
from ccheck_fuzz.mutate.events import has_events, matching_events, mutate_events, short_events
from ccheck_fuzz.mutate.interesting_values import InterestingValues, interesting_values

EVENTS = 8
"""One mutation of this many changes the events and not the content."""
CHANGED = 0.5
"""The share of inputs that keep the changed events of their parent when their content changes."""
MOST_EVENTS = 4
"""Events that an input is given when its events are first changed."""
LONG = 0.1
"""How often events include those of types, whose long texts cost most."""
MOST_CALLED = 256
"""Parents whose events are cached, all together."""
TRIES = 3
"""Mutations at most until one gives a new input."""
MOST_GIVEN = 1 << 18
"""Inputs that are remembered, by their hashes."""
SMALLER = 0.75
"""How often the smaller of two parents is taken."""
NEWEST = 4
"""Half of these parents are out of the newest of so many parts, or out of the newest so many."""
DETERMINISTIC = 0.15
"""The share of inputs that are the next single change of such a parent, as long as there is one."""
ACCEPTED = 0.65
"""The share of inputs that mutate an accepted parent, whatever the engine chose.

An engine keeps what reaches new code: soon mostly files that are refused for a new reason. What a driver does
with content is reached from files that it accepts.
"""


def interesting_values_of(campaign: CampaignContext) -> InterestingValues:
    """Returns the numbers that the schema, the definitions and the driver builds name."""
    files = () if campaign.given.definitions is None else (campaign.given.definitions,)
    return interesting_values(campaign.schema, files, campaign.given.builds)


def smaller(inputs: Sequence[bytes], chance: random.Random) -> bytes:
    """Returns one of some inputs, mostly the smaller of two: it runs faster, and changes matter more."""
    one, two = chance.choice(inputs), chance.choice(inputs)
    return two if len(two) < len(one) and chance.random() < SMALLER else one


class MutationScheduler:
    """Mutation and crossover of inputs; the same seeds in the same order give the same bytes."""

    def __init__(
        self, campaign: CampaignContext, seeds: Sequence[bytes] = (), accepted: Sequence[bytes] = ()
    ) -> None:
        """Creates a scheduler.

        Args:
            campaign: What the campaign is about.
            seeds: The files whose records are spliced into others.
            accepted: Parents of most inputs, as far as there are any; it may grow.
        """
        self._campaign = campaign
        self._accepted = accepted
        self._has_events = has_events(campaign.schema.name)
        self._called: dict[bytes, tuple[str, ...]] = {}
        self._given: set[int] = set()
        self._mutator = Mutator(
            campaign.schema,
            interesting_values_of(campaign),
            [split(seed).content for seed in seeds],
        )
        self._deterministic = DeterministicStage(self._mutator.models, accepted, self._mutator.interesting)

    def mutate(self, data: bytes, max_size: int, seed: int) -> bytes:
        """Returns another input of at most `max_size` bytes, sometimes one of a parent of its own choice.

        Without a second try one in ten would repeat an earlier input, and a run costs more than a try.
        """
        chance = random.Random(seed)
        made = self._mutated(data, max_size, chance)
        for _ in range(TRIES - 1):
            if hash(made) not in self._given:
                break
            made = self._mutated(data, max_size, chance)
        if len(self._given) >= MOST_GIVEN:
            self._given.clear()
        self._given.add(hash(made))
        return made

    def _mutated(self, data: bytes, max_size: int, chance: random.Random) -> bytes:
        if chance.random() < DETERMINISTIC:
            step = self._deterministic.next()
            if step is not None and len(step) <= max_size:
                return step
        if self._accepted and chance.random() < ACCEPTED:
            newest = self._accepted[-max(NEWEST, len(self._accepted) // NEWEST) :]
            data = smaller(newest if chance.random() < 0.5 else self._accepted, chance)
        test_input = split(data)
        if self._has_events and chance.randrange(EVENTS) == 0:
            lines = test_input.events or self._called_for(test_input.content, chance)
            return Input(test_input.content, mutate_events(lines, chance)).fit(max_size)
        content = self._mutator.mutate(test_input.content, chance, max_size)
        # What other content calls for is what meets it; events that were changed on purpose before do so as
        # often.
        events = test_input.events if test_input.events is not None and chance.random() < CHANGED else None
        return Input(content, events).fit(max_size)

    def _called_for(self, content: bytes, chance: random.Random) -> tuple[str, ...]:
        """Returns some of the events that content calls for."""
        schema, definitions = self._campaign.schema.name, self._campaign.given.definitions
        if chance.random() < LONG:
            return matching_events(schema, content, definitions, MOST_EVENTS)
        known = self._called.get(content)
        if known is None:
            known = short_events(schema, content, definitions, MOST_EVENTS)
            if len(self._called) >= MOST_CALLED:
                self._called.clear()
            self._called[content] = known
        return known

    def cross(self, one: bytes, other: bytes, max_size: int, seed: int) -> bytes:
        """Returns an input of records of both, with the events of the first."""
        chance = random.Random(seed)
        test_input = split(one)
        content = self._mutator.cross(test_input.content, split(other).content, chance, max_size)
        return Input(content, test_input.events).fit(max_size)
