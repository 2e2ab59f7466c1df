"""Numbers in ASCII digits: exactly the stated spellings, written in one of them, in every schema."""

from __future__ import annotations

import random
import struct
from typing import Any

import construct
import pytest
from construct import Bytes, Int8ub, Struct, this
from hypothesis import given
from hypothesis import strategies as st

from ccheck_fuzz.model import opened
from ccheck_schemas import meaning as m
from ccheck_schemas.digits import DigitForm, cut
from ccheck_schemas.layout import tree
from ccheck_schemas.layout.lint import layout_of, lint
from ccheck_schemas.read import read
from ccheck_schemas.recipe import way_back
from ccheck_schemas.schema import Schema
from tests.schemas.test_trees import files, made

FORMS = (
    DigitForm(4), DigitForm(3, 16), DigitForm(3, 16, case="lower"), DigitForm(3, 16, " ", case="upper"),
    DigitForm(5, 8, "0 ", (b"\0", b" ", b"\0 ")), DigitForm(4, 10, "", (b" ",), blank=b" "),
    DigitForm(6, 2, " 0", (b"\0 ", b"\0", b""), blank=b"\0 "), DigitForm(5, 8, " ", (b"\r\n",)),
)  # fmt: skip


@given(form=st.sampled_from(FORMS), share=st.floats(0, 1))
def test_each_number_that_fits_is_written_and_read_again(form: DigitForm, share: float) -> None:
    """From 0 to the greatest; what is larger or negative is refused, as `struct` refuses it."""
    value = round(share * form.greatest)
    raw = form.pack(value)
    assert len(raw) == form.size
    assert form.find(raw) == form.number(raw) == form.unpack_from(b"xx" + raw, 2)[0] == value
    for outside in (-1, form.greatest + 1):
        with pytest.raises(struct.error):
            form.pack(outside)
    assert cut(form, form.greatest + 1) == 0


@given(form=st.sampled_from(FORMS), data=st.data())
def test_what_is_read_is_digits_and_what_may_stand_around_them(form: DigitForm, data: st.DataObject) -> None:
    """A number that is found is what `int` makes of the field without its ends; nothing else is found."""
    letters = b"0123456789abcdefABCDEF +-_x\0\n\r."
    raw = bytes(data.draw(st.lists(st.sampled_from(letters), min_size=form.size, max_size=form.size)))
    found = form.find(raw)
    if found is None:
        with pytest.raises(ValueError, match="no number"):
            form.number(raw)
        return
    digits = raw.strip(b" \0\r\n")
    assert int(digits or b"0", form.base) == found
    assert not digits or digits.isalnum()


@pytest.mark.parametrize(
    ("form", "raw", "value"),
    [
        (DigitForm(4), b"0012", 12),
        (DigitForm(4), b"  12", None),
        (DigitForm(4, lead=" "), b"  12", 12),
        (DigitForm(4, lead=" "), b"0012", None),
        (DigitForm(4, lead=" "), b"   0", 0),
        (DigitForm(4, lead=" 0"), b"  02", 2),
        (DigitForm(4, lead="0 "), b"00 2", None),
        (DigitForm(4, lead="", ends=(b" ",)), b"12  ", 12),
        (DigitForm(4, lead="", ends=(b" ",)), b"1234", 1234),
        (DigitForm(4, lead="", ends=(b" ",)), b"012 ", None),
        (DigitForm(4, lead="", ends=(b" ",)), b"    ", None),
        (DigitForm(4, lead="", ends=(b" ",), blank=b" "), b"    ", 0),
        (DigitForm(4, 8, ends=(b"\0",)), b"008\0", None),
        (DigitForm(4, 8, ends=(b"\0",)), b"0070", None),
        (DigitForm(4, 16, case="upper"), b"00Af", None),
        (DigitForm(4, 16), b"00Af", 0xAF),
        (DigitForm(4), b"1_00", None),
        (DigitForm(4), b"+100", None),
        (DigitForm(4), b"100\n", None),
        (DigitForm(4), "٣٣".encode(), None),
        (DigitForm(4), b"123", None),
        (DigitForm(4), b"12345", None),
    ],
)
def test_spellings_are_exact(form: DigitForm, raw: bytes, value: int | None) -> None:
    """One byte more, less or other, and the bytes are no number."""
    assert form.find(raw) == value


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"length": 0}, "length=0"),
        ({"length": this.n}, "which is stated"),
        ({"length": 4, "base": 7}, "base=7"),
        ({"length": 4, "base": []}, "base="),
        ({"length": 4, "lead": "x"}, "lead='x'"),
        ({"length": 4, "lead": ""}, "needs an end of one byte"),
        ({"length": 4, "end": b"\0\0\0\0"}, "leaves no digit"),
        ({"length": 4, "end": b"7"}, "cannot end a number"),
        ({"length": 4, "base": 16, "end": b"h\0a"}, "cannot end a number"),
        ({"length": 4, "end": ()}, "ways to end"),
        ({"length": 4, "end": "\0"}, "neither bytes nor"),
        ({"length": 4, "blank": b"0"}, "cannot end a number"),
        ({"length": 4, "blank": "  "}, "no bytes"),
        ({"length": 4, "case": "Any"}, "case='Any'"),
        ({"length": 39}, "more than 128 bits"),
        ({"length": 10**9}, "more than 128 bits"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(arguments: dict[str, Any], why: str) -> None:
    """When the schema is made, with the reason."""
    with pytest.raises(ValueError, match=f"Digits: .*{why}"):
        m.Digits(**arguments)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        (("n" / m.Bounded(m.Digits(2), 100, 200),), "refuses every number from 0 to 99"),
        (
            ("n" / m.ChecksumOver(m.Digits(8), 9),),
            "crc-32 is up to 4294967295, and the digits hold up to 99999999",
        ),
        (("n" / m.ChecksumOver(m.Digits(9, 8), 0, "zero-sum-8"),), "digits are not"),
        (("n" / m.ChecksumOver(m.Digits(4, 8), 0, "byte-sum-32", end=100),), "up to 25500"),
        (
            ("list" / m.Terminated(Struct("last" / m.Digits(2), "n" / Int8ub), last="last"),),
            "is in digits, and the record that ends the list is of zeros",
        ),
        (("n" / m.CountOf(m.Digits(2), of="rows"),), "no sibling"),
        (("n" / m.Digits(2), "b" / Bytes(this.n.x)), "x is no field of n"),
    ],
)
def test_where_digits_cannot_work_lint_says_why(fields: tuple[Any, ...], why: str) -> None:
    """A meaning that the digits cannot have is refused."""
    complaints = lint(Struct(*fields))
    assert any(why in one for one in complaints), complaints


def test_a_checksum_in_digits_counts_its_own_bytes_as_spaces() -> None:
    """As in a tar header; the checksum has as many bytes of its own as its digits."""
    over = m.ChecksumOver(m.Digits(6, 8, end=b"\0 "), 0, "byte-sum-32", end=10, zeroed=b" ")
    layout = layout_of(Struct("a" / Bytes(2), "sum" / over, "b" / Bytes(2)))
    good = b"\1\2" + b"0306\0 " + b"\3\0"
    assert 0o306 == 6 + 6 * 32
    assert not read(layout, good).counts
    assert read(layout, good[:-1] + b"\1").counts == {"checksum-wrong": 1}
    with pytest.raises(ValueError, match="not one byte"):
        m.ChecksumOver(Int8ub, 0, "sum-8", zeroed=b"  ")


def test_construct_builds_a_number_as_it_was_spelled() -> None:
    """Parsing gives a number that knows its digits; another number is written in the first spelling."""
    node = m.Digits(4, 16, lead="0 ", end=(b"\0", b" "))
    parsed = node.parse(b" a1 ")
    assert parsed == 0xA1
    assert node.build(parsed) == b" a1 "
    assert node.build(0xA1) == node.build(parsed + 0) == b"0A1\0"
    for wrong in (-1, 0x1000):
        with pytest.raises(construct.ConstructError):
            node.build(wrong)
    with pytest.raises(construct.ConstructError):
        node.parse(b"  g1")


def test_recipes_and_models_give_the_bytes_back(more: int) -> None:
    """Of every whole file of random trees with digits, in whatever spelling; any bytes have a model."""
    kept = 0
    for seed in range(400 * more):
        root = made(random.Random(seed).randrange)
        if root is None or not any(isinstance(node, tree.Digits) for node in tree.nodes(layout_of(root))):
            continue
        schema = Schema("mine", "made for a test", root, recognise=bool)
        for data in files(root, seed):
            assert opened(schema, data).data == data
            reading = read(schema.layout, data)
            if reading.complete and not reading.counts:
                recipe = way_back.describe(schema, data, None)
                assert way_back.build(schema, recipe) == data, (seed, data.hex())
                kept += 1
    assert kept > 300 * more
