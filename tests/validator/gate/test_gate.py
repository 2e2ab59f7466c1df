"""`ccheck gate`: March passes, July fails, and what was not examined never passes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from inline_snapshot import snapshot

import ccheck.release.gate.stage as table
from ccheck.formats.check_table import CHECKS
from ccheck.formats.exercise.evidence import Evidence
from ccheck.formats.exercise.outcome import Exercised
from ccheck.release.baseline import HEADER
from ccheck.release.gate.context import GateContext
from ccheck.release.gate.result import Stage
from ccheck.release.gate.stages import OWN
from tests.conftest import ROOT
from tests.validator.gate.story import DAY, JULY, POLICY, Call, alone, recorded


def test_july_fails_in_three_stages_and_says_why(cc: Call) -> None:
    """After March, the July release fails validate, exercise and first use; the report names field 21."""
    recorded(cc)
    status, out, _ = cc("gate", "july", "--on", DAY, "--last-good", "march")
    assert status == 1
    applying = len(CHECKS.applying("channel"))
    assert out.replace(f"1 file, {applying} checks", "1 file, … checks") == snapshot("""\
configuration: ccheck.toml
validate    fail        C-00000291-00000000-00000032.bin: field-past-inputs: criterion reads input 20, but consumers 7.11 and 7.15 supply 20 (0 to 19)
            examined:   1 file, … checks, 3 consumers
exercise    fail        C-00000291-00000000-00000032.bin: 7.11 traps: input-index-out-of-bounds, index 20 of 20, instances[1].criteria[20].field_index (and 1 more)
            examined:   1 file, 3 builds, 2 instances, 79 events, 23 uses
            * C-00000291-00000000-00000032.bin: 7.11 traps: input-index-out-of-bounds, index 20 of 20, instances[1].criteria[20].field_index
            * C-00000291-00000000-00000032.bin: 7.15 traps: input-index-out-of-bounds, index 20 of 20, instances[1].criteria[20].field_index
first_use   fail        IPC field 21: first non-wildcard criterion ever: not exercised under 7.11, 7.15 (and 2 more)
            examined:   23 uses, 8 paths
            * IPC field 21: first non-wildcard criterion ever: not exercised under 7.11, 7.15
            * channel interpreter: first time regex over text, failed: not exercised under 7.11, 7.15
            * channel interpreter: first time regex over text, matched: not exercised under 7.11, 7.15
faults      fail        C-00000291-00000000-00000032.bin, renamed to C-00000292-00000000-00000032.bin: 7.11 traps: input-index-out-of-bounds, instances[1].criteria[20].field_index (and 1 more)
            examined:   22 damaged files, 3 builds, 66 runs, 1 empty, 1 mixed, 1 renamed, 1 stale, 7 truncated, 11 zero
            * C-00000291-00000000-00000032.bin, renamed to C-00000292-00000000-00000032.bin: 7.11 traps: input-index-out-of-bounds, instances[1].criteria[20].field_index
            * C-00000291-00000000-00000032.bin, renamed to C-00000292-00000000-00000032.bin: 7.15 traps: input-index-out-of-bounds, instances[1].criteria[20].field_index
regress     off         switched off
fuzz        off         switched off
diff        pass        1 file compared with the release before, 0 new
            examined:   1 file, 1 compared, 3 changes
first use   IPC field 1: first contains
first use   IPC field 21: first non-wildcard criterion ever
first use   channel interpreter: first time contains over text, failed
first use   channel interpreter: first time contains over text, matched
first use   channel interpreter: first time regex over text, failed
first use   channel interpreter: first time regex over text, matched
verdict     fail: release july, 1 file, on 2024-08-10, without regress, fuzz
""")


@pytest.mark.parametrize("stage", ["validate", "exercise", "first_use"])
def test_july_fails_each_of_three_stages_alone(cc: Call, stage: str) -> None:
    """With all other stages off, each of the three fails July and passes March."""
    recorded(cc)
    alone(stage)
    assert cc("gate", "july", "--on", DAY)[0] == 1
    assert cc("gate", "march", "--on", DAY)[0] == 0


def test_what_is_skipped_is_no_pass(cc: Call) -> None:
    """A stage that the policy wants and the command line skips is incomplete; where another fails, it fails."""
    recorded(cc)
    status, out, _ = cc("gate", "march", "--on", DAY, "--skip", "diff")
    assert status == 3
    assert "diff        incomplete  skipped: the policy wants it" in out
    assert "verdict     incomplete: release march, 1 file" in out
    assert cc("gate", "march", "--on", DAY, "--only", "validate")[0] == 3
    assert cc("gate", "july", "--on", DAY, "--only", "validate")[0] == 1
    assert cc("gate", "march", "--on", DAY)[0] == 0


def test_a_first_use_with_evidence_passes_and_is_flagged(cc: Call) -> None:
    """Against an empty baseline all that March does is new; it was exercised, and asks for a slower rollout."""
    Path("baseline.txt").write_text(f"{HEADER}\n", encoding="utf-8")
    status, out, _ = cc("gate", "march", "--on", DAY, "--json", "march.out")
    told = json.loads(Path("march.out").read_text(encoding="utf-8"))
    assert (status, told["verdict"], told["slower"]) == (0, "pass", True)
    assert "first use   IPC field 1: first non-wildcard criterion ever\n" in out
    assert "first use   IPC field 21: first wildcard" not in out
    assert told["first_uses"][20]["what"] == "IPC field 21: first wildcard"
    assert told["first_uses"][0]["exercised"] == ["7.11", "7.15", "7.16"]


def test_without_a_baseline_first_use_is_incomplete(cc: Call) -> None:
    """A baseline that is not there leaves the verdict incomplete, with exit status 3."""
    status, out, _ = cc("gate", "march", "--on", DAY)
    assert status == 3
    assert (
        "first_use   incomplete  there is no baseline baseline.txt yet: ccheck baseline add makes it" in out
    )
    assert "verdict     incomplete: release march, 1 file, on 2024-08-10" in out


def test_a_stage_that_crashes_leaves_the_verdict_incomplete(
    cc: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any exception of a stage is reported, and is no pass."""

    def crash(context: GateContext) -> Stage:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(table, "stage_run", lambda name: crash)
    status, out, _ = cc("gate", "march", "--on", DAY, "--only", "validate")
    assert status == 3
    assert "validate    incomplete  the stage crashed: RuntimeError: out of luck" in out


@pytest.mark.parametrize("stage", [name for name in OWN if name != "diff"])
def test_a_crash_in_what_stages_share_is_no_traceback(
    cc: Call, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """Where reading the files itself crashes, each stage is incomplete and the gate still ends."""
    recorded(cc)

    def crash(self: GateContext, data: bytes, name: str) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(GateContext, "subject", crash)
    assert cc("gate", "march", "--on", DAY, "--only", stage)[0] == 3


@pytest.mark.parametrize(("stage", "limit"), [("faults", 3), ("exercise", 1)])
def test_a_budget_that_is_spent_leaves_a_stage_incomplete(cc: Call, stage: str, limit: int) -> None:
    """What the budget does not reach is a gap."""
    Path("march/C-00000291-00000000-00000002.bin").write_bytes(Path("definitions.bin").read_bytes())
    Path("ccheck.toml").write_text(f"{POLICY}\n[gate.budgets]\n{stage} = {limit}\n", encoding="utf-8")
    status, out, _ = cc("gate", "march", "--on", DAY, "--only", stage)
    assert status == 3
    assert "is spent" in out


def test_a_trap_on_a_damaged_file_fails(cc: Call) -> None:
    """The stage faults alone fails July, which traps also where it lies under another name."""
    status, out, _ = cc("gate", "july", "--on", DAY, "--only", "faults")
    assert status == 1
    assert "renamed to C-00000292-00000000-00000032.bin: 7.11 traps: input-index-out-of-bounds" in out


def test_the_notes_say_what_changed_in_meaning(cc: Call) -> None:
    """The Markdown summary has the stages, the first uses and the changes."""
    recorded(cc)
    cc("gate", "july", "--on", DAY, "--last-good", "march", "--markdown", "notes.md")
    assert Path("notes.md").read_text(encoding="utf-8") == snapshot("""\
## ccheck gate: fail

Release july, 1 file, on 2024-08-10. Configuration: ccheck.toml.

| stage | | |
|---|---|---|
| validate | fail | C-00000291-00000000-00000032.bin: field-past-inputs: criterion reads input 20, but consumers 7.11 and 7.15 supply 20 \\(0 to 19\\) |
| exercise | fail | C-00000291-00000000-00000032.bin: 7.11 traps: input-index-out-of-bounds, index 20 of 20, instances\\[1\\].criteria\\[20\\].field\\_index \\(and 1 more\\) |
| first\\_use | fail | IPC field 21: first non-wildcard criterion ever: not exercised under 7.11, 7.15 \\(and 2 more\\) |
| faults | fail | C-00000291-00000000-00000032.bin, renamed to C-00000292-00000000-00000032.bin: 7.11 traps: input-index-out-of-bounds, instances\\[1\\].criteria\\[20\\].field\\_index \\(and 1 more\\) |
| regress | off | switched off |
| fuzz | off | switched off |
| diff | pass | 1 file compared with the release before, 0 new |

First uses:

* IPC field 1: first contains
* IPC field 21: first non-wildcard criterion ever
* channel interpreter: first time contains over text, failed
* channel interpreter: first time contains over text, matched
* channel interpreter: first time regex over text, failed
* channel interpreter: first time regex over text, matched

# Release july

## C-00000291-00000000-00000032.bin

* 2 changes since C-00000291-00000000-00000001.bin
* changed revision 1 → 32
* added instance 2: id 2, type 1, type\\_version 1, severity high, action block, 21 criteria
""")


@pytest.mark.parametrize("form", ["sarif", "junit"])
def test_forms_of_findings_show_a_stage_that_failed(cc: Call, form: str) -> None:
    """A gate that fails in exercise alone is no green SARIF or JUnit."""
    cc("gate", "july", "--on", DAY, "--only", "exercise", f"--{form}", "out")
    text = Path("out").read_text(encoding="utf-8")
    assert "gate-exercise" in text
    assert "7.11 traps: input-index-out-of-bounds" in text


def test_a_link_is_refused(cc: Call) -> None:
    """A symbolic link in a release, to a file or a folder, is wrong usage: nothing is examined."""
    Path("march/link.bin").symlink_to(JULY)
    status, out, err = cc("gate", "march", "--on", DAY)
    assert (status, out) == (2, "")
    assert "march/link.bin is a symbolic link: a release holds the files themselves" in err
    Path("march/link.bin").unlink()
    Path("march/more").symlink_to("july", target_is_directory=True)
    assert cc("gate", "march", "--on", DAY)[0] == 2


def test_two_files_of_one_name_are_refused(cc: Call) -> None:
    """Two folders with the same file name are no release: a verdict could not distinguish the files."""
    Path("other").mkdir()
    Path("other", next(Path("march").iterdir()).name).write_bytes(b"x")
    status, _, err = cc("gate", "march", "other", "--on", DAY)
    assert status == 2
    assert "are both called C-00000291-00000000-00000001.bin in the release" in err


def test_a_name_with_escapes_moves_no_cursor(cc: Call) -> None:
    """The name of a content file is shown with its escapes spelled out, in text and in Markdown."""
    Path("march/\x1b[2J|<b>.bin").write_bytes(b"x")
    status, out, err = cc("gate", "march", "--on", DAY, "--markdown", "notes.md")
    assert status == 1
    assert "\x1b" not in out + err
    assert "\\x1b[2J" in out
    assert "<b>" not in Path("notes.md").read_text(encoding="utf-8")


def test_each_file_is_read_once(cc: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that changes after it was taken in changes nothing: stages look at the bytes that were read."""
    recorded(cc)
    path = next(Path("march").iterdir())
    run = table.run_stage

    def meddle(name: str, context: GateContext) -> Stage:
        path.write_bytes(JULY.read_bytes())
        return run(name, context)

    monkeypatch.setattr("ccheck.release.gate.run.run_stage", meddle)
    assert cc("gate", "march", "--on", DAY)[0] == 0


def test_a_release_without_files_is_wrong_usage(cc: Call) -> None:
    """An empty folder is not a pass."""
    Path("empty").mkdir()
    assert cc("gate", "empty", "--on", DAY)[0] == 2


def test_other_definitions_in_the_release_leave_it_incomplete(cc: Call) -> None:
    """A release that brings definitions is not judged by others."""
    Path("march/definitions.bin").write_bytes((Path("definitions.bin")).read_bytes() + b"\0" * 8)
    _, out, _ = cc("gate", "march", "--on", DAY, "--only", "exercise")
    assert "definitions.bin brings definitions, and the release is judged by others" in out


def test_policy_problems_have_lines(cc: Call) -> None:
    """Unknown keys, wrong types and stages that are all off are reported with file, line and key."""
    words = "\n[gate]\nbaseline = 1\nlast_good = 'nowhere'\nvalid_dyas = 2\n[gate.stages]\nfuz = false\n"
    Path("ccheck.toml").write_text(f"format = 1\n{words}[gate.budgets]\nfaults = 0\n", encoding="utf-8")
    status, _, err = cc("gate", "march", "--on", DAY)
    assert status == 2
    assert err.replace(f"{Path.cwd()}/", "").replace(str(Path.cwd()), "here") == snapshot("""\
Error: ccheck.toml:4: gate.baseline: is 1, not text in quotes
ccheck.toml:5: gate.last_good: "nowhere" is not a folder in here
ccheck.toml:6: gate.valid_dyas: is not a key; did you mean valid_days?
ccheck.toml:8: gate.stages.fuz: is not a key; did you mean fuzz?
ccheck.toml:10: gate.budgets.faults: 0 is not between 1 and 1,000,000,000,000
""")


RULE = "database.countries[].collection.rules[].rule"


@pytest.mark.parametrize(
    ("name", "file", "firsts"),
    [
        ("regdb", "unknown-flag", [f"content: first time {RULE}.flags: no_outdoor"]),
        ("devicetree", "all-zero", ["content: first time structure.tokens[].token: property"]),
        ("apparmor", "unknown-flag", ["content: first time items[].value.value.dfa.flags: diff_encode"]),
        (
            "sysmon",
            "all-zero",
            [
                "content: first time events[].rule_default: include",
                "interpreter: first time event 5 decided include",
            ],
        ),
    ],
)
def test_formats_without_criteria_pass_the_gate(cc: Call, name: str, file: str, firsts: list[str]) -> None:
    """A good file of a format whose builds are not listed passes all stages of this package.

    What it uses of its schema's vocabulary is a first use, and is none once it was released.
    """
    Path("b.txt").write_text(f"{HEADER}\n", encoding="utf-8")
    good = min((ROOT / "corpus" / name / file / "good").glob("*.bin"))
    Path("p.toml").write_text("format = 1\n[gate.stages]\nregress = false\nfuzz = false\n", encoding="utf-8")
    judged: tuple[str, ...] = ("--config", "p.toml", "--baseline", "b.txt", "--on", DAY)
    judged += ("--target", "15.0") if name == "sysmon" else ()
    status, out, _ = cc("gate", good, *judged, "--json", "told.json")
    assert status == 0, out
    told = {
        first["what"] for first in json.loads(Path("told.json").read_text(encoding="utf-8"))["first_uses"]
    }
    assert {f"{name} {first}" for first in firsts} <= told
    assert cc("baseline", "add", good, "--release", "one", *judged)[0] == 0
    status, out, _ = cc("gate", good, *judged)
    assert (status, "are known from earlier releases" in out) == (0, True)


def test_one_file_over_the_budget_leaves_the_stages_incomplete(cc: Call) -> None:
    """A budget that the only file exceeds is spent: neither exercise nor first_use passes."""
    recorded(cc)
    Path("ccheck.toml").write_text(f"{POLICY}\n[gate.budgets]\nexercise = 1\n", encoding="utf-8")
    for stage in ("exercise", "first_use"):
        status, out, _ = cc("gate", "march", "--on", DAY, "--only", stage)
        assert status == 3
        assert "it takes more than the budget of 1 steps" in out


def test_an_interpreter_without_builds_is_no_evidence(cc: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that ran under no build is no first use with evidence: the stage alone is incomplete."""
    recorded(cc)
    nothing = Evidence(Exercised(()), paths={"channel": frozenset()})
    monkeypatch.setattr(GateContext, "gather", lambda context, schema: lambda data, content, given: nothing)
    status, out, _ = cc("gate", "march", "--on", DAY, "--only", "first_use")
    assert status == 3
    assert "no build ran it" in out


def test_a_stage_that_exits_is_no_pass(cc: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's interpreter that ends the program with status 0 leaves the stage incomplete."""

    def leave(context: GateContext) -> Stage:
        raise SystemExit(0)

    monkeypatch.setattr(table, "stage_run", lambda name: leave)
    assert cc("gate", "march", "--on", DAY, "--only", "validate")[0] == 3


def test_a_large_file_is_damaged_no_more_often_than_the_budget(cc: Call) -> None:
    """Of a file that could be damaged in thousands of ways, no more are even made than the budget has."""
    large = Path("march") / next(Path("march").iterdir()).name
    Path("ccheck.toml").write_text(f"{POLICY}\n[gate.budgets]\nfaults = 2\n", encoding="utf-8")
    large.write_bytes(large.read_bytes() + bytes(1 << 22))
    status, out, _ = cc("gate", "march", "--on", DAY, "--only", "faults")
    assert status == 3
    assert f"{large.name}: the budget of 2 damaged files is spent" in out


def test_a_release_is_bounded_as_a_whole(cc: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that are small enough one by one, and too many, are refused and not taken into memory."""
    monkeypatch.setattr("ccheck.release.gate.release.MOST_BYTES", 1000)
    Path("march/more.bin").write_bytes(bytes(900))
    status, _, err = cc("gate", "march", "--on", DAY)
    assert status == 2
    assert "bytes that may still be taken" in err


@pytest.mark.parametrize(
    "outputs",
    [
        ("--json", "definitions.bin"),
        ("--json", "consumers.toml"),
        ("--markdown", "ccheck.toml"),
        ("--report", "baseline.txt"),
        ("--json", "one", "--markdown", "./one"),
        ("--json", "july/one"),
    ],
)
def test_what_was_read_is_not_written_over(cc: Call, outputs: tuple[str, ...]) -> None:
    """An output that is an input, lies in a release, or is named twice, is wrong usage."""
    recorded(cc)
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    assert cc("gate", "march", "--on", DAY, "--last-good", "july", *outputs)[0] == 2
    file = next(Path("march").iterdir())
    assert cc("gate", file, "--on", DAY, "--json", file)[0] == 2
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


def test_a_pipe_and_a_folder_that_cannot_be_read_are_refused(cc: Call) -> None:
    """What is no regular file is refused, and does not hold the gate up."""
    os.mkfifo("march/pipe.bin")
    status, _, err = cc("gate", "march", "--on", DAY)
    assert status == 2
    assert "march/pipe.bin: it is a named pipe, not a regular file" in err


def test_only_a_pass_asks_for_a_slower_rollout(cc: Call) -> None:
    """A gate that fails, or is incomplete, says nothing of rolling out: in no form."""
    Path("march/bad.bin").write_bytes(b"nothing that is known")
    outputs = {form: f"out.{form}" for form in ("json", "markdown", "report", "sarif", "junit")}
    options = [word for form, name in outputs.items() for word in (f"--{form}", name)]
    Path("baseline.txt").write_text(
        "# ccheck baseline, format 1: what was used, and the release that used it first\n", encoding="utf-8"
    )
    status, out, _ = cc("gate", "march", "--on", DAY, *options)
    assert status == 1
    texts = [out, *(Path(name).read_text(encoding="utf-8") for name in outputs.values())]
    for text in texts:
        assert "more slowly" not in text
        assert "slower rollout" not in text
    assert '"slower": false' in texts[1]
    assert "first use" in out
    Path("march/bad.bin").unlink()
    status, out, _ = cc("gate", "march", "--on", DAY, *options)
    assert status == 0
    assert "roll this release out more slowly" in out
    assert "slower rollout" in Path("out.markdown").read_text(encoding="utf-8")
