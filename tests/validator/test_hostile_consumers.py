"""consumers.toml that means nothing, or is made to cost time, memory or pages of output."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ccheck.cli.main import run
from ccheck.formats.registry import every
from ccheck.text.toml_lines import find_lines
from ccheck_schemas.build_facts import FactKind
from tests.conftest import ROOT

Cli = Callable[..., tuple[int, str, str]]
POLICY = ROOT / "corpus" / "apparmor" / "base.bin"
HEAD = (
    'format = 2\n[[consumer]]\nname = "b"\nversion = "1"\nplatform = "linux-x64"\npointer_bits = 64\n'
    "supported_from = 2020-01-01\n"
)


@pytest.fixture
def cc(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """Run the command line: status, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def call(*args: object) -> tuple[int, str, str]:
        status = run([str(one) for one in args])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def refusals(cc: Cli, text: str, command: str = "validate") -> list[str]:
    """Returns the lines with which a command refuses the text of a consumers.toml."""
    Path("consumers.toml").write_text(text, encoding="utf-8")
    status, out, err = cc(command, "--no-config", "--consumers", "consumers.toml", POLICY)
    assert (status, out) == (2, ""), out + err
    return err.removeprefix("Error: ").splitlines()


@pytest.mark.parametrize("command", ["validate", "run"])
@pytest.mark.parametrize(
    ("fact", "values", "wrong", "known"),
    [
        ("apparmor_state_bytes", [2, 3, 0], [3, 0], "2, 4"),
        ("apparmor_state_bytes", [2, -5, 2**63 - 1], [-5, 2**63 - 1], "2, 4"),
        ("apparmor_state_flags", [0x80, 1], [1], "32, 128"),
        ("apparmor_modes", ["enforce", 9], [9], "0, 1, 2, 3, 4"),
        ("apparmor_items", [0, 31], [31], "0 to 30"),
        ("apparmor_dfa_flags", [0, 4], [4], "0, 1, 2, 3"),
        ("apparmor_versions", [5, 1024, -5], [1024, -5], "5, 6, 7, 8, 9"),
        ("regdb_rule_lengths", [16, 17], [17], "16, 18, 20"),
        ("regdb_versions", [20, -1], [-1], "0 to 4,294,967,295"),
        ("devicetree_versions", [17, 2**32], [2**32], "0 to 4,294,967,295"),
        ("sysmon_events", [1, -1], [-1], "0 to 4,294,967,295"),
        ("format_versions", [1, 65536], [65536], "0 to 65,535"),
    ],
)
def test_a_value_that_no_reader_can_have_is_an_error(
    cc: Cli, command: str, fact: str, values: Sequence[int | str], wrong: Sequence[int], known: str
) -> None:
    """The error names the line, the key, the value and the values that there are."""
    listed = str(values).replace("'", '"')
    lines = refusals(cc, f"{HEAD}[consumer.sets]\n{fact} = {listed}\n", command)
    place = f"consumers.toml:9: consumer[0].sets.{fact}"
    assert lines == [f"{place}: {one} is a value that no content has; it has {known}" for one in wrong]


def test_each_set_of_each_format_says_which_values_it_can_have() -> None:
    """No set of a format takes any integer."""
    sets = [fact for known in every() for fact in known.facts if fact.kind is FactKind.SET]
    assert len(sets) > 10
    for fact in sets:
        assert fact.values is not None, fact
        assert all(number in fact.values for number in fact.names.values()), fact
        assert -5 not in fact.values
        assert 2**63 - 1 not in fact.values


def test_the_width_of_a_field_bounds_a_users_set(cc: Cli) -> None:
    """A set of a schema file has the numbers that the fields which are compared with it can hold."""
    Path("mine.py").write_text(
        "from construct import Const, Int8sl, Int16ul, Struct, this\n"
        "from ccheck_schemas.meaning import Understood\n"
        "from ccheck_schemas.schema import Schema\n"
        'LAYOUT = Struct("magic" / Const(b"MINE"), "a" / Understood(Int8sl, "as"), "b" / Understood(Int16ul, "as"),\n'
        '    "c" / Understood(Int16ul, "cs", amount=this.c * 70000))\n'
        'SCHEMA = Schema("mine", "mine", LAYOUT, recognise=lambda data: data[:4] == b"MINE")\n',
        encoding="utf-8",
    )
    Path("consumers.toml").write_text(
        f"{HEAD}[consumer.sets]\nas = [-128, 65535, -129, 65536]\ncs = [70000]\n", encoding="utf-8"
    )
    status, _, err = cc(
        "validate", "--no-config", "--schema", "mine.py", "--consumers", "consumers.toml", POLICY
    )
    assert status == 2
    place = "consumers.toml:9: consumer[0].sets.as"
    assert err.removeprefix("Error: ").splitlines() == [
        f"{place}: -129 is a value that no content has; it has -128 to 65,535",
        f"{place}: 65536 is a value that no content has; it has -128 to 65,535",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "[{}]",
        "[[ {} ]]",
        "{} = 1",
        "a = {{ b = 1, {} = 2 }}",
        "a = [{{ {} = 2 }}]",
    ],
)
@pytest.mark.parametrize("part", ["a", '"a.b"', "'a'"])
def test_a_key_of_very_many_parts_is_refused_at_once(cc: Cli, line: str, part: str) -> None:
    """A key of 100,000 parts is refused with its line, before time and memory grow with the square of them."""
    begun = time.monotonic()
    lines = refusals(cc, "format = 2\n\n" + line.format(" . ".join([part] * 100_000)) + "\n")
    assert lines == ["consumers.toml:3: a key has more than 100 parts"]
    assert time.monotonic() - begun < 5


def test_a_text_with_many_points_is_no_key(cc: Cli) -> None:
    """Points in texts, comments and values are not parts of a key; a key of 100 parts is read."""
    text = f"{HEAD.replace(chr(34) + '1' + chr(34), chr(34) + '1.' * 99 + chr(34))}# {'a.' * 500}\n"
    lines = refusals(cc, f"{text}[{'.'.join(['a'] * 100)}]\n")
    assert lines == ["consumers.toml:9: a: is not a key"]


def test_a_line_is_stored_once_for_each_part_of_a_key() -> None:
    """What is inside a table is stored in it: there is no path of its own for each part."""
    lines = find_lines(f"[{'.'.join(['a'] * 100)}]\n")
    assert len(lines) == 100
    assert lines[("a",) * 100] == 1
    assert ("a",) * 101 not in lines


@pytest.mark.parametrize("elements", [map(str, range(40_000)), (f'"w{at}"' for at in range(40_000))])
def test_a_long_list_takes_no_time(cc: Cli, elements: Sequence[str]) -> None:
    """A list of 40,000 elements is read in seconds, and 20 errors in it are listed."""
    begun = time.monotonic()
    lines = refusals(cc, f"{HEAD}[consumer.sets]\napparmor_versions = [{', '.join(elements)}]\n")
    assert time.monotonic() - begun < 10
    assert len(lines) == 21
    assert lines[20].endswith("more facts and values have no meaning for a schema in use")


def test_unknown_facts_are_listed_and_then_counted(cc: Cli) -> None:
    """Of 5,000 unknown facts in two builds the first 20 are named, and the others counted."""
    facts = "[consumer.limits]\n" + "".join(f"w{at} = 1\n" for at in range(5_000))
    twin = HEAD.removeprefix("format = 2\n").replace('"b"', '"c"')
    lines = refusals(cc, f"{HEAD}{facts}{twin}{facts}")
    assert len(lines) == 22
    assert lines[0] == "consumers.toml:9: consumer[0].limits.w0: no schema in use refers to it"
    assert lines[20] == "consumers.toml: 9,980 more facts and values have no meaning for a schema in use"


@pytest.mark.parametrize(("key", "value", "line"), [("name", "b", 3), ("version", "1", 4)])
def test_a_name_has_a_length_that_a_table_can_show(cc: Cli, key: str, value: str, line: int) -> None:
    """A name or version of 201 characters is refused, and one of 200 is not."""

    def complaints(length: int) -> list[str]:
        text = HEAD.replace(f'{key} = "{value}"', f'{key} = "{"n" * length}"')
        return [one for one in refusals(cc, f"{text}x = 1\n") if "characters" in one]

    assert complaints(200) == []
    place = f"consumers.toml:{line}: consumer[0].{key}"
    assert complaints(201) == [f"{place}: has 201 characters, at most 200 are shown in a table"]


def test_a_long_key_is_cut_in_messages(cc: Cli) -> None:
    """The key of an error is shown up to 300 characters."""
    (line,) = refusals(cc, f"{HEAD}{'x' * 100_000} = 1\n")
    assert len(line) < 400
