"""Numbers: their byte order, their names, and what `valid` says of a field."""

from __future__ import annotations

from functools import reduce

from ccheck_kaitai.expression import Steps, Term, Untranslatable, byte_list, joined, translate, truth
from ccheck_kaitai.fields.field import LIST_KEYS, Field
from ccheck_kaitai.plain_types import INTEGERS
from ccheck_kaitai.scope import Taken

_CONSTRUCT = {("u", "be"): "ub", ("u", "le"): "ul", ("s", "be"): "sb", ("s", "le"): "sl"}


def integer(field: Field, said: str) -> str:
    """An integer, with its names and bounds."""
    sign, size = INTEGERS[said]
    letters = _CONSTRUCT[sign, "be" if size == 1 else order_of(field, said)]
    made = field.names.use(f"Int{size * 8}{letters}")
    bits = 8 * size - (sign == "s")
    return valid(field, named(field, made), -(1 << bits) if sign == "s" else 0, (1 << bits) - 1)


def named(field: Field, made: str) -> str:
    """The number, with the names of its enum."""
    enum = field.get("enum")
    if enum is None:
        return made
    found = field.scope.type_.find_enum(enum)
    if found is None or not found.values:
        field.gap(f"the enum {enum} is not known here, or empty", "enum")
        return made
    return f"{field.names.use('StrictEnum')}({made}, {field.names.enum(found)})"


def order_of(field: Field, said: str) -> str:
    """The byte order of a number: its own, or the one of its type."""
    if said[-2:] in ("le", "be"):
        return said[-2:]
    order = field.scope.type_.order or field.scope.order
    field.scope.scopes.used.add(field.scope.type_.order_place)
    if not order:
        raise field.stop("its byte order is not stated, or a field of the file decides it", "type")
    return order


def valid(field: Field, made: str, low: int, high: int) -> str:
    """The number inside the bounds that `valid` gives it; other conditions are left to `_condition`.

    low, high: The numbers that the field can hold.
    """
    said = field.keys.get("valid")
    asked = said if isinstance(said, dict) else {"eq": said}
    if said is None or (asked == {"in-enum": True} and "enum" in field.keys):
        field.taken.add("valid")
        return made
    try:
        if asked.keys() == {"any-of"} and isinstance(asked["any-of"], list) and asked["any-of"]:
            values = sorted({field.whole(one) for one in asked["any-of"]})
            class_ = field.names.values(field.attribute.name, tuple(values))
            made = f"{field.names.use('StrictEnum')}({made}, {class_})"
        elif asked.keys() == {"eq"} or (asked and asked.keys() <= {"min", "max"}):
            if "eq" in asked:
                low = high = field.whole(asked["eq"])
            else:
                low = field.whole(asked.get("min", low))
                high = field.whole(asked.get("max", high))
            made = f"{field.names.use('Bounded')}({made}, {low}, {high})"
        else:
            return made
    except Untranslatable:
        return made
    field.taken.add("valid")
    return made


def condition(field: Field) -> None:
    """Adds what `valid` says of the field as a number behind it, which must be 1."""
    if "valid" not in field.keys or "valid" in field.taken:
        return
    field.taken.add("valid")
    field.scope.scopes.budget = 400
    try:
        if field.keys.keys() & LIST_KEYS:
            raise Untranslatable("it is said of each element of a list")
        term = asked(field, field.keys["valid"])
    except Untranslatable as why:
        field.gap(f"the condition is not carried over: {why.detail}", "valid")
        return
    if term.value:
        return
    name = Taken(field.scope.type_).free(f"{field.attribute.name}_is_valid")
    use = field.names.use
    node = f"{use('Bounded')}({use('Computed')}({field.used(term)}), 1, 1)"
    condition = field.condition_text()
    if condition is not None:
        node = f"{use('If')}({condition}, {node})"
    field.after.append(f'"{name}" / {node},')


def asked(field: Field, said: object) -> Term:
    """What `valid` asks, as an expression that is true or false."""
    own = field.scope.own(field.attribute)

    def look_up(names: Steps, depth: int) -> Term:
        return own if names == ("_",) else field.scope.look_up(names, depth)

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
