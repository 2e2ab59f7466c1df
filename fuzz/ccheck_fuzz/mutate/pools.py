"""Mutators of pools: all offsets and lengths refer to true items, but the pool is not canonical.

From then on its items are pinned, and new ones are appended.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from ccheck_fuzz.model import Draft, Model
from ccheck_fuzz.mutate.place import Context, Site, chosen, pick, with_value
from ccheck_schemas.model import Derivation, Payload, Pinned, Refs

UNUSED = (b"\0", b"unused\0", bytes(8))


class _Name(NamedTuple):
    """A row of a table that names an item.

    Attributes:
        form: Which of its pairs of numbers names it.
    """

    key: int
    row: int
    form: int
    spot: Pinned


class _Pool(NamedTuple):
    """A pool whose items are pinned: the draft, its piece, start and bytes, and the rows that name items."""

    draft: Draft
    piece: int
    start: int
    raw: bytes
    names: tuple[_Name, ...]

    def point(self, name: _Name, spot: Pinned) -> None:
        """Let a row name another item."""
        table = self.draft.tables[name.key]
        refs: Refs = (*table.refs[name.row][: name.form], spot, *table.refs[name.row][name.form + 1 :])
        self.draft.put(name.key, name.row, self.draft.cut(name.key, name.row).raw, refs)


def _pool(model: Model, random: Random) -> _Pool | None:
    """Returns a canonical pool, pinned; None if the file has none that rows name items of."""
    frame = model.frame
    here = [piece.pool for piece in frame.pieces if piece.pool is not None]
    regions = [region for region in here if region in frame.canonical and here.count(region) == 1]
    if not regions:
        return None
    region = pick(random, regions)
    draft = Draft(model)
    piece = draft.pin(region)
    names = tuple(
        _Name(key, row, form, ref)
        for key, table in draft.tables.items()
        for row, refs in enumerate(table.refs)
        for form, ref in enumerate(refs[: len(table.kind.pooled)])
        if isinstance(ref, Pinned) and table.kind.pooled[form].region == region
    )
    start, end = frame.starts[piece], frame.ends[piece]
    return _Pool(draft, piece, start, model.data[start:end], names) if names else None


def pool_bytes_unused(model: Model, random: Random, context: Context) -> Model | None:
    """Bytes at the end of a pool that nobody names."""
    pool = _pool(model, random)
    if pool is None:
        return None
    pool.draft.set_text(pool.piece, pool.raw + pick(random, UNUSED))
    return pool.draft.build()


def pool_item_repeated(model: Model, random: Random, context: Context) -> Model | None:
    """An item that its pool contains twice, once for one row that shares it and once for the others."""
    pool = _pool(model, random)
    if pool is None:
        return None
    deltas = [name.spot.delta for name in pool.names]
    shared = [name for name in pool.names if deltas.count(name.spot.delta) > 1]
    name = pick(random, shared or list(pool.names))
    payload = name.spot.payload
    pad = -(pool.start + len(pool.raw)) % payload.align
    pool.draft.set_text(pool.piece, pool.raw + bytes(pad) + payload.content + bytes(payload.behind))
    pool.point(name, Pinned(len(pool.raw) + pad, payload))
    return pool.draft.build()


def pool_items_swapped(model: Model, random: Random, context: Context) -> Model | None:
    """Two neighbouring items of a pool in each other's place, out of the order of first use."""
    pool = _pool(model, random)
    if pool is None:
        return None
    items = sorted({name.spot.delta: name.spot.payload for name in pool.names}.items())
    if len(items) < 2:
        return None
    at = int(random.random() * (len(items) - 1))
    (first, one), (second, two) = items[at : at + 2]
    end = second + len(two.content) + two.behind
    out = bytearray()
    moved: dict[int, int] = {}
    for old, payload in ((second, two), (first, one)):
        out += bytes(-(pool.start + first + len(out)) % payload.align)
        moved[old] = first + len(out)
        out += payload.content + bytes(payload.behind)
    if first + len(out) > end:
        return None  # they need more padding this way round, and what follows would move
    raw = pool.raw[:first] + bytes(out) + bytes(end - first - len(out)) + pool.raw[end:]
    pool.draft.set_text(pool.piece, raw)
    for name in pool.names:
        if name.spot.delta in moved:
            pool.point(name, Pinned(moved[name.spot.delta], name.spot.payload))
    return pool.draft.build()


def pool_items_overlapping(model: Model, random: Random, context: Context) -> Model | None:
    """An item that lies inside another: the end of its text, read as a text of its own."""
    pool = _pool(model, random)
    if pool is None:
        return None
    name, host = pick(random, pool.names), pick(random, pool.names).spot
    step = max(1, host.payload.align)
    if len(host.payload.content) <= step:
        return None
    at = step * int(1 + random.random() * ((len(host.payload.content) - 1) // step))
    inner: Payload = host.payload._replace(content=host.payload.content[at:])
    pool.point(name, Pinned(host.delta + at, inner))
    return pool.draft.build()


def item_past_the_pool(model: Model, random: Random, context: Context) -> Model | None:
    """A pool with too large a length, and an item that ends after the file."""
    frame = model.frame
    pools = {piece.key for piece in frame.pieces if piece.pool is not None}
    derived = [
        (holder, row, relation.number)
        for holder in frame.populations
        if holder.table is None
        for row, key in enumerate(holder.keys)
        for relation in frame.piece(key).relations
        if relation.derivation is Derivation.BYTES and relation.target in pools
    ]
    named = [p for p in frame.populations if p.table is not None and p.kind.pooled]
    if not derived or not named:
        return None
    holder, holding, count = pick(random, derived)
    population, row = chosen(named, random, context)
    form = pick(random, population.kind.pooled)
    start, end = population.starts[row], len(model.data)
    offset, length = model.value(start, form.offset), model.value(start, form.length)
    if not length:
        return None
    if random.random() < 0.5:
        number, value = form.length, end - offset + pick(random, (0, 1, 8))
    else:
        number, value = form.offset, end - int(random.random() * length)
    if not number.least <= value <= number.most:
        return None
    place = Site(holder, holding, holder.starts[holding], count)
    longer = count.fit(model.value(place.start, count) + pick(random, (16, 64, 4096)))
    return with_value(with_value(model, place, longer), Site(population, row, start, number), value)
