"""The numbers of compiled AppArmor policy and their names; how a file is recognised. Imports no Construct."""

from __future__ import annotations

from enum import IntEnum, IntFlag

ABI_MASK = 0x3FF
ABIS = (5, 6, 7, 8)
"""The versions of the stream that are laid out as described; the other bits of the number are the parser's.
"""

DFA_NAME = "aadfa"
DFA_MAGIC = b"\x1b\x5e\x78\x3d"
DFA_HEADER = 24
DFA_START = 1
"""The default state in which a match starts."""

CLASSES = 256
"""Entries of a table of equivalence classes, and transitions that every state must have room for."""

BASE_MASK = 0x00FFFFFF
DIFF_ENCODE = 0x80000000
OUT_OF_BAND = 0x20000000
ACCEPT_INDEX_HIGH = 0xF
"""The greatest number that an accept word has room for as an index of a transition, of which 4 are kinds."""


class Code(IntEnum):
    """The kinds of items of the stream."""

    U8 = 0
    U16 = 1
    U32 = 2
    U64 = 3
    NAME = 4
    STRING = 5
    BLOB = 6
    STRUCT = 7
    STRUCTEND = 8
    LIST = 9
    LISTEND = 10
    ARRAY = 11
    ARRAYEND = 12


class NamedCode(IntEnum):
    """The items that may follow a name: any item but another name."""

    U8 = 0
    U16 = 1
    U32 = 2
    U64 = 3
    STRING = 5
    BLOB = 6
    STRUCT = 7
    STRUCTEND = 8
    LIST = 9
    LISTEND = 10
    ARRAY = 11
    ARRAYEND = 12


class TableId(IntEnum):
    """The tables of a DFA."""

    ACCEPT = 1
    BASE = 2
    CHECK = 3
    DEFAULT = 4
    CLASSES = 5
    ACCEPT2 = 7
    NEXT = 8


class ElementSize(IntEnum):
    """Bytes of one entry of a table."""

    U8 = 1
    U16 = 2
    U32 = 4


class DfaFlag(IntFlag):
    """Flags of a DFA."""

    DIFF_ENCODE = 1
    OUT_OF_BAND = 2


class ProfileFlag(IntFlag):
    """Flags of a profile."""

    HAT = 1
    DEBUG1 = 2
    DEBUG2 = 4


class Mode(IntEnum):
    """What the kernel does if a profile does not allow something."""

    ENFORCE = 0
    COMPLAIN = 1
    KILL = 2
    UNCONFINED = 3


OPTIONAL_ITEMS = (
    "namespace", "rename", "attach", DFA_NAME, "disconnected", "path_flags", "caps64", "capsx", "xattrs",
    "rlimits", "secmark", "policydb", "start", "dfa_start", "xtable", "data", "perms", "permsv",
    "tags", "kill",
)  # fmt: skip
"""The items that a profile need not have, by the name before them. The layout has not the last four yet."""


class Permission(IntFlag):
    """What the accept word of a state allows the owner of a file; for others the bits are 14 higher."""

    EXECUTE = 1
    WRITE = 2
    READ = 4
    APPEND = 8
    LINK = 16
    LOCK = 32
    MAP = 64


ELEMENT_SIZES = {
    TableId.ACCEPT: 4,
    TableId.BASE: 4,
    TableId.CHECK: 2,
    TableId.DEFAULT: 2,
    TableId.CLASSES: 1,
    TableId.ACCEPT2: 4,
    TableId.NEXT: 2,
}


def recognise(data: bytes) -> bool:
    """Returns whether bytes begin as compiled policy does: with an item named version."""
    return data[:11] == b"\x04\x08\x00version\x00"
