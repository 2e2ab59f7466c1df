"""The files of a release, each read once: what every stage looks at, whatever happens to the disk."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from ccheck.core.input import MAX_SIZE
from ccheck.files.regular_file import TooLarge, read_regular_file
from ccheck.release.gate.result import ContentFile

MOST_BYTES = 1 << 30
"""Bytes of a whole release, which is kept in memory."""


class ReleaseError(Exception):
    """A release that is not taken in: a link, two files of one name, a file that cannot be read."""


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """One file of a release.

    Attributes:
        data: Its bytes, as they were read once.
    """

    identity: ContentFile
    data: bytes

    @property
    def base(self) -> str:
        """The base name, which some checks compare with the content."""
        return self.identity.name.rpartition("/")[2]


def read_release(
    paths: Sequence[str], exclude: Sequence[str] = (), max_size: int = MAX_SIZE
) -> tuple[ReleaseFile, ...]:
    """All files that the paths name, by name.

    Below a folder every file belongs to the release, hidden ones too, except those whose name or path
    matches an `exclude` glob. A name is the path below the folder that was named. Links are refused, because
    their targets can change without the release being touched.

    Raises:
        ReleaseError: A file cannot be read, or the release is too large.
    """
    found: dict[str, ReleaseFile] = {}
    left = MOST_BYTES
    for name, path in _named(paths, exclude):
        if name in found:
            raise ReleaseError(
                f"{path} and {found[name].identity.path} are both called {name} in the release"
            )
        found[name] = _read(name, path, min(max_size, left))
        left -= found[name].identity.size
    return tuple(found[name] for name in sorted(found))


def _named(paths: Sequence[str], exclude: Sequence[str]) -> Iterator[tuple[str, Path]]:
    for given in paths:
        top = Path(given)
        _refuse_link(top)
        if not top.is_dir():
            yield top.name, top
            continue
        for folder, folders, files in os.walk(top, onerror=_unwalkable):
            folders.sort()
            for name in folders:
                _refuse_link(Path(folder) / name)
            for name in sorted(files):
                path = Path(folder) / name
                if not any(fnmatchcase(name, glob) or fnmatchcase(str(path), glob) for glob in exclude):
                    yield path.relative_to(top).as_posix(), path


def _refuse_link(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except (OSError, ValueError) as fault:
        raise ReleaseError(f"{path}: {_words(fault)}") from fault
    if stat.S_ISLNK(mode):
        raise ReleaseError(f"{path} is a symbolic link: a release holds the files themselves")


def _unwalkable(fault: OSError) -> None:
    raise ReleaseError(f"{fault.filename}: {fault.strerror}") from fault


def _read(name: str, path: Path, limit: int) -> ReleaseFile:
    _refuse_link(path)
    try:
        # A file that became a link after it was looked at is refused all the same.
        data = read_regular_file(path, limit, follow_link=False)
    except TooLarge as fault:
        raise ReleaseError(f"{path} has more than the {limit:,} bytes that may still be taken") from fault
    except (OSError, ValueError) as fault:
        raise ReleaseError(f"{path}: {_words(fault)}") from fault
    return ReleaseFile(ContentFile(name, str(path), len(data), hashlib.sha256(data).hexdigest()), data)


def _words(fault: OSError | ValueError) -> str:
    return fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
