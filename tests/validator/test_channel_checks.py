"""Each check of channel files: the bytes that it reports, beyond what the corpus has."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ccheck.core.finding import Severity
from ccheck.core.subject import CheckContext
from ccheck.formats.check_table import CHECKS
from ccheck.formats.registry import SCHEMAS
from ccheck.judging.judge import Policy, examine, judge
from tests.validator.channel_sample import (
    CORPUS,
    SMALL,
    a_field,
    a_type,
    context,
    criterion,
    definitions,
    found,
    instance,
    instances,
    put,
    report,
    seal,
    with_builds,
    with_definitions,
)

Place = tuple[str, int, int]
"""Path, offset and length of a finding."""

WILDCARD = {"field": 0, "kind": "wildcard"}
WILD = instances(instance(WILDCARD))
TYPE = definitions()
TWO_TYPES = definitions(a_type(), a_type(id=10, name="NET"))
TEXT_AND_NUMBER = instances(
    instance({"field": 0, "kind": "equals", "text": "at"}, {"field": 3, "kind": "equals", "integer": 4})
)
NUMBER_AND_TEXT = instances(
    instance(
        {"field": 3, "kind": "equals", "integer": 4}, {"field": 0, "kind": "equals", "text": "explorer.exe"}
    )
)
TWO_TEXTS = instances(
    instance(
        {"field": 0, "kind": "equals", "text": "aaa.exe"}, {"field": 1, "kind": "equals", "text": "bbb.exe"}
    )
)
SAME_TEXT = instances(instance(*({"field": i, "kind": "equals", "text": "powershell.exe"} for i in (0, 1))))
LONG = instances(
    *(instance({"field": 0, "kind": "equals", "text": f"program-{i:02}.exe"}, id=i + 1) for i in range(30))
)
"""1,744 bytes: the second sector ends among the criteria, which go on to 0x4f0."""


OracleCase = tuple[str, str, bytes, tuple[Place, ...]]
"""A check, what is strange in a few words, the file, and all places that are blamed."""


def case(check: str, words: str, data: bytes, *places: Place) -> OracleCase:
    """A file that fails with one check."""
    return check, words, data, places


CASES: list[OracleCase] = [
    case("all-zero", "one byte", b"\0", ("", 0x0, 1)),
    case("all-zero", "a sector", bytes(512), ("", 0x0, 512)),
    case("bytes-unowned", "zeroes behind whole content", seal(SMALL + bytes(1024)), ("", 0x90, 1024)),
    case("bytes-unowned", "one zero byte", seal(SMALL + b"\0"), ("", 0x90, 1)),
    case("wrong-magic", "shifted", SMALL[1:], ("header.magic", 0x0, 4)),
    case("unknown-format-version", "65535", put(SMALL, 4, "H", 65535), ("header.format_version", 0x4, 2)),
    case("unknown-format-version", "big endian", put(SMALL, 4, "H", 256), ("header.format_version", 0x4, 2)),
    case("truncated", "header of five", SMALL[:5], ("header.format_version", 0x4, 1)),
    case("truncated", "half a link", seal(SMALL[:0x6C]), ("blocks[2].size", 0x6C, 0)),
    case("truncated", "padding cut", seal(SMALL[:0x85]), ("blocks[2].padding", 0x82, 3)),
    case("truncated", "block of 7 bytes", put(SMALL, 0x24, "I", 7), ("blocks[0].body.count", 0x2C, 3)),
    case("truncated", "block of 1 byte", put(SMALL, 0x24, "I", 1), ("blocks[0].body.kind", 0x28, 1)),
    case("truncated", "end mark with a size", put(SMALL, 0x8C, "I", 8), ("blocks[3].size", 0x8C, 4)),
    case("truncated", "all ones", put(SMALL, 0x4C, "I", 0xFFFFFFFF), ("blocks[1].size", 0x4C, 4)),
    case("size-mismatch", "total of 0", SMALL[:20] + bytes(4) + SMALL[24:], ("header.total_size", 0x14, 4)),
    case("size-mismatch", "block over the next", put(SMALL, 0x24, "I", 40), ("blocks[0].size", 0x24, 4)),
    case("size-mismatch", "block over everything", put(SMALL, 0x24, "I", 0x68), ("blocks[0].size", 0x24, 4)),
    case("size-mismatch", "odd block", put(SMALL, 0x4C, "I", 33), ("blocks[1].size", 0x4C, 4)),
    case("count-past-bytes", "block too small", put(SMALL, 0x24, "I", 31), ("blocks[0].body.count", 0x2C, 4)),
    case(
        "count-past-bytes",
        "most that is allowed",
        put(SMALL, 0x2C, "I", 65536),
        ("blocks[0].body.count", 0x2C, 4),
    ),
    case("record-size-wrong", "zero", put(SMALL, 0x2A, "H", 0), ("blocks[0].body.record_size", 0x2A, 2)),
    case(
        "record-size-wrong",
        "all ones",
        put(SMALL, 0x52, "H", 0xFFFF),
        ("blocks[1].body.record_size", 0x52, 2),
    ),
    case("offset-outside-file", "file of a header", seal(SMALL[:0x20]), ("", 0x20, 0)),
    case("offset-outside-file", "end mark gone", seal(SMALL[:0x88]), ("blocks[2].next_offset", 0x68, 4)),
    case(
        "chain-backwards", "from the second", put(SMALL, 0x48, "I", 0x28), ("blocks[1].next_offset", 0x48, 4)
    ),
    case("chain-loop", "first to itself", put(SMALL, 0x20, "I", 0x20), ("blocks[0].next_offset", 0x20, 4)),
    case("chain-no-end", "first block empty", put(SMALL, 0x24, "I", 0), ("blocks[0].next_offset", 0x20, 4)),
    case(
        "chain-no-end", "end mark to itself", put(SMALL, 0x88, "I", 0x88), ("blocks[3].next_offset", 0x88, 4)
    ),
    case(
        "rows-out-of-order",
        "types share a field",
        put(TWO_TYPES, 0x50, "I", 0),
        ("types[1].first_field", 0x50, 4),
    ),
    case("value-out-of-bounds", "channel", put(TYPE, 8, "I", 100_000_000), ("header.channel", 0x8, 4)),
    case("value-out-of-bounds", "revision", put(SMALL, 16, "I", 0xFFFFFFFF), ("header.revision", 0x10, 4)),
    case("value-out-of-bounds", "type id", put(TYPE, 0x30, "I", 0), ("types[0].id", 0x30, 4)),
    case("value-out-of-bounds", "type version", put(TYPE, 0x34, "H", 0), ("types[0].version", 0x34, 2)),
    case(
        "value-out-of-bounds",
        "type channel",
        put(TYPE, 0x44, "I", 100_000_000),
        ("types[0].channel", 0x44, 4),
    ),
    case(
        "value-out-of-bounds",
        "max length 4097",
        put(TYPE, 0x5E, "H", 4097),
        ("types[0].fields[0].max_length", 0x5E, 2),
    ),
    case(
        "value-out-of-bounds",
        "no criteria",
        put(SMALL, 0x40, "H", 0),
        ("instances[0].criterion_count", 0x40, 2),
    ),
    case(
        "value-out-of-bounds",
        "operand of 4097",
        criterion(text="x" * 4097),
        ("instances[0].criteria[0].operand_length", 0x60, 4),
    ),
    case(
        "value-out-of-bounds",
        "name of 65",
        definitions(a_type(name="N" * 65)),
        ("types[0].name_length", 0x40, 2),
    ),
    case("unknown-enum-value", "kind 0", put(SMALL, 6, "H", 0), ("header.kind", 0x6, 2)),
    case("unknown-enum-value", "severity 0", put(SMALL, 0x3A, "B", 0), ("instances[0].severity", 0x3A, 1)),
    case("unknown-enum-value", "action 255", put(SMALL, 0x3B, "B", 255), ("instances[0].action", 0x3B, 1)),
    case(
        "unknown-enum-value",
        "criterion kind 0",
        put(SMALL, 0x5A, "H", 0),
        ("instances[0].criteria[0].kind", 0x5A, 2),
    ),
    case(
        "unknown-enum-value",
        "criterion kind 65535",
        put(SMALL, 0x5A, "H", 0xFFFF),
        ("instances[0].criteria[0].kind", 0x5A, 2),
    ),
    case(
        "unknown-enum-value",
        "value kind 3",
        put(SMALL, 0x64, "H", 3),
        ("instances[0].criteria[0].value_kind", 0x64, 2),
    ),
    case(
        "unknown-enum-value",
        "field value kind 255",
        put(TYPE, 0x60, "B", 255),
        ("types[0].fields[0].value_kind", 0x60, 1),
    ),
    case("unknown-enum-value", "block kind 0", put(SMALL, 0x28, "H", 0), ("blocks[0].body.kind", 0x28, 2)),
    case("unknown-flag", "header", put(SMALL, 24, "I", 0x80000000), ("header.flags", 0x18, 4)),
    case("unknown-flag", "field", put(TYPE, 0x61, "B", 0x80), ("types[0].fields[0].flags", 0x61, 1)),
    case(
        "unknown-flag",
        "allowed kind 11",
        put(TYPE, 0x64, "I", 0x802),
        ("types[0].fields[0].allowed_kinds", 0x64, 4),
    ),
    case(
        "unknown-flag",
        "allowed kinds all",
        put(TYPE, 0x64, "I", 0xFFFFFFFF),
        ("types[0].fields[0].allowed_kinds", 0x64, 4),
    ),
    case("reserved-not-zero", "type", put(TYPE, 0x42, "H", 0xFFFF), ("types[0].reserved", 0x42, 2)),
    case("reserved-not-zero", "field", put(TYPE, 0x62, "H", 1), ("types[0].fields[0].reserved", 0x62, 2)),
    case("reserved-not-zero", "instance 18", put(SMALL, 0x42, "H", 1), ("instances[0].reserved_18", 0x42, 2)),
    case("reserved-not-zero", "instance 20", put(SMALL, 0x44, "I", 1), ("instances[0].reserved_20", 0x44, 4)),
    case("padding-not-zero", "first byte", put(SMALL, 0x82, "B", 1), ("blocks[2].padding", 0x82, 1)),
    case("padding-not-zero", "last byte", put(SMALL, 0x87, "B", 1), ("blocks[2].padding", 0x87, 1)),
    case(
        "padding-not-zero",
        "between items",
        put(TEXT_AND_NUMBER, 0x8D, "BBB", 1, 0, 2),
        ("pool.padding", 0x8D, 3),
    ),
    case(
        "offset-outside-region",
        "offset 0",
        put(SMALL, 0x5C, "I", 0),
        ("instances[0].criteria[0].operand_offset", 0x5C, 4),
    ),
    case(
        "offset-outside-region",
        "one before",
        put(SMALL, 0x5C, "I", 0x77),
        ("instances[0].criteria[0].operand_offset", 0x5C, 4),
    ),
    case(
        "offset-outside-region",
        "one late",
        put(SMALL, 0x5C, "I", 0x79),
        ("instances[0].criteria[0].operand_length", 0x60, 4),
    ),
    case(
        "offset-outside-region",
        "behind the file",
        put(SMALL, 0x5C, "I", 0x90),
        ("instances[0].criteria[0].operand_offset", 0x5C, 4),
    ),
    case(
        "offset-outside-region",
        "all ones",
        put(SMALL, 0x5C, "I", 0xFFFFFFFF),
        ("instances[0].criteria[0].operand_offset", 0x5C, 4),
    ),
    case(
        "offset-outside-region",
        "sum of 0",
        put(SMALL, 0x5C, "I", 0xFFFFFFF6),
        ("instances[0].criteria[0].operand_offset", 0x5C, 4),
    ),
    case(
        "offset-outside-region",
        "type name",
        put(TYPE, 0x3C, "I", 0xFFFFFFFB),
        ("types[0].name_offset", 0x3C, 4),
    ),
    case(
        "offset-outside-region",
        "field name one longer",
        put(TYPE, 0x5C, "H", 5),
        ("types[0].fields[0].name_length", 0x5C, 2),
    ),
    case(
        "offset-misaligned",
        "by one",
        put(NUMBER_AND_TEXT, 0x5C, "I", 0x89),
        ("instances[0].criteria[0].operand_offset", 0x5C, 4),
    ),
    case(
        "index-outside-table",
        "first is the count",
        put(SMALL, 0x3C, "I", 1),
        ("instances[0].first_criterion", 0x3C, 4),
    ),
    case(
        "index-outside-table",
        "first is all ones",
        put(SMALL, 0x3C, "I", 0xFFFFFFFF),
        ("instances[0].first_criterion", 0x3C, 4),
    ),
    case(
        "index-outside-table",
        "count 256",
        put(SMALL, 0x40, "H", 256),
        ("instances[0].criterion_count", 0x40, 2),
    ),
    case("index-outside-table", "fields", put(TYPE, 0x36, "H", 2), ("types[0].field_count", 0x36, 2)),
    case(
        "text-malformed",
        "lone continuation",
        put(SMALL, 0x79, "B", 0x80),
        ("instances[0].criteria[0].operand", 0x79, 1),
    ),
    case(
        "text-malformed",
        "overlong nul",
        put(SMALL, 0x79, "BB", 0xC0, 0x80),
        ("instances[0].criteria[0].operand", 0x79, 1),
    ),
    case(
        "text-malformed",
        "overlong three",
        put(SMALL, 0x79, "BBB", 0xE0, 0x80, 0xAF),
        ("instances[0].criteria[0].operand", 0x79, 1),
    ),
    case(
        "text-malformed",
        "past unicode",
        put(SMALL, 0x79, "BBBB", 0xF4, 0x90, 0x80, 0x80),
        ("instances[0].criteria[0].operand", 0x79, 1),
    ),
    case(
        "text-malformed",
        "surrogate pair",
        put(SMALL, 0x79, "BBBBBB", 0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80),
        ("instances[0].criteria[0].operand", 0x79, 1),
    ),
    case(
        "text-malformed", "nul first", put(SMALL, 0x78, "B", 0), ("instances[0].criteria[0].operand", 0x78, 1)
    ),
    case(
        "text-malformed", "nul last", put(SMALL, 0x80, "B", 0), ("instances[0].criteria[0].operand", 0x80, 1)
    ),
    case("text-malformed", "name of a type", put(TYPE, 0x78, "B", 0xFF), ("types[0].name", 0x78, 1)),
    case("text-malformed", "name of a field", put(TYPE, 0x7D, "B", 0), ("types[0].fields[0].name", 0x7D, 1)),
    case(
        "text-not-terminated",
        "shortened",
        put(SMALL, 0x60, "I", 3),
        ("instances[0].criteria[0].operand", 0x7B, 1),
    ),
    case(
        "bytes-owned-twice",
        "a number as end mark",
        put(criterion(field=3, integer=0)[:0x80], 0x68, "I", 0x78),
        ("blocks[3]", 0x78, 8),
    ),
    case(
        "pool-items-overlap", "a text within another", put(SAME_TEXT, 0x6C, "II", 0x8D, 9), ("pool", 0x8D, 10)
    ),
    case("text-not-terminated", "name", put(TYPE, 0x7C, "B", 0x2E), ("types[0].name", 0x7C, 1)),
    case("pool-text-unused", "behind", put(TWO_TEXTS, 0x6C, "I", 0x88), ("pool", 0x90, 8)),
    case("checksum-wrong", "zero", SMALL[:28] + bytes(4) + SMALL[32:], ("header.checksum", 0x1C, 4)),
    case(
        "checksum-wrong",
        "over the header too",
        SMALL[:28] + struct.pack("<I", zlib.crc32(SMALL)) + SMALL[32:],
        ("header.checksum", 0x1C, 4),
    ),
    case(
        "table-repeated",
        "pool",
        seal(WILD[:0x78] + bytes.fromhex("88000000 08000000 0500 0100 00000000") + WILD[0x78:]),
        ("blocks[3].body.count", 0x84, 4),
    ),
    case("block-order", "instances in definitions", put(SMALL, 6, "H", 1), ("blocks[0].body.kind", 0x28, 2)),
    case("block-order", "end mark alone", seal(SMALL[:0x20] + bytes(8)), ("header.kind", 0x6, 2)),
    case(
        "block-order", "pool missing", put(WILD[:0x68] + bytes(8), 0x48, "I", 0x68), ("header.kind", 0x6, 2)
    ),
    case(
        "duplicate-type",
        "third",
        definitions(a_type(), a_type(id=10, name="B"), a_type(name="C")),
        ("types[2].id", 0x60, 4),
    ),
    case(
        "duplicate-type-name",
        "versions of two ids",
        definitions(a_type(), a_type(id=10, version=2)),
        ("types[1].name", 0xA0, 4),
    ),
    case(
        "duplicate-field-name",
        "second type",
        definitions(a_type(), a_type(a_field(), a_field(), id=10, name="B")),
        ("types[1].fields[1].name", 0xB5, 4),
    ),
    case(
        "duplicate-instance",
        "first and third",
        instances(*(instance(WILDCARD, id=i) for i in (7, 8, 7))),
        ("instances[2].id", 0x60, 4),
    ),
    case(
        "field-matched-twice",
        "wildcard and regex",
        instances(
            instance({"field": 1, "kind": "wildcard"}, WILDCARD, {"field": 1, "kind": "regex", "text": "a"})
        ),
        ("instances[0].criteria[2].field_index", 0x78, 2),
    ),
    case(
        "operand-misfit",
        "wildcard with offset",
        put(WILD, 0x5C, "I", 0x78),
        ("instances[0].criteria[0].operand_offset", 0x5C, 4),
    ),
    case(
        "operand-misfit",
        "wildcard with value kind",
        put(WILD, 0x64, "H", 1),
        ("instances[0].criteria[0].value_kind", 0x64, 2),
    ),
    case(
        "operand-misfit",
        "wildcard with flags",
        put(WILD, 0x66, "H", 1),
        ("instances[0].criteria[0].flags", 0x66, 2),
    ),
    case(
        "operand-misfit",
        "no value kind",
        put(SMALL, 0x64, "H", 0),
        ("instances[0].criteria[0].value_kind", 0x64, 2),
    ),
    case(
        "operand-misfit",
        "no length",
        put(SMALL, 0x60, "I", 0),
        ("instances[0].criteria[0].operand_length", 0x60, 4),
    ),
    case(
        "operand-misfit",
        "equals of two",
        criterion(field=3, integers=[1, 2]),
        ("instances[0].criteria[0].operand_length", 0x60, 4),
    ),
    case(
        "operand-misfit",
        "seven bytes",
        put(NUMBER_AND_TEXT, 0x60, "I", 7),
        ("instances[0].criteria[0].operand_length", 0x60, 4),
    ),
    case(
        "operand-misfit",
        "mask of one number",
        criterion("bit_mask", 3, integer=1),
        ("instances[0].criteria[0].operand_length", 0x60, 4),
    ),
    case(
        "operand-misfit",
        "mask of zero",
        criterion("bit_mask", 3, mask=0, value=0),
        ("instances[0].criteria[0].operand_offset", 0x5C, 4),
    ),
    case(
        "operand-misfit",
        "value outside mask",
        criterion("bit_mask", 3, mask=1, value=2),
        ("instances[0].criteria[0].operand_offset", 0x5C, 4),
    ),
    case(
        "operand-misfit",
        "regex of 1025",
        criterion("regex", 1, text="a" * 1025),
        ("instances[0].criteria[0].operand_length", 0x60, 4),
    ),
    case(
        "operand-misfit",
        "case of a range",
        criterion("integer_range", 3, low=1, high=2, flags=["ignore_case"]),
        ("instances[0].criteria[0].flags", 0x66, 2),
    ),
    case(
        "range-inverted",
        "greatest to least",
        criterion("integer_range", 3, low=2**64 - 1, high=0),
        ("instances[0].criteria[0].operand", 0x78, 16),
    ),
    case(
        "regex-invalid",
        "back reference",
        criterion("regex", 1, text=r"(.)\1"),
        ("instances[0].criteria[0].operand", 0x78, 5),
    ),
    case(
        "regex-invalid",
        "named back reference",
        criterion("regex", 1, text="(?P<a>x)(?P=a)"),
        ("instances[0].criteria[0].operand", 0x78, 14),
    ),
    case(
        "regex-invalid",
        "look behind",
        criterion("regex", 1, text="(?<=x)y"),
        ("instances[0].criteria[0].operand", 0x78, 7),
    ),
    case(
        "regex-invalid",
        "possessive",
        criterion("regex", 1, text="a++b"),
        ("instances[0].criteria[0].operand", 0x78, 4),
    ),
    case(
        "regex-invalid",
        "repeated repetition",
        criterion("regex", 1, text="a**"),
        ("instances[0].criteria[0].operand", 0x78, 3),
    ),
    case(
        "regex-invalid",
        "too many repetitions",
        criterion("regex", 1, text="a{1001}"),
        ("instances[0].criteria[0].operand", 0x78, 7),
    ),
    case(
        "regex-invalid",
        "class not closed",
        criterion("regex", 1, text="[a-"),
        ("instances[0].criteria[0].operand", 0x78, 3),
    ),
    case(
        "regex-invalid",
        "class upside down",
        criterion("regex", 1, text="[z-a]"),
        ("instances[0].criteria[0].operand", 0x78, 5),
    ),
    case(
        "regex-invalid",
        "backslash at the end",
        criterion("regex", 1, text="a\\"),
        ("instances[0].criteria[0].operand", 0x78, 2),
    ),
    case(
        "regex-too-costly",
        "one over",
        criterion("regex", 1, text=".{250}"),
        ("instances[0].criteria[0].operand", 0x78, 6),
    ),
    case(
        "regex-too-costly",
        "any letter",
        criterion("regex", 1, text=r"\pL{999}"),
        ("instances[0].criteria[0].operand", 0x78, 8),
    ),
    case(
        "unknown-template-type",
        "all ones",
        instances(instance(WILDCARD, type=0xFFFFFFFF)),
        ("instances[0].type_id", 0x34, 4),
    ),
    case(
        "unknown-type-version",
        "zero",
        instances(instance(WILDCARD, type_version=0)),
        ("instances[0].type_version", 0x38, 2),
    ),
    case(
        "unknown-type-version",
        "65535",
        instances(instance(WILDCARD, type_version=65535)),
        ("instances[0].type_version", 0x38, 2),
    ),
    case(
        "wrong-channel", "zero", instances(instance(WILDCARD), channel=0), ("instances[0].type_id", 0x34, 4)
    ),
    case(
        "field-past-type",
        "the 21st",
        instances(instance({"field": 21, "kind": "wildcard"}, type=1)),
        ("instances[0].criteria[0].field_index", 0x58, 2),
    ),
    case(
        "operand-too-long",
        "user sid",
        criterion(field=2, text="S" * 185),
        ("instances[0].criteria[0].operand_length", 0x60, 4),
    ),
    case(
        "value-not-understood",
        "list of numbers",
        criterion("one_of", 3, integers=[1, 2]),
        ("instances[0].criteria[0].kind", 0x5A, 2),
    ),
    case(
        "field-past-inputs",
        "not equals",
        instances(instance({"field": 20, "kind": "not_equals", "text": "x"}, type=1)),
        ("instances[0].criteria[0].field_index", 0x58, 2),
    ),
    case(
        "field-past-inputs",
        "each instance",
        instances(*(instance({"field": 20, "kind": "equals", "text": "x"}, type=1, id=i) for i in (1, 2))),
        ("instances[0].criteria[0].field_index", 0x70, 2),
        ("instances[1].criteria[0].field_index", 0x80, 2),
    ),
]


@pytest.mark.parametrize(
    ("check", "data", "places"),
    [pytest.param(check, data, places, id=f"{check}: {words}") for check, words, data, places in CASES],
)
def test_a_fault_is_found_by_its_own_check_alone(check: str, data: bytes, places: tuple[Place, ...]) -> None:
    """A file with one fault has the findings of one check, at the wrong bytes, and no other."""
    assert found(data) == [(check, *place) for place in places]


HASH = "d41d8cd98f00b204e9800998ecf8427e"
RIGHT = {
    "small": SMALL,
    "wildcards, empty pool": WILD,
    "one type": TYPE,
    "two types": TWO_TYPES,
    "more than two sectors": LONG,
    "a range over all": criterion("integer_range", 3, low=0, high=2**64 - 1),
    "a mask of all": criterion("bit_mask", 3, mask=2**64 - 1, value=2**64 - 1),
    "a value of 0 under a mask": criterion("bit_mask", 3, mask=1, value=0),
    "a text of one byte": criterion("equals", 0, text="x"),
    "the longest text": instances(
        instance({"field": 3, "kind": "equals", "text": "x" * 4096}, type=1),
    ),
    "the longest regex": criterion("regex", 1, text="a" * 1024),
    "a regex at its budget": criterion("regex", 1, text=".{249}"),
    "every allowed kind of a hash but lists": instances(
        instance({"field": 5, "kind": "wildcard"}),
        instance({"field": 5, "kind": "equals", "text": HASH}, id=2),
    ),
    "all severities and actions": instances(
        *(instance(WILDCARD, id=i, severity=i, action=(i - 1) % 3 + 1) for i in range(1, 6))
    ),
    "256 fields": definitions(a_type(*(a_field(f"f{i}") for i in range(256)))),
    "names of 64 bytes": definitions(a_type(a_field("f" * 64), name="T" * 64)),
    "the greatest numbers of a file name": definitions(sequence=99_999_999, revision=99_999_999),
    "one input that is not supplied, as a wildcard": instances(
        instance({"field": 20, "kind": "wildcard"}, type=1)
    ),
}


@pytest.mark.parametrize("data", RIGHT.values(), ids=RIGHT.keys())
def test_what_is_right_has_no_finding(data: bytes) -> None:
    """Content at its limits, but inside them, passes without so much as a warning."""
    assert found(data) == []


IN_A_SETTING = {
    "input-count-refused",
    "file-empty",
    "name-not-header",
    "test-content",
    "definitions-missing",
    "definitions-unreadable",
    "definitions-broken",
    "value-kind-mismatch",
    "kind-not-allowed",
    "consumers-missing",
    "definitions-past-inputs",
    "type-not-supplied",
    "not-canonical",
    "unrecognised-content",
}
"""Checks that have tests of their own below."""

ELSEWHERE = {
    "unreadable",
    "too-large",
    "examination-crashed",
    "count-mismatch",
    "element-without-bytes",
    "expression-unresolved",
    "work-out-of-proportion",
    "fault-unclaimed",
    "not-looked-into",
    "torn-at-sector",
    "facts-missing",
    "count-exceeded",
    "limit-exceeded",
    "envelope-damaged",
    "envelope-too-large",
    "envelope-trailing-bytes",
    "number-malformed",
}
"""Checks that no bytes of a channel file can fail, or that are never alone: test_hidden.py has the torn ones,
test_envelopes.py and test_digits.py those of nodes that a channel file has not.
"""


def uncounted() -> CheckContext:
    """The common setting, with builds that do not compare the counts of fields and inputs."""
    return with_builds(context(), input_count_check=False)


def test_every_check_has_a_case() -> None:
    """Each check that applies to channel files is tried here; a new one is missed."""
    applying = {c.name for c in CHECKS if not c.schemas or "channel" in c.schemas}
    assert {check for check, *_ in CASES} | IN_A_SETTING | ELSEWHERE == applying


def test_a_check_that_cannot_be_made_is_said_to_be_not_run() -> None:
    """Behind a wrong magic nothing is judged, and each check that waits for it says so; none is passed over."""
    judged = report(b"\xab" + SMALL[1:])
    applying = [c for c in CHECKS if not c.schemas or "channel" in c.schemas]
    assert [f.check for f in judged.findings] == ["wrong-magic"]
    assert judged.checks_run + len(judged.not_run) == len(applying)
    assert {entry.reason for entry in judged.not_run} == {"blocked by wrong-magic"}
    assert "field-past-inputs" in {entry.check for entry in judged.not_run}


def test_all_problems_are_reported_not_only_the_first() -> None:
    """Five faults of five kinds in one file are five findings."""
    data = put(SMALL, 0x3A, "B", 9)  # severity
    data = put(data, 0x42, "H", 1)  # reserved
    data = put(data, 0x66, "H", 4)  # flags of the criterion
    data = put(data, 0x79, "B", 0xFF)  # text
    data = put(data, 0x83, "B", 7)  # padding
    assert sorted(check for check, *_ in found(data)) == [
        "padding-not-zero",
        "reserved-not-zero",
        "text-malformed",
        "unknown-enum-value",
        "unknown-flag",
    ]


def test_a_table_that_is_cut_is_one_finding_and_its_rows_are_judged() -> None:
    """A count past the bytes is one finding; the criterion that is there is still compared with the builds."""
    data = instances(instance({"field": 20, "kind": "equals", "text": "x"}, type=1))
    assert found(put(data, 0x54, "I", 1000)) == [
        ("count-past-bytes", "blocks[1].body.count", 0x54, 4),
        ("field-past-inputs", "instances[0].criteria[0].field_index", 0x58, 2),
    ]


@pytest.mark.parametrize("data", [b"MZ\x90\0", b"\xaa\xaa\xaa", b"\0" * 7 + b"\1"])
def test_content_of_no_known_format(data: bytes) -> None:
    """Without a named schema, bytes that begin like no format are reported for that, and nothing else is judged."""
    judged = judge(examine(data, "", context(), SCHEMAS), "", CHECKS, Policy())
    assert [(f.check, f.offset, f.length) for f in judged.findings] == [
        ("unrecognised-content", 0, min(8, len(data)))
    ]
    assert judged.schema is None


def test_an_empty_file() -> None:
    """A file of no bytes is empty, and nothing else is said of it."""
    assert found(b"") == [("file-empty", "", 0, 0)]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("C-00000291-00000000-00000000.bin", []),
        ("C-00000291-00000000-00000000", []),
        ("C-00000291-00000000-00000000.sys.backup", []),
        ("C-00000291-00000000-000000001.bin", []),
        ("c-00000000-00000000-00000000.bin", []),
        ("C-291-0-0.bin", []),
        ("copy of C-00000000-00000000-00000000.bin", []),
        ("C-00000000-00000000-00000000.bin", ["channel"]),
        ("C-00000290-00000001-00000002.bin", ["channel", "sequence", "revision"]),
        ("C-\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0661-00000000-00000000.bin", []),
    ],
)
def test_the_numbers_of_a_file_name(name: str, fields: list[str]) -> None:
    """A name that begins with three numbers of eight digits must say what the header says; others say nothing."""
    places = {"channel": 8, "sequence": 12, "revision": 16}
    assert found(SMALL, name) == [("name-not-header", f"header.{f}", places[f], 4) for f in fields]


def test_test_content_is_a_warning() -> None:
    """The test flag is found, as a warning, which does not fail the file."""
    judged = report(instances(instance(WILDCARD), flags=["test"]))
    assert [(f.check, f.severity, f.offset) for f in judged.findings] == [
        ("test-content", Severity.WARNING, 0x18)
    ]
    assert judged.verdict == "pass"


def test_left_over_text_is_a_warning() -> None:
    """Unused text of the pool is found, as a warning, and the canonical form is not required."""
    judged = report(put(TWO_TEXTS, 0x6C, "I", 0x88))
    assert [(f.check, f.severity) for f in judged.findings] == [("pool-text-unused", Severity.WARNING)]
    assert [entry.check for entry in judged.not_run] == ["not-canonical"]
    assert judged.verdict == "pass"


@pytest.mark.parametrize(
    ("kind", "operand", "expected"),
    [
        ("integer_range", {"low": 1, "high": 2}, ["kind-not-allowed", "value-kind-mismatch"]),
        ("bit_mask", {"mask": 1, "value": 1}, ["kind-not-allowed", "value-kind-mismatch"]),
        ("equals", {"integer": 1}, ["value-kind-mismatch"]),
    ],
)
def test_numbers_on_a_field_of_text(kind: str, operand: dict[str, Any], expected: list[str]) -> None:
    """A number on a text field is reported for its type, and for its kind if the field does not allow it."""
    assert [check for check, *_ in found(criterion(kind, 0, **operand))] == expected


def test_instances_without_definitions_or_consumers() -> None:
    """Missing definitions and missing builds are each reported, and neither replaces the other."""
    alone = CheckContext(date(2024, 9, 1))
    kind = ("header.kind", 6, 2)
    magic = ("", 0, 4)
    assert found(SMALL, known=alone) == [("consumers-missing", *magic), ("definitions-missing", *kind)]
    assert found(TYPE, known=alone) == [("consumers-missing", *magic)]
    assert found(SMALL, known=replace(context(), consumers=None)) == [("consumers-missing", *magic)]
    assert found(SMALL, known=replace(context(), definitions=())) == [("definitions-missing", *kind)]


def test_builds_count_on_the_days_of_their_support() -> None:
    """Both ends of a support window count; a day on which no build is supported is a day without consumers."""
    last = date(2024, 9, 1)
    known = with_builds(context(), supported_until=last)
    story = instances(instance({"field": 20, "kind": "equals", "text": "x"}, type=1))
    assert [check for check, *_ in found(story, known=known)] == ["field-past-inputs"]
    after = replace(known, on=date(2024, 9, 2))
    assert [check for check, *_ in found(story, known=after)] == ["consumers-missing"]
    before = replace(known, on=date(2024, 2, 27))
    assert [check for check, *_ in found(story, known=before)] == ["consumers-missing"]


def test_july_2024_names_every_build_that_falls_short() -> None:
    """The finding says what the criterion reads, what the builds supply, and the lines that say so."""
    story = instances(instance({"field": 20, "kind": "equals", "text": "x"}, type=1))
    (finding,) = report(story).findings
    assert finding.message == "criterion reads input 20, but consumers 7.11 and 7.15 supply 20 (0 to 19)"
    assert [(proof.file, proof.line) for proof in finding.related] == [
        (str(CORPUS / "consumers.toml"), 13),
        (str(CORPUS / "consumers.toml"), 31),
    ]


def test_a_version_of_the_format_that_no_build_reads() -> None:
    """The header's version is compared with every build, for definitions and for instances."""
    known = with_builds(context(), format_versions=(2, 3))
    place = ("value-not-understood", "header.format_version", 4, 2)
    assert found(TYPE, known=known) == [place]
    assert found(SMALL, known=known) == [place]


def test_definitions_past_inputs_blames_each_field() -> None:
    """Every field past what some build supplies is reported as a whole, unless it is optional."""
    promised = a_type(
        a_field("a"), a_field("b"), a_field("c", flags=["optional"]), a_field("d"), name="PROCESS"
    )
    known = with_builds(context(), inputs={"PROCESS": 1})
    assert found(definitions(promised), known=known) == [
        ("definitions-past-inputs", "types[0].fields[1]", 0x68, 16),
        ("definitions-past-inputs", "types[0].fields[3]", 0x88, 16),
    ]


def test_inputs_of_one_version_go_before_those_of_the_type() -> None:
    """A build may supply another number of inputs to one version of a type."""
    versions = [a_type(a_field("a"), a_field("b"), version=v, name="PROCESS") for v in (1, 2)]
    known = with_builds(context(), inputs={"PROCESS": 2, "PROCESS@2": 1})
    assert found(definitions(*versions), known=known) == [
        ("definitions-past-inputs", "types[1].fields[1]", 0xA0, 16)
    ]


def test_a_type_that_a_build_does_not_know() -> None:
    """Instances of a type that some build does not list are an error for it; definitions may hold the type."""
    known = with_builds(context(), inputs={"IPC": 21})
    assert found(SMALL, known=known) == [("type-not-supplied", "instances[0].type_id", 0x34, 4)]
    assert found(TYPE, known=known) == []


def test_a_build_that_supplies_nothing() -> None:
    """A type with no inputs at all fails every criterion but wildcards."""
    known = with_builds(uncounted(), inputs={"PROCESS": 0})
    (finding,) = report(SMALL, known=known).findings
    assert finding.check == "field-past-inputs"
    assert finding.message == "criterion reads input 0, but consumers 7.11, 7.15 and 7.16 supply none"
    assert found(WILD, known=known) == []


def test_a_build_that_counts_refuses_other_counts() -> None:
    """A build that compares the counts refuses a type with more or fewer fields, once for each type."""
    place = ("input-count-refused", "instances[0].type_id", 0x34, 4)
    twice = instances(*(instance(WILDCARD, id=i) for i in (1, 2)))
    for inputs in (5, 7):
        known = with_builds(context(), inputs={"PROCESS": inputs}, input_count_check=True)
        assert found(twice, known=known) == [place]
    assert found(twice, known=with_builds(context(), inputs={"PROCESS": 6}, input_count_check=True)) == []
    assert found(twice, known=with_builds(uncounted(), inputs={"PROCESS": 5})) == []


PROCESS = a_type(a_field("image_path"), id=2, name="PROCESS")
PROCESS_TWICE = definitions(PROCESS, PROCESS | {"fields": [a_field("other")]})


def test_instances_are_not_judged_by_definitions_with_errors() -> None:
    """Definitions that fail their own checks fail the instances, and say with which check."""
    known = with_definitions(uncounted(), PROCESS_TWICE)
    (finding,) = report(criterion(text="x"), known=known).findings
    assert (finding.check, finding.offset) == ("definitions-broken", 6)
    assert finding.message == "the definitions have errors: duplicate-type"


def test_instances_are_not_judged_by_definitions_that_cannot_be_read() -> None:
    """Definitions with a fault of layout fail the instances, and what rests on them is not run."""
    known = with_definitions(context(), put(definitions(PROCESS), 0x62, "H", 1))
    judged = report(criterion(text="x"), known=known)
    assert [f.check for f in judged.findings] == ["definitions-unreadable"]
    assert {entry.check for entry in judged.not_run} >= {"unknown-template-type", "field-past-inputs"}


def test_types_may_come_from_more_than_one_file() -> None:
    """An instance finds its type in any of the definitions."""
    known = with_definitions(uncounted(), definitions(a_type(id=5)), definitions(PROCESS))
    assert found(criterion(text="x"), known=known) == []
    assert found(criterion(text="x" * 65), known=known) == [
        ("operand-too-long", "instances[0].criteria[0].operand_length", 0x60, 4)
    ]


def test_definitions_at_odds() -> None:
    """A type that two files define alike is one type; where they differ, nobody knows which one counts."""
    alike = with_definitions(uncounted(), definitions(PROCESS), definitions(a_type(), PROCESS))
    assert found(criterion(text="x"), known=alike) == []
    longer = PROCESS | {"fields": [a_field("image_path", max_length=65)]}
    known = with_definitions(uncounted(), definitions(PROCESS), definitions(longer))
    (finding,) = report(criterion(text="x"), known=known).findings
    assert (finding.check, finding.offset) == ("definitions-broken", 6)
    assert finding.message == "type 2 version 1 is defined in two files, and not alike"


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (put(put(TWO_TEXTS, 0x5C, "I", 0x90), 0x6C, "I", 0x88), (0x5C, 1)),
        (put(TWO_TEXTS, 0x90, "BBB", *b"aaa"), (0x6C, 1)),
    ],
)
def test_content_has_one_form(data: bytes, place: tuple[int, int]) -> None:
    """Items exchanged or stored twice are not canonical; the finding is where that shows, not at the checksum."""
    ((check, _, offset, length),) = found(data)
    assert check == "not-canonical"
    assert (offset, length) == place


def test_the_cost_of_a_regex_is_told() -> None:
    """The message says what the regex costs, or that it is far over, and what is allowed."""
    (near,) = report(criterion("regex", 1, text=".{250}")).findings
    assert near.message == "the regex needs 2,004 instructions, the budget is 2,000"
    (far,) = report(criterion("regex", 1, text=r"(\pL{30}){30}")).findings
    assert far.message == "the regex needs far more instructions, the budget is 2,000"


def test_case_is_part_of_the_cost_of_a_regex() -> None:
    """A regex that ignores case is judged as such: k also matches the Kelvin sign, which costs more."""
    text = "k{500}"
    assert found(criterion("regex", 1, text=text)) == []
    over = [check for check, *_ in found(criterion("regex", 1, text=text, flags=["ignore_case"]))]
    assert over == ["regex-too-costly"]


def test_every_message_is_one_line_in_small_letters() -> None:
    """Whatever is found, its message is one line that ends without a full stop."""
    found = [(words, finding) for _, words, data, _ in CASES for finding in report(data).findings]
    assert len(found) >= len(CASES) // 2 > 10
    for words, finding in found:
        assert re.fullmatch(r"[^A-Z\n][^\n]*[^.\n]", finding.message), (words, finding.message)
        assert finding.why
        assert finding.fix
