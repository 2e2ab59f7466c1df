"""Values of two readers in one plain form, so that they can be sent between processes and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Value = Any
"""None for what is absent; else a pair of a kind and its content: `int` and `str` as they are, `float` and
`bytes` as hexadecimal text, `list`, `record` as a mapping; `unknown` and `error` with a reason."""

MOST = 400_000
"""Values of one file, at most."""
DEEPEST = 200
"""Records and lists inside each other, at most."""


class Budget:
    """How many values may still be read."""

    def __init__(self) -> None:
        self.left = MOST


def plain(
    value: object,
    parts: Callable[[object], Mapping[str, Any] | Sequence[Any] | None],
    budget: Budget,
    depth: int = 0,
) -> Value:
    """A value in the plain form.

    Args:
        value: The value of a reader.
        parts: Gives the fields of its records and the elements of its lists.
        budget: How many values may be read.
        depth: How deep the value is.
    """
    budget.left -= 1
    if value is None:
        return None
    if budget.left < 0 or depth > DEEPEST:
        return ["unknown", f"more than {MOST:,} values, or more than {DEEPEST} deep"]
    if isinstance(value, int):  # and Booleans, and members of an enumeration
        return ["int", int(value)]
    if isinstance(value, float):
        return ["float", value.hex()]
    if isinstance(value, bytes | bytearray):
        return ["bytes", bytes(value).hex()]
    if isinstance(value, str):
        return ["str", value]
    inside = parts(value)
    if isinstance(inside, Mapping):
        return ["record", {name: plain(one, parts, budget, depth + 1) for name, one in inside.items()}]
    if inside is not None:
        return ["list", [plain(one, parts, budget, depth + 1) for one in inside]]
    return ["unknown", f"a value of the type {type(value).__name__}"]
