"""Options that the commands of fuzzing share: what is fuzzed, and what it is judged by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click

from ccheck.cli.commands.options import CONSUMERS_OPTION, day, duration, size, together
from ccheck.config.options import is_schema_file, refuse_contradiction
from ccheck.config.project import find_project
from ccheck.formats.registry import recognise
from ccheck.text.toml_document import ConfigurationError
from ccheck_fuzz.execution.context import CampaignContext, prepare_campaign
from ccheck_fuzz.execution.options import CampaignOptions, CampaignOptionsError
from ccheck_fuzz.oracles.table import ORACLES
from ccheck_fuzz.readers.foreign import ReaderError

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class CampaignSubject:
    """What is fuzzed and what it is judged by, as given on the command line."""

    schema: str | None
    definitions: tuple[Path, ...]
    consumers: Path | None
    target_version: str | None
    on: date | None
    config: Path | None
    no_config: bool
    reader: str | None
    execute: str | None
    exec_timeout: float | None
    per_build: bool
    run_timeout: float | None
    memory: int
    oracles: tuple[str, ...]
    max_size: int
    trust_definitions: bool


def subject(function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the options that say what is fuzzed and what it is judged by, given as one argument `about`."""
    function = together(CampaignSubject, "about", function)
    for option in reversed(
        (
            click.option(
                "--schema",
                metavar="NAME|FILE.py",
                help="The format; otherwise recognised by the seeds. A path to a Python file is run.",
            ),
            click.option(
                "--definitions", type=_FILE, multiple=True, help="The template-type definitions of instances."
            ),
            CONSUMERS_OPTION,
            click.option(
                "--target-version",
                metavar="VERSION",
                help="Judge for this consumer version, not the file's.",
            ),
            click.option(
                "--on",
                callback=day,
                metavar="YYYY-MM-DD",
                help="Judge support windows for this day.",
            ),
            click.option(
                "--config",
                type=_FILE,
                help="The ccheck.toml to use; otherwise the nearest above.",
            ),
            click.option("--no-config", is_flag=True, help="Use no ccheck.toml."),
            click.option(
                "--reader",
                metavar="MODULE:FUNCTION",
                help="Your own interpreter: a Python function that takes the bytes. What it raises is a trap,"
                " but for the exceptions in its attribute `refuses` (ValueError without one).",
            ),
            click.option(
                "--exec",
                "execute",
                metavar="COMMAND",
                help="Your own interpreter: a program, with @@ for the file's name, or '< @@' at the end for"
                " the file as standard input. Signals, sanitizer reports, panics, time-outs and too much"
                " memory are traps.",
            ),
            click.option(
                "--per-build", is_flag=True,
                help="Run --exec once for each supported build, with its facts in the environment:"
                " CCHECK_BUILD, CCHECK_COUNTS_SENSORS and so on. A --reader function gets them in its"
                " parameter `build`.",
            ),
            click.option(
                "--exec-timeout", callback=duration, metavar="TIME",
                help="Time for one run of --exec.  [default: 10s, or half of --time where that is less]",
            ),
            click.option(
                "--run-timeout", callback=duration, metavar="TIME",
                help="Time for the rest of one run.  [default: 10s, or half of --time where that is less]",
            ),
            click.option(
                "--memory", type=click.IntRange(256), default=2048, show_default=True, metavar="MIB",
                help="For one process, and for one run of --exec: there by a control group where Linux lets"
                " ccheck make one, else watched from outside.",
            ),
            click.option(
                "--oracle", "oracles", multiple=True, type=click.Choice(list(ORACLES)),
                help="Look for this alone. May be given more than once.",
            ),
            click.option(
                "--max-size", callback=size, metavar="BYTES", default="64KiB", show_default=True,
                help="Make no input larger than this.",
            ),
            click.option(
                "--trust-definitions", is_flag=True,
                help="Compare no counts with driver builds, as the validator of July 2024 did not."
                " For tutorials and benchmarks.",
            ),
        )
    ):  # fmt: skip
        function = option(function)
    return function


RUN_SECONDS = 10.0
"""Default seconds for one run."""


def options_of(seeds: list[bytes], about: CampaignSubject, seconds: float | None = None) -> CampaignOptions:
    """Returns the options in words that survive the process.

    Args:
        seeds: The files that the campaign begins with.
        about: The options of the command line.
        seconds: The time of the whole campaign, if it is one.

    Raises:
        click.UsageError: The options do not fit together.
    """
    usual = RUN_SECONDS if seconds is None else min(RUN_SECONDS, max(1.0, seconds / 2))
    refuse_contradiction(about.config, use_config=not about.no_config)
    schema = about.schema
    if schema is None:
        found = {known.name for known in map(recognise, seeds) if known is not None}
        if len(found) != 1:
            what = (
                f"the seeds are {' and '.join(sorted(found))}" if found else "no seed says which format it is"
            )
            raise click.UsageError(f"{what}: name the format with --schema")
        (schema,) = found
    elif is_schema_file(schema):
        schema = str(Path(schema).resolve())
    config = about.config or (None if about.no_config else find_project(Path.cwd()))
    return CampaignOptions(
        schema=schema,
        config=None if config is None else str(config.resolve()),
        use_config=not about.no_config,
        definitions=tuple(str(path.resolve()) for path in about.definitions),
        consumers=None if about.consumers is None else str(about.consumers.resolve()),
        target_version=about.target_version,
        # The day is fixed when a campaign begins: one that runs past midnight asks the same question.
        on=(about.on or date.today()).isoformat(),
        trust_definitions=about.trust_definitions,
        reader=about.reader,
        execute=about.execute,
        per_build=about.per_build,
        execute_seconds=about.exec_timeout or usual,
        directory=str(Path.cwd()),
        run_seconds=about.run_timeout or usual,
        memory=about.memory,
        oracles=about.oracles,
        max_size=about.max_size,
    )


def made_ready(options: CampaignOptions) -> CampaignContext:
    """Returns the context of the options.

    Raises:
        click.UsageError: The options do not fit together.
        ConfigurationError: The configuration has an error.
    """
    try:
        return prepare_campaign(options)
    except (CampaignOptionsError, ReaderError) as wrong:
        raise click.UsageError(str(wrong)) from wrong


__all__ = ["ConfigurationError", "made_ready", "options_of", "subject"]
