"""The heartbeat of one worker: what it did last stays readable however its process ends.

A file that is mapped into memory has the figures of the worker and the input of its current run.
Writing it costs less than a microsecond, and the pages outlive the process.
"""

from __future__ import annotations

import mmap
import struct
import time
from dataclasses import dataclass
from pathlib import Path

_FIGURES = struct.Struct("<QdQQQQQdQ")
_READER = struct.Struct("<Q")
_INPUT = struct.Struct("<I")
_SIZE = _FIGURES.size + _INPUT.size
MOST_INPUT = 1 << 20
"""Bytes of an input that are kept; a longer one is cut, and says so by its length."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The last state that a worker wrote.

    Attributes:
        runs: The runs begun so far.
        begun: When the last one began (`time.monotonic`, one clock for all processes of a machine), 0.0
            between runs.
        features: The features reached so far.
        corpus: The inputs kept so far.
        refused: Runs whose content the validator refused.
        stable: Inputs that reached the same when run again.
        replayed: Inputs that were run again.
        cpu: The seconds of CPU time of the process.
        reader: The number of the user's interpreter that runs, from 1, or 0 for none.
        input: The input of the current run, or of the last one.
    """

    runs: int
    begun: float
    features: int
    corpus: int
    refused: int
    stable: int
    replayed: int
    cpu: float
    reader: int
    input: bytes


class HeartbeatWriter:
    """The worker's side."""

    def __init__(self, path: Path) -> None:
        """Make the file anew."""
        with path.open("wb") as out:
            out.truncate(_SIZE + MOST_INPUT)
        with path.open("r+b") as made:
            self._map = mmap.mmap(made.fileno(), _SIZE + MOST_INPUT)
        self.runs = 0
        self.features = 0
        self.corpus = 0
        self.refused = 0
        self.stable = 0
        self.replayed = 0

    def begin(self, data: bytes) -> None:
        """A run begins with this input."""
        self.runs += 1
        kept = data[:MOST_INPUT]
        _INPUT.pack_into(self._map, _FIGURES.size, len(data))
        self._map[_SIZE : _SIZE + len(kept)] = kept
        self._write(time.monotonic())

    def enter(self, reader: int) -> None:
        """An interpreter of the user's begins to run, by its number; 0: it has ended."""
        _READER.pack_into(self._map, _FIGURES.size - _READER.size, reader)

    def end(self) -> None:
        """The run is over."""
        self._write(0.0)

    def _write(self, begun: float) -> None:
        _FIGURES.pack_into(
            self._map, 0, self.runs, begun, self.features, self.corpus, self.refused, self.stable,
            self.replayed, time.process_time(), 0,
        )  # fmt: skip


def read_heartbeat(path: Path) -> Heartbeat | None:
    """Returns the heartbeat in a file, or None if there is none yet."""
    try:
        raw = path.read_bytes()
    except OSError:
        return None
    if len(raw) < _SIZE:
        return None
    *figures, cpu, reader = _FIGURES.unpack_from(raw)
    (length,) = _INPUT.unpack_from(raw, _FIGURES.size)
    runs, begun, features, corpus, refused, stable, replayed = figures
    data = raw[_SIZE : _SIZE + min(length, MOST_INPUT)]
    return Heartbeat(runs, begun, features, corpus, refused, stable, replayed, cpu, reader, data)
