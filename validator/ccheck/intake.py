"""Take files in: which files a command names, and their bytes, never more than the limit."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from ccheck.subject import Obstacle, Setting, Subject

MAX_SIZE = 256 << 20
"""Bytes of the largest file that is examined, unless the user says otherwise."""

STANDARD_INPUT = "-"


def expand(paths: Sequence[str], exclude: Sequence[str] = ()) -> Iterator[str]:
    """The files that paths name: files as they are, and all files below folders, in order of their names.

    Hidden files and folders (a name that begins with a dot) below a named folder are left out, and those
    whose name or path matches an `exclude` glob; a file that is named itself is always examined. Links to
    folders are not followed.
    """
    for path in paths:
        if path == STANDARD_INPUT or not os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where a folder may not be searched
            yield path
            continue
        for folder, folders, files in os.walk(path, onerror=_unwalkable):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                file = str(Path(folder) / name)
                if not name.startswith(".") and not any(
                    fnmatchcase(name, g) or fnmatchcase(file, g) for g in exclude
                ):
                    yield file


def _unwalkable(fault: OSError) -> None:
    raise fault


def take(path: str, limit: int, setting: Setting) -> bytes | Subject:
    """The bytes of a file, or the subject that says why there are none. Reads at most one byte more than
    `limit`.
    """
    name = Path(path).name
    try:
        if path == STANDARD_INPUT:
            data = sys.stdin.buffer.read(limit + 1)
        else:
            mode = os.stat(path).st_mode  # noqa: PTH116 - a path such as `-x` or one with odd bytes stays as it is
            if stat.S_ISDIR(mode):
                return Subject(name, b"", setting, obstacle=Obstacle.UNREADABLE, detail="it is a folder")
            with open(path, "rb") as file:  # noqa: PTH123
                data = file.read(limit + 1)
    except (OSError, ValueError) as fault:
        detail = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
        return Subject(name, b"", setting, obstacle=Obstacle.UNREADABLE, detail=detail)
    if len(data) > limit:
        detail = f"it has more than {limit:,} bytes"
        return Subject(name, b"", setting, obstacle=Obstacle.TOO_LARGE, detail=detail)
    return data
