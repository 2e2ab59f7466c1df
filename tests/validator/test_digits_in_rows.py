"""Rows of tables whose numbers are ASCII digits, and what else follows numbers: generated code, the search, fix-ups."""

from __future__ import annotations

import json
import random
import zlib
from pathlib import Path

import pytest

from ccheck.cli.main import run
from ccheck.config.user_schema import load_user_schema
from ccheck.judging import generated_fast_path
from ccheck_fuzz.model import Model, opened
from ccheck_fuzz.mutate.interesting_values import interesting_values
from ccheck_fuzz.mutate.numbers import number_at_its_edge
from ccheck_fuzz.mutate.place import Context
from ccheck_schemas.model.fix_up import fix_up
from ccheck_schemas.read import read

ROWS = '''
from enum import IntEnum
from construct import Const, Int16ub, Struct, this
from ccheck_schemas.meaning import (
    BelowCount, Bounded, ChecksumOver, CountOf, Digits, FileSize, IndexInto, RowField, StrictEnum, Table, Version,
)
from ccheck_schemas.schema import Schema

class Kind(IntEnum):
    """Kinds."""
    PLAIN = 1
    WIDE = 0x2A

ROW = Struct(
    "kind" / StrictEnum(Digits(2, 16, case="lower"), Kind),
    "input" / BelowCount(Digits(4, lead=" ", end=b"\\n"), "inputs"),
    "next" / IndexInto(Digits(2), "rows"),
    "plain" / Int16ub,
)
TOP = Struct(
    "magic" / Const(b"ROWS"),
    "version" / Version(Digits(1), known=(1, 2)),
    "size" / FileSize(Digits(6, lead="", end=b" ")),
    "sum" / ChecksumOver(Digits(8, 16), 19, "crc-32"),
    "count" / CountOf(Digits(2), of="rows"),
    "rows" / Table("rows", this.count, ROW, low=1, high=90),
)
SCHEMA = Schema("rows", "Rows", TOP, recognise=lambda data: data[:4] == b"ROWS")
'''

CONSUMERS = (
    'format = 2\n[[consumer]]\nname = "reader"\nversion = "1"\nplatform = "linux-x64"\nsupported_from = 2024-01-01\n'
    "supported_until = 2099-01-01\npointer_bits = 64\n[consumer.counts]\ninputs = 20\n"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the schema and its build."""
    monkeypatch.chdir(tmp_path)
    Path("rows.py").write_text(ROWS, encoding="utf-8")
    Path("c.toml").write_text(CONSUMERS, encoding="utf-8")
    return tmp_path


def checks(capsys: pytest.CaptureFixture[str], data: bytes) -> list[tuple[str, int, int, str]]:
    """The errors of a file: check, offset, length and path."""
    Path("f.bin").write_bytes(data)
    capsys.readouterr()
    options = ["--no-config", "--schema", "rows.py", "--consumers", "c.toml", "--format", "json"]
    run(["validate", *options, "f.bin"])
    found = json.loads(capsys.readouterr().out)["files"][0]["findings"]
    return [(one["check"], one["offset"], one["length"], one["path"]) for one in found]


def changed(data: bytes, at: int, raw: bytes) -> bytes:
    """A file with other bytes in place."""
    return data[:at] + raw + data[at + len(raw) :]


def rows(*each: bytes) -> bytes:
    """A file of the format `rows`, with its size and checksum."""
    tail = f"{len(each):02}".encode() + b"".join(each)
    body = f"{zlib.crc32(tail):08X}".encode() + tail
    return b"ROWS1" + f"{11 + len(body):<6}".encode() + body


ROW = b"2a 19\n00\0\7"


@pytest.mark.parametrize(
    ("row", "check", "place", "name"),
    [
        (ROW, "", (0, 0), ""),
        (b"2A 19\n00\0\7", "number-malformed", (31, 2), "kind"),
        (b"2a019\n00\0\7", "number-malformed", (33, 4), "input"),
        (b"2a 19 00\0\7", "number-malformed", (33, 4), "input"),
        (b"2a 19\n0x\0\7", "number-malformed", (37, 2), "next"),
        (b"02 19\n00\0\7", "unknown-enum-value", (31, 2), "kind"),
        (b"01 20\n00\0\7", "count-exceeded", (33, 4), "input"),
        (b"01 19\n02\0\7", "index-outside-table", (37, 2), "next"),
    ],
)
def test_rows_of_tables_have_numbers_in_digits(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    row: bytes,
    check: str,
    place: tuple[int, int],
    name: str,
) -> None:
    """Rows that are read together have the same findings, at the same bytes."""
    data = rows(ROW, row)
    found = checks(capsys, data)
    assert found == ([(check, *place, f"rows[1].{name}")] if check else [])


def test_generated_code_knows_digits(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A schema of digits has a fast path, which refuses what is no number, and its rows are read at once."""
    run(["schemas", "--schema", "rows.py"])
    listed = capsys.readouterr().out
    assert "fast path for good files: no" not in listed
    assert "rows" in listed
    user = load_user_schema(Path("rows.py"))
    way = generated_fast_path.made(user).way
    assert way is not None
    assert way.accept(rows(ROW, ROW)) is not None
    assert way.accept(rows(ROW, b"2a019\n00\0\7")) is None
    assert way.accept(rows(ROW, b"2a 19\n0x\0\7")) is None
    assert way.accept(b"ROWS" + b"\xb2" + rows(ROW)[5:]) is None


def test_a_campaign_finds_its_way_through_digits(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files that the search makes satisfy sizes, counts and checksums in digits, and numbers reach their edges."""
    schema = load_user_schema(Path("rows.py")).schema
    model = opened(schema, rows(ROW, ROW, ROW))
    rng, reached = random.Random(3), set()
    context = Context(interesting_values(schema), [], 1 << 16)
    for _ in range(300):
        made = number_at_its_edge(model, rng, context) or model
        assert isinstance(made, Model)
        reading = read(schema.layout, made.data)
        assert not reading.counts.keys() & {"checksum-wrong", "number-malformed"}
        reached |= {row.get("input") for row in reading.tables["rows"]}
    assert {0, 999} <= reached


def test_sizes_and_checksums_are_fixed_up_in_digits(folder: Path) -> None:
    """Where the bytes of a size or a checksum are no number, too."""
    schema = load_user_schema(Path("rows.py")).schema
    good = rows(ROW, ROW)
    broken = changed(good, 5, b"+12345no number"[:14])
    assert read(schema.layout, broken).counts == {"number-malformed": 2}
    assert fix_up(broken, read(schema.layout, broken)) == good
