"""Events as part of an input: lines of JSON that content calls for, and lines that are nearly like them.

Two shapes are known, as the interpreters take them: ``{"type": "IPC", "version": 1, "inputs": ["text", 7,
null]}`` for channel files, and ``{"event_id": 1, "fields": ["text", null]}`` for Sysmon rules.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from random import Random
from types import MappingProxyType
from typing import Any, Final

from ccheck_fuzz.mutate.interest import COSTLY_TEXTS, EDGES, TEXTS
from ccheck_interpreter.channel.generate import generate, pressing
from ccheck_interpreter.event import Event
from ccheck_interpreter.sysmon.generate import generate_sysmon
from ccheck_interpreter.sysmon.loader import CHECKING, TRUSTING, load
from ccheck_interpreter.sysmon.tables import TargetError, target
from ccheck_interpreter.trap import Refused, Trap

MOST: Final = 400
"""Events that are taken of one file."""

MOST_TEXT: Final = 4096

_INPUTS = ("inputs", "fields")


def _channel(data: bytes, definitions: bytes | None) -> Iterator[dict[str, Any]]:
    yield from map(_channel_event, generate(definitions, data))


def _channel_event(event: Event) -> dict[str, Any]:
    return {"type": event.type, "version": event.version, "inputs": list(event.inputs)}


def _sysmon(data: bytes, definitions: bytes | None) -> Iterator[dict[str, Any]]:
    version = int.from_bytes(data[:4], "little")
    with suppress(TargetError):
        driver = target(f"{version >> 16}.{version & 0xFFFF}")
        for build in (CHECKING, TRUSTING):
            # A blob that the one refuses, or the other traps on, calls for what was found up to there.
            with suppress(Refused, Trap):
                for event in generate_sysmon(load(data, driver, build)):
                    yield {"event_id": event.event_id, "fields": list(event.fields)}
                return


GENERATORS: Mapping[str, Callable[[bytes, bytes | None], Iterator[dict[str, Any]]]] = MappingProxyType(
    {"channel": _channel, "sysmon": _sysmon}
)
"""What a file calls for, by the schema's name; a format that is not here has no events of its own."""


def generated(
    schema: str, data: bytes, definitions: bytes | None = None, most: int = MOST
) -> tuple[str, ...]:
    """The events that a file of a format calls for, as lines of JSON, in a fixed order; none for a format
    without events. Any bytes give some lines or none. definitions: the definitions of a channel file.
    """
    found = GENERATORS.get(schema)
    if found is None:
        return ()
    return tuple(_line(event) for event in islice(found(data, definitions), most))


def pressed(schema: str, data: bytes, definitions: bytes | None = None, most: int = MOST) -> tuple[str, ...]:
    """The same for a search, which wants short events that differ: those for the content's records, one of
    each after the other, and none for its types, whose longest inputs alone are larger than most files.
    """
    if schema == "channel":
        return tuple(_line(_channel_event(event)) for event in pressing(definitions, data, most))
    return generated(schema, data, definitions, most)


def mutate_events(lines: Sequence[str], random: Random) -> tuple[str, ...]:
    """Events that are nearly like those given: an input changed, left out or taken from another event, an
    event more, less or moved. What an event is of, and how many inputs it has, stays; lines that are no
    events are passed on.
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
    """One input of an event changed. An input that is absent gets what another event of its type has there,
    for nothing else says of which sort it is.
    """
    event = _event(line)
    if event is None or not event[1][event[0]]:
        return line
    name, values = event
    inputs = list(values[name])
    at = int(random.random() * len(inputs))
    if inputs[at] is None or random.random() < 0.2:
        wanted = _identity(values)
        near = [donor for donor in map(_event, others) if donor is not None and _identity(donor[1]) == wanted]
        known = [donor[1][name][at] for donor in near if at < len(donor[1].get(name, ()))]
        inputs[at] = _pick(random, known or [None])
    else:
        inputs[at] = _other(inputs[at], random)
    return _line({**values, name: inputs})


def _identity(values: Mapping[str, Any]) -> tuple[Any, ...]:
    """What an event is of."""
    return values.get("type"), values.get("version"), values.get("event_id")


def _other(value: Any, random: Random) -> Any:
    """Another value of the same sort; now and then nothing at all."""
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
    """An event: the key of its inputs, and all of it; None for a line that is none."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    name = next((name for name in _INPUTS if isinstance(values.get(name), list)), None)
    return None if name is None else (name, values)


def _pick(random: Random, options: Sequence[Any]) -> Any:
    return options[int(random.random() * len(options))]


def _line(event: Mapping[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=True, separators=(",", ":"))
