"""Content of another format in a wrapper: findings at both places, bounds, and every form of report."""

from __future__ import annotations

import gzip
import json
import lzma
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import construct
import jsonschema
import pytest

from ccheck.cli.main import run
from ccheck.config.user_schema import load_user_schema
from ccheck_schemas import meaning as m
from ccheck_schemas.layout.lint import lint
from ccheck_schemas.schema import Schema, SchemaRefused

SCHEMA = '''
from enum import IntEnum
from construct import Const, Int8ub, Int16ub, Int32ub, Struct, this
from ccheck.check import Check, Diagnostic
from ccheck_schemas.meaning import (
    BelowCount, ChecksumOver, CountOf, Inflate, LengthOf, Opaque, Reserved, Rotate, Stored, StrictEnum, Table, Wrapped,
    WrappedRest, Xor, Xz,
)
from ccheck_schemas.schema import Schema

class Action(IntEnum):
    """Actions."""
    LOG = 1
    BLOCK = 2

RULE = Struct("port" / Int16ub, "action" / StrictEnum(Int8ub, Action), "input" / BelowCount(Int8ub, "inputs"))
RULES = Schema("rules", "rules", Struct(
    "magic" / Const(b"RULE"),
    "count" / CountOf(Int16ub, of="rules"),
    "checksum" / ChecksumOver(Int32ub, start=10),
    "rules" / Table("rules", this.count, RULE, low=1, high=100),
), recognise=lambda data: data[:4] == b"RULE", builds_required=False)

def port_zero(subject):
    """A rule is for port 0.

    ## What is wrong
    The port is 0.

    ## Why is this bad
    Nothing has it.

    ## How to fix
    Name a port.
    """
    for rule in subject.content.tables.get("rules", ()):
        if rule.port == 0:
            yield Diagnostic("port is 0", rule.span("port"), why="nothing has it", fix="name a port")

CHECKS = (Check(port_zero, schemas=("rules",)),)
BOX = Schema("box", "a box", Struct(
    "magic" / Const(b"BX"), "in" / WrappedRest((Xor(b"ab"), Inflate("gzip", limit=1000)), RULES),
), recognise=lambda data: data[:2] == b"BX")
SCHEMA = Schema("parcel", "parcel", Struct(
    "magic" / Const(b"PRCL"),
    "size" / LengthOf(Int32ub, of="payload"),
    "copied" / LengthOf(Int32ub, of="copy"),
    "signature" / Opaque(8, "signed elsewhere"),
    "payload" / Wrapped(this.size, Inflate("zlib", limit=4096), RULES),
    "copy" / Wrapped(this.copied, (Xor(0x5A), Rotate(3)), RULES),
    "box" / WrappedRest(Xz(limit=4096), BOX),
), recognise=lambda data: data[:4] == b"PRCL")
'''
CONSUMERS = (
    'format = 2\n[[consumer]]\nname = "reader"\nversion = "1"\nplatform = "linux-x64"\nsupported_from = 2024-01-01\n'
    "supported_until = 2099-01-01\npointer_bits = 64\n[consumer.counts]\ninputs = 20\n"
)
KEYED = m.Xor(b"ab")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the schema and a build."""
    monkeypatch.chdir(tmp_path)
    Path("parcel.py").write_text(SCHEMA, encoding="utf-8")
    Path("c.toml").write_text(CONSUMERS, encoding="utf-8")
    return tmp_path


def rules(port: int = 80, action: int = 1, number: int = 0, checksum: int | None = None) -> bytes:
    """Two rules; the second one is in order."""
    body = struct.pack(">HBBHBB", port, action, number, 81, 2, 0)
    return b"RULE" + struct.pack(">HI", 2, zlib.crc32(body) if checksum is None else checksum) + body


def xored(data: bytes, key: bytes) -> bytes:
    """Bytes combined with a key that repeats."""
    return bytes(byte ^ key[i % len(key)] for i, byte in enumerate(data))


def box(inner: bytes) -> bytes:
    """A box with rules."""
    return b"BX" + xored(gzip.compress(inner, mtime=0), b"ab")


def parcel(payload: bytes = b"", copy: bytes = b"", inner: bytes = b"", stream: bytes | None = None) -> bytes:
    """A parcel; stream: the bytes of the payload as they are."""
    stream = zlib.compress(payload or rules()) if stream is None else stream
    turned = bytes((byte >> 3 | byte << 5) & 0xFF for byte in copy or rules())
    hidden = xored(turned, b"\x5a")
    sizes = struct.pack(">II", len(stream), len(hidden))
    return b"PRCL" + sizes + b"unsigned" + stream + hidden + lzma.compress(inner or box(rules()))


def report(
    capsys: pytest.CaptureFixture[str], data: bytes, *options: str, config: bool = False
) -> dict[str, Any]:
    """The report on a file, as JSON that its schema allows."""
    Path("f.bin").write_bytes(data)
    run(
        [
            "validate",
            *(() if config else ("--no-config",)),
            "--schema",
            "parcel.py",
            "--format",
            "json",
            *options,
            "f.bin",
        ]
    )
    found = json.loads(capsys.readouterr().out)
    described = Path(__file__).parents[2] / "docs" / "report.schema.json"
    jsonschema.validate(found, json.loads(described.read_text(encoding="utf-8")))
    first: dict[str, Any] = found["files"][0]
    return first


def checks(found: dict[str, Any]) -> list[tuple[str, str, int, int]]:
    """Check, path, offset and length of each finding."""
    return [(one["check"], one["path"], one["offset"], one["length"]) for one in found["findings"]]


def test_good_content_passes_and_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """A file whose envelopes hold good files passes with all their checks; only the signature is not looked into."""
    found = report(capsys, parcel())
    assert found["verdict"] == "pass"
    assert found["checks_run"] > 200
    assert [one["field"] for one in found["not_looked_into"]] == ["signature"]


def test_a_finding_inside_names_both_places(capsys: pytest.CaptureFixture[str]) -> None:
    """Where bytes map one to one the offset is exact; in a compressed field it is that of the field."""
    found = report(capsys, parcel(rules(action=3), rules(port=0), box(rules(checksum=1))))
    size = len(zlib.compress(rules(action=3)))
    end = 20 + size + 18
    whole = len(parcel(rules(action=3), rules(port=0), box(rules(checksum=1))))
    assert found["verdict"] == "fail"
    assert checks(found) == [
        ("unknown-enum-value", "payload/rules[0].action", 20, size),
        ("port-zero", "copy/rules[0].port", 20 + size + 10, 2),
        ("checksum-wrong", "box/in/checksum", end, whole - end),
    ]
    first, second, third = (one["inside"] for one in found["findings"])
    assert first == {
        "schema": "rules", "path": "rules[0].action", "offset": 12, "length": 1, "size": 18, "bytes": "03",
        "inside": None,
    }  # fmt: skip
    assert (second["offset"], second["bytes"]) == (10, "00 00")
    assert (third["schema"], third["path"], third["offset"]) == ("box", "in/checksum", 2)
    assert (third["inside"]["path"], third["inside"]["offset"]) == ("checksum", 6)


def test_every_form_of_report_names_the_place_inside(capsys: pytest.CaptureFixture[str]) -> None:
    """Text, SARIF, JUnit and GitHub annotations say where in the content, and the file fails."""
    Path("f.bin").write_bytes(parcel(rules(action=3)))
    words = "at 0xc of the content (rules, 18 bytes), rules[0].action: 03"
    for form in ("text", "sarif", "junit", "github"):
        assert run(["validate", "--no-config", "--schema", "parcel.py", "--format", form, "f.bin"]) == 1
        out = capsys.readouterr().out
        assert words in out, form
        assert "payload/rules[0].action" in out, form
    Path("consumers.toml").write_text(CONSUMERS, encoding="utf-8")


@pytest.mark.parametrize(
    ("stream", "check", "words"),
    [
        (zlib.compress(rules())[:-3], "envelope-damaged", "ends before its end mark"),
        (zlib.compress(rules())[:-1] + b"x", "envelope-damaged", "incorrect data check"),
        (b"", "envelope-damaged", "ends before its end mark"),
        (b"no stream", "envelope-damaged", "incorrect header check"),
        (zlib.compress(rules()) + b"\0\0", "envelope-trailing-bytes", "2 bytes follow"),
        (zlib.compress(rules() * 2)[:-1], "envelope-damaged", "ends before its end mark"),
        (zlib.compress(bytes(4097)), "envelope-too-large", "more than 4,096 bytes"),
        (zlib.compress(bytes(50_000_000)), "envelope-too-large", "more than 4,096 bytes"),
    ],
)
def test_a_fault_of_the_wrapper_is_one_of_the_file(
    capsys: pytest.CaptureFixture[str], stream: bytes, check: str, words: str
) -> None:
    """Damaged, short, too large, or with bytes behind its end: one error at the bytes of the field."""
    before = time.monotonic()
    found = report(capsys, parcel(stream=stream))
    assert time.monotonic() - before < 5
    assert [one["check"] for one in found["findings"]] == [check]
    assert words in found["findings"][0]["message"]
    assert "inside" not in found["findings"][0]
    behind = 2 if check == "envelope-trailing-bytes" else len(stream)
    assert checks(found) == [(check, "payload", 20 + len(stream) - behind, behind)]


def test_nothing_inside_is_never_a_pass(capsys: pytest.CaptureFixture[str]) -> None:
    """Content that is empty, of zeros, of another format or not unwrapped fails, whatever the policy."""
    assert checks(report(capsys, parcel(stream=zlib.compress(b""))))[0][:2] == ("file-empty", "payload")
    assert checks(report(capsys, parcel(bytes(18))))[0][:2] == ("all-zero", "payload")
    assert [one[0] for one in checks(report(capsys, parcel(b"other content")))] == ["wrong-magic"]
    Path("ccheck.toml").write_text(
        'format = 1\n[severity]\nenvelope-damaged = "info"\nwrong-magic = "info"\n', encoding="utf-8"
    )
    for data in (parcel(stream=b"x"), parcel(b"other content, longer than that")):
        found = report(capsys, data, config=True)
        assert found["verdict"] == "fail"
        assert found["gaps"]


def test_content_of_a_file_of_another_format_is_not_judged(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the magic of the file is wrong its layout is not known: the content counts as skipped, and never as good."""
    data = b"PRCX" + parcel()[4:]
    found = report(capsys, data)
    assert [one["check"] for one in found["findings"]] == ["wrong-magic"]
    assert [one["check"] for one in found["not_run"]][-3:] == [
        "all checks of payload",
        "all checks of copy",
        "all checks of box",
    ]
    Path("ccheck.toml").write_text('format = 1\n[severity]\nwrong-magic = "info"\n', encoding="utf-8")
    found = report(capsys, data, config=True)
    assert found["verdict"] == "fail"  # Construct does not build the magic again
    assert found["checks_run"] > 200  # the finding is set aside, and the content is judged


def test_suppressions_compare_the_path_through_the_envelope(capsys: pytest.CaptureFixture[str]) -> None:
    """One that names the field inside by its whole path sets the finding aside; the file then passes."""
    entry = (
        'format = 1\n[[suppress]]\ncheck = "port-zero"\npath = "{}"\nreason = "known"\nexpires = 2099-01-01\n'
    )
    for path, verdict in (
        ("payload/rules.port", "pass"),
        ("copy/rules.port", "fail"),
        ("rules.port", "fail"),
    ):
        Path("ccheck.toml").write_text(entry.format(path), encoding="utf-8")
        found = report(capsys, parcel(rules(port=0)), "--on", "2026-01-01", config=True)
        assert found["verdict"] == verdict, path
        assert len(found["suppressed"]) == (verdict == "pass")


def test_content_keeps_the_contract_with_driver_builds(capsys: pytest.CaptureFixture[str]) -> None:
    """Facts that only the content refers to are known, compared, and judged for each build."""
    options = ("--consumers", "c.toml", "--on", "2026-01-01")
    assert report(capsys, parcel(rules(number=19)), *options)["verdict"] == "pass"
    found = report(capsys, parcel(rules(number=20)), *options)
    assert [one[:2] for one in checks(found)] == [("count-exceeded", "payload/rules[0].input")]
    found = report(capsys, parcel(rules(number=20)), *options, "--per-build")
    assert [(one["build"], one["verdict"]) for one in found.get("builds", ())] in ([], [("reader", "fail")])
    assert found["verdict"] == "fail"


def test_findings_of_many_envelopes_are_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    """The most findings of one check that are kept holds for the file; others are counted, and fail it."""
    Path("many.py").write_text(
        SCHEMA
        + 'SCHEMA = Schema("many", "many", Struct("all" / UpToEnd(Struct("one" / Wrapped(18, Stored(), RULES)))),'
        " recognise=bool)\n".replace("UpToEnd", "UpToEnd"),
        encoding="utf-8",
    )
    text = Path("many.py").read_text(encoding="utf-8").replace("Table, Wrapped,", "Table, UpToEnd, Wrapped,")
    Path("many.py").write_text(text, encoding="utf-8")
    Path("f.bin").write_bytes(rules(action=3) * 300)
    assert run(["validate", "--no-config", "--schema", "many.py", "--format", "json", "f.bin"]) == 1
    found = json.loads(capsys.readouterr().out)["files"][0]
    assert len(found["findings"]) == 100
    assert found["beyond"] == {"unknown-enum-value": 200}
    assert checks(found)[99] == ("unknown-enum-value", "all[99].one/rules[0].action", 99 * 18 + 12, 1)
    Path("f.bin").write_bytes(rules() * 5000)
    assert run(["validate", "--no-config", "--schema", "many.py", "--format", "json", "f.bin"]) == 1
    found = json.loads(capsys.readouterr().out)["files"][0]
    assert {one["check"] for one in found["findings"]} == {"envelope-too-large"}


def test_a_shipped_format_is_judged_inside(capsys: pytest.CaptureFixture[str]) -> None:
    """A devicetree in a gzip stream is judged by all checks of devicetrees."""
    Path("kernel.py").write_text(
        "from construct import Const, Struct\n"
        "from ccheck_schemas.formats.devicetree.schema import SCHEMA as TREE\n"
        "from ccheck_schemas.meaning import Inflate, WrappedRest\n"
        "from ccheck_schemas.schema import Schema\n"
        'SCHEMA = Schema("kernel", "kernel", Struct("magic" / Const(b"IMG1"),'
        ' "tree" / WrappedRest(Inflate("gzip", limit=1 << 20), TREE)), recognise=lambda data: data[:4] == b"IMG1")\n',
        encoding="utf-8",
    )
    corpus = Path(__file__).parents[2] / "corpus" / "devicetree"
    seen = 0
    for folder in ("devicetree-node-repeated", "offset-misaligned", "text-malformed"):
        for path in sorted((corpus / folder).glob("*/*.bin")):
            alone = run(["validate", "--no-config", "--schema", "devicetree", "--format", "json", str(path)])
            inner = json.loads(capsys.readouterr().out)["files"][0]
            Path("f.bin").write_bytes(b"IMG1" + gzip.compress(path.read_bytes()))
            assert (
                run(["validate", "--no-config", "--schema", "kernel.py", "--format", "json", "f.bin"])
                == alone
            )
            outer = json.loads(capsys.readouterr().out)["files"][0]
            assert [one["check"] for one in outer["findings"]] == [one["check"] for one in inner["findings"]]
            assert [one["inside"]["offset"] for one in outer["findings"]] == [
                one["offset"] for one in inner["findings"]
            ]
            seen += 1
    assert seen > 3


def test_show_has_both_offsets(capsys: pytest.CaptureFixture[str]) -> None:
    """Each field inside has its place in the file, and its offset in each envelope."""
    Path("f.bin").write_bytes(parcel())
    assert run(["show", "--schema", "parcel.py", "f.bin"]) == 0
    lines = capsys.readouterr().out.splitlines()
    copied = 20 + len(zlib.compress(rules()))
    boxed = copied + 18
    assert f"{20:#08x}  payload = zlib stream with rules, 18 bytes" in lines
    assert f"{20:#08x} +0xc  payload/rules[0].action = 1 (log)" in lines
    assert f"{copied + 12:#08x} +0xc  copy/rules[0].action = 1 (log)" in lines
    assert f"{boxed:#08x} +0x2 +0xc  box/in/rules[0].action = 1 (log)" in lines


def test_schemas_names_the_content_and_why_there_is_no_fast_path(capsys: pytest.CaptureFixture[str]) -> None:
    """`ccheck schemas` says that the content is judged, and which facts it is compared with."""
    assert run(["schemas", "--schema", "parcel.py"]) == 0
    out = capsys.readouterr().out
    assert "fast path for good files: no, its own checks need the content" in out
    assert "content of an envelope: rules\n          facts of driver builds: counts.inputs" in out
    Path("bare.py").write_text(
        SCHEMA.replace('CHECKS = (Check(port_zero, schemas=("rules",)),)', ""), encoding="utf-8"
    )
    assert run(["schemas", "--schema", "bare.py"]) == 0
    assert "no, the content of the envelope payload is judged as a file of its own" in capsys.readouterr().out


def test_plain_construct_unwraps_and_builds() -> None:
    """Construct gives the content as bytes, builds the same bytes from it, and refuses a damaged stream."""
    schema = load_user_schema(Path("parcel.py")).schema
    data = parcel()
    read = schema.root.parse(data)
    assert bytes(read["payload"]) == bytes(read["copy"]) == rules()
    assert schema.root.build(read) == data
    for stream in (b"x", zlib.compress(rules()) + b"\0"):
        with pytest.raises(construct.ConstructError):
            schema.root.parse(parcel(stream=stream))


@pytest.mark.parametrize("step", [lambda: m.Xor(b""), lambda: m.Xor(256), lambda: m.Rotate(8), lambda: m.Rotate(0),
    lambda: m.Inflate("lzma"),  # type: ignore[arg-type]  # refused at run time
    lambda: m.Inflate(limit=0), lambda: m.Xz(limit=1 << 40), lambda: m.Xor(construct.this.key)])  # fmt: skip
def test_a_step_without_sense_is_refused(step: Any) -> None:
    """An empty key, a rotation by nothing, an unknown kind and a limit beyond the general one are refused at once."""
    with pytest.raises(ValueError, match=r"key|bits|kind|limit"):
        step()


def test_a_schema_with_envelopes_too_deep_or_of_one_name_is_refused() -> None:
    """Four envelopes inside each other are allowed; the content of none has the name of another schema."""
    schema = Schema("s0", "", construct.Struct("n" / construct.Int8ub), recognise=bool)
    for depth in range(1, 5):
        schema = Schema(
            f"s{depth}", "", construct.Struct("in" / m.WrappedRest(m.Stored(), schema)), recognise=bool
        )
    assert lint(construct.Struct("in" / m.WrappedRest(m.Stored(), schema))) == (
        "in: 5 envelopes inside each other; 4 are allowed",
    )
    with pytest.raises(SchemaRefused, match=r"2 schemas are named 's3'"):
        Schema(
            "s3", "", construct.Struct("in" / m.WrappedRest(m.Stored(), schema.contents[0])), recognise=bool
        )
    with pytest.raises(TypeError, match=r"is a Schema"):
        m.WrappedRest(m.Stored(), construct.Int8ub)
    assert "content of another format" in lint(construct.Struct(
        "in" / m.Wrapped(3, m.Stored(), schema.contents[0]), "more" / construct.Bytes(construct.this["in"]),
    ))[0]  # fmt: skip


def test_streams_that_repeat_are_unwrapped_so_far_and_no_further(capsys: pytest.CaptureFixture[str]) -> None:
    """All envelopes of a file share one bound, so that many of them ask for no more than one."""
    Path("bombs.py").write_text(
        "from construct import Array, Int16ub, Int32ub, Struct, this\n"
        "from ccheck_schemas.meaning import Inflate, LengthOf, OpaqueRest, UpToEnd, Wrapped\n"
        "from ccheck_schemas.schema import Schema\n"
        'ANY = Schema("any", "any", Struct("all" / OpaqueRest("anything")), recognise=bool)\n'
        'SCHEMA = Schema("bombs", "bombs", Struct("all" / UpToEnd(Struct("size" / LengthOf(Int32ub, of="one"),'
        ' "one" / Wrapped(this.size, Inflate("raw"), ANY)))), recognise=bool)\n',
        encoding="utf-8",
    )
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(bytes(8 << 20)) + packer.flush()
    Path("f.bin").write_bytes((struct.pack(">I", len(bomb)) + bomb) * 40)
    before = time.monotonic()
    assert run(["validate", "--no-config", "--schema", "bombs.py", "--format", "json", "f.bin"]) == 1
    assert time.monotonic() - before < 20
    found = json.loads(capsys.readouterr().out)["files"][0]
    assert {one["check"] for one in found["findings"]} <= {"envelope-too-large", "all-zero"}
    assert 25 < sum(one["check"] == "envelope-too-large" for one in found["findings"]) < 40


def test_the_recipe_inside_builds_the_same_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    """Content is described, also in a stream of another level or of another compressor, and built again."""
    levels = {zlib.compress(rules() + bytes(0), level): level for level in (9, 6, 1, 0)}
    other = gzip.compress(rules(), mtime=291)  # its header has a time, which no level of ours writes
    for stream in levels:
        Path("f.bin").write_bytes(parcel(stream=stream))
        assert run(["show", "--schema", "parcel.py", "--yaml", "f.bin"]) == 0
        text = capsys.readouterr().out
        assert "action: block" in text
        Path("r.yaml").write_text(text, encoding="utf-8")
        assert run(["build", "--force", "--schema", "parcel.py", "r.yaml", "-o", "g.bin"]) == 0
        assert Path("g.bin").read_bytes() == Path("f.bin").read_bytes()
        assert ("level: 0" in text) is (levels[stream] == 0)
        capsys.readouterr()
    Path("f.bin").write_bytes(parcel(inner=b"BX" + xored(other, b"ab")))
    assert run(["show", "--schema", "parcel.py", "--yaml", "f.bin"]) == 0
    text = capsys.readouterr().out
    assert f"bytes: {xored(other, b'ab').hex(' ')}" in " ".join(text.split())
    Path("r.yaml").write_text(text, encoding="utf-8")
    assert run(["build", "--force", "--schema", "parcel.py", "r.yaml", "-o", "g.bin"]) == 0
    assert Path("g.bin").read_bytes() == Path("f.bin").read_bytes()
    Path("r.yaml").write_text(text.replace("port: 80", "port: 99"), encoding="utf-8")
    capsys.readouterr()
    assert run(["build", "--force", "--schema", "parcel.py", "r.yaml", "-o", "g.bin"]) == 2
    assert "box.content.in.bytes: unwrapped, they are other content" in " ".join(
        capsys.readouterr().err.split()
    )


def test_an_edited_recipe_is_wrapped_with_its_lengths_and_checksums(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Lengths outside and checksums inside follow from an edit inside; `diff` says what differs inside."""
    Path("f.bin").write_bytes(parcel())
    assert run(["show", "--schema", "parcel.py", "--yaml", "f.bin"]) == 0
    text = capsys.readouterr().out.replace("port: 80", "port: 99", 1)
    Path("r.yaml").write_text(text, encoding="utf-8")
    assert run(["build", "--force", "--schema", "parcel.py", "r.yaml", "-o", "g.bin"]) == 0
    assert Path("g.bin").read_bytes() == parcel(rules(port=99))
    assert run(["validate", "--no-config", "--schema", "parcel.py", "g.bin"]) == 0
    capsys.readouterr()
    run(["diff", "--schema", "parcel.py", "f.bin", "g.bin"])
    assert "payload, content, rules[0]: port 80 → 99" in capsys.readouterr().out
    named = SCHEMA.replace('[:4] == b"RULE"', '[:4] == b"RULE", identity={"rules": Identity("rule {port}")}')
    named = named.replace("schema import Schema", "schema import Identity, Schema")
    Path("named.py").write_text(named, encoding="utf-8")
    run(["diff", "--schema", "named.py", "f.bin", "g.bin"])
    assert "+ payload, content, rule 99" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (("port: 80", "port: x"), "payload.content.rules[0].port"),
        (("content:\n      rules", "contents:\n      rules"), "the key 'content' is missing"),
        (
            ("    content:\n      rules", "    level: 12\n    content:\n      rules"),
            "payload.level: 12 is not in 0..9",
        ),
    ],
)
def test_a_wrong_recipe_inside_is_refused_with_its_path(
    capsys: pytest.CaptureFixture[str], edit: tuple[str, str], words: str
) -> None:
    """The error names the key through the envelope."""
    Path("f.bin").write_bytes(parcel())
    run(["show", "--schema", "parcel.py", "--yaml", "f.bin"])
    text = capsys.readouterr().out
    assert edit[0] in text
    Path("r.yaml").write_text(text.replace(*edit, 1), encoding="utf-8")
    assert run(["build", "--schema", "parcel.py", "r.yaml", "-o", "g.bin"]) == 2
    assert words in capsys.readouterr().err
