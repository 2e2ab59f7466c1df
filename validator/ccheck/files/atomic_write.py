"""Files that appear whole or not at all, and that one process at a time writes."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ccheck.files.regular_file import exists_as_special_file


class Busy(Exception):
    """Another process works on the same file."""


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file so that whatever happens, it is the old one or the new one.

    Its mode is that of the user's own file which it replaces, or what the umask leaves of 0666, as for any
    file that a program creates. A symbolic link is replaced itself: its target is not written to.

    Raises:
        OSError: it cannot be written, or `path` is a device, pipe or socket. It names the file.
    """
    part: Path | None = None
    try:
        _require_place(path)
        part, handle = _new_part(path)
        with open(handle, "wb") as file:  # noqa: PTH123 - an open descriptor
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _sync_folder(path.parent)
    except BaseException as fault:
        if part is not None:
            part.unlink(missing_ok=True)
        if isinstance(fault, OSError):
            raise OSError(fault.errno, fault.strerror, str(path)) from fault
        raise


def _require_place(path: Path) -> None:
    """Checks that a file can be written at a path.

    Raises:
        OSError: It cannot.
    """
    folder = path.parent.resolve()
    # /dev/stdout is a link to whatever standard output is, a file perhaps: it is not to be replaced.
    streams = folder.is_relative_to("/proc") or (
        folder.is_relative_to("/dev") and not folder.is_relative_to("/dev/shm")  # noqa: S108 - it holds files
    )
    if streams or exists_as_special_file(path):
        raise OSError(errno.EINVAL, "it is a device, pipe or socket, not a regular file")


def _new_part(path: Path) -> tuple[Path, int]:
    """The name and descriptor of a new hidden file beside `path`, with the mode that `path` is to have."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    part = path.with_name(f".ccheck-{os.urandom(8).hex()}")
    handle = os.open(part, flags, 0o666)
    if hasattr(os, "fchmod"):
        with suppress(OSError):  # there is none yet
            before = path.lstat()
            if stat.S_ISREG(before.st_mode) and before.st_uid == os.geteuid():
                os.fchmod(handle, stat.S_IMODE(before.st_mode) & 0o777)
    return part, handle


def _sync_folder(folder: Path) -> None:
    """Sync the new name to disk too, if a system lets folders be opened."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Lock a file against other processes of ccheck, by `.NAME.lock` beside it, which exists for as long.

    The lock ends with the process, however it ends; a lock that a killed process left blocks nobody.

    The package filelock does not promise this: it leaves its file, and without flock it locks by the
    existence of the file, which outlives a killed process.

    Raises:
        Busy: Another process has the lock.
        OSError: Nothing can be written beside the file.
    """
    lock = path.with_name(f".{path.name}.lock")
    handle = _locked(lock, path)
    try:
        yield
    finally:
        # Removed while it is still locked: a process that opened it meanwhile notices that it is gone.
        if sys.platform != "win32":
            lock.unlink(missing_ok=True)
        os.close(handle)


if sys.platform == "win32":

    def _locked(lock: Path, path: Path) -> int:
        """Windows removes the file with its handle, also where the process is killed."""
        try:
            return os.open(lock, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_TEMPORARY)
        except (FileExistsError, PermissionError):
            raise Busy(f"another ccheck works on {path}") from None

else:
    import fcntl

    def _locked(lock: Path, path: Path) -> int:
        while True:
            handle = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _same(handle, lock):
                    return handle
            except BlockingIOError:
                os.close(handle)
                raise Busy(f"another ccheck works on {path}") from None
            except BaseException:
                os.close(handle)
                raise
            # The previous owner has removed it since: this one locks nothing any more.
            os.close(handle)

    def _same(handle: int, lock: Path) -> bool:
        try:
            return os.path.samestat(os.fstat(handle), lock.stat(follow_symlinks=False))
        except FileNotFoundError:
            return False
