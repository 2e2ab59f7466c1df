"""The envelopes of a file: content of another format, unwrapped and wrapped again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from ccheck_fuzz.model.draft import Draft
from ccheck_fuzz.model.frame import Model, Population
from ccheck_schemas.model import Blob, RecordType
from ccheck_schemas.schema import Schema
from ccheck_schemas.wrapping import Wrapping

MOST_UNWRAPPED = 1 << 20
"""Bytes of content that are edited, at most."""


class Opened(NamedTuple):
    """An envelope of a file.

    Attributes:
        key: The key of its piece; None for a field of fixed size.
        start: The offset of its first byte.
        size: Its bytes.
        wrapping: How it is unwrapped.
        schema: The format of its content.
        content: Its content.
    """

    key: int | None
    start: int
    size: int
    wrapping: Wrapping
    schema: Schema
    content: bytes


def has_any(model: Model) -> bool:
    """Returns whether a file has envelopes, as far as it could be read."""
    return any(envelopes_of(population.kind) for population in model.frame.populations)


def contents(model: Model, schema: Schema) -> Iterator[bytes]:
    """Yields the content of all envelopes of a file that are of one format; not of those inside others."""
    for population in model.frame.populations:
        for blob in envelopes_of(population.kind):
            for row in range(len(population.starts) if blob.content is schema else 0):
                found = open_envelope(model, population, row, blob)
                if found is not None:
                    yield found.content


def wrapped_again(model: Model, envelope: Opened, content: bytes) -> Model | None:
    """Returns the file with other content in an envelope; None if it does not fit into a field of fixed size.

    Lengths and checksums of the file follow.
    """
    raw = envelope.wrapping.wrap(content)
    if envelope.key is None:
        return model.with_bytes(envelope.start, raw) if len(raw) == envelope.size else None
    draft = Draft(model)
    draft.set_text(envelope.key, raw)
    return draft.build()


@cache
def envelopes_of(kind: RecordType) -> tuple[Blob, ...]:
    """Returns the envelopes of a kind of records."""
    return tuple(blob for blob in kind.blobs if isinstance(blob.content, Schema))


def open_envelope(model: Model, population: Population, row: int, blob: Blob) -> Opened | None:
    """Returns an envelope of one record; None if it cannot be opened."""
    if blob.wrapping is None or not isinstance(blob.content, Schema):
        return None
    start, key = population.starts[row] + blob.delta, None
    size = blob.size
    if size is None:
        key = population.keys[row]
        size = model.frame.ends[key] - start
    content = blob.wrapping.unwrap(model.data[start : start + size], MOST_UNWRAPPED).content
    return None if content is None else Opened(key, start, size, blob.wrapping, blob.content, content)
