"""The criterion kinds, and whether one of them matches an input."""

from dataclasses import dataclass
from functools import lru_cache
from struct import iter_unpack, unpack
from typing import Final, Protocol

import re2

WILDCARD: Final = 1
EQUALS: Final = 2
NOT_EQUALS: Final = 3
PREFIX: Final = 4
SUFFIX: Final = 5
CONTAINS: Final = 6
REGEX: Final = 7
INTEGER_RANGE: Final = 8
BIT_MASK: Final = 9
ONE_OF: Final = 10

KIND_NUMBERS: Final[dict[str, int]] = {
    "wildcard": WILDCARD,
    "equals": EQUALS,
    "not_equals": NOT_EQUALS,
    "prefix": PREFIX,
    "suffix": SUFFIX,
    "contains": CONTAINS,
    "regex": REGEX,
    "integer_range": INTEGER_RANGE,
    "bit_mask": BIT_MASK,
    "one_of": ONE_OF,
}
KIND_NAMES: Final = {number: name for name, number in KIND_NUMBERS.items()}

TEXT: Final = 1
INTEGER: Final = 2
VALUE_KIND_NAMES: Final = {TEXT: "text", INTEGER: "integer"}

TEXT_KINDS: Final = frozenset({EQUALS, NOT_EQUALS, PREFIX, SUFFIX, CONTAINS, REGEX, ONE_OF})
INTEGER_KINDS: Final = frozenset({EQUALS, NOT_EQUALS, INTEGER_RANGE, BIT_MASK, ONE_OF})
IGNORE_CASE: Final = 1


class _Pattern(Protocol):
    programsize: int

    def search(self, text: bytes) -> object | None: ...


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled regex; it costs `size` instructions for each byte of an input and one more."""

    pattern: _Pattern
    size: int


@lru_cache(maxsize=1024)
def compile_regex(pattern: bytes, *, ignore_case: bool) -> Program | None:
    """The program for a pattern in RE2 syntax, or None if the engine refuses it."""
    try:
        compiled = _compiled(pattern, ignore_case=ignore_case)
    except re2.error:
        return None
    return Program(compiled, compiled.programsize)


@lru_cache(maxsize=1024)
def regex_fault(pattern: bytes, *, ignore_case: bool) -> str:
    """The engine's error for a refused pattern, such as ``missing )``, without the position."""
    try:
        _compiled(pattern, ignore_case=ignore_case)
    except re2.error as fault:
        said: bytes = fault.args[0]  # as the pattern was given
        return said.decode("utf-8", "replace").partition(": ")[0]
    return ""


def _compiled(pattern: bytes, *, ignore_case: bool) -> _Pattern:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20  # for the program and its automaton: a thousand of them fit into memory
    options.case_sensitive = not ignore_case
    compiled: _Pattern = re2.compile(pattern, options)
    return compiled


def match_text(kind: int, operand: bytes, value: bytes, *, ignore_case: bool) -> bool:
    """Returns whether a text input matches, for every text kind except regex; case folding is ASCII only."""
    if ignore_case:
        operand = operand.lower()
        value = value.lower()
    if kind == EQUALS:
        return value == operand
    if kind == NOT_EQUALS:
        return value != operand
    if kind == PREFIX:
        return value.startswith(operand)
    if kind == SUFFIX:
        return value.endswith(operand)
    if kind == CONTAINS:
        return operand in value
    return value in operand.split(b"\0")


def integer_operand_size(kind: int, length: int) -> int:
    """Returns the size in bytes of an integer operand: its kind decides, and for one_of its length."""
    if kind == ONE_OF:
        return length & ~7
    return 8 if kind in {EQUALS, NOT_EQUALS} else 16


def match_integer(kind: int, operand: bytes, value: int) -> bool:
    """Returns whether an integer input matches; `operand` has the size from `integer_operand_size`."""
    if kind == ONE_OF:
        return (value,) in iter_unpack("<Q", operand)
    if kind in {EQUALS, NOT_EQUALS}:
        (number,) = unpack("<Q", operand)
        return (value == number) is (kind == EQUALS)
    first, second = unpack("<QQ", operand)
    if kind == INTEGER_RANGE:
        return bool(first <= value <= second)
    return bool(value & first == second)
