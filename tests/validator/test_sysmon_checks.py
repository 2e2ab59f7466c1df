"""The checks of Sysmon rules: genuine blobs pass, and each target has its own verdict."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from time import process_time
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccheck.cli.main import run
from ccheck.cli.recipe_file import build_file
from ccheck.core.finding import FileReport, Severity
from ccheck.core.subject import CheckContext
from ccheck.formats.check_table import CHECKS
from ccheck.formats.registry import SCHEMAS
from ccheck.judging.judge import Policy, examine, judge
from ccheck.judging.preparation import prepare
from ccheck_schemas.formats.sysmon.recipe import compose
from ccheck_schemas.formats.sysmon.schema import SCHEMA
from tests.conftest import ROOT

BASE = build_file(ROOT / "corpus" / "sysmon" / "base.yaml", SCHEMAS)


GENUINE = {
    # The compiler's fault.
    ("reg-subrules", "sysmon-aggregations-unlisted"): 1,
    # Made of empty XML elements, on purpose: contains, contains any; is, is any, excludes all.
    ("emptyfields", "sysmon-matches-everything"): 2,
    ("emptyfields", "sysmon-matches-nothing"): 3,
    # An image that begins with "Program Files", without its drive.
    ("exclude_MSSQL", "sysmon-value-impossible"): 1,
    # A command line that contains "unload;detach".
    ("include_fltmc", "sysmon-separator-not-split"): 1,
    # A file that ends with ".*proj".
    ("include_microsoft_msbuild_scripts", "sysmon-value-impossible"): 1,
    # Rights 0x0800, 0x0810 and 0x0820, which events show without the zero; the others stand beside them.
    ("include_process_suspend_resume", "sysmon-value-impossible"): 3,
}
"""The warnings of genuine blobs, each judged by hand."""


def report_of(data: bytes, target: str | None = None) -> FileReport:
    """The blob, judged by all checks."""
    context = CheckContext(on=date(2024, 7, 19), target=target)
    return judge(examine(data, "rules.bin", context, SCHEMAS, SCHEMA), "rules.bin", CHECKS, Policy())


def rule(event: str | int, field: str | int, **others: Any) -> dict[str, Any]:
    """A rule of one filter."""
    condition = {"field": field, "operator": "is", "data": "x", **others}
    return {"event": event, "default": "exclude", "combine": "or", "filters": [condition]}


def blob(*rules: dict[str, Any], version: str = "15.0") -> bytes:
    """A blob of these rules."""
    return compose({"version": version, "schema_version": "4.70", "rules": list(rules)})


def errors(report: FileReport) -> list[str]:
    """The checks that found errors."""
    return [finding.check for finding in report.findings if finding.severity is Severity.ERROR]


def test_genuine_blobs_pass(shared_data: Path) -> None:
    """All genuine blobs pass every check; the warnings are those that were judged by hand and are right."""
    found: Counter[tuple[str, str]] = Counter()
    files = sorted((shared_data / "sysmon" / "valid").glob("*.bin"))
    for path in files:
        report = report_of(path.read_bytes())
        assert (report.verdict, report.not_run) == ("pass", ()), path.name
        found.update((path.name.partition(".")[0], finding.check) for finding in report.findings)
    assert (len(files), found) == (83, GENUINE)


def test_the_version_alone_keeps_genuine_blobs_from_a_newer_consumer(shared_data: Path) -> None:
    """Tables have only grown since: blobs of 15.0 are inside the bounds of 16, which refuses their version."""
    files = sorted((shared_data / "sysmon" / "valid").glob("*.bin"))
    assert len(files) == 83
    for path in files:
        report = report_of(path.read_bytes(), "16")
        assert errors(report) == ["sysmon-version-of-target"]
        known = {check for name, check in GENUINE if name == path.name.partition(".")[0]}
        assert {f.check for f in report.findings} == known | {"sysmon-version-of-target"}


def test_one_blob_has_a_verdict_for_each_target() -> None:
    """ParentUser is inside the bounds of version 16 and outside those of 15.0, in the same bytes."""
    data = blob(rule("ProcessCreate", "ParentUser"), version="16.0")
    assert errors(report_of(data)) == []
    assert errors(report_of(data, "16")) == []
    assert errors(report_of(data, "4.81")) == []
    assert errors(report_of(data, "15.0")) == ["sysmon-version-of-target", "sysmon-field-past-table"]


def test_the_finding_tells_event_counts_and_versions() -> None:
    """A field past its table is reported with the event, both numbers, and the versions that have it."""
    (finding,) = report_of(blob(rule("ProcessCreate", 22))).findings
    assert finding.message == (
        "the filter reads field 22 of event 1 (ProcessCreate), which has 22 (0 to 21) in version 15.0"
    )
    assert finding.fix == "remove the filter, or send the blob only to consumers of version 16.0"
    assert (finding.path, finding.offset, finding.length) == ("events[0].filters[0].field_id", 48, 4)
    assert [(proof.path, proof.offset) for proof in finding.related] == [("events[0].event_id", 24)]


@pytest.mark.parametrize(
    ("event", "field", "check"),
    [
        (12, 6, None),
        (12, 7, "sysmon-field-of-sibling"),
        (12, 8, "sysmon-field-past-table"),
        (13, 7, None),
        (17, 6, None),
        (17, 7, "sysmon-field-past-table"),
        (21, 6, None),
        (21, 7, "sysmon-field-of-sibling"),
        (20, 8, "sysmon-field-past-table"),
        (1, 21, None),
        (1, 22, "sysmon-field-past-table"),
        (26, 0xFFFFFFFF, "sysmon-field-past-table"),
    ],
)
def test_the_bounds_of_siblings_are_kept_apart(event: int, field: int, check: str | None) -> None:
    """A field is compared with the table of the rule's own event type, and the sibling that has it is named."""
    assert errors(report_of(blob(rule(event, field)))) == ([check] if check else [])


@pytest.mark.parametrize("event", [0, 27, 61441, 0xFFFFFFFF])
def test_unknown_events_are_refused(event: int) -> None:
    """An event type that no table of the version has is one error, and its fields are not judged."""
    assert errors(report_of(blob(rule(event, 99)))) == ["sysmon-unknown-event"]


@pytest.mark.parametrize("event", [4, 16, 255])
def test_events_without_a_rule_name_are_refused(event: int) -> None:
    """Events 4, 16 and 255 cannot be filtered."""
    assert errors(report_of(blob(rule(event, 0)))) == ["sysmon-event-not-filtered"]


@pytest.mark.parametrize(
    ("target", "greatest"), [("9.10", 8), ("9.20", 8), ("13.0", 8), ("14.0", 13), ("15.0", 15), ("16.0", 15)]
)
def test_operators_are_judged_by_the_target(target: str, greatest: int) -> None:
    """The greatest operator of each version passes, and the next one does not."""
    for operator, expected in ((greatest, []), (greatest + 1, ["sysmon-unknown-operator"])):
        data = blob(rule("ProcessCreate", "Image", operator=operator), version=target)
        assert errors(report_of(data, target)) == expected


def test_generations_of_one_version_differ() -> None:
    """FileDelete in a blob of 9.20 warns; for schema 4.22 it is an error, and for 4.32 it is good."""
    data = blob(rule("FileDelete", "Image"), version="9.20")
    assert [f.check for f in report_of(data).findings] == ["sysmon-generations-differ"]
    assert report_of(data).verdict == "pass"
    assert errors(report_of(data, "4.22")) == ["sysmon-unknown-event"]
    assert report_of(data, "4.32").findings == ()


def test_an_older_layout_is_not_judged_further() -> None:
    """A consumer of version 8.0 reads another layout; that is one error, and the tables are not looked at."""
    report = report_of(blob(rule("ProcessCreate", 99)), "8.0")
    assert errors(report) == ["sysmon-layout-of-target"]
    assert "sysmon-field-past-table" in {check.check for check in report.not_run}


def test_an_unknown_target_is_a_usage_error() -> None:
    """A target that has no table is refused before any file is judged, with the versions that have one."""
    with pytest.raises(click.UsageError, match=r"'15\.5' is no known version; binary versions are"):
        prepare(use_config=False, target="15.5")


def test_a_broken_chain_leaves_the_groups_unjudged() -> None:
    """If a chain is cut, the group checks would report consequences; they are reported as not run."""
    data = bytearray(BASE)
    data[24 + 12 : 24 + 16] = (0x10000).to_bytes(4, "little")
    report = report_of(bytes(data))
    assert errors(report) == ["offset-outside-file"]
    assert "sysmon-aggregation-count-wrong" in {check.check for check in report.not_run}


def test_the_same_event_twice_is_legal() -> None:
    """An include list and an exclude list for one event type are two rules."""
    assert report_of(blob(rule("ProcessCreate", "Image"), rule("ProcessCreate", "User"))).findings == ()


@given(
    st.lists(
        st.tuples(st.integers(0, len(BASE) // 4 - 1), st.integers(0, 0xFFFFFFFF) | st.integers(0, 4000))
    ),
    st.sampled_from([None, "16", "9.10", "8.0", "4.30"]),
)
def test_any_mutation_is_judged(edits: list[tuple[int, int]], target: str | None) -> None:
    """Whatever words of a good blob are overwritten, it gets a verdict, and findings lie inside the file."""
    data = bytearray(BASE)
    for word, value in edits:
        data[word * 4 : word * 4 + 4] = value.to_bytes(4, "little")
    report = report_of(bytes(data), target)
    assert report.checks_run
    assert all(0 <= f.offset <= f.offset + f.length <= len(data) for f in report.findings)


@given(st.binary(max_size=1500))
def test_random_bytes_are_judged(tail: bytes) -> None:
    """Any bytes behind a good header get a verdict."""
    assert report_of(BASE[:24] + tail).checks_run


def test_every_truncation_fails() -> None:
    """A blob that is cut at any offset fails."""
    whole = blob(rule("ProcessCreate", "Image"))
    assert report_of(whole).verdict == "pass"
    for size in range(len(whole)):
        assert report_of(whole[:size]).verdict == "fail", size


@pytest.mark.parametrize("target", ["1.0", "15.0"])
def test_a_cut_header_fails_for_any_target(target: str) -> None:
    """A blob that ends within its header is refused, and not by a traceback, when a target is named."""
    validation = prepare(schema="sysmon", use_config=False, target=target)
    for size in range(16):
        assert validation.judged(b"\1" * size, "rules.bin", "rules.bin").verdict == "fail"


NOT_JUDGED = {
    "1.0": "Sysmon of schema 2.0 reads it: its header is shorter",
    "1.01": "Sysmon of schema 3.10 to 4.0 reads it: its header is shorter",
    "8.0": "Sysmon of schema 4.1 to 4.2 reads it: its header is shorter",
    "3.0": "it is older than 9.0: its header is shorter",
    "9.0": "no public manifest of Sysmon lists it (before 9.10 there is none)",
    "10.0": "no public manifest of Sysmon lists it (between 9.20 and 11.0 there is none)",
    "12.0": "no public manifest of Sysmon lists it (between 11.0 and 13.0 there is none)",
    "14.1": "no public manifest of Sysmon lists it (between 14.0 and 15.0 there is none)",
    "17.0": "it is newer than 16.0, the newest whose fields this release of ccheck knows",
}
"""Versions without a table, and why."""


@pytest.mark.parametrize("version", NOT_JUDGED)
def test_a_version_without_a_table_says_why(
    version: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report of a version that is not judged gives the reason, and fails the file."""
    major, _, minor = version.partition(".")
    path = tmp_path / "rules.bin"
    path.write_bytes((int(major) << 16 | int(minor)).to_bytes(4, "little") + BASE[4:])
    assert run(["validate", "--no-config", "--schema", "sysmon", str(path)]) == 1
    out = capsys.readouterr().out
    assert "error[unknown-format-version]" in out
    assert f"= why: {NOT_JUDGED[version]}" in out


def test_lists_of_many_elements_are_judged_in_time() -> None:
    """The work of judging lists and groups follows the size of the blob."""
    filters = [
        {"field": 4, "operator": "contains any", "data": ";" * 200_000},
        {"field": 4, "operator": "is any", "data": ";".join("abcd"[at] * 900 for at in range(4))},
        {"field": 4, "operator": "contains all", "data": "a;" * 100_000},
    ]
    group = {"group": {"combine": "and", "filters": filters}}
    data = blob({"event": 1, "default": "exclude", "combine": "or", "filters": [group]})
    before = process_time()
    assert [finding.check for finding in report_of(data).findings] == ["sysmon-empty-list-element"] * 2
    assert process_time() - before < 20
