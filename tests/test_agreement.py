"""Two readings of the same bytes: what the validator passes, no supported build traps on or refuses."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccheck.formats.exercise.outcome import RunInputs
from ccheck.judging.context import ValidationContext
from ccheck.judging.preparation import prepare
from ccheck_fuzz.oracles.case import OracleCase
from ccheck_fuzz.oracles.table import broken
from ccheck_schemas.formats.channel import numbers as channel_numbers
from ccheck_schemas.formats.channel import structure as channel
from ccheck_schemas.formats.channel.recipe import compose
from ccheck_schemas.formats.channel.schema import SCHEMA as CHANNEL_SCHEMA
from ccheck_schemas.layout.lint import layout_of
from ccheck_schemas.read import read
from tests.conftest import ROOT
from tests.edits import edited

CORPUS = ROOT / "corpus"
DEFINITIONS = (CORPUS / "channel" / "definitions.bin").read_bytes()
CONTENT = channel.assemble(read(layout_of(channel.CHANNEL), DEFINITIONS))
TYPES = {t.id: t for t in CONTENT.types}

TEXTS = st.one_of(
    st.sampled_from(["pipe", "a", "svchost.exe", "\\Device\\x", "é"]), st.text(min_size=1, max_size=12)
)
NUMBERS = st.one_of(st.sampled_from([0, 1, 4, 2**32, 2**64 - 1]), st.integers(0, 2**64 - 1))


@st.composite
def criteria(draw: st.DrawFn, type_id: int) -> dict[str, Any]:
    """A criterion that mostly fits its field, and sometimes does not."""
    type_ = TYPES[type_id]
    index = draw(st.integers(0, len(type_.fields)))
    field = type_.fields[min(index, len(type_.fields) - 1)]
    kinds = [kind for kind in channel_numbers.CriterionKind if field.allows(kind)]
    kind = draw(st.sampled_from(kinds if draw(st.integers(0, 9)) else list(channel_numbers.CriterionKind)))
    criterion: dict[str, Any] = {"field": index, "kind": kind.name.lower()}
    text = field.value_kind == channel_numbers.ValueKind.TEXT
    match kind:
        case channel_numbers.CriterionKind.WILDCARD:
            return criterion
        case channel_numbers.CriterionKind.INTEGER_RANGE:
            return criterion | {"low": draw(NUMBERS), "high": draw(NUMBERS)}
        case channel_numbers.CriterionKind.BIT_MASK:
            mask = draw(NUMBERS)
            return criterion | {"mask": mask, "value": draw(NUMBERS) & mask}
        case channel_numbers.CriterionKind.ONE_OF if text:
            return criterion | {"texts": draw(st.lists(TEXTS, min_size=1, max_size=4))}
        case channel_numbers.CriterionKind.ONE_OF:
            return criterion | {"integers": draw(st.lists(NUMBERS, min_size=1, max_size=4))}
        case channel_numbers.CriterionKind.REGEX:
            regexes = ["a.*b", "^$", "(a|b)+c{1,3}", "[a-z", "\\d+", "(a*)*", "x{1000}", "."]
            return criterion | {"text": draw(st.sampled_from(regexes))}
    return criterion | ({"text": draw(TEXTS)} if text else {"integer": draw(NUMBERS)})


@st.composite
def instances(draw: st.DrawFn) -> bytes:
    """A file of instances of the corpus's types, in canonical form; often good, often nearly so."""
    made = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        type_id = draw(st.sampled_from(sorted(TYPES)))
        held = draw(st.lists(criteria(type_id), min_size=1, max_size=5, unique_by=lambda c: c["field"]))
        made.append({"id": number, "type": type_id, "severity": "low", "action": "detect", "criteria": held})
    try:
        return compose({"kind": "instances", "channel": 291, "instances": made})
    except UnicodeEncodeError:
        return compose({"kind": "instances", "channel": 291, "instances": made[:0]})


@pytest.fixture(scope="module")
def validation() -> ValidationContext:
    """The corpus's definitions and builds."""
    return prepare(config=CORPUS / "channel" / "ccheck.toml")


def agree(validation: ValidationContext, data: bytes) -> bool:
    """Hold the two readings against each other by all oracles; whether the validator passed the file."""
    assert validation.context.consumers is not None
    builds = validation.context.consumers.supported(validation.context.on)
    case = OracleCase(data, CHANNEL_SCHEMA, validation, RunInputs(DEFINITIONS, builds))
    assert not [one for one in broken(case) if not one.information]
    return case.report.verdict == "pass"


def both_kinds(verdicts: Counter[bool]) -> bool:
    """Whether a property was tested on files that pass and files that fail."""
    return min(verdicts[True], verdicts[False]) > 5


def test_what_passes_runs_in_every_supported_build(validation: ValidationContext) -> None:
    """A file that the validator passes neither traps nor is refused, by any supported build."""
    seen: Counter[bool] = Counter()

    @given(data=instances())
    @settings(max_examples=150)
    def holds(data: bytes) -> None:
        seen[agree(validation, data)] += 1

    holds()
    assert both_kinds(seen), seen


def test_edited_bytes_that_still_pass_run_too(validation: ValidationContext) -> None:
    """The same for files whose bytes were edited and whose size and checksum were made true again."""
    seen: Counter[bool] = Counter()

    @given(data=instances(), numbers=st.randoms(use_true_random=False), most=st.integers(1, 3))
    @settings(max_examples=400)
    def holds(data: bytes, numbers: Random, most: int) -> None:
        seen[agree(validation, edited(numbers, [data], root=channel.CHANNEL, most=most))] += 1

    holds()
    assert seen[True], "no edited file passed"
    assert seen[False]


SYSMON = sorted((CORPUS / "sysmon").glob("*/good/*.bin"))


def test_sysmon_rules_that_pass_run_in_both_readers() -> None:
    """A blob that the validator passes, whole or edited, traps neither the trusting nor the checking reader."""
    validation = prepare(schema="sysmon", use_config=False)
    schema = validation.schema
    assert schema is not None
    seen: Counter[bool] = Counter()

    @given(path=st.sampled_from(SYSMON), numbers=st.none() | st.randoms(use_true_random=False))
    @settings(max_examples=100)
    def holds(path: Path, numbers: Random | None) -> None:
        data = path.read_bytes()
        case = OracleCase(
            data if numbers is None else edited(numbers, [data], most=2), schema, validation, RunInputs()
        )
        passed = case.report.verdict == "pass"
        seen[passed] += 1
        if passed:
            assert not [one for one in broken(case) if not one.information]

    holds()
    assert both_kinds(seen), seen
