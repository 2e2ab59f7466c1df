"""A place in a file: bytes, and the name of the field that has them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of a file and the field that has them.

    Attributes:
        offset: Bytes from the start of the file.
        length: Bytes; 0 for bytes that are missing.
        path: The field as users write it, ``instances[1].criteria[20].field_index``; empty for the whole
            file.
    """

    offset: int
    length: int
    path: str

    @property
    def end(self) -> int:
        """The offset after the last byte."""
        return self.offset + self.length
