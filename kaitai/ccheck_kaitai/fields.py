"""Attributes of a description as nodes of a schema, in Python.

Each key of an attribute is taken by the function that carries it over, and every key that is left is
reported: no key is dropped silently.
"""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any, Protocol, TypeAlias, TypeVar

from ccheck_kaitai.description import Attribute, Gap, Names, Place, Type
from ccheck_kaitai.encodings import codec_of
from ccheck_kaitai.expression import (
    ChoiceNumber,
    Kind,
    Lookup,
    NoNumber,
    Term,
    UnknownName,
    Untranslatable,
    arguments,
    byte_list,
    joined,
    number,
    translate,
    truth,
)
from ccheck_kaitai.keys import Fate, fate, left_out
from ccheck_kaitai.plain_types import FLOATS, INTEGERS, bit_width, is_integer, is_number
from ccheck_kaitai.scope import INDEX, LAST, Scope, StreamNumbers, Taken, contents, listed_alone
from ccheck_kaitai.source import KaitaiError, words
from ccheck_schemas.vocabulary.streams import code_unit

_CONSTRUCT = {("u", "be"): "ub", ("u", "le"): "ul", ("s", "be"): "sb", ("s", "le"): "sl"}
_PATH = re.compile(r"\s*[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*\s*", re.ASCII)
_OF_CONTENT = (
    "type", "encoding", "terminator", "include", "pad-right", "consume", "eos-error", "enum", "valid",
)  # fmt: skip
_REPEATS = ("expr", "eos", "until")
_LIST_KEYS = frozenset({"repeat", "repeat-expr", "repeat-until"})


T = TypeVar("T")

Lines: TypeAlias = tuple[str, ...]
"""Lines of a Struct."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a field adds to the Struct of its type.

    Attributes:
        order: The byte order that a field chose for it, if it states none.
        first: Lines in front of its fields: its parameters.
        last: Lines behind its fields: whether it ends its list.
    """

    order: str = ""
    first: Lines = ()
    last: Lines = ()


class Stop(Exception):
    """An attribute that cannot be written, so that what follows it cannot be found.

    `place` and `detail` are those of `Gap`.
    """

    def __init__(self, place: Place, detail: str) -> None:
        super().__init__(detail)
        self.place = place
        self.detail = detail


class Target(Protocol):
    """What a field needs from the file that it is written into."""

    def struct(self, type_: Type, place: Place, use: Use) -> str:
        """The name of a type's Struct, which is written before this field.

        Args:
            type_: The type.
            place: Where it is used.
            use: What the field adds to it.

        Raises:
            Stop: The type cannot be written.
        """
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
        """Returns whether the end of the type cannot be found."""
        ...


class _Index:
    """The index of an element of a list, as `_index` in expressions.

    Attributes:
        lines: The line of the number that has it, once an expression names it.
    """

    def __init__(self, taken: Taken | None, names: Target) -> None:
        """taken: The names of the element's fields; None where no expression can have the index."""
        self.lines: Lines = ()
        self._taken = taken
        self._names = names

    def look_up(self, scope: Scope) -> Lookup:
        """What names mean, with `_index`."""

        def found(names: tuple[str, ...], depth: int) -> Term:
            if names != ("_index",):
                return scope.look_up(names, depth)
            if self._taken is None:
                raise Untranslatable("_index of another list is asked for")
            name = self._taken.free(INDEX)
            self.lines = (f'"{name}" / {self._names.use("Index")},',)
            return Term(f"this.{name}", bits=32)

        return found


class Field:
    """One attribute, as the node of a field.

    Attributes:
        gaps: What was left out without losing the place.
        before: Lines in front of the field.
        after: Lines behind the field.
        kind: `seq` or `instance`.
        open: Whether the field's own end cannot be found.
    """

    def __init__(
        self,
        attribute: Attribute,
        scope: Scope,
        names: Target,
        kind: str = "seq",
        taken: frozenset[str] = frozenset(),
    ) -> None:
        """taken: keys that the field around has carried over."""
        self.attribute = attribute
        self.keys: Mapping[str, Any] = attribute.keys
        self.scope = scope
        self.names = names
        self.kind = kind
        self.gaps: list[Gap] = []
        self.before: list[str] = []
        self.after: list[str] = []
        self.open = False
        self._last: Lines = ()
        self._taken = set(taken)
        self._sized_by: str | None = None

    def node(self) -> str:
        """The Python of the node.

        Raises:
            Stop: The attribute cannot be written.
            KaitaiError: The description has an error.
        """
        self._check()
        made = self._repeated()
        if self.kind == "instance":
            made = self._elsewhere(made)
        condition = self._condition_text()
        if condition is not None:
            made = f"{self.names.use('If')}({condition}, {made})"
        self._condition()
        self._account()
        return made

    # -- keys

    def _get(self, key: str) -> Any:
        """What the description says under a key, which is carried over."""
        self._taken.add(key)
        return self.keys.get(key)

    def _truth(self, key: str, default: bool) -> bool:
        said = self._get(key)
        if said is None:
            return default
        if not isinstance(said, bool):
            raise self._wrong(f"{said!r} is neither true nor false", key)
        return said

    def _check(self) -> None:
        """Refuse what is an error in the description, whatever the field is."""
        keys = self.keys
        for key in keys:
            if fate(self.kind, key) is Fate.CARRIED and keys[key] is None and key != "id":
                raise self._wrong(f"{key} has no value", key)
        if "encoding" in keys:
            codec_of(keys["encoding"], (*self.attribute.place, "encoding"))
        for key in ("size-eos", "consume", "include", "eos-error"):
            if key in keys and not isinstance(keys[key], bool):
                raise self._wrong(f"{keys[key]!r} is neither true nor false", key)
        if keys.get("size-eos") is True and "size" in keys:
            raise self._wrong("size and size-eos exclude each other", "size-eos")
        if "repeat" in keys and keys["repeat"] not in _REPEATS:
            raise self._wrong(f"repeat is one of {', '.join(_REPEATS)}", "repeat")
        for repeat in ("expr", "until"):
            if keys.get("repeat") == repeat and f"repeat-{repeat}" not in keys:
                raise self._wrong(f"repeat-{repeat} is missing", "repeat")
        if "terminator" in keys and _bytes_of(keys["terminator"]) is None:
            detail = f"{keys['terminator']!r} is no byte, and no list of bytes"
            raise self._wrong(detail, "terminator")
        if "pad-right" in keys and not _is_byte(keys["pad-right"]):
            raise self._wrong(f"{keys['pad-right']!r} is no byte", "pad-right")
        if "enum" in keys and not isinstance(keys["enum"], str):
            raise self._wrong(f"{keys['enum']!r} is no name", "enum")
        if "process" in keys and not isinstance(keys["process"], str):
            raise self._wrong(f"{keys['process']!r} is no text", "process")
        said = keys.get("type")
        if said is not None and not isinstance(said, str | dict):
            raise self._wrong(f"{said!r} is no type", "type")
        if isinstance(said, dict):
            self._check_switch(said)
        if isinstance(said, str) and (is_number(said) or bit_width(said)):
            for key in ("size", "size-eos"):
                if key in keys:
                    raise self._wrong(f"{said} has a size of its own", key)

    def _check_switch(self, said: Mapping[str, Any]) -> None:
        place = (*self.attribute.place, "type")
        self.gaps += [Gap(*gap, field=self.attribute.name) for gap in left_out(said, "switch", place)]
        if "switch-on" not in said or not isinstance(said.get("cases"), dict):
            raise KaitaiError(place, "a choice has switch-on, and a mapping of cases")
        for key, name in said["cases"].items():
            if not isinstance(name, str):
                raise KaitaiError((*place, "cases", key), f"{name!r} is no type")

    def _account(self) -> None:
        """Name the keys that nothing has carried over."""
        for key in self.keys:
            if key not in self._taken and fate(self.kind, key) is Fate.CARRIED and key != "id":
                detail = (
                    "the condition is not carried over"
                    if key == "valid"
                    else f"{key} is not carried over here"
                )
                self._gap(detail, key)

    # -- where, and how often

    def _elsewhere(self, made: str) -> str:
        """A field at a position of its own, whose bytes another field may own too."""
        said = self._get("io")
        if said not in (None, "_io", "_root._io"):
            raise self._stop("it is in the bytes of another field", "io")
        if "pos" not in self.keys:
            raise self._stop("it has no position")
        position = self._expression(number, "pos")
        self.open = False
        whole = ", whole_file=True" if said == "_root._io" else ""
        return f"{self.names.use('ReadAt')}({position}, {made}{whole})"

    def _repeated(self) -> str:
        repeat = self._get("repeat")
        if repeat is None:
            return self._one()
        if repeat == "expr":
            count = self._expression(number, "repeat-expr")
            alone = listed_alone(self.scope.type_, self.keys)
            made = self._one() if alone else self._element()
            if self._empty():
                raise self._stop("elements without bytes let a count ask for endless work", "repeat")
            if self.open:
                raise self._stop("its elements end where it is not known", "type")
            return f"{self.names.use('Array')}({count}, {made})"
        if repeat == "eos":
            return f"{self.names.use('UpToEnd')}({self._element()})"
        return self._until()

    def _element(self) -> str:
        """The Struct of one element of a list that no number counts."""
        if self._empty():
            raise self._stop("elements without bytes let a list go on for ever", "repeat")
        if listed_alone(self.scope.type_, self.keys):
            made = self._one()
        else:
            outer, self.scope = self.scope, replace(self.scope, here=f"{self.scope.here}._")
            last, self._last = self._last, ()
            node = self._one()
            lines = " ".join((*self.before, f'"value" / {node},', *self.after, *last)).removesuffix(",")
            self.before, self.after = [], []
            made = f"{self.names.use('Struct')}({lines})"
            self.scope = outer
        if self.open:
            raise self._stop("its elements end where it is not known", "type")
        return made

    def _until(self) -> str:
        """A list that ends with the element for which a condition holds."""
        said = self._get("repeat-until")
        type_ = self.scope.type_.find_type(self.keys.get("type"))
        alone = listed_alone(self.scope.type_, self.keys)
        plain = type_ if alone and type_ is not None and not self.scope.scopes.circle(type_) else None
        known = None if plain is None else self._last_number(str(said), plain)
        if known is not None:
            field, value = known
            return f'{self.names.use("UpTo")}({self._element()}, field="{field}", value={value})'
        taken = Taken(type_ if alone else None)
        scope = replace(self.scope, here=f"{self.scope.here}._")
        stream = StreamNumbers("end", taken, position=True)
        path = "this" if alone else "this.value"
        index = _Index(taken, self.names)
        around = index.look_up(scope)

        def look_up(names: tuple[str, ...], depth: int) -> Term:
            if names[0] == "_io":
                return replace(scope, here="this", stream=stream).look_up(names, depth)
            if names[0] != "_":
                return around(names, depth)
            if type_ is not None:
                return Scope(self.scope.scopes, type_, type_.fields, path).field(names[1:], depth)
            if len(names) > 1:
                raise Untranslatable("an element has no fields")
            return replace(self.scope, here="this").own(replace(self.attribute, name="value"))

        self.scope.scopes.budget = 400
        try:
            term = truth(said, look_up)
        except Untranslatable as why:
            raise self._stop(f"the list ends where {said} holds: {why.detail}", "repeat-until") from why
        name = taken.free(LAST)
        use = self.names.use
        kinds = {"pos": "Position", "size": "StreamSize"}
        self._last = (
            *index.lines,
            *(f'"{name}" / {use(kinds[number])}(),' for number, name in stream.names.items()),
            f'"{name}" / {use("Computed")}({self._used(term)}),',
        )
        return f'{use("UpTo")}({self._element()}, field="{name}", value=1)'

    def _last_number(self, said: str, type_: Type) -> tuple[str, int] | None:
        """A number of the element and its value in the last one, if the condition is just that."""
        name, _, value = (part.strip() for part in said.partition("=="))
        attribute = next((one for one in type_.attributes if f"_.{one.name}" == name), None)
        if attribute is None or not is_integer(attribute.keys.get("type")):
            return None
        if attribute.keys.keys() & {"if", "repeat"}:
            return None
        try:
            return attribute.name, self._whole(value)
        except Untranslatable:
            return None

    def _empty(self) -> bool:
        """Returns whether an element plainly takes no bytes."""
        type_ = self.scope.type_.find_type(self.keys.get("type"))
        size = self.keys.get("size")
        return size == 0 or (type_ is not None and size is None and self.scope.scopes.size_of(type_) == 0)

    # -- what

    def _one(self) -> str:
        """The field, once."""
        keys = self.keys
        if "contents" in keys:
            magic = contents(self._get("contents"))
            if magic is None:
                raise self._wrong("it is no list of bytes and texts", "contents")
            return f"{self.names.use('Const')}({magic!r})"
        said = self._get("type")
        if "process" in keys and not is_number(said):
            return self._processed()
        if isinstance(said, dict):
            return self._switch(said)
        if said is None or said in ("str", "strz"):
            return self._content(said)
        if is_integer(said):
            return self._integer(said)
        if is_number(said):
            order = self._order(said)
            return self.names.use(f"Float{FLOATS[said] * 8}{'b' if order == 'be' else 'l'}")
        if bit_width(said):
            raise self._stop("a bit field in a list, or under a condition", "type")
        return self._record(said)

    def _extent(self) -> str | None:
        """The size of the field in Python, empty for all bytes up to the end; None if it has neither."""
        if self._sized_by is not None:
            return self._sized_by
        if "size" in self.keys:
            return self._expression(number, "size")
        return "" if self._truth("size-eos", default=False) else None

    def _opaque(self, extent: str, detail: str, *key: str) -> str:
        """Bytes that are not looked into because something was left out."""
        self._gap(detail, *key)
        reason, dropped = repr(detail), repr(words((*self.attribute.place, *key)))
        if extent:
            return f"{self.names.use('Opaque')}({extent}, {reason}, dropped={dropped})"
        return f"{self.names.use('OpaqueRest')}({reason}, dropped={dropped})"

    def _processed(self) -> str:
        """Bytes that are decoded in a way that no schema states."""
        extent = self._extent()
        self._taken.add("process")
        for key in _OF_CONTENT:
            if key in self.keys:
                self._gap(f"{key} is said of bytes that are processed", key)
            self._taken.add(key)
        detail = f"its bytes are processed by {self.keys['process']}, and are not looked into"
        if extent is not None:
            return self._opaque(extent, detail, "process")
        if "terminator" not in self.keys:
            raise self._wrong("bytes that are processed have a size, size-eos or a terminator", "process")
        self._gap(detail, "process")
        return self._delimited(self._terminator(), None)

    def _record(self, said: str) -> str:
        """A record of a type, in bytes of its own or in place."""
        extent = self._extent()
        type_ = self.scope.type_.find_type(said)
        try:
            if type_ is None:
                raise self._stop(f"the type {said} is not known here", "type")
            if self._get("parent") is not None and self.scope.scopes.names_parent(type_):
                raise self._stop("another parent changes what _parent means in the type", "parent")
            trimmed = next((key for key in ("terminator", "pad-right") if key in self.keys), None)
            if trimmed is not None and (extent is not None or trimmed == "pad-right"):
                raise self._stop("its bytes end before its size does", trimmed)
            made = self._struct(type_, said)
        except Stop as stop:
            if extent is None and "terminator" in self.keys and type_ is not None:
                self._gap(f"the type {said} of bytes up to a terminator", "type")
                return self._delimited(self._terminator(), None)
            if extent is None:
                raise
            detail = f"{stop.detail}; its bytes are not looked into"
            if stop.place[: len(self.attribute.place)] != self.attribute.place:
                return self._opaque(extent, detail, "type")
            return self._opaque(extent, detail, *stop.place[len(self.attribute.place) :])
        if extent is None and "terminator" in self.keys:
            return self._up_to_terminator(made)
        if extent is None:
            self.open = self.names.unfinished(type_)
            return made
        if extent:
            return f"{self.names.use('Substream')}({extent}, {made})"
        return f"{self.names.use('SubstreamRest')}({made})"

    def _up_to_terminator(self, made: str) -> str:
        """A record in the bytes up to a terminator: their number, the record, and the terminator."""
        terminator = self._terminator()
        include = self._truth("include", default=False)
        consume = self._truth("consume", default=True)
        to_end = not self._truth("eos-error", default=True)
        if to_end and (consume or include):
            raise self._stop("the end of the stream may take the place of the terminator", "eos-error")
        name = "value" if "repeat" in self.keys else self.attribute.name
        size = Taken(self.scope.type_).free(f"size_of_{name}")
        use = self.names.use
        options = ", to_end=True" if to_end else ""
        self.before.append(f'"{size}" / {use("BytesTo")}({terminator!r}{options}),')
        if consume and not include:
            end = Taken(self.scope.type_).free(f"end_of_{name}")
            self.after.append(f'"{end}" / {use("Const")}({terminator!r}),')
        length = f"this.{size}" + (f" + {len(terminator)}" if include else "")
        return f"{use('Substream')}({length}, {made})"

    def _struct(self, type_: Type, said: str) -> str:
        """The Struct of a type, with its parameters, in the byte order that is stated or chosen."""
        place, first = self.attribute.place, self._given(type_, said)
        use = Use("" if type_.order else self.scope.order, first, self._last)
        if type_.order_choice is None:
            return self.names.struct(type_, place, use)
        cases = type_.order_choice["cases"]
        said = str(type_.order_choice["switch-on"]).strip()
        self.scope.scopes.used.add(type_.order_place)
        beside = said.removeprefix("_parent.")
        if beside == said and not said.startswith("_root."):
            raise self._stop("a field of the type itself decides its byte order", "type")
        self.scope.scopes.budget = 400
        try:
            key = translate(beside, self.scope.look_up)
            keys = {case: self._key(case, key.kind) for case in cases if case != "_"}
        except Untranslatable as why:
            raise self._stop(f"what decides the byte order: {why.detail}", "type") from why
        made = {
            case: self.names.struct(type_, place, replace(use, order=order)) for case, order in cases.items()
        }
        chosen = ", ".join(f"{keys[case]!r}: {name}" for case, name in made.items() if case != "_")
        rest = f", default={made['_']}" if "_" in made else ""
        return f"{self.names.use('Switch')}({self._used(key)}, {{{chosen}}}{rest})"

    def _given(self, type_: Type, said: str) -> Lines:
        """The lines of a type's parameters, as the record that is made of it says them."""
        listed = self._parsed(partial(arguments, said))
        if len(listed) != len(type_.parameters):
            raise self._stop(f"its parameters: {type_.name} takes {len(type_.parameters)}", "type")
        scope = replace(self.scope, here=f"{self.scope.here}._", stream=None)
        scope.scopes.budget = 400
        # A list whose elements have a record around them counts those records.
        alone = "repeat" in self.keys and listed_alone(self.scope.type_, self.keys)
        index = _Index(Taken(type_) if alone else None, self.names)
        lines: list[str] = []
        for name, one in zip(type_.parameters, listed, strict=True):
            if not type_.takes_number(name):
                continue  # an expression that names it is left out, and says so
            term = self._parsed(partial(translate, one, index.look_up(scope)))
            if term.kind not in (Kind.NUMBER, Kind.TRUTH):
                raise self._stop(f"its parameters: {one} is {term.kind.value}", "type")
            lines.append(f'"{name}" / {self.names.use("Computed")}({self._used(term)}),')
        return (*index.lines, *lines)

    def _parsed(self, made: Callable[[], T]) -> T:
        try:
            return made()
        except Untranslatable as why:
            raise self._stop(f"its parameters: {why.detail}", "type") from why

    def _integer(self, said: str) -> str:
        sign, size = INTEGERS[said]
        letters = _CONSTRUCT[sign, "be" if size == 1 else self._order(said)]
        made = self.names.use(f"Int{size * 8}{letters}")
        bits = 8 * size - (sign == "s")
        return self._valid(self._named(made), -(1 << bits) if sign == "s" else 0, (1 << bits) - 1)

    def _named(self, made: str) -> str:
        """The number, with the names of its enum."""
        enum = self._get("enum")
        if enum is None:
            return made
        found = self.scope.type_.find_enum(enum)
        if found is None or not found.values:
            self._gap(f"the enum {enum} is not known here, or empty", "enum")
            return made
        return f"{self.names.use('StrictEnum')}({made}, {self.names.enum(found)})"

    def _order(self, said: str) -> str:
        if said[-2:] in ("le", "be"):
            return said[-2:]
        order = self.scope.type_.order or self.scope.order
        self.scope.scopes.used.add(self.scope.type_.order_place)
        if not order:
            raise self._stop("its byte order is not stated, or a field of the file decides it", "type")
        return order

    def _valid(self, made: str, low: int, high: int) -> str:
        """The number inside the bounds that `valid` gives it; other conditions are left to `_condition`.

        low, high: The numbers that the field can hold.
        """
        said = self.keys.get("valid")
        asked = said if isinstance(said, dict) else {"eq": said}
        if said is None or (asked == {"in-enum": True} and "enum" in self.keys):
            self._taken.add("valid")
            return made
        try:
            if asked.keys() == {"any-of"} and isinstance(asked["any-of"], list) and asked["any-of"]:
                values = sorted({self._whole(one) for one in asked["any-of"]})
                class_ = self.names.values(self.attribute.name, tuple(values))
                made = f"{self.names.use('StrictEnum')}({made}, {class_})"
            elif asked.keys() == {"eq"} or (asked and asked.keys() <= {"min", "max"}):
                if "eq" in asked:
                    low = high = self._whole(asked["eq"])
                else:
                    low = self._whole(asked.get("min", low))
                    high = self._whole(asked.get("max", high))
                made = f"{self.names.use('Bounded')}({made}, {low}, {high})"
            else:
                return made
        except Untranslatable:
            return made
        self._taken.add("valid")
        return made

    def _condition(self) -> None:
        """Adds what `valid` says of the field as a number behind it, which must be 1."""
        if "valid" not in self.keys or "valid" in self._taken:
            return
        self._taken.add("valid")
        self.scope.scopes.budget = 400
        try:
            if self.keys.keys() & _LIST_KEYS:
                raise Untranslatable("it is said of each element of a list")
            term = self._asked(self.keys["valid"])
        except Untranslatable as why:
            self._gap(f"the condition is not carried over: {why.detail}", "valid")
            return
        if term.value:
            return
        name = Taken(self.scope.type_).free(f"{self.attribute.name}_is_valid")
        use = self.names.use
        node = f"{use('Bounded')}({use('Computed')}({self._used(term)}), 1, 1)"
        condition = self._condition_text()
        if condition is not None:
            node = f"{use('If')}({condition}, {node})"
        self.after.append(f'"{name}" / {node},')

    def _condition_text(self) -> str | None:
        """The Python of the field's `if`; None without one."""
        return self._expression(truth, "if") if "if" in self.keys else None

    def _asked(self, said: object) -> Term:
        """What `valid` asks, as an expression that is true or false."""
        own = self.scope.own(self.attribute)

        def look_up(names: tuple[str, ...], depth: int) -> Term:
            return own if names == ("_",) else self.scope.look_up(names, depth)

        def value(of: object) -> Term:
            return byte_list(of) if isinstance(of, list) else translate(of, look_up)

        asked = said if isinstance(said, dict) else {"eq": said}
        if asked.keys() == {"expr"}:
            return truth(asked["expr"], look_up)
        if asked.keys() == {"any-of"} and isinstance(asked["any-of"], list) and asked["any-of"]:
            terms = [joined(own, "==", value(one)) for one in asked["any-of"]]
            return reduce(lambda one, other: joined(one, "or", other), terms)
        if not asked or not asked.keys() <= {"eq", "min", "max"}:
            raise Untranslatable(f"{asked} is not understood")
        signs = {"eq": "==", "min": ">=", "max": "<="}
        terms = [joined(own, signs[key], value(of)) for key, of in asked.items()]
        return reduce(lambda one, other: joined(one, "and", other), terms)

    def _whole(self, said: object) -> int:
        """A constant, which may be negative."""
        self.scope.scopes.budget = 100
        term = translate(said, self.scope.look_up)
        if term.value is None or term.kind is not Kind.NUMBER:
            raise Untranslatable(f"{said} is no constant")
        return term.value

    def _content(self, said: str | None) -> str:
        """Bytes, or text, of a size, up to the end, or up to a terminator."""
        encoding = None if said is None else self._encoding()
        extent = self._extent()
        terminator = self._terminator()
        if said == "strz" and not terminator:
            terminator = bytes(code_unit(encoding))
        if extent is None:
            if not terminator:
                raise self._wrong("it has no size, no size-eos and no terminator")
            return self._delimited(terminator, encoding)
        pad = self._get("pad-right")
        plain = not terminator and pad is None
        if extent and plain and encoding is None:
            return f"{self.names.use('Bytes')}({extent})"
        if extent and plain and code_unit(encoding) < 4:
            return f'{self.names.use("Text")}({extent}, encoding="{encoding}")'
        options = [extent] if extent else []
        if terminator:
            options.append(f"terminator={terminator!r}")
            if self._truth("include", default=False):
                options.append("include=True")
        if pad is not None:
            options.append(f"pad={pad}")
        if encoding is not None:
            options.append(f'encoding="{encoding}"')
        return f"{self.names.use('Slot' if extent else 'Rest')}({', '.join(options)})"

    def _delimited(self, terminator: bytes, encoding: str | None) -> str:
        """Bytes, or text, up to a terminator."""
        include = self._truth("include", default=False)
        consume = self._truth("consume", default=True)
        to_end = not self._truth("eos-error", default=True)
        if self.keys.get("repeat") in ("eos", "until") and not consume and not include:
            raise self._stop(
                "elements that begin at the terminator of the one before take no bytes", "consume"
            )
        plain = terminator == b"\0" and not include and consume and not to_end
        if plain and encoding is not None and code_unit(encoding) == 1:
            return f'{self.names.use("TextToNul")}("{encoding}")'
        options = [repr(terminator)]
        options += ["include=True"] if include else []
        options += [] if consume else ["consume=False"]
        options += ["to_end=True"] if to_end else []
        options += [] if encoding is None else [f'encoding="{encoding}"']
        return f"{self.names.use('Delimited')}({', '.join(options)})"

    def _terminator(self) -> bytes:
        """The terminator; empty if there is none."""
        said = self._get("terminator")
        return b"" if said is None else _bytes_of(said) or b""

    def _encoding(self) -> str:
        said = self._get("encoding")
        if said is not None:
            return codec_of(said, (*self.attribute.place, "encoding"))
        if not self.scope.type_.encoding:
            raise self._wrong("a text has no encoding, here or in meta", "type")
        self.scope.scopes.used.add(self.scope.type_.encoding_place)
        return self.scope.type_.encoding

    def _switch(self, said: Mapping[str, Any]) -> str:
        """A choice by a number."""
        cases = said["cases"]
        extent = self._extent()
        use = self.names.use
        try:
            if not cases:
                raise Untranslatable("it has no cases")
            self.scope.scopes.budget = 400
            scope = replace(self.scope, condition=self.keys.get("if"))
            on = translate(said["switch-on"], scope.look_up)
            if on.value is not None:
                raise Untranslatable("it is by a constant")
            keys = {key: self._key(key, on.kind) for key in cases if key != "_"}
            if len(set(keys.values())) < len(keys):
                raise Untranslatable("two of its cases are one")
            if extent is not None and any(is_number(name) for name in cases.values()):
                raise Untranslatable("numbers are among the types that have its size")
        except UnknownName as why:
            raise KaitaiError((*self.attribute.place, "type", "switch-on"), why.detail) from why
        except Untranslatable as why:
            detail = f"a choice that no schema can state: {why.detail}"
            if extent is None:
                raise self._stop(detail, "type") from why
            return self._opaque(extent, detail, "type")
        made = {repr(keys[key]): self._case(name, extent) for key, name in cases.items() if key != "_"}
        chosen = ", ".join(f"{key}: {node}" for key, node in made.items())
        default = ""
        if "_" in cases:
            default = f", default={self._case(cases['_'], extent)}"
        elif extent is not None:
            reason = repr("the description has no case for this kind")
            opaque = f"Opaque({extent}, {reason})" if extent else f"OpaqueRest({reason})"
            use(opaque.partition("(")[0])
            default = f", default={opaque}"
        if not made:
            return default.removeprefix(", default=")
        return f"{use('Switch')}({self._used(on)}, {{{chosen}}}{default})"

    def _key(self, said: object, kind: Kind) -> int | str | bytes:
        """A case: a constant of the kind of what chooses."""
        if kind is Kind.NUMBER:
            return self._whole(said)
        term = translate(said, self.scope.look_up)
        if term.kind is not kind:
            raise Untranslatable(f"{said} is {term.kind.value}, and what chooses is {kind.value}")
        if term.kind is Kind.TRUTH:
            if term.value is None:
                raise Untranslatable(f"{said} is no constant")
            return bool(term.value)
        if not term.text.startswith(("'", '"', "b'", 'b"')):
            raise Untranslatable(f"{said} is no constant")
        found = literal_eval(term.text)
        return found if isinstance(found, bytes) else str(found)

    def _case(self, name: str, extent: str | None) -> str:
        """One of the choices."""
        keys = {**self.keys, "type": name}
        around = frozenset(_LIST_KEYS | {"if", "pos", "io", "size", "size-eos"})
        one = Field(replace(self.attribute, keys=keys), self.scope, self.names, self.kind, around)
        one._sized_by = extent
        made = one._one()
        if "valid" in keys and "valid" not in one._taken:
            one._taken.add("valid")
            one._gap("the condition is not carried over: it is said of a choice", "valid")
        one._account()
        self._taken |= keys.keys() - _LIST_KEYS - {"if", "pos", "io"}
        self.gaps += [gap for gap in one.gaps if gap not in self.gaps]
        self.open |= one.open
        return made

    # -- what is wrong

    def _expression(self, kind: Callable[[object, Any], Any], key: str) -> str:
        scope = replace(self.scope, condition=None if key == "if" else self.keys.get("if"))
        scope.scopes.budget = 400
        said = self._get(key)
        try:
            return self._used(kind(said, scope.look_up))
        except UnknownName as why:
            raise self._wrong(why.detail, key) from why
        except NoNumber as why:
            choice = isinstance(why, ChoiceNumber) and self.kind == "instance"
            if isinstance(said, str) and _PATH.fullmatch(said) and not choice:
                raise self._wrong(why.detail, key) from why
            raise self._stop(why.detail, key) from why
        except Untranslatable as why:
            raise self._stop(why.detail, key) from why

    def _used(self, term: Term) -> str:
        """The Python of an expression, with what it needs imported."""
        for name in sorted(term.uses):
            self.names.use(name)
        return term.text

    def _gap(self, detail: str, *key: str) -> None:
        self.gaps.append(Gap((*self.attribute.place, *key), detail, self.attribute.name))

    def _stop(self, detail: str, *key: str) -> Stop:
        return Stop((*self.attribute.place, *key), detail)

    def _wrong(self, detail: str, *key: str) -> KaitaiError:
        return KaitaiError((*self.attribute.place, *key), detail)


def _bytes_of(said: object) -> bytes | None:
    """A byte, or a list of bytes; None for what is neither."""
    listed: list[Any] = said if isinstance(said, list) else [said]
    return bytes(listed) if listed and all(_is_byte(one) for one in listed) else None


def _is_byte(said: object) -> bool:
    return isinstance(said, int) and not isinstance(said, bool) and 0 <= said <= 0xFF
