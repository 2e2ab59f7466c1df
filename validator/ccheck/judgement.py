"""What a command judges by: schemas, checks, setting and policy, out of options and ccheck.toml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import click

from ccheck.check import Check
from ccheck.checks import CHECKS
from ccheck.consumers import Consumers, load_consumers
from ccheck.finding import FileReport, Finding, Severity
from ccheck.intake import MAX_SIZE, STANDARD_INPUT, NotTaken, take
from ccheck.project import Project, find_project, load_project
from ccheck.subject import Definitions, Setting, Subject
from ccheck.user_schema import UserSchemaError, is_schema_file, load_user_schema
from ccheck.validate import MAX_FINDINGS, Policy, examine, judge
from ccheck_schemas.formats import sysmon_tables
from ccheck_schemas.schema import Schema
from ccheck_schemas.table import SCHEMAS


@dataclass(frozen=True)
class Judgement:
    """All that files are judged by. schema: the one that was named, or None to recognise each file by its
    content.
    """

    schemas: tuple[Schema, ...]
    checks: tuple[Check, ...]
    schema: Schema | None
    setting: Setting
    policy: Policy
    max_size: int

    def report(self, path: str) -> FileReport:
        """Read and judge one file."""
        return judge(self.subject(path), path, self.checks, self.policy)

    def subject(self, path: str) -> Subject:
        """Read one file."""
        name = "" if path == STANDARD_INPUT else Path(path).name
        try:
            data = take(path, self.max_size)
        except NotTaken as fault:
            return Subject(name, b"", self.setting, obstacle=fault.obstacle, detail=fault.detail)
        return examine(data, name, self.setting, self.schemas, self.schema)


def prepare(
    *,
    schema: str | None = None,
    config: Path | None = None,
    use_config: bool = True,
    definitions: Sequence[Path] = (),
    consumers: Path | None = None,
    target: str | None = None,
    on: date | None = None,
    max_size: int | None = None,
    max_findings: int | None = None,
) -> Judgement:
    """Put options and ccheck.toml together; an option wins over the file.

    config: the ccheck.toml to use, else the nearest above the working directory. on: the day of judgement,
    today without it. Raises ConfigurationError or click.UsageError when something that was named cannot be
    used.
    """
    on = on or date.today()
    schemas, checks, chosen = _schemas(schema)
    project = _project(config, use_config, checks, on)
    if project is not None:
        definitions = definitions or project.definitions
        consumers = consumers or project.consumers
        target = target or project.sysmon_target
    if target is not None:
        try:
            sysmon_tables.target(target)
        except ValueError as bad:
            raise click.UsageError(f"--target: {bad}") from bad
    builds: Consumers | None = load_consumers(_near(consumers)) if consumers is not None else None
    judgement = Judgement(
        schemas=schemas,
        checks=checks,
        schema=chosen,
        setting=Setting(on, (), builds, target),
        policy=_policy(project, on, max_findings),
        max_size=max_size or (project.max_size if project is not None else None) or MAX_SIZE,
    )
    return replace(
        judgement, setting=replace(judgement.setting, definitions=_definitions(definitions, judgement))
    )


def _near(path: Path) -> Path:
    """The path as seen from the working directory, when it lies below: reports then name no folder of this
    machine.
    """
    here = Path.cwd()
    return path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path


def _schemas(name: str | None) -> tuple[tuple[Schema, ...], tuple[Check, ...], Schema | None]:
    if name is None:
        return SCHEMAS, CHECKS, None
    if is_schema_file(name):
        try:
            user = load_user_schema(Path(name))
        except UserSchemaError as fault:
            raise click.UsageError(str(fault)) from fault
        return (*SCHEMAS, user.schema), (*CHECKS, *user.checks), user.schema
    for schema in SCHEMAS:
        if schema.name == name:
            return SCHEMAS, CHECKS, schema
    known = ", ".join(s.name for s in SCHEMAS)
    raise click.UsageError(f"schema {name!r} is not known; known are {known}, or a path to a Python file")


def _project(config: Path | None, use_config: bool, checks: tuple[Check, ...], on: date) -> Project | None:
    path = config or (find_project(Path.cwd()) if use_config else None)
    if path is None:
        return None
    project = load_project(path, known_checks={check.name for check in checks})
    project.require_current(on)
    return project


def _policy(project: Project | None, on: date, max_findings: int | None) -> Policy:
    most = max_findings or (project.max_findings if project is not None else None) or MAX_FINDINGS
    if project is None:
        return Policy(max_findings=most)

    def suppression(finding: Finding, file: str) -> tuple[str, str] | None:
        entry = project.suppression_for(finding, file, on)
        return None if entry is None else (entry.reason, entry.expires.isoformat())

    return Policy(dict(project.severities), suppression, most)


def _definitions(paths: Sequence[Path], judgement: Judgement) -> tuple[Definitions, ...]:
    """Read and judge the definitions; their own errors are handed to the checks of what is judged by them."""
    found = []
    for path in map(_near, paths):
        try:
            data = take(str(path))
        except NotTaken as fault:
            raise click.UsageError(f"definitions {path}: {fault.detail}") from fault
        subject = examine(data, path.name, judgement.setting, judgement.schemas, judgement.schema)
        report = judge(subject, str(path), judgement.checks, judgement.policy)
        if subject.content is None:
            raise click.UsageError(f"definitions {path}: the content is of no known format")
        errors = dict.fromkeys(f.check for f in report.findings if f.severity is Severity.ERROR)
        broken = subject.reading is None or bool(subject.reading.counts)
        found.append(Definitions(str(path), subject.content, tuple(errors), broken))
    return tuple(found)
