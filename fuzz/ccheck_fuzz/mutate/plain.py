"""Mutators that know nothing of records: bytes, the end of the file."""

from __future__ import annotations

import struct
from random import Random

from ccheck_fuzz.model import Model
from ccheck_fuzz.mutate.place import Context, pick
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


def file_truncated(model: Model, random: Random, context: Context) -> bytes | None:
    """A file without its end: cut anywhere, between pieces or at a sector; its size and checksum as they were
    or made true.
    """
    data = model.data
    if len(data) < 2:
        return None
    chance = random.random()
    if chance < 0.5:
        at = int(random.random() * len(data))
    elif chance < 0.8:
        at = pick(random, [*model.frame.starts.values()])
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
