"""The signal that the bytes end before the schema does."""

from __future__ import annotations


class Cut(Exception):
    """The bytes end here: the reader gives this record up and continues with its parent if it can."""
