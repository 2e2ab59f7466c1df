"""An event as a sensor reports it, and the input array that its call site hands to the interpreter."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from ccheck_interpreter.match import INTEGER, TEXT
from ccheck_interpreter.memory import RED_ZONE, ByteOrder, Memory, Region
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.space import PLACES

MOST_INPUT_BYTES: Final = 65_535
MOST_EVENT_BYTES: Final = 0x1000_0000
Input = str | int | None


class EventError(ValueError):
    """A line that is no event, or an event that no sensor could report."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a template type.

    Attributes:
        type: The name of the template type.
        inputs: Its inputs, None if the sensor supplies none.
        version: The version of the type; None means every version.
        instance: The index in the file of the instance that a generated event is for.
        criterion: The index of its criterion that the event is for.
        purpose: The purpose of a generated event.
        characters: The characters of all its texts, counted once, because there are many builds and
            instances.
        longest: The characters of the longest text.
    """

    type: str
    inputs: tuple[Input, ...]
    version: int | None = None
    instance: int | None = None
    criterion: int | None = None
    purpose: str = ""
    characters: int = field(init=False, repr=False, compare=False)
    longest: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Count the characters."""
        lengths = [len(value) for value in self.inputs if isinstance(value, str)]
        object.__setattr__(self, "characters", sum(lengths))
        object.__setattr__(self, "longest", max(lengths, default=0))


@dataclass(slots=True)
class InputArray:
    """The array of pointers on the driver's stack.

    Attributes:
        count: The number of pointers.
        array: The region of the array.
        objects: The region and value kind of the object that each pointer points to.
    """

    count: int
    array: Region
    objects: dict[int, tuple[Region, int]] = field(default_factory=dict)


def parse_event(line: str) -> Event:
    """One line of JSON: `{"type": "IPC", "version": 1, "inputs": ["text", 7, null]}`, version optional."""
    try:
        record = json.loads(line)
    except ValueError as error:
        raise EventError(f"not JSON: {error}") from None
    if not isinstance(record, Mapping) or not isinstance(record.get("type"), str):
        raise EventError('an event is an object with a text "type" and a list "inputs"')
    inputs = record.get("inputs")
    if not isinstance(inputs, list):
        raise EventError('an event is an object with a text "type" and a list "inputs"')
    version = record.get("version")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        raise EventError(f'"version" must be a number, is {version!r}')
    return checked_event(Event(record["type"], tuple(inputs), version))


def parse_events(lines: Iterable[str]) -> Iterator[Event]:
    """The events of a JSON lines file; empty lines are skipped.

    Raises:
        EventError: A line is wrong; the message names it.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield parse_event(line)
            except EventError as error:
                raise EventError(f"line {number}: {error}") from None


def checked_event(event: Event) -> Event:
    """The same event, if a sensor could supply its inputs.

    Raises:
        EventError: No sensor could supply an input.
    """
    for index, value in enumerate(event.inputs):
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise EventError(f"inputs[{index}] must be a text, a number or null, is {value!r}")
        if isinstance(value, int) and not 0 <= value < 1 << 64:
            raise EventError(f"inputs[{index}] must be 0 to 2^64 - 1, is {value}")
        if isinstance(value, str) and len(encode(value)) > MOST_INPUT_BYTES:
            raise EventError(f"inputs[{index}] has {len(encode(value))} bytes, at most {MOST_INPUT_BYTES}")
    return event


def encode(text: str) -> bytes:
    """A text input as the bytes that are compared."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a lone surrogate that stands for no byte
        return text.encode("utf-8", "surrogatepass")


def input_array(memory: Memory, profile: Profile, event: Event, count: int) -> InputArray:
    """The array of `count` pointers that the call site fills.

    Absent inputs are NULL, inputs beyond `count` are lost. A text is its length (4 bytes) and its bytes, a
    number 8 bytes, both in the platform's order, with a red zone around each.
    """
    lay_out = _laid_out_again if event.characters <= _KEPT_CHARACTERS else _laid_out
    regions, array = lay_out(event.inputs, count, profile.pointer_bits, memory.order, memory.strict)
    memory.regions.extend(regions)
    return array


_KEPT_CHARACTERS: Final = 4096
"""Inputs of more text than this are laid out anew each time, so that what is kept stays small."""


def _laid_out(
    inputs: tuple[Input, ...], count: int, pointer_bits: int, order: ByteOrder, strict: bool
) -> tuple[list[Region], InputArray]:
    """The regions of an input array; nothing writes to them, so that one layout serves every evaluation."""
    memory = Memory(pointer_bits=pointer_bits, order=order, strict=strict)
    places = PLACES[pointer_bits]
    pointers: list[int] = []
    objects: dict[int, tuple[Region, int]] = {}
    at = places.strings
    for index, value in enumerate(inputs[:count]):
        if value is None:
            pointers.append(0)
            continue
        kept = value.__class__ is int or len(str(value)) <= _KEPT_TEXT
        region, kind = (_object_again if kept else _object)(index, at, value, order, strict)
        memory.regions.append(region)
        objects[at] = (region, kind)
        pointers.append(at)
        at = (at + region.size + RED_ZONE + 15) & ~15
        if at - places.strings > MOST_EVENT_BYTES:
            raise EventError(f"the inputs of one event have more than {MOST_EVENT_BYTES} bytes")
    pointers += [0] * (count - len(pointers))
    packed = b"".join([pointer.to_bytes(memory.width, order) for pointer in pointers])
    array = InputArray(count, memory.map("input array", places.stack, packed), objects)
    return memory.regions, array


def _object(index: int, at: int, value: str | int, order: ByteOrder, strict: bool) -> tuple[Region, int]:
    """One input in memory, and its value kind."""
    if isinstance(value, str):
        text = encode(value)
        data, kind = len(text).to_bytes(4, order) + text, TEXT
    else:
        data, kind = value.to_bytes(8, order), INTEGER
    return Region(f"input {index}", at, len(data), data, at, guarded=strict), kind


_KEPT_TEXT: Final = 256
"""A longer text is laid out anew each time."""

_laid_out_again = lru_cache(maxsize=512, typed=True)(_laid_out)
_object_again = lru_cache(maxsize=4096, typed=True)(_object)
