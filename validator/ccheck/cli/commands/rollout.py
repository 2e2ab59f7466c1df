"""`ccheck rollout`: rings, their evidence, and whether the next may start."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ccheck.cli.commands.options import day, require_signing
from ccheck.cli.main import FINDINGS, PASS
from ccheck.cli.subcommands import Subcommands
from ccheck.core.input import InputError, read_input
from ccheck.files.output import refuse_overwriting, write_output
from ccheck.release.rollout import chain
from ccheck.release.rollout.chain import ChainError, Health
from ccheck.release.rollout.decide import decide
from ccheck.release.rollout.evidence import of_result, of_verdict
from ccheck.release.rollout.plan import DEFAULT_RINGS, PlanError, Ring, StopConditions
from ccheck.release.rollout.plan import plan as make_plan
from ccheck.release.rollout.simulate import Fleet, Simulated, simulate
from ccheck.text import strict_json
from ccheck.text.printable import printable

if TYPE_CHECKING:
    from ccheck.release.rollout.signature import Sign, Trust

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_RECORD = click.Path(dir_okay=False, path_type=Path)
_OF_RECORD = "The record that `ccheck rollout plan` began."
WAIT = 3
"""Exit status of `next` while the evidence is not enough."""


_SIGN = click.option("--sign", type=_FILE, metavar="KEY", help="Sign the line with this private key.")


def _signing(key: Path | None) -> Sign | None:
    if key is None:
        return None
    require_signing()
    from ccheck.release.rollout.signature import signing
    from ccheck.release.verdict.keys import KeyFault

    try:
        return signing(key)
    except KeyFault as fault:
        raise click.UsageError(str(fault)) from fault


def _trusting(keys: Sequence[Path]) -> Trust | None:
    if not keys:
        return None
    require_signing()
    from ccheck.release.rollout.signature import trusting
    from ccheck.release.verdict.keys import KeyFault

    try:
        return trusting(keys)
    except KeyFault as fault:
        raise click.UsageError(str(fault)) from fault


def _ring(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[Ring, ...]:
    rings = []
    for value in values:
        name, _, rest = value.partition(":")
        share, _, hours = rest.partition(":")
        try:
            rings.append(
                Ring(name, float(share.removesuffix("%")) / (100 if share.endswith("%") else 1), float(hours))
            )
        except ValueError:
            raise click.BadParameter(
                f"{value!r} is not NAME:SHARE:HOURS such as canary:0.1%:24", ctx, param
            ) from None
    return tuple(rings)


def _time(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime:
    if value is None:
        return datetime.now(UTC)
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is not a time such as 2026-11-22T12:00:00+00:00", ctx, param
        ) from None
    if read.tzinfo is None:
        raise click.BadParameter(f"{value!r} has no time zone", ctx, param)
    return read


@click.group(
    "rollout",
    cls=Subcommands,
    epilog="\b\nExamples:\n  ccheck rollout plan march file.bin --record r --last-good june --hosts 1000\n"
    "  ccheck rollout next --record march.rollout\n",
)
def command() -> None:
    """Plan the rings of a release, keep their evidence, and say whether the next may start.

    ccheck does not deploy: it makes, checks and keeps the evidence.
    """


@command.command(
    "plan",
    epilog="\b\nExample:\n  ccheck rollout plan march release/*.bin --record march.rollout \\\n"
    "    --last-good february --hosts 8500000\n",
)
@click.argument("release")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--record", type=_RECORD, required=True, help="Write the record here; it begins with the plan.")
@click.option("--last-good", required=True, metavar="RELEASE", help="The release that hosts return to.")
@click.option("--hosts", type=click.IntRange(1), required=True, help="Of the fleet.")
@click.option(
    "--ring",
    "rings",
    multiple=True,
    callback=_ring,
    metavar="NAME:SHARE:HOURS",
    help="A ring: its share of the fleet, those before it included, and how long it bakes; the last has 100%."
    "  [default: canary 0.1% for 24 h, early 5% for 48 h, general 100%]",
)
@click.option(
    "--first-use",
    "flagged",
    multiple=True,
    metavar="TEXT",
    help="What is used for the first time: it goes slower.",
)
@click.option(
    "--verdict",
    type=_FILE,
    help="The gate's signed verdict: it must let exactly these files out, and names their first uses.",
)
@click.option("--key", type=_FILE, help="The public key of those who may sign verdicts.")
@click.option("--config", type=_FILE, help="The ccheck.toml whose policy the verdict must have been made by.")
@click.option("--on", callback=day, metavar="YYYY-MM-DD", help="The day on which the verdict must count.")
@click.option(
    "--result",
    type=_FILE,
    help="The gate's result (ccheck gate --json), as --verdict, but trusted without a signature.",
)
@_SIGN
@click.option(
    "--crash-rate",
    type=click.FloatRange(0, 1),
    default=StopConditions().crash_rate,
    show_default=True,
    help="Of the reporting hosts; more ends the rollout.",
)
@click.option(
    "--silent-rate",
    type=click.FloatRange(0, 1),
    default=StopConditions().silent_rate,
    show_default=True,
    help="Of a ring's hosts; with more the next ring waits.",
)
def plan_command(
    release: str,
    files: tuple[Path, ...],
    record: Path,
    last_good: str,
    hosts: int,
    rings: tuple[Ring, ...],
    flagged: tuple[str, ...],
    verdict: Path | None,
    key: Path | None,
    config: Path | None,
    on: date | None,
    result: Path | None,
    sign: Path | None,
    crash_rate: float,
    silent_rate: float,
) -> int:
    """Write the ring plan of a release; slower where something is used for the first time.

    With --verdict or --result the plan takes first uses from the release gate, and is refused for what the
    gate does not let out.
    """
    if (verdict is None) != (key is None):
        raise click.UsageError("--verdict and --key go together: a verdict counts for who trusts its key")
    try:
        digests = {path.name: hashlib.sha256(read_input(path)).hexdigest() for path in files}
        if len(digests) != len(files):
            raise click.UsageError("two files have the same name")
        if verdict is not None and key is not None:
            digests, firsts = _let_out(verdict, files, key, config, on)
            flagged += firsts
        if result is not None:
            flagged += of_result(read_input(result), digests)
        flagged = tuple(dict.fromkeys(flagged))
        made = make_plan(
            release, digests, last_good=last_good, hosts=hosts, rings=rings or DEFAULT_RINGS,
            stop=StopConditions(crash_rate, silent_rate), flagged=flagged,
        )  # fmt: skip
        head = chain.begin(record, made, _signing(sign))
    except (PlanError, ChainError, InputError) as wrong:
        raise click.UsageError(str(wrong)) from wrong
    for ring in made.rings:
        click.echo(printable(f"{ring.name}: {made.size(ring):,} hosts, then {ring.bake_hours:g} hours"))
    for use in made.flagged:
        click.echo(printable(f"slower for a first use: {use}"))
    click.echo(f"head {head}")
    return PASS


def _let_out(
    verdict: Path, files: Sequence[Path], key: Path, config: Path | None, on: date | None
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The digests of the files that a verdict lets out, as compared with it, and their first uses."""
    require_signing()
    from ccheck.release.verdict.verify import VerdictRefused, verified

    try:
        told = verified(verdict, list(map(str, files)), key, on=on, config=config)
    except VerdictRefused as refused:
        raise click.UsageError(f"the verdict does not let these files out: {refused}") from refused
    return {file.identity.name: file.identity.sha256 for file in told.files}, of_verdict(told.predicate)


@command.command(
    "record",
    epilog="\b\nExample:\n  ccheck rollout record canary --record march.rollout --health canary.json\n",
)
@click.argument("ring")
@click.option("--record", type=_RECORD, required=True, help=_OF_RECORD)
@click.option(
    "--health",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="JSON: begun, until, hosts, reporting, crashed, looping.",
)
@_SIGN
def record_command(ring: str, record: Path, health: Path, sign: Path | None) -> int:
    """Add a ring's health to the record. The digest that is printed binds all lines: keep it elsewhere."""
    try:
        read = _json(read_input(health, 1 << 20))
        if not isinstance(read, dict):
            raise ChainError("not a health report: it is no object")
        head = chain.append(record, Health.from_json(read, ring), _signing(sign))
    except (ChainError, InputError) as wrong:
        raise click.UsageError(f"{health}: {wrong}") from wrong
    click.echo(f"head {head}")
    return PASS


def _json(data: bytes) -> object:
    """The value of a JSON text.

    Raises:
        ChainError: The text is not JSON.
    """
    try:
        return strict_json.loads(data)
    except (ValueError, RecursionError) as fault:
        raise ChainError(f"not a health report: it is no JSON: {fault}") from fault


@command.command("next", epilog="\b\nExample:\n  ccheck rollout next --record march.rollout --head 3b1f…\n")
@click.option("--record", type=_RECORD, required=True, help=_OF_RECORD)
@click.option(
    "--head",
    metavar="DIGEST",
    help="The digest that was printed last: a record whose end was cut off is then noticed.",
)
@click.option(
    "--trust",
    type=_FILE,
    multiple=True,
    metavar="PUB",
    help="A public key: every line must be signed by it, or by another that is named so.",
)
@click.option("--at", callback=_time, metavar="TIME", help="Decide for this time instead of now.")
def next_command(record: Path, head: str | None, trust: tuple[Path, ...], at: datetime) -> int:
    """Say whether the next ring may start or must wait, or whether the last good release should return.

    Exit status: 0 start, or done; 1 return; 3 wait; 2 a record that cannot be trusted.
    """
    try:
        decision = decide(chain.read(record, head, _trusting(trust)), at)
    except ChainError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    click.echo(printable(" ".join(filter(None, (decision.word, decision.ring)))))
    for why in decision.why:
        click.echo(printable(f"  {why}"))
    return {"start": PASS, "done": PASS, "return": FINDINGS, "wait": WAIT}[decision.word]


@command.command(
    "simulate", epilog="\b\nExample:\n  ccheck rollout simulate --record march.rollout --plot reach.svg\n"
)
@click.option(
    "--record",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The plan; the default rings without it.",
)
@click.option("--hosts", type=click.IntRange(1), help="Of the fleet.  [default: the plan's, or 8,500,000]")
@click.option(
    "--online",
    type=click.FloatRange(0, 1),
    default=Fleet().online,
    show_default=True,
    help="Part of the hosts that are on.",
)
@click.option(
    "--fetch-minutes",
    type=click.FloatRange(1),
    default=Fleet().fetch_minutes,
    show_default=True,
    help="In which a ring fetches a release.",
)
@click.option(
    "--detect-minutes",
    type=click.FloatRange(0),
    default=Fleet().detect_minutes,
    show_default=True,
    help="From the first stopped hosts to the withdrawal.",
)
@click.option(
    "--loop-rate",
    type=click.FloatRange(0, 1),
    default=Fleet().loop_rate,
    show_default=True,
    help="Part of the stopped hosts that do not come up by themselves.",
)
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Write an SVG here.")
def simulate_command(
    record: Path | None,
    hosts: int | None,
    online: float,
    fetch_minutes: float,
    detect_minutes: float,
    loop_rate: float,
    plot: Path | None,
) -> int:
    """Estimate how many hosts a bad file reaches under the plan and under none: a model, no measurement."""
    if plot is not None and record is not None:
        refuse_overwriting(plot, (record,))
    try:
        made = chain.read(record).plan if record is not None else None
    except ChainError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    if made is None:
        made = make_plan("release", {"file": "0" * 64}, last_good="before", hosts=hosts or 8_500_000)
    elif hosts is not None:
        made = make_plan(
            made.release, made.files, last_good=made.last_good, hosts=hosts, rings=made.rings, stop=made.stop
        )
    fleet = Fleet(online, fetch_minutes, detect_minutes, loop_rate=loop_rate)
    ringed, at_once = simulate(made, made.hosts, fleet), simulate(None, made.hosts, fleet)
    for name, told in (("under the plan", ringed), ("all at once", at_once)):
        click.echo(f"{name}: {_words(told, made.hosts)}")
    if plot is not None:
        from ccheck.report.plot import Series
        from ccheck.report.plot import plot as draw

        svg = draw(
            [Series("under the plan", ringed.curve), Series("all at once", at_once.curve)],
            title="Hosts that a bad file stops", x_label="minutes", y_label="hosts",
        )  # fmt: skip
        write_output(plot, f"{svg}\n".encode())
        click.echo(printable(f"wrote {plot}"), err=True)
    return PASS


def _words(told: Simulated, hosts: int) -> str:
    when = "never withdrawn" if told.withdrawn is None else f"withdrawn after {told.withdrawn:,.0f} minutes"
    share = told.stopped / hosts
    stopped = f"{told.stopped:,} hosts stopped ({share:.3%}), {told.looping:,} do not come up"
    return f"{stopped}; {when}, in ring {told.ring}"
