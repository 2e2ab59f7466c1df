"""Mutators that break exactly one relation: a size, a count, a length, an offset, an index, a checksum.

All else stays correct, and what was broken stays broken while the file is edited further.
"""

from __future__ import annotations

from random import Random

from ccheck_fuzz.model import Draft, Model, Population
from ccheck_fuzz.mutate.place import Context, Site, pick, site, with_value
from ccheck_schemas.model import PlaceForm, Role


def _broken(model: Model, random: Random, context: Context, role: Role) -> Model | None:
    place = site(model, random, frozenset({role}), context)
    if place is None:
        return None
    number = place.number
    before = model.value(place.start, number)
    step = number.step
    near = (before - 1, before + 1, before - step, before + step, before * 2, 0)
    edges = (number.low - step, number.high + step, number.least, number.most, len(model.data))
    for _ in range(6):
        chance = random.random()
        if chance < 0.5:
            value = pick(random, near)
        elif chance < 0.75:
            value = pick(random, edges)
        else:
            value = pick(random, context.interesting.fitting(number) or (0,))
        if value != before and number.least <= value <= number.most:
            return with_value(model, place, value)
    return None


def size_broken(model: Model, random: Random, context: Context) -> Model | None:
    """A size of the file that is not its size."""
    return _broken(model, random, context, Role.FILE_SIZE)


def count_broken(model: Model, random: Random, context: Context) -> Model | None:
    """A count that is not the number of records."""
    return _broken(model, random, context, Role.COUNT)


def count_that_wraps(model: Model, random: Random, context: Context) -> Model | None:
    """A count so large that arithmetic on it wraps.

    Times the size of a record it wraps to what it was, or, added to an offset, to less than that. Often
    nothing else is at the end of the file, so that no reader mistakes it for the missing records.
    """
    if random.random() < 0.5:
        model = _without_last_text(model)
    place = site(model, random, frozenset({Role.COUNT, Role.LENGTH, Role.BOUNDED}), context)
    if place is None:
        return None
    before = model.value(place.start, place.number)
    whole = 1 << place.number.bits
    if random.random() < 0.3:
        value = whole - max(1, pick(random, (1, 8, 16, before)))
    else:
        value = before + whole // pick(random, (2, 4, 8, 16, 32)) * pick(random, (1, 1, 1, 3))
    return with_value(model, place, value) if value <= place.number.most else None


def _without_last_text(model: Model) -> Model:
    """Returns the file without the text, or the bytes of any length, at its end, if it ends so."""
    last = model.frame.pieces[-1] if model.frame.pieces else None
    blobs = (
        () if last is None or last.record_type is None or last.table is not None else last.record_type.blobs
    )
    if last is None or not any(blob.size is None and blob.exact is None for blob in blobs):
        return model
    draft = Draft(model)
    draft.set_text(last.key, b"")
    return draft.build()


def length_broken(model: Model, random: Random, context: Context) -> Model | None:
    """A length that is not the number of bytes."""
    return _broken(model, random, context, Role.LENGTH)


def record_size_broken(model: Model, random: Random, context: Context) -> Model | None:
    """A record size that is not the size of the records."""
    return _broken(model, random, context, Role.RECORD_SIZE)


def index_broken(model: Model, random: Random, context: Context) -> Model | None:
    """An index of a row that is another row's, or none's."""
    return _broken(model, random, context, Role.INDEX)


def offset_broken(model: Model, random: Random, context: Context) -> Model | None:
    """An offset that points elsewhere: near by, to the edges of the file, into another record."""
    if random.random() < 0.5:
        return _broken(model, random, context, Role.OFFSET)
    place = site(model, random, frozenset({Role.OFFSET}), context)
    if place is None:
        return None
    population = pick(random, model.frame.populations)
    value = pick(random, population.starts) + int(random.random() * (population.kind.size or 1))
    if value == model.value(place.start, place.number) or value > place.number.most:
        return None
    return with_value(model, place, value)


def record_past_the_end(model: Model, random: Random, context: Context) -> Model | None:
    """An offset of a record that begins in the file and ends after it."""
    place = site(model, random, frozenset({Role.OFFSET}), context)
    if place is None:
        return None
    number = place.number
    sizes = [population.kind.size or 1 for population in model.frame.populations]
    at = len(model.data) - 1 - int(random.random() * pick(random, sizes))
    at -= at % pick(random, (1, 4, 8))
    form = next((form for form in place.population.kind.places if form.number is number), PlaceForm(number))
    value = (at - form.base) // (form.slope or 1)
    if value == model.value(place.start, number) or not number.least <= value <= number.most:
        return None
    return with_value(model, place, value)


def checksum_broken(model: Model, random: Random, context: Context) -> Model | None:
    """A checksum of other bytes."""
    place = site(model, random, frozenset({Role.CHECKSUM}), context)
    if place is None:
        return None
    bit = 1 << int(random.random() * place.number.bits)
    return with_value(model, place, place.number.fit(model.value(place.start, place.number) ^ bit))


def link_dangling(model: Model, random: Random, context: Context) -> Model | None:
    """A chain that points back, to itself, past the end, beside a record, or past the next one."""
    frame = model.frame
    chains = [held for held in frame.lists.values() if held.form.next is not None and held.elements]
    if not chains:
        return None
    chained = pick(random, chains)
    number = chained.form.next
    row = int(random.random() * len(chained.elements))
    key = chained.elements[row]
    start = frame.starts[key]
    piece = next(piece for piece in frame.pieces if piece.key == key)
    if number is None or piece.record_type is None or number not in piece.record_type.numbers:
        return None
    starts = [frame.starts[element] for element in chained.elements]
    after = starts[row + 1] if row + 1 < len(starts) else len(model.data)
    end = len(model.data)
    options = (
        start,
        starts[0],
        starts[max(0, row - 1)],
        end,
        end + 8,
        end - 1,
        after + 1,
        after + 8,
        0,
        starts[-1],
    )
    value = pick(random, options)
    if value == model.value(start, number) or not number.least <= value <= number.most:
        return None
    population = Population(piece.record_type, (start,), None, (key,))
    return with_value(model, Site(population, 0, start, number), value)
