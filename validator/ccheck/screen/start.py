"""A short start: a few good files are reported before the schemas and checks are loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ccheck import __version__
from ccheck.finding import RunReport
from ccheck.gather import CheckNames, gather, is_schema_file
from ccheck.intake import STANDARD_INPUT, NotTaken, take
from ccheck.screen import own, quick
from ccheck.screen.way import QuickWay

FEW = 8
"""Files that are tried: for more, loading everything costs little beside judging them."""


def passes(files: Sequence[str], schema: str | None, named: Mapping[str, Any]) -> RunReport | None:
    """The report of a run in which every file passes the quick way; None when any might not.

    named: the arguments of `gather`, but for the names of checks. Raises ConfigurationError as `gather` does.
    """
    if len(files) > FEW or STANDARD_INPUT in files:
        return None
    kept = own.kept(Path(schema)) if schema is not None and is_schema_file(schema) else None
    if kept is None and schema not in (None, quick.SCHEMA):
        return None
    gathered = gather(**named, known_checks=CheckNames(replaced="" if kept is None else kept.schema))
    if gathered.target is not None or (kept is not None and gathered.definitions):
        return None  # what was named is held against schemas that are not loaded
    way: QuickWay = kept or quick.prepare(gathered)
    reports = []
    for file in files:
        try:
            data = take(file, gathered.max_size)
        except NotTaken:
            return None
        report = way.report(data, Path(file).name, file)
        if report is None:
            return None
        reports.append(report)
    return RunReport(tuple(reports), __version__)
