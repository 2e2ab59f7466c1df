"""`ccheck import-kaitai` carries over what the vocabulary can say, and names all else with its place."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import construct
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from ccheck.cli import run
from ccheck.judgement import prepare
from ccheck.kaitai.description import KaitaiError, load
from ccheck.kaitai.expression import Term, Untranslatable, translate
from ccheck.kaitai.write import write
from ccheck.user_schema import load_user_schema

MESSAGES = """\
meta:
  id: messages
  title: Messages of "Example"
  endian: le
  encoding: UTF-8
seq:
  - id: header
    type: header
  - id: messages
    type: message
    repeat: expr
    repeat-expr: header.num_messages
  - id: marks
    type: mark
    repeat: until
    repeat-until: _.kind == 0
types:
  header:
    seq:
      - id: magic
        contents: [MSGS, 0x1a]
      - id: version
        type: u1
        valid: 2
      - id: num_messages
        type: u2be
        valid: {max: 100}
  message:
    doc: One of them.
    seq:
      - id: kind
        type: u1
        enum: kind
        doc: What it is.
      - id: len_body
        type: u2
      - id: extra
        type: s4
        if: kind == kind::ping and _root.header.version >= 2
      - id: body
        size: len_body
        type:
          switch-on: kind
          cases:
            kind::ping: ping
            kind::text: text
    enums:
      kind:
        1: ping
        2: text
        7: {id: raw, doc: Anything.}
  ping:
    seq:
      - id: priority
        type: u1
        valid: {any-of: [1, 4]}
      - id: times
        type: u4be
        repeat: eos
  text:
    seq:
      - id: name
        type: strz
      - id: padded
        type: strz
        size: (_parent.len_body + 2) / 2 % 3 + 1
      - id: letters
        type: str
        size: 2
  mark:
    seq:
      - id: at
        type: u1
      - id: kind
        type: u1
"""

LEFT_OUT = """\
meta: {id: partly, endian: be}
seq:
  - {id: first, type: b4}
  - {id: second, type: b4}
  - {id: packed, size: 4, process: zlib, type: inner}
  - {id: odd, type: u2, valid: {expr: _ % 2 == 1}}
  - {id: foreign, size: 3, type: of_another_file}
  - {id: name, type: strz, size: 4, encoding: no-such-encoding}
  - {id: pair, type: inner}
  - {id: rest, type: inner}
types:
  inner:
    seq:
      - {id: one, type: u1}
      - {id: many, type: u1, repeat: until, repeat-until: _ == 3}
      - {id: last, type: u1}
    instances:
      aside: {pos: one, type: inner}
"""


def schema_of(folder: Path, text: str) -> tuple[Path, tuple[str, ...]]:
    """The schema file of a description, which is lint-clean, and what was left out."""
    source = folder / "description.ksy"
    source.write_text(text, encoding="utf-8")
    written = write(load(source), source.name)
    path = folder / "description.py"
    path.write_text(written.text, encoding="utf-8")
    load_user_schema(path)
    return path, tuple(gap.detail for gap in written.gaps)


def messages(*bodies: bytes) -> bytes:
    """A file of messages."""
    marks = b"\5\1\6\0"
    return b"MSGS\x1a\2" + struct.pack(">H", len(bodies)) + b"".join(bodies) + marks


def ping(priority: int, *times: int) -> bytes:
    """A message of the first kind."""
    body = struct.pack(f">B{len(times)}I", priority, *times)
    return struct.pack("<BHi", 1, len(body), -1) + body


TEXT = struct.pack("<BH", 2, 6) + b"a\0" + b"b\0" + b"cd"
GOOD = messages(ping(1), ping(4, 7, 8), TEXT, struct.pack("<BH", 7, 3) + b"raw")


def test_the_schema_of_a_description(tmp_path: Path) -> None:
    """Types, enums, counts, sizes, conditions, choices and bounds become a schema that says the same."""
    path, gaps = schema_of(tmp_path, MESSAGES)
    assert gaps == ()
    assert path.read_text(encoding="utf-8") == snapshot('''\
"""Messages of 'Example': imported from description.ksy, a Kaitai Struct description."""

from __future__ import annotations

from enum import IntEnum

from construct import Array, Bytes, Const, If, Int16ub, Int16ul, Int32sl, Int32ub, Int8ub, Struct, Switch, this

from ccheck_schemas.meaning import Bounded, Region, StrictEnum, Text, TextToNul, UpTo, UpToEnd
from ccheck_schemas.schema import Schema

HEADER = Struct(
    "magic" / Const(b'MSGS\\x1a'),
    "version" / Bounded(Int8ub, 2, 2),
    "num_messages" / Bounded(Int16ub, 0, 100),
)

class Kind(IntEnum):
    """types.message.enums.kind."""

    PING = 0x1
    TEXT = 0x2
    RAW = 0x7

class PriorityValue(IntEnum):
    """Values of priority."""

    V_1 = 0x1
    V_4 = 0x4

PING = Struct(
    "priority" / StrictEnum(Int8ub, PriorityValue),
    "times" / UpToEnd(Struct("value" / Int32ub)),
)

TEXT = Struct(
    "name" / TextToNul("utf-8"),
    "padded" / Text(((((this._.len_body + 2) // 2) % 3) + 1), encoding="utf-8", terminator="inside"),
    "letters" / Text(2, encoding="utf-8"),
)

MESSAGE = Struct(
    "kind" / StrictEnum(Int8ub, Kind),  # What it is.
    "len_body" / Int16ul,
    "extra" / If(((this.kind == 1) & (this._root.header.version >= 2)), Int32sl),
    "body" / Switch(this.kind, {1: Region(this.len_body, PING), 2: Region(this.len_body, TEXT)}, default=Bytes(this.len_body)),
)

MARK = Struct(
    "at" / Int8ub,
    "kind" / Int8ub,
)

MESSAGES = Struct(
    "header" / HEADER,
    "messages" / Array(this.header.num_messages, MESSAGE),
    "marks" / UpTo(MARK, field="kind", value=0),
)

SCHEMA = Schema("messages", "Messages of 'Example'", MESSAGES, recognise=lambda data: data[:5] == b'MSGS\\x1a')
''')


def test_a_good_file_passes_and_reads_as_construct_reads_it(tmp_path: Path) -> None:
    """A file by the description passes, and has the values that were put in, read both ways."""
    path, _ = schema_of(tmp_path, MESSAGES)
    judgement = prepare(schema=str(path), use_config=False)
    report = judgement.judged(GOOD, "file", "file")
    assert [finding.message for finding in report.findings] == []
    assert report.verdict == "pass"
    assert judgement.schema is not None
    parsed = judgement.schema.root.parse(GOOD)
    assert [message.extra for message in parsed.messages] == [-1, -1, None, None]
    assert [entry.value for entry in parsed.messages[1].body.times] == [7, 8]
    assert (parsed.messages[2].body.name, parsed.messages[2].body.letters) == ("a", "cd")
    assert [mark.kind for mark in parsed.marks] == [1, 0]


@pytest.mark.parametrize(
    ("data", "check"),
    [
        (GOOD.replace(b"MSGS\x1a\2", b"MSGS\x1a\3"), "value-out-of-bounds"),
        (GOOD.replace(b"MSGS\x1a", b"MSGS\x1b"), "wrong-magic"),
        (messages(ping(2)), "unknown-enum-value"),
        (messages(struct.pack("<BH", 9, 0)), "unknown-enum-value"),
        (messages(struct.pack("<BH", 2, 6) + b"a\0b\0\xff\xff"), "text-malformed"),
        (GOOD + b"\0", "bytes-unowned"),
        (GOOD[:-1], "truncated"),
    ],
)
def test_what_the_description_forbids_is_found(tmp_path: Path, data: bytes, check: str) -> None:
    """Values out of bounds, unknown names, malformed text, missing and further bytes are findings."""
    path, _ = schema_of(tmp_path, MESSAGES)
    report = prepare(schema=str(path), use_config=False).judged(data, "file", "file")
    assert check in {finding.check for finding in report.findings}


def test_edited_files_are_judged_without_an_exception(tmp_path: Path) -> None:
    """Whatever the bytes, the imported schema gives findings, and what passes Construct parses too."""
    path, _ = schema_of(tmp_path, MESSAGES)
    judgement = prepare(schema=str(path), use_config=False)
    assert judgement.schema is not None
    chance = random.Random(1)
    passed = 0
    for _ in range(1500):
        data = bytearray(GOOD)
        for _ in range(chance.randint(1, 3)):
            data[chance.randrange(len(data))] = chance.choice((0, 1, 2, 4, 7, 0xFF))
        if judgement.judged(bytes(data), "file", "file").verdict == "pass":
            judgement.schema.root.parse(bytes(data))
            passed += 1
    assert 0 < passed < 1500


def test_what_is_left_out_is_named_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each thing that cannot be carried over is named with its line and place, and the exit status is 1."""
    source, output = tmp_path / "partly.ksy", tmp_path / "partly.py"
    source.write_text(LEFT_OUT, encoding="utf-8")
    assert run(["import-kaitai", str(source), "-o", str(output)]) == 1
    said = capsys.readouterr()
    assert said.err.replace(str(tmp_path), "") == snapshot("""\
/partly.ksy:3: seq[0]: bit fields (first, second); their bytes are not looked into
/partly.ksy:5: seq[2].process: its bytes are processed by zlib, and are not looked into
/partly.ksy:6: seq[3].valid: a condition that is no number, no bounds and no list of numbers
/partly.ksy:7: seq[4].type: the type of_another_file is not known here, its bytes are not looked into
/partly.ksy:8: seq[5].type: an encoding, terminator or padding that is not zero; its bytes are not looked into
/partly.ksy:15: types.inner.seq[1].repeat-until: the list ends where _ == 3 holds
/partly.ksy:10: seq[7]: 1 fields, whose place is not known
7 left out
""")
    assert output.read_text(encoding="utf-8") == snapshot('''\
"""partly: imported from partly.ksy, a Kaitai Struct description."""

from __future__ import annotations

from construct import Bytes, Int16ub, Int8ub, Struct

from ccheck_schemas.schema import Schema

INNER = Struct(
    "one" / Int8ub,
    # Left out: types.inner.seq[1].repeat-until: the list ends where _ == 3 holds
    # Left out with it: 1 more, whose place is not known.
)

PARTLY = Struct(
    # Left out: seq[0]: bit fields (first, second); their bytes are not looked into
    "bits_of_first" / Bytes(1),
    # Left out: seq[2].process: its bytes are processed by zlib, and are not looked into
    "packed" / Bytes(4),
    # Left out: seq[3].valid: a condition that is no number, no bounds and no list of numbers
    "odd" / Int16ub,
    # Left out: seq[4].type: the type of_another_file is not known here, its bytes are not looked into
    "foreign" / Bytes(3),
    # Left out: seq[5].type: an encoding, terminator or padding that is not zero; its bytes are not looked into
    "name" / Bytes(4),
    "pair" / INNER,
    # Left out: seq[7]: 1 fields, whose place is not known
)

# No bytes tell these files: name the schema when you judge them.
SCHEMA = Schema("partly", "partly", PARTLY, recognise=lambda data: False)
''')
    load_user_schema(output)


def test_a_schema_that_is_not_whole_passes_nothing_that_goes_on(tmp_path: Path) -> None:
    """Where fields are left out because their place is not known, a file that has them does not pass."""
    path, gaps = schema_of(tmp_path, LEFT_OUT)
    assert gaps
    data = b"\x12" + bytes(4) + b"\0\1" + b"abc" + b"abcd" + bytes([1, 3, 9]) + bytes([1, 3, 9])
    assert prepare(schema=str(path), use_config=False).judged(data, "file", "file").verdict == "fail"


@pytest.mark.parametrize(
    ("attribute", "why"),
    [
        ("{id: a, type: u4, size-eos: true, process: xor(1)}", "what stands up to the end is not looked into"),
        ("{id: a, type: self_holding}", "the type self_holding holds itself, which lets a file choose the depth"),
        ("{id: a, type: with_parameters(1)}", "the type with_parameters(1) is not known here"),
        ("{id: a, size: b}", "b is no field that was read before"),
        ("{id: a, size: _io.size - 4}", "_io is no field that was read before"),
        ("{id: a, size: '1 << n'}", "<< makes numbers without bound"),
        ("{id: a, size: 'n / n'}", "/ divides by what may be 0"),
        ("{id: a, size: 'n > 1 ? 1 : 2'}", "'? 1 : 2' is not understood"),
        ("{id: a, type: u1, if: 'n == 1 and t'}", "t is no integer"),
        ("{id: a, type: u1, if: 'true'}", "true is no field that was read before"),
        ("{id: a, type: nothing, repeat: eos}", "elements without bytes let a list go on for ever"),
        ("{id: a, type: nothing, repeat: expr, repeat-expr: n}", "elements without bytes let a count ask for endless work"),
        ("{id: a, type: str}", "it has no size, and no NUL of one byte ends it"),
        ("{id: a, type: strz, encoding: UTF-16LE}", "it has no size, and no NUL of one byte ends it"),
        ("{id: a, type: b3}", "bit fields that do not fill whole bytes"),
        ("{id: a, type: u1, enum: nowhere}", "the enum nowhere is not known here"),
        ("{id: a, size: maybe}", "maybe may be absent, or is a list"),
        ("{id: a, size: calculated}", "values are calculated of each other without end"),
        ("{id: a, type: u1, colour: red}", "the key colour means nothing here"),
        ("{id: a, contents: [300]}", "it is no list of bytes and texts"),
        ("{id: a, size: 0x, type: u1}", "'0x' is not understood"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_left_out(tmp_path: Path, attribute: str, why: str) -> None:
    """What the vocabulary has no word for is left out with the reason, and what is written is still a schema."""
    text = (
        "meta: {id: x, endian: le, encoding: ASCII}\nseq:\n"
        "  - {id: n, type: u1}\n  - {id: t, type: strz}\n  - {id: maybe, type: u1, if: n == 1}\n"
        f"  - {attribute}\n  - {{id: behind, type: u1}}\n"
        "instances:\n  calculated: {value: calculated + 1}\n"
        "types:\n  nothing: {seq: []}\n  self_holding: {seq: [{id: inner, type: self_holding}]}\n"
        "  with_parameters: {params: [{id: p, type: u1}], seq: [{id: q, type: u1}]}\n"
    )
    _, gaps = schema_of(tmp_path, text)
    assert why in gaps


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is no Kaitai Struct description: it has no `meta`"),
        ("[1, 2]", "it is no Kaitai Struct description: it has no `meta`"),
        ("meta: {id: 7}", "meta.id: 7 is no name"),
        ("meta: {id: x}\nseq: 3", "seq: a list of attributes belongs here"),
        ("meta: {id: x}\nseq: [3]", "seq[0]: an attribute is a mapping"),
        ("meta: {id: x}\nseq: [{id: A}]", "seq[0].id: 'A' is no name"),
        ("meta: {id: x}\nseq: [{id: a, type: u1}, {id: a, type: u1}]", "seq[1].id: 'a' is there already"),
        ("meta: {id: x}\ntypes: {a: 3}", "types.a: a type is a mapping under a name"),
        ("meta: {id: x}\nenums: {a: {1: 2}}", "enums.a: 1: 2 is no number with a name"),
        ("meta: {id: x}\ntypes: &t {a: {types: *t}}", "types are nested more than 16 deep"),
        ("meta: {id: [}", "is not YAML"),
    ],
)
def test_a_file_that_is_no_description_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, why: str
) -> None:
    """What is no description is wrong usage that says where and why, and nothing is written."""
    source, output = tmp_path / "x.ksy", tmp_path / "x.py"
    source.write_text(text, encoding="utf-8")
    assert run(["import-kaitai", str(source), "-o", str(output)]) == 2
    assert why in capsys.readouterr().err
    assert not output.exists()


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A schema file that is there is replaced with --force alone."""
    source, output = tmp_path / "x.ksy", tmp_path / "x.py"
    source.write_text(MESSAGES, encoding="utf-8")
    output.write_text("mine")
    assert run(["import-kaitai", str(source), "-o", str(output)]) == 2
    assert (output.read_text(), "is there already" in capsys.readouterr().err) == ("mine", True)
    assert run(["import-kaitai", str(source), "-o", str(output), "--force"]) == 0
    assert run(["import-kaitai", str(source)]) == 0
    assert capsys.readouterr().out.endswith(output.read_text(encoding="utf-8"))


LINES = MESSAGES.splitlines()


@given(edits=st.lists(st.tuples(st.integers(0, len(LINES) - 1), st.integers(0, len(LINES) - 1)), max_size=3))
@settings(max_examples=150, deadline=None)
def test_a_damaged_description_gives_a_schema_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[int, int]]
) -> None:
    """A description with lines moved and lost is refused, or gives a schema that is lint-clean and can judge."""
    lines = list(LINES)
    for to, source in edits:
        lines[to % len(lines)] = LINES[source] if source % 3 else ""
    folder = tmp_path_factory.mktemp("damaged")
    try:
        path, _ = schema_of(folder, "\n".join(lines))
    except KaitaiError:
        return
    judgement = prepare(schema=str(path), use_config=False)
    for data in (GOOD, GOOD[:20], b"MSGS\x1a\2\0\1" + bytes(40)):
        judgement.judged(data, "file", "file")


@given(text=st.text("0123456789abn()+-*/%&|<>=. _x:", max_size=30))
def test_any_text_is_an_expression_or_none(text: str) -> None:
    """Any text becomes Python that Construct can evaluate, or is said not to be understood."""
    try:
        term = translate(text, lambda names, depth: Term(f"this.{names[0].replace(':', '_')}"))
    except Untranslatable:
        return
    evaluated = eval(term.text, {"this": construct.this})  # noqa: S307 - what was translated is what is tried
    assert isinstance(evaluated, int) or callable(evaluated)
