"""Events as part of a test input: lines of JSON that match content, and mutations of them.

An event is a JSON object. Its inputs are the one list in it, for example ``{"type": "IPC", "version": 1,
"inputs": ["text", 7, null]}`` or ``{"event_id": 1, "fields": ["text", null]}``; the rest names its type.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from random import Random
from typing import Any, Final

from ccheck_fuzz.formats.parts import Generator
from ccheck_fuzz.formats.table import PARTS
from ccheck_fuzz.mutate.interesting_values import COSTLY_TEXTS, EDGES, TEXTS

MOST: Final = 400
"""Events that are taken of one file."""

MOST_TEXT: Final = 4096


def has_events(schema: str) -> bool:
    """Returns whether files of a format match events."""
    return schema in PARTS


def matching_events(
    schema: str, data: bytes, definitions: bytes | None = None, most: int = MOST
) -> tuple[str, ...]:
    """Returns the events that match a file.

    Args:
        schema: The name of the format.
        data: The file; any bytes.
        definitions: The definitions file, if the format has one.
        most: The number of events that are returned at most.

    Returns:
        Lines of JSON in a fixed order; none for a format without events.
    """
    parts = PARTS.get(schema)
    return () if parts is None else _lines(parts.events, data, definitions, most)


def short_events(
    schema: str, data: bytes, definitions: bytes | None = None, most: int = MOST
) -> tuple[str, ...]:
    """Returns short events that differ, as a search wants them; else the same as `matching_events`."""
    parts = PARTS.get(schema)
    return () if parts is None else _lines(parts.short_events, data, definitions, most)


def _lines(generate: Generator, data: bytes, definitions: bytes | None, most: int) -> tuple[str, ...]:
    return tuple(_line(event) for event in islice(generate(data, definitions, most), most))


def mutate_events(lines: Sequence[str], random: Random) -> tuple[str, ...]:
    """Returns events with one small change: an input or an event changed, removed, added, copied or moved.

    The type of an event and its number of inputs stay; lines that are no events are passed on.
    """
    out = list(lines)
    for _ in range(1 + int(random.random() * 3)):
        if not out:
            break
        at = int(random.random() * len(out))
        chance = random.random()
        if chance < 0.08 and len(out) > 1:
            del out[at]
        elif chance < 0.14:
            out.insert(int(random.random() * (len(out) + 1)), out[at])
        elif chance < 0.2:
            other = int(random.random() * len(out))
            out[at], out[other] = out[other], out[at]
        else:
            out[at] = _mutated(out[at], out, random)
    return tuple(out)


def _mutated(line: str, others: Sequence[str], random: Random) -> str:
    """Returns one input of an event changed.

    An input that is absent becomes that of another event of its type, because nothing else says which sort it
    is.
    """
    event = _event(line)
    if event is None or not event[1][event[0]]:
        return line
    name, values = event
    inputs = list(values[name])
    at = int(random.random() * len(inputs))
    if inputs[at] is None or random.random() < 0.2:
        near = [donor for donor in map(_event, others) if donor is not None and _type(donor) == _type(event)]
        known = [donor[1][name][at] for donor in near if at < len(donor[1].get(name, ()))]
        inputs[at] = _pick(random, known or [None])
    else:
        inputs[at] = _other(inputs[at], random)
    return _line({**values, name: inputs})


def _type(event: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """Returns all of an event but its inputs."""
    name, values = event
    return {key: value for key, value in values.items() if key != name}


def _other(value: Any, random: Random) -> Any:
    """Returns another value of the same sort; now and then nothing at all."""
    if random.random() < 0.1:
        return None
    if isinstance(value, int):
        near = (value + 1, value - 1, value ^ 1 << int(random.random() * 64), _pick(random, EDGES))
        return _pick(random, near) & (1 << 64) - 1
    text = str(value)
    at = int(random.random() * (len(text) + 1))
    more = _pick(random, TEXTS)
    options = (
        text[:at],
        text[at:],
        text[:at] + more + text[at:],
        text + text,
        text.swapcase(),
        more,
        text[:at] + "\0" + text[at:],
        _pick(random, COSTLY_TEXTS).decode("utf-8"),
        "",
        (text or "a") * 64,
    )
    return _pick(random, options)[:MOST_TEXT]


def _event(line: str) -> tuple[str, dict[str, Any]] | None:
    """Returns an event: the key of its inputs, and all of it; None for a line that is none."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    lists = [name for name, value in values.items() if isinstance(value, list)]
    return (lists[0], values) if len(lists) == 1 else None


def _pick(random: Random, options: Sequence[Any]) -> Any:
    return options[int(random.random() * len(options))]


def _line(event: Mapping[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=True, separators=(",", ":"))
