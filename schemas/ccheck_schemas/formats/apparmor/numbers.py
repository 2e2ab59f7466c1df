"""The numbers of compiled AppArmor policy and their names; how a file is recognised. Imports no Construct."""

from __future__ import annotations

from enum import IntEnum, IntFlag

ABI_MASK = 0x3FF
ABIS = (5, 6, 7, 8, 9)
"""The versions of the stream that are laid out as described; the other bits of the number are the parser's.
"""

DFA_NAME = "aadfa"
DFA_MAGIC = b"\x1b\x5e\x78\x3d"
DFA_HEADER = 24
DFA_START = 1
"""The default state in which a match starts."""

STATES = 2
"""The least number of states: state 0 matches nothing, and matching starts in state 1."""

_ZSTD = b"\x28\xb5\x2f\xfd"

CLASSES = 256
"""Entries of a table of equivalence classes, and transitions that every state must have room for."""

BASE_MASK = 0x00FFFFFF
DIFF_ENCODE = 0x80000000
OUT_OF_BAND = 0x20000000
ACCEPT_INDEX_HIGH = 0xF
"""The greatest number that an accept word has room for as an index of a transition, of which 4 are kinds."""


RESOURCES = 16
"""Limits of resources that Linux has (`RLIM_NLIMITS`)."""

SIGNALS = 35
"""The greatest signal that `kill` may name; signals are numbered in AppArmor's own order (`sig_map`)."""

PERMISSIONS_VERSION = 1
"""The version of permission tables, which is not that of the stream."""
TAGS_VERSION = 1
"""The version of tags."""

FLAGS_IN_ACCEPT2 = 3
"""The first `permsv` with which the table accept2 must be there; below it, or without it, it must not."""

FOR_OWNERS = 1
"""The flag of a state in accept2: its permissions are those of owners, the next entry has those of others."""

NAME_TYPE = 0x0C000000
NAME_IN_TABLE = 0x08000000
NAME_INDEX = 0x00FFFFFF
"""Parts of a permission's `xindex`: what kind of name executing leads to, and which entry of the names."""


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


class StateFlag(IntFlag):
    """Flags of a state, in the upper byte of its base."""

    DIFFERENCE = 0x80
    OUT_OF_BAND = 0x20


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
    PROMPT = 4


OPTIONAL_ITEMS = (
    "namespace", "rename", "attach", DFA_NAME, "disconnected", "path_flags", "caps64", "capsx", "xattrs",
    "rlimits", "secmark", "policydb", "start", "dfa_start", "xtable", "data", "perms", "permsv",
    "tags", "kill", "disconnected_ipc", "error", "net_allowed_af", "xmatch.start", "xmatch.dfa_start",
    "xmatch.xtable", "policydb.dfa_start", "policydb.xtable", "file.start", "xtable.alone",
    "name.namespace",
)  # fmt: skip
"""The items that a profile need not have, by the name before them. A name with a point is an item in a part
of a profile where not every kernel reads it; `xtable.alone` is one without a DFA, and
`name.namespace` a namespace in front of a name."""

PERMISSION_FIELDS = (
    "reserved", "allow", "deny", "subtree", "cond", "kill", "complain", "prompt", "audit", "quiet", "hide",
    "xindex", "tag", "label",
)  # fmt: skip
"""The numbers of one entry of a permission table, in their order."""

EXCLUSIVE = (
    ("allow", "deny"), ("cond", "allow"), ("cond", "deny"), ("kill", "allow"), ("complain", "allow"),
    ("complain", "deny"), ("prompt", "allow"), ("prompt", "deny"), ("complain", "prompt"), ("hide", "allow"),
)  # fmt: skip
"""Pairs of permissions that have no bit in common (`verify_perm`)."""


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
    TableId.ACCEPT: (4,),
    TableId.BASE: (4,),
    TableId.CHECK: (2, 4),
    TableId.DEFAULT: (2, 4),
    TableId.CLASSES: (1,),
    TableId.ACCEPT2: (4,),
    TableId.NEXT: (2, 4),
}
"""Bytes of one entry of each table, the usual size first."""


def usual_size(kind: int) -> int:
    """Returns the usual bytes of one entry of a table."""
    return ELEMENT_SIZES[TableId(kind)][0] if kind in TableId._value2member_map_ else 4


def recognise(data: bytes) -> bool:
    """Returns whether bytes begin as compiled policy does: with an item named version."""
    return data[:11] == b"\x04\x08\x00version\x00"


def not_judged(data: bytes) -> str:
    """Returns what bytes are that belong to the format and are not read by a kernel; empty for all others."""
    if data[2:12] == bytes(6) + _ZSTD:
        return "a compressed policy or cache file of apparmor_parser, which no kernel up to 7.2 loads"
    return ""
