"""Pools and blocks whose bytes the records of a recipe give, and what expressions are equal to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ccheck_schemas.layout.expression import Expression
from ccheck_schemas.recipe.by_layout.hole import Frame


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """An item of a pool, or a text of a block.

    Attributes:
        path: The field that names it.
        frame: The record that names it.
        offset: Its offset: in the file for a pool, in the block for a text.
        raw: Its bytes, with the NUL behind it.
        align: What its offset in the file is a multiple of.
    """

    path: str
    frame: Frame
    offset: Expression
    raw: bytes
    align: int


@dataclass(slots=True)
class Owner:
    """A pool or a block.

    Attributes:
        whole_file: Whether offsets count from the start of the file, as those into a pool do.
        items: What records put into it, in order.
        start: Its offset; None while no field of the recipe has it.
        stated: Its bytes, if the recipe gives them.
        home: The mapping that gives them, and the key.
    """

    whole_file: bool
    items: list[Item] = field(default_factory=list)
    start: int | None = None
    stated: bytes | None = None
    home: tuple[dict[str, Any], str] | None = None

    def packed(self) -> tuple[bytes, list[int]]:
        """Returns the bytes that the items make, equal ones once, and the place of each in them."""
        start = self.start or 0
        raw = bytearray()
        places: list[int] = []
        found: dict[bytes, list[int]] = {}
        for item in self.items:
            known = (place for place in found.get(item.raw, []) if not self._shift(start + place, item))
            place = next(known, None)
            if place is None:
                raw += bytes(self._shift(start + len(raw), item))
                place = len(raw)
                raw += item.raw
                found.setdefault(item.raw, []).append(place)
            places.append(place)
        return bytes(raw), places

    def searched(self) -> list[int | None]:
        """Returns the place of each item in the bytes that the recipe gives; None where it is not."""
        stated, start = self.stated or b"", self.start or 0
        places: list[int | None] = []
        for item in self.items:
            place = stated.find(item.raw)
            while place >= 0 and self._shift(start + place, item):
                place = stated.find(item.raw, place + 1)
            places.append(place if place >= 0 else None)
        return places

    def _shift(self, at: int, item: Item) -> int:
        return -at % item.align if self.whole_file else 0


@dataclass(frozen=True, slots=True, eq=False)
class Equation:
    """An expression of a record that has a value.

    Attributes:
        expression: The expression.
        frame: The record whose fields it names.
        target: Its value; where a field may be padded, the value without padding.
        actual: Its value with the padding that the recipe asks for.
        why: What makes it so, for messages: ``'rules' has 3 elements``.
        place: Whether it says where something is.
    """

    expression: Expression
    frame: Frame
    target: int
    actual: int
    why: str
    place: bool = False
