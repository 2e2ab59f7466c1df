"""The schema of the format, with its recipes."""

from __future__ import annotations

from typing import Any

from ccheck_schemas.formats.apparmor.content import PolicyContent, assemble
from ccheck_schemas.formats.apparmor.numbers import recognise
from ccheck_schemas.formats.apparmor.structure import POLICY
from ccheck_schemas.schema import Identity, Schema


def _compose(recipe: Any) -> bytes:
    from ccheck_schemas.formats.apparmor.recipe import compose

    return compose(recipe)


def _describe(content: PolicyContent) -> Any:
    from ccheck_schemas.formats.apparmor.recipe import describe

    return describe(content)


SCHEMA = Schema(
    name="apparmor",
    title="compiled AppArmor policy, versions 5 to 8",
    root=POLICY,
    recognise=recognise,
    assemble=assemble,
    compose=_compose,
    describe=_describe,
    identity={"profiles": Identity("profile {name}"), "tables": Identity("table {id}")},
)
