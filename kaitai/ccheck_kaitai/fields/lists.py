"""Lists: counted, up to the end, or up to a condition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from ccheck_kaitai.description import Type
from ccheck_kaitai.expression import Steps, Term, Untranslatable, number, truth
from ccheck_kaitai.fields.field import Field
from ccheck_kaitai.fields.index import Index
from ccheck_kaitai.plain_types import is_integer
from ccheck_kaitai.scope import LAST, Scope, StreamNumbers, Taken, listed_alone

One: TypeAlias = Callable[[Field], str]
"""Writes a field once."""


def repeated(field: Field, one: One) -> str:
    """The field, as often as it is there.

    Args:
        field: The field.
        one: Writes it once.
    """
    repeat = field.get("repeat")
    if repeat is None:
        return one(field)
    if repeat == "expr":
        count = field.expression(number, "repeat-expr")
        alone = listed_alone(field.scope.type_, field.keys)
        made = one(field) if alone else element(field, one)
        if empty(field):
            raise field.stop("elements without bytes let a count ask for endless work", "repeat")
        if field.open:
            raise field.stop("its elements end where it is not known", "type")
        return f"{field.names.use('Array')}({count}, {made})"
    if repeat == "eos":
        return f"{field.names.use('UpToEnd')}({element(field, one)})"
    return until(field, one)


def element(field: Field, one: One) -> str:
    """The Struct of one element of a list that no number counts."""
    if empty(field):
        raise field.stop("elements without bytes let a list go on for ever", "repeat")
    if listed_alone(field.scope.type_, field.keys):
        made = one(field)
    else:
        outer, field.scope = field.scope, replace(field.scope, here=f"{field.scope.here}._")
        last, field.last = field.last, ()
        node = one(field)
        lines = " ".join((*field.before, f'"value" / {node},', *field.after, *last)).removesuffix(",")
        field.before, field.after = [], []
        made = f"{field.names.use('Struct')}({lines})"
        field.scope = outer
    if field.open:
        raise field.stop("its elements end where it is not known", "type")
    return made


def until(field: Field, one: One) -> str:
    """A list that ends with the element for which a condition holds."""
    said = field.get("repeat-until")
    type_ = field.scope.type_.find_type(field.keys.get("type"))
    alone = listed_alone(field.scope.type_, field.keys)
    plain = type_ if alone and type_ is not None and not field.scope.scopes.circle(type_) else None
    known = None if plain is None else last_number(field, str(said), plain)
    if known is not None:
        name, last = known
        return f'{field.names.use("UpTo")}({element(field, one)}, field="{name}", value={last})'
    taken = Taken(type_ if alone else None)
    scope = replace(field.scope, here=f"{field.scope.here}._")
    stream = StreamNumbers("end", taken, position=True)
    path = "this" if alone else "this.value"
    index = Index(taken, field.names)
    around = index.look_up(scope)

    def look_up(names: Steps, depth: int) -> Term:
        if names[0] == "_io":
            return replace(scope, here="this", stream=stream).look_up(names, depth)
        if names[0] != "_":
            return around(names, depth)
        if type_ is not None:
            return Scope(field.scope.scopes, type_, type_.fields, path).field(names[1:], depth)
        if len(names) > 1:
            raise Untranslatable("an element has no fields")
        return replace(field.scope, here="this").own(replace(field.attribute, name="value"))

    field.scope.scopes.budget = 400
    try:
        term = truth(said, look_up)
    except Untranslatable as why:
        raise field.stop(f"the list ends where {said} holds: {why.detail}", "repeat-until") from why
    name = taken.free(LAST)
    use = field.names.use
    kinds = {"pos": "Position", "size": "StreamSize"}
    field.last = (
        *index.lines,
        *(f'"{name}" / {use(kinds[number])}(),' for number, name in stream.names.items()),
        f'"{name}" / {use("Computed")}({field.used(term)}),',
    )
    return f'{use("UpTo")}({element(field, one)}, field="{name}", value=1)'


def last_number(field: Field, said: str, type_: Type) -> tuple[str, int] | None:
    """A number of the element and its value in the last one, if the condition is just that."""
    name, _, value = (part.strip() for part in said.partition("=="))
    attribute = next((one for one in type_.attributes if f"_.{one.name}" == name), None)
    if attribute is None or not is_integer(attribute.keys.get("type")):
        return None
    if attribute.keys.keys() & {"if", "repeat"}:
        return None
    try:
        return attribute.name, field.whole(value)
    except Untranslatable:
        return None


def empty(field: Field) -> bool:
    """Returns whether an element plainly takes no bytes."""
    type_ = field.scope.type_.find_type(field.keys.get("type"))
    size = field.keys.get("size")
    return size == 0 or (type_ is not None and size is None and field.scope.scopes.size_of(type_) == 0)
