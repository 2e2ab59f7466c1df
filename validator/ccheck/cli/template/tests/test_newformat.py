"""newformat holds together: its corpus, its checks, and what it says of any bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccheck.cli.recipe_file import build_file, load_yaml
from ccheck.core.consumers import load_consumers  # <interpreter>
from ccheck.core.finding import FileReport
from ccheck.formats.exercise.outcome import RunInputs  # <interpreter>
from ccheck.judging.preparation import prepare
from ccheck_fuzz.strategies import broken, valid
from ccheck_schemas.read import read
from newformat import FORMAT
from newformat.checks import CHECKS
from newformat.exercise import run  # <interpreter>
from newformat.schema import SCHEMA

ROOT = Path(__file__).resolve().parent.parent
RECIPES = sorted(ROOT.glob("corpus/*/*/*.yaml"))
VALIDATION = prepare(
    schema=str(ROOT / "newformat" / "schema.py"), use_config=False, consumers=ROOT / "consumers.toml"
)
BUILDS = load_consumers(ROOT / "consumers.toml").builds  # <interpreter>
QUICKLY = settings(
    max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


def judged(data: bytes) -> FileReport:
    """The report of bytes."""
    return VALIDATION.judged(data, "file.bin", "file.bin")


def test_the_format_is_whole() -> None:
    """All parts that the format names are there."""
    assert FORMAT.schema is SCHEMA
    assert FORMAT.checks.checks == CHECKS
    assert all(check.manual.summary for check in CHECKS)


def test_each_check_has_a_pair() -> None:
    """Each check of the format's own has a bad and a good file in the corpus."""
    paired = {(path.parts[-3], path.parts[-2]) for path in RECIPES}
    assert {(check.name, kind) for check in CHECKS for kind in ("bad", "good")} <= paired


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: "/".join(path.parts[-3:]))
def test_the_corpus_is_judged_as_it_says(recipe: Path) -> None:
    """A bad file fails its own check alone, and a good file passes with every check made."""
    report = judged(build_file(recipe, (SCHEMA,)))
    wanted = {recipe.parts[-3]} if recipe.parts[-2] == "bad" else set()
    assert {finding.check for finding in report.findings} == wanted
    assert report.verdict == ("fail" if wanted else "pass")
    assert wanted or not report.not_run


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: "/".join(path.parts[-3:]))
def test_each_recipe_says_why(recipe: Path) -> None:
    """Two lines say what is strange about a file and what readers do with it."""
    assert len(load_yaml(recipe)["why"].strip().splitlines()) == 2


@given(data=st.binary(max_size=100))
@QUICKLY
def test_random_bytes_fail(data: bytes) -> None:
    """Random bytes have findings, and never pass."""
    assert judged(data).verdict == "fail"


@given(data=valid(SCHEMA, VALIDATION))
@QUICKLY
def test_what_is_valid_passes_and_is_built_back(data: bytes) -> None:
    """A file without findings is made again, byte for byte, out of what it says."""
    assert judged(data).verdict == "pass"
    assert SCHEMA.rebuild(data, SCHEMA.assemble(read(SCHEMA.layout, data))) == data
    ran = run(data, RunInputs(builds=BUILDS)).outcomes  # <interpreter>
    assert {outcome.verdict for outcome in ran} == {"run"}  # <interpreter>


@given(data=broken(SCHEMA, "newformat-input-repeated", VALIDATION))
@QUICKLY
def test_an_input_with_two_rules_is_found(data: bytes) -> None:
    """A rule repeated is found, whatever else the file holds."""
    assert {finding.check for finding in judged(data).findings} == {"newformat-input-repeated"}
