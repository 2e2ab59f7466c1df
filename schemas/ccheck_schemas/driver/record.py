"""The record of one fact in a driver's binary: 484 bytes of text, alike for any compiler and byte order.

A macro of the header (`ccheck_schemas.driver.header`) puts one beside each call site. It has no pointer, no
padding and no number wider than a byte, so that it needs no relocation, and is found by its magic. It states
everything twice: C computes no checksum of a text at compile time, and a damaged byte makes the two differ.
"""

from __future__ import annotations

from construct import Bytes, Const, Struct

from ccheck_schemas.meaning import Slot
from ccheck_schemas.schema import Schema

MAGIC = b"@(#)ccheck-fact2"
END = b"#ccheck)"
SIZE = 484
DIGITS = 10
"""Digits of a number."""
HIGHEST = 10**DIGITS - 1
NAMES = 40
"""Bytes of the name of a fact or of a build, its NUL included."""
KEYS = 64
"""Bytes of a key, its NUL included."""


def _text(size: int) -> Slot:
    return Slot(size, terminator=b"\0", encoding="ascii")


_STATED = {
    "kind": _text(8),
    "value": Bytes(DIGITS),
    "promised": Bytes(DIGITS),
    "fact": _text(NAMES),
    "key": _text(KEYS),
    "build": _text(NAMES),
    "definitions": _text(56),
}
STATED = tuple(_STATED)
"""The fields that a record states twice; the second time they are called `kind_again` and so on."""

RECORD = Struct(
    "magic" / Const(MAGIC),
    "size" / Const(b"0484"),
    *(name / field for name, field in _STATED.items()),
    *(f"{name}_again" / field for name, field in _STATED.items()),
    "end" / Const(END),
)

SCHEMA = Schema(
    "ccheck-fact",
    "a fact that a call site of a driver left in its binary",
    RECORD,
    recognise=lambda data: data[: len(MAGIC)] == MAGIC,
)
