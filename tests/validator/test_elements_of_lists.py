"""A schema whose fields name elements of lists and positions in other sections, through the command line."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from ccheck.cli.main import run

SCHEMA = """
from construct import Array, Computed, Const, Index, Int8ub, Int16ub, Struct, len_, this
from ccheck_schemas.meaning import (
    Bounded, Delimited, OpaqueRest, ReadAt, Rest, Substream, SubstreamRest, Table, element,
)
from ccheck_schemas.schema import Schema

SECTION = Struct("name" / Int16ub, "offset" / Int16ub, "size" / Int16ub)
NAMES = element(this.sections, this.names_section)
LABEL = Struct(
    "index" / Index,
    "section" / Computed(element(this._.sections, this.index).name),
    "text" / ReadAt(this.section, Delimited(b"\\0", encoding="ascii"), inside=this._.names),
    "content" / ReadAt(
        element(this._.sections, this.index).offset,
        Substream(element(this._.sections, this.index).size, Rest()),
    ),
)
TOP = Struct(
    "magic" / Const(b"SECT"),
    "count" / Int8ub,
    "names_section" / Int8ub,
    "sections" / Table("sections", this.count, SECTION, high=8),
    "names" / ReadAt(NAMES.offset, Substream(NAMES.size, Struct("all" / Rest()))),
    "last" / Bounded(Computed(len_(this.sections) - 1), 0, 7),
    "labels" / Array(len_(this.sections), LABEL),
)
SCHEMA = Schema("sect", "Sections", TOP, recognise=lambda data: data[:4] == b"SECT")
"""


def file(names: int = 1, at: tuple[int, ...] = (1, 6), texts: bytes = b"\0code\0names\0") -> bytes:
    """A file with a section of code, and one of the names of sections."""
    head = 6 + 6 * len(at)
    places = [(head, 4), (head + 4, len(texts))]
    rows = b"".join(struct.pack(">3H", name, *place) for name, place in zip(at, places, strict=True))
    return b"SECT" + bytes([len(at), names]) + rows + b"CODE" + texts


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with the schema."""
    monkeypatch.chdir(tmp_path)
    Path("sect.py").write_text(SCHEMA, encoding="utf-8")


def checks(capsys: pytest.CaptureFixture[str], data: bytes) -> set[str]:
    """The errors of a file."""
    Path("f.bin").write_bytes(data)
    run(["validate", "--no-config", "--schema", "sect.py", "--format", "json", "f.bin"])
    found = json.loads(capsys.readouterr().out)["files"][0]["findings"]
    return {one["check"] for one in found if one["severity"] == "error"}


@pytest.mark.parametrize(
    ("data", "check"),
    [
        (file(), ""),
        (file(names=2), "expression-unresolved"),  # there is no such section
        (file(names=255), "expression-unresolved"),
        (file(at=(1, 13)), "offset-outside-file"),  # behind the names, not behind the file
        (file(texts=b"\0code\0name"), "text-not-terminated"),  # the stream ends, and the text does not
        (file(at=(1, 6), texts=b"\0code\0n\xffmes\0"), "text-malformed"),
    ],
)
def test_names_are_read_in_the_section_that_has_them(
    capsys: pytest.CaptureFixture[str], data: bytes, check: str
) -> None:
    """A position in another section is compared with the end of that section."""
    found = checks(capsys, data)
    assert (check in found) if check else not found, found


def test_show_build_and_diff_follow_names(capsys: pytest.CaptureFixture[str]) -> None:
    """A recipe gives back the bytes that it was made of; show and diff name the texts."""
    for name, data in (("a.bin", file()), ("b.bin", file(texts=b"\0core\0names\0"))):
        Path(name).write_bytes(data)
        assert not run(["show", "--schema", "sect.py", "--yaml", name])
        Path("made.yaml").write_text(capsys.readouterr().out, encoding="utf-8")
        assert not run(["build", "--schema", "sect.py", "made.yaml", "-o", "made.bin", "--force"]), (
            capsys.readouterr().err
        )
        assert Path("made.bin").read_bytes() == data
        capsys.readouterr()
    run(["show", "--schema", "sect.py", "a.bin"])
    assert 'labels[0].text = "code"' in capsys.readouterr().out
    run(["diff", "--schema", "sect.py", "a.bin", "b.bin"])
    assert "core" in capsys.readouterr().out


def test_a_search_finds_the_name_that_a_reader_does_not_have() -> None:
    """A campaign changes the offset of a name inside its section, and the reader traps on what passes."""
    Path("driver.py").write_text(
        "def load(data):\n    assert data[7] != 3, 'no section has this name'\n",
        encoding="utf-8",
    )
    Path("seed.bin").write_bytes(file())
    options = "--no-config --schema sect.py --reader driver:load --oracle validator-bypass --quiet"
    command = [sys.executable, "-m", "ccheck", "fuzz", *options.split()]
    command += ["--seeds", "seed.bin", "--out", "out", "--runs", "4000", "--jobs", "1"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "driver:load traps" in ended.stdout
