"""What is wrong in microcode updates across fields. A check is a function; its docstring is its manual."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ccheck.check import Check, Diagnostic, RelatedLocation, Subject
from ccheck.formats.checks.general import VERSION, FormatChecks, layout
from ccheck_schemas.record import Record
from microcode.numbers import HEADER, TABLE, TOTAL_DEFAULT, UNIT

REFUSED = "intel_microcode_sanity_check refuses the update, and no update behind it is looked at"


def updates_of(subject: Subject) -> Iterator[Record]:
    """The updates that were read whole."""
    for one in subject.content.root.get("updates") or ():
        if one.get("left") is not None:
            yield one


def sum_of(data: bytes) -> int:
    """The sum of little-endian words; bytes behind the last one do not count."""
    words: tuple[int, ...] = struct.unpack_from(f"<{len(data) // 4}I", data)
    return sum(words) & 0xFFFFFFFF


def microcode_data_past_total(subject: Subject) -> Iterator[Diagnostic]:
    """The header and the data are larger than the update.

    ## What is wrong
    total_size is less than 48 bytes of header and data_size.

    ## Why is this bad
    Linux refuses the update (`intel_microcode_sanity_check`, "bad microcode data file size"). Unchecked, the size of the
    extended signature table wraps, and the kernel reads behind the update.

    ## How to fix
    Correct one of the two sizes. Only where data_size is 0 is total_size not read.
    """
    for one in updates_of(subject):
        if HEADER + one.data_stated > one.total_stated:
            yield Diagnostic(
                f"the update has {one.total_stated} bytes, its header and data {HEADER} + {one.data_stated}",
                one.span("total_size"),
                label=f"{one.total_stated} bytes",
                why=REFUSED,
                fix="correct one of the two sizes",
                related=(RelatedLocation.at(one.span("data_size"), f"{one.data_stated} bytes of data"),),
            )


def microcode_size_misaligned(subject: Subject) -> Iterator[Diagnostic]:
    """A size is no multiple of what it is counted in.

    ## What is wrong
    data_size is no multiple of 4, or total_size none of 1,024.

    ## Why is this bad
    Intel's manual asks for both. The checksum is one of whole words: Linux leaves the bytes behind the last one out, so
    nothing holds them.

    ## How to fix
    Fill the data up to whole words, and so that the update has a multiple of 1,024 bytes.
    """
    for one in updates_of(subject):
        for name, unit in (("data_size", 4), ("total_size", UNIT)):
            if one[name] % unit:
                yield Diagnostic(
                    f"{name} is {one[name]}, which is no multiple of {unit}",
                    one.span(name),
                    label=f"{one[name] % unit} more",
                    why="Intel's manual asks for a multiple, and the checksum does not cover what is more",
                    fix="fill the data up",
                )


def microcode_total_size_ignored(subject: Subject) -> Iterator[Diagnostic]:
    """A size is stated that nobody reads.

    ## What is wrong
    data_size is 0, which means 2,000 bytes of data in an update of 2,048, and total_size is neither 0 nor 2,048.

    ## Why is this bad
    Linux takes 2,048 bytes (`get_totalsize`), and looks there for the next update. A tool that goes by total_size finds
    another one, or none.

    ## How to fix
    Make total_size 0 or 2,048, or state data_size.
    """
    for one in updates_of(subject):
        if not one.data_size and one.total_size not in (0, TOTAL_DEFAULT):
            yield Diagnostic(
                f"total_size is {one.total_size}, but without data_size the update has {TOTAL_DEFAULT} bytes",
                one.span("total_size"),
                label="not read",
                why="get_totalsize takes 2048 bytes, and other tools as many as are stated",
                fix=f"make it 0 or {TOTAL_DEFAULT}, or state data_size",
                related=(RelatedLocation.at(one.span("data_size"), "data_size is 0"),),
            )


def microcode_checksum_wrong(subject: Subject) -> Iterator[Diagnostic]:
    """The words of header and data do not sum up to 0.

    ## What is wrong
    The sum of all little-endian words of the header and the data, modulo 2^32, is not 0.

    ## Why is this bad
    Linux refuses the update (`intel_microcode_sanity_check`, "Bad microcode data checksum"), and so does the processor.
    Some byte is another than Intel released.

    ## How to fix
    Get the file again. A new checksum helps nobody: the data is signed.
    """
    for one in updates_of(subject):
        total = sum_of(subject.data[one.offset : one.offset + HEADER + one.data_stated])
        if total:
            yield Diagnostic(
                f"the words sum up to {total:#x}, and not to 0",
                one.span("checksum"),
                label=f"{(one.checksum - total) & 0xFFFFFFFF:#010x} would be right",
                why=REFUSED,
                fix="get the file again",
            )


def microcode_table_cut(subject: Subject) -> Iterator[Diagnostic]:
    """What follows the data is no whole extended signature table.

    ## What is wrong
    total_size leaves bytes behind the data, which are fewer than the 20 of a table, or no multiple of 12 behind these.

    ## Why is this bad
    Linux refuses the update (`intel_microcode_sanity_check`, "truncated extended signature table").

    ## How to fix
    Correct the sizes. An update without a table has 48 bytes more than its data.
    """
    for one in updates_of(subject):
        if one.left:
            detail = f"a table has {TABLE}" if one.table_size < TABLE else f"{len(one.left)} are left"
            yield Diagnostic(
                f"{one.table_size} bytes follow the data, {detail}",
                one.span("left"),
                label=f"{len(one.left)} bytes",
                why=REFUSED,
                fix="correct data_size or total_size",
                related=(RelatedLocation.at(one.span("data_size"), f"{one.data_stated} bytes of data"),),
            )


def microcode_table_checksum_wrong(subject: Subject) -> Iterator[Diagnostic]:
    """The words of the extended signature table do not sum up to 0.

    ## What is wrong
    The sum of all little-endian words of the table, modulo 2^32, is not 0.

    ## Why is this bad
    Linux refuses the update (`intel_microcode_sanity_check`, "Bad extended signature table checksum").

    ## How to fix
    Get the file again, or work the checksum out again if the table was changed: it is not signed.
    """
    for one in updates_of(subject):
        if one.get("table") is None:
            continue
        start = one.offset + HEADER + one.data_taken
        total = sum_of(subject.data[start : start + one.table_size])
        if total:
            yield Diagnostic(
                f"the words of the table sum up to {total:#x}, and not to 0",
                one.table.span("checksum"),
                label=f"{(one.table.checksum - total) & 0xFFFFFFFF:#010x} would be right",
                why=REFUSED,
                fix="get the file again",
            )


def microcode_signature_checksum_wrong(subject: Subject) -> Iterator[Diagnostic]:
    """An extended signature has another sum than the header.

    ## What is wrong
    Processor, platforms and checksum of an extended signature have another sum than those of the header. Its checksum is
    the one that the header would have if it named this processor.

    ## Why is this bad
    Linux refuses the update (`intel_microcode_sanity_check`, "Bad extended signature checksum").

    ## How to fix
    Work the checksum out: that of the header, and the difference of processor and platforms.
    """
    for one in updates_of(subject):
        table = one.get("table")
        if table is None:
            continue
        wanted = (one.processor + one.platforms + one.checksum) & 0xFFFFFFFF
        for signature in table.signatures:
            right = (wanted - signature.processor - signature.platforms) & 0xFFFFFFFF
            if signature.checksum != right:
                yield Diagnostic(
                    f"the checksum is {signature.checksum:#010x}, that of the header makes it {right:#010x}",
                    signature.span("checksum"),
                    label=f"{right:#010x} would be right",
                    why=REFUSED,
                    fix=f"make it {right:#010x}",
                    related=(RelatedLocation.at(one.span("checksum"), "that of the header"),),
                )


_WHOLE = (VERSION, *layout("truncated", "count-past-bytes"))
_SIZES = tuple(
    Check(function, requires=_WHOLE, schemas=("microcode",))
    for function in (
        microcode_data_past_total,
        microcode_size_misaligned,
        microcode_total_size_ignored,
    )
)
_CUT = Check(microcode_table_cut, requires=_SIZES, schemas=("microcode",))
CHECKS = (
    *_SIZES,
    Check(microcode_checksum_wrong, requires=_SIZES, schemas=("microcode",)),
    _CUT,
    *(
        Check(
            function, requires=(_CUT, *layout("count-mismatch", "reserved-not-zero")), schemas=("microcode",)
        )
        for function in (microcode_table_checksum_wrong, microcode_signature_checksum_wrong)
    ),
)
TABLE_OF_CHECKS = FormatChecks(CHECKS)
