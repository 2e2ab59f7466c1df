"""Names that the parts of a generated module share."""

from __future__ import annotations


def start_of(table: str) -> str:
    """Returns the variable of a table's offset, which is -1 if the file has no such table."""
    return f"t_{table}"


def count_of(table: str) -> str:
    """Returns the variable of a table's number of rows."""
    return f"n_{table}"


def pool_of(region: str) -> str:
    """Returns the variable of a pool's offset: -1 if the file has none. `_end` goes with it."""
    return f"p_{region}"
