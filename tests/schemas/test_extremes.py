"""Whatever is built from a bound, a range or a width in a schema takes little: it follows from the names alone."""

from __future__ import annotations

import tracemalloc
from enum import IntEnum, IntFlag
from random import Random
from typing import Any

import pytest
from construct import Array, Bytes, Int8ub, Int32ub, Int64ub, Struct, this

from ccheck.config.user_schema import UserSchema
from ccheck.formats.check_table import CHECKS
from ccheck.judging import generated_fast_path as own
from ccheck.judging.context import ValidationContext
from ccheck.judging.preparation import prepare
from ccheck_schemas import meaning as m
from ccheck_schemas.layout.lint import layout_of
from ccheck_schemas.model import constants, decompose, minimal_file
from ccheck_schemas.schema import Schema
from tests.schemas.test_trees import calls

HUGE = 1 << 40
MEMORY = 16 << 20
CALLS = 200_000


class Far(IntEnum):
    """Two values with all that 32 bits hold between them."""

    NONE = 0
    ALL = 0xFFFFFFFF


class Farther(IntEnum):
    """Two values with all that 64 bits hold between them."""

    NONE = 0
    ALL = (1 << 64) - 1


class High(IntFlag):
    """The highest bit of 64."""

    TOP = 1 << 63


EXTREMES: dict[str, Any] = {
    "an enumeration of 32 bits": m.StrictEnum(Int32ub, Far),
    "an enumeration of 64 bits": m.StrictEnum(Int64ub, Farther),
    "flags of 64 bits": m.StrictFlags(Int64ub, High),
    "bounds of 64 bits": m.Bounded(Int64ub, 1, (1 << 64) - 2),
    "versions far apart": m.Version(Int32ub, known=(0, 0xFFFFFFFF)),
    "a version of many minor bits": m.Version(Int32ub, known=(0,), minor_bits=64),
    "an offset without a bound": Struct(
        "to" / m.OffsetInto(Int64ub, of="there", align=HUGE, unit=HUGE),
        "there" / m.At(this.to, Struct("v" / Int8ub)),
    ),
    "a checksum far behind": m.ChecksumOver(Int32ub, start=HUGE),
    "a text of a terabyte": m.Text(HUGE),
    "bytes of a terabyte": Bytes(HUGE),
    "a constant count": Array(HUGE, Int8ub),
    "a constant count of records": Array(HUGE, Struct("v" / Int8ub)),
    "a constant count of texts": Array(HUGE, m.TextToNul()),
    "a constant count of what may be empty": Array(HUGE, Bytes(this.n)),
    "a table with a high floor": m.Table("t", HUGE, Struct("v" / Int8ub), low=HUGE, high=HUGE),
    "a table with a high ceiling": m.Table("t", this.n, Struct("v" / Int32ub), high=HUGE),
    "a pool with a high floor": m.Pool("p", HUGE, low=HUGE, high=HUGE),
    "a region of a terabyte": m.Region(HUGE, Struct("v" / m.UpToEnd(Struct("w" / Int8ub)))),
    "padding to a terabyte": Struct("v" / Int8ub, m.ZeroPad(HUGE)),
    "any padding to a terabyte": m.AnyPad(HUGE),
    "zeros to a terabyte": Struct(m.ZerosTo(HUGE), "v" / Int8ub),
    "a record at a terabyte": m.At(HUGE, Struct("v" / Int8ub)),
    "a chain at a terabyte": m.Chain(HUGE, Struct("v" / Int32ub), next_field="v", last="v", align=HUGE),
}
"""One field each, whose numbers are as large as they can be."""


@pytest.mark.parametrize("name", EXTREMES)
def test_a_wide_bound_costs_nothing(name: str) -> None:
    """Making a schema, generating code, judging, growing and searching take some megabytes and calls at most."""
    root = Struct("n" / Int8ub, "x" / EXTREMES[name])
    whole = prepare(use_config=False)
    tracemalloc.start()
    try:
        schema = Schema("mine", "made for a test", root, recognise=bool)
        way = own.made(UserSchema(schema, ())).way
        judged_by = CHECKS.joined((), "mine")
        validation = ValidationContext(
            whole.schemas, judged_by, schema, whole.context, whole.policy, 1 << 20, fast_path=way
        )
        grown = minimal_file(layout_of(root), Random(1))
        assert len(grown) < 1 << 20
        for data in (b"\0", b"\1\0\0\0\0", bytes(range(64)), b"\xff" * 64, grown):
            validation.judged(data, "f", "f")
            decompose(layout_of(root), data)
        constants(layout_of(root))
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()
    assert calls(root, bytes(range(64)), CALLS) <= CALLS
