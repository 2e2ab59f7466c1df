"""Choices between types."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ccheck_kaitai.expression import Kind, UnknownName, Untranslatable, translate
from ccheck_kaitai.fields.field import LIST_KEYS, Field
from ccheck_kaitai.fields.lists import One
from ccheck_kaitai.plain_types import is_number
from ccheck_kaitai.source import KaitaiError


def choice(field: Field, said: Mapping[str, Any], one: One) -> str:
    """A choice by a number, a text or bytes."""
    cases = said["cases"]
    extent = field.extent()
    use = field.names.use
    try:
        if not cases:
            raise Untranslatable("it has no cases")
        field.scope.scopes.budget = 400
        scope = replace(field.scope, condition=field.keys.get("if"))
        on = translate(said["switch-on"], scope.look_up)
        if on.value is not None:
            raise Untranslatable("it is by a constant")
        keys = {key: key_of(field, key, on.kind) for key in cases if key != "_"}
        if len(set(keys.values())) < len(keys):
            raise Untranslatable("two of its cases are one")
        if extent is not None and any(is_number(name) for name in cases.values()):
            raise Untranslatable("numbers are among the types that have its size")
    except UnknownName as why:
        raise KaitaiError((*field.attribute.place, "type", "switch-on"), why.detail) from why
    except Untranslatable as why:
        detail = f"a choice that no schema can state: {why.detail}"
        if extent is None:
            raise field.stop(detail, "type") from why
        return field.opaque(extent, detail, "type")
    made = {repr(keys[key]): _case(field, name, extent, one) for key, name in cases.items() if key != "_"}
    chosen = ", ".join(f"{key}: {node}" for key, node in made.items())
    default = ""
    if "_" in cases:
        default = f", default={_case(field, cases['_'], extent, one)}"
    elif extent is not None:
        reason = repr("the description has no case for this kind")
        opaque = f"Opaque({extent}, {reason})" if extent else f"OpaqueRest({reason})"
        use(opaque.partition("(")[0])
        default = f", default={opaque}"
    else:  # a named kind without a case has no bytes
        bare = [number for number in _named(field, cases) if number not in keys.values()]
        chosen += "".join(f", {number}: {use('Pass')}" for number in bare)
    if not made:
        return default.removeprefix(", default=")
    return f"{use('Switch')}({field.used(on)}, {{{chosen}}}{default})"


def _named(field: Field, cases: Mapping[str, Any]) -> list[int]:
    """The numbers of the enum whose names all cases are; none if they are not of one enum."""
    enums = {str(key).strip().rpartition("::")[0] for key in cases}
    found = field.scope.type_.find_enum(enums.pop()) if len(enums) == 1 else None
    return [] if found is None else [number for number, _ in found.values]


def key_of(field: Field, said: object, kind: Kind) -> int | str | bytes:
    """A case: a constant of the kind of what chooses."""
    if kind is Kind.NUMBER:
        return field.whole(said)
    term = translate(said, field.scope.look_up)
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


def _case(field: Field, name: str, extent: str | None, one: One) -> str:
    """One of the choices."""
    keys = {**field.keys, "type": name}
    around = frozenset(LIST_KEYS | {"if", "pos", "io", "size", "size-eos"})
    inner = field.beside(keys, around)
    inner.sized_by = extent
    made = one(inner)
    if "valid" in keys and "valid" not in inner.taken:
        inner.taken.add("valid")
        inner.gap("the condition is not carried over: it is said of a choice", "valid")
    inner.account()
    field.taken |= keys.keys() - LIST_KEYS - {"if", "pos", "io"}
    field.notes += [note for note in inner.notes if note not in field.notes]
    field.gaps += [gap for gap in inner.gaps if gap not in field.gaps]
    field.open |= inner.open
    return made
