"""Checks of criteria against the fields that they match on."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.subject import Subject
from ccheck.formats.channel.checks.content import (
    content_of,
    duplicates,
    kind_name,
    matched_fields,
)
from ccheck.text.quoting import counted
from ccheck_schemas.formats.channel.numbers import (
    OPERAND_HIGH,
    CriterionKind,
    ValueKind,
)


def duplicate_instance(subject: Subject) -> Iterator[Diagnostic]:
    """Two template instances have the same id.

    ## What is wrong
    An id names two instances of the file.

    ## Why is this bad
    Detections, telemetry and take-backs go by the id; they would hit the wrong one or both.

    ## How to fix
    Give each instance an id of its own.
    """
    yield from duplicates(
        [(i.id, i.source, f"instance id {i.id}") for i in content_of(subject).instances],
        fix="give this instance an id of its own",
    )


def field_past_type(subject: Subject) -> Iterator[Diagnostic]:
    """A criterion is for a field that its template type does not have.

    ## What is wrong
    The criterion's field index is not below the number of fields that the definitions give the type.

    ## Why is this bad
    The driver uses the number as an index into its inputs: an out-of-bounds read in kernel mode.

    ## How to fix
    Use a field of the type.
    """
    for _, criterion, type_, field in matched_fields(subject):
        if field is None:
            count = len(type_.fields)
            yield Diagnostic(
                f"criterion reads field {criterion.field_index}, but type {type_.name or type_.id} has {count} (0 to {count - 1})",
                criterion.source.span("field_index"),
                label=f"field {criterion.field_index}",
                why="the driver uses the number as an index: an out-of-bounds read in kernel mode",
                fix="use a field of the type",
            )


def field_matched_twice(subject: Subject) -> Iterator[Diagnostic]:
    """An instance has two criteria on one field.

    ## What is wrong
    Two criteria of one instance have the same field index.

    ## Why is this bad
    A driver that keeps one criterion per field keeps the last and forgets the first; one that keeps a list
    needs both to match.

    ## How to fix
    Join the two, for instance with one_of or a regex, or write two instances.
    """
    for instance in content_of(subject).instances:
        yield from duplicates(
            [(c.field_index, c.source, f"field {c.field_index}") for c in instance.criteria],
            fix="join the two criteria, or write two instances",
            field="field_index",
        )


def kind_not_allowed(subject: Subject) -> Iterator[Diagnostic]:
    """A criterion is of a kind that its field does not allow.

    ## What is wrong
    The definitions list the criterion kinds that each field allows; this kind is not among them.

    ## Why is this bad
    The kind was never tried on this field. In July 2024 the field that crashed had only ever been matched
    with a wildcard.

    ## How to fix
    Use an allowed kind, or have the kind tried on every supported build and then allow it in the definitions.
    """
    for _, criterion, _, field in matched_fields(subject):
        if (
            field is not None
            and criterion.kind in CriterionKind._value2member_map_
            and not field.allows(criterion.kind)
        ):
            allowed = ", ".join(kind_name(k) for k in CriterionKind if field.allows(k))
            yield Diagnostic(
                f"{kind_name(criterion.kind)} is not allowed on field {criterion.field_index} ({field.name}); allowed are {allowed or 'none'}",
                criterion.source.span("kind"),
                label=kind_name(criterion.kind),
                why="this kind was never tried on this field",
                fix="use an allowed kind, or try this one on every supported build and allow it in the definitions",
            )


def value_kind_mismatch(subject: Subject) -> Iterator[Diagnostic]:
    """A criterion compares text with an integer field, or the other way round.

    ## What is wrong
    The criterion's value kind is not that of its field in the definitions.

    ## Why is this bad
    The driver takes the input for what the criterion says: a number is followed as a pointer to text, or text
    is read as a number.

    ## How to fix
    Write the operand in the kind of the field.
    """
    for _, criterion, _, field in matched_fields(subject):
        known = criterion.value_kind in (ValueKind.TEXT, ValueKind.INTEGER)
        if (
            field is not None
            and known
            and criterion.kind != CriterionKind.WILDCARD
            and criterion.value_kind != field.value_kind
        ):
            names = {1: "text", 2: "integers"}
            yield Diagnostic(
                f"the operand is of {names[criterion.value_kind]}, field {criterion.field_index} ({field.name}) holds {names.get(field.value_kind, 'something else')}",
                criterion.source.span("value_kind"),
                label=names[criterion.value_kind],
                why="the driver takes the input for what the criterion says: a number is followed as a pointer to text",
                fix="write the operand in the kind of the field",
            )


def operand_too_long(subject: Subject) -> Iterator[Diagnostic]:
    """An operand is longer than its field allows.

    ## What is wrong
    The definitions give each field the greatest length of an operand; this one is longer.

    ## Why is this bad
    Drivers copy operands into buffers of that size.

    ## How to fix
    Shorten the operand, or split the instance.
    """
    for _, criterion, _, field in matched_fields(subject):
        # A length over the format's own limit was reported as out of bounds.
        if field is not None and field.max_length < criterion.operand_length <= OPERAND_HIGH:
            yield Diagnostic(
                f"the operand has {counted(criterion.operand_length, 'byte')}, field {criterion.field_index} ({field.name}) allows {field.max_length:,}",
                criterion.source.span("operand_length"),
                label=counted(criterion.operand_length, "byte"),
                why="drivers copy operands into buffers of that size",
                fix="shorten the operand, or split the instance",
            )
