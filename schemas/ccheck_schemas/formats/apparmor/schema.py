"""The schema of the format, with its recipes."""

from __future__ import annotations

from typing import Any

from ccheck_schemas.formats.apparmor.amounts import exec_names, item_names, modes, state_bytes, state_flags
from ccheck_schemas.formats.apparmor.assembly import assemble
from ccheck_schemas.formats.apparmor.content import PolicyContent
from ccheck_schemas.formats.apparmor.facts import EXEC_NAMES, FACTS, ITEMS, MODES, STATE_BYTES, STATE_FLAGS
from ccheck_schemas.formats.apparmor.numbers import recognise
from ccheck_schemas.formats.apparmor.structure import POLICY
from ccheck_schemas.schema import Identity, Schema


def _compose(recipe: Any) -> bytes:
    from ccheck_schemas.formats.apparmor.recipe import compose

    return compose(recipe)


def _describe(content: PolicyContent) -> Any:
    from ccheck_schemas.formats.apparmor.description import describe

    return describe(content)


SCHEMA = Schema(
    name="apparmor",
    title="compiled AppArmor policy, versions 5 to 9",
    root=POLICY,
    recognise=recognise,
    assemble=assemble,
    compose=_compose,
    describe=_describe,
    contract=FACTS,
    builds_required=False,
    amounts={
        ITEMS.name: item_names,
        MODES.name: modes,
        EXEC_NAMES.name: exec_names,
        STATE_BYTES.name: state_bytes,
        STATE_FLAGS.name: state_flags,
    },
    identity={"profiles": Identity("profile {name}"), "tables": Identity("table {id}")},
)
