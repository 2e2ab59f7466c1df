"""Checks of the file as such, before any schema: is it readable, empty, zero, torn, or of no known format?"""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.finding import RelatedLocation
from ccheck.core.input import InputProblem
from ccheck.core.subject import Subject
from ccheck.formats.checks.one_wrong_number import is_explained
from ccheck_schemas.fault import Fault, FaultDetails, FaultName
from ccheck_schemas.fault_details import SizeMismatch
from ccheck_schemas.record import Reading
from ccheck_schemas.span import Span

SECTOR = 512
"""Bytes that a disk writes at once; a write that was cut off ends at a multiple of it."""

_ZEROES = 64
"""Zero bytes at the end of a file that are more than a number or padding."""


def unreadable(subject: Subject) -> Iterator[Diagnostic]:
    """A named file could not be read.

    ## What is wrong
    The operating system refused to give the file's bytes: it has gone, may not be read, or is a device, pipe
    or socket where a file was expected.

    ## Why is this bad
    A file that was not examined is not known to be good. ccheck never passes what it could not read.

    ## How to fix
    Look at the reason in the message; fix the path or the permissions, and run again.
    """
    if subject.problem is InputProblem.UNREADABLE:
        yield Diagnostic(
            f"the file could not be read: {subject.detail}",
            subject.whole,
            why="what was not examined is not known to be good",
            fix="fix the path or its permissions, and run again",
        )


def too_large(subject: Subject) -> Iterator[Diagnostic]:
    """A file is larger than the limit.

    ## What is wrong
    The file has more bytes than `--max-size` (256 MiB unless said otherwise) allows.

    ## Why is this bad
    Content for a kernel driver is small. A file of this size is a mistake or an attack, and it is refused
    before it takes memory.

    ## How to fix
    If the file is right, give a larger `--max-size`, or `max_size` under `[limits]` in ccheck.toml.
    """
    if subject.problem is InputProblem.TOO_LARGE:
        yield Diagnostic(
            f"the file is too large to examine: {subject.detail}",
            subject.whole,
            why="content of this size is a mistake or an attack; it was not examined",
            fix="name a larger --max-size if the file is right",
        )


def examination_crashed(subject: Subject) -> Iterator[Diagnostic]:
    """Examining the file failed: an exception, the end of the process that did it, or too long a time.

    ## What is wrong
    A schema, a check, an interpreter or ccheck itself raised an exception while it examined this file; or the
    worker process that examined it died, and so did those that tried the same file again, alone: a crash in
    native code, an exit that a check asked for, or the system that took the process away because it used too
    much memory; or code that is not ccheck's own still ran after the time that one file may take, as a loop
    without end does. The message gives the exception and its place, how the last process ended, or which check
    or schema ran, and where. All other files were examined.

    ## Why is this bad
    The file was not examined to its end, so it is not known to be good. What crashes one reader may crash the
    driver too.

    ## How to fix
    If the place is in your own schema or check, correct it; if it is in ccheck, report it with the file. If memory ran out, give fewer `--jobs`. If the file needs more time, give it with
    `--file-timeout`, or with `file_timeout` under `[limits]` in ccheck.toml.
    """
    if subject.problem is InputProblem.CRASHED:
        yield Diagnostic(
            f"examining the file failed: {subject.detail}",
            subject.whole,
            why="a file that was not examined to its end is not known to be good",
            fix="correct the schema or check that fails; if the place is in ccheck, report it with the file",
        )


def file_empty(subject: Subject) -> Iterator[Diagnostic]:
    """The file has no bytes.

    ## What is wrong
    The file is there, but its length is 0.

    ## Why is this bad
    An empty file is what an interrupted write or a full disk leaves behind. A driver that maps it has nothing
    to read.

    ## How to fix
    Write the file again from its source; write to a temporary name, sync, and rename, so that a reader never
    sees it half written.
    """
    if not subject.data and subject.problem is None:
        yield Diagnostic(
            "the file is empty: it has 0 bytes",
            subject.whole,
            why="an interrupted write or a full disk leaves such a file; there is nothing that a driver could read",
            fix="write the file again from its source",
        )


def all_zero(subject: Subject) -> Iterator[Diagnostic]:
    """Every byte of the file is zero.

    ## What is wrong
    The file has its length, but none of its data. Zeros that your own schema file reads without a fault are
    content, and no finding.

    ## Why is this bad
    Windows gives zeroes for data that was not yet on the disk when the host went down; such files were found
    on hosts after the crashes of July 2024. A driver must expect them at every start.

    ## How to fix
    Restore the file from its source or from the last known good copy.
    """
    if subject.reading is None and subject.data and not any(subject.data):
        yield Diagnostic(
            f"all {len(subject.data):,} bytes of the file are zero"
            if subject.data[1:]
            else "the one byte of the file is zero",
            subject.whole,
            why="its data never reached the disk; a host that went down while writing leaves such a file",
            fix="restore the file from its source",
        )


def unrecognised_content(subject: Subject) -> Iterator[Diagnostic]:
    """The bytes fit no schema that ccheck knows.

    ## What is wrong
    The file does not begin like any of the known formats, so there is nothing to hold it against.

    ## Why is this bad
    A file that no schema describes cannot be checked, and what was not checked does not pass.

    ## How to fix
    If the file is of a known format but damaged at its start, name the format with `--schema` to see what is
    wrong. If it is of your own format, name your schema file with `--schema`.
    """
    if subject.schema is None:
        first = subject.data[:8].hex(" ")
        yield Diagnostic(
            f"this is {subject.kind}"
            if subject.kind
            else f"the content is of no known format: it begins with {first}",
            Span(0, min(8, len(subject.data)), ""),
            label="not judged" if subject.kind else "no known beginning",
            why="no schema describes such a file, so nothing could be checked"
            if subject.kind
            else f"none of the schemas recognises it ({', '.join(subject.known)}), so nothing could be checked",
            fix="judge the file that a kernel reads, or take this one out of what is examined"
            if subject.kind
            else "name the format with --schema, or take the file out of what is examined",
            related=tuple(map(RelatedLocation, subject.problems)),
        )


def torn_at_sector(subject: Subject) -> Iterator[Diagnostic]:
    """The file is good up to a sector boundary, and zero or missing from there.

    ## What is wrong
    The content breaks its schema, and all bytes from a multiple of 512 to the end are zero, or the file ends
    at a multiple of 512 although it says that it is longer. What is missing or does not fit is reported by the
    other checks as well. Where one wrong count, length or size would explain all of it, only that is reported.

    ## Why is this bad
    Disks write whole sectors. A host that goes down in the middle of an update leaves a file whose beginning
    is new and whose end never arrived. A driver that trusts the counts at the beginning reads past what is
    there.

    ## How to fix
    Restore the file from its source. Write files to a temporary name, sync, and rename. Where the file came
    whole, look at the other findings: two or more numbers in it are wrong.
    """
    reading, schema = subject.reading, subject.schema
    if reading is None or schema is None or not reading.counts:
        return
    if reading.counts[FaultName.WORK_OUT_OF_PROPORTION]:
        return  # the reading was given up: nobody knows what is behind
    size = len(subject.data)
    if any(f.details.actual == size > f.details.value for f in reading.faults_of(SizeMismatch)):
        return  # the header says that the file ends sooner: these bytes were put behind it
    written = len(subject.data.rstrip(b"\0"))
    boundary = -(-written // SECTOR) * SECTOR
    zero = size - boundary >= _ZEROES and any(_read_from(fault, boundary) for fault in reading.faults)
    if not zero and (size % SECTOR or not _goes_on(reading, size)):
        return
    if is_explained(schema.layout, subject.data, reading, boundary if zero else size):
        return
    if zero:
        yield Diagnostic(
            f"the file is torn: all {size - boundary:,} bytes from sector boundary {boundary:#x} to its end are zero",
            Span(boundary, size - boundary, ""),
            label="never written",
            why="a host went down while the file was written; the beginning is new and the end never reached the disk",
            fix="restore the file from its source",
        )
    else:
        yield Diagnostic(
            f"the file is torn: it ends at sector boundary {size:#x}, and its content goes on",
            Span(size, 0, ""),
            label="ends here",
            why="a host went down while the file was written; the sectors that follow never reached the disk",
            fix="restore the file from its source",
        )


def _read_from(fault: Fault[FaultDetails], boundary: int) -> bool:
    """Returns whether a fault comes of reading bytes behind the boundary.

    Bytes that nobody owns and that begin before it were put behind content that is whole.
    """
    span = fault.span
    return span.offset >= boundary or (span.end > boundary and fault.name != FaultName.BYTES_UNOWNED)


def _goes_on(reading: Reading, size: int) -> bool:
    """Returns whether the file says that it is longer than it is: its size or, without one, its records."""
    if any(fix_up.checksum is None for fix_up in reading.fix_ups):
        return any(f.details.actual == size for f in reading.faults_of(SizeMismatch))
    return reading.counts[FaultName.TRUNCATED] > 0 or reading.counts[FaultName.COUNT_PAST_BYTES] > 0
