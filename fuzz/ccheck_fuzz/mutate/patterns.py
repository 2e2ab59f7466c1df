"""Mutators of texts that are compiled: patterns that are none, and patterns that cost dearly."""

from __future__ import annotations

from random import Random

from ccheck_fuzz.model import Model
from ccheck_fuzz.mutate.place import Context, pick
from ccheck_fuzz.mutate.texts import Text, edited

BRACKETS = "()[]{}"
SIGNS = frozenset(b"()[]{}*+?|")
"""What a text that is a pattern mostly has, and a path or a name mostly not."""
PLAIN = 0.2
"""How often a text is taken for a pattern that does not look like one."""
TIMES = (9, 50, 99, 200, 255, 256, 500, 999, 1000, 1001)
"""Counts of a repetition: engines allow a thousand, and what is repeated says what each of them costs."""


def text_of_metacharacters(model: Model, random: Random, context: Context) -> Model | None:
    """A regular expression that is none, or one that costs dearly."""

    def edit(text: Text, random: Random, context: Context) -> bytes | None:
        return (
            text.encoded(pick(random, context.interesting.costly).decode("utf-8")) if text.encoding else None
        )

    return edited(model, random, context, edit)


def pattern_unbalanced(model: Model, random: Random, context: Context) -> Model | None:
    """A pattern with a bracket more or less, or cut after one."""

    def edit(text: Text, random: Random, context: Context) -> bytes | None:
        if not _is_pattern(text, random):
            return None
        units = _characters(text)
        brackets = [i for i, unit in enumerate(units) if _plain(unit) in BRACKETS]
        chance = random.random()
        if brackets and chance < 0.35:
            del units[pick(random, brackets)]
        elif brackets and chance < 0.5:
            del units[pick(random, brackets) + 1 :]
        else:
            at = int(random.random() * (len(units) + 1))
            units.insert(at, text.encoded(pick(random, BRACKETS)))
        return b"".join(units)

    return edited(model, random, context, edit)


def pattern_repeated(model: Model, random: Random, context: Context) -> Model | None:
    """A pattern, one character of it or any character, repeated many times, which multiplies its cost."""

    def edit(text: Text, random: Random, context: Context) -> bytes | None:
        if not _is_pattern(text, random):
            return None
        times = text.encoded(f"{{{pick(random, TIMES)}}}")
        chance = random.random()
        if chance < 0.4:
            return text.encoded("(") + text.content + text.encoded(")") + times
        if chance < 0.7:
            return text.content + text.encoded(".") + times
        units = _characters(text)
        units.insert(int(random.random() * (len(units) + 1)), times)
        return b"".join(units)

    return edited(model, random, context, edit)


def _is_pattern(text: Text, random: Random) -> bool:
    """Returns whether a text is to be taken for a pattern: mostly one that looks like one."""
    return bool(text.encoding) and (not SIGNS.isdisjoint(text.content) or random.random() < PLAIN)


def _characters(text: Text) -> list[bytes]:
    """Returns the bytes of a text, character by character where each has as many as a NUL."""
    unit = len(text.unit)
    return [text.content[i : i + unit] for i in range(0, len(text.content), unit)]


def _plain(unit: bytes) -> str:
    """Returns the ASCII character of one encoded unit; else something that is never searched for."""
    return chr(unit[0]) if unit[0] < 0x80 and not any(unit[1:]) else "\0"
