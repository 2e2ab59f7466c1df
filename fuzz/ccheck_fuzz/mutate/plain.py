"""Mutators that know nothing of records: bytes, the end of the file."""

from __future__ import annotations

import struct
from random import Random
from typing import Literal

from ccheck_fuzz.model import Model
from ccheck_fuzz.mutate.place import Context, pick, row_of
from ccheck_schemas.anatomy import Tie

SECTOR = 512


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
    """A number of one, two, four or eight bytes in what nothing describes, a list of them perhaps: its edges,
    one more or less, another highest bit, or as many as there are.
    """
    frame = model.frame
    dark = [p.key for p in frame.pieces if p.table is None and (p.kind is None or not p.kind.numbers)]
    key = pick(random, dark or [-1])
    start, end = frame.starts.get(key, 0), frame.ends.get(key, 0)
    size = pick(random, (1, 2, 2, 4, 4, 8))
    count = (end - start) // size
    if count < 1:
        return None
    at = start + size * row_of(random, count)
    order: Literal["little", "big"] = "little" if random.random() < 0.5 else "big"
    before = int.from_bytes(model.data[at : at + size], order)
    most = (1 << 8 * size) - 1
    options = (before + 1, before - 1, before ^ most // 2 + 1, 0, most, count, count - 1, count + 1)
    value = pick(random, options) & most
    return None if value == before else model.with_bytes(at, value.to_bytes(size, order))


def zero_at_an_end_filled(model: Model, random: Random, context: Context) -> Model | None:
    """The last byte of a piece, where it is zero: a NUL that ends a text, or padding."""
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
    """A file without its end: cut anywhere, between pieces or fields, or at a sector; its size and checksum
    as they were or made true.
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
    """A file with bytes behind its end; its size and checksum as they were or made true."""
    more = pick(random, (b"\0", bytes(8), b"\xff" * 8, model.data[:64], model.data[-64:]))
    if not more:
        return None
    return _ended(model, model.data + more, sized=random.random() < 0.5)


def _ended(model: Model, data: bytes, *, sized: bool) -> bytes:
    """Another end of the file, with a true size where it is asked for, and a true checksum with it."""
    if not sized:
        return data
    out = bytearray(data)
    for piece in model.frame.pieces:
        for relation in piece.relations:
            at = model.frame.starts[piece.key] + relation.number.delta
            if relation.tie is Tie.SIZE and at + relation.number.packer.size <= len(out):
                relation.number.packer.pack_into(out, at, relation.number.fit(len(out)))
    try:
        return model.seal(out)
    except struct.error:  # the checksum itself was cut off
        return bytes(out)
