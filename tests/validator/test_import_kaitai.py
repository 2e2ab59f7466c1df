"""`ccheck import-kaitai` carries over what the vocabulary can say, and names all else with its place."""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path

import construct
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from ccheck.cli.main import run
from ccheck.config.user_schema import load_user_schema
from ccheck.judging.preparation import prepare
from ccheck_kaitai.description import KaitaiError, load
from ccheck_kaitai.expression import Term, Untranslatable, translate
from ccheck_kaitai.write import write
from tests.edits import edited

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
meta: {id: partly, endian: be, encoding: ASCII}
seq:
  - {id: first, type: b4}
  - {id: second, type: b4}
  - {id: packed, size: 4, process: lz4, type: inner}
  - {id: odd, type: u2, valid: {expr: _ % 2 == 1}}
  - {id: foreign, size: 3, type: of_another_file}
  - {id: name, type: strz, size: 4, valid: '"abc"'}
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

from construct import Array, Const, If, Int16ub, Int16ul, Int32sl, Int32ub, Int8ub, Struct, Switch, this

from ccheck_schemas.meaning import Bounded, Opaque, Slot, StrictEnum, Substream, Text, TextToNul, UpTo, UpToEnd
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
    "padded" / Slot(((((this._.len_body + 2) // 2) % 3) + 1), terminator=b'\\x00', encoding="utf-8"),
    "letters" / Text(2, encoding="utf-8"),
)

MESSAGE = Struct(
    "kind" / StrictEnum(Int8ub, Kind),  # What it is.
    "len_body" / Int16ul,
    "extra" / If(((this.kind == 1) & (this._root.header.version >= 2)), Int32sl),
    "body" / Switch(this.kind, {1: Substream(this.len_body, PING), 2: Substream(this.len_body, TEXT)}, default=Opaque(this.len_body, 'the description has no case for this kind')),
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
    validation = prepare(schema=str(path), use_config=False)
    report = validation.judged(GOOD, "file", "file")
    assert [finding.message for finding in report.findings] == []
    assert report.verdict == "pass"
    assert validation.schema is not None
    parsed = validation.schema.root.parse(GOOD)
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
    validation = prepare(schema=str(path), use_config=False)
    assert validation.schema is not None
    chance = random.Random(1)
    passed = 0
    for _ in range(1500):
        data = edited(chance, [GOOD])
        if validation.judged(data, "file", "file").verdict == "pass":
            validation.schema.root.parse(data)
            passed += 1
    assert 0 < passed < 1500


def test_what_is_left_out_is_named_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each thing that cannot be carried over is named with its line and place, and the exit status is 1."""
    source, output = tmp_path / "partly.ksy", tmp_path / "partly.py"
    source.write_text(LEFT_OUT, encoding="utf-8")
    assert run(["import-kaitai", str(source), "-o", str(output)]) == 1
    said = capsys.readouterr()
    assert said.err.replace(str(tmp_path), "") == snapshot("""\
/partly.ksy:5: seq[2].process: its bytes are processed by lz4, and are not looked into: in a way of its own
/partly.ksy:5: seq[2].type: type is said of bytes that are processed
/partly.ksy:7: seq[4].type: the type of_another_file is not known here; its bytes are not looked into
/partly.ksy:18: types.inner.instances.aside: the type inner holds itself, whatever a file says
4 left out
""")
    assert output.read_text(encoding="utf-8") == snapshot('''\
"""partly: imported from partly.ksy, a Kaitai Struct description."""

from __future__ import annotations

from construct import Computed, Int16ub, Int8ub, Struct, this

from ccheck_schemas.meaning import Bounded, Opaque, Slot, UpTo
from ccheck_schemas.schema import Omission, Schema

INNER = Struct(
    "one" / Int8ub,
    "many" / UpTo(Struct("value" / Int8ub, "is_last" / Computed((this.value == 3))), field="is_last", value=1),
    "last" / Int8ub,
    # Left out: types.inner.instances.aside: the type inner holds itself, whatever a file says
)

PARTLY = Struct(
    "first_bits" / Int8ub,
    "first" / Computed((this.first_bits >> 4)),
    "second" / Computed((this.first_bits & 0xf)),
    # Left out: seq[2].type: type is said of bytes that are processed
    # Left out: seq[2].process: its bytes are processed by lz4, and are not looked into: in a way of its own
    "packed" / Opaque(4, 'its bytes are processed by lz4, and are not looked into: in a way of its own', dropped='seq[2].process'),
    "odd" / Int16ub,
    "odd_is_valid" / Bounded(Computed(((this.odd % 2) == 1)), 1, 1),
    # Left out: seq[4].type: the type of_another_file is not known here; its bytes are not looked into
    "foreign" / Opaque(3, 'the type of_another_file is not known here; its bytes are not looked into', dropped='seq[4].type'),
    "name" / Slot(4, terminator=b'\\x00', encoding="ascii"),
    "name_is_valid" / Bounded(Computed((this.name == 'abc')), 1, 1),
    "pair" / INNER,
    "rest" / INNER,
)

OMITTED = (
    Omission('seq[2].process', 'partly.ksy', 5, 'its bytes are processed by lz4, and are not looked into: in a way of its own', 'packed'),
    Omission('seq[2].type', 'partly.ksy', 5, 'type is said of bytes that are processed', 'packed'),
    Omission('seq[4].type', 'partly.ksy', 7, 'the type of_another_file is not known here; its bytes are not looked into', 'foreign'),
    Omission('types.inner.instances.aside', 'partly.ksy', 18, 'the type inner holds itself, whatever a file says', 'aside'),
)
# What is not carried over: ccheck explain not-looked-into

# No bytes tell these files: name the schema when you judge them.
SCHEMA = Schema("partly", "partly", PARTLY, recognise=lambda data: False, omitted=OMITTED)
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
        ("{id: a, size-eos: true, process: xor(n)}", "its bytes are processed by xor(n), and are not looked into: their key is no constant"),
        ("{id: a, size-eos: true, process: xor(256)}", "its bytes are processed by xor(256), and are not looked into: their key is no byte"),
        ("{id: a, size-eos: true, process: xor(1), terminator: 0}", "its bytes are processed by xor(1), and are not looked into: terminator is said of them"),
        ("{id: a, size-eos: true, process: zlib, type: upward}", "its bytes are processed by zlib, and are not looked into: the type upward names records around it"),
        ("{id: a, size-eos: true, process: zlib, type: with_parameters(1)}", "its bytes are processed by zlib, and are not looked into: the type with_parameters takes parameters"),
        ("{id: a, size-eos: true, process: zlib, type: self_holding}", "its bytes are processed by zlib, and are not looked into: the type self_holding holds itself"),
        ("{id: a, size-eos: true, process: zlib, type: {switch-on: n, cases: {1: pair}}}", "its bytes are processed by zlib, and are not looked into: something outside of them chooses their type"),
        ("{id: a, type: self_holding}", "the type self_holding holds itself, whatever a file says"),
        ("{id: a, type: with_parameters}", "its parameters: with_parameters takes 1"),
        ("{id: a, type: 'with_parameters(n, n)'}", "its parameters: with_parameters takes 1"),
        ("{id: a, type: with_parameters(t)}", "its parameters: t is text"),
        ("{id: a, type: with_parameters(behind)}", "its parameters: behind is no field that was read before"),
        ("{id: a, size: behind}", "behind is no field that was read before"),
        ("{id: a, size: n._io.size - 4}", "n has no field _io here"),
        ("{id: a, size: 1, repeat: expr, repeat-expr: 2, if: _index == 1}", "_index is no field that was read before"),
        ("{id: a, size: 'n*n*n*n*n*n*n*n*n*n*n*n*n*n*n*n'}", "the expression makes numbers that are larger than any field"),
        ("{id: a, size: 'n / 0'}", "/ divides by 0"),
        ("{id: a, size: 'n ^ 1'}", "^ is no operator of a schema"),
        ("{id: a, size: 'n > 1 ? 1'}", "a choice has no second part"),
        ("{id: a, size: 'n > 1 ? 1 : t'}", "one of a number and text is chosen"),
        ("{id: a, type: u1, if: 't + \"a\" == t'}", "+ stands between text and text"),
        ("{id: a, type: u1, if: 't == n'}", "== stands between text and a number"),
        ("{id: a, type: u1, if: 'n == 1 and t'}", "and stands beside text"),
        ("{id: a, size: t.to_i}", "text is read as a number"),
        ("{id: a, size: '1 << 200'}", "a shift by more than any field has bits"),
        ("{id: a, size: 'doubled'}", "values are calculated of each other without end"),
        ("{id: a, size: '010'}", "'010' is not understood"),
        ("{id: a, type: nothing, repeat: eos}", "elements without bytes let a list go on for ever"),
        ("{id: a, type: nothing, repeat: expr, repeat-expr: n}", "elements without bytes let a count ask for endless work"),
        ("{id: a, type: b3, if: n == 1}\n  - {id: b, type: b5}", "its bits share a byte with others of another order, or under another condition"),
        ("{id: a, type: b3, repeat: eos}", "a bit field in a list, or under a condition"),
        ("{id: a, type: b3}\n  - {id: b, type: b5le}", "its bits share a byte with others of another order, or under another condition"),
        ("{id: a, type: u1, enum: nowhere}", "the enum nowhere is not known here, or empty"),
        ("{id: a, type: upward, size: 4, parent: _root}", "another parent changes what _parent means in the type; its bytes are not looked into"),
        ("{id: a, type: pair, terminator: 0, eos-error: false}", "the end of the stream may take the place of the terminator"),
        ("{id: a, type: pair, size: 4, pad-right: 0}", "its bytes end before its size does; its bytes are not looked into"),
        ("{id: a, terminator: 0, process: zlib}", "its bytes are processed by zlib, and are not looked into: they end at a terminator"),
        ("{id: a, terminator: 0, consume: false, repeat: eos}", "elements that begin at the terminator of the one before take no bytes"),
        ("{id: a, size: 2, type: {switch-on: n, cases: {1: u1}}}", "a choice that no schema can state: numbers are among the types that have its size"),
        ("{id: a, type: {switch-on: 'n', cases: {1: u1, 2 - 1: u2}}}", "a choice that no schema can state: two of its cases are one"),
        ("{id: a, size: calculated}", "values are calculated of each other without end"),
        ("{id: a, type: u1, colour: red}", "the key 'colour' is not known here"),
        ("{id: a, size: 0x}", "'0x' is not understood"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_left_out(tmp_path: Path, attribute: str, why: str) -> None:
    """What the vocabulary has no word for is left out with the reason, and what is written is still a schema."""
    text = (
        "meta: {id: x, endian: le, encoding: ASCII}\nseq:\n"
        "  - {id: n, type: u1}\n  - {id: t, type: strz}\n  - {id: maybe, type: u1, if: n == 1}\n"
        f"  - {attribute}\n  - {{id: behind, type: u1}}\n"
        "instances:\n  calculated: {value: calculated + 1}\n"
        + "  doubled: {value: d1 + d1}\n"
        + "".join(f"  d{i}: {{value: d{i + 1} + d{i + 1}}}\n" for i in range(1, 20))
        + "  d20: {value: 1}\n"
        + "types:\n  nothing: {seq: []}\n  pair: {seq: [{id: x, type: u1}]}\n  upward: {seq: [{id: x, size: _parent.n}]}\n  self_holding: {seq: [{id: inner, type: self_holding}]}\n"
        "  with_parameters: {params: [{id: p, type: u1}], seq: [{id: q, type: u1}]}\n"
    )
    _, gaps = schema_of(tmp_path, text)
    assert why in gaps


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "x.ksy:1: it is empty"),
        ("[1, 2]", "it is no Kaitai Struct description: it has no `meta`"),
        ("meta: {id: 7}", "meta.id: 7 is no name"),
        ("meta: {id: x}\nseq: 3", "seq: a list of attributes belongs here"),
        ("meta: {id: x}\nseq: [3]", "seq[0]: an attribute is a mapping"),
        ("meta: {id: x}\nseq: [{id: A}]", "seq[0].id: 'A' is no name"),
        ("meta: {id: x}\nseq: [{id: a, type: u1}, {id: a, type: u1}]", "seq[1].id: 'a' is there already"),
        ("meta: {id: x}\ntypes: {a: 3}", "x.ksy:2: types.a: a type is a mapping"),
        ("meta: {id: x}\nenums: {a: {1: 2}}", "x.ksy:2: enums.a[1]: 2 is no name"),
        ("meta: {id: x}\nenums: {a: {1: b,\n2: b}}", "x.ksy:3: enums.a[2]: 'b' is there already"),
        ("meta: {id: x}\nenums: {a: {z: b}}", "x.ksy:2: enums.a.z: 'z' is no number"),
        ("meta: {id: x}\ntypes: &t {a: {types: *t}}", "x.ksy:2: the alias 't' holds itself"),
        (f"meta: {{id: x}}\n{'types: {a: {' * 20}{'}}' * 20}", "x.ksy:2: types.a.types.a"),
        ("meta: {id: [}", "x.ksy:1: it is not YAML"),
        ("meta: {id: x}\nseq:\n  - {id: a, size: n}\n", "x.ksy:3: seq[0].size: n is no field here"),
        (
            "meta: {id: x}\nseq:\n- {id: t, type: strz, encoding: ASCII}\n- {id: a,\n   size: t}",
            "x.ksy:5: seq[1].size: t is text, not a number",
        ),
        (
            "meta: {id: x}\nseq:\n- {id: l, type: u1, repeat: eos}\n- {id: a, type: u1, if: l}",
            "x.ksy:4: seq[1].if: l is a list, no number",
        ),
        ("meta: {id: x, encoding: klingon}", "x.ksy:1: meta.encoding: the encoding 'klingon' is not known"),
        ("meta: {id: x, endian: [le]}", "x.ksy:1: meta.endian: ['le'] is neither le nor be"),
        ("meta: {id: x}\nseq: [{id: a, type: str}]", "seq[0].type: a text has no encoding, here or in meta"),
        (
            "meta: {id: x}\nseq: [{id: a, type: str, encoding: ASCII}]",
            "seq[0]: it has no size, no size-eos and no terminator",
        ),
        ("meta: {id: x}\nseq: [{id: a}]", "seq[0]: it has no size, no size-eos and no terminator"),
        (
            "meta: {id: x}\nseq: [{id: a, contents: [300]}]",
            "seq[0].contents: it is no list of bytes and texts",
        ),
        (
            "meta: {id: x}\nseq: [{id: a, contents: [true]}]",
            "seq[0].contents: it is no list of bytes and texts",
        ),
        ("meta: {id: x}\nseq: [{id: a, size: 2, size-eos: true}]", "size and size-eos exclude each other"),
        ("meta: {id: x}\nseq: [{id: a, size: 2, type: u1}]", "seq[0].size: u1 has a size of its own"),
        ("meta: {id: x}\nseq: [{id: a, type: [u1]}]", "seq[0].type: ['u1'] is no type"),
        ("meta: {id: x}\nseq: [{id: a, type: {cases: {1: u1}}}]", "seq[0].type: a choice has switch-on"),
        ("meta: {id: x}\nseq: [{id: a, type: {switch-on: a, cases: {1: [u1]}}}]", "['u1'] is no type"),
        ("meta: {id: x}\nseq: [{id: a, type: u1, repeat: often}]", "repeat is one of expr, eos, until"),
        ("meta: {id: x}\nseq: [{id: a, type: u1, repeat: expr}]", "repeat-expr is missing"),
        ("meta: {id: x}\nseq: [{id: a, terminator: 300}]", "300 is no byte, and no list of bytes"),
        ("meta: {id: x}\nseq: [{id: a, size: 1, pad-right: -1}]", "-1 is no byte"),
        ("meta: {id: x}\nseq: [{id: a, size-eos: yes}]", "'yes' is neither true nor false"),
        ("meta: {id: x}\nseq: [{id: a, type: u1, pos: 4}]", "seq[0].pos: pos may not be here: this is a seq"),
        (
            "meta: {id: x}\nseq: [{id: a, type: u1}]\ninstances: {a: {value: 1}}",
            "instances.a: 'a' is there already",
        ),
        ("meta: {id: x}\nseq: [{id: a, size: null}]", "seq[0].size: size has no value"),
        ("meta: {id: x}\nmeta: {id: y}", "x.ksy:2: the key 'meta' is there already"),
        ("meta: {id: x}\n---\nmeta: {id: y}", "x.ksy:2: a second document begins"),
        ("meta: {id: x}\nx: !!python/object:os.system {}", "x.ksy:2: the tag"),
        ("meta: {id: x}\n? [a]\n: b", "a key is a plain value"),
        ("meta: {id: x}\nseq: *nothing", "x.ksy:2: no anchor is called 'nothing'"),
        (
            "meta: {id: x}\nseq:\n- {id: a, size: 0123}",
            "x.ksy:3: 0123 is octal in YAML 1.1 and decimal in YAML 1.2",
        ),
        (f"meta: {{id: x}}\nseq: [{{id: a, size: {'9' * 5000}}}]", "x.ksy:2: a number has 5,000 digits"),
        (f"meta: {{id: x}}\nx: {'[' * 3000}{']' * 3000}", "x.ksy:2: it is nested more than 100 deep"),
        (
            "meta: {id: x}\na: &a [0,0,0,0,0,0,0,0,0,0]\n"
            + "".join(
                f"{n}: &{n} [{','.join([f'*{m}'] * 10)}]\n" for m, n in zip("abcdefg", "bcdefgh", strict=True)
            ),
            "it has more than 100,000 values",
        ),
        ('meta: {id: x}\nx: "\\ud800"', "x.ksy:2: a text holds half of a surrogate pair"),
        ('meta: {id: x}\nx: "\\UFFFFFFFF"', "x.ksy:2: it is not YAML"),
        ("meta: {id: x}\nx: \0", "x.ksy:2: it is not YAML"),
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


def test_bytes_that_are_no_text_are_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not UTF-8 is wrong usage, with the line."""
    source = tmp_path / "x.ksy"
    source.write_bytes(b"meta: {id: x}\ndoc: \xff\n")
    assert run(["import-kaitai", str(source)]) == 2
    assert "x.ksy:2: it is not UTF-8" in capsys.readouterr().err


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
    validation = prepare(schema=str(path), use_config=False)
    for data in (GOOD, GOOD[:20], b"MSGS\x1a\2\0\1" + bytes(40)):
        validation.judged(data, "file", "file")


@given(text=st.text("0123456789abn()+-*/%&|<>=. _x:", max_size=30))
def test_any_text_is_an_expression_or_none(text: str) -> None:
    """Any text becomes Python that Construct can evaluate, or is said not to be understood."""
    try:
        term = translate(text, lambda names, depth: Term(f"this.{str(names[0]).replace(':', '_')}"))
    except Untranslatable:
        return
    evaluated = eval(term.text, {"this": construct.this})  # noqa: S307 - what was translated is what is tried
    assert isinstance(evaluated, int) or callable(evaluated)


PROCESSED = """
meta: {id: sealed, endian: le}
seq:
  - {id: len, type: u2}
  - {id: packed, size: len, process: zlib, type: rules}
  - {id: turned, size: 2, process: rol(9)}
  - {id: back, size: 2, process: ror(8)}
  - {id: parts, size: 2, process: 'xor([0x10, 0x20])', type: part, repeat: expr, repeat-expr: 2}
  - {id: rest, size-eos: true, process: xor(1 + 1), type: box}
types:
  rules:
    seq:
      - {id: count, type: u1}
      - {id: ports, type: u2, repeat: expr, repeat-expr: count}
      - {id: small, type: u1, valid: {max: 9}}
  part: {seq: [{id: n, type: u1}]}
  box: {seq: [{id: kind, type: u1}, {id: inner, size: 2, process: xor(255), type: part}]}
"""


def test_bytes_that_are_processed_by_constants_are_envelopes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """zlib, xor, rol and ror by constants are carried over whole; what is inside is read, and a fault there fails."""
    source, output = tmp_path / "sealed.ksy", tmp_path / "sealed.py"
    source.write_text(PROCESSED, encoding="utf-8")
    assert run(["import-kaitai", str(source), "-o", str(output)]) == 0
    assert "left out" not in capsys.readouterr().err

    def file(small: int) -> bytes:
        stream = zlib.compress(bytes([2, 80, 0, 81, 0, small]))
        return (
            len(stream).to_bytes(2, "little")
            + stream
            + b"\x81\x01ab"
            + bytes([0x17, 0x28, 0x18, 0x28])
            + bytes([5, 0xF4, 2])
        )

    path = tmp_path / "f"
    path.write_bytes(file(9))
    assert run(["show", "--schema", str(output), str(path)]) == 0
    shown = [line.partition("  ")[2] for line in capsys.readouterr().out.splitlines()]
    for line in (
        "packed/content.ports = [80, 81]",
        "turned/content = 03 02",
        "back/content = 61 62",
        "parts[0]/content.n = 7",
        "parts[1]/content.n = 8",
        "rest/content.kind = 7",
        "rest/content.inner/content.n = 9",
    ):
        assert line in shown, shown
    assert run(["validate", "--no-config", "--schema", str(output), str(path)]) == 0
    path.write_bytes(file(10))
    assert run(["validate", "--no-config", "--schema", str(output), str(path)]) == 1
    assert "packed/content.small" in capsys.readouterr().out
