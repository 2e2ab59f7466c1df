"""What the bytes of a classic BPF program are. `--schema cbpf/schema.py` works by this path."""

from __future__ import annotations

from construct import Computed, Int8ul, Int16ul, Int32ul, Struct, this

from cbpf.checks import CHECKS as CHECKS
from cbpf.exercise import run as EXERCISE  # noqa: F401, N812 - how ccheck finds it
from cbpf.numbers import MOST, SIZE, Code, recognise
from ccheck_schemas.meaning import StreamSize, StrictEnum, Table
from ccheck_schemas.schema import Identity, Schema

# struct sock_filter (include/uapi/linux/filter.h)
INSTRUCTION = Struct(
    "code" / StrictEnum(Int16ul, Code),
    "jt" / Int8ul,
    "jf" / Int8ul,
    "k" / Int32ul,
)

CBPF = Struct(
    "size" / StreamSize(),
    "count" / Computed(this.size // SIZE),
    "instructions" / Table("instructions", this.count, INSTRUCTION, low=1, high=MOST),
)

SCHEMA = Schema(
    "cbpf",
    "classic BPF programs: socket filters",
    CBPF,
    recognise=recognise,
    identity={"instructions": Identity("{code}")},
)
