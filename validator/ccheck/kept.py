"""Code that was made once and is kept for the next run: the user's cache folder, and when it is trusted.

What is kept is run, so that it is as trusted as ccheck itself. It is read only where nobody but the user and
root can have written it: each folder from the root on belongs to one of the two and is writable by no others
(or is sticky, as /tmp is, where others cannot exchange what is not theirs), the last one and the file are the
user's own and writable by nobody else, and the file is a regular one under one name. All of it is asked of
open descriptors, so that nothing can be exchanged between the look and the reading. What was read must name
its key and have its digest. Everything else is as if nothing were kept.

It is a convenience: whatever goes wrong, nothing is kept, and nothing is said. Where trust cannot be told, as
on Windows, nothing is kept at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
import time
from collections.abc import Iterator

SWITCH = "CCHECK_NO_CACHE"
"""The environment variable that, set to anything but nothing, has nothing kept and nothing read."""

MOST = 64
"""Entries that are kept: the newest."""

LARGEST = 4 << 20
"""Bytes of an entry, at most."""

ABANDONED = 3600
"""Seconds after which a file that was not written to its end is removed."""

_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_PART = "."
_FOLDER = (
    os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
)


def recall(key: str) -> str | None:
    """The code that was kept under a key, a hexadecimal digest; None where there is none to be trusted."""
    if not _possible():
        return None
    try:
        with _folder(make=False) as folder:
            raw = _read(folder, key)
    except OSError:
        return None
    head, _, body = raw.partition(b"\n")
    if head != _head(key, body):
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def keep(key: str, code: str) -> None:
    """Keep code under a key, whole or not at all."""
    body = code.encode()
    if not _possible() or len(body) > LARGEST // 2:
        return
    with contextlib.suppress(OSError), _folder(make=True) as folder:
        _write(folder, key, _head(key, body) + b"\n" + body)
        _tidy(folder)


def _possible() -> bool:
    """Whether this system says who owns and may write what."""
    return os.name == "posix" and hasattr(os, "O_NOFOLLOW") and not os.environ.get(SWITCH)


def _head(key: str, body: bytes) -> bytes:
    return f"# ccheck {key} {hashlib.sha256(body).hexdigest()}".encode()


def _place() -> tuple[str, tuple[str, ...]]:
    """The folder that must be there, and those below it that are made. Raises OSError where none is named."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    if not named.startswith("/"):  # the XDG specification: a relative one is ignored
        home = os.environ.get("HOME", "")
        if not home.startswith("/"):
            raise FileNotFoundError("no home folder is named")
        named = f"{home}/Library/Caches" if sys.platform == "darwin" else f"{home}/.cache"
    # Links on the way are the user's own business: what is trusted is where they lead.
    above, last = os.path.split(os.path.realpath(named))
    return above, tuple(filter(None, (last, "ccheck", "code")))


@contextlib.contextmanager
def _folder(*, make: bool) -> Iterator[int]:
    """A descriptor of the folder of entries, which nobody else can have written into. Raises OSError."""
    above, below = _place()
    there = [name for name in above.split("/") if name]
    folder = os.open("/", _FOLDER)
    try:
        for position, name in enumerate((*there, *below)):
            _trust(os.fstat(folder))
            try:
                inner = os.open(name, _FOLDER, dir_fd=folder)
            except FileNotFoundError:
                if not make or position < len(there):
                    raise
                with contextlib.suppress(FileExistsError):  # of a process that makes it just now
                    os.mkdir(name, 0o700, dir_fd=folder)
                inner = os.open(name, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        _trust_own(os.fstat(folder))
        yield folder
    finally:
        os.close(folder)


def _trust(info: os.stat_result) -> None:
    """Raise PermissionError where others may exchange what lies in a folder."""
    sticky = info.st_mode & stat.S_ISVTX
    if info.st_uid not in (0, os.geteuid()) or (info.st_mode & _OTHERS and not sticky):
        raise PermissionError("others may write there")


def _trust_own(info: os.stat_result) -> None:
    """Raise PermissionError where something is not the user's own, or others may write it."""
    if info.st_uid != os.geteuid() or info.st_mode & _OTHERS:
        raise PermissionError("others may have written it")


def _read(folder: int, name: str) -> bytes:
    """The bytes of an entry. Raises OSError, also where it is not to be trusted."""
    # Not waiting for who writes: a pipe is no regular file, and is refused below.
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with open(handle, "rb") as file:  # noqa: PTH123 - an open descriptor
        info = os.fstat(handle)
        _trust_own(info)
        if not stat.S_ISREG(info.st_mode) or info.st_nlink != 1 or info.st_size > LARGEST:
            raise PermissionError("it is not a file of ccheck's")
        return file.read(LARGEST)


def _write(folder: int, name: str, data: bytes) -> None:
    """Write an entry, so that there is a whole one or none. Raises OSError."""
    part = f"{_PART}{name}.{os.getpid()}.{os.urandom(8).hex()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(part, flags, 0o600, dir_fd=folder)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - an open descriptor
            file.write(data)
            file.flush()
            os.fsync(handle)
        os.rename(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part, dir_fd=folder)
        raise


def _tidy(folder: int) -> None:
    """Remove all but the newest entries, and what was not written to its end long ago."""
    ages: list[tuple[float, str]] = []
    for name in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):  # another process tidies as well
            ages.append((os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime, name))
    old = time.time() - ABANDONED
    whole = sorted(((age, name) for age, name in ages if not name.startswith(_PART)), reverse=True)
    parts = [(age, name) for age, name in ages if name.startswith(_PART) and age < old]
    for _, name in (*whole[MOST:], *parts):
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=folder)
