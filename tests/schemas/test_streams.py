"""Opaque fields, slots, substreams and fields at positions: read by ccheck and by Construct, the same values."""

from __future__ import annotations

import random
from typing import Any

import construct
import pytest
from construct import Array, Bytes, If, Int8ub, Int16ul, Struct, Switch, this
from hypothesis import given, settings
from hypothesis import strategies as st

from ccheck.config.user_schema import UserSchema
from ccheck.judging import generated_fast_path as own
from ccheck_fuzz.model import opened
from ccheck_schemas import meaning as m
from ccheck_schemas.coverage import intersect, merged, subtract
from ccheck_schemas.fault import FaultName
from ccheck_schemas.generate.python import canonical
from ccheck_schemas.layout import tree as layout
from ccheck_schemas.layout.lint import layout_of, lint
from ccheck_schemas.layout.tree import nodes
from ccheck_schemas.model import minimal_file
from ccheck_schemas.read import read
from ccheck_schemas.record import Record, is_records
from ccheck_schemas.schema import Schema

ENCODINGS = (None, "ascii", "utf-8", "utf-16-le", "shift_jis")


def leaves(rest: bool) -> st.SearchStrategy[Any]:
    """Nodes that hold no other. rest: also those that take all bytes at hand."""
    size = st.one_of(st.integers(0, 4), st.just(this.n % 5))
    terminator = st.sampled_from((b"\0", b"A", b"\0\0"))
    pad = st.sampled_from((None, 0, 32))
    encoding = st.sampled_from(ENCODINGS)
    kinds = [
        st.just(Int8ub),
        st.just(Int16ul),
        st.builds(Bytes, size),
        st.builds(m.Opaque, size, st.just("not described")),
        st.builds(
            lambda size, terminator, include, pad, encoding: m.Slot(
                size, terminator=terminator, include=include, pad=pad, encoding=encoding
            ),
            size, st.one_of(st.just(b""), terminator), st.booleans(), pad, encoding,
        ),
        st.builds(
            lambda terminator, include, consume, to_end, encoding: m.Delimited(
                terminator, include=include, consume=consume, to_end=to_end, encoding=encoding
            ),
            terminator, st.booleans(), st.booleans(), st.booleans(), encoding,
        ),
    ]  # fmt: skip
    if rest:
        kinds += [
            st.just(m.OpaqueRest("not described")),
            st.builds(
                lambda terminator, pad, encoding: m.Rest(terminator=terminator, pad=pad, encoding=encoding),
                st.one_of(st.just(b""), terminator), pad, encoding,
            ),
        ]  # fmt: skip
    return st.one_of(kinds)


def around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Nodes that hold others."""
    size = st.one_of(st.integers(0, 6), st.just(this.n % 7))
    position = st.one_of(st.integers(0, 4), st.just(this.n % 3))
    return st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(struct),
        st.builds(m.Substream, size, inner),
        st.builds(m.SubstreamRest, inner),
        st.builds(
            lambda at, node, whole: m.ReadAt(at, node, whole_file=whole), position, inner, st.booleans()
        ),
        st.builds(lambda node: If(this.n > 3, node), inner),
    )


def struct(nodes: list[Any]) -> Any:
    """A record with a number that sizes and positions may name."""
    return Struct("n" / Int8ub, *(f"f{i}" / node for i, node in enumerate(nodes)))


NOT_GENERATED = (
    layout.OpaqueRest,
    layout.Slot,
    layout.Rest,
    layout.Delimited,
    layout.SubstreamRest,
    layout.ReadAt,
)
"""Nodes that no fast path knows."""

TREES = st.lists(st.recursive(leaves(True), around, max_leaves=6), min_size=1, max_size=4).map(struct)


def plain(value: Any) -> Any:
    """What a reading or a parsing gave, as plain values to compare."""
    if isinstance(value, Record):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, construct.Container):
        return {name: plain(inner) for name, inner in value.items() if not name.startswith("_")}
    if is_records(value) or isinstance(value, list | construct.ListContainer):
        return [plain(inner) for inner in value]
    return str(value) if isinstance(value, str) else value


@given(tree=TREES, data=st.binary(max_size=40))
@settings(max_examples=600, deadline=None)
def test_both_readers_give_the_same_values(tree: Any, data: bytes) -> None:
    """The reader reads what Construct reads, and reports what Construct refuses; both rebuild the bytes."""
    assert lint(tree) == ()
    reading = read(layout_of(tree), data)
    try:
        parsed = tree.parse(data)
    except construct.ConstructError:
        assert reading.counts
        return
    assert set(reading.counts) <= {"bytes-unowned", "work-out-of-proportion"}
    if not reading.counts:
        assert plain(reading.root) == plain(parsed)
        schema = Schema("made", "made", tree, recognise=bool)
        assert schema.rebuild(data, reading) == data
        assert sum(field.size for field in reading.unread) <= len(data)
        assert all(field.size >= field.span.length > 0 for field in reading.unread)


@given(tree=TREES, data=st.binary(max_size=24))
@settings(max_examples=150, deadline=None)
def test_programs_know_or_refuse_the_nodes(tree: Any, data: bytes) -> None:
    """A fast path passes only what the reader reads whole and without a fault.

    The fuzzer's model builds any file back, and small files grow.
    """
    schema = Schema("made", "made", tree, recognise=bool)
    if any(isinstance(node, NOT_GENERATED) for node in nodes(layout_of(tree))):
        assert canonical.why_not_canonical(schema) is not None
    elif canonical.why_not_canonical(schema) is None:
        made = own.made(UserSchema(schema, ())).way
        if made is not None and made.accept(data) is not None:
            reading = read(layout_of(tree), data)
            assert not reading.counts
            assert not reading.unread
    assert opened(schema, data).data == data
    assert isinstance(minimal_file(layout_of(tree), random.Random(1)), bytes)


@pytest.mark.parametrize(
    ("node", "data", "value", "unread"),
    [
        (m.Slot(4, pad=0, encoding="ascii"), b"ab\0\0", "ab", 0),
        (m.Slot(4, pad=0, encoding="ascii"), b"abcd", "abcd", 0),
        (m.Slot(4, terminator=b"\0", encoding="ascii"), b"a\0xy", "a", 2),
        (m.Slot(4, terminator=b"\0", include=True), b"a\0\0\0", b"a\0", 0),
        (m.Slot(4, terminator=b"\0\0", encoding="utf-16-le"), b"a\0\0\0", "a", 0),
        (m.Rest(terminator=b"A"), b"bbAcc", b"bb", 2),
        (m.Delimited(b"\0", to_end=True, encoding="ascii"), b"abc", "abc", 0),
        (m.Delimited(b"\0", include=True), b"abc\0", b"abc\0", 0),
        (m.Substream(4, Struct("a" / Int8ub)), b"abcd", {"a": 97}, 3),
        (m.SubstreamRest(Struct("a" / Int8ub, "b" / m.ReadAt(2, Int8ub))), b"abcd", {"a": 97, "b": 99}, 2),
        (m.OpaqueRest("encrypted"), b"abcd", b"abcd", 4),
    ],
)
def test_what_a_field_holds_and_leaves(node: Any, data: bytes, value: Any, unread: int) -> None:
    """Content ends where its terminator, padding or type ends, and the rest is counted as not looked into."""
    tree = Struct("f" / node)
    reading = read(layout_of(tree), data)
    assert (plain(reading.root), dict(reading.counts)) == ({"f": value}, {})
    assert sum(field.size for field in reading.unread) == unread
    assert plain(tree.parse(data)) == {"f": value}


def test_what_another_field_reads_is_looked_into() -> None:
    """Bytes that one field leaves and another reads are looked into, and belong to nobody twice."""
    tree = Struct("len" / Int8ub, "hole" / m.Opaque(this.len, "encrypted"), "peek" / m.ReadAt(2, Int16ul))
    reading = read(layout_of(tree), b"\4abcd")
    assert not reading.counts
    assert [(field.span.path, field.size, field.span.offset) for field in reading.unread] == [("hole", 2, 1)]


def test_fields_at_positions_cannot_ask_for_endless_work() -> None:
    """Fields that read the bytes of a file over and over are a finding, and the reading stops."""
    tree = Struct("n" / Int16ul, "all" / Array(this.n, Struct("x" / Int8ub, "r" / m.ReadAt(0, m.Rest()))))
    reading = read(layout_of(tree), b"\x10\x27" + bytes(10_000))
    assert reading.counts[FaultName.WORK_OUT_OF_PROPORTION] == 1
    assert not reading.complete


def test_a_switch_may_choose_a_substream() -> None:
    """A substream in a branch counts what its type leaves."""
    tree = Struct("k" / Int8ub, "b" / Switch(this.k, {1: m.Substream(2, Struct("a" / Int8ub))}))
    assert [field.size for field in read(layout_of(tree), b"\1ab").unread] == [1]


@pytest.mark.parametrize("pooled", [m.Opaque(this.l, "x"), m.Slot(this.l)])
def test_a_pool_has_no_such_items(pooled: Any) -> None:
    """An item of a pool is a Text or Bytes, and nothing that only looks like them."""
    tree = Struct(
        "o" / Int8ub, "l" / Int8ub, "i" / m.Pooled("p", this.o, this.l, pooled), "p" / m.Pool("p", 2)
    )
    assert lint(tree) == (
        "i: an item of a pool is a Text or Bytes; put other things into records, and read them by At",
    )


def test_an_opaque_field_states_its_reason() -> None:
    """Without a reason no field is opaque."""
    with pytest.raises(ValueError, match="states its reason"):
        m.Opaque(4, " ")


PLACES = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda p: (min(p), max(p))), max_size=6
)


@given(left=PLACES, right=PLACES)
def test_sets_of_bytes(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    """Places are joined, subtracted and intersected as sets of bytes are."""

    def every(places: list[tuple[int, int]]) -> set[int]:
        return {byte for start, end in places for byte in range(start, end)}

    first, second = merged(left), merged(right)
    assert every(first) == every(left)
    assert every(subtract(first, second)) == every(left) - every(right)
    assert every(intersect(first, second)) == every(left) & every(right)


def test_a_filled_substream_takes_the_fast_path() -> None:
    """A file whose substreams are filled and that has no opaque field is passed without being read."""
    choice = Switch(
        this.k, {1: m.Substream(this.n, Struct("a" / Int16ul))}, default=m.Opaque(this.n, "unknown")
    )
    schema = Schema("made", "made", Struct("k" / Int8ub, "n" / Int8ub, "b" / choice), recognise=bool)
    way = own.made(UserSchema(schema, ())).way
    assert way is not None
    assert way.accept(b"\1\2ab") is not None
    assert way.accept(b"\1\3abc") is None
    assert way.accept(b"\2\2ab") is None
