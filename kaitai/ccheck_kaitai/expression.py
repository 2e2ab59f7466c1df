"""Expressions of Kaitai Struct into those of a schema, as far as a schema can say them."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

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
MOST_BITS = 126
"""Bits of a number that an expression makes; a schema refuses larger ones."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9][0-9_]*(?![.\w]))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)*)"
    r"|(?P<text>'[^']*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<sign>==|!=|<=|>=|>>|<<|[-+*/%&|^~<>().,?:\[\]]))",
    re.ASCII,
)
_LEVELS = (
    ("or",), ("and",), ("not",), ("==", "!=", "<", "<=", ">", ">="), ("|",), ("^",), ("&",), ("<<", ">>"),
    ("+", "-"), ("*", "/", "%"),
)  # fmt: skip
_COMPARED = _LEVELS[3]
_FOLDED: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "|": lambda a, b: a | b,
    "&": lambda a, b: a & b, "^": lambda a, b: a ^ b, ">>": lambda a, b: a >> b, "<<": lambda a, b: a << b,
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip
_ESCAPES = {"a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([0-7]{1,3})|(.))")


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


class Kind(Enum):
    """What an expression is. The value is how messages call it."""

    NUMBER = "a number"
    TRUTH = "true or false"
    TEXT = "text"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Term:
    """A part of an expression in Python.

    Attributes:
        text: Its Python.
        kind: What it is.
        value: Its number, if it is a constant.
        height: How deeply operators are nested.
        bits: Bits that its number may have, at most.
        total: Whether it has a value whatever the fields are.
        uses: The names of Construct and of the vocabulary that its Python needs.
    """

    text: str
    kind: Kind = Kind.NUMBER
    value: int | None = None
    height: int = 0
    bits: int = 1
    total: bool = True
    uses: frozenset[str] = frozenset()

    @property
    def truth(self) -> bool:
        """Whether it is a Boolean, not a number."""
        return self.kind is Kind.TRUTH

    @property
    def condition(self) -> str:
        """Its Python as a condition."""
        return self.text if self.truth else f"({self.text} != 0)"


class ChoiceNumber(NoNumber):
    """A field whose type is a choice, which may be of numbers."""


Steps: TypeAlias = tuple[str | Term, ...]
"""A path: names, and the indexes of elements of lists among them."""

Lookup = Callable[[Steps, int], Term]
"""What a path means, at a depth. Raises Untranslatable."""


def constant(value: int) -> Term:
    """A number.

    Raises:
        Untranslatable: No field could hold the number.
    """
    if abs(value) >= LARGEST:
        raise Untranslatable("a constant is larger than any field")
    return Term(str(value), value=value, bits=value.bit_length())


def _truth_constant(value: bool) -> Term:
    return Term(str(value), Kind.TRUTH, value=int(value))


def member(path: str, name: str) -> str:
    """The Python of a field of a path such as ``this``."""
    return f'{path}["{name}"]' if keyword.iskeyword(name) else f"{path}.{name}"


def translate(said: object, lookup: Lookup, depth: int = 0) -> Term:
    """An expression in Python, over ``this``.

    Raises:
        Untranslatable: A schema cannot state it.
    """
    if isinstance(said, bool):
        return _truth_constant(said)
    if not isinstance(said, int | str):
        raise Untranslatable(f"{said!r} is no expression of numbers")
    if isinstance(said, int):
        return constant(said)
    if depth > DEPTH or len(said) > LONGEST:
        raise Untranslatable("the expression is too long")
    return _Parser(said, lookup, depth).whole()


def number(said: object, lookup: Lookup) -> Term:
    """An expression that is a number."""
    term = translate(said, lookup)
    if term.kind is not Kind.NUMBER:
        raise NoNumber(f"{said} is {term.kind.value}, not a number")
    if term.value is not None and term.value < 0:
        raise Untranslatable(f"{said} is negative")
    return term


def truth(said: object, lookup: Lookup) -> Term:
    """An expression that is true or false."""
    term = translate(said, lookup)
    if term.kind not in (Kind.NUMBER, Kind.TRUTH):
        raise Untranslatable(f"{said} is {term.kind.value}, neither true nor false")
    if term.value is not None:
        return _truth_constant(bool(term.value))
    return term if term.truth else replace(term, text=term.condition, kind=Kind.TRUTH, bits=1)


def byte_list(said: object) -> Term:
    """Bytes that YAML states as a list of numbers.

    Raises:
        Untranslatable: They are none.
    """
    if not isinstance(said, list) or not all(type(one) is int and 0 <= one <= 0xFF for one in said):
        raise Untranslatable(f"{said!r} is no list of bytes")
    return Term(repr(bytes(said)), Kind.BYTES)


def arguments(said: str) -> tuple[str, ...]:
    """The arguments in a text such as ``record(1, size)``; none without parentheses.

    Raises:
        Untranslatable: The parentheses do not match.
    """
    _, opened, inner = said.partition("(")
    if not opened:
        return ()
    if not inner.rstrip().endswith(")"):
        raise Untranslatable("a parenthesis is not closed")
    found, depth = [""], 0
    for _, text in _tokens(inner.rstrip()[:-1]):
        depth += (text in ("(", "[")) - (text in (")", "]"))
        if text == "," and not depth:
            found.append("")
        else:
            found[-1] += f" {text}"
    return tuple(part.strip().replace(" . ", ".") for part in found)


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
        term = self._choice()
        if self._next != "":
            raise Untranslatable(f"{self._next!r} is not understood")
        return term

    @property
    def _next(self) -> str:
        return self._tokens[self._at][1]

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _expect(self, sign: str, why: str) -> None:
        if self._take() != sign:
            raise Untranslatable(why)

    def _choice(self) -> Term:
        """A level, or one of two behind a condition."""
        condition = self._level(0)
        if self._next != "?":
            return condition
        self._take()
        self._deeper()
        then = self._choice()
        self._expect(":", "a choice has no second part")
        otherwise = self._choice()
        self._depth -= 1
        return _chosen(condition, then, otherwise)

    def _level(self, level: int) -> Term:
        if level == len(_LEVELS):
            return self._signed()
        if _LEVELS[level] == ("not",):
            if self._next != "not":
                return self._level(level + 1)
            self._take()
            self._deeper()
            term = self._level(level)
            self._depth -= 1
            return _negated(term)
        left = self._level(level + 1)
        while self._tokens[self._at][0] != "end" and self._next in _LEVELS[level]:
            sign = self._take()
            left = joined(left, sign, self._level(level + 1))
        return left

    def _signed(self) -> Term:
        sign = self._next
        if sign not in ("-", "~"):
            return self._single()
        self._take()
        self._deeper()
        term = self._signed()
        self._depth -= 1
        if term.kind is not Kind.NUMBER:
            raise Untranslatable(f"{sign} stands before what is {term.kind.value}")
        return joined(constant(0 if sign == "-" else -1), "-", term)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEPTH:
            raise Untranslatable("the expression is too deep")

    def _single(self) -> Term:
        kind, text = self._tokens[self._at]
        if kind == "number":
            self._take()
            digits = text.replace("_", "")
            if len(digits) > 1 and digits[0] == "0" and (digits.isdigit() or not digits[2:]):
                raise Untranslatable(f"{text!r} is not understood")
            return constant(int(digits, 0))
        if kind == "text":
            self._take()
            return Term(repr(_unescaped(text)), Kind.TEXT)
        if text == "[":
            return self._bytes()
        if text == "(":
            self._take()
            self._deeper()
            term = self._choice()
            self._expect(")", "a parenthesis is not closed")
            self._depth -= 1
            return self._behind(term)
        if text in ("true", "false"):
            self._take()
            return self._behind(_truth_constant(text == "true"))
        if kind == "name" and text not in ("and", "or", "not"):
            return self._named()
        raise Untranslatable(f"{text!r} is not understood" if text else "the expression ends too soon")

    def _named(self) -> Term:
        """A path of names and indexes, which may end in a method."""
        names: list[str | Term] = [self._take()]
        if names == ["sizeof"] and self._next == "<":
            self._take()
            names += self._take().split("::")
            self._expect(">", "the type of sizeof is not closed")
            return self._lookup(tuple(names), self._depth + 1)
        while self._next in (".", "["):
            if self._take() == "[":
                names.append(self._index())
                continue
            if self._tokens[self._at][0] != "name":
                raise Untranslatable("a name belongs behind a dot")
            names.append(self._take())
        if names[-1] != "to_i" or len(names) == 1:
            return self._lookup(tuple(names), self._depth + 1)
        try:
            term = self._lookup(tuple(names[:-1]), self._depth + 1)
        except NoNumber as why:
            raise Untranslatable(f"{why.detail}, and is read as one") from why
        return _as_number(term)

    def _index(self) -> Term:
        """The index of an element, behind its bracket."""
        self._deeper()
        index = self._choice()
        self._expect("]", "an index is not closed")
        self._depth -= 1
        if index.kind is not Kind.NUMBER:
            raise Untranslatable(f"the index of an element is {index.kind.value}")
        return index

    def _bytes(self) -> Term:
        """A list of bytes."""
        self._take()
        found: list[int] = []
        while self._next != "]":
            value = self._choice().value
            if value is None or not 0 <= value <= 0xFF:
                raise Untranslatable("a list has what is no constant byte")
            found.append(value)
            if self._next == ",":
                self._take()
            elif self._next != "]":
                raise Untranslatable("a list is not closed")
        self._take()
        return Term(repr(bytes(found)), Kind.BYTES)

    def _behind(self, term: Term) -> Term:
        """What is in parentheses, which may be converted to a number."""
        if self._next == ".":
            self._take()
            if self._take() != "to_i":
                raise Untranslatable("a method is called")
            return _as_number(term)
        return term


def _unescaped(text: str) -> str:
    """The contents of a text in quotation marks."""
    if text[0] == "'":
        return text[1:-1]

    def plain(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        if match[2]:
            return chr(int(match[2], 8))
        return _ESCAPES.get(match[3], match[3])

    return _ESCAPE.sub(plain, text[1:-1])


def _as_number(term: Term) -> Term:
    if term.kind is Kind.NUMBER:
        return term
    if term.kind is not Kind.TRUTH:
        raise Untranslatable(f"{term.kind.value} is read as a number")
    if term.value is not None:
        return constant(term.value)
    return _chosen(term, constant(1), constant(0))


def _negated(term: Term) -> Term:
    if term.kind not in (Kind.NUMBER, Kind.TRUTH):
        raise Untranslatable(f"not stands before what is {term.kind.value}")
    if term.value is not None:
        return _truth_constant(not term.value)
    return replace(term, text=f"({term.text} == 0)", kind=Kind.TRUTH, height=term.height + 1, bits=1)


def _chosen(condition: Term, then: Term, otherwise: Term) -> Term:
    if condition.kind not in (Kind.NUMBER, Kind.TRUTH):
        raise Untranslatable(f"what is {condition.kind.value} chooses")
    if condition.value is not None:
        return then if condition.value else otherwise
    if then.kind is not otherwise.kind or then.kind not in (Kind.NUMBER, Kind.TRUTH):
        raise Untranslatable(f"one of {then.kind.value} and {otherwise.kind.value} is chosen")
    parts = (condition, then, otherwise)
    return _measured(
        Term(
            f"choose({condition.condition}, {then.text}, {otherwise.text})",
            then.kind,
            bits=max(then.bits, otherwise.bits),
            uses=frozenset({"choose"}).union(*(part.uses for part in parts)),
        ),
        *parts,
    )


def _measured(made: Term, *parts: Term) -> Term:
    """A term with the height of its parts.

    Raises:
        Untranslatable: It is too long, or its numbers too large.
    """
    height = 0 if made.value is not None else 1 + max(part.height for part in parts)
    if height > TALLEST or len(made.text) > WIDEST:
        raise Untranslatable("the expression is too long")
    if made.bits > MOST_BITS and made.value is None:
        raise Untranslatable("the expression makes numbers that are larger than any field")
    total = made.total and all(part.total for part in parts)
    return replace(made, height=height, total=total, uses=made.uses.union(*(part.uses for part in parts)))


def joined(left: Term, sign: str, right: Term) -> Term:
    """Two parts of an expression with the operator between them, as Kaitai writes it.

    Raises:
        Untranslatable: A schema cannot state it.
    """
    return _measured(_operated(left, sign, right), left, right)


def _operated(left: Term, sign: str, right: Term) -> Term:
    if sign in ("and", "or"):
        return _both(left, sign, right)
    strings = (Kind.TEXT, Kind.BYTES)
    if left.kind in strings or right.kind in strings:
        if sign not in _COMPARED or left.kind is not right.kind:
            raise Untranslatable(f"{sign} stands between {left.kind.value} and {right.kind.value}")
        return Term(f"({left.text} {sign} {right.text})", Kind.TRUTH)
    if (left.truth or right.truth) and (sign not in ("==", "!=") or left.kind is not right.kind):
        raise Untranslatable(f"{sign} stands beside what is true or false")
    if sign in ("/", "%"):
        return _divided(left, sign, right)
    if left.value is not None and right.value is not None and sign in _FOLDED:
        if sign in ("<<", ">>") and not 0 <= right.value <= 128:
            raise Untranslatable("a shift by more than any field has bits")
        folded = _FOLDED[sign](left.value, right.value)
        return _truth_constant(bool(folded)) if sign in _COMPARED else constant(folded)
    if sign in _COMPARED:
        return Term(f"({left.text} {sign} {right.text})", Kind.TRUTH)
    return _calculated(left, sign, right)


def _both(left: Term, sign: str, right: Term) -> Term:
    for side in (left, right):
        if side.kind not in (Kind.NUMBER, Kind.TRUTH):
            raise Untranslatable(f"{sign} stands beside {side.kind.value}")
    for side, other in ((left, right), (right, left)):
        if side.value is not None:
            decides = bool(side.value) == (sign == "or")
            known = _truth_constant(bool(side.value))
            return known if decides else replace(other, text=other.condition, kind=Kind.TRUTH, bits=1)
    if not right.total:  # it may have no value where the left one decides
        right = replace(right, text=right.condition, kind=Kind.TRUTH)
        known = _truth_constant(sign == "or")
        return _chosen(left, right, known) if sign == "and" else _chosen(left, known, right)
    return Term(f"({left.condition} {'&' if sign == 'and' else '|'} {right.condition})", Kind.TRUTH)


def _divided(left: Term, sign: str, right: Term) -> Term:
    if right.value is not None and right.value <= 0:
        raise Untranslatable(f"{sign} divides by {right.value}")
    sign = "//" if sign == "/" else sign
    if left.value is not None and right.value is not None:
        return constant(left.value // right.value if sign == "//" else left.value % right.value)
    bits = left.bits if sign == "//" else right.bits
    return Term(f"({left.text} {sign} {right.text})", bits=bits, total=right.value is not None)


def _calculated(left: Term, sign: str, right: Term) -> Term:
    if sign == "^":
        raise Untranslatable("^ is no operator of a schema")
    if sign == "<<":
        if right.value is None:
            bits = left.bits + min((1 << right.bits) - 1, 64)
            return Term(f"({left.text} << {right.text})", bits=bits, total=False)
        if not 0 <= right.value < 64:
            raise Untranslatable("<< makes numbers without bound")
        return Term(f"({left.text} * {1 << right.value})", bits=left.bits + right.value)
    if sign == ">>":
        if right.value is None:
            return Term(f"({left.text} >> {right.text})", bits=left.bits, total=False)
        if not 0 <= right.value <= 128:
            raise Untranslatable("a shift by more than any field has bits")
        return Term(f"({left.text} >> {right.value})", bits=max(1, left.bits - right.value))
    text = f"({left.text} {sign} {right.text})"
    if sign == "*":
        return Term(text, bits=left.bits + right.bits)
    if sign == "&":
        masks = [side.bits for side in (left, right) if side.value is not None and side.value >= 0]
        return Term(text, bits=min(masks, default=max(left.bits, right.bits)))
    return Term(text, bits=max(left.bits, right.bits) + (sign in "+-"))
