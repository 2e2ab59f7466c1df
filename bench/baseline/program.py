"""The baseline's interface to the program: how a file is judged, and how a command is run.

A change that moves modules adapts this file and `mutants`, and nothing else here.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import click

from bench.baseline.renames import RENAMES
from ccheck.cli.main import ccheck, run
from ccheck.core.finding import FileReport, RunReport
from ccheck.formats.check_table import CHECKS
from ccheck.formats.registry import FORMATS, recognise
from ccheck.judging.context import ValidationContext
from ccheck.report import RENDERERS
from ccheck.report.text import render_file, render_summary
from ccheck_schemas.fault import FaultDetails
from ccheck_schemas.read import read

SHIPPED = tuple(known.name for known in FORMATS)
EACH = ("json", "github")
"""Forms of a report for each file; the others have a long head, and are rendered for many files at once."""
WIDTH = "100"
"""Columns of the terminal for which help is laid out."""


@dataclass(frozen=True, slots=True)
class Item:
    """The results for one file, or of one command.

    Attributes:
        name: Identifies it in its unit.
        views: What is compared, by the name of the view; a view may be empty.
    """

    name: str
    views: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """The results for bytes, and their report; None if judging them raised an exception."""

    item: Item
    report: FileReport | None = None


def judged(data: bytes, name: str, path: str, by: ValidationContext) -> Judged:
    """Returns ccheck's results for bytes.

    Args:
        data: The bytes of the file.
        name: Its base name, which checks may look at.
        path: Its path in reports.
        by: What it is judged by.
    """
    try:
        report = by.judged(data, name, path)
    except Exception as raised:  # noqa: BLE001 - what it raises is recorded
        said = f"{type(raised).__name__}: {raised}"
        return Judged(Item(path, {"input": data.hex(), "judgement": _dump({"findings": [], "raised": said})}))
    run = RunReport((report,), "0")
    forms = [render_file(report, color=False), *(RENDERERS[form](run, by.checks) for form in EACH)]
    views = {
        "input": data.hex(),
        "judgement": _dump(_judgement(report, json.loads(forms[1])["files"][0])),
        "reading": _dump(_reading(data, by)),
        "text": "\n".join(forms),
    }
    return Judged(Item(path, views), report)


def together(reports: Sequence[FileReport], by: ValidationContext) -> Item:
    """Returns one run of many files, in all forms.

    Args:
        reports: The reports of the files.
        by: What the first of them was judged by.
    """
    run = RunReport(tuple(reports), "0")
    forms = [render_summary(run, color=False)]
    forms += [without_rules(render(run, by.checks)) for render in RENDERERS.values()]
    return Item("all together", {"text": "\n".join(forms)})


def without_rules(text: str) -> str:
    """Returns a SARIF log without its list of rules and their numbers; any other text as it is.

    The list holds every check that there is: with it, a new check of one format would change the text of all.
    What it says of a check is recorded as the check's manual.
    """
    if '"rules": ' not in text or not text.startswith("{"):
        return text
    log = json.loads(text)
    for one in log["runs"]:
        del one["tool"]["driver"]["rules"]
        for result in one["results"]:
            del result["ruleIndex"]
        for notice in one["invocations"][0]["toolExecutionNotifications"]:
            notice.get("associatedRule", {}).pop("index", None)
    return json.dumps(log, indent=2)


def _judgement(report: FileReport, said: Mapping[str, Any]) -> dict[str, Any]:
    """A report in its JSON form, without the words."""
    check, field = RENAMES.check, RENAMES.field
    return {
        "verdict": said["verdict"],
        "schema": said["schema"],
        "sha256": said["sha256"],
        "checks_run": said["checks_run"],
        "unjudged": report.unjudged,
        "errors_beyond": report.errors_beyond,
        "examined": report.examined,
        "findings": [_finding(found) for found in said["findings"]],
        "suppressed": [_finding(entry["finding"]) for entry in said["suppressed"]],
        "beyond": {check(name): count for name, count in sorted(said["beyond"].items())},
        "not_run": [
            [check(entry["check"]), [check(word) for word in _words(entry["reason"]) if word in _checks()]]
            for entry in said["not_run"]
        ],
        "not_looked_into": [
            [field(entry["field"]), entry["bytes"], entry["omitted"]] for entry in said["not_looked_into"]
        ],
        "gaps": len(said["gaps"]),
    }


def _finding(found: Mapping[str, Any]) -> list[Any]:
    place = [RENAMES.field(found["path"]), found["offset"], found["length"]]
    because = [
        [RENAMES.field(proof["path"]), proof["offset"], proof["length"], proof["line"]]
        for proof in found["related"]
    ]
    return [RENAMES.check(found["check"]), found["severity"], *place, because]


def _words(reason: str) -> list[str]:
    return reason.replace(",", " ").split()


@cache
def _checks() -> frozenset[str]:
    return frozenset(check.name for check in CHECKS)


def _reading(data: bytes, by: ValidationContext) -> Any:
    """The faults that the schema's reader finds, with their values."""
    schema = by.schema or recognise(data, by.schemas)
    if schema is None:
        return None
    reading = read(schema.layout, data)
    return {
        "complete": reading.complete,
        "counts": {RENAMES.fault(str(name)): count for name, count in sorted(reading.counts.items())},
        "faults": [
            [
                RENAMES.fault(str(fault.name)), _place(fault.span), sorted(_values(fault.details).items()),
                [_place(span) for _, span in fault.related],
            ]
            for fault in reading.faults
        ],
        "unread": [[_place(entry.span), entry.size] for entry in reading.unread],
    }  # fmt: skip


def _values(details: FaultDetails) -> dict[str, Any]:
    return {entry.name: getattr(details, entry.name) for entry in fields(details)}


def _place(span: Any) -> list[Any]:
    return [RENAMES.field(span.path), span.offset, span.length]


def _dump(values: Any) -> str:
    return json.dumps(values, sort_keys=True, default=str)


def fired(item: Item) -> Iterator[str]:
    """Yields the checks of the findings in a judgement."""
    yield from (found[0] for found in json.loads(item.views["judgement"])["findings"])


def every_check() -> frozenset[str]:
    """Returns the names of all checks, as the record has them."""
    return frozenset(map(RENAMES.check, _checks()))


def ran(words: Sequence[str], folder: Path, called: str = "") -> Item:
    """Runs a command line in this process, in a folder; its status is its judgement.

    Args:
        words: The arguments of `ccheck`.
        folder: The working directory.
        called: The name of the item; by default the words.
    """
    out, err = io.BytesIO(), io.BytesIO()
    with (
        contextlib.chdir(folder),
        _terminal(),
        contextlib.redirect_stdout(io.TextIOWrapper(out, "utf-8", write_through=True)) as text,
        contextlib.redirect_stderr(io.TextIOWrapper(err, "utf-8", write_through=True)) as errors,
    ):
        status = run(list(words))
        text.flush()
        errors.flush()
        said = f"{without_rules(out.getvalue().decode())}\n--- standard error\n{err.getvalue().decode()}"
    return Item(called or " ".join(words), {"judgement": f"exit {status}", "text": said})


@contextlib.contextmanager
def _terminal() -> Iterator[None]:
    """A terminal of a fixed width, without colours."""
    before = dict(os.environ)
    os.environ.update({"COLUMNS": WIDTH, "NO_COLOR": "1"})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def command_lines() -> list[str]:
    """Returns the names of all commands and their subcommands, in words; the first is empty."""
    return sorted(_below(ccheck, click.Context(ccheck), ()))


def _below(command: click.Command, context: click.Context, words: tuple[str, ...]) -> Iterator[str]:
    yield " ".join(words)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                yield from _below(found, click.Context(found, context, name), (*words, name))
