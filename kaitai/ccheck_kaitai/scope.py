"""What names in expressions of a description mean at their place: only fields that were read before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from ccheck_kaitai.description import Attribute, Description, Place, Type
from ccheck_kaitai.expression import (
    DEPTH,
    ChoiceNumber,
    NoNumber,
    Term,
    UnknownName,
    Untranslatable,
    constant,
    member,
    translate,
)

INTEGERS = {
    f"{sign}{size}{order}": (sign, size)
    for sign in "us"
    for size in (1, 2, 4, 8)
    for order in (("",) if size == 1 else ("", "le", "be"))
}
"""The types of integers: their sign and size in bytes."""

FLOATS = {f"f{size}{order}": size for size in (4, 8) for order in ("", "le", "be")}
"""The types of floating-point numbers: their size in bytes."""

LOOKUPS = 400
"""Names that one expression may look up, with all that they are calculated of."""

_BUILT_IN = frozenset({"true", "false", "sizeof", "bitsizeof"})


def is_integer(said: object) -> TypeGuard[str]:
    """Returns whether a type, which may be anything that YAML has, is one of integers."""
    return isinstance(said, str) and said in INTEGERS


def is_number(said: object) -> TypeGuard[str]:
    """Returns whether a type is one of integers or floating-point numbers."""
    return isinstance(said, str) and (said in INTEGERS or said in FLOATS)


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
        used: The places of calculated values, byte orders and encodings that some field uses.
    """

    def __init__(self, description: Description) -> None:
        self.root = description.root
        self.uses: dict[Type, list[Use]] = {}
        self.unfinished: set[Type] = set()
        self.written: dict[Type, int] = {}
        self.used: set[Place] = set()
        self.budget = LOOKUPS
        self._sizes: dict[Type, int | None] = {}
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
        inner = type_.find_type(said)
        return None if inner is None else self.size_of(inner)


def listed_alone(type_: Type, keys: Mapping[str, Any]) -> bool:
    """Returns whether no element needs a record around it: no list, a counted one, or one of records."""
    if keys.get("repeat") not in ("eos", "until"):
        return True
    return type_.find_type(keys.get("type")) is not None and not keys.keys() & {
        "size", "size-eos", "terminator", "process",
    }  # fmt: skip


def named_types(type_: Type, attribute: Attribute) -> Iterator[Type]:
    """The user types that an attribute may be of."""
    said = attribute.keys.get("type")
    cases = said.get("cases") if isinstance(said, dict) else None
    for name in cases.values() if isinstance(cases, dict) else (said,):
        found = type_.find_type(name)
        if found is not None:
            yield found


@dataclass(frozen=True, slots=True)
class Scope:
    """The place of an expression.

    Attributes:
        scopes: The types of the description.
        type_: The type that has the field.
        before: How many of its fields are read before.
        here: The Python of the record.
        condition: The field's own `if`, which fields that it names may share.
    """

    scopes: Scopes
    type_: Type
    before: int
    here: str = "this"
    condition: object = None

    def look_up(self, names: tuple[str, ...], depth: int) -> Term:
        """The meaning of a path of names.

        Raises:
            Untranslatable: A schema cannot state it.
        """
        self.scopes.budget -= 1
        if depth > DEPTH or self.scopes.budget < 0:
            raise Untranslatable("values are calculated of each other without end")
        first = names[0]
        if "::" in first:
            return self._enum(first) if len(names) == 1 else self._refuse(names)
        if first == "_root":
            top = Scope(self.scopes, self.scopes.root, self.scopes.before_root(self.type_), "this._root")
            return top.field(names[1:], depth)
        if first == "_parent":
            return self._above(names[1:], depth)
        return self.field(names, depth)

    def _above(self, names: tuple[str, ...], depth: int) -> Term:
        """A field of every record that contains this one: all must agree on its meaning."""
        if self.here.replace("._", "") != "this":
            raise Untranslatable("_parent of another record is asked for")
        uses = self.scopes.uses.get(self.type_, [])
        if any(use.overridden for use in uses):
            raise Untranslatable("_parent is another record where a field says so")
        found = {
            Scope(
                self.scopes, use.by, min(use.index, len(use.by.attributes)), self.here + "._" * use.levels
            ).look_up(names or ("_",), depth + 1)
            for use in uses
        }
        if len(found) != 1:
            raise Untranslatable("_parent is of several types")
        return found.pop()

    def field(self, names: tuple[str, ...], depth: int) -> Term:
        """A field of this record, by a path from it."""
        if not names:
            raise Untranslatable("a record is no number")
        if depth > DEPTH:
            raise Untranslatable(f"it leads through more than {DEPTH} records and values")
        first, rest = names[0], names[1:]
        if first in self.type_.calculated and not rest:
            instance = self.type_.calculated[first]
            if "if" in instance.keys:
                raise Untranslatable(f"{first} may be absent")
            self.scopes.used.add(instance.place)
            return translate(instance.keys["value"], self.look_up, depth)
        last = self.scopes.written.get(self.type_, self.before)
        known = self.type_.attributes[: min(self.before, last)]
        attribute = next((one for one in known if one.name == first), None)
        if attribute is None:
            if self.type_.knows(first) or first.startswith("_") or first in _BUILT_IN:
                if first == "_io":
                    raise Untranslatable("an expression cannot read the position or size of the stream (_io)")
                raise Untranslatable(f"{first} is no field that was read before")
            raise UnknownName(f"{first} is no field here")
        keys = attribute.keys
        if "if" in keys and keys["if"] != self.condition:
            raise Untranslatable(f"{first} may be absent")
        if "repeat" in keys:
            raise Untranslatable(f"{first} is a list") if rest else NoNumber(f"{first} is a list, no number")
        said = keys.get("type")
        path = member(self.here, first)
        if not rest:
            if is_integer(said) and "contents" not in keys:
                return Term(path)
            if isinstance(said, str) and said[:1] == "b" and said[1:2].isdigit():
                raise Untranslatable(f"{first} is a bit field")
            if isinstance(said, dict):
                raise ChoiceNumber(f"{first} is no integer: its type is a choice")
            raise NoNumber(f"{first} is no integer")
        inner = self.type_.find_type(said)
        if inner is None or inner in self.scopes.unfinished or "process" in keys:
            raise Untranslatable(f"{first} has no field {rest[0]} here")
        if rest == ("_sizeof",) and "size" not in keys:
            size = self.scopes.size_of(inner)
            if size is None:
                raise Untranslatable(f"the size of {first} is not fixed")
            return constant(size)
        return Scope(self.scopes, inner, len(inner.attributes), path).field(rest, depth + 1)

    def _enum(self, said: str) -> Term:
        enum, _, name = said.rpartition("::")
        found = self.type_.find_enum(enum)
        numbers = [number for number, word in found.values if word == name] if found else []
        if not numbers:
            raise Untranslatable(f"{said} is not known")
        return constant(numbers[0])

    def _refuse(self, names: tuple[str, ...]) -> Term:
        raise Untranslatable(f"{'.'.join(names)} is not understood")


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
