"""The files that the tests of the fuzzer start from: the corpus's good files, and a user's own format."""

from __future__ import annotations

from pathlib import Path
from random import Random

from ccheck.formats.registry import FORMATS, SCHEMAS
from ccheck_schemas.model import minimal_file
from ccheck_schemas.schema import Schema
from tests.conftest import ROOT
from tests.corpus import FEWEST_GOOD, enough
from tests.user import sensor

CORPUS = ROOT / "corpus"
CHANNEL = next(schema for schema in SCHEMAS if schema.name == "channel")
SYSMON = next(schema for schema in SCHEMAS if schema.name == "sysmon")
REGDB = next(schema for schema in SCHEMAS if schema.name == "regdb")
SENSOR = sensor.SCHEMA
DEVICETREE = next(schema for schema in SCHEMAS if schema.name == "devicetree")
SHIPPED = tuple(known.schema for known in FORMATS)
ALL = (*SHIPPED, SENSOR)

NOT_GROWN = {
    "channel": "is judged with definitions: tests of its own grow it",
    "apparmor": "has its items in the kernel's order, which no schema states",
}
assert set(NOT_GROWN) <= {schema.name for schema in SHIPPED}
"""Formats of which no valid file is grown from the schema alone, and why."""

NEVER_ALONE = {
    "unreadable": "is said of a path, not of bytes",
    "too-large": "is said of a path, not of bytes",
    "examination-crashed": "is said of a process, not of bytes",
    "unrecognised-content": "the schema is named, so nothing is left to be recognised",
    "element-without-bytes": "every list of the shipped formats has elements that take bytes",
    "expression-unresolved": "every expression of the shipped formats names a field that is there",
    "work-out-of-proportion": "is broken by thousands of references; tests of the reader make them",
    "fault-unclaimed": "every fault has its check; a test takes one out of the table",
    "facts-missing": "is said of consumers.toml, not of bytes",
    "torn-at-sector": "adds to the findings of what is missing",
    "not-looked-into": "the shipped formats leave nothing out",
}
"""Checks of all formats that no bytes break under a schema that is named, and why."""

STORY = CORPUS / "channel" / "field-past-inputs"
MARCH = (STORY / "good" / "C-00000291-00000000-00000001.bin").read_bytes()
JULY = (STORY / "bad" / "C-00000291-00000000-00000032.bin").read_bytes()
INSTANCES = (CORPUS / "channel" / "instances.bin").read_bytes()
DEFINITIONS = (CORPUS / "channel" / "definitions.bin").read_bytes()
BASE = (CORPUS / "sysmon" / "base.bin").read_bytes()


def paths(schema: Schema, folder: str = "*") -> list[Path]:
    """The corpus's files of a format; folder: ``good``, ``bad`` or both."""
    return sorted((CORPUS / schema.name).rglob(f"{folder}/*.bin"))


def good(schema: Schema) -> tuple[bytes, ...]:
    """Files whose layout is faultless, the largest ones left out."""
    if schema is SENSOR:
        return tuple(minimal_file(SENSOR.layout, Random(i)) for i in range(5))
    found = tuple(data for path in paths(schema, "good") if len(data := path.read_bytes()) <= 20_000)
    enough(schema.name, len(found), FEWEST_GOOD, "good files of at most 20,000 bytes")
    return found
