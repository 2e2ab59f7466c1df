"""Text that is safe to show: what a terminal, a viewer or a parser could misread is escaped."""

from __future__ import annotations


def _escaped(character: str) -> str:
    code = ord(character)
    if character in "\t\n\r":
        return {"\t": "\\t", "\n": "\\n", "\r": "\\r"}[character]
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def printable(text: str) -> str:
    r"""`text` as one line that moves no cursor and reorders nothing.

    Controls, escapes, line ends, marks of writing direction, invisible characters, unpaired surrogates and
    characters that XML forbids become ``\x1b``, ``\u202e`` and the like. A backslash stays as it is, so paths
    of Windows stay readable; the result is for people and not for reading back.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def printable_path(path: str) -> str:
    r"""Returns a path as one safe line, so that no two paths look the same.

    A path that `printable` would change is quoted as POSIX shells read it: ``$'a\nb'``.
    """
    if path.isprintable() and not path.startswith("$'"):
        return path
    return f"$'{''.join(map(_quoted, path))}'"


def _quoted(character: str) -> str:
    code = ord(character)
    if character in "\\'":
        return f"\\{character}"
    if character.isprintable():
        return character
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"  # a byte of a name that is not UTF-8
    return f"\\u{code:04x}" if 0x80 <= code <= 0xFF else _escaped(character)


def is_well_formed(text: str) -> bool:
    """Returns whether `text` can be encoded as UTF-8: it has no unpaired surrogate."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def well_formed(text: str) -> str:
    r"""`text` with unpaired surrogates written as ``\udcff``, so that it can be encoded as UTF-8.

    Names of files that are not UTF-8 reach Python with such surrogates, and many JSON parsers refuse them.
    Two texts may become one: the result is for people, and must not distinguish anything.
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
