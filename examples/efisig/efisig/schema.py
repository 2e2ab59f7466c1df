"""What the bytes of EFI signature lists are. `--schema efisig/schema.py` works by this path."""

from __future__ import annotations

from construct import Array, Bytes, Computed, Int32ul, Struct, this

from ccheck_schemas.meaning import Bounded, UpToEnd, choose
from ccheck_schemas.schema import Schema
from efisig.checks import CHECKS as CHECKS
from efisig.exercise import run as EXERCISE  # noqa: F401, N812 - how ccheck finds it
from efisig.numbers import LARGEST, LIST_HEADER, OWNER, recognise

# EFI_SIGNATURE_DATA (UEFI 2.10, 32.4.1)
SIGNATURE = Struct(
    "owner" / Bytes(OWNER),
    "content" / Bytes(this._.signature_size - OWNER),
)

# EFI_SIGNATURE_LIST: how many signatures there are follows from its sizes by division. Where they contradict
# each other, what is left belongs to the list all the same, so that the next one begins where it says.
LIST = Struct(
    "signature_type" / Bytes(16),
    "list_size" / Bounded(Int32ul, LIST_HEADER, LARGEST),
    "header_size" / Int32ul,
    "signature_size" / Bounded(Int32ul, OWNER, LARGEST),
    "body_size" / Computed(choose(this.list_size > LIST_HEADER, this.list_size - LIST_HEADER, 0)),
    "header_taken" / Computed(choose(this.header_size < this.body_size, this.header_size, this.body_size)),
    "room" / Computed(this.body_size - this.header_taken),
    "count" / Computed(choose(this.signature_size >= OWNER, this.room // this.signature_size, 0)),
    "header" / Bytes(this.header_taken),
    "signatures" / Array(this.count, SIGNATURE),
    "left" / Bytes(this.room - this.count * this.signature_size),
)

EFISIG = Struct("lists" / UpToEnd(LIST))

SCHEMA = Schema(
    "efisig",
    "EFI signature lists: keys and hashes that firmware trusts or refuses",
    EFISIG,
    recognise=recognise,
)
