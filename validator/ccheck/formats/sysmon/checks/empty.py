"""Checks of conditions of Sysmon rules that have nothing to look for, and of lists with empty elements."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.subject import Subject
from ccheck.formats.sysmon.checks.condition import Condition, understood
from ccheck.formats.sysmon.checks.reach import SEPARATOR, Extent, reach
from ccheck_schemas.formats.sysmon import tables

_BLANK = "an XML element that is empty, or holds nothing but white space, makes an empty text"


def sysmon_matches_everything(subject: Subject) -> Iterator[Diagnostic]:
    """A condition has an empty text, and matches every event.

    ## What is wrong
    *contains*, *contains any*, *contains all*, *begin with*, *end with*, *is not* and *more than* with an empty
    text match every value that is not empty. The public reader puts "-" into fields that have no text, so
    that no value is.

    ## Why is this bad
    In a list of what to exclude, such a condition excludes every event of its type: the sensor is blind there,
    and says nothing. In a list of what to include it includes every event, and the other conditions that are
    joined with it by *or* decide nothing. Joined by *and*, it asks for nothing.

    ## How to fix
    Give the text to look for, or remove the condition. The usual cause is an XML element that is empty, or holds
    nothing but white space.
    """
    for each in understood(subject):
        if each.text or reach(each.operator, "").others is not Extent.ALL:
            continue
        yield Diagnostic(
            f"{each.operator!r} with an empty text matches every {each.event_name} event"
            f" whose {each.field} is not empty: {_effect(each)}",
            each.span,
            label="no text",
            why=_BLANK,
            fix="give the text to look for, or remove the condition",
        )


def _effect(each: Condition) -> str:
    if not each.decides:
        return "it asks for nothing"
    return "all of them are excluded" if each.excludes else "all of them are included"


def sysmon_matches_nothing(subject: Subject) -> Iterator[Diagnostic]:
    """A condition has an empty text, and matches no event.

    ## What is wrong
    *is*, *is any*, *image*, *excludes*, *excludes any* and *excludes all* with an empty text match an empty value
    alone (*image* also a path that ends with a backslash); *not begin with*, *not end with* and *less than* match
    none at all. The public reader puts "-" into fields that have no text, so that no value is empty.

    ## Why is this bad
    What the author wanted to include or exclude is not. Joined by *and*, the condition keeps the others from
    ever matching.

    ## How to fix
    Give the text to look for; write "-" for a field without text; or remove the condition.
    """
    for each in understood(subject):
        found = reach(each.operator, "")
        if each.text or found.others is Extent.ALL:
            continue
        only = f"only an empty {each.field}, and one without text is '-'" if found.empty else "nothing"
        also = "" if each.decides else "; what is joined with it by and never matches"
        yield Diagnostic(
            f"{each.operator!r} with an empty text matches {only}{also}",
            each.span,
            label="no text",
            why=_BLANK,
            fix="give the text to look for ('-' for a field without text), or remove the condition",
        )


def sysmon_empty_list_element(subject: Subject) -> Iterator[Diagnostic]:
    """A list of texts has an empty element.

    ## What is wrong
    The list operators split their data at each semicolon. Two semicolons follow each other, or one stands at
    an end, so that one of the elements is empty.

    ## Why is this bad
    Behind the last semicolon there is nothing to look for, and nothing is found in every value: *contains any*
    matches every event, and *excludes any* none. For an empty element in front of others the public reader looks
    for the whole rest of the list, with its semicolons: *contains all* then matches nothing that was meant, and
    *excludes all* everything. *is any* matches an empty field.

    ## How to fix
    Remove the stray semicolon.
    """
    for each in understood(subject):
        if each.operator not in tables.LIST_OPERATORS or not each.text or "" not in each.elements:
            continue
        elements = each.elements
        yield Diagnostic(
            f"element {elements.index('') + 1} of {len(elements)} of the list for {each.operator!r} is empty:"
            f" {_of_list(each)}",
            each.span,
            label="empty element",
            why="behind the last semicolon there is nothing to look for; "
            "in front of others the reader looks for the whole rest of the list",
            fix="remove the stray semicolon",
        )


def _of_list(each: Condition) -> str:
    at_end = each.text.endswith(SEPARATOR)
    inside = "" in each.elements[:-1]
    if each.operator == "is any":
        return f"it matches an empty {each.field}"
    if each.operator == "contains any":
        return f"the condition matches every event: {_effect(each)}" if at_end else "it finds nothing"
    if each.operator == "excludes any":
        return "the condition matches no event" if at_end else "it excludes nothing"
    if not inside:
        return "it asks for nothing"
    if each.operator == "contains all":
        return "the condition asks for the rest of the list as one text"
    return "the condition matches every event without the rest of the list as one text"


def sysmon_not_a_number(subject: Subject) -> Iterator[Diagnostic]:
    """An operator that asks for an order has data that is not a number.

    ## What is wrong
    The data of *less than* or *more than* is not a decimal or hexadecimal number.

    ## Why is this bad
    Authors mean numbers with these operators. The public reader compares text, character by character, so
    that the result for anything else than numbers of equal length surprises.

    ## How to fix
    Give a number, with as many digits as the values of the field have; or use another operator.
    """
    for each in understood(subject):
        if each.operator in tables.ORDER_OPERATORS and each.text and not _number(each.text):
            yield Diagnostic(
                f"the data of {each.operator!r} is not a number",
                each.span,
                label="not a number",
                why="the public reader compares text here, so that anything but numbers of equal length surprises",
                fix="give a number, or use another operator",
            )


def _number(text: str) -> bool:
    digits = text.strip()
    if digits[:2].lower() == "0x":
        return all(digit in "0123456789abcdefABCDEF" for digit in digits[2:]) and len(digits) > 2
    return digits.isascii() and digits.removeprefix("-").isdecimal()
