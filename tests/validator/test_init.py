"""`ccheck init` writes a format that works at once: its own tests pass, it judges, runs and is fuzzed.

It does so by path and installed. What cannot be written is reported, and nothing is left half written.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ccheck.cli.main import run
from ccheck.cli.scaffold import ScaffoldError, write
from ccheck.formats.check_table import CHECKS

NAME = "my_rules"
BRIEFLY = ("--out", "fuzzed", "--time", "120s", "--runs", "3000", "--jobs", "1", "--engine", "hypothesis")
"""A campaign that ends after its runs, however slow the machine is."""


def python(folder: Path, *arguments: str, path: Path | None = None) -> tuple[int, str]:
    """The exit status and all output of Python in a folder. path: where packages are found too."""
    found = [str(path)] if path is not None else []
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([*found, *filter(None, [os.environ.get("PYTHONPATH")])])
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def ccheck(folder: Path, *arguments: str, path: Path | None = None) -> tuple[int, str]:
    """The exit status and all output of ccheck in a folder."""
    return python(folder, "-m", "ccheck", *arguments, path=path)


def installed(folder: Path) -> None:
    """Install the written package beside itself, as an installer does: the entry points of its pyproject.toml."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    entries = (
        f"[{group}]\n" + "".join(f"{name} = {where}\n" for name, where in points.items())
        for group, points in project["entry-points"].items()
    )
    (info / "entry_points.txt").write_text("".join(entries))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A format with an interpreter."""
    folder = tmp_path_factory.mktemp("init") / NAME
    write(NAME, folder, interpreter=True)
    return folder


@pytest.mark.parametrize("interpreter", [False, True], ids=["plain", "interpreter"])
def test_what_is_written_passes_its_own_tests(tmp_path: Path, interpreter: bool) -> None:
    """The tests in the folder pass at once, with and without an interpreter, and there are more than a few."""
    write(NAME, tmp_path / NAME, interpreter=interpreter)
    status, text = python(tmp_path / NAME, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert status == 0, text
    assert " passed" in text
    assert int(text.splitlines()[-1].split(" passed")[0].split()[-1]) > 12


@pytest.mark.parametrize("interpreter", [False, True], ids=["plain", "interpreter"])
def test_no_trace_of_the_template_is_left(tmp_path: Path, interpreter: bool) -> None:
    """Neither the template's name nor a mark stands in what is written, and every Python file compiles."""
    paths = write(NAME, tmp_path / NAME, interpreter=interpreter)
    assert len(paths) >= 14
    for path in paths:
        text = (tmp_path / NAME / path).read_text(encoding="utf-8")
        assert "newformat" not in f"{path} {text}".lower()
        assert "<interpreter>" not in text
        assert interpreter or "EXERCISE" not in text
        if path.suffix == ".py":
            compile(text, str(path), "exec")
    assert interpreter == any(path.name == "interpreter.py" for path in paths)


def test_what_is_written_judges_by_its_path(written: Path) -> None:
    """By the path of its schema a good file passes and runs, and a bad one fails with its check."""
    schema = f"{NAME}/schema.py"
    for kind, recipe, status, words in (
        ("good", "last-input", 0, "pass  good.bin  my_rules, 24 bytes"),
        ("bad", "ninth-input", 1, "error[count-exceeded]"),
    ):
        source = f"corpus/count-exceeded/{kind}/{recipe}.yaml"
        assert ccheck(written, "build", "--schema", schema, source, "-o", f"{kind}.bin")[0] == 0
        found, text = ccheck(written, "validate", "--schema", schema, f"{kind}.bin")
        assert (found, words in text) == (status, True), text
        assert ccheck(written, "run", "--schema", schema, f"{kind}.bin")[0] == status
    found, text = ccheck(written, "explain", "--schema", schema, "my-rules-input-repeated")
    assert (found, text.splitlines()[0]) == (0, "# my-rules-input-repeated")
    found, text = ccheck(written, "schemas", "--schema", schema)
    general = len(CHECKS.applying(None))
    assert (found, text.splitlines()[1].strip()) == (
        0,
        f"{general} general checks and 1 of its own · validate, show, diff, build, run",
    )


def test_what_is_written_is_fuzzed_from_nothing(written: Path) -> None:
    """A campaign that is given the path alone grows its files, runs them, and finds nothing."""
    schema = f"{NAME}/schema.py"
    status, text = ccheck(written, "fuzz", "--schema", schema, *BRIEFLY)
    assert status == 0, text
    assert "growing valid my_rules files" in text
    assert "0 findings" in text


def test_fuzzing_finds_what_the_contract_keeps_out(tmp_path: Path) -> None:
    """With the contract switched off, a campaign finds a file that passes and that a build traps on."""
    write(NAME, tmp_path / NAME, interpreter=True)
    words = ("--trust-definitions", "--schema", f"{NAME}/schema.py", "--oracle", "validator-bypass", *BRIEFLY)
    status, said = ccheck(tmp_path / NAME, "fuzz", *words)
    assert status == 1, said
    assert (
        "validator-bypass: the validator passes, and my-rules-1.0 traps: out-of-bounds-read at rules[].input"
        in said
    )


def test_an_installed_format_is_known_to_every_command(tmp_path: Path) -> None:
    """Installed, the format is recognised by content, listed, explained and run; its own path still works."""
    folder = tmp_path / NAME
    write(NAME, folder, interpreter=True)
    installed(folder)
    recipe = folder / "corpus" / f"{NAME.replace('_', '-')}-input-repeated" / "bad" / "twice.yaml"
    status, text = ccheck(tmp_path, "build", str(recipe), "-o", "twice.bin", path=folder)
    assert status == 0, text
    builds = ["--no-config", "--consumers", str(folder / "consumers.toml")]
    for how in ([], ["--schema", NAME], ["--schema", str(folder / NAME / "schema.py")]):
        status, text = ccheck(tmp_path, "validate", *builds, *how, "twice.bin", path=folder)
        assert (status, text.count("error[my-rules-input-repeated]")) == (1, 1), text
        status, text = ccheck(tmp_path, "run", *builds, *how, "twice.bin", path=folder)
        assert (status, "my-rules-1.1" in text) == (0, True), text
    status, text = ccheck(tmp_path, "schemas", path=folder)
    assert (status, "my_rules: rules over the inputs of a driver" in text) == (0, True), text


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Sensor", "small letters"),
        ("my-rules", "small letters"),
        ("7up", "small letters"),
        ("x", "small letters"),
        ("../x", "small letters"),
        ("class", "no word of Python"),
        ("match", "no word of Python"),
        ("channel", "there is a format of this name already"),
        ("corpus", "the format's folder has another folder of this name"),
        ("json", "there is a Python module of this name already"),
        ("construct", "there is a Python module of this name already"),
        ("ccheck", "there is a Python module of this name already"),
    ],
)
def test_a_bad_name_is_wrong_usage(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    why: str,
) -> None:
    """A name that cannot be a package, or is taken, is wrong usage that says why, and writes nothing."""
    monkeypatch.chdir(tmp_path)
    assert run(["init", name]) == 2
    assert why in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A folder or file of the name that is there already is refused and left as it is."""
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "mine").write_text("mine")
    with pytest.raises(ScaffoldError, match="is there already"):
        write(NAME, tmp_path / NAME, interpreter=False)
    assert [path.name for path in tmp_path.rglob("*")] == [NAME, "mine"]


def test_nothing_is_left_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk fails in the middle, no folder is left."""
    genuine, written = Path.write_text, []

    def failing(path: Path, *arguments: object, **named: object) -> int:
        written.append(path)
        if len(written) == 5:
            raise OSError(28, "No space left on device")
        return genuine(path, *arguments, **named)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(Path, "write_text", failing)
    with pytest.raises(ScaffoldError, match="No space left on device"):
        write(NAME, tmp_path / NAME, interpreter=False)
    assert len(written) == 5
    assert list(tmp_path.iterdir()) == []
