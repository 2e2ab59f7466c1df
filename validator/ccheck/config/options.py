"""Options and ccheck.toml combined: what was named, before anything is judged by it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from ccheck.config.project import Project, find_project, load_project
from ccheck.core.consumers import Consumers, load_consumers
from ccheck.core.input import MAX_SIZE
from ccheck.text.quoting import did_you_mean

if TYPE_CHECKING:
    from ccheck.core.check import Check


FILE_TIMEOUT = 300.0
"""Default seconds for which code that is not ccheck's own may examine one file.

A file of 256 MiB takes some minutes on a slow machine.
"""


class Options(TypedDict, total=False):
    """What files are judged by, as the command line and `ccheck.validate` name it.

    Attributes:
        schema: The name of a format or a Python file; otherwise each file is recognised by its content.
        config: The ccheck.toml to use; otherwise, if `use_config`, the nearest above the working directory.
        definitions: Files of template types.
        consumers: The driver builds in the field.
        target: The consumer version to judge for.
        on: The day of judgement, today without it.
        max_size: Bytes of a file.
        max_findings: Findings of one check that are kept for one file.
        file_timeout: Seconds for which code that is not ccheck's own may examine one file.
        allow_not_looked_into: Schemas whose files may pass although an importer left something out of them.
        builds: The names of the driver builds to judge for; all without it.
        per_build: Whether to judge for each driver build alone too; None to do so for shipped builds.
        canonical: Whether to note where a file is not written as its compiler writes it.
    """

    schema: str | None
    config: Path | None
    use_config: bool
    definitions: Sequence[Path]
    consumers: Path | None
    target: str | None
    on: date | None
    max_size: int | None
    max_findings: int | None
    file_timeout: float | None
    allow_not_looked_into: Sequence[str]
    builds: Sequence[str]
    per_build: bool | None
    canonical: bool


@dataclass(frozen=True)
class ResolvedOptions:
    """The resolved options.

    Attributes:
        definitions: The files, relative to the working directory.
        max_size: The bytes of the largest file to read.
        allowed: Schemas whose files may pass although an importer left something out of them.
        file_timeout: The seconds for which code that is not ccheck's own may examine one file.
    """

    project: Project | None
    definitions: tuple[Path, ...]
    consumers: Consumers | None
    target: str | None
    on: date
    max_size: int
    max_findings: int | None
    allowed: frozenset[str] = frozenset()
    file_timeout: float = FILE_TIMEOUT

    @property
    def configuration(self) -> str:
        """The path of the ccheck.toml that was used, as reports name it; empty if none was."""
        return configuration_name(self.project)


def configuration_name(project: Project | None) -> str:
    """The path of a ccheck.toml as reports name it; empty for none."""
    return "" if project is None else str(near(project.path))


class CheckNames(Collection[str]):
    """The names of checks, by default of all checks, loaded only on use: most projects name none."""

    def __init__(self, checks: Iterable[Check] | None = None) -> None:
        self._checks = checks

    def __contains__(self, name: object) -> bool:
        return name in self._names()

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def _names(self) -> tuple[str, ...]:
        from ccheck.formats.check_table import CHECKS

        return tuple(check.name for check in (CHECKS if self._checks is None else self._checks))


def is_schema_file(name: str) -> bool:
    """Returns whether `--schema NAME` names a file and not a format."""
    return name.endswith(".py") or "/" in name or "\\" in name


def refuse_contradiction(config: Path | None, *, use_config: bool) -> None:
    """Checks that two options fit together.

    Raises:
        click.UsageError: A ccheck.toml is named, and none is to be used.
    """
    if config is not None and not use_config:
        raise click.UsageError("--config names a ccheck.toml, and --no-config uses none: give one of them")


def resolve_options(known_checks: Collection[str], **options: Unpack[Options]) -> ResolvedOptions:
    """Puts options and ccheck.toml together; an option wins over the file.

    Args:
        known_checks: Names that the file may give a severity or suppress.
        options: What was named; the schema is not looked at.

    Raises:
        ConfigurationError: something that was named cannot be used. click.UsageError: two options contradict
            each other.
    """
    config, use_config = options.get("config"), options.get("use_config", True)
    refuse_contradiction(config, use_config=use_config)
    on = options.get("on") or date.today()
    path = config or (find_project(Path.cwd()) if use_config else None)
    project = None if path is None else load_project(path, known_checks=known_checks)
    definitions, consumers = options.get("definitions"), options.get("consumers")
    target, allowed = options.get("target"), options.get("allow_not_looked_into", ())
    max_size, max_findings = options.get("max_size"), options.get("max_findings")
    file_timeout = options.get("file_timeout")
    if project is not None:
        project.require_current(on)
        definitions = definitions or project.definitions
        consumers = consumers or project.consumers
        target = target or project.sysmon_target
        max_size = max_size or project.max_size
        max_findings = max_findings or project.max_findings
        file_timeout = file_timeout or project.file_timeout
        allowed = (*allowed, *project.allowed)
    return ResolvedOptions(
        project=project,
        definitions=tuple(map(near, definitions or ())),
        consumers=_builds(None if consumers is None else load_consumers(near(consumers)), options),
        target=target,
        on=on,
        max_size=max_size or MAX_SIZE,
        max_findings=max_findings,
        allowed=frozenset(allowed),
        file_timeout=file_timeout or FILE_TIMEOUT,
    )


def _builds(consumers: Consumers | None, options: Options) -> Consumers | None:
    """Returns the driver builds to judge for.

    Raises:
        click.UsageError: A build that was named is not listed, or no builds were named.
    """
    names = options.get("builds", ())
    if not names:
        return consumers
    if consumers is None:
        raise click.UsageError("no consumers were named: give --consumers FILE")
    return chosen(consumers, names)


def chosen(consumers: Consumers, names: Sequence[str]) -> Consumers:
    """Returns only the builds that were named.

    Raises:
        click.UsageError: One is not listed.
    """
    listed = [build.name for build in consumers.builds]
    for name in names:
        if name not in listed:
            raise click.UsageError(
                f"consumer {name!r} is not listed in {consumers.path}; listed are {', '.join(listed)}"
                f"{did_you_mean(name, listed)}"
            )
    builds = tuple(build for build in consumers.builds if build.name in names)
    return replace(consumers, builds=builds, chosen=True)


def near(path: Path) -> Path:
    """The path relative to the working directory, if inside it: reports then name no local folder."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path
