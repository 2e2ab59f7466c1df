"""A file as ccheck judges and reads it by an imported schema, as plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.kaitai.isolated import isolated
from bench.kaitai.values import Budget, Value, plain
from ccheck.api import validate
from ccheck.core.finding import FileReport
from ccheck.judging.context import ValidationContext
from ccheck.judging.preparation import prepare
from ccheck_schemas.record import Reading, Record

SECONDS = 120.0
"""For the files of one description."""
UNOWNED = "bytes-unowned"
"""Finds bytes that the description gives to no field, which Kaitai lets pass."""


@dataclass(frozen=True, slots=True)
class OwnReading:
    """What ccheck says of a file.

    Attributes:
        passes: Whether it passes, with what was left out of the schema allowed.
        finding: The first finding, those of bytes without an owner last; or how the examination ended.
        checks: The checks that have findings.
        complete: Whether the file was read to its end, so that a value that is missing is no value.
        values: The top record.
        opaque: The paths of fields that are not looked into, without indexes.
        crashed: Whether the examination crashed or hung.
    """

    passes: bool
    finding: str = ""
    checks: tuple[str, ...] = ()
    complete: bool = False
    values: Value = None
    opaque: frozenset[str] = frozenset()
    crashed: bool = False


def read(schema: Path, schema_name: str, samples: list[Path]) -> list[OwnReading]:
    """Reads files in a process of their own; each in one of its own if that does not end well."""
    answer = isolated(_read_all, schema, schema_name, samples, seconds=SECONDS)
    if not answer.hung and not answer.crashed:
        readings: list[OwnReading] = answer.value
        return readings
    if len(samples) > 1:
        return [one for sample in samples for one in read(schema, schema_name, [sample])]
    ended = f"no answer in {SECONDS:.0f} seconds" if answer.hung else answer.crashed.strip().splitlines()[-1]
    return [OwnReading(passes=False, finding=ended, crashed=True)]


def _read_all(schema: Path, schema_name: str, samples: list[Path]) -> list[OwnReading]:
    allowed = [schema_name]
    run = validate(*samples, schema=schema, use_config=False, allow_not_looked_into=allowed)
    reports = {report.path: report for report in run.files}
    validation = prepare(schema=str(schema), use_config=False, allow_not_looked_into=allowed)
    return [_read(validation, reports[str(sample)], sample) for sample in samples]


def _read(validation: ValidationContext, report: FileReport, sample: Path) -> OwnReading:
    checks = tuple(sorted({one.check for one in report.findings}))
    ordered = sorted(report.findings, key=lambda one: one.check == UNOWNED)
    finding = next((f"{one.check}: {one.message} ({one.path or 'the file'})" for one in ordered), "")
    reading = validation.subject(str(sample)).reading
    values = None if reading is None else plain(reading.root, _Parts(reading), Budget())
    unread = () if reading is None else reading.unread
    opaque = frozenset(re.sub(r"\[\d+\]", "", one.span.path) for one in unread)
    return OwnReading(
        report.verdict == "pass", finding, checks, reading is not None and reading.complete,
        values, opaque, "examination-crashed" in checks,
    )  # fmt: skip


class _Parts:
    """Gives the fields of a record, the elements of a list; None for any other value.

    A field that is decoded first is what its content is.
    """

    def __init__(self, reading: Reading) -> None:
        self._inside: dict[int, dict[str, object]] = {}
        waiting = list(reading.envelopes)
        while waiting:
            envelope = waiting.pop()
            found = self._inside.setdefault(id(envelope.record), {})
            found[envelope.name] = envelope.reading.root.get("content")
            waiting += envelope.reading.envelopes

    def __call__(self, value: object) -> dict[str, Any] | Sequence[Any] | None:
        """Returns the parts of a value."""
        if isinstance(value, Record):
            decoded = self._inside.get(id(value), {})
            return {name: _decoded(name, one, decoded) for name, one in value.items()}
        return value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else None


def _decoded(name: str, value: Any, decoded: Mapping[str, object]) -> Any:
    """Returns a field, or a list whose elements may be decoded."""
    if isinstance(value, list) and decoded:
        return [decoded.get(f"{name}[{i}]", one) for i, one in enumerate(value)]
    return decoded.get(name, value)
