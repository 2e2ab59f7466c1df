"""The corpus: each file is what its recipe makes, fails its own check alone when bad, and passes when good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ccheck.cli.recipe_file import build_file, load_yaml
from ccheck.core.consumers import load_consumers
from ccheck.core.finding import FileReport
from ccheck.formats.check_table import CHECKS
from ccheck.formats.exercise.outcome import ExerciseError, RunInputs
from ccheck.formats.interpreters import EXERCISES
from ccheck.formats.registry import SCHEMAS
from tests.corpus import CORPUS, beside, judgement_of, setting_of, without

KEPT = "regress"
"""The folder of what once broke a property; tests/fuzz/test_regress.py runs it."""
RECIPES = sorted(path for path in CORPUS.glob("*/*/*/*.yaml") if path.parts[-3] != KEPT)
SHARED = sorted(path for path in CORPUS.glob("*/*.yaml") if path.with_suffix(".bin").exists())
FORMATS = sorted(path.name for path in CORPUS.iterdir() if path.is_dir())
ADDING = {"torn-at-sector"}
"""Checks that explain what others find: those are made as well, and find it."""

NEVER_FILES = {
    "unreadable": "no bytes of a file make it unreadable; a test of the command does",
    "too-large": "the file would be larger than the limit; a test of the command lowers the limit",
    "examination-crashed": "a file that crashes ccheck is a bug to fix; a test has a check that raises",
    "facts-missing": "it is about consumers.toml: tests/validator/test_contract.py has builds that state less",
    "fault-unclaimed": "every fault has its check; a test takes one out of the table",
}
"""Checks that no corpus can hold, and why."""


def name_of(path: Path) -> str:
    """The part of the path that distinguishes the files of the corpus."""
    return "/".join(path.with_suffix("").parts[-4:])


def report_of(recipe: Path) -> FileReport:
    """The file of a recipe, judged."""
    return judgement_of(recipe).report(str(recipe.with_suffix(".bin")))


def verdicts(recipe: Path) -> dict[str, str]:
    """What each listed build does with the file, in the reference interpreter; empty when no builds are given."""
    consumers, definitions = (
        beside(recipe, "consumers", "consumers.toml"),
        beside(recipe, "definitions", "definitions.bin"),
    )
    exercise = EXERCISES[recipe.parents[2].name]
    given = RunInputs(
        definitions=None if definitions is None else definitions.read_bytes(),
        builds=() if consumers is None else load_consumers(consumers).builds,
        target=setting_of(recipe).get("target"),
    )
    try:
        outcomes = exercise(recipe.with_suffix(".bin").read_bytes(), given).outcomes
    except ExerciseError:
        return {}
    return {outcome.consumer: outcome.verdict for outcome in outcomes}


def applying(schema: str) -> Iterator[str]:
    """The names of the checks that apply to a format."""
    return (check.name for check in CHECKS if not check.schemas or schema in check.schemas)


def test_the_corpus_is_there() -> None:
    """The corpus has files of every built-in format, so that no test below passes by testing nothing."""
    assert len(RECIPES) > 60
    assert {path.parts[-4] for path in RECIPES} == set(FORMATS)
    assert set(FORMATS) <= {schema.name for schema in SCHEMAS}


def test_each_file_of_the_corpus_has_its_recipe() -> None:
    """No binary file lies in the corpus without a recipe, and no recipe without its file."""
    files = {path.with_suffix("") for path in CORPUS.glob("*/*/*/*.bin") if path.parts[-3] != KEPT}
    assert files == {path.with_suffix("") for path in RECIPES}
    assert {path.parent.name for path in RECIPES} == {"bad", "good"}


@pytest.mark.parametrize("recipe", [*SHARED, *RECIPES], ids=name_of)
def test_each_file_is_what_its_recipe_makes(recipe: Path) -> None:
    """Building the recipe gives the bytes that lie beside it."""
    assert build_file(recipe, SCHEMAS) == recipe.with_suffix(".bin").read_bytes()


@pytest.mark.parametrize("recipe", RECIPES, ids=name_of)
def test_each_recipe_says_why(recipe: Path) -> None:
    """Two lines say what is strange about the file and what readers do with it."""
    lines = load_yaml(recipe)["why"].strip().splitlines()
    assert len(lines) == 2
    assert all(len(line) > 10 for line in lines)


@pytest.mark.parametrize("recipe", [r for r in RECIPES if r.parent.name == "bad"], ids=name_of)
def test_each_bad_file_fails_its_own_check_alone(recipe: Path) -> None:
    """All findings in a bad file are of the check whose folder it is in.

    A check that only adds to others is not alone.
    """
    findings = report_of(recipe).findings
    own, checks = recipe.parents[1].name, {finding.check for finding in findings}
    assert own in checks, [f.message for f in findings]
    assert (len(checks) > 1) == (own in ADDING), [f.message for f in findings]


@pytest.mark.parametrize("recipe", [r for r in RECIPES if r.parent.name == "good"], ids=name_of)
def test_each_good_file_passes(recipe: Path) -> None:
    """A good file has no finding, not even a warning, and every check was made."""
    report = report_of(recipe)
    assert [finding.message for finding in report.findings] == []
    assert report.not_run == ()
    assert report.verdict == "pass"


@pytest.mark.parametrize("recipe", [r for r in RECIPES if r.parent.name == "bad"], ids=name_of)
def test_each_bad_file_does_to_builds_what_its_recipe_says(recipe: Path) -> None:
    """Under each build the file crashes, is refused, skipped in part or run, as its recipe notes."""
    assert dict(load_yaml(recipe).get("builds", {})) == verdicts(recipe)


@pytest.mark.parametrize("recipe", [r for r in RECIPES if r.parent.name == "good"], ids=name_of)
def test_no_build_traps_on_a_good_file(recipe: Path) -> None:
    """What the validator passes, no supported build traps on: every build runs it or leaves instances out."""
    assert set(verdicts(recipe).values()) <= {"run", "skip"}


@pytest.mark.parametrize("schema", FORMATS)
def test_each_check_has_a_pair_or_a_reason(schema: str) -> None:
    """Every check that applies to a format has a bad and a good file in its corpus, or a reason why not."""
    reasons = {**NEVER_FILES, **without(schema)}
    paired = {
        path.parts[-3] for path in RECIPES if path.parts[-4] == schema and path.parent.name == "bad"
    } & {path.parts[-3] for path in RECIPES if path.parts[-4] == schema and path.parent.name == "good"}
    wanted = set(applying(schema))
    lacking = sorted(wanted - paired - set(reasons))
    assert not lacking, (
        f"add recipes to corpus/{schema}/<check>/bad and good, or a line with the reason to"
        f" corpus/{schema}/without.toml, for {', '.join(lacking)}"
    )
    double = sorted(set(reasons) & paired)
    assert not double, f"these have files: take them out of corpus/{schema}/without.toml: {', '.join(double)}"
    foreign = sorted({path.parts[-3] for path in RECIPES if path.parts[-4] == schema} - wanted)
    assert not foreign, f"corpus/{schema} has folders of no check of {schema}: {', '.join(foreign)}"
