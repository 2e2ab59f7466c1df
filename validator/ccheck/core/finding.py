"""What is wrong with a file, as data: the check, the words, the bytes. Nothing here knows how it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from ccheck.text.quoting import counted
from ccheck_schemas.frozen import frozen
from ccheck_schemas.span import Span


class Severity(StrEnum):
    """How much a finding weighs. Only errors fail a file."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@frozen
class RelatedLocation:
    """A place that shows why a finding is right.

    Attributes:
        offset: An offset in the examined file, or in `file`; None for a line.
        length: The number of bytes.
        file: Another file than the examined one.
        line: A line of a text file, from 1.
        build: The driver build that the line is about; empty for none.
        fact: The fact of the build.
    """

    message: str
    path: str = ""
    offset: int | None = None
    length: int = 0
    file: str | None = None
    line: int | None = None
    build: str = ""
    fact: str = ""

    @classmethod
    def at(cls, span: Span, message: str) -> RelatedLocation:
        """Returns a place of the examined file, such as ``record.span("port")``."""
        return cls(message, span.path, span.offset, span.length)


@frozen
class Inside:
    """A place in the content of an envelope, which no offset of the file can say.

    Attributes:
        schema: The name of the content's format.
        path: The field of the content; empty for the whole content.
        offset: The offset of the bytes in the content.
        length: Their number.
        size: The bytes of the content.
        data: The first of the bytes.
        within: The place in the content of an envelope inside this one, if the bytes are in that.
    """

    schema: str
    path: str
    offset: int
    length: int
    size: int
    data: bytes = b""
    within: Inside | None = None

    @property
    def innermost(self) -> Inside:
        """The place in the content that is in no other envelope."""
        return self if self.within is None else self.within.innermost

    def __str__(self) -> str:
        """`at 0x12 of the content (rules, 40 bytes), items[1].port: 00 01`."""
        shown = f": {self.data.hex(' ')}{' …' if self.length > len(self.data) else ''}" if self.data else ""
        where = f", {self.path}" if self.path else ""
        inner = (
            f"at {self.offset:#x} of the content ({self.schema}, {counted(self.size, 'byte')}){where}{shown}"
        )
        return inner if self.within is None else f"{self.within}, which is {inner}"


@frozen
class Finding:
    """One thing that is wrong, with the fewest bytes that show it.

    Attributes:
        message: One line, lower case, no full stop, both numbers.
        offset: The offset of the wrong bytes.
        length: The number of wrong bytes; 0 if bytes are missing at `offset`.
        label: Two or three words to print next to the marked bytes.
        inside: The place in the content of an envelope, if the bytes are in one. `path` is then the field of
            the envelope, a slash, and the field in the content; the offset is that of the same bytes in the
            file, or of the whole field if its content is compressed.
    """

    check: str
    severity: Severity
    message: str
    path: str
    offset: int
    length: int
    why: str
    fix: str
    label: str = ""
    related: tuple[RelatedLocation, ...] = ()
    inside: Inside | None = None


@frozen
class NotRun:
    """A check that could not be made, and why; it is not a pass."""

    check: str
    reason: str


@frozen
class Suppressed:
    """A finding that the project's configuration sets aside, with the reason given there."""

    finding: Finding
    reason: str
    expires: str


@frozen
class NotLookedInto:
    """Something that the schema of a file does not look into, or does not check.

    Attributes:
        field: Its path without indexes, or the place in the description of what an importer left out.
        size: Bytes of the file; 0 for a rule that is not applied.
        reason: The reason.
        omitted: Whether an importer left it out; else the author of the schema declares it.
    """

    field: str
    size: int
    reason: str
    omitted: bool = False


@frozen
class BuildVerdict:
    """The verdict on a file when one driver build alone is to read it.

    Attributes:
        build: The name of the build.
        verdict: `pass` or `fail`; `unknown` for builds of which no facts are stated.
        refused_by: `build` where facts of the build refuse the file, `ccheck` where nothing does but checks
            that hold for every build; empty where nothing refuses it.
        checks: The checks that found errors, or the names of what fails the file otherwise.
        why: The message of the first error, or what fails the file otherwise.
    """

    build: str
    platform: str
    verdict: str
    checks: tuple[str, ...] = ()
    why: str = ""
    refused_by: str = ""


@frozen
class FileReport:
    """The result of examining one file.

    Attributes:
        path: The file as the user named it.
        schema: The name of the format; None if no schema fits.
        size: The size of the file in bytes.
        beyond: Findings that were counted but not kept, per check.
        errors_beyond: How many of those are errors.
        unjudged: Checks that could not run because of suppressed findings.
        suppressed_beyond: Suppressed findings that were counted but not kept.
        stopped: Checks that found more than is counted in one file.
        examined: Whether the file was read at all.
        rows: The rows of 16 bytes (the last may be shorter) that findings point at, by their offset, so that
            a report can show them without the file.
        not_looked_into: What the schema leaves unexamined.
        builds: The verdict for each driver build alone, if it was requested.
    """

    path: str
    schema: str | None
    size: int
    sha256: str
    findings: tuple[Finding, ...] = ()
    not_run: tuple[NotRun, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    beyond: Mapping[str, int] = field(default_factory=dict)
    checks_run: int = 0
    errors_beyond: int = 0
    unjudged: int = 0
    suppressed_beyond: int = 0
    stopped: tuple[str, ...] = ()
    examined: bool = True
    rows: Mapping[int, bytes] = field(default_factory=dict)
    not_looked_into: tuple[NotLookedInto, ...] = ()
    builds: tuple[BuildVerdict, ...] = ()

    @property
    def unread(self) -> int:
        """Bytes that the schema does not look into."""
        return sum(entry.size for entry in self.not_looked_into)

    @property
    def errors(self) -> int:
        """Findings of error severity that were kept."""
        return sum(1 for f in self.findings if f.severity is Severity.ERROR)

    @property
    def warnings(self) -> int:
        """Findings of warning severity that were kept."""
        return sum(1 for f in self.findings if f.severity is Severity.WARNING)

    @property
    def crash(self) -> str | None:
        """How the examination of the file failed, in words; None if it did not."""
        messages = (finding.message for finding in self.findings if finding.check == "examination-crashed")
        return next((message.partition(": ")[2] for message in messages), None)

    @property
    def verdict(self) -> str:
        """`pass` only when the file was read, checks ran, and none of them found an error; else `fail`."""
        return "fail" if self.errors or self.gaps else "pass"

    @property
    def gaps(self) -> tuple[tuple[str, str], ...]:
        """What fails the file although no kept finding says so: a name, and words.

        Every form of a report shows them: one that shows only findings would look green.
        """
        found = []
        if not self.examined:
            found.append(("not examined", "the file was not examined whole"))
        if self.unjudged:
            words = f"{counted(self.unjudged, 'check')} could not be made behind findings that are set aside"
            found.append(("not judged", words))
        if self.errors_beyond:
            found.append(
                ("errors beyond the limit", f"{self.errors_beyond:,} more errors were counted, not kept")
            )
        for name in self.stopped:
            words = f"the check {name} was stopped at the limit of findings; more were not counted"
            found.append(("not counted", words))
        if not self.errors and not self.errors_beyond and any(one.verdict == "fail" for one in self.builds):
            found.append(("failed for a build", "it fails for a build alone, not for all together"))
        if not self.checks_run:
            found.append(("no check ran", "no check ran on this file"))
        return tuple(found)


@frozen
class LeftOut:
    """Counts of what was found below named folders and not examined. Folders are not looked into.

    Attributes:
        excluded: Files that match an exclude glob.
    """

    hidden_files: int = 0
    hidden_folders: int = 0
    linked_folders: int = 0
    excluded: int = 0

    def __str__(self) -> str:
        """`2 hidden files, 1 linked folder`; empty if nothing was left out."""
        counts = (
            (self.hidden_files, "hidden file"),
            (self.hidden_folders, "hidden folder"),
            (self.linked_folders, "linked folder"),
            (self.excluded, "excluded file"),
        )
        return ", ".join(f"{count:,} {noun}{'s' * (count != 1)}" for count, noun in counts if count)


@frozen
class RunReport:
    """All that one command examined, in the order in which it was named.

    Attributes:
        configuration: The path of the ccheck.toml that was used; empty if none was.
        builds: The driver builds that the user named, if files were judged for these alone.
    """

    files: tuple[FileReport, ...]
    program_version: str
    interrupted: bool = False
    unexamined: tuple[str, ...] = ()
    """Files that were named but not reached, when the run was interrupted."""
    configuration: str = ""
    left_out: LeftOut = LeftOut()
    builds: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """`pass` only when there are files, all were reached, and each of them passed; else `fail`."""
        reached = bool(self.files) and not self.interrupted and not self.unexamined
        return "pass" if reached and all(file.verdict == "pass" for file in self.files) else "fail"
