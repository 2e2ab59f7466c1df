"""The YAML of a .ksy file as plain values, each with its line, within bounds that no file can exceed.

The events of the YAML library are put together here: its own constructor recurses, expands aliases without a
bound, and knows no lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.events import MappingEndEvent as _MappingEnd
from ruamel.yaml.reader import ReaderError

from ccheck.intake import NotTaken, take

Place = tuple[Any, ...]
"""Keys and positions from the top of the file."""

MOST_BYTES = 4 << 20
"""Bytes of a description, at most."""
MOST_NODES = 100_000
"""Values of a description with its aliases written out, at most."""
DEEPEST = 100
"""Collections inside each other, at most."""
LONGEST_NUMBER = 40
"""Digits of a number, at most."""

_NUMBER = re.compile(r"[-+]?(?:0x[0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+|[0-9][0-9_]*)", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?", re.ASCII)
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_STRING = "tag:yaml.org,2002:str"
_PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null", "map", "seq")}


class KaitaiError(Exception):
    """A file that is no Kaitai Struct description, or has an error. place: where. detail: why. line: from 1,
    once it is known.
    """

    def __init__(self, place: Place, detail: str, line: int | None = None) -> None:
        super().__init__(f"{words(place)}: {detail}" if place else detail)
        self.place = place
        self.detail = detail
        self.line = line


def words(place: Place) -> str:
    """A place as people write it: ``types.chunk.seq[2].size``."""
    written = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place).lstrip(".")
    return written if len(written) <= 200 else f"{written[:199]}…"


@dataclass(frozen=True, slots=True)
class Source:
    """A YAML file. top: its value. lines: the line of each place."""

    top: Any
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int:
        """The line of a place, from 1; that of the nearest one around it where it has none."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_source(path: Path) -> Source:
    """Read a YAML file. Raises KaitaiError, which knows the line."""
    try:
        data = take(str(path), MOST_BYTES)
    except NotTaken as fault:
        raise KaitaiError((), fault.detail, 1) from fault
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise KaitaiError((), f"it is not UTF-8: {fault.reason}", line) from fault
    return parse(text)


def parse(text: str) -> Source:
    """Read YAML. Raises KaitaiError, which knows the line."""
    return _plain(_composed(text))


@dataclass(slots=True)
class _Node:
    """A value of the file. value: a scalar, a list of nodes, or a list of pairs of key and node. size: how
    many values it has with its aliases written out; 0 while it is not complete.
    """

    line: int
    value: Any
    mapping: bool = False
    size: int = 0
    key: tuple[Any] | None = None
    keys: set[Any] = field(default_factory=set)


def _composed(text: str) -> _Node:
    """The tree of a YAML text."""
    builder = _Builder()
    try:
        for event in _events(text):
            builder.line = event.start_mark.line + 1
            builder.take(event)
    except KaitaiError:
        raise
    except ReaderError as fault:
        line = text.count("\n", 0, fault.position) + 1
        raise KaitaiError((), f"it is not YAML: {fault.reason}", line) from fault
    except MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        line = builder.line if mark is None else mark.line + 1
        raise KaitaiError((), f"it is not YAML: {fault.problem or fault.context}", line) from fault
    except (
        YAMLError,
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as fault:
        # The library raises these on some texts that are not YAML, such as an escape that is no character.
        raise KaitaiError((), f"it is not YAML: {type(fault).__name__}: {fault}", builder.line) from fault
    if builder.top is None:
        raise KaitaiError((), "it is no Kaitai Struct description: it is empty", 1)
    return builder.top


def _events(text: str) -> Iterator[Any]:
    yield from YAML(typ="safe", pure=True).parse(text)


class _Builder:
    """Puts events together. top: the value of the file. line: of the event at hand."""

    def __init__(self) -> None:
        self.top: _Node | None = None
        self.line = 1
        self._open: list[_Node] = []
        self._anchors: dict[str, _Node] = {}
        self._documents = 0

    def take(self, event: Any) -> None:
        """Take the next event."""
        match event:
            case DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise self._error("a second document begins")
            case AliasEvent():
                node = self._anchors.get(str(event.anchor))
                if node is None:
                    raise self._error(f"no anchor is called {str(event.anchor)!r}")
                if not node.size:
                    raise self._error(f"the alias {str(event.anchor)!r} holds itself")
                self._put(node)
            case ScalarEvent():
                self._put(self._anchored(event, _Node(self.line, self._scalar(event), size=1)))
            case MappingStartEvent() | SequenceStartEvent():
                if event.tag is not None and str(event.tag) not in (*_PLAIN, "!"):
                    raise self._error(f"the tag {event.tag} means nothing here")
                if len(self._open) >= DEEPEST:
                    raise self._error(f"it is nested more than {DEEPEST} deep")
                node = _Node(self.line, [], mapping=isinstance(event, MappingStartEvent))
                self._open.append(self._anchored(event, node))
            case _MappingEnd() | SequenceEndEvent():
                node = self._open.pop()
                inner = (pair[1] for pair in node.value) if node.mapping else iter(node.value)
                node.size = 1 + sum(one.size for one in inner)
                self._put(node)

    def _anchored(self, event: NodeEvent, node: _Node) -> _Node:
        if event.anchor is not None:
            self._anchors[str(event.anchor)] = node
        return node

    def _put(self, node: _Node) -> None:
        if node.size > MOST_NODES:
            raise self._error(f"it has more than {MOST_NODES:,} values")
        if not self._open:
            self.top = node
            return
        holder = self._open[-1]
        if not holder.mapping:
            holder.value.append(node)
        elif holder.key is None:
            if isinstance(node.value, list):
                raise self._error("a key is a plain value")
            if node.value == "<<":
                raise self._error("merge keys mean nothing here")
            if node.value in holder.keys:
                raise self._error(f"the key {node.value!r} is there already")
            holder.keys.add(node.value)
            holder.key = (node.value,)
        else:
            holder.value.append((holder.key[0], node))
            holder.key = None

    def _scalar(self, event: ScalarEvent) -> Any:
        text = str(event.value)
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise self._error("a text holds half of a surrogate pair")
        tag = None if event.tag is None else str(event.tag)
        if tag not in (None, "!", _STRING, *_PLAIN):
            raise self._error(f"the tag {tag} means nothing here")
        if tag in ("!", _STRING) or (tag is None and event.style not in (None, "")):
            return text
        return self._resolved(text)

    def _resolved(self, text: str) -> Any:
        """The value of a plain scalar."""
        if text in _WORDS:
            return _WORDS[text]
        if _NUMBER.fullmatch(text):
            digits = text.replace("_", "").lstrip("+-")
            if len(digits) > LONGEST_NUMBER:
                raise self._error(f"a number has {len(digits):,} digits")
            if len(digits) > 1 and digits.isdigit() and digits[0] == "0":
                raise self._error(
                    f"{text} is octal in YAML 1.1 and decimal in YAML 1.2: write it without zeros"
                )
            if not digits[2:] and not digits.isdigit():
                raise self._error(f"{text} is no number")
            number = int(digits, 10 if digits.isdigit() else 0)
            return -number if text[0] == "-" else number
        if _FLOAT.fullmatch(text):
            return float(text.replace("_", ""))
        return text

    def _error(self, detail: str) -> KaitaiError:
        return KaitaiError((), detail, self.line)


def _plain(top: _Node) -> Source:
    """Plain values and their lines. The tree is no larger than `MOST_NODES`."""
    lines: dict[Place, int] = {}
    holder: list[Any] = [None]
    waiting: list[tuple[Place, _Node, Any, Any]] = [((), top, holder, 0)]
    while waiting:
        place, node, into, at = waiting.pop()
        lines[place] = node.line
        if not isinstance(node.value, list):
            into[at] = node.value
        elif node.mapping:
            made: dict[Any, Any] = {key: None for key, _ in node.value}
            into[at] = made
            waiting += [((*place, key), inner, made, key) for key, inner in node.value]
        else:
            into[at] = listed = [None] * len(node.value)
            waiting += [((*place, i), inner, listed, i) for i, inner in enumerate(node.value)]
    return Source(holder[0], lines)
