"""One run never raises on a finding, and finds what the oracles name."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccheck.core import users_code
from ccheck_fuzz.execution.context import prepare_campaign
from ccheck_fuzz.execution.harness import Harness
from ccheck_fuzz.execution.options import CampaignOptions, CampaignOptionsError
from ccheck_fuzz.mutate.scheduler import MutationScheduler
from ccheck_fuzz.oracles.broken import Broken
from ccheck_fuzz.oracles.case import OracleCase
from tests.fuzz.channel_setting import JULY, MARCH, options

FOUND: list[tuple[bytes, Broken]] = []


def harness(**changes: object) -> Harness:
    """A harness for the corpus that notes what it finds."""
    FOUND.clear()
    return Harness(prepare_campaign(options(**changes)), lambda data, broken: FOUND.append((data, broken)))


def test_the_july_file_escapes_a_validator_that_trusts_the_definitions() -> None:
    """One run of the July file is a validator bypass if the validator trusts the definitions.

    Under today's validator it reports what the validator is needed for.
    """
    trap = ("input-index-out-of-bounds", "fetch-input", "criteria[].field_index")
    assert harness(trust_definitions=True).run(JULY)
    assert [(broken.signature, broken.information) for _, broken in FOUND] == [
        (("validator-bypass", *trap), False)
    ]
    assert harness().run(JULY)
    assert [(broken.signature, broken.information) for _, broken in FOUND] == [
        (("needs-validator", *trap), True)
    ]


def test_the_march_file_breaks_nothing() -> None:
    """A good file runs in all builds, and reaches fields and kinds."""
    reached = harness(trust_definitions=True).run(MARCH)
    assert ("IPC", 1, 20, 1, True) in reached
    assert FOUND == []


def test_a_users_own_interpreter_escapes_too() -> None:
    """What the validator passes and a user's own reader raises on is a validator bypass of that reader."""
    made = harness(reader="tests.fuzz.own_reader:read", trust_definitions=True)
    assert made.broken_by(MARCH) == ()
    assert [one.signature for one in made.broken_by(JULY)] == [
        ("validator-bypass", "input-index-out-of-bounds", "fetch-input", "criteria[].field_index"),
        ("validator-bypass", "exception", "IndexError", "own_reader.py:read"),
    ]


@settings(max_examples=200)
@given(data=st.binary(max_size=400))
def test_any_bytes_run(data: bytes) -> None:
    """Whatever the bytes, a run ends without an exception and without an error."""
    made = any_bytes()
    made.run(data)
    made.run(MARCH[: len(data)] + data)
    assert [broken for _, broken in FOUND if not broken.information] == []


_MADE: list[Harness] = []


def any_bytes() -> Harness:
    """One harness for all examples."""
    if not _MADE:
        _MADE.append(harness())
    return _MADE[0]


def test_an_exception_of_ccheck_itself_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that is neither a finding nor a trap is the oracle ccheck's, by kind and place."""
    made = harness()

    def fails(data: bytes) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(
        users_code, "OURS", (*users_code.OURS, __file__)
    )  # this file stands for ccheck's own code
    monkeypatch.setattr("ccheck.formats.channel.session.load", lambda *args: fails(args[1]))
    assert made.run(MARCH) == set()
    ((_, broken),) = FOUND
    assert broken.oracle == "ccheck"
    assert broken.signature == ("ccheck", "ZeroDivisionError", "test_harness.py:fails")


def test_a_setup_survives_as_words() -> None:
    """A setup is the same after its journey through JSON."""
    made = options(oracles=("validator-bypass",), definitions=("/a", "/b"))
    assert CampaignOptions.from_json(made.to_json()) == made


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"oracles": ("nothing",)}, "no oracle is called 'nothing'"),
        ({"config": None, "use_config": False}, "no consumers were named"),
    ],
)
def test_a_setup_that_cannot_be_is_said_so(changes: dict[str, object], words: str) -> None:
    """A campaign that could find nothing is refused before it begins."""
    with pytest.raises(CampaignOptionsError, match=words):
        prepare_campaign(options(**changes))


def test_content_says_what_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is new, the same inputs are judged in any order."""
    judged: list[bytes] = []

    def note(case: OracleCase, oracles: object) -> tuple[Broken, ...]:
        judged.append(case.data)
        return ()

    monkeypatch.setattr("ccheck_fuzz.execution.harness.broken", note)
    made = prepare_campaign(options())
    scheduler = MutationScheduler(made, [MARCH])
    inputs = [scheduler.mutate(MARCH, 4096, number) for number in range(600)]
    shares = []
    for order in (inputs, inputs[::-1]):
        tried = Harness(made, lambda data, broken: None)
        for data in inputs * 3:
            tried.run(data)
        judged.clear()
        for data in order:
            tried.run(data)
        shares.append(sorted(judged))
    assert shares[0] == shares[1]
    assert 10 < len(shares[0]) < 200


def test_hardly_an_input_is_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mutation that was given before is made again; with one try alone many are the same."""

    def repeated() -> int:
        scheduler = MutationScheduler(prepare_campaign(options()), [MARCH])
        inputs = [scheduler.mutate(MARCH, 4096, number) for number in range(3000)]
        return len(inputs) - len(set(inputs))

    with_more_tries = repeated()
    monkeypatch.setattr("ccheck_fuzz.mutate.scheduler.TRIES", 1)
    assert with_more_tries * 4 < repeated()
