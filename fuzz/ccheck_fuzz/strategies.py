"""Hypothesis strategies for content: files that are valid, files that break only one check, and events.

For tests of your own drivers and tools. Files come from seeds, or are grown from nothing, and are then varied
by the mutators. They shrink to the smallest seed with the fewest edits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ccheck.judging.context import ValidationContext
from ccheck.judging.preparation import prepare
from ccheck_fuzz.corpus.explore import Explorer, Unreachable, follow
from ccheck_fuzz.corpus.grow import grow
from ccheck_fuzz.corpus.judged import Judged
from ccheck_fuzz.model import Model, opened
from ccheck_fuzz.mutate import MUTATIONS, Context, Mutation, numbers, records, texts
from ccheck_fuzz.mutate.events import matching_events, mutate_events
from ccheck_fuzz.mutate.interesting_values import InterestingValues, interesting_values
from ccheck_schemas.schema import Schema

__all__ = ["Unreachable", "broken", "events", "valid"]

MOST_EDITS = 6
GROWN = 3
"""Files that are grown if there are no seeds."""

TRIES = 20_000
"""Files that are judged at most in search of one that breaks only one check."""

_KEEPING: tuple[Mutation, ...] = tuple(
    mutation
    for mutation, _ in MUTATIONS
    if mutation.__module__ in (numbers.__name__, records.__name__, texts.__name__)
)
_EDITS = st.lists(st.tuples(st.sampled_from(_KEEPING), st.integers(0, (1 << 16) - 1)), max_size=MOST_EDITS)


def valid(
    schema: Schema,
    validation: ValidationContext | None = None,
    *,
    seeds: Sequence[bytes] = (),
    interesting: InterestingValues | None = None,
    wanted: Callable[[bytes], bool] = bool,
) -> SearchStrategy[bytes]:
    """Returns files that the validator passes without a finding.

    Args:
        schema: The format.
        validation: What they are judged by, as `ccheck.judging.preparation.prepare` returns it; without it,
            only the schema and its checks.
        seeds: Files that pass, to begin with; without them, some are grown.
        interesting: Numbers to try.
        wanted: Whether a file is of the requested sort, if a schema has several.

    Raises:
        Unreachable: When a file is drawn and there is none to begin with.
    """
    world = _World(schema, validation, seeds, interesting, wanted)
    return st.deferred(lambda: _varied(world))


def broken(
    schema: Schema,
    check: str,
    validation: ValidationContext | None = None,
    *,
    seeds: Sequence[bytes] = (),
    interesting: InterestingValues | None = None,
    wanted: Callable[[bytes], bool] = bool,
    tries: int = TRIES,
) -> SearchStrategy[bytes]:
    """Returns files in which one check finds something, and no other check does.

    Args:
        schema: The format.
        check: The name of the check.
        validation: What files are judged by, as for `valid`.
        seeds: Files that pass, as for `valid`.
        interesting: Numbers to try.
        wanted: Whether a file is of the requested sort, as for `valid`.
        tries: How many files are judged in search of the first.

    Raises:
        Unreachable: When a file is drawn and none was found: the check needs another setting or other
            seeds, or never fails on its own.
    """
    world = _World(schema, validation, seeds, interesting, wanted)
    return st.deferred(lambda: _broken(world, check, tries))


def events(
    content: bytes, schema: Schema, definitions: bytes | None = None
) -> SearchStrategy[tuple[str, ...]]:
    """Returns events as lines of JSON: some of those generated from the content, and some nearly like them.

    Args:
        content: The content file.
        schema: The format; one without events gives empty tuples.
        definitions: The definitions file, if the format has one.
    """
    lines = matching_events(schema.name, content, definitions)
    if not lines:
        return st.just(())
    chosen = st.lists(st.sampled_from(lines), max_size=8)
    edits = st.lists(st.integers(0, (1 << 16) - 1), max_size=4)
    return st.builds(_edited, chosen, edits)


def _edited(lines: list[str], edits: list[int]) -> tuple[str, ...]:
    out = tuple(lines)
    for number in edits:
        out = mutate_events(out, Random(number))
    return out


class _World:
    """What files are built from and judged by; seeds are grown, and ways explored, on first use."""

    def __init__(
        self,
        schema: Schema,
        validation: ValidationContext | None,
        seeds: Sequence[bytes],
        numbers: InterestingValues | None,
        wanted: Callable[[bytes], bool],
    ) -> None:
        self.judged = Judged(schema, validation or prepare(use_config=False))
        self.interesting = numbers or interesting_values(schema)
        self.wanted = wanted
        self._given = tuple(seeds)
        self._explorer: Explorer | None = None
        self._seeds: tuple[bytes, ...] = ()

    @property
    def seeds(self) -> tuple[bytes, ...]:
        """Files without findings, the smallest first."""
        if not self._seeds:
            schema, validation = self.judged.schema, self.judged.validation
            found = self._given
            if not found:
                grown = [
                    grow(schema, validation, Random(i), self.interesting, wanted=self.wanted)
                    for i in range(GROWN)
                ]
                found = tuple(one.data for one in grown)
            clean = {data for data in found if not self.judged.report(data).findings and self.wanted(data)}
            if not clean:
                detail = "no seed passes without a finding" if self._given else "no file could be grown"
                raise Unreachable("valid", len(found), detail)
            self._seeds = tuple(sorted(clean, key=lambda data: (len(data), data)))
        return self._seeds

    @property
    def explorer(self) -> Explorer:
        """The ways that are known so far."""
        if self._explorer is None:
            self._explorer = Explorer(self.judged, self.seeds, self.interesting)
        return self._explorer

    def vary(
        self, data: bytes, edits: Sequence[tuple[Mutation, int]], keeps: Callable[[bytes], bool]
    ) -> bytes:
        """Returns a file after those edits that keep a property."""
        others = [opened(self.judged.schema, seed) for seed in self.seeds]
        context = Context(self.interesting, others, 1 << 16)
        model: Model = opened(self.judged.schema, data)
        for mutation, number in edits:
            made = mutation(model, Random(number), context)
            if isinstance(made, Model) and made.data != model.data and keeps(made.data):
                model = made
        return model.data


def _varied(world: _World) -> SearchStrategy[bytes]:
    def keeps(data: bytes) -> bool:
        return world.wanted(data) and not world.judged.checks(data) and world.judged.passes(data)

    return st.builds(lambda data, edits: world.vary(data, edits, keeps), st.sampled_from(world.seeds), _EDITS)


def _broken(world: _World, check: str, tries: int) -> SearchStrategy[bytes]:
    known = [one.name for one in world.judged.validation.checks]
    if check not in known:
        raise Unreachable(check, 0, "there is no check of this name")
    explorer = world.explorer
    explorer.until(check, tries)

    def keeps(data: bytes) -> bool:
        return world.wanted(data) and world.judged.checks(data) == {check}

    files = list(explorer.fixed.get(check, []))
    for way in explorer.found.get(check, []):
        made = follow(explorer.models[way.seed], way.steps, explorer.context)
        files.append(made if isinstance(made, bytes) else made.data)
    files = sorted({data for data in files if keeps(data)} or set(files), key=lambda data: (len(data), data))
    return st.builds(lambda data, edits: world.vary(data, edits, keeps), st.sampled_from(files), _EDITS)
