"""`ccheck show` prints the names of enum members and flags, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from inline_snapshot import snapshot

from ccheck.cli.main import run
from tests.conftest import ROOT

SCHEMA = """\
from enum import IntEnum, IntFlag

from construct import Array, If, Int8ub, Int16ub, Struct, Switch, this
from ccheck_schemas.meaning import Rows, StrictEnum, StrictFlags, Table
from ccheck_schemas.schema import Schema


class Kind(IntEnum):
    NONE = 0
    BLOCK = 12
    DENY = 12


class Access(IntFlag):
    READ = 1
    WRITE = 2
    BOTH = 3
    PAIR = 0x30


ROOT = Struct(
    "kind" / StrictEnum(Int8ub, Kind),
    "unknown" / StrictEnum(Int8ub, Kind),
    "access" / StrictFlags(Int8ub, Access),
    "none" / StrictFlags(Int8ub, Access),
    "other" / StrictFlags(Int16ub, Access),
    "kinds" / Array(2, StrictEnum(Int8ub, Kind)),
    "maybe" / If(this.kind == 12, StrictEnum(Int8ub, Kind)),
    "choice" / Switch(this.kind, {12: Struct("access" / StrictFlags(Int8ub, Access))}),
    "rows" / Table("rows", 1, Struct("kind" / StrictEnum(Int8ub, Kind))),
    "taker" / Struct("first" / Int8ub, "count" / Int8ub, "mine" / Rows("rows", "first", "count")),
)
SCHEMA = Schema("kinds", "names of numbers", ROOT, recognise=lambda data: data[:1] == b"\\x0c")
"""


def test_show_prints_the_names_of_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A number has the name of its member behind it, flags the names of their bits; what has no name is a number."""
    schema, file = tmp_path / "kinds.py", tmp_path / "kinds.bin"
    schema.write_text(SCHEMA)
    file.write_bytes(bytes.fromhex("0c 07 03 00 00f2 00 0c 0c 31 0c 00 01"))
    assert run(["show", "--schema", str(schema), str(file)]) == 1
    assert capsys.readouterr().out == snapshot("""\
0x000000  kind = 12 (0xc, block)
0x000001  unknown = 7
0x000002  access = 3 (read | write)
0x000003  none = 0
0x000004  other = 242 (0xf2, write | pair | 0xc0)
0x000006  kinds = [0 (none), 12 (block)]
0x000008  maybe = 12 (0xc, block)
0x000009  choice.access = 49 (0x31, read | pair)
0x00000a  taker.mine[0].kind = 12 (0xc, block)
0x00000b  taker.first = 0
0x00000c  taker.count = 1
""")


def test_show_of_a_cut_file_names_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a file ends before the number that chooses a branch, what was read is shown, with names."""
    schema, file = tmp_path / "kinds.py", tmp_path / "kinds.bin"
    schema.write_text(SCHEMA)
    file.write_bytes(b"\x0c")
    assert run(["show", "--schema", str(schema), str(file)]) == 1
    assert capsys.readouterr().out == "0x000000  kind = 12 (0xc, block)\n"


def test_show_names_the_numbers_of_shipped_formats(capsys: pytest.CaptureFixture[str]) -> None:
    """The names of a shipped format's numbers are shown, also those of rows of a table."""
    file = ROOT / "corpus/channel/field-past-inputs/good/last-input.bin"
    assert run(["show", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "0x00003b  instances[0].action = 3 (block)" in lines
    assert "0x000064  instances[0].criteria[0].value_kind = 1 (text)" in lines
