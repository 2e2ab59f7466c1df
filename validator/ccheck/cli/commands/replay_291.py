"""`ccheck replay-291`: July 2024, step by step."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ccheck.cli.main import PASS
from ccheck.cli.replay import CONFIG, CONSUMERS, FIELDS, SUPPLIED, Replay, replay
from ccheck.core.finding import Finding
from ccheck.files.atomic_write import write_whole
from ccheck.files.output import lost_or_misplaced
from ccheck.formats.channel.builds import inputs_of
from ccheck.report.text import render_file
from ccheck_interpreter.channel.host import ProfileOutcome
from ccheck_interpreter.trap import report, to_json

WIDTH = 100


@click.command(
    "replay-291", epilog="\b\nExamples:\n  ccheck replay-291\n  ccheck replay-291 --write replay/\n"
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the replay is written.",
)
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colour the text.",
)
@click.option(
    "--write",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the files into this folder, to try the other commands on.",
)
def command(form: str, color: str, write: Path | None) -> int:
    """Replay July 2024: the files, the pipeline as it was, the crash, and each mitigation alone.

    Everything is built, judged and run while you watch, in a format of ccheck's own and on a simulated
    machine.
    """
    done = replay()
    if write is not None:
        _write(done, write)
    if form == "json":
        click.echo(json.dumps(_json(done), indent=2))
    else:
        colored = color == "always" or (color == "auto" and sys.stdout.isatty())
        for line in _text(done, colored):
            click.echo(line, color=colored)
    return PASS


def _write(done: Replay, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in done.files.items():
            write_whole(folder / name, data)
        write_whole(folder / "consumers.toml", CONSUMERS.encode())
        write_whole(folder / "ccheck.toml", CONFIG.encode())
    except OSError as fault:
        raise lost_or_misplaced(folder, fault) from fault


def _text(done: Replay, color: bool) -> Iterator[str]:
    def head(text: str) -> str:
        return "\n" + click.style(text, bold=True) + "\n"

    def mark(word: str) -> str:
        return click.style(f"{word:7}", fg={"yes": "green", "no": "red"}.get(word, "yellow"))

    yield head("1. The cast")
    for name, data in done.files.items():
        yield f"  {name}  {len(data):>5,} bytes"
    yield ""
    for build in done.builds:
        check = (
            "compares the index with them"
            if build.switch("bounds_check")
            else "does not compare the index with them"
        )
        yield f"  driver {build.name}: supplies {inputs_of(build)['IPC']} inputs to IPC, and {check}"
    yield _wrapped(
        f"The definitions say: IPC has {FIELDS} fields. The driver supplies {SUPPLIED} inputs. The file "
        f"of March has a wildcard for field {FIELDS}, which is never fetched; that of July has a regex."
    )
    yield head("2. The pipeline as it was")
    for step in done.pipeline:
        word = click.style("pass ", fg="green") if step.ok else click.style("CRASH", fg="red", bold=True)
        yield f"  {word}  {step.name}"
        yield f"         {step.said}"
    yield head("3. The host")
    if done.crash.trap is not None:
        yield textwrap.indent(report(done.crash.trap), "  ")
    yield head("4. Each mitigation alone")
    yield f"  {'finding':7}  {'mitigation':22}  {'stage':10}  March    July"
    for row in done.mitigations:
        yield f"  {row.finding:<7}  {row.name:22}  {row.stage:10}  {mark(row.march)}  {mark(row.july)}"
        yield _wrapped(f"says: {row.said}", "             ")
        yield _wrapped(f"does not stop: {row.misses}", "             ")
    yield _wrapped(
        "Under March, yes means that the fault was found months before it hurt anybody: in the build, in a "
        "test, or at the first load."
    )
    yield head("5. What the host could have done by itself")
    for outcome in done.containment:
        saved = f"saved by {outcome.saved_by}" if outcome.saved_by else "not saved"
        starts = f", at start {outcome.starts}" if outcome.starts > 1 else ""
        yield f"  {outcome.consumer:28}  {outcome.verdict:6}  {saved}{starts}"
    yield head("6. All of it")
    yield "  In February, ccheck validate of the definitions:\n"
    yield textwrap.indent(render_file(done.early, color=color), "    ")
    yield "\n  In July, ccheck validate of the file:\n"
    yield textwrap.indent(render_file(done.verdict, color=color), "    ")
    for outcome in done.fixed:
        what = f"{outcome.instances} instances, {outcome.events} events"
        yield f"\n  The same file on {outcome.consumer}, with {FIELDS} inputs: {outcome.verdict}, {what}"


def _wrapped(text: str, indent: str = "  ") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent)


def _json(done: Replay) -> dict[str, Any]:
    return {
        "files": {name: len(data) for name, data in done.files.items()},
        "builds": [
            {"name": b.name, "inputs": inputs_of(b), "bounds_check": b.switch("bounds_check")}
            for b in done.builds
        ],
        "pipeline": [{"step": step.name, "ok": step.ok, "said": step.said} for step in done.pipeline],
        "crash": _outcome(done.crash),
        "mitigations": [
            {
                "finding": row.finding,
                "name": row.name,
                "stage": row.stage,
                "stops_march": row.march,
                "stops_july": row.july,
                "said": row.said,
                "misses": row.misses,
            }
            for row in done.mitigations
        ],
        "containment": [_outcome(outcome) for outcome in done.containment],
        "findings": {
            "definitions": [_finding(finding) for finding in done.early.findings],
            "july": [_finding(finding) for finding in done.verdict.findings],
        },
        "fixed": [_outcome(outcome) for outcome in done.fixed],
    }


def _outcome(outcome: ProfileOutcome) -> dict[str, Any]:
    return {
        "consumer": outcome.consumer,
        "verdict": outcome.verdict,
        "trap": None if outcome.trap is None else to_json(outcome.trap),
        "saved_by": outcome.saved_by,
        "starts": outcome.starts,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "message": finding.message,
        "path": finding.path,
        "offset": finding.offset,
    }
