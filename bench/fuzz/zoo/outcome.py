"""The result of one hunt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Hunted:
    """One hunt.

    Attributes:
        budget: The CPU-seconds that it had.
        seconds: CPU time of its process, from the first run on.
        oracle: The oracle that reported; empty if nothing was found.
        died: How the process ended if it gave no answer.
    """

    plant: str
    format: str
    searcher: str
    seed: int
    budget: float
    runs: int
    seconds: float
    oracle: str = ""
    what: str = ""
    signature: tuple[str, ...] = ()
    data: bytes = b""
    died: str = ""

    @property
    def found(self) -> bool:
        """Whether the fault was found."""
        return bool(self.oracle)

    @property
    def task(self) -> tuple[str, str, str, int]:
        """Its task: the bug, the format, the searcher, the seed."""
        return (self.plant, self.format, self.searcher, self.seed)

    @property
    def spent(self) -> float:
        """CPU-seconds to the bug; the whole budget if it was not found."""
        return self.seconds if self.found else self.budget

    def not_planted(self) -> Hunted:
        """The same as a miss: the finding is there without the fault, too."""
        return replace(self, oracle="", died=f"found what was not planted: {self.what}")

    def line(self) -> str:
        """One line for the screen."""
        said = f"{self.oracle}: {self.what}" if self.found else self.died or "nothing found"
        return (
            f"{self.plant:32} {self.searcher:10} {self.seed} {self.runs:>9,} runs {self.seconds:7.2f} s  "
            f"{said[:120]}"
        )

    def plain(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "plant": self.plant, "format": self.format, "searcher": self.searcher, "seed": self.seed,
            "budget": self.budget, "runs": self.runs, "seconds": round(self.seconds, 3),
            "oracle": self.oracle, "what": self.what, "died": self.died,
        }  # fmt: skip
