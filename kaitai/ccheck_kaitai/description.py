"""The contents of a .ksy file as data: types, their attributes, enums, each with its place in the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccheck_kaitai.encodings import codec_of
from ccheck_kaitai.keys import left_out
from ccheck_kaitai.source import KaitaiError, Place, Source, read_source

__all__ = ["Attribute", "Description", "Gap", "KaitaiError", "Names", "Place", "Type", "load"]

DEPTH = 16
"""Types inside types, at most."""
LONGEST_NAME = 200
"""Characters of a name, at most."""

_ID = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that was not carried over: where it is, what it is, and the field that it belongs to."""

    place: Place
    detail: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A field of a type.

    Attributes:
        name: Its id, or one derived from its position.
        place: Its place in the file.
        keys: Its keys in the file.
    """

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
    """A type.

    Attributes:
        name: Its id.
        place: Its place in the file.
        up: The type that it is defined in.
        order: `le`, `be`, or empty if a field decides.
        order_place: Where the order is stated.
        encoding: The default encoding of its texts.
        encoding_place: Where the encoding is stated.
        attributes: Its fields, in order.
        calculated: Its instances that are values, by name.
        elsewhere: Its instances that are read at a position.
        parameters: The names of its parameters.
        gaps: What is left out wherever the type is used.
        types: The types that it defines.
        enums: The enums that it defines.
    """

    name: str
    place: Place
    up: Type | None
    order: str
    order_place: Place
    encoding: str
    encoding_place: Place
    attributes: tuple[Attribute, ...]
    calculated: Mapping[str, Attribute]
    elsewhere: tuple[Attribute, ...]
    parameters: frozenset[str]
    gaps: list[Gap]
    types: dict[str, Type] = field(default_factory=dict)
    enums: dict[str, Names] = field(default_factory=dict)

    def find_type(self, name: object) -> Type | None:
        """The type that a name means here: one's own, else one of the types around."""
        if not isinstance(name, str):
            return None
        first, *rest = name.split("::")
        scope: Type | None = self
        while scope is not None:
            if first in scope.types:
                found: Type | None = scope.types[first]
                for part in rest:
                    found = None if found is None else found.types.get(part)
                return found
            if scope.up is None and scope.name == first:
                if not rest:
                    return scope
                first, *rest = rest
            else:
                scope = scope.up
        return None

    def find_enum(self, name: object) -> Names | None:
        """The enum that a name means here."""
        if not isinstance(name, str):
            return None
        *path, last = name.split("::")
        scope: Type | None = self.find_type("::".join(path)) if path else self
        while scope is not None:
            if last in scope.enums:
                return scope.enums[last]
            scope = None if path else scope.up
        return None

    def knows(self, name: str) -> bool:
        """Returns whether a field, an instance or a parameter has this name."""
        fields = (*self.attributes, *self.elsewhere)
        return name in self.calculated or name in self.parameters or any(one.name == name for one in fields)


@dataclass(frozen=True, slots=True)
class Description:
    """A whole file.

    Attributes:
        name: The id in its `meta`.
        title: The title in its `meta`.
        root: Its top type.
        types: All types, the top one first.
        bit_orders: Where an order of bits is stated.
        defaults: Where byte orders and encodings are stated, and which of them.
        source: The YAML file.
    """

    name: str
    title: str
    root: Type
    types: tuple[Type, ...]
    bit_orders: tuple[Place, ...]
    defaults: tuple[tuple[Place, str], ...]
    source: Source

    def line(self, place: Place) -> int:
        """The line of a place, from 1."""
        return self.source.line(place)


def load(path: Path) -> Description:
    """Read a .ksy file.

    Raises:
        KaitaiError: The file is no description, or has an error; the exception has the line.
    """
    source = read_source(path)
    try:
        return _described(source)
    except KaitaiError as wrong:
        if wrong.line is None:
            wrong.line = source.line(wrong.place)
        raise


def _described(source: Source) -> Description:
    top = source.top
    if not isinstance(top, dict) or not isinstance(top.get("meta"), dict):
        raise KaitaiError((), "it is no Kaitai Struct description: it has no `meta`")
    name = _name(top["meta"].get("id"), ("meta", "id"))
    title = top["meta"].get("title")
    reader = _Reader()
    root = reader.type(top, name, (), None, 0)
    words = title if isinstance(title, str) else name
    return Description(
        name, words, root, tuple(reader.types), tuple(reader.bit_orders), tuple(reader.defaults), source
    )


class _Reader:
    """Reads types, and lists them."""

    def __init__(self) -> None:
        self.types: list[Type] = []
        self.bit_orders: list[Place] = []
        self.defaults: list[tuple[Place, str]] = []

    def type(
        self,
        said: Mapping[str, Any],
        name: str,
        place: Place,
        up: Type | None,
        depth: int,
    ) -> Type:
        """A type, and those inside it."""
        if depth > DEPTH:
            raise KaitaiError(place, f"types are nested more than {DEPTH} deep")
        gaps = [Gap(*gap) for gap in left_out(said, "file" if up is None else "type", place)]
        meta = _mapping(said, "meta", place)
        here = (*place, "meta")
        gaps += [Gap(*gap) for gap in left_out(meta, "meta" if up is None else "meta of a type", here)]
        order, encoding = ("", "") if up is None else (up.order, up.encoding)
        order_place: Place = () if up is None else up.order_place
        encoding_place: Place = () if up is None else up.encoding_place
        if "endian" in meta:
            order_place = (*here, "endian")
            self.defaults.append((order_place, "byte order"))
            order = _order(meta["endian"], (*here, "endian"), gaps)
        if "bit-endian" in meta:
            self.bit_orders.append((*here, "bit-endian"))
            if meta["bit-endian"] not in ("le", "be"):
                raise KaitaiError((*here, "bit-endian"), f"{meta['bit-endian']!r} is neither le nor be")
        if "encoding" in meta:
            encoding_place = (*here, "encoding")
            self.defaults.append((encoding_place, "encoding"))
            encoding = codec_of(meta["encoding"], (*here, "encoding"))
        calculated: dict[str, Attribute] = {}
        elsewhere: list[Attribute] = []
        attributes = _attributes(said, place, gaps)
        parameters = _parameters(said, place)
        taken = {attribute.name for attribute in attributes} | parameters
        for key, instance in _mapping(said, "instances", place).items():
            here = (*place, "instances", key)
            if not isinstance(instance, dict):
                raise KaitaiError(here, "an instance is a mapping")
            if _name(key, here) in taken:
                raise KaitaiError(here, f"{key!r} is there already")
            kind = "value instance" if "value" in instance else "instance"
            gaps += [Gap(*gap, field=key) for gap in left_out(instance, kind, here)]
            if kind == "value instance" and instance["value"] is None:
                raise KaitaiError((*here, "value"), "value has no value")
            made = Attribute(key, here, instance)
            if kind == "instance":
                elsewhere.append(made)
            else:
                calculated[key] = made
        found = Type(
            name=name,
            place=place,
            up=up,
            order=order,
            order_place=order_place,
            encoding=encoding,
            encoding_place=encoding_place,
            attributes=attributes,
            calculated=calculated,
            elsewhere=tuple(elsewhere),
            parameters=parameters,
            gaps=gaps,
        )
        self.types.append(found)
        for key, values in _mapping(said, "enums", place).items():
            here = (*place, "enums", key)
            found.enums[key] = _names(_name(key, here), values, here, gaps)
        for key, inner in _mapping(said, "types", place).items():
            here = (*place, "types", key)
            if not isinstance(inner, dict):
                raise KaitaiError(here, "a type is a mapping")
            found.types[key] = self.type(inner, _name(key, here), here, found, depth + 1)
        return found


def _name(said: object, place: Place) -> str:
    if not isinstance(said, str) or _ID.fullmatch(said) is None or len(said) > LONGEST_NAME:
        shown = repr(said) if len(repr(said)) < 60 else f"{repr(said)[:59]}…"
        raise KaitaiError(place, f"{shown} is no name")
    return said


def _order(said: object, place: Place, gaps: list[Gap]) -> str:
    if said in ("le", "be"):
        return str(said)
    if isinstance(said, dict):
        gaps.append(Gap(place, "a field of the file decides the byte order"))
        return ""
    raise KaitaiError(place, f"{said!r} is neither le nor be")


def _attributes(said: Mapping[str, Any], place: Place, gaps: list[Gap]) -> tuple[Attribute, ...]:
    seq = said.get("seq")
    if seq is None:
        return ()
    if not isinstance(seq, list):
        raise KaitaiError((*place, "seq"), "a list of attributes belongs here")
    named = {keys["id"] for keys in seq if isinstance(keys, dict) and isinstance(keys.get("id"), str)}
    made: dict[str, Attribute] = {}
    for number, keys in enumerate(seq):
        here = (*place, "seq", number)
        if not isinstance(keys, dict):
            raise KaitaiError(here, "an attribute is a mapping")
        if "id" in keys:
            name = _name(keys["id"], (*here, "id"))
            if name in made:
                raise KaitaiError((*here, "id"), f"{name!r} is there already")
        else:
            name = f"unnamed_{number}"
            while name in named:
                name += "_"
        gaps += [Gap(*gap, field=name) for gap in left_out(keys, "seq", here)]
        made[name] = Attribute(name, here, keys)
    return tuple(made.values())


def _parameters(said: Mapping[str, Any], place: Place) -> frozenset[str]:
    params = said.get("params")
    if params is None:
        return frozenset()
    if not isinstance(params, list) or not all(isinstance(one, dict) for one in params):
        raise KaitaiError((*place, "params"), "a list of parameters belongs here")
    found = [_name(one.get("id"), (*place, "params", i)) for i, one in enumerate(params)]
    return frozenset(found)


def _names(name: str, values: object, place: Place, gaps: list[Gap]) -> Names:
    if not isinstance(values, dict):
        raise KaitaiError(place, "an enum is a mapping of numbers to names")
    found: dict[str, int] = {}
    for number, said in values.items():
        here = (*place, number)
        word = said
        if isinstance(said, dict):
            gaps += [Gap(*gap) for gap in left_out(said, "enum value", here)]
            word = said.get("id")
        if isinstance(word, bool):
            word = str(word).lower()
        if not isinstance(number, int) or isinstance(number, bool):
            raise KaitaiError(here, f"{number!r} is no number")
        if _name(word, here) in found:
            raise KaitaiError(here, f"{word!r} is there already")
        found[str(word)] = number
    return Names(name, place, tuple((number, word) for word, number in found.items()))


def _mapping(said: Mapping[str, Any], key: str, place: Place) -> Mapping[str, Any]:
    found = said.get(key)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise KaitaiError((*place, key), "a mapping belongs here")
    return found
