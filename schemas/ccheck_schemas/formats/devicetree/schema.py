"""The schema of the format, with its recipes."""

from __future__ import annotations

from typing import Any

from ccheck_schemas.formats.devicetree.facts import DEPTH, FACTS
from ccheck_schemas.formats.devicetree.numbers import recognise
from ccheck_schemas.formats.devicetree.structure import DEVICETREE, DevicetreeContent, assemble, depth
from ccheck_schemas.schema import Identity, Schema


def _compose(recipe: Any) -> bytes:
    from ccheck_schemas.formats.devicetree.recipe import compose

    return compose(recipe)


def _describe(content: DevicetreeContent) -> Any:
    from ccheck_schemas.formats.devicetree.recipe import describe

    return describe(content)


SCHEMA = Schema(
    name="devicetree",
    title="flattened devicetrees, version 17 (.dtb)",
    root=DEVICETREE,
    recognise=recognise,
    assemble=assemble,
    compose=_compose,
    describe=_describe,
    contract=FACTS,
    builds_required=False,
    amounts={DEPTH.name: depth},
    identity={"nodes": Identity("node {name}"), "properties": Identity("property {name}")},
)
