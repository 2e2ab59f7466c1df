"""Reading a TOML table key by key, strictly: types, ranges, unknown keys, all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from ccheck.text.quoting import did_you_mean, shown, words_of

if TYPE_CHECKING:
    from ccheck.text.toml_document import Document
    from ccheck.text.toml_lines import KeyPath

_T = TypeVar("_T")
_TEXT = "text in quotes"


class Table:
    """One table of a document, read key by key.

    Each method returns the value of a key, or a harmless placeholder after noting what is wrong with it; no
    placeholder gets out, because `Document.settle` raises before. End with `done`: unknown keys are wrong.
    """

    def __init__(self, document: Document, where: KeyPath, data: object) -> None:
        """Read `data` at `where`; it is wrong if it is no table."""
        self.document = document
        self.where = where
        self.data: Mapping[str, Any] = data if isinstance(data, dict) else {}
        self.valid = isinstance(data, dict)
        self._known: dict[str, None] = {}
        if not self.valid:
            document.complain(where, f"{shown(data)} is not a table")

    def complain(self, key: str, message: str) -> None:
        """Note that `message` is wrong with `key`."""
        self.document.complain((*self.where, key), message)

    def line(self, key: str) -> int:
        """The line of `key`, or of the table when it has no such key."""
        return self.document.line((*self.where, key))

    def text(self, key: str, default: str | None = None) -> str:
        """Text that is not empty. Without a default the key must be there."""
        return self._read(key, _TEXT, lambda v: isinstance(v, str) and bool(v.strip()), default, "")

    def optional_text(self, key: str) -> str | None:
        """Text that is not empty, or None when the key is absent."""
        return self.text(key) if self._has(key) else None

    def choice(self, key: str, words: Sequence[str], default: str | None = None) -> str:
        """One of `words`."""
        value = self.text(key, default)
        if value and value not in words:
            hint = did_you_mean(value, words)
            self.complain(key, f"{shown(value)} is not {'known' + hint if hint else words_of(words)}")
        return value

    def flag(self, key: str, default: bool | None = None) -> bool:
        """`true` or `false`."""
        return self._read(key, "true or false", lambda v: isinstance(v, bool), default, False)

    def integer(self, key: str, least: int, greatest: int) -> int:
        """A whole number from `least` to `greatest`; `true` is not one."""
        value = self._read(key, "a whole number", lambda v: type(v) is int, None, least)
        if not least <= value <= greatest:
            self.complain(key, f"{shown(value)} is not between {least:,} and {greatest:,}")
        return value

    def number(self, key: str, numbers: Sequence[int]) -> int:
        """One of `numbers`."""
        value = self._read(key, "a whole number", lambda v: type(v) is int, None, numbers[0])
        if value not in numbers:
            self.complain(key, f"{shown(value)} is not {words_of([str(number) for number in numbers])}")
        return value

    def optional_integer(self, key: str, least: int, greatest: int) -> int | None:
        """A whole number, or None when the key is absent."""
        return self.integer(key, least, greatest) if self._has(key) else None

    def day(self, key: str) -> date:
        """A date without a time."""
        form = "a date such as 2024-07-19"
        return self._read(
            key, form, lambda v: isinstance(v, date) and not isinstance(v, datetime), None, date.min
        )

    def optional_day(self, key: str) -> date | None:
        """A date without a time, or None when the key is absent or wrong."""
        before = len(self.document.problems)
        value = self.day(key) if self._has(key) else None
        return value if len(self.document.problems) == before else None

    def elements(
        self, key: str, form: str, fits: Callable[[Any], bool], words: Collection[str] = ()
    ) -> tuple[Any, ...]:
        """A list that is not empty, whose elements fit, none of them twice.

        Args:
            key: The key of the list.
            form: What an element must be.
            fits: Returns whether an element fits.
            words: What an element may have been meant to be.
        """
        values: list[Any] = self._read(key, "a list", lambda v: isinstance(v, list), None, [])
        if self.data.get(key) == []:
            self.complain(key, "the list is empty")
        seen: dict[Any, None] = {}
        for index, value in enumerate(values):
            where = (*self.where, key, index)
            if not fits(value):
                hint = did_you_mean(value, words) if isinstance(value, str) else ""
                self.document.complain(where, f"{shown(value)} is not {form}{hint}")
            elif value in seen:
                self.document.complain(where, f"{shown(value)} stands in the list twice")
            else:
                seen[value] = None
        return tuple(seen)

    def table(self, key: str) -> Table:
        """The table at `key`; an empty one when the key is absent."""
        return Table(self.document, (*self.where, key), self.data[key] if self._has(key) else {})

    def tables(self, key: str) -> Iterator[Table]:
        """The tables of the array at `key`; none when the key is absent."""
        if not self._has(key):
            return
        values = self.data[key]
        if not isinstance(values, list):
            self.complain(key, f"{shown(values)} is not an array of tables; write [[{key}]]")
            return
        for index, value in enumerate(values):
            yield Table(self.document, (*self.where, key, index), value)

    def done(self) -> None:
        """Note the keys that were not read."""
        for key in self.data:
            if key not in self._known:
                self.complain(key, f"is not a key{did_you_mean(key, self._known)}")

    def _has(self, key: str) -> bool:
        self._known[key] = None
        return key in self.data

    def _read(self, key: str, form: str, fits: Callable[[Any], bool], default: _T | None, stand_in: _T) -> _T:
        if not self._has(key):
            if default is not None:
                return default
            if self.valid:
                self.complain(key, "is missing")
            return stand_in
        value = self.data[key]
        if fits(value):
            chosen: _T = value
            return chosen
        found = "empty" if isinstance(value, str) and form == _TEXT else f"{shown(value)}, not {form}"
        self.complain(key, f"is {found}")
        return stand_in
