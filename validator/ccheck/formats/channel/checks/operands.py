"""Checks of operands: their form, ranges, and regexes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ccheck.core.check import Diagnostic
from ccheck.core.subject import Subject
from ccheck.formats.channel.checks.content import (
    content_of,
    kind_name,
)
from ccheck.formats.channel.operand import (
    inverted,
    list_too_long,
    wrong_elements,
    wrong_mask,
    wrong_size,
)
from ccheck.formats.channel.regex import REGEX_COST_HIGH, cost, too_large
from ccheck_schemas.formats.channel.numbers import (
    INTEGER_KINDS,
    REGEX_HIGH,
    TEXT_KINDS,
    CriterionFlag,
    CriterionKind,
    ValueKind,
)
from ccheck_schemas.formats.channel.structure import Criterion


def operand_misfit(subject: Subject) -> Iterator[Diagnostic]:
    """An operand does not fit its criterion kind.

    ## What is wrong
    The form of the operand is not the one that the kind reads: a wildcard with an operand, a text for an
    integer range, a range with one number, an empty operand, a list with no, too many or equal elements, a
    mask of zero, `ignore_case` without text.

    ## Why is this bad
    The driver reads the operand in the form that the kind asks for. It reads past a short one, and takes the
    bytes of a text for a number.

    ## How to fix
    The page of the format has a table of the operands of each kind.
    """
    for instance in content_of(subject).instances:
        for criterion in instance.criteria:
            if (
                criterion.kind not in CriterionKind._value2member_map_
                or criterion.value_kind not in ValueKind._value2member_map_
            ):
                continue
            misfit = _misfit(criterion)
            if misfit is not None:
                field, message = misfit
                yield Diagnostic(
                    f"{kind_name(criterion.kind)}: {message}",
                    criterion.source.span(field),
                    label=kind_name(criterion.kind),
                    why="the driver reads the operand in the form that the kind asks for, past its end if need be",
                    fix="give the operand the form of its kind",
                )


def _misfit(criterion: Criterion) -> tuple[str, str] | None:
    """The field to blame and what is wrong, or None.

    An operand that could not be read was reported by the schema's checks.
    """
    kind, value_kind, length = criterion.kind, criterion.value_kind, criterion.operand_length
    if kind == CriterionKind.WILDCARD:
        for field in ("operand_length", "operand_offset", "value_kind", "flags"):
            if criterion.source.values[field]:
                return field, f"a wildcard has no operand, but {field} is {criterion.source.values[field]}"
        return None
    if value_kind == ValueKind.NONE:
        return "value_kind", "the kind has an operand, but value_kind is 0"
    if value_kind == ValueKind.TEXT and kind not in TEXT_KINDS:
        return "value_kind", "the kind compares integers, the operand is text"
    if value_kind == ValueKind.INTEGER and kind not in INTEGER_KINDS:
        return "value_kind", "the kind compares text, the operand is of integers"
    if length == 0:
        return "operand_length", "the operand is empty"
    if value_kind == ValueKind.INTEGER:
        if criterion.flags & CriterionFlag.IGNORE_CASE:
            return "flags", "integers have no case to ignore"
        return _integers_misfit(criterion)
    if kind == CriterionKind.ONE_OF and criterion.texts is not None:
        return _list_misfit(criterion.texts)
    if kind == CriterionKind.REGEX and length > REGEX_HIGH:
        return "operand_length", f"a regex has at most {REGEX_HIGH:,} bytes, this one {length:,}"
    return None


def _integers_misfit(criterion: Criterion) -> tuple[str, str] | None:
    message = wrong_size(criterion.kind, criterion.operand_length)
    if message is not None:
        return "operand_length", message
    words = criterion.words
    if words is None:
        return None
    if criterion.kind == CriterionKind.ONE_OF:
        return _list_misfit(words)
    if criterion.kind == CriterionKind.BIT_MASK:
        message = wrong_mask(*words)
    return None if message is None else ("operand_offset", message)


def _list_misfit(items: Sequence[object]) -> tuple[str, str] | None:
    message = list_too_long(items)
    if message is not None:
        return "operand_length", message
    message = wrong_elements(items)
    return None if message is None else ("operand_offset", message)


def range_inverted(subject: Subject) -> Iterator[Diagnostic]:
    """A range ends before it begins.

    ## What is wrong
    The low end of an integer range is greater than the high end.

    ## Why is this bad
    The criterion never matches; where a driver subtracts the ends, the length wraps to a huge number.

    ## How to fix
    Exchange the ends.
    """
    for instance in content_of(subject).instances:
        for criterion in instance.criteria:
            words = criterion.words
            if (
                criterion.kind == CriterionKind.INTEGER_RANGE
                and words is not None
                and len(words) == 2
                and inverted(*words)
            ):
                yield Diagnostic(
                    f"the range goes from {words[0]} down to {words[1]}",
                    criterion.source.span("operand"),
                    label="low, high",
                    why="it never matches, and a driver that subtracts the ends gets a huge length",
                    fix="exchange the ends",
                )


def regex_invalid(subject: Subject) -> Iterator[Diagnostic]:
    """A regex does not compile in a linear-time engine.

    ## What is wrong
    RE2 refuses the regex: a syntax error, or a construct such as a back-reference that cannot be matched in
    linear time.

    ## Why is this bad
    A regex that backtracks can take exponential time on an input that an attacker chooses, in the kernel.

    ## How to fix
    Write the regex in RE2's syntax.
    """
    for criterion, _, fault in _regexes(subject):
        if fault is not None and not too_large(fault):
            yield Diagnostic(
                f"the regex does not compile: {fault}",
                criterion.source.span("operand"),
                label="regex",
                why="what a linear-time engine refuses can take exponential time on an attacker's input",
                fix="write the regex in RE2's syntax",
            )


def regex_too_costly(subject: Subject) -> Iterator[Diagnostic]:
    r"""A regex is over its cost budget.

    ## What is wrong
    The program that RE2 makes of the regex has more instructions than the format allows. Counted repetitions
    multiply: `.{1000}` has 8,000 of them, and `(\pL{9}){9}` 97,000.

    ## Why is this bad
    Each byte of an input costs time in proportion to the program, on every event of every host.

    ## How to fix
    Lower the counts of repetitions, or match less with the regex and the rest with other criteria.
    """
    for criterion, instructions, fault in _regexes(subject):
        if instructions > REGEX_COST_HIGH or too_large(fault):
            size = f"{instructions:,} instructions" if fault is None else "far more instructions"
            yield Diagnostic(
                f"the regex needs {size}, the budget is {REGEX_COST_HIGH:,}",
                criterion.source.span("operand"),
                label="regex",
                why="each byte of an input costs time in proportion, on every event of every host",
                fix="lower the counts of repetitions",
            )


def _regexes(subject: Subject) -> Iterator[tuple[Criterion, int, str | None]]:
    """Each regex with its cost in instructions, or with the reason for which it does not compile."""
    known: dict[tuple[str, bool], tuple[int, str | None]] = {}
    for instance in content_of(subject).instances:
        for criterion in instance.criteria:
            if (
                criterion.kind == CriterionKind.REGEX
                and criterion.text is not None
                and criterion.operand_length <= REGEX_HIGH
            ):
                key = (criterion.text, criterion.ignore_case)
                if key not in known:
                    known[key] = cost(*key)
                yield criterion, *known[key]
