"""The schema of the format, with its recipes."""

from __future__ import annotations

from typing import Any

from ccheck_schemas.formats.regdb.facts import FACTS
from ccheck_schemas.formats.regdb.numbers import recognise
from ccheck_schemas.formats.regdb.structure import REGDB, RegdbContent, assemble
from ccheck_schemas.schema import Identity, Schema


def _compose(recipe: Any) -> bytes:
    from ccheck_schemas.formats.regdb.recipe import compose

    return compose(recipe)


def _describe(content: RegdbContent) -> Any:
    from ccheck_schemas.formats.regdb.recipe import describe

    return describe(content)


def _as_compiled(recipe: Any) -> Any:
    from ccheck_schemas.formats.regdb.recipe import as_compiled

    return as_compiled(recipe)


SCHEMA = Schema(
    name="regdb",
    title="wireless regulatory databases: regulatory.db (version 20) and regulatory.bin (version 19)",
    root=REGDB,
    recognise=recognise,
    assemble=assemble,
    compose=_compose,
    describe=_describe,
    as_compiled=_as_compiled,
    contract=FACTS,
    builds_required=False,
    identity={
        "countries": Identity("country {alpha2}"),
        "rules": Identity("band {start} to {end} kHz", headline="bandwidth"),
    },
)
