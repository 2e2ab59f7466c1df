"""Checks of the texts of Sysmon rules that do not say what their author meant."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.subject import Subject
from ccheck.formats.sysmon.checks.condition import Condition, knows_lists, understood
from ccheck.formats.sysmon.checks.reach import NEGATED, SEPARATOR, fold, matches, single
from ccheck_schemas.formats.sysmon import tables, values
from ccheck_schemas.formats.sysmon.values import Kind

_INVISIBLE = "\t\n\r\v\f\x85\u2028\u2029\ufeff\u200b\u200c\u200d\u2060\u00a0"
"""Characters that nobody sees at the edge of a text."""
_BLANKS = _INVISIBLE + " "

_AS_LIST = {"is": "is any", "contains": "contains any", "excludes": "excludes any"}
_WHOLE = frozenset(("is", "is not", "image", "less than", "more than"))
_BEGINS = frozenset(("begin with", "not begin with"))
_ENDS = frozenset(("end with", "not end with"))
_EXACT = frozenset(("is", "is not", "image", "is any"))


def _is_list_by_mistake(each: Condition) -> bool:
    """Whether data that no operator splits reads as a list."""
    if each.operator in tables.LIST_OPERATORS or each.field == "QueryResults":
        return False
    parts = each.text.split(SEPARATOR)
    if len(parts) < 2 or not all(part.strip(_BLANKS) for part in parts):
        return False
    # A whole command line or value was copied, and may have semicolons of its own.
    copied = each.kind is Kind.FREE and each.operator in _WHOLE
    return not copied or not any(" " in part.strip(_BLANKS) for part in parts)


def sysmon_separator_not_split(subject: Subject) -> Iterator[Diagnostic]:
    """A condition has semicolons, which its operator does not split.

    ## What is wrong
    Texts stand between semicolons, as in a list. The operators *is any*, *contains any*, *contains all*,
    *excludes any* and *excludes all* split their data at semicolons; all others take them as one text.

    ## Why is this bad
    The condition looks for the whole text with its semicolons, which values hardly ever have: what was meant to
    be included or excluded is not, and nothing says so. A negated condition then nearly always matches.

    ## How to fix
    Use the operator that takes a list, or write one condition for each text. There is no list for *begin with*,
    *end with* and *image*.
    """
    for each in understood(subject):
        if not _is_list_by_mistake(each):
            continue
        listed = _AS_LIST.get(each.operator) if knows_lists(subject) else None
        yield Diagnostic(
            f"{each.words} has semicolons, which {each.operator!r} does not split: it looks for the whole text",
            each.span,
            label="one text",
            why="only the operators with any and all in their names take lists",
            fix=f"use {listed!r}, or one condition for each text"
            if listed
            else "write one condition for each text",
        )


def _padding(each: Condition) -> str | None:
    """Returns the text of a condition whose white space at an edge was hardly meant, or None."""
    elements = each.elements
    for place, text in enumerate(elements):
        bare = text.strip(_BLANKS)
        if bare == text or (not bare and each.operator not in _EXACT):
            continue
        left, right = text[: len(text) - len(text.lstrip(_BLANKS))], text[len(text.rstrip(_BLANKS)) :]
        if any(mark in _INVISIBLE for mark in left + right):
            return text
        # A list that was typed as a sentence: the first element has no blank in front, this one has.
        if place and left and not elements[0].startswith(" ") and elements[0]:
            return text
        if _matters(each, left, right):
            return text
    return None


def _matters(each: Condition, left: str, right: str) -> bool:
    """Whether blanks at an edge keep a condition from matching."""
    if each.kind is Kind.FREE:
        return False
    if each.operator in _EXACT or each.operator in tables.ORDER_OPERATORS:
        return bool(left or right)
    if each.operator in _BEGINS:
        return bool(left)
    if each.operator in _ENDS:
        return bool(right)
    return each.kind is not Kind.WORDS and bool(left or right)


def sysmon_white_space_around(subject: Subject) -> Iterator[Diagnostic]:
    """A condition has white space around its text, or around an element of its list.

    ## What is wrong
    The text, or an element of a list, begins or ends with a blank, a line feed, a tab or a character that nobody
    sees, where values have none. Blanks in command lines and the like are taken as meant, unless a list has
    them behind its semicolons alone.

    ## Why is this bad
    Neither the compiler nor the reader removes white space: the condition looks for it too, and matches
    nothing. What was meant to be included or excluded is not.

    ## How to fix
    Remove the white space: write the text on one line with its XML element, and no blank behind a semicolon.
    """
    for each in understood(subject):
        padded = None if _is_list_by_mistake(each) else _padding(each)
        if padded is not None:
            yield Diagnostic(
                f"{each.field} {each.operator} looks for {padded!r}, with the white space around it",
                each.span,
                label="white space",
                why="white space is compared like any other character, and values have none there",
                fix=f"write {padded.strip(_BLANKS)!r}",
            )


def _why_impossible(each: Condition, text: str) -> str | None:
    """Returns why no value of the field has a text as the operator asks for it, or None."""
    few = values.words_of(each.event.rule_name, each.field)
    if few is not None:
        wanted = fold(text)
        known = any(matches(single(each.operator), wanted, fold(value)) for value in few)
        return None if known else f"{each.field} is one of {', '.join(few)}"
    if each.operator == "image" and "\\" not in text:
        return values.why_not_part(each.field, text)
    if each.operator in _EXACT:
        return values.why_not_whole(each.field, text)
    if each.operator in _BEGINS:
        return values.why_not_begin(each.field, text)
    return values.why_not_part(each.field, text)


def sysmon_value_impossible(subject: Subject) -> Iterator[Diagnostic]:
    """A condition looks for a text that its field never has.

    ## What is wrong
    The field has values of a known form, and the text is not of it: a path without its drive, or with a
    wildcard or quotation marks; a network instead of an address; a number that is none, or has zeros in front;
    a hash without its algorithm; a word that is none of the few that the field has.

    ## Why is this bad
    The condition never matches, and a negated one always does. What was meant to be included or excluded is
    not, and nothing says so. Sysmon knows no wildcards, networks or ranges.

    ## How to fix
    Write the text as events show it. For a file name alone, use *image* or *end with*.
    """
    for each in understood(subject):
        if each.operator in tables.ORDER_OPERATORS or _is_list_by_mistake(each) or _padding(each) is not None:
            continue
        for text in each.elements:
            reason = _why_impossible(each, text) if text else None
            if reason is not None:
                yield _impossible(each, text, reason)
                break


def _impossible(each: Condition, text: str, reason: str) -> Diagnostic:
    always = "matches" if each.operator in NEGATED else "never matches"
    which = f"element {text!r} of {each.field} {each.operator}" if len(each.elements) > 1 else each.words
    what = "is never found" if len(each.elements) > 1 else f"{'always ' * (always == 'matches')}{always}"
    fix = "write the text as events show it"
    if each.kind is Kind.PATH and each.operator in _EXACT and "\\" not in text:
        fix = "use 'image' or 'end with' for a file name without its folder"
    return Diagnostic(
        f"{which} {what}: {reason}",
        each.span,
        label="no value is like this",
        why="a condition that cannot match lets through what it was written for",
        fix=fix,
    )
