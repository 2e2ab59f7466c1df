"""Judge many files, in the order in which they were named: in this process, or on several when it pays."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING

from ccheck.finding import FileReport
from ccheck.intake import STANDARD_INPUT
from ccheck.interrupts import Interrupts

if TYPE_CHECKING:
    from ccheck.judgement import Judgement

FILES = 64
"""Files of a full chunk: the work that a worker process is given at once."""

ENOUGH = 256
"""Files for which workers are started: they start in the time in which one process judges some 200 good files
of 40 KB.
"""

BYTES = 8 << 20
"""Bytes of a full chunk, where its files are large."""

Chunk = range
"""Positions, in the list of all files, of those that are judged together."""


class PreparationFailed(Exception):
    """An exception while a worker process prepared itself to judge. trace: the traceback in the worker."""

    def __init__(self, trace: str) -> None:
        super().__init__(f"a worker process could not prepare to judge:\n\n{trace}")
        self.trace = trace


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def examine(
    files: Sequence[str],
    prepare: Callable[[], Judgement],
    judgement: Judgement,
    jobs: int,
    interrupts: Interrupts,
    tick: Callable[[], None] = lambda: None,
) -> Generator[tuple[int, FileReport], None, None]:
    """Judge `files`: the position and report of each, in order.

    prepare: makes `judgement` again in a worker process, so it must be picklable, and what it makes need not
    be. jobs: worker processes, at most; 1 judges in this process, as does any number for so few files that
    starting workers costs more than it brings. tick: called often, also while nothing is ready.

    An interrupt raises KeyboardInterrupt, after the reports of those later files that were judged already.
    A file whose examination raises an exception, or ends the worker process, fails with
    `examination-crashed`. Raises PreparationFailed where a worker cannot make `judgement`.
    """
    if jobs > 1 and worth_workers(files):
        from ccheck.workers import Workers

        yield from Workers(files, prepare, judgement, jobs, interrupts, tick).reports()
        return
    for position, file in enumerate(files):
        with interrupts.heeded():
            tick()
            report = judgement.report(file)
        yield position, report


def worth_workers(files: Sequence[str]) -> bool:
    """Whether there are `ENOUGH` files, or bytes for two full chunks."""
    if len(files) >= ENOUGH:
        return True
    return len(files) > 1 and sum(map(_size, files)) >= 2 * BYTES


def chunks(files: Sequence[str]) -> Iterator[Chunk]:
    """Cut `files` into chunks. Standard input is in none of them: only this process can read it."""
    first = size = 0
    for position, file in enumerate(files):
        if file == STANDARD_INPUT:
            if first < position:
                yield range(first, position)
            first, size = position + 1, 0
            continue
        size += _size(file)
        if position + 1 - first == FILES or size >= BYTES:
            yield range(first, position + 1)
            first, size = position + 1, 0
    if first < len(files):
        yield range(first, len(files))


def _size(file: str) -> int:
    """Bytes of a file, 0 when they cannot be known: its examination will say why."""
    try:
        return os.stat(file).st_size  # noqa: PTH116 - asked for every file, and a Path costs more than the answer
    except (OSError, ValueError):
        return 0
