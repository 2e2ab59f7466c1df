"""Numbers, texts and bytes of a recipe, to bytes and back."""

from __future__ import annotations

import difflib
import struct
from functools import cache
from typing import Final, assert_never

from ccheck_schemas.layout import meanings, tree
from ccheck_schemas.recipe.fields import flag_names
from ccheck_schemas.schema import RecipeError
from ccheck_schemas.vocabulary.content import find

ABSENT: Final = object()
"""What a recipe leaves out."""

_Textual = tree.Text | tree.TextToNul | tree.Slot | tree.Rest | tree.Delimited


def as_hex(raw: bytes) -> str:
    """Returns bytes as a recipe has them: pairs of digits, in groups of eight."""
    return "  ".join(raw[i : i + 8].hex(" ") for i in range(0, len(raw), 8))


def from_hex(given: object, path: str) -> bytes:
    """Returns the bytes that a recipe gives as pairs of hex digits.

    Raises:
        RecipeError: It gives something else.
    """
    if not isinstance(given, str):
        raise RecipeError(path, f'pairs of hex digits belong here, in quotes: "0a ff", not {kind_of(given)}')
    try:
        return bytes.fromhex(given)
    except ValueError:
        raise RecipeError(
            path, f'pairs of hex digits belong here, such as "0a ff", not {given!r:.40}'
        ) from None


def raw_of(given: object) -> object:
    """Returns the value of ``{hex: …}``, which stands for any field; ABSENT for anything else."""
    return given["hex"] if isinstance(given, dict) and list(given) == ["hex"] else ABSENT


def kind_of(value: object) -> str:
    """Returns what a value is, for messages."""
    names = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", type(None): "nothing"}
    return names.get(type(value), "a number with a fraction" if isinstance(value, float) else "a number")


@cache
def known_names(node: tree.Stored) -> dict[str, int]:
    """Returns the numbers of a field that have names, by the name that a recipe has."""
    found: dict[str, int] = {}
    for meaning in node.meanings:
        if isinstance(meaning, meanings.StrictEnum | meanings.StrictFlags):
            kind = meaning.values if isinstance(meaning, meanings.StrictEnum) else meaning.bits
            members = {name: int(member) for name, member in kind.__members__.items()}
            for name, number in members.items():
                small = name.lower()
                same = {number for other, number in members.items() if other.lower() == small}
                found[small if len(same) == 1 else name] = number
    return found


@cache
def range_of(node: tree.Stored) -> tuple[int, int]:
    """Returns the least and the greatest number that a field can hold."""
    return node.range


def number_words(node: tree.Stored, value: int) -> int | str | list[str | int]:
    """Returns a number as a recipe has it: the name of a member, a list of flags, or the number."""
    for meaning in node.meanings:
        if isinstance(meaning, meanings.StrictEnum) and value in meaning.known:
            names = known_names(node)
            first = meaning.values(value).name
            name = first.lower() if names.get(first.lower()) == value else first
            return name if names.get(name) == value else value
        if isinstance(meaning, meanings.StrictFlags) and value >= 0:
            known = known_names(node)
            flags, left = flag_names(meaning, value)
            if any(name not in known for name in flags):
                return value
            return [*(name for name in flags if known[name]), *((left,) if left else ())]
    return value


def number_of(node: tree.Stored, given: object, path: str) -> int:
    """Returns the number that a recipe gives.

    Raises:
        RecipeError: It gives something else, or the field cannot hold it.
    """
    if raw_of(given) is not ABSENT:
        return int(node.packer.unpack(_bytes_of(node, given, path))[0])
    if type(given) is int:
        number = given
    elif isinstance(given, list) and any(isinstance(one, meanings.StrictFlags) for one in node.meanings):
        number = 0
        for one in given:
            number |= _named(one, known_names(node), path)
    else:
        number = _named(given, known_names(node), path)
    low, high = range_of(node)
    if not low <= number <= high:
        raise RecipeError(path, f"{number} is not in {low}..{high}, which the field can hold")
    return number


def spelled(node: tree.Stored, given: object, path: str) -> bytes | None:
    """Returns the bytes that a recipe gives for a number in digits, unless it would be written in them.

    Raises:
        RecipeError: They are not as many as the field has.
    """
    if not isinstance(node, tree.Digits) or raw_of(given) is ABSENT:
        return None
    raw = _bytes_of(node, given, path)
    number = node.packer.find(raw)
    return None if number is not None and node.packer.pack(number) == raw else raw


def _bytes_of(node: tree.Stored | tree.Float, given: object, path: str) -> bytes:
    raw = from_hex(raw_of(given), path)
    if len(raw) != node.size:
        raise RecipeError(path, f"{counted(len(raw), 'byte')} given, the field has {node.size}")
    return raw


def digits_words(node: tree.Digits, raw: bytes) -> object:
    """Returns a number in digits as a recipe has it; its bytes if it would be written otherwise."""
    value = node.packer.number(raw)
    return number_words(node, value) if node.packer.pack(value) == raw else {"hex": as_hex(raw)}


def expected(node: tree.Stored) -> str:
    """Returns what belongs into a number, for messages."""
    low, high = range_of(node)
    names = list(known_names(node))
    words = f"one of {', '.join(names[:12])}{' …' if len(names) > 12 else ''}, or " if names else ""
    return f"{words}a number from {low} to {high}"


def _named(given: object, names: dict[str, int], path: str) -> int:
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    if isinstance(given, str) and names:
        if given in names:
            return names[given]
        near = difflib.get_close_matches(given[:80], names, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(list(names)[:12])}"
        raise RecipeError(path, f"{given!r:.60} is not a name here; {hint}")
    what = "a name or a number" if names else "a number"
    raise RecipeError(path, f"{what} belongs here, not {kind_of(given)}")


def float_words(node: tree.Float, raw: bytes) -> object:
    """Returns a floating-point number as a recipe has it; its bytes if the number does not say them."""
    (value,) = node.packer.unpack(raw)
    finite = value - value == 0
    return value if finite and node.packer.pack(value) == raw else {"hex": as_hex(raw)}


def float_of(node: tree.Float, given: object, path: str) -> bytes:
    """Returns the bytes of a floating-point number.

    Raises:
        RecipeError: The recipe gives something else, or the field cannot hold it.
    """
    if raw_of(given) is not ABSENT:
        return _bytes_of(node, given, path)
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise RecipeError(path, f"a number belongs here, not {kind_of(given)}")
    try:
        return node.packer.pack(given)
    except (OverflowError, struct.error):
        raise RecipeError(path, f"{given} is too large for a number of {node.size} bytes") from None


def encoding_of(node: _Textual) -> str | None:
    """Returns the encoding of a field; None for bytes."""
    return node.content.encoding if isinstance(node, tree.Slot | tree.Rest) else node.encoding


def text_words(node: _Textual, content: bytes, raw: bytes) -> object:
    """Returns a text, or bytes that end before their field does, as a recipe has them.

    Args:
        node: The field.
        content: The bytes of its content.
        raw: All its bytes.
    """
    behind = raw[len(content) :]
    room = len(raw) if isinstance(node, tree.Slot | tree.Text) else None
    plain = _with_behind(node, content, room) == raw
    encoding = encoding_of(node)
    if encoding is None:
        return as_hex(content) if plain else {"bytes": as_hex(content), "behind": as_hex(behind)}
    try:
        value = content.decode(encoding)
        exact = value.encode(encoding) == content
    except UnicodeError:
        exact = False
    if not exact:
        return {"hex": as_hex(raw)}
    if not _comes_back(node, content, raw):
        return {"hex": as_hex(raw)}
    if not plain:
        return {"text": value, "behind": as_hex(behind)}
    if isinstance(node, tree.Text) and node.lists and "\0" in value:
        return value.split("\0")
    return value


def text_of(node: _Textual, given: object, room: int | None, path: str) -> tuple[bytes, str | bytes | None]:
    """Returns the bytes of a text, or of bytes that need not fill their field, and the value that is read.

    Args:
        node: The field.
        given: What the recipe has.
        room: The bytes of the field, if they are stated.
        path: The path of the field.

    Raises:
        RecipeError: The recipe gives something else.
    """
    encoding = encoding_of(node)
    if raw_of(given) is not ABSENT:
        return from_hex(raw_of(given), path), None
    behind: bytes | None = None
    key = "bytes" if encoding is None else "text"
    if isinstance(given, dict):
        if set(given) != {key, "behind"}:
            raise RecipeError(path, f"the field takes {_wanted(key)}, {{{key}: …, behind: …}}, or {{hex: …}}")
        behind = from_hex(given["behind"], f"{path}.behind")
        given = given[key]
    if encoding is None:
        content = from_hex(given, path)
        value: str | bytes = content
    else:
        value = _text(node, given, path)
        try:
            content = value.encode(encoding)
        except UnicodeError as wrong:
            raise RecipeError(path, f"{value!r:.40} has no {encoding} form: {wrong}") from None
    raw = _with_behind(node, content, room) if behind is None else content + behind
    if not _comes_back(node, content, raw):
        if isinstance(node, tree.Slot) and node.content.extent(raw) > len(content):
            given, field = counted(len(content), "byte"), counted(len(raw), "byte")
            raise RecipeError(path, f"{given} given, the field has {field}, and nothing ends it")
        raise RecipeError(
            path, "a reader would end it earlier, by its terminator or padding; {hex: …} gives all its bytes"
        )
    return raw, value


def _wanted(key: str) -> str:
    return "text" if key == "text" else "pairs of hex digits"


def _text(node: _Textual, given: object, path: str) -> str:
    if isinstance(node, tree.Text) and node.lists and isinstance(given, list):
        if not all(isinstance(one, str) for one in given):
            raise RecipeError(path, "a list of texts belongs here")
        return "\0".join(given)
    if isinstance(given, bool | int | float):
        raise RecipeError(path, f"text belongs here: put quotes around {given}")
    if not isinstance(given, str):
        raise RecipeError(path, f"text belongs here, not {kind_of(given)}")
    return given


def _comes_back(node: _Textual, content: bytes, raw: bytes) -> bool:
    """Returns whether a reader finds the same content in the bytes of a field."""
    match node:
        case tree.Slot() | tree.Rest():
            return node.content.extent(raw) == len(content)
        case tree.TextToNul():
            return b"\0" not in content
        case tree.Text():
            return node.terminator != "inside" or nul_in(content, node.unit) == len(content)
        case tree.Delimited():
            at = find(content, node.terminator, node.unit)
            ends = len(content) - len(node.terminator) if node.include else None
            return at == ends or (at is None and node.to_end)
        case _:
            assert_never(node)


def _with_behind(node: _Textual, content: bytes, room: int | None) -> bytes:
    """Returns all bytes of a field with some content, as they are written without anything said."""
    match node:
        case tree.TextToNul():
            return content + b"\0"
        case tree.Delimited():
            if node.include and not node.consume:  # the terminator is the first of what follows
                return content.removesuffix(node.terminator)
            return content + (node.terminator if node.consume and not node.include else b"")
        case tree.Rest():
            return content
        case tree.Text():
            if node.terminator == "behind":
                return content + bytes(node.unit)
            if node.terminator == "inside":
                return content.ljust(len(content) + node.unit if room is None else room, b"\0")
            return content
        case tree.Slot():
            form = node.content
            end = form.terminator if not form.include else b""
            if room is None:
                return content + end
            return (content + end)[: max(room, len(content))].ljust(room, bytes([form.pad or 0]))
        case _:
            assert_never(node)


def counted(number: int, noun: str) -> str:
    """Returns ``1 byte``, ``1,234 bytes``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def nul_in(raw: bytes, unit: int) -> int:
    """Returns the offset of the NUL that ends a text, or the end of the bytes."""
    found = find(raw, bytes(unit), unit)
    return len(raw) if found is None else found
