"""The corpus folder that engines share: inputs as files, added by rename, taken in once."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


class Shared:
    """One engine's view of the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: set[str] = set()

    def add(self, data: bytes) -> bool:
        """Add an input; whether it is new to this view. A reader never sees half of it."""
        name = hashlib.sha256(data).hexdigest()
        if name in self._known:
            return False
        self._known.add(name)
        path = self._folder / name
        if path.exists():
            return False
        part = self._folder / f".{name}.{os.getpid()}"
        part.write_bytes(data)
        part.replace(path)
        return True

    def news(self) -> list[bytes]:
        """Returns the inputs that others added since the last time, in the order of their names."""
        found = []
        for path in sorted(self._folder.iterdir()):
            if path.name in self._known or path.name.startswith("."):
                continue
            self._known.add(path.name)
            try:
                found.append(path.read_bytes())
            except OSError:  # retired while we looked
                continue
        return found
