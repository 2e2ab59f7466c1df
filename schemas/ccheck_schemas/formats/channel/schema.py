"""The schema of the format, with its recipes."""

from __future__ import annotations

from typing import Any

from ccheck_schemas.formats.channel.facts import FACTS
from ccheck_schemas.formats.channel.numbers import recognise
from ccheck_schemas.formats.channel.structure import CHANNEL, ChannelContent, assemble
from ccheck_schemas.schema import Identity, Schema


def _compose(recipe: Any) -> bytes:
    from ccheck_schemas.formats.channel.recipe import compose

    return compose(recipe)


def _describe(content: ChannelContent) -> Any:
    from ccheck_schemas.formats.channel.recipe import describe

    return describe(content)


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
)
