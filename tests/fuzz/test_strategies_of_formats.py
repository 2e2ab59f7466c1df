"""Strategies for formats that kernels read: valid files pass, and what breaks one check breaks no other."""

from __future__ import annotations

from functools import cache
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ccheck.formats.check_table import CHECKS
from ccheck.formats.registry import FORMATS
from ccheck.judging.context import ValidationContext
from ccheck.judging.preparation import prepare
from ccheck_fuzz.corpus.explore import Explorer
from ccheck_fuzz.corpus.grow import grow
from ccheck_fuzz.corpus.judged import Judged
from ccheck_fuzz.mutate.interesting_values import interesting_values
from ccheck_fuzz.strategies import broken, valid
from tests.corpus import FEWEST_GOOD, enough, without
from tests.fuzz.seeds import NEVER_ALONE, NOT_GROWN, good

ELSEWHERE_DRAWN = {
    "channel": "is judged with definitions: tests/fuzz/test_strategies.py draws its files",
    "sysmon": "tests/fuzz/test_strategies.py draws its files, with a target and without",
}
"""Formats whose files are not drawn here, and why."""
NAMES = [known.name for known in FORMATS if known.name not in ELSEWHERE_DRAWN]
QUICKLY = settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow], deadline=None)
TRIES = 20_000
FEWEST_ALONE = 10
"""Checks of a format that are not excused, at least: more excuses would show little."""

BROKEN = {
    "regdb": "regdb-rule-wider-than-band",
    "devicetree": "devicetree-unbalanced",
    "apparmor": "apparmor-state-outside",
}
"""The check of each format that files are drawn for below: one that a few bytes of a good file break alone."""

ELSEWHERE: dict[str, dict[str, str]] = {
    "devicetree": {
        "devicetree-too-deep": "no mutation nests as many nodes in each other as it takes",
        "offset-misaligned": "the blocks move along, so that other bytes are read or left over too",
    },
    "apparmor": {
        "wrong-magic": "behind the wrong magic of a DFA its tables are faults too",
        "apparmor-limits-too-many": "no mutation adds a limit and counts it in its array",
        "apparmor-rename-freed": "no mutation writes an item of this name",
        "apparmor-states-too-few": "a table of one state has another length than its neighbours",
    },
}
"""Checks that are never alone after a mutation of the corpus, and why."""

RARE: dict[str, set[str]] = {
    "devicetree": {"devicetree-node-repeated", "devicetree-holds-images"},
    "regdb": {"not-canonical"},
    "apparmor": {
        "apparmor-chain-endless", "apparmor-exec-name-malformed", "apparmor-base-flag-unknown",
        "apparmor-transition-outside", "apparmor-exec-index-outside", "apparmor-key-repeated", "size-mismatch",
    },
}  # fmt: skip
"""Checks that some searches of this length find alone and others do not; they are neither asked for nor excused."""


@cache
def validation(name: str) -> ValidationContext:
    """What judges files of a format by themselves."""
    return prepare(schema=name, use_config=False)


@cache
def judged(name: str) -> Judged:
    """The same, asked often."""
    found = validation(name)
    assert found.schema is not None
    return Judged(found.schema, found)


@cache
def seeds(name: str) -> tuple[bytes, ...]:
    """Good files of a format that have no finding, the short ones."""
    found = [data for data in good(judged(name).schema) if not judged(name).report(data).findings]
    enough(name, len(found), FEWEST_GOOD, "good files that have no finding when judged by themselves")
    return tuple(data for data in found if len(data) < 6000)[-60:]


@cache
def valid_files(name: str) -> SearchStrategy[bytes]:
    """Valid files of a format, varied from its corpus."""
    return valid(judged(name).schema, validation(name), seeds=seeds(name)[:12])


@cache
def broken_files(name: str) -> SearchStrategy[bytes]:
    """Files of a format that break one of its checks."""
    return broken(judged(name).schema, BROKEN[name], validation(name), seeds=seeds(name)[:12])


def test_each_format_has_a_check_to_break() -> None:
    """The tables above are of formats that are shipped and drawn here, and each has a check to draw files for."""
    lacking = set(NAMES) - BROKEN.keys()
    assert not lacking, f"name a check of {lacking} in BROKEN that a few bytes of a good file break alone"
    assert {*BROKEN, *ELSEWHERE, *RARE} <= set(NAMES)
    assert ELSEWHERE_DRAWN.keys() <= {known.name for known in FORMATS}


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@QUICKLY
def test_valid_files_pass(name: str, data: st.DataObject) -> None:
    """Files that are varied from seeds pass without a finding."""
    assert not judged(name).report(data.draw(valid_files(name))).findings


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@QUICKLY
def test_broken_files_break_one_check_alone(name: str, data: st.DataObject) -> None:
    """In a file that breaks one check, that check alone finds something."""
    assert judged(name).checks(data.draw(broken_files(name))) == {BROKEN[name]}


@pytest.mark.parametrize("name", NAMES)
def test_checks_that_can_be_broken_alone(name: str) -> None:
    """Some mutation of its corpus breaks each check of a format on its own, with listed exceptions.

    They are listed here with a reason, or where the corpus says why no file of the format can fail them.
    """
    explorer = Explorer(judged(name), seeds(name), interesting_values(judged(name).schema))
    for _ in range(TRIES):
        explorer.step()
    alone = explorer.found.keys() | explorer.fixed.keys()
    impossible = without(name).keys()
    names = {check.name for check in CHECKS.applying(name) if not check.on_request}
    elsewhere, rare = ELSEWHERE.get(name, {}), RARE.get(name, set())
    excused = NEVER_ALONE.keys() | elsewhere.keys() | rare | impossible
    lacking = sorted(names - excused - alone)
    assert not lacking, (
        f"{TRIES:,} mutations of good files of {name} broke none of these checks alone: {', '.join(lacking)}."
        f" Add good files that come near, or put them into ELSEWHERE with the reason (they are never alone),"
        f" into RARE (some searches find them), or into corpus/{name}/without.toml (no file can fail them)"
    )
    assert len(names - excused) >= FEWEST_ALONE, f"nearly all checks of {name} are excused"
    wrong = sorted(impossible & alone)
    assert not wrong, f"corpus/{name}/without.toml gives reasons for checks that a mutation broke: {wrong}"
    assert elsewhere.keys() | rare <= names, "ELSEWHERE and RARE name checks that the format does not have"


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NOT_GROWN])
def test_valid_files_grow_from_nothing(name: str) -> None:
    """The schema alone is enough for a file that passes."""
    assert all(grow(judged(name).schema, validation(name), Random(seed)).valid for seed in range(3))


def test_what_cannot_be_grown_says_what_is_wrong() -> None:
    """Policy needs its items in the kernel's order, which no schema states: the best grown file is invalid.

    It says why.
    """
    grown = grow(judged("apparmor").schema, validation("apparmor"), Random(0), tries=200)
    assert not grown.valid
    assert grown.left
