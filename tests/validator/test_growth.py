"""Work grows with the size of a file, never with its square: calls and bytes are counted, not seconds."""

from __future__ import annotations

import struct
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from construct import Array, Bytes, Int8ub, Int32ub, Struct, this

from ccheck.formats.check_table import CHECKS
from ccheck.judging.context import ValidationContext
from ccheck.judging.preparation import prepare
from ccheck_schemas import meaning as m
from ccheck_schemas.model import decompose
from ccheck_schemas.read.reader import MOST_RECORDS
from ccheck_schemas.schema import Schema
from tests.validator.test_cli import Run, cc

__all__ = ["cc"]

SIZES = (200, 400, 800)
RATIO = 2.6
"""How many times as much work twice the size may take."""

ROW = Struct("at" / Int32ub, "n" / Int32ub, "text" / m.Pooled("pool", this.at, this.n, m.Text(this.n)))
POOL = Struct(
    "count" / Int32ub,
    "size" / Int32ub,
    "rows" / m.Table("rows", this.count, ROW, high=1 << 20),
    "pool" / m.Pool("pool", this.size),
)
LONG = Struct("n" / Int32ub, "items" / Array(this.n, Struct("v" / Int8ub)))
SHARED = Struct(
    "count" / Int32ub,
    "refs" / Array(this.count, Struct("at" / Int32ub, "long" / m.At(this.at, LONG))),
)
FORK = Struct("one" / Int8ub, "two" / Int8ub)
for _ in range(6):
    FORK = Struct("one" / Int8ub, "a" / m.At(this.one, FORK), "two" / Int8ub, "b" / m.At(this.two, FORK))
NAMED = Struct(
    "count" / Int32ub,
    "entries" / Array(this.count, Struct("at" / Int32ub, "name" / m.SharedText("names", this.at))),
    "size" / Int32ub,
    "names" / m.Strings("names", this.size),
)
EMPTY = Struct(
    "a" / Int32ub,
    "b" / Int32ub,
    "lists"
    / Array(
        this.a, Struct("n" / Bytes(0), "more" / Array(this._.b, Struct("x" / Bytes(this._._.a - this._._.a))))
    ),
)
AGAIN = Struct(
    "count" / Int32ub,
    "refs" / Array(this.count, Struct("at" / Int32ub, "long" / m.ReadAt(this.at, LONG))),
)


def tree(properties: int, name: int, depth: int = 0) -> bytes:
    """A devicetree whose nodes each have a property of one name, in nodes inside each other."""
    block = struct.pack(">I4x", 1) + struct.pack(">I4s", 1, b"n") * depth
    for i in range(properties):
        node = b"n%d\0" % i
        block += struct.pack(">I", 1) + node.ljust(-(-len(node) // 4) * 4, b"\0")
        block += struct.pack(">IIII", 3, 0, 0, 2)
    block += struct.pack(">I", 2) * (depth + 1) + struct.pack(">I", 9)
    strings = b"a" * name + b"\0"
    offsets = (56, 56 + len(block), 40)
    total = 56 + len(block) + len(strings)
    header = struct.pack(">10I", 0xD00DFEED, total, *offsets, 17, 16, 0, len(strings), len(block))
    return header + bytes(16) + block + strings


def database(countries: int, rules: int) -> bytes:
    """A regulatory database whose countries share a collection of many pointers to one rule."""
    where = 8 + 4 * countries + 4
    rule = (where + 4 + 2 * rules + 3) // 4 * 4
    listed = b"".join(
        bytes([65 + i // 26 % 26, 65 + i % 26]) + struct.pack(">H", where // 4) for i in range(countries)
    )
    collection = bytes([3, rules, 1, 0]) + struct.pack(">H", rule // 4) * rules
    data = struct.pack(">4sI", b"RGDB", 20) + listed + bytes(4) + collection
    return data.ljust(rule, b"\0") + struct.pack(">BBHIII", 16, 0, 2000, 2402000, 2482000, 40000)


FILES: dict[str, tuple[Any, Callable[[int], bytes]]] = {
    "a long name of many properties": ("devicetree", lambda n: tree(n, 16 * n)),
    "nodes inside each other": ("devicetree", lambda n: tree(0, 3, depth=n)),
    "countries that share a collection": ("regdb", lambda n: database(n, min(n // 8, 128))),
    "rows that name one long item": (
        POOL,
        lambda n: struct.pack(">II", n, 8 * n) + struct.pack(">II", 8 + 8 * n, 8 * n) * n + b"x" * (8 * n),
    ),
    "records that share a long record": (
        SHARED,
        lambda n: struct.pack(">I", n) + struct.pack(">I", 4 + 4 * n) * n + struct.pack(">I", n) + bytes(n),
    ),
    "records that read a long record each": (
        AGAIN,
        lambda n: struct.pack(">I", n) + struct.pack(">I", 4 + 4 * n) * n + struct.pack(">I", n) + bytes(n),
    ),
    "records that fork": (FORK, lambda n: bytes(i + 1 for i in range(8) for _ in range(n // 50))),
    "entries of one long name": (
        NAMED,
        lambda n: struct.pack(">I", n) + bytes(4 * n) + struct.pack(">I", 8 * n) + b"x" * (8 * n - 1) + b"\0",
    ),
    "lists of lists without bytes": (EMPTY, lambda n: struct.pack(">II", 10**9, 10**9) + b"\1" * n),
    "items of a policy": ("apparmor", lambda n: b"\1" + bytes(n)),
}
"""What files look like in which many records name one shared thing, by size: the format or schema, the bytes."""


def judgement_of(what: Any) -> ValidationContext:
    """What judges a format of ccheck, or a user's schema."""
    if isinstance(what, str):
        return prepare(schema=what, use_config=False)
    whole = prepare(use_config=False)
    schema = Schema("mine", "made for a test", what, recognise=bool)
    checks = CHECKS.joined((), "mine")
    return ValidationContext(whole.schemas, checks, schema, whole.context, whole.policy, 1 << 20)


def calls(function: Callable[[], object]) -> int:
    """The number of calls of functions of Python and C, plus one for each kilobyte of memory."""
    count = 0

    def profile(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    tracemalloc.start()
    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(None)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return count + peak // 1024


@pytest.mark.parametrize("name", FILES)
def test_twice_the_size_is_about_twice_the_work(name: str) -> None:
    """Judging a file, and decomposing it for a search, take work in proportion to its size."""
    what, make = FILES[name]
    validation = judgement_of(what)
    assert validation.schema is not None
    layout = validation.schema.layout
    validation.judged(make(8), "f", "f")  # what is loaded or made once is not counted
    work = [calls(partial(validation.judged, make(n), "f", "f")) for n in SIZES]
    assert work[2] <= RATIO * work[1] <= RATIO * RATIO * work[0], work
    apart = [calls(partial(decompose, layout, make(n))) for n in SIZES]
    assert apart[2] <= RATIO * apart[1] <= RATIO * RATIO * apart[0], apart


@pytest.mark.parametrize("name", FILES)
def test_what_is_shown_grows_with_the_file(cc: Run, tmp_path: Path, name: str) -> None:
    """`show`, as text and as a recipe, prints no more than in proportion to the file."""
    what, make = FILES[name]
    if not isinstance(what, str):
        pytest.skip("the schema is no file; formats of ccheck stand for it")
    printed = []
    for n in SIZES:
        path = tmp_path / "file.bin"
        path.write_bytes(make(n))
        shown = cc("show", "--schema", what, path)[1]
        recipe = cc("show", "--yaml", "--schema", what, path)[1]
        printed.append(len(shown) + len(recipe))
    assert printed[2] <= RATIO * printed[1] <= RATIO * RATIO * printed[0], printed


def test_a_checksum_in_a_list_is_taken_once_for_each_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records that each hold a checksum of the whole file, or of its end, have its bytes summed once."""
    summed: list[int] = []
    crc32 = zlib.crc32

    def counted(data: memoryview) -> int:
        summed.append(len(data))
        return crc32(data)

    monkeypatch.setattr(zlib, "crc32", counted)
    record = Struct("all" / m.ChecksumOver(Int32ub, start=0), "end" / m.ChecksumOver(Int32ub, start=8))
    validation = judgement_of(Struct("n" / Int32ub, "list" / Array(this.n, record)))
    for n in SIZES:
        summed.clear()
        data = struct.pack(">I", n) + b"\1" * (8 * n)  # not zero at its end, as a torn file is
        report = validation.judged(data, "f", "f")
        assert report.beyond == {"checksum-wrong": 2 * n - 100}
        assert sorted(summed) == [len(data) - 8, len(data)]


def test_a_file_with_too_many_records_is_given_up() -> None:
    """The reader makes a million records at most, whatever the size of the file; the finding says so."""
    root = Struct("list" / m.UpToEnd(Struct("v" / Int8ub)))
    validation = judgement_of(root)
    report = validation.judged(b"\1" * (MOST_RECORDS + 10), "f", "f")
    assert [finding.check for finding in report.findings] == ["work-out-of-proportion"]
    assert "records" in report.findings[0].message
