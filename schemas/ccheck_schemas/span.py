"""Places in a file: which bytes a value came from, and what its specification calls it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of a file and their name.

    offset: bytes from the start of the file. length: bytes; 0 blames bytes that are missing.
    path: the field as users write it, ``instances[1].criteria[20].field_index``; empty for the whole file.
    """

    offset: int
    length: int
    path: str

    @property
    def end(self) -> int:
        """The offset behind the last byte."""
        return self.offset + self.length
