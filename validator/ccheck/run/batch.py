"""Judge many files, in the order in which they were named: in this process, or on several when it pays."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from ccheck.core.finding import FileReport
from ccheck.core.intake import STANDARD_INPUT
from ccheck.run.interrupts import Interrupts

if TYPE_CHECKING:
    from ccheck.judging.judgement import Judgement

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
    data: Mapping[int, bytes] = MappingProxyType({}),
) -> Generator[tuple[int, FileReport], None, None]:
    """Judge `files`, in order.

    Code that is not ccheck's own may end the process that runs it: it runs in worker processes, whatever
    `jobs` is.

    Args:
        files: Their names.
        prepare: Makes `judgement` again in a worker process. It must be picklable.
        judgement: What the files are judged by.
        jobs: Worker processes, at most. 1 judges in this process, as does any number for so few files that
            starting workers costs more than it brings.
        interrupts: Where Ctrl-C is noted.
        tick: Called often, also while nothing is ready.
        data: The bytes of files that were read before, by position.

    Yields:
        The position and report of each file. A file whose examination raises an exception, or ends the worker
        process, fails with `examination-crashed`.

    Raises:
        KeyboardInterrupt: after the reports of those later files that were judged already.
        PreparationFailed: a worker cannot make `judgement`.
    """
    many = jobs > 1 and worth_workers(files)
    position = 0
    if not many:
        for position, file in enumerate(files):
            with interrupts.heeded():
                tick()
                report = (
                    judgement.passed(file, data.get(position))
                    if judgement.isolated
                    else judgement.report(file, data.get(position))
                )
            if report is None:
                break
            yield position, report
        else:
            return
    from ccheck.run.workers import Workers

    # Where few files are judged in one worker, each is reported as soon as it is judged.
    chunk, most = (FILES, jobs) if many else (1, 1)
    workers = Workers(files, prepare, judgement, most, interrupts, tick, data, start=position, chunk=chunk)
    yield from workers.reports()


def worth_workers(files: Sequence[str]) -> bool:
    """Whether there are `ENOUGH` files, or bytes for two full chunks."""
    if len(files) >= ENOUGH:
        return True
    return len(files) > 1 and sum(map(_size, files)) >= 2 * BYTES


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
        size += _size(file)
        if position + 1 - first == most or size >= BYTES:
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
