"""A file as ccheck judges and reads it by an imported schema, as plain values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.kaitai.isolated import isolated
from bench.kaitai.values import Budget, Value, plain
from ccheck.api import validate
from ccheck.judging.preparation import prepare
from ccheck_schemas.record import Record

SECONDS = 120.0
"""For one file."""


@dataclass(frozen=True, slots=True)
class OwnReading:
    """What ccheck says of a file.

    Attributes:
        passes: Whether it passes, with what was left out of the schema allowed.
        finding: The first finding, in words; or how the examination ended.
        values: The top record.
        opaque: The paths of fields that are not looked into, without indexes.
        crashed: Whether the examination crashed or hung.
    """

    passes: bool
    finding: str = ""
    values: Value = None
    opaque: frozenset[str] = frozenset()
    crashed: bool = False


def read(schema: Path, schema_name: str, sample: Path) -> OwnReading:
    """Reads a file in a process of its own."""
    answer = isolated(_read, schema, schema_name, sample, seconds=SECONDS)
    if answer.hung:
        return OwnReading(passes=False, finding=f"no answer in {SECONDS:.0f} seconds", crashed=True)
    if answer.crashed:
        return OwnReading(passes=False, finding=answer.crashed.strip().splitlines()[-1], crashed=True)
    reading: OwnReading = answer.value
    return reading


def _read(schema: Path, schema_name: str, sample: Path) -> OwnReading:
    allowed = [schema_name]
    run = validate(sample, schema=schema, use_config=False, allow_not_looked_into=allowed)
    (report,) = run.files
    finding = next((f"{one.check}: {one.message} ({one.path})" for one in report.findings), "")
    crashed = any(one.check == "examination-crashed" for one in report.findings)
    validation = prepare(schema=str(schema), use_config=False, allow_not_looked_into=allowed)
    reading = validation.subject(str(sample)).reading
    values = None if reading is None else plain(reading.root, _parts, Budget())
    unread = () if reading is None else reading.unread
    opaque = frozenset(re.sub(r"\[\d+\]", "", one.span.path) for one in unread)
    return OwnReading(run.verdict == "pass", finding, values, opaque, crashed)


def _parts(value: object) -> dict[str, Any] | Sequence[Any] | None:
    """The fields of a record, the elements of a list; None for any other value."""
    if isinstance(value, Record):
        return dict(value.items())
    return value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else None
