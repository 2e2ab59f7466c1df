"""`ccheck baseline`: the record of released content, with which first uses are compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ccheck.cli.commands.options import Judging, judging
from ccheck.cli.main import FINDINGS, PASS
from ccheck.cli.subcommands import Subcommands
from ccheck.config.gate_policy import GatePolicy
from ccheck.config.project import find_project, load_project
from ccheck.files.atomic_write import Busy, held, write_whole
from ccheck.files.output import lost_or_misplaced
from ccheck.judging.context import ValidationContext
from ccheck.release.baseline import Baseline, load_baseline, used
from ccheck.release.gate.context import GateContext
from ccheck.release.gate.prepare import prepare_without_fast_path
from ccheck.release.gate.release import ReleaseError, read_release
from ccheck.text.printable import printable
from ccheck.text.quoting import counted

_Function = TypeVar("_Function", bound=Callable[..., Any])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


_BASELINE = click.option(
    "--baseline",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The baseline's file.  [default: that of ccheck.toml]",
)


def _placed(function: _Function) -> _Function:
    """The options that say where the baseline lies."""
    config = click.option("--config", type=_FILE, help="The ccheck.toml to use; otherwise the nearest above.")
    return config(_BASELINE(function))


@click.group(
    "baseline",
    cls=Subcommands,
    epilog="\b\nExamples:\n  ccheck baseline add released/ --release 2024-03\n  ccheck baseline show\n",
)
def command() -> None:
    """What was released before: criterion kinds on fields, and paths through the interpreter."""


@command.command(
    "add",
    epilog="\b\nExample:\n  ccheck baseline add released/ --release 2024-03 --on 2024-03-05\n",
)
@click.argument("paths", metavar="FILE...", nargs=-1, required=True)
@click.option("--release", required=True, help="The name of the release that these files were.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Files below folders that are no content.")
@judging
@_BASELINE
def add(
    paths: tuple[str, ...],
    release: str,
    exclude: tuple[str, ...],
    by: Judging,
    baseline: Path | None,
) -> int:
    """Record what released files use, and what they make the interpreter do.

    What is known from an earlier release stays as it is.

    Files that do not pass, or that a build stops at, are not recorded: nobody has seen them work. --on is the
    day of that release; they are judged for the builds that were supported on it.

    Exit status: 0 all were recorded, 1 none was, because one does not pass, 2 wrong usage.
    """
    validation = prepare_without_fast_path(
        **by.named(),
    )
    place = _place(validation, baseline)
    try:
        files = read_release(paths, exclude, validation.max_size)
    except ReleaseError as refused:
        raise click.UsageError(str(refused)) from refused
    if not files:
        raise click.UsageError("nothing to record: the named folders hold no files")
    context = GateContext(release, files, validation, GatePolicy())
    refused_files = list(_unproved(context))
    for line in refused_files:
        click.echo(printable(f"not recorded: {line}"), err=True)
    if refused_files:
        return FINDINGS
    new = used(
        release,
        validation.context.on,
        (use for ran in context.ran if ran.evidence is not None for use in ran.evidence.uses),
        (way for ran in context.ran for way in context.ways(ran)),
        (way for ran in context.ran for way in context.words(ran)),
    )
    try:
        with held(place):
            before = load_baseline(place) if place.exists() else Baseline()
            whole = before.merged(new)
            write_whole(place, whole.render().encode())
    except Busy as busy:
        raise click.UsageError(str(busy)) from busy
    except OSError as fault:
        raise lost_or_misplaced(place, fault) from fault
    click.echo(printable(f"{place.name}: {_counts(whole, before, 'new ')}"))
    return PASS


@command.command("show", epilog="\b\nExample:\n  ccheck baseline show\n")
@_placed
def show(config: Path | None, baseline: Path | None) -> int:
    """Print the baseline, each thing with the release that used it first."""
    known = load_baseline(_configured(config, baseline))
    for use, first in sorted(known.uses.items()):
        place = f"{use.type} version {use.version} field {use.field + 1}"
        click.echo(printable(f"{place}, {use.kind}: {first.release}, {first.day}"))
    for (form, path), first in sorted(known.paths.items()):
        click.echo(printable(f"{form} interpreter, {path}: {first.release}, {first.day}"))
    for (form, word), first in sorted(known.words.items()):
        click.echo(printable(f"{form} content, {word}: {first.release}, {first.day}"))
    click.echo(_counts(known))
    return PASS


@command.command("merge", epilog="\b\nExample:\n  ccheck baseline merge other/baseline.txt\n")
@click.argument("others", metavar="OTHER...", nargs=-1, required=True, type=_FILE)
@_placed
def merge(others: tuple[Path, ...], config: Path | None, baseline: Path | None) -> int:
    """Take the lines of other baselines into this one: of two releases, the earlier counts."""
    place = _configured(config, baseline)
    try:
        with held(place):
            whole = load_baseline(place) if place.exists() else Baseline()
            for other in others:
                whole = whole.merged(load_baseline(other))
            write_whole(place, whole.render().encode())
    except Busy as busy:
        raise click.UsageError(str(busy)) from busy
    except OSError as fault:
        raise lost_or_misplaced(place, fault) from fault
    click.echo(printable(f"{place.name}: {_counts(whole)}"))
    return PASS


def _counts(known: Baseline, before: Baseline | None = None, new: str = "") -> str:
    """Returns how much is known that was not known before."""
    old = before or Baseline()
    counts = {
        "use": len(known.uses) - len(old.uses),
        "path": len(known.paths) - len(old.paths),
        "word": len(known.words) - len(old.words),
    }
    told = [counted(count, new + kind) for kind, count in counts.items() if count]
    return " and ".join(told) or ("nothing new" if new else "nothing")


def _unproved(context: GateContext) -> list[str]:
    """Why files are not to be recorded."""
    found = [
        f"{file.identity.name}: it does not pass; ccheck validate says why"
        for file, report in zip(context.files, context.reports, strict=True)
        if report.verdict != "pass"
    ]
    for ran in context.ran:
        if ran.problem:
            found.append(ran.problem)
        if ran.evidence is None:
            continue
        if not ran.evidence.exercised.outcomes:
            found.append(f"{ran.file.identity.name}: no build ran it")
        found += [
            f"{ran.file.identity.name}: {outcome.consumer} does not run it"
            for outcome in ran.evidence.exercised.outcomes
            if outcome.trap is not None or outcome.refusal is not None
        ]
    return found


def _place(validation: ValidationContext, named: Path | None) -> Path:
    project = validation.project
    place = named or (None if project is None or project.gate is None else project.gate.baseline)
    if place is None:
        raise click.UsageError("no baseline was named: give --baseline FILE, or name it in [gate]")
    return place


def _configured(config: Path | None, named: Path | None) -> Path:
    if named is not None:
        return named
    path = config or find_project(Path.cwd())
    project = None if path is None else load_project(path, known_checks=None)
    if project is None or project.gate is None or project.gate.baseline is None:
        raise click.UsageError("no baseline was named: give --baseline FILE, or name it in [gate]")
    return project.gate.baseline
