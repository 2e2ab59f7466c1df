"""`ccheck fuzz`: search for the file that the validator passes and a driver would trap on."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from random import Random

import click

from ccheck.cli.commands.options import duration
from ccheck.cli.main import FAILURE, FINDINGS, INTERRUPTED, PASS
from ccheck.cli.subcommands import Subcommands
from ccheck_fuzz.campaign.display.dashboard import Dashboard, default_stream
from ccheck_fuzz.campaign.display.summary import findings, lines
from ccheck_fuzz.campaign.seed_check import seed_check
from ccheck_fuzz.campaign.state.database import State
from ccheck_fuzz.campaign.state.file_lock import file_lock
from ccheck_fuzz.campaign.state.records import StateError
from ccheck_fuzz.campaign.supervisor import Campaign
from ccheck_fuzz.campaign.workers.engine_choice import choose_engines
from ccheck_fuzz.commands.options import CampaignSubject, made_ready, options_of, subject
from ccheck_fuzz.commands.results import coverage, report, status
from ccheck_fuzz.commands.single import minimize, replay
from ccheck_fuzz.corpus.grow import grow
from ccheck_fuzz.corpus.seeds import gather
from ccheck_fuzz.engines.table import ENGINES
from ccheck_fuzz.execution.context import CampaignContext
from ccheck_fuzz.execution.harness import Harness
from ccheck_fuzz.execution.options import CampaignOptions
from ccheck_fuzz.model.test_input import split
from ccheck_fuzz.mutate.events import has_events
from ccheck_fuzz.mutate.scheduler import interesting_values_of
from ccheck_schemas.model import NoAllowedNumber

GROWN = 4
"""Attempts at a valid file if there are no seeds; one is enough."""

EXAMPLES = """
\b
Examples:
  ccheck fuzz --seeds released/ --out night --time 8h
  ccheck fuzz --schema channel --out from-nothing --time 10m --config corpus/channel/ccheck.toml
  ccheck fuzz --seeds changed/ --out pr --time 60s --new-only --since night
  ccheck fuzz --seeds released/ --out mine --exec './reader @@'
  ccheck fuzz status night
"""


@click.group(
    "fuzz",
    cls=Subcommands,
    invoke_without_command=True,
    epilog=EXAMPLES,
    subcommand_metavar="[COMMAND [ARGS]...]",
)
@click.option(
    "--seeds",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="Content files, or folders of them, to begin with: best what shipped last. Without any, valid files"
    " are grown from the schema.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="The campaign's folder. The same command again goes on where it ended.",
)
@click.option(
    "--time",
    "seconds",
    callback=duration,
    metavar="TIME",
    default="10m",
    show_default=True,
    help="How long in all, merging the corpus and writing the findings included: 60s, 10m, 8h, 2d.",
)
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes.  [default: the cores]")
@click.option(
    "--engine",
    type=click.Choice(["auto", *ENGINES]),
    default="auto",
    show_default=True,
    help="What leads the search. With auto and several jobs, all that work here share one corpus.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True, help="For the first jobs."
)
@click.option("--runs", type=click.IntRange(1), help="End after so many runs of each job.")
@click.option("--new-only", is_flag=True, help="Only what --since did not know counts for the exit status.")
@click.option(
    "--since",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="A campaign's folder: its findings are known, and its corpus is taken along.",
)
@click.option("--quiet", "-q", is_flag=True, help="Show nothing until the end.")
@subject
@click.pass_context
def command(  # noqa: PLR0917, RUF100 - one argument for each option
    ctx: click.Context,
    seeds: tuple[Path, ...],
    out: Path | None,
    seconds: float,
    jobs: int | None,
    engine: str,
    seed: int,
    runs: int | None,
    new_only: bool,
    since: Path | None,
    quiet: bool,
    about: CampaignSubject,
) -> int:
    """Search for files that the validator passes and a driver would trap on, or that break another property.

    See `docs/fuzzing.md`.

    A campaign lives in its folder (--out). It survives whatever happens to its processes; the same command
    again goes on with it. Ctrl-C ends it at once; what was found is kept. Findings lie in its subfolder
    findings/, one folder for each way in which a property was broken, with the smallest file, a report and a
    test.

    Exit status: 0 nothing found, 1 findings, 2 wrong usage, 3 the campaign could not do its work,
    130 interrupted.
    """
    if ctx.invoked_subcommand is not None:
        return PASS
    started = time.monotonic()
    if out is None:
        raise click.UsageError("name the campaign's folder with --out")
    if new_only and since is None:
        raise click.UsageError("--new-only needs --since: new since when?")
    given, passed_over = gather(seeds, about.max_size)
    for line in passed_over:
        click.echo(f"passed over: {line}", err=True)
    if seeds and not given:
        raise click.UsageError("there is not one file among the seeds")
    options = options_of(given, about, seconds)
    try:
        with file_lock(out):
            return _campaign(
                out, options, given, seconds, jobs or os.cpu_count() or 1, engine, seed, runs or 0,
                since, started, quiet=quiet, new_only=new_only,
            )  # fmt: skip
    except StateError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    except (OSError, sqlite3.Error) as fault:
        kept = f"; what was found before is kept in {out}" if out.is_dir() and any(out.iterdir()) else ""
        click.echo(f"the campaign cannot go on: {fault}{kept}", err=True)
        return FAILURE


def _campaign(
    out: Path,
    options: CampaignOptions,
    given: list[bytes],
    seconds: float,
    jobs: int,
    engine: str,
    seed: int,
    runs: int,
    since: Path | None,
    started: float,
    *,
    quiet: bool,
    new_only: bool,
) -> int:
    engines, missing = choose_engines(engine)
    if missing and not quiet:
        click.echo(f"note: {missing}", err=True)
    made = made_ready(options)
    state = State(out, create=True)
    before = state.setting("options")
    if before is not None and CampaignOptions.from_json(before).schema != options.schema:
        raise StateError(
            f"{out} is a campaign about {CampaignOptions.from_json(before).schema}; choose another folder"
        )
    if state.fingerprint() not in (None, made.fingerprint) and not quiet:
        click.echo(
            "note: the setting has changed since the last session; corpus and findings are kept", err=True
        )
    state.put("options", options.to_json())
    known: set[tuple[str, ...]] = set()
    if since is not None:
        earlier = State(since)
        known = {bucket.signature for bucket in earlier.buckets()} if new_only else set()
        given = [*given, *earlier.inputs()]
        earlier.close()
    resumed = bool(state.inputs())
    if not given and not resumed:
        given = _grown(made, started + seconds / 2, quiet=quiet)
    refused = _all_refused(made, given)
    if refused and not resumed and not quiet:
        _note(
            "note: the validator refuses every seed (`ccheck validate` says why); a search without one that"
            " passes ends with exit status 3 unless it finds something"
        )
    broken = seed_check(made, given or state.inputs(), (lambda line: None) if quiet else _note)
    if broken is not None:
        state.close()
        click.echo(f"the campaign could not do its work: {broken}", err=True)
        return FAILURE
    campaign = Campaign(
        out.absolute(), state, made, seeds=given, jobs=jobs, seconds=seconds, engines=engines,
        seed=seed + len(state.sessions()), runs=runs, started=started,
    )  # fmt: skip
    with Dashboard(default_stream(), quiet=quiet, known=known) as dashboard:
        outcome = campaign.run(dashboard.show)
    for line in lines(out, state, known):
        click.echo(line)
    found = findings(state, known)
    state.close()
    if outcome.problem is not None:
        click.echo(f"the campaign could not do its work: {outcome.problem}", err=True)
        return FAILURE
    if outcome.why == "interrupted":
        return INTERRUPTED
    if found:
        return FINDINGS
    if outcome.lost is not None:
        click.echo(f"the campaign could not do all of its work: {outcome.lost}", err=True)
        return FAILURE
    if refused and not resumed:
        click.echo("the campaign could not do its work: the validator refuses every seed", err=True)
        return FAILURE
    return PASS


def _note(line: str) -> None:
    click.echo(line, err=True)


def _grown(made: CampaignContext, until: float, *, quiet: bool) -> list[bytes]:
    """Valid files that are grown from nothing.

    Args:
        made: The campaign.
        until: When to stop (`time.monotonic`).
        quiet: Whether to print no progress.
    """
    if not quiet:
        click.echo(f"no seeds: growing valid {made.schema.name} files from the schema", err=True)
    known = interesting_values_of(made)
    harness = Harness(made, lambda data, broken: None)
    # Where a format has events, content that meets some is worth more than content that meets none.
    wanted = harness.meets_events if has_events(made.schema.name) else bool
    grown = []
    valid: list[bytes] = []
    for number in range(GROWN):
        try:
            one = grow(made.schema, made.validation, Random(number), known, wanted=wanted, until=until)
        except NoAllowedNumber as none:
            raise click.UsageError(f"no {made.schema.name} file can be made: {none}") from none
        grown.append(one)
        if one.valid:
            valid.append(one.data)
        if one.valid or time.monotonic() > until:
            break
    if not valid:
        left = ", ".join(min(grown, key=lambda one: len(one.left)).left)
        click.echo(f"note: no valid file could be grown ({left}): the search begins with others", err=True)
    return valid or [one.data for one in grown]


def _all_refused(made: CampaignContext, seeds: list[bytes]) -> bool:
    harness = Harness(made, lambda data, broken: None)
    return bool(seeds) and not any(harness.passes(split(seed).content) for seed in seeds)


for subcommand in (status, report, coverage, minimize, replay):
    command.add_command(subcommand)
