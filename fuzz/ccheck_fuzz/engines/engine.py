"""What an engine is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Search:
    """What an engine is given.

    run: runs one input and gives what it reached; never raises on a finding. mutate: (input, greatest size,
    seed) → input. cross: (input, input, greatest size, seed) → input. instrument: packages whose coverage
    counts. corpus: the folder that all engines of a campaign share: each input is a file, named by its
    SHA-256; engines add files by rename, and take in those of others. dictionary: a libFuzzer dictionary.
    until: when to end (`time.monotonic`). told: called with (features, corpus) now and then. runs: at most
    so many, 0 for no limit.
    """

    run: Callable[[bytes], set[Hashable]]
    mutate: Callable[[bytes, int, int], bytes]
    cross: Callable[[bytes, bytes, int, int], bytes]
    corpus: Path
    dictionary: Path | None
    seed: int
    until: float
    max_size: int
    told: Callable[[int, int], None]
    stable: Callable[[bool], None]
    runs: int = 0


class Engine(Protocol):
    """A way to lead a search by what runs reach."""

    name: str

    def missing(self) -> str | None:
        """Why it cannot work here, or None."""
        ...

    def instrument(self, packages: tuple[str, ...]) -> None:
        """Make ready to see what these packages reach; called before any of them is imported."""
        ...

    def search(self, search: Search) -> None:
        """Search until the time is up. May end the process."""
        ...
