"""Two readings of one file, value by value."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from bench.kaitai.values import Value
from ccheck_kaitai.scope import DEPTH_REACHED, NOT_READ, is_added

LEFT_OUT = "left out of the schema, and named"
CALCULATED = "calculated in the description, no bytes of the file"
NOT_LOOKED_INTO = "bytes that the schema does not look into, and names"
OURS_ENDS = "not read: ccheck reads the file only so far"
OFFICIAL_FAILS = "the official parser cannot read it"
TOO_DEEP = "deeper than the schema reads records of a type that holds itself: the file is refused"
UNKNOWN = "no plain value"
ADDED = "added by the importer: integers that have bits, places, whether an element is the last one"


@dataclass(slots=True)
class Comparison:
    """What comparing gave.

    Attributes:
        whole: Whether the description was carried over whole.
        complete: Whether ccheck read the file to its end.
        named: The fields of which the importer left something out.
        opaque: The paths of fields that ccheck does not look into, without indexes.
        compared: How many values were compared.
        different: Path, the official value and ccheck's.
        lost: Path, value and number of values of what ccheck does not have, and does not name.
        not_compared: How many values were not compared, by reason.
    """

    whole: bool
    complete: bool
    named: frozenset[str] = frozenset()
    opaque: frozenset[str] = frozenset()
    compared: int = 0
    different: list[tuple[str, str, str]] = field(default_factory=list)
    lost: list[tuple[str, str, int]] = field(default_factory=list)
    not_compared: Counter[str] = field(default_factory=Counter)

    def compare(self, official: Value, ours: Value, path: str = "") -> None:
        """Compares a value with all that is inside it."""
        if official is None and ours is None:
            return
        kind = None if official is None else official[0]
        own_kind = None if ours is None else ours[0]
        if kind == "error":
            self._skip(OFFICIAL_FAILS, path)
        elif "unknown" in (kind, own_kind):
            self._skip(UNKNOWN, path)
        elif ours is None:
            self._missing(official, path)
        elif _is_too_deep(ours):
            self.not_compared[TOO_DEEP] += count(official)
        elif kind == own_kind == "record":
            self._records(official, ours, path)
        elif kind == own_kind == "list":
            self._lists(official[1], ours[1], path)
        elif kind == "list" and _is_wrapped(ours):
            self.compare(official, ours[1]["value"], path)
        elif official != ours and self._is_unread(path, own_kind):
            self.not_compared[NOT_LOOKED_INTO] += count(official)
        else:
            self.compared += 1
            if official != ours:
                self.different.append((path, shown(official), shown(ours)))

    def _records(self, official: Value, ours: Value, path: str) -> None:
        _, read, calculated = official
        own = dict(ours[1])
        for name, value in read.items():
            self.compare(value, own.pop(name, None), f"{path}.{name}" if path else name)
        for name, value in calculated.items():
            if name in own:
                self.compare(value, own.pop(name), f"{path}.{name}" if path else name)
            elif value is not None:
                self._skip(CALCULATED, path)
        for name, value in own.items():
            inner = f"{path}.{name}" if path else name
            if is_added(name):
                self._skip(ADDED, path)
            elif value is not None and not self._is_unread(inner, value[0]):
                self.compared += 1
                self.different.append((inner, "no such field", shown(value)))

    def _lists(self, official: list[Value], ours: list[Value], path: str) -> None:
        if len(official) != len(ours):
            self.compared += 1
            if self.complete:
                self.different.append((path, f"{len(official)} elements", f"{len(ours)} elements"))
            else:
                self.not_compared[OURS_ENDS] += sum(map(count, official[len(ours) :]))
        for index, (value, own) in enumerate(zip(official, ours, strict=False)):
            alike = value is not None and value[0] == "record" and list(value[1]) == ["value"]
            if _is_wrapped(own) and not (alike and len(own[1]) == 1):
                own = own[1]["value"]
            self.compare(value, own, f"{path}[{index}]")

    def _missing(self, official: Value, path: str) -> None:
        if not self.complete:
            self.not_compared[OURS_ENDS] += count(official)
        elif self.whole:
            self.lost.append((path, shown(official), count(official)))
        else:
            self.not_compared[LEFT_OUT] += count(official)

    def _is_unread(self, path: str, kind: str | None) -> bool:
        """Returns whether the schema says that it does not look into the bytes of a field."""
        if self.whole or kind != "bytes":
            return False
        plain = re.sub(r"\[\d+\]", "", path)
        name = plain.rpartition(".")[2]
        return plain in self.opaque or name in self.named or name.rstrip("_") == "not_looked_into"

    def _skip(self, reason: str, path: str) -> None:
        self.not_compared[reason] += 1


def _is_wrapped(own: Value) -> bool:
    """Returns whether a record is one that the importer has put around an element."""
    return own is not None and own[0] == "record" and [n for n in own[1] if not is_added(n)] == ["value"]


def _is_too_deep(own: Value) -> bool:
    """Returns whether records are those that stand where a type no longer holds itself."""
    if own is not None and own[0] == "list" and own[1]:
        own = own[1][0]
    return own is not None and own[0] == "record" and [*own[1]][:2] == [DEPTH_REACHED, NOT_READ]


def count(value: Value) -> int:
    """How many values there are in a value."""
    if value is None:
        return 0
    if value[0] == "list":
        return sum(map(count, value[1]))
    return sum(map(count, value[1].values())) if value[0] == "record" else 1


def shown(value: Value) -> str:
    """A value in a few words."""
    if value is None:
        return "nothing"
    kind, content = value[0], value[1]
    if kind == "record":
        return f"a record of {len(content)} fields"
    if kind == "list":
        return f"a list of {len(content)}"
    text = f"{content!r}" if kind == "str" else f"bytes {content}" if kind == "bytes" else str(content)
    return text if len(text) <= 60 else f"{text[:57]}…"
