"""The numbers of flattened devicetrees and their names; how a file is recognised. Imports no Construct."""

from __future__ import annotations

from enum import IntEnum

MAGIC = b"\xd0\x0d\xfe\xed"
VERSION, LAST_COMPATIBLE = 17, 16
OLD_VERSION = 16
HEADER_SIZE, OLD_HEADER_SIZE = 40, 36
"""Version 16 has no size of the structure."""

DEPTH_HIGH = 64
"""Nodes inside each other that Linux reads, FDT_MAX_DEPTH; it leaves deeper ones out."""


class Token(IntEnum):
    """The tokens of the structure block."""

    BEGIN_NODE = 1
    END_NODE = 2
    PROPERTY = 3
    NOP = 4
    END = 9


def recognise(data: bytes) -> bool:
    """Returns whether bytes begin as a flattened devicetree does."""
    return data[:4] == MAGIC
