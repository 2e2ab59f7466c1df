"""The keys of a .ksy file, place by place, and what becomes of each.

A key that is not in the table is left out, and reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from ccheck_kaitai.source import KaitaiError, Place


class Fate(StrEnum):
    """What becomes of a key."""

    CARRIED = "carried over"
    """Into the schema, in the forms that a schema can state; else it is left out, and named."""
    PROSE = "documentation"
    """It says nothing about bytes."""
    OMITTED = "left out"
    """Always, and named."""
    WRONG = "an error"
    """It may not be there."""


def _fates(carried: str = "", prose: str = "", omitted: str = "", wrong: str = "") -> Mapping[str, Fate]:
    by = {Fate.CARRIED: carried, Fate.PROSE: prose, Fate.OMITTED: omitted, Fate.WRONG: wrong}
    return {key: fate for fate, keys in by.items() for key in keys.split()}


_ATTRIBUTE = (
    "type size size-eos contents repeat repeat-expr repeat-until if enum valid encoding terminator consume "
    "include eos-error pad-right process parent"
)

KEYS: Mapping[str, Mapping[str, Fate]] = {
    "file": _fates("meta seq instances types enums params", "doc doc-ref to-string"),
    "type": _fates("meta seq instances types enums params", "doc doc-ref to-string"),
    "meta": _fates(
        "id title endian encoding bit-endian imports",
        "application file-extension xref license tags doc doc-ref ks-version ks-debug",
        "ks-opaque-types",
    ),
    "meta of a type": _fates(
        "endian encoding bit-endian",
        "id title application xref license tags doc doc-ref",
        "imports ks-opaque-types",
    ),
    "seq": _fates(f"id {_ATTRIBUTE}", "doc doc-ref", wrong="pos io value"),
    "instance": _fates(f"pos io {_ATTRIBUTE}", "doc doc-ref", wrong="id"),
    "value instance": _fates("value if", "doc doc-ref enum", "valid", "id"),
    "parameter": _fates("id type", "doc doc-ref enum"),
    "enum value": _fates("id", "doc doc-ref"),
    "switch": _fates("switch-on cases"),
}  # fmt: skip
"""What becomes of each key, by place. The enum of a value changes what it is called, and no number."""


def fate(kind: str, key: object) -> Fate | None:
    """What becomes of a key; None if it is unknown. A key that begins with a hyphen is the user's own."""
    if isinstance(key, str) and key.startswith("-"):
        return Fate.PROSE
    return KEYS[kind].get(key) if isinstance(key, str) else None


def left_out(said: Mapping[Any, Any], kind: str, place: Place) -> Iterator[tuple[Place, str]]:
    """The keys of a mapping that are left out wherever they are: place and reason.

    Raises:
        KaitaiError: A key may not be there.
    """
    for key in said:
        match fate(kind, key):
            case Fate.WRONG:
                raise KaitaiError((*place, key), f"{key} may not be here: this is a {kind}")
            case Fate.OMITTED:
                yield (*place, key), f"{key} is not carried over"
            case None:
                yield (*place, key), f"the key {key!r} is not known here"
            case _:
                continue
