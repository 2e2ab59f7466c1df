"""The reader on small schemas: each fault with its bytes, and what is still read behind it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from enum import IntEnum, IntFlag
from typing import Any

import construct
import pytest
from construct import Array, Bytes, Const, If, Int8ub, Int16ub, Int32ub, Struct, Switch, this
from hypothesis import given
from hypothesis import strategies as st

from ccheck_schemas import meaning as m
from ccheck_schemas.fault import FaultName
from ccheck_schemas.fault_details import Truncated
from ccheck_schemas.layout.compiler import compile_tree
from ccheck_schemas.layout.lint import layout_of, lint
from ccheck_schemas.model.fix_up import fix_up
from ccheck_schemas.read import read
from ccheck_schemas.read.collector import FAULTS_KEPT
from ccheck_schemas.record import Reading
from ccheck_schemas.span import Span


class Colour(IntEnum):
    """One colour."""

    RED = 1


class Bits(IntFlag):
    """One bit."""

    A = 1


def faults(reading: Reading) -> list[tuple[str, int, int, str]]:
    """Name, offset, length and path of each fault."""
    return [(f.name, f.span.offset, f.span.length, f.span.path) for f in reading.faults]


@pytest.mark.parametrize(
    ("node", "good", "bad", "name"),
    [
        (Const(b"AB"), b"AB", b"AC", "wrong-magic"),
        (m.Version(Int16ub, known=(1,)), b"\0\x01", b"\0\x02", "unknown-format-version"),
        (m.Version(Int16ub, known=(1,), mask=0xFF), b"\x07\x01", b"\x01\x07", "unknown-format-version"),
        (m.Bounded(Int16ub, 1, 2), b"\0\x02", b"\0\x03", "value-out-of-bounds"),
        (m.LengthOf(Int16ub, of="x", high=4, step=2), b"\0\x04", b"\0\x06", "value-out-of-bounds"),
        (m.LengthOf(Int16ub, of="x", high=4, step=2), b"\0\x02", b"\0\x03", "value-out-of-bounds"),
        (m.StrictEnum(Int16ub, Colour), b"\0\x01", b"\0\0", "unknown-enum-value"),
        (m.StrictFlags(Int16ub, Bits), b"\0\x01", b"\0\x03", "unknown-flag"),
        (m.Reserved(Int16ub), b"\0\0", b"\x80\0", "reserved-not-zero"),
        (m.FileSize(Int16ub), b"\0\x02", b"\0\x03", "size-mismatch"),
        (m.Text(2), b"ab", b"a\xff", "text-malformed"),
    ],
)
def test_a_value_that_breaks_its_meaning_is_one_fault(node: Any, good: bytes, bad: bytes, name: str) -> None:
    """A good value has no fault; a bad one has exactly one, with the field's path, inside its bytes."""
    layout, _ = compile_tree(Struct("x" / node))  # lint wants a length to have bytes that it measures
    assert faults(read(layout, good)) == []
    found = read(layout, bad).faults
    assert [(f.name, f.span.path) for f in found] == [(name, "x")]
    assert 0 <= found[0].span.offset < found[0].span.end <= 2


def test_every_fault_is_reported_not_only_the_first() -> None:
    """Three broken fields of one record give three faults, in the order of their bytes."""
    root = Struct("a" / m.Reserved(Int8ub), "b" / m.Bounded(Int8ub, 0, 1), "c" / m.StrictEnum(Int8ub, Colour))
    assert [f[0] for f in faults(read(layout_of(root), b"\x01\x02\x03"))] == [
        "reserved-not-zero",
        "value-out-of-bounds",
        "unknown-enum-value",
    ]


def test_a_record_that_is_cut_short_is_one_fault() -> None:
    """The field that does not fit is reported with the bytes that are left, and nothing after it is."""
    root = Struct("a" / Int8ub, "b" / Int32ub, "c" / m.Bounded(Int32ub, 1, 1))
    reading = read(layout_of(root), b"\x01\x02\x03")
    assert faults(reading) == [("truncated", 1, 2, "b")]
    assert reading.faults[0].details == Truncated(need=4, have=2)
    assert not reading.complete
    assert reading.root.a == 1
    assert reading.root.get("b") is None


def test_a_count_past_the_bytes_is_one_fault_and_the_rest_is_checked() -> None:
    """A table that is too short gives one fault at its count, and the rows that fit are still judged."""
    row = Struct("v" / m.Bounded(Int16ub, 0, 9))
    root = Struct("count" / Int8ub, "rows" / m.Table("rows", this.count, row))
    reading = read(layout_of(root), b"\x05\x00\x01\x00\x63\x00")
    assert faults(reading) == [
        ("count-past-bytes", 0, 1, "count"),
        ("value-out-of-bounds", 3, 2, "rows[1].v"),
    ]
    assert len(reading.tables["rows"]) == 2


def test_a_count_past_its_limit_reads_no_more_than_the_limit() -> None:
    """A table with more rows than its limit is one fault, and only so many rows are made."""
    root = Struct("count" / Int8ub, "rows" / m.Table("rows", this.count, Struct("v" / Int8ub), high=2))
    reading = read(layout_of(root), b"\x04abcd")
    assert ("value-out-of-bounds", 0, 1, "count") in faults(reading)
    assert len(reading.tables["rows"]) == 2


def test_a_region_shorter_or_longer_than_its_content_is_found() -> None:
    """Left-over bytes of a region are reported at its length; a region past the file is one truncation."""
    body = Struct("v" / Int16ub)
    root = Struct("size" / Int8ub, "body" / m.Region(this.size, body), "after" / Int8ub)
    assert faults(read(layout_of(root), b"\x02\0\x01z")) == []
    assert faults(read(layout_of(root), b"\x03\0\x01\0z")) == [("size-mismatch", 0, 1, "size")]
    assert faults(read(layout_of(root), b"\x01\0z")) == [("truncated", 1, 1, "body.v")]
    assert faults(read(layout_of(root), b"\x09\0\x01z")) == [("truncated", 0, 1, "size")]


def test_negative_lengths_and_counts_end_the_record() -> None:
    """An expression that comes out negative is a fault and never an index from the end."""
    root = Struct("a" / Int8ub, "x" / Bytes(this.a - 5), "y" / Int8ub)
    assert faults(read(layout_of(root), b"\x01abc")) == [("value-out-of-bounds", 1, 0, "")]
    root = Struct("a" / construct.Int8sb, "x" / Array(this.a, Int8ub))
    assert faults(read(layout_of(root), b"\xffabc")) == [("value-out-of-bounds", 0, 1, "a")]


LINK = Struct("next" / m.OffsetInto(Int8ub, of="links", align=2), "value" / Int8ub)
LINKS = Struct("first" / Int8ub, "count" / m.CountOf(Int8ub, of="links"),
               "links" / m.Chain(this.first, LINK, next_field="next", last="next", align=2))  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("0202 0400 0000", []),
        ("0203 0400 0000", [("count-mismatch", 1, 1, "count")]),
        ("0202 0400 0200", [("chain-loop", 4, 1, "links[1].next")]),
        ("0201 0200", [("chain-loop", 2, 1, "links[0].next")]),
        ("0401 0000 0200", [("chain-backwards", 4, 1, "links[0].next")]),
        ("0201 0600", [("offset-outside-file", 2, 1, "links[0].next")]),
        ("0901 0000", [("offset-misaligned", 0, 1, "first")]),
        ("0201 0300", [("offset-misaligned", 2, 1, "links[0].next")]),
        ("0201 0000 07", [("bytes-unowned", 4, 1, "")]),
        ("0000", []),
    ],
)
def test_chains_end_forward_or_are_blamed(raw: str, expected: list[tuple[str, int, int, str]]) -> None:
    """A chain that loops, goes back, leaves the file or is misaligned is reported at the link that does it."""
    assert faults(read(layout_of(LINKS), bytes.fromhex(raw.replace(" ", "")))) == expected


def test_a_chain_whose_marks_disagree_has_no_clean_end() -> None:
    """The last element and the next offset must both say that the chain ends."""
    link = Struct("next" / Int8ub, "size" / Int8ub)
    root = Struct("links" / m.Chain(2, link, next_field="next", last="size"), "head" / Bytes(2))
    assert faults(read(layout_of(root), b"hh\x04\x01\0\0")) == []
    assert faults(read(layout_of(root), b"hh\x00\x01")) == [("chain-no-end", 2, 1, "links[0].next")]
    assert faults(read(layout_of(root), b"hh\x04\x00ab")) == [("chain-no-end", 2, 1, "links[0].next")]


def test_overlapping_records_are_owned_twice() -> None:
    """A chained record that covers bytes of another is reported with the bytes that they share."""
    link = Struct("next" / Int8ub, "more" / Int16ub)
    root = Struct("first" / Int8ub, "links" / m.Chain(this.first, link, next_field="next", last="next"))
    reading = read(layout_of(root), b"\x01\x02\0\0\0")
    assert ("bytes-owned-twice", 2, 2, "links[1]") in faults(reading)


def test_two_chains_may_not_share_a_record() -> None:
    """A record that another chain has read is not read again: work stays in proportion to the file."""
    link = Struct("next" / Int8ub)
    root = Struct(
        "a" / Int8ub,
        "b" / Int8ub,
        "left" / m.Chain(this.a, link, next_field="next", last="next"),
        "right" / m.Chain(this.b, link, next_field="next", last="next"),
    )
    reading = read(layout_of(root), b"\x02\x02\0")
    assert faults(reading) == [("bytes-owned-twice", 1, 1, "b")]
    assert [len(reading.root.left), len(reading.root.right)] == [1, 0]


def test_records_that_claim_the_file_over_and_over_stop_the_reading() -> None:
    """Thousands of overlapping records end in one fault after about twice the file, not in quadratic work."""
    link = Struct("next" / Int32ub, "size" / Int32ub, "data" / Bytes(this.size))
    root = Struct("first" / Int32ub, "links" / m.Chain(this.first, link, next_field="next", last="next"))
    count = 2000
    raw = (8).to_bytes(4, "big") + bytes(4)
    end = 8 + 8 * count
    for i in range(count):
        at = 8 + 8 * i
        raw += (at + 8 if i < count - 1 else 0).to_bytes(4, "big") + (end - at - 8).to_bytes(4, "big")
    reading = read(layout_of(root), raw)
    assert reading.counts[FaultName.BYTES_OWNED_TWICE] >= 1
    assert not reading.complete
    assert len(reading.root.links) < 10


TYPED = Struct(
    "rows_n" / Int8ub,
    "takers_n" / Int8ub,
    "rows" / m.Table("rows", this.rows_n, Struct("v" / m.Bounded(Int8ub, 0, 99))),
    "takers"
    / m.Table(
        "takers", this.takers_n, Struct("first" / Int8ub, "n" / Int8ub, "own" / m.Rows("rows", "first", "n"))
    ),
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("0302 010203 0002 0201", []),
        ("0300 010203", [("rows-out-of-order", 2, 3, "rows")]),
        ("0302 010203 0001 0201", [("rows-out-of-order", 7, 1, "takers[1].first")]),
        ("0302 010203 0002 0102", [("rows-out-of-order", 7, 1, "takers[1].first")]),
        ("0302 010203 0001 0101", [("rows-out-of-order", 4, 1, "rows")]),
        ("0302 010203 0002 0202", [("index-outside-table", 8, 1, "takers[1].n")]),
        ("0302 010203 0002 0301", [("index-outside-table", 7, 1, "takers[1].first")]),
        ("0302 01ff03 0002 0201", [("value-out-of-bounds", 3, 1, "takers[0].own[1].v")]),
    ],
)
def test_rows_are_shared_out_in_order(raw: str, expected: list[tuple[str, int, int, str]]) -> None:
    """Runs of rows that overlap, leave gaps or pass the table are reported; rows have their taker's path."""
    assert faults(read(layout_of(TYPED), bytes.fromhex(raw.replace(" ", "")))) == expected


ITEM = Struct(
    "at" / Int8ub,
    "n" / Int8ub,
    "text" / m.Pooled("pool", this.at, this.n, m.Text(this.n, terminator="behind")),
)
POOLED = Struct("items_n" / Int8ub, "pool_n" / Int8ub, "items" / m.Table("items", this.items_n, ITEM),
                "pool" / m.Pool("pool", this.pool_n))  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"\x01\x03\x04\x02hi\0", []),
        (b"\x00\x03hi\0", [("pool-text-unused", 2, 3, "pool")]),
        (b"\x02\x03\x06\x02\x06\x02hi\0", []),
        (
            b"\x01\x03\x04\x03hi\0",
            [("offset-outside-region", 3, 1, "items[0].n"), ("pool-text-unused", 4, 3, "pool")],
        ),
        (
            b"\x01\x03\x03\x02hi\0",
            [("offset-outside-region", 2, 1, "items[0].at"), ("pool-text-unused", 4, 3, "pool")],
        ),
        (
            b"\x01\x03\xff\xffhi\0",
            [("offset-outside-region", 2, 1, "items[0].at"), ("pool-text-unused", 4, 3, "pool")],
        ),
        (b"\x01\x03\x04\x02hi!", [("text-not-terminated", 6, 1, "items[0].text")]),
        (b"\x01\x03\x04\x02h\0\0", [("text-malformed", 5, 1, "items[0].text")]),
        (b"\x01\x03\x04\x02h\xff\0", [("text-malformed", 5, 1, "items[0].text")]),
        (b"\x01\x05\x04\x02hi\0xy", [("pool-text-unused", 7, 2, "pool")]),
        (b"\x02\x03\x06\x02\x07\x01hi\0", [("pool-items-overlap", 7, 2, "pool")]),
    ],
)
def test_pool_items_lie_inside_and_share_out_their_pool(
    raw: bytes, expected: list[tuple[str, int, int, str]]
) -> None:
    """Items outside their pool, without NUL, overlapping, or bytes that no item names are each reported."""
    assert faults(read(layout_of(POOLED), raw)) == expected


def test_text_inside_its_field_ends_in_nul_and_zeros() -> None:
    """Text of a fixed field needs a NUL, and only zeros behind it; wide characters are whole."""
    root = Struct("t" / m.Text(6, "utf-16-le", terminator="inside"))
    assert read(layout_of(root), b"a\0\0\0\0\0").root.t == "a"
    assert faults(read(layout_of(root), b"a\0b\0c\0")) == [("text-not-terminated", 0, 6, "t")]
    assert faults(read(layout_of(root), b"a\0\0\0c\0")) == [("padding-not-zero", 4, 1, "t")]
    assert faults(read(layout_of(root), b"\x00\xd8\0\0\0\0")) == [("text-malformed", 0, 2, "t")]


def test_checksums_cover_to_the_end_of_the_file() -> None:
    """A CRC-32 over all that follows is compared with the bytes, and `fix_up` makes it true again."""
    root = Struct("crc" / m.ChecksumOver(Int32ub, start=4), "size" / m.FileSize(Int8ub), "rest" / Bytes(3))
    body = b"\x08abc"
    good = zlib.crc32(body).to_bytes(4, "big") + body
    assert faults(read(layout_of(root), good)) == []
    broken = bytes(4) + b"\x09abd"
    reading = read(layout_of(root), broken)
    assert [f[0] for f in faults(reading)] == ["checksum-wrong", "size-mismatch"]
    assert faults(read(layout_of(root), fix_up(broken, reading))) == []
    assert [f[0] for f in faults(read(layout_of(root), fix_up(broken, reading, checksums=False)))] == [
        "checksum-wrong"
    ]


def test_an_unknown_kind_is_passed_over_to_the_end_of_its_region() -> None:
    """A switch without a case for the kind reads nothing more of its region, and what follows is read."""
    body = Struct("kind" / m.StrictEnum(Int8ub, Colour), "x" / Switch(this.kind, {1: Int8ub}))
    root = Struct("size" / Int8ub, "body" / m.Region(this.size, body), "after" / m.Bounded(Int8ub, 1, 1))
    reading = read(layout_of(root), b"\x03\x07zz\x01")
    assert faults(reading) == [("unknown-enum-value", 1, 1, "body.kind")]
    assert reading.root.after == 1


def test_a_kind_without_a_case_is_a_fault_of_its_field() -> None:
    """A kind that no case describes is reported even for a plain number: nothing passes unread."""
    body = Struct("kind" / Int8ub, "x" / Switch(this.kind, {1: Int8ub}))
    root = Struct("size" / Int8ub, "body" / m.Region(this.size, body))
    assert faults(read(layout_of(root), b"\x03\x07zz")) == [("unknown-enum-value", 1, 1, "body.kind")]
    assert faults(read(layout_of(root), b"\x02\x01z")) == []


def test_a_second_table_or_pool_is_a_fault() -> None:
    """A table or pool that comes twice is reported: what points into it was compared with the first only."""
    table = m.Table("rows", this.n, Struct("v" / Int8ub))
    root = Struct("n" / Int8ub, "one" / table, "two" / table)
    assert faults(read(layout_of(root), b"\x01aa")) == [("table-repeated", 0, 1, "n")]
    root = Struct("n" / Int8ub, "one" / m.Pool("pool", this.n), "two" / m.Pool("pool", this.n))
    assert [f[0] for f in faults(read(layout_of(root), b"\x00"))] == ["table-repeated"]


@pytest.mark.parametrize(
    ("node", "raw", "name"),
    [
        (m.IndexInto(Int8ub, "rows"), b"\x00\x00", "index-outside-table"),
        (
            Struct("first" / Int8ub, "n" / Int8ub, "own" / m.Rows("rows", "first", "n")),
            b"\x00\x00\x01",
            "index-outside-table",
        ),
        (
            Struct("at" / Int8ub, "item" / m.Pooled("pool", this.at, 1, Bytes(1))),
            b"\x00\x00",
            "offset-outside-region",
        ),
    ],
)
def test_what_names_a_table_or_pool_that_the_file_lacks_is_blamed(node: Any, raw: bytes, name: str) -> None:
    """A missing table has no rows and a missing pool no bytes, so an index, a run of rows or an item of one is outside."""
    tables = {1: m.Table("rows", 1, Struct("v" / Int8ub)), 2: m.Pool("pool", 1), 0: Bytes(0)}
    root = Struct("kind" / Int8ub, "body" / Switch(this.kind, tables), "x" / node)
    assert [fault.name for fault in read(layout_of(root), raw).faults] == [name]


def test_if_reads_a_field_only_when_its_condition_holds() -> None:
    """A conditional field is there, or None and without bytes."""
    root = Struct("flag" / Int8ub, "x" / If(this.flag == 1, Int8ub))
    assert read(layout_of(root), b"\x01\x07").root.x == 7
    assert read(layout_of(root), b"\x00").root.x is None


def test_faults_beyond_the_limit_are_counted_not_kept() -> None:
    """A file with more faults of one kind than are kept still says how many there are."""
    root = Struct("rows" / m.Table("rows", 5000, Struct("v" / m.Reserved(Int8ub))))
    reading = read(layout_of(root), b"\x01" * 5000)
    assert len(reading.faults) == FAULTS_KEPT
    assert reading.counts[FaultName.RESERVED_NOT_ZERO] == 5000


def test_records_know_their_places() -> None:
    """A nested field knows its bytes and its path, and a record its whole extent."""
    root = Struct("head" / Struct("a" / Int8ub, "b" / Int16ub), "list" / Array(2, Struct("c" / Int8ub)))
    reading = read(layout_of(root), b"\x01\x00\x02\x03\x04")
    assert reading.root.head.span("b") == Span(1, 2, "head.b")
    assert reading.root.head.span() == Span(0, 3, "head")
    assert reading.root.list[1].span("c") == Span(4, 1, "list[1].c")
    with pytest.raises(AttributeError):
        _ = reading.root.nothing


@given(st.binary(max_size=200), st.sampled_from([LINKS, TYPED, POOLED]))
def test_any_bytes_are_read_without_an_exception(data: bytes, root: construct.Construct) -> None:
    """Whatever the bytes, reading ends in faults inside the file and never in an exception."""
    assert lint(root) == ()
    for fault in read(layout_of(root), data).faults:
        assert 0 <= fault.span.offset <= fault.span.end <= len(data)


@given(st.binary(max_size=64))
def test_a_reading_without_faults_is_what_construct_reads(data: bytes) -> None:
    """Where the reader finds nothing wrong, Construct's own parser reads the same numbers."""
    reading = read(layout_of(LINKS), data)
    if reading.faults:
        return
    tree = LINKS.parse(data)
    assert [(r.next, r.value) for r in reading.root.links] == [(r.next, r.value) for r in tree.links]


LISTED = Struct(
    "list" / m.Terminated(Struct("name" / Int8ub, "at" / m.Bounded(Int8ub, 2, 9)), last="at"),
    "behind" / Int8ub,
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("01 02 03 04 00 00 07", []),
        ("00 00 07", []),
        ("01 02 05 00 07", [("reserved-not-zero", 2, 1, "list")]),
        ("01 01 00 00 07", [("value-out-of-bounds", 1, 1, "list[0].at")]),
        ("01 02 03 04", [("truncated", 4, 0, "list")]),
        ("01 02 03", [("truncated", 2, 1, "list")]),
    ],
)
def test_a_list_ends_with_a_record_of_zeros(raw: str, expected: list[tuple[str, int, int, str]]) -> None:
    """Records are read up to the one whose mark is 0; its other contents, or a missing one, are a fault."""
    data = bytes.fromhex(raw)
    reading = read(layout_of(LISTED), data)
    assert faults(reading) == expected
    if not expected:
        assert LISTED.build(LISTED.parse(data)) == data
        assert len(reading.root["list"]) == len(LISTED.parse(data)["list"])
        assert reading.root["behind"] == 7


def test_a_list_that_does_not_end_in_zeros_is_refused_by_construct() -> None:
    """Plain Construct parsing refuses an ending record that holds anything."""
    with pytest.raises(m.FieldError, match="is not zero"):
        LISTED.parse(bytes.fromhex("01 02 05 00 07"))


def test_a_pointer_in_units_is_blamed_for_where_it_leads() -> None:
    """A field that counts in units of 4 is the one reported if the place is outside the file."""
    node = Struct(
        "there" / m.OffsetInto(Int8ub, of="record", unit=4),
        "record" / m.At(this.there * 4, Struct("a" / Int8ub)),
    )
    assert faults(read(layout_of(node), b"\x02")) == [("offset-outside-file", 0, 1, "there")]
    assert read(layout_of(node), b"\x01\0\0\0\x05").faults[0].name == "bytes-unowned"


TOKENS = Struct(
    "at" / m.OffsetInto(Int8ub, of="tokens"),
    m.ZerosTo(this.at),
    "tokens"
    / m.UpTo(
        Struct("kind" / Int8ub, "name" / If(this.kind == 1, m.SharedText("names", this.kind - 1))), "kind", 9
    ),
    "length" / Int8ub,
    "names" / m.Strings("names", this.length),
    m.ZerosToEnd(),
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("01 01 09 03 61 62 00", []),
        ("03 00 00 01 09 03 61 62 00 00 00", []),
        ("03 00 07 01 09 03 61 62 00", [("padding-not-zero", 2, 1, "padding")]),
        ("00 01 09 03 61 62 00", [("bytes-owned-twice", 0, 1, "at")]),
        ("ff 01 09", [("offset-outside-file", 0, 1, "at")]),
        ("01 01 02 03", [("truncated", 4, 0, "tokens[3].kind")]),
        ("01 01 09 02 61 62", [("text-not-terminated", 4, 2, "tokens[0].name")]),
        ("01 01 09 03 61 ff 00", [("text-malformed", 5, 1, "tokens[0].name")]),
        ("01 01 09 00", [("offset-outside-region", 1, 1, "tokens[0]")]),
        ("01 09 03 61 62 00", [("pool-text-unused", 3, 3, "names")]),
        ("01 01 09 05 61 00", [("count-past-bytes", 3, 1, "length")]),
        ("01 01 09 02 61 00 07", [("padding-not-zero", 6, 1, "padding")]),
    ],
)
def test_lists_up_to_a_mark_and_names_that_they_share(
    raw: str, expected: list[tuple[str, int, int, str]]
) -> None:
    """Tokens up to the last, zeros before and after them, and names in a block: each fault has its place."""
    assert faults(read(layout_of(TOKENS), bytes.fromhex(raw))) == expected


def test_names_may_be_the_ends_of_others() -> None:
    """Two texts that end at the same NUL own it together, and none of the block is unused."""
    entry = Struct("at" / Int8ub, "name" / m.SharedText("names", this.at))
    node = Struct("a" / entry, "b" / entry, "names" / m.Strings("names", 3))
    reading = read(layout_of(node), b"\x01\0ab\0")
    assert faults(reading) == []
    assert (reading.root.a.name, reading.root.b.name) == ("b", "ab")


def test_names_that_share_a_long_end_are_read_in_bounds() -> None:
    """Thousands of names that all run to the end of a long block are given up after eight times the file."""
    entry = Struct("at" / Int16ub, "name" / m.SharedText("names", this.at))
    node = Struct("entries" / Array(20_000, entry), "names" / m.Strings("names", 40_000))
    data = b"".join(i.to_bytes(2, "big") for i in range(20_000)) + b"a" * 39_999 + b"\0"
    reading = read(layout_of(node), data)
    assert reading.counts == {FaultName.WORK_OUT_OF_PROPORTION: 1}
    assert not reading.complete


PADDED = Struct("name" / m.TextToNul(), "padding" / m.AnyPad(4), "records" / m.UpToEnd(Struct("a" / Int16ub)))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("61 00 07 08 00 01 00 02", []),
        ("61 62 63 00", []),
        ("61 62 63", [("text-not-terminated", 0, 3, "name")]),
        ("e9 00 00 00", [("text-malformed", 0, 1, "name")]),
        ("61 00 00", [("truncated", 2, 1, "padding")]),
        ("61 62 63 00 00 01 00", [("truncated", 6, 1, "records[1].a")]),
        ("", [("truncated", 0, 0, "name")]),
    ],
)
def test_text_to_its_nul_padding_and_records_to_the_end(
    raw: str, expected: list[tuple[str, int, int, str]]
) -> None:
    """A text ends at its NUL, padding is kept whatever it holds, and records follow to the last byte."""
    data = bytes.fromhex(raw)
    assert faults(read(layout_of(PADDED), data)) == expected
    if not expected:
        assert PADDED.build(PADDED.parse(data)) == data


@pytest.mark.parametrize(
    ("node", "raw", "match"),
    [
        (m.ZerosTo(2), "00 07", "is not zero"),
        (Struct("a" / Int16ub, m.ZerosTo(1)), "00 07", "lies before"),
        (m.ZerosToEnd(), "00 07", "are not zero"),
        (m.TextToNul(), "e9 00", "ascii"),
    ],
)
def test_construct_refuses_what_the_reader_reports(node: Any, raw: str, match: str) -> None:
    """Plain Construct parsing refuses padding and text that break their meaning."""
    with pytest.raises(m.FieldError, match=match):
        node.parse(bytes.fromhex(raw))


TAKES_A_NUMBER: dict[str, Callable[[Any], Any]] = {
    "Bytes": Bytes,
    "Array": lambda number: Array(number, Int8ub),
    "Table": lambda number: m.Table("rows", number, Struct("row" / Int8ub)),
    "Text": m.Text,
    "Pool": lambda number: m.Pool("pool", number),
    "Strings": lambda number: m.Strings("names", number),
    "Region": lambda number: m.Region(number, Struct("inner" / m.UpToEnd(Struct("value" / Int8ub)))),
    "Substream": lambda number: m.Substream(number, Struct("inner" / Int8ub)),
    "Opaque": lambda number: m.Opaque(number, "made for a test"),
    "At": lambda number: m.At(number, Struct("inner" / Int8ub)),
    "ReadAt": lambda number: m.ReadAt(number, Struct("inner" / Int8ub)),
    "ZerosTo": m.ZerosTo,
}


@pytest.mark.parametrize("number", [this.room, this.room + 1], ids=["field", "sum"])
@pytest.mark.parametrize("name", TAKES_A_NUMBER)
def test_a_number_that_a_condition_leaves_out_is_a_fault(name: str, number: Any) -> None:
    """A length, count or offset that names an absent field is reported; it is no exception, and no zero."""
    root = Struct("has" / Int8ub, "room" / If(this.has, Int8ub), "x" / TAKES_A_NUMBER[name](number))
    reading = read(layout_of(root), b"\0\1\2\3")
    assert [fault.name for fault in reading.faults] == ["expression-unresolved"]
    assert not reading.complete
    assert "expression-unresolved" not in read(layout_of(root), b"\1\1\2\3").counts
