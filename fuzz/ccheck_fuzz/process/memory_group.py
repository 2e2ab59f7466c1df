"""A control group that limits the memory of a program, if Linux lets this process create one.

The files and their meaning are those of the kernel's Documentation/admin-guide/cgroup-v2.rst. A group can
limit memory if its parent lists the controller in ``cgroup.subtree_control``. No group but the root may do
so and contain processes, so the parent is a group above that of this process, whose owner has delegated it:
this process may create groups and move processes there.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
"""Where the unified hierarchy is mounted."""
OWN = Path("/proc/self/cgroup")
"""The groups of this process; that of the unified hierarchy is in the line that begins with ``0::``."""


class MemoryGroup:
    """A group whose processes together use no more than its limit: else the kernel kills them all.

    Attributes:
        folder: The folder of the group.
    """

    def __init__(self, folder: Path, memory: int) -> None:
        """Creates the group.

        Args:
            folder: A new folder in that of a group that controls memory.
            memory: The limit, in bytes.

        Raises:
            OSError: This process may not create it, or it has no limit of memory.
        """
        self.folder = folder
        self._kills = 0
        folder.mkdir()
        try:
            _write(folder / "memory.max", str(memory))
            for name, value in (("memory.swap.max", "0"), ("memory.oom.group", "1")):
                with contextlib.suppress(FileNotFoundError):  # a kernel without swap, or before Linux 4.19
                    _write(folder / name, value)
            self.new_kills()
        except OSError:
            self.remove()
            raise

    def add(self, pid: int) -> None:
        """Move a process, and what it starts from now on, into the group.

        Raises:
            OSError: This process may not move it.
        """
        _write(self.folder / "cgroup.procs", str(pid))

    def new_kills(self) -> int:
        """Returns how many processes were killed because memory ran out, since the last call."""
        events = (self.folder / "memory.events").read_text(encoding="ascii")
        kills = sum(int(line.split()[1]) for line in events.splitlines() if line.startswith("oom_kill "))
        before, self._kills = self._kills, kills
        return kills - before

    def remove(self) -> None:
        """Remove the group, if none of its processes is left."""
        with contextlib.suppress(OSError):
            self.folder.rmdir()


def make_memory_group(memory: int) -> MemoryGroup | None:
    """Returns a group that limits memory, or None if this process cannot have one.

    Args:
        memory: The limit, in bytes.
    """
    parent = _parent()
    if parent is None:
        return None
    try:
        return MemoryGroup(parent / f"ccheck-{os.getpid()}-{secrets.token_hex(4)}", memory)
    except OSError:
        return None


def _parent() -> Path | None:
    """Returns the nearest group that gives memory to its children and lets this process make some."""
    try:
        lines = OWN.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        own = next(line.removeprefix("0::/") for line in lines if line.startswith("0::/"))
        if ".." in Path(own).parts:  # outside the namespace of this process
            return None
        for folder in (ROOT / own, *(ROOT / own).parents):
            if not folder.is_relative_to(ROOT):
                break
            given = (folder / "cgroup.subtree_control").read_text(encoding="ascii").split()
            ours = all(os.access(one, os.W_OK) for one in (folder, folder / "cgroup.procs"))
            if "memory" in given and ours:
                return folder
    except (OSError, StopIteration):
        pass
    return None


def _write(path: Path, value: str) -> None:
    """Write to a file of the kernel's, without creating it."""
    handle = os.open(path, os.O_WRONLY)
    try:
        os.write(handle, value.encode())
    finally:
        os.close(handle)
