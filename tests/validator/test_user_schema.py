"""A user's own schema file: it validates, its own checks run, and a file that cannot be used says why."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import pytest

from ccheck.cli.main import run
from ccheck.config.options import is_schema_file
from ccheck.config.user_schema import UserSchemaError, load_user_schema
from ccheck.judging.judge import examine, judge
from ccheck.judging.preparation import prepare
from ccheck_schemas.record import Record
from tests.conftest import ROOT

SENSOR = ROOT / "tests" / "user" / "sensor.py"


def sensor(*rules: tuple[int, int]) -> bytes:
    """A file of the sensor format, built by hand."""
    body = b"".join(struct.pack(">HBB", port, action, 0) for port, action in rules)
    return struct.pack(">4sHHII", b"SNSR", 1, len(rules), 16 + len(body), zlib.crc32(body)) + body


def validate(tmp_path: Path, data: bytes) -> int:
    """The exit status of validating bytes by the user's schema."""
    file = tmp_path / "rules.snsr"
    file.write_bytes(data)
    return run(["validate", "--no-config", "--schema", str(SENSOR), str(file)])


def test_a_good_file_of_a_users_format_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A user's file that keeps its schema passes, canonical form included."""
    assert validate(tmp_path, sensor((22, 1), (80, 2))) == 0
    assert "sensor, 24 bytes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("data", "check"),
    [
        (sensor((22, 1), (22, 2)), "port-ruled-twice"),
        (sensor((22, 3)), "unknown-enum-value"),
        (sensor((22, 1)) + b"\0", "bytes-unowned"),
        (sensor((22, 1))[:-1], "count-past-bytes"),
        (b"SNSR\0\x02" + sensor((22, 1))[6:], "unknown-format-version"),
    ],
)
def test_a_bad_file_of_a_users_format_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes, check: str
) -> None:
    """General checks and the user's own both find what is wrong with a user's file."""
    assert validate(tmp_path, data) == 1
    assert f"error[{check}]" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(name for name in dir(Record) if not name.startswith("_")))
def test_a_field_that_a_check_would_not_get_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """A field that has the name of an attribute of records is refused: a check would read another value.

    A schema without checks may have the field.
    """
    text = SENSOR.read_text().replace('"port" / Int16ub', f'"{name}" / Int16ub')
    schema, file = tmp_path / "mine.py", tmp_path / "rules.snsr"
    schema.write_text(text)
    file.write_bytes(sensor((22, 1)))
    arguments = ["validate", "--no-config", "--schema", str(schema), str(file)]
    assert run(arguments) == 2
    assert f"checks cannot read the field {name!r}" in capsys.readouterr().err
    schema.write_text(re.sub(r"(?m)^CHECKS = .*", "", text))
    assert run(arguments) == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = 1", "defines no SCHEMA"),
        ("1 / 0", "ZeroDivisionError"),
        (
            "from construct import *\nfrom ccheck_schemas.schema import Schema\n"
            "SCHEMA = Schema('x', 'x', Struct('a' / GreedyBytes), recognise=bool)",
            "takes whatever is left",
        ),
        (SENSOR.read_text().replace("CHECKS = (", "CHECKS = (7, "), "not a ccheck.core.check.Check"),
        (SENSOR.read_text().replace("    ## How to fix\n", ""), "lacks How to fix"),
    ],
)
def test_a_schema_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, reason: str) -> None:
    """A schema file that fails, defines nothing or is lax is refused with the reason."""
    file = tmp_path / "mine.py"
    file.write_text(text)
    with pytest.raises(UserSchemaError, match=re.escape(reason)):
        load_user_schema(file)


def test_a_schema_file_that_fails_names_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a node of the vocabulary refuses is found by the line of the schema that made it."""
    schema = tmp_path / "mine.py"
    lines = (
        "from construct import Int8ub, Struct",
        "from ccheck_schemas.meaning import Bounded",
        "",
        "ROW = Struct(",
        '    "x" / Bounded(Int8ub, 5, 3),',
        ")",
    )
    schema.write_text("\n".join(lines), encoding="utf-8")
    assert run(["schemas", "--schema", str(schema)]) == 2
    assert (
        "ValueError: the bounds 5..3 contain no number: low is at most high (mine.py:5)"
        in capsys.readouterr().err
    )


DESCRIBED = """
from construct import Array, Int8ub, Struct, this
from ccheck_schemas.schema import Schema

DEVICE = Struct("id" / Int8ub, "count" / Int8ub, "ports" / Array(this.count, Struct("port" / Int8ub)))
ROOT = Struct("count" / Int8ub, "devices" / Array(this.count, DEVICE))


def describe(content):
    devices = [{"id": d.id, "ports": [{"port": p.port} for p in d.ports]} for d in content.root.devices]
    return {"devices": devices}


SCHEMA = Schema("mine", "mine", ROOT, recognise=bool, describe=describe)
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ([(1, 22), (2, 80, 81)], [(1, 22), (2, 80, 82)], "~ devices[1], ports[1]: port 81 → 82\n"),
        ([(1, 22), (2,)], [(2,)], '- devices[0]: id 1, ports [{"port": 22}]\n'),
        ([(1,)], [(1,), (3, 5)], '+ devices[1]: id 3, ports [{"port": 5}]\n'),
        ([(1,), (2,)], [(4,)], "~ devices[0]: id 1 → 4\n- devices[1]: id 2, ports []\n"),
    ],
)
def test_lists_of_a_users_format_are_compared_by_element(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    old: list[tuple[int, ...]],
    new: list[tuple[int, ...]],
    said: str,
) -> None:
    """Records in lists that the format gives no names are compared one by one, and named by their place."""
    (tmp_path / "mine.py").write_text(DESCRIBED, encoding="utf-8")
    for name, devices in (("old", old), ("new", new)):
        body = b"".join(bytes([d[0], len(d) - 1, *d[1:]]) for d in devices)
        (tmp_path / name).write_bytes(bytes([len(devices)]) + body)
    names = [str(tmp_path / name) for name in ("old", "new")]
    assert run(["diff", "--schema", str(tmp_path / "mine.py"), "--exit-code", *names]) == 1
    assert capsys.readouterr().out == said


def test_a_schema_of_several_files_is_a_package(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that lies beside a schema cannot be imported by its bare name, and the words say how it can."""
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "other_part_of_mine.py").write_text("X = 1\n", encoding="utf-8")
    schema = folder / "mine.py"
    schema.write_text("import other_part_of_mine\n", encoding="utf-8")
    assert run(["schemas", "--schema", str(schema)]) == 2
    said = capsys.readouterr().err
    assert (
        "(mine.py:1); other_part_of_mine lies beside it, but a schema of several files is a package" in said
    )
    assert "import each other as parts.other_part_of_mine;" in said
    (folder / "__init__.py").touch()
    schema.write_text("import parts.other_part_of_mine\n", encoding="utf-8")
    assert run(["schemas", "--schema", str(schema)]) == 2
    assert "it defines no SCHEMA" in capsys.readouterr().err


def test_a_schema_file_that_is_not_there_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """Naming a schema file that does not exist is wrong usage, not a finding."""
    assert run(["validate", "--schema", "nowhere/mine.py", str(SENSOR)]) == 2
    assert "there is no such file" in capsys.readouterr().err


def test_a_check_of_the_users_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """`explain --schema` prints the manual of a user's check; without it the message says how."""
    assert run(["explain", "--schema", str(SENSOR), "port-ruled-twice"]) == 0
    assert "The sensor keeps one rule for each port" in capsys.readouterr().out
    assert run(["explain", "port-ruled-twice"]) == 2
    assert "--schema FILE.py" in capsys.readouterr().err
    assert run(["explain", "--schema", "nowhere.py", "x"]) == 2


def test_only_a_path_is_a_schema_file() -> None:
    """A bare word is the name of a format; what ends in .py or has a folder is a file."""
    assert not is_schema_file("channel")
    assert is_schema_file("mine.py")
    assert is_schema_file("./mine")


@pytest.mark.parametrize("data", [b"", bytes(40)], ids=["empty", "zeros"])
def test_a_users_check_is_not_run_on_a_file_that_was_not_read(data: bytes) -> None:
    """On an empty file, or one of zeros, a user's check is reported as not run, and does not crash."""
    validation = prepare(use_config=False, schema=str(SENSOR))
    subject = examine(data, "", validation.context, validation.schemas, validation.schema)
    report = judge(subject, "-", validation.checks, validation.policy)
    assert report.verdict == "fail"
    assert "port-ruled-twice" in {gap.check for gap in report.not_run}


UNCHECKED = """
from construct import Const, Int8ub, Struct, this
from ccheck_schemas.meaning import Table
from ccheck_schemas.schema import Schema

ROOT = Struct(
    "magic" / Const(b"OWN"), "n" / Int8ub, "rows" / Table("rows", this.n, Struct("v" / Int8ub), high=9)
)
SCHEMA = Schema("mine", "a format of one's own", ROOT, recognise=lambda data: data[:3] == b"OWN")
"""
GOOD = b"OWN\x02ab"


@pytest.mark.parametrize(
    ("data", "options", "status"),
    [
        (GOOD, (), 0),
        (GOOD + b"c", (), 1),
        (b"", (), 1),
        (bytes(4), (), 1),
        (GOOD, ("--max-size", "5"), 1),
        (GOOD, ("--consumers", "nothing.toml"), 2),
        (GOOD, ("--target", "7"), 2),
        (GOOD, ("--definitions", "f.own"), 0),
        (GOOD, ("--format", "json"), 0),
    ],
)
def test_options_hold_for_a_schema_file_without_checks(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    data: bytes,
    options: tuple[str, ...],
    status: int,
) -> None:
    """A file by a schema that has a fast path is judged by all that was named, and nothing is left in a cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(UNCHECKED, encoding="utf-8")
    (tmp_path / "f.own").write_bytes(data)
    assert run(["schemas", "--schema", "mine.py"]) == 0
    assert "fast path for good files: yes\n" in capsys.readouterr().out
    assert run(["validate", "--no-config", "--schema", "mine.py", *options, "f.own"]) == status
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(("name", "status"), [("mine", 0), ("channel", 2)])
def test_checks_that_a_schema_file_replaces_are_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, status: int
) -> None:
    """ccheck.toml may name checks of every format but that in whose place the schema file stands."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(UNCHECKED.replace('"mine"', repr(name)), encoding="utf-8")
    (tmp_path / "f.own").write_bytes(GOOD)
    config = 'format = 1\n[severity]\nfield-past-inputs = "warning"\n'
    (tmp_path / "ccheck.toml").write_text(config, encoding="utf-8")
    assert run(["validate", "--schema", "mine.py", "f.own"]) == status
