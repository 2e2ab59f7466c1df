"""The files of a run in chunks, each of which a worker process receives at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from ccheck.core.input import STANDARD_INPUT

FILES = 64
"""Files of a full chunk: the work that a worker process is given at once."""

BYTES = 8 << 20
"""Bytes of a full chunk of large files."""

Chunk = range
"""Positions, in the list of all files, of those that are judged together."""


class PreparationFailed(Exception):
    """An exception while a worker process prepared itself to judge.

    Args:
        trace: The traceback in the worker.
    """

    def __init__(self, trace: str) -> None:
        super().__init__(f"a worker process could not prepare to judge:\n\n{trace}")
        self.trace = trace


def chunks(files: Sequence[str], start: int = 0, most: int = FILES) -> Iterator[Chunk]:
    """Cut `files`, from position `start` on, into chunks of `most` files; standard input is one by itself."""
    first, size = start, 0
    for position in range(start, len(files)):
        file = files[position]
        if file == STANDARD_INPUT:
            if first < position:
                yield range(first, position)
            yield range(position, position + 1)
            first, size = position + 1, 0
            continue
        size += size_of(file)
        if position + 1 - first == most or size >= BYTES:
            yield range(first, position + 1)
            first, size = position + 1, 0
    if first < len(files):
        yield range(first, len(files))


def size_of(file: str) -> int:
    """Bytes of a file, 0 when they cannot be known: its examination will say why."""
    try:
        return os.stat(file).st_size  # noqa: PTH116 - asked for every file, and a Path costs more than the answer
    except (OSError, ValueError):
        return 0
