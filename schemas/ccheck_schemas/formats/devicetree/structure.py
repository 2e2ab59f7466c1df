"""The layout of flattened devicetrees, versions 16 and 17 (docs/formats/devicetree.md)."""

from __future__ import annotations

from typing import Any

from construct import Bytes, Const, If, IfThenElse, Int32ub, Int64ub, Pass, Struct, Switch, this

from ccheck_schemas.formats.devicetree import facts
from ccheck_schemas.formats.devicetree.numbers import (
    LAST_COMPATIBLE,
    MAGIC,
    OLD_HEADER_SIZE,
    OLD_VERSION,
    VERSION,
    Token,
)
from ccheck_schemas.meaning import (
    AnyPad,
    At,
    Bounded,
    FileSize,
    LengthOf,
    OffsetInto,
    ReadAt,
    Rest,
    SharedText,
    StrictEnum,
    Strings,
    Substream,
    Terminated,
    TextToNul,
    Understood,
    UpTo,
    Version,
    WithinLimit,
)


def _block(of: str, align: int = 1) -> Any:
    """The place of a block; none may lie in the header."""
    return Bounded(OffsetInto(Int32ub, of=of, align=align), OLD_HEADER_SIZE, 0x7FFFFFFF)


# Devicetree specification 0.4, 5.3.2
RESERVATION = Struct("address" / Int64ub, "size" / Int64ub)

# 5.4. Padding is zero by the specification; libfdt, where it changes a tree in place, leaves what was there.
NODE = Struct("name" / TextToNul(), "padding" / AnyPad(4))
PROPERTY = Struct(
    "len" / LengthOf(Int32ub, of="value"),
    "nameoff" / Int32ub,
    "value" / Bytes(this.len),
    "padding" / AnyPad(4),
    "name" / SharedText("strings", this.nameoff),
)
TOKEN = Struct(
    "token" / StrictEnum(Int32ub, Token),
    "body"
    / Switch(
        this.token,
        {
            int(Token.BEGIN_NODE): NODE,
            int(Token.END_NODE): Pass,
            int(Token.PROPERTY): PROPERTY,
            int(Token.NOP): Pass,
            int(Token.END): Pass,
        },
    ),
)

# Linux and libfdt read the structure up to its END. What stands behind it in the block is room.
_TOKENS = UpTo(TOKEN, field="token", value=int(Token.END))
STRUCTURE = Struct(
    "tokens" / IfThenElse(this._.version >= VERSION, Substream(this._.size_dt_struct, _TOKENS), _TOKENS)
)
RESERVATIONS = Struct("entries" / Terminated(RESERVATION, last="size"))
STRINGS = Struct("strings" / Strings("strings", this._.size_dt_strings))

# 5.2. The blocks stand in any order, with room between them that no reader looks at.
DEVICETREE = Struct(
    "magic" / Const(MAGIC),
    "totalsize" / WithinLimit(FileSize(Int32ub), facts.SIZE.name),
    "off_dt_struct" / _block("structure", align=4),
    "off_dt_strings" / _block("strings"),
    "off_mem_rsvmap" / _block("reservations", align=8),
    "version" / Understood(Version(Int32ub, known=(OLD_VERSION, VERSION)), facts.VERSIONS.name),
    "last_comp_version" / Bounded(Int32ub, LAST_COMPATIBLE, LAST_COMPATIBLE),
    "boot_cpuid_phys" / Int32ub,
    "size_dt_strings" / LengthOf(Int32ub, of="strings"),
    "size_dt_struct" / If(this.version >= VERSION, LengthOf(Int32ub, of="structure")),
    "reservations" / At(this.off_mem_rsvmap, RESERVATIONS),
    "structure" / At(this.off_dt_struct, STRUCTURE),
    "strings"
    / IfThenElse(
        this.size_dt_strings > 0, At(this.off_dt_strings, STRINGS), ReadAt(this.off_dt_strings, STRINGS)
    ),
    # Whatever no block owns is room, and room is looked at too.
    "whole" / ReadAt(0, Rest()),
)
