"""The report for code scanning: SARIF 2.1.0, with the manuals of the checks as its rules."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from ccheck.core.finding import Severity
from ccheck.core.shipped_consumers import PREFIX
from ccheck.report.json import dump, inside
from ccheck.report.summary import summarise, suppressed_beyond_words, totals, unread_words
from ccheck.report.uri import artifact_uri
from ccheck.text.printable import printable
from ccheck.text.quoting import counted

if TYPE_CHECKING:
    from ccheck.core.check import Check
    from ccheck.core.finding import FileReport, Finding, RelatedLocation, RunReport, Suppressed

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
MOST_RESULTS = 25_000
"""Results of one run that GitHub code scanning takes; it refuses a log with more."""
MOST_LOCATIONS = 1_000
"""Locations of one result that it takes."""
_NOTICES = {
    "results-left-out": "There are more results than hosts take.",
    "check-not-run": "A check could not be made; it is not a pass.",
    "no-check-ran": "No check ran on a file; it is not a pass.",
    "not-examined": "A file was not examined whole; it is not a pass.",
    "not-judged": "Checks could not be made behind findings that are set aside; it is not a pass.",
    "errors-beyond-the-limit": "Errors were counted but not kept; the file fails.",
    "not-counted": "A check found more than is counted in one file, and was stopped; the file fails.",
    "findings-beyond-limit": "Findings were counted but not kept.",
    "file-not-reached": "A file was named but not examined.",
    "not-looked-into": "The schema of a file does not look into all of it; the verdict says into what.",
    "interrupted": "The run was stopped before its end.",
    "nothing-examined": "No file was examined.",
    "configuration": "The ccheck.toml that files were judged by.",
    "failed-for-a-build": "A file fails for one driver build alone; it fails.",
    "judged-for": "Files were judged for some driver builds alone, which the user named.",
    "left-out": "Files below a named folder were not examined.",
}


def render(run: RunReport, checks: Sequence[Check]) -> str:
    """`run` as a SARIF log of one run; the manuals of `checks` become its rules."""
    tables = _Tables(run, checks)
    driver = {
        "name": "ccheck",
        "version": printable(run.program_version),
        "rules": tables.rules,
        "notifications": [
            {"id": name, "shortDescription": {"text": text}} for name, text in _NOTICES.items()
        ],
    }
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "invocations": [_invocation(run, tables)],
                "artifacts": tables.artifacts,
                "results": list(_kept_results(run, tables)),
            }
        ],
    }
    return dump(log)


def _kept_results(run: RunReport, tables: _Tables) -> Iterator[dict[str, Any]]:
    """The results of a run, in the order of its files.

    If hosts would not accept them all, the worst of each file comes first, and as many others as they accept.
    """
    if _count(run) <= MOST_RESULTS:
        for report in run.files:
            yield from _results(report, tables)
        return
    left = MOST_RESULTS
    for report in run.files:
        if left and report.findings:
            left -= 1
            yield _result(report, report.findings[_worst(report)], tables)
    for report in run.files:
        if not left:
            break
        worst = _worst(report) if report.findings else -1
        others = (result for at, result in enumerate(_results(report, tables)) if at != worst)
        for result in islice(others, left):
            left -= 1
            yield result


def _count(run: RunReport) -> int:
    return sum(len(report.findings) + len(report.suppressed) for report in run.files)


def _worst(report: FileReport) -> int:
    """The position of the finding of a file that weighs most."""
    weights = tuple(_LEVELS)
    return min(range(len(report.findings)), key=lambda at: weights.index(report.findings[at].severity))


class _Tables:
    """The tables of a log that other parts refer to by index: rules and artifacts, no entry twice."""

    def __init__(self, run: RunReport, checks: Sequence[Check]) -> None:
        known = {check.name: check for check in checks}
        named = [f.check for report in run.files for f in report.findings]
        named += [entry.finding.check for report in run.files for entry in report.suppressed]
        self.rules = [_rule(check) for check in known.values()]
        # A finding of a check that was not handed in still needs a rule to stand under.
        self.rules += [{"id": name} for name in dict.fromkeys(map(printable, named)) if name not in known]
        self._rule_index = {rule["id"]: index for index, rule in enumerate(self.rules)}
        files = {_identity(report): report for report in run.files}
        self.artifacts = [_artifact(report) for report in files.values()]
        self._file_index = {identity: index for index, identity in enumerate(files)}

    def rule(self, name: str) -> int | None:
        """The index of the rule for a check."""
        return self._rule_index.get(name)

    def location(self, report: FileReport) -> dict[str, Any]:
        """The artifactLocation of an examined file."""
        return {"uri": artifact_uri(report.path), "index": self._file_index[_identity(report)]}


def _identity(report: FileReport) -> tuple[str, int, str]:
    return artifact_uri(report.path), report.size, report.sha256


def _rule(check: Check) -> dict[str, Any]:
    manual = check.manual
    sections = (("What is wrong", manual.what), ("Why is this bad", manual.why), ("How to fix", manual.fix))
    return {
        "id": check.name,
        "shortDescription": {"text": manual.summary},
        "fullDescription": {"text": manual.what},
        "help": {
            "text": "\n\n".join(f"{head}: {body}" for head, body in sections),
            "markdown": "\n\n".join(f"## {head}\n{body}" for head, body in sections),
        },
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
    }


def _artifact(report: FileReport) -> dict[str, Any]:
    artifact: dict[str, Any] = {
        "location": {"uri": artifact_uri(report.path)},
        "length": report.size,
        "roles": ["analysisTarget"],
        "mimeType": "application/octet-stream",
    }
    if report.sha256:
        artifact["hashes"] = {"sha-256": report.sha256}
    return artifact


def _results(report: FileReport, tables: _Tables) -> Iterator[dict[str, Any]]:
    for finding in report.findings:
        yield _result(report, finding, tables)
    for entry in report.suppressed:
        yield _result(report, entry.finding, tables) | {"suppressions": [_suppression(entry)]}


def _result(report: FileReport, finding: Finding, tables: _Tables) -> dict[str, Any]:
    words = [finding.message, f"why: {finding.why}", f"fix: {finding.fix}"]
    if finding.inside is not None:
        words.insert(1, f"inside: {finding.inside}")
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": tables.location(report),
            "region": {"byteOffset": finding.offset, "byteLength": finding.length},
        }
    }
    name = printable(finding.check)
    result: dict[str, Any] = {
        "ruleId": name,
        "ruleIndex": tables.rule(name),
        "level": _LEVELS[finding.severity],
        "message": {"text": "\n".join(plain(text) for text in words)},
        "locations": [location | _logical(finding.path)],
        "partialFingerprints": {"checkAndField/v1": fingerprint(finding)},
    }
    if finding.inside is not None:
        result["properties"] = {"inside": inside(finding.inside)}
    if finding.related:
        # One place is that of the finding itself.
        places = (_related(report, place, tables) for place in finding.related[: MOST_LOCATIONS - 1])
        result["relatedLocations"] = [{"id": number} | place for number, place in enumerate(places, 1)]
    return result


def _related(report: FileReport, place: RelatedLocation, tables: _Tables) -> dict[str, Any]:
    location = _logical(place.path)
    if place.message:
        location["message"] = {"text": plain(place.message)}
    own = place.file in (None, report.path)
    if place.file is not None and place.file.startswith(PREFIX):  # it is in no repository
        location["message"] = {"text": plain(f"{place.file}:{place.line}: {place.message}")}
        return location
    physical: dict[str, Any] = {
        "artifactLocation": tables.location(report) if own else {"uri": artifact_uri(place.file or "")}
    }
    if place.line is not None:
        physical["region"] = {"startLine": place.line}
    elif place.offset is not None:
        physical["region"] = {"byteOffset": place.offset, "byteLength": place.length}
    if "region" in physical or not own:
        location["physicalLocation"] = physical
    return location


def _logical(path: str) -> dict[str, Any]:
    return {"logicalLocations": [{"fullyQualifiedName": printable(path), "kind": "member"}]} if path else {}


def _suppression(entry: Suppressed) -> dict[str, Any]:
    words = f"{printable(entry.reason)} (until {printable(entry.expires)})"
    return {"kind": "external", "status": "accepted", "justification": words}


def _invocation(run: RunReport, tables: _Tables) -> dict[str, Any]:
    whole = bool(run.files) and not run.interrupted and not run.unexamined
    return {
        "executionSuccessful": whole and not any(report.gaps for report in run.files),
        "toolConfigurationNotifications": list(_of_configuration(run)),
        "toolExecutionNotifications": list(_notifications(run, tables)),
    }


def _of_configuration(run: RunReport) -> Iterator[dict[str, Any]]:
    """Which ccheck.toml was used."""
    words = plain(run.configuration) if run.configuration else "none"
    notice = _notice("configuration", "note", f"configuration: {words}")
    if run.configuration:
        place = {"artifactLocation": {"uri": artifact_uri(run.configuration)}}
        notice["locations"] = [{"physicalLocation": place}]
    yield notice
    if run.builds:
        yield _notice("judged-for", "note", f"judged for {plain(', '.join(run.builds))} alone")
    if str(run.left_out):
        yield _notice("left-out", "note", f"left out: {run.left_out}")


def _notifications(run: RunReport, tables: _Tables) -> Iterator[dict[str, Any]]:
    if _count(run) > MOST_RESULTS:
        words = f"{totals(run)}; {_count(run) - MOST_RESULTS:,} of {_count(run):,} results left out"
        yield _notice("results-left-out", "error", f"{plain(words)}: hosts take {MOST_RESULTS:,} of a run")
    for report in run.files:
        locations = [{"physicalLocation": {"artifactLocation": tables.location(report)}}]
        for entry in report.not_run:
            words = f"{plain(entry.check)} was skipped: {plain(entry.reason)}"
            notice = _notice("check-not-run", "warning", words) | {"locations": locations}
            name = printable(entry.check)
            if tables.rule(name) is not None:
                notice["associatedRule"] = {"id": name, "index": tables.rule(name)}
            yield notice
        for check, count in sorted(report.beyond.items()):
            words = f"{counted(count, 'more finding')} of {plain(check)}"
            yield _notice("findings-beyond-limit", "warning", words) | {"locations": locations}
        if aside := suppressed_beyond_words(report):
            yield _notice("findings-beyond-limit", "note", aside) | {"locations": locations}
        if unread := unread_words(report):
            yield _notice("not-looked-into", "note", plain(unread)) | {"locations": locations}
        for name, words in report.gaps:
            yield _notice(name.replace(" ", "-"), "error", words) | {"locations": locations}
    for path in run.unexamined:
        place = {"artifactLocation": {"uri": artifact_uri(path)}}
        yield _notice("file-not-reached", "error", "not examined") | {
            "locations": [{"physicalLocation": place}]
        }
    if run.interrupted:
        yield _notice("interrupted", "error", "the run was interrupted")
    if not summarise(run).files:
        yield _notice("nothing-examined", "error", "nothing was examined")


def _notice(name: str, level: str, text: str) -> dict[str, Any]:
    reference = {"id": name, "index": list(_NOTICES).index(name)}
    return {"descriptor": reference, "level": level, "message": {"text": text}}


def plain(text: str) -> str:
    """`text` as part of a SARIF message: safe to show, without links (3.11.6) or placeholders (3.11.5)."""
    return re.sub(r"([{}])", r"\1\1", printable(text)).replace("](", "\\](")


def fingerprint(finding: Finding) -> str:
    """What stays the same if a finding moves in its file or is reworded: its check and field, hashed."""
    field = re.sub(r"\[[0-9]+\]", "", finding.path)
    return hashlib.sha256(f"{finding.check}\n{field}".encode("utf-8", "backslashreplace")).hexdigest()
