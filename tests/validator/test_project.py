"""ccheck.toml: where it is found, what it says, and how each mistake is named."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from ccheck.config.path_pattern import field_pattern, file_pattern
from ccheck.config.project import Suppress, find_project, load_project
from ccheck.core.finding import Finding, Severity
from ccheck.text.toml_document import ConfigurationError

MANUAL = Path(__file__).parents[2] / "docs" / "configuration.md"
CHECKS = frozenset({"field-past-inputs", "pool-text-unused", "wrong-magic"})
TODAY = date(2024, 7, 19)
FINDING = Finding(
    "field-past-inputs", Severity.ERROR, "m", "instances[1].criteria[20].field_index", 0x1F0, 2, "w", "f"
)

SUPPRESSION = """\
format = 1
[[suppress]]
check = "field-past-inputs"
reason = "agreed"
expires = 2024-07-19
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of its own with ccheck.toml, definitions and consumers."""
    monkeypatch.chdir(tmp_path)
    for name in ("definitions/b.bin", "definitions/a.bin", "consumers.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return Path("ccheck.toml")


def complaints(here: Path, text: str) -> str:
    """What is wrong with `text`, as users read it; the folder is written `HERE`."""
    here.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_project(here, known_checks=CHECKS)
    return str(caught.value).replace(str(here.absolute().parent), "HERE")


def test_the_example_of_the_manual(here: Path) -> None:
    """The example in docs/configuration.md is read, and says what the manual says."""
    (example,) = re.findall(r"```toml\n(format.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    here.write_text(example, encoding="utf-8")
    project = load_project(here, known_checks=CHECKS)
    folder = here.absolute().parent
    assert project.folder == folder
    assert project.definitions == (folder / "definitions" / "a.bin", folder / "definitions" / "b.bin")
    assert project.consumers == folder / "consumers.toml"
    assert project.sysmon_target == "15.0"
    assert project.severities == {"pool-text-unused": Severity.INFO}
    assert project.suppressions == (
        Suppress(
            check="field-past-inputs",
            reason="7.11 leaves support on 2026-12-31; the rollout excludes it until then",
            expires=date(2026, 12, 31),
            file="content/C-00000291-*.bin",
            path="instances.criteria.field_index",
            line=11,
        ),
    )
    assert (project.max_size, project.max_findings) == (16_777_216, 200)
    assert project.allowed == ("packed",)


def test_every_key_of_the_manual_is_read(here: Path) -> None:
    """Each key of the manual's table is known: the keys left out of the example's check are none."""
    rows = re.findall(r"^\| `([^`]+)` \|", MANUAL.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == snapshot(
        [
            "format",
            "definitions",
            "consumers",
            "sysmon.target",
            "severity.CHECK",
            "suppress.check",
            "suppress.file",
            "suppress.path",
            "suppress.reason",
            "suppress.expires",
            "limits.max_size",
            "limits.max_findings",
            "limits.file_timeout",
            "not_looked_into.allow",
            "gate.baseline",
            "gate.last_good",
            "gate.drivers",
            "gate.corpus",
            "gate.key",
            "gate.valid_days",
            "gate.seed",
            "gate.stages.STAGE",
            "gate.budgets.STAGE",
        ]
    )
    text = "format = 1\nx = 1\n[gate]\nx = 1\n[sysmon]\nx = 1\n[limits]\nx = 1\n[[suppress]]\nx = 1\n"
    assert complaints(here, text) == snapshot("""\
ccheck.toml:2: x: is not a key
ccheck.toml:4: gate.x: is not a key
ccheck.toml:6: sysmon.x: is not a key
ccheck.toml:8: limits.x: is not a key
ccheck.toml:9: suppress[0].check: is missing
ccheck.toml:9: suppress[0].reason: is missing
ccheck.toml:9: suppress[0].expires: is missing
ccheck.toml:10: suppress[0].x: is not a key\
""")


def test_the_least_project(here: Path) -> None:
    """A file that says only its format leaves everything open."""
    here.write_text("format = 1\n", encoding="utf-8")
    project = load_project(here, known_checks=CHECKS)
    assert (project.definitions, project.consumers, project.suppressions) == ((), None, ())
    assert (project.sysmon_target, project.max_size, project.max_findings) == (None, None, None)
    assert project.severities == {}


def test_all_mistakes_are_named_at_once(here: Path) -> None:
    """Each wrong value has one line with file, line, key and what is wrong."""
    text = """\
format = 1
definitions = [7, "definitions/*.txt", "definitions/*.bin"]
consumer = "consumers.toml"
consumers = "missing.toml"

[sysmon]
target = 15.0

[severity]
wrong-magik = "error"
wrong-magic = "warn"
pool-text-unused = 1

[[suppress]]
check = "field-past-input"
reason = ""
expires = "2026-12-31"

[[suppress]]
check = "wrong-magic"
pth = "header.magic"

[limits]
max_size = 0
max_findings = true
"""
    assert complaints(here, text) == snapshot("""\
ccheck.toml:2: definitions[0]: 7 is not a path or a glob
ccheck.toml:2: definitions[1]: "definitions/*.txt" matches no file in HERE
ccheck.toml:3: consumer: is not a key; did you mean consumers?
ccheck.toml:4: consumers: "missing.toml" is not a file in HERE
ccheck.toml:7: sysmon.target: is 15.0, not text in quotes
ccheck.toml:10: severity.wrong-magik: is not a check; did you mean wrong-magic?
ccheck.toml:11: severity.wrong-magic: "warn" is not known; did you mean warning?
ccheck.toml:12: severity.pool-text-unused: is 1, not text in quotes
ccheck.toml:15: suppress[0].check: "field-past-input" is not a check; did you mean field-past-inputs?
ccheck.toml:16: suppress[0].reason: is empty
ccheck.toml:17: suppress[0].expires: is "2026-12-31", not a date such as 2024-07-19
ccheck.toml:19: suppress[1].reason: is missing
ccheck.toml:19: suppress[1].expires: is missing
ccheck.toml:21: suppress[1].pth: is not a key; did you mean path?
ccheck.toml:24: limits.max_size: 0 is not between 1 and 1,099,511,627,776
ccheck.toml:25: limits.max_findings: is true, not a whole number\
""")


def test_definitions_must_be_there(here: Path) -> None:
    """Definitions that lie nowhere are an error, and a folder is no definition."""
    assert complaints(here, 'format = 1\ndefinitions = "definitions/a.bin"\n') == snapshot(
        'ccheck.toml:2: definitions: is "definitions/a.bin", not a list'
    )
    assert complaints(here, "format = 1\ndefinitions = []\n") == snapshot(
        "ccheck.toml:2: definitions: the list is empty"
    )
    assert complaints(here, 'format = 1\ndefinitions = ["definitions"]\n') == snapshot(
        'ccheck.toml:2: definitions[0]: "definitions" matches no file in HERE'
    )
    assert complaints(here, 'format = 1\ndefinitions = ["a\\u0000b"]\n') == snapshot(
        'ccheck.toml:2: definitions[0]: "a\\x00b" is not a path or a glob'
    )
    assert complaints(here, 'format = 1\nconsumers = "a\\u0000b"\n') == snapshot(
        'ccheck.toml:2: consumers: "a\\x00b" is not a file in HERE'
    )


def test_paths_are_relative_to_the_file(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names in ccheck.toml do not depend on the working directory; absolute ones and `**` work too."""
    text = f"format = 1\ndefinitions = ['**/a.bin', '{tmp_path / 'definitions' / '*.bin'}']\n"
    here.write_text(text, encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    project = load_project(Path("..") / here, known_checks=CHECKS)
    assert project.definitions == (tmp_path / "definitions" / "a.bin", tmp_path / "definitions" / "b.bin")


def test_the_nearest_file_upwards_is_found(here: Path, tmp_path: Path) -> None:
    """The search goes from the given folder to the root and takes the first that bears the name."""
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    here.touch()
    assert find_project(deep) == tmp_path / "ccheck.toml"
    (tmp_path / "a" / "ccheck.toml").touch()
    assert find_project(deep) == tmp_path / "a" / "ccheck.toml"
    (deep / "ccheck.toml").mkdir()
    with pytest.raises(ConfigurationError, match="Is a directory"):
        load_project(find_project(deep) or here, known_checks=CHECKS)


def test_the_search_ends_at_the_root(tmp_path: Path) -> None:
    """Where no folder above has the file there is no project."""
    if any((folder / "ccheck.toml").is_file() for folder in tmp_path.parents):
        pytest.skip("this machine has a ccheck.toml above its folder for temporary files")
    assert find_project(tmp_path) is None


def suppressing(here: Path, lines: str) -> bool:
    """Whether one suppression with these further lines covers the finding in `content/july.bin`."""
    here.write_text(SUPPRESSION + lines, encoding="utf-8")
    project = load_project(here, known_checks=CHECKS)
    found = project.suppression_for(FINDING, str(Path("content") / "july.bin"), TODAY)
    assert found in (None, *project.suppressions)
    return found is not None


@pytest.mark.parametrize(
    ("lines", "covers"),
    [
        ("", True),
        ("file = 'july.bin'", True),
        ("file = 'j*.bin'", True),
        ("file = 'content/*'", True),
        ("file = '**/july.???'", True),
        ("file = '*'", True),
        ("file = 'content/*/july.bin'", False),
        ("file = 'other/*'", False),
        ("file = 'uly.bin'", False),
        ("path = 'instances[1].criteria[20].field_index'", True),
        ("path = 'instances.criteria.field_index'", True),
        ("path = 'instances[1].criteria.field_index'", True),
        ("path = 'instances[2].criteria.field_index'", False),
        ("path = 'instances[1].criteria[2].field_index'", False),
        ("path = 'instances.criteria'", False),
        ("path = 'instances?criteria?field_index'", False),
        ("file = 'july.bin'\npath = 'header.magic'", False),
    ],
)
def test_what_a_suppression_covers(here: Path, lines: str, *, covers: bool) -> None:
    """The check, the glob over the file and the field must all fit; what is not written fits everything."""
    assert suppressing(here, lines) is covers


def test_a_suppression_of_another_check_covers_nothing(here: Path) -> None:
    """The name of the check must be the finding's."""
    text = "format = 1\n[[suppress]]\ncheck = 'wrong-magic'\nreason = 'r'\nexpires = 2024-07-19\n"
    here.write_text(text, encoding="utf-8")
    assert load_project(here, known_checks=CHECKS).suppression_for(FINDING, "july.bin", TODAY) is None


def test_an_expired_suppression_covers_nothing_and_is_an_error(here: Path) -> None:
    """From the day after `expires` the finding is back, and the suppression is refused with its line."""
    here.write_text(SUPPRESSION, encoding="utf-8")
    project = load_project(here, known_checks=CHECKS)
    later = date(2024, 7, 20)
    assert project.expired(TODAY) == ()
    project.require_current(TODAY)
    assert project.suppression_for(FINDING, "july.bin", TODAY) is not None
    assert project.suppression_for(FINDING, "july.bin", later) is None
    assert [entry.line for entry in project.expired(later)] == [2]
    with pytest.raises(ConfigurationError) as caught:
        project.require_current(later)
    assert str(caught.value) == snapshot(
        "ccheck.toml:2: suppress[0].expires: field-past-inputs was suppressed until 2024-07-19: agreed"
    )


def test_files_outside_are_compared_by_their_whole_path(here: Path, tmp_path: Path) -> None:
    """A glob with a folder does not reach content under the same name outside the project's folder."""
    here.write_text(SUPPRESSION + "file = 'content/*'\n", encoding="utf-8")
    project = load_project(here, known_checks=CHECKS)
    outside = tmp_path.parent / "content" / "july.bin"
    assert project.suppression_for(FINDING, str(outside), TODAY) is None
    assert project.suppression_for(FINDING, "a\0b", TODAY) is None
    assert project.suppression_for(FINDING, str(tmp_path / "content" / "july.bin"), TODAY) is not None


NAMES = st.text("ab.*?[](){}\\^$|-", min_size=1, max_size=8)


@given(NAMES)
def test_a_name_without_wildcards_matches_itself_alone(name: str) -> None:
    """Characters that are special in expressions are not special in globs, but for the two wildcards."""
    plain = name.replace("*", "a").replace("?", "b")
    assert file_pattern(plain).fullmatch(plain)
    assert file_pattern(f"d/{plain}").fullmatch(f"d/{plain}")
    assert not file_pattern(plain).fullmatch(plain + "x")
    assert file_pattern(name).fullmatch(name)


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b_c"]), st.none() | st.integers(0, 99)), min_size=1, max_size=4)
)
def test_a_field_without_indexes_stands_for_all(steps: list[tuple[str, int | None]]) -> None:
    """A field path matches itself and its form without indexes, and no longer path."""
    path = ".".join(name if index is None else f"{name}[{index}]" for name, index in steps)
    bare = ".".join(name for name, _ in steps)
    assert field_pattern(path).fullmatch(path)
    assert field_pattern(bare).fullmatch(path)
    assert not field_pattern(bare).fullmatch(path + ".x")
