"""The table of formats: one file loads one format, and other packages bring formats that are used or refused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from ccheck.formats.registry import FORMATS, SCHEMAS, named, recognise
from tests.conftest import ROOT

SENSOR = (ROOT / "tests" / "user" / "sensor.py").read_text(encoding="utf-8")

PARTS = """
from ccheck.formats.checks.general import FormatChecks
from ccheck.formats.format import Format

def recognise(data):
    return data[:4] == b"SNSR"

TABLE = FormatChecks(CHECKS)
FORMAT = Format("sensor", "sensor_of_example:recognise", "sensor_of_example:SCHEMA", "sensor_of_example:TABLE")
"""


def python(folder: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program that finds the packages of `folder`."""
    command = [sys.executable, "-c", code, *arguments]
    paths = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        command,
        env=os.environ | {"PYTHONPATH": paths},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def ccheck(folder: Path, *arguments: str) -> tuple[int, str]:
    """The exit status and all output of ccheck with the packages of `folder`."""
    done = python(
        folder, "import sys; from ccheck.cli.main import run; sys.exit(run(sys.argv[1:]))", *arguments
    )
    return done.returncode, done.stdout + done.stderr


def package(folder: Path, text: str, entries: str) -> None:
    """Install a package of one module into a folder."""
    (folder / "sensor_of_example.py").write_text(text, encoding="utf-8")
    info = folder / "example_formats-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: example-formats\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[ccheck.formats]\n{entries}\n")


def sensor_file(folder: Path) -> str:
    """A good file of the sensor format."""
    import struct
    import zlib

    body = struct.pack(">HBB", 22, 1, 0)
    (folder / "rules.snsr").write_bytes(struct.pack(">4sHHII", b"SNSR", 1, 1, 20, zlib.crc32(body)) + body)
    return "rules.snsr"


def test_the_table_is_full_and_its_parts_are_there() -> None:
    """Each format of the table has a schema of its name and checks of its own."""
    assert len(FORMATS) >= 2
    for known in FORMATS:
        assert known.schema.name == known.name
        assert known.checks.checks
        assert named(known.name) is known
    assert [schema.name for schema in SCHEMAS][: len(FORMATS)] == [known.name for known in FORMATS]


def test_no_file_of_the_corpus_is_recognised_as_another_format() -> None:
    """Each good file of the corpus looks like its own format and like no other."""
    files = sorted(ROOT.glob("corpus/*/*/good/*.bin"))
    assert len(files) > 60
    for path in files:
        data = path.read_bytes()
        assert [known.name for known in FORMATS if known.recognise(data)] == [path.parts[-4]]


def test_bytes_of_no_format_are_recognised_by_none() -> None:
    """Text is of no format."""
    assert recognise(b"The quick brown fox jumps over the lazy dog." * 9) is None


@pytest.mark.parametrize("name", [known.name for known in FORMATS])
def test_judging_one_file_loads_one_format(tmp_path: Path, name: str) -> None:
    """Judging a file imports neither the schemas and checks of other formats nor the interpreter."""
    file = next((ROOT / "corpus" / name).glob("*/bad/*.bin"))
    code = (
        "import sys; from ccheck.judging.preparation import prepare; "
        "prepare(use_config=False).report(sys.argv[1]); print(*sys.modules)"
    )
    done = python(tmp_path, code, str(file))
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert not [module for module in loaded if module.startswith("ccheck_interpreter")]
    for known in FORMATS:
        if known.name != name:
            assert known.definition.split(":")[0] not in loaded
            assert known.rules.split(":")[0] not in loaded


def test_a_format_of_another_package_is_used(tmp_path: Path) -> None:
    """A format that an installed package brings judges its files, by content and by name, and is listed."""
    package(tmp_path, SENSOR + PARTS, "sensor = sensor_of_example:FORMAT")
    file = sensor_file(tmp_path)
    for arguments in ([file], ["--schema", "sensor", file]):
        status, text = ccheck(tmp_path, "validate", "--no-config", "--jobs", "1", *arguments)
        assert (status, "rules.snsr: ok" in text or "sensor, 20 bytes" in text) == (0, True), text
    status, text = ccheck(tmp_path, "schemas")
    assert status == 0
    assert "sensor rules" in text
    status, text = ccheck(tmp_path, "explain", "port-ruled-twice")
    assert status == 0, text


@pytest.mark.parametrize(
    ("text", "entries", "problem"),
    [
        (
            "1 / 0",
            "sensor = sensor_of_example:FORMAT",
            "the format 'sensor' that example-formats brings cannot be used: ZeroDivisionError: division by zero",
        ),
        (
            "FORMAT = 1",
            "sensor = sensor_of_example:FORMAT",
            "the format 'sensor' that example-formats brings cannot be used: sensor_of_example:FORMAT is not a ccheck.formats.format.Format",
        ),
        (
            SENSOR + PARTS.replace('Format("sensor"', 'Format("sysmon"'),
            "mine = sensor_of_example:FORMAT",
            "the format 'mine' that example-formats brings cannot be used: ccheck has a format 'sysmon' already",
        ),
        (
            SENSOR + PARTS.replace(":TABLE", ":TABEL"),
            "sensor = sensor_of_example:FORMAT",
            "the format 'sensor' that example-formats brings cannot be used: format 'sensor': sensor_of_example:TABEL cannot be loaded: module 'sensor_of_example' has no attribute 'TABEL'",
        ),
        (
            SENSOR.replace('schemas=("sensor",)', "schemas=()") + PARTS,
            "sensor = sensor_of_example:FORMAT",
            "the format 'sensor' that example-formats brings cannot be used: format 'sensor': the check port-ruled-twice is not for it alone",
        ),
    ],
    ids=["raises", "no-format", "taken", "misspelt", "check-of-all"],
)  # fmt: skip
def test_a_format_that_cannot_be_used_is_reported_and_its_files_do_not_pass(
    tmp_path: Path, text: str, entries: str, problem: str
) -> None:
    """If a package's format is broken or its name is taken, its files fail with the reason.

    `ccheck schemas` says so with exit status 2, and other files are judged as ever.
    """
    package(tmp_path, text, entries)
    file = sensor_file(tmp_path)
    status, output = ccheck(tmp_path, "validate", "--no-config", "--jobs", "1", file)
    assert status == 1
    assert "error[unrecognised-content]" in output
    assert f"because: {problem}" in output
    status, output = ccheck(tmp_path, "schemas")
    assert status == 2
    assert output.splitlines()[-1] == f"Error: {problem}"
    status, output = ccheck(tmp_path, "validate", "--no-config", "--schema", "sensor", file)
    assert status == 2
    assert problem in output
    good = next((ROOT / "corpus" / "sysmon").glob("*/good/*.bin"))
    status, output = ccheck(tmp_path, "validate", "--no-config", "--jobs", "1", str(good))
    assert status == 0, output


def test_two_packages_may_not_bring_the_same_name(tmp_path: Path) -> None:
    """The second format of a name is refused, with the package that brought the first."""
    package(tmp_path, SENSOR + PARTS, "first = sensor_of_example:FORMAT\nsecond = sensor_of_example:FORMAT")
    status, output = ccheck(tmp_path, "schemas")
    assert status == 2
    assert output.splitlines()[-1] == snapshot(
        "Error: the format 'second' that example-formats brings cannot be used: example-formats has a format 'sensor' already"
    )
