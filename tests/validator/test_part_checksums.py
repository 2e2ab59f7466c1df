"""Checksums of a part of a record or of the file, between bounds that the file states, through the command line."""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path

import pytest
from construct import Int8ub, Struct, this

from ccheck.cli.main import run
from ccheck.config.user_schema import load_user_schema
from ccheck_fuzz.model import opened, rebuilt
from ccheck_schemas.fault import FaultName
from ccheck_schemas.layout.lint import lint
from ccheck_schemas.meaning import At, ChecksumOver
from ccheck_schemas.model import minimal_file
from ccheck_schemas.model.fix_up import fix_up
from ccheck_schemas.read import read

SCHEMA = """\
from construct import Array, Bytes, Const, Int8ub, Int16ub, Int32ub, Struct, this
from ccheck_schemas.meaning import Bounded, ChecksumOver, LengthOf, UpToEnd
from ccheck_schemas.schema import Schema

CHUNK = Struct(
    "size" / LengthOf(Int16ub, of="data"),
    "kind" / Bytes(4),
    "data" / Bytes(this.size),
    "crc" / ChecksumOver(Int32ub, start="kind", end="data"),
    "head" / ChecksumOver(Int8ub, 0, "zero-sum-8", end=this.size + 6, within="record"),
    "whole" / ChecksumOver(Int8ub, 0, "zero-sum-8", within="record"),
)
ROOT = Struct(
    "magic" / Const(b"CHKS"),
    "header_size" / Bounded(Int8ub, 10, 10),
    "above" / ChecksumOver(Int8ub, 0, "zero-sum-8", end=this.header_size),
    "behind" / ChecksumOver(Int32ub, start=this.header_size),
    "chunks" / UpToEnd(CHUNK),
)
SCHEMA = Schema("chunks", "chunks with checksums", ROOT, recognise=lambda data: data[:4] == b"CHKS")
"""
RECIPE = "schema: chunks\ncontent: {header_size: 10, chunks: [{kind: 01 02 03 04, data: 05 06}, {kind: 00 00 00 01, data: ''}]}\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A file of two chunks, as its recipe builds it, in a folder with its schema."""
    monkeypatch.chdir(tmp_path)
    Path("chunks.py").write_text(SCHEMA)
    Path("a.yaml").write_text(RECIPE)
    assert run(["build", "--schema", "chunks.py", "a.yaml", "-o", "a.bin"]) == 0
    return Path("a.bin").read_bytes()


def test_recipes_work_the_checksums_of_records_out(file: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """Each checksum is of the bytes that its record or the header states, and recipes leave all of them out."""
    first, second = file[10:24], file[24:]
    assert struct.unpack_from(">I", first, 8)[0] == zlib.crc32(first[2:8])
    assert struct.unpack_from(">I", second, 6)[0] == zlib.crc32(second[2:6])
    for chunk, size in ((first, 8), (second, 6)):
        assert (sum(chunk[:size]) + chunk[-2]) % 256 == sum(chunk) % 256 == 0
    assert sum(file[:10]) % 256 == 0
    assert struct.unpack_from(">I", file, 6)[0] == zlib.crc32(file[10:])
    assert run(["validate", "--no-config", "--schema", "chunks.py", "a.bin"]) == 0
    capsys.readouterr()
    assert run(["show", "--schema", "chunks.py", "--yaml", "a.bin"]) == 0
    recipe = capsys.readouterr().out
    assert not any(name in recipe for name in ("crc:", "head:", "whole", "above", "behind"))
    Path("b.yaml").write_text(recipe)
    assert run(["build", "--schema", "chunks.py", "b.yaml", "-o", "b.bin"]) == 0
    assert Path("b.bin").read_bytes() == file


def test_a_wrong_byte_is_found_in_its_chunk_alone(file: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """The finding names the checksum of the record, its bytes, and both values."""
    Path("b.bin").write_bytes(file[:-7] + b"\x21" + file[-6:])
    assert run(["validate", "--no-config", "--schema", "chunks.py", "b.bin"]) == 1
    out = capsys.readouterr().out
    assert "chunks[1].crc" in out
    assert "chunks[0]" not in out
    assert "bytes 0x1a to 0x1e have" in out


def test_the_fuzzer_sets_them_after_each_edit(file: bytes) -> None:
    """The file model gives a file with true checksums when a record grew, and minimal files have them."""
    schema = load_user_schema(Path("chunks.py")).schema
    model = opened(schema, file)
    assert rebuilt(model).data == file
    assert sum(len(piece.relations) for piece in model.frame.pieces) >= 8
    edited = bytearray(file)
    edited[14] ^= 0xFF
    reading = read(schema.layout, bytes(edited))
    assert reading.counts[FaultName.CHECKSUM_WRONG] == 4
    fixed = fix_up(bytes(edited), reading)
    assert not read(schema.layout, fixed).counts
    for seed in range(20):
        made = minimal_file(schema.layout, random.Random(seed))
        assert not read(schema.layout, made).counts[FaultName.CHECKSUM_WRONG]


@pytest.mark.usefixtures("file")
def test_many_checksums_of_the_same_bytes_are_bounded_work(capsys: pytest.CaptureFixture[str]) -> None:
    """Ten thousand records that each state the checksum of the whole file are one finding, and no hour."""
    text = (
        "from construct import Bytes, Const, Int8ub, Struct, this\n"
        "from ccheck_schemas.meaning import ChecksumOver, UpToEnd\n"
        "from ccheck_schemas.schema import Schema\n"
        'R = Struct("n" / Int8ub, "sum" / ChecksumOver(Int8ub, this.n, "sum-8", zeroed=True))\n'
        'SCHEMA = Schema("many", "many", Struct("rows" / UpToEnd(R)), recognise=bool)\n'
    )
    Path("many.py").write_text(text)
    Path("many.bin").write_bytes(b"\0\1" * 10_000)
    assert run(["validate", "--no-config", "--schema", "many.py", "many.bin"]) == 1
    assert "work-out-of-proportion" in capsys.readouterr().out


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize(
    ("data", "check"),
    [
        (b"CHKS\xff\0\0\0\0\0", "truncated"),  # the bytes end behind the file
        (b"CHKS\x0b\0\0\0\0\0", "truncated"),  # they begin behind it
        (b"CHKS\x0a\0\0\0\0\0\0\5abcd", "truncated"),  # the record is cut
    ],
)
def test_bytes_that_the_file_has_not_are_a_finding(
    data: bytes, check: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bounds outside the file, or of a record that is cut short, are findings and no tracebacks."""
    Path("b.bin").write_bytes(data)
    assert run(["validate", "--no-config", "--schema", "chunks.py", "b.bin"]) == 1
    assert f"error[{check}]" in capsys.readouterr().out


def test_bounds_that_lead_nowhere_are_refused() -> None:
    """A field that the record has not, a pointer and a negative number are refused when the schema is made."""
    part = Struct("v" / Int8ub)
    for over, words in (
        (ChecksumOver(Int8ub, "data", "sum-8"), "'data', which is no field of its record"),
        (ChecksumOver(Int8ub, this.datum, "sum-8"), "datum"),
        (ChecksumOver(Int8ub, "part", "sum-8"), "whose bytes are elsewhere"),
        (ChecksumOver(Int8ub, -this.n, "sum-8", end="sum"), None),
    ):
        found = lint(Struct("n" / Int8ub, "part" / At(this.n, part), "sum" / over))
        assert any(words in one for one in found) if words else not found, found
    with pytest.raises(ValueError, match="neither 'file' nor 'record'"):
        ChecksumOver(Int8ub, 0, "sum-8", within="table")
