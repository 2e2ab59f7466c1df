"""The parts that a format may add to fuzzing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Event: TypeAlias = Mapping[str, Any]
"""An event as the format's interpreter reads it from a line of JSON."""

Generator: TypeAlias = Callable[[bytes, bytes | None, int], Iterator[Event]]
"""A function of a file, the definitions file or None, and the number of events that the caller takes at most.

It yields the events that match the file, in a fixed order. Any bytes are a file.
"""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one format.

    Attributes:
        events: Generates the events that match a file.
        short_events: Generates events for a search, which wants short events that differ.
    """

    events: Generator
    short_events: Generator
