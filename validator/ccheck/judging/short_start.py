"""A short start: a few good files are reported before the schemas and checks are loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ccheck.config.options import CheckNames, Gathered, gather
from ccheck.core.finding import RunReport
from ccheck.core.intake import STANDARD_INPUT, NotTaken, take
from ccheck.version import __version__

if TYPE_CHECKING:
    from ccheck.formats.fast_path import QuickWay

FEW = 8
"""Files that are tried: for more, loading everything costs little beside judging them."""


def passes(files: Sequence[str], schema: str | None, named: Mapping[str, Any]) -> RunReport | None:
    """The report of a run in which every file passes the quick way; None when any might not.

    named: the arguments of `gather`, but for the names of checks. Raises ConfigurationError as `gather` does.
    """
    if len(files) > FEW or STANDARD_INPUT in files or named.get("allow_not_looked_into"):
        return None
    found = _way(schema, named)
    if found is None:
        return None
    way, gathered = found
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
    return RunReport(tuple(reports), __version__, configuration=gathered.configuration)


def _way(schema: str | None, named: Mapping[str, Any]) -> tuple[QuickWay, Gathered] | None:
    """The quick way, and what was named besides; None where there is no way, or where what was named is held
    against schemas, which are not loaded.
    """
    from ccheck.formats.channel.fast_path import files as quick

    if schema not in (None, quick.SCHEMA):
        return None
    gathered = gather(**named, known_checks=CheckNames())
    if gathered.target is not None:
        return None
    return quick.prepare(gathered.consumers, gathered.on, gathered.definitions), gathered
