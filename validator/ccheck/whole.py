"""Files that appear whole or not at all, and that one process at a time writes."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Busy(Exception):
    """Another process works on the same file."""


def write_whole(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file so that whatever happens, there is the old one or the new one. Raises OSError, which names
    the file.
    """
    try:
        _write(path, data, mode)
    except OSError as fault:
        raise OSError(fault.errno, fault.strerror, str(path)) from fault


def _write(path: Path, data: bytes, mode: int) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    part = Path(name)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - an open descriptor
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(mode)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name last too, where a system lets folders be opened."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a file against other processes of ccheck, by `.NAME.lock` beside it, which is there for as long.

    The hold ends with the process, however it ends; a lock that a killed process left holds nobody up. Raises
    Busy at once where another holds it, and OSError where nothing can be written beside it.
    """
    lock = path.with_name(f".{path.name}.lock")
    handle = _locked(lock, path)
    try:
        yield
    finally:
        # Removed while it is still held: who opened it meanwhile notices that it is gone.
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
            # Who held it has removed it since: this one locks nothing any more.
            os.close(handle)

    def _same(handle: int, lock: Path) -> bool:
        try:
            return os.path.samestat(os.fstat(handle), lock.stat(follow_symlinks=False))
        except FileNotFoundError:
            return False
