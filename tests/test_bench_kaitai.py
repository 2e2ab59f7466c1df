"""The benchmark of the Kaitai importer counts what it says, and finds each kind of wrong value."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest
from bench.kaitai import imports, official, own, samples, sources
from bench.kaitai.compare import LEFT_OUT, NOT_LOOKED_INTO, OURS_ENDS, Comparison
from bench.kaitai.isolated import isolated
from bench.kaitai.values import Value

from tests.conftest import ROOT

WHOLE = """\
meta: {id: whole, endian: le, file-extension: [who]}
seq:
  - {id: n, type: u1}
  - {id: list, type: u2, repeat: expr, repeat-expr: n}
  - {type: inner}
instances:
  twice: {value: n * 2}
  first: {pos: 0, type: u1}
types:
  inner: {seq: [{id: text, type: strz, encoding: ASCII}, {id: half, type: f4}]}
"""
PART = "meta: {id: part}\nseq: [{id: a, size: 2, process: lz4}, {id: c, type: u1}]\n"
REFUSED = "meta: {id: refused}\nseq: [{id: a, size: nowhere}]\n"

DATA = b"\2\1\0\2\0ab\0\0\0\0\x3f"

PARSER = """
from kaitaistruct import KaitaiStruct

class Whole(KaitaiStruct):
    def __init__(self, _io, _parent=None, _root=None):
        super().__init__(_io)
        self.n = self._io.read_u1()
        self.list = [self._io.read_u2le() for _ in range(self.n)]
        self._unnamed2 = Whole.Inner(self._io)

    class Inner(KaitaiStruct):
        def __init__(self, _io):
            super().__init__(_io)
            self.text = self._io.read_bytes_term(0, False, True, True).decode("ASCII")
            self.half = self._io.read_f4le()

    @property
    def twice(self):
        return self.n * 2

    @property
    def first(self):
        self._io.seek(0)
        return self._io.read_u1()
"""
"""What the official compiler makes of the description, in short."""


def descriptions(folder: Path) -> Path:
    """A folder of descriptions: one of each verdict."""
    for name, text in {"whole": WHOLE, "inner/part": PART, "refused": REFUSED}.items():
        path = folder / "formats" / f"{name}.ksy"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "formats"


def test_imports_are_counted_without_a_compiler(tmp_path: Path) -> None:
    """The command counts verdicts and reasons, names each description, and says why it compares no values."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.kaitai", str(descriptions(tmp_path)), "--list"],
        cwd=ROOT, capture_output=True, text=True, check=False, encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.stdout == dedent(
        """\
        formats: 3 descriptions
          in part   inner/part.ksy  its bytes are processed by …, and are not looked into: in a way of its own
          refused   refused.ksy  … is no field here
          whole     whole.ksy
        imports
          whole         1   33.3 %
          in part       1   33.3 %
          refused       1   33.3 %
          crashed       0    0.0 %
          hung          0    0.0 %
        left out, by descriptions (and where it is the only reason)
             1   (1)  its bytes are processed by …, and are not looked into: in a way of its own
        refused
             1   (1)  … is no field here
        values: not compared, because no official compiler was named (--compiler)
          compared    –
          different   –
          lost        –
        files: –
        """
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_it_says_which_compiler_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a compiler, or without node, the reason names it."""
    script = tmp_path / "compiler.js"
    assert official.missing(script) == f"there is no {script}"
    script.touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert official.missing(script) == "there is no node, which runs the official compiler"


def test_what_crashes_or_hangs_is_an_answer() -> None:
    """A function that raises, ends its process or does not end costs only its own answer."""
    assert isolated(sum, (1, 2), seconds=60).value == 3
    assert "TypeError" in isolated(sum, 1, seconds=60).crashed
    assert isolated(os._exit, 7, seconds=60).crashed == "the process ended with status 7"
    assert isolated(time.sleep, 60, seconds=0.2).hung


def both(
    tmp_path: Path, data: bytes, parser: str = PARSER
) -> tuple[official.OfficialReading, own.OwnReading]:
    """A file as a parser and ccheck read it by the whole description."""
    pytest.importorskip("kaitaistruct", reason="the benchmarks' peers are not installed")
    ksy = descriptions(tmp_path) / "whole.ksy"
    sample = tmp_path / "whole.bin"
    sample.write_bytes(data)
    (tmp_path / "whole.py").write_text(parser, encoding="utf-8")
    fields = sources.fields([sources.load(ksy)])
    compiled = official.Compiled("", tmp_path, ("whole",), "whole", "Whole", fields)
    done = imports.imported("whole.ksy", ksy, tmp_path / "schema.py")
    assert (done.verdict, done.schema) == (imports.WHOLE, tmp_path / "schema.py")
    (reading,) = official.read(compiled, [sample], [])
    (ours,) = own.read(tmp_path / "schema.py", done.schema_name, [sample])
    return reading, ours


def test_two_readers_agree(tmp_path: Path) -> None:
    """All values of the file are compared: fields, lists, records without a name, and instances."""
    reading, ours = both(tmp_path, DATA)
    assert (reading.made, reading.error, ours.passes, ours.complete) == (True, "", True, True)
    made = Comparison(whole=True, complete=True)
    made.compare(reading.values, ours.values)
    assert (made.compared, made.different, made.lost) == (7, [], [])
    assert not made.not_compared


def test_a_parser_that_reads_otherwise_is_noticed(tmp_path: Path) -> None:
    """A wrong number, text and length of a list are each named by path."""
    wrong = PARSER.replace("read_u2le", "read_u2be").replace('"ASCII")', '"ASCII").upper()')
    reading, ours = both(tmp_path, DATA, wrong)
    made = Comparison(whole=True, complete=True)
    made.compare(reading.values, ours.values)
    assert made.different == [
        ("list[0]", "256", "1"),
        ("list[1]", "512", "2"),
        ("unnamed_2.text", "'AB'", "'ab'"),
    ]


def test_a_file_that_is_too_short_is_refused_by_both(tmp_path: Path) -> None:
    """The official parser's error and the finding of ccheck are kept."""
    reading, ours = both(tmp_path, DATA[:-1])
    assert "requested 4 bytes, but only 3 bytes available" in reading.error
    assert (ours.passes, ours.complete, ours.checks) == (False, False, ("truncated",))


def test_a_parser_that_ends_its_process_costs_one_file(tmp_path: Path) -> None:
    """The files behind it are read in a new process."""
    ends = PARSER.replace("self.n = self._io.read_u1()", "self.n = self._io.read_u1(); self.n or exit(3)")
    (tmp_path / "whole.py").write_text(ends, encoding="utf-8")
    files = [tmp_path / f"{number}.bin" for number in range(3)]
    for file, data in zip(files, (DATA, b"\0", DATA), strict=True):
        file.write_bytes(data)
    fields = sources.fields([sources.load(descriptions(tmp_path) / "whole.ksy")])
    compiled = official.Compiled("", tmp_path, ("whole",), "whole", "Whole", fields)
    assert [one.made for one in official.read(compiled, files, [])] == [True, False, True]


RECORD: Value = ["record", {"a": ["int", 1], "b": ["bytes", "6162"], "c": ["list", [["int", 1]]]}, {}]


def compared(ours: dict[str, Value], *, whole: bool = True, complete: bool = True) -> Comparison:
    """The record above beside one of ccheck."""
    made = Comparison(whole, complete, opaque=frozenset({"b"}))
    made.compare(RECORD, ["record", ours])
    return made


SAME: dict[str, Value] = RECORD[1]


@pytest.mark.parametrize(
    ("ours", "different"),
    [
        ({**SAME, "a": ["int", 2]}, ("a", "1", "2")),
        ({**SAME, "a": ["float", "0x1.0000000000000p+0"]}, ("a", "1", "0x1.0000000000000p+0")),
        ({**SAME, "b": ["str", "ab"]}, ("b", "bytes 6162", "'ab'")),
        ({**SAME, "c": ["list", []]}, ("c", "1 elements", "0 elements")),
        ({**SAME, "d": ["int", 0]}, ("d", "no such field", "0")),
    ],
)
def test_each_difference_is_named(ours: dict[str, Value], different: tuple[str, str, str]) -> None:
    """Another value, another kind, another length and a field too many are differences."""
    assert compared(ours).different == [different]


def test_values_in_records_of_their_own_are_values() -> None:
    """An element that ccheck wraps into a record with the field `value` is compared with the plain one."""
    wrapped = ["list", [["record", {"value": ["int", 1]}]]]
    assert compared({**SAME, "c": wrapped}).different == []


def test_a_value_that_is_missing_is_lost_unless_it_is_named() -> None:
    """It is lost where the description is whole and the file was read; else the reason is counted."""
    rest = {name: value for name, value in SAME.items() if name != "c"}
    assert compared(rest).lost == [("c", "a list of 1", 1)]
    for made, reason in (
        (compared(rest, whole=False), LEFT_OUT),
        (compared(rest, complete=False), OURS_ENDS),
    ):
        assert (made.lost, dict(made.not_compared)) == ([], {reason: 1})


def test_bytes_that_are_named_as_not_looked_into_are_not_compared() -> None:
    """They are a difference in a description that is whole."""
    other = {**SAME, "b": ["bytes", "00"]}
    assert compared(other).different == [("b", "bytes 6162", "bytes 00")]
    made = compared(other, whole=False)
    assert (made.different, dict(made.not_compared)) == ([], {NOT_LOOKED_INTO: 1})


def test_samples_belong_to_descriptions(tmp_path: Path) -> None:
    """By pair, by stem, by file extension, and by the tests beside the descriptions."""
    formats = descriptions(tmp_path)
    for name in ("files/whole.bin", "files/x.WHO", "files/x.other", "src/t.bin", "one"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    tests = tmp_path / "spec" / "ks"
    tests.mkdir(parents=True)
    (tests / "whole.kst").write_text("id: whole\ndata: t.bin\n", encoding="utf-8")
    named = samples.Named([str(tmp_path / "files"), f"whole={tmp_path / 'one'}"])
    meta = {"id": "whole", "file-extension": ["who"]}
    expected = {tmp_path / "files/whole.bin", tmp_path / "files/x.WHO", tmp_path / "one"}
    assert named.of("whole.ksy", meta) == expected
    assert samples.of_tests(formats) == {"whole": {tmp_path / "src/t.bin"}}
    with pytest.raises(ValueError, match="neither a folder nor NAME=FILE"):
        samples.Named(["nowhere"])


def test_reasons_have_no_names() -> None:
    """What is particular to one description is replaced, so that equal reasons are counted together."""
    assert imports.normalised("the type header_v2 takes parameters") == "the type … takes parameters"
    assert imports.normalised("'? a : b' is not understood") == "'?…' is not understood"
    assert imports.normalised("len_body may be absent") == "… may be absent"
    assert imports.normalised("head has no field a.b here") == "… has no field … here"
    assert imports.normalised("params is not carried over") == "params is not carried over"
    refusal = "Usage: x\n\nError: a b/c.ksy:8: seq[2].size: nowhere is no field here\n"
    assert imports.reason_of_refusal(refusal) == "… is no field here"
