"""Take files in: which files a command names, and their bytes, never more than the limit."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path

from ccheck.regular_file import MAX_SIZE, TooLarge, read_regular_file

__all__ = ["MAX_SIZE", "STANDARD_INPUT", "NotTaken", "Obstacle", "expand", "take"]


class Obstacle(StrEnum):
    """Why a named file could not be examined at all."""

    UNREADABLE = "unreadable"
    TOO_LARGE = "too large"
    CRASHED = "crashed"


STANDARD_INPUT = "-"


def expand(paths: Sequence[str], exclude: Sequence[str] = ()) -> Iterator[str]:
    """The files that paths name: files as they are, and all files below folders, in order of their names.

    Hidden files and folders (a name that begins with a dot) below a named folder are left out, and those
    whose name or path matches an `exclude` glob; a file that is named itself is always examined. Links to
    folders are not followed. Raises OSError when a named path is not there or a folder cannot be listed.
    """
    for path in paths:
        if path != STANDARD_INPUT:
            os.stat(path)  # noqa: PTH116 - a name that leads nowhere is a mistake, not a file that fails
        if path == STANDARD_INPUT or not Path(path).is_dir():
            yield path
            continue
        for folder, folders, files in os.walk(path, onerror=_unwalkable):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                file = str(Path(folder) / name)
                left_out = any(fnmatchcase(name, glob) or fnmatchcase(file, glob) for glob in exclude)
                if not name.startswith(".") and not left_out:
                    yield file


def _unwalkable(fault: OSError) -> None:
    raise fault


class NotTaken(Exception):
    """A file whose bytes were not taken in. obstacle: of which kind. detail: why, in words."""

    def __init__(self, obstacle: Obstacle, detail: str) -> None:
        super().__init__(detail)
        self.obstacle = obstacle
        self.detail = detail


def take(path: str, limit: int = MAX_SIZE) -> bytes:
    """The bytes of a file; at most one byte more than `limit` is read. Raises NotTaken."""
    try:
        if path == STANDARD_INPUT:
            return _standard_input(limit)
        return read_regular_file(path, limit)
    except TooLarge as fault:
        raise NotTaken(Obstacle.TOO_LARGE, f"it has more than {limit:,} bytes") from fault
    except (OSError, ValueError) as fault:
        detail = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
        raise NotTaken(Obstacle.UNREADABLE, detail) from fault


def _standard_input(limit: int) -> bytes:
    """The bytes of standard input, which may be a pipe. Raises OSError, and TooLarge."""
    # It is None where the process was started with it closed.
    if sys.stdin is None:
        raise OSError(errno.EBADF, "standard input is closed")
    data = sys.stdin.buffer.read(limit + 1)
    if len(data) > limit:
        raise TooLarge("standard input", limit)
    return data
