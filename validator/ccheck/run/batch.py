"""Judge many files, in the order in which they were named: in this process, or on several when it pays."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from ccheck.core.finding import FileReport
from ccheck.run.chunks import BYTES, FILES, size_of
from ccheck.run.interrupts import Interrupts

if TYPE_CHECKING:
    from ccheck.judging.context import ValidationContext

ENOUGH = 256
"""Files for which workers are started: they start in the time in which one process judges some 200 good files
of 40 KB.
"""


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def examine(
    files: Sequence[str],
    prepare: Callable[[], ValidationContext],
    validation: ValidationContext,
    jobs: int,
    interrupts: Interrupts,
    tick: Callable[[], None] = lambda: None,
    data: Mapping[int, bytes] = MappingProxyType({}),
) -> Generator[tuple[int, FileReport], None, None]:
    """Judge `files`, in order.

    Code that is not ccheck's own may end the process that runs it, or never end: it runs in worker processes,
    whatever `jobs` is, and each file has a limit of time.

    Args:
        files: Their names.
        prepare: Creates `validation` again in a worker process. It must be picklable.
        validation: What the files are judged by.
        jobs: Worker processes, at most. 1 judges in this process, as does any number for so few files that
            starting workers costs more than it saves.
        interrupts: Where Ctrl-C is noted.
        tick: Called often, also while nothing is ready.
        data: The bytes of files that were read before, by position.

    Yields:
        The position and report of each file. A file whose examination raises an exception, ends the worker
        process, or takes longer than `validation.file_timeout` there, fails with `examination-crashed`.

    Raises:
        KeyboardInterrupt: after the reports of those later files that were judged already.
        PreparationFailed: a worker cannot create `validation`.
    """
    many = jobs > 1 and worth_workers(files)
    position = 0
    if not many:
        for position, file in enumerate(files):
            with interrupts.heeded():
                tick()
                report = (
                    validation.passed(file, data.get(position))
                    if validation.isolated
                    else validation.report(file, data.get(position))
                )
            if report is None:
                break
            yield position, report
        else:
            return
    from ccheck.run.workers import Workers

    most = jobs if many else 1
    # Where few files are judged in one worker, each is reported as soon as it is judged. Where it may have to
    # be ended, it is known which file it is at.
    chunk = FILES if many and not validation.isolated else 1
    workers = Workers(files, prepare, validation, most, interrupts, tick, data, start=position, chunk=chunk)
    yield from workers.reports()


def worth_workers(files: Sequence[str]) -> bool:
    """Returns whether there are `ENOUGH` files, or bytes for two full chunks."""
    if len(files) >= ENOUGH:
        return True
    return len(files) > 1 and sum(map(size_of, files)) >= 2 * BYTES
