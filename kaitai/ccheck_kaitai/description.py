"""The contents of a .ksy file as data: types, their attributes, enums, each with its place in the file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccheck_kaitai.encodings import codec_of
from ccheck_kaitai.keys import left_out
from ccheck_kaitai.plain_types import bit_width, is_integer
from ccheck_kaitai.source import ImportedFile, KaitaiError, Place, Source, file_of, read_source

__all__ = ["Attribute", "Description", "Gap", "KaitaiError", "Names", "Place", "Type", "load"]

DEPTH = 16
"""Types inside types, at most."""
LONGEST_NAME = 200
"""Characters of a name, at most."""

MOST_FILES = 200
"""Files that import each other, at most."""

_IMPORT = re.compile(r"/?(?:(?:\.\.?|[A-Za-z0-9_-]+)/)*[A-Za-z0-9_-]+", re.ASCII)
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
        order_choice: What decides the order of this type and of those inside it: `switch-on` and `cases`.
        order_place: Where the order is stated.
        encoding: The default encoding of its texts.
        encoding_place: Where the encoding is stated.
        bit_order: `le` or `be`: which bit of a byte is the first.
        attributes: Its fields, in order.
        calculated: Its instances that are values, by name.
        elsewhere: Its instances that are read at a position.
        parameters: The types of its parameters, by name; None for one that may be anything.
        gaps: What is left out wherever the type is used.
        types: The types that it defines.
        enums: The enums that it defines.
        imports: For the top type of a file: the top types of the files that it imports, by id.
    """

    name: str
    place: Place
    up: Type | None
    order: str
    order_choice: Mapping[str, Any] | None
    order_place: Place
    bit_order: str
    encoding: str
    encoding_place: Place
    attributes: tuple[Attribute, ...]
    calculated: Mapping[str, Attribute]
    elsewhere: tuple[Attribute, ...]
    parameters: Mapping[str, object]
    gaps: list[Gap]
    types: dict[str, Type] = field(default_factory=dict)
    enums: dict[str, Names] = field(default_factory=dict)
    imports: dict[str, Type] = field(default_factory=dict)

    def takes_number(self, name: str) -> bool:
        """Returns whether a parameter is a number, or true or false."""
        said = self.parameters[name]
        return said == "bool" or is_integer(said) or bit_width(said) > 0

    @property
    def fields(self) -> int:
        """How many fields it has, with those that are read at a position."""
        return len(self.attributes) + len(self.elsewhere)

    @property
    def top(self) -> Type:
        """The top type of its file."""
        return self if self.up is None else self.up.top

    def find_type(self, name: object) -> Type | None:
        """The type that a name means here: one's own, else one of the types around."""
        if not isinstance(name, str):
            return None
        first, *rest = name.partition("(")[0].strip().split("::")
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
            elif scope.up is None and first in scope.imports:
                scope = scope.imports[first]
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
        defaults: Where byte orders, orders of bits and encodings are stated, and which of them.
        sources: The YAML files: that of the description, and those that it imports, by their names.
    """

    name: str
    title: str
    root: Type
    types: tuple[Type, ...]
    defaults: tuple[tuple[Place, str], ...]
    sources: Mapping[str, Source]

    def line(self, place: Place) -> int:
        """The line of a place in its file, from 1."""
        file = file_of(place)
        return self.sources[file].line(place[1:] if file else place)


def load(path: Path, folders: Sequence[Path] = ()) -> Description:
    """Read a .ksy file, and those that it imports.

    Args:
        path: The file.
        folders: Where files that are imported by an absolute name are looked for first.

    Raises:
        KaitaiError: A file is no description, or has an error; the exception has the line.
    """
    reader = _Reader(path.parent, folders)
    try:
        root, title = reader.file(path, "")
    except KaitaiError as wrong:
        if wrong.line is None:
            file = file_of(wrong.place)
            wrong.line = reader.sources[file].line(wrong.place[1:] if file else wrong.place)
        raise
    return Description(root.name, title, root, tuple(reader.types), tuple(reader.defaults), reader.sources)


class _Reader:
    """Reads files and their types, and lists them."""

    def __init__(self, folder: Path, folders: Sequence[Path]) -> None:
        self.types: list[Type] = []
        self.defaults: list[tuple[Place, str]] = []
        self.sources: dict[str, Source] = {}
        self._files: dict[Path, Type] = {}
        self._folder = folder
        self._folders = folders

    def file(self, path: Path, name: str) -> tuple[Type, str]:
        """Reads a file, which is the description itself if it has no name.

        Returns:
            Its top type and its title.
        """
        if len(self._files) >= MOST_FILES:
            raise KaitaiError((), f"it imports more than {MOST_FILES} files")
        source = self.sources[name] = read_source(path)
        here: Place = (ImportedFile(name),) if name else ()
        top = source.top
        if not isinstance(top, dict) or not isinstance(top.get("meta"), dict):
            raise KaitaiError(here, "it is no Kaitai Struct description: it has no `meta`")
        meta = top["meta"]
        id_ = _name(meta.get("id"), (*here, "meta", "id"))
        root = self.type(top, id_, here, None, 0)
        self._files[path.resolve()] = root
        self._import(meta.get("imports"), path, root, (*here, "meta", "imports"))
        title = meta.get("title")
        return root, title if isinstance(title, str) else id_

    def _import(self, said: object, path: Path, root: Type, place: Place) -> None:
        """Reads the files that a file imports."""
        if said is None:
            return
        if not isinstance(said, list):
            raise KaitaiError(place, "a list of files belongs here")
        for number, name in enumerate(said):
            here = (*place, number)
            if not isinstance(name, str) or _IMPORT.fullmatch(name) is None:
                raise KaitaiError(here, f"{name!r} is no name of a file")
            found = _imported(path, name, self._folders)
            if found is None:
                where = "above its folder: name one with -I" if name.startswith("/") else "beside it"
                root.gaps.append(Gap(here, f"the file {name}.ksy is not found {where}"))
                continue
            imported = self._files.get(found.resolve()) or self._imported(found, here)
            root.imports[imported.name] = imported

    def _imported(self, path: Path, place: Place) -> Type:
        """Reads an imported file; what is wrong with it as a whole is said of the place that imports it."""
        try:
            return self.file(path, os.path.relpath(path, self._folder))[0]
        except KaitaiError as wrong:
            if wrong.place and file_of(wrong.place) not in ("", file_of(place)):
                raise
            raise KaitaiError(place, f"{path.name}: {wrong.detail}") from wrong

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
        bit_order = "be" if up is None else up.bit_order
        order_choice: Mapping[str, Any] | None = None
        encoding_place: Place = () if up is None else up.encoding_place
        if "endian" in meta:
            order_place = (*here, "endian")
            self.defaults.append((order_place, "byte order"))
            order, order_choice = _order(meta["endian"], (*here, "endian"))
        if "bit-endian" in meta:
            self.defaults.append(((*here, "bit-endian"), "order of bits"))
            if meta["bit-endian"] not in ("le", "be"):
                raise KaitaiError((*here, "bit-endian"), f"{meta['bit-endian']!r} is neither le nor be")
            bit_order = meta["bit-endian"]
        if "encoding" in meta:
            encoding_place = (*here, "encoding")
            self.defaults.append((encoding_place, "encoding"))
            encoding = codec_of(meta["encoding"], (*here, "encoding"))
        calculated: dict[str, Attribute] = {}
        elsewhere: list[Attribute] = []
        attributes = _attributes(said, place, gaps)
        parameters = _parameters(said, place, gaps)
        taken = {attribute.name for attribute in attributes} | parameters.keys()
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
            order_choice=order_choice,
            order_place=order_place,
            bit_order=bit_order,
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


def _order(said: object, place: Place) -> tuple[str, Mapping[str, Any] | None]:
    """The byte order; or what decides it, by a field."""
    if said in ("le", "be"):
        return str(said), None
    if isinstance(said, dict):
        cases = said.get("cases")
        if "switch-on" not in said or not isinstance(cases, dict) or not set(cases.values()) <= {"le", "be"}:
            raise KaitaiError(place, "an order that a field decides has switch-on, and cases of le and be")
        return "", said
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


def _parameters(said: Mapping[str, Any], place: Place, gaps: list[Gap]) -> Mapping[str, object]:
    params = said.get("params")
    if params is None:
        return {}
    if not isinstance(params, list) or not all(isinstance(one, dict) for one in params):
        raise KaitaiError((*place, "params"), "a list of parameters belongs here")
    found: dict[str, object] = {}
    for number, one in enumerate(params):
        here = (*place, "params", number)
        name = _name(one.get("id"), here)
        if name in found:
            raise KaitaiError(here, f"{name!r} is there already")
        gaps += [Gap(*gap) for gap in left_out(one, "parameter", here)]
        found[name] = one.get("type")
    return found


def _imported(path: Path, name: str, named: Sequence[Path]) -> Path | None:
    """The file that a file imports: one beside it; an absolute name is in a named folder, or above it."""
    relative = f"{name.lstrip('/')}.ksy"
    folders = (*named, *path.resolve().parents) if name.startswith("/") else (path.parent,)
    return next((folder / relative for folder in folders if (folder / relative).is_file()), None)


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
