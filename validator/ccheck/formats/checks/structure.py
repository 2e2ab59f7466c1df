"""Checks of the layout that hold for every format: extents, chains, counts, owners of bytes, checksums.

The schema's reader finds the faults; each check here gives one kind of fault its words and its manual.
"""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.subject import Subject, proofs_of
from ccheck.text.quoting import counted
from ccheck_schemas import fault_details as kinds
from ccheck_schemas.fault import Fault
from ccheck_schemas.record import DetailsT
from ccheck_schemas.span import Span


def faults(subject: Subject, kind: type[DetailsT]) -> Iterator[Fault[DetailsT]]:
    """Returns the faults of one kind in a subject that was read; none without a reading."""
    return subject.reading.faults_of(kind) if subject.reading is not None else iter(())


_WHY_MAGIC = {
    True: "the file is of another format, or its beginning is damaged",
    False: "these bytes are damaged, or a number before them points to the wrong place",
}


def begins_the_file(span: Span) -> bool:
    """Returns whether a magic is that of the file: no number in front of it can lead to the wrong place."""
    return span.offset == 0


def is_in_no_list(span: Span) -> bool:
    """Returns whether a version is that of the file, not of one of many records."""
    return "[" not in span.path


def wrong_magic(subject: Subject) -> Iterator[Diagnostic]:
    """Bytes that are always the same are not: the magic of the file, or of a part of it.

    ## What is wrong
    The first bytes are not those that every file of this format begins with, or a part of the file does not
    hold the bytes that it always holds.

    ## Why is this bad
    The file is of another format, or it is damaged. When the file begins with a wrong magic, nothing else in it
    can be trusted, and the other checks are not run. A wrong magic further on can follow from a wrong count or
    length in front of it, so that the other checks are run.

    ## How to fix
    Give the right file, or the right `--schema`.
    """
    for fault in faults(subject, kinds.WrongMagic):
        details = fault.details
        yield Diagnostic(
            f"the magic is {details.value.hex(' ')}, not {details.expected.hex(' ')}",
            fault.span,
            label="not the magic",
            why=_WHY_MAGIC[begins_the_file(fault.span)],
            fix="give the right file, or the right --schema",
        )


def unknown_format_version(subject: Subject) -> Iterator[Diagnostic]:
    """The file is of a version of the format that the schema does not describe.

    ## What is wrong
    The version in the header is none of the versions that this schema knows.

    ## Why is this bad
    Fields may stand elsewhere or mean something else in another version; a reading by the wrong layout proves
    nothing. When it is the version of the whole file, the other checks are not run.

    ## How to fix
    Build the content for a version that is known, or update ccheck.
    """
    for fault in faults(subject, kinds.UnknownFormatVersion):
        known = ", ".join(fault.details.known)
        of_file = subject.schema is not None and is_in_no_list(fault.span)
        reason = subject.schema.why_not_described(fault.details.value) if of_file and subject.schema else None
        yield Diagnostic(
            f"format version is {fault.details.value}, known is {known}",
            fault.span,
            label=f"version {fault.details.value}",
            why=reason or "in another version fields may have other places or meanings",
            fix=f"build the content for version {known}",
        )


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def truncated(subject: Subject) -> Iterator[Diagnostic]:
    """The bytes end in the middle of a record or a block.

    ## What is wrong
    A record needs more bytes than are left, or a block says that it is longer than the file.

    ## Why is this bad
    A driver that reads the record anyway reads past the end of its buffer, in kernel mode.

    ## How to fix
    The file was cut off, or a size in front of the place is too large. Build it again from its source.
    """
    for fault in faults(subject, kinds.Truncated):
        need, have = fault.details.need, fault.details.have
        yield Diagnostic(
            f"{counted(need, 'byte')} {_are(need)} needed here, {max(have, 0):,} {_are(have)} left",
            fault.span,
            label="too few bytes",
            why="a driver that trusts the layout reads past the end of its buffer",
            fix="the file was cut off, or this size is too large; build it again from its source",
        )


def size_mismatch(subject: Subject) -> Iterator[Diagnostic]:
    """A size field does not say how many bytes there are.

    ## What is wrong
    The size of the file or of a block is not the number of bytes that it holds.

    ## Why is this bad
    One of the two is wrong, and a driver believes the field: it reads too far, or leaves content unread.

    ## How to fix
    Build the file again. If you edit bytes by hand, `ccheck build` makes sizes true.
    """
    for fault in faults(subject, kinds.SizeMismatch):
        value, actual = fault.details.value, fault.details.actual
        yield Diagnostic(
            f"the size is given as {counted(value, 'byte')}, there {_are(actual)} {actual:,}",
            fault.span,
            label=counted(value, "byte"),
            why="a driver believes the field: it reads too far, or leaves content unread",
            fix=f"set the size to {actual:,}, or restore the bytes that belong here",
        )


def count_past_bytes(subject: Subject) -> Iterator[Diagnostic]:
    """A count asks for more records than the bytes hold.

    ## What is wrong
    A table or an array says that it has more elements than fit into its block or file. The elements that fit
    are still checked.

    ## Why is this bad
    A driver that loops over the count reads records from behind the table, and interprets whatever stands
    there.

    ## How to fix
    Set the count to the number of records, or restore the records.
    """
    for fault in faults(subject, kinds.CountPastBytes):
        count, room, size = fault.details.count, fault.details.room, fault.details.size
        yield Diagnostic(
            f"the count is {count:,}, but there is room for {room:,} of {size} bytes",
            fault.span,
            label=f"{count:,} of them",
            why="a driver that loops over the count reads past the table",
            fix=f"set the count to {room:,}, or restore the missing records",
        )


def count_mismatch(subject: Subject) -> Iterator[Diagnostic]:
    """A count is not the number of records in its chain.

    ## What is wrong
    The header of a chain says how many records it has, and following the chain gives another number.

    ## Why is this bad
    A driver that counts and a driver that follows the chain see different content; one that allocates by the
    count and fills by the chain writes past its buffer.

    ## How to fix
    Set the count to the number of records in the chain.
    """
    for fault in faults(subject, kinds.CountMismatch):
        value, actual, of = fault.details.value, fault.details.actual, fault.details.of
        yield Diagnostic(
            f"the count is {value:,}, but the chain of {of} has {actual:,}",
            fault.span,
            label=f"{value:,} of them",
            why="a driver that allocates by the count and fills by the chain writes past its buffer",
            fix=f"set the count to {actual:,}",
        )


def table_repeated(subject: Subject) -> Iterator[Diagnostic]:
    """A table or pool comes a second time.

    ## What is wrong
    The format has one table or pool of this kind in a file, and the file has two.

    ## Why is this bad
    A driver keeps one pointer for each: the second replaces the first while offsets and indexes of the first are in
    use. What was checked against one is read from the other.

    ## How to fix
    Build the file again, with one table of each kind.
    """
    for fault in faults(subject, kinds.TableRepeated):
        yield Diagnostic(
            f"a second {fault.details.table} begins here",
            fault.span,
            label="again",
            why="a driver keeps one pointer: what was checked against the first is read from the second",
            fix="build the file again, with one of each",
        )


def element_without_bytes(subject: Subject) -> Iterator[Diagnostic]:
    """A list has elements that take no bytes.

    ## What is wrong
    A list goes on to the end of its bytes, or for a stated count, and its elements take none: each length
    inside them is 0.

    ## Why is this bad
    A reader that loops until the bytes are used up never ends; one that loops over the count does as much
    work as the file asks for, whatever its size. In a kernel both are a host that hangs.

    ## How to fix
    Give each element at least one byte, or leave the elements out and set the count to 0.
    """
    for fault in faults(subject, kinds.ElementWithoutBytes):
        count, read = fault.details.elements, fault.details.read
        asked = "a list to the end of its bytes" if count is None else f"a list of {count:,}"
        yield Diagnostic(
            f"element {read:,} of {asked} takes no bytes",
            fault.span,
            label="no bytes",
            why="a reader that goes on until the bytes are used up never ends",
            fix="give each element at least one byte, or leave it out",
        )


def expression_unresolved(subject: Subject) -> Iterator[Diagnostic]:
    """The layout depends on a field that the file does not have.

    ## What is wrong
    The schema takes a length, a count, an offset or a condition from a field of a record that is not in this
    file: its offset is 0, or it belongs to another branch.

    ## Why is this bad
    Where the next field begins cannot be known. A driver that follows the same layout reads a number through
    a null pointer, or out of a record of another kind.

    ## How to fix
    Bring back the record that holds the field. If the file is right, the schema must say what holds where the
    record is absent.
    """
    for fault in faults(subject, kinds.ExpressionUnresolved):
        expression, reason = fault.details.expression, fault.details.reason
        yield Diagnostic(
            f"{expression} has no value here ({reason}), so what follows cannot be found",
            fault.span,
            label="not to be found",
            why="a driver that follows the same layout reads the number out of a record that is not there",
            fix="restore the record that has the field, or let the schema say what applies without it",
        )


def work_out_of_proportion(subject: Subject) -> Iterator[Diagnostic]:
    """The file asks for far more work than its size explains.

    ## What is wrong
    Many records name the same long text or the same large record, so that whoever follows each name looks at
    many times the bytes of the file; or the file has more records than ccheck reads (1,000,000).

    ## Why is this bad
    Time and memory that grow with the square of a file's size are a host that hangs, from a file that looks
    small.

    ## How to fix
    Shorten what is named so often, or name it less often. Divide a file that has too many records.
    """
    words = {
        "texts": "the texts that records name have {work:,} bytes together and more; {limit:,} are allowed",
        "bytes": "the records that others name have {work:,} bytes together and more; {limit:,} are allowed",
        "records": "the file has {work:,} records and more; {limit:,} are read",
    }
    for fault in faults(subject, kinds.WorkOutOfProportion):
        details = fault.details
        yield Diagnostic(
            words[details.what].format(work=details.work, limit=details.limit)
            + f" in a file of {counted(len(subject.data), 'byte')}",
            fault.span,
            label="too much work",
            why="work that grows with the square of a file's size makes a host hang",
            fix="shorten what is named so often, or name it less often; divide a file with too many records",
        )


def fault_unclaimed(subject: Subject) -> Iterator[Diagnostic]:
    """The reader found a fault that no check reports.

    ## What is wrong
    The file breaks its schema in a way that none of the checks in use is there to report.

    ## Why is this bad
    A fault that nobody reports would let the file pass. This is a mistake in the table of checks, and the
    file fails until it is corrected.

    ## How to fix
    If you run checks of your own selection, add the check of the fault's name. Otherwise report it, with the
    file.
    """
    if subject.reading is None:
        return
    for name in sorted(set(subject.reading.counts) - subject.claimed):
        number = subject.reading.counts[name]
        first = next((fault for fault in subject.reading.faults if fault.name == name), None)
        yield Diagnostic(
            f"the reader found {name} {number:,} times, and no check in use reports it",
            subject.whole if first is None else first.span,
            label=name,
            why="a fault that nobody reports would let the file pass",
            fix="add the check of this name to those in use, or report it with the file",
        )


def record_size_wrong(subject: Subject) -> Iterator[Diagnostic]:
    """A table states a record size that its kind of record does not have.

    ## What is wrong
    The size of one record, as the table states it, is not the size that the format gives this record.

    ## Why is this bad
    A driver that steps by the stated size and one that steps by its own structure read different records from
    the same bytes.

    ## How to fix
    Set the record size to that of the format.
    """
    for fault in faults(subject, kinds.RecordSizeWrong):
        value, actual = fault.details.value, fault.details.actual
        yield Diagnostic(
            f"the record size is {value}, records of this kind have {actual} bytes",
            fault.span,
            label=f"{value} bytes",
            why="a driver that steps by this size reads every record but the first at a wrong place",
            fix=f"set the record size to {actual}",
        )


def offset_outside_file(subject: Subject) -> Iterator[Diagnostic]:
    """An offset points behind the end of the file.

    ## What is wrong
    A field that says where a block or record stands names a place that the file does not have.

    ## Why is this bad
    A driver that adds the offset to its buffer reads memory that is not the file.

    ## How to fix
    Build the file again; if it was cut off, restore it.
    """
    for fault in faults(subject, kinds.OffsetOutsideFile):
        value, size = fault.details.value, fault.details.size
        yield Diagnostic(
            f"the offset is {value:#x}, the file ends at {size:#x}",
            fault.span,
            label=f"{value:#x}",
            why="a driver that adds the offset to its buffer reads memory after the file",
            fix="build the file again from its source",
        )


def chain_backwards(subject: Subject) -> Iterator[Diagnostic]:
    """A chain of blocks or records goes backwards.

    ## What is wrong
    The offset of the next element lies before the element itself.

    ## Why is this bad
    The elements of a file stand in ascending order. A chain that goes back can share bytes with what was read
    before, or never end.

    ## How to fix
    Build the file again; the offsets of a chain only ever grow.
    """
    for fault in faults(subject, kinds.ChainBackwards):
        yield Diagnostic(
            f"the chain goes backwards: from {fault.details.here:#x} to {fault.details.value:#x}",
            fault.span,
            label=f"back to {fault.details.value:#x}",
            why="the bytes there were read before as something else; a driver may follow such a chain without end",
            fix="let each element name a later one",
        )


def chain_loop(subject: Subject) -> Iterator[Diagnostic]:
    """A chain of blocks or records comes back to an element that it has been at.

    ## What is wrong
    The offset of the next element is that of an element earlier in the same chain.

    ## Why is this bad
    A driver that follows the chain until its end never ends: the processor is lost, and with it the host.

    ## How to fix
    Build the file again; the offsets of a chain only ever grow.
    """
    for fault in faults(subject, kinds.ChainLoop):
        yield Diagnostic(
            f"the chain loops: it comes back to {fault.details.value:#x}",
            fault.span,
            label=f"again {fault.details.value:#x}",
            why="a driver that follows the chain to its end never ends",
            fix="let each element name a later one",
            related=proofs_of(fault.related),
        )


def chain_no_end(subject: Subject) -> Iterator[Diagnostic]:
    """A chain has no clean end.

    ## What is wrong
    The last element is marked in two ways, and only one of them is there: an element without a successor that
    is not the end mark, or an end mark that names a successor.

    ## Why is this bad
    Of two readers that look at different marks one stops early and the other reads on, past the chain.

    ## How to fix
    End the chain with an element whose size and next offset are both 0.
    """
    for fault in faults(subject, kinds.ChainNoEnd):
        value, last, marked = fault.details.value, fault.details.last, fault.details.marked
        if marked:
            message = f"the chain ends here ({last} is 0) but names a next element at {value:#x}"
        else:
            message = f"the chain breaks off: no next element is named, but {last} is not 0"
        yield Diagnostic(
            message,
            fault.span,
            label="no clean end",
            why="one reader stops here and another reads on, past the chain",
            fix="let the last element, and only it, have 0 in both fields",
        )


def bytes_owned_twice(subject: Subject) -> Iterator[Diagnostic]:
    """The same bytes belong to two records.

    ## What is wrong
    Two blocks or records overlap.

    ## Why is this bad
    The bytes mean one thing to the first reader and another to the second. Crafted files use this to show a
    validator one content and a driver another.

    ## How to fix
    Build the file again, so that each record has bytes of its own.
    """
    for fault in faults(subject, kinds.BytesOwnedTwice):
        other, count = fault.details.other, fault.span.length
        if other is None:
            message = "the records of the file overlap: together they claim more than twice its bytes"
        elif fault.details.link:
            message = f"this leads to bytes that already belong to {other}"
        else:
            message = (
                f"these {count:,} bytes also belong to {other}"
                if count > 1
                else f"this byte also belongs to {other}"
            )
        yield Diagnostic(
            message,
            fault.span,
            label="owned twice",
            why="the same bytes mean two things; a driver may read them as the other one",
            fix="build the file again, so that records do not overlap",
            related=proofs_of(fault.related),
        )


def bytes_unowned(subject: Subject) -> Iterator[Diagnostic]:
    """Bytes belong to no record.

    ## What is wrong
    There is a gap between records, or something follows the last one, that no field of the format describes.

    ## Why is this bad
    Nothing checks these bytes. They are left over from another version, or smuggled in, and a driver with
    another idea of the layout reads them.

    ## How to fix
    Remove the bytes, and build the file again. A schema of your own whose format has padding between its parts
    says so: `Schema(…, gaps=Gaps(align=8))`.
    """
    for fault in faults(subject, kinds.BytesUnowned):
        end = fault.span.end == len(subject.data)
        where = "at the end of the file " if end else ""
        zero = " (all zero)" if fault.details.zero else ""
        yield Diagnostic(
            f"{counted(fault.span.length, 'byte')} {where}{'belongs' if fault.span.length == 1 else 'belong'} to no record{zero}",
            fault.span,
            label="no owner",
            why="nothing describes these bytes, so nothing checks them",
            fix="remove them, and build the file again",
        )


def rows_out_of_order(subject: Subject) -> Iterator[Diagnostic]:
    """The rows of a table are not shared out in order, without gaps.

    ## What is wrong
    Each record takes a run of rows of another table (a type its fields, an instance its criteria). The runs
    overlap, leave rows out, or stand in another order.

    ## Why is this bad
    A row that two records take, or none, is content that nobody meant. Readers that step through the table
    and readers that use the index disagree.

    ## How to fix
    Let the first run begin at 0 and each next one where the one before ended.
    """
    for fault in faults(subject, kinds.RowsOutOfOrder):
        value, expected, table = fault.details.value, fault.details.expected, fault.details.table
        if isinstance(fault.details, kinds.RowsLeftOver):
            message = f"{fault.details.rows - expected:,} rows of {table} are taken by no record"
        else:
            message = f"the rows of {table} begin at {value}, the record before ended at {expected}"
        yield Diagnostic(
            message,
            fault.span,
            label="unused" if value is None else f"row {value}",
            why="rows that two records take, or none, mean something that nobody wrote",
            fix="let each record take the rows that follow those of the record before",
        )


def checksum_wrong(subject: Subject) -> Iterator[Diagnostic]:
    """The checksum is not that of the bytes.

    ## What is wrong
    A checksum of the file or of a part of it, such as a CRC-32, is not that of the bytes that it covers.

    ## Why is this bad
    The content is not what was built: it was damaged on its way, or edited by hand. A driver refuses it, or
    should.

    ## How to fix
    Restore the file. After an edit on purpose, build it again with `ccheck build`.
    """
    for fault in faults(subject, kinds.ChecksumWrong):
        details = fault.details
        form, by = ("#010x", "") if details.algorithm == "crc-32" else ("#x", f" by {details.algorithm}")
        yield Diagnostic(
            f"the checksum is {details.value:{form}}, bytes {details.start:#x} to {details.end:#x} have {details.actual:{form}}{by}",
            fault.span,
            label="stored checksum",
            why="the content is not what was built: damaged on its way, or edited by hand",
            fix="restore the file, or build it again",
        )
