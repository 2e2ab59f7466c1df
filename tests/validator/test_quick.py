"""The fast path against the checks: it passes a file only when they find nothing, and good files take it."""

from __future__ import annotations

import random
import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import product
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccheck.core.finding import FileReport
from ccheck.formats.channel.fast_path import instances as by_columns
from ccheck.formats.channel.fast_path.applying import APPLYING
from ccheck.formats.channel.fast_path.files import ChannelFastPath
from ccheck.formats.channel.fast_path.type_rules import RulesByType
from ccheck.formats.check_table import CHECKS
from ccheck.formats.registry import SCHEMAS, named
from ccheck.judging.context import ValidationContext
from ccheck.judging.judge import examine, judge
from ccheck.judging.preparation import prepare as prepare_validation
from ccheck_schemas.formats.channel import structure as channel
from ccheck_schemas.formats.channel.schema import SCHEMA as CHANNEL_SCHEMA
from ccheck_schemas.model.fix_up import fix_up
from ccheck_schemas.read import read
from tests.conftest import ROOT
from tests.edits import edited
from tests.generated import counts
from tests.test_agreement import instances

CORPUS = ROOT / "corpus" / "channel"
DAY = date(2026, 11, 22)


def both(definitions: Path, consumers: Path, day: date = DAY) -> tuple[ChannelFastPath, ValidationContext]:
    """The fast path and the whole one, for the same definitions and builds.

    Skips the test where the count of checks is stale: all reports differ by it, and a test of its own fails.
    """
    if len(CHECKS.applying("channel")) != APPLYING:
        pytest.skip("the count of checks is stale, as test_the_counts_of_checks_are_current says")
    whole = prepare_validation(
        schema="channel", use_config=False, definitions=[definitions], consumers=consumers, on=day
    )
    assert isinstance(whole.fast_path, ChannelFastPath)
    return whole.fast_path, whole


def fast_report(quick: ChannelFastPath, data: bytes, name: str) -> FileReport | None:
    """The report of the fast path: the same for all instances together, and for two at a time."""
    together = quick.report(data, name, name)
    with patch.object(by_columns, "_TOGETHER", 2):
        by_twos = quick.report(data, name, name)
    assert together == by_twos, data.hex()
    return together


def agree(quick: ChannelFastPath, whole: ValidationContext, data: bytes, name: str) -> bool:
    """Returns whether the fast path passed the file. The report is that of all checks on all content."""
    slow: FileReport = judge(
        examine(data, name, whole.context, SCHEMAS, CHANNEL_SCHEMA), name, CHECKS, whole.policy
    )
    assert whole.judged(data, name, name) == slow, data.hex()
    with patch.object(by_columns, "_TOGETHER", 3), patch.object(by_columns, "_FEW", 1):
        assert whole.judged(data, name, name) == slow, data.hex()
    fast = fast_report(quick, data, name)
    assert fast in (None, slow)
    return fast is not None


def edited_files(seed: int, count: int) -> Iterator[bytes]:
    """Files of the corpus with a few bytes changed in their tables and pools; some cut, most fixed up."""
    seeds = [p.read_bytes() for p in sorted(CORPUS.glob("**/*.bin")) if 100 < p.stat().st_size < 3000]
    assert len(seeds) > 50
    rng = random.Random(seed)
    for _ in range(count):
        yield edited(rng, seeds, root=channel.CHANNEL, first=32, cut=0.1, sealed=0.9)


def test_the_corpus_takes_the_way_that_is_right() -> None:
    """Every good file of the corpus passes the fast path, every bad one is left to the checks."""
    count = {"good": 0, "bad": 0}
    for path in sorted(path for path in CORPUS.glob("*/*/*.bin") if path.parts[-3] != "regress"):
        folder = path.parent.parent
        if "setting:" in path.with_suffix(".yaml").read_text(encoding="utf-8"):
            continue
        definitions, consumers = (
            next(f / name for f in (folder, CORPUS) if (f / name).exists())
            for name in ("definitions.bin", "consumers.toml")
        )
        quick, whole = both(definitions, consumers)
        assert agree(quick, whole, path.read_bytes(), path.name) is (path.parent.name == "good"), path
        count[path.parent.name] += 1
    assert min(count.values()) > 40


def test_edited_files_never_pass_the_fast_path_alone() -> None:
    """Thousands of edited good files, sealed or not: what passes quickly passes whole, with the same report."""
    quick, whole = both(CORPUS / "definitions.bin", CORPUS / "consumers.toml")
    seeds = [p.read_bytes() for p in sorted(CORPUS.glob("*/good/*.bin")) if p.stat().st_size < 3000]
    rng = random.Random(7)
    passed = 0
    for _ in range(4000):
        passed += agree(quick, whole, edited(rng, seeds, root=channel.CHANNEL, most=2, first=8), "")
    assert passed > 50


@pytest.mark.parametrize("name", ["instances.bin", "definitions.bin"])
def test_each_byte_counts(name: str) -> None:
    """A good file with any one byte changed, and a right checksum, passes the fast path only if it passes.

    Each block counts, the size of its records too.
    """
    quick, whole = both(CORPUS / "definitions.bin", CORPUS / "consumers.toml")
    good = (CORPUS / name).read_bytes()
    passed = 0
    for at in (*range(0x1C), *range(0x20, len(good))):
        data = bytearray(good)
        data[at] ^= 1
        data[0x1C:0x20] = zlib.crc32(data[0x20:]).to_bytes(4, "little")
        passed += agree(quick, whole, bytes(data), "")
    assert 0 < passed < len(good) / 2


def test_edited_files_are_judged_alike(more: int) -> None:
    """Thousands of edited files have the same findings on their suspects as on their whole content."""
    quick, whole = both(CORPUS / "definitions.bin", CORPUS / "consumers.toml")
    met: Counter[str] = Counter()
    for data in edited_files(11, 1500 * more):
        agree(quick, whole, data, "")
        met.update({finding.check for finding in whole.judged(data, "", "").findings})
    assert len(met) > 35, met


@pytest.mark.parametrize("name", ["instances.bin", "not-canonical/bad/exchanged-items.bin"])
def test_one_wrong_record_is_judged_alike(name: str) -> None:
    """A file that is wrong in any byte of one instance has the findings of the whole content.

    Only the suspect instances are looked at; also if the file is not canonical.
    """
    quick, whole = both(CORPUS / "definitions.bin", CORPUS / "consumers.toml")
    good = (CORPUS / name).read_bytes()
    rows = read(CHANNEL_SCHEMA.layout, good).tables["instances"]
    narrowed = 0
    met: set[str] = set()
    for record in (rows[-1], *rows[-1].criteria):
        for at, value in product(range(record.offset, record.end), (0, 1, 9, 255)):
            edited = bytearray(good)
            edited[at] = value
            data = fix_up(bytes(edited), read(CHANNEL_SCHEMA.layout, bytes(edited)))
            agree(quick, whole, data, "")
            met |= {finding.check for finding in whole.judged(data, "", "").findings}
            with patch.object(by_columns, "_FEW", 1):
                found = quick.narrow(CHANNEL_SCHEMA, read(CHANNEL_SCHEMA.layout, data))
            narrowed += found is not None and len(found.content.instances) < len(rows)
    assert narrowed > 80
    assert ("not-canonical" in met) is name.startswith("not-canonical")
    assert len(met) > 12


@given(data=instances())
@settings(max_examples=200)
def test_files_from_recipes_agree(data: bytes) -> None:
    """Files of arbitrary instances pass quickly only with the report that the checks give."""
    quick, whole = both(CORPUS / "definitions.bin", CORPUS / "consumers.toml")
    fast = agree(quick, whole, data, "")
    slow = judge(examine(data, "", whole.context, SCHEMAS, CHANNEL_SCHEMA), "", CHECKS, whole.policy)
    clean = slow.verdict == "pass" and not slow.findings
    assert fast == clean, "a clean file did not take the fast path"


@given(st.binary(max_size=300))
def test_any_bytes_are_left_to_the_checks(data: bytes) -> None:
    """Bytes that are no channel file never pass the fast path."""
    quick = ChannelFastPath((), RulesByType((), ()))
    assert quick.report(data, "", "x") is None
    assert quick.report(b"\xaa\xaa\xaa\xaa" + data, "", "x") is None


def test_definitions_that_are_not_right_leave_all_to_the_checks(tmp_path: Path) -> None:
    """With broken definitions, two of them, none, or no supported build, no file of instances passes quickly."""
    good = CORPUS / "definitions.bin"
    march = CORPUS / "field-past-inputs" / "good" / "C-00000291-00000000-00000001.bin"
    data = march.read_bytes()
    broken = tmp_path / "broken.bin"
    broken.write_bytes(good.read_bytes()[:-1])

    def passes(*definitions: Path, day: date = DAY) -> bool:
        whole = prepare_validation(
            use_config=False, definitions=definitions, consumers=CORPUS / "consumers.toml", on=day
        )
        assert whole.fast_path is not None
        return whole.fast_path.report(data, march.name, "x") is not None

    assert passes(good)
    assert not any(passes(*definitions) for definitions in ((), (broken,), (good, good), (march,)))
    assert not passes(good, day=date(2020, 1, 1))


def test_a_format_that_is_named_is_the_one_that_judges() -> None:
    """A channel file that is to be judged as another format does not pass as what it is."""
    march = CORPUS / "field-past-inputs" / "good" / "C-00000291-00000000-00000001.bin"
    whole = prepare_validation(schema="sysmon", config=CORPUS / "ccheck.toml")
    assert whole.report(str(march)).verdict == "fail"


def test_a_name_that_differs_is_left_to_the_checks() -> None:
    """A file whose name is not its header's does not pass the fast path."""
    quick, _ = both(CORPUS / "definitions.bin", CORPUS / "consumers.toml")
    march = CORPUS / "field-past-inputs" / "good" / "C-00000291-00000000-00000001.bin"
    assert quick.report(march.read_bytes(), march.name, "x") is not None
    assert quick.report(march.read_bytes(), march.name.replace("01.bin", "02.bin"), "x") is None


def test_the_counts_of_checks_are_current() -> None:
    """The modules of counts are what the table of checks gives; `python -m tests.generated` renews them."""
    found = list(counts())
    assert found
    stale = [
        path.relative_to(ROOT).as_posix() for path, text in found if path.read_text(encoding="utf-8") != text
    ]
    assert not stale, (
        f"run `python -m tests.generated`: there are more or fewer checks than in {', '.join(stale)}"
    )


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_the_count_of_checks_is_that_of_the_table(schema: object) -> None:
    """The table has as many checks for a format as apply to it; a format without a fast path says why."""
    name = schema.name  # type: ignore[attr-defined]  # a Schema, which parametrize gives as object
    applying = sum(1 for check in CHECKS if not check.schemas or name in check.schemas)
    known = named(name)
    assert known is not None
    assert len(CHECKS.applying(name)) == applying
    assert (name == "channel") is not bool(known.no_fast_path)
