"""Judge one file: read it by its schema, run all checks, and report the findings and the checks not run."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from ccheck.core.check import Check, Diagnostic
from ccheck.core.finding import FileReport, Finding, NotRun, Severity, Suppressed
from ccheck.core.input import InputProblem
from ccheck.core.subject import CheckContext, Content, Narrowed, Subject
from ccheck.formats.check_table import applying
from ccheck.formats.checks.coverage import left_unread
from ccheck.formats.checks.general import FILE
from ccheck.formats.registry import FORMATS, named, plugins, recognise, relative
from ccheck.judging.alike import Alike
from ccheck.judging.inside import in_envelope, joined, placed, without_indexes
from ccheck_schemas.read import read
from ccheck_schemas.record import Reading
from ccheck_schemas.schema import Schema, opened

MAX_FINDINGS = 100
"""Findings of one check that are kept for one file, unless the user says otherwise; more are only counted."""

MOST_COUNTED = 100_000
"""Findings of one check that are counted in one file. A check that yields more is stopped; the file fails."""

ROW = 16


@dataclass(frozen=True)
class Policy:
    """How the project weighs findings.

    Attributes:
        severities: Changed severities by check name.
        suppression: The reason and expiry (ISO date) for which a finding in a file is suppressed, or None.
        max_findings: How many findings of one check are kept for one file.
    """

    severities: Mapping[str, Severity] = field(default_factory=dict)
    suppression: Callable[[Finding, str], tuple[str, str] | None] = lambda finding, file: None
    max_findings: int = MAX_FINDINGS


Narrow = Callable[[Schema, Reading], Narrowed | None]
"""Leaves out of a file's content what no check needs; None if all of it is needed."""


def examine(
    data: bytes,
    name: str,
    context: CheckContext,
    schemas: Sequence[Schema],
    schema: Schema | None = None,
    narrow: Narrow | None = None,
    reading: Reading | None = None,
) -> Subject:
    """Read a file by `schema`, or by the first of `schemas` that recognises it; any bytes are read.

    The content of each envelope becomes a subject of its own.

    Args:
        data: The bytes of the file.
        name: Its base name.
        context: What it is judged against.
        schemas: The schemas that may recognise it.
        schema: The schema that was named.
        narrow: Returns the content for the checks only; without it the subject has the whole content.
        reading: Its reading by `schema`, if it was read before.
    """
    name_of_schema = None if schema is None else schema.name
    kind = relative(FORMATS, data, name_of_schema)
    chosen = None if kind else schema or recognise(data, schemas)
    if chosen is None:
        known = tuple(s.name for s in schemas)
        kind = kind or relative(plugins().formats, data, name_of_schema)
        return Subject(name, data, context, known=known, kind=kind, problems=plugins().problems)
    zero = not any(data)
    if zero and (schema is None or named(schema.name) is not None):
        return Subject(name, data, context, schema=chosen)  # zeros are content of no known format
    reading = read(chosen.layout, data) if reading is None else reading
    if zero and (reading.counts or not reading.complete):
        return Subject(name, data, context, schema=chosen)
    contents = tuple(
        Content(one.envelope, examine(one.envelope.data, "", context, (), one.content, reading=one.reading))
        for one in opened(reading)
    )
    narrowed = None if narrow is None else narrow(chosen, reading)
    if narrowed is None:
        return Subject(name, data, context, chosen, reading, chosen.assemble(reading), contents=contents)
    return Subject(
        name, data, context, chosen, reading, narrowed.content, narrowed=True, canonical=narrowed.canonical,
        contents=contents,
    )  # fmt: skip


def judge(
    subject: Subject, path: str, checks: Sequence[Check], policy: Policy, alike: Alike | None = None
) -> FileReport:
    """Run the checks, in their order.

    A check whose prerequisites found something, or were not run, is reported as not run.

    Findings that the policy suppresses or downgrades do not keep other checks from running if the file was
    read whole: one finding is suppressed, and not all that depends on it. If it was not, those checks cannot
    run, and the file does not pass.

    The content of each envelope is judged in the same way, and what is found there is part of the report.

    Args:
        subject: The file.
        path: Its path as the user named it.
        checks: The checks.
        policy: Severities and suppressions.
        alike: What checks said of the same file before, for other builds.
    """
    report = _judged(subject, path, checks, policy, alike, lambda finding: finding)
    return replace(report, rows=_rows(subject.data, report.findings))


def _judged(
    subject: Subject,
    path: str,
    checks: Sequence[Check],
    policy: Policy,
    alike: Alike | None,
    outside: Callable[[Finding], Finding],
) -> FileReport:
    """Judges a file, or the content of an envelope; `outside` gives the place of a finding in the file."""
    blame_on: dict[Check, tuple[str, ...]] = {}
    indecisive: dict[Check, tuple[str, ...]] = {}
    findings: list[Finding] = []
    suppressed: list[Suppressed] = []
    not_run: list[NotRun] = []
    beyond: dict[str, int] = {}
    checks_run = errors_beyond = unjudged = 0
    suppressed_beyond = 0
    stopped: list[str] = []
    set_aside: set[str] = set()
    whole = subject.reading is not None and subject.reading.complete
    counts = Counter[str]() if subject.reading is None else Counter[str](subject.reading.counts)
    every = applying(checks, None if subject.schema is None else subject.schema.name)
    in_use, names = _in_use(tuple(every), subject.context.canonical)
    subject = replace(subject, claimed=names)
    for check in in_use:
        roots = _roots(check, blame_on) if blame_on else ()
        if check.strict and indecisive:
            roots = tuple(dict.fromkeys((*_roots(check, indecisive), *roots)))
        if subject.reading is None and check not in FILE and not roots:
            # What the check judges was not read; the findings so far say why.
            so_far = (*findings, *(entry.finding for entry in suppressed))
            roots = tuple(dict.fromkeys(finding.check for finding in so_far))
        if roots:
            unjudged += not set_aside.isdisjoint(roots)
            not_run.append(NotRun(check.name, f"blocked by {', '.join(roots)}"))
            blame_on[check] = roots
            continue
        checks_run += 1
        if check.of_reading and check.name not in counts:
            continue
        found = kept = 0
        decided = False
        severity = policy.severities.get(check.name, check.severity)
        for blame in _yielded(check, subject, alike):
            if not isinstance(blame, Diagnostic):
                raise TypeError(f"the check {_place(check)} yields {blame!r:.40}, which is no Diagnostic")
            if found == MOST_COUNTED:
                stopped.append(check.name)
                break
            found += 1
            decided = decided or check.decisive(blame.span)
            finding = outside(Finding(
                check.name, severity, blame.message, blame.span.path, blame.span.offset, blame.span.length,
                blame.why, blame.fix, blame.label, blame.related,
            ))  # fmt: skip
            reason = policy.suppression(finding, path)
            if reason is not None:
                if found - kept <= policy.max_findings:
                    suppressed.append(Suppressed(finding, *reason))
                else:
                    suppressed_beyond += 1
                continue
            kept += 1
            if kept <= policy.max_findings:
                findings.append(finding)
        # What the reader counted but did not keep was not compared with the suppressions, and counts.
        kept += max(0, counts.get(check.name, 0) - found)
        if not found and not kept:
            continue
        if kept > policy.max_findings:
            beyond[check.name] = kept - policy.max_findings
            errors_beyond += beyond[check.name] if severity is Severity.ERROR else 0
        aside = found and check.severity is Severity.ERROR and (severity is not Severity.ERROR or not kept)
        if aside:
            set_aside.add(check.name)
            subject = replace(subject, set_aside=True)
        if found and not ((aside or not kept) and whole):
            (blame_on if decided else indecisive)[check] = (check.name,)
    claimed = subject.claimed.issuperset(counts)
    misread = tuple(check.name for check in FILE if check in blame_on)
    contents = () if misread else subject.contents
    if misread and subject.contents:
        why = f"blocked by {', '.join(misread)}"
        not_run += [
            NotRun(f"all checks of {name}", why)
            for name in dict.fromkeys(without_indexes(one.envelope.span.path) for one in subject.contents)
        ]
        unjudged += not set_aside.isdisjoint(misread)
    unread = subject.problem in (InputProblem.UNREADABLE, InputProblem.TOO_LARGE)
    report = FileReport(
        path=path,
        schema=subject.schema.name if subject.schema is not None else None,
        size=len(subject.data),
        sha256="" if unread else hashlib.sha256(subject.data).hexdigest(),
        findings=tuple(findings),
        not_run=tuple(not_run),
        suppressed=tuple(suppressed),
        suppressed_beyond=suppressed_beyond,
        stopped=tuple(stopped),
        beyond=beyond,
        checks_run=checks_run,
        errors_beyond=errors_beyond,
        unjudged=unjudged,
        # A reading that passed something over without a fault, or whose faults nobody reports, must not look
        # like a pass, whatever the table of checks and the policy say.
        examined=subject.reading is not None and (whole or bool(counts)) and claimed,
        not_looked_into=left_unread(subject),
    )
    inner = [_of_content(subject, one, path, checks, policy, alike, outside) for one in contents]
    return joined(report, inner, policy.max_findings)


def _of_content(
    around: Subject,
    content: Content,
    path: str,
    checks: Sequence[Check],
    policy: Policy,
    alike: Alike | None,
    outside: Callable[[Finding], Finding],
) -> FileReport:
    """Returns the report on the content of an envelope, with places in the file."""
    context = around.context
    if around.schema is not None and around.schema.name in context.allowed:
        # What is allowed for a schema is allowed in its envelopes.
        context = replace(context, allowed=context.allowed | {content.envelope.content.name})
    subject = replace(content.subject, context=context)
    found = _judged(
        subject, path, checks, policy,
        None if alike is None else alike.of(content.envelope),
        lambda finding: outside(placed(finding, content.envelope)),
    )  # fmt: skip
    return in_envelope(found, content.envelope)


@lru_cache(maxsize=64)
def _in_use(every: tuple[Check, ...], canonical: bool) -> tuple[tuple[Check, ...], frozenset[str]]:
    """Returns the checks that are made, and their names."""
    in_use = tuple(check for check in every if canonical or not check.on_request)
    return in_use, frozenset(check.name for check in in_use)


def _yielded(check: Check, subject: Subject, alike: Alike | None) -> Iterable[object]:
    """What a check returns.

    Raises:
        TypeError: It is not iterable; the message names the check.
    """
    yielded: object = check.judge(subject) if alike is None else alike.said(check, subject)
    if not isinstance(yielded, Iterable):
        raise TypeError(
            f"the check {_place(check)} returns {yielded!r:.40}, which is no iterable of Diagnostics"
        )
    return yielded


def _place(check: Check) -> str:
    """The name of a check, and where its function begins."""
    code = getattr(check.judge, "__code__", None)
    return (
        check.name if code is None else f"{check.name} ({Path(code.co_filename).name}:{code.co_firstlineno})"
    )


def _roots(check: Check, blame_on: Mapping[Check, tuple[str, ...]]) -> tuple[str, ...]:
    """The checks that found something, or were not run, and that a check requires."""
    return tuple(dict.fromkeys(name for required in check.requires for name in blame_on.get(required, ())))


def _rows(data: bytes, findings: Iterable[Finding]) -> dict[int, bytes]:
    """The rows of 16 bytes at the ends of all places that findings point at."""
    wanted: set[int] = set()
    for finding in findings:
        places = [(finding.offset, finding.length)]
        places += [(p.offset, p.length) for p in finding.related if p.file is None and p.offset is not None]
        for offset, length in places:
            wanted.add(offset // ROW * ROW)
            wanted.add(max(offset, offset + length - 1) // ROW * ROW)
            if length <= 4 * ROW:
                wanted.update(range(offset // ROW * ROW, offset + length, ROW))
            if offset >= len(data) and data:
                wanted.add((len(data) - 1) // ROW * ROW)
    return {row: data[row : row + ROW] for row in sorted(wanted) if row < len(data)}
