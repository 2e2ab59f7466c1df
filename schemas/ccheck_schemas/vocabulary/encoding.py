"""The encodings that text in a file can have, and the bytes of their code units."""

from __future__ import annotations

import codecs

_EXACT = frozenset({"ascii", "utf-8", "latin-1", "utf-16-le", "utf-16-be"})
_REFUSED = {
    "utf-16": "takes its byte order from the text; name utf-16-le or utf-16-be",
    "utf-32": "takes its byte order from the text; name utf-32-le or utf-32-be",
    "utf-8-sig": "drops a mark in front of the text; name utf-8",
    "utf-7": "has several spellings of one text",
    "hz": "has several spellings of one text",
    "idna": "is a rule for host names",
    "punycode": "is a rule for host names",
    "unicode-escape": "is a rule for source code",
    "raw-unicode-escape": "is a rule for source code",
    "undefined": "decodes nothing",
    "mbcs": "depends on the machine",
    "oem": "depends on the machine",
}


def text_encoding(name: str) -> str:
    """Returns an encoding by one name.

    Raises:
        ValueError: Python has no such encoding, or equal bytes can mean different text in it.
    """
    if name in _EXACT:
        return name
    try:
        info = codecs.lookup(name)
    except LookupError:
        raise ValueError(
            f"{name!r} is no encoding that Python knows; write one such as 'utf-8' or 'utf-16-le'"
        ) from None
    known = info.name.replace("_", "-")
    if not getattr(info, "_is_text_encoding", True):
        raise ValueError(f"{name!r} is no encoding of text; write one such as 'utf-8' or 'utf-16-le'")
    if known in _REFUSED or known.startswith("iso2022"):
        raise ValueError(f"{name!r} {_REFUSED.get(known, 'has several spellings of one text')}")
    return known


def unit_of(encoding: str) -> int:
    """Returns the bytes of one code unit of an encoding, and of its NUL."""
    return 4 if encoding.startswith("utf-32") else 2 if encoding.startswith("utf-16") else 1
