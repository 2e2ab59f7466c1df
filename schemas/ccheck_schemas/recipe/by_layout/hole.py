"""The numbers of a recipe, given or worked out, and the records that expressions look them up in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ccheck_schemas.layout import meanings, tree
from ccheck_schemas.recipe.by_layout.image import Run


class Unknown(Exception):
    """A number that is not worked out yet."""


@cache
def _roles(node: tree.Stored) -> tuple[bool, bool]:
    """Returns whether its own meaning decides what a number is, and whether it counts something else."""
    itself, counts = (
        any(isinstance(one, kinds) for one in node.meanings)
        for kinds in (
            (meanings.FileSize, meanings.ChecksumOver, meanings.RecordSize),
            (meanings.CountOf, meanings.LengthOf, meanings.OffsetInto),
        )
    )
    return itself, counts


@dataclass(slots=True, eq=False)
class Hole:
    """A number of a recipe and its place in the bytes.

    Attributes:
        path: Its path.
        node: Its node.
        run: The bytes that it is part of.
        at: Its place in the run.
        given: Its value in the recipe; None if that leaves it out.
        known: Its value as far as it is worked out.
        constant: What it is if the recipe leaves it out, whatever else that says; None for nothing.
        asked: Whether an expression looked it up while bytes were written.
        why: What made it so, for messages.
        failed: Why it cannot be worked out.
        would: What it would be if the recipe left it out; None for nothing.
        differs: Whether there are two answers to that.
        asserted: What it is by its own meaning, and why.
        used: Whether something is equal to an expression with it.
        place: Whether it says where something is.
        pinned: Whether a branch depends on it, so that a recipe must have it.
        home: The mapping of the recipe, and its key there; None for an element of a list.
        spelled: Its bytes, where they are not those that would be written for it.
    """

    path: str
    node: tree.Stored
    run: Run
    at: int
    given: int | None
    known: int | None
    constant: int | None = None
    asked: bool = False
    why: str = ""
    failed: str = ""
    would: int | None = None
    differs: bool = False
    used: bool = False
    asserted: tuple[int, str] | None = None
    place: bool = False
    pinned: bool = False
    home: tuple[dict[str, Any], str] | None = None
    spelled: bytes | None = None

    def value(self) -> int:
        """Returns the number.

        Raises:
            Unknown: It is not worked out yet.
        """
        if self.given is not None:
            return self.given
        if self.constant is not None:
            return self.constant
        self.asked = True
        if self.known is None:
            raise Unknown(self.path)
        return self.known

    @property
    def states_itself(self) -> bool:
        """Whether its own meaning decides what it is, whatever expressions do with it."""
        return _roles(self.node)[0]

    @property
    def open(self) -> bool:
        """Whether the recipe leaves it out, and the schema alone does not say what it is."""
        return self.given is None and self.constant is None

    @property
    def counts(self) -> bool:
        """Whether its meaning says that it counts, or points to, something else."""
        return _roles(self.node)[1]


@dataclass(frozen=True, slots=True)
class Derived:
    """A number without bytes, which follows from other fields when something asks for it.

    Attributes:
        value: Computes it; raises Unknown while a field that it needs is not worked out.
    """

    value: Callable[[], object]


@dataclass(slots=True, eq=False)
class Frame:
    """A record of a recipe.

    Attributes:
        path: Its path.
        node: Its struct.
        above: The record around it; itself for the top record.
        root: The top record.
        values: Its fields that are no numbers, by name.
        holes: Its numbers, by name.
        rests: How often a key for the rest of a field was used.
        stream: Where the stream begins that the record is in.
        run: The bytes that it is part of, once it is written.
        extent: Where it begins and ends in the run.
        places: Where each of its fields begins and ends in the run.
    """

    path: str
    node: tree.Struct
    above: Frame | None = None
    values: dict[str, Any] = field(default_factory=dict)
    holes: dict[str, Hole] = field(default_factory=dict)
    rests: dict[str, int] = field(default_factory=dict)
    stream: int = 0
    run: Run | None = None
    extent: tuple[int, int] = (0, 0)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        if name == "_":
            return self if self.above is None else self.above
        if name == "_root":
            return self.root
        hole = self.holes.get(name)
        if hole is not None:
            return hole.value()
        found = self.values[name]
        return found.value() if isinstance(found, Derived) else found

    @property
    def root(self) -> Frame:
        """The top record."""
        frame = self
        while frame.above is not None:
            frame = frame.above
        return frame

    def where(self, name: str) -> str:
        """Returns the path of a field."""
        return f"{self.path}.{name}" if self.path and name else self.path or name

    def hole(self, names: tuple[str, ...]) -> Hole | None:
        """Returns the number that a path leads to; None if it leads to something else, or to nothing."""
        found: Any = self
        for name in names[:-1]:
            try:
                found = found[name]
            except (KeyError, TypeError, Unknown):
                return None
        return found.holes.get(names[-1]) if isinstance(found, Frame) else None


def rest_key(frame: Frame, name: str) -> str:
    """Returns the key of the bytes that the content of a field leaves: a new one each time it is called."""
    number = frame.rests[name] = frame.rests.get(name, 0) + 1
    return f"rest of {name}" if number == 1 else f"rest of {name} ({number})"


GAPS = "bytes between parts"
"""The key of the bytes that no field reads, by the offset of each gap."""

AT = "at "
"""What stands in front of the offset of a gap."""

ZEROS = "zeros at the end"
"""The key of the number of zeros that a record has up to the end of the bytes at hand."""
