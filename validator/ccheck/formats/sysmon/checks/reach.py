"""Which values a condition of Sysmon rules matches, as the public reader compares text.

A second reading of the operators, which tests hold against the reference interpreter.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from ccheck_schemas.formats.sysmon import tables

SEPARATOR = ";"
NEGATED = frozenset(("is not", "excludes", "excludes any", "excludes all", "not begin with", "not end with"))
"""Operators that match where something is not so."""


class Extent(Enum):
    """How many texts a condition matches."""

    NONE = auto()
    SOME = auto()
    ALL = auto()


class Reach(NamedTuple):
    """What a condition matches: the empty text, and texts that are not empty."""

    empty: bool
    others: Extent


def single(operator: str) -> str:
    """Returns the operator that asks for one text where this one asks for it, or for it not to be there."""
    return _POSITIVE.get(operator, operator).removesuffix(" any").removesuffix(" all")


def fold(text: str) -> str:
    """Returns a text in lower case, of the same length."""
    return "".join(low if len(low := each.lower()) == 1 else each for each in text)


def elements_of(operator: str, data: str) -> list[str]:
    """Returns the texts that a condition looks for: the elements of a list, or the data."""
    return data.split(SEPARATOR) if operator in tables.LIST_OPERATORS else [data]


def _needle_found(value: str, data: str) -> Iterator[bool]:
    """Yields for each element of a list whether it is found in a value."""
    start = 0
    for element in data.split(SEPARATOR):
        # Of an empty element the reader has no length, so that it looks for the whole rest of the list.
        rest = len(data) - start
        if element:
            yield _found(value, element)
        else:
            yield rest <= len(value) and _found(value, data[start:])
        start += len(element) + 1


def _found(value: str, part: str) -> bool:
    return value != "" and part in value


def matches(operator: str, data: str, value: str) -> bool:
    """Returns whether a condition matches a value; both must be folded."""
    if operator in NEGATED:
        return not matches(_POSITIVE[operator], data, value)
    match operator:
        case "is":
            return value == data
        case "contains":
            return _found(value, data)
        case "contains any":
            return any(_needle_found(value, data))
        case "contains all":
            return all(_needle_found(value, data))
        case "is any":
            return value in data.split(SEPARATOR)
        case "begin with":
            return value.startswith(data)
        case "end with":
            return value.endswith(data)
        case "image":
            return data == (value if "\\" in data else value.rpartition("\\")[2])
        case "less than":
            return _units(value) < _units(data)
        case _:
            return _units(value) > _units(data)


_POSITIVE = {
    "is not": "is",
    "excludes": "contains",
    "excludes any": "contains any",
    "excludes all": "contains all",
    "not begin with": "begin with",
    "not end with": "end with",
}


def _units(text: str) -> bytes:
    return text.encode("utf-16-be", "surrogatepass")


def reach(operator: str, data: str) -> Reach:
    """Returns what a condition matches, as far as the operator and the data tell alone."""
    if operator in NEGATED:
        positive = reach(_POSITIVE[operator], data)
        return Reach(not positive.empty, _OPPOSITE[positive.others])
    if data == "":
        return _OF_NOTHING[operator]
    if operator == "is any":
        elements = data.split(SEPARATOR)
        return Reach("" in elements, Extent.SOME if any(elements) else Extent.NONE)
    if operator == "contains any" and data.endswith(SEPARATOR):  # behind it there is nothing to look for
        return Reach(empty=False, others=Extent.ALL)
    return Reach(operator == "less than", Extent.SOME)


_OPPOSITE = {Extent.NONE: Extent.ALL, Extent.SOME: Extent.SOME, Extent.ALL: Extent.NONE}
_OF_NOTHING = {
    "is": Reach(empty=True, others=Extent.NONE),
    "is any": Reach(empty=True, others=Extent.NONE),
    "contains": Reach(empty=False, others=Extent.ALL),
    "contains any": Reach(empty=False, others=Extent.ALL),
    "contains all": Reach(empty=False, others=Extent.ALL),
    "begin with": Reach(empty=True, others=Extent.ALL),
    "end with": Reach(empty=True, others=Extent.ALL),
    "image": Reach(empty=True, others=Extent.SOME),
    "less than": Reach(empty=False, others=Extent.NONE),
    "more than": Reach(empty=False, others=Extent.ALL),
}
