"""The table of the formats that ccheck brings along, and how a file finds its own."""

from __future__ import annotations

from collections.abc import Iterable

from ccheck_schemas.formats import channel, sysmon
from ccheck_schemas.schema import Schema

SCHEMAS: tuple[Schema, ...] = (channel.SCHEMA, sysmon.SCHEMA)
"""All built-in formats, in the order in which they are tried."""


def recognise(data: bytes, schemas: Iterable[Schema] = SCHEMAS) -> Schema | None:
    """The first schema that recognises the bytes, or None."""
    return next((schema for schema in schemas if schema.recognise(data)), None)
