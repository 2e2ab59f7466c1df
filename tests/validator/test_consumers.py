"""consumers.toml: what is read, and how each mistake is named."""

from __future__ import annotations

import hashlib
import pickle
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from ccheck.core.consumers import CRITERION_KINDS, PLATFORMS, Consumer, load_consumers
from ccheck.text.toml_document import MAX_BYTES, ConfigurationError

DOCUMENT = Path(__file__).parents[2] / "docs" / "consumers.md"
BUILD = """\
[[consumer]]
name = "7.11"
version = "7.11"
platform = "windows-x64"
pointer_bits = 64
supported_from = 2024-02-28
format_versions = [1]
criterion_kinds = ["wildcard", "regex"]
bounds_check = false
inputs = { IPC = 20, "IPC@2" = 21 }
"""
GOOD = "format = 1\n" + BUILD


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of its own, so that messages name files without a folder."""
    monkeypatch.chdir(tmp_path)
    return Path("consumers.toml")


def build(here: Path, text: str = GOOD) -> Consumer:
    """The only build that `text` lists."""
    here.write_text(text, encoding="utf-8")
    (only,) = load_consumers(here).builds
    return only


def complaints(here: Path, text: str | bytes) -> str:
    """What is wrong with `text`, as users read it."""
    here.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    with pytest.raises(ConfigurationError) as caught:
        load_consumers(here)
    assert len(caught.value.problems) == len(str(caught.value).splitlines())
    return str(caught.value)


def test_the_example_of_the_manual(here: Path) -> None:
    """The example in docs/consumers.md is read, and every key of the manual's table has its value."""
    (example,) = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    here.write_text(example, encoding="utf-8")
    consumers = load_consumers(here)
    assert consumers.sha256 == hashlib.sha256(here.read_bytes()).hexdigest()
    assert consumers.path == here
    assert consumers.builds == (
        Consumer(
            name="7.11",
            version="7.11",
            platform="windows-x64",
            pointer_bits=64,
            byte_order="little",
            strict_alignment=False,
            supported_from=date(2024, 2, 28),
            supported_until=None,
            format_versions=(1,),
            criterion_kinds=CRITERION_KINDS,
            bounds_check=False,
            input_count_check=False,
            quarantine=False,
            last_known_good=False,
            boot_loop_recovery=False,
            inputs={"IPC": 20},
            line=3,
        ),
    )
    assert consumers.builds[0].lines["inputs.IPC"] == 14


def test_the_manual_lists_every_key_and_platform() -> None:
    """Each key of a Consumer has a row in the manual, and the platforms are the same."""
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \|", text, re.MULTILINE)
    assert rows == ["key", *(name for name in Consumer.__slots__ if name not in ("line", "lines"))]
    (platforms,) = re.findall(r"^\| platform \| (.*?) \| required", text, re.MULTILINE)
    assert tuple(re.findall(r"`([^`]+)`", platforms)) == PLATFORMS


def test_every_key_can_be_written(here: Path) -> None:
    """The keys that have a default take another value."""
    extra = """\
byte_order = "big"
strict_alignment = true
supported_until = 2024-02-29
input_count_check = true
quarantine = true
last_known_good = true
boot_loop_recovery = true
"""
    read = build(here, GOOD + extra)
    assert read.byte_order == "big"
    assert read.supported_until == date(2024, 2, 29)
    flags = (read.strict_alignment, read.input_count_check, read.quarantine, read.last_known_good)
    assert all((*flags, read.boot_loop_recovery))


def test_a_version_of_its_own_wins(here: Path) -> None:
    """`"IPC@2"` counts for version 2, `"IPC"` for every other, and an unlisted type is unknown."""
    read = build(here)
    assert [read.inputs_for("IPC", version) for version in (1, 2, 3)] == [20, 21, 20]
    assert read.inputs_key("IPC", 2) == "IPC@2"
    assert read.inputs_for("File", 1) is None


def test_a_type_cannot_pose_as_a_version_of_another(here: Path) -> None:
    """A type that content calls `IPC@2` does not take the inputs of version 2 of IPC."""
    read = build(here)
    assert read.inputs_for("IPC@2", 1) is None


def test_lines_lead_to_the_proof(here: Path) -> None:
    """A build knows the line of its header, of each key and of each input; others have the header's."""
    read = build(here)
    assert (read.line, read.lines["pointer_bits"], read.lines["inputs.IPC@2"]) == (2, 6, 11)
    assert "quarantine" not in read.lines


def test_support_has_both_ends(here: Path) -> None:
    """A build is supported on its first and on its last day, not before and not after."""
    here.write_text(GOOD + "supported_until = 2024-07-19\n", encoding="utf-8")
    consumers = load_consumers(here)
    days = (date(2024, 2, 27), date(2024, 2, 28), date(2024, 7, 19), date(2024, 7, 20))
    assert [len(consumers.supported(day)) for day in days] == [0, 1, 1, 0]


def test_builds_can_be_hashed_and_sent(here: Path) -> None:
    """A build goes into a set and to another process."""
    read = build(here)
    assert {read} == {pickle.loads(pickle.dumps(read))}  # noqa: S301 # our own bytes


def test_all_mistakes_are_named_at_once(here: Path) -> None:
    """Each wrong value has one line with file, line, key and what is wrong; none hides another."""
    text = """\
format = 1
colour = "red"
[[consumer]]
name = "7.11"
version = 7.11
platform = "windows-x46"
pointer_bits = 48
byte_order = "middle"
strict_aligment = true
supported_from = 2024-02-28
supported_until = 2024-02-27
format_versions = []
criterion_kinds = ["wildcard", "regexp", "wildcard", 7]
bounds_check = 1
[consumer.inputs]
IPC = -1
File = true
"IPC@0" = 20
"" = 1
[[consumer]]
name = "7.11"
version = " "
platform = "linux-x64"
pointer_bits = true
supported_from = 2024-02-28T00:00:00
supported_until = 2024-02-28
format_versions = [0, 1.0]
criterion_kinds = "regex"
bounds_check = false
inputs = {}
"""
    assert complaints(here, text) == snapshot("""\
consumers.toml:2: colour: is not a key
consumers.toml:5: consumer[0].version: is 7.11, not text in quotes
consumers.toml:6: consumer[0].platform: "windows-x46" is not known; did you mean windows-x86?
consumers.toml:7: consumer[0].pointer_bits: 48 is not 32 or 64
consumers.toml:8: consumer[0].byte_order: "middle" is not little or big
consumers.toml:9: consumer[0].strict_aligment: is not a key; did you mean strict_alignment?
consumers.toml:11: consumer[0].supported_until: 2024-02-27 is before 2024-02-28, its first day
consumers.toml:12: consumer[0].format_versions: the list is empty
consumers.toml:13: consumer[0].criterion_kinds[1]: "regexp" is not a criterion kind; did you mean regex?
consumers.toml:13: consumer[0].criterion_kinds[2]: "wildcard" stands in the list twice
consumers.toml:13: consumer[0].criterion_kinds[3]: 7 is not a criterion kind
consumers.toml:14: consumer[0].bounds_check: is 1, not true or false
consumers.toml:16: consumer[0].inputs.IPC: -1 is not between 0 and 65,535
consumers.toml:17: consumer[0].inputs.File: is true, not a whole number
consumers.toml:18: consumer[0].inputs."IPC@0": "IPC@0" is not TYPE, or TYPE@VERSION with 1 to 65,535
consumers.toml:19: consumer[0].inputs."": "" is not TYPE, or TYPE@VERSION with 1 to 65,535
consumers.toml:21: consumer[1].name: "7.11" is the name of consumer[0] too, line 3
consumers.toml:22: consumer[1].version: is empty
consumers.toml:24: consumer[1].pointer_bits: is true, not a whole number
consumers.toml:25: consumer[1].supported_from: is 2024-02-28T00:00:00, not a date such as 2024-07-19
consumers.toml:27: consumer[1].format_versions[0]: 0 is not a version from 1 to 65,535
consumers.toml:27: consumer[1].format_versions[1]: 1.0 is not a version from 1 to 65,535
consumers.toml:28: consumer[1].criterion_kinds: is "regex", not a list
consumers.toml:30: consumer[1].inputs: the table is empty: the build would know no template type\
""")


def test_missing_keys_are_named_at_the_header(here: Path) -> None:
    """Every required key that is missing is named at the line of its build."""
    assert complaints(here, "format = 1\n\n[[consumer]]\n") == snapshot("""\
consumers.toml:3: consumer[0].inputs: is missing
consumers.toml:3: consumer[0].name: is missing
consumers.toml:3: consumer[0].version: is missing
consumers.toml:3: consumer[0].platform: is missing
consumers.toml:3: consumer[0].pointer_bits: is missing
consumers.toml:3: consumer[0].supported_from: is missing
consumers.toml:3: consumer[0].format_versions: is missing
consumers.toml:3: consumer[0].criterion_kinds: is missing
consumers.toml:3: consumer[0].bounds_check: is missing\
""")


@pytest.mark.parametrize("text", ["format = 1\n", "format = 1\nconsumer = []\n"])
def test_no_builds_is_an_error(here: Path, text: str) -> None:
    """A file without builds is refused: nothing would be compared."""
    assert complaints(here, text).endswith("consumer: no [[consumer]] is listed: nothing would be compared")


def test_tables_of_the_wrong_shape(here: Path) -> None:
    """A plain table or a number where builds should stand is named, not crashed upon."""
    assert complaints(here, "format = 1\n[consumer]\nname = 'x'\n") == snapshot(
        "consumers.toml:2: consumer: a table is not an array of tables; write [[consumer]]"
    )
    assert complaints(here, "format = 1\nconsumer = [3]\n") == snapshot(
        "consumers.toml:2: consumer[0]: 3 is not a table"
    )
    assert complaints(here, GOOD.replace('inputs = { IPC = 20, "IPC@2" = 21 }', "inputs = 20")) == snapshot(
        "consumers.toml:11: consumer[0].inputs: 20 is not a table"
    )


def test_other_formats_are_not_guessed_at(here: Path) -> None:
    """A missing or unknown format is the only thing that is said, for the keys may mean something else."""
    assert complaints(here, BUILD + "colour = 1\n") == snapshot(
        "consumers.toml:1: format: is missing; this ccheck reads format 1"
    )
    assert complaints(here, "format = 2\ncolour = 1\n") == snapshot(
        "consumers.toml:1: format: 2 is not a format that this ccheck reads; it reads 1"
    )
    assert complaints(here, "format = true\n") == snapshot(
        "consumers.toml:1: format: true is not a format that this ccheck reads; it reads 1"
    )


def test_syntax_errors_have_line_and_column(here: Path) -> None:
    """What is not TOML is named with its place."""
    assert complaints(here, "format = 1\nname = \n") == snapshot("consumers.toml:2:8: Invalid value")
    assert complaints(here, 'format = 1\nname = """x\n') == snapshot(
        "consumers.toml:3: Unterminated string, at the end of the file"
    )
    assert complaints(here, "format = 1\nformat = 2") == snapshot(
        "consumers.toml:2: Cannot overwrite a value, at the end of the file"
    )


def test_what_is_no_text(here: Path) -> None:
    """Bytes that are not UTF-8, endless nesting, endless numbers and endless files are refused with words."""
    assert complaints(here, b"format = 1\nname = '\xff'\n") == snapshot(
        "consumers.toml:2: byte 0xff at 0x13 is not UTF-8"
    )
    assert complaints(here, "a = " + "[" * 100_000) == snapshot(
        "consumers.toml: values are nested too deeply"
    )
    assert complaints(here, "a = " + "9" * 5000) == snapshot(
        "consumers.toml: Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits"
    )
    assert complaints(here, GOOD.replace("= 64", "= 0x" + "f" * 5000)) == snapshot(
        "consumers.toml:6: consumer[0].pointer_bits: a number of 20000 bits is not 32 or 64"
    )
    assert complaints(here, b"#" * (MAX_BYTES + 1)) == snapshot(
        "consumers.toml: has more than 1,048,576 bytes, the limit of a configuration file"
    )


def test_what_cannot_be_read(here: Path) -> None:
    """A missing file and a folder are refused with the system's reason."""
    with pytest.raises(ConfigurationError, match=r"consumers\.toml: cannot be read: ") as caught:
        load_consumers(here)
    assert caught.value.problems[0].file == "consumers.toml"
    with pytest.raises(ConfigurationError, match="cannot be read: "):
        load_consumers(Path())
    with pytest.raises(ConfigurationError, match="cannot be read: "):
        load_consumers(Path("a\0b"))


def test_a_byte_order_mark_is_no_mistake(here: Path) -> None:
    """Editors on Windows begin files with a byte order mark; it is skipped."""
    here.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_consumers(here).builds[0].line == 2


@given(st.data())
def test_any_value_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever a key is set to, the file is read or refused with printable lines that name the file."""
    lines = GOOD.splitlines()
    index = data.draw(st.integers(0, len(lines) - 1))
    key = lines[index].partition("=")[0]
    values = [
        "1",
        "-1",
        "true",
        '"x"',
        "[]",
        "[[]]",
        "{}",
        "{a=1}",
        "1.5",
        "nan",
        "07:32:00",
        "2024-01-01",
        '"\\u0000"',
    ]
    lines[index] = f"{key} = {data.draw(st.sampled_from(values))}" if "=" in lines[index] else "[other]"
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    try:
        read = load_consumers(path)
    except ConfigurationError as error:
        assert all(line.startswith(str(path)) and line.isprintable() for line in str(error).splitlines())  # noqa: PT017
    else:
        assert read.builds[0].inputs
