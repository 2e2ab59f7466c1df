"""The types of numbers that descriptions have by themselves."""

from __future__ import annotations

import re
from typing import TypeGuard

INTEGERS = {
    f"{sign}{size}{order}": (sign, size)
    for sign in "us"
    for size in (1, 2, 4, 8)
    for order in (("",) if size == 1 else ("", "le", "be"))
}
"""The types of integers: their sign and size in bytes."""

FLOATS = {f"f{size}{order}": size for size in (4, 8) for order in ("", "le", "be")}
"""The types of floating-point numbers: their size in bytes."""

_BITS = re.compile(r"b([1-9][0-9]?)(?:le|be)?", re.ASCII)


def is_integer(said: object) -> TypeGuard[str]:
    """Returns whether a type, which may be anything that YAML has, is one of integers."""
    return isinstance(said, str) and said in INTEGERS


def bit_width(said: object) -> int:
    """Returns how many bits a bit field of a type has; 0 for any other type."""
    match = _BITS.fullmatch(said) if isinstance(said, str) else None
    return 0 if match is None or int(match[1]) > 64 else int(match[1])


def is_number(said: object) -> TypeGuard[str]:
    """Returns whether a type is one of integers or floating-point numbers."""
    return isinstance(said, str) and (said in INTEGERS or said in FLOATS)
