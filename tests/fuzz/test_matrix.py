"""Every kind of schema, with every kind of reader, under every engine: through the command line, workers and all."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from ccheck_fuzz.campaign.state.database import State
from ccheck_fuzz.engines.table import ENGINES
from tests.conftest import ROOT
from tests.fuzz.channel_setting import CORPUS, MARCH, ON

SCHEMAS = ("built-in", "file", "package")
READERS = ("none", "function", "program")
OTHERS = tuple(minor for minor in (11, 12, 13, 14) if minor != sys.version_info.minor)
SEED = b"FAN!\x03" + bytes([1, 20, 1, 90, 3, 50])

SHAPE = """
from construct import Const, Int8ul, Struct, this

from ccheck_schemas.meaning import Bounded, Table

POINT = Struct("sensor" / Bounded(Int8ul, 1, 9), "percent" / Bounded(Int8ul, 1, 100))
FAN = Struct(
    "magic" / Const(b"FAN!"),
    "count" / Int8ul,
    "points" / Table("points", this.count, POINT, low=1, high=30),
)
"""
SCHEMA = """
from ccheck.formats.exercise.outcome import Exercised, Outcome
from ccheck_schemas.schema import Schema

SCHEMA = Schema("fan", "fans", FAN, recognise=lambda data: data[:4] == b"FAN!")
"""
EXERCISE = """

def EXERCISE(data, given):
    return Exercised((Outcome("mine", "any", "run", events=len(data) % 3),))
"""
READER = """
import os, sys, zlib

def load(data):
    if zlib.crc32(data) != {number}:
        raise IndexError("past the table")

if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        try:
            load(file.read())
        except IndexError:
            os.abort()
"""


def pairwise(columns: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Few combinations in which each value of a column meets each of every other."""
    missing = {
        ((i, a), (j, b))
        for (i, one), (j, other) in itertools.combinations(enumerate(columns), 2)
        for a, b in itertools.product(one, other)
    }
    found = []
    while missing:
        best = max(itertools.product(*columns), key=lambda row: len(missing & pairs(row)))
        missing -= pairs(best)
        found.append(best)
    return found


def pairs(row: tuple[str, ...]) -> set[tuple[tuple[int, str], tuple[int, str]]]:
    """The pairs of values in one combination."""
    return set(itertools.combinations(enumerate(row), 2))


def engines(python: Path) -> list[str]:
    """The engines that work in a Python."""
    program = "from ccheck_fuzz.engines.table import available; print(*[n for n, m in available().items() if m is None])"
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.split()


def lay_out(folder: Path, schema: str, reader: str) -> list[str]:
    """Write what a combination needs into a folder, and give the words of the command."""
    seed = MARCH if schema == "built-in" else SEED
    (folder / "seed.bin").write_bytes(seed)
    words = ["--seeds", "seed.bin"]
    own = SCHEMA + (EXERCISE if reader == "none" else "")
    if schema == "built-in":
        words += ["--config", str(CORPUS / "ccheck.toml"), "--on", ON]
    elif schema == "file":
        (folder / "mine.py").write_text(SHAPE + own, encoding="utf-8")
        words += ["--schema", "mine.py"]
    else:
        (folder / "blower").mkdir()
        (folder / "blower" / "__init__.py").write_text("", encoding="utf-8")
        (folder / "blower" / "shape.py").write_text(SHAPE, encoding="utf-8")
        (folder / "blower" / "schema.py").write_text(f"from .shape import FAN\n{own}", encoding="utf-8")
        words += ["--schema", "blower/schema.py"]
    number = zlib.crc32(seed)  # of the only file that it takes
    (folder / "driver.py").write_text(READER.format(number=number), encoding="utf-8")
    if reader == "function":
        words += ["--reader", "driver:load"]
    elif reader == "program":
        words += ["--exec", f"{sys.executable} driver.py @@"]
    return words


def run(python: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ccheck as a user does who is in a folder."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [python, "-m", "ccheck", *words],
        capture_output=True, text=True, check=False, cwd=folder, env=environment, timeout=120,
    )  # fmt: skip


def try_one(python: Path, folder: Path, schema: str, reader: str, engine: str) -> None:
    """Fuzz one combination for a few seconds: it makes runs, and finds the trap of the reader, if it has one."""
    words = lay_out(folder, schema, reader)
    done = run(
        python, folder, "fuzz", *words, "--out", "out", "--time", "40s", "--runs", "100", "--jobs", "1", "--engine",
        engine, "--oracle", "validator-bypass", "--oracle", "trap",
    )  # fmt: skip
    about = f"{schema}, {reader}, {engine}: {done.stdout}{done.stderr}"
    state = State(folder / "out")
    assert state.samples()[-1].runs >= 100, about
    assert not state.worker_crashes(), about
    assert done.returncode == (0 if reader == "none" else 1), about
    errors = {bucket.signature for bucket in state.buckets() if not bucket.information}
    wanted = {
        "none": set(),
        "function": {("validator-bypass", "exception", "IndexError", "driver.py:load")},
        "program": {("validator-bypass", "signal", "SIGABRT", "")},
    }
    assert errors == wanted[reader], about
    if reader != "none" and schema != "built-in":
        again = run(python, folder.parent, "fuzz", "replay", str(folder / "out"))
        assert (again.returncode, again.stdout[:16]) == (1, "still reproduces"), again.stdout + again.stderr


def test_pairs_meet() -> None:
    """The few combinations hold each pair."""
    columns = (SCHEMAS, READERS, tuple(ENGINES))
    rows = pairwise(columns)
    assert len(rows) < len(SCHEMAS) * len(READERS) * len(ENGINES)
    assert set().union(*map(pairs, rows)) == set().union(*map(pairs, itertools.product(*columns)))


def test_each_pair_of_schema_reader_and_engine_works(tmp_path: Path, all_combinations: bool) -> None:
    """Each engine fuzzes each kind of schema with each kind of reader.

    Schemas are built in, a file or a package; readers are absent, a function or a program of the user's.
    Findings are run again from another folder. `--all-combinations` tries each triple.
    """
    columns = (SCHEMAS, READERS, tuple(engines(Path(sys.executable))))
    assert len(columns[2]) >= 2 or sys.platform != "linux"
    rows = list(itertools.product(*columns)) if all_combinations else pairwise(columns)
    for number, (schema, reader, engine) in enumerate(rows):
        folder = tmp_path / str(number)
        folder.mkdir()
        try_one(Path(sys.executable), folder, schema, reader, engine)


@pytest.mark.parametrize("minor", OTHERS)
def test_each_python_that_is_found_works(minor: int, tmp_path: Path, every_python: bool) -> None:
    """The same under the other Pythons of this machine, each in an environment of its own: with `--every-python`."""
    python = found(minor)
    if python is None:
        pytest.skip(f"no Python 3.{minor} is found")
    if not every_python:
        pytest.skip(
            f"Python 3.{minor} is found: --every-python makes an environment for it, which takes a minute"
        )
    subprocess.run([python, "-m", "venv", tmp_path / "env"], check=True)
    inside = tmp_path / "env" / "bin" / "python"
    subprocess.run(
        [inside, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-c", ROOT / "constraints.txt", "-e", f"{ROOT}[fuzz]"],
        check=True,
    )  # fmt: skip
    for number, row in enumerate(pairwise((SCHEMAS, READERS, tuple(engines(inside))))):
        folder = tmp_path / str(number)
        folder.mkdir()
        try_one(inside, folder, *row)


def found(minor: int) -> Path | None:
    """The newest Python 3 of a minor version: on the PATH, or one of pyenv's."""
    on_path = shutil.which(f"python3.{minor}")
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for candidate in (*sorted(pyenv.glob(f"3.{minor}.*/bin/python3"), reverse=True), on_path):
        if (
            candidate is not None
            and subprocess.run([candidate, "-c", "import venv"], check=False).returncode == 0
        ):
            return Path(candidate)
    return None
