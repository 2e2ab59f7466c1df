"""Where the blocks of a devicetree lie, and what no reader looks at: out of a recipe, and into one.

A recipe without `layout` is written as dtc writes a tree. One with it keeps the layout that was found: the
offsets of the blocks, NOPs, the choice between equal names, and bytes in room and padding.
"""

from __future__ import annotations

from typing import Any

from ccheck_schemas.formats.devicetree.content import DevicetreeContent
from ccheck_schemas.formats.devicetree.numbers import HEADER_SIZE, MAGIC, OLD_HEADER_SIZE, VERSION, Token
from ccheck_schemas.recipe.part import Part
from ccheck_schemas.schema import RecipeError

_U31 = 0x7FFFFFFF
_LARGEST = 1 << 28
"""Bytes of a file that a recipe may ask for."""
_BLOCKS = ("reservations", "structure", "strings")


class Blocks:
    """The blocks of a tree, as they are written one behind the other.

    Attributes:
        free: For each byte of the structure, 1 where it is padding.
    """

    def __init__(self, version: int, reservations: bytes, structure: bytes, free: bytes, strings: bytes):
        self.version = version
        self.reservations = reservations
        self.structure = structure
        self.free = free
        self.strings = strings

    @property
    def sizes(self) -> dict[str, int]:
        """The bytes of each block."""
        return {name: len(getattr(self, name)) for name in _BLOCKS}

    def offsets(self) -> dict[str, int]:
        """The offset of each block as dtc places them."""
        first = HEADER_SIZE if self.version >= VERSION else -(-OLD_HEADER_SIZE // 8) * 8
        second = first + len(self.reservations)
        return dict(zip(_BLOCKS, (first, second, second + len(self.structure)), strict=True))


def with_nops(
    structure: bytes, free: bytes, tokens: set[int], offsets: list[int], path: str
) -> tuple[bytes, bytes]:
    """Returns a structure with NOPs, and which of its bytes are padding.

    Args:
        structure: The structure without NOPs.
        free: For each byte, 1 where it is padding.
        tokens: The offsets of its tokens.
        offsets: The offsets of the NOPs in the result, in order.
        path: The key of the recipe that names them.

    Raises:
        RecipeError: A NOP would stand inside of a token, or behind the END.
    """
    pieces: list[bytes] = []
    spaces: list[bytes] = []
    taken = length = 0
    for at in offsets:
        end = taken + at - length
        if end < taken or end not in tokens:
            raise RecipeError(path, f"{at:#x} is no offset of a token behind the one before")
        pieces += (structure[taken:end], _word(Token.NOP))
        spaces += (free[taken:end], bytes(4))
        taken, length = end, at + 4
    return b"".join((*pieces, structure[taken:])), b"".join((*spaces, free[taken:]))


def place(blocks: Blocks, boot_cpuid: int, padding: int, layout: Part) -> bytes:
    """Returns the file: its header and blocks, where a recipe's `layout` places them.

    Raises:
        RecipeError: The blocks do not fit there.
    """
    standard, sizes = blocks.offsets(), blocks.sizes
    at = {name: layout.integer(name, 0, _LARGEST, default=standard[name]) for name in _BLOCKS}
    structure_size = layout.integer(
        "structure_size", sizes["structure"], _LARGEST, default=sizes["structure"]
    )
    ends = {name: at[name] + size for name, size in sizes.items()}
    ends["structure"] = at["structure"] + structure_size
    total = layout.integer("size", 0, _LARGEST, default=max(ends.values()) + padding)
    header = HEADER_SIZE if blocks.version >= VERSION else OLD_HEADER_SIZE
    reached, before = header, "the header"
    for name in sorted(_BLOCKS, key=lambda name: (at[name], ends[name])):
        if at[name] < reached and sizes[name]:
            raise RecipeError(
                layout.where(name), f"{at[name]:#x} lies before the end of {before}, {reached:#x}"
            )
        reached, before = max(reached, ends[name]), name
    if reached > total:
        raise RecipeError(layout.where("size"), f"{total} bytes end before the {before}, at {reached:#x}")
    words = (
        total, at["structure"], at["strings"], at["reservations"], blocks.version, 16, boot_cpuid,
        len(blocks.strings), structure_size,
    )  # fmt: skip
    out = bytearray(total)
    free = bytearray(b"\1" * total)
    out[:header] = b"".join((MAGIC, *map(_word, words)))[:header]
    free[:header] = bytes(header)
    for name in _BLOCKS:
        span = slice(at[name], at[name] + sizes[name])
        out[span] = getattr(blocks, name)
        free[span] = blocks.free if name == "structure" else bytes(sizes[name])
    for part in layout.parts("room", default=[]):
        _fill(part, out, free)
    return bytes(out)


def _fill(part: Part, out: bytearray, free: bytearray) -> None:
    start, raw = part.integer("at", 0, _LARGEST), hexadecimal(part, "hex")
    part.done()
    if start + len(raw) > len(out):
        raise RecipeError(part.where("at"), f"{len(raw)} bytes at {start:#x} end outside of the file")
    if 0 in free[start : start + len(raw)]:
        raise RecipeError(
            part.where("at"), "a block owns bytes there: the tree is another than that of `room`"
        )
    out[start : start + len(raw)] = raw


def hexadecimal(part: Part, key: str, default: str | None = None) -> bytes:
    """Returns the bytes of a text of hex digits.

    Raises:
        RecipeError: It is something else.
    """
    text = part.text(key) if default is None else part.text(key, default=default)
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise RecipeError(part.where(key), "pairs of hex digits belong here") from None


def _word(number: int) -> bytes:
    return number.to_bytes(4, "big")


def described(content: DevicetreeContent, written: Blocks) -> tuple[int, dict[str, Any]]:
    """Returns the zero bytes behind the blocks, and how else a tree lies than dtc places it.

    Args:
        content: The tree.
        written: The blocks as they are written without a layout, but for NOPs.
    """
    found = content.placement
    if found is None:
        raise RecipeError("", "the blocks could not be read")
    layout: dict[str, Any] = {}
    sizes, standard = written.sizes, written.offsets()
    at = {name: getattr(found, name) for name in _BLOCKS}
    if at != standard:
        layout |= at
    if found.structure_size != sizes["structure"]:
        layout["structure_size"] = found.structure_size
    ends = [*(at[name] + sizes[name] for name in _BLOCKS), found.structure + found.structure_size]
    padding = len(found.data) - max(ends)
    if found.nops:
        layout["nops"] = list(found.nops)
    room = [
        {"at": at, "hex": raw.hex()}
        for start, end in _unread(content)
        for at, raw in _not_zero(found.data, start, end)
    ]
    if room:
        layout["room"] = room
    return padding, layout


def _unread(content: DevicetreeContent) -> list[tuple[int, int]]:
    """Returns all bytes that no reader looks at, in order."""
    assert content.placement is not None  # noqa: S101 - asked before
    places = [(span.offset, span.end) for span in content.placement.room]
    for node in content.nodes:
        for record in (node.source, *(held.source for held in node.properties)):
            if record.get("padding"):
                span = record.span("padding")
                places.append((span.offset, span.end))
    return sorted(places)


def _not_zero(data: bytes, start: int, end: int) -> list[tuple[int, bytes]]:
    """Returns the bytes of a place from the first to the last that is not zero, with their offset."""
    raw = data[start:end]
    kept = raw.lstrip(b"\0")
    return [(end - len(kept), kept.rstrip(b"\0"))] if kept else []
