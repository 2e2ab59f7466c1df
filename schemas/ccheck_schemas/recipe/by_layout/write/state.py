"""What writing a recipe works with: what is known, where a field is, and what was written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from ccheck_schemas.layout.expression import Expression
from ccheck_schemas.recipe.by_layout.hole import Frame
from ccheck_schemas.recipe.by_layout.image import Run
from ccheck_schemas.recipe.part import Part

Home = dict[str, Any] | None
"""The mapping of a recipe whose keys may turn out to be optional; None where none of them is."""

Limit = tuple[int, bool] | None
"""The end of the bytes at hand, and whether the schema states it; None if it is worked out."""


@dataclass(slots=True)
class Known:
    """What a pass worked out, for the next one.

    Attributes:
        numbers: Numbers that the recipe leaves out, by path.
        bases: Offsets of records that the recipe does not place, by path.
        contents: The bytes of pools and blocks, by name.
        rows: The rows of tables that records take, each with its path.
    """

    numbers: dict[str, int] = field(default_factory=dict)
    bases: dict[str, int] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    rows: dict[str, list[tuple[Any, str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """A field, or an element of a list, that is written.

    Attributes:
        frame: The record that has it.
        name: Its name, with an index for an element.
        given: Its value in the recipe.
        part: The mapping of the record.
        home: The same mapping, whose keys may turn out to be optional.
        limit: The end of the bytes at hand.
        listed: Whether it is an element.
    """

    frame: Frame
    name: str
    given: object
    part: Part
    home: Home
    limit: Limit
    listed: bool = False

    @property
    def path(self) -> str:
        """Its path."""
        return self.frame.where(self.name)

    def within(self, limit: Limit) -> Spot:
        """Returns the same field among other bytes at hand."""
        return replace(self, limit=limit)

    def kept(self) -> Spot:
        """Returns the same field as one whose key a recipe must have."""
        return replace(self, home=None)

    def element(self, i: int, given: object) -> Spot:
        """Returns an element of it."""
        return replace(self, name=f"{self.name}[{i}]", given=given, listed=True)


@dataclass(frozen=True, slots=True, eq=False)
class Optional:
    """A key that a recipe has and could leave out.

    Attributes:
        home: The mapping that has it.
        key: The key.
        place: Whether it says where something is.
    """

    home: dict[str, Any]
    key: str
    place: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A record at an offset.

    Attributes:
        run: Its bytes.
        offset: The expression that is its offset.
        frame: The record whose fields the expression names.
        align: What its offset is a multiple of.
        why: The record, for messages.
        open: Whether the recipe leaves its offset out.
    """

    run: Run
    offset: Expression
    frame: Frame
    align: int
    why: str
    open: bool


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """The bytes that the content of a field of stated length leaves, as the recipe gives them."""

    home: dict[str, Any]
    key: str
    run: Run
    start: int
    end: int
