"""Checks of single values that hold for every format: limits, names, reserved bytes, offsets, indexes, text.

The schema's reader finds the faults; each check here gives one kind of fault its words and its manual.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum
from itertools import islice
from typing import TypeVar

from ccheck.core.check import Diagnostic
from ccheck.core.subject import Subject, proofs_of
from ccheck.formats.checks.structure import faults
from ccheck.text.quoting import counted
from ccheck_schemas import fault_details as kinds
from ccheck_schemas.digits import DigitForm
from ccheck_schemas.fault import Fault

T = TypeVar("T")

MOST_LISTED = 100
"""Values that a finding lists, at most."""


def value_out_of_bounds(subject: Subject) -> Iterator[Diagnostic]:
    """A number is outside the limits of its field.

    ## What is wrong
    A count, length, size or identifier is smaller or larger than the format allows.

    ## Why is this bad
    Drivers size their buffers and loops by these limits.

    ## How to fix
    Bring the value inside the limits in the message; the page of the format names them all.
    """
    for fault in faults(subject, kinds.ValueOutOfBounds):
        yield Diagnostic(
            f"the value {fault.details.value:,} {_limits(fault.details)}",
            fault.span,
            label=f"{fault.details.value:,}",
            why="drivers size their buffers and loops by this limit",
            fix="bring the value inside its limits",
        )


def _limits(details: kinds.ValueOutOfBounds) -> str:
    match details:
        case kinds.NotAMultiple():
            return f"is not a multiple of {details.step}"
        case kinds.OutsideLimits():
            return f"is not in {details.low:,} to {details.high:,}"
    raise TypeError(f"{type(details).__name__} has no words")


def number_malformed(subject: Subject) -> Iterator[Diagnostic]:
    """Bytes are no number in the digits of their field.

    ## What is wrong
    The field holds a number that is written in ASCII digits, and its bytes are not exactly that: a sign, a letter,
    a space between the digits, an empty field, or a number that does not end as the format says.

    ## Why is this bad
    Each reader makes something else of such bytes. One stops at the first of them that is no digit, one skips it,
    one takes 0, and one takes the number of the field behind it, too. What one of them checks is not what another
    one uses.

    ## How to fix
    Write the number in the digits that the message names, over the whole field.
    """
    for fault in faults(subject, kinds.NumberMalformed):
        form = fault.details.form
        yield Diagnostic(
            f"these {counted(form.length, 'byte')} are no number in {_BASES[form.base]} digits",
            fault.span,
            label="no number",
            why="readers stop at the first byte that is no digit, skip it or take 0, each its own way",
            fix=f"write {_digits(form)}",
        )


_BASES = {2: "binary", 8: "octal", 10: "decimal", 16: "hexadecimal"}
_ENDS = {b"": "nothing", b"\0": "NUL", b" ": "space"}


def _digits(form: DigitForm) -> str:
    """Returns what belongs into a field of digits."""
    case = {"lower": " in small letters", "upper": " in capitals"}.get(form.case, "")
    digits = f"{_BASES[form.base]} digits{case if form.base == 16 else ''}"
    ends = " or ".join(_ENDS.get(end) or " ".join(f"{byte:02x}" for byte in end) for end in form.ends)
    if not form.lead:
        return f"up to {form.length} {digits}, and fill the field behind them with {ends}"
    behind = "" if form.ends == (b"",) else f", and {ends} behind them"
    if form.lead == "0":
        most = max(form.length - len(end) for end in form.ends)
        return f"{'up to ' if len(form.ends) > 1 else ''}{most} {digits}{behind}"
    lead = "spaces" if form.lead == " " else "zeros or spaces"
    return f"{digits} with {lead} in front of them{behind}, over all {form.length} bytes"


def unknown_enum_value(subject: Subject) -> Iterator[Diagnostic]:
    """A number, or a constant, has no meaning in its field.

    ## What is wrong
    The field takes one of a few numbers or constants of bytes, and this is none of them.

    ## Why is this bad
    A driver that uses the number as an index into a table of functions or names reads past the table; one
    that does not know it guesses.

    ## How to fix
    Use one of the values in the message.
    """
    for fault in faults(subject, kinds.UnknownEnumValue):
        found = fault.details.value
        value = found.hex(" ") if isinstance(found, bytes) else found
        names = _listed(fault.details.names, len(fault.details.names), _named)
        yield Diagnostic(
            f"the value {value} has no meaning here",
            fault.span,
            label=f"{value}",
            why="a driver that uses it as an index into a table reads past the table",
            fix=f"use one of: {names}",
        )


def _listed(values: Iterable[T], count: int, named: Callable[[T], str]) -> str:
    """The first of `count` values with their names, and how many more there are."""
    some = ", ".join(map(named, islice(values, MOST_LISTED)))
    return some if count <= MOST_LISTED else f"{some} or {count - MOST_LISTED:,} more"


def _named(value: object) -> str:
    """A value of an enum with its name, or a bare number."""
    return f"{int(value)} {value.name.lower()}" if isinstance(value, IntEnum) else str(value)


def unknown_flag(subject: Subject) -> Iterator[Diagnostic]:
    """A bit is set that has no meaning.

    ## What is wrong
    A field of flags has a bit set that the format does not name.

    ## Why is this bad
    A later version may give the bit a meaning, and old content would then mean something new. Until then,
    readers disagree about it.

    ## How to fix
    Clear the bit.
    """
    for fault in faults(subject, kinds.UnknownFlag):
        details = fault.details
        names = _listed(details.names, len(details.names), lambda bit: f"{bit:#x} {str(bit.name).lower()}")
        yield Diagnostic(
            f"the bits {details.unknown:#x} of {details.value:#x} have no meaning",
            fault.span,
            label=f"{details.value:#x}",
            why="a later driver may give the bits a meaning that this content does not mean",
            fix=f"clear them; known are {names}",
        )


def reserved_not_zero(subject: Subject) -> Iterator[Diagnostic]:
    """A reserved field is not zero.

    ## What is wrong
    A field that the format keeps for later holds something.

    ## Why is this bad
    A later driver will read a meaning into it.

    ## How to fix
    Set the field to zero.
    """
    for fault in faults(subject, kinds.ReservedNotZero):
        yield Diagnostic(
            f"the reserved field is {fault.details.value:#x}, not 0",
            fault.span,
            label="reserved",
            why="a later driver will read a meaning into it",
            fix="set it to 0",
        )


def padding_not_zero(subject: Subject) -> Iterator[Diagnostic]:
    """Padding is not zero.

    ## What is wrong
    The bytes that fill a record or text up to its alignment or size hold something.

    ## Why is this bad
    Nobody reads them today; they carry memory of the program that wrote the file, or something hidden, and
    they change the file without changing its meaning.

    ## How to fix
    Set the padding to zero.
    """
    for fault in faults(subject, kinds.PaddingNotZero):
        yield Diagnostic(
            f"{fault.span.length} bytes of padding are not zero",
            fault.span,
            label="padding",
            why="leftover bytes contain memory of the program that wrote them, or something hidden",
            fix="set them to 0",
        )


def offset_outside_region(subject: Subject) -> Iterator[Diagnostic]:
    """An offset and length do not lie inside their region.

    ## What is wrong
    A name or operand is said to stand at a place that is not inside the string pool, or runs over its end
    (with the NUL that follows a text).

    ## Why is this bad
    The driver reads the bytes there all the same: out of bounds, or from another table. Where the sum of
    offset and length passes 4 GiB, 32-bit arithmetic wraps to a small number, and a driver that compares only
    the sum lets it through.

    ## How to fix
    Build the file again, so that offset and length name an item of the pool.
    """
    for fault in faults(subject, kinds.OffsetOutsideRegion):
        yield _outside(fault)


def _outside(fault: Fault[kinds.OffsetOutsideRegion]) -> Diagnostic:
    details = fault.details
    offset, length, behind, region = details.value, details.length, details.behind, details.region
    total = offset + length + behind
    nul = " and its NUL" if behind else ""
    wraps = f", which wraps to {total & 0xFFFFFFFF:#x} in 32 bits" if total > 0xFFFFFFFF else ""
    return Diagnostic(
        f'{counted(length, "byte")}{nul} at {offset:#x} {"ends" if length + behind == 1 else "end"} at {total:#x}{wraps}; region "{region}" spans {details.start:#x} to {details.end:#x}',
        fault.span,
        label=f"outside the {region}",
        why="the driver reads there all the same: out of bounds, or from another table",
        fix=f"let offset and length name an item inside the {region}",
    )


def offset_misaligned(subject: Subject) -> Iterator[Diagnostic]:
    """An offset is not aligned.

    ## What is wrong
    A record or an integer operand does not stand at a multiple of its alignment.

    ## Why is this bad
    Some processors fault on a misaligned access, in kernel mode; others read slowly or in two pieces.

    ## How to fix
    Move the item to the next multiple, with zero bytes before it.
    """
    for fault in faults(subject, kinds.OffsetMisaligned):
        value, align = fault.details.value, fault.details.align
        yield Diagnostic(
            f"the offset {value:#x} is not a multiple of {align}",
            fault.span,
            label=f"{value:#x}",
            why="some processors fault on a misaligned access, in kernel mode",
            fix=f"move the item to a multiple of {align}",
        )


def index_outside_table(subject: Subject) -> Iterator[Diagnostic]:
    """An index, or a run of rows, passes the end of its table.

    ## What is wrong
    A record names rows of another table that the table does not have.

    ## Why is this bad
    The driver multiplies the index by the record size and reads past the table.

    ## How to fix
    Let the index and count stay inside the table.
    """
    for fault in faults(subject, kinds.IndexOutsideTable):
        details = fault.details
        value, count, rows, table = details.value, details.count, details.rows, details.table
        what = f"row {value:,}" if count == 1 else f"{count:,} rows from row {value:,}"
        which = f" (0 to {rows - 1:,})" if rows else ""
        yield Diagnostic(
            f"{what} of {table} requested, but the table has {rows:,}{which}",
            fault.span,
            label=f"past {table}",
            why="the driver multiplies the index by the record size and reads past the table",
            fix=f"let index and count stay inside the {rows:,} rows",
        )


def text_malformed(subject: Subject) -> Iterator[Diagnostic]:
    """Text is not well-formed.

    ## What is wrong
    The bytes are not valid in their encoding, or a NUL stands inside the text.

    ## Why is this bad
    Readers end or replace such text at different places, so a rule matches something else than its author
    wrote. A NUL inside hides what stands behind it.

    ## How to fix
    Write the text in the encoding of the format, without NUL.
    """
    for fault in faults(subject, kinds.TextMalformed):
        yield Diagnostic(
            f"the text is not well-formed: {fault.details.reason}",
            fault.span,
            label="here",
            why="readers end or replace such text at different places",
            fix="write the text anew in the encoding of the format",
        )


def text_not_terminated(subject: Subject) -> Iterator[Diagnostic]:
    """Text does not end in a NUL.

    ## What is wrong
    The format asks for a NUL at the end of this text, and it is not there.

    ## Why is this bad
    A driver that looks for the NUL reads on behind the text, through whatever follows, until it finds one or
    faults.

    ## How to fix
    End the text with a NUL.
    """
    for fault in faults(subject, kinds.TextNotTerminated):
        yield Diagnostic(
            "the text has no NUL at its end",
            fault.span,
            label="no NUL",
            why="a driver that looks for the NUL reads on through whatever follows",
            fix="end the text with a NUL",
        )


def pool_items_overlap(subject: Subject) -> Iterator[Diagnostic]:
    """Two items of the pool share bytes.

    ## What is wrong
    Two names or operands overlap in the pool without being the same.

    ## Why is this bad
    A change to one changes the other. Crafted files use it to make a small file ask for much work.

    ## How to fix
    Give each item bytes of its own; equal items may be stored once.
    """
    for fault in faults(subject, kinds.PoolItemsOverlap):
        other = fault.details.other
        yield Diagnostic(
            f"the item at {fault.details.value:#x} overlaps the item at {other:#x}" if other is not None
            else "the items of the pool overlap again and again",
            fault.span,
            label="shared bytes",
            why="one item's bytes mean two things",
            fix="give each item bytes of its own",
            related=proofs_of(fault.related),
        )  # fmt: skip


def pool_text_unused(subject: Subject) -> Iterator[Diagnostic]:
    """Bytes of the pool belong to no item.

    ## What is wrong
    The pool holds text or other bytes that no record names.

    ## Why is this bad
    They are left over from an edit, and may tell readers of the file what was there before. No driver reads
    them.

    ## How to fix
    Build the file again; ccheck writes only what is used.
    """
    for fault in faults(subject, kinds.PoolTextUnused):
        yield Diagnostic(
            f"{counted(fault.details.length, 'byte')} of the {fault.span.path} {'is' if fault.details.length == 1 else 'are'} used by no record",
            fault.span,
            label="unused",
            why="left over from an edit; it may tell what was there before",
            fix="build the file again, with what is used alone",
        )
