"""The hold on a campaign's folder: one campaign works in it at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ccheck_fuzz.campaign.state.records import StateError


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a campaign's folder, so that no second campaign works in it; the hold ends with the process."""
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
