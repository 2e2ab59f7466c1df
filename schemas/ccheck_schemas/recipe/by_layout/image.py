"""The bytes of a recipe: runs at their offsets, which may overlap only where they agree."""

from __future__ import annotations

from dataclasses import dataclass, field

from ccheck_schemas.schema import RecipeError

MOST = 1 << 26
"""Bytes of padding that the numbers of a recipe may ask for together, and the last offset of a record."""


@dataclass(slots=True, eq=False)
class Run:
    """Bytes that follow each other.

    Attributes:
        path: The record that begins them.
        base: The offset of the first.
        data: The bytes.
        weak: Places, in `data`, of bytes that give way to those of another run.
    """

    path: str
    base: int = 0
    data: bytearray = field(default_factory=bytearray)
    weak: list[tuple[int, int]] = field(default_factory=list)

    @property
    def at(self) -> int:
        """The offset of the next byte."""
        return self.base + len(self.data)

    def give_way(self, raw: bytes) -> None:
        """Appends bytes that give way to those of another run."""
        if raw:
            self.weak.append((len(self.data), len(self.data) + len(raw)))
            self.data += raw


@dataclass(frozen=True, slots=True)
class Image:
    """A file.

    Attributes:
        data: Its bytes.
        owned: For each byte, whether a run insists on it.
    """

    data: bytearray
    owned: bytearray


def image_of(runs: list[Run]) -> Image:
    """Returns the file that runs make.

    Raises:
        RecipeError: Two of them have different bytes for one place.
    """
    size = max((run.at for run in runs), default=0)
    data, owned = bytearray(size), bytearray(size)
    for run in runs:
        at = 0
        for start, end in [*run.weak, (len(run.data), len(run.data))]:
            if at < start:
                _insist(data, owned, run, at, start)
            place = slice(run.base + start, run.base + end)
            if not any(owned[place]):
                data[place] = run.data[start:end]
            else:
                for i in range(start, end):
                    if not owned[run.base + i]:
                        data[run.base + i] = run.data[i]
            at = end
    return Image(data, owned)


def _insist(data: bytearray, owned: bytearray, run: Run, start: int, end: int) -> None:
    place = slice(run.base + start, run.base + end)
    if any(owned[place]):
        for i in range(start, end):
            at = run.base + i
            if owned[at] and data[at] != run.data[i]:
                here = f"it has {run.data[i]:02x} at offset {at:#x}, where another field has {data[at]:02x}"
                fix = "make both the same, move one, or leave out the key of the one that is read there too"
                raise RecipeError(run.path, f"{here}: {fix}")
    data[place] = run.data[start:end]
    owned[place] = b"\1" * (end - start)
