"""Reading configuration files: every problem is reported, each with its file, line and key."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccheck.files.regular_file import TooLarge, read_regular_file
from ccheck.text.printable import printable
from ccheck.text.quoting import shown
from ccheck.text.toml_lines import KeyPath, deep_key, dotted, find_lines, line_of

MAX_BYTES = 1 << 20
"""Greatest size of a configuration file; more is taken for a mistake."""

_LONGEST_KEY = 300
"""Characters of a key that a message shows."""

_PLACE = re.compile(r"(?P<words>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a configuration file; `line` and `column` are from 1, None if unknown."""

    file: str
    line: int | None
    key: str
    message: str
    column: int | None = None

    def __str__(self) -> str:
        """`consumers.toml:12: consumer[1].pointer_bits: 48 is not 32 or 64`, safe to show."""
        key = self.key if len(self.key) <= _LONGEST_KEY else self.key[: _LONGEST_KEY - 3] + "..."
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return ": ".join(printable(part) for part in (place, key, self.message) if part)


class ConfigurationError(Exception):
    """A configuration file cannot be used.

    Args:
        problems: All that is wrong with it, at least one.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep `problems` in their order."""
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        """One line for each problem."""
        return "\n".join(str(problem) for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file that was read.

    Attributes:
        sha256: Of its bytes, in hex.
        problems: Grows while its tables are read.
    """

    path: Path
    sha256: str
    data: Mapping[str, Any]
    lines: Mapping[KeyPath, int]
    problems: list[Problem] = field(default_factory=list)

    def complain(self, where: KeyPath, message: str) -> None:
        """Note that `message` is wrong with the value at `where`."""
        self.problems.append(Problem(str(self.path), self.line(where), dotted(where), message))

    def line(self, where: KeyPath) -> int:
        """The line of `where`, or of what encloses it."""
        return line_of(self.lines, where)

    def settle(self) -> None:
        """Raise ConfigurationError when there were problems, in the order of their lines."""
        if self.problems:
            raise ConfigurationError(sorted(self.problems, key=lambda problem: problem.line or 0))


def read_document(path: Path, *, formats: Collection[int] = (1,)) -> Document:
    """Read a TOML file that says `format = N`.

    Raises:
        ConfigurationError: It is missing, unreadable, over MAX_BYTES, not UTF-8, not TOML, or of a
            format that is not in `formats`.
    """
    try:
        raw = read_regular_file(path, MAX_BYTES)
    except TooLarge as error:
        message = f"has more than {MAX_BYTES:,} bytes, the limit of a configuration file"
        raise _refusal(path, None, message) from error
    except (OSError, ValueError) as error:
        # ValueError: the name has a NUL.
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _refusal(path, None, f"cannot be read: {reason}") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        byte = raw[error.start]
        raise _refusal(path, line, f"byte {byte:#04x} at {error.start:#x} is not UTF-8") from error
    deep = deep_key(text)
    if deep is not None:
        raise _refusal(path, deep, "a key has more than 100 parts")
    try:
        data = tomllib.loads(text)
        lines = find_lines(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([_syntax(path, text, str(error))]) from error
    except RecursionError as error:
        raise _refusal(path, None, "values are nested too deeply") from error
    except ValueError as error:
        # Numbers of more digits than Python converts.
        raise _refusal(path, None, str(error).partition(";")[0]) from error
    document = Document(path, hashlib.sha256(raw).hexdigest(), data, lines)
    _check_format(document, formats)
    return document


def _refusal(path: Path, line: int | None, message: str) -> ConfigurationError:
    return ConfigurationError([Problem(str(path), line, "", message)])


def _syntax(path: Path, text: str, message: str) -> Problem:
    place = _PLACE.fullmatch(message)
    if place:
        return Problem(str(path), int(place["line"]), "", place["words"], int(place["column"]))
    words = message.removesuffix(" (at end of document)")
    return Problem(str(path), text.count("\n") + 1, "", f"{words}, at the end of the file")


def _check_format(document: Document, formats: Collection[int]) -> None:
    known = " or ".join(str(number) for number in formats)
    if "format" not in document.data:
        document.complain(("format",), f"is missing; this ccheck reads format {known}")
    elif type(document.data["format"]) is not int or document.data["format"] not in formats:
        found = shown(document.data["format"])
        document.complain(("format",), f"{found} is not a format that this ccheck reads; it reads {known}")
    document.settle()
