"""`ccheck run`: what each driver build would do with a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ccheck.cli.commands.options import Judging, judging
from ccheck.cli.main import FINDINGS, PASS
from ccheck.config.options import chosen
from ccheck.core.consumers import Consumer, UnknownBuilds
from ccheck.core.contract import NoReader, reads
from ccheck.core.input import InputError, read_input
from ccheck.core.subject import Subject
from ccheck.formats.exercise.outcome import Exercised, ExerciseError, Outcome, RunInputs
from ccheck.formats.exercise.stated import require_stated
from ccheck.judging.context import ValidationContext
from ccheck.judging.preparation import prepare
from ccheck.report.text import render_head
from ccheck.run.supervise import limited
from ccheck.text.printable import printable
from ccheck.text.quoting import counted
from ccheck_interpreter.trap import report, to_json
from ccheck_schemas.schema import Schema

EXAMPLES = """
\b
Examples:
  ccheck run FILE --definitions types.bin --consumers consumers.toml
  ccheck run FILE --all-consumers --matrix
  ccheck run rules.bin --target 16 --events events.jsonl --format json
"""

NO_INTERPRETER = (
    "its schema file has no EXERCISE; `ccheck init NAME --interpreter` writes a format that has one"
)


@click.command("run", epilog=EXAMPLES)
@click.argument("path", metavar="FILE")
@judging
@click.option("--consumer", metavar="NAME", help="Run under this build alone.")
@click.option(
    "--all-consumers", is_flag=True, help="Run under every listed build, also those out of support."
)
@click.option(
    "--events",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="JSON lines, one event each; otherwise the events that the content itself calls for.",
)
@click.option(
    "--last-good",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file that builds fall back to, if they can.",
)
@click.option(
    "--matrix", "with_matrix", is_flag=True, help="Print which field ran with which criterion kind."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the answer is written.",
)
def command(
    path: str,
    by: Judging,
    consumer: str | None,
    all_consumers: bool,
    events: Path | None,
    last_good: Path | None,
    with_matrix: bool,
    form: str,
) -> int:
    """Run a file in the reference interpreter as each driver build would: which crash, refuse, skip or run.

    Without --events, each instance meets the events that matter: one that matches, near misses, the edges of
    each criterion kind, absent and longest inputs. With --events and --format json there is one JSON line for
    each event, decided by one build.

    Exit status 1 when a build traps, also where something saved the host, or refuses the file.
    """
    validation = prepare(
        **by.named(),
    )
    with limited(validation.time_limit):
        subject = validation.subject(path)
    if subject.problem is not None:
        raise click.UsageError(f"{path}: {subject.detail}")
    if subject.schema is None:
        raise click.UsageError(f"{path}: {subject.without_schema}")
    exercise = validation.exercise(subject.schema)
    if exercise is None:
        raise click.UsageError(f"the format {subject.schema.name} has no interpreter: {NO_INTERPRETER}")
    by_build = validation.is_run_by_build(subject.schema)
    if not by_build and (by.consumers or consumer or all_consumers):
        raise click.UsageError(
            f"{subject.schema.name} files run in readers of their own, and under no named builds: leave out"
            " --consumers, --consumer and --all-consumers"
        )
    builds = _builds(validation, subject.schema, consumer, all_consumers)
    if events is not None and len(builds) > 1:
        names = ", ".join(build.name for build in builds)
        raise click.UsageError(f"events are decided by one build: give --consumer, one of {names}")
    given = RunInputs(
        definitions=_one(validation),
        builds=builds,
        target=by.target or validation.context.target,
        events=None if events is None else _lines(events),
        last_good=None if last_good is None else _bytes(last_good),
    )
    try:
        if by_build:
            require_stated(builds, subject.schema.facts)
        with limited(validation.time_limit):
            done = exercise(subject.data, given)
    except ExerciseError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    unknown = _unknown(validation, subject.schema, by_build=by_build, one=consumer is not None)
    if form == "json":
        configuration = validation.configuration
        for line in _json(done, subject, path, configuration, unknown, given=events is not None):
            click.echo(json.dumps(line))
    else:
        click.echo(render_head(validation.configuration), nl=False)
        for text in _text(done, with_matrix, unknown, given=events is not None):
            click.echo(text)
    stopped = any(outcome.trap is not None or outcome.refusal is not None for outcome in done.outcomes)
    return FINDINGS if stopped else PASS


def _builds(
    validation: ValidationContext, schema: Schema, name: str | None, every: bool
) -> tuple[Consumer, ...]:
    listed = validation.context.consumers
    if listed is None:
        if name is not None or every:
            raise click.UsageError("no consumers were named: give --consumers FILE")
        return ()
    if name is not None or every:
        builds = listed.builds if name is None else chosen(listed, (name,)).builds
        reading = tuple(build for build in builds if reads(build, schema))
        if not reading:
            words = f"no build of {listed.path} reads" if name is None else f"{name} does not read"
            raise click.UsageError(f"{words} files of {schema.name}")
        return reading
    try:
        return validation.builds_to_run(schema)
    except NoReader as none:
        raise click.UsageError(str(none)) from none


def _unknown(
    validation: ValidationContext, schema: Schema, *, by_build: bool, one: bool
) -> tuple[UnknownBuilds, ...]:
    """Returns the builds without facts that read the file too; none where one build was named."""
    listed = validation.context.consumers
    return () if listed is None or one or not by_build else listed.unknown_for(schema.name)


def _one(validation: ValidationContext) -> bytes | None:
    """The definitions that the builds load; a driver has one such file."""
    named = validation.context.definitions
    if len(named) > 1:
        raise click.UsageError("a driver loads one definitions file; name one with --definitions")
    return _bytes(Path(named[0].path)) if named else None


def _bytes(path: Path) -> bytes:
    try:
        return read_input(path)
    except InputError as fault:
        raise click.UsageError(f"{path}: {fault.detail}") from fault


def _lines(path: Path) -> list[str]:
    try:
        return _bytes(path).decode("utf-8").splitlines()
    except UnicodeDecodeError as fault:
        raise click.UsageError(f"{path}: {fault}") from fault


def _json(
    done: Exercised,
    subject: Subject,
    path: str,
    configuration: str,
    unknown: tuple[UnknownBuilds, ...],
    *,
    given: bool,
) -> Iterator[dict[str, Any]]:
    if given:
        for outcome in done.outcomes:
            yield from (dict(line) for line in outcome.lines)
            if outcome.trap is not None:
                yield {"trap": to_json(outcome.trap)}
            if outcome.refusal is not None:
                yield {"refusal": outcome.refusal.reason, "message": outcome.refusal.message}
        return
    yield {
        "configuration": configuration or None,
        "path": path,
        "schema": subject.schema.name if subject.schema is not None else None,
        "outcomes": [_outcome(outcome) for outcome in done.outcomes],
        "unknown": [{"consumer": one.name, "why": one.why} for one in unknown],
        "unexercised": list(done.unexercised),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "consumer": outcome.consumer,
        "platform": outcome.platform,
        "verdict": outcome.verdict,
        "trap": None if outcome.trap is None else to_json(outcome.trap),
        "refusal": None if outcome.refusal is None else outcome.refusal.message,
        "skipped": list(outcome.skipped),
        "telemetry": list(outcome.telemetry),
        "saved_by": outcome.saved_by,
        "starts": outcome.starts,
        "instances": outcome.instances,
        "events": outcome.events,
        "steps": outcome.steps,
    }


def _text(
    done: Exercised, with_matrix: bool, unknown: tuple[UnknownBuilds, ...], *, given: bool
) -> Iterator[str]:
    seen: set[object] = set()
    for outcome in done.outcomes:
        if outcome.trap is not None and outcome.trap.signature not in seen:
            seen.add(outcome.trap.signature)
            yield printable_lines(report(outcome.trap)) + "\n"
    yield from table(done.outcomes, unknown)
    if given:
        for outcome in done.outcomes:
            yield from (printable(json.dumps(dict(line))) for line in outcome.lines)
    if done.matrix is not None and with_matrix:
        yield "\n" + printable_lines(done.matrix)
    if done.unexercised:
        few = ", ".join(done.unexercised[:4])
        more = f" and {len(done.unexercised) - 4} more" if len(done.unexercised) > 4 else ""
        yield f"\nnever fetched, because nothing but wildcards ran there: {printable(few)}{more}"


def table(outcomes: tuple[Outcome, ...], unknown: tuple[UnknownBuilds, ...] = ()) -> Iterator[str]:
    """One line for each build: name, platform, verdict, and the reason or what ran."""
    rows = [("consumer", "platform", "verdict", "what")]
    rows += [(o.consumer, o.platform, o.verdict, _what(o)) for o in outcomes]
    rows += [(one.name, "", "unknown", one.why) for one in unknown]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    for row in rows:
        yield printable("  ".join([*(row[i].ljust(widths[i]) for i in range(3)), row[3]]))


def _what(outcome: Outcome) -> str:
    words = []
    if outcome.trap is not None:
        trap = outcome.trap
        at = trap.provenance
        where = f" at {at.file_offset:#x} of the {at.file} file" if at.file_offset is not None else ""
        index = f", index {trap.index} of {trap.limit}" if trap.index is not None else ""
        words.append(f"{trap.kind}{index}, {trap.path}{where}")
    if outcome.saved_by is not None:
        words.append(
            f"saved by {outcome.saved_by}" + (f" after {outcome.starts} starts" if outcome.starts > 1 else "")
        )
    if outcome.refusal is not None:
        words.append(outcome.refusal.message)
    words += outcome.skipped[:2]
    words += outcome.telemetry[:1]
    if not words:
        held = [counted(outcome.instances, "instance")] if outcome.instances else []
        words.append(", ".join([*held, counted(outcome.events, "event")]))
    return "; ".join(words)


def printable_lines(text: str) -> str:
    """Text of several lines, each made safe for a terminal."""
    return "\n".join(printable(line) for line in text.split("\n"))
