"""A rollout is planned from what the gate said: slower for first uses, and not at all for what it stops."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ccheck.release.rollout.chain import read
from tests.validator.gate.story import DAY, JULY, Call, recorded

pytest.importorskip("securesystemslib", reason="signing needs the extra gate")

PLAN = ("--last-good", "february", "--hosts", "1000000")
SIGNED = ("--verdict", "march.json", "--key", "gate.pub", "--config", "ccheck.toml", "--on", DAY)


@pytest.fixture
def gated(cc: Call) -> Call:
    """The command line, beside the verdict and the result of March against an empty record of what was before."""
    cc("keys", "new", "gate")
    recorded(cc)
    Path("baseline.txt").write_text(
        Path("baseline.txt").read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8"
    )
    outputs = ("--key", "gate.key", "--verdict", "march.json", "--json", "march.out")
    assert cc("gate", "march", "--on", DAY, *outputs)[0] == 0
    return cc


def plan(cc: Call, *words: object, files: str = "march") -> tuple[int, str, str]:
    """`ccheck rollout plan`, to the record `rollout`."""
    return cc(
        "rollout", "plan", "march", *sorted(Path(files).iterdir()), "--record", "rollout", *PLAN, *words
    )


@pytest.mark.parametrize("words", [SIGNED, ("--result", "march.out")])
def test_first_uses_come_from_the_gate(gated: Call, words: tuple[str, ...]) -> None:
    """The plan is flagged with what the gate named, and its rings are smaller and bake longer."""
    status, out, _ = plan(gated, *words)
    assert status == 0
    assert out.startswith("canary: 250 hosts, then 96 hours\n")
    assert "slower for a first use: IPC field 1: first non-wildcard criterion ever\n" in out
    firsts = json.loads(Path("march.out").read_text(encoding="utf-8"))["first_uses"]
    assert read(Path("rollout")).plan.flagged == tuple(first["what"] for first in firsts)


def test_without_first_uses_the_plan_is_the_usual_one(gated: Call) -> None:
    """A release that uses what is known is not slowed down."""
    recorded(gated)
    gated("gate", "march", "--on", DAY, "--key", "gate.key", "--verdict", "march.json")
    status, out, _ = plan(gated, *SIGNED)
    assert (status, out.splitlines()[0]) == (0, "canary: 1,000 hosts, then 24 hours")


def test_what_the_verdict_does_not_let_out_is_not_planned(gated: Call) -> None:
    """Other files, a stopped release, another key, a day too late, and a verdict without its key."""
    gated("keys", "new", "other")
    for words in (
        (*SIGNED[:2], "--key", "other.pub", *SIGNED[4:]),
        (*SIGNED[:-1], "2024-12-01"),
        SIGNED[:2],
        SIGNED[2:4],
        SIGNED[:4],
    ):
        assert plan(gated, *words)[0] == 2
    assert plan(gated, *SIGNED, files="july")[0] == 2
    assert not Path("rollout").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"verdict": "incomplete"}, "the gate's verdict is 'incomplete', not 'pass'"),
        ({"files": []}, "the gate judged other files"),
        ({"slower": False}, "contradicts itself"),
        ({"first_uses": 7}, "not a result of ccheck gate"),
    ],
)
def test_a_result_that_is_no_pass_of_these_files_is_refused(
    gated: Call, change: dict[str, object], words: str
) -> None:
    """What is not signed is still compared with itself and the files."""
    told = json.loads(Path("march.out").read_text(encoding="utf-8")) | change
    Path("march.out").write_text(json.dumps(told), encoding="utf-8")
    status, _, err = plan(gated, "--result", "march.out")
    assert status == 2
    assert words in err
    assert not Path("rollout").exists()


def test_changed_bytes_are_refused(gated: Call) -> None:
    """A file of the same name with other bytes is not what the gate saw."""
    next(Path("march").iterdir()).write_bytes(JULY.read_bytes())
    for words in (SIGNED, ("--result", "march.out")):
        assert plan(gated, *words)[0] == 2
