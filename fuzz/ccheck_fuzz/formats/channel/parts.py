"""Events that match channel files."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck_fuzz.formats.parts import Event, Parts
from ccheck_interpreter import event
from ccheck_interpreter.channel.generate import generate, pressing


def _events(data: bytes, definitions: bytes | None, most: int) -> Iterator[Event]:
    yield from map(_mapping, generate(definitions, data))


def _short_events(data: bytes, definitions: bytes | None, most: int) -> Iterator[Event]:
    """Yields one event for each record in turn; none for types, whose longest inputs exceed most files."""
    yield from map(_mapping, pressing(definitions, data, most))


def _mapping(found: event.Event) -> Event:
    return {"type": found.type, "version": found.version, "inputs": list(found.inputs)}


PARTS = Parts(_events, _short_events)
