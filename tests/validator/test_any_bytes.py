"""Any bytes whatsoever are judged: findings inside the file, never an exception, and work in proportion."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from ccheck.core.finding import FileReport
from ccheck.formats.check_table import CHECKS
from ccheck.formats.registry import SCHEMAS
from ccheck.judging.judge import MAX_FINDINGS, Policy, examine, judge
from ccheck_schemas.fault import FaultName
from ccheck_schemas.formats.channel.recipe import compose, describe
from ccheck_schemas.formats.channel.schema import SCHEMA
from ccheck_schemas.formats.channel.structure import ChannelContent
from ccheck_schemas.read import read, text
from tests.validator.channel_sample import (
    SMALL,
    a_field,
    a_type,
    context,
    definitions,
    good_files,
    report,
    seal,
)

GOOD = [data for _, data in good_files()]
"""Good files of the corpus; the smallest have 120 bytes."""

DEFINITIONS = definitions(a_type(a_field(), a_field("size", value="integer")))
HEADER = SMALL[:0x20]


def test_there_are_good_files_to_break() -> None:
    """The mutations below begin with dozens of different files, all of which pass."""
    assert len(set(GOOD)) > 30
    assert all(report(data).verdict == "pass" for data in GOOD)


def judged(data: bytes) -> FileReport:
    """Judge a file, and hold the report against what every report must keep."""
    found = report(data)
    kept = Counter(f.check for f in found.findings)
    assert all(count <= MAX_FINDINGS for count in kept.values())
    for finding in found.findings:
        assert 0 <= finding.offset <= finding.offset + finding.length <= len(data)
        assert "\n" not in finding.message
        for proof in finding.related:
            if proof.file is None:
                assert proof.offset is not None
                assert 0 <= proof.offset <= proof.offset + proof.length <= len(data)
    applying = [c for c in CHECKS if not c.schemas or "channel" in c.schemas]
    assert found.checks_run + len(found.not_run) == len(applying)
    waiting = {entry.check for entry in found.not_run}
    assert not waiting & set(kept)
    if not found.findings:
        assert found.verdict == "pass"
        assert not waiting
        assert rebuilt(data) == data
    return found


def rebuilt(data: bytes) -> bytes:
    """The content of a file, built again."""
    return compose(describe(content(data)))


def content(data: bytes) -> ChannelContent:
    """The content of a file."""
    found = SCHEMA.assemble(read(SCHEMA.layout, data))
    assert isinstance(found, ChannelContent)
    return found


@given(st.binary(max_size=600))
def test_random_bytes_fail_and_nothing_is_raised(data: bytes) -> None:
    """Random bytes are no channel file: each fails, in a report that keeps its promises."""
    assert judged(data).verdict == "fail"


@given(st.binary(max_size=600))
def test_random_bytes_without_a_named_schema_fail(data: bytes) -> None:
    """Random bytes of which nothing says what they are fail too."""
    found = judge(examine(data, "", context(), SCHEMAS), "", CHECKS, Policy())
    assert found.verdict == "fail"


@given(st.binary(max_size=600))
def test_random_bytes_behind_a_good_header_fail(data: bytes) -> None:
    """A good header, a true size and a true checksum do not make random blocks pass."""
    assert judged(seal(HEADER + data)).verdict == "fail"


WORDS = st.one_of(
    st.integers(0, 64),
    st.sampled_from([0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000]),
    st.integers(0xFFFFFFC0, 0xFFFFFFFF),
)
"""Numbers that break bounds: small, at the edges of widths, and near the top, where sums wrap."""


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good file with one to four changes: a byte, a word, a piece of itself or of another file, a cut."""
    data = bytearray(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        match draw(st.sampled_from(["byte", "word", "piece", "insert", "remove", "cut"])):
            case "byte":
                data[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "word":
                at -= at % 4
                data[at : at + 4] = struct.pack("<I", draw(WORDS))
            case "piece":
                other = draw(st.sampled_from(GOOD))
                start = draw(st.integers(0, len(other)))
                piece = other[start : start + draw(st.integers(1, 48))]
                data[at : at + len(piece)] = piece
            case "insert":
                data[at:at] = draw(st.binary(min_size=1, max_size=16))
            case "remove":
                del data[at : at + draw(st.integers(1, 32))]
            case "cut":
                del data[at:]
    return bytes(data)


@given(mutated())
def test_a_changed_file_fails_unless_it_is_the_same(data: bytes) -> None:
    """No change of bytes behind the header passes without its checksum, and none raises."""
    found = judged(data)
    assert found.errors or data[0x20:] in {good[0x20:] for good in GOOD}


@given(mutated())
def test_a_changed_file_with_a_true_checksum_passes_only_when_it_is_canonical(data: bytes) -> None:
    """A change that is sealed again has findings, or is other content in its one canonical form."""
    judged(seal(data))


@given(st.sampled_from(GOOD), st.data())
def test_a_flipped_bit_is_found(good: bytes, data: st.DataObject) -> None:
    """Every flipped bit of a good file is an error, except in what only the header says.

    Those are the three numbers of the file's name, and the flag of test content.
    """
    at = data.draw(st.sampled_from([*range(8), *range(0x14, 0x18), *range(0x1C, len(good))]))
    changed = bytearray(good)
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    assert judged(bytes(changed)).errors


@pytest.mark.parametrize("data", [SMALL, DEFINITIONS], ids=["instances", "definitions"])
@pytest.mark.parametrize("sealed", [False, True], ids=["as cut", "sealed"])
def test_a_file_cut_anywhere_fails(data: bytes, sealed: bool) -> None:
    """Truncation at every offset is an error, even with a true size and checksum; only the whole file passes."""
    verdicts = []
    for size in range(len(data)):
        cut = data[:size]
        verdicts.append(judged(seal(cut) if sealed else cut).verdict)
    assert verdicts == ["fail"] * len(data)
    assert judged(data).verdict == "pass"


def blocks(kind: int, *bodies: tuple[int, int, int, bytes]) -> bytes:
    """A channel file out of bodies (block kind, record size, count, records), whatever they are."""
    out = b""
    for block, size, count, records in bodies:
        following = 0x20 + len(out) + 16 + len(records) + -len(records) % 8
        out += struct.pack("<IIHHI", following, 8 + len(records), block, size, count)
        out += records + bytes(-len(records) % 8)
    return seal(HEADER[:6] + struct.pack("<H", kind) + HEADER[8:] + out + bytes(8))


def pool_at(outer: int, inner: int) -> int:
    """Where the pool begins behind so many instances and criteria."""
    return 0x20 + 16 + 24 * outer + 16 + 16 * inner + 16


def an_instance(number: int, first: int, count: int) -> bytes:
    """The record of an instance of PROCESS."""
    return struct.pack("<IIHBBIHHI", number, 2, 1, 4, 3, first, count, 0, 0)


def a_criterion(field: int, kind: int, offset: int = 0, length: int = 0, value_kind: int = 0) -> bytes:
    """The record of a criterion."""
    return struct.pack("<HHIIHH", field, kind, offset, length, value_kind, 0)


def a_file(outer: list[bytes], inner: list[bytes], pool: bytes) -> bytes:
    """A file of these instances, criteria and pool."""
    return blocks(
        2,
        (3, 24, len(outer), b"".join(outer)),
        (4, 16, len(inner), b"".join(inner)),
        (5, 1, len(pool), pool),
    )


def sharing(kind: int, value_kind: int, operand: bytes, count: int = 12_000) -> bytes:
    """Criteria that all name the same operand; a text ends in a NUL that its length leaves out."""
    at, length = pool_at(count // 6, count), len(operand) - (value_kind == 1)
    return a_file(
        [an_instance(i + 1, 6 * i, 6) for i in range(count // 6)],
        [a_criterion(i % 6, kind, at, length, value_kind) for i in range(count)],
        operand,
    )


def shared_rows() -> bytes:
    """Thousands of instances that each take all of thousands of criteria."""
    return a_file([an_instance(i + 1, 0, 8000) for i in range(8000)], [a_criterion(0, 1)] * 8000, b"")


def overlapping_items() -> bytes:
    """Thousands of operands of 4,096 bytes, each one byte behind the one before."""
    count = 12_000
    at = pool_at(count // 6, count)
    return a_file(
        [an_instance(i + 1, 6 * i, 6) for i in range(count // 6)],
        [a_criterion(i % 6, 6, at + i, 4096, 1) for i in range(count)],
        b"a" * 17_000,
    )


def overlapping_blocks() -> bytes:
    """Thousands of blocks that each claim the rest of the file."""
    count = 30_000
    end = 0x20 + 16 * count
    links = b"".join(
        struct.pack("<IIHHI", at + 16, end - at - 8, 5, 1, end - at - 16) for at in range(0x20, end, 16)
    )
    return seal(HEADER + links + bytes(8))


def endless_counts() -> bytes:
    """Every count and length is the greatest number there is."""
    return seal(HEADER + b"\xff" * 500_000)


def all_wrong() -> bytes:
    """Thousands of criteria with nothing right in them."""
    return a_file([an_instance(1, 0, 65_535)], [struct.pack("<HHIIHH", 99, 99, 1, 2, 3, 9)] * 30_000, b"")


def shared_fields() -> bytes:
    """Thousands of template types that each take all of thousands of fields, under one name."""
    field = struct.pack("<IHHBBHI", pool_at(4000, 8000), 4, 64, 1, 0, 0, 6)
    name = pool_at(4000, 8000)
    types = [struct.pack("<IHHIIHHI", i + 1, 1, 8000, 0, name, 4, 0, 291) for i in range(4000)]
    return blocks(1, (1, 24, 4000, b"".join(types)), (2, 16, 8000, field * 8000), (5, 1, 5, b"FILE\0"))


@pytest.mark.parametrize(
    "make",
    [
        shared_rows,
        overlapping_items,
        overlapping_blocks,
        endless_counts,
        all_wrong,
        shared_fields,
        lambda: sharing(10, 1, b"a\0" * 100_000),
        lambda: sharing(10, 2, bytes(200_000)),
        lambda: sharing(7, 1, rb"(\pL{9}){9}" + b"a" * 1000 + b"\0"),
        lambda: sharing(7, 1, b"a" * 100_000 + b"\0"),
    ],
)
def test_hostile_files_fail_with_findings_that_are_bounded(make: Callable[[], bytes]) -> None:
    """Files made to ask for work with the square of their size are judged like any other, and fail."""
    found = judged(make())
    assert found.verdict == "fail"
    assert len(found.findings) <= MAX_FINDINGS * len(CHECKS)


def test_shared_rows_are_handed_out_at_most_twice() -> None:
    """Instances that all take the same criteria hold, together, no more than twice the criteria of the file."""
    held = content(shared_rows())
    assert len(held.instances) == 8000
    assert sum(len(i.criteria) for i in held.instances) <= 2 * 8000


@pytest.mark.parametrize(
    ("value_kind", "operand", "part"), [(1, b"a\0" * 2000, "texts"), (2, bytes(range(256)) * 16, "words")]
)
def test_a_shared_operand_is_taken_apart_once(value_kind: int, operand: bytes, part: str) -> None:
    """Criteria that name the same operand hold the same tuple, not one each."""
    held = content(sharing(10, value_kind, operand))
    parts = [getattr(c, part) for i in held.instances for c in i.criteria]
    assert len(parts) == 12_000
    assert len(parts[0]) >= 512
    assert len({id(p) for p in parts}) == 1


def test_a_shared_regex_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of criteria with one regex ask the engine once for each check that needs it."""
    asked: list[str] = []
    genuine = re2.compile

    def compile_(text: str, options: Any) -> Any:
        asked.append(text)
        return genuine(text, options)

    monkeypatch.setattr(re2, "compile", compile_)
    report(sharing(7, 1, rb"(\pL{9}){9}" + b"\0"))
    assert asked == [r"(\pL{9}){9}"] * 2


def test_overlapping_items_stop_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Operands that lie over each other are read up to eight times the file, and then no more."""
    read_bytes = 0
    genuine = text.decode

    def decode(collector: Any, node: Any, record: Any, name: str, at: int, length: int) -> str | None:
        nonlocal read_bytes
        read_bytes += length
        return genuine(collector, node, record, name, at, length)

    data = overlapping_items()
    monkeypatch.setattr("ccheck_schemas.read.pool.decode", decode)
    reading = read(SCHEMA.layout, data)
    assert len(data) < read_bytes <= 9 * len(data) + 65_536
    assert reading.counts[FaultName.POOL_ITEMS_OVERLAP] == 1
    assert not reading.complete


def test_overlapping_blocks_stop_the_reading() -> None:
    """Blocks that claim each other's bytes end the chain after about twice the file."""
    reading = read(SCHEMA.layout, overlapping_blocks())
    assert len(reading.root.blocks) < 10
    assert reading.counts[FaultName.BYTES_OWNED_TWICE] == 1


def test_counts_are_not_trusted_for_allocation() -> None:
    """A count of four thousand million makes as many records as there are bytes for: one."""
    data = bytearray(SMALL)
    struct.pack_into("<I", data, 0x54, 0xFFFFFFFF)
    reading = read(SCHEMA.layout, seal(bytes(data)))
    assert len(reading.tables["criteria"]) == 1
