"""The vocabulary: Construct nodes that state what a field means, so that a program can read a schema.

Write a schema in Construct's own style, and wrap each integer in the meaning that its specification gives
it::

    CRITERION = Struct(
        "field_index" / Int16ul,
        "kind" / StrictEnum(Int16ul, CriterionKind),
        "operand_offset" / Int32ul,
        "operand_length" / Bounded(Int32ul, 0, 4096),
        "reserved" / Reserved(Int32ul),
        "operand" / Pooled("pool", this.operand_offset, this.operand_length, Text(this.operand_length)),
    )

Seven families:

* around an integer: `Version`, `Bounded`, `StrictEnum`, `StrictFlags`, `Reserved`, `CountOf`, `LengthOf`,
  `RecordSize`, `FileSize`, `IndexInto`, `OffsetInto`, `ChecksumOver`, with a `Crc` of its own
* around an integer that is compared with a fact of each driver build: `BelowCount`, `Understood`,
  `WithinLimit`; `RowField` in their keys
* a number that is written in ASCII digits, which may stand wherever an integer stands: `Digits`
* nodes that take bytes in their record: `OneOf`, `Text`, `ZeroPad`, `AnyPad`, `Table`, `Terminated`, `UpTo`,
  `UpToEnd`, `Pool`, `Strings`, `Region`, `TextToNul`, `ZerosTo`, `ZerosToEnd`
* pointers, which take no bytes in their record: `At`, `Chain`, `Pooled`, `SharedText`, `Rows`
* for formats that leave bytes unread or read them twice: `Opaque`, `OpaqueRest`, `Slot`, `Rest`, `Delimited`,
  `Substream`, `SubstreamRest`, `ReadAt`
* for content of another format in a wrapper: `Wrapped`, `WrappedRest`, with the steps `Stored`, `Xor`,
  `Rotate`, `Inflate`, `Xz`
* numbers that take no bytes: Construct's own `Computed`, which may stand inside `Bounded`, `StrictEnum`,
  `StrictFlags` and `Reserved`; Construct's `Index`; `Position`, `StreamSize`,
  `BytesTo`; in any expression, `choose`, `element`, and Construct's `len_` of a list
* bytes that no field reads, in the argument `gaps` of a `Schema`: `Gaps`, `OpaqueGaps`

Every argument is an integer, a name, or a ``this`` expression. There are no lambdas, because a generator must
be able to read a schema. All nodes also parse and build as plain Construct nodes, with the conditions that
one field can check on its own. `ccheck_schemas.read` checks everything, reports every fault, and never raises
on bad bytes.
"""

from __future__ import annotations

from ccheck_schemas.checksum import Crc
from ccheck_schemas.vocabulary.envelopes import Wrapped, WrappedRest
from ccheck_schemas.vocabulary.expression import Expression, FieldError, evaluate, field_of, field_path
from ccheck_schemas.vocabulary.gaps import Gaps, OpaqueGaps
from ccheck_schemas.vocabulary.listing import Terminated, UpTo, UpToEnd
from ccheck_schemas.vocabulary.numbers.computed import BytesTo, Position, StreamSize, choose, element
from ccheck_schemas.vocabulary.numbers.digits import Digits
from ccheck_schemas.vocabulary.numbers.facts import BelowCount, RowField, Understood, WithinLimit
from ccheck_schemas.vocabulary.numbers.integers import (
    Bounded,
    ChecksumOver,
    CountOf,
    FileSize,
    IndexInto,
    LengthOf,
    Meaning,
    OffsetInto,
    RecordSize,
    Reserved,
    StrictEnum,
    StrictFlags,
    Version,
)
from ccheck_schemas.vocabulary.pointers import At, Chain, Pooled, Rows, SharedText
from ccheck_schemas.vocabulary.shape import (
    AnyPad,
    OneOf,
    Pool,
    Region,
    Strings,
    Table,
    Text,
    TextToNul,
    ZeroPad,
    ZerosTo,
    ZerosToEnd,
)
from ccheck_schemas.vocabulary.streams import (
    Delimited,
    Opaque,
    OpaqueRest,
    ReadAt,
    Rest,
    Slot,
    Substream,
    SubstreamRest,
)
from ccheck_schemas.wrapping import Inflate, Rotate, Stored, Xor, Xz

__all__ = [
    "AnyPad",
    "At",
    "BelowCount",
    "Bounded",
    "BytesTo",
    "Chain",
    "ChecksumOver",
    "CountOf",
    "Crc",
    "Delimited",
    "Digits",
    "Expression",
    "FieldError",
    "FileSize",
    "Gaps",
    "IndexInto",
    "Inflate",
    "LengthOf",
    "Meaning",
    "OffsetInto",
    "OneOf",
    "Opaque",
    "OpaqueGaps",
    "OpaqueRest",
    "Pool",
    "Pooled",
    "Position",
    "ReadAt",
    "RecordSize",
    "Region",
    "Reserved",
    "Rest",
    "Rotate",
    "RowField",
    "Rows",
    "SharedText",
    "Slot",
    "Stored",
    "StreamSize",
    "StrictEnum",
    "StrictFlags",
    "Strings",
    "Substream",
    "SubstreamRest",
    "Table",
    "Terminated",
    "Text",
    "TextToNul",
    "Understood",
    "UpTo",
    "UpToEnd",
    "Version",
    "WithinLimit",
    "Wrapped",
    "WrappedRest",
    "Xor",
    "Xz",
    "ZeroPad",
    "ZerosTo",
    "ZerosToEnd",
    "choose",
    "element",
    "evaluate",
    "field_of",
    "field_path",
]
