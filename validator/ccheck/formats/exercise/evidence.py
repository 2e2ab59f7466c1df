"""What a file makes a driver do, and under which builds that was tried, as a release gate evaluates it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ccheck.formats.exercise.outcome import Exercise, Exercised, RunInputs
from ccheck_schemas.build_facts import FactKind
from ccheck_schemas.model import vocabulary
from ccheck_schemas.read import read
from ccheck_schemas.read.fact_uses import fact_uses
from ccheck_schemas.schema import Schema


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """One criterion kind on one field of a template type.

    Attributes:
        field: From 0.
    """

    type: str
    version: int
    field: int
    kind: str


@dataclass(frozen=True, slots=True)
class Slot:
    """One field of a template type as its definitions have it.

    Attributes:
        allowed: Criterion kinds.
    """

    type: str
    version: int
    field: int
    name: str
    allowed: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """The result of running one file.

    Attributes:
        kinds: All criterion kinds of the format, in its order.
        slots: The fields of the types in use.
        uses: What the file contains.
        results: Each use that met an event in a build that supplies every input, with whether it matched.
        ran: Under which builds a use was evaluated on an input that the build supplies.
        paths: What the interpreter did beyond that, in words, and under which builds.
        words: What the file uses of its format's vocabulary, and the builds that ran the whole file.
    """

    exercised: Exercised
    kinds: tuple[str, ...] = ()
    slots: tuple[Slot, ...] = ()
    uses: tuple[Use, ...] = ()
    results: frozenset[tuple[Use, bool]] = frozenset()
    ran: Mapping[Use, frozenset[str]] = field(default_factory=dict)
    paths: Mapping[str, frozenset[str]] = field(default_factory=dict)
    words: Mapping[str, frozenset[str]] = field(default_factory=dict)


Gather = Callable[[bytes, Any, RunInputs], Evidence]
"""Run a file (its bytes, and its content as the schema reads it). Raises ExerciseError; any bytes give
evidence.
"""


def builds_by(found: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """The builds of each thing, from pairs of a thing and a build."""
    builds: dict[str, set[str]] = {}
    for thing, build in found:
        builds.setdefault(thing, set()).add(build)
    return {thing: frozenset(took) for thing, took in builds.items()}


def _facts_used(schema: Schema, data: bytes) -> Iterator[str]:
    """Yields what a file asks of driver builds, such as ``counts.inputs for IPC: 20``.

    Limits are left out: how much there is of something is nothing new.
    """
    if not schema.facts:
        return
    reading = read(schema.layout, data)
    for use in (*fact_uses(reading, FactKind.COUNT), *fact_uses(reading, FactKind.SET)):
        if use.key is not None:
            fact = schema.merged_fact(use.fact)
            names = {number: name for name, number in fact.names.items()}
            key = f" for {'@'.join(map(str, use.key))}" if use.key else ""
            yield f"{fact}{key}: {names.get(use.value, use.value)}"


def plain(exercise: Exercise, schema: Schema) -> Gather:
    """The evidence of a format that has nothing beyond its schema and what each build did.

    It is the words of its vocabulary that the file uses, each tried by the builds that ran the whole file.
    """

    def gather(data: bytes, content: Any, given: RunInputs) -> Evidence:
        done = exercise(data, given)
        builds = frozenset(o.consumer for o in done.outcomes if o.trap is None and o.refusal is None)
        words = set(vocabulary(schema.layout, data))
        if schema.builds_required or given.builds:
            words |= set(_facts_used(schema, data))
        return Evidence(done, words=dict.fromkeys(sorted(words), builds))

    return gather
