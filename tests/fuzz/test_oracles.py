"""Each oracle finds a case that breaks it, and is silent on one that does not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from ccheck.core import users_code
from ccheck.core.check import Check, Diagnostic
from ccheck.core.subject import Subject
from ccheck.formats.channel.checks import contract
from ccheck.formats.channel.fast_path.content import definitions
from ccheck.formats.channel.fast_path.files import ChannelFastPath
from ccheck.formats.channel.fast_path.type_rules import RulesByType
from ccheck.formats.check_table import CHECKS
from ccheck.formats.exercise.agreement import Agreed
from ccheck.formats.exercise.outcome import RunInputs
from ccheck.judging.context import ValidationContext
from ccheck.judging.preparation import prepare
from ccheck_fuzz.oracles.broken import Broken
from ccheck_fuzz.oracles.case import BRIEF, BRIEF_PER_BYTE, OracleCase
from ccheck_fuzz.oracles.drivers import needs_validator, refused, trap, validator_bypass
from ccheck_fuzz.oracles.readings import disagreement, fast_path, non_canonical, over_strict
from ccheck_fuzz.oracles.resources import resources
from ccheck_fuzz.oracles.table import ORACLES, broken
from ccheck_interpreter.channel.evaluate import EventResult, evaluate
from ccheck_interpreter.channel.loader import Content
from ccheck_interpreter.event import Event
from ccheck_schemas.formats.channel.generated import accept
from ccheck_schemas.formats.channel.schema import SCHEMA
from ccheck_schemas.model.fix_up import fix_up
from ccheck_schemas.read import read
from tests.conftest import ROOT

CORPUS = ROOT / "corpus" / "channel"
STORY = CORPUS / "field-past-inputs"
MARCH = (STORY / "good" / "C-00000291-00000000-00000001.bin").read_bytes()
JULY = (STORY / "bad" / "C-00000291-00000000-00000032.bin").read_bytes()


@pytest.fixture(scope="module")
def validation() -> ValidationContext:
    """The corpus's definitions and builds."""
    return prepare(config=CORPUS / "ccheck.toml")


def case(validation: ValidationContext, data: bytes) -> OracleCase:
    """A channel file under the supported builds of the corpus."""
    assert validation.context.consumers is not None
    builds = validation.context.consumers.supported(validation.context.on)
    return OracleCase(data, SCHEMA, validation, RunInputs((CORPUS / "definitions.bin").read_bytes(), builds))


def without(validation: ValidationContext, *functions: object) -> ValidationContext:
    """A validator that lacks some checks."""
    return replace(validation, checks=tuple(c for c in CHECKS if c.judge not in functions), fast_path=None)


def test_the_march_file_breaks_nothing(validation: ValidationContext) -> None:
    """A good file holds all properties."""
    assert broken(case(validation, MARCH)) == ()
    assert list(ORACLES) == [
        "validator-bypass",
        "refused",
        "trap",
        "disagreement",
        "non-canonical",
        "fast-path",
        "resources",
        "over-strict",
        "needs-validator",
    ]


def test_the_july_file_is_an_escape_of_a_validator_without_the_contract(
    validation: ValidationContext,
) -> None:
    """The validator of 2024 passes the July file, a build traps, and the oracle names the trap; today's refuses it."""
    old = without(validation, *(c.judge for c in CHECKS if c.supply))
    found = next(validator_bypass(case(old, JULY)), None)
    assert found is not None
    assert found.signature[:2] == ("validator-bypass", "input-index-out-of-bounds")
    assert not list(validator_bypass(case(validation, JULY)))


def test_a_build_that_refuses_what_passes_is_told(validation: ValidationContext) -> None:
    """Without the check of input counts, a file that a guarded build refuses passes, and the oracle says so."""
    folder = CORPUS / "input-count-refused"
    guarded = prepare(
        use_config=False, definitions=[CORPUS / "definitions.bin"], consumers=folder / "consumers.toml"
    )
    data = (folder / "bad" / "guarded-build.bin").read_bytes()
    found = next(refused(case(without(guarded, contract.input_count_refused), data)), None)
    assert found is not None
    assert found.signature == ("refused", "input-count")
    assert not list(refused(case(guarded, data)))


def test_a_trap_in_a_build_that_claims_checks_is_told(validation: ValidationContext) -> None:
    """A build that is said to check bounds and does not is found out by any file that traps it."""
    honest = case(validation, JULY)
    assert not list(trap(honest))
    pretended = replace(honest, ran=tuple(replace(o, checks_bounds=True) for o in honest.outcomes))
    found = next(trap(pretended), None)
    assert found is not None
    assert found.signature[0] == "trap"


def test_a_lax_form_is_told(validation: ValidationContext) -> None:
    """Without the check of the canonical form, a file in another form passes, and the oracle says where it differs."""
    paths = sorted((CORPUS / "not-canonical" / "bad").glob("*.bin"))
    assert paths
    lax = replace(validation, checks=tuple(c for c in CHECKS if c.name != "not-canonical"), fast_path=None)
    for path in paths:
        found = next(non_canonical(case(lax, path.read_bytes())), None)
        assert found is not None
        assert found.signature == ("non-canonical",)


def test_a_fast_path_that_passes_too_much_is_told(validation: ValidationContext) -> None:
    """A fast path without builds to hold against would pass the July file; the oracle names the check that does not."""
    assert not list(fast_path(case(validation, JULY)))
    fixed = tuple(b for b in case(validation, JULY).given.builds if b.switch("bounds_check"))
    columns = accept((CORPUS / "definitions.bin").read_bytes())
    assert columns is not None
    types = definitions(columns, "", fixed)
    assert types is not None
    careless = replace(validation, fast_path=ChannelFastPath(fixed, RulesByType(types, fixed)))
    found = next(fast_path(case(careless, JULY)), None)
    assert found is not None
    assert found.signature == ("fast-path", "field-past-inputs")


def test_two_readings_that_differ_are_told(
    validation: ValidationContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interpreter that takes one criterion kind for another disagrees with the schema about who matches."""
    assert not list(disagreement(case(validation, MARCH)))
    monkeypatch.setattr("ccheck_interpreter.channel.evaluate.match_text", lambda *args, **words: False)
    found = next(disagreement(case(validation, MARCH)), None)
    assert found is not None
    assert found.signature == ("disagreement", "matched")


def test_what_readings_agreed_on_is_not_asked_again(
    validation: ValidationContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instance that met its events is cached for later cases; other criteria meet their own events.

    What was not agreed on is reported again.
    """
    met: list[tuple[int | None, int | None]] = []

    def watched(content: Content, event: Event) -> EventResult:
        met.append((event.instance, event.criterion))
        return evaluate(content, event)

    monkeypatch.setattr("ccheck.formats.channel.agreement.evaluate", watched)
    data = (CORPUS / "instances.bin").read_bytes()
    agreed: Agreed = set()
    assert not list(disagreement(replace(case(validation, data), agreed=agreed)))
    assert {(0, None), (0, 0), (0, 1), (1, None), (1, 0)} <= set(met)
    for _ in range(2):  # the first time there were more events than are met for one file
        met.clear()
        assert not list(disagreement(replace(case(validation, data), agreed=agreed)))
    assert met == []

    edited = bytearray(data)
    edited[-16] += 1  # the integer that the last criterion wants, before the link that ends the chain
    other = fix_up(bytes(edited), read(SCHEMA.layout, bytes(edited)))
    assert not list(disagreement(replace(case(validation, other), agreed=agreed)))
    assert set(met) == {(1, None), (1, 1)}
    monkeypatch.setattr("ccheck_interpreter.channel.evaluate.match_integer", lambda *args: False)
    assert not list(disagreement(replace(case(validation, data), agreed=agreed)))
    assert list(disagreement(case(validation, data)))


def test_a_users_interpreter_that_differs_is_told(validation: ValidationContext) -> None:
    """If a user's own interpreter answers for a build, its verdict is compared with the reference's."""
    honest = case(validation, MARCH)
    same = replace(honest, foreign=(replace(honest.outcomes[0]),))
    assert not list(disagreement(same))
    other = replace(honest, foreign=(replace(honest.outcomes[0], verdict="refuse"),))
    (found,) = disagreement(other)
    assert found.signature == ("disagreement", "run", "refuse")


def test_what_is_refused_and_harmless_is_information(validation: ValidationContext) -> None:
    """A file that is refused, is canonical and harms no build is reported as informational."""
    harmless = (CORPUS / "duplicate-instance" / "bad").glob("*.bin")
    found = [one for path in harmless for one in over_strict(case(validation, path.read_bytes()))]
    assert found
    assert all(one.information for one in found)
    assert {one.signature[1] for one in found} == {"duplicate-instance"}
    assert not list(over_strict(case(validation, JULY)))


def test_what_only_the_validator_keeps_from_a_build_is_information(validation: ValidationContext) -> None:
    """A trap of a build without bounds checks is informational, with the checks that refuse the file.

    If the validator passes the file, it is a validator bypass; a build with bounds checks is not involved.
    """
    found = list(needs_validator(case(validation, JULY)))
    assert found
    assert {one.signature for one in found} == {
        ("needs-validator", *one.trap.signature)
        for one in case(validation, JULY).outcomes
        if one.trap is not None and not one.checks_bounds
    }
    assert all(one.information and one.what.endswith("refused by field-past-inputs") for one in found)
    assert not list(needs_validator(case(without(validation, contract.field_past_inputs), JULY)))
    assert not list(needs_validator(case(validation, MARCH)))
    checked = [replace(one, checks_bounds=True) for one in case(validation, JULY).outcomes]
    assert not list(needs_validator(replace(case(validation, JULY), ran=tuple(checked))))


def test_work_out_of_proportion_is_told(
    validation: ValidationContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps far beyond what a file of its size needs are reported, and time that is so when measured again."""
    honest = case(validation, MARCH)
    assert not list(resources(honest))
    slow = replace(honest, ran=tuple(replace(o, steps=10**9) for o in honest.outcomes))
    assert next(resources(slow)).signature == ("resources", "steps")
    monkeypatch.setattr("ccheck_fuzz.oracles.resources.SECONDS", -1.0)
    assert [one.signature for one in resources(case(validation, MARCH))] == [("resources", "time")]


def test_memory_out_of_proportion_is_told(validation: ValidationContext) -> None:
    """A check that fills memory is reported, though it takes far less time than it may.

    A check that takes as long and needs no memory is not.
    """
    long = BRIEF + BRIEF_PER_BYTE * len(MARCH)

    def asked(check: Callable[[Subject], Iterator[Diagnostic]]) -> list[tuple[str, ...]]:
        judged = case(replace(validation, checks=(*CHECKS, Check(check)), fast_path=None), MARCH)
        found = [one.signature for one in resources(judged)]
        assert judged.memory
        return found

    def fills(subject: Subject) -> Iterator[Diagnostic]:
        time.sleep(long)
        _ = list(range(1 << 20))
        yield from ()

    def waits(subject: Subject) -> Iterator[Diagnostic]:
        time.sleep(long)
        yield from ()

    assert asked(fills) == [("resources", "memory")]
    assert asked(waits) == []


def test_an_oracle_that_raises_is_told(
    validation: ValidationContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an oracle raises is a finding of ccheck, or of schema if it came through the user's code.

    The other oracles still run.
    """

    def fails(asked: OracleCase) -> Iterator[Broken]:
        raise KeyError("on purpose")

    found = broken(case(validation, MARCH), {"fails": fails, "trap": trap})
    assert [one.signature for one in found] == [("schema", "KeyError", "test_oracles.py:fails")]
    monkeypatch.setattr(
        users_code, "OURS", (*users_code.OURS, __file__)
    )  # this file stands for ccheck's own code
    found = broken(case(validation, MARCH), {"fails": fails, "trap": trap})
    assert [one.signature for one in found] == [("ccheck", "KeyError", "test_oracles.py:fails")]
