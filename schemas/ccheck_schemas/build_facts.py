"""The facts of a driver build that content is compared with, as a schema refers to them.

`consumers.toml` states them for each build. What a schema refers to and a build does not state is unknown,
and never unlimited.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, unique

from ccheck_schemas.span import Span


@unique
class FactKind(Enum):
    """What a fact says. The value is the name of its table in `consumers.toml`."""

    COUNT = "counts"
    """So many the build supplies: an index stays below."""
    SET = "sets"
    """These values the build understands: a value is among them."""
    LIMIT = "limits"
    """So much the build takes: an amount is no more."""
    SWITCH = "switches"
    """How the build behaves: true or false."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that a schema refers to.

    Attributes:
        kind: What it says.
        name: Its name in `consumers.toml`.
        keyed: Whether it has one value for each key of the content, such as a template type.
        names: The names of values, for a set; a build may list names or numbers.
        values: The values that content can have, for a set; None if the schema does not say. A build that
            lists another one states what nothing is ever compared with.
        default: What a switch is where a build does not state it; None if every build must state it.
    """

    kind: FactKind
    name: str
    keyed: bool = False
    names: Mapping[str, int] = field(default_factory=dict, hash=False)
    default: bool | None = None
    values: range | frozenset[int] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.kind, FactKind) or not isinstance(self.name, str) or not self.name.strip():
            raise ValueError(f'Fact({self.kind!r}, {self.name!r}): write Fact(FactKind.COUNT, "name")')
        if self.kind is FactKind.SWITCH and self.keyed:
            raise ValueError(f"{self.name}: a switch has no keys")

    def __hash__(self) -> int:
        """Returns a hash that is quick: what is asked of a fact again is remembered."""
        return hash(self.name)

    def __str__(self) -> str:
        """Returns the key in `consumers.toml`."""
        return f"{self.kind.value}.{self.name}"


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount that is derived from a file, and compared with a limit of each driver build.

    Attributes:
        value: The amount.
        span: The bytes to report.
        key: The parts of the key under which a build states the limit; empty for one without keys.
    """

    value: int
    span: Span
    key: tuple[int | str, ...] = ()


@dataclass(frozen=True, slots=True)
class Promise:
    """What definitions promise of a count: content may use so many.

    Attributes:
        fact: The name of the count.
        key: The key, as `consumers.toml` has it; empty for a count without keys.
        promised: How many.
    """

    fact: str
    key: str
    promised: int


def merged(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Returns facts without repetitions, in order.

    Raises:
        ValueError: Two of one kind and name differ.
    """
    found: dict[tuple[FactKind, str], Fact] = {}
    for fact in facts:
        known = found.setdefault((fact.kind, fact.name), fact)
        if known.keyed is not fact.keyed:
            raise ValueError(f"{fact} has a key in one place, and none in another")
        if fact.names and known.names and dict(known.names) != dict(fact.names):
            raise ValueError(f"{fact} has other names in one place than in another")
        if known.default is not fact.default:
            raise ValueError(f"{fact} has another default in one place than in another")
        if fact.names and not known.names:
            found[fact.kind, fact.name] = fact
    return tuple(found.values())
