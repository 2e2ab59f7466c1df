"""Compiled AppArmor policy, versions 5 to 9 of the stream (docs/formats/apparmor.md)."""

from __future__ import annotations

from typing import Any

from construct import (
    Array,
    Bytes,
    Const,
    IfThenElse,
    Int8ul,
    Int16ub,
    Int16ul,
    Int32ub,
    Int32ul,
    Int64ul,
    Pass,
    Struct,
    Switch,
    this,
)

from ccheck_schemas.formats.apparmor import facts
from ccheck_schemas.formats.apparmor.numbers import (
    ABI_MASK,
    ABIS,
    DFA_HEADER,
    DFA_MAGIC,
    DFA_NAME,
    PERMISSIONS_VERSION,
    SIGNALS,
    TAGS_VERSION,
    Code,
    DfaFlag,
    ElementSize,
    NamedCode,
    TableId,
)
from ccheck_schemas.meaning import (
    Bounded,
    CountOf,
    LengthOf,
    Region,
    Reserved,
    StrictEnum,
    StrictFlags,
    Text,
    Understood,
    UpToEnd,
    Version,
)

# docs/formats/apparmor.md, Table. Each is filled up to a multiple of 8 from the start of its DFA.
TABLE = Struct(
    "id" / StrictEnum(Int16ub, TableId),
    "size" / StrictEnum(Int16ub, ElementSize),
    "reserved" / Reserved(Int32ub),
    "count" / Bounded(CountOf(Int32ub, of="entries"), 1, 1 << 24),
    "entries" / Bytes(this.count * this.size),
    "padding" / Array((8 - (12 + this.count * this.size) % 8) % 8, Reserved(Int8ul)),
)

# DFA. It begins, and its blob ends, at a multiple of 8 from the start of its profile.
DFA = Struct(
    "padding" / Array(this._.length % 8, Reserved(Int8ul)),
    "magic" / Const(DFA_MAGIC),
    "hsize" / Bounded(Int32ub, DFA_HEADER, DFA_HEADER),
    "ssize" / LengthOf(Int32ub, of="body", low=DFA_HEADER, step=8),
    "flags" / Understood(StrictFlags(Int16ub, DfaFlag), facts.DFA_FLAGS.name),
    "version" / Text(8, encoding="ascii", terminator="inside"),
    "reserved" / Reserved(Int16ub),
    "body" / Region(this.ssize - DFA_HEADER, Struct("tables" / UpToEnd(TABLE))),
)

STRING = Struct(
    "length" / LengthOf(Int16ul, of="text", low=1),
    "text" / Text(this.length - 1, terminator="behind", lists=True),
)
BLOB = Struct("length" / LengthOf(Int32ul, of="data"), "data" / Bytes(this.length))
DFA_BLOB = Struct("length" / LengthOf(Int32ul, of="dfa"), "dfa" / Region(this.length, DFA))

_PLAIN: dict[int, Any] = {
    int(Code.U8): Int8ul,
    int(Code.U16): Int16ul,
    int(Code.U32): Int32ul,
    int(Code.U64): Int64ul,
    int(Code.STRING): STRING,
    int(Code.BLOB): BLOB,
    int(Code.STRUCT): Pass,
    int(Code.STRUCTEND): Pass,
    int(Code.LIST): Pass,
    int(Code.LISTEND): Pass,
    int(Code.ARRAY): Int16ul,
    int(Code.ARRAYEND): Pass,
}


def _versioned(known: int) -> Struct:
    """The item that follows the beginning of some structs at once: a version of their own."""
    return Struct(
        "mark" / Const(b"\x04\x08\x00version\x00\x02"), "version" / Version(Int32ul, known=(known,))
    )


# An item after a name. The name decides the content of some of them.
NAMED = Struct(
    "length" / LengthOf(Int16ul, of="name", low=1),
    "name" / Text(this.length - 1, terminator="behind"),
    "code" / StrictEnum(Int8ul, NamedCode),
    "value"
    / Switch(
        this.code,
        _PLAIN
        | {
            int(Code.U32): IfThenElse(
                this.name == "version",
                Understood(
                    Version(Int32ul, known=ABIS, mask=ABI_MASK),
                    facts.VERSIONS.name,
                    amount=this.value & ABI_MASK,
                ),
                IfThenElse(this.name == "kill", Bounded(Int32ul, 1, SIGNALS), Int32ul),
            ),
            int(Code.STRUCT): IfThenElse(
                this.name == "perms",
                _versioned(PERMISSIONS_VERSION),
                IfThenElse(this.name == "tags", _versioned(TAGS_VERSION), Pass),
            ),
            int(Code.BLOB): IfThenElse(this.name == DFA_NAME, DFA_BLOB, BLOB),
        },
    ),
)

ITEM = Struct(
    "code" / StrictEnum(Int8ul, Code), "value" / Switch(this.code, _PLAIN | {int(Code.NAME): NAMED})
)

POLICY = Struct("items" / UpToEnd(ITEM))
