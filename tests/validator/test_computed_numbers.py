"""A schema whose numbers are bits of others: findings, the contract, recipes and the fast path, through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ccheck.cli.main import run

SCHEMA = '''
from enum import IntEnum
from construct import Array, Computed, Const, Int8ub, Int16ub, Struct, this
from ccheck_schemas.meaning import BelowCount, Bounded, Reserved, StrictEnum, choose
from ccheck_schemas.schema import Schema

class Kind(IntEnum):
    """Kinds."""
    PLAIN = 1
    WIDE = 2

TOP = Struct(
    "magic" / Const(b"BITS"),
    "word" / Int16ub,
    "kind" / StrictEnum(Computed(this.word >> 12), Kind),
    "input" / BelowCount(Computed((this.word >> 4) & 0x3F), "inputs"),
    "reserved" / Reserved(Computed(this.word & 0x8)),
    "count" / Bounded(Computed(choose(this.kind == 2, (this.word & 7) * 2, this.word & 7)), 0, 8),
    "items" / Array(this.count, Struct("n" / Int8ub)),
)
SCHEMA = Schema("bits", "Bits", TOP, recognise=lambda data: data[:4] == b"BITS")
'''
CONSUMERS = (
    'format = 2\n[[consumer]]\nname = "reader"\nversion = "1"\nplatform = "linux-x64"\nsupported_from = 2024-01-01\n'
    "supported_until = 2099-01-01\npointer_bits = 64\n[consumer.counts]\ninputs = 20\n"
)


def file(kind: int, at: int, count: int, items: int, reserved: int = 0) -> bytes:
    """A file of the format."""
    return b"BITS" + (kind << 12 | at << 4 | reserved << 3 | count).to_bytes(2, "big") + bytes(range(items))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the schema and its build."""
    monkeypatch.chdir(tmp_path)
    Path("bits.py").write_text(SCHEMA, encoding="utf-8")
    Path("c.toml").write_text(CONSUMERS, encoding="utf-8")
    return tmp_path


def checks(capsys: pytest.CaptureFixture[str], data: bytes) -> dict[str, tuple[int, int]]:
    """The errors of a file, with offset and length."""
    Path("f.bin").write_bytes(data)
    run(
        [
            "validate",
            "--no-config",
            "--schema",
            "bits.py",
            "--consumers",
            "c.toml",
            "--format",
            "json",
            "f.bin",
        ]
    )
    found = json.loads(capsys.readouterr().out)["files"][0]["findings"]
    return {one["check"]: (one["offset"], one["length"]) for one in found}


@pytest.mark.parametrize(
    ("data", "check"),
    [
        (file(1, 19, 3, 3), ""),
        (file(2, 0, 3, 6), ""),
        (file(3, 0, 0, 0), "unknown-enum-value"),
        (file(1, 20, 0, 0), "count-exceeded"),
        (file(1, 0, 0, 0, reserved=1), "reserved-not-zero"),
        (file(2, 0, 5, 10), "value-out-of-bounds"),
        (file(2, 0, 3, 5), "count-past-bytes"),
        (file(1, 0, 3, 6), "bytes-unowned"),
    ],
)
def test_a_finding_shows_the_bytes_of_the_number_that_has_the_bits(
    folder: Path, capsys: pytest.CaptureFixture[str], data: bytes, check: str
) -> None:
    """Bits have the meanings of whole numbers, and are compared with the facts of builds."""
    found = checks(capsys, data)
    assert list(found) == ([check] if check else []), found
    if check in ("unknown-enum-value", "reserved-not-zero", "count-exceeded"):
        assert found[check] == (4, 2)


def test_files_are_built_of_the_number_that_has_the_bits(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A recipe leaves computed numbers out, refuses them where they are given, and gives the same bytes back."""
    Path("f.bin").write_bytes(file(2, 1, 2, 4))
    assert run(["show", "--yaml", "--schema", "bits.py", "f.bin"]) == 0
    recipe = capsys.readouterr().out
    assert "kind" not in recipe
    assert "word: 8210" in recipe
    Path("f.yaml").write_text(recipe, encoding="utf-8")
    assert run(["build", "f.yaml", "--schema", "bits.py", "-o", "g.bin"]) == 0
    assert Path("g.bin").read_bytes() == Path("f.bin").read_bytes()
    Path("f.yaml").write_text(f"{recipe}  kind: 2\n", encoding="utf-8")
    capsys.readouterr()
    assert run(["build", "f.yaml", "--schema", "bits.py", "-o", "h.bin"]) == 2
    assert "kind: it follows from other fields, and has no bytes: leave it out" in capsys.readouterr().err


def test_bits_are_shown_with_their_names_and_judged_by_generated_code(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`show` names the member; the format has a fast path."""
    Path("f.bin").write_bytes(file(2, 1, 2, 4))
    run(["show", "--schema", "bits.py", "f.bin"])
    assert "kind = 2 (wide)" in capsys.readouterr().out
    run(["schemas", "--schema", "bits.py"])
    assert "fast path for good files: no" not in capsys.readouterr().out


ODD = """
from construct import Bytes, Computed, Int8ub, Int64ub, Struct, this
from ccheck_schemas.meaning import BytesTo, UpToEnd
from ccheck_schemas.schema import Schema
TOP = Struct({fields})
SCHEMA = Schema("odd", "Odd", TOP, recognise=lambda data: True)
"""


@pytest.mark.parametrize(
    ("fields", "data", "check"),
    [
        ('"n" / Int64ub, "x" / Computed(1 << (' + " * ".join(["this.n"] * 20) + "))", b"\xff" * 8, "expression-unresolved"),
        ('"n" / Int64ub, "x" / Computed(' + " * ".join(["this.n"] * 20) + ")", b"\xff" * 8, "expression-unresolved"),
        ('"n" / Int8ub, "x" / Computed(1 >> (this.n - 9))', b"\1", "expression-unresolved"),
        ('"n" / Int8ub, "x" / Computed(1 % (this.n - 1))', b"\1", "expression-unresolved"),
        ('"all" / UpToEnd(Struct("n" / Int8ub, "end" / BytesTo(b"x", to_end=True)))', b"a" * 200_000, "work-out-of-proportion"),
    ],
)  # fmt: skip
def test_no_number_is_too_large_and_no_search_too_long(
    folder: Path, capsys: pytest.CaptureFixture[str], fields: str, data: bytes, check: str
) -> None:
    """Numbers without bound, and terminators that are searched again for each byte, are findings."""
    Path("odd.py").write_text(ODD.format(fields=fields), encoding="utf-8")
    Path("f.bin").write_bytes(data)
    assert run(["validate", "--no-config", "--schema", "odd.py", "--format", "json", "f.bin"]) == 1
    found = json.loads(capsys.readouterr().out)["files"][0]["findings"]
    assert check in {one["check"] for one in found}, found
    assert "examination-crashed" not in {one["check"] for one in found}
