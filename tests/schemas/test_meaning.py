"""The vocabulary as plain Construct nodes: they parse, build, and refuse what one field can judge alone."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Any

import construct
import pytest
from construct import Int8ub, Int16ul, Int32ul, Struct, this

from ccheck_schemas import meaning as m


class Colour(IntEnum):
    """Two colours."""

    RED = 1
    BLUE = 2


class Bits(IntFlag):
    """Two bits."""

    A = 1
    B = 4


@pytest.mark.parametrize(
    ("node", "good", "bad"),
    [
        (m.Version(Int8ub, known=(1, 2)), b"\x02", b"\x03"),
        (m.Bounded(Int8ub, 3, 5), b"\x05", b"\x06"),
        (m.Bounded(Int8ub, 3, 5), b"\x03", b"\x02"),
        (m.StrictEnum(Int8ub, Colour), b"\x01", b"\x00"),
        (m.StrictFlags(Int8ub, Bits), b"\x05", b"\x02"),
        (m.Reserved(Int8ub), b"\x00", b"\x01"),
        (m.OffsetInto(Int8ub, of="x", align=4), b"\x08", b"\x09"),
        (m.LengthOf(Int8ub, of="x", low=2, high=6, step=2), b"\x04", b"\x05"),
        (m.LengthOf(Int8ub, of="x", low=2, high=6, step=2), b"\x06", b"\x08"),
    ],
)
def test_a_number_is_refused_when_it_breaks_its_meaning(
    node: construct.Construct, good: bytes, bad: bytes
) -> None:
    """A number inside its meaning parses and builds back; one outside is refused both ways, with its value."""
    assert node.build(node.parse(good)) == good
    with pytest.raises(m.FieldError) as refused:
        node.parse(bad)
    assert refused.value.value == bad[0]
    with pytest.raises(m.FieldError):
        node.build(bad[0])


@pytest.mark.parametrize(
    ("node", "raw", "value"),
    [
        (m.Text(3), b"abc", "abc"),
        (m.Text(3, terminator="behind"), b"abc\0", "abc"),
        (m.Text(6, "utf-16-le", terminator="inside"), b"a\0b\0\0\0", "ab"),
    ],
)
def test_text_parses_and_builds_back(node: m.Text, raw: bytes, value: str) -> None:
    """Text of each kind of terminator gives its characters, and its bytes again."""
    assert node.parse(raw) == value
    assert node.build(value) == raw
    assert node.sizeof() == len(raw)


def test_text_that_does_not_fit_is_not_built() -> None:
    """A text of another length than its field is refused."""
    with pytest.raises(m.FieldError, match="2 bytes, its field 3"):
        m.Text(3).build("ab")


def test_zero_pad_refuses_other_bytes() -> None:
    """Padding that holds something is refused."""
    node = Struct("a" / Int8ub, m.ZeroPad(4))
    assert node.parse(b"\x07\0\0\0").a == 7
    assert node.build({"a": 7}) == b"\x07\0\0\0"
    with pytest.raises(m.FieldError, match="000100"):
        node.parse(b"\x07\0\x01\0")


def test_a_region_is_filled_exactly() -> None:
    """A region whose content is shorter is refused, which Construct's own FixedSized lets pass."""
    node = Struct("size" / Int8ub, "body" / m.Region(this.size, Struct("a" / Int8ub)))
    assert node.parse(b"\x01\x07").body.a == 7
    with pytest.raises(m.FieldError, match="region of 2 bytes has 1 bytes of content"):
        node.parse(b"\x02\x07\x07")


def test_a_chain_goes_forward_and_builds_at_its_offsets() -> None:
    """A chain parses its records wherever they stand, builds them there again, and refuses to go back."""
    link = Struct("next" / Int16ul, "value" / Int16ul)
    node = Struct("first" / Int16ul, "links" / m.Chain(this.first, link, next_field="next", last="next"))
    raw = bytes.fromhex("0400 0000 0a00 0100 0000 0000 0200".replace(" ", ""))
    tree = node.parse(raw)
    assert [record.value for record in tree.links] == [1, 2]
    assert node.build(tree) == raw
    with pytest.raises(m.FieldError, match="not after"):
        node.parse(bytes.fromhex("040000000400 0100".replace(" ", "")))


def test_at_gives_none_for_offset_zero() -> None:
    """A record is read where its offset points, and offset 0 means none."""
    node = Struct("offset" / Int8ub, "there" / m.At(this.offset, Struct("a" / Int8ub)))
    assert node.parse(b"\x02\xff\x09").there.a == 9
    assert node.parse(b"\0").there is None
    assert node.build({"offset": 2, "there": {"a": 9}}) == b"\x02\0\x09"


def test_tables_and_pools_keep_their_limits() -> None:
    """A table and a pool refuse a count outside their limits before they read anything."""
    table = Struct("n" / Int32ul, "rows" / m.Table("rows", this.n, Struct("a" / Int8ub), low=1, high=2))
    assert [row.a for row in table.parse(b"\x02\0\0\0\x05\x06").rows] == [5, 6]
    with pytest.raises(m.FieldError, match=r"4294967295 is not in 1\.\.2"):
        table.parse(b"\xff\xff\xff\xff")
    pool = Struct("n" / Int8ub, "pool" / m.Pool("pool", this.n, high=4))
    with pytest.raises(m.FieldError, match=r"5 is not in 0\.\.4"):
        pool.parse(b"\x05hello")


@pytest.mark.parametrize(
    "make", [lambda: m.Text(1, terminator="maybe"), lambda: m.ChecksumOver(Int32ul, 0, algorithm="md5")]
)
def test_a_wrong_argument_is_refused_when_the_schema_is_written(make: Any) -> None:
    """A terminator or checksum that does not exist is an error of the schema, not of a file."""
    with pytest.raises(ValueError, match=r"maybe|md5"):
        make()


def test_field_path_reads_this_expressions() -> None:
    """A `this` path gives its names, any other expression none."""
    assert m.field_path(this.a.b) == ("a", "b")
    assert m.field_of(this.a) == "a"
    assert m.field_of(this._.a) is None
    assert m.field_of(this.a + 1) is None
    assert m.field_of(this.a * 4) == "a"
    assert m.field_of(this._.a * 4) is None
    assert m.field_path(3) is None
