"""What a reading found, as a list that can be compared with another reading's list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Line = tuple[str, Any]
"""A place, its path without indices, and its value."""


def first_difference(schema: Iterable[Line], interpreter: Iterable[Line]) -> tuple[str, str] | None:
    """The first place where two accounts part: its path, and one line that says both."""
    left, right = list(schema), list(interpreter)
    for (path, one), (other_path, other) in zip(left, right, strict=False):
        if path != other_path:
            return path, f"the schema goes on with {path}, the interpreter with {other_path}"
        if one != other:
            return path, f"{path}: the schema reads {one!r}, the interpreter {other!r}"
    if len(left) == len(right):
        return None
    longer, who = (left, "interpreter") if len(left) > len(right) else (right, "schema")
    path = longer[min(len(left), len(right))][0]
    return path, f"the {who} ends before {path}"
