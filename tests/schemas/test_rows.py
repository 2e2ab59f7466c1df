"""Rows read at once against rows read one by one: the same faults and records, whatever the tables hold."""

from __future__ import annotations

import random
import struct

import pytest
from construct import Bytes, If, IfThenElse, Int8sb, Int8ub, Int16ub, Struct, this

from ccheck_schemas import meaning as m
from ccheck_schemas.formats.channel.structure import CHANNEL
from ccheck_schemas.layout.compiler import compile_tree
from ccheck_schemas.read.row_plan import row_plan
from tests.conftest import ROOT
from tests.edits import edited
from tests.schemas.same_reading import read_both

OWNER = Struct(
    "first" / Int8ub,
    "count" / m.Bounded(Int8ub, 0, 4),
    "name_at" / Int8ub,
    "name_size" / Int8ub,
    "name" / m.Pooled("pool", this.name_at, this.name_size, m.Text(this.name_size, terminator="behind")),
    "rows" / m.Rows("rows", first="first", count="count"),
)
ROW = Struct(
    "kind" / m.Bounded(Int8ub, 0, 3),
    "at" / Int8ub,
    "size" / Int8ub,
    "owner" / m.IndexInto(Int8ub, "owners"),
    "item"
    / If(
        this.kind > 0,
        IfThenElse(
            this.kind == 1,
            m.Pooled("pool", this.at, this.size, m.Text(this.size, terminator="behind", lists=True)),
            m.Pooled("pool", this.at, this.size, Bytes(this.size), align=4),
        ),
    ),
)
SHARED = Struct(
    "owners_n" / Int8ub,
    "rows_n" / Int8ub,
    "pool_n" / Int8ub,
    "owners" / m.Table("owners", this.owners_n, OWNER),
    "rows" / m.Table("rows", this.rows_n, ROW),
    "pool" / m.Pool("pool", this.pool_n),
)
"""Everything at once that a table may have: runs of rows, indexes, items of several kinds and alignments."""


def sample(owners: int, each: int) -> bytes:
    """A file without faults: owners with `each` rows, which name a text, bytes and nothing in turn."""
    rows: list[tuple[int, int, int, int]] = []
    names: list[tuple[int, int, int, int]] = []
    start = 3 + 4 * owners + 4 * owners * each
    pool = b""
    for owner in range(owners):
        names.append((owner * each, each, start + len(pool), 2))
        pool += b"n%d\0" % owner
    for i in range(owners * each):
        kind = i % 3
        if kind == 2:
            pool += bytes(-(start + len(pool)) % 4)
        rows.append((kind, start + len(pool) if kind else 0, (0, 1, 3)[kind], i % owners))
        pool += (b"", b"t\0", b"abc")[kind]
    table = b"".join(struct.pack("4B", *row) for row in names + rows)
    return bytes([owners, owners * each, len(pool)]) + table + pool


def test_the_rows_of_the_sample_are_read_in_bulk() -> None:
    """Both kinds of rows have a plan, and the sample has no fault: else the tests below would hold nothing."""
    assert row_plan(compile_tree(OWNER)[0]) is not None
    assert row_plan(compile_tree(ROW)[0]) is not None
    reading = read_both(SHARED, sample(4, 3))
    assert (reading.faults, reading.complete) == ((), True)
    assert reading.tables["rows"][7].path == "owners[2].rows[1]"
    assert reading.tables["rows"][7].item == "t"


def test_edited_tables_read_alike(more: int) -> None:
    """Thousands of files with edited rows: the same faults, related, paths and values, with rows at once or one by one."""
    rng = random.Random(3)
    seeds = [sample(owners, each) for owners in (1, 2, 4) for each in (1, 3, 4)]
    seen: set[str] = set()
    for _ in range(4000 * more):
        seen |= set(read_both(SHARED, edited(rng, seeds, most=4, cut=0.2)).counts)
    assert seen >= {
        "count-past-bytes", "index-outside-table", "offset-misaligned", "offset-outside-region", "padding-not-zero",
        "pool-items-overlap", "pool-text-unused", "rows-out-of-order", "text-malformed", "text-not-terminated",
        "truncated", "value-out-of-bounds",
    }  # fmt: skip


def test_edited_channel_files_read_alike(more: int) -> None:
    """Channel files with edited rows, sealed again, give the same faults with rows at once or one by one."""
    corpus = ROOT / "corpus" / "channel"
    seeds = [p.read_bytes() for p in sorted(corpus.glob("**/*.bin")) if 100 < p.stat().st_size < 3000]
    assert len(seeds) > 50
    rng = random.Random(4)
    seen: set[str] = set()
    for _ in range(1500 * more):
        seen |= set(read_both(CHANNEL, edited(rng, seeds, root=CHANNEL, first=32)).counts)
    assert len(seen) > 12


def test_items_of_unordered_rows_read_alike() -> None:
    """Rows that name items out of order, again, or overlapping give the same faults as read one by one."""
    rng = random.Random(5)
    seen: set[str] = set()
    for _ in range(300):
        data = bytearray(sample(3, 4))
        rows = [bytes(data[15 + 4 * i : 19 + 4 * i]) for i in range(12)]
        rng.shuffle(rows)
        rows[rng.randrange(12)] = rng.choice(rows)
        kind, at, size, owner = rows[0]
        rows[0] = bytes([kind, at, size + rng.randrange(3), owner])
        data[15:63] = b"".join(rows)
        seen |= set(read_both(SHARED, bytes(data)).counts)
    assert seen >= {"pool-items-overlap", "pool-text-unused"}


@pytest.mark.parametrize(
    "row",
    [
        Struct("a" / Int8ub, "b" / Bytes(2)),
        Struct("a" / Int8ub, "b" / If(this._root.n == 1, m.Pooled("pool", this.a, 1, Bytes(1)))),
        Struct("a" / Int8sb, "b" / Int8ub, "c" / m.Rows("rows", first="a", count="b")),
        Struct("a" / m.FileSize(Int16ub)),
    ],
    ids=["bytes inside", "a field outside the row", "a signed index", "the size of the file"],
)
def test_what_cannot_be_read_in_bulk_is_read_one_by_one(row: Struct) -> None:
    """A row that holds more than numbers and items of one pool has no plan, and is read by itself."""
    assert row_plan(compile_tree(row)[0]) is None
