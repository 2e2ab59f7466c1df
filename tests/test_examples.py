"""The formats in examples/, through the command line: recipes are judged as their folders say, and read a second time."""

from __future__ import annotations

import ast
import json
import random
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from ccheck.cli.main import run
from ccheck.cli.recipe_file import build_file, load_yaml
from ccheck.config.user_schema import UserSchema, load_user_schema
from ccheck.formats.exercise.outcome import RunInputs
from ccheck.judging.preparation import prepare
from ccheck_schemas.model.fix_up import fix_up
from ccheck_schemas.read import read
from ccheck_schemas.recipe import way_back
from tests.conftest import ROOT

EXAMPLES = ROOT / "examples"
NAMES = sorted(path.name for path in EXAMPLES.iterdir() if (path / "corpus").is_dir())
each = pytest.mark.parametrize("name", NAMES)


def schema_file(name: str) -> Path:
    """The schema file of an example."""
    return EXAMPLES / name / name / "schema.py"


def schema(name: str) -> UserSchema:
    """What the schema file of an example defines."""
    return load_user_schema(schema_file(name))


def recipes(name: str) -> list[Path]:
    """The recipes of an example, of which there are some."""
    found = sorted((EXAMPLES / name / "corpus").glob("*/*/*.yaml"))
    assert len(found) >= 20
    assert {path.parts[-2] for path in found} == {"bad", "good"}
    return found


def test_each_example_has_a_page() -> None:
    """The folders are found, each with a page, and the list names it."""
    assert NAMES
    for name in NAMES:
        assert (ROOT / "docs" / "formats" / f"{name}.md").exists()
        assert f"`{name}/`" in (EXAMPLES / "README.md").read_text(encoding="utf-8")


@each
def test_each_check_has_a_pair(name: str) -> None:
    """Each check of the format's own has a manual, and a bad and a good file in the corpus."""
    paired = {(path.parts[-3], path.parts[-2]) for path in recipes(name)}
    checks = schema(name).checks
    assert checks
    assert all(check.manual.summary for check in checks)
    assert {(check.name, kind) for check in checks for kind in ("bad", "good")} <= paired


@each
def test_an_example_is_a_package_to_install(name: str) -> None:
    """What its entry point names is there: the format, its schema, its checks and its interpreter."""
    user = schema(name)
    project = tomllib.loads((EXAMPLES / name / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"] == {"ccheck.formats": {name: f"{name}:FORMAT"}}
    known = sys.modules[name].FORMAT
    assert (known.name, known.schema, known.checks.checks) == (name, user.schema, user.checks)


@each
def test_each_recipe_says_why(name: str) -> None:
    """Two lines say what is strange about a file and what readers do with it."""
    for recipe in recipes(name):
        assert len(load_yaml(recipe)["why"].strip().splitlines()) == 2, recipe


@each
def test_the_corpus_is_judged_as_it_says(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bad file fails the check of its folder alone, and a good one passes without a warning."""
    wanted = {}
    for recipe in recipes(name):
        file = tmp_path / f"{'-'.join(recipe.parts[-3:])}.bin"
        file.write_bytes(build_file(recipe, (schema(name).schema,)))
        wanted[str(file)] = [recipe.parts[-3]] if recipe.parts[-2] == "bad" else []
    named = ["--no-config", "--schema", str(schema_file(name))]
    assert run(["validate", *named, "--format", "json", str(tmp_path)]) == 1
    files = json.loads(capsys.readouterr().out)["files"]
    found = {one["path"]: sorted({finding["check"] for finding in one["findings"]}) for one in files}
    assert found == wanted
    assert {one["path"] for one in files if one["verdict"] == "pass"} == {
        path for path, checks in wanted.items() if not checks
    }


@each
def test_the_second_reading_agrees(name: str) -> None:
    """A build that checks runs what passes and refuses what fails; no good file is a trap in any build."""
    user = schema(name)
    assert user.exercise is not None
    for recipe in recipes(name):
        outcomes = user.exercise(build_file(recipe, (user.schema,)), RunInputs()).outcomes
        checking = {outcome.verdict for outcome in outcomes if outcome.checks_bounds}
        assert checking == ({"run"} if recipe.parts[-2] == "good" else {"refuse"}), recipe
        assert recipe.parts[-2] == "bad" or all(outcome.trap is None for outcome in outcomes), recipe


NUMBERS = (0, 1, 2, 15, 16, 28, 48, 932, 1024, 2000, 2048, 0x7FFFFFFF, 0xFFFFFFFF)


def with_number(data: bytes, at: int, number: int) -> bytes:
    """A file with another little-endian word at an offset."""
    return data[:at] + (number & 0xFFFFFFFF).to_bytes(4, "little") + data[at + 4 :]


def edited(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """A file with one or two edits: of a bit, of numbers, of its length, or of bytes that stand somewhere else."""
    for _ in range(rng.randint(1, 2)):
        at = rng.randrange(max(1, len(data)))
        word = at - at % 4
        number = int.from_bytes(data[word : word + 4], "little")
        match rng.randrange(7):
            case 0:
                data = (
                    data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :] if data else b"\0"
                )
            case 1:
                data = with_number(data, word, rng.choice(NUMBERS) + rng.choice([-1, 0, 0, 1]))
            case 2:  # the sum of all words stays the same
                to = rng.randrange(0, max(1, len(data)), 4)
                change = rng.choice([1, 4, 1024, rng.choice(NUMBERS) - number])
                data = with_number(data, word, number + change)
                data = with_number(data, to, int.from_bytes(data[to : to + 4], "little") - change)
            case 3:
                data = data[:at]
            case 4:
                data += rng.choice([b"\0", data[:at], bytes(1024)])
            case 5:
                data += other
            case _:
                data = data[:at] + data[at + rng.choice([1, 4, 8, 48, 1024]) :]
    return data


@each
def test_both_readings_agree_on_edited_files(name: str, more: int) -> None:
    """Whatever is done to a file, the build that checks runs it where it passes, and refuses it where it fails."""
    rng = random.Random(name)
    user = schema(name)
    assert user.exercise is not None
    validation = prepare(schema=str(schema_file(name)), use_config=False)
    good = [build_file(recipe, (user.schema,)) for recipe in recipes(name) if recipe.parts[-2] == "good"]
    verdicts = Counter[str]()
    for _ in range(150 * more):
        data = edited(rng, rng.choice(good), rng.choice(good))
        if rng.random() < 0.5:  # sizes and checksums that a schema states are made true again
            data = fix_up(data, read(user.schema.layout, data))
        report = validation.judged(data, "file.bin", "file.bin")
        outcomes = user.exercise(data, RunInputs()).outcomes
        (checking,) = (outcome.verdict for outcome in outcomes if outcome.checks_bounds)
        found = sorted({finding.check for finding in report.findings})
        assert "examination-crashed" not in found, data.hex()
        assert checking == ("run" if report.verdict == "pass" else "refuse"), (data.hex(), found)
        assert report.verdict == "fail" or all(outcome.trap is None for outcome in outcomes), data.hex()
        verdicts[report.verdict] += 1
    assert min(verdicts["pass"], verdicts["fail"]) > 5


@each
def test_a_good_file_is_built_back(name: str) -> None:
    """The recipe of a good file gives the same bytes."""
    one = schema(name).schema
    for recipe in recipes(name):
        if recipe.parts[-2] == "good":
            data = build_file(recipe, (one,))
            assert way_back.build(one, way_back.describe(one, data, None)) == data, recipe


@each
def test_a_recipe_goes_through_the_command_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One good file is built, judged, run and shown as its users do it."""
    named = ["--schema", str(schema_file(name))]
    recipe = next(path for path in recipes(name) if path.parts[-2] == "good")
    file = tmp_path / "file.bin"
    assert run(["build", *named, str(recipe), "-o", str(file)]) == 0
    for command in (["validate", "--no-config"], ["run", "--no-config"], ["show"], ["show", "--yaml"]):
        assert run([*command, *named, str(file)]) == 0
    assert "linux-checked" in capsys.readouterr().out


@each
def test_an_interpreter_is_a_reading_of_its_own(name: str) -> None:
    """The interpreter imports neither the schema, nor its numbers, nor anything of ccheck but the checked memory."""
    text = (EXAMPLES / name / name / "interpreter.py").read_text(encoding="utf-8")
    imported = {
        node.module.split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.module
    }
    assert imported <= {"collections", "dataclasses", "struct", "typing", "ccheck_interpreter"}


def test_no_code_of_ccheck_names_an_example() -> None:
    """The vocabulary is enough: no package knows one of these formats."""
    tops = ("schemas", "validator", "interpreter", "fuzz", "kaitai")
    naming = [
        (path.relative_to(ROOT).as_posix(), name)
        for top in tops
        for path in (ROOT / top).rglob("*.py")
        for name in NAMES
        if f'"{name}"' in path.read_text(encoding="utf-8")
    ]
    assert naming == []
