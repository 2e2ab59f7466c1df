"""The baseline: small, sorted, mergeable, read strictly, and only of what was seen to work."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from ccheck.formats.exercise.evidence import Use
from ccheck.release.baseline import HEADER, Baseline, First, load_baseline, used
from ccheck.text.toml_document import ConfigurationError
from tests.validator.gate.story import CORPUS, Call, recorded

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))
FIRSTS = st.builds(First, DAYS, TEXT)
USES = st.builds(
    Use, TEXT, st.integers(0, 65_535), st.integers(0, 65_535), st.sampled_from(["regex", "equals"])
)
BASELINES = st.builds(
    Baseline,
    st.dictionaries(USES, FIRSTS, max_size=4),
    st.dictionaries(st.tuples(TEXT, TEXT), FIRSTS, max_size=4),
)


def load(folder: Path, text: str) -> Baseline:
    """A baseline's text, read back."""
    path = folder / "baseline.txt"
    path.write_text(text, encoding="utf-8", newline="")
    return load_baseline(path)


@given(BASELINES)
def test_what_is_written_reads_back(tmp_path_factory: pytest.TempPathFactory, known: Baseline) -> None:
    """Any names and releases, in any script and with any controls, survive being written as lines."""
    text = known.render()
    read = load(tmp_path_factory.getbasetemp(), text)
    assert (read.uses, read.paths) == (known.uses, known.paths)
    assert read.render() == text


@given(BASELINES, BASELINES)
def test_merging_is_the_union_with_the_earlier_release(
    tmp_path_factory: pytest.TempPathFactory, one: Baseline, other: Baseline
) -> None:
    """Merged either way, or pasted together as text, everything is there, with the earlier release."""
    whole = one.merged(other)
    assert whole == other.merged(one)
    assert whole.uses.keys() == one.uses.keys() | other.uses.keys()
    for use, first in whole.uses.items():
        assert first == min(b.uses[use] for b in (one, other) if use in b.uses)
    pasted = load(tmp_path_factory.getbasetemp(), one.render() + "\n".join(other.render().split("\n")[:0:-1]))
    assert (pasted.uses, pasted.paths) == (whole.uses, whole.paths)


def test_march_is_recorded_a_line_each(cc: Call) -> None:
    """`baseline add` writes one sorted line for each use and path; `show` counts fields from 1."""
    recorded(cc)
    lines = Path("baseline.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0] == HEADER
    assert [lines[1], lines[2], lines[21], *lines[22:]] == snapshot(
        [
            'criterion "IPC" version 1 field 0 prefix 2024-03-05 "2024-03"',
            'criterion "IPC" version 1 field 1 wildcard 2024-03-05 "2024-03"',
            'criterion "IPC" version 1 field 20 wildcard 2024-03-05 "2024-03"',
            'path "channel" "prefix over text, failed" 2024-03-05 "2024-03"',
            'path "channel" "prefix over text, matched" 2024-03-05 "2024-03"',
            'path "channel" "wildcard over integer, matched" 2024-03-05 "2024-03"',
            'path "channel" "wildcard over text, matched" 2024-03-05 "2024-03"',
        ]
    )
    status, out, _ = cc("baseline", "show")
    assert status == 0
    assert out.splitlines()[0] == "IPC version 1 field 1, prefix: 2024-03, 2024-03-05"
    assert out.splitlines()[-1] == "21 uses and 4 paths"


def test_adding_again_changes_nothing(cc: Call) -> None:
    """What is known stays with its first release, whatever uses it again; nothing is lost."""
    recorded(cc)
    before = Path("baseline.txt").read_bytes()
    assert cc("baseline", "add", "march", "--release", "2024-04", "--on", "2024-04-05")[0] == 0
    assert Path("baseline.txt").read_bytes() == before


def test_what_does_not_pass_is_not_recorded(cc: Call) -> None:
    """July, which builds stop at, does not become what was always done."""
    recorded(cc)
    before = Path("baseline.txt").read_bytes()
    status, _, err = cc("baseline", "add", "july", "march", "--release", "2024-07", "--on", "2024-07-19")
    assert status == 1
    assert "not recorded: C-00000291-00000000-00000032.bin: 7.11 does not run it" in err
    assert Path("baseline.txt").read_bytes() == before


def test_other_baselines_are_merged_by_command(cc: Call) -> None:
    """`baseline merge` takes in the lines of another file."""
    recorded(cc)
    add = ("baseline", "add", CORPUS / "instances.bin", "--release", "2024-02", "--on", "2024-02-28")
    assert cc(*add, "--baseline", "other.txt")[0] == 0
    assert cc("baseline", "merge", "other.txt") == (
        0,
        "baseline.txt: 24 uses and 10 paths\n",
        "",
    )
    first = load_baseline(Path("baseline.txt")).uses[Use("IPC", 1, 0, "prefix")]
    assert first == First(date(2024, 2, 28), "2024-02")


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("<<<<<<< HEAD", 2),
        ('criterion "IPC" version 1 field 20 regex', 2),
        ('criterion "IPC" version 1 field 20 regex 2024-02-31 "x"', 2),
        ('criterion "I\\q" version 1 field 20 regex 2024-02-01 "x"', 2),
        ('path "channel" 2024-02-01 "x"', 2),
    ],
)
def test_a_line_that_is_wrong_is_an_error_with_its_number(tmp_path: Path, line: str, number: int) -> None:
    """Conflict marks, cut lines, days that are none and texts that are none are never passed over."""
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, f"{HEADER}\n{line}\n")
    assert [problem.line for problem in caught.value.problems] == [number]


@pytest.mark.parametrize("text", ["", "# another\n", HEADER[:-1]])
def test_a_file_that_is_no_baseline_is_an_error(tmp_path: Path, text: str) -> None:
    """An empty file is not an empty baseline: everything would be new, and nobody would know why."""
    with pytest.raises(ConfigurationError):
        load(tmp_path, text)


def test_a_tampered_baseline_stops_the_gate(cc: Call) -> None:
    """A baseline that cannot be read is wrong usage: the gate does not begin."""
    recorded(cc)
    with Path("baseline.txt").open("a", encoding="utf-8") as file:
        file.write("criterion IPC field 20 regex\n")
    status, out, err = cc("gate", "march", "--on", "2024-08-10")
    assert (status, out) == (2, "")
    assert "baseline.txt:27: is neither a criterion, nor a path or a word" in err


def test_a_release_is_used_by_its_day_and_name() -> None:
    """Of two releases of one day, the first by name counts."""
    use = Use("IPC", 1, 0, "regex")
    one = used("b", date(2024, 1, 1), [use], [("channel", "x")])
    other = used("a", date(2024, 1, 1), [use], [("channel", "x")])
    assert one.merged(other).uses[use].release == "a"
