"""Deterministic stage: every single change of accepted parents.

Texts in other cases, other kinds and flags, numbers one more or less.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cache, partial
from itertools import islice
from typing import NamedTuple

from ccheck_fuzz.model import Model, Models, Population
from ccheck_fuzz.model.test_input import split
from ccheck_fuzz.mutate.interesting_values import InterestingValues
from ccheck_fuzz.mutate.place import Site, weight, with_value
from ccheck_fuzz.mutate.texts import WORD
from ccheck_schemas.model import DERIVED, Number, Payload, RecordType, Role

MOST_ROWS = 16
"""Records of one kind that are changed, half of them the last."""
MOST_NAMED = 64
"""The largest number of the definitions and the builds that each number becomes: a count, an index, an id."""
MOST_STEPS = 1000
"""Changes of one parent on each round."""
MOST_SMALL = 32
"""Numbers up to here are replaced by each other if nothing names any: they may be counts, indices and ids."""
ALIKE = 2
"""Maximum times that one (record, owner) state is generated across all parents."""
MOST_REMEMBERED = 1 << 17
"""Records that are remembered for that."""


class Step(NamedTuple):
    """A possible change.

    Attributes:
        record: Identifies the changed record, whatever else is in the file.
        make: Makes the change.
    """

    record: Hashable
    make: Callable[[], Model]


class DeterministicStage:
    """Makes every single change of accepted parents, in rounds by turns.

    One round changes texts and pools, one kinds and flags, one numbers. Parents may be added while it runs.

    Args:
        models: The models of files.
        parents: The accepted parents.
        interesting: Numbers that each number is replaced with.
    """

    def __init__(self, models: Models, parents: Sequence[bytes], interesting: InterestingValues) -> None:
        named = tuple(number for number in interesting.named if number <= MOST_NAMED)
        tried: Counter[Hashable] = Counter()
        self._rounds = [
            _Round(models, parents, tried, sort)
            for sort in (contents, meanings, lambda model: numbers(model, named))
        ]

    def next(self) -> bytes | None:
        """Returns the next change; None while there is no parent that has changes left."""
        for _ in self._rounds:
            self._rounds.append(self._rounds.pop(0))
            made = self._rounds[-1].next()
            if made is not None:
                return made
        return None


class _Round:
    """All changes of one sort, parent by parent: the first and the last of those that are left, by turns."""

    def __init__(
        self,
        models: Models,
        parents: Sequence[bytes],
        tried: Counter[Hashable],
        sort: Callable[[Model], Iterator[Step]],
    ) -> None:
        self._models = models
        self._parents = parents
        self._tried = tried
        self._sort = sort
        self._met: set[int] = set()
        self._steps: Iterator[Step] = iter(())

    def next(self) -> bytes | None:
        """Returns the next change; None while all parents were met."""
        while True:
            for step in self._steps:
                if self._tried[step.record] < ALIKE:
                    if len(self._tried) >= MOST_REMEMBERED:
                        self._tried.clear()
                    self._tried[step.record] += 1
                    return step.make().data
            if len(self._met) == len(self._parents):
                return None
            waiting = [number for number in range(len(self._parents)) if number not in self._met]
            # What was found last may be where nobody was before; what was found first waits no longer for it.
            parent = waiting[-1 if len(self._met) % 2 else 0]
            self._met.add(parent)
            model = self._models.get(split(self._parents[parent]).content)
            self._steps = islice(self._sort(model), MOST_STEPS)


def contents(model: Model) -> Iterator[Step]:
    """Yields each text with its case swapped, and each integer of a pool with its sign changed."""
    met: set[int] = set()
    for population, row in _records(model):
        record = _values(model, population.kind, population.starts[row])
        for start, end, text in _contents(model, population, row):
            if start in met:
                continue
            met.add(start)
            before = model.data[start:end]
            changes = [before.swapcase()] if text else _turned(before)
            for after in changes:
                if after != before:
                    yield Step((population.kind, *record, after), partial(model.with_bytes, start, after))


def _turned(words: bytes) -> list[bytes]:
    """Integers, each of them in turn with its highest bit changed."""
    highest = range(WORD - 1, len(words), WORD)
    return [words[:at] + bytes([words[at] ^ 0x80]) + words[at + 1 :] for at in highest]


def meanings(model: Model) -> Iterator[Step]:
    """Yields every other kind and flag, and what is reserved in use."""
    return _numbers(model, frozenset({Role.ENUM, Role.FLAGS, Role.RESERVED}))


def numbers(model: Model, named: Sequence[int] = ()) -> Iterator[Step]:
    """Yields every number plus and minus one, or replaced by a named one; small ones by each small one."""
    return _numbers(model, frozenset({Role.PLAIN, Role.BOUNDED}), named)


def _numbers(model: Model, roles: frozenset[Role], named: Sequence[int] = ()) -> Iterator[Step]:
    """Yields every single change of numbers with such a role. Records that say most come first."""
    for population, row in _records(model):
        start = population.starts[row]
        own = _own(population.kind)
        record, around = _values(model, population.kind, start), _around(model, population, row)
        for at, number in enumerate(own):
            if number.role in roles:
                before = record[at]
                for value in dict.fromkeys(_others(number, before, named)):
                    if value != before and number.least <= value <= number.most:
                        after = (population.kind, around, *record[:at], value, *record[at + 1 :])
                        site = Site(population, row, start, number)
                        yield Step(after, partial(with_value, model, site, value))


def _records(model: Model) -> Iterator[tuple[Population, int]]:
    """Yields the records of each kind, or the first and last of them; those that say most come first."""
    for population in sorted(model.frame.populations, key=weight, reverse=True):
        yield from ((population, row) for row in _rows(len(population.starts)))


@cache
def _own(kind: RecordType) -> tuple[Number, ...]:
    """Returns the numbers of a kind that follow from nothing."""
    return tuple(number for number in kind.numbers if number.role not in DERIVED)


def _values(model: Model, kind: RecordType, start: int) -> tuple[int, ...]:
    return tuple(model.value(start, number) for number in _own(kind))


def _around(model: Model, population: Population, row: int) -> tuple[int, ...]:
    """Returns what the owner of a record says: the row that takes it, or the record that its list is in."""
    frame = model.frame
    if population.table is not None:
        for sharing in frame.sharings:
            owner = sharing.owner(row) if sharing.taken == population.table else None
            if owner is not None:
                (taker,) = (held for held in frame.populations if held.table == sharing.taker)
                return _values(model, taker.kind, taker.starts[owner])
        return ()
    key = population.keys[row]
    outer = [other for other in frame.piece(key).path if other != key]
    kind = frame.piece(outer[-1]).record_type if outer else None
    return () if kind is None else _values(model, kind, frame.starts[outer[-1]])


def _contents(model: Model, population: Population, row: int) -> Iterator[tuple[int, int, bool]]:
    """Yields the start and end of a record's own texts and of its pool items, and whether each is a text."""
    kind, start = population.kind, population.starts[row]
    for blob in kind.blobs:
        if blob.encoding is not None and blob.exact is None:
            at = start + blob.delta
            end = at + blob.size if blob.size is not None else model.frame.ends[population.keys[row]]
            yield at, end, True
    if kind.pooled:
        table = population.table
        refs = (
            model.frame.piece(population.keys[row]).refs
            if table is None
            else model.frame.tables[table].refs[row]
        )
        for form, ref in zip(kind.pooled, refs, strict=False):
            if isinstance(ref, Payload):
                at = model.value(start, form.offset)
                yield at, at + len(ref.content), ref.encoding is not None


def _rows(count: int) -> Iterator[int]:
    half = MOST_ROWS // 2
    yield from (row for row in range(count) if row < half or row >= count - half)


def _others(number: Number, before: int, named: Sequence[int]) -> Iterator[int]:
    if number.role is Role.ENUM:
        yield from number.values
    elif number.role is Role.FLAGS:
        yield from (before ^ bit for bit in number.values)
    elif number.role is Role.RESERVED:
        yield 1
    else:
        yield from (before - 1, before + 1, *named)
        if not named and before <= MOST_SMALL:
            yield from range(MOST_SMALL + 1)
