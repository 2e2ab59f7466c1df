"""What a command judges files with, put together from its options and ccheck.toml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack

import click

from ccheck.config.options import (
    CheckNames,
    Options,
    ResolvedOptions,
    is_schema_file,
    resolve_options,
)
from ccheck.config.user_schema import UserSchema, UserSchemaError, load_user_schema
from ccheck.core.check import Check
from ccheck.core.consumers import Consumers
from ccheck.core.contract import reads, require_facts
from ccheck.core.finding import Finding, Severity
from ccheck.core.input import InputError, read_input
from ccheck.core.shipped_consumers import is_shipped
from ccheck.core.subject import CheckContext, Definitions
from ccheck.formats import registry as formats
from ccheck.formats.check_table import CHECKS
from ccheck.formats.fast_path import FastPath
from ccheck.formats.registry import SCHEMAS
from ccheck.judging import generated_fast_path as own
from ccheck.judging.context import ValidationContext
from ccheck.judging.crash import ExaminationCrashed, examination
from ccheck.judging.judge import MAX_FINDINGS, Policy, examine, judge
from ccheck.text.quoting import did_you_mean
from ccheck_schemas.schema import Schema


def prepare(**options: Unpack[Options]) -> ValidationContext:
    """Puts options and ccheck.toml together; an option wins over the file.

    Raises:
        ConfigurationError: something that was named cannot be used. click.UsageError: the same, or two
            options contradict each other.
    """
    schema = options.get("schema")
    schemas, checks, chosen, user = _schemas(schema)
    _require_schemas(options.get("allow_not_looked_into", ()), chosen)
    resolved = resolve_options(CheckNames(checks), **options)
    parts = () if chosen is None else (chosen, *chosen.contents)
    if chosen is not None and not any(one.facts for one in parts) and options.get("consumers") is not None:
        raise click.UsageError(
            f"--consumers: files of {chosen.name} are compared with no facts of driver builds"
        )
    if resolved.consumers is not None:
        named = None if chosen is None else chosen.name
        in_use = formats.facts_in_use() | {one.name: one.facts for one in parts}
        required = chosen is None or chosen.builds_required
        require_facts(resolved.consumers, in_use, named, builds_required=required)
        if chosen is not None and not required and options.get("consumers") is not None:
            _require_reader(resolved.consumers, chosen)
    if resolved.target is not None:
        try:
            for known in schemas:
                if known.target is not None:
                    known.target(resolved.target)
        except ValueError as bad:
            raise click.UsageError(f"--target: {bad}") from bad
    validation = ValidationContext(
        schemas=schemas,
        checks=checks,
        schema=chosen,
        context=CheckContext(
            resolved.on,
            (),
            resolved.consumers,
            resolved.target,
            resolved.allowed,
            canonical=options.get("canonical", False),
        ),
        policy=_policy(resolved),
        max_size=resolved.max_size,
        own_exercise=None if user is None else user.exercise,
        project=resolved.project,
        schema_file=schema if schema is not None and is_schema_file(schema) else None,
        file_timeout=resolved.file_timeout,
    )
    judged = _definitions(resolved.definitions, validation)
    way: FastPath | None
    if validation.context.canonical:
        way = None  # it makes no check that is made on request
    elif user is not None:
        way = own.made(user, resolved.consumers, resolved.on).way
    else:
        way = formats.fast_path(schema, resolved.consumers, resolved.on, resolved.definitions)
    return replace(
        validation,
        context=replace(validation.context, definitions=judged),
        fast_path=way,
        per_build=_per_build(resolved, validation, options.get("per_build", False)),
    )


def _require_reader(consumers: Consumers, schema: Schema) -> None:
    """Refuses builds of which none reads files of the schema: nothing would be compared."""
    parts = (schema, *schema.contents)
    if not any(reads(build, one) for build in consumers.builds for one in parts):
        raise click.UsageError(f"--consumers: no build of {consumers.path} reads files of {schema.name}")


def _per_build(
    resolved: ResolvedOptions, validation: ValidationContext, asked: bool | None
) -> dict[str, tuple[Definitions, ...]] | None:
    """Returns the definitions as each supported build alone judges them; None if that was not requested.

    It is the default for builds that ccheck ships.
    """
    consumers = resolved.consumers
    if asked is False or (asked is None and (consumers is None or not is_shipped(consumers.file))):
        return None
    if consumers is None:
        raise click.UsageError("--per-build: no consumers were named: give --consumers FILE")
    found = {}
    for build in consumers.supported(resolved.on):
        context = replace(validation.context, consumers=replace(consumers, builds=(build,)))
        found[build.name] = _definitions(resolved.definitions, replace(validation, context=context))
    return found


def _schemas(
    name: str | None,
) -> tuple[Sequence[Schema], Sequence[Check], Schema | None, UserSchema | None]:
    if name is None:
        return SCHEMAS, CHECKS, None, None
    if is_schema_file(name):
        try:
            user = load_user_schema(Path(name))
        except UserSchemaError as fault:
            raise click.UsageError(str(fault)) from fault
        return SCHEMAS, CHECKS.joined(user.checks, user.schema.name), user.schema, user
    known = formats.named(name)
    if known is not None:
        return SCHEMAS, CHECKS, known.schema, None
    every = [known.name for known in formats.every()]
    names, near = ", ".join(every), did_you_mean(name, every)
    more = "".join(f"; {problem}" for problem in formats.plugins().problems)
    raise click.UsageError(
        f"schema {name!r} is not known; known are {names}, or a path to a Python file{near}{more}"
    )


def _require_schemas(named: Sequence[str], chosen: Schema | None) -> None:
    """Refuse a name that is that of no schema: it would allow nothing, and say nothing."""
    parts = () if chosen is None else (chosen, *chosen.contents)
    known = [*(one.name for one in parts), *(known.name for known in formats.every())]
    for name in named:
        if name not in known:
            raise click.UsageError(
                f"--allow-not-looked-into: {name!r} is no schema that files are judged by; known are "
                f"{', '.join(dict.fromkeys(known))}"
            )


def _policy(resolved: ResolvedOptions) -> Policy:
    project = resolved.project
    most = resolved.max_findings or MAX_FINDINGS
    if project is None:
        return Policy(max_findings=most)
    if not project.suppressions:
        return Policy(dict(project.severities), max_findings=most)

    def suppression(finding: Finding, file: str) -> tuple[str, str] | None:
        entry = project.suppression_for(finding, file, resolved.on)
        return None if entry is None else (entry.reason, entry.expires.isoformat())

    return Policy(dict(project.severities), suppression, most)


def _definitions(paths: Sequence[Path], validation: ValidationContext) -> tuple[Definitions, ...]:
    """Read and judge the definitions; their own errors are handed to the checks of what is judged by them."""
    found = []
    for path in paths:
        try:
            data = read_input(path)
        except InputError as fault:
            raise click.UsageError(f"definitions {path}: {fault.detail}") from fault
        try:
            with examination():
                subject = examine(data, path.name, validation.context, validation.schemas, validation.schema)
                report = judge(subject, str(path), validation.checks, validation.policy)
        except ExaminationCrashed as crash:
            raise click.UsageError(f"definitions {path}: it failed: {crash.detail}") from crash
        if subject.content is None:
            raise click.UsageError(f"definitions {path}: the content is of no known format")
        errors = dict.fromkeys(f.check for f in report.findings if f.severity is Severity.ERROR)
        broken = subject.reading is None or bool(subject.reading.counts)
        found.append(Definitions(str(path), subject.content, tuple(errors), broken, data))
    return tuple(found)
