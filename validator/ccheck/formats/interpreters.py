"""Content through the reference interpreter, under each driver build: what would it do with the file?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ccheck.formats.exercise.outcome import Exercise
from ccheck.formats.registry import every, named


class Exercises(Mapping[str, Exercise]):
    """The interpreter of each format that has one, by the schema's name; loaded on use."""

    def __getitem__(self, name: str) -> Exercise:
        known = named(name)
        if known is None or known.exercise is None:
            raise KeyError(name)
        return known.exercise

    def __iter__(self) -> Iterator[str]:
        return (known.name for known in every() if known.interpreter)

    def __len__(self) -> int:
        return sum(1 for _ in self)


EXERCISES = Exercises()
"""The interpreters of all formats."""
