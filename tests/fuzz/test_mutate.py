"""Mutation takes any bytes, keeps its bounds, repairs what it edits, and finds the fault of July 2024."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccheck.core.consumers import load_consumers
from ccheck.judging.context import ValidationContext
from ccheck.judging.judge import examine, judge
from ccheck.judging.preparation import prepare
from ccheck_fuzz.model import Model, opened, rebuilt
from ccheck_fuzz.mutate import MUTATIONS, Context, Mutator, numbers, records, relations, texts
from ccheck_fuzz.mutate.interesting_values import InterestingValues, interesting_values
from ccheck_schemas.read import read
from ccheck_schemas.schema import Schema
from tests.fuzz.seeds import (
    ALL,
    BASE,
    CHANNEL,
    CORPUS,
    DEFINITIONS,
    JULY,
    MARCH,
    SENSOR,
    SYSMON,
    good,
)

REPAIRED = (
    records.records_swapped,
    records.record_moved,
    records.record_doubled,
    records.record_dropped,
    records.record_spliced,
    records.kind_transplanted,
    records.list_of_interesting_length,
    texts.text_resized,
    texts.interesting_text,
    texts.text_of_another_record,
    texts.interesting_word,
)
"""Mutators that leave a sound layout behind."""

BOUNDS = {"value-out-of-bounds", "text-malformed", "text-not-terminated"}
"""What a record less or a longer text may well break: the least rows of a table, the most of a text."""

BLOCKS = {"table-repeated", "rows-out-of-order", "index-outside-table", "offset-outside-region"}
"""What a block more or less breaks, because blocks hold the tables and pools themselves."""


TIED = {
    "devicetree": "its properties are named by texts of a block, which an edit may remove",
    "apparmor": "the padding before a state machine depends on its length",
}
"""Formats in which other records depend on what an edit moves, and why."""
assert set(TIED) <= {schema.name for schema in ALL}
SOUND = [schema for schema in ALL if schema.name not in TIED]


@pytest.mark.parametrize("schema", SOUND, ids=lambda schema: schema.name)
def test_edits_of_records_leave_a_sound_layout(schema: Schema) -> None:
    """After an edit of rows or of texts, every size, count, offset, link and checksum of a faultless file holds."""
    seeds = [data for data in good(schema) if not read(schema.layout, data).counts]
    assert len(seeds) > 3
    models = [opened(schema, data) for data in seeds]
    context = Context(InterestingValues(), models[:5], 1 << 16)
    random = Random(2024)
    made_by = dict.fromkeys(REPAIRED, 0)
    for mutation in REPAIRED:
        for _ in range(60):
            model = models[int(random.random() * len(models))]
            made = mutation(model, random, context)
            if made is None:
                continue
            assert isinstance(made, Model)
            allowed = BOUNDS if _same_blocks(model, made) else BOUNDS | BLOCKS
            faults = set(read(schema.layout, made.data).counts)
            assert faults <= allowed, (mutation.__name__, model.data.hex())
            assert rebuilt(made).data == made.data
            made_by[mutation] += 1
    assert sum(1 for count in made_by.values() if count) >= 4


def _same_blocks(before: Model, after: Model) -> bool:
    """Whether an edit left the blocks alone that hold tables and pools."""

    def blocks(model: Model) -> list[str]:
        names = [t.name for t in model.frame.tables.values()]
        return names + [piece.pool for piece in model.frame.pieces if piece.pool is not None]

    return blocks(before) == blocks(after)


def test_a_broken_relation_stays_broken_alone() -> None:
    """One relation that is broken on purpose stays broken while records come and go, and no other breaks."""
    random = Random(7)
    context = Context(InterestingValues(), [opened(CHANNEL, JULY)], 1 << 16)
    wrong = {
        relations.size_broken: "size-mismatch",
        relations.checksum_broken: "checksum-wrong",
        relations.record_size_broken: "record-size-wrong",
    }
    for mutation, fault in wrong.items():
        broken = mutation(opened(CHANNEL, MARCH), random, context)
        assert isinstance(broken, Model)
        assert set(read(CHANNEL.layout, broken.data).counts) == {fault}
        for _ in range(5):
            edited = texts.interesting_text(broken, random, context)
            assert edited is not None
            assert set(read(CHANNEL.layout, edited.data).counts) == {fault}


@given(
    data=st.one_of(st.binary(max_size=200), st.sampled_from([MARCH, JULY, DEFINITIONS])),
    schema=st.sampled_from(ALL),
    seed=st.integers(0, 1 << 32),
    max_size=st.integers(1, 2000),
)
@settings(max_examples=200)
def test_any_bytes_are_mutated_within_bounds(data: bytes, schema: Schema, seed: int, max_size: int) -> None:
    """Any bytes under any schema are mutated and crossed, without an exception, to at most the requested size."""
    mutator = Mutator(schema, seeds=[MARCH, data])
    made = mutator.mutate(data, Random(seed), max_size)
    for _ in range(3):
        made = mutator.mutate(made, Random(seed), max_size)
        assert len(made) <= max_size
    assert len(mutator.cross(made, data, Random(seed), max_size)) <= max_size


@pytest.mark.parametrize("schema", ALL, ids=lambda schema: schema.name)
def test_long_walks_of_mutations_end_nowhere_else(schema: Schema) -> None:
    """Fifteen hundred mutations on top of each other and crossings keep their bounds, and nearly all change the file."""
    seeds = good(schema)[:12]
    mutator = Mutator(schema, interesting_values(schema, seeds[:2]), seeds)
    random = Random(3)
    data, same = seeds[0], 0
    for number in range(1500):
        made = mutator.mutate(data, random, 3000)
        assert len(made) <= 3000
        same += made == data
        data = mutator.cross(made, seeds[number % len(seeds)], random, 3000) if number % 9 == 0 else made
        if number % 25 == 0:
            data = seeds[number // 25 % len(seeds)]
    assert same < 150


def test_the_same_random_numbers_give_the_same_file() -> None:
    """Mutation is a function of the bytes, the random numbers and the seeds; what was made before does not count."""
    one = Mutator(CHANNEL, seeds=[MARCH, JULY])
    two = Mutator(CHANNEL, seeds=[MARCH, JULY])
    for seed in range(50):
        two.mutate(JULY, Random(seed + 1000))
    for seed in range(150):
        assert one.mutate(MARCH, Random(seed)) == two.mutate(MARCH, Random(seed))
        assert one.cross(MARCH, JULY, Random(seed)) == two.cross(MARCH, JULY, Random(seed))


def test_interest_holds_what_others_name() -> None:
    """The arities of the definitions and of the builds, and the numbers beside them, are interesting."""
    builds = load_consumers(CORPUS / "channel" / "consumers.toml").builds
    found = interesting_values(CHANNEL, [DEFINITIONS], builds).numbers
    assert {19, 20, 21, 22} <= set(found)
    assert {99_999_998, 99_999_999, 100_000_000} <= set(found)
    assert list(found) == sorted(set(found))
    assert 6 in interesting_values(CHANNEL, [], builds).numbers
    assert 291 not in interesting_values(CHANNEL, [], builds).numbers
    assert 291 in interesting_values(CHANNEL, [DEFINITIONS], builds).numbers


def test_the_fault_of_july_is_near() -> None:
    """From the file of March, the one criterion that reads input 20 is found within a thousand mutations, for most of twenty seeds."""
    validation = prepare(config=CORPUS / "channel" / "ccheck.toml")
    builds = load_consumers(CORPUS / "channel" / "consumers.toml").builds
    interesting = interesting_values(CHANNEL, [DEFINITIONS], builds)
    found = 0
    for seed in range(20):
        mutator, random = Mutator(CHANNEL, interesting, [MARCH]), Random(seed)
        found += any(
            _reads_input_20(data) and _is_refused(validation, data)
            for data in (mutator.mutate(MARCH, random, 4096) for _ in range(1000))
        )
    assert found > 17


def test_facts_are_aimed_at_with_numbers_that_the_schema_allows() -> None:
    """A format version or a kind that the schema refuses is refused before any build is asked."""
    facts = {"sets.format_versions": (0, 1, 2), "sets.criterion_kinds": (0, 1, 2, 99)}
    context = Context(InterestingValues(facts=facts), [], 1 << 16)
    before = opened(CHANNEL, MARCH)
    made = [numbers.fact_off_by_one(before, Random(seed), context) for seed in range(200)]
    readings = [read(CHANNEL.layout, model.data) for model in made if model is not None]
    kinds = {row.kind for reading in readings for row in reading.tables["criteria"]}
    assert {1, 2} <= kinds
    assert not kinds & {0, 99}
    assert {reading.root.header.format_version for reading in readings} == {1}


def _reads_input_20(data: bytes) -> bool:
    """A quick look, so that only few files are judged."""
    reading = read(CHANNEL.layout, data)
    return any(row.field_index == 20 and row.kind != 1 for row in reading.tables.get("criteria", ()))


def _is_refused(validation: ValidationContext, data: bytes) -> bool:
    subject = examine(data, "", validation.context, validation.schemas, CHANNEL)
    report = judge(subject, "-", validation.checks, validation.policy)
    return {finding.check for finding in report.findings} == {"field-past-inputs"}


def test_the_table_lists_each_mutator_once() -> None:
    """Each mutator stands in the table once, has a weight and says which fault it makes."""
    names = [mutation.__name__ for mutation, _ in MUTATIONS]
    assert len(names) == len(set(names)) > 40
    assert all(weight > 0 for _, weight in MUTATIONS)
    assert all(mutation.__doc__ for mutation, _ in MUTATIONS)


def test_texts_of_chained_records_are_resized() -> None:
    """A text in a record of a chain grows and shrinks, and the records behind it move."""
    random = Random(1)
    context = Context(InterestingValues(), [], 1 << 16)
    sizes = set()
    for _ in range(30):
        made = texts.text_resized(opened(SYSMON, BASE), random, context)
        if made is not None:
            sizes.add(len(made.data) - len(BASE))
            assert set(read(SYSMON.layout, made.data).counts) <= BOUNDS
    assert min(sizes) < 0 < max(sizes)


def test_sensor_files_are_mutated_too() -> None:
    """A user's own format is mutated by its meanings: rules come and go, actions flip, the checksum holds."""
    data = good(SENSOR)[0]
    mutator = Mutator(SENSOR, seeds=good(SENSOR))
    sound = [
        made
        for seed in range(300)
        if not read(SENSOR.layout, made := mutator.mutate(data, Random(seed))).counts
    ]
    assert len({len(made) for made in sound}) > 3
    actions = {row.action for made in sound for row in read(SENSOR.layout, made).tables["rules"]}
    assert actions == {1, 2}
