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

from ccheck.core.consumers import PLATFORMS, Consumer, load_consumers
from ccheck.core.contract import require_facts
from ccheck.formats.channel.builds import inputs_for, inputs_key
from ccheck.formats.registry import facts_in_use
from ccheck.text.toml_document import MAX_BYTES, ConfigurationError
from ccheck_schemas.build_facts import Fact, FactKind
from ccheck_schemas.formats.channel.facts import CRITERION_KINDS, FACTS

DOCUMENT = Path(__file__).parents[2] / "docs" / "consumers.md"
BUILD = """\
[[consumer]]
name = "7.11"
version = "7.11"
platform = "windows-x64"
pointer_bits = 64
supported_from = 2024-02-28
counts.inputs = { IPC = 20, "IPC@2" = 21 }
sets.format_versions = [1]
sets.criterion_kinds = ["wildcard", "regex"]
switches.bounds_check = false
"""
GOOD = "format = 2\n" + BUILD


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
    example, _ = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
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
            facts={
                (FactKind.COUNT, "inputs", "IPC"): 20,
                (FactKind.SET, "format_versions", ""): (1,),
                (FactKind.SET, "criterion_kinds", ""): tuple(CRITERION_KINDS.names),
                (FactKind.SWITCH, "bounds_check", ""): False,
            },
            line=3,
        ),
    )
    assert consumers.builds[0].lines["counts.inputs.IPC"] == 11
    require_facts(consumers, facts_in_use(), "channel")


def test_the_manual_lists_every_key_and_platform() -> None:
    """Each key of a Consumer has a row in the manual, and the platforms are the same."""
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \|", text, re.MULTILINE)
    keys = [name for name in Consumer.__slots__ if name not in ("line", "lines", "facts")]
    assert rows[: len(keys) + 5] == ["key", *keys, *(kind.value for kind in FactKind)]
    assert rows[len(keys) + 5 :] == ["fact", *(fact.name for fact in FACTS)]
    (platforms,) = re.findall(r"^\| platform \| (.*?) \| required", text, re.MULTILINE)
    assert tuple(re.findall(r"`([^`]+)`", platforms)) == PLATFORMS


def test_every_key_can_be_written(here: Path) -> None:
    """The keys that have a default take another value."""
    extra = """\
byte_order = "big"
strict_alignment = true
supported_until = 2024-02-29
formats = ["channel"]
switches.input_count_check = true
limits.file_size = 4096
limits.rules = { "one" = 1, "one@2" = 2 }
"""
    read = build(here, GOOD + extra)
    assert read.byte_order == "big"
    assert read.supported_until == date(2024, 2, 29)
    assert (read.strict_alignment, read.switch("input_count_check"), read.switch("quarantine")) == (
        True,
        True,
        False,
    )
    assert (read.reads("channel"), read.reads("regdb")) == (True, False)
    assert read.number(FactKind.LIMIT, "file_size") == 4096
    assert [read.number(FactKind.LIMIT, "rules", ("one", n)) for n in (1, 2)] == [1, 2]


def test_a_version_of_its_own_wins(here: Path) -> None:
    """`"IPC@2"` counts for version 2, `"IPC"` for every other, and an unlisted type is unknown."""
    read = build(here)
    assert [inputs_for(read, "IPC", version) for version in (1, 2, 3)] == [20, 21, 20]
    assert inputs_key(read, "IPC", 2) == "IPC@2"
    assert inputs_for(read, "File", 1) is None


def test_a_type_cannot_pose_as_a_version_of_another(here: Path) -> None:
    """A type that content calls `IPC@2` does not take the inputs of version 2 of IPC."""
    read = build(here)
    assert inputs_for(read, "IPC@2", 1) is None


def test_lines_lead_to_the_proof(here: Path) -> None:
    """A build knows the line of its header, of each key and of each fact; others have that around them."""
    read = build(here)
    assert (read.line, read.lines["pointer_bits"], read.lines["counts.inputs.IPC@2"]) == (2, 6, 8)
    assert read.line_of(FactKind.SWITCH, "quarantine") == read.lines["switches"]
    assert read.line_of(FactKind.LIMIT, "file_size") == read.line


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
format = 2
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
formats = []
[consumer.sets]
format_versions = []
criterion_kinds = ["wildcard", "wildcard", -7, 1.0]
[consumer.switches]
bounds_check = 1
quarantine = { a = true }
[consumer.counts.inputs]
IPC = -1
File = true
"IPC@" = 20
"" = 1
[[consumer]]
name = "7.11"
version = " "
platform = "linux-x64"
pointer_bits = true
supported_from = 2024-02-28T00:00:00
supported_until = 2024-02-28
counts = 7
sets.criterion_kinds = "regex"
limits.inputs = {}
"""
    assert complaints(here, text) == snapshot("""\
consumers.toml:2: colour: is not a key
consumers.toml:5: consumer[0].version: is 7.11, not text in quotes
consumers.toml:6: consumer[0].platform: "windows-x46" is not known; did you mean windows-x86?
consumers.toml:7: consumer[0].pointer_bits: 48 is not 32 or 64
consumers.toml:8: consumer[0].byte_order: "middle" is not little or big
consumers.toml:9: consumer[0].strict_aligment: is not a key; did you mean strict_alignment?
consumers.toml:11: consumer[0].supported_until: 2024-02-27 is before 2024-02-28, its first day
consumers.toml:12: consumer[0].formats: the list is empty
consumers.toml:14: consumer[0].sets.format_versions: the list is empty
consumers.toml:15: consumer[0].sets.criterion_kinds[1]: "wildcard" stands in the list twice
consumers.toml:15: consumer[0].sets.criterion_kinds[3]: 1.0 is not a number or a name
consumers.toml:17: consumer[0].switches.bounds_check: is 1, not true or false
consumers.toml:18: consumer[0].switches.quarantine: a table is not true or false
consumers.toml:20: consumer[0].counts.inputs.IPC: -1 is not between 0 and 9,223,372,036,854,775,807
consumers.toml:21: consumer[0].counts.inputs.File: is true, not a whole number
consumers.toml:22: consumer[0].counts.inputs."IPC@": "IPC@" is not a key: parts, none empty or with blanks around, joined by @
consumers.toml:23: consumer[0].counts.inputs."": "" is not a key: parts, none empty or with blanks around, joined by @
consumers.toml:25: consumer[1].name: "7.11" is the name of consumer[0] too, line 3
consumers.toml:26: consumer[1].version: is empty
consumers.toml:28: consumer[1].pointer_bits: is true, not a whole number
consumers.toml:29: consumer[1].supported_from: is 2024-02-28T00:00:00, not a date such as 2024-07-19
consumers.toml:31: consumer[1].counts: 7 is not a table
consumers.toml:32: consumer[1].sets.criterion_kinds: is "regex", not a list
consumers.toml:33: consumer[1].limits.inputs: the table is empty: the build would state nothing\
""")


def test_missing_keys_are_named_at_the_header(here: Path) -> None:
    """Every required key that is missing is named at the line of its build."""
    assert complaints(here, "format = 2\n\n[[consumer]]\n") == snapshot("""\
consumers.toml:3: consumer[0].name: is missing
consumers.toml:3: consumer[0].version: is missing
consumers.toml:3: consumer[0].platform: is missing
consumers.toml:3: consumer[0].pointer_bits: is missing
consumers.toml:3: consumer[0].supported_from: is missing\
""")


def unlike(here: Path, text: str, schemas: dict[str, tuple[Fact, ...]], named: str | None = None) -> str:
    """How a file that is right by itself is wrong for some schemas."""
    here.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        require_facts(load_consumers(here), schemas, named)
    return str(caught.value)


SENSORS = Fact(FactKind.COUNT, "sensors")
OPCODES = Fact(FactKind.SET, "opcodes", names={"load": 1, "store": 2})
DEPTH = Fact(FactKind.LIMIT, "depth", keyed=True)
OWN = {"probe": (SENSORS, OPCODES, DEPTH), "other": ()}
PROBE = (
    BUILD.partition("counts")[0]
    + """\
counts.sensors = 4
sets.opcodes = ["load", 2]
limits.depth = { a = 1 }
"""
)


def test_facts_that_schemas_refer_to_are_taken(here: Path) -> None:
    """A set may list names and numbers; a build that reads another format alone need not state anything."""
    here.write_text("format = 2\n" + PROBE, encoding="utf-8")
    require_facts(load_consumers(here), OWN, "probe")
    silent = BUILD.partition("counts")[0].replace("7.11", "7.12") + 'formats = ["other"]\n'
    here.write_text("format = 2\n" + PROBE + silent, encoding="utf-8")
    require_facts(load_consumers(here), OWN, "probe")


def test_facts_are_compared_with_the_schemas_in_use(here: Path) -> None:
    """A fact that no schema has, of another kind, form or name, or that is missing is named with its line."""
    wrong = (
        PROBE.replace("counts.sensors", "counts.sensor").replace('"load"', '"laod"')
        + """\
sets.sensors = [1]
formats = ["prob", "probe"]
"""
    )
    assert unlike(here, "format = 2\n" + wrong, OWN, "probe") == snapshot("""\
consumers.toml:8: consumer[0].counts.sensor: no schema in use refers to it; did you mean sensors?
consumers.toml:8: consumer[0].counts.sensors: is missing: files of probe are compared with it
consumers.toml:9: consumer[0].sets.opcodes: "laod" is no value of it; did you mean load?
consumers.toml:11: consumer[0].sets.sensors: is no fact of this kind; schemas in use refer to counts.sensors
consumers.toml:12: consumer[0].formats: "prob" is no format in use; did you mean probe?\
""")
    forms = PROBE.replace("= 4", "= { x = 4 }").replace("{ a = 1 }", "1")
    assert unlike(here, "format = 2\n" + forms, OWN) == snapshot("""\
consumers.toml:8: consumer[0].counts.sensors: is one value, and no table
consumers.toml:10: consumer[0].limits.depth: has one value for each key, in a table\
""")
    assert unlike(here, GOOD, OWN) == snapshot("""\
consumers.toml:8: consumer[0].counts.inputs: no schema in use refers to it
consumers.toml:9: consumer[0].sets.format_versions: no schema in use refers to it
consumers.toml:10: consumer[0].sets.criterion_kinds: no schema in use refers to it
consumers.toml:11: consumer[0].switches.bounds_check: no schema in use refers to it
consumers.toml: compared with the formats probe, other; a schema file is named with --schema\
""")


@pytest.mark.parametrize("text", ["format = 2\n", "format = 2\nconsumer = []\n"])
def test_no_builds_is_an_error(here: Path, text: str) -> None:
    """A file without builds is refused: nothing would be compared."""
    assert complaints(here, text).endswith("consumer: no [[consumer]] is listed: nothing would be compared")


def test_tables_of_the_wrong_shape(here: Path) -> None:
    """A plain table or a number where builds should stand is named, not crashed upon."""
    assert complaints(here, "format = 2\n[consumer]\nname = 'x'\n") == snapshot(
        "consumers.toml:2: consumer: a table is not an array of tables; write [[consumer]]"
    )
    assert complaints(here, "format = 2\nconsumer = [3]\n") == snapshot(
        "consumers.toml:2: consumer[0]: 3 is not a table"
    )


def test_other_formats_are_not_guessed_at(here: Path) -> None:
    """A missing or unknown format is the only thing that is said, for the keys may mean something else."""
    assert complaints(here, BUILD + "colour = 1\n") == snapshot(
        "consumers.toml:1: format: is missing; this ccheck reads format 2"
    )
    assert complaints(here, "format = 3\ncolour = 1\n") == snapshot(
        "consumers.toml:1: format: 3 is not a format that this ccheck reads; it reads 2"
    )
    assert complaints(here, "format = true\n") == snapshot(
        "consumers.toml:1: format: true is not a format that this ccheck reads; it reads 2"
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
        assert read.builds[0].name
