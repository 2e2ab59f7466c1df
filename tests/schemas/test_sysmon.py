"""Sysmon rules blobs: the reader on any bytes, the tables, and the way to YAML and back."""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import construct
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccheck.cli.recipe_file import build_file
from ccheck.formats.registry import SCHEMAS, recognise
from ccheck_schemas.formats.sysmon import tables
from ccheck_schemas.formats.sysmon.recipe import compose, describe
from ccheck_schemas.formats.sysmon.schema import SCHEMA
from ccheck_schemas.formats.sysmon.structure import SYSMON
from ccheck_schemas.read import read
from ccheck_schemas.schema import RecipeError
from tests.conftest import ROOT

BASE = build_file(ROOT / "corpus" / "sysmon" / "base.yaml", SCHEMAS)
SMALL = compose(
    {
        "version": "15.0",
        "schema_version": "4.70",
        "rules": [
            {
                "event": "DnsQuery",
                "default": "exclude",
                "combine": "or",
                "filters": [{"field": "QueryName", "operator": "is", "data": "x"}],
            }
        ],
    }
)


def genuine(shared_data: Path) -> list[Path]:
    """The genuine blobs."""
    files = sorted((shared_data / "sysmon" / "valid").glob("*.bin"))
    assert len(files) == 83
    return files


def recipe(**changes: object) -> dict[str, object]:
    """A recipe of one rule with one filter; `changes` go into the filter."""
    condition = {"field": "Image", "operator": "is", "data": "x", **changes}
    rule = {"event": "ProcessCreate", "default": "exclude", "combine": "or", "filters": [condition]}
    return {"version": "15.0", "schema_version": "4.70", "rules": [rule]}


# -- genuine files


def test_genuine_blobs_are_read_whole_and_without_fault(shared_data: Path) -> None:
    """No genuine blob breaks the layout, and each is recognised by its content."""
    for path in genuine(shared_data):
        data = path.read_bytes()
        reading = read(SCHEMA.layout, data)
        assert (reading.faults, reading.complete) == ((), True), path.name
        assert recognise(data) is SCHEMA


def test_genuine_blobs_are_canonical(shared_data: Path) -> None:
    """A genuine blob that is described and composed again gives its bytes, the compiler's fault included."""
    for path in genuine(shared_data):
        data = path.read_bytes()
        assert compose(describe(SCHEMA.assemble(read(SCHEMA.layout, data)))) == data, path.name


def test_the_compilers_fault_is_told_in_the_recipe(shared_data: Path) -> None:
    """The one genuine blob whose header leaves out its aggregations says so in its recipe, and only it."""
    told = []
    for path in genuine(shared_data):
        made = describe(SCHEMA.assemble(read(SCHEMA.layout, path.read_bytes())))
        if "first_aggregation" in made:
            told.append((path.name, made["first_aggregation"]))
    assert told == [("reg-subrules.xml.bin", 0)]


def test_construct_alone_parses_genuine_blobs(shared_data: Path) -> None:
    """The schema is a plain Construct node as well, and gives the same rules and filters."""
    for path in genuine(shared_data)[:20]:
        data = path.read_bytes()
        parsed = SYSMON.parse(data)
        content = SCHEMA.assemble(read(SCHEMA.layout, data))
        assert [len(event.filters) for event in parsed.events] == [
            len(rule.filters) for rule in content.rules
        ]
        assert [f.data for e in parsed.events for f in e.filters] == [
            f.text for rule in content.rules for f in rule.filters
        ]


# -- recognition


def test_other_formats_are_not_taken_for_rules(shared_data: Path) -> None:
    """No genuine file of another format is recognised as a rules blob."""
    others = [p for p in shared_data.glob("*/*/*") if p.is_file() and p.parts[-3] != "sysmon"]
    assert len(others) > 20
    assert [path.name for path in others if SCHEMA.recognise(path.read_bytes())] == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (BASE, True),
        (BASE[:24], True),
        (BASE[:12], True),
        (BASE[:11], False),
        (b"\0\0\x11\0" + BASE[4:], True),
        (BASE[:8] + b"\x63\0\0\0" + BASE[12:], True),
        (BASE[:8] + b"\x63\0\0\0" + BASE[12:16] + b"\0\0\0\0" + BASE[20:], False),
        (struct.pack("<4I", 0x80000, 1, 16, 0x4000A), True),
        (struct.pack("<6I", 0x80000, 1, 24, 0x4000A, 24, 0), False),
        (b"\0\0\x01\0\x01\0\0\0\0\0\0\0" + bytes(40), False),
        (bytes(64), False),
        (b"", False),
    ],
)
def test_recognition_asks_for_a_version_and_two_signs(data: bytes, expected: bool) -> None:
    """A version word alone does not make a blob; one damaged word of the header does not hide one."""
    assert SCHEMA.recognise(data) is expected


# -- tables


def test_the_tables_are_those_of_the_manifest(shared_data: Path) -> None:
    """Every public event type of all 20 generations has the fields, in order, that the manifest gives it."""
    manifest = json.loads((shared_data / "sysmon" / "event_fields_by_schema.json").read_text())
    assert len(manifest) == len(tables.generations()) == 20
    for published, generation in zip(reversed(manifest), tables.generations(), strict=True):
        assert (published["schema"], tables.number_of(published["binary"])) == (
            generation.schema,
            generation.binary,
        )
        wanted = {
            event["id"]: (event["rulename"], tuple(event["fields"]))
            for event in published["events"]
            if event["id"] < 0xF000
        }
        assert wanted == {event.id: (event.rule_name, event.fields) for event in generation.events.values()}
        if generation.binary >= 14 << 16:
            assert set(published["filters_in_xml_order"]) == set(tables.operators(generation.binary))


def test_process_create_grew() -> None:
    """ProcessCreate has had 17, 16, 20, 21, 22 and 23 fields."""
    counts = [len(generation.events[1].fields) for generation in tables.generations()]
    assert list(dict.fromkeys(counts)) == [17, 16, 20, 21, 22, 23]


def test_fields_are_only_appended_since_9_10() -> None:
    """From binary version 9.10 on no field has changed its index, so a longer table is the only difference."""
    since = [
        generation for generation in tables.generations() if generation.binary >= tables.FIRST_KNOWN_LAYOUT
    ]
    assert len(since) > 2
    for older, newer in pairwise(since):
        for event_id, event in older.events.items():
            assert newer.events[event_id].fields[: len(event.fields)] == event.fields


@pytest.mark.parametrize(
    ("text", "name", "generations"),
    [
        ("15.0", "15.0", ["4.70"]),
        ("15", "15.0", ["4.70"]),
        ("16", "16.0", ["4.80", "4.81"]),
        ("9.10", "9.10", ["4.21"]),
        ("9.1", "9.10", ["4.21"]),
        ("9.20", "9.20", ["4.22", "4.23", "4.30", "4.31", "4.32"]),
        ("1.01", "1.01", ["3.10", "3.2", "3.3", "3.4", "4.0"]),
        ("4.31", "9.20 (schema 4.31)", ["4.31"]),
    ],
)
def test_a_target_is_a_binary_or_a_schema_version(text: str, name: str, generations: list[str]) -> None:
    """A binary version means all generations that read it; a schema version means one."""
    target = tables.target(text)
    assert (target.name, [generation.schema for generation in target.generations]) == (name, generations)


@pytest.mark.parametrize("text", ["", "17", "15.1", "fifteen", "15.0.0", "-15", "99999.0", "１５"])
def test_an_unknown_target_names_the_known(text: str) -> None:
    """A target without a table is a ValueError that lists the versions that have one."""
    with pytest.raises(
        ValueError, match=r"is no known version; binary versions are 1.0, 1.01, 8.0, 9.10, 9.20"
    ) as bad:
        tables.target(text)
    assert repr(text) in str(bad.value)
    assert "4.81" in str(bad.value)


def test_operators_are_numbered_by_version() -> None:
    """14.0 has 14 operators, 15.0 two more behind them, and older versions nine that are numbered otherwise."""
    assert [len(tables.operators(v << 16)) for v in (9, 13, 14, 15, 16)] == [9, 9, 14, 16, 16]
    assert tables.operators(15 << 16)[3] == "contains any"
    assert tables.operators(13 << 16)[3] == "excludes"
    assert tables.operators(15 << 16)[:14] == tables.operators(14 << 16)


# -- recipes


def test_a_field_is_a_name_or_a_number() -> None:
    """Field and operator by name and by number give the same bytes."""
    assert compose(recipe()) == compose(recipe(field=4, operator=0))
    assert compose(recipe(field=4, operator="is")) == compose(
        recipe() | {"version": 15.0, "schema_version": 4.7}
    )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (recipe(field="Imgae"), "rules[0].filters[0].field: 'Imgae' is not a name here; did you mean 'Image'?"),
        (recipe(operator="like"), "rules[0].filters[0].operator: 'like' is not a name here; known are is, is not"),
        (recipe(data=7), "rules[0].filters[0].data: text belongs here, not int"),
        (recipe(data="\ud800"), "rules[0].filters[0].data: not UTF-16: surrogates not allowed"),
        (recipe(name="n" * 256), "rules[0].filters[0].name: 256 characters; there is room for 255 and a NUL"),
        (recipe(fild=1), "rules[0].filters[0].fild: the key means nothing here; did you mean 'field'?"),
        (recipe() | {"version": "new"}, "version: 'new' is not a version such as 15.0"),
        (recipe() | {"version": True}, "version: 'True' is not a version such as 15.0"),
        ({**recipe(), "version": 0x110000}, "rules[0].event: 'ProcessCreate' is not a name here; known are none; give a number"),
    ],
)  # fmt: skip
def test_a_wrong_recipe_is_told_where(wrong: dict[str, object], message: str) -> None:
    """A recipe that cannot be built names the key and what belongs there."""
    with pytest.raises(RecipeError) as refused:
        compose(wrong)
    assert str(refused.value).startswith(message)


def test_a_rule_name_of_several_events_needs_a_number() -> None:
    """RegistryEvent is three event types; a recipe gives the number of one."""
    with pytest.raises(RecipeError, match="RegistryEvent covers several event types"):
        compose({**recipe(), "rules": [{"event": "RegistryEvent", "default": "include", "combine": "or"}]})


_TEXT = st.text(st.characters(exclude_characters="\0", codec="utf-16-le"), max_size=8)
_FILTER = st.fixed_dictionaries(
    {"field": st.integers(0, 30), "operator": st.integers(0, 20), "data": _TEXT}, optional={"name": _TEXT}
)
_COMBINE = st.sampled_from(["or", "and", 2])
_GROUP = st.fixed_dictionaries(
    {
        "group": st.fixed_dictionaries(
            {"combine": _COMBINE, "filters": st.lists(_FILTER, max_size=3)},
            optional={"name": _TEXT, "id": st.integers(1, 5)},
        )
    }
)
_RULE = st.fixed_dictionaries(
    {
        "event": st.integers(0, 30),
        "default": st.sampled_from(["include", "exclude"]),
        "combine": _COMBINE,
        "filters": st.lists(_FILTER | _GROUP, max_size=4),
    }
)


@given(st.lists(_RULE, min_size=1, max_size=4))
def test_any_recipe_comes_back(rules: list[dict[str, object]]) -> None:
    """Composing any recipe, describing what is read, and composing that gives the same bytes."""
    data = compose({"version": "16.0", "schema_version": "4.81", "rules": rules})
    assert compose(describe(SCHEMA.assemble(read(SCHEMA.layout, data)))) == data


# -- hostile bytes


@given(st.binary(max_size=2000))
def test_random_bytes_are_read(data: bytes) -> None:
    """Any bytes are read, by themselves and behind a header that is right."""
    for whole in (data, BASE[:24] + data):
        SCHEMA.assemble(read(SCHEMA.layout, whole))
        SCHEMA.recognise(whole)


@given(
    st.lists(st.tuples(st.integers(0, len(BASE) // 4 - 1), st.integers(0, 0xFFFFFFFF) | st.integers(0, 4000)))
)
def test_mutated_words_are_read(edits: list[tuple[int, int]]) -> None:
    """Whatever words of a good blob are overwritten, its reading ends, and its spans lie inside the file."""
    data = bytearray(BASE)
    for word, value in edits:
        struct.pack_into("<I", data, word * 4, value)
    reading = read(SCHEMA.layout, bytes(data))
    SCHEMA.assemble(reading)
    assert all(0 <= fault.span.offset <= fault.span.end <= len(data) for fault in reading.faults)


def test_every_truncation_is_a_fault() -> None:
    """A blob that is cut at any offset has a fault."""
    assert read(SCHEMA.layout, SMALL).faults == ()
    for size in range(len(SMALL)):
        assert read(SCHEMA.layout, SMALL[:size]).counts, size


def _filter(next_offset: int, data_size: int = 2, group: tuple[int, int] = (0, 0)) -> bytes:
    return struct.pack("<I512xiIIII8x", 4, 0, next_offset, data_size, *group)


def _blob(filters: list[bytes]) -> bytes:
    head = struct.pack("<6I", 0xF0000, 1, 24, 0x40046, 24, 0)
    return head + struct.pack("<IiiIII", 1, 1, 0, 0, len(filters), 48) + b"".join(filters)


def _all_to_one(n: int) -> bytes:
    return _blob([_filter(48)] * n)


def _permuted(n: int) -> bytes:
    return _blob([_filter(48 + 544 * (i * 7919 % n)) for i in range(n)])


def _endless_data(n: int) -> bytes:
    return _blob([_filter(48 + 544 * (i + 1), (n - i) * 544 - 540) for i in range(n)])


def _overlapping(n: int) -> bytes:
    data = bytearray(_blob([bytes(544)] * n))
    for at in range(48, len(data) - 600, 8):
        struct.pack_into("<I", data, at + 520, at + 8)
    return bytes(data)


def _shared_filter(n: int) -> bytes:
    events = 544 * n // 24
    rows = (
        struct.pack("<IiiIII", 1, 1, 0, 48 + 24 * i if i < events else 0, 1, 24 + 24 * events)
        for i in range(1, events + 1)
    )
    return struct.pack("<6I", 0xF0000, events, 24, 0x40046, 24, 0) + b"".join(rows) + _filter(0)


def _overlapping_groups(n: int) -> bytes:
    return _blob([_filter(48 + 544 * (i + 1) if i + 1 < n else 0, 2, (1, 24 + i)) for i in range(n)])


@pytest.mark.parametrize(
    "attack", [_all_to_one, _permuted, _endless_data, _overlapping, _shared_filter, _overlapping_groups]
)
def test_work_grows_with_the_file_alone(attack: Callable[[int], bytes]) -> None:
    """A file that is built to be read over and over takes steps in proportion to its size."""

    def steps(n: int) -> int:
        count = 0

        def note(frame: object, event: str, arg: object) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        data = attack(n)
        sys.setprofile(note)
        try:
            reading = read(SCHEMA.layout, data)
        finally:
            sys.setprofile(None)
        assert reading.counts
        return count

    assert steps(1000) < 1000 + 4.5 * steps(250)


def test_construct_alone_refuses_what_one_field_can_judge() -> None:
    """Parsed without the reader, an unknown version and an unknown combine type are errors of Construct."""
    for at, value in ((0, 0x110000), (32, 7)):
        data = bytearray(SMALL)
        struct.pack_into("<I", data, at, value)
        with pytest.raises(construct.ConstructError):
            SYSMON.parse(bytes(data))
