"""What is found in the content of an envelope, as part of the report on the file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ccheck.core.finding import FileReport, Finding, Inside, NotRun, RelatedLocation, Severity
from ccheck_schemas.record import Envelope
from ccheck_schemas.span import Span

_SHOWN = 16
_INDEX = re.compile(r"\[[0-9]+\]")


def without_indexes(path: str) -> str:
    """Returns a path as all elements of a list have it."""
    return _INDEX.sub("", path)


def placed(finding: Finding, envelope: Envelope) -> Finding:
    """Returns a finding in the content of an envelope as one of the file that has the envelope."""
    span = envelope.outside(Span(finding.offset, finding.length, finding.path))
    return replace(
        finding,
        path=span.path,
        offset=span.offset,
        length=span.length,
        related=tuple(_related(place, envelope) for place in finding.related),
        inside=Inside(
            envelope.content.name,
            finding.path,
            finding.offset,
            finding.length,
            len(envelope.data),
            envelope.data[finding.offset : finding.offset + min(finding.length, _SHOWN)],
            finding.inside,
        ),
    )


def _related(place: RelatedLocation, envelope: Envelope) -> RelatedLocation:
    if place.file is not None or place.offset is None:
        return place
    span = envelope.outside(Span(place.offset, place.length, place.path))
    message = f"{place.message} (at {place.offset:#x} of the content)"
    return replace(place, path=span.path, offset=span.offset, length=span.length, message=message)


def in_envelope(report: FileReport, envelope: Envelope) -> FileReport:
    """Returns a report on the content of an envelope, whose findings are placed, with its name."""
    name = without_indexes(envelope.span.path)
    return replace(
        report,
        examined=report.examined and bool(report.checks_run),
        not_run=tuple(NotRun(one.check, f"{one.reason} in {name}") for one in report.not_run),
        not_looked_into=tuple(replace(one, field=f"{name}/{one.field}") for one in report.not_looked_into),
    )


def joined(report: FileReport, inner: Sequence[FileReport], most: int) -> FileReport:
    """Returns the report on a file with what was found in its envelopes.

    Args:
        report: The report on the file itself.
        inner: The reports on the content of its envelopes.
        most: The findings of one check that are kept.
    """
    if not inner:
        return report
    every = (report, *inner)
    beyond = Counter[str]()
    for one in every:
        beyond.update(one.beyond)
    errors_beyond = sum(one.errors_beyond for one in every)
    kept = Counter[str]()
    findings = []
    for finding in (finding for one in every for finding in one.findings):
        kept[finding.check] += 1
        if kept[finding.check] <= most:
            findings.append(finding)
            continue
        beyond[finding.check] += 1
        errors_beyond += finding.severity is Severity.ERROR
    suppressed = [entry for one in every for entry in one.suppressed]
    aside = Counter[str]()
    listed = []
    for entry in suppressed:
        aside[entry.finding.check] += 1
        if aside[entry.finding.check] <= most + 1:
            listed.append(entry)
    unread: dict[tuple[str, str, bool], int] = {}
    for part in (part for one in every for part in one.not_looked_into):
        key = (part.field, part.reason, part.omitted)
        unread[key] = unread.get(key, 0) + part.size
    parts = {(part.field, part.reason, part.omitted): part for one in every for part in one.not_looked_into}
    return replace(
        report,
        findings=tuple(findings),
        not_run=tuple(dict.fromkeys(entry for one in every for entry in one.not_run)),
        suppressed=tuple(listed),
        suppressed_beyond=sum(one.suppressed_beyond for one in every) + len(suppressed) - len(listed),
        beyond=dict(beyond),
        checks_run=sum(one.checks_run for one in every),
        errors_beyond=errors_beyond,
        unjudged=sum(one.unjudged for one in every),
        stopped=tuple(dict.fromkeys(name for one in every for name in one.stopped)),
        examined=all(one.examined for one in every),
        not_looked_into=tuple(replace(parts[key], size=size) for key, size in unread.items()),
    )
