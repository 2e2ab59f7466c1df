"""The SARIF report: its shape, its references, its words."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from inline_snapshot import snapshot
from jsonschema import Draft202012Validator

from ccheck.core.finding import FileReport, RunReport
from ccheck.report import RENDERERS
from ccheck.report.sarif import fingerprint, plain
from tests.validator.report.samples import CHECKS, EVERYTHING, JULY, PASSING, any_run, finding, july
from tests.validator.report.sarif_shape import SHAPE

VALIDATOR = Draft202012Validator(SHAPE)


def rendered(run: RunReport) -> Any:
    """The one run of the log, after the log was validated by the schema of the standard."""
    log = json.loads(RENDERERS["sarif"](run, CHECKS))
    VALIDATOR.validate(log)
    return log["runs"][0]


def test_a_result() -> None:
    """A finding has its rule, level, bytes, field, related and fingerprint."""
    run = rendered(EVERYTHING)
    assert run["results"][0] == snapshot(
        {
            "ruleId": "field-past-inputs",
            "ruleIndex": 0,
            "level": "error",
            "message": {
                "text": """\
criterion reads input 20, but consumer 7.11 supplies 20 (0 to 19)
why: the driver refuses the file
fix: build the file again\
"""
            },
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "C-00000291-00000000-00000032.bin", "index": 1},
                        "region": {"byteOffset": 496, "byteLength": 2},
                    },
                    "logicalLocations": [
                        {"fullyQualifiedName": "instances[1].criteria[20].field_index", "kind": "member"}
                    ],
                }
            ],
            "partialFingerprints": {
                "checkAndField/v1": "1eb20c6f2fce827e299e28a534d13e98fca3d039e52240b81a4df0fa6110d8b1"
            },
            "relatedLocations": [
                {
                    "id": 1,
                    "message": {"text": "operand is a regex"},
                    "logicalLocations": [
                        {"fullyQualifiedName": "instances[1].criteria[20].operand", "kind": "member"}
                    ],
                    "physicalLocation": {
                        "artifactLocation": {"uri": "C-00000291-00000000-00000032.bin", "index": 1},
                        "region": {"byteOffset": 560, "byteLength": 5},
                    },
                },
                {
                    "id": 2,
                    "message": {"text": "consumer 7.11 supplies 20 inputs for IPC"},
                    "logicalLocations": [{"fullyQualifiedName": "consumer[0].inputs.IPC", "kind": "member"}],
                    "physicalLocation": {
                        "artifactLocation": {"uri": "consumers.toml"},
                        "region": {"startLine": 14},
                    },
                },
                {
                    "id": 3,
                    "message": {"text": "type IPC version 2 has 21 fields"},
                    "logicalLocations": [{"fullyQualifiedName": "types[0].field_count", "kind": "member"}],
                    "physicalLocation": {
                        "artifactLocation": {"uri": "definitions.bin"},
                        "region": {"byteOffset": 54, "byteLength": 2},
                    },
                },
            ],
        }
    )


def test_levels_and_suppressions() -> None:
    """Errors, warnings and info are error, warning and note; a suppressed finding carries its reason."""
    results = rendered(EVERYTHING)["results"]
    assert [(r["ruleId"], r["level"], r.get("suppressions")) for r in results] == snapshot(
        [
            ("field-past-inputs", "error", None),
            ("unused-pool-text", "warning", None),
            ("test-content", "note", None),
            (
                "unused-pool-text",
                "warning",
                [
                    {
                        "kind": "external",
                        "status": "accepted",
                        "justification": "the tail is a stamp (until 2026-12-31)",
                    }
                ],
            ),
        ]
    )


def test_rules_are_the_manuals() -> None:
    """A check's manual is its rule; a check that was not handed in has a rule without words."""
    rules = rendered(EVERYTHING)["tool"]["driver"]["rules"]
    assert rules[0] == snapshot(
        {
            "id": "field-past-inputs",
            "shortDescription": {"text": "A criterion reads an input that a build does not supply."},
            "fullDescription": {"text": "The `field_index` is not below the number of inputs."},
            "help": {
                "text": """\
What is wrong: The `field_index` is not below the number of inputs.

Why is this bad: An out-of-bounds read in kernel mode.

How to fix: Make the criterion a wildcard.\
""",
                "markdown": """\
## What is wrong
The `field_index` is not below the number of inputs.

## Why is this bad
An out-of-bounds read in kernel mode.

## How to fix
Make the criterion a wildcard.\
""",
            },
            "defaultConfiguration": {"level": "error"},
        }
    )
    assert [rule["id"] for rule in rules] == ["field-past-inputs", "unused-pool-text", "test-content"]


def test_artifacts() -> None:
    """Each examined file is listed with its length and hash; without a hash when it was not read whole."""
    run = RunReport((PASSING, FileReport("a b.bin", None, 5, "")), "0.1.0")
    assert rendered(run)["artifacts"] == snapshot(
        [
            {
                "location": {"uri": "good.bin"},
                "length": 1234,
                "roles": ["analysisTarget"],
                "mimeType": "application/octet-stream",
                "hashes": {"sha-256": "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"},
            },
            {
                "location": {"uri": "a%20b.bin"},
                "length": 5,
                "roles": ["analysisTarget"],
                "mimeType": "application/octet-stream",
            },
        ]
    )


def test_what_was_not_done_is_notified() -> None:
    """What was not run, kept or reached is a notification, and the run is no success."""
    (invocation,) = rendered(EVERYTHING)["invocations"]
    assert invocation["executionSuccessful"] is False
    notices = invocation["toolExecutionNotifications"]
    assert [(n["descriptor"]["id"], n["level"], n["message"]["text"]) for n in notices] == snapshot(
        [
            ("check-not-run", "warning", "not-canonical was skipped: blocked by wrong-checksum"),
            ("check-not-run", "warning", "duplicate-id was skipped: blocked by wrong-checksum"),
            ("findings-beyond-limit", "warning", "1 more finding of duplicate-id"),
            ("findings-beyond-limit", "warning", "1,200 more findings of field-past-inputs"),
            (
                "not-looked-into",
                "note",
                "204 of 1,234 bytes not looked into: header.certificate; not carried over into the schema: seq[1].valid",
            ),
            ("no-check-ran", "error", "no check ran on this file"),
            ("file-not-reached", "error", "not examined"),
            ("file-not-reached", "error", "not examined"),
            ("interrupted", "error", "the run was interrupted"),
        ]
    )


def test_a_good_run_is_a_success() -> None:
    """A run that examined all its files executed successfully, whatever it found."""
    (invocation,) = rendered(RunReport((PASSING, july()), "0.1.0"))["invocations"]
    assert invocation["executionSuccessful"] is True
    assert invocation["toolExecutionNotifications"] == []
    assert rendered(RunReport((), "0.1.0"))["invocations"][0]["executionSuccessful"] is False


def test_a_file_named_twice_is_one_artifact() -> None:
    """SARIF wants unique artifacts: the same file twice stands there once."""
    run = rendered(RunReport((july(), july()), "0.1.0"))
    assert len(run["artifacts"]) == 1
    assert len(run["results"]) == 2


def test_the_fingerprint_outlives_change() -> None:
    """A finding that moves or is worded anew keeps its fingerprint; another field or check has another."""
    moved = replace(JULY, path="instances[7].criteria[3].field_index", offset=9, message="other words")
    assert fingerprint(moved) == fingerprint(JULY)
    assert fingerprint(replace(JULY, path="instances[1].id")) != fingerprint(JULY)
    assert fingerprint(replace(JULY, check="other")) != fingerprint(JULY)


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("[click](https://x.example)", "[click\\](https://x.example)"),
        ("input {0} of }", "input {{0}} of }}"),
        ("criteria[20] (regex)", "criteria[20] (regex)"),
        ("a\x1b\n", "a\\x1b\\n"),
    ],
)
def test_content_makes_no_links(raw: str, safe: str) -> None:
    """Text of content forms no link, no placeholder and no escape in a message."""
    assert plain(raw) == safe


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("version",), "2.0.0"),
        (("runs", 0, "results", 0, "level"), "info"),
        (("runs", 0, "results", 0, "ruleIndex"), -1),
        (("runs", 0, "results", 0, "locations", 0, "physicalLocation", "artifactLocation", "uri"), "a b"),
        (("runs", 0, "results", 0, "locations", 0, "physicalLocation", "region", "startLine"), 1),
        (("runs", 0, "tool", "driver", "rules", 0, "colour"), "red"),
    ],
)
def test_the_shape_refuses_faults(place: tuple[str | int, ...], value: object) -> None:
    """The shape that the other tests use sees a wrong word, number, URI or property."""
    log = json.loads(RENDERERS["sarif"](EVERYTHING, CHECKS))
    at = log
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    assert not VALIDATOR.is_valid(log)


@given(any_run)
def test_any_run_is_valid_sarif(run: RunReport) -> None:
    """Whatever stands in a run, its log has the shape of the standard and every index leads to its entry."""
    log = rendered(run)
    driver, artifacts = log["tool"]["driver"], log["artifacts"]
    for result in log["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    for notice in log["invocations"][0]["toolExecutionNotifications"]:
        reference = notice["descriptor"]
        assert driver["notifications"][reference["index"]]["id"] == reference["id"]
    for location in _locations(log):
        if "index" in location:
            assert artifacts[location["index"]]["location"]["uri"] == location["uri"]
    expected = sum(len(report.findings) + len(report.suppressed) for report in run.files)
    assert len(log["results"]) == expected
    text = RENDERERS["sarif"](run, CHECKS)
    assert all(c == "\n" or " " <= c <= "~" for c in text)


def _locations(tree: Any) -> list[Any]:
    if isinstance(tree, list):
        return [found for value in tree for found in _locations(value)]
    if not isinstance(tree, dict):
        return []
    here = [tree["artifactLocation"]] if "artifactLocation" in tree else []
    return here + [found for value in tree.values() for found in _locations(value)]


def test_missing_bytes_are_an_empty_region() -> None:
    """A finding on missing bytes has a region of length 0 at their place."""
    (result,) = rendered(RunReport((july(findings=(finding(offset=10, length=0),)),), "0.1.0"))["results"]
    assert result["locations"][0]["physicalLocation"]["region"] == {"byteOffset": 10, "byteLength": 0}
