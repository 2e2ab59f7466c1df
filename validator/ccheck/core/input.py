"""Read input: which files a command names, and their bytes, never more than the limit."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path

from ccheck.core.finding import LeftOut
from ccheck.files.regular_file import MAX_SIZE, TooLarge, read_regular_file

__all__ = ["MAX_SIZE", "STANDARD_INPUT", "InputError", "InputProblem", "Listing", "list_files", "read_input"]


class InputProblem(StrEnum):
    """Why a named file could not be examined at all."""

    UNREADABLE = "unreadable"
    TOO_LARGE = "too large"
    CRASHED = "crashed"


STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Listing:
    """The files that a command names.

    Attributes:
        left_out: What is left out below folders.
        empty: The named folders below which nothing is examined, although no glob left anything out.
    """

    files: tuple[str, ...]
    left_out: LeftOut
    empty: tuple[str, ...] = ()


def list_files(paths: Sequence[str], exclude: Sequence[str] = ()) -> Listing:
    """Returns the files that paths name: files as they are, and all files below folders, in order of names.

    Hidden files and folders (a name that begins with a dot) below a named folder are left out, and those
    whose name or path matches an `exclude` glob; a file that is named itself is always examined. Links to
    folders are not followed. What is left out is counted.

    Raises:
        OSError: a named path is not there, or a folder cannot be listed.
    """
    found: list[str] = []
    empty: list[str] = []
    hidden_files = hidden_folders = linked_folders = excluded = 0
    for path in paths:
        before = len(found) + excluded
        if path != STANDARD_INPUT:
            os.lstat(path)  # a name that is not there is a mistake; a link that leads nowhere is a finding
        if path == STANDARD_INPUT or not Path(path).is_dir():
            found.append(path)
            continue
        for folder, folders, files in os.walk(path, onerror=_unwalkable):
            hidden = [name for name in folders if name.startswith(".")]
            linked = [name for name in folders if name not in hidden and Path(folder, name).is_symlink()]
            hidden_folders += len(hidden)
            linked_folders += len(linked)
            folders[:] = sorted(set(folders).difference(hidden, linked))
            for name in sorted(files):
                file = str(Path(folder) / name)
                if name.startswith("."):
                    hidden_files += 1
                elif any(fnmatchcase(name, glob) or fnmatchcase(file, glob) for glob in exclude):
                    excluded += 1
                else:
                    # Below the folder "." a file may be called as standard input is.
                    is_dash = file == STANDARD_INPUT
                    found.append(os.path.join(os.curdir, file) if is_dash else file)  # noqa: PTH118 - as text
        if len(found) + excluded == before:
            empty.append(path)
    left_out = LeftOut(hidden_files, hidden_folders, linked_folders, excluded)
    return Listing(tuple(found), left_out, tuple(empty))


def _unwalkable(fault: OSError) -> None:
    raise fault


class InputError(Exception):
    """A file whose bytes could not be read.

    Attributes:
        problem: The kind of reason.
        detail: The reason in words.
    """

    def __init__(self, problem: InputProblem, detail: str) -> None:
        super().__init__(detail)
        self.problem = problem
        self.detail = detail

    def __reduce__(self) -> tuple[type[InputError], tuple[InputProblem, str]]:
        """Pickle it with both arguments, for worker processes."""
        return InputError, (self.problem, self.detail)


def read_input(path: str | Path, limit: int = MAX_SIZE) -> bytes:
    """Returns the bytes of a file; at most one byte more than `limit` is read.

    Only the text ``-`` is standard input: a `Path` drops the dot of ``./-``, and is always a file.

    Raises:
        InputError: The file cannot be read, or has more than `limit` bytes.
    """
    try:
        if path == STANDARD_INPUT:
            return _standard_input(limit)
        return read_regular_file(path, limit)
    except TooLarge as fault:
        raise InputError(InputProblem.TOO_LARGE, f"it has more than {limit:,} bytes") from fault
    except (OSError, ValueError) as fault:
        detail = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
        raise InputError(InputProblem.UNREADABLE, detail) from fault


def _standard_input(limit: int) -> bytes:
    """The bytes of standard input, which may be a pipe.

    Raises:
        OSError: It cannot be read.
        TooLarge: It has more than `limit` bytes.
    """
    # It is None where the process was started with it closed.
    if sys.stdin is None:
        raise OSError(errno.EBADF, "standard input is closed")
    data = sys.stdin.buffer.read(limit + 1)
    if len(data) > limit:
        raise TooLarge("standard input", limit)
    return data
