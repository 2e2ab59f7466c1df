"""Reads regular files, and nothing else: a pipe, socket or device is an error and is never waited for.

Every path that a user names or a folder contains is read here. The size and the kind are those of the open
descriptor, so that a file that is exchanged after a look is not read as something else.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

MAX_SIZE = 256 << 20
"""Bytes of the largest file that is read, unless the caller says otherwise."""

_CHUNK = 1 << 20
_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
)
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # a pipe without a writer opens at once, and is refused then
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class TooLarge(OSError):
    """A file with more bytes than the caller accepts.

    Attributes:
        limit: The most bytes that are accepted.
    """

    def __init__(self, path: str, limit: int) -> None:
        super().__init__(errno.EFBIG, f"it has more than {limit:,} bytes", path)
        self.limit = limit


def read_regular_file(path: str | Path, limit: int = MAX_SIZE, *, follow_link: bool = True) -> bytes:
    """Returns the bytes of a regular file.

    Args:
        path: the file.
        limit: the most bytes that are read.
        follow_link: whether `path` may be a symbolic link.

    Raises:
        TooLarge: the file has more than `limit` bytes.
        OSError: it cannot be read, or is not a regular file. `strerror` says why, in words for people.
    """
    handle = open_regular_file(path, follow_link=follow_link)
    try:
        return read_descriptor(handle, str(path), limit)
    finally:
        os.close(handle)


def read_regular_text(path: str | Path, limit: int = MAX_SIZE, errors: str = "strict") -> str:
    r"""Returns the text of a regular file in UTF-8, with line ends as `\n`.

    Raises:
        OSError: as `read_regular_file`.
        UnicodeDecodeError: it is not UTF-8.
    """
    text = read_regular_file(path, limit).decode("utf-8", errors)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def open_regular_file(path: str | Path, *, follow_link: bool = True) -> int:
    """Returns a descriptor of a regular file, open for reading; the caller closes it.

    Raises:
        OSError: it cannot be opened, or is not a regular file.
    """
    name = os.fspath(path)
    # Asked before it is opened, because opening a device or a pipe already does something to it.
    _require_regular(os.stat(name, follow_symlinks=follow_link), name)  # noqa: PTH116 - a str is enough
    handle = os.open(name, _FLAGS | (0 if follow_link else getattr(os, "O_NOFOLLOW", 0)))
    try:
        _require_regular(os.fstat(handle), name)
    except BaseException:
        os.close(handle)
        raise
    return handle


def read_descriptor(handle: int, name: str, limit: int) -> bytes:
    """Returns what an open descriptor reads up to its end.

    Raises:
        TooLarge: it has more than `limit` bytes.
        OSError: it cannot be read.
    """
    if os.fstat(handle).st_size > limit:
        raise TooLarge(name, limit)
    # The size is not relied on: the files of /proc have none, and a file may grow.
    parts: list[bytes] = []
    left = limit + 1
    while left > 0 and (part := os.read(handle, min(left, _CHUNK))):
        parts.append(part)
        left -= len(part)
    if left <= 0:
        raise TooLarge(name, limit)
    return b"".join(parts)


def exists_as_special_file(path: str | Path) -> bool:
    """Returns whether a path is neither a regular file nor a folder: reading it may block."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - as above
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _require_regular(info: os.stat_result, name: str) -> None:
    mode = info.st_mode
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
    if stat.S_ISLNK(mode):
        raise OSError(errno.ELOOP, "it is a symbolic link, not a regular file", name)
    kind = next((words for fits, words in _KINDS if fits(mode)), "something else")
    raise OSError(errno.EINVAL, f"it is {kind}, not a regular file", name)
