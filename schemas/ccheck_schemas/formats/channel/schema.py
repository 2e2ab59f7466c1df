"""The schema of the format, with its recipes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ccheck_schemas.build_facts import Promise
from ccheck_schemas.formats.channel.facts import FACTS, INPUTS
from ccheck_schemas.formats.channel.numbers import recognise
from ccheck_schemas.formats.channel.structure import CHANNEL, ChannelContent, assemble
from ccheck_schemas.schema import Identity, Schema


def _compose(recipe: Any) -> bytes:
    from ccheck_schemas.formats.channel.recipe import compose

    return compose(recipe)


def _describe(content: ChannelContent) -> Any:
    from ccheck_schemas.formats.channel.recipe import describe

    return describe(content)


def _promises(content: ChannelContent) -> Iterator[Promise]:
    """Yields the inputs that each template type asks of a driver: up to the last that is required."""
    versions = Counter(type_.name for type_ in content.types)
    for type_ in content.types:
        required = [field.index + 1 for field in type_.fields if not field.optional]
        if type_.name is not None and required:
            key = type_.name if versions[type_.name] == 1 else f"{type_.name}@{type_.version}"
            yield Promise(INPUTS.name, key, max(required))


SCHEMA = Schema(
    name="channel",
    title="channel files: template-type definitions and template instances",
    root=CHANNEL,
    recognise=recognise,
    assemble=assemble,
    compose=_compose,
    describe=_describe,
    identity={
        "types": Identity("type {id} version {version}"),
        "fields": Identity("field {name}"),
        "instances": Identity("instance {id}"),
        "criteria": Identity("field {field}", headline="kind"),
    },
    contract=FACTS,
    promises=_promises,
)
