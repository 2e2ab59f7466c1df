"""Bytes that are decoded before they are read: an envelope where a schema can state how, else opaque."""

from __future__ import annotations

import re

from ccheck_kaitai.expression import Untranslatable
from ccheck_kaitai.fields import content
from ccheck_kaitai.fields.field import Field, bytes_of
from ccheck_kaitai.fields.target import Stop

_OF_CONTENT = (
    "type", "encoding", "terminator", "include", "pad-right", "consume", "eos-error", "enum", "valid",
)  # fmt: skip
_WITH_NUMBER = re.compile(r"(xor|rol|ror)\s*\((.*)\)", re.DOTALL)


def processed(field: Field) -> str:
    """Bytes that are decoded: content of its own, if nothing outside of it is needed to read it."""
    extent = field.extent()
    try:
        return _envelope(field, extent)
    except Stop as stop:
        return _opaque(field, extent, stop.detail)


def _envelope(field: Field, extent: str | None) -> str:
    """An envelope.

    Raises:
        Stop: A schema cannot state it.
    """
    if extent is None:
        raise field.stop("they end at a terminator", "process")
    step = _step(field)
    said = field.keys.get("type")
    trimmed = next((key for key in _OF_CONTENT if key in field.keys and key != "type"), None)
    if trimmed is not None:
        raise field.stop(f"{trimmed} is said of them", "process")
    if "parent" in field.keys or field.last:
        raise field.stop("their type depends on what is around it", "process")
    if said is None:
        schema = field.names.content(None, field.attribute.place, "")
    else:
        if not isinstance(said, str):
            raise field.stop("something outside of them chooses their type", "process")
        type_ = field.scope.type_.find_type(said)
        if type_ is None:
            raise field.stop(f"{said} is no type of records", "process")
        why = field.scope.scopes.needs_outside(type_)
        if why:
            raise field.stop(f"the type {type_.name} {why}", "process")
        order = "" if type_.order else field.scope.order
        schema = field.names.content(type_, field.attribute.place, order)
    field.taken |= {"process", "type"}
    if extent:
        return f"{field.names.use('Wrapped')}({extent}, {step}, {schema})"
    return f"{field.names.use('WrappedRest')}({step}, {schema})"


def _step(field: Field) -> str:
    """The step of an envelope, as Python.

    Raises:
        Stop: There is none.
    """
    said = str(field.keys["process"]).strip()
    if said == "zlib":
        return f'{field.names.use("Inflate")}("zlib")'
    match = _WITH_NUMBER.fullmatch(said)
    if match is None:
        raise field.stop("in a way of its own", "process")
    kind, argument = match[1], match[2].strip()
    if kind == "xor":
        key = _bytes(argument)
        if key is None:
            number = _constant(field, argument)
            if not 0 <= number <= 0xFF:
                raise field.stop("their key is no byte", "process")
            return f"{field.names.use('Xor')}({number:#x})"
        return f"{field.names.use('Xor')}({key!r})"
    bits = _constant(field, argument) % 8
    bits = bits if kind == "rol" else -bits % 8
    return f"{field.names.use('Rotate')}({bits})" if bits else f"{field.names.use('Stored')}()"


def _bytes(argument: str) -> bytes | None:
    """A key that is a list of numbers."""
    if not (argument.startswith("[") and argument.endswith("]")):
        return None
    try:
        return bytes_of([int(one, 0) for one in argument[1:-1].split(",")])
    except ValueError:
        return None


def _constant(field: Field, argument: str) -> int:
    try:
        return field.whole(argument)
    except Untranslatable:
        raise field.stop("their key is no constant", "process") from None


def _opaque(field: Field, extent: str | None, why: str) -> str:
    """Bytes that are decoded in a way that no schema states."""
    field.taken.add("process")
    for key in _OF_CONTENT:
        if key in field.keys:
            field.gap(f"{key} is said of bytes that are processed", key)
        field.taken.add(key)
    detail = f"its bytes are processed by {field.keys['process']}, and are not looked into: {why}"
    if extent is not None:
        return field.opaque(extent, detail, "process")
    if "terminator" not in field.keys:
        raise field.wrong("bytes that are processed have a size, size-eos or a terminator", "process")
    field.gap(detail, "process")
    return content.delimited(field, content.terminator_of(field), None)
