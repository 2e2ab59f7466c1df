"""Minimal files: each number is one that all its meanings allow, or the file is refused with the reason."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, IntFlag
from random import Random
from typing import Any

import construct
import pytest
from construct import Array, Bytes, If, Struct, this
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ccheck_schemas import meaning as m
from ccheck_schemas.fault import FaultName
from ccheck_schemas.layout import tree
from ccheck_schemas.layout.compiler import compile_tree
from ccheck_schemas.layout.lint import layout_of, lint
from ccheck_schemas.model import NoAllowedNumber, minimal_file
from ccheck_schemas.model.allowed_numbers import allows, least_allowed
from ccheck_schemas.read import read

INTEGERS = (construct.Int8ub, construct.Int8sb, construct.Int16ul, construct.Int16sb, construct.Int32ub)

Wrap = Callable[[construct.Construct], construct.Construct]


class Kind(IntEnum):
    """The first value is not 0."""

    B = 4
    A = 2
    C = 200


class Below(IntEnum):
    """One value is below 0."""

    MINUS = -8
    ZERO = 0
    SIX = 6


class Flag(IntFlag):
    """Bits that are not the lowest."""

    TWO = 2
    FOUR = 4
    SIXTEEN = 16


class Odd(IntFlag):
    """A bit that no `Kind` has."""

    ONE = 1


numbers = st.integers(0, 300)
"""Bounds that the fields of a minimal file can be as long as."""


def bounded(kind: Callable[..., construct.Construct], **more: Any) -> st.SearchStrategy[Wrap]:
    """A meaning with bounds."""

    def wrapped(ends: tuple[int, int]) -> Wrap:
        low, high = sorted(ends)
        return lambda inner: kind(inner, low=low, high=high, **more)

    return st.tuples(numbers, numbers).map(wrapped)


BY_THEMSELVES: st.SearchStrategy[Wrap] = st.one_of(
    bounded(m.Bounded),
    st.sampled_from((Kind, Below)).map(lambda values: lambda inner: m.StrictEnum(inner, values)),
    st.just(lambda inner: m.StrictFlags(inner, Flag)),
    st.just(m.Reserved),
    st.just(lambda inner: m.Version(inner, known=(1, 4, 6))),
    st.just(lambda inner: m.Version(inner, known=(2, 4), mask=6)),
    st.just(lambda inner: m.BelowCount(inner, "inputs")),
    st.just(lambda inner: m.Understood(inner, "kinds")),
    st.just(lambda inner: m.WithinLimit(inner, "most")),
    st.sampled_from((1, 3, 4)).map(lambda align: lambda inner: m.OffsetInto(inner, of="read", align=align)),
)
"""Meanings that one number can break by itself, and those that allow every number by themselves."""

COUNTED: st.SearchStrategy[Wrap] = st.one_of(
    st.sampled_from((1, 2, 5)).flatmap(lambda step: bounded(m.LengthOf, of="data", step=step)),
    st.just(lambda inner: m.CountOf(inner, of="data")),
)
"""Meanings of a number that says how long `data` is."""

LONG: tuple[construct.Construct, ...] = (
    Bytes(this.n),
    m.Text(this.n, "ascii"),
    Array(this.n, construct.Int8ub),
    m.Table("rows", this.n, Struct("x" / construct.Int8ub), low=0, high=300),
    If(this.n > 0, Bytes(this.n)),
)


def schema(
    leaf: construct.Construct, wraps: list[Wrap], data: construct.Construct | None
) -> construct.Struct:
    """A record of one number with several meanings, and the fields that they name."""
    number = leaf
    for wrap in wraps:
        number = wrap(number)
    fields = ["n" / number, "read" / If(this.n == 0, m.ReadAt(this.n, construct.Int8ub))]
    return Struct(*fields, *(() if data is None else ("data" / data,)))


def check(root: construct.Struct, seed: int) -> None:
    """Compares a minimal file with the reader; it is refused if no number is allowed by all meanings."""
    layout = layout_of(root)
    leaf = layout.fields[0].node
    assert isinstance(leaf, tree.Integer)
    low, high = leaf.range
    if not any(allows(leaf, value) for value in range(max(low, -2000), min(high, 2000) + 1)):
        with pytest.raises(NoAllowedNumber, match=r"^n: no number from "):
            minimal_file(layout, Random(seed))
        return
    data = minimal_file(layout, Random(seed))
    reading = read(layout, data)
    assert not reading.counts, (reading.counts, data.hex())
    assert reading.complete


def lint_takes(root: construct.Struct) -> bool:
    """Returns whether each meaning by itself leaves a number to the field."""
    complaints = lint(root)
    assert all("refuses every number" in complaint for complaint in complaints)
    return not complaints


@settings(max_examples=400)
@given(st.sampled_from(INTEGERS), st.lists(BY_THEMSELVES, max_size=4), st.integers(0, 99))
@example(
    construct.Int8ub, [lambda inner: m.StrictFlags(inner, Flag), lambda inner: m.Bounded(inner, 3, 9)], 0
)
def test_a_number_keeps_all_its_meanings(leaf: construct.Construct, wraps: list[Wrap], seed: int) -> None:
    """For any meanings around one integer the minimal file has no fault, or no number would have none."""
    root = schema(leaf, wraps, None)
    if lint_takes(root):
        check(root, seed)


@settings(max_examples=400)
@given(
    st.sampled_from(INTEGERS),
    st.lists(BY_THEMSELVES, max_size=3),
    st.lists(COUNTED, min_size=1, max_size=2),
    st.sampled_from(LONG),
    st.randoms(use_true_random=False),
)
def test_what_a_number_counts_is_as_long_as_its_meanings_allow(
    leaf: construct.Construct,
    wraps: list[Wrap],
    counted: list[Wrap],
    data: construct.Construct,
    random: Random,
) -> None:
    """The same for a number that says how long another field is, whichever meaning is outermost."""
    both = [*wraps, *counted]
    random.shuffle(both)
    root = schema(leaf, both, data)
    if lint_takes(root):
        check(root, random.randrange(100))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (m.Reserved(m.Bounded(construct.Int8ub, 1, 9)), "n: no number from 0 to 255 was found that Reserved and Bounded allow together"),
        (m.StrictFlags(m.StrictEnum(construct.Int8ub, Kind), Odd), "n: no number from 0 to 255 was found that StrictFlags and StrictEnum allow together"),
    ],
)  # fmt: skip
def test_meanings_that_contradict_each_other_are_named(number: construct.Construct, words: str) -> None:
    """A file that no number could complete is refused, and the message names the field and its meanings."""
    with pytest.raises(NoAllowedNumber) as refused:
        minimal_file(layout_of(Struct("n" / number)), Random(1))
    assert str(refused.value) == words


@pytest.mark.parametrize(
    ("number", "least"),
    [
        (m.Bounded(construct.Int8sb, -9, -3), -3),
        (m.OffsetInto(m.Bounded(construct.Int8sb, -9, -3), of="n", align=4), -4),
        (m.StrictFlags(m.Bounded(construct.Int8ub, 3, 99), Flag), 4),
        (m.StrictFlags(m.Bounded(construct.Int8ub, 7, 99), Flag), 16),
        (m.Version(m.Bounded(construct.Int16ub, 9, 99), known=(1,), mask=7), 9),
        (m.Version(m.Bounded(construct.Int16ub, 10, 99), known=(1,), mask=7), 17),
        (m.LengthOf(m.Version(construct.Int16ub, known=(1,), mask=1), of="n", low=2, step=3), 3),
        (m.Version(m.Version(construct.Int8ub, known=(1,), mask=1), known=(2,), mask=2), 3),
    ],
)
def test_the_least_number_is_found(number: construct.Construct, least: int) -> None:
    """The least number from 0 on comes first, and the greatest negative one where there is none."""
    layout, _ = compile_tree(Struct("n" / number))
    leaf = layout.fields[0].node
    assert isinstance(leaf, tree.Integer)
    assert least_allowed(leaf) == least


def test_a_number_compared_with_builds_is_the_first_of_its_values() -> None:
    """Any build is likely to take the least value; without a comparison, others come too."""
    for number, made in (
        (m.Understood(m.StrictEnum(construct.Int8ub, Kind), "kinds"), {b"\2"}),
        (m.StrictEnum(m.BelowCount(construct.Int8ub, "kinds"), Kind), {b"\2"}),
        (m.WithinLimit(construct.Int8ub, "most"), {b"\0"}),
        (m.StrictEnum(construct.Int8ub, Kind), {b"\2", b"\4", b"\xc8"}),
    ):
        layout = layout_of(Struct("n" / number))
        assert {minimal_file(layout, Random(seed)) for seed in range(40)} == made


def test_a_size_that_its_field_cannot_have_is_a_fault_of_the_file() -> None:
    """A minimal file that is longer than its size field can say is made, and the reader finds the fault."""
    layout = layout_of(Struct("size" / m.FileSize(construct.Int8ub), "body" / Bytes(300)))
    data = minimal_file(layout, Random(1))
    assert len(data) == 301
    assert set(read(layout, data).counts) == {FaultName.SIZE_MISMATCH}
