"""Bytes and texts."""

from __future__ import annotations

from ccheck_kaitai.encodings import codec_of
from ccheck_kaitai.fields.field import Field, bytes_of
from ccheck_schemas.vocabulary.streams import code_unit


def content_of(field: Field, said: str | None) -> str:
    """Bytes, or text, of a size, up to the end, or up to a terminator."""
    encoding = None if said is None else encoding_of(field)
    extent = field.extent()
    terminator = terminator_of(field)
    if said == "strz" and not terminator:
        terminator = bytes(code_unit(encoding))
    if extent is None:
        if not terminator:
            raise field.wrong("it has no size, no size-eos and no terminator")
        return delimited(field, terminator, encoding)
    pad = field.get("pad-right")
    plain = not terminator and pad is None
    if extent and plain and encoding is None:
        return f"{field.names.use('Bytes')}({extent})"
    if extent and plain and code_unit(encoding) < 4:
        return f'{field.names.use("Text")}({extent}, encoding="{encoding}")'
    options = [extent] if extent else []
    if terminator:
        options.append(f"terminator={terminator!r}")
        if field.truth_of("include", default=False):
            options.append("include=True")
    if pad is not None:
        options.append(f"pad={pad}")
    if encoding is not None:
        options.append(f'encoding="{encoding}"')
    return f"{field.names.use('Slot' if extent else 'Rest')}({', '.join(options)})"


def delimited(field: Field, terminator: bytes, encoding: str | None) -> str:
    """Bytes, or text, up to a terminator."""
    include = field.truth_of("include", default=False)
    consume = field.truth_of("consume", default=True)
    to_end = not field.truth_of("eos-error", default=True)
    if field.keys.get("repeat") in ("eos", "until") and not consume and not include:
        raise field.stop("elements that begin at the terminator of the one before take no bytes", "consume")
    plain = terminator == b"\0" and not include and consume and not to_end
    if plain and encoding is not None and code_unit(encoding) == 1:
        return f'{field.names.use("TextToNul")}("{encoding}")'
    options = [repr(terminator)]
    options += ["include=True"] if include else []
    options += [] if consume else ["consume=False"]
    options += ["to_end=True"] if to_end else []
    options += [] if encoding is None else [f'encoding="{encoding}"']
    return f"{field.names.use('Delimited')}({', '.join(options)})"


def terminator_of(field: Field) -> bytes:
    """The terminator; empty if there is none."""
    said = field.get("terminator")
    return b"" if said is None else bytes_of(said) or b""


def encoding_of(field: Field) -> str:
    """The codec of a text: its own, or the one of its type."""
    said = field.get("encoding")
    if said is not None:
        return codec_of(said, (*field.attribute.place, "encoding"))
    if not field.scope.type_.encoding:
        raise field.wrong("a text has no encoding, here or in meta", "type")
    field.scope.scopes.used.add(field.scope.type_.encoding_place)
    return field.scope.type_.encoding
