"""Records of a type: in place, in bytes of their own, or up to a terminator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from ccheck_kaitai.description import Gap, Type
from ccheck_kaitai.expression import Kind, Untranslatable, arguments, translate
from ccheck_kaitai.fields import choices, content
from ccheck_kaitai.fields.field import Field
from ccheck_kaitai.fields.index import Index
from ccheck_kaitai.fields.target import Lines, Stop, Use
from ccheck_kaitai.scope import Taken, listed_alone

T = TypeVar("T")


def record(field: Field, said: str) -> str:
    """A record of a type, in bytes of its own or in place."""
    extent = field.extent()
    type_ = field.scope.type_.find_type(said)
    try:
        if type_ is None:
            raise field.stop(f"the type {said} is not known here", "type")
        if "parent" in field.keys:
            if field.scope.scopes.names_parent(type_):
                raise field.stop("another parent changes what _parent means in the type", "parent")
            field.taken.add("parent")
            place = (*field.attribute.place, "parent")
            field.notes.append(Gap(place, "nothing in the type names _parent", field.attribute.name))
        trimmed = next((key for key in ("terminator", "pad-right") if key in field.keys), None)
        if trimmed is not None and (extent is not None or trimmed == "pad-right"):
            raise field.stop("its bytes end before its size does", trimmed)
        made = struct_of(field, type_, said)
    except Stop as stop:
        if extent is None and "terminator" in field.keys and type_ is not None:
            field.gap(f"the type {said} of bytes up to a terminator", "type")
            return content.delimited(field, content.terminator_of(field), None)
        if extent is None:
            raise
        detail = f"{stop.detail}; its bytes are not looked into"
        if stop.place[: len(field.attribute.place)] != field.attribute.place:
            return field.opaque(extent, detail, "type")
        return field.opaque(extent, detail, *stop.place[len(field.attribute.place) :])
    if extent is None and "terminator" in field.keys:
        return up_to_terminator(field, made)
    if extent is None:
        field.open = field.names.unfinished(type_)
        return made
    if extent:
        return f"{field.names.use('Substream')}({extent}, {made})"
    return f"{field.names.use('SubstreamRest')}({made})"


def up_to_terminator(field: Field, made: str) -> str:
    """A record in the bytes up to a terminator: their number, the record, and the terminator."""
    terminator = content.terminator_of(field)
    include = field.truth_of("include", default=False)
    consume = field.truth_of("consume", default=True)
    to_end = not field.truth_of("eos-error", default=True)
    if to_end and (consume or include):
        raise field.stop("the end of the stream may take the place of the terminator", "eos-error")
    name = "value" if "repeat" in field.keys else field.attribute.name
    size = Taken(field.scope.type_).free(f"size_of_{name}")
    use = field.names.use
    options = ", to_end=True" if to_end else ""
    field.before.append(f'"{size}" / {use("BytesTo")}({terminator!r}{options}),')
    if consume and not include:
        end = Taken(field.scope.type_).free(f"end_of_{name}")
        field.after.append(f'"{end}" / {use("Const")}({terminator!r}),')
    length = f"this.{size}" + (f" + {len(terminator)}" if include else "")
    return f"{use('Substream')}({length}, {made})"


def struct_of(field: Field, type_: Type, said: str) -> str:
    """The Struct of a type, with its parameters, in the byte order that is stated or chosen."""
    place, first = field.attribute.place, given(field, type_, said)
    use = Use("" if type_.order else field.scope.order, first, field.last)
    if type_.order_choice is None:
        return field.names.struct(type_, place, use)
    cases = type_.order_choice["cases"]
    said = str(type_.order_choice["switch-on"]).strip()
    field.scope.scopes.used.add(type_.order_place)
    beside = said.removeprefix("_parent.")
    if beside == said and not said.startswith("_root."):
        raise field.stop("a field of the type itself decides its byte order", "type")
    field.scope.scopes.budget = 400
    try:
        key = translate(beside, field.scope.look_up)
        keys = {case: choices.key_of(field, case, key.kind) for case in cases if case != "_"}
    except Untranslatable as why:
        raise field.stop(f"what decides the byte order: {why.detail}", "type") from why
    made = {
        case: field.names.struct(type_, place, replace(use, order=order)) for case, order in cases.items()
    }
    chosen = ", ".join(f"{keys[case]!r}: {name}" for case, name in made.items() if case != "_")
    rest = f", default={made['_']}" if "_" in made else ""
    return f"{field.names.use('Switch')}({field.used(key)}, {{{chosen}}}{rest})"


def given(field: Field, type_: Type, said: str) -> Lines:
    """The lines of a type's parameters, as the record that is made of it says them."""
    listed = _parsed(field, partial(arguments, said))
    if len(listed) != len(type_.parameters):
        raise field.stop(f"its parameters: {type_.name} takes {len(type_.parameters)}", "type")
    scope = replace(field.scope, here=f"{field.scope.here}._", stream=None)
    scope.scopes.budget = 400
    # A list whose elements have a record around them counts those records.
    alone = "repeat" in field.keys and listed_alone(field.scope.type_, field.keys)
    index = Index(Taken(type_) if alone else None, field.names)
    lines: list[str] = []
    for name, one in zip(type_.parameters, listed, strict=True):
        if not type_.takes_number(name):
            continue  # an expression that names it is left out, and says so
        term = _parsed(field, partial(translate, one, index.look_up(scope)))
        if term.kind not in (Kind.NUMBER, Kind.TRUTH):
            raise field.stop(f"its parameters: {one} is {term.kind.value}", "type")
        lines.append(f'"{name}" / {field.names.use("Computed")}({field.used(term)}),')
    return (*index.lines, *lines)


def _parsed(field: Field, made: Callable[[], T]) -> T:
    try:
        return made()
    except Untranslatable as why:
        raise field.stop(f"its parameters: {why.detail}", "type") from why
