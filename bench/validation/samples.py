"""The files that are measured: two layouts at several sizes, without a fault and with one."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ccheck_schemas.formats.channel.recipe import compose
from ccheck_schemas.formats.channel.schema import SCHEMA
from ccheck_schemas.model.fix_up import fix_up
from ccheck_schemas.read import read

Criterion = dict[str, Any]


@dataclass(frozen=True)
class Layout:
    """A kind of file.

    Attributes:
        title: The title for people.
        counts: Template instances, by the resulting size.
        criteria: The criteria of one instance.
    """

    title: str
    counts: Mapping[str, int]
    criteria: Callable[[int], list[Criterion]]


def _texts(i: int) -> list[Criterion]:
    return [
        {"field": 0, "kind": "prefix", "text": f"\\Device\\NamedPipe\\service\\{i:08}\\{7 * i:012}"},
        {"field": 1, "kind": "integer_range", "low": i, "high": i + 5},
        {"field": 2, "kind": "wildcard"},
    ]


def _wildcards(i: int) -> list[Criterion]:
    told: dict[int, Criterion] = {
        0: {"field": 0, "kind": "prefix", "text": f"\\Device\\NamedPipe\\{i:06}"},
        1: {"field": 1, "kind": "equals", "integer": i},
    }
    return [told.get(field, {"field": field, "kind": "wildcard"}) for field in range(20)]


LAYOUTS: Mapping[str, Layout] = {
    "texts": Layout(
        "texts: 3 criteria an instance, of which one is a text and one a range",
        {"40 KB": 285, "1 MB": 7_100, "10 MB": 65_536},
        _texts,
    ),
    "wildcards": Layout(
        "wildcards: 20 criteria an instance, of which one is a text and one an integer, as in July 2024",
        {"40 KB": 98, "1 MB": 2_450, "10 MB": 13_107},
        _wildcards,
    ),
}
"""The most instances are those that the format allows: 65,536, or 262,144 criteria."""


def good(layout: Layout, instances: int) -> bytes:
    """A file without a fault."""
    made = [
        {"id": i + 1, "type": 1, "severity": "high", "action": "detect", "criteria": layout.criteria(i)}
        for i in range(instances)
    ]
    return compose({"kind": "instances", "channel": 291, "revision": 1, "instances": made})


def with_fault(data: bytes) -> bytes:
    """The file with a criterion in its middle that is of no known kind, and a checksum that is true."""
    edited = bytearray(data)
    criteria = struct.unpack_from("<I", data, 32)[0]
    count = struct.unpack_from("<I", data, criteria + 12)[0]
    struct.pack_into("<H", edited, criteria + 16 + 16 * (count // 2) + 2, 77)
    return fix_up(bytes(edited), read(SCHEMA.layout, bytes(edited)))
