"""The file lock on a campaign's folder: one campaign works in it at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ccheck_fuzz.campaign.state.records import StateError


@contextmanager
def file_lock(folder: Path) -> Iterator[None]:
    """Lock a campaign's folder against a second campaign; the lock ends with the process.

    Args:
        folder: The folder, which is created if it does not exist.

    Raises:
        StateError: Another campaign has the lock.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = sqlite3.connect(folder / "lock.sqlite", timeout=0, isolation_level=None)
    try:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise StateError(f"another campaign works in {folder}") from None
        yield
    finally:
        lock.close()
