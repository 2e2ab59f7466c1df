"""The schema of the format, with its recipes."""

from __future__ import annotations

from typing import Any

from ccheck_schemas.formats.sysmon.facts import FACTS
from ccheck_schemas.formats.sysmon.structure import SYSMON, SysmonContent, assemble
from ccheck_schemas.formats.sysmon.tables import recognise, target, why_not_described
from ccheck_schemas.schema import Identity, Schema


def _compose(recipe: Any) -> bytes:
    from ccheck_schemas.formats.sysmon.recipe import compose

    return compose(recipe)


def _describe(content: SysmonContent) -> Any:
    from ccheck_schemas.formats.sysmon.recipe import describe

    return describe(content)


SCHEMA = Schema(
    name="sysmon",
    title="Sysmon rules blobs, binary versions 9.10 to 16",
    root=SYSMON,
    recognise=recognise,
    assemble=assemble,
    contract=FACTS,
    builds_required=False,
    identity={"rules": Identity("rule for {event}"), "filters": Identity("{field} {operator} {data}")},
    compose=_compose,
    describe=_describe,
    target=target,
    why_not_described=why_not_described,
)
