"""Valid files are grown from nothing, and files shrink to what matters."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from ccheck.core.consumers import load_consumers
from ccheck.judging.context import ValidationContext
from ccheck.judging.preparation import prepare
from ccheck_fuzz.corpus.grow import grow
from ccheck_fuzz.corpus.judged import Judged
from ccheck_fuzz.corpus.minimize import minimize
from ccheck_fuzz.engines.dictionary import dictionary, entries
from ccheck_fuzz.mutate import Mutator
from ccheck_fuzz.mutate.interesting_values import InterestingValues, interesting_values
from ccheck_schemas.model import minimal_file
from ccheck_schemas.read import read
from ccheck_schemas.schema import Schema
from tests.fuzz.seeds import (
    ALL,
    BASE,
    CHANNEL,
    CORPUS,
    DEFINITIONS,
    JULY,
    NOT_GROWN,
    SENSOR,
    SHIPPED,
    SYSMON,
    good,
)

USER = Path(__file__).resolve().parent.parent / "user" / "sensor.py"


@pytest.fixture(scope="module")
def channel() -> ValidationContext:
    """The corpus's definitions and builds."""
    return prepare(config=CORPUS / "channel" / "ccheck.toml")


@pytest.fixture(scope="module")
def numbers() -> InterestingValues:
    """What they name."""
    builds = load_consumers(CORPUS / "channel" / "consumers.toml").builds
    return interesting_values(CHANNEL, [DEFINITIONS], builds)


def is_instances(data: bytes) -> bool:
    """Whether a channel file is one of instances."""
    return data[6:8] == b"\2\0"


def test_instances_are_grown_from_nothing(channel: ValidationContext, numbers: InterestingValues) -> None:
    """A file of instances that passes against definitions and builds is grown, from the schema alone, for each of six seeds."""
    files = set()
    for seed in range(6):
        made = grow(CHANNEL, channel, Random(seed), numbers, wanted=is_instances)
        assert made.valid, made
        assert made.left == ()
        assert is_instances(made.data)
        assert Judged(CHANNEL, channel).passes(made.data)
        files.add(made.data)
    assert len(files) > 1


def test_definitions_are_grown_from_nothing(channel: ValidationContext, numbers: InterestingValues) -> None:
    """So are definitions."""
    made = grow(CHANNEL, channel, Random(0), numbers, wanted=lambda data: data[6:8] == b"\1\0")
    assert made.valid
    assert read(CHANNEL.layout, made.data).tables["types"]


@pytest.mark.parametrize(
    "schema", [one for one in SHIPPED if one.name not in NOT_GROWN], ids=lambda schema: schema.name
)
def test_other_formats_are_grown_from_nothing(schema: Schema) -> None:
    """So are the files of the other formats, but for those that say why not."""
    made = grow(schema, prepare(use_config=False), Random(1))
    assert made.valid, made


def test_a_users_own_format_is_grown() -> None:
    """So is a file of a user's own schema, with the user's own checks."""
    validation = prepare(use_config=False, schema=str(USER))
    assert validation.schema is not None
    made = grow(validation.schema, validation, Random(1))
    assert made.valid
    assert made == grow(validation.schema, validation, Random(1))


def test_what_cannot_be_grown_is_said() -> None:
    """A search that ends before a file passes gives what it has, and says which checks still find something."""
    made = grow(CHANNEL, prepare(use_config=False), Random(0), tries=300, wanted=is_instances)
    assert not made.valid
    assert made.left
    assert made.tries < 700


CONTRADICTION = """
from construct import Const, If, Int8ub, Struct, this

from ccheck_schemas.meaning import Bounded, Reserved
from ccheck_schemas.schema import Schema

NUMBER = Reserved(Bounded(Int8ub, 1, 9))
ROOT = Struct("magic" / Const(b"N"), "kind" / Int8ub, "n" / {})
SCHEMA = Schema("none", "made for a test", ROOT, recognise=lambda data: data[:1] == b"N")
"""
"""A schema with a number that no file can have."""


def test_a_number_that_cannot_be_is_named_before_a_search(tmp_path: Path) -> None:
    """Where no file can be made, `ccheck fuzz` is refused with the field and its meanings."""
    schema = tmp_path / "none.py"
    schema.write_text(CONTRADICTION.format("NUMBER"))
    words = [
        "fuzz",
        "--no-config",
        "--schema",
        str(schema),
        "--out",
        str(tmp_path / "work"),
        "--time",
        "9s",
        "--exec",
        "true @@",
    ]
    run = subprocess.run(
        [sys.executable, "-m", "ccheck", *words], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 2, run
    why = "no none file can be made: n: no number from 0 to 255 was found that Reserved and Bounded allow together"
    assert why in run.stderr


def test_a_branch_that_cannot_be_is_left_out(tmp_path: Path) -> None:
    """A file without the branch whose number no file can have is grown."""
    schema = tmp_path / "none.py"
    schema.write_text(CONTRADICTION.format("If(this.kind == 1, NUMBER)"))
    validation = prepare(use_config=False, schema=str(schema))
    assert validation.schema is not None
    assert grow(validation.schema, validation, Random(1)).valid


@pytest.mark.parametrize("schema", ALL, ids=lambda schema: schema.name)
def test_small_files_sprout(schema: object) -> None:
    """A small file from a schema only is read whole, with correct sizes, counts, links and checksums.

    It may lack the pool whose items it names.
    """
    (found,) = (one for one in ALL if one is schema)
    seen = set()
    for seed in range(40):
        data = minimal_file(found.layout, Random(seed))
        assert data == minimal_file(found.layout, Random(seed))
        assert len(data) < 8192
        reading = read(found.layout, data)
        may_break = {"value-out-of-bounds", "rows-out-of-order", "pool-text-unused"}
        missing = {"offset-outside-region"} if "pool" not in reading.pools else set()
        assert set(reading.counts) <= may_break | missing
        seen.add(len(data))
    assert len(seen) > 2


def test_the_july_file_shrinks_to_one_criterion(channel: ValidationContext) -> None:
    """The file of July shrinks, while that one check alone finds something, to one instance with one criterion."""
    judged = Judged(CHANNEL, channel)
    asked = []

    def keeps(data: bytes) -> bool:
        asked.append(data)
        return judged.checks(data) == {"field-past-inputs"}

    made = minimize(JULY, CHANNEL, keeps)
    tables = read(CHANNEL.layout, made).tables
    assert (len(tables["instances"]), len(tables["criteria"])) == (1, 1)
    assert tables["criteria"][0].field_index == 20
    assert len(made) == 136
    assert len(asked) < 200


def test_noise_around_the_fault_is_left_out(channel: ValidationContext) -> None:
    """A file that was mutated over and over, and still reads input 20, shrinks to the same few bytes."""
    judged = Judged(CHANNEL, channel)

    def keeps(data: bytes) -> bool:
        return "field-past-inputs" in judged.checks(data)

    mutator, random = Mutator(CHANNEL, seeds=[JULY]), Random(4)
    data = JULY
    for _ in range(200):
        made = mutator.mutate(data, random, 4096)
        data = made if keeps(made) and not read(CHANNEL.layout, made).counts else data
    assert len(data) > 800
    made = minimize(data, CHANNEL, keeps)
    assert keeps(made)
    assert len(made) <= 136
    assert made == minimize(data, CHANNEL, keeps)


def test_chains_shrink() -> None:
    """Sysmon rules shrink to one event with one filter while they hold its text."""
    wanted = "winword".encode("utf-16-le")
    assert wanted in BASE

    def keeps(data: bytes) -> bool:
        return wanted in data and not read(SYSMON.layout, data).counts

    made = minimize(BASE, SYSMON, keeps)
    root = read(SYSMON.layout, made).root
    assert [len(event.filters) for event in root.events] == [1]
    assert len(made) < 700


@pytest.mark.parametrize("schema", ALL, ids=lambda schema: schema.name)
def test_bytes_that_nobody_explains_are_left_out(schema: Schema) -> None:
    """Bytes behind the last record of a file of any format are left out."""
    data = good(schema)[0]
    longer = data + b"\x5a" * 24
    made = minimize(longer, schema, lambda changed: schema.recognise(changed), tries=400)
    assert b"\x5a" * 24 not in made
    assert len(made) <= len(data)


def test_a_file_without_the_property_is_refused() -> None:
    """To minimise a file that does not keep the property is an error, not an empty success."""
    with pytest.raises(ValueError, match="does not keep"):
        minimize(JULY, CHANNEL, lambda data: False)


def test_the_number_of_questions_is_bounded() -> None:
    """No more questions are asked than were allowed, but for the first."""
    asked = []

    def keeps(data: bytes) -> bool:
        asked.append(data)
        return True

    minimize(JULY, CHANNEL, keeps, tries=25)
    assert len(asked) <= 26


def test_a_dictionary_names_what_the_schema_names() -> None:
    """The dictionary has the magic, versions, enum values and bounds, as bytes in the order of the format."""
    assert b"SNSR" in entries(SENSOR)
    assert (1000).to_bytes(2, "big") in entries(SENSOR)
    assert b"\xaa\xaa\xaa\xaa" in entries(CHANNEL)
    assert (99_999_999).to_bytes(4, "little") in entries(CHANNEL)
    assert dictionary(SENSOR) == ('# sensor: what the schema names\n"SNSR"\n"\\x00\\x01"\n"\\x03\\xe8"\n')
