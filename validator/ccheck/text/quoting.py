"""How messages about configuration quote values and offer words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from ccheck.text.printable import printable


def shown(value: object) -> str:
    """A value of TOML as a message quotes it: short, and safe to show."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{printable(value if len(value) <= 60 else value[:57] + "...")}"'
    if isinstance(value, int) and value.bit_length() > 64:
        return f"a number of {value.bit_length()} bits"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return "a list"
    return "a table" if isinstance(value, dict) else str(value)


def did_you_mean(word: str, known: Collection[str]) -> str:
    """`; did you mean X?` if a known word is close to `word`, else nothing."""
    import difflib  # only mistakes need it

    close = difflib.get_close_matches(word[:80], known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def counted(number: int, noun: str) -> str:
    """`1 file`, `1,234 files`: the number with thousands marked, and its noun."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def words_of(words: Sequence[str]) -> str:
    """`a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
