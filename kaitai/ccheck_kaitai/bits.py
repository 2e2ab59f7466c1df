"""Bit fields as numbers: the integers that have their bits, and each number by its bits."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ccheck_kaitai.description import Attribute
from ccheck_kaitai.expression import member
from ccheck_kaitai.fields import numbers
from ccheck_kaitai.fields.field import Field
from ccheck_kaitai.fields.target import Target
from ccheck_kaitai.plain_types import bit_width
from ccheck_kaitai.scope import Scope, Taken

_WIDTHS = (8, 4, 2, 1)
"""Bytes of the integers that have the bits."""


def run_of_bits(attributes: tuple[Attribute, ...], order: str) -> int:
    """Returns how many bit fields come first that are of one order, and under one condition or under none.

    Args:
        attributes: The fields.
        order: Their order of bits, unless their types have their own.
    """
    condition, first = attributes[0].keys.get("if"), _order_of(attributes[0], order)
    count = 0
    for attribute in attributes:
        keys = attribute.keys
        if not bit_width(keys.get("type")) or "repeat" in keys or keys.get("if") != condition:
            break
        if _order_of(attribute, order) != first:
            break
        count += 1
    return count


@dataclass(frozen=True, slots=True)
class _Word:
    """An integer that has some of the bits. start: its first bit among those of the run."""

    name: str
    start: int
    bits: int


class BitFields(Field):
    """A run of bit fields.

    Attributes:
        gaps: What was left out.
    """

    def __init__(self, run: tuple[Attribute, ...], scope: Scope, names: Target) -> None:
        super().__init__(run[0], scope, names)
        self._run = run
        self._little = _order_of(run[0], scope.type_.bit_order) == "le"
        self._size = (sum(bit_width(one.keys["type"]) for one in run) + 7) // 8

    def lines(self) -> list[str]:
        """The lines of all fields.

        Raises:
            Stop: Their bits begin or end inside of a byte that others share.
        """
        total = sum(bit_width(one.keys["type"]) for one in self._run)
        following = self.scope.type_.attributes[self.scope.before + len(self._run) :][:1]
        before = self.scope.type_.attributes[: self.scope.before][-1:]
        for beside in (*before, *following):
            if bit_width(beside.keys.get("type")) and "repeat" not in beside.keys and total % 8:
                raise self.stop(
                    "its bits share a byte with others of another order, or under another condition"
                )
        words = self._words()
        lines = [self._line(word.name, self._integer_of(word)) for word in words]
        at = 0
        for attribute in self._run:
            width = bit_width(attribute.keys["type"])
            lines += self._number(attribute, self._bits_of(words, at, width), width)
            at += width
        return lines

    def _line(self, name: str, node: str) -> str:
        return f'"{name}" / {self._under_condition(node)},'

    def _under_condition(self, node: str) -> str:
        condition = self.condition_text()
        return node if condition is None else f"{self.names.use('If')}({condition}, {node})"

    def _words(self) -> list[_Word]:
        """The integers, the widest first."""
        found: list[_Word] = []
        at = 0
        while at < self._size:
            width = next(one for one in _WIDTHS if one <= self._size - at)
            name = f"{self._run[0].name}_bits" + (f"_{len(found)}" if found else "")
            found.append(_Word(Taken(self.scope.type_).free(name), 8 * at, 8 * width))
            at += width
        return found

    def _integer_of(self, word: _Word) -> str:
        return self.names.use(f"Int{word.bits}u{'l' if self._little and word.bits > 8 else 'b'}")

    def _bits_of(self, words: list[_Word], at: int, width: int) -> str:
        """The Python of a number by its bits; the first is the highest, or the lowest if little-endian."""
        parts: list[str] = []
        for word in words:
            first, last = max(at, word.start), min(at + width, word.start + word.bits)
            if first >= last:
                continue
            text = member(self.scope.here, word.name)
            shift = first - word.start if self._little else word.start + word.bits - last
            text = f"({text} >> {shift})" if shift else text
            if shift + last - first < word.bits:
                text = f"({text} & {(1 << last - first) - 1:#x})"
            above = first - at if self._little else at + width - last
            parts.append(f"({text} * {1 << above:#x})" if above else text)
        return " + ".join(parts)

    def _number(self, attribute: Attribute, text: str, width: int) -> list[str]:
        """The lines of one bit field."""
        field = _BitField(attribute, replace(self.scope, stream=None), self.names, text, width)
        node = self._under_condition(field.bits())
        self.gaps += field.gaps
        return [f'"{attribute.name}" / {node},', *field.after]


class _BitField(Field):
    """One bit field, whose bits are a number that is computed."""

    def __init__(self, attribute: Attribute, scope: Scope, names: Target, text: str, width: int) -> None:
        super().__init__(attribute, scope, names)
        self._text = text
        self._width = width

    def bits(self) -> str:
        """The Python of its node, without its condition."""
        self.check()
        self.taken |= {"type", "if"}
        made = numbers.named(self, f"{self.names.use('Computed')}({self._text})")
        made = numbers.valid(self, made, 0, (1 << self._width) - 1)
        numbers.condition(self)
        self.account()
        return made


def _order_of(attribute: Attribute, order: str) -> str:
    said = str(attribute.keys.get("type"))
    return said[-2:] if said[-2:] in ("le", "be") else order
