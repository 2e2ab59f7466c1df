"""Descriptions with files and their right answers, through the command line.

What Kaitai reads passes, what a description forbids fails, and the verdict reports what was left out.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ccheck.cli.main import run
from ccheck.report import RENDERERS
from tests.conftest import ROOT

FOLDER = ROOT.parent / "shared" / "cases" / "kaitai"


class Answer(NamedTuple):
    """The right answer for a file.

    It is the exit status of the import, whether the file passes, what the verdict says of bytes that are not
    looked into, and a word of the output.
    """

    imported: int
    passes: bool | None = None
    unread: int = 0
    word: str = ""


CASES = {
    "vswitch": Answer(0, passes=False, word="value-out-of-bounds"),
    "eosvalid": Answer(0, passes=False, word="value-out-of-bounds"),
    "eosterm": Answer(0, passes=True, unread=2),
    "pos0": Answer(0, passes=False, word="value-out-of-bounds"),
    "overlap": Answer(0, passes=True),
    "region_slack": Answer(0),
    "padright": Answer(0, passes=True),
    "region_of_empty_type": Answer(0, passes=True, unread=1),
    "eoserr": Answer(0),
    "import_traceback": Answer(2, word="import_traceback.ksy:8: seq[2].size"),
    "badenc": Answer(2, word="badenc.ksy:3: seq[0].encoding"),
    "wrong_value_import": Answer(0),
}
"""The cases that lie in a folder beside the project."""


def judged(
    ksy: Path, data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, int, str, dict[str, Any]]:
    """Exit status of the import and of the judgement, what both said, and the report of the file."""
    schema, file = tmp_path / f"{ksy.stem}.py", tmp_path / f"{ksy.stem}.bin"
    file.write_bytes(data)
    imported = run(["import-kaitai", str(ksy), "-o", str(schema), "--force"])
    said = capsys.readouterr().err
    if imported == 2:
        assert not schema.exists()
        return imported, 2, said, {}
    judging = ["validate", "--no-config", "--schema", str(schema), *options]
    status = run([*judging, "--format", "json", str(file)])
    report = json.loads(capsys.readouterr().out)["files"][0]
    run([*judging, str(file)])
    return imported, status, said + capsys.readouterr().out, report


@pytest.mark.parametrize("name", CASES)
def test_the_cases_beside_the_project(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each case has the answer that its folder's README gives."""
    if not FOLDER.is_dir():
        pytest.skip(f"no cases at {FOLDER}")
    answer = CASES[name]
    data = FOLDER / f"{name}.bin"
    imported, status, said, report = judged(
        FOLDER / f"{name}.ksy", data.read_bytes() if data.exists() else b"", tmp_path, capsys
    )
    assert imported == answer.imported
    assert answer.word in said
    if imported != 2 and answer.passes is not None:
        assert status == (0 if answer.passes else 1), said
        assert sum(entry["bytes"] for entry in report["not_looked_into"]) == answer.unread


def test_a_list_of_the_outer_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`_parent` of a list's elements is the record around the one that holds the list."""
    if not FOLDER.is_dir():
        pytest.skip(f"no cases at {FOLDER}")
    ksy = FOLDER / "wrong_value_import.ksy"
    _, status, said, _ = judged(ksy, b"\2\1abcdef", tmp_path, capsys)
    assert status == 0, said
    assert run(["show", "--schema", str(tmp_path / f"{ksy.stem}.py"), str(tmp_path / f"{ksy.stem}.bin")]) == 0
    assert "inner.items = [b'ab', b'cd']" in capsys.readouterr().out


META = "meta: {id: made, endian: le, encoding: ASCII}\nseq:\n"
TYPES = (
    "types:\n  head: {seq: [{id: a, type: u1}]}\n  slots: {instances: {last: {pos: 2, type: u1, valid: 99}}}\n"
    "  all: {seq: [{id: n, type: u2, repeat: eos}]}\n  inner: {seq: [{id: s, type: head, size: 2}]}\n"
)

SMALL: list[tuple[str, bytes, Answer]] = [
    # terminators
    ("- {id: a, size-eos: true, terminator: 0, include: true}", b"ab\0\0", Answer(0, passes=True)),
    ("- {id: a, size: 4, terminator: 65}", b"bAcc", Answer(0, passes=True, unread=2)),
    ("- {id: a, size: 4, terminator: [65, 66]}", b"AABc", Answer(0, passes=True, unread=1)),
    ("- {id: a, terminator: 10}\n- {id: b, type: u1}", b"ab\nc", Answer(0, passes=True)),
    ("- {id: a, terminator: 10}", b"ab", Answer(0, passes=False, word="text-not-terminated")),
    ("- {id: a, terminator: 10, eos-error: false}", b"ab", Answer(0, passes=True)),
    ("- {id: a, terminator: 10, consume: false}\n- {id: b, type: u1, valid: 10}", b"ab\n", Answer(0, passes=True)),
    ("- {id: a, type: strz, eos-error: false}", b"ab", Answer(0, passes=True)),
    ("- {id: a, type: strz, encoding: UTF-16LE}\n- {id: b, type: u1}", b"\0a\0\0b", Answer(0, passes=True)),
    # texts in fields of a size
    ("- {id: a, type: str, size: 4, pad-right: 0}", b"ab\0\0", Answer(0, passes=True)),
    ("- {id: a, type: str, size: 4, pad-right: 32}", b"ab  ", Answer(0, passes=True)),
    ("- {id: a, type: strz, size: 4}", b"abcd", Answer(0, passes=True)),
    ("- {id: a, type: strz, size: 4}", b"a\0cd", Answer(0, passes=True, unread=2)),
    ("- {id: a, type: str, size: 4, pad-right: 0}", b"\xffb\0\0", Answer(0, passes=False, word="text-malformed")),
    ("- {id: a, type: str, size: 3, encoding: sjis}", b"\x83\x65a", Answer(0, passes=True)),
    ("- {id: a, type: str, size-eos: true, encoding: Utf-8}", b"abc", Answer(0, passes=True)),
    # substreams
    ("- {id: a, type: head, size: 4}", b"abcd", Answer(0, passes=True, unread=3)),
    ("- {id: a, type: head, size: 4}\n- {id: b, type: u1, valid: 101}", b"abcde", Answer(0, passes=True, unread=3)),
    ("- {id: a, type: inner, size: 4}", b"abcd", Answer(0, passes=True, unread=3)),
    ("- {id: a, type: head, size-eos: true}", b"abcd", Answer(0, passes=True, unread=3)),
    ("- {id: a, type: head, size: 4, repeat: eos}", b"abcdabcd", Answer(0, passes=True, unread=6)),
    ("- {id: a, type: all, size: 4}", b"abcd", Answer(0, passes=True)),
    ("- {id: a, type: all, size: 3}", b"abc", Answer(0, passes=False, word="truncated")),
    ("- {id: a, type: head, size: 0}", b"", Answer(0, passes=False)),
    ("- {id: n, type: u1}\n- {id: a, type: slots, size: 3}", b"nabc", Answer(0, passes=True, unread=2)),
    ("- {id: n, type: u1}\n- {id: a, type: slots, size: 3}", b"nabd", Answer(0, passes=False, unread=2)),
    ("- {id: n, type: u1}\n- {id: a, type: slots, size: 2}", b"nab", Answer(0, passes=False, unread=2)),
    ("- {id: a, size: 4, type: {switch-on: 4, cases: {1: head}}}", b"abcd",
     Answer(1, passes=False, unread=4, word="it is by a constant")),
    ("- {id: k, type: u1}\n- {id: a, size: 2, type: {switch-on: k, cases: {1: head}}}", b"\2ab",
     Answer(0, passes=True, unread=2)),
    ("- {id: k, type: u1}\n- {id: a, size-eos: true, type: {switch-on: k, cases: {1: head}}}", b"\1abc",
     Answer(0, passes=True, unread=2)),
    # instances
    ("- {id: b, size: 2}\ninstances: {x: {pos: 0, type: u2, valid: 0x6261}}", b"ab", Answer(0, passes=True)),
    ("- {id: b, size: 2}\ninstances: {x: {pos: 0, type: u2, valid: 0x6162}}", b"ab", Answer(0, passes=False)),
    ("- {id: b, size: 2}\ninstances: {x: {pos: 3, type: u1}}", b"ab", Answer(0, passes=False, word="offset-outside")),
    ("- {id: b, size: 2}\ninstances: {x: {pos: 2, type: u1}}", b"abc", Answer(0, passes=True)),
    ("- {id: b, size: 2}\ninstances: {x: {pos: 0, type: all}, y: {pos: 1, type: strz, eos-error: false}}", b"abcd",
     Answer(0, passes=True)),
    # what is left out
    ("- {id: a, size: 4, process: lz4}", b"abcd", Answer(1, passes=False, unread=4, word="made.ksy:3: seq[0].process")),
    ('- {id: a, size-eos: true, process: "xor(_io.pos)"}', b"abcd", Answer(1, passes=False, unread=4, word="seq[0].process")),
    ("- {id: a, terminator: 0, process: xor(1)}", b"abc\0", Answer(1, passes=False, word="seq[0].process")),
    ("- {id: a, type: f4, valid: 1.5}", bytes(3) + b"a", Answer(1, passes=False, word="seq[0].valid")),
    ("- {id: a, type: head, valid: 1}", b"a", Answer(1, passes=False, word="seq[0].valid")),
    ("- {id: a, contents: ab, valid: 1}", b"ab", Answer(1, passes=False, word="seq[0].valid")),
    ("- {id: a, type: u1, valid: {max: n}}", b"a", Answer(1, passes=False, word="seq[0].valid")),
    ("- {id: a, type: b4, repeat: eos}", b"ab", Answer(1, passes=False, unread=2, word="seq[0].type: a bit field")),
    ("- {id: a, type: of_another_file}", b"abcd", Answer(1, passes=False, unread=4, word="of_another_file")),
    ("- {id: a, size: 2, colour: red}", b"ab", Answer(1, passes=False, word="made.ksy:3: seq[0].colour")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("seq", "data", "answer"), SMALL, ids=[f"{i}: {seq}" for i, (seq, _, _) in enumerate(SMALL)]
)
def test_small_descriptions(
    seq: str, data: bytes, answer: Answer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files are read as Kaitai reads them; what is not carried over fails them, unless that is allowed."""
    ksy = tmp_path / "made.ksy"
    ksy.write_text(f"{META}{seq}\n{TYPES}", encoding="utf-8")
    imported, status, said, report = judged(ksy, data, tmp_path, capsys)
    assert imported == answer.imported, said
    assert status == (0 if answer.passes else 1), said
    assert answer.word in said
    unread = report["not_looked_into"]
    assert sum(entry["bytes"] for entry in unread) == answer.unread, said
    if answer.unread:
        assert f"{answer.unread:,} of {len(data):,} bytes not looked into: " in said
    if imported == 1:
        assert {finding["check"] for finding in report["findings"]} == {"not-looked-into"}, said
        assert any(entry["omitted"] for entry in unread)
        _, allowed, words, _ = judged(ksy, data, tmp_path, capsys, "--allow-not-looked-into", "made")
        assert allowed == 0, words
        assert "not looked into: " in words or "not carried over into the schema: " in words


def forms(tmp_path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, str]:
    """A file of which an importer left something out, in every form of report."""
    ksy = tmp_path / "made.ksy"
    ksy.write_text(f"{META}- {{id: a, size: 4, process: lz4}}\n- {{id: b, type: head, size: 2}}\n{TYPES}")
    judged(ksy, b"abcdef", tmp_path, capsys, *options)
    found = {}
    for form in ("text", *RENDERERS):
        run(
            [
                "validate",
                "--schema",
                str(tmp_path / "made.py"),
                *options,
                "--format",
                form,
                str(tmp_path / "made.bin"),
            ]
        )
        found[form] = capsys.readouterr().out
    return found


WORDS = "5 of 6 bytes not looked into: a, b"


@pytest.mark.parametrize("allowed", [True, False])
def test_every_form_of_report_says_it(
    allowed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was not looked into is said in the verdict in every form, allowed or not."""
    options = ["--no-config", *(["--allow-not-looked-into", "made"] if allowed else [])]
    said = forms(tmp_path, capsys, *options)
    assert WORDS in said["text"]
    assert "6 bytes, 5 not looked into" in said["text"]
    (file,) = json.loads(said["json"])["files"]
    assert [(entry["field"], entry["bytes"], entry["omitted"]) for entry in file["not_looked_into"]] == [
        ("a", 4, True),
        ("b", 1, False),
    ]
    assert json.loads(said["json"])["summary"]["not_looked_into"] == 5
    notices = json.loads(said["sarif"])["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert WORDS in [notice["message"]["text"] for notice in notices]
    assert WORDS in [case.text for case in ET.fromstring(said["junit"]).iter("system-out")]  # noqa: S314 - our own
    assert f"title=not looked into::{WORDS}" in said["github"]
    assert {form for form, text in said.items() if WORDS not in text} == {"json"}, (
        "each form says in words what was not looked into; JSON has it in fields of its own"
    )
    assert (file["verdict"] == "pass") is allowed


def test_a_project_allows_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """ccheck.toml allows it for one schema, by name; for another one it changes nothing."""
    monkeypatch.chdir(tmp_path)
    for name, status in (("made", 0), ("other", 1)):
        (tmp_path / "ccheck.toml").write_text(f'format = 1\n[not_looked_into]\nallow = ["{name}"]\n')
        assert WORDS in forms(tmp_path, capsys)["text"]
        assert run(["validate", "--schema", "made.py", "made.bin"]) == status
        capsys.readouterr()
    for wrong in ("allow = []", "allow = [1]", 'allow = "made"', "allows = ['made']"):
        (tmp_path / "ccheck.toml").write_text(f"format = 1\n[not_looked_into]\n{wrong}\n")
        assert run(["validate", "--schema", "made.py", "made.bin"]) == 2
        assert "not_looked_into" in capsys.readouterr().err


def test_a_name_that_is_no_schema_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Allowing it for a schema that no file is judged by is wrong usage."""
    forms(tmp_path, capsys, "--no-config")
    named = ["--allow-not-looked-into", "maid"]
    assert (
        run(
            [
                "validate",
                "--no-config",
                *named,
                "--schema",
                str(tmp_path / "made.py"),
                str(tmp_path / "made.bin"),
            ]
        )
        == 2
    )
    assert "'maid' is no schema" in capsys.readouterr().err


def test_a_schema_that_was_edited_still_says_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The finding belongs to what was left out: taking it out of the list does not hide dropped bytes.

    A field that its author declares opaque is counted, and is no finding.
    """
    forms(tmp_path, capsys, "--no-config")
    schema, file = tmp_path / "made.py", tmp_path / "made.bin"
    judging = ["validate", "--no-config", "--schema", str(schema), str(file)]
    text = schema.read_text(encoding="utf-8")
    schema.write_text(text.replace(", omitted=OMITTED", ""), encoding="utf-8")
    assert run(judging) == 1
    assert "seq[0].process is not carried over" in capsys.readouterr().out
    schema.write_text(
        text.replace(", omitted=OMITTED", "").replace(", dropped='seq[0].process'", ""), encoding="utf-8"
    )
    assert run(judging) == 0
    assert WORDS in capsys.readouterr().out


def test_the_gate_says_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The gate's lines, page and signed details say what was not looked into."""
    forms(tmp_path, capsys, "--no-config")
    (tmp_path / "ccheck.toml").write_text(
        'format = 1\n[not_looked_into]\nallow = ["made"]\n[gate.stages]\nexercise = false\nfirst_use = false\nfaults = false\nregress = false\nfuzz = false\ndiff = false\n'
    )
    release = tmp_path / "release"
    release.mkdir()
    (tmp_path / "made.bin").rename(release / "made.bin")
    page = tmp_path / "page.html"
    command = [
        "gate",
        str(release),
        "--config",
        str(tmp_path / "ccheck.toml"),
        "--schema",
        str(tmp_path / "made.py"),
    ]
    assert run([*command, "--report", str(page)]) == 0, capsys.readouterr()
    assert "5 bytes not looked into" in capsys.readouterr().out
    assert WORDS in page.read_text(encoding="utf-8")


def test_show_shows_such_fields(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`ccheck show` shows opaque fields, slots and fields at positions with their offsets, and writes a recipe of them."""
    ksy = tmp_path / "made.ksy"
    seq = "- {id: a, type: strz, size: 4}\n- {id: b, size: 2, process: lz4}\ninstances: {c: {pos: 1, type: u2}}\n"
    ksy.write_text(META + seq, encoding="utf-8")
    judged(ksy, b"ab\0\0cd", tmp_path, capsys)
    showing = ["show", "--schema", str(tmp_path / "made.py"), str(tmp_path / "made.bin")]
    assert run(showing) == 0
    assert capsys.readouterr().out.splitlines() == [
        '0x000000  a = "ab"',
        "0x000004  b = 63 64",
        "0x000001  c = 98 (0x62)",
    ]
    assert run([*showing, "--yaml"]) == 0
    assert capsys.readouterr().out == "schema: made\ncontent: {a: ab, b: 63 64, c: 98}\n"
