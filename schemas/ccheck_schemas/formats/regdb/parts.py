"""What recipes of both versions of a regulatory database have in common."""

from __future__ import annotations

from ccheck_schemas.formats.regdb.numbers import DfsRegion, OldRuleFlag, RuleFlag
from ccheck_schemas.recipe.part import Part
from ccheck_schemas.schema import RecipeError

U8, U16, U32 = 0xFF, 0xFFFF, 0xFFFFFFFF
MOST = 100_000
"""Elements of a list of a recipe; more cannot be pointed at."""
FARTHEST = 1 << 24
"""The greatest offset that a recipe may name."""


class Writer:
    """A database while it is written: records behind one another, or at offsets that a recipe names."""

    def __init__(self, start: int) -> None:
        """Begins with bytes of the header, which are filled in later."""
        self.data = bytearray(start)
        self._owned = bytearray(b"\1" * start)
        self._placed: dict[int, bytes] = {}

    def put(self, raw: bytes, at: int | None = None, path: str = "") -> int:
        """Writes a record, padded to a multiple of 4. Returns its offset.

        Args:
            raw: Its bytes.
            at: Its offset; the end of what was written without one.
            path: The key of the recipe that names the offset.

        Raises:
            RecipeError: Another record has bytes there.
        """
        padded = raw + bytes(-len(raw) % 4)
        if at is None:
            at = len(self.data)
        elif self._placed.get(at) == padded:
            return at
        end = at + len(padded)
        if at % 4 or any(self._owned[at:end]):
            raise RecipeError(path, f"{at:#x} is not a multiple of 4, or another record has bytes there")
        self._placed[at] = padded
        room = bytes(max(0, end - len(self.data)))
        self.data += room
        self._owned += room
        self.data[at:end] = padded
        self._owned[at:end] = b"\1" * len(padded)
        return at


def alpha2_of(part: Part) -> bytes:
    """Returns the two bytes of a country's code.

    Raises:
        RecipeError: The code has another length.
    """
    text = part.text("alpha2")
    raw = text.encode("latin-1", "replace")
    if len(raw) != 2:
        raise RecipeError(part.where("alpha2"), f"{text!r} has {len(raw)} characters, a country has 2")
    return raw


def region_recipe(region: int) -> str | int:
    """Returns a region by its name, or its number without one."""
    return DfsRegion(region).name.lower() if region in DfsRegion._value2member_map_ else region


def flags_recipe(flags: int, names: type[RuleFlag] | type[OldRuleFlag]) -> list[str | int]:
    """Returns flags by their names, and what has none as a number."""
    found: list[str | int] = [str(bit.name).lower() for bit in names if flags & bit]
    rest = flags & ~sum(names)
    return [*found, rest] if rest else found
