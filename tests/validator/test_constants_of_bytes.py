"""Fields that are one of several constants of bytes, and lengths that a number divides, through the command line."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from construct import Bytes, Int8ub, Struct

from ccheck.cli.main import run
from ccheck.config.user_schema import load_user_schema
from ccheck_schemas import meaning as m
from ccheck_schemas.generate.python.source import source
from ccheck_schemas.layout.lint import lint
from ccheck_schemas.model import constants, minimal_file
from ccheck_schemas.read import read

SCHEMA = """\
from construct import Array, Bytes, Computed, Const, Int8ub, Struct, this
from ccheck_schemas.meaning import OneOf, Reserved
from ccheck_schemas.schema import Schema

KINDS = {"key": bytes.fromhex("11223344"), "hash": bytes.fromhex("aabbccdd")}
ROOT = Struct(
    "magic" / Const(b"KIND"),
    "kind" / OneOf(Bytes(4), KINDS),
    "size" / Int8ub,
    "left" / Reserved(Computed(this.size % 3)),
    "rows" / Array(this.size // 3, Struct("bytes" / Bytes(3))),
)
SCHEMA = Schema("kinds", "kinds by GUID", ROOT, recognise=lambda data: data[:4] == b"KIND")
"""
GOOD = b"KIND\xaa\xbb\xcc\xdd\x06abcdef"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the schema."""
    monkeypatch.chdir(tmp_path)
    Path("kinds.py").write_text(SCHEMA)
    return tmp_path


def judged(capsys: pytest.CaptureFixture[str], data: bytes) -> str:
    """What `ccheck validate` prints of bytes, with its status."""
    capsys.readouterr()
    Path("b.bin").write_bytes(data)
    status = run(["validate", "--no-config", "--schema", "kinds.py", "b.bin"])
    return f"{status}: {capsys.readouterr().out}"


def test_a_constant_is_shown_and_written_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    """`show`, recipes and the finding have the name; a recipe may give other bytes all the same."""
    assert judged(capsys, GOOD).startswith("0: ")
    assert run(["show", "--schema", "kinds.py", "b.bin"]) == 0
    assert "kind = aa bb cc dd (hash)" in capsys.readouterr().out
    assert run(["show", "--schema", "kinds.py", "--yaml", "b.bin"]) == 0
    recipe = capsys.readouterr().out
    assert "kind: hash" in recipe
    Path("a.yaml").write_text(recipe)
    assert run(["build", "--schema", "kinds.py", "--force", "a.yaml", "-o", "a.bin"]) == 0
    assert Path("a.bin").read_bytes() == GOOD
    Path("a.yaml").write_text(recipe.replace("kind: hash", 'kind: "01 02 03 04"'))
    assert run(["build", "--schema", "kinds.py", "--force", "a.yaml", "-o", "a.bin"]) == 0
    out = judged(capsys, Path("a.bin").read_bytes())
    assert "error[unknown-enum-value]: the value 01 02 03 04 has no meaning here" in out
    assert "use one of: key, hash" in out
    Path("a.yaml").write_text(recipe.replace("kind: hash", "kind: hush"))
    assert run(["build", "--schema", "kinds.py", "--force", "a.yaml", "-o", "a.bin"]) == 2


def test_the_fast_path_and_the_search_know_the_constants() -> None:
    """Generated code refuses other bytes, files grown from nothing have one of them, and they are tried first."""
    schema = load_user_schema(Path("kinds.py")).schema
    namespace: dict[str, object] = {"__name__": "generated"}
    exec(source(schema), namespace)  # noqa: S102 - our own code
    accept = namespace["accept"]
    assert callable(accept)
    assert accept(GOOD) is not None
    assert accept(GOOD.replace(b"\xaa", b"\xab")) is None
    assert {bytes.fromhex("11223344"), bytes.fromhex("aabbccdd")} <= set(constants(schema.layout).packed)
    assert not read(schema.layout, minimal_file(schema.layout, random.Random(1))).counts


def test_a_length_that_its_rows_do_not_fill_is_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    """Reserved(Computed(this.size % 3)) is reserved-not-zero, and shows the size."""
    out = judged(capsys, GOOD.replace(b"\6", b"\7") + b"g")
    assert "error[reserved-not-zero]" in out
    assert "b.bin at 0x8, size" in out or "b.bin at 0x8" in out


def test_constants_that_a_field_cannot_have_are_refused() -> None:
    """Of no length or several, twice the same, a name that reads as hex, or around something else than bytes."""
    for values, words in (
        ({}, "names no constant"),
        ({"a ": b"1", "x": b"22"}, "several lengths"),
        ({"x": b"1", "y": b"1"}, "same bytes"),
        ({"0a": b"1"}, "hex digits"),
        ({"x": "1"}, "no name with its bytes"),
    ):
        with pytest.raises(ValueError, match=words):
            m.OneOf(Bytes(1), values)  # type: ignore[arg-type]  # what a user may write
    for node in (Bytes(2), Int8ub):
        assert any("OneOf is of Bytes(1)" in one for one in lint(Struct("x" / m.OneOf(node, {"x": b"1"}))))
