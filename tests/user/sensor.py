"""A user's own format, as docs/writing-checks.md writes it: sensor rules of a company called Example."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

from construct import Const, Int8ub, Int16ub, Int32ub, Struct, this

from ccheck.core.check import Check, Diagnostic
from ccheck.core.subject import Subject
from ccheck_schemas.meaning import ChecksumOver, FileSize, Reserved, StrictEnum, Table, Version
from ccheck_schemas.schema import Schema


class Action(IntEnum):
    """What a rule does."""

    LOG = 1
    BLOCK = 2


RULE = Struct(
    "port" / Int16ub,
    "action" / StrictEnum(Int8ub, Action),
    "reserved" / Reserved(Int8ub),
)

SENSOR = Struct(
    "magic" / Const(b"SNSR"),
    "version" / Version(Int16ub, known=(1,)),
    "count" / Int16ub,
    "size" / FileSize(Int32ub),
    "checksum" / ChecksumOver(Int32ub, start=16),
    "rules" / Table("rules", this.count, RULE, low=1, high=1000),
)


def port_ruled_twice(subject: Subject) -> Iterator[Diagnostic]:
    """Two rules are for the same port.

    ## What is wrong
    A port has more than one rule.

    ## Why is this bad
    The sensor keeps one rule for each port, and the last one wins.

    ## How to fix
    Remove one of the rules.
    """
    seen: set[int] = set()
    for rule in subject.content.tables.get("rules", ()):
        if rule.port in seen:
            yield Diagnostic(
                f"port {rule.port} has a rule already",
                rule.span("port"),
                label=f"port {rule.port}",
                why="the sensor keeps one rule for each port, and the last one wins",
                fix="remove one of the rules",
            )
        seen.add(rule.port)


SCHEMA = Schema("sensor", "sensor rules of Example", SENSOR, recognise=lambda data: data[:4] == b"SNSR")
CHECKS = (Check(port_ruled_twice, schemas=("sensor",)),)
