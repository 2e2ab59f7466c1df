"""Numbers that all meanings of an integer allow together, each by itself."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import assert_never

from ccheck_schemas.layout import meanings, tree

MOST_TRIED = 1 << 12
"""Numbers that are tried for one field, at most."""


class NoAllowedNumber(ValueError):
    """A field for which no number was found that all its meanings allow.

    Attributes:
        name: The name of the field.
        leaf: Its node.
    """

    def __init__(self, name: str, leaf: tree.Stored) -> None:
        kinds = " and ".join(type(meaning).__name__ for meaning in leaf.meanings)
        low, high = leaf.range
        super().__init__(f"{name}: no number from {low} to {high} was found that {kinds} allow together")
        self.name = name
        self.leaf = leaf


def allows(leaf: tree.Stored, value: int) -> bool:
    """Returns whether a field can have a number, and each of its meanings allows it by itself."""
    low, high = leaf.range
    return low <= value <= high and all(_allows(meaning, value) for meaning in leaf.meanings)


def least_allowed(leaf: tree.Stored) -> int | None:
    """Returns the least number from 0 on that is allowed, else a negative one; None if none was found."""
    return next((value for value in _candidates(leaf) if allows(leaf, value)), None)


def _allows(meaning: meanings.Meaning, value: int) -> bool:
    match meaning:
        case meanings.Version() | meanings.Bounded() | meanings.StrictEnum() | meanings.StrictFlags():
            return meaning.allows(value)
        case meanings.Reserved() | meanings.OffsetInto():
            return meaning.allows(value)
        case meanings.LengthOf():
            return value >= 0 and meaning.allows(value)
        case meanings.CountOf() | meanings.RecordSize() | meanings.FileSize() | meanings.IndexInto():
            return value >= 0
        case meanings.ChecksumOver() | meanings.ComparedWithFact():
            return True
        case _:
            assert_never(meaning)


@dataclass(slots=True)
class _Search:
    """Where allowed numbers may be.

    Attributes:
        low: The least one.
        high: The greatest one.
        step: What they are a multiple of.
        listed: The only ones; None for any.
        free: The bits that they may have, beside those of one of `fixed`.
        fixed: The values of the other bits.
    """

    low: int
    high: int
    step: int = 1
    listed: frozenset[int] | None = None
    free: int = -1
    fixed: tuple[int, ...] = (0,)

    def narrow(self, meaning: meanings.Meaning) -> None:
        """Takes a meaning into account."""
        match meaning:
            case meanings.Bounded():
                self.low, self.high = max(self.low, meaning.low), min(self.high, meaning.high)
            case meanings.LengthOf():
                self.low, self.high = max(self.low, meaning.low), min(self.high, meaning.high)
                self.step = math.lcm(self.step, meaning.step)
            case meanings.OffsetInto():
                self.step = math.lcm(self.step, meaning.align)
            case meanings.StrictEnum():
                self.listed = meaning.known if self.listed is None else self.listed & meaning.known
            case meanings.Version() if meaning.mask == -1:
                known = frozenset(meaning.known)
                self.listed = known if self.listed is None else self.listed & known
            case meanings.Version():
                self.free &= ~meaning.mask
                pairs = (fixed | known for fixed in self.fixed for known in meaning.known)
                self.fixed = tuple(dict.fromkeys(islice(pairs, MOST_TRIED)))
            case meanings.StrictFlags():
                self.free &= meaning.mask
            case meanings.Reserved():
                self.low, self.high = max(self.low, 0), min(self.high, 0)
            case meanings.CountOf() | meanings.RecordSize() | meanings.FileSize() | meanings.IndexInto():
                self.low = max(self.low, 0)
            case meanings.ChecksumOver() | meanings.ComparedWithFact():
                pass
            case _:
                assert_never(meaning)

    def numbers(self, fixed: int) -> Iterator[int]:
        """Yields numbers from 0 on, ascending, that have the fixed bits and are on a step."""
        low = max(self.low, 0)
        for _ in range(max(16, MOST_TRIED // len(self.fixed))):
            low += -low % self.step
            found = _with_bits(low, fixed, self.free)
            if found is None or found > self.high:
                return
            if found == low:
                yield found
                found += 1
            low = found


def _candidates(leaf: tree.Stored) -> Iterator[int]:
    """Yields numbers that may be allowed, the least from 0 on first, then negative ones."""
    search = _Search(*leaf.range)
    for meaning in leaf.meanings:
        search.narrow(meaning)
    if search.listed is not None:
        yield from sorted(search.listed, key=lambda value: (value < 0, abs(value)))
        return
    yield from heapq.merge(*map(search.numbers, search.fixed))
    greatest = min(search.high, -1)
    yield greatest - greatest % search.step


def _with_bits(low: int, fixed: int, free: int) -> int | None:
    """Returns the least number, `low` or more, with the fixed bits and any free ones, or None."""
    if low & ~free == fixed:
        return low
    for bit in range(128):
        above = low >> bit
        if above & 1:
            continue
        found = (above | 1) << bit | fixed & (1 << bit) - 1
        if found & ~free == fixed:
            return found
    return None
