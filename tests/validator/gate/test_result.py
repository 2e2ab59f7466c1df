"""A gate passes only when every stage that is on examined something and found nothing wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ccheck.core.finding import RunReport
from ccheck.release.gate.result import ContentFile, GateResult, MatrixCell, Stage, Status, concluded

_PASSED = Stage("validate", Status.PASS, "2 files pass", {"files": 2})
_OFF = Stage("fuzz", Status.OFF, "switched off")
_RESULT = GateResult(
    release="march",
    on="2024-03-05",
    program_version="1",
    files=(ContentFile("a.bin", "a.bin", 1, "00"),),
    stages=(_PASSED, _OFF),
    reports=RunReport((), "1"),
)


def test_a_stage_that_examined_nothing_cannot_pass() -> None:
    """A pass over nothing is refused when it is made, and concluded as incomplete."""
    with pytest.raises(ValueError, match="examined nothing"):
        Stage("validate", Status.PASS, "0 files pass", {"files": 0})
    assert concluded("validate", {"files": 0}, summary="0 files pass").status is Status.INCOMPLETE


def test_a_failure_outweighs_a_gap_and_a_gap_a_pass() -> None:
    """A stage with failures fails also when something could not be examined; a gap alone is incomplete."""
    both = concluded("faults", {"files": 3}, summary="", failures=["a", "b"], gaps=["c"])
    assert both == Stage(
        "faults", Status.FAIL, "a (and 1 more)", {"files": 3}, {"failures": ["a", "b"], "gaps": ["c"]}
    )
    assert concluded("faults", {"files": 3}, summary="", gaps=["c"]).status is Status.INCOMPLETE
    assert concluded("faults", {"files": 3}, summary="all refused").status is Status.PASS


@pytest.mark.parametrize(
    ("stages", "verdict"),
    [
        ((_PASSED, _OFF), Status.PASS),
        ((_OFF,), Status.INCOMPLETE),
        ((), Status.INCOMPLETE),
        ((_PASSED, Stage("diff", Status.INCOMPLETE, "crashed")), Status.INCOMPLETE),
        (
            (Stage("a", Status.INCOMPLETE, ""), Stage("b", Status.FAIL, ""), _PASSED),
            Status.FAIL,
        ),
    ],
)
def test_the_verdict_is_that_of_the_worst_stage_that_is_on(
    stages: tuple[Stage, ...], verdict: Status
) -> None:
    """One failure fails the gate, one incomplete stage leaves it incomplete, and no stage at all is no pass."""
    assert replace(_RESULT, stages=stages).verdict is verdict


def test_a_release_without_files_does_not_pass() -> None:
    """Stages that pass over no file are not a pass."""
    assert replace(_RESULT, files=()).verdict is Status.INCOMPLETE


def test_a_hole_is_what_is_used_and_never_ran() -> None:
    """A cell is a hole only where the release uses it and no event matched or failed it."""
    cell = MatrixCell("regex", used=True, allowed=True, matched=False, failed=False, first=True)
    assert cell.hole
    assert not replace(cell, failed=True).hole
    assert not replace(cell, used=False).hole
