"""Ways to files that break one check and nothing else, found by trying mutations of good files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from random import Random

from ccheck_fuzz.corpus.judged import Judged
from ccheck_fuzz.model import Model, opened
from ccheck_fuzz.model.envelopes import has_any
from ccheck_fuzz.mutate import MUTATIONS, Context, Mutation, content_changed
from ccheck_fuzz.mutate.interesting_values import InterestingValues

MOST_BYTES = 1 << 16

# By the square root of their weights: what a campaign seldom needs must come up here too.
_CHOICES = tuple(mutation for mutation, weight in MUTATIONS for _ in range(1 + isqrt(weight)))


class Unreachable(Exception):
    """A check that no mutation of the seeds breaks on its own.

    Args:
        tries: How many files were judged.
    """

    def __init__(self, check: str, tries: int, detail: str = "") -> None:
        super().__init__(f"{check}: {detail or f'no file that breaks it alone was found among {tries:,}'}")
        self.check = check
        self.tries = tries


@dataclass(frozen=True, slots=True)
class Way:
    """A way to a file: a seed by its number, and mutations, each with the number that seeds it."""

    seed: int
    steps: tuple[tuple[Mutation, int], ...]


def follow(model: Model, steps: Sequence[tuple[Mutation, int]], context: Context) -> Model | bytes:
    """Returns what mutations make of a file; those that have nothing to do are passed over."""
    for mutation, number in steps:
        made = mutation(model, Random(number), context)
        if isinstance(made, bytes):
            return made
        if made is not None and len(made.data) <= MOST_BYTES:
            model = made
    return model


class Explorer:
    """Tries mutations of good files, and records the edits that lead to files that break exactly one check.

    The same seeds and interesting values give the same edits.
    """

    def __init__(self, judged: Judged, seeds: Sequence[bytes], interesting: InterestingValues) -> None:
        self.judged = judged
        self.models = tuple(opened(judged.schema, data) for data in seeds)
        self.context = Context(interesting, self.models, MOST_BYTES)
        self.found: dict[str, list[Way]] = {}
        self.fixed: dict[str, list[bytes]] = {}
        self.tries = 0
        self._random = Random(0)
        for data in self._plain():
            checks = self.judged.checks(data)
            if len(checks) == 1:
                self.fixed.setdefault(next(iter(checks)), []).append(data)

    def _plain(self) -> list[bytes]:
        """Returns files that are hardly any: nothing, zeros, letters, and a seed under another magic."""
        longest = max((model.data for model in self.models), key=len, default=b"")
        spoilt = bytes(byte ^ 0xFF for byte in longest[:16])
        return [b"", bytes(8), bytes(len(longest)), b"no content at all", spoilt + longest[16:]]

    def until(self, check: str, tries: int) -> None:
        """Search until a file breaks only this check.

        Args:
            check: The name of the check.
            tries: The number of files to judge at most.

        Raises:
            Unreachable: No file was found.
        """
        while check not in self.found and check not in self.fixed:
            if self.tries >= tries:
                raise Unreachable(check, self.tries)
            self.step()

    def step(self) -> None:
        """One way more."""
        self.tries += 1
        random = self._random
        seed = random.randrange(len(self.models))
        count = 1 if random.random() < 0.8 else 2
        inside = (content_changed,) * len(_CHOICES) if has_any(self.models[seed]) else ()
        choices = (*_CHOICES, *inside)
        steps = tuple((random.choice(choices), random.randrange(1 << 16)) for _ in range(count))
        made = follow(self.models[seed], steps, self.context)
        data = made if isinstance(made, bytes) else made.data
        checks = self.judged.checks(data)
        if len(checks) == 1:
            ways = self.found.setdefault(next(iter(checks)), [])
            if len(ways) < 32:
                ways.append(Way(seed, steps))
