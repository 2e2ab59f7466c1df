"""What names in expressions of a description mean, where they are used: only fields that were read before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ccheck.kaitai.description import Attribute, Description, Type
from ccheck.kaitai.expression import DEPTH, Term, Untranslatable, constant, member, translate

INTEGERS = {
    f"{sign}{size}{order}": (sign, size)
    for sign in "us"
    for size in (1, 2, 4, 8)
    for order in ("", "le", "be")
}
"""The types of integers: their sign and size in bytes."""


@dataclass(frozen=True, slots=True)
class Use:
    """Where a type is used. by: the type that has the field. index: the field's position there; fields that
    stand elsewhere come behind all others. sized: whether it stands in bytes of its own.
    """

    by: Type
    index: int
    sized: bool


class Scopes:
    """The types of a description, and who uses them."""

    def __init__(self, description: Description) -> None:
        self.root = description.root
        self.uses: dict[Type, list[Use]] = {}
        self.unfinished: set[Type] = set()
        """Types whose end cannot be found; `Writer` names them."""
        waiting, seen = [self.root], {self.root}
        while waiting:
            type_ = waiting.pop()
            fields = (*type_.attributes, *type_.elsewhere)
            for index, attribute in enumerate(fields):
                for used in named_types(type_, attribute):
                    sized = "size" in attribute.keys or "size-eos" in attribute.keys
                    self.uses.setdefault(used, []).append(Use(type_, index, sized))
                    if used not in seen:
                        seen.add(used)
                        waiting.append(used)

    def in_region(self, type_: Type) -> bool:
        """Whether the type stands in bytes of its own somewhere, where positions count from their start."""
        seen, waiting = {type_}, [type_]
        while waiting:
            for use in self.uses.get(waiting.pop(), ()):
                if use.sized:
                    return True
                if use.by not in seen:
                    seen.add(use.by)
                    waiting.append(use.by)
        return False

    def before_root(self, type_: Type) -> int:
        """How many fields of the top type are read before any record of the type can be."""
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


def named_types(type_: Type, attribute: Attribute) -> Iterator[Type]:
    """The user types that an attribute may be of."""
    said = attribute.keys.get("type")
    cases = said.get("cases") if isinstance(said, dict) else None
    for name in cases.values() if isinstance(cases, dict) else (said,):
        found = type_.find_type(name) if isinstance(name, str) else None
        if found is not None:
            yield found


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands. type_: whose field. before: how many of its fields are read by then. here:
    the Python of the record. condition: the field's own `if`, which fields that it names may share.
    """

    scopes: Scopes
    type_: Type
    before: int
    here: str = "this"
    condition: object = None

    def look_up(self, names: tuple[str, ...], depth: int) -> Term:
        """What a path of names means. Raises Untranslatable."""
        if depth > DEPTH:
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
        """A field of whichever record holds this one: all must mean the same by it."""
        if self.here.replace("._", "") != "this":
            raise Untranslatable("_parent of another record is asked for")
        uses = self.scopes.uses.get(self.type_, [])
        found = {
            Scope(self.scopes, use.by, min(use.index, len(use.by.attributes)), f"{self.here}._").look_up(
                names or ("",), depth
            )
            for use in uses
        }
        if len(found) != 1:
            raise Untranslatable("_parent is of several types")
        return found.pop()

    def field(self, names: tuple[str, ...], depth: int) -> Term:
        """A field of this record, by a path from it."""
        if not names:
            raise Untranslatable("a record is no number")
        first, rest = names[0], names[1:]
        if first in self.type_.calculated and not rest:
            return translate(self.type_.calculated[first], self.look_up, depth)
        known = self.type_.attributes[: self.before]
        attribute = next((one for one in known if one.name == first), None)
        if attribute is None:
            raise Untranslatable(f"{first} is no field that was read before")
        keys = attribute.keys
        if "repeat" in keys or ("if" in keys and keys["if"] != self.condition):
            raise Untranslatable(f"{first} may be absent, or is a list")
        said = keys.get("type")
        path = member(self.here, first)
        if not rest:
            if said not in INTEGERS:
                raise Untranslatable(f"{first} is no integer")
            return Term(path)
        inner = self.type_.find_type(said) if isinstance(said, str) else None
        if inner is None or inner in self.scopes.unfinished or "process" in keys:
            raise Untranslatable(f"{first} has no field {rest[0]} here")
        if rest == ("_sizeof",) and "size" not in keys:
            size = size_of(inner)
            if size is None:
                raise Untranslatable(f"the size of {first} is not fixed")
            return constant(size)
        return Scope(self.scopes, inner, len(inner.attributes), path).field(rest, depth)

    def _enum(self, said: str) -> Term:
        enum, _, name = said.rpartition("::")
        found = self.type_.find_enum(enum)
        numbers = [number for number, word in found.values if word == name] if found else []
        if not numbers:
            raise Untranslatable(f"{said} is not known")
        return constant(numbers[0])

    def _refuse(self, names: tuple[str, ...]) -> Term:
        raise Untranslatable(f"{'.'.join(names)} is not understood")


def size_of(type_: Type, depth: int = 0) -> int | None:
    """The bytes of a type, where they are fixed and plain to see."""
    total = 0
    for attribute in type_.attributes:
        size = size_of_attribute(type_, attribute, depth)
        if size is None:
            return None
        total += size
    return total


def size_of_attribute(type_: Type, attribute: Attribute, depth: int = 0) -> int | None:
    """The bytes of an attribute, where they are fixed and plain to see."""
    keys = attribute.keys
    if depth > DEPTH or keys.keys() & {"if", "repeat", "size-eos"}:
        return None
    said, size = keys.get("type"), keys.get("size")
    if size is not None:
        return size if isinstance(size, int) and not isinstance(size, bool) else None
    if "contents" in keys:
        magic = contents(keys["contents"])
        return None if magic is None else len(magic)
    if isinstance(said, str):
        if said in INTEGERS:
            return INTEGERS[said][1]
        inner = type_.find_type(said)
        return None if inner is None else size_of(inner, depth + 1)
    return None


def contents(said: object) -> bytes | None:
    """The bytes of `contents`, or None for what is none."""
    parts = said if isinstance(said, list) else [said]
    made = bytearray()
    for part in parts:
        if isinstance(part, str):
            made += part.encode()
        elif isinstance(part, int) and 0 <= part <= 0xFF:
            made.append(part)
        else:
            return None
    return bytes(made) or None
