"""What a command validates files with: schemas, checks and policy, from its options and ccheck.toml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from ccheck.config.options import (
    FILE_TIMEOUT,
    CheckNames,
    Options,
    ResolvedOptions,
    configuration_name,
    is_schema_file,
    resolve_options,
)
from ccheck.config.project import Project
from ccheck.config.user_schema import UserSchema, UserSchemaError, load_user_schema
from ccheck.core.check import Check
from ccheck.core.contract import reads, require_facts
from ccheck.core.finding import FileReport, Finding, Severity
from ccheck.core.input import STANDARD_INPUT, InputError, read_input
from ccheck.core.subject import CheckContext, Definitions, Subject
from ccheck.formats import registry as formats
from ccheck.formats.check_table import CHECKS
from ccheck.formats.fast_path import FastPath
from ccheck.formats.registry import FORMATS, SCHEMAS
from ccheck.judging import generated_fast_path as own
from ccheck.judging.crash import ExaminationCrashed, crashed, crashed_subject, examination, running
from ccheck.judging.judge import MAX_FINDINGS, Policy, examine, judge
from ccheck.text.quoting import did_you_mean
from ccheck_schemas.schema import Schema

if TYPE_CHECKING:
    # Judging does without the interpreter.
    from ccheck.formats.exercise.outcome import Exercise


@dataclass(frozen=True)
class ValidationContext:
    """All that a run validates files with.

    Attributes:
        schema: The schema that was named, or None to recognise each file by its content.
        fast_path: How good files pass without all checks, or None.
        own_exercise: The interpreter that a schema file has for its format.
        project: The ccheck.toml that was used, or None.
        schema_file: The Python file that was named for the schema, or None.
        file_timeout: Seconds for which code that is not ccheck's own may examine one file.
    """

    schemas: Sequence[Schema]
    checks: Sequence[Check]
    schema: Schema | None
    context: CheckContext
    policy: Policy
    max_size: int
    fast_path: FastPath | None = None
    own_exercise: Exercise | None = None
    project: Project | None = None
    schema_file: str | None = None
    file_timeout: float = FILE_TIMEOUT

    @property
    def configuration(self) -> str:
        """The path of the ccheck.toml that was used, as reports name it; empty if none was."""
        return configuration_name(self.project)

    @property
    def sources(self) -> tuple[str | Path, ...]:
        """The files that it was put together from: ccheck.toml, the schema, definitions, consumers."""
        consumers = self.context.consumers
        return (
            *(() if self.project is None else (self.project.path,)),
            *(() if self.schema_file is None else (self.schema_file,)),
            *(one.path for one in self.context.definitions),
            *(() if consumers is None else (consumers.path,)),
        )

    def exercise(self, schema: Schema) -> Exercise | None:
        """Runs files of a format in the interpreter; None without one."""
        from ccheck.formats.interpreters import EXERCISES

        return (
            self.own_exercise if schema is self.schema and self.own_exercise else EXERCISES.get(schema.name)
        )

    @property
    def isolated(self) -> bool:
        """Whether code that is not ccheck's own judges: it may end the process that runs it."""
        if self.schema_file is not None:
            return True
        if self.schema is not None and any(self.schema.name == known.name for known in FORMATS):
            return False
        return bool(formats.plugins().formats)

    @property
    def time_limit(self) -> float | None:
        """Seconds for which one file may be examined; None if only ccheck's own code does."""
        return self.file_timeout if self.isolated else None

    def bytes_of(self, path: str) -> bytes | InputError:
        """Read the bytes of a file, or say why they cannot be read."""
        try:
            return read_input(path, self.max_size)
        except InputError as fault:
            return fault

    def report(self, path: str, data: bytes | InputError | None = None) -> FileReport:
        """Judge one file. What a schema or a check raises is an error of this file.

        Args:
            path: The path as the user named it.
            data: Its bytes, or why there are none, if the file was read before.
        """
        if data is None:
            data = self.bytes_of(path)
        try:
            with examination():
                if isinstance(data, InputError):
                    return judge(self._refused(_base(path), data), path, self.checks, self.policy)
                return self.judged(data, _base(path), path)
        except ExaminationCrashed as crash:
            return self.crashed(path, data, crash.detail)

    def crashed(self, path: str, data: bytes | InputError, detail: str) -> FileReport:
        """Report a file whose examination failed.

        Args:
            path: The path as the user named it.
            data: Its bytes, or why there are none.
            detail: The failure, in words.
        """
        return crashed(self._crashed(path, data, detail, self.schemas), path, self.checks)

    def lost(self, path: str, data: bytes | InputError, detail: str, stack: str = "") -> FileReport:
        """Report a file that ended the process which examined it, or had to be ended.

        No code that is not ccheck's own looks at it again, not even to recognise it.

        Args:
            path: The path as the user named it.
            data: Its bytes, or why there are none.
            detail: The failure, in words.
            stack: The stack of the process that ended, as far as it is known.
        """
        who = running(stack, self.checks, self.schema)
        detail = f"{detail} in {who}" if who else detail
        own = [known.schema for known in FORMATS if isinstance(data, bytes) and known.recognise(data)]
        return crashed(self._crashed(path, data, detail, own[:1]), path, self.checks)

    def late(self, path: str, data: bytes | InputError, stack: str) -> FileReport:
        """Report a file whose examination took longer than `file_timeout`.

        Args:
            path: The path as the user named it.
            data: Its bytes, or why there are none.
            stack: The stack of the process that was ended, as far as it is known.
        """
        who = running(stack, self.checks, self.schema) or "it"
        more = "--file-timeout, or file_timeout under [limits] in ccheck.toml, gives more time"
        return self.lost(path, data, f"{who} still ran after {self.file_timeout:g} s; {more}")

    def passed(self, path: str, data: bytes | None = None) -> FileReport | None:
        """Report a file that passes on the fast path; None if that is not certain.

        Args:
            path: The path as the user named it.
            data: Its bytes, if the file was read before.
        """
        if self.fast_path is None or path == STANDARD_INPUT:
            return None
        content = self.bytes_of(path) if data is None else data
        return None if isinstance(content, InputError) else self.fast_path.report(content, _base(path), path)

    def judged(self, data: bytes, name: str, path: str) -> FileReport:
        """Judge bytes: by the fast path if there is one, else by all checks on the content in question.

        Args:
            data: The bytes of the file.
            name: The file's base name.
            path: The path for the report.
        """
        if self.fast_path is None:
            return judge(self._examined(name, data), path, self.checks, self.policy)
        passed = self.fast_path.report(data, name, path)
        if passed is not None:
            return passed
        subject = examine(data, name, self.context, self.schemas, self.schema, self.fast_path.narrow)
        return judge(subject, path, self.checks, self.policy)

    def subject(self, path: str) -> Subject:
        """Read one file. What a schema raises is an error of this file."""
        data = self.bytes_of(path)
        if isinstance(data, InputError):
            return self._refused(_base(path), data)
        try:
            with examination():
                return self._examined(_base(path), data)
        except ExaminationCrashed as crash:
            return self._crashed(path, data, crash.detail, self.schemas)

    def _crashed(
        self, path: str, data: bytes | InputError, detail: str, schemas: Sequence[Schema]
    ) -> Subject:
        known = b"" if isinstance(data, InputError) else data
        return crashed_subject(_base(path), known, self.context, self.schema, schemas, detail)

    def _refused(self, name: str, fault: InputError) -> Subject:
        return Subject(name, b"", self.context, problem=fault.problem, detail=fault.detail)

    def _examined(self, name: str, data: bytes) -> Subject:
        return examine(data, name, self.context, self.schemas, self.schema)


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
    if chosen is not None and not chosen.facts and options.get("consumers") is not None:
        raise click.UsageError(
            f"--consumers: files of {chosen.name} are compared with no facts of driver builds"
        )
    if resolved.consumers is not None:
        named = None if chosen is None else chosen.name
        in_use = formats.facts_in_use() | ({} if chosen is None else {chosen.name: chosen.facts})
        required = chosen is None or chosen.builds_required
        require_facts(resolved.consumers, in_use, named, builds_required=required)
        if not required and chosen is not None and options.get("consumers") is not None:
            if not any(reads(build, chosen) for build in resolved.consumers.builds):
                raise click.UsageError(f"--consumers: no build of {resolved.consumers.path} reads {named} files")
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
        context=CheckContext(resolved.on, (), resolved.consumers, resolved.target, resolved.allowed),
        policy=_policy(resolved),
        max_size=resolved.max_size,
        own_exercise=None if user is None else user.exercise,
        project=resolved.project,
        schema_file=schema if schema is not None and is_schema_file(schema) else None,
        file_timeout=resolved.file_timeout,
    )
    judged = _definitions(resolved.definitions, validation)
    if user is not None:
        way: FastPath | None = own.made(user, resolved.consumers, resolved.on).way
    else:
        way = formats.fast_path(schema, resolved.consumers, resolved.on, resolved.definitions)
    return replace(validation, context=replace(validation.context, definitions=judged), fast_path=way)


def _base(path: str) -> str:
    """The base name of a file, empty for standard input."""
    return "" if path == STANDARD_INPUT else Path(path).name


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
    known = [*(() if chosen is None else (chosen.name,)), *(known.name for known in formats.every())]
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
