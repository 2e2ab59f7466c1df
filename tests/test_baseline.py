"""The committed record of what ccheck says is true of a small part of what it was made of."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from bench.baseline import renames
from bench.baseline.comparison import RECORD, changes, measure
from bench.baseline.program import Item, without_rules

from ccheck.formats.registry import FORMATS
from ccheck.report import RENDERERS
from tests.conftest import ROOT
from tests.validator.report.samples import CHECKS, EVERYTHING

FILE = "corpus/channel/field-past-inputs/bad/C-00000291-00000000-00000032.bin"


def baseline(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the program on a small range."""
    command = [sys.executable, "-m", "bench.baseline", *words, "--jobs", "1", "--show", "0"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_record_is_true_of_the_first_mutants_and_some_files() -> None:
    """Judgements, readings and reports of the first mutants of each format are those that were recorded."""
    parts = ("mutants/*/fields/00000-*", "corpus/*/all-zero/*", FILE)
    done = baseline("compare", "--mutants", "500", *(word for part in parts for word in ("--only", part)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert " differ" in done.stdout
    recorded = json.loads(RECORD.read_text(encoding="utf-8"))
    for known in FORMATS:
        assert f"mutants/{known.name}/fields/00000-00249" in recorded
        assert f"mutants/{known.name}/sealed/00000-00249" in recorded
    (compared,) = (
        int(found.replace(",", ""))
        for found in re.findall(r"^([\d,]+) units compared", done.stdout, re.MULTILINE)
    )
    assert compared >= 2 * len(FORMATS) + 1


def test_what_differs_is_named(tmp_path: Path) -> None:
    """A digest that is not the recorded one, and a unit that is gone, are differences."""
    today = measure([FILE], 0, 1).digests[FILE]
    given, judged, reading, text = today.split()
    wrong = {FILE: f"{given} 0000000000 {reading} {text}", "corpus/channel/gone.bin": today}
    (tmp_path / "record.json").write_text(json.dumps(wrong), encoding="utf-8")
    done = baseline("compare", "--record", str(tmp_path / "record.json"), "--only", "corpus/channel/[fg]*")
    assert done.returncode == 1
    assert f"differs: {FILE} (judgement)" in done.stdout
    assert "gone: corpus/channel/gone.bin" in done.stdout
    assert len(re.findall("^not recorded: [1-9]", done.stdout, re.MULTILINE)) == 1
    assert done.stdout.endswith("\n  python -m bench.baseline record --changed-judgements\n")
    assert judged != "0000000000"


def test_a_check_more_is_no_other_text() -> None:
    """The text of a unit has no list of all checks, in whose numbers a check more would be seen."""
    for form, render in RENDERERS.items():
        few, all_ = (render(EVERYTHING, checks) for checks in (CHECKS[:1], CHECKS))
        assert without_rules(few) == without_rules(all_), form
        assert "field-past-inputs" in without_rules(all_), form
        assert (without_rules(all_) == all_) is (form != "sarif"), form


def test_a_genuine_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """Where nothing else is compared, that is no success."""
    (tmp_path / "record.json").write_text('{"genuine/none.bin": "1 2 3 4"}', encoding="utf-8")
    done = baseline("compare", "--record", str(tmp_path / "record.json"), "--only", "genuine/none.bin")
    assert done.returncode == 2
    assert "NOT COMPARED: 1 genuine files" in done.stdout


def test_judgements_are_compared_by_their_old_names(tmp_path: Path) -> None:
    """An entry of renames.toml turns a new name back; two old names cannot become one."""
    path = tmp_path / "renames.toml"
    path.write_text('[checks]\nold-id = "new-id"\n[fields]\nold = "new"\n', encoding="utf-8")
    named = renames.load(path)
    assert (named.check("new-id"), named.check("other")) == ("old-id", "other")
    assert named.field("new[3].newer.new") == "old[3].newer.old"
    path.write_text('[faults]\none = "same"\nother = "same"\n', encoding="utf-8")
    with pytest.raises(ValueError, match="became one"):
        renames.load(path)


def test_the_first_items_that_differ_are_shown() -> None:
    """Of each item that changed: the lines that were and those that are; of more items, that there are more."""
    before = [Item(name, {"judgement": '{"findings": [1, 2]}', "text": name}) for name in "abc"]
    after = [Item(name, {"judgement": f'{{"findings": [1, "{name}"]}}', "text": "x"}) for name in "abc"]
    assert list(changes(before, after, ["judgement"], 2)) == [
        "  a: judgement", "    @@ -1,2 +1,2 @@", "     findings: 1", "    -findings: 2", '    +findings: "a"',
        "  b: judgement", "    @@ -1,2 +1,2 @@", "     findings: 1", "    -findings: 2", '    +findings: "b"',
        "  … and more",
    ]  # fmt: skip
    printed = [Item("a", {"text": f'{{\n  "size": {size}\n}}\n\n--- standard error\n'}) for size in (1, 2)]
    assert '    +  "size": 2' in list(changes(printed[:1], printed[1:], ["text"], 2))
    assert list(changes(before, before, ["judgement", "text"], 2)) == []
