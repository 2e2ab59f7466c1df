"""Regulatory databases as the kernel reads them: what it answers, refuses, and reads on trust."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from ccheck_interpreter.regdb.database import CHECKING, TRUSTING, Database, run_regdb
from ccheck_interpreter.trap import Refused, Trap, report
from tests.conftest import ROOT

PROFILES = (TRUSTING, CHECKING)


def rule(start: int = 2402000, end: int = 2472000, bandwidth: int = 40000, length: int = 16) -> bytes:
    """A rule of 16 bytes."""
    return struct.pack(">BBHIII", length, 0, 2000, start, end, bandwidth)


def database(countries: bytes, *rest: bytes) -> bytes:
    """A database of these bytes behind its header."""
    return b"RGDB" + struct.pack(">I", 20) + countries + b"".join(rest)


ONE = database(b"00\0\x08\0\0\0\0", rule(), struct.pack(">BBBxHxx", 3, 1, 0, 4))
"""One country: its rule at 0x10, its collection at 0x20."""


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_a_country_is_found_as_the_kernel_finds_it(profile: object) -> None:
    """A country's rules are those that its pointers lead to; a country that is not listed has none."""
    found = Database(ONE, TRUSTING).query("00")
    assert found is not None
    assert [(r.start, r.end, r.max_bandwidth, r.max_eirp) for r in found.rules] == [
        (2402000, 2472000, 40000, 2000)
    ]
    assert Database(ONE, CHECKING).query("DE") is None


def test_genuine_releases_answer_for_every_country(shared_data: Path) -> None:
    """Both readers answer for each country of each release alike; only Japan of 2008 is thrown away."""
    files = sorted((shared_data / "regdb").glob("*/*"))
    assert len(files) == 7
    for path in files:
        data = path.read_bytes()
        outcomes = [run_regdb(data, profile) for profile in PROFILES]
        assert len({(o.verdict, o.answers.skipped, o.answers.questions) for o in outcomes}) == 1
        assert outcomes[0].answers.questions > 100
        assert (outcomes[0].verdict == "skip") == path.name.startswith("2008")
    assert run_regdb(files[0].read_bytes(), CHECKING).answers.skipped == (
        "country JP: refused, rule 1 allows 40000 kHz in a band of 25000",
    )


def test_germany_of_2026(shared_data: Path) -> None:
    """The newest release has for Germany what wireless-regdb's source says of it."""
    (path,) = (shared_data / "regdb" / "valid").glob("2026*")
    found = Database(path.read_bytes(), CHECKING).query("DE")
    assert found is not None
    assert found.dfs_region == 2
    assert found.rules[0].start == 2400000
    assert found.rules[0].end == 2483500
    assert any(r.start == 5945000 and r.end == 6425000 for r in found.rules)


def test_the_kernel_reads_a_rule_that_ends_outside_the_file() -> None:
    """The load check asks for a rule's length byte alone; a query reads 16 bytes, behind the file."""
    data = database(b"00\0\x04\0\0\0\0", struct.pack(">BBBxHxx", 3, 1, 0, 6), b"\x10")
    with pytest.raises(Trap) as trapped:
        Database(data, TRUSTING).query("00")
    assert trapped.value.data.kind == "out-of-bounds-read"
    assert trapped.value.data.operation.name == "read-rule"
    with pytest.raises(Refused, match="rule"):
        Database(data, CHECKING)


def test_the_kernel_walks_countries_without_an_end() -> None:
    """The load check stops where the file ends; a query for a country that is not there reads on."""
    # Each entry is a country and, for the others, a collection of 3 bytes without rules.
    endless = database(b"AA\0\x03", b"\x03\x00\x00\x03" * 6)
    with pytest.raises(Trap) as trapped:
        Database(endless, TRUSTING).query("ZZ")
    assert trapped.value.data.operation.name == "query-country"
    with pytest.raises(Refused):
        Database(endless, CHECKING)


def test_an_oops_speaks_of_linux() -> None:
    """The report of a trap in a Linux build has the kernel's words, and no stop code of Windows."""
    data = database(b"00\0\x04\0\0\0\0", struct.pack(">BBBxHxx", 3, 1, 0, 6), b"\x10")
    outcome = run_regdb(data, TRUSTING)
    assert outcome.trap is not None
    text = report(outcome.trap)
    assert "BUG: unable to handle page fault" in text
    assert "PAGE_FAULT_IN" not in text


@pytest.mark.parametrize(
    ("edited", "reason"),
    [
        ({0: b"X"}, "magic"),
        ({7: b"\x15"}, "version"),
        ({0x20: b"\x02"}, "collection"),
        ({0x21: b"\xff"}, "collection"),
        ({0x10: b"\x0f"}, "rule"),
        ({0x24: b"\xff\xff"}, "rule"),
        ({0x0A: b"\xff\xff"}, "collection"),
    ],
)
def test_what_the_kernel_refuses_both_readers_refuse(edited: dict[int, bytes], reason: str) -> None:
    """Each check of the kernel's load refuses the file, by the same name in both readers."""
    data = bytearray(ONE)
    for at, raw in edited.items():
        data[at : at + len(raw)] = raw
    for profile in PROFILES:
        with pytest.raises(Refused) as refused:
            Database(bytes(data), profile)
        assert refused.value.refusal.reason == reason


def test_old_databases_are_read_on_trust() -> None:
    """In version 19 a reader that trusts follows a pointer out of the file, and one that checks refuses it."""
    data = bytearray((ROOT / "corpus" / "regdb" / "base-19.bin").read_bytes())
    assert [run_regdb(bytes(data), profile).verdict for profile in PROFILES] == ["run", "run"]
    data[36 + 24 : 36 + 28] = b"\x7f\xff\xff\0"
    assert [run_regdb(bytes(data), profile).verdict for profile in PROFILES] == ["crash", "refuse"]
