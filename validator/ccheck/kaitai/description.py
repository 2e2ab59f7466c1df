"""What a .ksy file says, as data: types, their attributes, enums, each with its place in the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from ccheck.build import load_yaml
from ccheck.regular_file import read_regular_text
from ccheck_schemas.schema import RecipeError

Place = tuple[str | int, ...]
"""Keys and positions from the top of the file."""

DEPTH = 16
"""Types inside types, at most."""

_ID = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


class KaitaiError(Exception):
    """A file that is no Kaitai Struct description. place: where. detail: why."""

    def __init__(self, place: Place, detail: str) -> None:
        super().__init__(f"{words(place)}: {detail}" if place else detail)
        self.place = place
        self.detail = detail


def words(place: Place) -> str:
    """A place as people write it: ``types.chunk.seq[2].size``."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place).lstrip(".")


@dataclass(frozen=True, slots=True)
class Attribute:
    """A field of a type. keys: what the file says of it. name: its id, or one made of its position."""

    name: str
    place: Place
    keys: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Names:
    """An enum: its values and their names, in the order of the file."""

    name: str
    place: Place
    values: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Type:
    """A type. up: the type that it is defined in. calculated: its instances that are values, as expressions.
    elsewhere: its instances that stand at a position. order: `le`, `be`, or nothing where a field decides.
    """

    name: str
    place: Place
    up: Type | None
    order: str
    encoding: str
    attributes: tuple[Attribute, ...]
    calculated: Mapping[str, Any]
    elsewhere: tuple[Attribute, ...]
    parameters: bool
    types: dict[str, Type] = field(default_factory=dict)
    enums: dict[str, Names] = field(default_factory=dict)

    def find_type(self, name: str) -> Type | None:
        """The type that a name means here: one's own, else one of the types around."""
        first, _, rest = name.partition("::")
        scope: Type | None = self
        while scope is not None:
            if first in scope.types:
                found = scope.types[first]
                return found.find_type(rest) if rest else found
            scope = scope.up
        return None

    def find_enum(self, name: str) -> Names | None:
        """The enum that a name means here."""
        *path, last = name.split("::")
        scope: Type | None = self.find_type("::".join(path)) if path else self
        while scope is not None:
            if last in scope.enums:
                return scope.enums[last]
            scope = None if path else scope.up
        return None


@dataclass(frozen=True, slots=True)
class Description:
    """A whole file. name and title: from its `meta`. root: its top type. lines: where each place stands."""

    name: str
    title: str
    root: Type
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int:
        """The line of a place, from 1; that of the nearest one around it where it has none."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def load(path: Path) -> Description:
    """Read a .ksy file. Raises KaitaiError."""
    try:
        top = load_yaml(path)
    except RecipeError as fault:
        raise KaitaiError((), fault.detail) from fault
    except RecursionError as deep:
        raise KaitaiError((), "it is nested too deeply") from deep
    if not isinstance(top, dict) or not isinstance(top.get("meta"), dict):
        raise KaitaiError((), "it is no Kaitai Struct description: it has no `meta`")
    meta = top["meta"]
    name = meta.get("id")
    if not isinstance(name, str) or _ID.fullmatch(name) is None:
        raise KaitaiError(("meta", "id"), f"{name!r} is no name")
    title = meta.get("title")
    root = _type(top, name, (), None, "", "", 0)
    return Description(name, title if isinstance(title, str) else name, root, _lines(path))


def _type(
    said: Mapping[str, Any], name: str, place: Place, up: Type | None, order: str, encoding: str, depth: int
) -> Type:
    if depth > DEPTH:
        raise KaitaiError(place, f"types are nested more than {DEPTH} deep")
    meta = _mapping(said, "meta", place)
    if "endian" in meta:
        order = meta["endian"] if meta["endian"] in ("le", "be") else ""
    if isinstance(meta.get("encoding"), str):
        encoding = meta["encoding"]
    calculated: dict[str, Any] = {}
    elsewhere: list[Attribute] = []
    for key, instance in _mapping(said, "instances", place).items():
        here = (*place, "instances", key)
        if not isinstance(instance, dict) or _ID.fullmatch(key) is None:
            raise KaitaiError(here, "an instance is a mapping under a name")
        if "value" in instance:
            calculated[key] = instance["value"]
        else:
            elsewhere.append(Attribute(key, here, instance))
    made = Type(
        name, place, up, order, encoding, _attributes(said, place), calculated, tuple(elsewhere),
        bool(said.get("params")),
    )  # fmt: skip
    for key, values in _mapping(said, "enums", place).items():
        made.enums[key] = _names(key, values, (*place, "enums", key))
    for key, inner in _mapping(said, "types", place).items():
        here = (*place, "types", key)
        if not isinstance(inner, dict) or _ID.fullmatch(key) is None:
            raise KaitaiError(here, "a type is a mapping under a name")
        made.types[key] = _type(inner, key, here, made, order, encoding, depth + 1)
    return made


def _attributes(said: Mapping[str, Any], place: Place) -> tuple[Attribute, ...]:
    seq = said.get("seq") or []
    if not isinstance(seq, list):
        raise KaitaiError((*place, "seq"), "a list of attributes belongs here")
    made: list[Attribute] = []
    for number, keys in enumerate(seq):
        here = (*place, "seq", number)
        if not isinstance(keys, dict):
            raise KaitaiError(here, "an attribute is a mapping")
        name = keys.get("id", f"unnamed_{number}")
        if not isinstance(name, str) or _ID.fullmatch(name) is None:
            raise KaitaiError((*here, "id"), f"{name!r} is no name")
        if name in {attribute.name for attribute in made}:
            raise KaitaiError((*here, "id"), f"{name!r} is there already")
        made.append(Attribute(name, here, keys))
    return tuple(made)


def _names(name: str, values: object, place: Place) -> Names:
    if not isinstance(name, str) or _ID.fullmatch(name) is None or not isinstance(values, dict):
        raise KaitaiError(place, "an enum is a mapping under a name")
    found: list[tuple[int, str]] = []
    for number, said in values.items():
        word = said.get("id") if isinstance(said, dict) else said
        if isinstance(word, bool):
            word = str(word).lower()
        if not isinstance(number, int) or not isinstance(word, str) or _ID.fullmatch(word) is None:
            raise KaitaiError(place, f"{number!r}: {word!r} is no number with a name")
        found.append((int(number), word))
    return Names(name, place, tuple(found))


def _mapping(said: Mapping[str, Any], key: str, place: Place) -> Mapping[str, Any]:
    found = said.get(key) or {}
    if not isinstance(found, dict) or not all(isinstance(word, str) for word in found):
        raise KaitaiError((*place, key), "a mapping of names belongs here")
    return found


def _lines(path: Path) -> dict[Place, int]:
    """The line of each place of a YAML file that could be read before."""
    lines: dict[Place, int] = {}
    try:
        top = YAML(typ="safe", pure=True).compose(read_regular_text(path))
    except (OSError, UnicodeDecodeError, YAMLError):
        return lines
    waiting: list[tuple[Place, Node]] = [((), top)]
    while waiting:
        place, node = waiting.pop()
        lines[place] = node.start_mark.line + 1
        if len(place) > 2 * DEPTH + 6:
            continue
        if isinstance(node, MappingNode):
            for key, value in node.value:
                inner = (*place, str(key.value))
                waiting.append((inner, value))
        elif isinstance(node, SequenceNode):
            waiting += [((*place, number), value) for number, value in enumerate(node.value)]
    return lines
