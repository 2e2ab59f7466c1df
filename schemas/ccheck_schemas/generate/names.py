"""Names that the parts of a generated module share."""

from __future__ import annotations

from typing import Any

from ccheck_schemas import meaning as m


def start_of(table: str) -> str:
    """The variable of a table's offset; -1 where the file has none."""
    return f"t_{table}"


def count_of(table: str) -> str:
    """The variable of a table's number of rows."""
    return f"n_{table}"


def pool_of(region: str) -> str:
    """The variable of a pool's offset; -1 where the file has none. `_end`, `_items` and `_aligned` go with
    it.
    """
    return f"p_{region}"


def behind(item: Any) -> int:
    """Bytes of the NUL that follows an item without being counted."""
    return item.unit if isinstance(item, m.Text) and item.terminator == "behind" else 0
