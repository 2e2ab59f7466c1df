"""Schemas of archives whose numbers are ASCII digits, as users write them, tried on the archives of cpio, tar and ar."""

from __future__ import annotations

import io
import json
import random
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from ccheck.cli.main import run
from ccheck.text.yaml_source import parse
from ccheck_schemas.digits import DigitForm

CPIO = """
from construct import Bytes, Computed, Const, Struct, this
from ccheck_schemas.meaning import Bounded, Digits, LengthOf, Reserved, Text, UpTo, ZeroPad
from ccheck_schemas.schema import Schema

HEX = Digits(8, base=16)
MEMBER = Struct(
    "magic" / Const(b"070701"),
    "ino" / HEX, "mode" / HEX, "uid" / HEX, "gid" / HEX, "nlink" / HEX, "mtime" / HEX,
    "filesize" / LengthOf(HEX, of="data"),
    "devmajor" / HEX, "devminor" / HEX, "rdevmajor" / HEX, "rdevminor" / HEX,
    "namesize" / LengthOf(HEX, of="name", low=2, high=4096),
    "check" / Reserved(HEX),
    "name" / Text(this.namesize, "utf-8", terminator="inside"),
    ZeroPad(4),
    "data" / Bytes(this.filesize),
    ZeroPad(4),
    "last" / Computed(this.name == "TRAILER!!!"),
)
TOP = Struct("members" / UpTo(MEMBER, field="last", value=1), ZeroPad(512))
SCHEMA = Schema("newc", "cpio archives", TOP, recognise=lambda data: data[:6] == b"070701")
"""

USTAR = """
from construct import Bytes, Const, If, Int8ub, Struct, this
from ccheck_schemas.meaning import ChecksumOver, Digits, LengthOf, Position, ReadAt, Slot, UpTo, ZeroPad
from ccheck_schemas.schema import Schema

ENDS = (b"\\0", b" ")
SUM = Digits(8, base=8, end=(b"\\0 ", b" \\0", b"\\0"))

def octal(length, **more):
    return Digits(length, base=8, lead="0 ", end=ENDS, **more)

def member(checksum):
    return Struct(
        "name" / Slot(100, terminator=b"\\0", encoding="utf-8"),
        "mode" / octal(8), "uid" / octal(8), "gid" / octal(8),
        "size" / LengthOf(octal(12), of="data"),
        "mtime" / octal(12),
        "checksum" / checksum,
        "typeflag" / Bytes(1),
        "linkname" / Slot(100, terminator=b"\\0", encoding="utf-8"),
        "magic" / Const(b"ustar\\x0000"),
        "uname" / Slot(32, terminator=b"\\0", encoding="utf-8"),
        "gname" / Slot(32, terminator=b"\\0", encoding="utf-8"),
        "devmajor" / octal(8, blank=b"\\0"), "devminor" / octal(8, blank=b"\\0"),
        "prefix" / Slot(155, terminator=b"\\0", encoding="utf-8"),
        ZeroPad(512),
        "data" / Bytes(this.size),
        ZeroPad(512),
        "end" / Position(),
        "next" / ReadAt(this.end, Int8ub),  # the name of a member is not empty
    )

TOP = Struct(
    "first" / member(ChecksumOver(SUM, 0, "byte-sum-32", end=512, zeroed=b" ")),
    "more" / If(this.first.next != 0, UpTo(member(SUM), field="next", value=0)),
    "ending" / Const(bytes(1024)),
    ZeroPad(10240),
)
SCHEMA = Schema("ustar", "tar archives", TOP, recognise=lambda data: data[257:262] == b"ustar")
"""

AR = """
from construct import Bytes, Const, Struct, this
from ccheck_schemas.meaning import AnyPad, Digits, LengthOf, Slot, UpToEnd
from ccheck_schemas.schema import Schema

def number(length, base=10):
    return Digits(length, base, lead="", end=b" ", blank=b" ")

MEMBER = Struct(
    "name" / Slot(16, pad=0x20, encoding="ascii"),
    "date" / number(12), "uid" / number(6), "gid" / number(6), "mode" / number(8, 8),
    "size" / LengthOf(Digits(10, lead="", end=b" "), of="data"),
    "end" / Const(b"`\\n"),
    "data" / Bytes(this.size),
    "pad" / AnyPad(2),
)
TOP = Struct("magic" / Const(b"!<arch>\\n"), "members" / UpToEnd(MEMBER))
SCHEMA = Schema("ar", "ar archives", TOP, recognise=lambda data: data[:8] == b"!<arch>\\n")
"""

CONTENT = {"a.txt": b"hello\n", "b.txt": b"second file, longer\n" * 40, "empty": b""}


def needs(program: str) -> None:
    """Skips a test where a program is not installed."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the schemas, and with files to put into archives."""
    monkeypatch.chdir(tmp_path)
    for name, text in {"newc": CPIO, "ustar": USTAR, "ar": AR}.items():
        Path(f"{name}.py").write_text(text, encoding="utf-8")
    for name, content in CONTENT.items():
        Path(name).write_bytes(content)
    return tmp_path


def by_cpio(form: str = "newc") -> bytes:
    """The archive that cpio makes."""
    needs("cpio")
    names = "".join(f"{name}\n" for name in CONTENT).encode()
    command = ["cpio", "-o", "-H", form, *(("-C", "10240") if form == "ustar" else ())]
    return subprocess.run(command, input=names, capture_output=True, check=True).stdout


def by_tarfile() -> bytes:
    """The archive that Python makes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in CONTENT.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), 1_700_000_000
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def by_tar() -> bytes:
    """The archive that tar makes."""
    needs("tar")
    return subprocess.run(
        ["tar", "--format=ustar", "-cf", "-", *CONTENT], capture_output=True, check=True
    ).stdout


def by_ar() -> bytes:
    """The archive that ar makes."""
    needs("ar")
    subprocess.run(["ar", "rc", "made.a", *CONTENT], capture_output=True, check=True)
    return Path("made.a").read_bytes()


MAKERS = {
    "newc": (by_cpio,),
    "ustar": (by_tarfile, by_tar, lambda: by_cpio("ustar")),
    "ar": (by_ar,),
}
EVERY = [(schema, i) for schema, makers in MAKERS.items() for i in range(len(makers))]


def checks(capsys: pytest.CaptureFixture[str], schema: str, data: bytes) -> list[tuple[str, int, int, str]]:
    """The errors of a file: check, offset, length and path."""
    Path("f.bin").write_bytes(data)
    capsys.readouterr()
    run(["validate", "--no-config", "--schema", f"{schema}.py", "--format", "json", "f.bin"])
    found = json.loads(capsys.readouterr().out)["files"][0]["findings"]
    return [(one["check"], one["offset"], one["length"], one["path"]) for one in found]


@pytest.mark.parametrize(("schema", "maker"), EVERY)
def test_archives_of_the_real_tools_pass_and_are_built_again(
    folder: Path, capsys: pytest.CaptureFixture[str], schema: str, maker: int
) -> None:
    """No finding; `show --yaml` and `build` give the same bytes, with sizes left out of the recipe."""
    data = MAKERS[schema][maker]()
    assert checks(capsys, schema, data) == []
    assert run(["show", "--yaml", "--schema", f"{schema}.py", "f.bin"]) == 0
    recipe = capsys.readouterr().out
    assert "filesize" not in recipe
    assert "  size:" not in recipe
    Path("f.yaml").write_text(recipe, encoding="utf-8")
    assert run(["build", "f.yaml", "--schema", f"{schema}.py", "-o", "g.bin"]) == 0
    assert Path("g.bin").read_bytes() == data


def changed(data: bytes, at: int, raw: bytes) -> bytes:
    """A file with other bytes in place."""
    return data[:at] + raw + data[at + len(raw) :]


@pytest.mark.parametrize(
    "raw",
    [
        b"0000000g",
        b"+0000006",
        b"-0000006",
        b"0x000006",
        b"0000_006",
        b" 0000006",
        b"000006\0\0",
        b"        ",
    ],
)
def test_what_is_no_number_in_hex_digits_is_a_finding(
    folder: Path, capsys: pytest.CaptureFixture[str], raw: bytes
) -> None:
    """Python's `int` takes some of these; here each is one finding, at its bytes, and nothing follows from it."""
    data = by_cpio()
    assert checks(capsys, "newc", changed(data, 54, raw)) == [
        ("number-malformed", 54, 8, "members[0].filesize")
    ]
    assert checks(capsys, "newc", changed(data, 22, raw)) == [("number-malformed", 22, 8, "members[0].uid")]


def test_a_finding_says_what_belongs_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message has the base, and the fix has the digits of the field."""
    Path("f.bin").write_bytes(changed(by_tarfile(), 100, b"0000888\0"))
    assert run(["validate", "--no-config", "--schema", "ustar.py", "f.bin"]) == 1
    found = capsys.readouterr().out
    assert "error[number-malformed]: these 8 bytes are no number in octal digits" in found
    assert (
        "= fix: write octal digits with zeros or spaces in front of them, and NUL or space behind them"
        in found
    )


def test_numbers_in_digits_have_the_meanings_of_integers(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lengths, reserved numbers and checksums are judged by their numbers."""
    data = by_cpio()
    assert checks(capsys, "newc", changed(data, 102, b"00000007"))[0][0] == "reserved-not-zero"
    found = [one[0] for one in checks(capsys, "newc", changed(data, 94, b"00000001"))]
    assert "value-out-of-bounds" in found
    assert "truncated" in [one[0] for one in checks(capsys, "newc", changed(data, 54, b"7fffFFFF"))]
    tar = by_tarfile()
    assert checks(capsys, "ustar", changed(tar, 148, b"000000\0 ")) == [
        ("checksum-wrong", 148, 8, "first.checksum")
    ]
    assert checks(capsys, "ustar", changed(tar, 0, b"A")) == [("checksum-wrong", 148, 8, "first.checksum")]


def respelled(tar: bytes) -> bytes:
    """The archive with spaces before the digits and behind them, as old programs write them."""
    tar = changed(tar, 100, b"    644 ")
    tar = changed(tar, 124, f"{int(tar[124:135], 8):>11o} ".encode())
    total = sum(tar[:148]) + 8 * 32 + sum(tar[156:512])
    return changed(tar, 148, f"{total:06o} \0".encode())


def test_another_spelling_is_kept_if_the_schema_reads_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A recipe gives the bytes of what would be written otherwise; the rest are numbers; tarfile reads both."""
    tar = respelled(by_tarfile())
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        assert next((one.name, one.size, one.mode) for one in archive) == ("a.txt", 6, 0o644)
    assert checks(capsys, "ustar", tar) == []
    assert run(["show", "--yaml", "--schema", "ustar.py", "f.bin"]) == 0
    recipe = capsys.readouterr().out
    first = parse(recipe).top["content"]["first"]
    assert first["mode"] == {"hex": "20 20 20 20 36 34 34 20"}
    assert first["uid"] == 0
    assert bytes.fromhex(first["size"]["hex"]) == tar[124:136]
    Path("f.yaml").write_text(recipe, encoding="utf-8")
    assert run(["build", "f.yaml", "--schema", "ustar.py", "--force", "-o", "g.bin"]) == 0
    assert Path("g.bin").read_bytes() == tar


def test_letters_of_either_case_are_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An archive in small letters passes, and is built again as it was."""
    data = by_cpio()
    lower = data[:6] + data[6:110].lower() + data[110:]
    assert lower != data
    assert checks(capsys, "newc", lower) == []
    assert run(["show", "--yaml", "--schema", "newc.py", "f.bin"]) == 0
    Path("f.yaml").write_text(capsys.readouterr().out, encoding="utf-8")
    assert run(["build", "f.yaml", "--schema", "newc.py", "-o", "g.bin"]) == 0
    assert Path("g.bin").read_bytes() == lower


def test_an_archive_is_built_of_its_files_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sizes and the checksum are worked out and written in digits; tarfile reads what is built."""
    member = {
        "name": "new.txt", "mode": 0o600, "uid": 0, "gid": 0, "mtime": 0, "typeflag": "30", "linkname": "",
        "uname": "", "gname": "", "devmajor": 0, "devminor": 0, "prefix": "", "data": b"content".hex(" "), "next": 0,
    }  # fmt: skip
    recipe = {"schema": "ustar", "content": {"first": member}}
    Path("f.yaml").write_text(json.dumps(recipe), encoding="utf-8")
    assert run(["build", "f.yaml", "--schema", "ustar.py", "--force", "-o", "g.bin"]) == 0
    with tarfile.open("g.bin") as archive:
        (info,) = archive.getmembers()
        held = archive.extractfile(info)
        assert held is not None
        assert (info.name, info.mode, held.read()) == ("new.txt", 0o600, b"content")
    assert checks(capsys, "ustar", Path("g.bin").read_bytes()) == []


def test_a_wrong_file_can_be_built(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Bytes that are no number are written as they are given, and an edit writes a number in digits."""
    Path("base.bin").write_bytes(by_tarfile())
    assert run(["show", "--yaml", "--schema", "ustar.py", "base.bin"]) == 0
    recipe = parse(capsys.readouterr().out).top
    recipe["content"]["first"]["uid"] = {"hex": b"-000001\0".hex(" ")}
    Path("f.yaml").write_text(json.dumps(recipe), encoding="utf-8")
    assert run(["build", "f.yaml", "--schema", "ustar.py", "--force", "-o", "g.bin"]) == 0
    assert checks(capsys, "ustar", Path("g.bin").read_bytes()) == [("number-malformed", 108, 8, "first.uid")]
    edits = {"schema": "ustar", "content": recipe["content"], "edits": [{"set": "first.gid", "to": 8}]}
    Path("f.yaml").write_text(json.dumps(edits), encoding="utf-8")
    assert run(["build", "f.yaml", "--schema", "ustar.py", "--force", "-o", "g.bin"]) == 0
    assert Path("g.bin").read_bytes()[116:124] == b"0000010\0"
    assert [one[0] for one in checks(capsys, "ustar", Path("g.bin").read_bytes())] == ["number-malformed"]


def test_tarfile_reads_each_number_that_is_read_here(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Over random bytes of a field: what is no finding is the same number to `tarfile`."""
    tar, rng = by_tarfile(), random.Random(1)
    form = DigitForm(8, 8, "0 ", (b"\0", b" "))
    raws: dict[str, bytes] = {}
    for i in range(200):
        raw = bytes(rng.choice(b"0123 67\0 89-+_") for _ in range(7)) + rng.choice((b"\0", b" ", b"1"))
        if rng.random() < 0.6:
            spelled = rng.choice(("{:>7o}", "{:07o}")).format(rng.randrange(1 << 21))
            raw = spelled.encode() + rng.choice((b" ", b"\0"))
        data = changed(tar, 108, raw)
        total = sum(data[:148]) + 8 * 32 + sum(data[156:512])
        raws[f"{i}.bin"] = raw
        Path(f"{i}.bin").write_bytes(changed(data, 148, f"{total:06o}\0 ".encode()))
    capsys.readouterr()
    run(["validate", "--no-config", "--schema", "ustar.py", "--format", "json", *raws])
    taken = 0
    for report in json.loads(capsys.readouterr().out)["files"]:
        found = [(one["check"], one["offset"]) for one in report["findings"]]
        name = Path(report["path"]).name
        assert found in ([], [("number-malformed", 108)]), raws[name]
        assert (form.find(raws[name]) is None) == bool(found)
        if not found:
            taken += 1
            with tarfile.open(name) as archive:
                assert archive.getmembers()[0].uid == form.find(raws[name])
    assert 80 < taken < 180
