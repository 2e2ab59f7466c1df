"""Tables behind pointers, unions in their rows, and fields that read the same bytes, through the command line."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from construct import Array, Const, Int8ub, Int16ub, Int16ul, Struct, Switch, this

from ccheck.cli.main import run
from ccheck.config.user_schema import load_user_schema
from ccheck_fuzz.model import opened
from ccheck_schemas import meaning as m
from ccheck_schemas.fault import FaultName
from ccheck_schemas.layout.lint import lint
from ccheck_schemas.model import minimal_file
from ccheck_schemas.read import read
from ccheck_schemas.schema import Schema

HEAD = """\
from construct import Array, Bytes, Const, Int8ub, Int16ub, Int16ul, Int32ul, Struct, Switch, this
from ccheck_schemas.meaning import At, Bounded, ChecksumOver, ReadAt, RecordSize, Table
from ccheck_schemas.schema import Schema

SECTION = Struct("name" / Int16ub, "kind" / Bounded(Int8ub, 0, 9), "more" / Int8ub)
"""
POINTED = {
    "ReadAt": '"sections" / ReadAt(this.offset, Table("sections", this.count, SECTION))',
    "At": '"sections" / At(this.offset, Struct("rows" / Table("sections", this._.count, SECTION)))',
}
SIZED = """\
ROOT = Struct(
    "magic" / Const(b"TABL"),
    "offset" / Int8ub,
    "size" / RecordSize(Int8ub, of="sections"),
    "count" / Int8ub,
    {},
)
SCHEMA = Schema("sized", "a table behind a pointer", ROOT, recognise=lambda data: data[:4] == b"TABL")
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def judged(capsys: pytest.CaptureFixture[str], schema: str, data: bytes) -> str:
    """What `ccheck validate` prints of bytes, with its status."""
    capsys.readouterr()
    Path("b.bin").write_bytes(data)
    status = run(["validate", "--no-config", "--schema", schema, "b.bin"])
    return f"{status}: {capsys.readouterr().out}"


@pytest.mark.parametrize("pointer", sorted(POINTED))
def test_the_record_size_of_a_table_behind_a_pointer(
    pointer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is compared with the rows, worked out in recipes, and right in files that the schema grows."""
    Path("sized.py").write_text(HEAD + SIZED.format(POINTED[pointer]))
    rows = "[{name: 1, kind: 2, more: 3}, {name: 4, kind: 5, more: 6}]"
    content = f"sections: {rows if pointer == 'ReadAt' else f'{{rows: {rows}}}'}"
    Path("a.yaml").write_text(f"schema: sized\ncontent: {{{content}}}\n")
    assert run(["build", "--schema", "sized.py", "a.yaml", "-o", "a.bin"]) == 0
    data = Path("a.bin").read_bytes()
    assert data == b"TABL\x07\x04\x02\0\1\2\3\0\4\5\6"
    assert judged(capsys, "sized.py", data).startswith("0: ")
    assert "error[record-size-wrong]" in judged(capsys, "sized.py", data[:5] + b"\x05" + data[6:])
    assert run(["show", "--schema", "sized.py", "--yaml", "a.bin"]) == 0
    schema = load_user_schema(Path("sized.py")).schema
    assert opened(schema, data).data == data
    for seed in range(9):
        made = minimal_file(schema.layout, random.Random(seed))
        assert not read(schema.layout, made).counts[FaultName.RECORD_SIZE_WRONG], made.hex()


def test_a_record_size_that_nothing_is_compared_with_is_refused() -> None:
    """A pointer to no table, or to a record with two lists, is refused when the schema is made."""
    row = Struct("v" / Int8ub)
    table, other = m.Table("rows", 2, row), Array(2, Int8ub)
    for pointed in (
        m.At(this.n, Struct("v" / Int8ub)),
        m.At(this.n, Struct("rows" / table, "other" / other)),
        m.ReadAt(this.n, Int8ub),
    ):
        found = lint(Struct("n" / Int8ub, "size" / m.RecordSize(Int8ub, of="part"), "part" / pointed))
        assert any("RecordSize names 'part', which is no Table or Pool" in one for one in found), found


UNION = """\
ROW = Struct(
    "tag" / Bounded(Int8ub, 0, 2),
    "value" / Switch(this.tag, {0: Int32ul, 1: Struct("a" / Int16ub, "b" / Bounded(Int16ub, 0, 9)), 2: Bytes(4)}),
    "end" / Int8ub,
)
ROOT = Struct("magic" / Const(b"UNIO"), "count" / Int8ub, "rows" / Table("rows", this.count, ROW))
SCHEMA = Schema("unions", "unions by tag", ROOT, recognise=lambda data: data[:4] == b"UNIO")
"""


def test_rows_of_a_table_have_unions_by_tag(capsys: pytest.CaptureFixture[str]) -> None:
    """A Switch whose cases have one size may stand in a row; what each case says is compared."""
    Path("u.py").write_text(HEAD + UNION)
    data = b"UNIO\x03" + b"\0\1\0\0\0\7" + b"\1\0\1\0\2\7" + b"\2abcd\7"
    assert judged(capsys, "u.py", data).startswith("0: ")
    assert run(["show", "--schema", "u.py", "--yaml", "b.bin"]) == 0
    recipe = capsys.readouterr().out
    Path("u.yaml").write_text(recipe)
    assert run(["build", "--schema", "u.py", "u.yaml", "-o", "c.bin"]) == 0
    assert Path("c.bin").read_bytes() == data
    assert "error[value-out-of-bounds]" in judged(capsys, "u.py", data[:14] + b"\1" + data[15:])
    assert "error[unknown-enum-value]" in judged(capsys, "u.py", data[:5] + b"\3" + data[6:])
    assert "error[count-past-bytes]" in judged(capsys, "u.py", data[:4] + b"\x04" + data[5:])
    schema = load_user_schema(Path("u.py")).schema
    model = opened(schema, data)
    assert model.data == data
    assert sum(piece.record_type is not None for piece in model.frame.pieces) > 6
    assert run(["schemas", "--schema", "u.py"]) == 0
    assert "rows read one by one: rows (they hold more than numbers" in capsys.readouterr().out


def test_rows_of_several_sizes_are_refused() -> None:
    """A Switch whose cases have different sizes, or a default of another size, makes no row of a table."""
    for cases, default in (({0: Int8ub, 1: Int16ub}, None), ({0: Int8ub, 1: Int8ub}, Int16ul)):
        union = Switch(this.tag, cases) if default is None else Switch(this.tag, cases, default)
        found = lint(Struct("rows" / m.Table("rows", 2, Struct("tag" / Int8ub, "value" / union))))
        assert any("Structs of one fixed size; use Array for others" in one for one in found), found


OVERLAPS = {
    "two that overlap": (this.n, this.n + 1),
    "the same twice": (this.n, this.n),
    "one in the other": (this.n, this.n + 2),
    "over the header": (0, 2),
}


@pytest.mark.parametrize("case", sorted(OVERLAPS))
def test_fields_that_read_at_positions_may_overlap(case: str) -> None:
    """ReadAt beside, over and inside another, and over bytes that a field owns, is no fault; the recipe has both."""
    first, second = OVERLAPS[case]
    wide = Struct("a" / Int16ub, "b" / Int16ub)
    for node in (wide, Array(2, Int16ub), m.Table("rows", 2, Struct("a" / Int16ub))):
        root = Struct(
            "magic" / Const(b"OVER"),
            "n" / Int8ub,
            "owned" / m.At(this.n, Struct("x" / Array(8, Int8ub))),
            "one" / m.ReadAt(first, node),
            "two" / m.ReadAt(second, wide),
        )
        schema = Schema("over", "overlaps", root, recognise=bool)
        data = b"OVER\x05" + bytes(range(8))
        reading = read(schema.layout, data)
        assert not reading.counts, (case, reading.faults)
        assert schema.rebuild(data, reading.root, reading.gaps) == data
        assert opened(schema, data).data == data


def test_records_that_own_the_same_bytes_are_a_fault_without_read_at() -> None:
    """Two At that overlap are bytes-owned-twice: only ReadAt says that bytes may be shared."""
    part = Struct("x" / Array(4, Int8ub))
    root = Struct("n" / Int8ub, "one" / m.At(this.n, part), "two" / m.At(this.n + 1, Struct("y" / Int16ub)))
    reading = read(Schema("over", "overlaps", root, recognise=bool).layout, b"\1abcd")
    assert reading.counts[FaultName.BYTES_OWNED_TWICE] == 1
