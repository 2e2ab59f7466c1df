"""The report for programs: stable JSON, described by `docs/report.schema.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ccheck.report.summary import summarise
from ccheck.report.uri import artifact_uri
from ccheck.text.printable import well_formed

if TYPE_CHECKING:
    from ccheck.core.check import Check
    from ccheck.core.finding import (
        BuildVerdict,
        FileReport,
        Finding,
        Inside,
        RelatedLocation,
        RunReport,
        Suppressed,
    )

FORMAT = 1
"""Rises when a program that reads the report could misread a newer one; added keys do not raise it."""


def render(run: RunReport, checks: Sequence[Check] = ()) -> str:
    """`run` as one JSON document in ASCII. `checks` is not used: a report says only what was found."""
    del checks
    return dump(tree(run))


def tree(run: RunReport) -> dict[str, Any]:
    """`run` as plain values."""
    total = summarise(run)
    return {
        "format": FORMAT,
        "program": {"name": "ccheck", "version": run.program_version},
        "configuration": run.configuration or None,
        **({"judged_for": list(run.builds)} if run.builds else {}),
        "files": [_file(report) for report in run.files],
        "interrupted": run.interrupted,
        "unexamined": list(run.unexamined),
        "left_out": asdict(run.left_out),
        "summary": {
            "verdict": total.verdict,
            "files": total.files,
            "passed": total.passed,
            "failed": total.failed,
            "errors": total.errors,
            "warnings": total.warnings,
            "infos": total.infos,
            "suppressed": total.suppressed,
            "beyond": total.beyond,
            "not_run": total.not_run,
            "bytes": total.size,
            "not_looked_into": total.unread,
        },
    }


def dump(values: Any) -> str:
    """Plain values as indented JSON in ASCII, without raw control characters or unpaired surrogates."""
    text = json.dumps(clean(values), indent=2, ensure_ascii=True, allow_nan=False)
    # DEL is the one control character that the json module leaves as it is; it can only stand in a string.
    return text.replace("\x7f", "\\u007f") + "\n"


def clean(tree: Any) -> Any:
    """Plain values whose texts can all be encoded, whatever the name of a file.

    Raises:
        ValueError: two keys of a mapping would become one.
    """
    if isinstance(tree, str):
        return well_formed(tree)
    if isinstance(tree, dict):
        cleaned = {well_formed(key): clean(value) for key, value in tree.items()}
        if len(cleaned) != len(tree):
            raise ValueError("two keys are the same once they can be encoded")
        return cleaned
    if isinstance(tree, list | tuple):
        return [clean(value) for value in tree]
    return tree


def _file(report: FileReport) -> dict[str, Any]:
    return {
        "path": report.path,
        "uri": artifact_uri(report.path),
        "schema": report.schema,
        "verdict": report.verdict,
        "size": report.size,
        "sha256": report.sha256,
        "checks_run": report.checks_run,
        "findings": [_finding(finding) for finding in report.findings],
        "beyond": dict(sorted(report.beyond.items())),
        "suppressed": [_suppressed(entry) for entry in report.suppressed],
        "suppressed_beyond": report.suppressed_beyond,
        "gaps": [words for _, words in report.gaps],
        "not_run": [{"check": entry.check, "reason": entry.reason} for entry in report.not_run],
        "not_looked_into": [
            {"field": entry.field, "bytes": entry.size, "reason": entry.reason, "omitted": entry.omitted}
            for entry in report.not_looked_into
        ],
        **({"builds": [_build(one) for one in report.builds]} if report.builds else {}),
    }


def _build(one: BuildVerdict) -> dict[str, Any]:
    return {
        "build": one.build,
        "platform": one.platform,
        "verdict": one.verdict,
        "checks": list(one.checks),
        "why": one.why,
        "refused_by": one.refused_by or None,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "severity": finding.severity.value,
        "message": finding.message,
        "path": finding.path,
        "offset": finding.offset,
        "length": finding.length,
        "label": finding.label,
        "why": finding.why,
        "fix": finding.fix,
        "related": [_related(place) for place in finding.related],
        **({} if finding.inside is None else {"inside": inside(finding.inside)}),
    }


def inside(place: Inside) -> dict[str, Any]:
    """A place in the content of an envelope as plain values."""
    return {
        "schema": place.schema,
        "path": place.path,
        "offset": place.offset,
        "length": place.length,
        "size": place.size,
        "bytes": place.data.hex(" "),
        "inside": None if place.within is None else inside(place.within),
    }


def _related(place: RelatedLocation) -> dict[str, Any]:
    return {
        "message": place.message,
        "file": place.file,
        "line": place.line,
        "path": place.path,
        "offset": place.offset,
        "length": place.length,
    }


def _suppressed(entry: Suppressed) -> dict[str, Any]:
    return {"finding": _finding(entry.finding), "reason": entry.reason, "expires": entry.expires}
