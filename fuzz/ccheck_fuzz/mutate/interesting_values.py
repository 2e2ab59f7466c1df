"""The numbers and texts that a search should try first: of the schema, the definitions, the driver builds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ccheck.core.consumers import Consumer
from ccheck.core.contract import numbers_of
from ccheck_fuzz.model import opened
from ccheck_schemas.build_facts import Fact, FactKind
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
        facts: The numbers that driver builds state for each fact, and those beside them.
    """

    numbers: tuple[int, ...] = EDGES
    named: tuple[int, ...] = ()
    texts: tuple[str, ...] = TEXTS
    costly: tuple[bytes, ...] = COSTLY_TEXTS
    facts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
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
    parts = (schema, *schema.contents)
    facts = {str(fact): _stated(fact, consumers) for one in parts for fact in one.facts}
    for stated in facts.values():
        named.update(stated)
    wanted = named.union(*(constants(one.layout).numbers for one in parts))
    return InterestingValues(
        tuple(sorted({*_beside(wanted), *EDGES})),
        tuple(sorted(named)),
        facts={name: _beside(stated) for name, stated in facts.items() if stated},
    )


def _beside(numbers: Iterable[int]) -> tuple[int, ...]:
    """Returns numbers and those beside them, ascending."""
    return tuple(sorted({number + by for number in numbers for by in (-1, 0, 1)}))


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


def _stated(fact: Fact, builds: Sequence[Consumer]) -> set[int]:
    """Returns all numbers that builds state for a fact: counts, limits, and the elements of sets."""
    found: set[int] = set()
    for build in builds:
        for (kind, name, _), value in build.facts.items():
            if (kind, name) == (fact.kind, fact.name) and kind is not FactKind.SWITCH:
                found |= numbers_of(fact, value) if isinstance(value, tuple) else {int(value)}
    return found
