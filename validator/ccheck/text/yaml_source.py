"""YAML as plain values, each with its line, within bounds that no file can exceed.

The events of the YAML library are assembled here: its own constructor recurses, expands aliases without a
bound, and knows no lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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

Place = tuple[Any, ...]
"""Keys and positions from the top of the file."""

MOST_NODES = 100_000
"""Values of a text with its aliases written out, unless the caller says otherwise."""
DEEPEST = 100
"""Collections inside each other, unless the caller says otherwise."""
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


class YamlError(Exception):
    """A text that is not YAML, or goes beyond the bounds.

    Args:
        detail: Why.
        line: From 1.
    """

    def __init__(self, detail: str, line: int) -> None:
        super().__init__(detail)
        self.detail = detail
        self.line = line


@dataclass(frozen=True, slots=True)
class Source:
    """A YAML file.

    Attributes:
        top: Its value.
        lines: The line of each place.
    """

    top: Any
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int:
        """The line of a place, from 1; that of the nearest enclosing one if it has none."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def parse(text: str, most_values: int = MOST_NODES, deepest: int = DEEPEST) -> Source:
    """Returns the values of a YAML text.

    Args:
        text: The YAML.
        most_values: How many values it may have, with its aliases written out.
        deepest: How many collections may lie inside each other.

    Raises:
        YamlError: It is not YAML, or goes beyond the bounds.
    """
    return _plain(_composed(text, most_values, deepest))


@dataclass(slots=True)
class _Node:
    """A value of the file.

    Attributes:
        value: A scalar, a list of nodes, or a list of pairs of key and node.
        size: How many values it has with its aliases written out; 0 while it is not complete.
    """

    line: int
    value: Any
    mapping: bool = False
    size: int = 0
    key: tuple[Any] | None = None
    keys: set[Any] = field(default_factory=set)


def _composed(text: str, most_values: int, deepest: int) -> _Node:
    """The tree of a YAML text."""
    builder = _Builder(most_values, deepest)
    try:
        for event in _events(text):
            builder.line = event.start_mark.line + 1
            builder.take(event)
    except YamlError:
        raise
    except ReaderError as fault:
        line = text.count("\n", 0, fault.position) + 1
        raise YamlError(f"it is not YAML: {fault.reason}", line) from fault
    except MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        line = builder.line if mark is None else mark.line + 1
        raise YamlError(f"it is not YAML: {fault.problem or fault.context}", line) from fault
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
        raise YamlError(f"it is not YAML: {type(fault).__name__}: {fault}", builder.line) from fault
    if builder.top is None:
        raise YamlError("it is empty", 1)
    return builder.top


def _events(text: str) -> Iterator[Any]:
    yield from YAML(typ="safe", pure=True).parse(text)


class _Builder:
    """Puts events together. top: the value of the file. line: of the event at hand."""

    def __init__(self, most_values: int, deepest: int) -> None:
        self._most_values = most_values
        self._deepest = deepest
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
                if len(self._open) >= self._deepest:
                    raise self._error(f"it is nested more than {self._deepest} deep")
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
        if node.size > self._most_values:
            raise self._error(f"it has more than {self._most_values:,} values")
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
                    f"{text} is octal in YAML 1.1 and decimal in YAML 1.2: quote it,"
                    " or write a number without zeros in front"
                )
            if not digits[2:] and not digits.isdigit():
                raise self._error(f"{text} is no number")
            number = int(digits, 10 if digits.isdigit() else 0)
            return -number if text[0] == "-" else number
        if _FLOAT.fullmatch(text):
            return float(text.replace("_", ""))
        return text

    def _error(self, detail: str) -> YamlError:
        return YamlError(detail, self.line)


def _plain(top: _Node) -> Source:
    """Plain values and their lines. The tree is no larger than the builder allows."""
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
