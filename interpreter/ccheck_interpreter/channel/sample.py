"""A text that a regex matches: one pass through its syntax that always takes the first alternative."""

from contextlib import suppress
from typing import Final

from ccheck_interpreter.match import compile_regex

_CLASS: Final = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a", "h": "a"}
_ESCAPE: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_ZERO_WIDTH: Final = frozenset("AzbBZQE")
_NAMED: Final = {
    "alnum": "a",
    "alpha": "a",
    "digit": "0",
    "lower": "a",
    "upper": "A",
    "space": " ",
    "punct": "-",
    "xdigit": "0",
    "word": "a",
}
_MOST_REPEATS: Final = 1000
_DEEPEST: Final = 64
_LONGEST: Final = 4096


def sample(pattern: bytes, *, ignore_case: bool = False) -> str | None:
    """A text in which the pattern matches, confirmed by the engine; None if this simple pass finds none."""
    program = compile_regex(pattern, ignore_case=ignore_case)
    if program is None:
        return None
    walk = _Walk(pattern.decode("utf-8", "replace"))
    candidates = ["", "a", "0"]
    with suppress(_GiveUpError):  # then nothing but the simplest candidates is left
        candidates.insert(0, walk.alternatives(0)[:_LONGEST])
    for text in candidates:
        if program.pattern.search(text.encode("utf-8", "surrogatepass")) is not None:
            return text
    return None


class _GiveUpError(Exception):
    """The pattern uses syntax that this pass does not know."""


class _Walk:
    """Reads a pattern from left to right and writes a text that its first alternatives match."""

    __slots__ = ("at", "pattern")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def alternatives(self, depth: int) -> str:
        """The first alternative up to the end or the closing parenthesis."""
        if depth > _DEEPEST:
            raise _GiveUpError
        first: str | None = None
        out: list[str] = []
        while self.at < len(self.pattern) and self.pattern[self.at] != ")":
            if self.pattern[self.at] == "|":
                self.at += 1
                first = "".join(out) if first is None else first
                out = []
                continue
            item = self._item(depth)
            out.append(item * self._repeats())
            if sum(map(len, out)) > _LONGEST:
                raise _GiveUpError
        return "".join(out) if first is None else first

    def _take(self) -> str:
        if self.at >= len(self.pattern):
            raise _GiveUpError
        self.at += 1
        return self.pattern[self.at - 1]

    def _item(self, depth: int) -> str:
        character = self._take()
        if character == "(":
            self._group_flags()
            text = self.alternatives(depth + 1)
            self._take()
            return text
        if character == "[":
            return self._class()
        if character == "\\":
            return self._escape()
        if character == ".":
            return "a"
        return "" if character in "^$" else character

    def _group_flags(self) -> None:
        if not self.pattern.startswith("?", self.at):
            return
        end = self.at
        while end < len(self.pattern) and self.pattern[end] not in ":)>":
            end += 1
        self.at = end if self.pattern.startswith(")", end) else end + 1

    def _escape(self) -> str:
        character = self._take()
        if character in _ZERO_WIDTH:
            return ""
        if character in {"p", "P"}:
            self._property()
            return "a"
        if character == "x":
            return self._hexadecimal()
        return _CLASS.get(character) or _ESCAPE.get(character) or character

    def _property(self) -> None:
        if self._take() == "{":
            while self._take() != "}":
                pass

    def _hexadecimal(self) -> str:
        digits = ""
        if self.pattern.startswith("{", self.at):
            self._take()
            while (character := self._take()) != "}":
                digits += character
        else:
            digits = self._take() + self._take()
        try:
            return chr(int(digits, 16))
        except (ValueError, OverflowError):
            raise _GiveUpError from None

    def _class(self) -> str:
        """One character of a class, or, of a negated one, the first common character outside it."""
        negated = self.pattern.startswith("^", self.at)
        self.at += negated
        members: list[str] = []
        ranges: list[tuple[str, str]] = []
        while True:
            character = self._take()
            if character == "]" and members:
                break
            if character == "[" and self.pattern.startswith(":", self.at):
                end = self.pattern.find(":]", self.at)
                if end < 0:
                    raise _GiveUpError
                members.append(_NAMED.get(self.pattern[self.at + 1 : end], "a"))
                self.at = end + 2
                continue
            member = self._escape() if character == "\\" else character
            members.append(member)
            if self.pattern.startswith("-", self.at) and not self.pattern.startswith("-]", self.at):
                self._take()
                last = self._take()
                ranges.append((member, self._escape() if last == "\\" else last))
        if not negated:
            return members[0]
        for candidate in "a0 -_zZ9!~\u00e9":
            if candidate not in members and not any(low <= candidate <= high for low, high in ranges):
                return candidate
        raise _GiveUpError

    def _repeats(self) -> int:
        """Repetitions of the previous item: the fewest that are allowed, but one rather than none."""
        count = 1
        while self.at < len(self.pattern):
            character = self.pattern[self.at]
            if character in "*+?":
                self.at += 1
            elif character == "{" and self.pattern[self.at + 1 : self.at + 2].isdigit():
                end = self.pattern.find("}", self.at)
                least = self.pattern[self.at + 1 : end].partition(",")[0]
                if end < 0 or not least.isdigit():
                    return count
                count = min(int(least), _MOST_REPEATS)
                self.at = end + 1
            else:
                return count
        return count
