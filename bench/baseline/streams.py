"""A schema file with what no shipped format has: opaque bytes, lists to the end, optional fields."""

from construct import Const, If, Int8ub, Int16ub, Struct, Switch, this

from ccheck_schemas.meaning import Bounded, Opaque, ReadAt, Slot, Substream, Text, UpToEnd
from ccheck_schemas.schema import Schema

BODY = Struct("sort" / Bounded(Int8ub, 1, 4), "length" / Int8ub, "text" / Text(this.length))
ITEM = Struct("value" / If(this._.kind < 200, Int16ub))

ROOT = Struct(
    "magic" / Const(b"STRM"),
    "kind" / Int8ub,
    "size" / Int8ub,
    "room" / If(this.kind != 2, Int8ub),
    "name" / Slot(8, terminator=b"\0"),
    "body" / Switch(this.kind, {1: Substream(this.size, BODY)}, default=Opaque(this.size, "not described")),
    "sealed" / Opaque(this.room * 1, "encrypted"),
    "again" / ReadAt(4, Int16ub),
    "items" / UpToEnd(ITEM),
)

SCHEMA = Schema("streams", "streams of a sort", ROOT, recognise=lambda data: data[:4] == b"STRM")
