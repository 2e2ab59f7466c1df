"""The line of every key of a TOML document, which `tomllib` does not report.

Works on documents that `tomllib` has accepted; it judges nothing, it only finds places.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]
"""Keys and indexes from the top of a document: ``("consumer", 1, "inputs", "IPC")``."""

_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
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
    return finder.lines


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


class _Finder:
    """A cursor over a document. Each method reads one construct of the grammar and moves past it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self._elements: dict[KeyPath, int] = {}
        self._counted_to = 0
        self._line = 1

    def document(self) -> None:
        table: KeyPath = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            if self.text.startswith("[[", self.at):
                table = self._array_header()
            elif self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _array_header(self) -> KeyPath:
        line = self._line_here()
        *parents, last = self._bracketed("[[")
        array = (*self._enter(parents, line), last)
        index = self._elements.get(array, 0)
        self._elements[array] = index + 1
        self.lines.setdefault(array, line)
        self.lines[(*array, index)] = line
        return (*array, index)

    def _header(self) -> KeyPath:
        line = self._line_here()
        return self._enter(self._bracketed("["), line)

    def _bracketed(self, bracket: str) -> list[str]:
        self.at += len(bracket)
        self._skip(_BLANK)
        keys = self._keys()
        self._skip(_BLANK)
        self.at += len(bracket)
        return keys

    def _enter(self, keys: list[str], line: int) -> KeyPath:
        """The table that a header names: inside an array of tables this is the last element."""
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            self.lines.setdefault(path, line)
            if path in self._elements:
                path = (*path, self._elements[path] - 1)
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._line_here()
        path = table
        for key in self._keys():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self._skip(_BLANK)
        self.at += 1  # the equals sign
        self._skip(_BLANK)
        self._value(path)

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

    def _value(self, path: KeyPath) -> None:
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
                element = (*path, index)
                self.lines[element] = self._line_here()
                self._value(element)
            else:
                self._pair(path)
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
