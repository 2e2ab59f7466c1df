"""Where a build stopped: comparisons that were missed by one are stops of their own."""

from __future__ import annotations

import pytest

from ccheck.formats.exercise.outcome import Outcome
from ccheck_fuzz.execution.stop import compared, stop_of
from ccheck_interpreter.trap import Refusal


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ("the regex does not compile", ()),
        ("index 20 of 20", (0,)),
        ("index 4096 of 20", (-2,)),
        ("index 19 of 20, then 0x13", (1, -1)),
        ("program of 2,001 instructions, at most 2,000", (-1,)),
        ("1 2 3 4 5 6 7 8", (1, 1, 1, 1, 1)),
    ],
)
def test_numbers_of_a_message_are_compared(message: str, wanted: tuple[int, ...]) -> None:
    """Each number of a message is replaced by how it compares to the one before it, for the first six."""
    assert compared(message) == wanted


def test_refusals_that_are_missed_by_one_differ() -> None:
    """A refusal for a number that is one too large is another stop than one for a number far too large."""
    stops = {
        stop_of(Outcome("1", "any", "refuse", refusal=Refusal("index", f"index {index}, the table has 20")))
        for index in (20, 21, 300, 4096)
    }
    assert stops == {("index", "", 0), ("index", "", -1), ("index", "", -2)}
    assert stop_of(Outcome("1", "any", "run")) is None


def test_one_check_that_fails_in_several_ways_has_several_stops() -> None:
    """Where a refusal says in a word what exactly is wrong, each word is a stop of its own."""
    refused = [Refusal("regex", "it does not compile", detail=word) for word in ("missing )", "missing ]")]
    assert len({stop_of(Outcome("1", "any", "refuse", refusal=one)) for one in refused}) == 2
