"""Mutators of numbers: each writes one number in place, and the checksum after it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from ccheck_fuzz.model import Model
from ccheck_fuzz.mutate.place import Context, Site, fact_site, pick, row_of, site, with_value
from ccheck_schemas.model import Role

FREE = frozenset({Role.PLAIN, Role.BOUNDED})
BOUNDED = frozenset({Role.BOUNDED})
ENUM = frozenset({Role.ENUM})
FLAGS = frozenset({Role.FLAGS})
VERSION = frozenset({Role.VERSION})
RESERVED = frozenset({Role.RESERVED})
ANY = FREE | ENUM | FLAGS | RESERVED | VERSION
SMALL = tuple(range(33))
NAMES = frozenset({Role.PLAIN, Role.BOUNDED, Role.VERSION, Role.ENUM})


def bound_off_by_one(model: Model, random: Random, context: Context) -> Model | None:
    """A number at one of its bounds, or one beyond it."""
    place = site(model, random, BOUNDED, context)
    if place is None:
        return None
    low, high = place.number.low, place.number.high
    return _other(model, random, place, (low - 1, low, low + 1, high - 1, high, high + 1))


def interesting_number(model: Model, random: Random, context: Context) -> Model | None:
    """A number that the schema, the definitions or a driver build names, or one beside it."""
    place = site(model, random, FREE, context)
    return None if place is None else _other(model, random, place, context.interesting.fitting(place.number))


def fact_off_by_one(model: Model, random: Random, context: Context) -> Model | None:
    """A number that driver builds state for the fact that the field is compared with, or one beside it.

    It is one that the schema allows in the field: others are refused before builds are asked.
    """
    place = fact_site(model, random, context)
    if place is None:
        return None
    stated = context.interesting.facts
    values = [value for fact in place.number.facts for value in stated.get(fact, ())]
    allowed = [value for value in values if not place.number.values or value in place.number.values]
    return _other(model, random, place, allowed) if allowed else None


def count_of_another_list(model: Model, random: Random, context: Context) -> Model | None:
    """A number that is the length of a table, a list or a run of this file, or one beside it."""
    place = site(model, random, FREE, context)
    if place is None:
        return None
    count = pick(random, model.frame.counts() or [0])
    return _other(model, random, place, (count - 1, count, count + 1))


def number_small(model: Model, random: Random, context: Context) -> Model | None:
    """One of the first numbers, as ids, kinds and indices are where the schema does not list them."""
    place = site(model, random, FREE, context)
    return None if place is None else _other(model, random, place, SMALL)


def number_one_off(model: Model, random: Random, context: Context) -> Model | None:
    """A number one larger or smaller than it was."""
    place = site(model, random, ANY, context)
    if place is None:
        return None
    value = model.value(place.start, place.number)
    return _other(model, random, place, (value - 1, value + 1))


def number_at_its_edge(model: Model, random: Random, context: Context) -> Model | None:
    """A number at the edges of its bytes: nothing, everything, and where the sign turns."""
    place = site(model, random, ANY, context)
    if place is None:
        return None
    number = place.number
    half = (number.most - number.least + 1) // 2
    return _other(model, random, place, (number.least, number.most, half - 1, number.fit(half), 0))


def kind_flipped(model: Model, random: Random, context: Context) -> Model | None:
    """Another member of an enum; all else stays."""
    place = site(model, random, ENUM, context)
    return None if place is None else _other(model, random, place, place.number.values)


def kind_without_name(model: Model, random: Random, context: Context) -> Model | None:
    """A value of an enum that has no name, beside those that have."""
    place = site(model, random, ENUM, context)
    if place is None:
        return None
    known = place.number.values
    return _other(model, random, place, (min(known) - 1, max(known) + 1, place.number.most))


def version_of_another_time(model: Model, random: Random, context: Context) -> Model | None:
    """Another known version, or the one before or after."""
    place = site(model, random, VERSION, context)
    if place is None:
        return None
    near = [value + by for value in place.number.values for by in (-1, 0, 1)]
    return _other(model, random, place, near)


def flag_flipped(model: Model, random: Random, context: Context) -> Model | None:
    """One flag set or cleared; now and then one that has no name."""
    place = site(model, random, FLAGS, context)
    if place is None:
        return None
    bits = place.number.values
    bit = pick(random, bits) if bits and random.random() < 0.9 else 1 << int(
        random.random() * place.number.bits
    )  # fmt: skip
    return with_value(model, place, place.number.fit(model.value(place.start, place.number) ^ bit))


def reserved_set(model: Model, random: Random, context: Context) -> Model | None:
    """Something other than zero where zero is due, in all of its bytes or in one."""
    place = site(model, random, RESERVED, context)
    if place is None:
        return None
    size = max(1, place.number.bits // 8)
    one = 1 << 8 * int(random.random() * size)
    return _other(model, random, place, (1, place.number.most, one, place.number.fit(255 * one)))


def number_of_another_record(model: Model, random: Random, context: Context) -> Model | None:
    """The number that another record of the same kind has: an id twice, a version from elsewhere."""
    place = site(model, random, NAMES, context)
    if place is None or len(place.population.starts) < 2:
        return None
    value = model.value(pick(random, place.population.starts), place.number)
    return None if value == model.value(place.start, place.number) else with_value(model, place, value)


def numbers_swapped(model: Model, random: Random, context: Context) -> Model | None:
    """Two records of one kind with each other's number: swapped ids, versions, kinds."""
    place = site(model, random, NAMES, context)
    if place is None or len(place.population.starts) < 2:
        return None
    starts = place.population.starts
    row = row_of(random, len(starts))
    other = Site(place.population, row, starts[row], place.number)
    one, two = model.value(place.start, place.number), model.value(other.start, place.number)
    if one == two:
        return None
    return with_value(with_value(model, place, two), other, one)


def _other(model: Model, random: Random, place: Site, values: Sequence[int]) -> Model | None:
    """Returns one of the other values that the field can have; None if there is none."""
    number = place.number
    before = model.value(place.start, number)
    for _ in range(4):
        value = values[int(random.random() * len(values))]
        if value != before and number.least <= value <= number.most:
            return with_value(model, place, value)
    return None
