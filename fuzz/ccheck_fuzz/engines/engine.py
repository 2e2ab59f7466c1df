"""The interface of an engine, and its task."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Search:
    """The task of an engine.

    Attributes:
        run: Runs one input and returns its coverage features; never raises on a finding.
        mutate: (input, greatest size, seed) → input.
        cross: (input, input, greatest size, seed) → input.
        corpus: The folder that all engines of a campaign share. Each input is a file, named by its SHA-256.
            Engines add files by rename, and read those that others added.
        dictionary: A libFuzzer dictionary.
        seed: The seed of the engine's random numbers.
        until: When to end (`time.monotonic`).
        max_size: Bytes of the largest input.
        report_progress: Called now and then with the numbers of features and of inputs in the corpus.
        stable: Called with whether an input that was run again reached the same.
        runs: The number of runs at most; 0 for no limit.
    """

    run: Callable[[bytes], set[Hashable]]
    mutate: Callable[[bytes, int, int], bytes]
    cross: Callable[[bytes, bytes, int, int], bytes]
    corpus: Path
    dictionary: Path | None
    seed: int
    until: float
    max_size: int
    report_progress: Callable[[int, int], None]
    stable: Callable[[bool], None]
    runs: int = 0


class Engine(Protocol):
    """A way to guide a search by coverage."""

    name: str

    def missing(self) -> str | None:
        """Returns why it cannot work here, or None."""
        ...

    def instrument(self, packages: tuple[str, ...]) -> None:
        """Make ready to see what these packages reach; called before any of them is imported."""
        ...

    def search(self, search: Search) -> None:
        """Search until the time is up. May end the process."""
        ...
