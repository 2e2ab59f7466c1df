"""Bytes between parts that no field reads: allowed as padding, or counted as not looked into, where a schema says so."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from construct import Array, Int8ub, Int16ub, Struct, this

from ccheck.cli.main import run
from ccheck_fuzz.model import opened
from ccheck_schemas import meaning as m
from ccheck_schemas.fault import FaultName
from ccheck_schemas.generate.python.source import source
from ccheck_schemas.generate.refused import NotGenerated
from ccheck_schemas.layout.lint import LayoutRefused, layout_of
from ccheck_schemas.read import read
from ccheck_schemas.recipe.by_layout.compose import compose
from ccheck_schemas.recipe.by_layout.written import recipe_of
from ccheck_schemas.schema import RecipeError, Schema
from tests.schemas.test_trees import files, made

SCHEMA = """\
from construct import Array, Bytes, Const, Int8ub, Int16ub, Int32ul, Struct, this
from ccheck_schemas.meaning import At, FileSize, Gaps, LengthOf, OffsetInto, OpaqueGaps
from ccheck_schemas.schema import Schema

PART = Struct("size" / LengthOf(Int8ub, of="data"), "data" / Bytes(this.size))
ENTRY = Struct("offset" / OffsetInto(Int16ub, of="part", align=8), "part" / At(this.offset, PART))
ROOT = Struct(
    "magic" / Const(b"PART"),
    "size" / FileSize(Int32ul),
    "n" / Int8ub,
    "entries" / Array(this.n, ENTRY),
)
SCHEMA = Schema("parts", "parts at offsets", ROOT, recognise=lambda data: data[:4] == b"PART", gaps=GAPS)
"""
ENTRIES = "entries: [{part: {data: '01 02'}}, {part: {data: '03 04 05'}}]"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(gaps: str, content: str) -> bytes:
    """Writes the schema with its gaps, and builds a file of it."""
    Path("parts.py").write_text(SCHEMA.replace("GAPS)", f"{gaps})"))
    Path("a.yaml").write_text(f"schema: parts\ncontent: {{{content}}}\n")
    assert run(["build", "--schema", "parts.py", "a.yaml", "-o", "a.bin"]) == 0
    return Path("a.bin").read_bytes()


def validate(capsys: pytest.CaptureFixture[str], data: bytes, *options: str) -> str:
    """What `ccheck validate` prints of bytes, with its status."""
    Path("b.bin").write_bytes(data)
    status = run(["validate", "--no-config", "--schema", "parts.py", *options, "b.bin"])
    return f"{status}: {capsys.readouterr().out}"


@pytest.mark.usefixtures("folder")
def test_padding_between_parts_is_zero_shorter_than_its_alignment_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Gaps(8) takes seven zeros and no eight, none in the middle of eight, and no other byte."""
    data = write("Gaps(8)", ENTRIES)
    assert data.hex(" ", -8) == "504152541c000000 0200100018000000 0201020000000000 03030405"
    assert validate(capsys, data).startswith("0: ")
    assert "not looked into" not in validate(capsys, data)
    assert "padding-not-zero" in validate(capsys, data[:0x15] + b"\1" + data[0x16:])
    longer = data[:4] + b"\x24" + data[5:] + bytes(8)
    assert "bytes-unowned" in validate(capsys, longer)
    tail = data[:4] + b"\x20" + data[5:] + bytes(4)
    assert validate(capsys, tail).startswith("0: ")
    misplaced = data[:0x0A] + b"\x18" + data[0x0B:]  # both name the second part
    assert "bytes-unowned" in validate(capsys, misplaced)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("gaps", ["Gaps(8)", "Gaps(8, zero=False)", "OpaqueGaps('placed by a linker')"])
def test_files_with_gaps_come_back_from_their_recipes(gaps: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`show --yaml` and `build` give the bytes between parts back, also those behind the last part."""
    data = write(gaps, ENTRIES)
    capsys.readouterr()
    tail = data[:4] + b"\x20" + data[5:] + (bytes(4) if gaps == "Gaps(8)" else b"\1\2\3\0")
    if gaps != "Gaps(8)":
        tail = tail[:0x15] + b"\xee" + tail[0x16:]
    Path("b.bin").write_bytes(tail)
    assert run(["show", "--schema", "parts.py", "--yaml", "b.bin"]) == 0
    recipe = capsys.readouterr().out
    assert "bytes between parts" in recipe
    Path("b.yaml").write_text(recipe)
    assert run(["build", "--schema", "parts.py", "b.yaml", "-o", "c.bin"]) == 0
    assert Path("c.bin").read_bytes() == tail
    assert run(["diff", "--schema", "parts.py", "a.bin", "b.bin"]) == 0
    assert "bytes between parts" in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
def test_opaque_gaps_are_counted_in_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    """OpaqueGaps takes any bytes anywhere, and the verdict says how many nothing looked into."""
    data = write("OpaqueGaps('placed by a linker')", ENTRIES)
    tail = data[:4] + b"\x30" + data[5:] + b"\xff" * 20
    out = validate(capsys, tail)
    assert out.startswith("0: ")
    assert "28 of 48 bytes not looked into: bytes between parts" in out
    assert "placed by a linker" in validate(capsys, tail, "--format", "json")


def test_ccheck_fuzz_searches_files_with_gaps(folder: Path) -> None:
    """A search of a schema with gaps ends without an escape or a broken property."""
    write("Gaps(8, zero=False)", ENTRIES)
    Path("reader.py").write_text("def read(data): pass\n")
    words = "fuzz --schema parts.py --seeds a.bin --out out --time 5m --runs 300 --jobs 1 --engine hypothesis"
    command = [sys.executable, "-m", "ccheck", *words.split(), "--reader", "reader:read"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr


ELF = """\
from construct import Bytes, Const, Int16ul, Int32ul, Int64ul, Struct, this
from ccheck_schemas.meaning import OpaqueGaps, ReadAt, RecordSize, Table
from ccheck_schemas.schema import Schema

SECTION = Struct("name" / Int32ul, "type" / Int32ul, "more" / Struct("words" / Int64ul[7]))
ROOT = Struct(
    "magic" / Const(b"\\x7fELF\\x02\\x01"), "ident" / Bytes(34), "shoff" / Int64ul, "flags" / Int32ul, "sizes" / Bytes(6),
    "shentsize" / RecordSize(Int16ul, of="sections"), "shnum" / Int16ul, "shstrndx" / Int16ul,
    "sections" / ReadAt(this.shoff, Table("sections", this.shnum, SECTION)),
)
SCHEMA = Schema("elf", "ELF", ROOT, recognise=lambda data: data[:4] == b"\\x7fELF", gaps=OpaqueGaps("sections"))
"""


@pytest.mark.usefixtures("folder")
def test_a_program_of_this_machine_comes_back_from_its_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    """An ELF program, whose sections nothing looks into, is counted whole and built again byte by byte."""
    program = Path(shutil.which("true") or "").resolve()
    if not program.is_file() or program.read_bytes()[:6] != b"\x7fELF\x02\x01":
        pytest.skip("this machine has no ELF program `true` for 64 bits, little-endian")
    Path("elf.py").write_text(ELF)
    assert run(["validate", "--no-config", "--schema", "elf.py", str(program)]) == 0
    assert "bytes not looked into: bytes between parts" in capsys.readouterr().out
    assert run(["show", "--schema", "elf.py", "--yaml", str(program)]) == 0
    Path("b.yaml").write_text(capsys.readouterr().out)
    assert run(["build", "--schema", "elf.py", "b.yaml", "-o", "b.bin"]) == 0
    assert Path("b.bin").read_bytes() == program.read_bytes()


def test_many_gaps_beside_many_readings_are_cheap() -> None:
    """Twenty thousand gaps beside as many fields that own no bytes are told apart in one pass."""
    entry = Struct(
        "at" / Int16ub, "owned" / m.At(this.at, Struct("v" / Int8ub)), "read" / m.ReadAt(this.at + 1, Int8ub)
    )
    root = Struct("n" / Int16ub, "entries" / Array(this.n, entry))
    schema = Schema("many", "many gaps", root, recognise=bool, gaps=m.OpaqueGaps("a test"))
    count = 13_000
    places = [2 + 2 * count + 3 * i for i in range(count)]
    data = count.to_bytes(2, "big") + b"".join(at.to_bytes(2, "big") for at in places if at < 65_000)
    data = (len(data) // 2 - 1).to_bytes(2, "big") + data[2:]
    reading = read(schema.layout, data + bytes(65_536 - len(data)))
    assert reading.complete
    assert len(reading.gaps) > 10_000


GAPS = (m.Gaps(2), m.Gaps(4, zero=False), m.OpaqueGaps("a test"))


def test_over_random_trees_gaps_change_no_more_than_what_nobody_owns(more: int) -> None:
    """Reader, generated code, recipes and file model agree over random schemas with gaps."""
    met: Counter[str] = Counter()
    for seed in range(400 * more):
        root = made(random.Random(seed).randrange)
        if root is None:
            continue
        gaps = GAPS[seed % 3]
        schema = Schema("made", "made for a test", root, recognise=bool, gaps=gaps)
        layout, strict = schema.layout, layout_of(root)
        accept = _accept(schema)
        for data in (*files(root, seed), *(data + bytes(1) for data in files(root, seed)[-3:])):
            reading, before = read(layout, data), read(strict, data)
            found = read(layout, data, bulk=False)
            assert (found.faults, found.gaps) == (reading.faults, reading.gaps), data.hex()
            changed = {FaultName.BYTES_UNOWNED, FaultName.PADDING_NOT_ZERO}
            assert {name: n for name, n in reading.counts.items() if name not in changed} == {
                name: n for name, n in before.counts.items() if name not in changed
            }
            assert (
                len(reading.gaps) + reading.counts[FaultName.BYTES_UNOWNED]
                == (before.counts[FaultName.BYTES_UNOWNED])
            )
            assert opened(schema, data).data == data
            good = not reading.counts and reading.complete
            if accept is not None:
                accepted = accept(data) is not None
                assert good or not accepted, data.hex()
                met["generated"] += bool(accepted and reading.gaps)
            if good and reading.gaps:
                assert compose(layout, recipe_of(layout, data)).data == data, (seed, data.hex())
                met[type(gaps).__name__] += 1
    assert min(met[name] for name in ("Gaps", "OpaqueGaps", "generated")) > 20 * more, met


def _accept(schema: Schema) -> Any:
    """The generated function of a schema; None where there is none."""
    namespace: dict[str, Any] = {"__name__": "generated"}
    try:
        exec(source(schema), namespace)  # noqa: S102 - our own code
    except NotGenerated:
        return None
    return namespace["accept"]


def test_what_is_no_gap_is_refused() -> None:
    """A schema or a recipe with gaps that nobody can follow is refused, with the reason."""
    root = Struct("n" / Int8ub, "part" / m.At(this.n, Struct("v" / Int8ub)))
    with pytest.raises(LayoutRefused, match="gaps: it is Gaps"):
        layout_of(root, "zeros")  # type: ignore[arg-type]  # what a user may write
    with pytest.raises(ValueError, match="align=1 is less than 2"):
        m.Gaps(1)
    with pytest.raises(ValueError, match="say why"):
        m.OpaqueGaps(" ")
    layout = layout_of(root, m.Gaps(4))
    for given, words in (
        ([], "a mapping from offsets to bytes"),
        ({"0x40": "00"}, "its key says where"),
        ({"at -1": "00"}, "its key says where"),
        ({"at 0xfffffffff": "00"}, "its key says where"),
        ({"at 0x40": "zz"}, "hex"),
    ):
        with pytest.raises(RecipeError, match=words):
            compose(layout, {"part": {"v": 1}, "bytes between parts": given})
    with pytest.raises(RecipeError, match="where another field has"):
        compose(layout, {"n": 1, "part": {"v": 1}, "bytes between parts": {"at 1": "02"}})
    with pytest.raises(RecipeError, match="bytes between parts"):  # no schema without gaps knows the key
        compose(layout_of(root), {"part": {"v": 1}, "bytes between parts": {"at 1": "02"}})
