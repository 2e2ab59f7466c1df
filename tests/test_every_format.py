"""Promises of every format on any bytes: findings, never an exception, and two readings that agree."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccheck.core.finding import FileReport
from ccheck.formats.check_table import CHECKS, applies
from ccheck.formats.exercise.outcome import ExerciseError, RunInputs
from ccheck.formats.format import Format
from ccheck.formats.registry import FORMATS
from ccheck.judging.context import ValidationContext
from ccheck.judging.judge import MAX_FINDINGS
from ccheck.judging.preparation import prepare
from ccheck_fuzz.oracles.case import OracleCase
from ccheck_fuzz.oracles.table import broken
from ccheck_schemas.model.fix_up import fix_up
from ccheck_schemas.read import read
from tests.conftest import ROOT
from tests.corpus import FEWEST_GOOD, enough

ALONE = [known for known in FORMATS if known.name != "channel"]
"""The formats whose files are judged by themselves; channel files need definitions and have tests of their
own.
"""

STEPS = 40
"""Edits at random in each good file, for each of the tests below."""


@cache
def validation(name: str) -> ValidationContext:
    """What judges files as one format."""
    return prepare(schema=name, use_config=False)


@cache
def good(name: str) -> tuple[bytes, ...]:
    """The good files of a format's corpus that are judged with nothing but themselves, the short ones."""
    files = sorted((ROOT / "corpus" / name).glob("*/good/*.bin"))
    recipes = {path: path.with_suffix(".yaml").read_text(encoding="utf-8") for path in files}
    found = [path.read_bytes() for path in files if "setting:" not in recipes[path]]
    return tuple(data for data in dict.fromkeys(found) if len(data) < 6000)


def case(name: str, data: bytes) -> OracleCase:
    """A file judged as a format."""
    judged = validation(name)
    assert judged.schema is not None
    return OracleCase(data, judged.schema, judged, RunInputs())


def kept(name: str, data: bytes) -> FileReport:
    """Judge and run a file, and hold both answers against what must always hold."""
    one = case(name, data)
    report = one.report
    for finding in report.findings:
        assert 0 <= finding.offset <= finding.offset + finding.length <= len(data), finding
        assert "\n" not in finding.message
        for proof in finding.related:
            assert proof.offset is None or 0 <= proof.offset <= proof.offset + proof.length <= len(data)
    counts = Counter(finding.check for finding in report.findings)
    assert all(count <= MAX_FINDINGS for count in counts.values())
    made = [c for c in CHECKS.applying(name) if applies(c, name) and not c.on_request]
    assert report.checks_run + len(report.not_run) == len(made)
    assert report.verdict == "fail" or report.warnings or not report.not_run
    try:
        exercised = one.exercised
    except ExerciseError:
        return report  # a version for which the format has no reader
    assert not [found for found in broken(one) if not found.information]
    if exercised is not None:
        for outcome in exercised.outcomes:
            checking = "checked" in outcome.consumer
            assert outcome.trap is None or not checking, (outcome.consumer, outcome.trap)
    return report


@pytest.mark.parametrize("known", ALONE, ids=lambda known: known.name)
def test_there_are_good_files_to_break(known: Format) -> None:
    """The edits below begin with several files of each format, all of which pass."""
    enough(known.name, len(good(known.name)), FEWEST_GOOD, "different good files of less than 6,000 bytes")
    assert {kept(known.name, data).verdict for data in good(known.name)} == {"pass"}


@pytest.mark.parametrize("known", ALONE, ids=lambda known: known.name)
@given(data=st.binary(max_size=300))
@settings(max_examples=60)
def test_random_bytes_fail(known: Format, data: bytes) -> None:
    """Random bytes are a file of no format: each fails, in a report that keeps its promises."""
    assert kept(known.name, data).verdict == "fail"


@pytest.mark.parametrize("known", ALONE, ids=lambda known: known.name)
def test_a_file_cut_anywhere_is_judged(known: Format) -> None:
    """A good file cut short at any place is judged without an exception, and at most places fails."""
    data = min(good(known.name), key=len)
    verdicts = Counter(kept(known.name, data[:size]).verdict for size in range(len(data)))
    assert verdicts["fail"] > 0.95 * len(data)


def edits(name: str, seed: int) -> Iterator[bytes]:
    """Good files with one to four edits: bytes, words, pieces of others, insertions, removals.

    In half of them sizes and checksums are made true again: else nearly none of a format with a checksum passes.
    """
    layout = case(name, b"").schema.layout
    rng = random.Random(seed)
    files = good(name)
    for data in files:
        for step in range(STEPS):
            edited = bytearray(data)
            for _ in range(rng.randint(1, 4)):
                at = rng.randrange(len(edited) + 1)
                match rng.randrange(6):
                    case 0 | 1:
                        edited[at : at + 1] = bytes(
                            [rng.choice((0, 1, 2, 4, 0x7F, 0x80, 0xFF, rng.randrange(256)))]
                        )
                    case 2:
                        at -= at % 4
                        word = rng.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, rng.randrange(1 << 32), len(data)))
                        edited[at : at + 4] = word.to_bytes(4, rng.choice(("big", "little")))
                    case 3:
                        other = rng.choice(files)
                        start = rng.randrange(len(other))
                        piece = other[start : start + rng.randint(1, 48)]
                        edited[at : at + len(piece)] = piece
                    case 4:
                        edited[at:at] = rng.randbytes(rng.choice((1, 4, 8)))
                    case 5:
                        del edited[at : at + rng.choice((1, 4, 8, 32))]
            made = bytes(edited)
            yield fix_up(made, read(layout, made)) if step % 2 else made


@pytest.mark.parametrize("known", ALONE, ids=lambda known: known.name)
def test_edited_files_keep_all_promises(known: Format) -> None:
    """An edited file has findings or is other good content.

    What passes traps no build, and no build that checks bounds traps at all.
    """
    verdicts = Counter(kept(known.name, data).verdict for data in edits(known.name, 1))
    assert verdicts["fail"] > 100, (
        f"of {verdicts.total()} edited files of {known.name} hardly any fails: {verdicts}"
    )
    assert verdicts["pass"], (
        f"none of {verdicts.total()} edited files of {known.name} passes, with sizes and checksums made true in half"
        f" of them: add good files to corpus/{known.name} that differ in a few bytes"
    )
