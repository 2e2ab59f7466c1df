"""Read a recipe, with errors that name the key."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from enum import IntEnum, IntFlag
from typing import Final

from ccheck_schemas.schema import RecipeError

_ABSENT: Final = object()


class Part:
    """A mapping of a recipe. Each key is read once; `done` refuses keys that were not read."""

    def __init__(self, value: object, path: str = "") -> None:
        if not isinstance(value, dict):
            raise RecipeError(path, f"a mapping belongs here, not {_kind(value)}")
        self._value = value
        self._taken: list[str] = []
        self.path = path

    def has(self, key: str) -> bool:
        """Returns whether the recipe has the key."""
        return key in self._value

    def _take(self, key: str, default: object) -> object:
        self._taken.append(key)
        if key in self._value:
            return self._value[key]
        if default is _ABSENT:
            raise RecipeError(self.path, f"the key {key!r} is missing")
        return default

    def where(self, key: str) -> str:
        """Returns the path of a key."""
        return f"{self.path}.{key}" if self.path else key

    def value(self, key: str, default: object = _ABSENT) -> object:
        """Returns any value, unchecked."""
        return self._take(key, default)

    def integer(self, key: str, low: int, high: int, default: object = _ABSENT) -> int:
        """Returns an integer from `low` to `high`, both inclusive.

        Raises:
            RecipeError: The value is something else.
        """
        value = self._take(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise RecipeError(self.where(key), f"an integer belongs here, not {_kind(value)}")
        if not low <= value <= high:
            raise RecipeError(self.where(key), f"{value} is not in {low}..{high}")
        return value

    def text(self, key: str, default: object = _ABSENT) -> str:
        """Returns text.

        Raises:
            RecipeError: The value is something else.
        """
        value = self._take(key, default)
        if not isinstance(value, str):
            raise RecipeError(self.where(key), f"text belongs here, not {_kind(value)}")
        return value

    def name(self, key: str, names: type[IntEnum], high: int, default: object = _ABSENT) -> int:
        """Returns the number of a name of an enum.

        A number up to `high` is allowed too, so that wrong content can be written.

        Raises:
            RecipeError: The value is something else.
        """
        value = self._take(key, default)
        return _number(value, names, high, self.where(key))

    def names(self, key: str, names: type[IntFlag], high: int, default: object = _ABSENT) -> int:
        """Returns a list of names of flags or of numbers, joined; or one number.

        Raises:
            RecipeError: The value is something else.
        """
        value = self._take(key, default)
        if isinstance(value, int):
            return _number(value, names, high, self.where(key))
        if not isinstance(value, list):
            raise RecipeError(self.where(key), f"a list of names belongs here, not {_kind(value)}")
        joined = 0
        for item in value:
            joined |= _number(item, names, high, self.where(key))
        return joined

    def texts(self, key: str) -> list[str]:
        """Returns a list of texts.

        Raises:
            RecipeError: The value is something else.
        """
        value = self._take(key, _ABSENT)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise RecipeError(self.where(key), "a list of texts belongs here")
        return list(value)

    def integers(self, key: str, high: int) -> list[int]:
        """Returns a list of integers from 0 to `high`.

        Raises:
            RecipeError: The value is something else.
        """
        value = self._take(key, _ABSENT)
        if not isinstance(value, list) or not all(isinstance(i, int) and 0 <= i <= high for i in value):
            raise RecipeError(self.where(key), f"a list of integers from 0 to {high} belongs here")
        return list(value)

    def mapping(self, key: str) -> Part:
        """Returns a mapping, as a part of its own.

        Raises:
            RecipeError: The value is something else.
        """
        return Part(self._take(key, _ABSENT), self.where(key))

    def parts(self, key: str, default: object = _ABSENT) -> Iterator[Part]:
        """Yields the mappings of a list.

        Raises:
            RecipeError: The value is something else.
        """
        value = self._take(key, default)
        if not isinstance(value, list):
            raise RecipeError(self.where(key), f"a list belongs here, not {_kind(value)}")
        return (Part(item, f"{self.where(key)}[{i}]") for i, item in enumerate(value))

    def done(self) -> None:
        """Refuses unknown keys.

        Raises:
            RecipeError: There is one.
        """
        for key in self._value:
            if key not in self._taken:
                near = difflib.get_close_matches(str(key), self._taken, 1)
                hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(self._taken)}"
                raise RecipeError(self.where(str(key)), f"the key means nothing here{hint}")


def _number(value: object, names: type[IntEnum] | type[IntFlag], high: int, path: str) -> int:
    if isinstance(value, str):
        known = {name.lower(): int(number) for name, number in names.__members__.items()}
        if value in known:
            return known[value]
        near = difflib.get_close_matches(value, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
        raise RecipeError(path, f"{value!r} is not a name here; {hint}")
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= high:
        raise RecipeError(path, f"a name, or a number from 0 to {high}, belongs here")
    return value


def _kind(value: object) -> str:
    return "nothing" if value is None else type(value).__name__
