"""Recipes of any schema: they build exactly the bytes of a file, and what follows from the rest is worked out."""

from __future__ import annotations

import copy
import random
from collections import Counter
from enum import IntEnum, IntFlag
from typing import Any

import construct
import pytest
from construct import (
    Array,
    Bytes,
    Const,
    Float32l,
    If,
    Int8sb,
    Int8ub,
    Int16ub,
    Int16ul,
    Int32ul,
    Struct,
    Switch,
    this,
)

from ccheck_schemas import meaning as m
from ccheck_schemas.layout.lint import layout_of
from ccheck_schemas.read import read
from ccheck_schemas.recipe.by_layout.compose import compose
from ccheck_schemas.recipe.by_layout.describe import describe
from ccheck_schemas.recipe.by_layout.written import recipe_of
from ccheck_schemas.schema import RecipeError
from tests.schemas.test_trees import files, made

TREES = 300


class Kind(IntEnum):
    """Two members that differ in case only, and one more."""

    BLOCK = 1
    block = 2
    LOG = 3


class Access(IntFlag):
    """Two bits."""

    READ = 1
    WRITE = 2


def built(root: construct.Struct, recipe: Any) -> bytes:
    """The bytes of a recipe."""
    return compose(layout_of(root), recipe).data


def test_files_without_faults_come_back_from_their_recipes(more: int) -> None:
    """Over random schemas, the recipe of each file that reads without faults builds the same bytes, short or in full."""
    met: Counter[str] = Counter()
    for seed in range(TREES * more):
        root = made(random.Random(seed).randrange)
        if root is None:
            continue
        layout = layout_of(root)
        for data in files(root, seed):
            if read(layout, data).counts:
                continue
            short, full = recipe_of(layout, data), describe(layout, data)
            assert compose(layout, short).data == data, (seed, data.hex())
            assert compose(layout, full).data == data, (seed, data.hex())
            met["files"] += 1
            met["shorter"] += short != full
    assert met["files"] > TREES * more, met
    assert met["shorter"] > met["files"] // 2, met


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place of a recipe: the collection and the key or index."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        for key in keys:
            found.append((one, key))
            waiting.append(one[key])
    return found


STRANGE: tuple[Any, ...] = (
    0,
    1,
    3,
    256,
    -1,
    70_000,
    1 << 40,
    None,
    "",
    [],
    {},
    "zz",
    "0a 0b",
    True,
    1.5,
    {"text": "a"},
)
RAW = {"hex": "00"}


def edited(recipe: Any, rng: random.Random) -> Any:
    """The recipe with one change."""
    found = copy.deepcopy(recipe)
    holder, key = rng.choice(places(found))
    match rng.randrange(6):
        case 0 if isinstance(holder, dict):
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[f"{key}x"] = holder.pop(key)
        case 2 if isinstance(holder[key], list):
            holder[key] = [*holder[key], *copy.deepcopy(holder[key])]
        case 3 if isinstance(holder[key], str):
            holder[key] += rng.choice((" 00", "a"))
        case 4:
            holder[key] = copy.deepcopy(rng.choice((*STRANGE, RAW)))
        case _ if isinstance(holder[key], int):
            holder[key] += rng.choice((1, -1, 16))
    return found


def test_any_recipe_is_built_or_refused(more: int) -> None:
    """Whatever a recipe holds, it is built, or refused with the path of a key; nothing else is raised."""
    met: Counter[str] = Counter()
    for seed in range(TREES * more):
        root = made(random.Random(seed).randrange)
        if root is None:
            continue
        layout, rng = layout_of(root), random.Random(seed)
        for data in files(root, seed)[-4:]:
            if read(layout, data).counts or not places(recipe := recipe_of(layout, data)):
                continue
            for _ in range(8):
                try:
                    compose(layout, edited(recipe, rng))
                    met["built"] += 1
                except RecipeError as wrong:
                    met["refused"] += 1
                    met["without a path"] += not wrong.path
    assert met["built"] > 500 * more, met
    assert met["refused"] > 500 * more, met
    assert met["without a path"] < met["refused"] // 20, met  # only what is at the top has none


LISTS = Struct(
    "magic" / Const(b"LIST"),
    "version" / m.Version(Int8ub, known=(1,)),
    "kind" / m.StrictEnum(Int8ub, Kind),
    "access" / m.StrictFlags(Int8ub, Access),
    "spare" / m.Reserved(Int8ub),
    "count" / m.CountOf(Int8ub, of="rows"),
    "row_size" / m.RecordSize(Int8ub, of="rows"),
    "size" / m.FileSize(Int16ul),
    "sum" / m.ChecksumOver(Int32ul, start=16),
    "length" / m.LengthOf(Int8ub, of="name"),
    "rows" / m.Table("rows", this.count, Struct("id" / Int16ul)),
    "name" / m.Text(this.length - 1, "utf-8"),
    m.ZeroPad(4),
)


def test_what_follows_from_the_rest_is_worked_out() -> None:
    """Constants, versions, reserved numbers, counts, lengths, sizes, checksums and padding need no keys."""
    recipe = {"kind": "log", "access": ["write"], "rows": [{"id": 7}, {"id": 8}], "name": "äb"}
    data = built(LISTS, recipe)
    assert not read(layout_of(LISTS), data).counts
    assert data[:12] == b"LIST\1\3\2\0\2\2" + len(data).to_bytes(2, "little")
    assert data[16:] == b"\4\7\0\x08\0\xc3\xa4b"
    assert recipe_of(layout_of(LISTS), data) == recipe


@pytest.mark.parametrize(
    ("key", "value", "place", "raw"),
    [
        ("magic", "00 11", 0, b"\0\x11\1"),
        ("version", 9, 4, b"\x09"),
        ("kind", 77, 5, b"\x4d"),
        ("kind", "BLOCK", 5, b"\1"),
        ("kind", "block", 5, b"\2"),
        ("access", 0x80, 6, b"\x80"),
        ("access", ["read", 4], 6, b"\5"),
        ("spare", 1, 7, b"\1"),
        ("count", 200, 8, b"\xc8"),
        ("row_size", 3, 9, b"\3"),
        ("size", 1, 10, b"\1\0"),
        ("sum", 5, 12, b"\5\0\0\0"),
        ("length", 255, 16, b"\xff"),
        ("spare", {"hex": "fe"}, 7, b"\xfe"),
        ("rows", {"hex": "01 02 03"}, 17, b"\1\2\3ab"),
    ],
)
def test_what_is_given_is_written_as_it_is(key: str, value: object, place: int, raw: bytes) -> None:
    """A recipe may state what would be worked out, so that a wrong file can be built."""
    recipe = {"kind": 3, "access": [], "rows": [], "name": "ab", "count": 0, key: value}
    assert built(LISTS, recipe)[place : place + len(raw)] == raw


NOTES = (
    ("count", 200, "count is 200, but rows has 1 element: written as it is given"),
    ("size", 1, "size is 1, but the file has 24 bytes: written as it is given"),
    ("row_size", 3, "row_size is 3, but the records of 'rows' have 2 bytes: written as it is given"),
    ("length", 255, "length is 255, but name has 2 bytes: written as it is given"),
    ("sum", 5, "sum is 5, but the checksum of 0x10 to 0x18 is 0x"),
)


@pytest.mark.parametrize(("key", "value", "note"), NOTES, ids=[key for key, _, _ in NOTES])
def test_a_contradiction_is_noted(key: str, value: int, note: str) -> None:
    """A number that contradicts the rest of the recipe is written and noted; a recipe that agrees has no notes."""
    recipe = {"kind": 3, "access": [], "rows": [{"id": 1}], "name": "ab"}
    composed = compose(layout_of(LISTS), recipe)
    assert composed.notes == ()
    notes = compose(layout_of(LISTS), {**recipe, key: value}).notes
    assert len([one for one in notes if one.startswith(note)]) == 1, notes


POINTERS = Struct(
    "table_at" / m.OffsetInto(Int16ub, of="table", align=4),
    "first" / Int16ub,
    "pool_at" / m.OffsetInto(Int16ub, of="pool"),
    "pool_size" / Int16ub,
    "block_at" / Int16ub,
    "block_size" / Int16ub,
    "items"
    / Array(
        2,
        Struct(
            "at" / Int16ub,
            "size" / Int8ub,
            "text" / m.Pooled("pool", this.at, this.size, m.Text(this.size, "ascii", "behind")),
        ),
    ),
    "names" / Array(3, Struct("at" / Int8ub, "name" / m.SharedText("block", this.at))),
    m.ZerosTo(this.pool_at),
    "pool" / m.Pool("pool", this.pool_size),
    m.ZerosTo(this.block_at),
    "block" / m.Strings("block", this.block_size),
    m.ZeroPad(4),
    "table" / m.At(this.table_at, Struct("n" / Int8ub, "numbers" / Array(this.n, Int8ub), m.ZeroPad(4))),
    "chain"
    / m.Chain(
        this.first, Struct("next" / Int16ub, "more" / Int8ub, "v" / Int8ub), next_field="next", last="more"
    ),
)


def test_records_at_offsets_are_placed() -> None:
    """Records at offsets follow in order; items of pools and texts of blocks are stored once; offsets follow from both."""
    recipe = {
        "items": [{"text": "same"}, {"text": "same"}],
        "names": [{"name": "b"}, {"name": "a"}, {"name": "b"}],
        "table": {"numbers": [5, 6]},
        "chain": [{"more": 1, "v": 9}, {"more": 0, "v": 8}],
    }
    data = built(POINTERS, recipe)
    layout = layout_of(POINTERS)
    assert not read(layout, data).counts
    assert data[21:] == b"same\0b\0a\0" + b"\0\0" + b"\2\5\6\0" + b"\0\x28\1\x09" + b"\0\0\0\x08"
    assert recipe_of(layout, data) == recipe
    assert built(POINTERS, {**recipe, "table": None})[:2] == b"\0\0"


def test_another_order_is_kept() -> None:
    """Where a file stores records in another order, its recipe says where, and builds the same bytes."""
    layout = layout_of(POINTERS)
    recipe = {
        "items": [{"text": "b"}, {"text": "a"}],
        "names": [{"name": "x"}] * 3,
        "table": {"numbers": []},
        "chain": [{"more": 0, "v": 1}],
    }
    data = bytearray(built(POINTERS, recipe))
    at = data.index(b"b\0a\0")
    data[at : at + 4] = b"a\0b\0"
    data[13], data[16] = data[16], data[13]  # the offsets of the two items
    table, link = data[-8:-4], data[-4:]
    data[-8:] = link + table
    data[0:2], data[2:4] = data[2:4], data[0:2]
    assert not read(layout, bytes(data)).counts
    found = recipe_of(layout, bytes(data))
    assert compose(layout, found).data == data
    assert found["table_at"] == len(data) - 4
    assert found["pool"] == "61 00 62 00"
    assert "block" not in found


@pytest.mark.parametrize(
    ("root", "recipe", "error"),
    [
        (LISTS, [], "a mapping belongs here, not a list"),
        (LISTS, {"kind": "blok"}, "kind: 'blok' is not a name here; did you mean 'block'?"),
        (LISTS, {"kind": None}, "rows: the key is missing; it takes a list"),
        (LISTS, {"kind": 256}, "kind: 256 is not in 0..255, which the field can hold"),
        (LISTS, {"kind": 3, "access": 0, "rows": [{"idd": 1}]}, "rows[0].idd: the key means nothing here; did you mean 'id'?"),
        (LISTS, {"kind": 3, "access": 0, "rows": [{}], "name": ""}, "rows[0].id: the key is missing; it takes a number from 0 to 65535"),
        (LISTS, {"kind": 3, "access": 0, "rows": {}}, "rows: a list belongs here, not a mapping"),
        (LISTS, {"kind": 3, "access": 0, "rows": [], "name": 5}, "name: text belongs here: put quotes around 5"),
        (LISTS, {"kind": 3, "access": 0, "rows": []}, "name: the key is missing; it takes text"),
        (LISTS, {"access": 0, "rows": [], "name": ""}, "kind: the key is missing; it takes one of BLOCK, block, log, or a number from 0 to 255"),
        (LISTS, {"kind": 3, "access": 0, "rows": [{"id": 0}] * 300, "name": ""}, "count: rows has 300 elements: 300 is not in 0..255, which it can hold"),
        (Struct("a" / Bytes(2)), {"a": "00"}, "a: 1 byte given, the field has 2"),
        (Struct("a" / Bytes(2)), {"a": 10}, 'a: pairs of hex digits belong here, in quotes: "0a ff", not a number'),
        (Struct("a" / Array(2, Int8ub)), {"a": [1]}, "a: 1 element given, the field has 2"),
        (Struct("a" / Float32l), {"a": 1e300}, "a: 1e+300 is too large for a number of 4 bytes"),
        (Struct("n" / Int8ub, "a" / Array(this.n, Int8ub), "b" / Array(this.n, Int8ub)), {"a": [1], "b": []}, "n: a has 1 element, which makes it 1, but b has 0 elements: make them agree, or give this key"),
        (Struct("n" / Int8ub, "a" / Bytes(this.n & 3)), {"a": "00"}, "n: the key is missing: a has 1 byte, and what it is does not follow from (this.n & 3)"),
        (Struct("a" / Int8ub, "b" / Int8ub, "c" / Bytes(this.a + this.b)), {"c": "00"}, "a: the key is missing: c has 1 byte, and (this.a + this.b) has other numbers that are left out"),
        (Struct("k" / Int8ub, "c" / Switch(this.k, {1: Int8ub, 2: Int16ub})), {"c": 1}, "k: the key is missing; 'c' depends on it"),
        (Struct("k" / Int8ub, "c" / If(this.k, Int8ub)), {"k": 0, "c": 1}, "c: this field is not there, by what chooses it: leave it out"),
        (Struct("a" / m.Slot(4, terminator=b"\0", encoding="ascii")), {"a": "abcde"}, "a: 5 bytes given, the field has 4"),
        (Struct("a" / m.Slot(4, terminator=b"\0", encoding="ascii")), {"a": "a\0b"}, "a: a reader would end it earlier"),
        (Struct("a" / m.TextToNul("ascii")), {"a": "ä"}, "a: 'ä' has no ascii form"),
        (Struct("n" / Int8ub, "a" / m.Slot(this.n, encoding="ascii")), {"n": 4, "a": "x"}, "a: 1 byte given, the field has 4 bytes, and nothing ends it"),
        (Struct("at" / Int32ul, "a" / m.At(this.at, Struct("v" / Int8ub))), {"at": 1 << 31, "a": {"v": 1}}, "a: it would be at offset 0x80000000, where no record is placed"),
        (Struct("v" / Int8ub, "same" / m.ReadAt(0, Int8ub)), {"v": 1, "same": 2}, "same: it has 02 at offset 0x0, where another field has 01"),
        (Struct("at" / Int8ub, "a" / m.ReadAt(this.at, Int8ub)), {}, "at: the key is missing: 'a' is left out, so that nothing says where it is"),
        (Struct("sum" / m.ChecksumOver(Int32ul, start=0)), {}, "sum: the key is missing: the checksum covers its own bytes"),
        (Struct("a" / m.ChecksumOver(Int16ub, 2, "crc-16/modbus", end=4), "b" / m.ChecksumOver(Int16ub, 0, "crc-16/modbus", end=2)), {}, "a: the key is missing: its checksum covers another one that covers it: give one of them"),
    ],
    ids=str,
)  # fmt: skip
def test_errors_name_the_key_and_what_it_takes(root: construct.Struct, recipe: Any, error: str) -> None:
    """What is wrong with a recipe is said with its path, and with what belongs there."""
    with pytest.raises(RecipeError) as refused:
        built(root, recipe)
    assert str(refused.value).startswith(error)


@pytest.mark.parametrize(
    ("root", "data", "recipe"),
    [
        (Struct("a" / Float32l, "b" / Float32l), b"\0\0\x80\x3f\1\0\xc0\x7f", {"a": 1.0, "b": {"hex": "01 00 c0 7f"}}),
        (Struct("a" / m.Slot(4, terminator=b"\0", encoding="ascii")), b"a\0\0\0", {"a": "a"}),
        (Struct("a" / m.Slot(4, terminator=b"\0", encoding="ascii")), b"a\0xy", {"a": {"text": "a", "behind": "00 78 79"}}),
        (Struct("a" / m.Slot(3, pad=0x20)), b"a  ", {"a": "61"}),
        (Struct("a" / m.Delimited(b"\n", encoding="ascii"), "b" / m.Delimited(b"\n", to_end=True, encoding="ascii")), b"a\nb", {"a": "a", "b": {"text": "b", "behind": ""}}),
        (Struct("a" / m.Delimited(b"\n", include=True, consume=False), "b" / Bytes(1)), b"a\n", {"a": "61 0a", "b": "0a"}),
        (Struct("a" / m.Text(4, "ascii", "inside")), b"ab\0\0", {"a": "ab"}),
        (Struct("n" / Int8ub, "a" / m.Text(this.n, "ascii", "behind", lists=True)), b"\3a\0b\0", {"a": ["a", "b"]}),
        (Struct("n" / Int8ub, "a" / m.Substream(this.n, Struct("v" / Int8ub))), b"\3\1\2\3", {"a": {"v": 1}, "rest of a": "02 03"}),
        (Struct("a" / m.Substream(3, Struct("v" / Int8ub))), b"\1\0\0", {"a": {"v": 1}}),
        (Struct("a" / m.Substream(3, Struct("v" / m.ReadAt(2, Int8ub)))), b"\0\0\5", {"a": {"v": 5}}),
        (Struct("a" / Int8ub, m.ZerosToEnd()), b"\1\0\0", {"a": 1, "zeros at the end": 2}),
        (Struct("a" / m.Region(3, Struct("v" / Int8ub, m.ZerosToEnd()))), b"\1\0\0", {"a": {"v": 1}}),
        (Struct("a" / Int8ub, "p" / m.AnyPad(4)), b"\1\0\0\0", {"a": 1}),
        (Struct("a" / Int8ub, "p" / m.AnyPad(4)), b"\1\0\2\0", {"a": 1, "p": "00 02 00"}),
        (Struct("a" / m.UpTo(Struct("v" / Int8ub), "v", 0)), b"\2\1\0", {"a": [{"v": 2}, {"v": 1}, {"v": 0}]}),
        (Struct("a" / m.Terminated(Struct("v" / Int8ub), last="v")), b"\2\1\0", {"a": [{"v": 2}, {"v": 1}]}),
        (Struct("n" / Int8ub, "a" / If(this.n > 0, Bytes(this.n - 1))), b"\3ab", {"a": "61 62"}),
        (Struct("n" / Int8ub, "a" / If(this.n > 0, Bytes(this.n - 1))), b"\0", {}),
        (Struct("n" / Int8sb, "a" / Array(this.n * 2, Int8ub)), b"\1\1\2", {"a": [1, 2]}),
        (Struct("a" / Array(2, m.Substream(2, Struct("v" / Int8ub)))), b"\1\0\2\3", {"a": [{"v": 1}, {"v": 2}], "rest of a[1]": "03"}),
        (Struct("first" / Int8ub, "n" / Int8ub, "mine" / m.Rows("t", "first", "n"), "count" / Int8ub, "t" / m.Table("t", this.count, Struct("v" / Int8ub))), b"\0\2\2\1\2", {"mine": [{"v": 1}, {"v": 2}]}),
        (Struct("h" / Struct("n" / Int8ub), "a" / Bytes(this.h.n)), b"\2ab", {"h": {}, "a": "61 62"}),
        (Struct("e" / m.StrictEnum(Int8ub, Kind), "f" / m.StrictEnum(Int8ub, Kind)), b"\1\3", {"e": "BLOCK", "f": "log"}),
    ],
    ids=str,
)  # fmt: skip
def test_the_shortest_recipe_of_a_file(root: construct.Struct, data: bytes, recipe: Any) -> None:
    """A recipe holds what does not follow from the rest, in the words of the schema, and builds the same bytes."""
    layout = layout_of(root)
    assert not read(layout, data).counts
    assert recipe_of(layout, data) == recipe
    assert compose(layout, recipe).data == data


def test_numbers_of_a_recipe_cannot_fill_the_memory() -> None:
    """Lengths that many records give are refused when the padding of all of them is too much."""
    root = Struct(
        "n" / Int8ub,
        "a"
        / Array(
            this.n, Struct("size" / Int32ul, "text" / m.Slot(this.size, terminator=b"\0", encoding="ascii"))
        ),
    )
    recipe = {"a": [{"size": 1 << 25, "text": "x"}] * 3}
    with pytest.raises(
        RecipeError, match=r"a\[2\].text: with it, the numbers of the recipe ask for more than"
    ):
        built(root, recipe)


def test_numbers_that_depend_on_each_other_end() -> None:
    """A position that moves what it depends on is settled, or refused; building ends."""
    root = Struct(
        "n" / Int16ul, "a" / m.Region(this.n, Struct("v" / Int8ub, m.ZeroPad(4))), "b" / Bytes(this.n)
    )
    assert built(root, {"a": {"v": 1}, "b": "00 00"}) == b"\2\0\1\0\0\0"
