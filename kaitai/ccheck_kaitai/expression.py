"""Expressions of Kaitai Struct into those of a schema, as far as a schema can say them."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

LONGEST = 500
"""Characters of an expression."""
DEPTH = 24
"""Parentheses, and values that are calculated of others, inside each other."""
TALLEST = 80
"""Operators inside each other; Python reads no more than 200 parentheses."""
WIDEST = 4000
"""Characters of an expression with all that it is calculated of."""
LARGEST = 1 << 128
"""Constants are less than this."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9][0-9_]*(?![.\w]))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)*)"
    r"|(?P<sign>==|!=|<=|>=|>>|<<|[-+*/%&|<>().]))",
    re.ASCII,
)
_LEVELS = (
    ("or",), ("and",), ("==", "!=", "<", "<=", ">", ">="), ("|",), ("&",), ("<<", ">>"), ("+", "-"),
    ("*", "/", "%"),
)  # fmt: skip
_FOLDED: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
    "|": lambda a, b: a | b, "&": lambda a, b: a & b, ">>": lambda a, b: a >> b, "<<": lambda a, b: a << b,
}  # fmt: skip


class Untranslatable(Exception):
    """An expression that a schema cannot state.

    Attributes:
        detail: The reason.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class UnknownName(Untranslatable):
    """An expression that names what is nowhere in the description: an error in it."""


class NoNumber(Untranslatable):
    """A field that is no number.

    An expression that is only its name is an error in the description; in others there may be more to it.
    """


@dataclass(frozen=True, slots=True)
class Term:
    """A part of an expression in Python.

    Attributes:
        text: Its Python.
        truth: Whether it is a Boolean, not a number.
        value: Its number, if it is a constant.
        height: How deeply operators are nested.
    """

    text: str
    truth: bool = False
    value: int | None = None
    height: int = 0


class ChoiceNumber(NoNumber):
    """A field whose type is a choice, which may be of numbers."""


Lookup = Callable[[tuple[str, ...], int], Term]
"""What a path of names means, at a depth. Raises Untranslatable."""


def constant(value: int) -> Term:
    """A number.

    Raises:
        Untranslatable: No field could hold the number.
    """
    if abs(value) >= LARGEST:
        raise Untranslatable("a constant is larger than any field")
    return Term(str(value), value=value)


def member(path: str, name: str) -> str:
    """The Python of a field of a path such as ``this``."""
    return f'{path}["{name}"]' if keyword.iskeyword(name) else f"{path}.{name}"


def translate(said: object, lookup: Lookup, depth: int = 0) -> Term:
    """An expression in Python, over ``this``.

    Raises:
        Untranslatable: A schema cannot state it.
    """
    if isinstance(said, bool) or not isinstance(said, int | str):
        raise Untranslatable(f"{said!r} is no expression of numbers")
    if isinstance(said, int):
        return constant(said)
    if depth > DEPTH or len(said) > LONGEST:
        raise Untranslatable("the expression is too long")
    return _Parser(said, lookup, depth).whole()


def number(said: object, lookup: Lookup) -> Term:
    """An expression that is a number."""
    term = translate(said, lookup)
    if term.truth:
        raise Untranslatable(f"{said} is true or false, not a number")
    if term.value is not None and term.value < 0:
        raise Untranslatable(f"{said} is negative")
    return term


def truth(said: object, lookup: Lookup) -> Term:
    """An expression that is true or false."""
    term = translate(said, lookup)
    if term.value is not None:
        raise Untranslatable(f"{said} is always the same")
    return term if term.truth else Term(f"({term.text} != 0)", truth=True)


def _tokens(said: str) -> Iterator[tuple[str, str]]:
    at = 0
    said = said.rstrip()
    while at < len(said):
        match = _TOKEN.match(said, at)
        if match is None:
            raise Untranslatable(f"{said[at:].strip()[:20]!r} is not understood")
        yield str(match.lastgroup), match[str(match.lastgroup)]
        at = match.end()


class _Parser:
    """One expression, by recursive descent."""

    def __init__(self, said: str, lookup: Lookup, depth: int) -> None:
        self._tokens = [*_tokens(said), ("end", "")]
        self._at = 0
        self._lookup = lookup
        self._depth = depth

    def whole(self) -> Term:
        term = self._level(0)
        if self._tokens[self._at][0] != "end":
            raise Untranslatable(f"{self._tokens[self._at][1]!r} is not understood")
        return term

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _level(self, level: int) -> Term:
        if level == len(_LEVELS):
            return self._single()
        left = self._level(level + 1)
        while self._tokens[self._at][0] != "end" and self._tokens[self._at][1] in _LEVELS[level]:
            sign = self._take()
            left = _joined(left, sign, self._level(level + 1))
        return left

    def _single(self) -> Term:
        kind, text = self._tokens[self._at]
        if kind == "number":
            self._take()
            digits = text.replace("_", "")
            if len(digits) > 1 and digits[0] == "0" and (digits.isdigit() or not digits[2:]):
                raise Untranslatable(f"{text!r} is not understood")
            return constant(int(digits, 0))
        if text == "(":
            self._take()
            self._depth += 1
            if self._depth > DEPTH:
                raise Untranslatable("the expression is too deep")
            term = self._level(0)
            if self._take() != ")":
                raise Untranslatable("a parenthesis is not closed")
            self._depth -= 1
            return self._behind(term)
        if kind == "name" and text not in ("and", "or", "not"):
            names = [self._take()]
            while self._tokens[self._at][1] == ".":
                self._take()
                if self._tokens[self._at][0] != "name":
                    raise Untranslatable("a name belongs behind a dot")
                names.append(self._take())
            if names[-1] != "to_i" or len(names) == 1:
                return self._lookup(tuple(names), self._depth + 1)
            try:
                return self._lookup(tuple(names[:-1]), self._depth + 1)
            except NoNumber as why:
                raise Untranslatable(f"{why.detail}, and is read as one") from why
        raise Untranslatable(f"{text!r} is not understood" if text else "the expression ends too soon")

    def _behind(self, term: Term) -> Term:
        """What is in parentheses, which may be converted to a number."""
        if self._tokens[self._at][1] == ".":
            self._take()
            if self._take() != "to_i" or term.truth:
                raise Untranslatable("a method is called")
        return term


def _joined(left: Term, sign: str, right: Term) -> Term:
    made = _operated(left, sign, right)
    height = 0 if made.value is not None else 1 + max(left.height, right.height)
    if height > TALLEST or len(made.text) > WIDEST:
        raise Untranslatable("the expression is too long")
    return replace(made, height=height)


def _operated(left: Term, sign: str, right: Term) -> Term:
    if sign in ("and", "or"):
        pair = [side.text if side.truth else f"({side.text} != 0)" for side in (left, right)]
        if left.value is not None or right.value is not None:
            raise Untranslatable("a constant is true or false")
        return Term(f"({pair[0]} {'&' if sign == 'and' else '|'} {pair[1]})", truth=True)
    if left.truth or right.truth:
        raise Untranslatable(f"{sign} stands beside what is true or false")
    if sign in ("/", "%"):
        if right.value is None or right.value <= 0:
            raise Untranslatable(f"{sign} divides by what may be 0")
        sign = "//" if sign == "/" else sign
        if left.value is not None:
            return constant(left.value // right.value if sign == "//" else left.value % right.value)
    elif left.value is not None and right.value is not None and sign in _FOLDED:
        if sign in ("<<", ">>") and not 0 <= right.value <= 128:
            raise Untranslatable("a shift by more than any field has bits")
        return constant(_FOLDED[sign](left.value, right.value))
    elif sign == "<<":
        if right.value is None or not 0 <= right.value < 64:
            raise Untranslatable("<< makes numbers without bound")
        return Term(f"({left.text} * {1 << right.value})")
    elif sign == ">>" and (right.value is None or not 0 <= right.value <= 128):
        raise Untranslatable(">> by what is not a constant")
    if left.value is not None and right.value is not None:
        raise Untranslatable("two constants are compared")
    compared = sign in _LEVELS[2]
    return Term(f"({left.text} {sign} {right.text})", truth=compared)
