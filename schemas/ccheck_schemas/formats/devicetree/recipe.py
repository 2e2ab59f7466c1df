"""Devicetrees as people write them (YAML), and their bytes; both ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ccheck_schemas.formats.devicetree.content import DevicetreeContent, Node, Property, children
from ccheck_schemas.formats.devicetree.numbers import DEPTH_HIGH, OLD_VERSION, VERSION, Token
from ccheck_schemas.formats.devicetree.placement import Blocks, described, hexadecimal, place, with_nops
from ccheck_schemas.recipe.part import Part
from ccheck_schemas.schema import Recipe, RecipeError

_U32, _U64 = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
_PADDING = 1 << 24
_MOST = 1_000_000
"""Properties of a tree."""


def compose(recipe: Recipe) -> bytes:
    """Returns the bytes of a recipe: in the order of dtc, or where its `layout` places them.

    Raises:
        RecipeError: The recipe cannot be built. The error names the key.
    """
    top = Part(recipe)
    version = top.integer("version", OLD_VERSION, VERSION, default=VERSION)
    boot_cpuid = top.integer("boot_cpuid", 0, _U32, default=0)
    layout = top.mapping("layout") if top.has("layout") else Part({}, "layout")
    blocks = _blocks(top, version, layout)
    padding = top.integer("padding", 0, _PADDING, default=0)
    top.done()
    data = place(blocks, boot_cpuid, padding, layout)
    layout.done()
    return data


def as_compiled(recipe: Recipe) -> Recipe:
    """Returns a recipe without what it says of its layout: that of the tree as dtc writes it."""
    return {key: value for key, value in recipe.items() if key not in ("layout", "strings")}


def _blocks(top: Part, version: int, layout: Part) -> Blocks:
    """Returns the blocks of a recipe."""
    reserved = b"".join(_reservation(part) for part in top.parts("reservations", default=[])) + bytes(16)
    if layout.has("strings_hex"):
        strings = hexadecimal(layout, "strings_hex")
    else:
        names = top.texts("strings") if top.has("strings") else []
        strings = b"".join(_ascii(text, "strings") + b"\0" for text in names)
    names_at = {}
    for part in layout.parts("names", default=[]):
        names_at[part.integer("property", 0, _MOST)] = part.integer("at", 0, _U32)
        part.done()
    writer = _Writer(strings, names_at)
    writer.tree(top.mapping("root"))
    writer.token(Token.END)
    structure = bytes(writer.structure)
    free = bytes(writer.free) + bytes(len(structure) - len(writer.free))
    nops = layout.integers("nops", _U32) if layout.has("nops") else []
    structure, free = with_nops(structure, free, writer.tokens, nops, layout.where("nops"))
    return Blocks(version, reserved, structure, free, bytes(writer.strings))


def _word(number: int) -> bytes:
    return number.to_bytes(4, "big")


def _reservation(part: Part) -> bytes:
    raw = part.integer("address", 0, _U64).to_bytes(8, "big") + part.integer("size", 0, _U64).to_bytes(
        8, "big"
    )
    part.done()
    return raw


class _Writer:
    """The structure block and the strings while they are written.

    Attributes:
        free: For each byte of the structure, 1 where it is padding; bytes at its end may be missing.
        tokens: The offsets of the tokens in the structure.
    """

    def __init__(self, strings: bytes, names_at: dict[int, int]) -> None:
        self.structure = bytearray()
        self.free = bytearray()
        self.tokens: set[int] = set()
        self.strings = bytearray(strings)
        self._known: dict[bytes, int] = {}
        self._names_at = names_at
        self._properties = 0

    def token(self, token: Token) -> None:
        """Writes the first word of a token."""
        self.tokens.add(len(self.structure))
        self.structure += _word(token)

    def tree(self, root: Part) -> None:
        """Writes all nodes, without recursion: a recipe may have any depth."""
        waiting: list[Iterator[Part] | None] = []
        self._begin(root, "", waiting)
        while waiting:
            following = next(waiting[-1], None) if waiting[-1] is not None else None
            if following is None:
                waiting.pop()
                self.token(Token.END_NODE)
            else:
                self._begin(following, None, waiting)

    def _begin(self, part: Part, name: str | None, waiting: list[Iterator[Part] | None]) -> None:
        text = part.text("name", default="") if name is not None else part.text("name")
        self.token(Token.BEGIN_NODE)
        self.structure += _ascii(text, part.where("name")) + b"\0"
        self._align()
        for property_ in part.parts("properties", default=[]):
            self._property(property_)
        waiting.append(part.parts("nodes", default=[]))
        part.done()

    def _property(self, part: Part) -> None:
        raw = _value(part)
        self.token(Token.PROPERTY)
        self.structure += _word(len(raw)) + _word(self._name(part)) + raw
        part.done()
        self._align()

    def _name(self, part: Part) -> int:
        """Returns the offset of a name: that of an equal name or suffix, or of a new one."""
        text = _ascii(part.text("name"), part.where("name")) + b"\0"
        number, self._properties = self._properties, self._properties + 1
        if number in self._names_at:
            at = self._names_at[number]
            if not self.strings.startswith(text, at):
                raise RecipeError(part.where("name"), f"the strings have no such name at {at:#x}")
            return at
        if text not in self._known:
            self._known[text] = _entered(self.strings, text)
        return self._known[text]

    def _align(self) -> None:
        self.free += bytes(len(self.structure) - len(self.free))
        self.structure += bytes(-len(self.structure) % 4)
        self.free += b"\1" * (len(self.structure) - len(self.free))


def _entered(strings: bytearray, text: bytes) -> int:
    """Returns the offset of a text in a block: its first occurrence, or the end, where it is added."""
    at = strings.find(text)
    if at < 0:
        at = len(strings)
        strings += text
    return at


def in_order_of_use(names: Iterable[str]) -> bytes:
    """Returns the block of names as dtc writes it."""
    strings = bytearray()
    for name in dict.fromkeys(names):
        _entered(strings, name.encode("ascii") + b"\0")
    return bytes(strings)


def _ascii(text: str, path: str) -> bytes:
    try:
        raw = text.encode("ascii")
    except UnicodeEncodeError:
        raise RecipeError(path, f"{text!r} is not ASCII") from None
    if b"\0" in raw:
        raise RecipeError(path, "a NUL stands inside the text")
    return raw


def _value(part: Part) -> bytes:
    """Returns the bytes of a property: of `texts`, `cells` or `hex`, or none."""
    if part.has("texts"):
        try:
            return b"".join(text.encode("ascii") + b"\0" for text in part.texts("texts"))
        except UnicodeEncodeError:
            raise RecipeError(
                part.where("texts"), "the texts are not ASCII; give their bytes as hex"
            ) from None
    if part.has("cells"):
        return b"".join(map(_word, part.integers("cells", _U32)))
    return hexadecimal(part, "hex", default="")


def describe(content: DevicetreeContent) -> Recipe:
    """Returns the recipe of content that was read without faults.

    Raises:
        RecipeError: Nodes are nested deeper than Linux reads.
    """
    recipe: dict[str, Any] = {} if content.version == VERSION else {"version": content.version}
    if content.boot_cpuid:
        recipe["boot_cpuid"] = content.boot_cpuid
    if content.reservations:
        recipe["reservations"] = [{"address": at, "size": size} for at, size in content.reservations]
    if not content.nodes or content.misplaced:
        raise RecipeError("", "the tokens are no tree")
    if any(node.depth > DEPTH_HIGH for node in content.nodes):
        raise RecipeError("", f"nodes lie more than {DEPTH_HIGH} deep in each other")
    below = children(content.nodes)
    recipe["root"] = _node(content.nodes[0], below)
    names = _names(content)
    if names:
        recipe |= names
    padding, layout = described(content, _written(content, recipe))
    if padding:
        recipe["padding"] = padding
    if layout:
        recipe["layout"] = {**recipe.get("layout", {}), **layout}
    return recipe


def _written(content: DevicetreeContent, recipe: dict[str, Any]) -> Blocks:
    """Returns the blocks of a tree as its recipe so far gives them."""
    layout = dict(recipe.get("layout", {}))
    if content.placement is not None and content.placement.nops:
        layout["nops"] = list(content.placement.nops)
    return _blocks(Part(recipe), content.version, Part(layout, "layout"))


def _names(content: DevicetreeContent) -> dict[str, Any]:
    """Returns what a recipe says of the block of names, where dtc would write another one."""
    held = [property_ for node in content.nodes for property_ in node.properties]
    block = content.strings
    recipe: dict[str, Any] = {}
    layout: dict[str, Any] = {}
    first: dict[str, int] = {}
    other = []
    for number, property_ in enumerate(held):
        name = property_.name or ""
        if name not in first:
            first[name] = block.find(name.encode("ascii") + b"\0")
        if property_.source.nameoff != first[name]:
            other.append({"property": number, "at": property_.source.nameoff})
    if other:
        layout["names"] = other
    if other or block != in_order_of_use(property_.name or "" for property_ in held):
        # A tree that was changed in place: its names stand in the order in which they came.
        if block.isascii() and (block.endswith(b"\0") or not block):
            recipe["strings"] = block[:-1].decode("ascii").split("\0") if block else []
        else:
            layout["strings_hex"] = block.hex()
    return recipe | ({"layout": layout} if layout else {})


def _node(node: Node, below: dict[int, list[Node]]) -> dict[str, Any]:
    recipe: dict[str, Any] = {"name": node.name} if node.parent is not None or node.name else {}
    if node.properties:
        recipe["properties"] = [_property(property_) for property_ in node.properties]
    if id(node) in below:
        recipe["nodes"] = [_node(inner, below) for inner in below[id(node)]]
    return recipe


def _property(property_: Property) -> dict[str, Any]:
    recipe: dict[str, Any] = {"name": property_.name}
    value = property_.value
    if value and value[-1] == 0 and _printable(value):
        recipe["texts"] = value[:-1].decode("ascii").split("\0")
    elif value and len(value) % 4 == 0:
        recipe["cells"] = [int.from_bytes(value[i : i + 4], "big") for i in range(0, len(value), 4)]
    elif value:
        recipe["hex"] = value.hex()
    return recipe


def _printable(value: bytes) -> bool:
    """Returns whether bytes are texts of ASCII, none of them empty."""
    texts = value[:-1].split(b"\0")
    return all(text and text.isascii() and text.decode("ascii").isprintable() for text in texts)
