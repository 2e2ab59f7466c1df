"""What the bytes of Intel's microcode updates are. `--schema microcode/schema.py` works by this path."""

from __future__ import annotations

from construct import Array, Bytes, Computed, If, Int32ul, Struct, this

from ccheck_schemas.meaning import CountOf, Opaque, Reserved, UpToEnd, Version, choose
from ccheck_schemas.schema import Identity, Schema
from microcode.checks import CHECKS as CHECKS
from microcode.exercise import run as EXERCISE  # noqa: F401, N812 - how ccheck finds it
from microcode.numbers import DATA_DEFAULT, HEADER, SIGNATURE, TABLE, TOTAL_DEFAULT, recognise

# struct extended_signature (arch/x86/include/asm/cpu.h and the SDM, table "Extended processor signature")
PROCESSOR = Struct(
    "processor" / Int32ul,
    "platforms" / Int32ul,
    "checksum" / Int32ul,
)

# struct extended_sigtable
EXTENDED = Struct(
    "count" / CountOf(Int32ul, of="signatures"),
    "checksum" / Int32ul,
    "reserved" / Array(3, Reserved(Int32ul)),
    "signatures" / Array((this._.table_size - TABLE) // SIGNATURE, PROCESSOR),
)

# struct microcode_header_intel, and what follows it. Where sizes contradict each other, an update is as long
# as total_size says, so that the next update begins where the kernel looks for it.
UPDATE = Struct(
    "header_version" / Version(Int32ul, known=(1,)),
    "revision" / Int32ul,
    "date" / Int32ul,
    "processor" / Int32ul,
    "checksum" / Int32ul,
    "loader_version" / Version(Int32ul, known=(1,)),
    "platforms" / Int32ul,
    "data_size" / Int32ul,
    "total_size" / Int32ul,
    "metadata_size" / Int32ul,
    "minimum_revision" / Int32ul,
    "reserved" / Reserved(Int32ul),
    "data_stated" / Computed(choose(this.data_size > 0, this.data_size, DATA_DEFAULT)),
    "total_stated" / Computed(choose(this.data_size > 0, this.total_size, TOTAL_DEFAULT)),
    "body_size" / Computed(choose(this.total_stated > HEADER, this.total_stated - HEADER, 0)),
    "data_taken" / Computed(choose(this.data_stated < this.body_size, this.data_stated, this.body_size)),
    "table_size" / Computed(this.body_size - this.data_taken),
    "data" / Opaque(this.data_taken, "the data of an update is encrypted"),
    "table" / If(this.table_size >= TABLE, EXTENDED),
    "left" / Bytes(choose(this.table_size >= TABLE, (this.table_size - TABLE) % SIGNATURE, this.table_size)),
)

MICROCODE = Struct("updates" / UpToEnd(UPDATE))

SCHEMA = Schema(
    "microcode",
    "microcode updates for Intel's processors",
    MICROCODE,
    recognise=recognise,
    identity={"updates": Identity("processor {processor}", "revision")},
)
