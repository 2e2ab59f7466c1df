"""What names in expressions of a description mean at their place: only fields that were read before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ccheck_kaitai.description import Attribute, Description, Place, Type
from ccheck_kaitai.expression import (
    DEPTH,
    ChoiceNumber,
    Kind,
    NoNumber,
    Steps,
    Term,
    UnknownName,
    Untranslatable,
    constant,
    joined,
    member,
    translate,
)
from ccheck_kaitai.plain_types import FLOATS, INTEGERS, bit_width, is_integer, is_number

LOOKUPS = 400
"""Names that one expression may look up, with all that they are calculated of."""

_BUILT_IN = frozenset({"true", "false", "sizeof", "bitsizeof"})


@dataclass(frozen=True, slots=True)
class Use:
    """A place where a type is used.

    Attributes:
        by: The type that has the field.
        index: The field's position there; fields that are read elsewhere come after all others.
        levels: How many records of the schema lie between.
        overridden: Whether the field names another parent.
    """

    by: Type
    index: int
    levels: int
    overridden: bool


class Scopes:
    """The types of a description, and their uses.

    Attributes:
        unfinished: Types whose end cannot be found; `Writer` names them.
        written: How many of their fields are written.
        ready: Their fields at a position that are written, by name.
        used: The places of calculated values, byte orders and encodings that some field uses.
    """

    def __init__(self, description: Description) -> None:
        self.root = description.root
        self.uses: dict[Type, list[Use]] = {}
        self.unfinished: set[Type] = set()
        self.written: dict[Type, int] = {}
        self.ready: dict[Type, dict[str, Attribute]] = {}
        self.used: set[Place] = set()
        self.budget = LOOKUPS
        self._sizes: dict[Type, int | None] = {}
        self._inside: dict[tuple[Type, bool], frozenset[Type]] = {}
        self._circles: dict[Type, frozenset[Type]] = {}
        waiting, seen = [self.root], {self.root}
        while waiting:
            type_ = waiting.pop()
            fields = (*type_.attributes, *type_.elsewhere)
            for index, attribute in enumerate(fields):
                levels = 1 if listed_alone(type_, attribute.keys) else 2
                for used in named_types(type_, attribute):
                    self.uses.setdefault(used, []).append(
                        Use(type_, index, levels, "parent" in attribute.keys)
                    )
                    if used not in seen:
                        seen.add(used)
                        waiting.append(used)

    def circle(self, type_: Type) -> frozenset[Type]:
        """Returns the types that hold this one and that it holds; none if it does not hold itself."""
        if type_ not in self._circles:
            held = self._held(type_)
            self._circles[type_] = frozenset(one for one in held if type_ in self._held(one))
        return self._circles[type_]

    def names_parent(self, type_: Type) -> bool:
        """Returns whether a type, or one that may be inside it, names the record around it."""
        return any("_parent" in text for one in self.with_inner(type_) for text in texts_of(one))

    def with_inner(self, type_: Type) -> frozenset[Type]:
        """Returns a type and all types inside it, however deep."""
        return self._held(type_) | {type_}

    def needs_outside(self, type_: Type) -> str:
        """Returns why a type cannot be read without the record around it; empty if it can."""
        every = {type_, *self._held(type_)}
        if type_.parameters:
            return "takes parameters"
        if type_ in self._held(type_):
            return "holds itself"
        if any("_parent" in text or "_root" in text for one in every for text in texts_of(one)):
            return "names records around it"
        if any(one.order_choice is not None for one in every):
            return "has a byte order that another field decides"
        return ""

    def endless(self, type_: Type) -> bool:
        """Returns whether a type holds itself whatever the file says."""
        return type_ in self._held(type_, always=True)

    def _held(self, type_: Type, *, always: bool = False) -> frozenset[Type]:
        """Returns all types inside a type, however deep; `always`: those that no field can leave out."""
        if (type_, always) not in self._inside:
            found: set[Type] = set()
            waiting = [type_]
            while waiting:
                one = waiting.pop()
                for attribute in (*one.attributes, *one.elsewhere):
                    keys = attribute.keys
                    if always and (keys.keys() & {"if", "repeat"} or not isinstance(keys.get("type"), str)):
                        continue
                    new = set(named_types(one, attribute)) - found
                    found |= new
                    waiting += new
            self._inside[type_, always] = frozenset(found)
        return self._inside[type_, always]

    def before_root(self, type_: Type) -> int:
        """Returns how many fields of the top type are read before any record of the type can be."""
        first = len(self.root.attributes)
        seen, waiting = {type_}, [type_]
        while waiting:
            for use in self.uses.get(waiting.pop(), ()):
                if use.by is self.root:
                    first = min(first, use.index)
                if use.by not in seen:
                    seen.add(use.by)
                    waiting.append(use.by)
        return first

    def size_of(self, type_: Type) -> int | None:
        """The bytes of a type, if they are constant."""
        opened: set[Type] = set()
        waiting = [type_]
        while waiting:
            one = waiting[-1]
            if one in opened:
                self._sizes[waiting.pop()] = self._sum(one)
            elif one in self._sizes:
                waiting.pop()
            else:
                opened.add(one)
                self._sizes[one] = None  # for a type that holds itself
                waiting += [inner for attribute in one.attributes for inner in named_types(one, attribute)]
        return self._sizes[type_]

    def _sum(self, type_: Type) -> int | None:
        """The bytes of a type, once those of all types inside are known."""
        total = 0
        for attribute in type_.attributes:
            size = self.size_of_attribute(type_, attribute)
            if size is None:
                return None
            total += size
        return total

    def size_of_attribute(self, type_: Type, attribute: Attribute) -> int | None:
        """The bytes of an attribute, if they are constant."""
        keys = attribute.keys
        if keys.keys() & {"if", "repeat", "size-eos"}:
            return None
        said, size = keys.get("type"), keys.get("size")
        if size is not None:
            return size if isinstance(size, int) and not isinstance(size, bool) else None
        if "contents" in keys:
            magic = contents(keys["contents"])
            return None if magic is None else len(magic)
        if is_integer(said):
            return INTEGERS[said][1]
        if is_number(said):
            return FLOATS[said]
        inner = type_.find_type(said)
        return None if inner is None else self.size_of(inner)


def ends_at_terminator(type_: Type, keys: Mapping[str, Any]) -> bool:
    """Returns whether elements are records that each end at a terminator."""
    sized = keys.keys() & {"size", "size-eos"}
    return (
        "repeat" in keys
        and "terminator" in keys
        and not sized
        and type_.find_type(keys.get("type")) is not None
    )


def listed_alone(type_: Type, keys: Mapping[str, Any]) -> bool:
    """Returns whether no element needs a record around it: no list, a counted one, one of plain records."""
    if keys.get("repeat") not in ("eos", "until") and not ends_at_terminator(type_, keys):
        return True
    found = type_.find_type(keys.get("type"))
    return found is not None and found.order_choice is None and not keys.keys() & {
        "size", "size-eos", "terminator", "process",
    }  # fmt: skip


def texts_of(type_: Type) -> Iterator[str]:
    """Yields every text in the keys of a type's fields and instances."""
    for attribute in (*type_.attributes, *type_.elsewhere, *type_.calculated.values()):
        yield from texts_in(attribute.keys)


def texts_in(said: object) -> Iterator[str]:
    """Yields every text in the keys of a field, but for what only people read."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, Mapping):
        for key, value in said.items():
            if key not in ("id", "doc", "doc-ref", "contents"):
                yield from texts_in(value)
    elif isinstance(said, list):
        for one in said:
            yield from texts_in(one)


def named_types(type_: Type, attribute: Attribute) -> Iterator[Type]:
    """The user types that an attribute may be of."""
    said = attribute.keys.get("type")
    cases = said.get("cases") if isinstance(said, dict) else None
    for name in cases.values() if isinstance(cases, dict) else (said,):
        found = type_.find_type(name)
        if found is not None:
            yield found


_STREAM_NUMBERS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("pos",): ("pos",),
    ("size",): ("size",),
    ("eof",): ("pos", "size"),
}


LAST, INDEX = "is_last", "index_in_list"
"""The fields of an element that say whether it ends its list, and where it is in the list."""

DEPTH_REACHED, NOT_READ = "depth", "not_read"
"""The fields of the record that ends a recursive type: how deep it is, and the bytes that are not read."""

_ADDED = re.compile(
    rf"(?:{LAST}|{INDEX}|(?:size|end)_of_\w+|(?:pos|size)_at_\w+|\w+_is_valid|\w+_bits(?:_\d+)?)_*", re.ASCII
)


def is_added(name: str) -> bool:
    """Returns whether a field may be one that a schema has beside those of the description."""
    return _ADDED.fullmatch(name) is not None


class Taken:
    """The names of the fields of a type, which no field beside them may have."""

    def __init__(self, type_: Type | None) -> None:
        self._type = type_

    def free(self, name: str) -> str:
        """Returns the name, or one like it that is not taken."""
        while self._type is not None and self._type.knows(name):
            name += "_"
        return name


class StreamNumbers:
    """The position of a field in its stream, and the size of the stream, as fields in front of it.

    Attributes:
        allowed: Which of `pos` and `size` an expression may use.
        names: The names of those that are used.
    """

    def __init__(self, field: str, taken: Taken, *, position: bool) -> None:
        self.allowed = frozenset({"pos", "size"} if position else {"size"})
        self.names: dict[str, str] = {}
        self._field = field
        self._taken = taken

    def name(self, number: str) -> str:
        """The name of the field that has one of them."""
        return self.names.setdefault(number, self._taken.free(f"{number}_at_{self._field}"))


@dataclass(frozen=True, slots=True)
class Scope:
    """The place of an expression.

    Attributes:
        scopes: The types of the description.
        type_: The type that has the field.
        before: How many of its fields are read before.
        here: The Python of the record.
        condition: The field's own `if`, which fields that it names may share.
        order: The byte order that was chosen for the type, if it states none.
        stream: The position and the size of the stream; None where they are not known.
    """

    scopes: Scopes
    type_: Type
    before: int
    here: str = "this"
    condition: object = None
    order: str = ""
    stream: StreamNumbers | None = None

    def look_up(self, names: Steps, depth: int) -> Term:
        """The meaning of a path of names.

        Raises:
            Untranslatable: A schema cannot state it.
        """
        self.scopes.budget -= 1
        if depth > DEPTH or self.scopes.budget < 0:
            raise Untranslatable("values are calculated of each other without end")
        first = _name(names[0])
        if "::" in first:
            return self._enum(first) if len(names) == 1 else self._refuse(names)
        if first == "_root":
            return self._top(names[1:], depth)
        if first == "_parent":
            return self._above(names[1:], depth)
        if first == "_io":
            return self._stream(names[1:])
        if first == "sizeof" and len(names) > 1:
            of = "::".join(map(_name, names[1:]))
            if of in INTEGERS or of in FLOATS:
                return constant(INTEGERS[of][1] if of in INTEGERS else FLOATS[of])
            inner = self.type_.find_type(of)
            if inner is None:
                raise UnknownName(f"{of} is no type here")
            return self._size(of, self.scopes.size_of(inner))
        return self.field(names, depth)

    def _top(self, names: Steps, depth: int) -> Term:
        """A field of the top record of the file that describes the type."""
        if self.type_.top is self.scopes.root:
            before = self.scopes.before_root(self.type_)
            top = Scope(self.scopes, self.scopes.root, before, "this._root", order=self.order)
            return top.field(names, depth)
        if self.type_.up is None:
            return self.field(names, depth)
        raise Untranslatable("_root is the top record of an imported description")

    def _stream(self, names: Steps) -> Term:
        """The position in the stream of the record, its size, or whether its end is reached."""
        known = _STREAM_NUMBERS.get(tuple(map(_name, names)))
        if self.stream is None or known is None or not self.stream.allowed.issuperset(known):
            raise Untranslatable("an expression cannot read the position or size of this stream (_io)")
        parts = [member(self.here, self.stream.name(one)) for one in known]
        if len(parts) == 1:
            return Term(parts[0], bits=64)
        return Term(f"({parts[0]} >= {parts[1]})", Kind.TRUTH)

    def _above(self, names: Steps, depth: int) -> Term:
        """A field of every record that contains this one: all must agree on its meaning."""
        if self.here.replace("._", "") != "this":
            raise Untranslatable("_parent of another record is asked for")
        if self.type_.up is None:
            raise Untranslatable("_parent of the top record is asked for")
        uses = self.scopes.uses.get(self.type_, [])
        if any(use.overridden for use in uses):
            raise Untranslatable("_parent is another record where a field says so")
        found = {
            Scope(self.scopes, use.by, use.index, self.here + "._" * use.levels, order=self.order).look_up(
                names or ("_",), depth + 1
            )
            for use in uses
        }
        if len(found) != 1:
            raise Untranslatable("_parent is of several types")
        return found.pop()

    def field(self, names: Steps, depth: int) -> Term:
        """A field of this record, by a path from it."""
        if not names:
            raise Untranslatable("a record is no number")
        if depth > DEPTH:
            raise Untranslatable(f"it leads through more than {DEPTH} records and values")
        first, rest = _name(names[0]), names[1:]
        if first in self.type_.calculated and not rest:
            instance = self.type_.calculated[first]
            self.scopes.used.add(instance.place)
            try:
                term = translate(instance.keys["value"], self.look_up, depth)
            except NoNumber as why:
                raise Untranslatable(why.detail) from why
            certain = "if" not in instance.keys or instance.keys["if"] == self.condition
            return replace(term, total=term.total and certain)
        if first in self.type_.parameters and not rest:
            return self._parameter(first)
        attribute = self._known(first)
        keys = attribute.keys
        certain = "if" not in keys or keys["if"] == self.condition
        if "repeat" in keys:
            return self._listed(attribute, rest, depth, certain=certain)
        path = member(self.here, first)
        if rest == ("_sizeof",):
            return self._size(first, self.scopes.size_of_attribute(self.type_, attribute))
        if not rest:
            return replace(self._leaf(first, keys, path), total=certain)
        inner = self.type_.find_type(keys.get("type"))
        if inner is None or inner in self.scopes.unfinished or "process" in keys:
            raise Untranslatable(f"{first} has no field {_shown(rest[:1])} here")
        if rest[0] in ("_io", "_parent", "_root"):
            raise Untranslatable(f"{_shown(rest)} of another record is asked for")
        found = Scope(self.scopes, inner, inner.fields, path, order=self.order).field(rest, depth + 1)
        return replace(found, total=found.total and certain)

    def _listed(self, attribute: Attribute, steps: Steps, depth: int, *, certain: bool) -> Term:
        """The number of elements of a list, an element, or a field of one.

        Raises:
            Untranslatable: A schema cannot state it.
        """
        name, keys = attribute.name, attribute.keys
        if not steps:
            raise NoNumber(f"{name} is a list, no number")
        path = member(self.here, name)
        number = Term(f"len_({path})", bits=32, total=certain, uses=frozenset({"len_"}))
        if steps == ("size",):
            return number
        asked, rest = steps[0], steps[1:]
        if isinstance(asked, Term):
            index = asked
        elif asked in ("first", "last"):
            index = constant(0) if asked == "first" else joined(number, "-", constant(1))
        else:
            raise Untranslatable(f"{name} is a list")
        alone = listed_alone(self.type_, keys)
        element = f"element({path}, {index.text})" + ("" if alone else ".value")
        uses = index.uses | {"element"}
        if not rest:
            found = self._leaf(name, keys, element)
            return replace(found, total=False, uses=found.uses | uses, height=index.height + 1)
        inner = self.type_.find_type(keys.get("type"))
        if inner is None or inner in self.scopes.unfinished or "process" in keys:
            raise Untranslatable(f"an element of {name} has no field {_shown(rest[:1])} here")
        if rest[0] in ("_io", "_parent", "_root"):
            raise Untranslatable(f"{_shown(rest)} of another record is asked for")
        found = Scope(self.scopes, inner, inner.fields, element, order=self.order).field(rest, depth + 1)
        return replace(found, total=False, uses=found.uses | uses, height=found.height + index.height + 1)

    def record(self, names: Steps) -> str:
        """The Python of a record, by a path to it.

        Raises:
            Untranslatable: A schema cannot name it.
        """
        if not names:
            return self.here
        first, rest = _name(names[0]), names[1:]
        if first == "_root":
            if self.type_.top is not self.scopes.root:
                raise Untranslatable("_root is the top record of an imported description")
            before = self.scopes.before_root(self.type_)
            return Scope(self.scopes, self.scopes.root, before, "this._root").record(rest)
        if first == "_parent":
            uses = self.scopes.uses.get(self.type_, [])
            if self.type_.up is None or any(use.overridden for use in uses):
                raise Untranslatable("_parent is another record where a field says so")
            found = {
                Scope(self.scopes, use.by, use.index, self.here + "._" * use.levels).record(rest)
                for use in uses
            }
            if len(found) != 1:
                raise Untranslatable("_parent is of several types")
            return found.pop()
        attribute = self._known(first)
        inner = self.type_.find_type(attribute.keys.get("type"))
        if inner is None or inner in self.scopes.unfinished or attribute.keys.keys() & {"repeat", "process"}:
            raise Untranslatable(f"{first} is no record")
        return Scope(self.scopes, inner, inner.fields, member(self.here, first)).record(rest)

    def _known(self, name: str) -> Attribute:
        """The attribute of a name that is read before.

        Raises:
            Untranslatable: There is none.
        """
        last = self.scopes.written.get(self.type_, self.before)
        read = self.type_.attributes[: min(self.before, last)]
        at_position = self.scopes.ready.get(self.type_, {}).get(name)
        attribute = next((one for one in read if one.name == name), at_position)
        if attribute is not None:
            return attribute
        if self.type_.knows(name) or name.startswith("_") or name in _BUILT_IN:
            raise Untranslatable(f"{name} is no field that was read before")
        raise UnknownName(f"{name} is no field here")

    def _leaf(self, name: str, keys: Mapping[str, Any], path: str) -> Term:
        """A field that is no record.

        Raises:
            Untranslatable: It is nothing that an expression can use.
        """
        said = keys.get("type")
        if "process" in keys:
            raise Untranslatable(f"{name} is processed")
        if "contents" in keys or said is None:
            return Term(path, Kind.BYTES)
        if said in ("str", "strz"):
            return Term(path, Kind.TEXT)
        if is_integer(said):
            return Term(path, bits=8 * INTEGERS[said][1])
        width = bit_width(said)
        if width == 1 and "enum" not in keys:
            return Term(f"({path} != 0)", Kind.TRUTH)
        if width:
            return Term(path, bits=width)
        if isinstance(said, dict):
            raise ChoiceNumber(f"{name} is no integer: its type is a choice")
        raise NoNumber(f"{name} is no integer")

    def _size(self, name: str, size: int | None) -> Term:
        if size is None:
            raise Untranslatable(f"the size of {name} is not fixed")
        return constant(size)

    def own(self, attribute: Attribute) -> Term:
        """The field itself, where something is said of its value."""
        return self._leaf(attribute.name, attribute.keys, member(self.here, attribute.name))

    def _parameter(self, name: str) -> Term:
        said = self.type_.parameters[name]
        path = member(self.here, name)
        if not self.type_.takes_number(name):
            raise Untranslatable(f"the parameter {name} is no number")
        if said in ("bool", "b1"):
            return Term(f"({path} != 0)", Kind.TRUTH)
        return Term(path, bits=bit_width(said) or 8 * INTEGERS[str(said)][1])

    def _enum(self, said: str) -> Term:
        enum, _, name = said.rpartition("::")
        found = self.type_.find_enum(enum)
        numbers = [number for number, word in found.values if word == name] if found else []
        if not numbers:
            raise Untranslatable(f"{said} is not known")
        return constant(numbers[0])

    def _refuse(self, names: Steps) -> Term:
        raise Untranslatable(f"{_shown(names)} is not understood")


def _name(step: str | Term) -> str:
    """A step of a path that must be a name.

    Raises:
        Untranslatable: It is an index.
    """
    if isinstance(step, Term):
        raise Untranslatable("an element is taken of what is no list")
    return step


def _shown(steps: Steps) -> str:
    return ".".join(step if isinstance(step, str) else "[…]" for step in steps)


def contents(said: object) -> bytes | None:
    """The bytes of `contents`, or None for what is none."""
    parts = said if isinstance(said, list) else [said]
    made = bytearray()
    for part in parts:
        if isinstance(part, str):
            made += part.encode()
        elif isinstance(part, int) and not isinstance(part, bool) and 0 <= part <= 0xFF:
            made.append(part)
        else:
            return None
    return bytes(made) or None
