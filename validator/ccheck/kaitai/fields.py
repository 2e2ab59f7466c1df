"""Attributes of a description as nodes of a schema, in Python."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ccheck.kaitai.description import Attribute, Names, Place, Type
from ccheck.kaitai.expression import Untranslatable, number, translate, truth
from ccheck.kaitai.scope import INTEGERS, Scope, contents, size_of

KNOWN = {
    "id", "doc", "doc-ref", "contents", "type", "size", "size-eos", "repeat", "repeat-expr", "repeat-until",
    "if", "enum", "valid", "encoding", "terminator", "pad-right", "process", "pos", "io", "consume",
    "include", "eos-error", "parent",
}  # fmt: skip
_FLOATS = {f"f{size}{order}": size for size in (4, 8) for order in ("", "le", "be")}
_CONSTRUCT = {("u", "be"): "ub", ("u", "le"): "ul", ("s", "be"): "sb", ("s", "le"): "sl"}


class Stop(Exception):
    """An attribute that cannot be written, so that what stands behind it cannot be found. place and detail:
    as in `Gap`.
    """

    def __init__(self, place: Place, detail: str) -> None:
        super().__init__(detail)
        self.place = place
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that was not carried over: where it stands, and what it is."""

    place: Place
    detail: str


class Target(Protocol):
    """What a field asks of the file that it is written into."""

    def struct(self, type_: Type, place: Place) -> str:
        """The name of a type's Struct, which is written before this field. Raises Stop."""
        ...

    def enum(self, names: Names) -> str:
        """The name of an enum's class."""
        ...

    def values(self, field: str, values: tuple[int, ...]) -> str:
        """The name of a class of plain values."""
        ...

    def use(self, name: str) -> str:
        """The name, which is imported."""
        ...

    def unfinished(self, type_: Type) -> bool:
        """Whether the end of the type cannot be found."""
        ...


class Field:
    """One attribute, as the node of a field. gaps: what was left out without losing the place."""

    def __init__(self, attribute: Attribute, scope: Scope, names: Target) -> None:
        self.attribute = attribute
        self.keys: Mapping[str, Any] = attribute.keys
        self.scope = scope
        self.names = names
        self.gaps: list[Gap] = []
        self.open = False
        """Whether the field's own end cannot be found."""

    def node(self) -> str:
        """The Python of the node. Raises Stop."""
        for key in self.keys:
            if not isinstance(key, str) or (key not in KNOWN and not key.startswith("-")):
                self._gap(f"the key {key} means nothing here", key)
        if "parent" in self.keys or self.keys.get("include") or self.keys.get("consume") is False:
            raise self._stop("parent, include and consume change what is read")
        if "pos" in self.keys or "io" in self.keys:
            return self._elsewhere()
        made = self._repeated()
        if "if" in self.keys:
            condition = self._expression(truth, "if")
            return f"{self.names.use('If')}({condition}, {made})"
        return made

    def _elsewhere(self) -> str:
        """A field at a position of its own: a record, or one that holds the field alone."""
        if self.keys.get("io", "_root._io") != "_root._io":
            raise self._stop("it stands in the bytes of another field", "io")
        if "io" not in self.keys and self.scope.scopes.in_region(self.scope.type_):
            raise self._stop("its position counts from a place that is not the start of the file", "pos")
        if "pos" not in self.keys:
            raise self._stop("it has no position")
        offset = self._expression(number, "pos")
        condition = self._expression(truth, "if") if "if" in self.keys else None
        inner = replace(self.scope, here=f"{self.scope.here}._")
        keys = {key: value for key, value in self.keys.items() if key not in ("pos", "io", "if")}
        alone = Field(replace(self.attribute, keys=keys), inner, self.names)
        struct = self._plain_struct(keys)
        made = struct or f'{self.names.use("Struct")}("value" / {alone.node()})'
        self.open = False
        self.gaps += alone.gaps
        made = f"{self.names.use('At')}({offset}, {made})"
        return made if condition is None else f"{self.names.use('If')}({condition}, {made})"

    def _plain_struct(self, keys: Mapping[str, Any]) -> str | None:
        """The Struct of a field that is nothing but a record."""
        type_ = self.scope.type_.find_type(keys["type"]) if isinstance(keys.get("type"), str) else None
        if type_ is None or keys.keys() & {"size", "size-eos", "repeat"}:
            return None
        made = self.names.struct(type_, self.attribute.place)
        self.open = self.names.unfinished(type_)
        return made

    def _repeated(self) -> str:
        repeat = self.keys.get("repeat")
        if repeat is None:
            return self._one()
        if repeat == "expr":
            count = self._expression(number, "repeat-expr")
            made = self._one()
            if self._empty():
                raise self._stop("elements without bytes let a count ask for endless work", "repeat")
            if self.open:
                raise self._stop("its elements end where it is not known", "type")
            return f"{self.names.use('Array')}({count}, {made})"
        if repeat == "eos":
            return f"{self.names.use('UpToEnd')}({self._element()})"
        if repeat == "until":
            return self._until()
        raise self._stop(f"repeat: {repeat} is not known", "repeat")

    def _element(self) -> str:
        """The Struct of one element of a list that no number counts."""
        if self._empty():
            raise self._stop("elements without bytes let a list go on for ever", "repeat")
        struct = self._plain_struct({k: v for k, v in self.keys.items() if k != "repeat"})
        if struct is not None:
            if self.open:
                raise self._stop("its elements end where it is not known", "type")
            return struct
        outer, self.scope = self.scope, replace(self.scope, here=f"{self.scope.here}._")
        made = self._one()
        self.scope = outer
        return f'{self.names.use("Struct")}("value" / {made})'

    def _until(self) -> str:
        """A list that ends with a record whose number at a fixed place says so."""
        said = self.keys.get("repeat-until")
        type_ = self.scope.type_.find_type(str(self.keys.get("type")))
        name, _, value = (part.strip() for part in str(said).partition("=="))
        field = name.removeprefix("_.")
        known = None
        if type_ is not None and "size" not in self.keys and name.startswith("_."):
            at = [one for one in type_.attributes if one.name == field and one.keys.get("type") in INTEGERS]
            before = (
                replace(type_, attributes=type_.attributes[: type_.attributes.index(at[0])]) if at else None
            )
            if (
                before is not None
                and not at[0].keys.keys() & {"if", "repeat"}
                and size_of(before) is not None
            ):
                known = self._constant(value, type_)
        if known is None:
            raise self._stop(f"the list ends where {said} holds", "repeat-until")
        return f'{self.names.use("UpTo")}({self._element()}, field="{field}", value={known})'

    def _constant(self, said: str, type_: Type) -> int | None:
        try:
            return number(said, replace(self.scope, type_=type_, before=0).look_up).value
        except Untranslatable:
            return None

    def _empty(self) -> bool:
        type_ = self.scope.type_.find_type(str(self.keys.get("type")))
        size = self.keys.get("size")
        return size == 0 or (type_ is not None and size is None and size_of(type_) == 0)

    def _one(self) -> str:
        """The field, once."""
        keys = self.keys
        if "contents" in keys:
            magic = contents(keys["contents"])
            if magic is None:
                raise self._stop("it is no list of bytes and texts", "contents")
            return f"{self.names.use('Const')}({magic!r})"
        if "size" in keys:
            return self._sized(self._expression(number, "size"))
        said = keys.get("type")
        if keys.get("size-eos"):
            return self._rest()
        if isinstance(said, dict):
            return self._switch(said, None)
        if said is None or said in ("str", "strz"):
            return self._to_nul(said)
        return self._typed(said)

    def _typed(self, said: object) -> str:
        """A number or a record."""
        scope, names = self.scope, self.names
        if said in INTEGERS and isinstance(said, str):
            return self._integer(said)
        if said in _FLOATS and isinstance(said, str):
            self._only("valid")
            order = self._order(said)
            return names.use(f"Float{_FLOATS[said] * 8}{'b' if order == 'be' else 'l'}")
        type_ = scope.type_.find_type(said) if isinstance(said, str) else None
        if type_ is None:
            raise self._stop(f"the type {said} is not known here", "type")
        made = names.struct(type_, self.attribute.place)
        self.open = names.unfinished(type_)
        self._only("valid", "enum")
        return made

    def _integer(self, said: str) -> str:
        sign, size = INTEGERS[said]
        letters = _CONSTRUCT[sign, "be" if size == 1 else self._order(said)]
        made = self.names.use(f"Int{size * 8}{letters}")
        if "enum" in self.keys:
            found = self.scope.type_.find_enum(str(self.keys["enum"]))
            if found is None or not found.values:
                self._gap(f"the enum {self.keys['enum']} is not known here", "enum")
            else:
                made = f"{self.names.use('StrictEnum')}({made}, {self.names.enum(found)})"
        return self._valid(made, sign, size)

    def _order(self, said: str) -> str:
        order = said[-2:] if said[-2:] in ("le", "be") else self.scope.type_.order
        if not order:
            raise self._stop("a field of the file decides its byte order", "type")
        return order

    def _valid(self, made: str, sign: str, size: int) -> str:
        """The number inside the bounds that `valid` gives it."""
        said = self.keys.get("valid")
        if said is None:
            return made
        low, high = (
            (0, (1 << 8 * size) - 1) if sign == "u" else (-(1 << 8 * size - 1), (1 << 8 * size - 1) - 1)
        )
        asked = said if isinstance(said, dict) else {"eq": said}
        if asked == {"in-enum": True} and "enum" in self.keys:
            return made
        try:
            if asked.keys() == {"any-of"} and isinstance(asked["any-of"], list) and asked["any-of"]:
                values = sorted({self._whole(one) for one in asked["any-of"]})
                class_ = self.names.values(self.attribute.name, tuple(values))
                return f"{self.names.use('StrictEnum')}({made}, {class_})"
            if asked.keys() == {"eq"}:
                low = high = self._whole(asked["eq"])
            elif asked and asked.keys() <= {"min", "max"}:
                low = self._whole(asked.get("min", low))
                high = self._whole(asked.get("max", high))
            else:
                raise Untranslatable(f"valid: {asked}")
        except Untranslatable:
            self._gap("a condition that is no number, no bounds and no list of numbers", "valid")
            return made
        return f"{self.names.use('Bounded')}({made}, {low}, {high})"

    def _whole(self, said: object) -> int:
        """A constant, which may be negative."""
        text = said.strip() if isinstance(said, str) else said
        negative = isinstance(text, str) and text.startswith("-")
        value = translate(text[1:] if negative and isinstance(text, str) else text, self.scope.look_up).value
        if value is None:
            raise Untranslatable(f"{said} is no constant")
        return -value if negative else value

    def _sized(self, size: str) -> str:
        """A field of so many bytes."""
        keys, use = self.keys, self.names.use
        plain = f"{use('Bytes')}({size})"
        said = keys.get("type")
        if "process" in keys:
            self._gap(f"its bytes are processed by {keys['process']}, and are not looked into", "process")
            return plain
        if said is None:
            self._only("valid", "terminator", "pad-right")
            return plain
        if said in ("str", "strz"):
            return self._text(size, strz=said == "strz")
        if isinstance(said, dict):
            return self._switch(said, size)
        if said in INTEGERS or said in _FLOATS:
            return f"{use('Region')}({size}, {self._typed(said)})"
        type_ = self.scope.type_.find_type(said) if isinstance(said, str) else None
        if type_ is None:
            self._gap(f"the type {said} is not known here, its bytes are not looked into", "type")
            return plain
        return self._region(size, type_)

    def _region(self, size: str, type_: Type) -> str:
        try:
            made = self.names.struct(type_, self.attribute.place)
        except Stop as stop:
            self._gap(f"{stop.detail}; its bytes are not looked into", "type")
            return f"{self.names.use('Bytes')}({size})"
        if self.names.unfinished(type_):
            self._gap(f"the type {type_.name} is not whole, its bytes are not looked into", "type")
            return f"{self.names.use('Bytes')}({size})"
        return f"{self.names.use('Region')}({size}, {made})"

    def _text(self, size: str, *, strz: bool) -> str:
        keys, use = self.keys, self.names.use
        encoding = self._encoding()
        terminator = keys.get("terminator", 0 if strz else None)
        if encoding is None or terminator not in (None, 0) or keys.get("pad-right", 0) != 0:
            self._gap(
                "an encoding, terminator or padding that is not zero; its bytes are not looked into", "type"
            )
            return f"{use('Bytes')}({size})"
        self._only("valid")
        inside = terminator == 0 or "pad-right" in keys
        ending = ', terminator="inside"' if inside else ""
        return f'{use("Text")}({size}, encoding="{encoding}"{ending})'

    def _to_nul(self, said: object) -> str:
        """Text, or bytes, up to a NUL."""
        terminator = self.keys.get("terminator", 0 if said == "strz" else None)
        encoding = "latin-1" if said is None else self._encoding()
        if terminator != 0 or encoding is None or encoding.startswith(("utf-16", "utf-32")):
            raise self._stop("it has no size, and no NUL of one byte ends it", "type")
        self._only("valid")
        return f'{self.names.use("TextToNul")}("{encoding}")'

    def _rest(self) -> str:
        """Bytes, or records, up to the end."""
        said = self.keys.get("type")
        if said is not None:
            type_ = self.scope.type_.find_type(said) if isinstance(said, str) else None
            if type_ is not None and "process" not in self.keys:
                made = self.names.struct(type_, self.attribute.place)
                self.open = self.names.unfinished(type_)
                return made
            self._gap("what stands up to the end is not looked into", "type")
        elif "process" in self.keys:
            self._gap("what stands up to the end is not looked into", "process")
        byte = f'{self.names.use("Struct")}("value" / {self.names.use("Int8ub")})'
        return f"{self.names.use('UpToEnd')}({byte})"

    def _encoding(self) -> str | None:
        said = self.keys.get("encoding") or self.scope.type_.encoding
        try:
            return codecs.lookup(str(said)).name if said else None
        except (LookupError, ValueError):
            return None

    def _switch(self, said: Mapping[str, Any], size: str | None) -> str:
        """A choice by a number. size: that of each choice, or None where each has its own."""
        cases = said.get("cases")
        use = self.names.use
        try:
            if not isinstance(cases, dict):
                raise Untranslatable("it has no cases")
            on = number(said.get("switch-on"), self.scope.look_up).text
            keys = {key: self._whole(key) for key in cases if key != "_"}
        except Untranslatable as why:
            if size is None:
                raise self._stop(f"a choice that is not by a number: {why.detail}", "type") from why
            self._gap(
                f"a choice that is not by a number ({why.detail}); its bytes are not looked into", "type"
            )
            return f"{use('Bytes')}({size})"
        made = {keys[key]: self._case(name, size) for key, name in cases.items() if key != "_"}
        chosen = ", ".join(f"{key}: {node}" for key, node in made.items())
        if "_" in cases:
            default = f", default={self._case(cases['_'], size)}"
        else:
            default = "" if size is None else f", default={use('Bytes')}({size})"
        return f"{use('Switch')}({on}, {{{chosen}}}{default})"

    def _case(self, name: object, size: str | None) -> str:
        """One of the choices."""
        keys = {
            key: value for key, value in self.keys.items() if key not in ("type", "repeat", "if", "valid")
        }
        one = Field(replace(self.attribute, keys=keys | {"type": name}), self.scope, self.names)
        made = one._one()
        self.gaps += one.gaps
        self.open |= one.open
        return made

    # -- what is wrong

    def _expression(self, kind: Callable[[object, Any], Any], key: str) -> str:
        scope = replace(self.scope, condition=None if key == "if" else self.keys.get("if"))
        try:
            return str(kind(self.keys.get(key), scope.look_up).text)
        except Untranslatable as why:
            raise self._stop(why.detail, key) from why

    def _only(self, *keys: str) -> None:
        """Name the keys of a field that mean nothing to its node."""
        for key in keys:
            if key in self.keys:
                self._gap("a condition that is not carried over for this type", key)

    def _gap(self, detail: str, *key: str) -> None:
        self.gaps.append(Gap((*self.attribute.place, *key), detail))

    def _stop(self, detail: str, *key: str) -> Stop:
        return Stop((*self.attribute.place, *key), detail)
