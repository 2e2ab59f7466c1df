"""The stage exercise: whatever keeps a build from running the release as it stands is a failure or a gap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ccheck.formats.exercise.evidence import Evidence, Use
from ccheck.formats.exercise.outcome import Exercised, Outcome, RunInputs
from ccheck.release.gate.context import GateContext
from ccheck_interpreter.trap import Refusal
from tests.validator.gate.story import CORPUS, DAY, POLICY, Call, alone

USE = Use("IPC", 1, 20, "regex")


def told(cc: Call, monkeypatch: pytest.MonkeyPatch, evidence: Evidence) -> tuple[int, str]:
    """The stage alone, over evidence: status and output."""

    def gather(data: bytes, content: Any, given: RunInputs) -> Evidence:
        return evidence

    monkeypatch.setattr(GateContext, "gather", lambda context, schema: gather)
    alone("exercise")
    status, out, _ = cc("gate", "march", "--on", DAY)
    return status, out


def ran(**changes: Any) -> Exercised:
    """One build that ran the file, but for what is changed."""
    words: dict[str, Any] = {"verdict": "run", "instances": 1, "events": 3, "steps": 9, **changes}
    return Exercised((Outcome("7.11", "windows-x64", **words),))


def test_a_hole_in_the_matrix_fails(cc: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A criterion kind that the release uses on a field, and that no event met, fails it."""
    status, out = told(cc, monkeypatch, Evidence(ran(), uses=(USE,)))
    assert status == 1
    assert "no event met IPC field 21, regex: not covered" in out
    met = Evidence(ran(), uses=(USE,), results=frozenset({(USE, False)}))
    assert told(cc, monkeypatch, met)[0] == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"verdict": "refuse", "refusal": Refusal("kind", "kind 9 is not known")},
            "7.11 refuses: kind 9 is not known",
        ),
        (
            {"verdict": "skip", "skipped": ("instances[0]: too large",)},
            "7.11 does not use instances[0]: too large",
        ),
        ({"telemetry": ("instances[0]: too few inputs",)}, "7.11 reports instances[0]: too few inputs"),
    ],
)
def test_a_build_that_does_not_run_all_of_it_fails(
    cc: Call, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], words: str
) -> None:
    """A build that refuses the file, passes an instance over, or reports it, is no build that runs it."""
    status, out = told(cc, monkeypatch, Evidence(ran(**changes)))
    assert status == 1
    assert words in out


def test_no_build_is_a_gap(cc: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evidence without an outcome leaves the stage incomplete."""
    status, out = told(cc, monkeypatch, Evidence(Exercised(())))
    assert status == 3
    assert "no build ran it" in out


@pytest.mark.parametrize("stage", ["exercise", "first_use", "faults"])
def test_a_driver_loads_one_definitions_file(cc: Call, stage: str) -> None:
    """Where a project names several definitions, nothing can be run by them, and no stage passes."""
    Path("more.bin").write_bytes(Path("definitions.bin").read_bytes())
    policy = POLICY.replace('["definitions.bin"]', '["definitions.bin", "more.bin"]')
    Path("ccheck.toml").write_text(policy, encoding="utf-8")
    status, out, _ = cc("gate", "march", "--on", DAY, "--only", stage)
    assert status == 3
    assert "a driver loads one definitions file" in out


def test_content_of_no_format_is_a_gap_where_it_cannot_be_run(cc: Call) -> None:
    """Bytes of no known format fail validate, and leave what would run them incomplete."""
    Path("march/other.bin").write_bytes(b"nothing that is known")
    for stage, status in (("validate", 1), ("exercise", 3), ("faults", 3), ("diff", 3)):
        assert cc("gate", "march", "--on", DAY, "--only", stage)[0] == status


def test_a_sysmon_blob_needs_its_target(cc: Call) -> None:
    """What a driver does with a damaged blob depends on its version: where none is known, that is a gap."""
    blob = min((CORPUS.parent / "sysmon" / "all-zero" / "good").glob("*.bin"))
    alone("faults")
    arguments = ("gate", blob, "--on", DAY)
    status, out, _ = cc(*arguments)
    assert status == 3
    assert "name a version with --target" in out
    assert cc(*arguments, "--target", "15.0")[0] == 0
