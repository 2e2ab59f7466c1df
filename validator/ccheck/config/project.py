"""The project's choices, `ccheck.toml`: paths, the severity of findings, and suppressions."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from ccheck.config.path_pattern import field_pattern, file_pattern
from ccheck.core.finding import Severity
from ccheck.core.shipped_consumers import consumers_path
from ccheck.files.regular_file import exists_as_special_file
from ccheck.files.trusted_path import reason_for_distrust
from ccheck.text.quoting import did_you_mean, shown
from ccheck.text.toml_document import ConfigurationError, Problem, read_document
from ccheck.text.toml_table import Table

if TYPE_CHECKING:
    from ccheck.config.gate_policy import GatePolicy
    from ccheck.core.finding import Finding

__all__ = ["FILE_NAME", "ConfigurationError", "Project", "Suppress", "find_project", "load_project"]

FILE_NAME = "ccheck.toml"


@dataclass(frozen=True, slots=True)
class Suppress:
    """One `[[suppress]]` table.

    Attributes:
        expires: The last day on which it counts.
        file: A glob, or None for every file.
        path: A field with or without indexes, or None for every field.
        line: The line of its header in ccheck.toml, from 1.
    """

    check: str
    reason: str
    expires: date
    file: str | None = None
    path: str | None = None
    line: int = 1

    def expired(self, on: date) -> bool:
        """Returns whether its last day lies before `on`."""
        return self.expires < on

    def covers(self, finding: Finding, file: str) -> bool:
        """Returns whether it covers `finding` in `file`, a path with forward slashes, expired or not."""
        return (
            finding.check == self.check
            and (self.file is None or file_pattern(self.file).fullmatch(file) is not None)
            and (self.path is None or field_pattern(self.path).fullmatch(finding.path) is not None)
        )


@dataclass(frozen=True, slots=True)
class Project:
    """The contents of one ccheck.toml. Paths are ready to open. None: the file does not say.

    Attributes:
        path: The path of ccheck.toml, as it was named.
        sha256: The digest of its bytes.
        severities: The changed severities, by check.
        max_size: The bytes of the largest file to read.
        gate: What a release must show.
        allowed: Schemas whose files may pass although an importer left something out of them.
        file_timeout: The seconds for which code that is not ccheck's own may examine one file.
    """

    path: Path
    sha256: str
    definitions: tuple[Path, ...] = ()
    consumers: Path | None = None
    sysmon_target: str | None = None
    severities: Mapping[str, Severity] = field(default_factory=dict, hash=False)
    suppressions: tuple[Suppress, ...] = ()
    max_size: int | None = None
    max_findings: int | None = None
    gate: GatePolicy | None = None
    allowed: tuple[str, ...] = ()
    file_timeout: int | None = None

    @property
    def folder(self) -> Path:
        """The absolute folder of ccheck.toml, to which its paths are relative."""
        return _absolute(self.path).parent

    def suppression_for(self, finding: Finding, file: str, on: date) -> Suppress | None:
        """The first suppression that covers a finding in a file and has not expired on that day.

        Args:
            finding: The finding.
            file: The path as the user named it; globs are compared with its path relative to `folder` if it
                is inside, else with its absolute path.
            on: The day.
        """
        name = self._relative(file)
        current = (entry for entry in self.suppressions if not entry.expired(on))
        return next((entry for entry in current if entry.covers(finding, name)), None)

    def expired(self, on: date) -> tuple[Suppress, ...]:
        """The suppressions whose last day lies before `on`. Each is an error: see `require_current`."""
        return tuple(entry for entry in self.suppressions if entry.expired(on))

    def require_current(self, on: date) -> None:
        """Raise ConfigurationError when a suppression has expired, with all that have."""
        problems = []
        for index, entry in enumerate(self.suppressions):
            if entry.expired(on):
                message = f"{entry.check} was suppressed until {entry.expires}: {entry.reason}"
                problems.append(Problem(str(self.path), entry.line, f"suppress[{index}].expires", message))
        if problems:
            raise ConfigurationError(problems)

    def _relative(self, file: str) -> str:
        absolute = _absolute(file)
        inside = absolute.is_relative_to(self.folder)
        return (absolute.relative_to(self.folder) if inside else absolute).as_posix()


SAFE_DIRECTORY = "CCHECK_SAFE_DIRECTORY"
"""The environment variable that lists folders whose ccheck.toml is used whoever owns it."""


def find_project(start: Path) -> Path | None:
    """Returns the nearest ccheck.toml in `start` or a folder above it, or None.

    Args:
        start: the working directory, never the folder of content: content may come from people who must not
            choose how it is judged.

    Raises:
        ConfigurationError: others than the user and root could have written the file that was found.
    """
    folder = _absolute(start)
    for place in (folder, *folder.parents):
        path = place / FILE_NAME
        # Whatever bears the name is meant, also what cannot be read: the one above it would be another.
        if os.path.lexists(path):
            _require_trust(path)
            return path
    return None


def _require_trust(path: Path) -> None:
    """Checks that nobody else could have written a file, unless its folder is listed.

    Raises:
        ConfigurationError: Others could have written it.
    """
    try:
        reason = reason_for_distrust(path)
    except OSError as fault:
        reason = f"it cannot be followed: {fault.strerror or fault}"
    if reason is not None and not _is_listed(path.parent):
        message = (
            f"is not used: {reason}. Name it with --config if it is right, use none with --no-config, or list"
            f" its folder in {SAFE_DIRECTORY}"
        )
        raise ConfigurationError([Problem(str(path), None, "", message)])


def _is_listed(folder: Path) -> bool:
    """Returns whether the environment lists a folder, a folder above it followed by `/*`, or `*` for all."""
    here = os.path.realpath(folder)
    for entry in os.environ.get(SAFE_DIRECTORY, "").split(os.pathsep):
        if entry == "*":
            return True
        top = entry.removesuffix("/*")
        if not top.startswith("/") and not Path(top).is_absolute():
            continue  # of another folder, each time that the command is called elsewhere
        whole = os.path.realpath(top)
        if here == whole or (entry != top and Path(here).is_relative_to(whole)):
            return True
    return False


def load_project(path: Path, *, known_checks: Collection[str] | None, folders: bool = True) -> Project:
    """Read ccheck.toml.

    Args:
        path: The path of the file.
        known_checks: The names that `[severity]` and `[[suppress]]` may use; None for any name, if nothing
            is judged: the checks of users' schemas are not known there.
        folders: Whether the folders that only a gate looks into must exist.

    Raises:
        ConfigurationError: All problems, each with line and key. Expired suppressions are not among them,
            because what has expired depends on the day: ask `Project.require_current`.
    """
    document = read_document(path)
    folder = _absolute(path).parent
    top = Table(document, (), document.data)
    top.number("format", (1,))
    sysmon, limits = top.table("sysmon"), top.table("limits")
    unread = top.table("not_looked_into")
    project = Project(
        path=path,
        sha256=document.sha256,
        definitions=_definitions(top, folder),
        consumers=_consumers(top, folder),
        sysmon_target=_target(sysmon),
        severities=_severities(top.table("severity"), known_checks),
        suppressions=tuple(_suppress(table, known_checks) for table in top.tables("suppress")),
        max_size=limits.optional_integer("max_size", 1, 1 << 40),
        max_findings=limits.optional_integer("max_findings", 1, 1_000_000),
        file_timeout=limits.optional_integer("file_timeout", 1, 1_000_000),
        gate=_gate(top, folder, folders) if "gate" in top.data else None,
        allowed=_allowed(unread),
    )
    for table in (sysmon, limits, unread, top):
        table.done()
    document.settle()
    return project


def _gate(top: Table, folder: Path, folders: bool) -> GatePolicy:
    # Loaded here: judging a file needs no policy for releases.
    from ccheck.config.gate_policy import read_gate

    return read_gate(top.table("gate"), folder, folders)


def _absolute(path: Path | str) -> Path:
    # Not Path.resolve: links are not followed, so that globs match names as they were given.
    return Path(os.path.abspath(path))  # noqa: PTH100


def _is_file(path: Path) -> bool:
    # Not Path.is_file: it raises when a folder may not be searched.
    return os.path.isfile(path)  # noqa: PTH113


def _definitions(top: Table, folder: Path) -> tuple[Path, ...]:
    if "definitions" not in top.data:
        top.optional_text("definitions")
        return ()
    found: dict[Path, None] = {}
    for pattern in top.elements("definitions", "a path or a glob", _is_path):
        # Not Path.glob: it takes no absolute pattern.
        matches = sorted(glob.glob(pattern, root_dir=folder, recursive=True))  # noqa: PTH207
        files = [folder / match for match in matches if _is_file(folder / match)]
        where = (*top.where, "definitions", top.data["definitions"].index(pattern))
        if not files:
            top.document.complain(where, f"{shown(pattern)} matches no file in {folder}")
        for match in matches:
            if exists_as_special_file(folder / match):
                top.document.complain(where, f"{shown(match)} is not a regular file")
        found |= dict.fromkeys(files)
    return tuple(found)


def _is_path(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def _allowed(table: Table) -> tuple[str, ...]:
    if "allow" not in table.data:
        return ()
    return tuple(table.elements("allow", "the name of a schema", _is_name))


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _consumers(top: Table, folder: Path) -> Path | None:
    name = top.optional_text("consumers")
    if not name:
        return None
    try:
        path = folder / consumers_path(name)
    except ValueError as unknown:
        top.complain("consumers", str(unknown))
        return None
    if not _is_path(name) or not _is_file(path):
        top.complain("consumers", f"{shown(name)} is not a file in {folder}")
    return path


def _target(table: Table) -> str | None:
    target = table.optional_text("target")
    if target and not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4})?", target):
        table.complain("target", f'{shown(target)} is not a version such as "15.0"')
    return target


_NEVER_LOWERED = frozenset({"consumers-missing", "facts-missing"})
"""Checks that say that nothing was compared."""


def _severities(table: Table, known_checks: Collection[str] | None) -> Mapping[str, Severity]:
    words = [severity.value for severity in Severity]
    severities = {}
    for check in table.data:
        word = table.choice(check, words)
        if known_checks is not None and check not in known_checks:
            table.complain(check, f"is not a check{did_you_mean(check, known_checks)}")
        elif check in _NEVER_LOWERED and word in words and word != Severity.ERROR.value:
            table.complain(
                check,
                f"stays an error: it says that a file was not compared with a driver build, and"
                f" what was not compared has not passed; {shown(word)} would let it pass",
            )
        elif word in words:
            severities[check] = Severity(word)
    return severities


def _suppress(table: Table, known_checks: Collection[str] | None) -> Suppress:
    entry = Suppress(
        check=table.text("check"),
        reason=table.text("reason"),
        expires=table.day("expires"),
        file=table.optional_text("file"),
        path=table.optional_text("path"),
        line=table.document.line(table.where),
    )
    if entry.check and known_checks is not None and entry.check not in known_checks:
        table.complain(
            "check", f"{shown(entry.check)} is not a check{did_you_mean(entry.check, known_checks)}"
        )
    table.done()
    return entry
