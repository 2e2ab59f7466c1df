"""Driver builds as consumers.toml lists them, compared with the drivers' own files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ccheck.config.driver_binary import Driver, DriverError, facts_of, read_driver
from ccheck.core.consumers import Consumer, Value
from ccheck_schemas.build_facts import FactKind


@dataclass(frozen=True, slots=True)
class DriverProblem:
    """A difference.

    Attributes:
        build: The name of the build; empty for a file that is of no build.
        what: What differs, in one line.
    """

    build: str
    what: str

    def __str__(self) -> str:
        """Returns the problem as one line."""
        return f"{self.build}: {self.what}" if self.build else self.what


def driver_problems(builds: Sequence[Consumer], drivers: Sequence[Driver]) -> list[DriverProblem]:
    """Returns how files differ from the builds that list them; none for builds that list no files.

    Args:
        builds: The builds.
        drivers: The files of all of them.
    """
    problems = []
    for driver in drivers:
        if not any((driver.file, driver.sha256) in build.binaries for build in builds):
            owners = [build.name for build in builds if driver.file in dict(build.binaries)]
            why = (
                f"is not the file that {owners[0]} lists: its digest differs"
                if owners
                else "is listed by no build"
            )
            problems.append(DriverProblem("", f"{driver.file} {why}"))
    for build in builds:
        if build.binaries:
            problems += [DriverProblem(build.name, one) for one in _differences(build, drivers)]
    return problems


def folder_problems(builds: Sequence[Consumer], folder: Path) -> list[DriverProblem]:
    """Returns how the drivers in a folder differ from builds, each of which must list its files."""
    drivers, problems = [], []
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as fault:
        return [DriverProblem("", f"{folder} cannot be read: {fault.strerror}")]
    for path in paths:
        try:
            drivers.append(read_driver(path))
        except DriverError as wrong:
            problems.append(DriverProblem("", str(wrong)))
    problems += driver_problems(builds, drivers)
    problems += [
        DriverProblem(build.name, "it lists no files that its facts were read out of")
        for build in builds
        if not build.binaries
    ]
    return problems


def _differences(build: Consumer, drivers: Sequence[Driver]) -> Iterator[str]:
    own = [one for one in drivers if (one.file, one.sha256) in build.binaries]
    missing = sorted(set(build.binaries) - {(one.file, one.sha256) for one in own})
    if missing:
        yield f"not compared: {', '.join(file for file, _ in missing)} is not given, or is another file"
        return
    try:
        facts = facts_of(own)
    except DriverError as wrong:
        yield str(wrong)
        return
    for place, value in facts.items():
        if place not in build.facts:
            yield f"{fact_words(place, value)} in the driver, and is not listed"
        elif _plain(build.facts[place]) != _plain(value):
            listed = fact_words(place, build.facts[place])
            yield f"{fact_words(place, value)} in the driver, {listed} in the file"
    for place, value in build.facts.items():
        if place not in facts and place[0] is not FactKind.SWITCH:
            yield f"{fact_words(place, value)} is listed, and no record of the driver says so"


def _plain(value: Value) -> object:
    return frozenset(value) if isinstance(value, tuple) else value


def fact_words(place: tuple[FactKind, str, str], value: Value) -> str:
    """Returns a fact in words, such as ``counts.inputs.IPC = 20``."""
    kind, name, key = place
    words = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value).lower()
    return f"{'.'.join(part for part in (kind.value, name, key) if part)} = {words}"
