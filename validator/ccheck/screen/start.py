"""A short start: a few good files are reported before the schemas and checks are loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ccheck import __version__
from ccheck.finding import RunReport
from ccheck.gather import CheckNames, gather
from ccheck.intake import STANDARD_INPUT, NotTaken, take
from ccheck.screen.quick import SCHEMA, prepare

FEW = 8
"""Files that are tried: for more, loading everything costs little beside judging them."""


def passes(files: Sequence[str], schema: str | None, named: Mapping[str, Any]) -> RunReport | None:
    """The report of a run in which every file passes the quick way; None when any might not.

    named: the arguments of `gather`, but for the names of checks. Raises ConfigurationError as `gather` does.
    """
    if len(files) > FEW or schema not in (None, SCHEMA) or STANDARD_INPUT in files:
        return None
    gathered = gather(**named, known_checks=CheckNames())
    if gathered.target is not None:
        return None
    quick = prepare(gathered)
    reports = []
    for file in files:
        try:
            data = take(file, gathered.max_size)
        except NotTaken:
            return None
        report = quick.report(data, Path(file).name, file)
        if report is None:
            return None
        reports.append(report)
    return RunReport(tuple(reports), __version__)
