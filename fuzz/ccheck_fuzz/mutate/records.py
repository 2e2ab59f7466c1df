"""Mutators of records: dropped, doubled, moved, spliced. Sizes, counts, offsets and checksums follow."""

from __future__ import annotations

from random import Random

from ccheck_fuzz.model import Draft, Model
from ccheck_fuzz.model.draft import Branch
from ccheck_fuzz.mutate.place import Context, chosen, numbers_of, pick, row_of
from ccheck_schemas.model import Chained, Payload, Role

ENUM = frozenset({Role.ENUM})
FLAGS = frozenset({Role.FLAGS})
MOST_ADDED = 64
MOST_COPIES = 130
"""Records that one mutation adds at most."""


def record_dropped(model: Model, random: Random, context: Context) -> Model | None:
    """A record less, with all that belongs to it."""
    found = _place(model, random, 1)
    if found is None:
        return None
    draft = Draft(model)
    key, number = found
    if key in model.frame.tables:
        draft.drop(key, number)
    else:
        draft.prune(key, number)
    return draft.build()


def record_doubled(model: Model, random: Random, context: Context) -> Model | None:
    """A record twice, the copy after the original or at the end."""
    found = _place(model, random, 1)
    if found is None:
        return None
    key, number = found
    draft = Draft(model)
    if key in model.frame.tables:
        cutting = draft.cut(key, number)
        draft.plant(key, number + 1, cutting)
    else:
        chained = draft.lists[key]
        draft.graft(key, number + 1, draft.branch(chained, number))
    return draft.build()


def records_swapped(model: Model, random: Random, context: Context) -> Model | None:
    """Two records in each other's place: neighbours, or, in a table, any two."""
    found = _place(model, random, 2)
    if found is None:
        return None
    key, number = found
    draft = Draft(model)
    if key in model.frame.tables:
        count = len(model.frame.tables[key].refs)
        other = number + 1 if number + 1 < count and random.random() < 0.5 else int(random.random() * count)
        if other == number:
            return None
        draft.swap(key, number, other)
    else:
        if number + 1 >= _movable(model.frame.lists[key]):
            return None
        draft.exchange(key, number)
    return draft.build()


def record_moved(model: Model, random: Random, context: Context) -> Model | None:
    """A row that goes from the record that took it to another that takes rows of the same table."""
    sharings = [
        sharing for sharing in model.frame.sharings if len(sharing.runs) > 1 and sum(sharing.runs) > 0
    ]
    if not sharings:
        return None
    sharing = pick(random, sharings)
    row = int(random.random() * sum(sharing.runs))
    draft = Draft(model)
    cutting = draft.cut(sharing.taken, row)
    old = sharing.owner(row)
    draft.drop(sharing.taken, row)
    owner = int(random.random() * len(sharing.runs))
    if owner == old:
        owner = (owner + 1) % len(sharing.runs)
    after = next(s for s in draft.sharings if s.taken == sharing.taken)
    at = after.first(owner) + int(random.random() * (after.runs[owner] + 1))
    draft.plant(sharing.taken, at, cutting, owner)
    return draft.build()


def record_spliced(model: Model, random: Random, context: Context) -> Model | None:
    """A record of another seed, with its texts and with what belongs to it."""
    if not context.others:
        return None
    return spliced(model, pick(random, context.others), random)


def spliced(model: Model, other: Model, random: Random) -> Model | None:
    """Returns a file with a record of `other` in a list of the same kind, sometimes in place of another."""
    frame = model.frame
    here = {table.kind: key for key, table in frame.tables.items()}
    options: list[tuple[int, int, bool]] = []
    for key, table in other.frame.tables.items():
        if table.kind in here and table.refs:
            options.append((here[table.kind], key, True))
    forms = {chained.form: key for key, chained in frame.lists.items()}
    for key, chained in other.frame.lists.items():
        if chained.form in forms and _movable(chained):
            options.append((forms[chained.form], key, False))
    if not options:
        return None
    target, source, rows = pick(random, options)
    draft, donor = Draft(model), Draft(other)
    if rows:
        cutting = donor.cut(source, int(random.random() * len(other.frame.tables[source].refs))).detached()
        count = len(frame.tables[target].refs)
        at = int(random.random() * (count + 1))
        owner = None
        if at < count and random.random() < 0.3:
            taker = next((s for s in draft.sharings if s.taken == target), None)
            owner = None if taker is None else taker.owner(at)
            draft.drop(target, at)
        draft.plant(target, at, cutting, owner)
    else:
        chained = other.frame.lists[source]
        branch: Branch = donor.branch(chained, int(random.random() * _movable(chained)))
        draft.graft(target, int(random.random() * (_movable(frame.lists[target]) + 1)), branch)
    return draft.build()


def kind_transplanted(model: Model, random: Random, context: Context) -> Model | None:
    """A row turned into another kind: kind, texts and flags of a sibling, its own name kept."""
    options = [p for p in model.frame.populations if p.table is not None and len(p.starts) > 1]
    options = [p for p in options if numbers_of(p.kind, ENUM)]
    # Kinds with texts are where most depends on the kind.
    options += [p for p in options if p.kind.pooled]
    if not options:
        return None
    population, row = chosen(options, random, context)
    key, kind = population.table, population.kind
    if key is None:
        return None
    number = pick(random, numbers_of(kind, ENUM))
    before = model.value(population.starts[row], number)
    siblings = [i for i, start in enumerate(population.starts) if model.value(start, number) != before]
    if not siblings:
        return None
    sibling = pick(random, siblings)
    draft = Draft(model)
    own, other = draft.cut(key, row), draft.cut(key, sibling)
    raw = bytearray(other.raw)
    keep = {share.first for share in kind.shares} | {share.count for share in kind.shares}
    for held in kind.numbers:
        plain = held.role in (Role.PLAIN, Role.BOUNDED)
        if held in keep or (plain and random.random() < 0.9):
            end = held.delta + held.packer.size
            raw[held.delta : end] = own.raw[held.delta : end]
    draft.put(key, row, bytes(raw), other.refs)
    return draft.build()


def kind_furnished(model: Model, random: Random, context: Context) -> Model | None:
    """A row of another kind, sometimes with another flag or a new text: a wildcard that now compares."""
    options = [
        p
        for p in model.frame.populations
        if p.table is not None and p.kind.pooled and numbers_of(p.kind, ENUM)
    ]
    if not options:
        return None
    population, row = chosen(options, random, context)
    key, kind = population.table, population.kind
    if key is None:
        return None
    draft = Draft(model)
    own = draft.cut(key, row)
    raw = bytearray(own.raw)
    refs = list(own.refs)
    form = int(random.random() * len(kind.pooled))
    kinds = numbers_of(kind, ENUM)
    # Where nothing was named, nothing that the kinds say of it can be right yet.
    every = random.random() < (0.3 if refs[form] is not None else 0.8)
    for number in kinds if every else (pick(random, kinds),):
        number.packer.pack_into(raw, number.delta, pick(random, number.values))
    flags = numbers_of(kind, FLAGS)
    if flags and random.random() < 0.25:
        number = pick(random, flags)
        number.packer.pack_into(raw, number.delta, pick(random, (0, *number.values)))
    if refs[form] is None or random.random() < 0.5:
        known = [r[form] for t in model.frame.tables.values() if t.kind is kind for r in t.refs if r[form]]
        refs[form] = pick(random, known) if known and random.random() < 0.5 else _fresh(random, context)
    elif kind.pooled[form].optional:
        refs[form] = None
        for number in (kind.pooled[form].offset, kind.pooled[form].length):
            number.packer.pack_into(raw, number.delta, 0)
    draft.put(key, row, bytes(raw), tuple(refs))
    return draft.build()


def _fresh(random: Random, context: Context) -> Payload:
    """Returns a text, or one to three integers, mostly in ascending order, as ranges and lists have them."""
    if random.random() < 0.4:
        return Payload(pick(random, context.interesting.texts).encode(), 1, 1)
    words = [
        pick(random, context.interesting.numbers) & (1 << 64) - 1 for _ in range(pick(random, (1, 2, 2, 3)))
    ]
    if random.random() < 0.7:
        words.sort()
    return Payload(b"".join(word.to_bytes(8, "little") for word in words), 8)


def list_of_interesting_length(model: Model, random: Random, context: Context) -> Model | None:
    """A table, list or run with as many rows as something else has: an arity, a bound, one more or less."""
    frame = model.frame
    sharings = [sharing for sharing in frame.sharings if any(sharing.runs)]
    wanted = pick(random, context.interesting.small)
    draft = Draft(model)
    lists = [(key, n) for key, chained in frame.lists.items() if (n := _movable(chained))]
    if lists and random.random() < (0.2 if frame.tables else 0.8):
        key, count = pick(random, lists)
        row = row_of(random, count)
        if not 0 < wanted <= MOST_COPIES:
            return None
        for _ in range(wanted):
            draft.graft(key, row + 1, draft.branch(draft.lists[key], row))
        return draft.build()
    if sharings and random.random() < 0.7:
        sharing = pick(random, sharings)
        owner = pick(random, [i for i, run in enumerate(sharing.runs) if run])
        key, first, count = sharing.taken, sharing.first(owner), sharing.runs[owner]
    else:
        tables = [key for key, table in frame.tables.items() if table.refs]
        if not tables:
            return None
        key, first, owner = pick(random, tables), 0, None
        count = len(frame.tables[key].refs)
        if any(sharing.taken == key for sharing in frame.sharings):
            return None
    if count == wanted or wanted < 1 or wanted - count > MOST_ADDED:
        return None
    for _ in range(count - wanted):
        draft.drop(key, first + wanted)
    if wanted > count:
        cutting = draft.cut(key, first + count - 1)
        for i in range(wanted - count):
            draft.plant(key, first + count + i, cutting, owner)
    return draft.build()


def _movable(chained: Chained) -> int:
    """Returns how many elements of a list may move: all, but for one that only ends the chain."""
    if not chained.form.variable:
        return 0
    return max(0, len(chained.elements) - chained.form.closed)


def _place(model: Model, random: Random, least: int) -> tuple[int, int] | None:
    """Returns a record of a table or list with at least `least` movable ones: the key, and its number."""
    frame = model.frame
    options = [(key, len(table.refs)) for key, table in frame.tables.items() if len(table.refs) >= least]
    options += [(key, n) for key, chained in frame.lists.items() if (n := _movable(chained)) >= least]
    if not options:
        return None
    key, count = pick(random, options)
    return key, row_of(random, count)
