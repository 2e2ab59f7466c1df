"""A short start: a few good files are reported before the schemas and checks are loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ccheck.config.options import CheckNames, Options, ResolvedOptions, resolve_options
from ccheck.core.consumers import ConfigurationError
from ccheck.core.contract import require_facts
from ccheck.core.finding import RunReport
from ccheck.core.input import STANDARD_INPUT, InputError, read_input
from ccheck.formats.registry import FORMATS, fast_path
from ccheck.version import __version__

if TYPE_CHECKING:
    from ccheck.formats.fast_path import FastPath

FEW = 8
"""Files that are tried: for more, loading everything costs little beside judging them."""


def passes(files: Sequence[str], options: Options) -> RunReport | None:
    """The report of a run in which every file passes the fast path; None if any might not.

    Raises:
        ConfigurationError: As `resolve_options`.
    """
    if len(files) > FEW or STANDARD_INPUT in files or _needs_all(options):
        return None
    found = _way(options)
    if found is None:
        return None
    way, resolved = found
    reports = []
    for file in files:
        try:
            data = read_input(file, resolved.max_size)
        except InputError:
            return None
        report = way.report(data, Path(file).name, file)
        if report is None:
            return None
        reports.append(report)
    return RunReport(tuple(reports), __version__, configuration=resolved.configuration)


def _needs_all(options: Options) -> bool:
    """Returns whether something was named that the fast path does not look at."""
    return bool(options.get("allow_not_looked_into")) or options.get("canonical", False)


def _way(options: Options) -> tuple[FastPath, ResolvedOptions] | None:
    """The fast path, and the other options; None without a fast path, or if schemas must be loaded."""
    schema = options.get("schema")
    if not any(known.fast and schema in (None, known.name) for known in FORMATS):
        return None
    resolved = resolve_options(CheckNames(), **options)
    if resolved.target is not None:
        return None
    if resolved.consumers is not None:
        facts = {known.name: known.facts for known in FORMATS if known.fast}
        try:
            require_facts(resolved.consumers, facts, schema)
        except ConfigurationError:
            return (
                None  # a format of another package may have the fact; who loads them all says what is wrong
            )
    way = fast_path(schema, resolved.consumers, resolved.on, resolved.definitions)
    return None if way is None else (way, resolved)
