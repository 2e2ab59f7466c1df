"""The schema of the format, with its recipes."""

from __future__ import annotations

from typing import Any

from ccheck_schemas.formats.devicetree.content import DevicetreeContent, assemble, depth
from ccheck_schemas.formats.devicetree.facts import DEPTH, FACTS
from ccheck_schemas.formats.devicetree.numbers import recognise
from ccheck_schemas.formats.devicetree.structure import DEVICETREE
from ccheck_schemas.schema import Identity, Schema


def _compose(recipe: Any) -> bytes:
    from ccheck_schemas.formats.devicetree.recipe import compose

    return compose(recipe)


def _describe(content: DevicetreeContent) -> Any:
    from ccheck_schemas.formats.devicetree.recipe import describe

    return describe(content)


def _as_compiled(recipe: Any) -> Any:
    from ccheck_schemas.formats.devicetree.recipe import as_compiled

    return as_compiled(recipe)


SCHEMA = Schema(
    name="devicetree",
    title="flattened devicetrees, versions 16 and 17 (.dtb, .dtbo)",
    root=DEVICETREE,
    recognise=recognise,
    assemble=assemble,
    compose=_compose,
    describe=_describe,
    as_compiled=_as_compiled,
    contract=FACTS,
    builds_required=False,
    amounts={DEPTH.name: depth},
    identity={"nodes": Identity("node {name}"), "properties": Identity("property {name}")},
)
