"""The JSON report, whole, and against its schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from inline_snapshot import snapshot
from jsonschema import Draft202012Validator

from ccheck.core.finding import RunReport
from ccheck.report import RENDERERS
from tests.validator.report.samples import CHECKS, EVERYTHING, PASSING, any_run

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "report.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def rendered(run: RunReport) -> Any:
    """The report as a program reads it."""
    return json.loads(RENDERERS["json"](run, CHECKS))


def test_the_schema_is_a_schema() -> None:
    """docs/report.schema.json is itself valid JSON Schema."""
    Draft202012Validator.check_schema(SCHEMA)


def test_everything() -> None:
    """A run with one of everything has the documented shape."""
    report = rendered(EVERYTHING)
    VALIDATOR.validate(report)
    assert report == snapshot(
        {
            "format": 1,
            "program": {"name": "ccheck", "version": "0.1.0"},
            "configuration": None,
            "files": [
                {
                    "path": "good.bin",
                    "uri": "good.bin",
                    "schema": "channel",
                    "verdict": "pass",
                    "size": 1234,
                    "sha256": "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
                    "checks_run": 41,
                    "findings": [],
                    "beyond": {},
                    "suppressed": [],
                    "suppressed_beyond": 0,
                    "gaps": [],
                    "not_run": [],
                    "not_looked_into": [],
                },
                {
                    "path": "C-00000291-00000000-00000032.bin",
                    "uri": "C-00000291-00000000-00000032.bin",
                    "schema": "channel",
                    "verdict": "fail",
                    "size": 1234,
                    "sha256": "abababababababababababababababababababababababababababababababab",
                    "checks_run": 41,
                    "findings": [
                        {
                            "check": "field-past-inputs",
                            "severity": "error",
                            "message": "criterion reads input 20, but consumer 7.11 supplies 20 (0 to 19)",
                            "path": "instances[1].criteria[20].field_index",
                            "offset": 496,
                            "length": 2,
                            "label": "input 20",
                            "why": "the driver refuses the file",
                            "fix": "build the file again",
                            "related": [
                                {
                                    "message": "operand is a regex",
                                    "file": None,
                                    "line": None,
                                    "path": "instances[1].criteria[20].operand",
                                    "offset": 560,
                                    "length": 5,
                                },
                                {
                                    "message": "consumer 7.11 supplies 20 inputs for IPC",
                                    "file": "consumers.toml",
                                    "line": 14,
                                    "path": "consumer[0].inputs.IPC",
                                    "offset": None,
                                    "length": 0,
                                },
                                {
                                    "message": "type IPC version 2 has 21 fields",
                                    "file": "definitions.bin",
                                    "line": None,
                                    "path": "types[0].field_count",
                                    "offset": 54,
                                    "length": 2,
                                },
                            ],
                        },
                        {
                            "check": "unused-pool-text",
                            "severity": "warning",
                            "message": "2 bytes of pool are not used",
                            "path": "header.magic",
                            "offset": 0,
                            "length": 4,
                            "label": "",
                            "why": "the driver refuses the file",
                            "fix": "build the file again",
                            "related": [],
                        },
                        {
                            "check": "test-content",
                            "severity": "info",
                            "message": "flag test is set",
                            "path": "header.magic",
                            "offset": 0,
                            "length": 4,
                            "label": "",
                            "why": "the driver refuses the file",
                            "fix": "build the file again",
                            "related": [],
                        },
                    ],
                    "beyond": {"duplicate-id": 1, "field-past-inputs": 1200},
                    "suppressed": [
                        {
                            "finding": {
                                "check": "unused-pool-text",
                                "severity": "warning",
                                "message": "file begins with 00 00 00 00, not with aa aa aa aa",
                                "path": "header.magic",
                                "offset": 0,
                                "length": 4,
                                "label": "",
                                "why": "the driver refuses the file",
                                "fix": "build the file again",
                                "related": [],
                            },
                            "reason": "the tail is a stamp",
                            "expires": "2026-12-31",
                        }
                    ],
                    "suppressed_beyond": 0,
                    "gaps": [],
                    "not_run": [
                        {"check": "not-canonical", "reason": "blocked by wrong-checksum"},
                        {"check": "duplicate-id", "reason": "blocked by wrong-checksum"},
                    ],
                    "not_looked_into": [
                        {
                            "field": "header.certificate",
                            "bytes": 204,
                            "reason": "signed by another tool",
                            "omitted": False,
                        },
                        {
                            "field": "seq[1].valid",
                            "bytes": 0,
                            "reason": "channel.ksy:7: a condition",
                            "omitted": True,
                        },
                    ],
                },
                {
                    "path": "empty.bin",
                    "uri": "empty.bin",
                    "schema": None,
                    "verdict": "fail",
                    "size": 0,
                    "sha256": "efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef",
                    "checks_run": 0,
                    "findings": [],
                    "beyond": {},
                    "suppressed": [],
                    "suppressed_beyond": 0,
                    "gaps": ["no check ran on this file"],
                    "not_run": [],
                    "not_looked_into": [],
                },
            ],
            "interrupted": True,
            "unexamined": ["later.bin", "last.bin"],
            "left_out": {"hidden_files": 0, "hidden_folders": 0, "linked_folders": 0, "excluded": 0},
            "summary": {
                "verdict": "fail",
                "files": 3,
                "passed": 1,
                "failed": 2,
                "errors": 1,
                "warnings": 1,
                "infos": 1,
                "suppressed": 1,
                "beyond": 1201,
                "not_run": 2,
                "bytes": 2468,
                "not_looked_into": 204,
            },
        }
    )


def test_the_form_is_stable() -> None:
    """The document is indented, ends with a line end, and keeps the order of its keys."""
    assert RENDERERS["json"](RunReport((PASSING,), "0.1.0"), ()) == snapshot("""\
{
  "format": 1,
  "program": {
    "name": "ccheck",
    "version": "0.1.0"
  },
  "configuration": null,
  "files": [
    {
      "path": "good.bin",
      "uri": "good.bin",
      "schema": "channel",
      "verdict": "pass",
      "size": 1234,
      "sha256": "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
      "checks_run": 41,
      "findings": [],
      "beyond": {},
      "suppressed": [],
      "suppressed_beyond": 0,
      "gaps": [],
      "not_run": [],
      "not_looked_into": []
    }
  ],
  "interrupted": false,
  "unexamined": [],
  "left_out": {
    "hidden_files": 0,
    "hidden_folders": 0,
    "linked_folders": 0,
    "excluded": 0
  },
  "summary": {
    "verdict": "pass",
    "files": 1,
    "passed": 1,
    "failed": 0,
    "errors": 0,
    "warnings": 0,
    "infos": 0,
    "suppressed": 0,
    "beyond": 0,
    "not_run": 0,
    "bytes": 1234,
    "not_looked_into": 0
  }
}
""")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("format",), 2),
        (("extra",), 1),
        (("files", 1, "verdict"), "maybe"),
        (("files", 1, "findings", 0, "severity"), "fatal"),
        (("files", 1, "findings", 0, "offset"), -1),
        (("files", 1, "findings", 0, "colour"), "red"),
        (("files", 1, "findings", 0, "related", 0, "line"), 0),
        (("files", 1, "sha256"), "AB" * 32),
        (("summary", "files"), "3"),
    ],
)
def test_the_schema_refuses_what_is_not_documented(place: tuple[str | int, ...], value: object) -> None:
    """A wrong number, an unknown word or an undocumented key does not pass the schema."""
    report = rendered(EVERYTHING)
    at = report
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    assert not VALIDATOR.is_valid(report)


@given(any_run)
def test_any_run_is_valid_json(run: RunReport) -> None:
    """Whatever stands in a run, its report parses, fits the schema, and is ASCII without raw controls."""
    text = RENDERERS["json"](run, ())
    VALIDATOR.validate(json.loads(text))
    assert all(c == "\n" or " " <= c <= "~" for c in text)


@given(any_run)
def test_numbers_agree(run: RunReport) -> None:
    """The summary counts what stands in the files, and a passing run passed whole."""
    report = rendered(run)
    files, summary = report["files"], report["summary"]
    assert summary["files"] == len(files) == summary["passed"] + summary["failed"]
    assert summary["errors"] == sum(f["severity"] == "error" for file in files for f in file["findings"])
    assert summary["bytes"] == sum(file["size"] for file in files)
    whole = files and not report["unexamined"] and not report["interrupted"]
    assert (summary["verdict"] == "pass") == bool(whole and all(file["verdict"] == "pass" for file in files))
