"""Nodes of the vocabulary with each other, through the command line: what each does alone it does beside the others."""

from __future__ import annotations

import io
import json
import tarfile
import zlib
from pathlib import Path

import pytest

from ccheck.cli.main import run

HEAD = """
from construct import Array, Bytes, Computed, Const, If, Int8ub, Int16ub, Int32ub, Struct, len_, this
from ccheck_schemas.meaning import *
from ccheck_schemas.schema import Schema
"""
TAR = """
OCTAL = {"base": 8, "lead": "0 ", "end": (b"\\0", b" ", b"\\0 ")}
MEMBER = Struct(
    "name" / Slot(100, terminator=b"\\0", encoding="utf-8"), "modes" / Bytes(24),
    "size" / Digits(12, **OCTAL), "time" / Bytes(12),
    "sum" / ChecksumOver(Digits(8, **OCTAL), 0, "byte-sum-32", end=512, zeroed=b" ", within="record"),
    "rest" / Bytes(356), "data" / Bytes(this.size), ZeroPad(512),
    "at" / Position(), "next" / ReadAt(this.at, Int8ub), "last" / Computed(this.next == 0),
)
ROOT = Struct("members" / UpTo(MEMBER, field="last", value=1), "end" / ZerosToEnd())
"""
PARTS = 'ROOT = Struct("n" / Int8ub, "a" / Int8ub, "sum" / ChecksumOver(Digits(4, base=16), {bounds}, zeroed=b" "), "t" / Int8ub)'
LISTED = """
ROW = Struct("o" / Int8ub, "s" / Int8ub)
ROOT = Struct("t" / Terminated(ROW, last="o"), "d" / Bytes(element(this.t, 0).s), "e" / Bytes(len_(this.t)))
"""
MANY = """
C = Schema("c", "c", Struct(*(f"s{i}" / ChecksumOver(Int32ub, i, "crc-32c", zeroed=True) for i in range(12)), "x" / OpaqueRest("r")), recognise=bool)
ROOT = Struct("e" / UpToEnd(Struct("l" / Int16ub, "w" / Wrapped(this.l, Inflate("raw"), C))))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder."""
    monkeypatch.chdir(tmp_path)


def checks(capsys: pytest.CaptureFixture[str], schema: str, data: bytes) -> set[str]:
    """The checks that have findings about a file, which comes back from its recipe where there are none."""
    named = 'SCHEMA = Schema("mine", "made for a test", ROOT, recognise=bool)\n'
    Path("mine.py").write_text(f"{HEAD}{schema}\n{named}", encoding="utf-8")
    Path("f.bin").write_bytes(data)
    run(["validate", "--no-config", "--schema", "mine.py", "--format", "json", "f.bin"])
    found = {one["check"] for one in json.loads(capsys.readouterr().out)["files"][0]["findings"]}
    if not found:
        assert run(["show", "--schema", "mine.py", "--yaml", "f.bin"]) == 0
        Path("f.yaml").write_text(capsys.readouterr().out, encoding="utf-8")
        assert run(["build", "--schema", "mine.py", "f.yaml", "-o", "made.bin", "--force"]) == 0
        assert Path("made.bin").read_bytes() == data
        capsys.readouterr()
    return found


def test_an_archive_of_several_members_has_a_checksum_in_each(capsys: pytest.CaptureFixture[str]) -> None:
    """A checksum in digits is of its own record, and the zeros at the end of the archive are canonical."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in (("a", b"one"), ("b", bytes(range(200)) * 3), ("c", b"")):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    good = made.getvalue()
    assert checks(capsys, TAR, good) == set()
    second = good.index(b"b\0", 512)
    assert checks(capsys, TAR, good[:second] + b"x" + good[second + 1 :]) == {"checksum-wrong"}


@pytest.mark.parametrize(
    "bounds",
    [
        '"a", "byte-sum-16", end="a"',
        '1, "byte-sum-16", end=2, within="record"',
        '1, "byte-sum-16", end=this.n + 1, within="record"',
        '1, "byte-sum-16", end=this.n + 1',
    ],
)
def test_a_checksum_in_digits_is_of_the_bytes_that_are_stated(
    capsys: pytest.CaptureFixture[str], bounds: str
) -> None:
    """However the bytes are stated, the digits are their sum, and not that of the file."""
    schema = PARTS.format(bounds=bounds)
    assert checks(capsys, schema, b"\1\5" + b"0005" + b"\x09") == set()
    assert checks(capsys, schema, b"\1\5" + b"008F" + b"\x09") == {"checksum-wrong"}


def test_elements_of_a_list_up_to_zeros_are_in_recipes(capsys: pytest.CaptureFixture[str]) -> None:
    """A list that ends in a record of zeros has elements for expressions, in the reader and in recipes."""
    assert checks(capsys, LISTED, b"\x39\2\1\0\0\0" + b"dd" + b"ee") == set()


def test_a_chain_of_checksums_is_built(capsys: pytest.CaptureFixture[str]) -> None:
    """A hundred checksums, each of the one in front of it, are worked out in their order."""
    fields = ", ".join(f'"s{i}" / ChecksumOver(Int8ub, {i}, "sum-8", end={i + 1})' for i in range(100))
    schema = f'ROOT = Struct("first" / Int8ub, {fields})'
    assert checks(capsys, schema, bytes([7]) * 101) == set()


def test_checksums_of_many_envelopes_are_work_of_one_file(capsys: pytest.CaptureFixture[str]) -> None:
    """A small file with thousands of envelopes, each with checksums over all of it, is a finding and no long work."""
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = pack.compress(b"\1" * 12_000) + pack.flush()
    found = checks(capsys, MANY, (len(raw).to_bytes(2, "big") + raw) * 400)
    assert "work-out-of-proportion" in found


def test_a_stream_of_a_record_that_is_not_there_is_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    """A position that counts in a record which a file lacks has no value."""
    schema = 'ROOT = Struct("n" / Int8ub, "z" / If(this.n == 1, Struct("a" / Int8ub)), "x" / ReadAt(0, Int8ub, inside=this.z))'
    assert checks(capsys, schema, b"\1\2") == set()
    assert checks(capsys, schema, b"\2") == {"expression-unresolved"}
