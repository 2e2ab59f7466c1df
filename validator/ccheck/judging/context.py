"""What a command validates files with: schemas, checks and policy."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ccheck.config.options import (
    FILE_TIMEOUT,
    configuration_name,
)
from ccheck.config.project import Project
from ccheck.core.check import Check
from ccheck.core.consumers import Consumer
from ccheck.core.contract import readers, readers_to_run
from ccheck.core.finding import BuildVerdict, FileReport, Finding, Severity
from ccheck.core.input import STANDARD_INPUT, InputError, read_input
from ccheck.core.subject import CheckContext, Definitions, Subject
from ccheck.formats import registry as formats
from ccheck.formats.fast_path import FastPath
from ccheck.formats.registry import FORMATS
from ccheck.judging.alike import Alike
from ccheck.judging.crash import ExaminationCrashed, crashed, crashed_subject, examination, running
from ccheck.judging.judge import Policy, examine, judge
from ccheck.text.quoting import counted
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
        per_build: The definitions as each supported driver build alone judges them, by the name of the build;
            None if no verdict for each build was requested.
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
    per_build: Mapping[str, tuple[Definitions, ...]] | None = None

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
            *(() if consumers is None else (consumers.file,)),
        )

    def exercise(self, schema: Schema) -> Exercise | None:
        """Runs files of a format in the interpreter; None without one."""
        from ccheck.formats.interpreters import EXERCISES

        return (
            self.own_exercise if schema is self.schema and self.own_exercise else EXERCISES.get(schema.name)
        )

    def is_run_by_build(self, schema: Schema) -> bool:
        """Whether a format is run as the builds that are named, and not in readers of its own."""
        known = formats.named(schema.name)
        return known is None or known.schema is not schema or known.runs_by_build

    def builds_to_run(self, schema: Schema) -> tuple[Consumer, ...]:
        """Returns the supported builds that files of a format are run under; none where none were named.

        Raises:
            NoReader: Builds were named, and none of them can run the file.
        """
        find = readers_to_run if self.is_run_by_build(schema) else readers
        return find(self.context.consumers, schema, self.context.on)

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
                if self.per_build is None:
                    return self.judged(data, _base(path), path)
                # Code of the user's is asked again for each build: it may do otherwise.
                alike = None if self.isolated else Alike()
                subject = self._examined(_base(path), data)
                subject = subject if alike is None else replace(subject, amounts={})
                report = judge(subject, path, self.checks, self.policy, alike)
                return replace(report, builds=tuple(self._by_build(subject, report, self.per_build, alike)))
        except ExaminationCrashed as crash:
            return self.crashed(path, data, crash.detail)

    def _by_build(
        self,
        subject: Subject,
        whole: FileReport,
        definitions: Mapping[str, tuple[Definitions, ...]],
        alike: Alike | None,
    ) -> Iterator[BuildVerdict]:
        """Yields the verdict on a file for each driver build that reads its format, from one reading.

        Args:
            subject: The file.
            whole: The report for all builds. What code of the user's says of no build counts for each: such
                code may do otherwise when it judges the same content again.
            definitions: The definitions as each build alone judges them.
            alike: What checks said of the file that is the same for all builds.
        """
        errors = (one for one in whole.findings if one.severity is Severity.ERROR)
        shared = tuple(one for one in errors if not _is_of_build(one)) if self.isolated else ()
        consumers = self.context.consumers
        if subject.schema is None or consumers is None:
            return
        for build in readers(consumers, subject.schema, self.context.on):
            alone = replace(consumers, builds=(build,))
            context = replace(self.context, consumers=alone, definitions=definitions[build.name])
            report = judge(replace(subject, context=context), whole.path, self.checks, self.policy, alike)
            if report.verdict == "pass" and shared:
                report = replace(report, findings=shared)
            yield _verdict_for(build, report)
        for other in consumers.unknown_for(subject.schema.name):
            yield BuildVerdict(other.name, "", "unknown", why=other.why)

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
        if self.fast_path is None or path == STANDARD_INPUT or self.per_build is not None:
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


def _base(path: str) -> str:
    """The base name of a file, empty for standard input."""
    return "" if path == STANDARD_INPUT else os.path.basename(path)  # noqa: PTH119 - asked of every file


def _verdict_for(build: Consumer, report: FileReport) -> BuildVerdict:
    """Returns the verdict for a build, of a report that was made for it alone.

    What the build's own facts say comes first.
    """
    errors = sorted(
        (one for one in report.findings if one.severity is Severity.ERROR),
        key=lambda one: not _is_of_build(one),
    )
    failures = [*((one.check, one.message) for one in errors), *report.gaps]
    checks = tuple(dict.fromkeys(name for name, _ in failures))
    aside = len(report.suppressed) + report.suppressed_beyond
    aside += sum(one.severity is not Severity.ERROR and _is_of_build(one) for one in report.findings)
    more = f" (and {len(failures) - 1:,} more)" if len(failures) > 1 else ""
    why = f"{failures[0][1]}{more}" if failures else f"{counted(aside, 'finding')} set aside" if aside else ""
    by = "build" if any(map(_is_of_build, errors)) else "ccheck" if failures else ""
    return BuildVerdict(build.name, build.platform, report.verdict, checks, why, by)


def _is_of_build(finding: Finding) -> bool:
    """Returns whether a finding is about driver builds."""
    return any(place.build for place in finding.related)
