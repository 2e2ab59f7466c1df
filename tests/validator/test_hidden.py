"""No finding hides the fault that it follows from: a wrong count is reported whatever else is found."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.validator.channel_sample import SMALL, found, seal
from tests.validator.test_channel_checks import LONG
from tests.validator.test_cli import Run, cc

__all__ = ["cc"]

SCHEMA = """\
from construct import Array, Bytes, Const, Int16ul, Int8ub, Struct, this

from ccheck_schemas.meaning import CountOf, Table, UpToEnd, Version
from ccheck_schemas.schema import Schema

ROW = Struct("a" / Int16ul, "b" / Int16ul)
PART = Struct("magic" / Const(b"P"), "version" / Version(Int8ub, known=(1,)), "n" / Int8ub, "data" / Bytes(this.n))
ROOT = Struct(
    "magic" / Const(b"MINE"),
    "n" / CountOf(Int16ul, of="rows"),
    "m" / CountOf(Int16ul, of="more"),
    "rows" / Array(this.n, ROW),
    "middle" / Const(b"MORE"),
    "more" / Table("more", this.m, ROW),
    "parts" / UpToEnd(PART),
)
SCHEMA = Schema("mine", "Mine", ROOT, recognise=lambda data: data[:4] == b"MINE")
"""


def mine(n: int, m: int, size: int = 0, *, rows: int = 2, more: int = 2, parts: bytes = b"P\1\0") -> bytes:
    """A file by the schema above, whose counts may be wrong. size: what it is filled up to."""
    head = b"MINE" + struct.pack("<HH", n, m)
    data = head + bytes(range(1, 4 * rows + 1)) + b"MORE" + bytes(range(1, 4 * more + 1)) + parts
    left = size - len(data)
    while left > 0:
        data += b"P\1" + bytes([min(left - 3, 250)]) + b"x" * min(left - 3, 250)
        left = size - len(data)
    return data


WRONG: dict[str, tuple[bytes, set[str]]] = {
    "a count, and the size of a sector": (mine(2, 5000, 512), {"count-past-bytes"}),
    "a count, and the size of two sectors": (mine(2, 5000, 1024), {"count-past-bytes"}),
    "a count, and another size": (mine(2, 5000, 511), {"count-past-bytes"}),
    "a count, and a magic behind it that is read elsewhere": (mine(1, 5000, 500), {"wrong-magic", "count-past-bytes"}),
    "a count, and a magic in a list": (mine(2, 5000, 500, parts=b"Q\1\0"), {"count-past-bytes"}),
    "a length, and a version in a list": (mine(2, 2, parts=b"P\2\0P\1\5a"), {"unknown-format-version", "truncated"}),
    "a length, and a magic in a list": (mine(2, 2, parts=b"Q\1\0P\1\5a"), {"wrong-magic", "truncated"}),
}  # fmt: skip
"""Files with one fault and its consequences, or with two, and the checks that say so."""


@pytest.mark.parametrize("name", WRONG)
def test_a_fault_is_reported_beside_what_follows_from_it(cc: Run, tmp_path: Path, name: str) -> None:
    """`validate` names each check that has a fault to report."""
    schema, path = tmp_path / "mine.py", tmp_path / "file.bin"
    schema.write_text(SCHEMA)
    data, checks = WRONG[name]
    path.write_bytes(data)
    status, out = cc("validate", "--schema", schema, path)[:2]
    assert status == 1
    assert {check for check in checks if f"error[{check}]" in out} == checks, out


def test_a_good_file_has_no_finding(cc: Run, tmp_path: Path) -> None:
    """The files above are wrong in what was made wrong alone."""
    schema, path = tmp_path / "mine.py", tmp_path / "file.bin"
    schema.write_text(SCHEMA)
    for size in (0, 500, 511, 512, 1024):
        path.write_bytes(mine(2, 2, size))
        assert cc("validate", "--schema", schema, path)[0] == 0


@pytest.mark.parametrize(
    ("data", "place"),
    [(LONG[:1024] + bytes(len(LONG) - 1024), (0x400, 720)), (LONG[:1024], (0x400, 0))],
    ids=["zeroes from 1024", "ends at 1024"],
)
def test_a_torn_file_says_so_beside_what_is_missing(data: bytes, place: tuple[int, int]) -> None:
    """The end that is missing is one finding at its bytes; what does not fit are others."""
    findings = found(data)
    assert [finding[2:] for finding in findings if finding[0] == "torn-at-sector"] == [place]
    assert len({finding[0] for finding in findings}) > 1


def test_a_magic_at_the_start_hides_the_rest() -> None:
    """A file that begins with another magic is of another format: nothing else is said of it."""
    assert {finding[0] for finding in found(seal(b"XXXX" + SMALL[4:]) + bytes(99))} == {"wrong-magic"}


PLAIN = """\
from construct import Array, Bytes, Const, Int8ub, Int16ul, Struct, this
from ccheck_schemas.meaning import ChecksumOver, FileSize, Region, ZerosToEnd
from ccheck_schemas.schema import Schema

ROOT = Struct({fields})
SCHEMA = Schema("plain", "Plain", ROOT, recognise=lambda data: data[:1] == b"P")
"""
HEAD = '"magic" / Const(b"P"), "n" / Int16ul'
BODY = bytes(range(1, 256)) * 8

EXPLAINED = {
    "a count of numbers": (f'{HEAD}, "a" / Array(this.n, Int8ub)', b"P" + struct.pack("<H", 600), 512),
    "a length": (f'{HEAD}, "a" / Bytes(this.n), "b" / Bytes(2)', b"P" + struct.pack("<H", 508), 512),
    "a length of a region": (f'{HEAD}, "a" / Region(this.n, Struct("b" / Bytes(509)))', b"P" + struct.pack("<H", 510), 512),
    "a count of records": (f'{HEAD}, "a" / Array(this.n, Struct("m" / Const(b"r"), "k" / Int8ub, "v" / Bytes(this.k)))', b"P" + struct.pack("<H", 9) + b"r\xfb" + bytes(251) + b"r\xfe" + bytes(254), 512),
    "a size": (f'{HEAD}, "size" / FileSize(Int16ul), "a" / Bytes(507)', b"P\0\0" + struct.pack("<H", 513), 512),
    "a count, and zeros": (f'{HEAD}, "a" / Array(this.n, Struct("m" / Const(b"r"), "v" / Bytes(507))), ZerosToEnd()', b"P" + struct.pack("<H", 2) + b"\x72" + b"x" * 508, 1024),
}  # fmt: skip
"""What is wrong → the fields of a schema, how a file begins, and its size; zeros or other bytes follow."""

TORN = {
    "a field of fixed size": ('"magic" / Const(b"P"), "a" / Bytes(800)', b"P", 512),
    "what follows a list": (f'{HEAD}, "a" / Array(this.n, Int8ub), "b" / Array(2, Int16ul), "c" / Const(b"END")', b"P" + struct.pack("<H", 600), 512),
    "a count and a size": (f'{HEAD}, "size" / FileSize(Int16ul), "a" / Array(this.n, Int8ub)', b"P" + struct.pack("<HH", 600, 605), 512),
    "a length and a checksum": (f'{HEAD}, "sum" / ChecksumOver(Int32ul, start=7), "a" / Bytes(this.n)', b"P" + struct.pack("<HI", 600, 5), 512),
    "records that are zero": (f'{HEAD}, "a" / Array(this.n, Struct("m" / Const(b"r"), "v" / Bytes(253)))', b"P" + struct.pack("<H", 4) + (b"r" + b"x" * 253) * 2 + b"r", 1019),
}  # fmt: skip
"""What is missing → the same; no one number explains it."""


def judged_plain(cc: Run, folder: Path, fields: str, data: bytes, size: int) -> str:
    """What `validate` prints of a file that a schema with these fields does not take."""
    schema, path = folder / "plain.py", folder / "file.bin"
    schema.write_text(PLAIN.format(fields=fields).replace("Int8ub,", "Int8ub, Int32ul,", 1))
    fill = b"\0" if "zero" in fields.lower() or size == 1019 else BODY
    path.write_bytes((data + fill * size)[:size])
    status, out = cc("validate", "--schema", schema, path)[:2]
    assert status == 1, out
    assert "error[" in out
    return out


@pytest.mark.parametrize("name", EXPLAINED)
def test_a_file_that_one_number_explains_is_not_torn(cc: Run, tmp_path: Path, name: str) -> None:
    """Where a file is whole but for one count, length or size, that number is the finding, and no lost sector."""
    assert "torn-at-sector" not in judged_plain(cc, tmp_path, *EXPLAINED[name])


@pytest.mark.parametrize("name", TORN)
def test_a_file_that_no_number_explains_is_torn(cc: Run, tmp_path: Path, name: str) -> None:
    """Where no one number makes the file whole, and it ends or is zero from a sector on, it is torn."""
    assert "error[torn-at-sector]" in judged_plain(cc, tmp_path, *TORN[name])
