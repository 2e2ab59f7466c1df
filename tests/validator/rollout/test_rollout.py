"""Plans grow ring by ring, evidence cannot be changed, and nothing starts without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ccheck.files.atomic_write import held
from ccheck.release.rollout.chain import ChainError, Health, append, begin, read
from ccheck.release.rollout.decide import decide
from ccheck.release.rollout.plan import DEFAULT_RINGS, Plan, PlanError, Ring, StopConditions, plan
from ccheck.release.rollout.simulate import Fleet, simulate

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FILES = {"C-00000291.bin": "a" * 64}


def march(**changes: object) -> Plan:
    """The plan of a release for a million hosts."""
    words: dict[str, object] = {"last_good": "february", "hosts": 1_000_000, **changes}
    return plan("march", FILES, **words)  # type: ignore[arg-type]  # the changes are a test's own


def healthy(ring: str, hosts: int, hours: float = 48, **changes: object) -> Health:
    """A ring's report that ended at noon."""
    counts: dict[str, object] = {"hosts": hosts, "reporting": hosts, "crashed": 0, "looping": 0, **changes}
    return Health(ring, NOON - timedelta(hours=hours), NOON, **counts)  # type: ignore[arg-type]  # as above


def recorded(path: Path, *health: Health) -> Path:
    """A record with this evidence."""
    begin(path, march())
    for one in health:
        append(path, one)
    return path


def test_a_first_use_goes_slower() -> None:
    """With a flag every ring but the last is a quarter of the size and bakes four times as long."""
    usual, flagged = march(), march(flagged=["IPC field 21: first non-wildcard criterion ever"])
    assert [(r.share, r.bake_hours) for r in usual.rings] == [(0.001, 24), (0.05, 48), (1, 0)]
    assert [(r.share, r.bake_hours) for r in flagged.rings] == [(0.00025, 96), (0.0125, 192), (1, 0)]
    assert [usual.size(r) for r in usual.rings] == [1000, 50_000, 1_000_000]


@pytest.mark.parametrize(
    ("rings", "words"),
    [
        ((), "at least one ring"),
        ((Ring("a", 0.5, 1),), "the last ring has share 0.5"),
        (
            (Ring("a", 0.5, 1), Ring("b", 0.5, 1), Ring("c", 1, 0)),
            "ring b has share 0.5, the one before it 0.5",
        ),
        ((Ring("a", 0.5, 1), Ring("a", 1, 0)), "the same name"),
        ((Ring("a", 0.5, -1), Ring("b", 1, 0)), "bakes -1 hours"),
        ((Ring("a", float("nan"), 1), Ring("b", 1, 0)), "share nan"),
        ((Ring("a", 0.5, float("nan")), Ring("b", 1, 0)), "bakes nan hours"),
        ((Ring("a", 0.5, 1e300), Ring("b", 1, 0)), "at most 87,600"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(rings: tuple[Ring, ...], words: str) -> None:
    """Rings grow up to the whole fleet."""
    with pytest.raises(PlanError, match=words):
        march(rings=rings)


def test_a_rollout_goes_from_ring_to_ring(tmp_path: Path) -> None:
    """Each ring starts when the one before has baked and is healthy; the last ends it."""
    path = tmp_path / "march"
    begin(path, march())
    assert decide(read(path), NOON).word == "start"
    assert decide(read(path), NOON).ring == "canary"
    append(path, healthy("canary", 1000, hours=23))
    early = decide(read(path), NOON)
    assert (early.word, early.why) == ("wait", ("ring canary has baked 23.0 of 24 hours",))
    append(path, healthy("canary", 1000, hours=24))
    assert decide(read(path), NOON).ring == "early"
    append(path, healthy("canary", 1000, hours=72))
    append(path, healthy("early", 49_000))
    assert (decide(read(path), NOON).word, decide(read(path), NOON).ring) == ("start", "general")
    append(path, healthy("general", 950_000, hours=0))
    assert decide(read(path), NOON).word == "done"


@pytest.mark.parametrize(
    ("canary", "early", "word"),
    [(72, 48, "start"), (72, 48.01, "wait"), (72, 71, "wait"), (72, 100, "wait"), (100, 76, "start")],
)
def test_a_ring_that_began_too_soon_is_no_evidence(
    tmp_path: Path, canary: float, early: float, word: str
) -> None:
    """A ring counts only if the one before it had baked, 24 hours here, when it began."""
    rings = (healthy("canary", 1000, hours=canary), healthy("early", 49_000, hours=early))
    decision = decide(read(recorded(tmp_path / "march", *rings)), NOON)
    assert decision.word == word
    assert decision.ring == ("general" if word == "start" else "early")
    if word == "wait":
        assert "before ring canary had baked (24 hours, until " in decision.why[0]
        assert decision.why[0].endswith("what it reports is no evidence")


def test_a_later_report_of_a_ring_that_began_in_time_is_evidence(tmp_path: Path) -> None:
    """The last report counts, of both rings: a ring that was begun again waits for nothing else."""
    path = recorded(tmp_path / "march", healthy("canary", 1000, hours=73), healthy("early", 49_000, hours=60))
    assert decide(read(path), NOON).word == "wait"
    append(path, healthy("early", 49_000, hours=48))
    assert decide(read(path), NOON).word == "start"
    # The canaries had it only later than was said first.
    append(path, healthy("canary", 1000, hours=50))
    assert decide(read(path), NOON).word == "wait"


def test_a_ring_that_reports_before_its_turn_is_named(tmp_path: Path) -> None:
    """Where a later ring has it already, the ring before it starts all the same, and that is said."""
    decision = decide(read(recorded(tmp_path / "march", healthy("early", 49_000))), NOON)
    assert (decision.word, decision.ring) == ("start", "canary")
    assert decision.why == ("ring early has reported already: that is no evidence",)


def test_every_ring_is_held_to_the_one_before_it(tmp_path: Path) -> None:
    """The last ring too, whose own time of baking is none."""
    rings = (
        healthy("canary", 1000, hours=96),
        healthy("early", 49_000, hours=60),
        healthy("general", 950_000, hours=20),
    )
    decision = decide(read(recorded(tmp_path / "march", *rings)), NOON)
    assert (decision.word, decision.ring) == ("wait", "general")


@pytest.mark.parametrize(
    ("health", "word", "why"),
    [
        (healthy("canary", 1000, crashed=2), "return", "2 of 1,000 hosts crashed, 0.200%; at most 0.100%"),
        (healthy("canary", 1000, looping=1), "return", "1 hosts do not come up"),
        (healthy("canary", 1000, reporting=900), "wait", "10.0% of the hosts are silent; at most 5.0%"),
        (healthy("canary", 999), "wait", "the report is of 999 hosts, ring canary has 1,000"),
    ],
)
def test_bad_or_little_evidence_starts_nothing(tmp_path: Path, health: Health, word: str, why: str) -> None:
    """Crashes bring the last good release back; silence, and reports of too few hosts, are no evidence."""
    decision = decide(read(recorded(tmp_path / "march", health)), NOON)
    assert decision.word == word
    assert any(why in line for line in decision.why)
    if word == "return":
        assert decision.why[-1] == "last good release: february"


def test_old_evidence_and_evidence_of_tomorrow_are_none(tmp_path: Path) -> None:
    """A report must be of the last day, and of the past."""
    record = read(recorded(tmp_path / "march", healthy("canary", 1000)))
    assert "25.0 hours old; at most 24" in decide(record, NOON + timedelta(hours=25)).why[0]
    assert "which is to come" in decide(record, NOON - timedelta(minutes=1)).why[0]


def test_a_crash_is_not_undone_by_a_later_report(tmp_path: Path) -> None:
    """A ring that once crashed hosts stays the reason to return, whatever is reported after it."""
    path = recorded(tmp_path / "march", healthy("canary", 1000, crashed=9), healthy("canary", 1000))
    assert decide(read(path), NOON).word == "return"


def tampered(lines: list[str]) -> list[list[str]]:
    """What can be done to a record."""
    changed = [line.replace('"crashed": 9', '"crashed": 0') for line in lines]
    return [changed, [lines[0], lines[2], lines[1]], [lines[0], lines[2]], lines[1:], [*lines, lines[-1]], []]


def test_a_record_that_was_changed_is_refused(tmp_path: Path) -> None:
    """Numbers changed, lines left out, put in another order or twice, and the plan gone: none is believed."""
    path = recorded(tmp_path / "march", healthy("canary", 1000, crashed=9), healthy("canary", 1000))
    lines = path.read_text(encoding="utf-8").splitlines()
    wrong = list(tampered(lines))
    assert len(wrong) > 3
    for changed in wrong:
        assert changed != lines
        path.write_text("\n".join(changed) + "\n", encoding="utf-8")
        with pytest.raises(ChainError):
            read(path)


def test_an_end_that_was_cut_off_is_noticed_by_the_head(tmp_path: Path) -> None:
    """A record without its last line is whole by itself, and not what the digest says."""
    path = tmp_path / "march"
    begin(path, march())
    head = append(path, healthy("canary", 1000, crashed=9))
    assert read(path, head).head == head
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    assert decide(read(path), NOON).word == "start"
    with pytest.raises(ChainError, match="its end was changed or cut off"):
        read(path, head)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hosts": None}, "counts are whole numbers"),
        ({"crashed": -1}, "counts are whole numbers"),
        ({"crashed": 2000}, "that cannot be"),
        ({"reporting": 2000}, "that cannot be"),
        ({"looping": 2000}, "that cannot be"),
        ({"begun": "yesterday"}, "not a health report"),
        ({"begun": "2026-11-22T00:00:00"}, "need a time zone"),
        ({"begun": "2026-11-23T00:00:00+00:00"}, "ends before it begins"),
        ({"ring": "early"}, "is of ring 'early', not 'canary'"),
    ],
)
def test_a_health_report_that_cannot_be_is_refused(changes: dict[str, object], words: str) -> None:
    """Whatever does not add up is no evidence."""
    report = healthy("canary", 1000).to_json() | changes
    with pytest.raises(ChainError, match=words):
        Health.from_json(report, "canary")


def test_a_write_that_fails_leaves_the_record_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk ends in an error; the record is whole, nothing lies beside it, and it can be written again."""
    path = recorded(tmp_path / "march")
    before = path.read_bytes()

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(ChainError, match="No space left"):
            append(path, healthy("canary", 1000))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["march"]
    append(path, healthy("canary", 1000))


def test_two_writers_do_not_lose_a_line(tmp_path: Path) -> None:
    """While one writes, the other gets an error."""
    path = recorded(tmp_path / "march")
    with held(path), pytest.raises(ChainError, match="another ccheck works on"):
        append(path, healthy("canary", 1000))


def test_a_plan_bounds_what_a_bad_file_reaches() -> None:
    """With rings a bad file stops the canaries alone; all at once it stops most of the fleet."""
    made = plan("july", FILES, last_good="june", hosts=8_500_000)
    ringed, at_once = simulate(made, made.hosts, Fleet()), simulate(None, made.hosts, Fleet())
    assert ringed.stopped <= made.size(made.rings[0])
    assert ringed.ring == "canary"
    assert at_once.stopped == round(8_500_000 * 0.85)
    slow = simulate(made, made.hosts, Fleet(detect_minutes=30 * 24 * 60))
    assert slow.stopped == at_once.stopped
    nobody = simulate(made, made.hosts, Fleet(hit_rate=0))
    assert (nobody.stopped, nobody.withdrawn) == (0, None)


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `ccheck rollout` as a user does."""
    command = [sys.executable, "-m", "ccheck", "rollout", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_commands_lead_through_a_rollout(tmp_path: Path) -> None:
    """plan, next, record, next: each says what it did, and its exit status says what may happen."""
    (tmp_path / "file.bin").write_bytes(b"content")
    made = run(
        tmp_path, "plan", "march", "file.bin", "--record", "r", "--last-good", "feb", "--hosts", "1000000"
    )
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("canary: 1,000 hosts, then 24 hours\nearly: 50,000 hosts, then 48 hours\n")
    twice = run(tmp_path, "plan", "march", "file.bin", "--record", "r", "--last-good", "feb", "--hosts", "5")
    assert (twice.returncode, "is there already" in twice.stderr) == (2, True)
    first = run(tmp_path, "next", "--record", "r")
    assert (first.returncode, first.stdout) == (0, "start canary\n  no ring has it yet\n")
    (tmp_path / "h.json").write_text(json.dumps(healthy("canary", 1000, hours=1).to_json()), encoding="utf-8")
    head = run(tmp_path, "record", "canary", "--record", "r", "--health", "h.json").stdout.split()[1]
    waits = run(tmp_path, "next", "--record", "r", "--head", head, "--at", NOON.isoformat())
    assert (waits.returncode, waits.stdout.splitlines()[0]) == (3, "wait canary")
    crashed = healthy("canary", 1000, crashed=50).to_json()
    (tmp_path / "h.json").write_text(json.dumps(crashed), encoding="utf-8")
    run(tmp_path, "record", "canary", "--record", "r", "--health", "h.json")
    back = run(tmp_path, "next", "--record", "r", "--at", NOON.isoformat())
    assert (back.returncode, back.stdout.splitlines()[0]) == (1, "return")
    cut = run(tmp_path, "next", "--record", "r", "--head", head, "--at", NOON.isoformat())
    assert (cut.returncode, "changed or cut off" in cut.stderr) == (2, True)
    wrong = run(tmp_path, "record", "nothing", "--record", "r", "--health", "h.json")
    assert wrong.returncode == 2


def test_the_estimate_is_words_and_a_plot(tmp_path: Path) -> None:
    """The command simulate prints both numbers, and draws them."""
    done = run(tmp_path, "simulate", "--plot", "reach.svg")
    assert done.returncode == 0, done.stderr
    under, at_once = done.stdout.splitlines()
    assert under.startswith("under the plan: 7,225 hosts stopped (0.085%)")
    assert at_once.startswith("all at once: 7,225,000 hosts stopped (85.000%)")
    assert (tmp_path / "reach.svg").read_text(encoding="utf-8").startswith("<svg")


def test_the_default_rings_are_a_plan() -> None:
    """What the help says is what is planned."""
    assert [ring.name for ring in DEFAULT_RINGS] == ["canary", "early", "general"]


@pytest.mark.parametrize("name", ["crash_rate", "silent_rate", "report_hours"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_a_stop_condition_that_never_stops_is_refused(name: str, value: float) -> None:
    """A limit that no number exceeds would let every ring start."""
    with pytest.raises(PlanError, match=f"{name} is "):
        march(stop=StopConditions(**{name: value}))


def test_a_record_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Any bytes are refused in one line."""
    path = tmp_path / "march"
    for data in (b"", b"\xff", b"[" * 100_000, b"{}", b"null\n", b'{"kind": "plan"}'):
        path.write_bytes(data)
        with pytest.raises(ChainError):
            read(path)


@pytest.mark.parametrize(
    "words",
    [
        ("--hosts", "1000", "--ring", "a:0.1:1e300", "--ring", "b:1:0"),
        ("--hosts", "1000", "--ring", "a:0.1:87601", "--ring", "b:1:0"),
        ("--hosts", "1000", "--ring", "a:0.1:80000", "--ring", "b:1:0", "--first-use", "field 7"),
        ("--hosts", "1" + 400 * "0"),
        ("--hosts", "0"),
    ],
)
def test_numbers_beyond_all_calendars_are_wrong_usage(tmp_path: Path, words: tuple[str, ...]) -> None:
    """A plan whose times or hosts nobody can calculate with is not written."""
    (tmp_path / "file.bin").write_bytes(b"content")
    done = run(tmp_path, "plan", "march", "file.bin", "--record", "r", "--last-good", "june", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("begun", "until"),
    [
        ("9999-12-31T00:00:00+00:00", "9999-12-31T12:00:00+00:00"),
        ("0001-01-01T00:00:00+14:00", "2026-11-22T12:00:00+00:00"),
    ],
)
def test_health_at_the_end_of_all_calendars_is_wrong_usage(tmp_path: Path, begun: str, until: str) -> None:
    """A report of a time that nothing can be added to is refused when it is recorded, and when it is read."""
    path = recorded(tmp_path / "march")
    (tmp_path / "health.json").write_text(
        json.dumps({"begun": begun, "until": until, "hosts": 1, "reporting": 1, "crashed": 0, "looping": 0}),
        encoding="utf-8",
    )
    done = run(tmp_path, "record", "canary", "--record", str(path), "--health", "health.json")
    assert done.returncode == 2
    assert "of no year from 1970 to 9000" in done.stderr
