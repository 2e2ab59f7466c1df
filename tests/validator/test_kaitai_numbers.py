"""What descriptions compute: bits, values, parameters, positions and choices, through the command line.

The right values are those of the official compiler's parser.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from ccheck.cli.main import run


class Case(NamedTuple):
    """A description, a file that it allows, what `show` says of it, and a file that it forbids."""

    text: str
    good: bytes
    shows: tuple[str, ...]
    bad: bytes | None = None


HEAD = "meta: {id: made, endian: le, encoding: ASCII}\n"

CASES = {
    "bits, the highest first": Case(
        "seq: [{id: a, type: b3}, {id: b, type: b1}, {id: c, type: b12}, {id: d, type: u1}]",
        b"\xb1\x23\x07", ("a = 5", "b = 1", "c = 291 (0x123)", "d = 7"), b"\xb1\x23",
    ),
    "bits, the lowest first": Case(
        "meta: {bit-endian: le}\nseq: [{id: a, type: b3}, {id: b, type: b1}, {id: c, type: b12}]",
        b"\xb1\x23", ("a = 1", "b = 0", "c = 571 (0x23b)"),
    ),
    "bits of more bytes than a number has": Case(
        "seq: [{id: a, type: b20}, {id: b, type: b4}, {id: c, type: b33}]",
        b"\x12\x34\x56\xff\xff\xff\xff\x80", ("a = 74565 (0x12345)", "b = 6", "c = 8589934591 (0x1ffffffff)"),
    ),
    "bits with names and bounds": Case(
        "seq: [{id: kind, type: b4, enum: kinds}, {id: n, type: b4, valid: {max: 2}}]\nenums: {kinds: {1: one, 2: two}}",
        b"\x21", ("kind = 2 (two)", "n = 1"), b"\x23",
    ),
    "bits under a condition": Case(
        "seq: [{id: n, type: u1}, {id: a, type: b4, if: n == 1}, {id: b, type: b4, if: n == 1}, {id: c, type: u1}]",
        b"\1\x23\5", ("a = 2", "b = 3", "c = 5"), b"\0\x23\5",
    ),
    "values": Case(
        "seq: [{id: n, type: u2}]\ninstances: {high: {value: n >> 8}, large: {value: n > 255}, own: {value: -n}}",
        b"\2\1", ("high = 1", "large = True", "own = -258 (-0x102)"),
    ),
    "a value as a size": Case(
        "seq: [{id: n, type: u1}, {id: a, size: size}]\ninstances: {size: {value: 'n == 0 ? 1 : n * 2'}}",
        b"\2abcd", ("a = 61 62 63 64", "size = 4"), b"\2abc",
    ),
    "a choice of an absent field": Case(
        "seq: [{id: n, type: u1}, {id: wide, type: u2, if: n == 1}, {id: a, size: 'n == 1 ? wide : 1'}]",
        b"\1\2\0ab", ("a = 61 62",), b"\1\3\0ab",
    ),
    "texts are compared": Case(
        "seq: [{id: t, type: str, size: 2}, {id: a, type: u1, if: t == \"ab\"}, {id: b, type: u1, if: 't != \"ab\"'}]",
        b"ab\1", ("a = 1",), b"abc",
    )._replace(bad=b"ab"),
    "a choice by a text": Case(
        "seq: [{id: t, type: str, size: 2}, {id: a, type: {switch-on: t, cases: {'\"ab\"': u1, '\"cd\"': u2}}}]",
        b"cd\1\2", ("a = 513 (0x201)",), b"ef\1",
    ),
    "a choice by an enum that has names without a case": Case(
        "seq: [{id: k, type: u1, enum: kinds}, {id: a, type: {switch-on: k, cases: {'kinds::one': u1}}}, {id: b, type: u1}]\n"
        "enums: {kinds: {1: one, 2: end}}",
        b"\2\7", ("k = 2 (end)", "b = 7"), b"\3\7",
    ),
    "parameters": Case(
        "seq: [{id: n, type: u1}, {id: a, type: 'part(n + 1, true)'}, {id: b, type: 'part(1, n > 5)'}]\n"
        "types: {part: {params: [{id: size, type: u1}, {id: more, type: bool}], seq: [{id: x, size: size}, {id: y, type: u1, if: more}]}}",
        b"\1ab\7c", ("a.x = 61 62", "a.y = 7", "b.x = 63"), b"\1ab\7",
    ),
    "the index in a list as a parameter": Case(
        "seq: [{id: a, type: part(_index), repeat: expr, repeat-expr: 3}]\n"
        "types: {part: {params: [{id: i, type: u1}], seq: [{id: x, size: i}]}}",
        b"abb", ("a[0].x = ", "a[1].x = 61", "a[2].x = 62 62"), b"ab",
    ),
    "the position and the size of the stream": Case(
        "seq: [{id: n, type: u1}, {id: a, size: _io.size - _io.pos - 1}, {id: b, type: u1, if: not _io.eof}, {id: c, type: u1, if: not _io.eof}]",
        b"\0ab\7", ("a = 61 62", "b = 7"),
    ),
    "elements of a list": Case(
        "seq: [{id: n, type: u1}, {id: s, type: u1, repeat: expr, repeat-expr: n}, {id: a, size: 's[n - 1]'}, {id: b, size: s.size},"
        " {id: c, size: s.first + s.last}]",
        b"\2\1\3abcdefghi", ("a = 61 62 63", "b = 64 65", "c = 66 67 68 69"), b"\0\1\3abcdefghi",
    ),
    "fields of elements, by an index": Case(
        "seq: [{id: p, type: part, repeat: expr, repeat-expr: 2}, {id: at, type: u1}, {id: a, size: 'p[at].x * p[1].x'}]\n"
        "types: {part: {seq: [{id: x, type: u1}]}}",
        b"\1\2\0ab", ("a = 61 62",), b"\1\2\2ab",
    ),
    "elements of a list that a condition ends": Case(
        "seq: [{id: s, type: u1, repeat: until, repeat-until: _ > 3}, {id: a, size: 's[0]'}, {id: b, type: u1, if: s.last == 5}]",
        b"\2\5ab\7", ("a = 61 62", "b = 7"), b"\2\5ab",
    ),
    "texts in a block of names": Case(
        "seq: [{id: size, type: u1}, {id: names, size: size, type: names}, {id: p, type: part}]\n"
        "types:\n  names: {seq: [{id: all, size-eos: true}]}\n"
        "  part: {seq: [{id: at, type: u1}], instances: {name: {io: _root.names._io, pos: at, type: strz}}}",
        b"\6ab\0cd\0\3", ('p.name = "cd"',), b"\6ab\0cd\0\7",
    ),
    "a block of names that is described behind its uses": Case(
        "seq: [{id: at, type: u1}]\ninstances:\n  list: {pos: 1, type: part}\n  names: {pos: 2, size: 3, type: names}\n"
        "types:\n  names: {seq: [{id: all, size-eos: true}]}\n"
        "  part: {seq: [{id: at, type: u1}], instances: {name: {io: _root.names._io, pos: at, type: strz}}}",
        b"\0\1xa\0", ('list.name = "a"',), b"\0\4xa\0",
    ),
    "a list up to a condition": Case(
        "seq: [{id: a, type: u1, repeat: until, repeat-until: _ > 3 or _io.eof}, {id: b, size-eos: true}]",
        b"\1\2\4ab", ("a[2].value = 4", "b = 61 62"),
    ),
    "a list of records up to a condition": Case(
        "seq: [{id: n, type: u1}, {id: a, type: part, repeat: until, repeat-until: _.x == n and _.y == 0}]\n"
        "types: {part: {seq: [{id: x, type: u1}, {id: y, type: u1}]}}",
        b"\1\1\1\0\0\1\0", ("a[2].x = 1", "a[2].y = 0"), b"\1\1\1\0\0\1",
    ),
    "records inside themselves": Case(
        "seq: [{id: a, type: node}]\ntypes: {node: {seq: [{id: n, type: u1}, {id: inner, type: node, repeat: expr, repeat-expr: n}]}}",
        b"\2\1\0\0", ("a.inner[0].inner[0].n = 0", "a.inner[1].n = 0"), b"\1" * 9 + b"\0",
    ),
    "records inside themselves with a field at a position": Case(
        "seq: [{id: a, type: node}]\n"
        "types: {node: {seq: [{id: n, type: u1}, {id: inner, type: node, repeat: expr, repeat-expr: n}], instances: {first: {pos: 0, type: u1}}}}",
        b"\1\0", ("a.first = 1", "a.inner[0].first = 1"), b"\1",
    ),
    "an order that a field decides": Case(
        "seq: [{id: mark, type: str, size: 2}, {id: body, type: body}]\n"
        "types:\n  body:\n    meta: {endian: {switch-on: _root.mark, cases: {'\"II\"': le, '\"MM\"': be}}}\n"
        "    seq: [{id: n, type: u2}, {id: p, type: pair}]\n    types: {pair: {seq: [{id: m, type: u2}]}}",
        b"MM\0\1\0\2", ("body.n = 1", "body.p.m = 2"), b"XX\0\1\0\2",
    ),
    "a condition about a value": Case(
        "seq: [{id: n, type: u1, valid: {expr: _ % 2 == 1}}, {id: t, type: str, size: 1, valid: {any-of: ['\"a\"', '\"b\"']}}, {id: b, size: 1, valid: [7]}]",
        b"\3b\7", ("n = 3",), b"\2b\7",
    ),
    "a field at a position in front of what it sizes": Case(
        "seq: [{id: a, size: behind}, {id: rest, size-eos: true}]\ninstances: {behind: {pos: 3, type: u1}}",
        b"abx\2y", ("behind = 2", "a = 61 62"), b"abx\x09y",
    ),
    "records up to a terminator": Case(
        "seq: [{id: a, type: all, terminator: 124}, {id: b, type: all, terminator: 64, include: true}, {id: c, type: all, terminator: 46, repeat: eos}]\n"
        "types: {all: {seq: [{id: x, size-eos: true}]}}",
        b"ab|cd@e.f.", ("a.x = 61 62", "b.x = 63 64 40", "c[1].value.x = 66"), b"ab|cd@e.f",
    ),
    "texts and bytes in order": Case(
        "seq: [{id: t, type: str, size: 2, valid: {min: '\"aa\"', max: '\"bb\"'}}, {id: b, size: 1, valid: {min: [3]}}]",
        b"ab\x04", ('t = "ab"',), b"cc\x04",
    ),
    "bits of both orders": Case(
        "seq: [{id: a, type: b3}, {id: b, type: b5}, {id: c, type: b3le}, {id: d, type: b5le}]",
        b"\xb1\xb1", ("a = 5", "b = 17 (0x11)", "c = 1", "d = 22 (0x16)"),
    ),
    "divisions and shifts by fields": Case(
        "seq: [{id: n, type: u1}, {id: a, size: 'n / n + (1 << n)'}]", b"\1abc", ("a = 61 62 63",), b"\0a",
    ),
}  # fmt: skip


@pytest.fixture
def imported(tmp_path: Path) -> Path:
    """The place of the schema that is imported."""
    return tmp_path / "made.py"


@pytest.mark.parametrize("name", CASES)
def test_what_a_description_computes(
    name: str, imported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The description is imported whole, a good file has the right values, and a bad one fails."""
    case = CASES[name]
    source = tmp_path / "made.ksy"
    own = case.text.startswith("meta:")
    source.write_text(
        HEAD.replace("}", ", bit-endian: le}", own) + case.text.split("\n", own)[own], encoding="utf-8"
    )
    assert run(["import-kaitai", str(source), "-o", str(imported)]) == 0, capsys.readouterr().err
    good, bad = tmp_path / "good.bin", tmp_path / "bad.bin"
    good.write_bytes(case.good)
    judging = ["--no-config", "--schema", str(imported)]
    assert run(["validate", *judging, str(good)]) == 0, capsys.readouterr().out
    capsys.readouterr()
    run(["show", "--schema", str(imported), str(good)])
    shown = [line.partition("  ")[2] for line in capsys.readouterr().out.splitlines()]
    assert [line for line in case.shows if line not in shown] == [], shown
    if case.bad is not None:
        bad.write_bytes(case.bad)
        assert run(["validate", *judging, str(bad)]) == 1, capsys.readouterr().out


def test_imported_files_are_found_beside_above_and_in_named_folders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Types of other files are read as those files describe them, and what is left out there is named with its file."""
    for name, text in {
        "main/made.ksy": "meta: {id: made, endian: le, imports: [near, /common/far, /named/own]}\n"
        "seq: [{id: a, type: near}, {id: b, type: far}, {id: c, type: own::inner}, {id: d, size: a.n}]",
        "main/near.ksy": "meta: {id: near, endian: be, imports: [made]}\nseq: [{id: n, type: u2}]",
        "common/far.ksy": "meta: {id: far, endian: le}\nseq: [{id: n, type: u2}, {id: x, size: 1, process: lz4}]",
        "path/named/own.ksy": "meta: {id: own, endian: be}\ntypes: {inner: {seq: [{id: n, type: u2}]}}",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    source, schema = tmp_path / "main" / "made.ksy", tmp_path / "made.py"
    assert run(["import-kaitai", str(source), "-o", str(schema), "-I", str(tmp_path / "path")]) == 1
    said = capsys.readouterr().err
    assert "common/far.ksy:2: seq[1].process: its bytes are processed by lz4" in said
    assert said.endswith("1 left out\n"), said
    (tmp_path / "f").write_bytes(b"\0\2\2\0x\0\3ab")
    run(["show", "--schema", str(schema), str(tmp_path / "f")])
    shown = capsys.readouterr().out
    for line in ("a.n = 2", "b.n = 2", "c.n = 3", "d = 61 62"):
        assert line in shown, shown
    assert run(["import-kaitai", str(source), "-o", str(tmp_path / "other.py")]) == 1
    assert (
        "the file /named/own.ksy is not found above its folder: name one with -I" in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ("meta: {id: 7}", "other.ksy:1: meta.id: 7 is no name"),
        ("no: 7", "other.ksy:1: it is no Kaitai Struct description"),
        ("meta: {id: [", "made.ksy:1: meta.imports[0]: other.ksy: it is not YAML"),
        ("meta: {id: other}\nseq:\n- {id: a, size: -}", ""),
    ],
)
def test_an_imported_file_with_an_error_is_named(
    other: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is an error of the whole, at the place that imports it or in the file itself."""
    (tmp_path / "other.ksy").write_text(other, encoding="utf-8")
    source = tmp_path / "made.ksy"
    source.write_text("meta: {id: made, imports: [other]}\nseq: [{id: a, type: other}]", encoding="utf-8")
    status = run(["import-kaitai", str(source), "-o", str(tmp_path / "made.py")])
    said = capsys.readouterr().err
    assert status in (1, 2)
    assert why in said
    assert "Traceback" not in said


def test_records_inside_themselves_are_read_as_deep_as_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--depth says how deep; the note and the finding say so."""
    source, schema, file = tmp_path / "made.ksy", tmp_path / "made.py", tmp_path / "f"
    source.write_text(HEAD + CASES["records inside themselves"].text, encoding="utf-8")
    file.write_bytes(b"\1" * 9 + b"\0")
    assert run(["import-kaitai", str(source), "-o", str(schema), "--depth", "12"]) == 0
    assert "records are read 12 deep, deeper ones refused" in capsys.readouterr().err
    assert run(["validate", "--no-config", "--schema", str(schema), str(file)]) == 0
    file.write_bytes(b"\1" * 12 + b"\0")
    capsys.readouterr()
    assert run(["validate", "--no-config", "--schema", str(schema), str(file)]) == 1
    assert "the value 13 is not in 0 to 12" in capsys.readouterr().out


def test_bytes_of_no_field_are_counted_where_they_are_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that a description gives to no field are a finding, and with --allow-gaps a number in the verdict."""
    monkeypatch.chdir(tmp_path)
    Path("made.ksy").write_text(
        HEAD + "seq: [{id: at, type: u1}]\ninstances: {x: {pos: at, type: u1}}", "utf-8"
    )
    Path("f.bin").write_bytes(b"\3ab\7")
    judge = ["validate", "--no-config", "--schema", "made.py", "f.bin"]
    assert run(["import-kaitai", "made.ksy", "-o", "made.py"]) == 0
    assert run(judge) == 1
    assert "2 bytes belong to no record" in capsys.readouterr().out
    assert run(["import-kaitai", "made.ksy", "-o", "made.py", "--force", "--allow-gaps"]) == 0
    assert run(judge) == 0
    assert "2 of 4 bytes not looked into" in capsys.readouterr().out
