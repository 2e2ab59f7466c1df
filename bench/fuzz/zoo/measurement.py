"""The measurements of one call of the zoo, in a file that grows with each hunt."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bench.fuzz.zoo.outcome import Hunted


def here() -> str:
    """The interpreter and the machine."""
    system = f"{platform.system()} on {platform.machine()}"
    return f"Python {platform.python_version()}, {system}, {os.cpu_count()} cores, shared"


@dataclass(slots=True)
class Measurement:
    """Hunts of one call.

    Attributes:
        words: The arguments of the command.
        on: The day.
        where: The machine.
    """

    words: str
    on: str = field(default_factory=lambda: date.today().isoformat())
    where: str = field(default_factory=here)
    hunts: list[Hunted] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Keep what is there so far."""
        plain = {
            "words": self.words, "on": self.on, "where": self.where,
            "hunts": [one.plain() for one in self.hunts],
        }  # fmt: skip
        new = path.with_suffix(".new")
        new.write_text(json.dumps(plain, indent=1), encoding="utf-8")
        new.replace(path)

    @classmethod
    def read(cls, path: Path) -> Measurement:
        """The measurements of an earlier call."""
        plain = json.loads(path.read_text(encoding="utf-8"))
        hunts = [Hunted(**one) for one in plain.pop("hunts")]
        return cls(**plain, hunts=hunts)


def together(measured: Sequence[Measurement]) -> list[Hunted]:
    """All hunts; of two of one task, that of the later measurement."""
    found = {one.task: one for each in measured for one in each.hunts}
    return list(found.values())
