"""Mutators that know nothing of records: bytes, the end of the file."""

from __future__ import annotations

import struct
from collections import Counter
from itertools import pairwise
from random import Random
from typing import Literal

from ccheck_fuzz.model import Model
from ccheck_fuzz.mutate.place import Context, numbers_of, pick, row_of
from ccheck_schemas.model import Derivation, Piece, Role

SECTOR = 512
MOST_WORDS = 4096
"""Numbers of one list that are searched for rare values."""
STANDING_OUT = 0.3
"""How often one of those is taken."""
BITS = 0.4
"""How often a word is changed at one bit: words have fields of a few bits."""
COUNTS = frozenset({Role.COUNT, Role.LENGTH, Role.BOUNDED, Role.PLAIN})


def byte_changed(model: Model, random: Random, context: Context) -> Model | None:
    """One byte, and the checksum after it."""
    return _changed(model, random, sealed=True)


def byte_changed_unsealed(model: Model, random: Random, context: Context) -> Model | None:
    """One byte; the checksum stays as it was."""
    return _changed(model, random, sealed=False)


def _changed(model: Model, random: Random, *, sealed: bool) -> Model | None:
    if not model.data:
        return None
    at = int(random.random() * len(model.data))
    before = model.data[at]
    value = pick(
        random, (before ^ 1 << int(random.random() * 8), before + 1 & 255, before - 1 & 255, 0, 255, 128)
    )
    if value == before:
        value ^= 1 << int(random.random() * 8)
    made = model.with_bytes(at, bytes([value]), sealed=sealed)
    return None if made.data == model.data else made  # the checksum itself, made true again


def word_changed(model: Model, random: Random, context: Context) -> Model | None:
    """A number of one, two, four or eight bytes, perhaps in a list, in unexplained bytes.

    It becomes one of its bounds, loses or gains a bit, grows or shrinks by one at a bit or as a whole, or
    becomes another number of the list, or an offset in it.
    """
    frame = model.frame
    counted = _counted(model)
    if counted and random.random() < 0.7:
        start, count, size = pick(random, counted)
        order = _order(model)
    else:
        dark = [
            p.key
            for p in frame.pieces
            if p.table is None and (p.record_type is None or not p.record_type.numbers)
        ]
        key = pick(random, dark or [-1])
        start, end = frame.starts.get(key, 0), frame.ends.get(key, 0)
        size = pick(random, (1, 2, 2, 4, 4, 8))
        count = (end - start) // size
        order = "little" if random.random() < 0.5 else "big"
    if count < 1:
        return None
    if random.random() < STANDING_OUT:
        row = _standing_out(model, random, start, size, min(count, MOST_WORDS))
    else:
        row = row_of(random, count)
    before, other = (
        int.from_bytes(model.data[at : at + size], order)
        for at in (start + size * row, start + size * int(random.random() * count))
    )
    most = (1 << 8 * size) - 1
    bit = 1 << int(random.random() * 8 * size)
    near = (before ^ bit, before ^ bit, before + bit, before - bit)
    options = (
        before + 1, before - 1, before ^ most // 2 + 1, 0, most, count, count - 1, count + 1, other,
        other + 1, row, int(random.random() * count),
    )  # fmt: skip
    value = pick(random, near if random.random() < BITS else options) & most
    return None if value == before else model.with_bytes(start + size * row, value.to_bytes(size, order))


def _standing_out(model: Model, random: Random, start: int, size: int, count: int) -> int:
    """Returns one of some numbers, each value alike, so that rare values are found among frequent ones."""
    return pick(
        random, [*{model.data[start + size * i : start + size * (i + 1)]: i for i in range(count)}.values()]
    )


def _counted(model: Model) -> list[tuple[int, int, int]]:
    """Unexplained lists of numbers after a count: their start, how many numbers, and the bytes of each."""
    found = []
    before: Piece | None = None
    for piece in model.frame.pieces:
        size = model.frame.ends[piece.key] - model.frame.starts[piece.key]
        plain = piece.table is None and (piece.record_type is None or not piece.record_type.numbers)
        if (
            before is not None
            and before.record_type is not None
            and plain
            and size
            and before.path == piece.path
        ):
            counts = numbers_of(before.record_type, COUNTS)
            said = (model.value(model.frame.starts[before.key], number) for number in counts)
            start = model.frame.starts[piece.key]
            found += [(start, n, size // n) for n in said if n > 0 and size in (2 * n, 4 * n, 8 * n)]
        before = piece
    return found


def _order(model: Model) -> Literal["little", "big"]:
    """Returns the order of the bytes in most numbers of a file."""
    orders = Counter(
        number.packer.format[:1]
        for population in model.frame.populations
        for number in population.kind.numbers
        if isinstance(number.packer, struct.Struct) and number.packer.size > 1
    )
    return "big" if orders[">"] > orders["<"] else "little"


def padding_filled(model: Model, random: Random, context: Context) -> Model | None:
    """A byte of alignment padding between two pieces."""
    frame = model.frame
    edges = [(frame.starts[piece.key], frame.ends[piece.key]) for piece in frame.pieces]
    gaps = [at for (_, end), (start, _) in pairwise(edges) for at in range(end, min(start, end + 64))]
    return model.with_bytes(pick(random, gaps), bytes([pick(random, (1, 0x41, 0xFF))])) if gaps else None


def zero_at_an_end_filled(model: Model, random: Random, context: Context) -> Model | None:
    """The last byte of a piece, if it is zero: a NUL that ends a text, or padding."""
    data = model.data
    frame = model.frame
    chance = random.random()
    if chance < 0.2 or not frame.starts:
        at = len(data) - 1
    else:
        at = pick(random, [*(frame.ends if chance < 0.6 else frame.starts).values()]) - 1
    if not 0 <= at < len(data) or data[at]:
        return None
    return model.with_bytes(at, bytes([pick(random, (1, 0x41, 0xFF))]))


def file_truncated(model: Model, random: Random, context: Context) -> bytes | None:
    """A truncated file: cut anywhere, between pieces or fields, or at a sector.

    Its size and checksum stay or are fixed up.
    """
    data = model.data
    if len(data) < 2:
        return None
    chance = random.random()
    if chance < 0.5:
        at = int(random.random() * len(data))
    elif chance < 0.7:
        at = pick(random, [*model.frame.starts.values()])
    elif chance < 0.9 and model.frame.populations:
        population = pick(random, model.frame.populations)
        number = pick(random, population.kind.numbers or [None])
        at = pick(random, population.starts) + (0 if number is None else number.delta)
    else:
        at = pick(random, (1, len(data) - 1, len(data) // 2, len(data) // SECTOR * SECTOR))
    at = min(at, len(data) - 1)
    return _ended(model, data[:at], sized=random.random() < 0.5)


def sector_torn(model: Model, random: Random, context: Context) -> bytes | None:
    """Zeros from a sector on, as a disk leaves a file whose writing was cut short; the checksum as it was."""
    sectors = len(model.data) // SECTOR
    if not sectors:
        return None
    at = SECTOR * (1 + int(random.random() * sectors))
    return None if at >= len(model.data) else model.data[:at] + bytes(len(model.data) - at)


def bytes_trailing(model: Model, random: Random, context: Context) -> bytes | None:
    """A file with trailing bytes; its size and checksum stay or are fixed up."""
    more = pick(random, (b"\0", bytes(8), b"\xff" * 8, model.data[:64], model.data[-64:]))
    if not more:
        return None
    return _ended(model, model.data + more, sized=random.random() < 0.5)


def _ended(model: Model, data: bytes, *, sized: bool) -> bytes:
    """Returns another end of the file, with its size fixed up if requested, and then its checksum."""
    if not sized:
        return data
    out = bytearray(data)
    for piece in model.frame.pieces:
        for relation in piece.relations:
            at = model.frame.starts[piece.key] + relation.number.delta
            if relation.derivation is Derivation.SIZE and at + relation.number.packer.size <= len(out):
                relation.number.packer.pack_into(out, at, relation.number.fit(len(out)))
    try:
        return model.seal(out)
    except struct.error:  # the checksum itself was cut off
        return bytes(out)
