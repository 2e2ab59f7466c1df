"""Several checksums of a file, each over the bytes that its schema states, through the command line."""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path

import pytest

from ccheck.cli.main import run
from ccheck.config.user_schema import load_user_schema
from ccheck_fuzz.model import opened, rebuilt
from ccheck_schemas import meaning as m
from ccheck_schemas.checksum import ALGORITHMS, Crc, Sum
from ccheck_schemas.fault import FaultName
from ccheck_schemas.model import minimal_file
from ccheck_schemas.read import read

CHECK = {
    "crc-32": 0xCBF43926, "crc-32c": 0xE3069283, "crc-32/bzip2": 0xFC891918, "crc-32/mpeg-2": 0x0376E6E7,
    "crc-16/arc": 0xBB3D, "crc-16/modbus": 0x4B37, "crc-16/xmodem": 0x31C3, "crc-16/ibm-3740": 0x29B1,
    "crc-16/kermit": 0x2189, "crc-8": 0xF4, "crc-64/xz": 0x995DC9BBDF1939FA, "adler-32": 0x091E01DE,
    "byte-sum-16": 477, "byte-sum-32": 477,
    "sum-8": 0xDD, "sum-16-le": 0xD509, "sum-16-be": 0x09D4, "sum-32-le": 0x6C6A689F, "sum-32-be": 0x9F686A6C,
    "zero-sum-8": 0x23, "zero-sum-16-le": 0x2AF7, "zero-sum-16-be": 0xF62C, "zero-sum-32-le": 0x93959761,
    "zero-sum-32-be": 0x60979594,
}  # fmt: skip
"""The checksum of the digits 1 to 9, as catalogues list it for each CRC; sums by hand."""

SCHEMA = """\
from construct import Array, Bytes, Const, Int8ub, Int16ub, Int16ul, Int32ul, Struct, this
from ccheck_schemas.meaning import ChecksumOver, Crc
from ccheck_schemas.schema import Schema

ROOT = Struct(
    "magic" / Const(b"SUMS"),
    "zero" / ChecksumOver(Int8ub, 0, "zero-sum-8"),
    "n" / Int8ub,
    "head" / ChecksumOver(Int16ub, 5, "crc-16/xmodem", end=16, zeroed=True),
    "body" / ChecksumOver(Int32ul, 16, "crc-32c"),
    "words" / ChecksumOver(Int16ul, 16, "sum-16-le", end=20),
    "own" / ChecksumOver(Int16ub, 16, Crc(12, 0x80F, reflect_out=True)),
    "data" / Array(this.n, Struct("v" / Int32ul)),
)
SCHEMA = Schema("sums", "several checksums", ROOT, recognise=lambda data: data[:4] == b"SUMS")
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, Path, Path]:
    """The schema file, a recipe, and the file that it builds."""
    schema, recipe, file = tmp_path / "sums.py", tmp_path / "a.yaml", tmp_path / "a.bin"
    schema.write_text(SCHEMA)
    recipe.write_text("schema: sums\ncontent: {data: [{v: 1}, {v: 2}, {v: 3}]}\n")
    assert run(["build", "--schema", str(schema), str(recipe), "-o", str(file)]) == 0
    return str(schema), recipe, file


def test_the_algorithms_have_the_values_that_catalogues_list() -> None:
    """Every named algorithm gives the checksum of the digits 1 to 9 that is published for it."""
    assert {name: one.of(b"123456789") for name, one in ALGORITHMS.items()} == CHECK
    assert Crc(12, 0x80F, reflect_out=True).of(b"123456789") == 0xDAF  # CRC-12/UMTS
    for crc in (ALGORITHMS["crc-32"], ALGORITHMS["crc-16/xmodem"]):
        assert isinstance(crc, Crc)
        slow = Crc(crc.bits, crc.poly, crc.init, crc.reflect_in, crc.reflect_out, crc.xor_out ^ 1)
        assert slow.of(b"ccheck") ^ 1 == crc.of(b"ccheck")


def test_a_sum_to_zero_makes_the_sum_zero() -> None:
    """The words of a range with such a number in it have the sum 0."""
    rng = random.Random(1)
    for bits, order, form in ((8, "little", "B"), (16, "little", "<H"), (16, "big", ">H"), (32, "big", ">I")):
        words = [rng.randrange(1 << bits) for _ in range(7)] + [0]
        data = b"".join(struct.pack(form, word) for word in words)
        assert (sum(words) + Sum(bits, order, to_zero=True).of(data)) % (1 << bits) == 0


def test_every_checksum_is_worked_out(
    files: tuple[str, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """A recipe leaves all of them out, also those that cover others and themselves; the file passes by the fast path."""
    schema, recipe, file = files
    data = file.read_bytes()
    assert sum(data) % 256 == 0
    assert data[12:14] == struct.pack("<H", 1)
    assert run(["validate", "--no-config", "--schema", schema, str(file)]) == 0
    assert run(["schemas", "--schema", schema]) == 0
    assert "fast path for good files: yes" in capsys.readouterr().out
    assert run(["show", "--schema", schema, "--yaml", str(file)]) == 0
    assert capsys.readouterr().out == "schema: sums\ncontent:\n  data:\n  - {v: 1}\n  - {v: 2}\n  - {v: 3}\n"
    recipe.write_text(
        'schema: sums\ncontent: {data: [{v: 1}, {v: 2}, {v: 3}]}\nedits:\n- {at: 16, hex: "'
        + "07 " * 12
        + '"}\n'
    )
    assert run(["build", "--schema", schema, str(recipe), "-o", str(file), "--force"]) == 0
    assert run(["validate", "--no-config", "--schema", schema, str(file)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("at", "checks"),
    [
        (0x05, {"checksum-wrong"}),
        (0x06, {"checksum-wrong"}),
        (0x08, {"checksum-wrong"}),
        (0x0C, {"checksum-wrong"}),
        (0x0E, {"checksum-wrong"}),
        (0x10, {"checksum-wrong"}),
        (0x1B, {"checksum-wrong"}),
    ],
)
def test_a_changed_byte_is_found(
    files: tuple[str, Path, Path], capsys: pytest.CaptureFixture[str], at: int, checks: set[str]
) -> None:
    """A byte that any of the checksums covers fails the file, where only the sum to zero is made right again, too."""
    schema, _, file = files
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    data[4] = (data[4] + file.read_bytes()[at] - data[at]) % 256
    assert sum(data) % 256 == 0
    file.write_bytes(data)
    capsys.readouterr()
    assert run(["validate", "--no-config", "--schema", schema, str(file)]) == 1
    out = capsys.readouterr().out
    assert all(f"error[{check}]" in out for check in checks), out


def test_the_message_names_the_algorithm_and_the_range(
    files: tuple[str, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """A finding says by which algorithm, and over which bytes."""
    schema, _, file = files
    data = bytearray(file.read_bytes())
    data[12] ^= 0xFF
    file.write_bytes(data)
    capsys.readouterr()
    assert run(["validate", "--no-config", "--schema", schema, str(file)]) == 1
    assert "the checksum is 0xfe, bytes 0x10 to 0x14 have 0x1 by sum-16-le" in capsys.readouterr().out


def test_a_range_beyond_the_file_is_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is shorter than the stated range does not pass by the checksum of what is there."""
    schema, file = tmp_path / "short.py", tmp_path / "a.bin"
    schema.write_text(
        SCHEMA.replace(
            '"words" / ChecksumOver(Int16ul, 16, "sum-16-le", end=20)',
            '"words" / ChecksumOver(Int16ul, 16, "sum-16-le", end=99)',
        )
    )
    recipe = tmp_path / "a.yaml"
    recipe.write_text("schema: sums\ncontent: {data: [{v: 1}]}\n")
    assert run(["build", "--schema", str(schema), str(recipe), "-o", str(file)]) == 0
    assert run(["validate", "--no-config", "--schema", str(schema), str(file)]) == 1
    assert "error[truncated]" in capsys.readouterr().out


def test_checksums_of_many_records_take_work_in_proportion(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file whose every record has a checksum of the whole file is stopped, and fails."""
    schema, file = tmp_path / "many.py", tmp_path / "a.bin"
    schema.write_text("""\
from construct import Array, Const, Int16ul, Int32ul, Struct, this
from ccheck_schemas.meaning import ChecksumOver
from ccheck_schemas.schema import Schema

ROOT = Struct("magic" / Const(b"MANY"), "n" / Int16ul, "rows" / Array(this.n, Struct("sum" / ChecksumOver(Int32ul, 0, zeroed=True))))
SCHEMA = Schema("many", "many checksums", ROOT, recognise=lambda data: data[:4] == b"MANY")
""")
    file.write_bytes(b"MANY" + struct.pack("<H", 60_000) + bytes(240_000))
    assert run(["validate", "--no-config", "--schema", str(schema), str(file)]) == 1
    assert "error[work-out-of-proportion]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("node", "complaint"),
    [
        ('ChecksumOver(Int16ul, 0, "crc-32c")', "crc-32c has 32 bits, and the integer is of 16; put it around an unsigned integer of 32 bits"),
        ('ChecksumOver(Int8sb, 0, "sum-8")', "sum-8 has 8 bits, and the integer is signed"),
        ('ChecksumOver(Int32ul, 0, "crc32")', "checksum algorithm 'crc32' is not known; did you mean 'crc-32'? known are crc-32, crc-32c"),
        ('ChecksumOver(Int32ul, 8, end=8)', "end=8 is less than 9, the least that it can be"),
        ('ChecksumOver(Int32ul, 0, 7)', "algorithm=7 is neither the name of a checksum nor a Crc"),
        ('ChecksumOver(Int32ul, 0, Crc(4, 1))', "bits=4: a CRC has 8 to 64"),
        ('ChecksumOver(Int32ul, 0, Crc(8, 0x107))', "poly=0x107 has more than 8 bits, or is negative"),
    ],
)  # fmt: skip
def test_a_checksum_that_cannot_be_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], node: str, complaint: str
) -> None:
    """A schema with a checksum that no integer holds, or that nobody knows, is refused with what to write."""
    schema = tmp_path / "sums.py"
    schema.write_text(
        "from construct import Int8sb, Int16ul, Int32ul, Struct\n"
        "from ccheck_schemas.meaning import ChecksumOver, Crc\n"
        "from ccheck_schemas.schema import Schema\n"
        f'SCHEMA = Schema("sums", "sums", Struct("sum" / {node}), recognise=lambda data: True)\n'
    )
    assert run(["schemas", "--schema", str(schema)]) == 2
    assert complaint in capsys.readouterr().err


def test_the_default_is_as_it_was() -> None:
    """A checksum without an algorithm is zlib's CRC-32 up to the end of the file."""
    assert m.ChecksumOver.__init__.__defaults__ == ("crc-32",)
    assert ALGORITHMS["crc-32"].of(b"abc") == zlib.crc32(b"abc")


def test_the_fuzzer_makes_every_checksum_right_again(files: tuple[str, Path, Path]) -> None:
    """A model of the file with other bytes has right checksums, each after those that it covers."""
    schema = load_user_schema(Path(files[0])).schema
    data = files[2].read_bytes()
    model = opened(schema, data)
    assert rebuilt(model).data == data
    changed = model.with_bytes(0x14, b"\xaa\xbb\xcc\xdd")
    assert changed.data != data
    assert not read(schema.layout, changed.data).counts
    assert opened(schema, changed.data).data == changed.data
    assert read(schema.layout, data[:-1] + b"\x77").counts[FaultName.CHECKSUM_WRONG] == 3
    assert not read(schema.layout, minimal_file(schema.layout, random.Random(5))).counts
