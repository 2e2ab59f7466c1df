"""`ccheck run` and `ccheck replay-291`: what builds would do, as tables, reports and JSON lines."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from ccheck.cli.main import run
from ccheck.cli.replay import replay
from ccheck.formats.exercise.outcome import RunInputs
from ccheck.formats.interpreters import EXERCISES
from ccheck.formats.registry import SCHEMAS
from tests.conftest import ROOT

CORPUS = ROOT / "corpus" / "channel"
MARCH = CORPUS / "field-past-inputs" / "good" / "C-00000291-00000000-00000001.bin"
JULY = CORPUS / "field-past-inputs" / "bad" / "C-00000291-00000000-00000032.bin"
CONFIG = ["--config", CORPUS / "ccheck.toml"]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cc(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line: status, standard output, standard error."""

    def call(*args: object) -> tuple[int, str, str]:
        status = run([str(a) for a in args])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def test_the_july_file_crashes_the_builds_that_supply_20(cc: Run) -> None:
    """The trap is at index 20 of 20, at the offset that the validator reports; the fixed build runs."""
    status, out, _ = cc("run", *CONFIG, JULY)
    assert status == 1
    assert out == snapshot("""\
configuration: corpus/channel/ccheck.toml
==================================================================
BUG: ccheck: input-index-out-of-bounds in fetch-input
Read of size 8 at address ffff8405000000a0 by consumer 7.11
The index is 20 of 20 (0 to 19 are valid)

Evaluating instance 2, instances[1], criterion 20
The number came from instances[1].criteria[20].field_index, offset 0x300 of the content file
The address is 0 bytes after the input array
  [ffff840500000000, ffff8405000000a0), 160 bytes

PAGE_FAULT_IN_NONPAGED_AREA (50)
An exception handler cannot save the host from this one
==================================================================

consumer  platform     verdict  what
7.11      windows-x64  crash    input-index-out-of-bounds, index 20 of 20, instances[1].criteria[20].field_index at 0x300 of the content file
7.15      windows-x64  crash    input-index-out-of-bounds, index 20 of 20, instances[1].criteria[20].field_index at 0x300 of the content file
7.16      windows-x64  run      2 instances, 39 events

never fetched, because nothing but wildcards ran there: IPC field 1 operation, IPC field 2 image_path, IPC field 3 command_line, IPC field 4 user_sid and 15 more
""")


def test_validator_and_interpreter_agree_on_the_bytes(cc: Run) -> None:
    """Two independent readings report the same offset and the same path."""
    outcome = json.loads(cc("run", *CONFIG, JULY, "--format", "json")[1])["outcomes"][0]
    finding = json.loads(cc("validate", *CONFIG, JULY, "--format", "json")[1])["files"][0]["findings"][0]
    assert outcome["trap"]["field"] == finding["path"]
    assert outcome["trap"]["file_offset"] == finding["offset"]


def test_the_march_file_runs_everywhere(cc: Run) -> None:
    """The file of March runs in every listed build; what was never fetched is said all the same."""
    status, out, _ = cc("run", *CONFIG, MARCH, "--all-consumers", "--matrix")
    assert status == 0
    assert out.count("  run  ") == 3
    assert "client_context  +" in out
    assert "never fetched" in out


def test_events_are_decided_line_by_line(cc: Run, tmp_path: Path) -> None:
    """Each event gives one JSON line with the instances that matched; a trap is the last line."""
    events = tmp_path / "events.jsonl"
    pipe = "\\Device\\NamedPipe\\"
    lines = [{"type": "IPC", "inputs": [pipe + "stress"]}, {"type": "IPC", "inputs": ["other"]}]
    events.write_text("\n".join(map(json.dumps, lines)))
    args = ["run", *CONFIG, "--consumer", "7.11", "--events", events, "--format", "json"]
    status, out, _ = cc(*args, MARCH)
    assert status == 0
    assert [json.loads(line)["matched"] for line in out.splitlines()] == [[1], []]
    lines = [{"type": "IPC", "inputs": ["postex_1"]}]
    events.write_text("\n".join(map(json.dumps, lines)))
    status, out, _ = cc(*args, JULY)
    assert status == 1
    assert json.loads(out.splitlines()[-1])["trap"]["kind"] == "input-index-out-of-bounds"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--no-config"], "no consumers were named"),
        (["--no-config", "--consumers", CORPUS / "consumers.toml"], "no definitions were named"),
        ([*CONFIG, "--consumer", "7.12"], "not listed"),
        ([*CONFIG, "--events", "-"], "give --consumer, one of 7.11, 7.15, 7.16"),
    ],
)
def test_what_is_missing_is_said(cc: Run, args: list[object], words: str) -> None:
    """Without builds or definitions, or with events and no choice of a build, there is no answer."""
    status, out, err = cc("run", MARCH, *args)
    assert (status, out) == (2, "")
    assert words in err


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[]",
        '{"type": "IPC"}',
        '{"type": "NOPE", "inputs": []}',
        '{"type": "IPC", "inputs": [1.5]}',
    ],
)
def test_a_malformed_event_is_wrong_usage(cc: Run, tmp_path: Path, line: str) -> None:
    """An event that no sensor could report is named and not passed over."""
    events = tmp_path / "events.jsonl"
    events.write_text(line)
    status, _, err = cc("run", *CONFIG, "--consumer", "7.16", "--events", events, MARCH)
    assert status == 2
    assert "events" in err


SWITCHES = ("quarantine", "last_known_good", "boot_loop_recovery")


@pytest.mark.parametrize(
    ("keys", "verdict", "words"),
    [
        ("quarantine = true", "skip", "saved by quarantine; instance 2: quarantined"),
        ("last_known_good = true", "refuse", "saved by last-known-good"),
        ("boot_loop_recovery = true", "crash", "saved by boot-loop-recovery after 3 starts"),
        ("strict_alignment = true", "crash", "index 20 of 20"),
        ('byte_order = "big"', "crash", "index 20 of 20"),
        ("supported_until = 2024-12-31", "crash", "index 20 of 20"),
    ],
)
def test_the_table_says_what_saved_the_host(
    cc: Run, tmp_path: Path, keys: str, verdict: str, words: str
) -> None:
    """Each way out of a build is named with its verdict; a trap is status 1 even where the host was saved."""
    text = (CORPUS / "consumers.toml").read_text(encoding="utf-8")
    consumers = tmp_path / "consumers.toml"
    first = text[: text.index("[[consumer]]", text.index("[[consumer]]") + 1)]
    after = "bounds_check = false" if keys.startswith(SWITCHES) else "pointer_bits = 64"
    consumers.write_text(first.replace(after, f"{after}\n{keys}"), encoding="utf-8")
    named = ["--no-config", "--definitions", CORPUS / "definitions.bin", "--consumers", consumers]
    status, out, _ = cc("run", JULY, *named, "--last-good", MARCH, "--all-consumers")
    assert status == 1
    (row,) = (line for line in out.splitlines() if line.startswith("7.11 "))
    assert row.split()[2] == verdict
    assert words in row


def test_a_definitions_file_is_loaded(cc: Run) -> None:
    """A definitions file is loaded by every build, without content."""
    status, out, _ = cc("run", *CONFIG, CORPUS / "definitions.bin")
    assert status == 0
    assert out.count("  run  ") == 3


def test_every_interpreter_is_of_a_known_format() -> None:
    """The table of interpreters has the built-in formats, each of which has one."""
    assert set(EXERCISES) == {schema.name for schema in SCHEMAS}


@pytest.mark.parametrize("name", ["regdb", "devicetree", "apparmor"])
def test_readers_say_which_of_them_checks_bounds(name: str) -> None:
    """Of the two readers of a format, the one that compares every number says so."""
    data = (ROOT / "corpus" / name / "base.bin").read_bytes()
    assert [outcome.checks_bounds for outcome in EXERCISES[name](data, RunInputs()).outcomes] == [False, True]


def test_all_decisions_of_the_reference_reader_agree(cc: Run, shared_data: Path, tmp_path: Path) -> None:
    """All 537 answers of the public reader of Sysmon rules come out of the command line as they are."""
    answers = [
        json.loads(line) for line in (shared_data / "sysmon" / "decisions.jsonl").read_text().splitlines()
    ]
    by_blob: dict[str, list[dict[str, object]]] = defaultdict(list)
    for answer in answers:
        by_blob[str(answer["blob"])].append(answer)
    found: Counter[bool] = Counter()
    events = tmp_path / "events.jsonl"
    for blob, expected in by_blob.items():
        events.write_text("\n".join(json.dumps({k: a[k] for k in ("event_id", "fields")}) for a in expected))
        file = shared_data / "sysmon" / "valid" / blob
        args = [
            "run",
            "--no-config",
            "--schema",
            "sysmon",
            "--target",
            "16",
            "--events",
            events,
            "--format",
            "json",
        ]
        lines = [json.loads(line) for line in cc(*args, file)[1].splitlines()]
        keys = ("event_id", "decision", "rule_name", "failures")
        assert len(lines) == len(expected)
        found.update(
            all(line[k] == answer[k] for k in keys) for line, answer in zip(lines, expected, strict=True)
        )
    assert found == {True: 537}


def test_the_replay_passes_crashes_and_is_stopped() -> None:
    """The pipeline as it was passes up to the crash; each mitigation alone answers as the reports say."""
    done = replay()
    assert [step.ok for step in done.pipeline] == [True, True, True, True, False]
    assert done.crash.trap is not None
    assert (done.crash.trap.index, done.crash.trap.limit) == (20, 20)
    assert {(row.finding, row.name): (row.march, row.july) for row in done.mitigations} == {
        (1, "compile-time-check"): ("yes", "yes"),
        (2, "bounds-check"): ("no", "yes"),
        (2, "input-count-check"): ("yes", "yes"),
        (3, "test-each-field"): ("yes", "yes"),
        (4, "validate-for-consumer"): ("no", "yes"),
        (5, "run-before-release"): ("no", "yes"),
        (6, "staged-deployment"): ("no", "in part"),
    }
    assert [outcome.saved_by for outcome in done.containment] == [
        "quarantine",
        "last-known-good",
        "boot-loop-recovery",
    ]
    assert [finding.check for finding in done.early.findings] == ["definitions-past-inputs"]
    assert [finding.check for finding in done.verdict.findings] == ["field-past-inputs"]
    assert [outcome.verdict for outcome in done.fixed] == ["run"]


def test_the_replay_reads_from_the_cast_to_the_fix(cc: Run) -> None:
    """The text has its six parts in order, the report of the crash, and no colour unless asked."""
    status, out, _ = cc("replay-291")
    assert status == 0
    heads = [f"{i}. " for i in range(1, 7)]
    places = [out.index(f"\n{head}") for head in heads]
    assert places == sorted(places)
    assert "PAGE_FAULT_IN_NONPAGED_AREA (50)" in out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 130


def test_the_replay_as_json_and_as_files(cc: Run, tmp_path: Path) -> None:
    """The JSON names the trap's place, and the files that --write leaves give the same answer again."""
    _, out, _ = cc("replay-291", "--format", "json", "--write", tmp_path)
    told = json.loads(out)
    assert told["crash"]["trap"]["file_offset"] == told["findings"]["july"][0]["offset"]
    july = tmp_path / "C-00000291-00000000-00000032.bin"
    status, out, _ = cc("validate", "--config", tmp_path / "ccheck.toml", july)
    assert status == 1
    assert "error[field-past-inputs]" in out
    assert cc("run", "--config", tmp_path / "ccheck.toml", july)[0] == 1
