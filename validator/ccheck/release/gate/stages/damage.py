"""What a crash, a bad disk or a rollback leaves of a file while it is replaced."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

SECTOR = 512
"""Bytes that a disk writes at once, or not at all."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """One file that may be found on a disk.

    Attributes:
        kind: `zero`, `empty`, `truncated`, `mixed`, `stale` or `renamed`.
        what: The damage, in words.
        name: Its base name.
        data: Its bytes.
    """

    kind: str
    what: str
    name: str
    data: bytes


def damages(new: bytes, name: str, old: bytes | None, blocks: tuple[int, ...] = ()) -> Iterator[Damaged]:
    """Everything that may be found, the likeliest first.

    Args:
        new: The bytes of the new file.
        name: Its base name.
        old: The file that is replaced.
        blocks: Offsets of the parts of the new file; it is cut there, at each sector, in the middle, and
            before its last byte.
    """
    yield Damaged("zero", "all zero", name, bytes(len(new)))
    yield Damaged("empty", "no bytes", name, b"")
    if old is not None:
        yield Damaged("stale", "the old file, under the new name", name, old)
    other = _renamed(name)
    if other is not None:
        yield Damaged("renamed", f"renamed to {other}", other, new)
    for at in sorted({*range(SECTOR, len(new), SECTOR), len(new) // 2, len(new) - 1, *blocks}):
        if 0 < at < len(new):
            yield Damaged("truncated", f"truncated at {at:#x}", name, new[:at])
            yield Damaged("zero", f"all zero from {at:#x}", name, new[:at] + bytes(len(new) - at))
            yield Damaged("zero", f"all zero before {at:#x}", name, bytes(at) + new[at:])
    if old is not None:
        yield from _mixed(new, name, old)


def _mixed(new: bytes, name: str, old: bytes) -> Iterator[Damaged]:
    for at in range(0, max(len(new), len(old)), SECTOR):
        end = at + SECTOR
        if at:
            yield Damaged("mixed", f"new before {at:#x}, old from there", name, new[:at] + old[at:])
            yield Damaged("mixed", f"old before {at:#x}, new from there", name, old[:at] + new[at:])
        yield Damaged(
            "mixed", f"new, with the old sector at {at:#x}", name, new[:at] + old[at:end] + new[end:]
        )


def _renamed(name: str) -> str | None:
    """The name of another channel or part: its first number, one more. None if a name has no number."""
    found = re.search(r"[0-9]+", name)
    if found is None:
        return None
    other = str(int(found[0]) + 1).zfill(len(found[0]))
    return name[: found.start()] + other + name[found.end() :]
