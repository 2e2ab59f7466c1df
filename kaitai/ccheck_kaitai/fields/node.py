"""One attribute, as the node of a field: no key is dropped silently."""

from __future__ import annotations

from ccheck_kaitai.expression import UnknownName, Untranslatable, number
from ccheck_kaitai.fields import choices, content, lists, numbers, processed, records
from ccheck_kaitai.fields.field import Field
from ccheck_kaitai.plain_types import FLOATS, bit_width, is_integer, is_number
from ccheck_kaitai.scope import contents


def node_of(field: Field) -> str:
    """The Python of the node.

    Raises:
        Stop: The attribute cannot be written.
        KaitaiError: The description has an error.
    """
    field.check()
    made = lists.repeated(field, _one)
    if field.kind == "instance":
        made = _elsewhere(field, made)
    condition = field.condition_text()
    if condition is not None:
        made = f"{field.names.use('If')}({condition}, {made})"
    numbers.condition(field)
    field.account()
    return made


def _elsewhere(field: Field, made: str) -> str:
    """A field at a position of its own, whose bytes another field may own too."""
    said = field.get("io")
    if "pos" not in field.keys:
        raise field.stop("it has no position")
    position = field.expression(number, "pos")
    field.open = False
    return f"{field.names.use('ReadAt')}({position}, {made}{_stream(field, said)})"


def _stream(field: Field, said: object) -> str:
    """The argument of `ReadAt` that states the stream in which the position counts; empty for its own."""
    if said in (None, "_io"):
        return ""
    if said == "_root._io":
        return ", whole_file=True"
    names = str(said).split(".")
    if names.pop() != "_io" or not all(map(str.isidentifier, names)):
        raise field.stop("it is in the bytes of what is no field", "io")
    try:
        return f", inside={field.scope.record(tuple(names))}"
    except UnknownName as why:
        raise field.wrong(why.detail, "io") from why
    except Untranslatable as why:
        raise field.stop(f"it is in the bytes of another field: {why.detail}", "io") from why


def _one(field: Field) -> str:
    """The field, once."""
    keys = field.keys
    if "contents" in keys:
        magic = contents(field.get("contents"))
        if magic is None:
            raise field.wrong("it is no list of bytes and texts", "contents")
        return f"{field.names.use('Const')}({magic!r})"
    said = field.get("type")
    if "process" in keys and not is_number(said):
        return processed.processed(field)
    if isinstance(said, dict):
        return choices.choice(field, said, _one)
    if said is None or said in ("str", "strz"):
        return content.content_of(field, said)
    if is_integer(said):
        return numbers.integer(field, said)
    if is_number(said):
        order = numbers.order_of(field, said)
        return field.names.use(f"Float{FLOATS[said] * 8}{'b' if order == 'be' else 'l'}")
    if bit_width(said):
        raise field.stop("a bit field in a list, or under a condition", "type")
    return records.record(field, said)
