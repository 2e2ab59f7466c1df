"""The input of a run: a content file and, optionally, the events that drivers meet, in one string of bytes.

A plain content file is an input as it stands. Events follow it as JSON lines, and then eight bytes: their
length (u32, little-endian) and the mark ``CCEV``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache

MARK = b"CCEV"
_TAIL = struct.Struct("<I4s")


@dataclass(frozen=True, slots=True)
class Input:
    """content: the file. events: JSON lines, or None for the events that the content itself calls for."""

    content: bytes
    events: tuple[str, ...] | None = None

    def fit(self, most: int) -> bytes:
        """The test input as one string of at most `most` bytes: events that are too many are left out, the last
        first; then content is cut. What is cut anywhere else would be other content.
        """
        packed = self.pack()
        events = self.events or ()
        while len(packed) > most and events:
            events = events[:-1]
            packed = Input(self.content, events or None).pack()
        return packed[:most]

    def pack(self) -> bytes:
        """The test input as one string of bytes, for an engine that knows nothing else."""
        if self.events is None:
            return self.content
        lines = "\n".join(self.events).encode("utf-8", "surrogatepass")
        return self.content + lines + _TAIL.pack(len(lines), MARK)


def split(data: bytes) -> Input:
    """The test input in an engine's bytes; any bytes are one."""
    if data[-4:] != MARK or len(data) < _TAIL.size:
        return Input(data)
    length, _ = _TAIL.unpack_from(data, len(data) - _TAIL.size)
    end = len(data) - _TAIL.size
    if length > end:
        return Input(data)
    return Input(data[: end - length], _lines(data[end - length : end]))


@lru_cache(maxsize=512)
def _lines(raw: bytes) -> tuple[str, ...]:
    """The lines that events stand in; what has the same events is met often."""
    lines = raw.decode("utf-8", "surrogateescape").split("\n")
    return tuple([line for line in lines if line.strip()])
