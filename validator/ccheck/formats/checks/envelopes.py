"""Checks of envelopes: content of another format inside a wrapper that cannot be opened as the schema says.

What is wrong with the content is not theirs: it is judged as a file of its own, by all checks of its format.
"""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.subject import Subject
from ccheck.formats.checks.structure import faults
from ccheck.text.quoting import counted
from ccheck_schemas import fault_details as kinds


def envelope_damaged(subject: Subject) -> Iterator[Diagnostic]:
    """An envelope cannot be opened: its stream is damaged, or ends too early.

    ## What is wrong
    The bytes of the field are no stream of the kind that the schema states, the stream ends before its end mark, or
    its own checksum does not match its content.

    ## Why is this bad
    The content cannot be examined. A driver that unwraps piece by piece has acted on the first part before it
    finds the damage.

    ## How to fix
    The file was cut off or changed after it was compressed. Build it again from its source.
    """
    for fault in faults(subject, kinds.EnvelopeDamaged):
        yield Diagnostic(
            f"the {fault.details.step} cannot be unwrapped: {fault.details.reason}",
            fault.span,
            label="damaged",
            why="what is inside cannot be examined, and a driver may act on part of it",
            fix="the file was cut off or changed after it was wrapped; build it again from its source",
        )


def envelope_too_large(subject: Subject) -> Iterator[Diagnostic]:
    """An envelope has more content than is unwrapped.

    ## What is wrong
    The content has more bytes than the schema allows this field, or all envelopes of the file together have more
    bytes than ccheck unwraps, or there are more envelopes than it opens (4,096).

    ## Why is this bad
    A few bytes can unwrap to gigabytes. A driver without a limit of its own takes that much memory, and the host
    hangs. The content was not examined.

    ## How to fix
    Make the content smaller, or divide it into several files. If the content is right, raise the `limit` of the
    step in the schema.
    """
    for fault in faults(subject, kinds.EnvelopeTooLarge):
        step, limit = fault.details.step, fault.details.limit
        if not step:
            message = f"the file has more envelopes than are opened: {limit:,}"
        elif fault.details.of_file:
            message = f"with this {step}, the envelopes of the file have more than {counted(limit, 'byte')}"
        else:
            message = f"the {step} unwraps to more than {counted(limit, 'byte')}"
        yield Diagnostic(
            message,
            fault.span,
            label="too large",
            why="a few bytes that unwrap to many take a host's memory; what is inside was not examined",
            fix="make the content smaller, or divide it; the schema states the limit of one field",
        )


def envelope_trailing_bytes(subject: Subject) -> Iterator[Diagnostic]:
    """Bytes follow the end of the stream in its envelope.

    ## What is wrong
    The stream ends before its field does. The bytes behind its end belong to no content.

    ## Why is this bad
    Readers differ: one stops at the end mark, another takes what follows for a second stream, whose content nobody
    examined.

    ## How to fix
    Remove the bytes, and let the length of the field count the stream alone. If the format pads the field, give the
    padding a field of its own.
    """
    for fault in faults(subject, kinds.EnvelopeTrailingBytes):
        size = fault.details.size
        yield Diagnostic(
            f"{counted(size, 'byte')} {'follows' if size == 1 else 'follow'} the end of the {fault.details.step}",
            fault.span,
            label="behind the end",
            why="one reader stops at the end of the stream, another reads on in what nobody examined",
            fix="remove them, and let the length of the field count the stream alone",
        )
