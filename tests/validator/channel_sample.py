"""Channel files made in memory, edited byte by byte, and what the checks find in them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

from ccheck.core.consumers import Consumer, Consumers, load_consumers
from ccheck.core.finding import FileReport, Severity
from ccheck.core.subject import CheckContext, Definitions
from ccheck.formats.check_table import CHECKS
from ccheck.formats.registry import SCHEMAS
from ccheck.judging.judge import Policy, examine, judge
from ccheck_schemas.formats.channel.recipe import compose
from ccheck_schemas.formats.channel.schema import SCHEMA
from ccheck_schemas.model.fix_up import fix_up
from ccheck_schemas.read import read
from tests.conftest import ROOT
from tests.facts import stating

CORPUS = ROOT / "corpus" / "channel"
DAY = date(2024, 9, 1)

Found = tuple[str, str, int, int]
"""Check, path, offset and length of a finding."""


@cache
def context() -> CheckContext:
    """The definitions and consumers of the corpus, on a day on which all three builds are supported.

    No build compares counts of inputs, so that types of any number of fields can be tried.
    """
    consumers = load_consumers(CORPUS / "consumers.toml")
    known = with_builds(CheckContext(DAY, (), consumers), input_count_check=False)
    return with_definitions(known, (CORPUS / "definitions.bin").read_bytes())


def with_definitions(known: CheckContext, *files: bytes) -> CheckContext:
    """A setting with definitions, judged by it before."""
    return replace(known, definitions=tuple(_definitions(known, data) for data in files))


def _definitions(known: CheckContext, data: bytes) -> Definitions:
    subject = examine(data, "definitions.bin", known, SCHEMAS, SCHEMA)
    report = judge(subject, "definitions.bin", CHECKS, Policy())
    assert subject.reading is not None
    errors = dict.fromkeys(f.check for f in report.findings if f.severity is Severity.ERROR)
    return Definitions("definitions.bin", subject.content, tuple(errors), bool(subject.reading.counts))


def with_builds(known: CheckContext, **changes: Any) -> CheckContext:
    """A setting in which every build is changed so."""
    assert known.consumers is not None
    keys = {name: value for name, value in changes.items() if name in Consumer.__slots__}
    facts = {name: value for name, value in changes.items() if name not in keys}
    builds = tuple(stating(replace(build, **keys), **facts) for build in known.consumers.builds)
    return replace(known, consumers=Consumers(known.consumers.path, known.consumers.sha256, builds))


def report(data: bytes, name: str = "", known: CheckContext | None = None) -> FileReport:
    """Judge a channel file."""
    known = known or context()
    return judge(examine(data, name, known, SCHEMAS, SCHEMA), name, CHECKS, Policy())


def found(data: bytes, name: str = "", known: CheckContext | None = None) -> list[Found]:
    """What the checks find in a channel file."""
    return [(f.check, f.path, f.offset, f.length) for f in report(data, name, known).findings]


def seal(data: bytes) -> bytes:
    """The same bytes with a true total size and checksum."""
    return fix_up(data, read(SCHEMA.layout, data))


def put(data: bytes, at: int, form: str, *values: int) -> bytes:
    """The same bytes with integers written over them (`form` as in `struct`), sealed."""
    out = bytearray(data)
    struct.pack_into("<" + form, out, at, *values)
    return seal(bytes(out))


def instance(*criteria: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An instance of PROCESS."""
    return {"id": 1, "type": 2, "severity": "high", "action": "block", "criteria": list(criteria)} | changes


def instances(*held: dict[str, Any], **header: Any) -> bytes:
    """A file of instances."""
    return compose({"kind": "instances", "channel": 291, "instances": list(held)} | header)


def criterion(kind: str | int = "equals", field: int = 0, **operand: Any) -> bytes:
    """A file of one instance with one criterion: instance at 0x30, criterion at 0x58, pool 0x78."""
    return instances(instance({"field": field, "kind": kind} | operand))


def a_field(name: str = "path", **changes: Any) -> dict[str, Any]:
    """A field of text."""
    return {"name": name, "value": "text", "max_length": 64, "allows": ["wildcard", "equals"]} | changes


def definitions(*types: dict[str, Any], **header: Any) -> bytes:
    """A definitions file; of one type with one field when no types are given."""
    return compose({"kind": "definitions", "channel": 1, "types": list(types) or [a_type()]} | header)


def a_type(*fields: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A template type that no build of the corpus knows."""
    return {"id": 9, "name": "FILE", "channel": 291, "fields": list(fields) or [a_field()]} | changes


SMALL = criterion("suffix", text="\\evil.exe")
"""144 bytes: instances at 0x20, criteria at 0x48, the pool at 0x68 (its ten bytes at 0x78), the end mark at
0x88."""


def good_files() -> Iterator[tuple[str, bytes]]:
    """The good files of the corpus that are judged in the common setting, by name."""
    for path in sorted(CORPUS.glob("*/good/*.bin")):
        folder = path.parent.parent
        whole = "setting:" not in path.with_suffix(".yaml").read_text(encoding="utf-8")
        if whole and not (folder / "definitions.bin").exists() and not (folder / "consumers.toml").exists():
            yield path.name, path.read_bytes()
