"""The generated code against the reader: it accepts a file exactly when the reader finds no fault."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable
from enum import IntEnum, IntFlag
from itertools import product
from pathlib import Path
from typing import Any

import construct
import pytest
from construct import (
    Array,
    Bytes,
    Const,
    If,
    Int8ub,
    Int16sl,
    Int16ub,
    Int16ul,
    Int32ub,
    Int32ul,
    Struct,
    Switch,
    this,
)
from hypothesis import given
from hypothesis import strategies as st

from ccheck.formats.registry import FORMATS
from ccheck_schemas import meaning as m
from ccheck_schemas.generate.python.runtime import ROWS, Columns
from ccheck_schemas.generate.python.source import source
from ccheck_schemas.generate.refused import NotGenerated
from ccheck_schemas.layout.lint import layout_of
from ccheck_schemas.model.fix_up import fix_up
from ccheck_schemas.read import read
from ccheck_schemas.schema import Schema
from tests.conftest import ROOT
from tests.corpus import enough
from tests.edits import edited
from tests.generated import FORMATS_OF_SCHEMAS, modules
from tests.schemas.same_reading import read_both
from tests.schemas.test_read import LINKS, POOLED, TYPED

Accept = Callable[[bytes], Columns | None]


def compiled(root: construct.Construct) -> Accept:
    """The generated function of a tree."""
    namespace: dict[str, Any] = {"__name__": "generated"}
    exec(source(Schema("made", "made for a test", root, recognise=bool)), namespace)  # noqa: S102 - our own code
    function: Accept = namespace["accept"]
    return function


def agree(root: construct.Construct, accept: Accept, data: bytes) -> bool:
    """Whether the bytes are valid, which generated code and reader must say alike, and the reader both ways."""
    reading = read_both(root, data)
    found = accept(data)
    assert (found is not None) == (not reading.counts and reading.complete), (data.hex(), reading.faults)
    return found is not None


class Colour(IntEnum):
    """Two colours."""

    RED = 1
    BLUE = 3


class Bits(IntFlag):
    """Two bits."""

    A = 1
    B = 4


EVERY = Struct(
    "magic" / Const(b"EV"),
    "version" / m.Version(Int8ub, known=(1, 4)),
    "colour" / m.StrictEnum(Int8ub, Colour),
    "bits" / m.StrictFlags(Int8ub, Bits),
    "bounded" / m.Bounded(Int8ub, 2, 5),
    "length" / m.LengthOf(Int8ub, of="text", low=1, high=4),
    "text" / m.Text(this.length),
    "wide" / m.Text(4, "utf-16-le", terminator="inside"),
    m.ZeroPad(4),
    "count" / m.CountOf(Int8ub, of="list"),
    "list" / Array(this.count, Struct("a" / Int8ub, "b" / If(this.a == 1, Bytes(1)))),
    "kind" / Int8ub,
    "size" / Int8ub,
    "body"
    / m.Region(
        this.size, Switch(this.kind, {1: m.Table("rows", this._root.count, Struct("v" / m.Reserved(Int8ub)))})
    ),
    "there" / Int8ub,
    "thing" / m.At(this.there, Struct("x" / Int16ub)),
)
CHECKED = Struct(
    "checksum" / m.ChecksumOver(Int32ub, start=4),
    "size" / m.FileSize(Int16ub),
    "n" / Int8ub,
    "index" / m.Table("index", 2, Struct("row" / m.IndexInto(Int8ub, "rows"))),
    "rows" / m.Table("rows", this.n, Struct("v" / Int8ub), high=3),
)
NUMBERS = Struct(
    "n" / m.CountOf(Int8ub, of="little"),
    "little"
    / m.Table(
        "little",
        this.n,
        Struct(
            "mark" / Const(b"#"),
            "bits" / m.StrictFlags(Int32ul, Bits),
            "colour" / m.StrictEnum(Int16ul, Colour),
            "signed" / m.Bounded(Int16sl, -2, 300),
            "free" / Int16ul,
        ),
    ),
    "big"
    / m.Table(
        "big",
        this.n,
        Struct(
            "step" / m.Bounded(Int32ub, 4, 600),
            "known" / m.Version(Int16ub, known=(1, 700)),
            "nothing" / m.Reserved(Int16ub),
        ),
    ),
    "owners"
    / m.Table(
        "owners",
        this.n,
        Struct("first" / Int16ub, "held" / Int16ub, "rows" / m.Rows("owned", "first", "held")),
    ),
    "owned_n" / m.CountOf(Int8ub, of="owned"),
    "owned" / m.Table("owned", this.owned_n, Struct("v" / Int16ul)),
)
"""Rows whose numbers lie askew, in both byte orders, with and without a sign; and rows that share out rows."""

OFFSETS = Struct(
    "n" / m.CountOf(Int8ub, of="rows"),
    "rows"
    / m.Table(
        "rows",
        this.n,
        Struct(
            "step" / m.Bounded(m.OffsetInto(Int32ub, of="thing", align=4), 4, 600),
            "v" / m.OffsetInto(Int16ub, of="thing", align=4),
        ),
    ),
    "there" / Int8ub,
    "thing" / m.At(this.there, Struct("x" / Int8ub)),
)
"""Rows of offsets, which must be aligned, within bounds and without."""

MISSING = Struct(
    "kind" / Int8ub,
    "body"
    / Switch(
        this.kind,
        {
            1: m.Table("rows", 2, Struct("v" / Int8ub)),
            2: m.Pool("pool", 4),
            3: Bytes(2),
        },
    ),
    "index" / m.Table("index", 1, Struct("row" / m.IndexInto(Int8ub, "rows"))),
    "names"
    / m.Table(
        "names",
        1,
        Struct(
            "at" / Int8ub,
            "n" / Int8ub,
            "name" / If(this.n > 0, m.Pooled("pool", this.at, this.n, m.Text(this.n))),
        ),
    ),
)
"""A table and a pool that a file may lack."""

GENERATED = [known.schema for known in FORMATS if (FORMATS_OF_SCHEMAS / known.name / "generated.py").exists()]
"""The schemas that have a generated module."""

TREES = {
    "links": LINKS,
    "typed": TYPED,
    "pooled": POOLED,
    "every": EVERY,
    "checked": CHECKED,
    "numbers": NUMBERS,
    "offsets": OFFSETS,
}
GOOD = {
    "links": ["0202 0400 0000", "0000"],
    "typed": ["0302 010203 0002 0201"],
    "pooled": ["0103 0402 686900", "0203 0602 0602 686900"],
    "every": [
        "4556 01 03 05 05 02 6869 61000000 000000 02 01ff 02 01 02 0000 19 0007",
        "4556 04 01 00 02 01 68 61000000 00 01 00 10 0007",
    ],
    "numbers": [
        "03 23 05000000 0300 ffff 1234 23 00000000 0100 2c01 0000 23 01000000 0300 0000 ffff"
        " 00000004 0001 0000 00000258 02bc 0000 00000100 0001 0000"
        " 0000 0001 0001 0000 0001 0002 03 0000 0400 fc04"
    ],
    "offsets": ["02 00000004 0400 00000258 fc04 0e 07", "00 00"],
    "missing": ["01 0505 01 0000"],
    "checked": ["00000000 000b 02 0100 0909"],
}


@pytest.mark.parametrize("together", [1, 2, ROWS])
@pytest.mark.parametrize("name", sorted(TREES))
def test_generated_code_agrees_with_the_reader(name: str, together: int, more: int) -> None:
    """On good files and thousands of edited and truncated ones, both decide alike whether there is a fault.

    The number of rows that are read together does not matter.
    """
    root = TREES[name]
    accept = compiled(root)
    accept.__globals__["ROWS"] = together
    seeds = [bytes.fromhex(text.replace(" ", "")) for text in GOOD[name]]
    seeds = [fix_up(seed, read(layout_of(root), seed)) for seed in seeds]
    for seed in seeds:
        assert agree(root, accept, seed), read(layout_of(root), seed).faults
    rng = random.Random(1)
    outcomes = {agree(root, accept, data) for data in _edits(rng, seeds, root, 2000 * more)}
    assert outcomes == {True, False}


def _edits(rng: random.Random, seeds: list[bytes], root: construct.Construct, count: int) -> list[bytes]:
    """Files that are nearly good: a few bytes changed, cut or added, some of them sealed again."""
    made = [seed[:i] for seed in seeds for i in range(min(len(seed), 200))]
    made += (edited(rng, seeds, root=root, cut=0.1, grown=0.1, sealed=0.6) for _ in range(count))
    return made


@pytest.mark.parametrize("together", [2, ROWS])
@pytest.mark.parametrize("schema", GENERATED, ids=lambda schema: schema.name)
def test_built_in_formats_agree_with_the_reader(
    schema: Schema, together: int, more: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the whole corpus of a format, edited and truncated, both decide alike whether there is a fault.

    The number of rows that are read together does not matter.
    """
    module = importlib.import_module(f"ccheck_schemas.formats.{schema.name}.generated")
    monkeypatch.setattr(module, "ROWS", together)
    accept: Accept = module.accept
    files = sorted((ROOT / "corpus" / schema.name).glob("**/*.bin"))
    enough(schema.name, len(files))
    outcomes = {agree(schema.root, accept, path.read_bytes()) for path in files}
    assert outcomes == {True, False}
    good = [data for path in files if len(data := path.read_bytes()) < 4000 and accept(data)]
    rng = random.Random(2)
    nearly = [agree(schema.root, accept, data) for data in _edits(rng, good, schema.root, 700 * more)]
    assert 0 < sum(nearly[-700 * more :]) < 700 * more


def test_genuine_rules_are_spotless(shared_data: Path) -> None:
    """The generated code accepts all genuine Sysmon rules, as the reader does."""
    from ccheck_schemas.formats.sysmon.generated import accept
    from ccheck_schemas.formats.sysmon.schema import SCHEMA

    files = sorted((shared_data / "sysmon" / "valid").iterdir())
    assert len(files) == 83
    assert all(agree(SCHEMA.root, accept, path.read_bytes()) for path in files)


@given(st.binary(max_size=80), st.sampled_from(sorted(TREES)))
def test_any_bytes_end_in_an_answer(data: bytes, name: str) -> None:
    """Whatever the bytes, the generated code answers, and as the reader does."""
    agree(TREES[name], compiled(TREES[name]), data)


def test_a_format_without_generated_code_has_no_fast_path() -> None:
    """The generator names what it does not understand of a schema.

    The table of formats says that good files have no fast path.
    """
    assert GENERATED
    for known in FORMATS:
        if known.schema not in GENERATED:
            assert known.no_fast_path
            with pytest.raises(NotGenerated):
                source(known.schema)


def test_the_shipped_modules_are_current() -> None:
    """Each `generated.py` is what the schemas give; `python -m tests.generated` renews it."""
    found = list(modules())
    assert {path.parent.name for path, _ in found} == {schema.name for schema in GENERATED}
    stale = [
        path.relative_to(ROOT).as_posix() for path, text in found if path.read_text(encoding="utf-8") != text
    ]
    assert not stale, f"run `python -m tests.generated`: the schema has changed since {', '.join(stale)}"


@pytest.mark.parametrize(
    ("root", "reason"),
    [
        (Struct("x" / Array(2, Int8ub)), "the elements of x are no records"),
        (Struct("x" / If(1, Int8ub)), "the number x stands in one branch alone"),
        (Struct("l" / Array(1, Struct("c" / m.ChecksumOver(Int32ub, 0)))), "ChecksumOver of c"),
        (
            Struct("k" / Int8ub, "a" / If(this.k, Struct("x" / Int8ub)), "b" / Bytes(this.a.x)),
            "a.x is not a number that was read before",
        ),
        (
            Struct("k" / Bytes(1), "b" / Switch(this.k, {b"a": Bytes(1)})),
            "k is not a number that was read before",
        ),
    ],
)
def test_what_is_not_understood_is_refused_with_the_reason(root: construct.Construct, reason: str) -> None:
    """A schema that the generator does not understand is named with its reason, and never half generated."""
    with pytest.raises(NotGenerated, match=reason):
        compiled(root)


def test_records_that_overlap_end_the_reading_soon() -> None:
    """A file whose records claim its bytes over and over is given up after one file's worth of work."""
    link = Struct("next" / Int32ub, "size" / Int32ub, "data" / Bytes(this.size))
    root = Struct("first" / Int32ub, "links" / m.Chain(this.first, link, next_field="next", last="next"))
    raw = (4).to_bytes(4, "big")
    for i in range(1000):
        raw += (4 + 8 * (i + 1) if i < 999 else 0).to_bytes(4, "big") + (8 * (999 - i)).to_bytes(4, "big")
    assert compiled(root)(raw) is None


def test_columns_give_the_rows_of_a_table() -> None:
    """A valid file's columns have its numbers by path, the rows of each table, and where its pools lie."""
    columns = compiled(POOLED)(bytes.fromhex("01030402686900"))
    assert columns is not None
    assert list(columns.rows("items")) == [(4, 2)]
    assert (columns.numbers["items_n"], columns.pools["pool"]) == (1, (4, 7))


def test_each_branch_compares_the_record_size() -> None:
    """Where a record size is for the tables of several branches, generated code compares it in each of them."""
    branches = {
        1: m.Table("a", this.n, Struct("v" / Int8ub)),
        2: m.Table("b", this.n, Struct("v" / Int16ub)),
        3: m.Table("c", this.n, Struct("v" / Int32ub)),
    }
    size = {1: 1, 2: 2, 3: 4}
    root = Struct(
        "kind" / Int8ub,
        "width" / m.RecordSize(Int8ub, of="rows"),
        "n" / Int8ub,
        "rows" / Switch(this.kind, branches),
    )
    accept = compiled(root)
    for kind, width in product(branches, range(6)):
        assert agree(root, accept, bytes([kind, width, 1, *bytes(size[kind])])) is (width == size[kind])
