"""A plain schema file has `show --yaml`, `build` and `diff`, without a function of its user."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ccheck.cli.main import run
from tests.conftest import ROOT
from tests.validator.test_user_schema import SENSOR, sensor

CASES = ROOT.parent / "shared" / "cases"
READ_WELL = {
    "wrong_value_passes": "wrong_value_passes.bin",
    "a1": "a1.bin",
    "s1": "s1.bin",
    "keyerror_nested_array": "keyerror_nested_array.bin",
    "array_parent": "array_parent.bin",
    "region_cut_crash": "region_cut_good.bin",
    "enum_wide": "enum_wide.bin",
}
"""Schema files beside the project, and a file that each reads without faults."""
IMPORTED = ("eosterm", "overlap", "padright", "region_of_empty_type")
"""Descriptions beside the project whose file reads without faults."""

Shown = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cc(capsys: pytest.CaptureFixture[str]) -> Shown:
    """Run the command line: status, standard output, standard error."""

    def call(*args: object) -> tuple[int, str, str]:
        status = run([str(a) for a in args])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def comes_back(cc: Shown, schema: Path, file: Path, folder: Path) -> str:
    """Write the recipe of a file, build it, and compare the bytes; the recipe."""
    status, recipe, said = cc("show", "--yaml", "--schema", schema, file)
    assert status == 0, said
    written, back = folder / "recipe.yaml", folder / "back.bin"
    written.write_text(recipe, encoding="utf-8")
    status, _, said = cc("build", "--schema", schema, written, "-o", back, "--force")
    assert (status, said) == (0, "")
    assert back.read_bytes() == file.read_bytes()
    return recipe


def test_a_recipe_holds_what_an_author_decides(cc: Shown, tmp_path: Path) -> None:
    """Magic, version, count, size, checksum and reserved bytes are left out; enum members have their names."""
    file = tmp_path / "a.snsr"
    file.write_bytes(sensor((22, 1), (80, 2)))
    assert comes_back(cc, SENSOR, file, tmp_path) == (
        "schema: sensor\ncontent:\n  rules:\n  - {port: 22, action: log}\n  - {port: 80, action: block}\n"
    )


def test_a_recipe_is_edited_and_built(cc: Shown, tmp_path: Path) -> None:
    """A rule more gives a file that passes; what is given is written, and a contradiction is noted."""
    recipe, file = tmp_path / "a.yaml", tmp_path / "a.snsr"
    rules = "[{port: 22, action: log}, {port: 80, action: block}, {port: 443, action: 2}]"
    recipe.write_text(f"schema: sensor\ncontent:\n  rules: {rules}\n")
    assert cc("build", "--schema", SENSOR, recipe, "-o", file)[0] == 0
    assert file.read_bytes() == sensor((22, 1), (80, 2), (443, 2))
    assert cc("validate", "--no-config", "--schema", SENSOR, file)[0] == 0
    recipe.write_text(f"schema: sensor\ncontent:\n  count: 9\n  rules: {rules}\n")
    status, out, err = cc("build", "--schema", SENSOR, recipe, "-o", file, "--force")
    assert (status, out) == (0, f"wrote {file}: 28 bytes\n")
    assert err == "note: count is 9, but rules has 3 rows: written as it is given\n"
    assert cc("validate", "--no-config", "--schema", SENSOR, file)[0] == 1


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("rules: [{prt: 1, action: log}]", "content.rules[0].prt: the key means nothing here; did you mean 'port'?"),
        ("rules: [{port: 1, action: lgo}]", "content.rules[0].action: 'lgo' is not a name here; did you mean 'log'?"),
        ("rules: [{port: 1}]", "content.rules[0].action: the key is missing; it takes one of log, block, or a number from 0 to 255"),
        ("{}", "content.rules: the key is missing; it takes a list"),
        ("rules: [{port: x, action: log}]", "content.rules[0].port: a number belongs here, not text"),
        ("rules: [{port: 99999, action: log}]", "content.rules[0].port: 99999 is not in 0..65535, which the field can hold"),
    ],
)  # fmt: skip
def test_an_error_of_a_recipe_names_the_key(cc: Shown, tmp_path: Path, content: str, error: str) -> None:
    """A recipe that cannot be built is wrong usage, with the path of the key and what belongs there."""
    recipe = tmp_path / "a.yaml"
    recipe.write_text(f"schema: sensor\ncontent:\n  {content}\n")
    status, _, err = cc("build", "--schema", SENSOR, recipe, "-o", tmp_path / "a.snsr")
    assert (status, err.splitlines()[-1]) == (2, f"Error: {recipe}: {error}")


def test_diff_names_the_fields(cc: Shown, tmp_path: Path) -> None:
    """`diff` of two files says which fields of which records changed, and what came and went."""
    old, new = tmp_path / "old.snsr", tmp_path / "new.snsr"
    old.write_bytes(sensor((22, 1), (80, 2)))
    new.write_bytes(sensor((22, 2), (80, 2), (443, 1)))
    status, out, _ = cc("diff", "--schema", SENSOR, old, new, "--exit-code")
    assert (status, out) == (1, "~ rules[0]: action log → block\n+ rules[2]: port 443, action log\n")
    assert cc("diff", "--schema", SENSOR, old, old)[:2] == (0, "no change in meaning\n")


def test_schemas_says_what_a_plain_schema_can(cc: Shown) -> None:
    """`ccheck schemas` lists the four commands for a schema without functions."""
    assert "· validate, show, diff, build\n" in cc("schemas", "--schema", SENSOR)[1]


def test_a_broken_file_has_no_recipe(cc: Shown, tmp_path: Path) -> None:
    """A file that breaks its schema is not written as a recipe, and the message says what to run."""
    file = tmp_path / "a.snsr"
    file.write_bytes(sensor((22, 3)))
    status, out, err = cc("show", "--yaml", "--schema", SENSOR, file)
    assert (status, out) == (2, "")
    assert "breaks its schema, so that a recipe would not build it again; ccheck validate says how" in err


TEXTS = """\
from construct import Array, Bytes, Float64l, Int8ub, Struct, this
from ccheck_schemas.meaning import Text
from ccheck_schemas.schema import Schema

ROOT = Struct(
    "n" / Int8ub,
    "texts" / Array(this.n, Struct("size" / Int8ub, "text" / Text(this.size, "utf-16-le"))),
    "number" / Float64l,
    "raw" / Bytes(4),
)
SCHEMA = Schema("texts", "texts", ROOT, recognise=lambda data: True)
"""


@pytest.mark.parametrize("raw", ["00000000", "10203040", "31653130", "0a0a0a0a"])
@pytest.mark.parametrize(
    "number",
    [
        "0000000000000000",
        "0000000000000080",
        "000000000000f07f",
        "010000000000f87f",
        "9a9999999999b93f",
        "17b7d100fd0c4a5f",
    ],
)
@pytest.mark.parametrize("text", ["", "null", "~", "0x10", "1e5", "- a", "a: b", "#", "\0\x85\u2028\ufeff\U0001f600\x7f\t\r\n", " ' \" ", "é", "\ufffe\ud7ff"])  # fmt: skip
def test_any_value_goes_through_yaml(tmp_path: Path, cc: Shown, text: str, number: str, raw: str) -> None:
    """Texts, numbers and bytes that YAML could take for something else come back as they were."""
    schema, file = tmp_path / "texts.py", tmp_path / "a.bin"
    schema.write_text(TEXTS)
    coded = text.encode("utf-16-le")
    file.write_bytes(bytes([1, len(coded)]) + coded + bytes.fromhex(number) + bytes.fromhex(raw))
    comes_back(cc, schema, file, tmp_path)


@pytest.mark.parametrize("name", READ_WELL)
def test_the_schemas_beside_the_project_come_back(cc: Shown, tmp_path: Path, name: str) -> None:
    """The file of a schema that lies beside the project is built again from its recipe."""
    if not CASES.is_dir():
        pytest.skip(f"no cases at {CASES}")
    file = tmp_path / READ_WELL[name]
    file.write_bytes((CASES / "schemas" / READ_WELL[name]).read_bytes())
    comes_back(cc, CASES / "schemas" / f"{name}.py", file, tmp_path)


@pytest.mark.parametrize("name", IMPORTED)
def test_imported_descriptions_come_back(cc: Shown, tmp_path: Path, name: str) -> None:
    """A schema out of a Kaitai Struct description has recipes, too, that build the same bytes."""
    if not CASES.is_dir():
        pytest.skip(f"no cases at {CASES}")
    schema, file = tmp_path / f"{name}.py", tmp_path / f"{name}.bin"
    assert cc("import-kaitai", CASES / "kaitai" / f"{name}.ksy", "-o", schema)[0] == 0
    file.write_bytes((CASES / "kaitai" / f"{name}.bin").read_bytes())
    comes_back(cc, schema, file, tmp_path)


def test_a_recipe_goes_through_a_pipe(tmp_path: Path) -> None:
    """Where output cannot carry a letter, the recipe escapes it, and builds the same bytes."""
    schema, file, back = tmp_path / "texts.py", tmp_path / "a.bin", tmp_path / "back.bin"
    schema.write_text(TEXTS)
    coded = "é☃".encode("utf-16-le")
    file.write_bytes(bytes([1, len(coded)]) + coded + bytes(12))
    command = [
        sys.executable,
        "-X",
        "utf8=0",
        "-m",
        "ccheck",
        "show",
        "--yaml",
        "--schema",
        str(schema),
        str(file),
    ]
    done = subprocess.run(
        command, capture_output=True, check=True, env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    )
    (tmp_path / "a.yaml").write_bytes(done.stdout)
    assert done.stdout.isascii()
    assert run(["build", "--schema", str(schema), str(tmp_path / "a.yaml"), "-o", str(back)]) == 0
    assert back.read_bytes() == file.read_bytes()


NUMBERS = """\
from construct import Array, Int8ub, Struct, this
from ccheck_schemas.schema import Schema

ROOT = Struct("n" / Int8ub, "numbers" / Array(this.n, Int8ub))
SCHEMA = Schema("numbers", "numbers", ROOT, recognise=lambda data: True)
"""


def test_diff_names_the_elements_of_a_long_list(cc: Shown, tmp_path: Path) -> None:
    """Of a long list of numbers, only the elements that changed, came and went are printed, by their place."""
    schema, old, new = tmp_path / "numbers.py", tmp_path / "old.bin", tmp_path / "new.bin"
    schema.write_text(NUMBERS)
    old.write_bytes(bytes([40, *range(40)]))
    new.write_bytes(bytes([40, *range(5), 99, *range(6, 30), *range(31, 40), 200]))
    assert cc("diff", "--schema", schema, old, new)[:2] == (
        0,
        "~ numbers[5]: 5 → 99\n- numbers[30]: 30\n+ numbers[39]: 200\n",
    )
