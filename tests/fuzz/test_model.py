"""A model gives back the bytes that it was made of, and after an edit makes true what follows from it."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccheck_fuzz.model import Draft, Model, Models, opened, rebuilt
from ccheck_schemas.model import Derivation
from ccheck_schemas.read import read
from ccheck_schemas.schema import Schema
from tests.corpus import enough
from tests.fuzz.seeds import (
    ALL,
    BASE,
    CHANNEL,
    DEVICETREE,
    INSTANCES,
    JULY,
    MARCH,
    REGDB,
    SENSOR,
    SHIPPED,
    SYSMON,
    good,
    paths,
)


def faults(schema: Schema, data: bytes) -> dict[str, int]:
    """What breaks the schema."""
    return {str(name): number for name, number in read(schema.layout, data).counts.items()}


def table(model: Model, name: str) -> int:
    """The key of a table."""
    return next(key for key, held in model.frame.tables.items() if held.name == name)


@pytest.mark.parametrize("schema", SHIPPED, ids=lambda schema: schema.name)
def test_every_file_of_the_corpus_is_built_back(schema: Schema) -> None:
    """Good or bad, a file that was not edited is built back to the very same bytes."""
    found = paths(schema)
    enough(schema.name, len(found))
    for path in found:
        data = path.read_bytes()
        assert rebuilt(opened(schema, data)).data == data, path


@pytest.mark.parametrize(
    ("schema", "folder"),
    [(SYSMON, "sysmon"), (REGDB, "regdb"), (DEVICETREE, "dtb")],
    ids=("sysmon", "regdb", "dtb"),
)
def test_genuine_files_are_built_back(shared_data: Path, schema: Schema, folder: str) -> None:
    """So is every genuine Sysmon blob, regulatory database and devicetree."""
    found = sorted(path for path in (shared_data / folder / "valid").iterdir())
    assert found
    for path in found:
        data = path.read_bytes()
        assert rebuilt(opened(schema, data)).data == data, path


@pytest.mark.parametrize("schema", ALL, ids=lambda schema: schema.name)
def test_a_faultless_file_is_understood_whole(schema: Schema) -> None:
    """In a faultless file every byte belongs to a record or is room of zeros, pools are canonical, rows are taken."""
    for data in good(schema):
        frame = opened(schema, data).frame
        unexplained = [
            piece
            for piece in frame.pieces
            if piece.record_type is None
            and piece.table is None
            and piece.pool is None
            and any(data[frame.starts[piece.key] : frame.ends[piece.key]])
        ]
        assert not unexplained
        shares = sum(len(held.kind.shares) for held in frame.tables.values())
        assert len(frame.sharings) == shares
        if not faults(schema, data):
            assert frame.canonical == {piece.pool for piece in frame.pieces if piece.pool is not None}


@given(
    data=st.one_of(
        st.binary(max_size=300),
        st.tuples(
            st.sampled_from([MARCH, JULY, BASE]),
            st.lists(st.tuples(st.integers(0, 900), st.binary(min_size=1, max_size=4)), max_size=6),
            st.integers(0, 900),
        ).map(lambda drawn: _damaged(*drawn)),
    ),
    schema=st.sampled_from(ALL),
)
@settings(max_examples=300)
def test_any_bytes_have_a_model(data: bytes, schema: Schema) -> None:
    """Any bytes, read by any schema, have a model, which is built back to the same bytes."""
    assert rebuilt(opened(schema, data)).data == data


def _damaged(data: bytes, edits: list[tuple[int, bytes]], cut: int) -> bytes:
    out = bytearray(data)
    for at, raw in edits:
        out[at : at + len(raw)] = raw
    return bytes(out[: max(1, len(out) - cut)])


def test_a_row_takes_its_own_rows_and_texts_along() -> None:
    """An instance that is dropped takes its criteria and their operands along, and everything else follows."""
    model = opened(CHANNEL, JULY)
    draft = Draft(model)
    draft.drop(table(model, "instances"), 0)
    made = draft.build().data
    assert faults(CHANNEL, made) == {}
    tables = read(CHANNEL.layout, made).tables
    assert [row.id for row in tables["instances"]] == [2]
    assert len(tables["criteria"]) == 21
    assert b"stress" not in made
    assert b"postex_" in made


def test_a_row_that_is_doubled_shares_its_texts() -> None:
    """A copy of an instance has criteria of its own, and names the same operands, which stand in the pool once."""
    model = opened(CHANNEL, JULY)
    draft = Draft(model)
    key = table(model, "instances")
    draft.plant(key, 2, draft.cut(key, 1))
    made = draft.build().data
    assert faults(CHANNEL, made) == {}
    assert len(read(CHANNEL.layout, made).tables["criteria"]) == 63
    assert made.count(b"postex_") == 1


def test_a_row_of_another_file_brings_its_texts() -> None:
    """A row from another file brings its operands into this file's pool."""
    model, other = opened(CHANNEL, MARCH), opened(CHANNEL, INSTANCES)
    cutting = Draft(other).cut(table(other, "instances"), 0).detached()
    draft = Draft(model)
    draft.plant(table(model, "instances"), 0, cutting)
    made = draft.build().data
    assert faults(CHANNEL, made) == {}
    operands = {c.get("operand") for c in read(CHANNEL.layout, made).tables["criteria"]}
    assert {c.get("operand") for c in read(CHANNEL.layout, MARCH).tables["criteria"]} < operands


def test_rows_that_change_places_keep_what_they_take() -> None:
    """Two instances that change places keep their criteria, which change places with them."""
    model = opened(CHANNEL, JULY)
    draft = Draft(model)
    draft.swap(table(model, "instances"), 0, 1)
    made = draft.build().data
    assert faults(CHANNEL, made) == {}
    rows = read(CHANNEL.layout, made).tables["instances"]
    assert [(row.id, row.criteria[0].operand) for row in rows] == [
        (2, "postex_"),
        (1, "\\Device\\NamedPipe\\stress"),
    ]


def test_a_record_of_a_chain_is_dropped_and_doubled() -> None:
    """Records of a chain go and come with all that they hold; counts, links and offsets follow."""
    model = opened(SYSMON, BASE)
    (tag,) = (tag for tag, held in model.frame.lists.items() if not held.owner and held.form.name == "events")
    events = len(model.frame.lists[tag].elements)
    assert events > 1
    for edit, expected in ((Draft.prune, events - 1), (_double, events + 1)):
        draft = Draft(model)
        edit(draft, tag, 1)
        made = draft.build().data
        assert faults(SYSMON, made) == {}
        assert len(read(SYSMON.layout, made).root.events) == expected


def _double(draft: Draft, tag: int, number: int) -> None:
    draft.graft(tag, number + 1, draft.branch(draft.lists[tag], number))


def test_a_relation_that_does_not_hold_is_left_alone() -> None:
    """A file with a wrong size keeps it when it is edited; a repaired model makes it true."""
    wrong = bytearray(good(SENSOR)[0])
    wrong[8:12] = b"\0\0\x10\0"
    model = opened(SENSOR, bytes(wrong))
    draft = Draft(model)
    draft.drop(table(model, "rules"), 0)
    assert "size-mismatch" in faults(SENSOR, draft.build().data)
    assert faults(SENSOR, opened(SENSOR, bytes(wrong), repaired=True).data) == {}


def test_a_number_is_written_in_place_and_sealed() -> None:
    """An edit of a number changes its bytes and the checksum, and nothing else."""
    model = opened(CHANNEL, MARCH)
    (population,) = (p for p in model.frame.populations if p.kind.name == "criteria")
    number = population.kind.number("field_index")
    assert number is not None
    made = model.with_number(population.starts[3], number, 20)
    changed = [i for i, (one, two) in enumerate(zip(MARCH, made.data, strict=True)) if one != two]
    checksum = [place for place, _, _ in model.frame.seals]
    assert [i for i in changed if not checksum[0] <= i < checksum[0] + 4] == [population.starts[3]]
    assert faults(CHANNEL, made.data) == {}
    assert any(r.derivation is Derivation.CHECKSUM for piece in model.frame.pieces for r in piece.relations)


def test_models_that_are_kept_are_bounded() -> None:
    """A cache of models drops those that are no longer used, and returns the very model that was stored."""
    store = Models(CHANNEL, most=20_000)
    first = store.get(MARCH)
    assert store.get(bytes(MARCH)) is first
    random = Random(1)
    for number in range(40):
        store.get(random.randbytes(100) + MARCH)
        if number < 20:
            assert store.get(MARCH) is first
    assert len(store) < 20
    assert store.get(MARCH) is not first
