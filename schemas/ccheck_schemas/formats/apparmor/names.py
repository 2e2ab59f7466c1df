"""Names as the kernel reads them: up to the first NUL, and with a namespace in front."""

from __future__ import annotations

from typing import NamedTuple

_SPACES = "\t\n\v\f\r "
"""What the kernel's `isspace` takes for a space, of the bytes that begin a character in UTF-8."""


class QualifiedName(NamedTuple):
    """The parts of `:namespace:name` or `:namespace://name` (`aa_splitn_fqname`).

    Attributes:
        namespace: None if the name has none; the whole text is then the name.
        name: None if nothing stands behind the namespace.
    """

    namespace: str | None
    name: str | None


def c_text(text: str) -> str:
    """Returns the text up to its first NUL."""
    return text.partition("\0")[0]


def begins_with_space(text: str) -> bool:
    """Returns whether the first character is a space to the kernel."""
    return text[:1] in _SPACES if text else False


def qualified(text: str) -> QualifiedName:
    """Returns the parts of a name."""
    whole = c_text(text)
    name = whole.lstrip(_SPACES)
    if not name.startswith(":"):
        return QualifiedName(None, whole)
    # The colon behind the namespace is looked for from the character after the first colon on.
    namespace, colon, rest = name[1:].partition(":")
    namespace = namespace.lstrip(_SPACES)
    if not namespace:
        return QualifiedName(None, whole)
    return QualifiedName(namespace, rest.removeprefix("//").lstrip(_SPACES) or None if colon else None)
