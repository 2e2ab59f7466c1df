"""Standard output and standard error that fail in one known way.

A report that cannot be written is an error of its own, in one line, and never a bug or a pass.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ccheck.files.atomic_write import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed import ReadableBuffer

_FULL = frozenset({errno.ENOSPC, errno.EFBIG, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""Errors of the disk, while every other error says that the wrong place was named."""


class OutputLost(Exception):
    """A report that could not be written to its end. It says where and why, in one line."""


def write_output(path: Path, data: bytes) -> None:
    """Writes an output file that a command requires, whole or not at all.

    Raises:
        OutputLost: the disk does not take it. click.UsageError: it cannot be written there.
    """
    try:
        write_whole(path, data)
    except OSError as fault:
        raise lost_or_misplaced(path, fault) from fault


def refuse_overwriting(output: Path, read: Iterable[str | Path]) -> None:
    """Refuses an output that would replace a file that the command reads.

    Args:
        output: the file to write.
        read: the files that are read, by any of their names.

    Raises:
        click.UsageError: one of them is the output.
    """
    try:
        place = os.stat(output)  # noqa: PTH116 - what links lead to, as below
    except (OSError, ValueError):
        return  # what is not there is no file that is read
    for path in read:
        try:
            same = os.path.samestat(place, os.stat(path))  # noqa: PTH116 - a name may be any text
        except (OSError, ValueError):
            continue
        if same:
            raise click.UsageError(f"{output} would be written over what is read")


def lost_or_misplaced(path: Path, fault: OSError) -> OutputLost | click.UsageError:
    """The exception to raise for an output file that could not be written."""
    words = f"{path} could not be written: {fault.strerror or fault}"
    return OutputLost(words) if fault.errno in _FULL else click.UsageError(words)


def guard_standard_streams() -> None:
    """Makes a failed write to standard output raise `OutputLost`, and to standard error pass silently.

    Nobody could read about the latter. If a stream was closed before the start, nothing else takes its
    descriptor.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free number is given, so that a file which is opened later is not taken for a stream.
            os.open(os.devnull, os.O_RDWR)
            if descriptor == 1:
                sys.stdout = _stream(_Closed("standard output was closed"), None)
            elif descriptor == 2:
                sys.stderr = _stream(_Raw(2, _pass), None)
            continue
        if os.name != "posix":
            continue  # a console of Windows is written to in another way
        if descriptor == 1 and sys.stdout is not None:
            sys.stdout = _stream(_Raw(1, _lose), sys.stdout)
        elif descriptor == 2 and sys.stderr is not None:
            sys.stderr = _stream(_Raw(2, _pass), sys.stderr)


def flush_standard_output() -> None:
    """Writes what is still buffered.

    Raises:
        OutputLost: It cannot be written.
    """
    if sys.stdout is not None:
        sys.stdout.flush()


def _stream(raw: io.RawIOBase, like: io.TextIOBase | object | None) -> io.TextIOWrapper:
    """A text stream over `raw`, as Python would have created it, which escapes what it cannot encode."""
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=getattr(like, "encoding", None) or "utf-8",
        errors="backslashreplace",
        # With PYTHONUNBUFFERED a stream has no buffer instead.
        line_buffering=any(getattr(like, name, False) for name in ("line_buffering", "write_through")),
        write_through=False,
    )


def _lose(fault: OSError) -> None:
    if fault.errno == errno.EPIPE:
        raise OutputLost("standard output was closed before the end of the report") from fault
    raise OutputLost(f"standard output could not be written: {fault.strerror}") from fault


def _pass(fault: OSError) -> None:
    """Ignores the error: it cannot be reported anywhere."""


class _Raw(io.RawIOBase):
    """A descriptor that is written to.

    Args:
        failed: Called with the first error; what follows is dropped.
    """

    def __init__(self, descriptor: int, failed: Callable[[OSError], None]) -> None:
        self._descriptor = descriptor
        self._failed = failed
        self._dead = False

    def writable(self) -> bool:
        """True."""
        return True

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Returns whether it is a terminal."""
        return os.isatty(self._descriptor)

    def write(self, data: ReadableBuffer, /) -> int:
        """Writes some of `data`, and says how many bytes; all of it once the descriptor has failed."""
        size = memoryview(data).nbytes
        while not self._dead:
            try:
                return os.write(self._descriptor, data)
            except BlockingIOError:
                select.select([], [self._descriptor], [])
            except OSError as fault:
                self._dead = True
                self._failed(fault)
        return size


class _Closed(io.RawIOBase):
    """A stream that was closed before the start: the first word written to it is lost."""

    def __init__(self, words: str) -> None:
        self._words = words
        self._dead = False

    def writable(self) -> bool:
        """True."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Raises OutputLost, once."""
        if not self._dead:
            self._dead = True
            raise OutputLost(self._words)
        return memoryview(data).nbytes
