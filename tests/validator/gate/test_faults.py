"""The stage faults: a build that takes a damaged file for good, and a validator that passes one, fail it."""

from __future__ import annotations

import pytest

from ccheck.formats.exercise.outcome import Exercised, Outcome, RunInputs
from ccheck.judging.context import ValidationContext
from ccheck.release.gate.stages import faults
from tests.validator.gate.story import DAY, Call


def test_a_build_that_runs_a_damaged_file_fails(cc: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a listed build would run what is neither the old file nor the new one, the release fails."""

    def takes_all(data: bytes, given: RunInputs) -> Exercised:
        return Exercised(tuple(Outcome(build.name, build.platform, "run") for build in given.builds))

    monkeypatch.setattr(ValidationContext, "exercise", lambda validation, schema: takes_all)
    status, out, _ = cc("gate", "march", "--on", DAY, "--only", "faults")
    assert status == 1
    assert "C-00000291-00000000-00000001.bin, all zero: 7.11 accepts it" in out
    assert "renamed to" not in out


def test_a_damaged_file_that_the_validator_passes_fails(cc: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no check sees the damage, the release fails, although every build refuses."""
    monkeypatch.setattr(faults, "judge", lambda *args: _Passed())
    status, out, _ = cc("gate", "march", "--on", DAY, "--only", "faults")
    assert status == 1
    assert "all zero: the validator passes it" in out


class _Passed:
    verdict = "pass"


def test_no_interpreter_leaves_the_stage_incomplete(cc: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A format that nothing can run is a gap."""
    monkeypatch.setattr(ValidationContext, "exercise", lambda validation, schema: None)
    assert cc("gate", "march", "--on", DAY, "--only", "faults")[0] == 3


def test_a_format_that_no_build_answers_for_leaves_the_stage_incomplete(
    cc: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interpreter that reports no build is no evidence."""
    monkeypatch.setattr(
        ValidationContext, "exercise", lambda validation, schema: lambda data, given: Exercised(())
    )
    status, out, _ = cc("gate", "march", "--on", DAY, "--only", "faults")
    assert status == 3
    assert "no build could be asked what it does with it" in out
