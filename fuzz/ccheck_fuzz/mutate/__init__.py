"""Mutate files by the meaning of their fields: the table of all mutators, and how they are stacked.

A mutator is a pure function of a model, random numbers and a context, named after the fault that it makes.
The same random numbers give the same file.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Sequence
from itertools import accumulate, islice
from random import Random
from typing import Final

from ccheck_fuzz.model import Model, Models, envelopes, opened
from ccheck_fuzz.mutate import numbers, patterns, plain, pools, records, relations, texts
from ccheck_fuzz.mutate.interesting_values import InterestingValues
from ccheck_fuzz.mutate.place import Context, Inside, Mutation, chosen, focus_of, pick
from ccheck_schemas.schema import Schema

__all__ = ["MUTATIONS", "Context", "Mutation", "Mutator", "content_changed"]

MUTATIONS: Final[tuple[tuple[Mutation, int], ...]] = (
    (numbers.bound_off_by_one, 8),
    (numbers.interesting_number, 24),
    (numbers.fact_off_by_one, 14),
    (numbers.count_of_another_list, 14),
    (numbers.number_small, 8),
    (numbers.number_one_off, 10),
    (numbers.number_at_its_edge, 6),
    (numbers.kind_flipped, 24),
    (numbers.kind_without_name, 2),
    (numbers.version_of_another_time, 1),
    (numbers.flag_flipped, 10),
    (numbers.reserved_set, 4),
    (numbers.number_of_another_record, 4),
    (numbers.numbers_swapped, 4),
    (records.record_dropped, 6),
    (records.record_doubled, 6),
    (records.records_swapped, 3),
    (records.record_moved, 3),
    (records.record_spliced, 6),
    (records.kind_transplanted, 12),
    (records.kind_furnished, 20),
    (records.list_of_interesting_length, 4),
    (texts.text_emptied, 1),
    (texts.text_at_its_limit, 5),
    (texts.text_with_nul, 2),
    (texts.text_malformed, 2),
    (texts.interesting_text, 3),
    (texts.text_in_other_case, 4),
    (texts.text_resized, 3),
    (texts.text_of_another_record, 2),
    (texts.interesting_word, 10),
    (texts.words_swapped, 2),
    (patterns.text_of_metacharacters, 8),
    (patterns.pattern_unbalanced, 6),
    (patterns.pattern_repeated, 6),
    (pools.pool_bytes_unused, 1),
    (pools.pool_item_repeated, 2),
    (pools.pool_items_swapped, 8),
    (pools.pool_items_overlapping, 2),
    (pools.item_past_the_pool, 3),
    (relations.size_broken, 1),
    (relations.count_broken, 4),
    (relations.count_that_wraps, 6),
    (relations.length_broken, 6),
    (relations.record_size_broken, 2),
    (relations.index_broken, 3),
    (relations.offset_broken, 8),
    (relations.record_past_the_end, 4),
    (relations.link_dangling, 4),
    (relations.checksum_broken, 1),
    (plain.byte_changed, 8),
    (plain.byte_changed_unsealed, 1),
    (plain.word_changed, 24),
    (plain.zero_at_an_end_filled, 5),
    (plain.padding_filled, 4),
    (plain.file_truncated, 3),
    (plain.bytes_trailing, 1),
    (plain.sector_torn, 1),
)
"""All mutators, and their weights; those of the content of envelopes are the same, by `content_changed`."""

_BOUNDS: Final = tuple(accumulate(weight for _, weight in MUTATIONS))
_STACK: Final = (1,) * 13 + (2,) * 4 + (3,) * 2 + (6,)
"""How many mutations one file gets; each entry is equally likely."""

_MOST_OTHERS: Final = 256
"""Contents of envelopes of seeds that are spliced into others, at most."""

_FOCUSED: Final = 0.25
"""The share of stacks of two or three that keep to one record."""

_IN_CONTENT: Final = 0.6
"""The share of mutations of a file with envelopes that are of the content of one."""

_TRIES: Final = 12
MOST_BYTES: Final = 1 << 20
_INSIDE: Final = (1,) * 6 + (2,) * 2 + (3,)
"""How many mutations the content of an envelope gets at once; each entry is equally likely."""


class Mutator:
    """Mutates and crosses files of one schema.

    Models of its results are cached, so that the next mutation need not read them.
    """

    def __init__(
        self,
        schema: Schema,
        interesting: InterestingValues | None = None,
        seeds: Iterable[bytes] = (),
        models: Models | None = None,
    ) -> None:
        self.interesting = interesting or InterestingValues()
        self.models = models or Models(schema)
        self.others: list[Model] = [self.models.get(seed) for seed in seeds]
        self._inside: dict[int, Inside] = {}

    def mutate(self, data: bytes, random: Random, max_size: int = MOST_BYTES) -> bytes:
        """Returns another file of at most `max_size` bytes.

        Args:
            data: The file; any bytes.
            random: The source of random numbers; the same ones give the same file.
            max_size: The bytes of the largest file.
        """
        context = Context(self.interesting, self.others, max_size, inside=self._known)
        for _ in range(_TRIES):
            made = self._stacked(self.models.get(data), random, context)
            raw = made if isinstance(made, bytes) else made.data
            if len(raw) <= max_size and raw != data:
                if isinstance(made, Model):
                    self.models.put(made)
                return raw
        return data[:max_size]

    def _known(self, schema: Schema) -> Inside:
        """Returns what is known of the files of a format that are the content of envelopes."""
        found = self._inside.get(id(schema))
        if found is None:
            models = Models(schema)
            holders = [*self.others, *(model for one in self._inside.values() for model in one.others)]
            contents = (content for model in holders for content in envelopes.contents(model, schema))
            others = [models.get(content) for content in islice(contents, _MOST_OTHERS)]
            found = self._inside[id(schema)] = Inside(models, others)
        return found

    def cross(self, one: bytes, two: bytes, random: Random, max_size: int = MOST_BYTES) -> bytes:
        """Returns a file with records of both, at most `max_size` bytes long."""
        model, other = self.models.get(one), self.models.get(two)
        for _ in range(_TRIES):
            made: Model | None = model
            for _ in range(1 + int(random.random() * 3)):
                made = made and records.spliced(made, other, random)
            if made is not None and len(made.data) <= max_size and made.data != one:
                self.models.put(made)
                return made.data
        return (one if len(one) <= max_size else two)[:max_size]

    def _stacked(self, model: Model, random: Random, context: Context) -> Model | bytes:
        count = _STACK[int(random.random() * len(_STACK))]
        if random.random() < _FOCUSED:
            count = 2 if random.random() < 0.7 else 3
            context = context._replace(focus=focus_of(model, random))
        for _ in range(count):
            made = once(model, random, context)
            if isinstance(made, bytes):
                return made
            if made is None:
                break
            if len(made.data) <= context.most:
                model = made
        return model


def once(model: Model, random: Random, context: Context) -> Model | bytes | None:
    """One mutation; None if none of several that were tried has something to do."""
    if envelopes.has_any(model) and random.random() < _IN_CONTENT:
        changed = content_changed(model, random, context)
        if changed is not None:
            return changed
    for _ in range(_TRIES):
        mutation = MUTATIONS[bisect(_BOUNDS, random.random() * _BOUNDS[-1])][0]
        made = mutation(model, random, context)
        if made is not None:
            return made
    return None


def content_changed(model: Model, random: Random, context: Context) -> Model | None:
    """Content of an envelope, mutated by the meaning of its own fields, and wrapped again."""
    options = [
        population for population in model.frame.populations if envelopes.envelopes_of(population.kind)
    ]
    if not options:
        return None
    population, row = chosen(options, random, context)
    blob = pick(random, envelopes.envelopes_of(population.kind))
    envelope = envelopes.open_envelope(model, population, row, blob)
    if envelope is None:
        return None
    if context.inside is None:
        inner = opened(envelope.schema, envelope.content)
        around = context._replace(others=(), focus=None)
    else:
        known = context.inside(envelope.schema)
        inner = known.models.get(envelope.content)
        around = context._replace(others=known.others, focus=None)
    for _ in range(_INSIDE[int(random.random() * len(_INSIDE))]):
        made = once(inner, random, around)
        if made is None:
            break
        if isinstance(made, bytes):
            return envelopes.wrapped_again(model, envelope, made)
        inner = made
    if inner.data == envelope.content:
        return None
    if context.inside is not None:
        context.inside(envelope.schema).models.put(inner)
    return envelopes.wrapped_again(model, envelope, inner.data)


def named(name: str) -> Mutation:
    """Returns the mutator of that name.

    Raises:
        KeyError: There is none.
    """
    found: Sequence[Mutation] = [mutation for mutation, _ in MUTATIONS if mutation.__name__ == name]
    if not found:
        raise KeyError(name)
    return found[0]
