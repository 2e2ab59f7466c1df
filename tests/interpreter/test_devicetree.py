"""Devicetrees as libfdt reads them: its answers by path, and how a trusting reader fails."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from ccheck_interpreter.devicetree.tree import CHECKING, TRUSTING, Tree, run_devicetree
from ccheck_interpreter.trap import Refused
from tests.conftest import ROOT

PROFILES = (TRUSTING, CHECKING)
BASE = (ROOT / "corpus" / "devicetree" / "base.bin").read_bytes()


def tree(*tokens: int | bytes, strings: bytes = b"a\0") -> bytes:
    """A devicetree of these tokens, and names."""
    structure = b"".join(t if isinstance(t, bytes) else struct.pack(">I", t) for t in tokens)
    total = 56 + len(structure) + len(strings)
    words = (total, 56, 56 + len(structure), 40, 17, 16, 0, len(strings), len(structure))
    return struct.pack(">10I", 0xD00DFEED, *words) + bytes(16) + structure + strings


ROOT_NODE = b"\0\0\0\1\0\0\0\0"


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_a_property_is_found_by_its_path(profile: object) -> None:
    """Both readers find a property by a path, with or without a node's address, and report a missing one."""
    asked = [
        ("/", "model"), ("/cpus/cpu@0", "reg"), ("/cpus/cpu", "device_type"), ("/serial@10000", "wakeup-source"),
        ("/serial@10000", "none"), ("/none", "reg"), ("/cpus/serial@10000", "reg"),
    ]  # fmt: skip
    for one in PROFILES:
        results = run_devicetree(BASE, one, asked).answers.results
        assert [(r["node"], r["value"]) for r in results] == [
            (True, b"Example board\0".hex()), (True, "00000000"), (True, b"cpu\0".hex()), (True, ""),
            (True, None), (False, None), (False, None),
        ]  # fmt: skip


def test_a_tree_of_version_16_is_read_up_to_its_end() -> None:
    """A header without a size of the structure: both readers go on to the END, and the checking one no further."""
    header = struct.pack(">9I", 0xD00DFEED, 80, 56, 76, 40, 16, 16, 0, 2)
    body = bytes(4 + 16) + ROOT_NODE + struct.pack(">3I", 2, 9, 0)
    for profile in PROFILES:
        assert run_devicetree(header + body + b"a\0\0\0", profile).verdict == "run"
    cut = struct.pack(">9I", 0xD00DFEED, 64, 56, 56, 40, 16, 16, 0, 0) + bytes(4 + 16) + ROOT_NODE
    assert [run_devicetree(cut, profile).verdict for profile in PROFILES] == ["crash", "refuse"]


def test_genuine_trees_run_in_both_readers(shared_data: Path) -> None:
    """Both readers walk all genuine trees, and answer alike."""
    files = sorted((shared_data / "dtb" / "valid").iterdir())
    assert len(files) == 20
    for path in files:
        outcomes = [run_devicetree(path.read_bytes(), profile) for profile in PROFILES]
        assert [o.verdict for o in outcomes] == ["run", "run"]
        assert len({o.answers.questions for o in outcomes}) == 1
        assert outcomes[0].answers.questions > 20


@pytest.mark.parametrize(
    ("data", "kind", "operation"),
    [
        (tree(ROOT_NODE, 3, 64, 0, 2, 9), "out-of-bounds-read", "read-value"),
        (tree(ROOT_NODE, 3, 0xFFFFFFEC, 0, 2, 9), "out-of-bounds-read", "read-value"),
        (tree(ROOT_NODE, 2, 2, 9), "out-of-bounds-read", "go-down"),
        (tree(ROOT_NODE * 65, 9), "out-of-bounds-write", "go-down"),
        (tree(ROOT_NODE, 2), "out-of-bounds-read", "read-token"),
        (tree(ROOT_NODE, 3, 0, 0x1000, 2, 9), "out-of-bounds-read", "read-string"),
        (tree(1, b"abcd", strings=b""), "out-of-bounds-read", "read-node-name"),
    ],
    ids=["length", "length-wraps", "up-from-root", "too-deep", "no-end", "name-outside", "name-without-nul"],
)
def test_a_reader_that_trusts_goes_wrong_where_one_that_checks_refuses(
    data: bytes, kind: str, operation: str
) -> None:
    """A wrong number traps the reader that assumes a perfect tree; the checking one refuses the file."""
    outcome = run_devicetree(data, TRUSTING)
    assert outcome.trap is not None
    assert (outcome.trap.kind, outcome.trap.operation.name) == (kind, operation)
    assert run_devicetree(data, CHECKING).verdict == "refuse"


@pytest.mark.parametrize(
    ("at", "word", "reason"),
    [
        (0, 0xEDFE0DD0, "magic"), (4, 0xFFFF, "size"), (8, 0xFFFF0000, "block"), (12, 0xFFFF, "block"),
        (16, 44, "block"), (20, 1, "version"), (24, 18, "version"), (36, 0x7FFFFFFC, "block"),
    ],
)  # fmt: skip
def test_a_header_that_is_wrong_is_refused(at: int, word: int, reason: str) -> None:
    """The reader that checks compares every number of the header."""
    data = bytearray(BASE)
    data[at : at + 4] = word.to_bytes(4, "big")
    with pytest.raises(Refused) as refused:
        Tree(bytes(data), CHECKING)
    assert refused.value.refusal.reason == reason


def test_long_names_cost_no_more_than_the_file() -> None:
    """Thousands of properties that share a name of thousands of letters are walked within the budget."""
    properties = b"".join(struct.pack(">III", 3, 0, 0) for _ in range(3000))
    data = tree(ROOT_NODE, properties, 2, 9, strings=b"a" * 20_000 + b"\0")
    assert [run_devicetree(data, profile).verdict for profile in PROFILES] == ["run", "run"]
