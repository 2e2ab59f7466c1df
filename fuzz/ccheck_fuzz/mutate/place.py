"""The places that mutators work on: a record with what they need, chosen at random, kinds alike."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate
from math import sqrt
from random import Random
from typing import NamedTuple, TypeVar

from ccheck_fuzz.model import Frame, Model, Models, Population, Table
from ccheck_fuzz.model.draft import changed
from ccheck_fuzz.mutate.interesting_values import InterestingValues
from ccheck_schemas.model import DERIVED, Number, Orphan, Payload, RecordType, Ref, Refs, Role
from ccheck_schemas.schema import Schema

T = TypeVar("T")


class Focus(NamedTuple):
    """A record that mutations keep to: the meaning of one number depends on its neighbours."""

    kind: RecordType
    row: int


class Inside(NamedTuple):
    """Files of a format that are the content of envelopes.

    Attributes:
        models: Their models.
        others: Those of seeds.
    """

    models: Models
    others: Sequence[Model]


class Context(NamedTuple):
    """What mutators know besides the file.

    Attributes:
        others: Seeds of the same schema.
        most: The bytes of the largest file.
        focus: The record to keep to, if the file has it and it has what a mutator needs.
        inside: Returns what is known of the files of another format, which envelopes have.
    """

    interesting: InterestingValues
    others: Sequence[Model]
    most: int
    focus: Focus | None = None
    inside: Callable[[Schema], Inside] | None = None


Mutation = Callable[[Model, Random, Context], Model | bytes | None]
"""Makes one fault. None if the file has no place for it; bytes if they have no model."""


class Site(NamedTuple):
    """A number of a record.

    Attributes:
        row: The number of the record in its population.
        start: Its offset.
    """

    population: Population
    row: int
    start: int
    number: Number


def pick(random: Random, options: Sequence[T]) -> T:
    """Returns one of the options, all alike."""
    return options[int(random.random() * len(options))]


def row_of(random: Random, count: int) -> int:
    """Returns one of so many rows, more often the first and last: lists end there, and indexes overrun."""
    chance = random.random()
    if chance < 0.15:
        return count - 1
    return 0 if chance < 0.2 else int(random.random() * count)


@cache
def numbers_of(kind: RecordType, roles: frozenset[Role]) -> tuple[Number, ...]:
    """Returns the numbers of a kind with one of the roles."""
    return tuple(number for number in kind.numbers if number.role in roles)


def chosen(populations: Sequence[Population], random: Random, context: Context) -> tuple[Population, int]:
    """Returns one of the populations and one of its rows: those in focus, or any."""
    focus = context.focus
    if focus is not None:
        for population in populations:
            if population.kind is focus.kind and focus.row < len(population.starts):
                return population, focus.row
    population = weighed(populations, random)
    return population, row_of(random, len(population.starts))


def weighed(populations: Sequence[Population], random: Random) -> Population:
    """Returns one of the populations, weighted by independent numbers per record and by records.

    So content is found more often than headers.
    """
    bounds = list(accumulate(map(weight, populations)))
    return populations[min(bisect(bounds, random.random() * bounds[-1]), len(bounds) - 1)]


def weight(population: Population) -> float:
    """Returns how much the records of a kind say."""
    return _own_numbers(population.kind) * _MANY[min(len(population.starts), 16)]


@cache
def _own_numbers(kind: RecordType) -> int:
    """Returns how many numbers of a kind follow from nothing, and one more."""
    return 1 + sum(number.role not in DERIVED and number.role is not Role.RESERVED for number in kind.numbers)


_MANY = (0.5, 0.5, *(sqrt(count) for count in range(2, 17)))
"""The weight of so many records of one kind: a single record is mostly a header."""


def focus_of(model: Model, random: Random) -> Focus | None:
    """Returns a record to keep to; None if the file has no records."""
    populations = [population for population in model.frame.populations if population.kind.numbers]
    if not populations:
        return None
    population = weighed(populations, random)
    return Focus(population.kind, row_of(random, len(population.starts)))


def site(model: Model, random: Random, roles: frozenset[Role], context: Context) -> Site | None:
    """Returns a number with one of the roles; None if the file has none."""
    fitting = [p for p in model.frame.populations if numbers_of(p.kind, roles)]
    if not fitting:
        return None
    population, row = chosen(fitting, random, context)
    return Site(population, row, population.starts[row], pick(random, numbers_of(population.kind, roles)))


def fact_site(model: Model, random: Random, context: Context) -> Site | None:
    """Returns a number that is compared with a fact which driver builds state; None if the file has none."""
    fitting = [p for p in model.frame.populations if _compared(p.kind, context)]
    if not fitting:
        return None
    population, row = chosen(fitting, random, context)
    return Site(population, row, population.starts[row], pick(random, _compared(population.kind, context)))


def _compared(kind: RecordType, context: Context) -> list[Number]:
    stated = context.interesting.facts
    return [number for number in kind.numbers if any(fact in stated for fact in number.facts)]


def with_value(model: Model, place: Site, value: int) -> Model:
    """Returns the file with another number at a site; what was derived there is no longer derived."""
    return model.with_number(place.start, place.number, value, loosened(model.frame, place))


def loosened(frame: Frame, place: Site) -> Frame:
    """Returns a frame in which the number at a site follows from nothing."""
    population, row, _, number = place
    if population.table is None:
        key = population.keys[row]
        found = next(piece for piece in frame.pieces if piece.key == key)
        derived = any(relation.number is number for relation in found.relations)
        listed = found.path and any(held.form.next is number for held in frame.lists.values())
        refs = _unnamed(population.kind, found.refs, number)
        if not derived and not listed and refs == found.refs:
            return frame
        detached = changed(
            found,
            relations=tuple(relation for relation in found.relations if relation.number is not number),
            refs=refs,
            dangling=found.dangling or bool(listed),
        )
        made = frame.having(pieces=[detached if piece is found else piece for piece in frame.pieces])
        made.seals = tuple(
            seal for seal in frame.seals if derived is False or seal[0] != place.start + number.delta
        )
        return made
    table = frame.tables[population.table]
    sharings = frame.sharings
    for i, sharing in enumerate(sharings):
        share = population.kind.shares[sharing.share] if sharing.taker == population.table else None
        if share is not None and number in (share.first, share.count):
            dangling_rows = sharing._replace(dangling=sharing.dangling | {row})
            return frame.having(sharings=(*sharings[:i], dangling_rows, *sharings[i + 1 :]))
    kept = table.refs[row] if row < len(table.refs) else ()
    refs = _unnamed(population.kind, kept, number)
    if refs == kept:
        return frame
    rows = list(table.refs)
    rows[row] = refs
    made_table = Table(table.name, table.kind, table.low, table.high, rows)
    return frame.having(tables={**frame.tables, population.table: made_table})


def _unnamed(kind: RecordType, refs: Refs, number: Number) -> Refs:
    """Returns what a record names, without what it names by this number.

    What it names in a pool stays there.
    """
    out: list[Ref] = list(refs)
    for i, form in enumerate(kind.pooled):
        if number not in (form.offset, form.length) or i >= len(out):
            continue
        ref = out[i]
        if isinstance(ref, Payload):
            out[i] = Orphan(ref, number is not form.offset, number is not form.length)
        elif isinstance(ref, Orphan):
            held = ref.offset and number is not form.offset, ref.length and number is not form.length
            out[i] = Orphan(ref.payload, *held)
        else:
            out[i] = None
    for i, place in enumerate(kind.places, len(kind.pooled)):
        if place.number is number and i < len(out):
            out[i] = None
    return tuple(out)
