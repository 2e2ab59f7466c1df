"""A test input: a content file and, optionally, events for the drivers, in one string of bytes.

A plain content file is a test input. Events follow it as JSON lines, and then eight bytes: their
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
    """One test input.

    Attributes:
        content: The content file.
        events: Lines of JSON; None for the events that match the content.
    """

    content: bytes
    events: tuple[str, ...] | None = None

    def fit(self, most: int) -> bytes:
        """Packs at most `most` bytes: drops the last events first, and then cuts the content."""
        packed = self.pack()
        events = self.events or ()
        while len(packed) > most and events:
            events = events[:-1]
            packed = Input(self.content, events or None).pack()
        return packed[:most]

    def pack(self) -> bytes:
        """Packs the test input into one string of bytes, as engines want it."""
        if self.events is None:
            return self.content
        lines = "\n".join(self.events).encode("utf-8", "surrogatepass")
        return self.content + lines + _TAIL.pack(len(lines), MARK)


def split(data: bytes) -> Input:
    """Returns the test input in the bytes of an engine; any bytes are one."""
    if data[-4:] != MARK or len(data) < _TAIL.size:
        return Input(data)
    length, _ = _TAIL.unpack_from(data, len(data) - _TAIL.size)
    end = len(data) - _TAIL.size
    if length > end:
        return Input(data)
    return Input(data[: end - length], _lines(data[end - length : end]))


@lru_cache(maxsize=512)
def _lines(raw: bytes) -> tuple[str, ...]:
    """Returns the lines of events; cached, because many inputs have the same events."""
    lines = raw.decode("utf-8", "surrogateescape").split("\n")
    return tuple([line for line in lines if line.strip()])
