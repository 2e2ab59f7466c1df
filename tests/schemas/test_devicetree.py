"""Flattened devicetrees: genuine trees, their meaning, round trips, and the judgement of libfdt."""

from __future__ import annotations

import ctypes
import ctypes.util
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from ccheck.cli.main import run
from ccheck.cli.recipe_file import dump_yaml
from ccheck.formats.exercise.outcome import RunInputs
from ccheck.judging.preparation import prepare
from ccheck.release.changes import changes
from ccheck_fuzz.oracles.case import OracleCase
from ccheck_schemas.formats.devicetree.content import DevicetreeContent
from ccheck_schemas.formats.devicetree.recipe import compose, describe
from ccheck_schemas.formats.devicetree.schema import SCHEMA
from ccheck_schemas.read import read
from ccheck_schemas.schema import RecipeError
from tests.conftest import ROOT

CORPUS = ROOT / "corpus" / "devicetree"
BASE = CORPUS / "base.bin"


def content(data: bytes) -> DevicetreeContent:
    """The content of a file."""
    found = SCHEMA.assemble(read(SCHEMA.layout, data))
    assert isinstance(found, DevicetreeContent)
    return found


def test_all_genuine_trees_pass(shared_data: Path) -> None:
    """Twenty trees of Debian's kernels have not so much as a warning, and come back byte for byte."""
    validation = prepare(schema="devicetree", use_config=False)
    files = sorted((shared_data / "dtb" / "valid").iterdir())
    assert len(files) == 20
    for path in files:
        report = validation.report(str(path))
        assert (report.verdict, report.findings) == ("pass", ()), path.name
        assert compose(describe(content(path.read_bytes()))) == path.read_bytes()


def test_the_content_is_typed() -> None:
    """Nodes know their parent, depth and properties; reservations their address and size."""
    held = content(BASE.read_bytes())
    assert held.reservations == ((0x80000000, 0x10000),)
    assert [(node.path, node.depth, len(node.properties)) for node in held.nodes] == [
        ("/", 1, 4), ("/cpus", 2, 2), ("/cpus/cpu@0", 3, 3), ("/serial@10000", 2, 4),
    ]  # fmt: skip
    assert [(p.name, p.value) for p in held.nodes[3].properties] == [
        ("reg", bytes.fromhex("00010000 00000100")),
        ("local-mac-address", bytes.fromhex("020000000001")),
        ("status", b"okay\0"),
        ("wakeup-source", b""),
    ]


def test_a_recipe_is_readable() -> None:
    """The recipe of a tree names nodes and properties, with texts, cells or bytes as their values look."""
    root = describe(content(BASE.read_bytes()))["root"]
    assert dump_yaml({"root": {"nodes": root["nodes"][1:]}}, "devicetree") == snapshot(
        """\
schema: devicetree
content:
  root:
    nodes:
    - name: serial@10000
      properties:
      - name: reg
        cells: [65536, 256]
      - {name: local-mac-address, hex: '020000000001'}
      - name: status
        texts: [okay]
      - {name: wakeup-source}
"""
    )


def test_diff_speaks_of_nodes_and_properties() -> None:
    """A property that changes in one node is reported by their names."""
    before = describe(content(BASE.read_bytes()))
    after = describe(content(BASE.read_bytes()))
    after["root"]["nodes"][1]["properties"][2]["texts"] = ["disabled"]
    found = [(c.where, c.what) for c in changes(before, after, SCHEMA.identity)]
    assert found == [("root, node serial@10000, property status", 'texts ["okay"] → ["disabled"]')]


def test_names_share_their_ends_as_dtc_shares_them() -> None:
    """A name that is the end of one that stands already is not written again; the longer one behind it is."""
    names = ["gpios", "reset-gpios", "foo-gpios", "os"]
    data = compose({"root": {"properties": [{"name": name} for name in names]}})
    assert data.endswith(b"gpios\0reset-gpios\0foo-gpios\0")
    assert [p.name for p in content(data).nodes[0].properties] == names
    assert read(SCHEMA.layout, data).counts == Counter()


def nested(depth: int) -> bytes:
    """Nodes in each other, that many."""
    structure = b"\0\0\0\1\0\0\0\0" * depth + b"\0\0\0\2" * depth + b"\0\0\0\x09"
    words = (0x38 + len(structure), 0x38, 0x38 + len(structure), 0x28, 17, 16, 0, 0, len(structure))
    return b"\xd0\x0d\xfe\xed" + b"".join(word.to_bytes(4, "big") for word in words) + bytes(16) + structure


def test_a_tree_of_any_depth_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ten thousand nodes in each other are judged, shown and refused as a recipe, without a recursion."""
    file = tmp_path / "deep.dtb"
    file.write_bytes(nested(10_000))
    assert run(["validate", "--no-config", str(file)]) == 1
    assert "error[devicetree-too-deep]" in capsys.readouterr().out
    assert run(["show", str(file)]) == 0
    assert run(["show", "--yaml", str(file)]) == 2
    assert "nodes lie more than 64 deep in each other" in capsys.readouterr().err
    assert run(["diff", str(file), str(file)]) == 2


@pytest.mark.parametrize(
    ("recipe", "path"),
    [
        ({}, ""),
        ({"root": {"nodes": [{}]}}, "root.nodes[0]"),
        ({"root": {"properties": [{"name": "é"}]}}, "root.properties[0].name"),
        ({"root": {"properties": [{"name": "a", "hex": "0"}]}}, "root.properties[0].hex"),
        ({"root": {"properties": [{"name": "a", "texts": ["é"]}]}}, "root.properties[0].texts"),
        ({"root": {"properties": [{"name": "a", "texts": [], "cells": []}]}}, "root.properties[0].cells"),
        ({"root": {"name": "a\0b"}}, "root.name"),
    ],
)
def test_a_recipe_that_cannot_be_built_names_the_key(recipe: dict[str, object], path: str) -> None:
    """A recipe with something missing or wrong is refused at its key."""
    with pytest.raises(RecipeError) as refused:
        compose(recipe)
    assert refused.value.path == path


@pytest.fixture(scope="module")
def libfdt() -> Callable[[bytes], int]:
    """`fdt_check_full` of the installed libfdt: 0, or a negative code."""
    name = ctypes.util.find_library("fdt")
    if name is None:
        pytest.skip("libfdt is not installed (Debian: libfdt1)")
    library = ctypes.CDLL(name)

    def check(data: bytes) -> int:
        if len(data) >= 24 and int.from_bytes(data[20:24], "big") < 16:
            return -10  # FDT_ERR_BADVERSION: libfdt 1.6.1 follows a null pointer in trees before version 16
        # libfdt asks for an address that is a multiple of 8.
        aligned = (ctypes.c_uint64 * (len(data) // 8 + 1))()
        ctypes.memmove(aligned, data, len(data))
        return int(library.fdt_check_full(aligned, ctypes.c_size_t(len(data))))

    return check


def test_libfdt_takes_what_it_should(libfdt: Callable[[bytes], int], shared_data: Path) -> None:
    """The library is libfdt: it accepts genuine trees, and refuses a magic that is wrong (-9)."""
    files = sorted((shared_data / "dtb" / "valid").iterdir())
    assert {libfdt(path.read_bytes()) for path in files} == {0}
    assert libfdt(b"\0" + files[0].read_bytes()[1:]) == -9


def edited(rng: random.Random, data: bytes) -> bytes:
    """A tree with one to three edits, most of them of whole words."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(out))
        match rng.randrange(4):
            case 0:
                out[at] = rng.choice((0, 1, 3, 4, 9, 0xFF, rng.randrange(256)))
            case 1 | 2:
                at -= at % 4
                word = rng.choice((0, 1, 2, 3, 4, 9, len(data), 0x7FFFFFFF, 0xFFFFFFFF, rng.randrange(256)))
                out[at : at + 4] = word.to_bytes(4, "big")
            case 3:
                at -= at % 4
                del out[at : at + 4]
    return bytes(out)


def test_what_libfdt_refuses_fails(libfdt: Callable[[bytes], int]) -> None:
    """The validator is at least as strict as libfdt's full check, on the corpus and thousands of edits."""
    validation = prepare(schema="devicetree", use_config=False)
    files = sorted(CORPUS.glob("**/*.bin"))
    assert len(files) > 60
    rng = random.Random(3)
    small = [data for path in files if 0 < len(data := path.read_bytes()) < 500]
    cases = [path.read_bytes() for path in files] + [edited(rng, rng.choice(small)) for _ in range(3000)]
    seen: Counter[tuple[bool, bool]] = Counter()
    for data in cases:
        taken = libfdt(data) == 0
        passes = OracleCase(data, SCHEMA, validation, RunInputs()).report.verdict == "pass"
        assert taken or not passes, data.hex()
        seen[taken, passes] += 1
    assert seen[False, False] > 1000
    assert seen[True, True] > 50
