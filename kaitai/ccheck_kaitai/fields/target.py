"""What fields need of the file that they are written into, and what they add to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from ccheck_kaitai.description import Names, Place, Type

Lines: TypeAlias = tuple[str, ...]
"""Lines of a Struct."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a field adds to the Struct of its type.

    Attributes:
        order: The byte order that a field chose for it, if it states none.
        first: Lines in front of its fields: its parameters.
        last: Lines behind its fields: whether it ends its list.
    """

    order: str = ""
    first: Lines = ()
    last: Lines = ()


class Stop(Exception):
    """An attribute that cannot be written, so that what follows it cannot be found.

    `place` and `detail` are those of `Gap`.
    """

    def __init__(self, place: Place, detail: str) -> None:
        super().__init__(detail)
        self.place = place
        self.detail = detail


class Target(Protocol):
    """What a field needs from the file that it is written into."""

    def struct(self, type_: Type, place: Place, use: Use) -> str:
        """The name of a type's Struct, which is written before this field.

        Args:
            type_: The type.
            place: Where it is used.
            use: What the field adds to it.

        Raises:
            Stop: The type cannot be written.
        """
        ...

    def content(self, type_: Type | None, place: Place, order: str) -> str:
        """The name of the Schema of bytes that are decoded first, which is written before this field.

        Args:
            type_: What they are; None for bytes without a structure.
            place: Where it is used.
            order: The byte order that the field chose for it, if it states none.

        Raises:
            Stop: The type cannot be written, or there are too many inside each other.
        """
        ...

    def enum(self, names: Names) -> str:
        """The name of an enum's class."""
        ...

    def values(self, field: str, values: tuple[int, ...]) -> str:
        """The name of a class of plain values."""
        ...

    def use(self, name: str) -> str:
        """The name, which is imported."""
        ...

    def unfinished(self, type_: Type) -> bool:
        """Returns whether the end of the type cannot be found."""
        ...
