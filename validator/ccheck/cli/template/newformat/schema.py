"""What the bytes of newformat are. `ccheck validate --schema newformat/schema.py FILE` works by this path."""

from __future__ import annotations

from construct import Const, Int8ul, Int16ul, Int32ul, Struct, this

from ccheck_schemas.build_facts import Fact, FactKind  # <interpreter>
from ccheck_schemas.meaning import BelowCount, ChecksumOver, FileSize, Reserved, StrictEnum, Table, Version
from ccheck_schemas.schema import Schema
from newformat.checks import CHECKS as CHECKS
from newformat.exercise import run as EXERCISE  # noqa: F401, N812 - how ccheck finds it  # <interpreter>
from newformat.numbers import MAGIC, RULES_HIGH, VERSION, Action, recognise
from newformat.recipe import Layout

RULE = Struct(
    "input" / BelowCount(Int16ul, "newformat_inputs"),  # how many there are, each build of the driver says
    "action" / StrictEnum(Int8ul, Action),
    "reserved" / Reserved(Int8ul),
    "limit" / Int32ul,
)

NEWFORMAT = Struct(
    "magic" / Const(MAGIC),
    "version" / Version(Int16ul, known=(VERSION,)),
    "count" / Int16ul,
    "size" / FileSize(Int32ul),
    "checksum" / ChecksumOver(Int32ul, start=16),
    "rules" / Table("rules", this.count, RULE, low=1, high=RULES_HIGH),
)

_LAYOUT = Layout(NEWFORMAT, RULE)

SCHEMA = Schema(
    "newformat",
    "newformat: rules over the inputs of a driver",
    NEWFORMAT,
    recognise=recognise,
    compose=_LAYOUT.compose,
    describe=_LAYOUT.describe,
    contract=(Fact(FactKind.SWITCH, "bounds_check"),),  # <interpreter>
)
