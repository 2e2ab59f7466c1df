"""Single changes of good parents, each made once: other kinds and flags, then numbers one more or less."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from ccheck_fuzz.entry import split
from ccheck_fuzz.interest import Interest
from ccheck_fuzz.model import Model, Models
from ccheck_fuzz.mutate.place import Site, weight, with_value
from ccheck_schemas.anatomy import Number, Role

MOST_ROWS = 16
"""Records of one kind that are walked over, half of them the last."""
MOST_NAMED = 64
"""The largest number of the definitions and the builds that each number becomes: a count, an index, an id."""
MOST_STEPS = 400
"""Changes of one parent."""


class Walk:
    """Goes over parents one after the other, those that are added later when their turn comes."""

    def __init__(self, models: Models, parents: Sequence[bytes], interest: Interest) -> None:
        self._models = models
        self._named = tuple(number for number in interest.named if number <= MOST_NAMED)
        self._parents = parents
        self._met = 0
        self._steps: Iterator[bytes] = iter(())

    def next(self) -> bytes | None:
        """The next change; None while there is no parent that was not walked over."""
        while True:
            made = next(self._steps, None)
            if made is not None:
                return made
            if self._met == len(self._parents):
                return None
            model = self._models.get(split(self._parents[self._met]).content)
            self._met += 1
            self._steps = (step.data for step in islice(steps(model, self._named), MOST_STEPS))


def steps(model: Model, named: Sequence[int] = ()) -> Iterator[Model]:
    """Every single change: other kinds and flags first, then numbers that are one more or less, or one of
    those that something names. Records that say most come first.
    """
    populations = sorted(model.frame.populations, key=weight, reverse=True)
    for roles in (frozenset({Role.ENUM, Role.FLAGS}), frozenset({Role.PLAIN, Role.BOUNDED})):
        for population in populations:
            for row in _rows(len(population.starts)):
                start = population.starts[row]
                for number in population.kind.numbers:
                    if number.role in roles:
                        before = model.value(start, number)
                        for value in dict.fromkeys(_others(number, before, named)):
                            if value != before and number.least <= value <= number.most:
                                yield with_value(model, Site(population, row, start, number), value)


def _rows(count: int) -> Iterator[int]:
    half = MOST_ROWS // 2
    yield from (row for row in range(count) if row < half or row >= count - half)


def _others(number: Number, before: int, named: Sequence[int]) -> Iterator[int]:
    if number.role is Role.ENUM:
        yield from number.values
    elif number.role is Role.FLAGS:
        yield from (before ^ bit for bit in number.values)
    else:
        yield from (before - 1, before + 1, *named)
