"""Files that are nearly good: bytes changed at random, the same for the same random numbers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache

import construct

from ccheck_schemas.layout.lint import layout_of
from ccheck_schemas.model.fix_up import fix_up
from ccheck_schemas.read import read

_layout_of = lru_cache(maxsize=16)(layout_of)

EDGES = (0, 1, 2, 3, 4, 7, 20, 128, 255)
"""Values that bytes are given, besides those beside their own and offsets within the file."""


def edited(
    rng: random.Random,
    seeds: Sequence[bytes],
    *,
    root: construct.Construct | None = None,
    most: int = 3,
    first: int = 0,
    cut: float = 0.0,
    grown: float = 0.0,
    sealed: float = 1.0,
) -> bytes:
    """Returns one of some files with up to `most` bytes changed.

    Args:
        rng: Random numbers.
        seeds: The files; an empty one counts as a zero byte.
        root: The schema that sizes and checksums are made true by; without it they are left as they are.
        most: Bytes that are changed, at most.
        first: The offset from which on bytes are changed.
        cut: How often the file is cut somewhere.
        grown: How often zero bytes are added.
        sealed: How often sizes and checksums are made true.
    """
    data = bytearray(rng.choice(seeds) or b"\0")
    for _ in range(rng.randint(1, most)):
        at = rng.randrange(first, len(data))
        beside = (data[at] ^ 1, (data[at] + 1) % 256, (data[at] - 1) % 256, rng.randrange(len(data)) % 256)
        data[at] = rng.choice((*EDGES, *beside))
    if rng.random() < cut:
        del data[rng.randrange(len(data)) :]
    if rng.random() < grown:
        data += bytes(rng.randint(1, 9))
    made = bytes(data)
    return fix_up(made, read(_layout_of(root), made)) if root is not None and rng.random() < sealed else made
