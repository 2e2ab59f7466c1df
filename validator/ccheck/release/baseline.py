"""First uses of releases, one line each, in a small and sorted file that is easy to merge.

There is a line for each criterion kind on each field, for each path through the interpreter, and for each
word of a format's vocabulary.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar

from ccheck.files.regular_file import read_regular_file
from ccheck.formats.exercise.evidence import Use
from ccheck.text.toml_document import ConfigurationError, Problem

_Key = TypeVar("_Key")

HEADER = "# ccheck baseline, format 1: what was used, and the release that used it first"
MAX_BYTES = 16 << 20

_TEXT = r'"(?:[^"\\\x00-\x1f]|\\.)*"'
_END = rf"(?P<day>\d{{4}}-\d\d-\d\d) (?P<release>{_TEXT})"
_CRITERION = re.compile(
    rf"criterion (?P<type>{_TEXT}) version (?P<version>\d{{1,5}}) field (?P<field>\d{{1,5}})"
    rf" (?P<kind>[a-z_0-9]+) {_END}",
    re.ASCII,
)
_WAY = re.compile(rf"(?P<part>path|word) (?P<format>{_TEXT}) (?P<what>{_TEXT}) {_END}", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class First:
    """The release that used something first; of two days the earlier is the earlier release."""

    day: date
    release: str


Way = tuple[str, str]
"""A format, and a path through its interpreter or a word of its vocabulary."""


@dataclass(frozen=True)
class Baseline:
    """What was used before.

    Attributes:
        sha256: The digest of the file's bytes, in hex; empty if it was not read from a file.
    """

    uses: Mapping[Use, First] = field(default_factory=dict)
    paths: Mapping[Way, First] = field(default_factory=dict)
    words: Mapping[Way, First] = field(default_factory=dict)
    sha256: str = ""

    def merged(self, other: Baseline) -> Baseline:
        """The union of both; if both know something, the earlier release counts."""
        return Baseline(
            _earliest(self.uses, other.uses),
            _earliest(self.paths, other.paths),
            _earliest(self.words, other.words),
        )

    def render(self) -> str:
        """The baseline as text: the header, and sorted lines."""
        lines = [
            f"criterion {_quoted(u.type)} version {u.version} field {u.field} {u.kind} {_first(first)}"
            for u, first in sorted(self.uses.items())
        ]
        for part, ways in (("path", self.paths), ("word", self.words)):
            lines += [
                f"{part} {_quoted(f)} {_quoted(what)} {_first(first)}"
                for (f, what), first in sorted(ways.items())
            ]
        return "\n".join((HEADER, *lines)) + "\n"


def used(
    release: str, day: date, uses: Iterable[Use], paths: Iterable[Way], words: Iterable[Way] = ()
) -> Baseline:
    """The baseline of one release only."""
    first = First(day, release)
    return Baseline(dict.fromkeys(uses, first), dict.fromkeys(paths, first), dict.fromkeys(words, first))


def _earliest(one: Mapping[_Key, First], other: Mapping[_Key, First]) -> dict[_Key, First]:
    found = dict(one)
    for key, first in other.items():
        found[key] = min(first, found.get(key, first))
    return found


def _quoted(text: str) -> str:
    return json.dumps(text)


def _first(first: First) -> str:
    return f"{first.day.isoformat()} {_quoted(first.release)}"


def load_baseline(path: Path) -> Baseline:
    """Read a baseline. Lines may be in any order, and repeated, as merging leaves them.

    Raises:
        ConfigurationError: All lines that are wrong.
    """
    try:
        raw = read_regular_file(path, MAX_BYTES)
        lines = raw.decode("utf-8").split("\n")
    except (OSError, ValueError) as fault:
        words = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
        raise ConfigurationError([Problem(str(path), None, "", f"cannot be read: {words}")]) from fault
    problems = []
    if lines[0].rstrip("\r") != HEADER:
        problems.append(Problem(str(path), 1, "", "the first line is not that of a baseline of format 1"))
    uses: dict[Use, First] = {}
    ways: dict[str, dict[Way, First]] = {"path": {}, "word": {}}
    for number, text in enumerate(lines[1:], 2):
        line = text.rstrip("\r")
        if not line or line.startswith("#"):
            continue
        try:
            _read(line, uses, ways)
        except ValueError as wrong:
            problems.append(Problem(str(path), number, "", str(wrong)))
    if problems:
        raise ConfigurationError(problems)
    return Baseline(uses, ways["path"], ways["word"], hashlib.sha256(raw).hexdigest())


def _read(line: str, uses: dict[Use, First], ways: Mapping[str, dict[Way, First]]) -> None:
    """Take in one line.

    Raises:
        ValueError: The line is wrong.
    """
    criterion, way = _CRITERION.fullmatch(line), _WAY.fullmatch(line)
    match = criterion or way
    if match is None:
        raise ValueError("is neither a criterion, nor a path or a word")
    first = First(date.fromisoformat(match["day"]), json.loads(match["release"]))
    if criterion is not None:
        use = Use(
            json.loads(criterion["type"]),
            int(criterion["version"]),
            int(criterion["field"]),
            criterion["kind"],
        )
        uses[use] = min(first, uses.get(use, first))
    elif way is not None:
        key = (json.loads(way["format"]), json.loads(way["what"]))
        ways[way["part"]][key] = min(first, ways[way["part"]].get(key, first))
