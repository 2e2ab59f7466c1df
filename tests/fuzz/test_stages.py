"""The gate's stages of this package: what once broke is run again, and a search around the release."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from ccheck.release.gate.context import GateContext
from ccheck.release.gate.prepare import prepare_gate
from ccheck.release.gate.result import Stage, Status
from ccheck_fuzz.commands import stages
from ccheck_fuzz.commands.stages import Curve, fuzz, regress
from ccheck_fuzz.corpus.regress import regress_one
from ccheck_fuzz.oracles.broken import Broken
from tests.conftest import ROOT
from tests.validator.gate.story import DAY, lay_out

KEPT = ROOT / "corpus" / "channel" / "regress"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., GateContext]:
    """What makes a case of a release, with a policy's further lines."""
    lay_out(tmp_path)
    monkeypatch.chdir(tmp_path)

    def make(release: str = "march", more: str = "", last_good: Path | None = None) -> GateContext:
        policy = f'format = 1\ndefinitions = ["definitions.bin"]\nconsumers = "consumers.toml"\n{more}'
        Path("ccheck.toml").write_text(policy, encoding="utf-8")
        return prepare_gate([release], on=date.fromisoformat(DAY), last_good=last_good)

    return make


def with_corpus() -> str:
    """The lines of a policy with a copy of the project's own corpus."""
    shutil.copytree(KEPT, Path("corpus/channel/regress"))
    return '[gate]\ncorpus = "corpus"\n'


def failing(stage: Stage) -> str:
    """The first failure of a stage."""
    assert stage.status is Status.FAIL
    return str(stage.details["failures"][0])


def test_the_same_seed_comes_to_the_same_end(made: Callable[..., GateContext]) -> None:
    """Two searches of one seed are the same to the last number, and another seed reaches other things."""
    policy = "[gate]\nseed = {}\n[gate.budgets]\nfuzz = 60\n"
    one, again, other = (fuzz(made(more=policy.format(seed))) for seed in (7, 7, 8))
    assert one == again
    assert one.details["curve"] != other.details["curve"]


def test_the_curve_rises_from_no_run_to_the_last(made: Callable[..., GateContext]) -> None:
    """The curve begins at nothing, ends at the budget, and never falls."""
    stage = fuzz(made(more="[gate.budgets]\nfuzz = 40\n"))
    curve = stage.details["curve"]
    assert curve[0] == [0, 0]
    assert curve[-1] == [40, stage.details["reached"]]
    assert curve == sorted(curve)
    assert stage.examined == {"runs": 40, "files": 1}


def test_a_long_curve_is_thinned() -> None:
    """However many steps a search has, the curve has some hundred points, and both of its ends."""
    curve = Curve()
    for number in range(5000):
        curve.count("x", {number})
    points = curve.points()
    assert (points[0], points[-1]) == ([0, 0], [5000, 5000])
    assert len(points) < 2 * stages.MOST_POINTS


def test_a_file_that_traps_is_found(made: Callable[..., GateContext]) -> None:
    """A search around July is a gap, for the file does not pass by itself; it is no pass."""
    stage = fuzz(made("july", "[gate.budgets]\nfuzz = 10\n"))
    assert stage.status is not Status.PASS
    assert "it does not pass, so a search around it shows little" in str(stage.details)


def test_what_broke_before_is_called_by_its_name(
    made: Callable[..., GateContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finding with the signature of one in the corpus fails all the same, and says where it is kept."""
    more = with_corpus()
    folder = next(Path("corpus/channel/regress").iterdir())
    broken = Broken("validator-bypass", "a build traps", ("validator-bypass", "x"))
    (folder / "once.json").write_text(json.dumps({"signature": list(broken.signature)}), encoding="utf-8")
    monkeypatch.setattr(stages, "_search", lambda *args: (True, [broken]))
    assert failing(fuzz(made(more=more))).endswith(
        f"a build traps (as once in channel/regress/{folder.name})"
    )


def test_a_budget_that_does_not_reach_a_file_is_a_gap(made: Callable[..., GateContext]) -> None:
    """With more changed files than runs, the stage is incomplete."""
    file = next(Path("march").iterdir())
    shutil.copyfile(file, file.with_name("C-00000291-00000000-00000002.bin"))
    stage = fuzz(made(more="[gate.budgets]\nfuzz = 1\n"))
    assert stage.status is Status.INCOMPLETE
    assert "the budget of 1 runs does not reach it" in stage.summary


def test_unchanged_files_are_left_out(made: Callable[..., GateContext]) -> None:
    """The search is around what changed since the last good release."""
    file = next(Path("march").iterdir())
    shutil.copytree("march", "before")
    shutil.copyfile(file, file.with_name("C-00000291-00000000-00000002.bin"))
    data = bytearray(file.read_bytes())
    stage = fuzz(made(more="[gate.budgets]\nfuzz = 4\n", last_good=Path("before")))
    assert stage.examined["files"] == 2, "a release that is as the one before is searched around all the same"
    data[-1] ^= 1
    file.with_name("C-00000291-00000000-00000002.bin").write_bytes(data)
    stage = fuzz(made(more="[gate.budgets]\nfuzz = 4\n", last_good=Path("before")))
    assert stage.examined["files"] == 1


def test_the_corpus_is_run_again_and_named(made: Callable[..., GateContext]) -> None:
    """Each folder that was kept is run, and stands in the details with its digest."""
    stage = regress(made(more=with_corpus()))
    assert stage.status is Status.PASS
    assert set(stage.details["corpus"]) == {
        f"channel/regress/{path.name}" for path in KEPT.iterdir() if path.is_dir()
    }


def test_a_corpus_that_changes_while_it_is_run_is_a_gap(
    made: Callable[..., GateContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digests in the verdict are those of what was run, or the stage is incomplete."""
    context = made(more=with_corpus())

    def meddle(folder: Path) -> object:
        with (folder / "why.txt").open("a", encoding="utf-8") as file:
            file.write("more\n")
        return regress_one(folder)

    monkeypatch.setattr(stages, "regress_one", meddle)
    stage = regress(context)
    assert stage.status is Status.INCOMPLETE
    assert stage.summary == "corpus was changed while it was run"


def test_an_empty_corpus_is_no_pass(made: Callable[..., GateContext]) -> None:
    """Nothing kept, or no corpus named, leaves the stage incomplete."""
    Path("corpus").mkdir()
    assert regress(made(more='[gate]\ncorpus = "corpus"\n')).status is Status.INCOMPLETE
    assert regress(made()).status is Status.INCOMPLETE
