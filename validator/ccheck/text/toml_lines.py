"""The line of every key of a TOML document, which `tomllib` does not report.

Works on documents that `tomllib` has accepted; it judges nothing, it only finds places.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

KeyPath = tuple[str | int, ...]
"""Keys and indexes from the top of a document: ``("consumer", 1, "inputs", "IPC")``."""

_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_MOST_PARTS = 100
_DEEP = re.compile(rf"(?:^|[\[{{,])[ \t]*(?:(?:{_KEY.pattern}){_DOT.pattern}){{{_MOST_PARTS}}}", re.MULTILINE)
_SCALAR = re.compile(
    r'''"""(?:\\[\s\S]|[^\\])*?"{3,5}'''
    r"""|'{3}[\s\S]*?'{3,5}"""
    r'''|"(?:\\.|[^"\\\n])*"'''
    r"""|'[^'\n]*'"""
    r"""|[^,\]}#\n]+"""
)


def find_lines(text: str) -> Mapping[KeyPath, int]:
    """The line (from 1) of each key, table and element in `text`, a TOML document that `tomllib` accepts.

    A table has the line of its first header.

    Raises:
        RecursionError: Values nest as deep as the stack.
    """
    finder = _Finder(text.replace("\r\n", "\n"))
    finder.document()
    return _Lines(finder.top)


def deep_key(text: str) -> int | None:
    """The line (from 1) of a key or header of more than 100 parts; None if there is none.

    `tomllib` takes time in proportion to the square of the parts, and no configuration has so many.
    """
    found = _DEEP.search(text)
    return None if found is None else text.count("\n", 0, found.end()) + 1


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """The line of `path`, or of the nearest thing that encloses it; 1 if nothing does."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


def dotted(path: KeyPath) -> str:
    """`path` as users write it: ``consumer[1].inputs."IPC@2"``."""
    words = ""
    for step in path:
        if isinstance(step, int):
            words += f"[{step}]"
        else:
            quoted = step if re.fullmatch(r"[A-Za-z0-9_-]+", step) else f'"{step}"'
            words += f".{quoted}" if words else quoted
    return words


@dataclass(slots=True)
class _Place:
    """A key, table or element, and what is inside it.

    Attributes:
        line: Its line.
        inner: What is inside it.
        tables: The number of its tables, if it is an array of tables.
    """

    line: int
    inner: dict[str | int, _Place] = field(default_factory=dict)
    tables: int = 0

    def enter(self, key: str | int, line: int) -> _Place:
        """The place of a key or index; a new one has this line."""
        place = self.inner.get(key)
        if place is None:
            place = self.inner[key] = _Place(line)
        return place


class _Lines(Mapping[KeyPath, int]):
    """The line of each path. A path is stored once, and not again for each path that begins with it."""

    def __init__(self, top: _Place) -> None:
        self._top = top

    def __getitem__(self, path: KeyPath) -> int:
        place = self._top
        for step in path:
            place = place.inner[step]
        if not path:
            raise KeyError(path)
        return place.line

    def __iter__(self) -> Iterator[KeyPath]:
        waiting: list[tuple[KeyPath, _Place]] = [((), self._top)]
        while waiting:
            path, place = waiting.pop()
            if path:
                yield path
            waiting += [((*path, step), inner) for step, inner in reversed(place.inner.items())]

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Finder:
    """A cursor over a document. Each method reads one construct of the grammar and moves past it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.top = _Place(1)
        self._counted_to = 0
        self._line = 1

    def document(self) -> None:
        table = self.top
        self._skip(_BLANK)
        while self.at < len(self.text):
            if self.text.startswith("[[", self.at):
                table = self._array_header()
            elif self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _array_header(self) -> _Place:
        line = self._line_here()
        *parents, last = self._bracketed("[[")
        array = self._enter(parents, line).enter(last, line)
        array.tables += 1
        return array.enter(array.tables - 1, line)

    def _header(self) -> _Place:
        line = self._line_here()
        return self._enter(self._bracketed("["), line)

    def _bracketed(self, bracket: str) -> list[str]:
        self.at += len(bracket)
        self._skip(_BLANK)
        keys = self._keys()
        self._skip(_BLANK)
        self.at += len(bracket)
        return keys

    def _enter(self, keys: list[str], line: int) -> _Place:
        """The table that a header names: inside an array of tables this is the last element."""
        place = self.top
        for key in keys:
            place = place.enter(key, line)
            if place.tables:
                place = place.inner[place.tables - 1]
        return place

    def _pair(self, table: _Place) -> None:
        line = self._line_here()
        place = table
        for key in self._keys():
            place = place.enter(key, line)
        self._skip(_BLANK)
        self.at += 1  # the equals sign
        self._skip(_BLANK)
        self._value(place)

    def _keys(self) -> list[str]:
        keys = [self._key()]
        while dot := _DOT.match(self.text, self.at):
            self.at = dot.end()
            keys.append(self._key())
        return keys

    def _key(self) -> str:
        token = self._skip(_KEY)
        if token[:1] not in ("'", '"'):
            return token
        key: str = tomllib.loads(f"key = {token}")["key"]
        return key

    def _value(self, place: _Place) -> None:
        opening = self.text[self.at : self.at + 1]
        if opening not in ("[", "{"):
            self._skip(_SCALAR)
            return
        closing = "]" if opening == "[" else "}"
        self.at += 1
        self._skip(_BLANK)
        index = 0
        while self.at < len(self.text) and self.text[self.at] != closing:
            if opening == "[":
                self._value(place.enter(index, self._line_here()))
            else:
                self._pair(place)
            index += 1
            self._skip(_BLANK)
            if self.text.startswith(",", self.at):
                self.at += 1
                self._skip(_BLANK)
        self.at += 1

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise ValueError(f"line {self._line_here()}: this is not TOML that tomllib accepts")
        self.at = match.end()
        return match.group()

    def _line_here(self) -> int:
        self._line += self.text.count("\n", self._counted_to, self.at)
        self._counted_to = self.at
        return self._line
