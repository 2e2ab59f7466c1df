"""A signed verdict compared with files and a policy: what `ccheck verify` does."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click

from ccheck.config.gate_policy import GatePolicy
from ccheck.config.project import Project, load_project
from ccheck.core.input import MAX_SIZE, InputError, read_input
from ccheck.release.gate.release import ReleaseError, ReleaseFile, read_release
from ccheck.release.verdict.envelope import MAX_BYTES, NotTrusted, unseal
from ccheck.release.verdict.keys import KeyFault, public_key
from ccheck.release.verdict.statement import Expected, objections


class VerdictRefused(Exception):
    """A verdict that does not let these files out.

    Args:
        why: The reasons, one line each, at least one.
    """

    def __init__(self, why: Sequence[str]) -> None:
        super().__init__("; ".join(why))
        self.why = tuple(why)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verdict says, and the files as they were read for the comparison."""

    predicate: Mapping[str, Any]
    files: tuple[ReleaseFile, ...]


def verified(
    verdict: Path,
    paths: Sequence[str],
    key: Path,
    *,
    on: date | None = None,
    config: Path | None = None,
    baseline: Path | None = None,
    definitions: Sequence[Path] = (),
    consumers: Path | None = None,
    target: str | None = None,
    exclude: Sequence[str] = (),
) -> Verified:
    """The verdict, if this key signed it, it passes and counts on that day, and is about exactly these files.

    Args:
        verdict: The path of the verdict.
        paths: Files and folders of the release.
        key: The path of the public key.
        on: The day; today by default.
        config: The ccheck.toml whose policy the verdict must have.
        baseline: The baseline that the verdict must have used.
        definitions: The definitions that it must have used.
        consumers: The driver builds that it must have used.
        target: The consumer version that it must have judged for.
        exclude: Globs of files to leave out.

    Raises:
        Refused: The verdict does not let these files out. click.UsageError: Something cannot be read.
        ConfigurationError: The ccheck.toml cannot be used.
    """
    project = None if config is None else load_project(config, known_checks=None, folders=False)
    try:
        trusted = public_key(key)
        limit = None if project is None else project.max_size
        files = read_release(paths, exclude, limit or MAX_SIZE)
        expected = _expected(project, baseline, definitions, consumers, target)
        data = read_input(verdict, MAX_BYTES)
    except InputError as fault:
        raise click.UsageError(fault.detail) from fault
    except (KeyFault, ReleaseError) as refused:
        raise click.UsageError(str(refused)) from refused
    try:
        told = unseal(data, trusted)
    except NotTrusted as wrong:
        raise VerdictRefused([str(wrong)]) from wrong
    found = objections(told, files, on or date.today(), expected)
    if found:
        raise VerdictRefused(found)
    return Verified(told["predicate"], files)


def _expected(
    project: Project | None,
    baseline: Path | None,
    definitions: Sequence[Path],
    consumers: Path | None,
    target: str | None,
) -> Expected:
    """All that ccheck.toml says, and what was named.

    Raises:
        InputError: A file cannot be read.
    """
    materials: dict[str, Any] = {}
    if project is not None:
        materials["ccheck.toml"] = project.sha256
        definitions = definitions or project.definitions
        consumers = consumers or project.consumers
        target = target or project.sysmon_target
    if project is not None or definitions:
        materials["definitions"] = [_digest(path) for path in definitions]
    if project is not None or consumers is not None:
        materials["consumers"] = None if consumers is None else _digest(consumers)
    if project is not None or target is not None:
        materials["target"] = target
    if baseline is not None:
        # Not that of ccheck.toml: by the day of shipping it may know this release.
        materials["baseline"] = _digest(baseline)
    return Expected(None if project is None else project.gate or GatePolicy(), materials)


def _digest(path: Path) -> str:
    return hashlib.sha256(read_input(path)).hexdigest()
