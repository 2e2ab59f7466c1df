"""The numbers and texts that a search should try first: of the schema, the definitions, the driver builds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ccheck.core.consumers import Consumer
from ccheck_fuzz.model import opened
from ccheck_schemas.model import Number, constants
from ccheck_schemas.schema import Schema

EDGES = (0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 4095, 4096, 32_767, 32_768, 65_535,
         65_536, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1)  # fmt: skip
"""The limits of integers of all widths, signed and unsigned."""

COSTLY_TEXTS = (
    b"(a+)+$", b"(a|aa)+$", b"(.*a){20}", b"((a{0,99}){0,99}){0,99}", b"(x{1000}){1000}", b"[", b"(",
    b"a{2,1}", b"\\", b"(?P<a>", b"(?i)\xc5\xbf", b".*.*.*.*.*.*=", b"\\p{Greek}{1000}", b"^$", b"|", b"*",
    b".{1000}",
)  # fmt: skip
"""Texts that are no regular expressions, and some that cost a backtracking engine, or a compiler, dearly."""

TEXTS = (
    "a", "\x7f", "\u00e9", "\u00df", "\u0130", "\u212a", "\ufeff", "\U0001f41b", "%s%n", "..\\..\\", "A" * 64,
    "=,;:", ";", ";;", " ", "\\Device\\NamedPipe\\",
)  # fmt: skip
"""Texts at the edges of encodings, of case folding, and of parsers of texts."""

MOST_OF_A_FILE = 4096
"""Numbers that are taken out of one file."""


@dataclass(frozen=True)
class InterestingValues:
    """The values to try first.

    Attributes:
        numbers: The numbers, ascending.
        named: The numbers that something names literally.
        texts: Well-formed texts.
        costly: Texts that are costly to compile.
    """

    numbers: tuple[int, ...] = EDGES
    named: tuple[int, ...] = ()
    texts: tuple[str, ...] = TEXTS
    costly: tuple[bytes, ...] = COSTLY_TEXTS
    _fitting: dict[Number, tuple[int, ...]] = field(default_factory=dict, compare=False, repr=False)

    def fitting(self, number: Number) -> tuple[int, ...]:
        """Returns the numbers that the bytes of a field can hold."""
        held = self._fitting.get(number)
        if held is None:
            held = tuple(value for value in self.numbers if number.least <= value <= number.most)
            self._fitting[number] = held
        return held

    @cached_property
    def small(self) -> tuple[int, ...]:
        """The numbers that are counts of something: at most 300."""
        return tuple(value for value in self.numbers if 0 <= value <= 300)


def interesting_values(
    schema: Schema, files: Iterable[bytes] = (), consumers: Sequence[Consumer] = ()
) -> InterestingValues:
    """Returns what a schema, other files of it (definitions above all) and builds name, and adjacent numbers.

    Args:
        schema: The format.
        files: Files whose numbers and table lengths count.
        consumers: The driver builds.
    """
    named: set[int] = set()
    for data in files:
        named.update(_of_file(schema, data))
    for build in consumers:
        named.update(_of_build(build))
    wanted = named | set(constants(schema.layout).numbers)
    near = {value + by for value in wanted for by in (-1, 0, 1)}
    return InterestingValues(tuple(sorted(near | set(EDGES))), tuple(sorted(named)))


def _of_file(schema: Schema, data: bytes) -> set[int]:
    """Returns the counts of a file and the numbers of its records."""
    model = opened(schema, data)
    found = set(model.frame.counts())
    left = MOST_OF_A_FILE
    for population in model.frame.populations:
        for start in population.starts:
            found.update(model.value(start, number) for number in population.kind.numbers)
            left -= len(population.kind.numbers)
            if left < 0:
                return found
    return found


def _of_build(build: Consumer) -> Iterator[int]:
    """Yields all numbers that a build states: counts, limits, and the numbers of sets."""
    for value in build.facts.values():
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, int) and not isinstance(one, bool):
                yield one
