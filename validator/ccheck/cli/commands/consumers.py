"""`ccheck consumers`: driver builds, their facts read out of their own binaries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from ccheck.cli.commands.options import ConsumersFile, OwnConsumersFile, day
from ccheck.cli.main import FINDINGS, PASS
from ccheck.cli.subcommands import Subcommands
from ccheck.config.consumers_file import Build, NotInstalled, write_build
from ccheck.config.driver_binary import Driver, DriverError, facts_of, read_driver
from ccheck.core.consumers import PLATFORMS, Consumer, load_consumers
from ccheck.core.shipped_consumers import consumers_path, shipped_names
from ccheck.files.regular_file import read_regular_text
from ccheck.formats.registry import every
from ccheck.release.drivers import DriverProblem, driver_problems, fact_words
from ccheck.text.printable import printable
from ccheck.text.quoting import counted, did_you_mean, shown

_FILE = click.option(
    "--consumers",
    type=OwnConsumersFile(),
    default=Path("consumers.toml"),
    show_default=True,
    help="The file that lists the builds.",
)


@click.group(
    "consumers",
    cls=Subcommands,
    epilog="\b\nExamples:\n  ccheck consumers add sensor.sys --name 7.16 --from 2024-08-09\n"
    "  ccheck consumers verify sensor.sys\n"
    "  ccheck consumers list builtin:linux-lts\n",
)
def command() -> None:
    """List the driver builds in the field, with facts out of the driver itself."""


@command.command("list", epilog="\b\nExample:\n  ccheck consumers list builtin:linux-lts\n")
@click.argument("consumers", metavar="[FILE|builtin:NAME]", required=False, type=ConsumersFile())
def list_builds(consumers: Path | None) -> int:
    """List the builds of a file; without one, the files of builds that ccheck ships."""
    if consumers is None:
        for name in shipped_names():
            listed = load_consumers(consumers_path(name))
            formats = dict.fromkeys(one for build in listed.builds for one in build.formats or ())
            click.echo(f"{name:<20} {counted(len(listed.builds), 'build')} for {', '.join(formats)}")
        return PASS
    of_file = load_consumers(consumers)
    for build in of_file.builds:
        stated = [known.name for known in every() if any(map(build.states, known.facts))]
        reads = ", ".join(stated if build.formats is None else build.formats) or "states no facts"
        window = f"supported from {build.supported_from}"
        window += f" to {build.supported_until}" if build.supported_until else ""
        click.echo(printable(f"{build.name:<20} {build.version}, {build.platform}: {reads}; {window}"))
    for one in of_file.unknown:
        click.echo(printable(f"{one.name:<20} unknown: {', '.join(one.formats)}; {one.why}"))
    return PASS


@command.command("show", epilog="\b\nExample:\n  ccheck consumers show builtin:linux-lts > consumers.toml\n")
@click.argument("shipped", metavar="builtin:NAME")
@click.argument("builds", metavar="[BUILD]...", nargs=-1)
def show(shipped: str, builds: tuple[str, ...]) -> int:
    """Print a file of builds that ccheck ships: its facts, and where each was read.

    BUILD is the name of a build of it; without one, all are printed.
    """
    if shipped not in shipped_names():
        names = ", ".join(shipped_names())
        raise click.UsageError(f"ccheck ships no {shown(shipped)}; it ships {names}")
    path = consumers_path(shipped)
    listed = [build.name for build in load_consumers(path).builds]
    for name in builds:
        if name not in listed:
            raise click.UsageError(f"{shipped} has no build {shown(name)}{did_you_mean(name, listed)}")
    head, *parts = re.split(r"(?=^\[\[consumer\]\])", read_regular_text(path), flags=re.MULTILINE)
    chosen = [part for name, part in zip(listed, parts, strict=True) if not builds or name in builds]
    click.echo("".join((head, *chosen)), nl=False)
    return PASS


@command.command(
    "add",
    epilog="\b\nExample:\n  ccheck consumers add sensor.sys --name 7.16 --from 2024-08-09\n",
)
@click.argument("drivers", metavar="DRIVER...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--name", required=True, metavar="NAME", help="How findings call the build.")
@click.option("--version", metavar="VERSION", help="Its version.  [default: the name]")
@click.option("--from", "since", callback=day, metavar="YYYY-MM-DD", help="The first day of support.")
@click.option("--until", callback=day, metavar="YYYY-MM-DD", help="The last day of support.")
@click.option(
    "--platform", type=click.Choice(PLATFORMS), help="The platform, where the headers of the file do not say."
)
@_FILE
def add(
    drivers: tuple[Path, ...],
    name: str,
    version: str | None,
    since: date | None,
    until: date | None,
    platform: str | None,
    consumers: Path,
) -> int:
    """Read the facts of a build out of its files, and write them into consumers.toml.

    DRIVER is a PE, ELF or Mach-O file, a kernel module too, that was compiled with ccheck_contract.h
    (`ccheck generate header`). Of each count and limit the least in all files counts. A build that is listed
    already keeps its other keys.
    """
    try:
        read = [read_driver(path) for path in drivers]
        facts = facts_of(read)
    except DriverError as wrong:
        raise click.UsageError(printable(str(wrong))) from wrong
    others = sorted({one.build for driver in read for one in driver.records if one.build not in ("", name)})
    if others:
        raise click.UsageError(
            printable(f"its records say that it is {others[0]} (CCHECK_BUILD): give --name {others[0]}")
        )
    builds = load_consumers(consumers).builds if consumers.exists() else ()
    known = next((one for one in builds if one.name == name), None)
    if known is None and since is None:
        raise click.UsageError("--from: the first day of support is required for a new build")
    if since is not None and until is not None and until < since:
        raise click.UsageError(f"--until: {until} is before {since}, its first day")
    build = Build(
        name,
        version or name,
        *_properties(read, platform, known),
        since,
        until,
        [(one.file, one.sha256) for one in read],
        facts,
    )
    try:
        done = write_build(consumers, build)
    except (NotInstalled, ValueError) as wrong:
        raise click.UsageError(printable(str(wrong))) from wrong
    records = sum(len(one.records) for one in read)
    click.echo(f"{done} {printable(name)} in {printable(str(consumers))}: {counted(records, 'record')}")
    for place, value in facts.items():
        click.echo(f"  {printable(fact_words(place, value))}")
    return PASS


def _properties(
    drivers: Sequence[Driver], platform: str | None, known: Consumer | None
) -> tuple[str, int, str]:
    """Returns platform, pointer bits and byte order of a build; `known`: the build as it is listed."""
    said = sorted({(one.platform, one.pointer_bits, one.byte_order) for one in drivers})
    if len(said) > 1:
        raise click.UsageError("the files are of several platforms: add each as a build of its own")
    ((found, bits, order),) = said
    if found and platform is not None and found != platform:
        raise click.UsageError(f"--platform {platform}: the headers say {found}")
    chosen = found or platform
    if chosen is None:
        raise click.UsageError(
            "the headers name no platform that ccheck knows, or several: say which with --platform"
        )
    if known is not None and (known.platform, known.pointer_bits) != (chosen, bits or known.pointer_bits):
        raise click.UsageError(
            f"{known.name} is listed as a build for {known.platform} with {known.pointer_bits} bits,"
            f" and the driver is for {chosen}: give it another --name"
        )
    return chosen, bits or (32 if chosen.endswith(("x86", "arm", "ppc")) else 64), order or "little"


@command.command("verify")
@click.argument("drivers", metavar="DRIVER...", nargs=-1, required=True, type=click.Path(path_type=Path))
@_FILE
def verify(drivers: tuple[Path, ...], consumers: Path) -> int:
    """Compare consumers.toml with the drivers that its facts were read out of.

    Exit status 0 means that each file is the one that a build lists, that the facts of each such build are
    those of its files, and that every build which lists files was compared.
    """
    listed = load_consumers(consumers)
    try:
        read = [read_driver(path) for path in drivers]
    except DriverError as wrong:
        raise click.UsageError(printable(str(wrong))) from wrong
    problems = driver_problems(listed.builds, read)
    differing = {one.build for one in problems}
    compared = sum(bool(build.binaries) and build.name not in differing for build in listed.builds)
    if not any(build.binaries for build in listed.builds):
        problems.append(DriverProblem("", f"no build in {consumers} lists files"))
    for problem in problems:
        click.echo(printable(str(problem)))
    click.echo(f"{counted(compared, 'build')} verified, {counted(len(problems), 'problem')}")
    return FINDINGS if problems else PASS
