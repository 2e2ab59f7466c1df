"""Channel files read twice: the types and instances, their operands, and which of them an event matches."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from functools import lru_cache

import re2

from ccheck.formats.exercise.account import Line, first_difference
from ccheck.formats.exercise.agreement import Agreed
from ccheck.formats.exercise.outcome import RunInputs
from ccheck_interpreter.channel.definitions import Definitions, conforming, load_definitions
from ccheck_interpreter.channel.evaluate import EventResult, evaluate
from ccheck_interpreter.channel.generate import instance_events
from ccheck_interpreter.channel.loader import Content, load
from ccheck_interpreter.event import Event, EventError, encode, parse_event
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.trap import Refused, Trap
from ccheck_schemas.formats.channel.numbers import CriterionKind, Kind, ValueKind
from ccheck_schemas.formats.channel.structure import ChannelContent, Criterion, TemplateInstance

MOST_EVENTS = 32
MOST_AGREED = 4096
"""Instances and criteria that are remembered, all together."""


def differ(
    data: bytes, content: ChannelContent, given: RunInputs, events: Sequence[str] | None, agreed: Agreed
) -> tuple[str, str] | None:
    """The first difference of the two readings of a channel file: a path without indices, and one line."""
    try:
        if content.kind == Kind.DEFINITIONS:
            known = load_definitions(data, Profile("agreement", {}, bounds_check=True))
            return first_difference(_types_of(content), _types_loaded(known))
        if given.definitions is None:
            return None
        known = _known(given.definitions)
        inputs = {f"{item.name}@{item.version}": len(item.fields) for item in known.types}
        loaded = load(known, data, Profile("agreement", inputs, bounds_check=True))
    except (Refused, Trap):
        return None
    found = first_difference(_instances_of(content, known), _instances_loaded(loaded))
    if found is not None:
        return found
    try:
        if events is None:
            return _matched_alone(content, known, loaded, agreed)
        return _matched(content, known, loaded, _events(known, events))
    except Trap:
        return None


@lru_cache(maxsize=4)
def _known(data: bytes) -> Definitions:
    """Definitions, loaded once for all files that are compared with them."""
    return load_definitions(data, Profile("agreement", {}, bounds_check=True))


def _events(known: Definitions, lines: Sequence[str]) -> Iterator[Event]:
    for line in lines[:MOST_EVENTS]:
        try:
            yield conforming(parse_event(line), known)
        except EventError:
            continue


def _types_of(content: ChannelContent) -> Iterator[Line]:
    for item in content.types:
        yield "types[]", (item.id, item.version, item.name, item.channel)
        for field in item.fields:
            yield (
                "types[].fields[]",
                (field.name, field.value_kind, field.max_length, field.allowed_kinds, field.optional),
            )


def _types_loaded(known: Definitions) -> Iterator[Line]:
    for item in known.types:
        yield "types[]", (item.id, item.version, item.name, item.channel)
        for field in item.fields:
            yield (
                "types[].fields[]",
                (field.name, field.value_kind, field.max_length, field.allowed_kinds, field.optional),
            )


def _instances_of(content: ChannelContent, known: Definitions) -> Iterator[Line]:
    for instance in content.instances:
        if (instance.type_id, instance.type_version) not in known.by_key:
            continue  # a driver passes over what it has no type for
        yield "instances[]", (instance.id, instance.type_version, instance.action)
        for criterion in instance.criteria:
            if criterion.kind == CriterionKind.WILDCARD:
                yield "instances[].criteria[]", (criterion.field_index, criterion.kind)
                continue
            yield "instances[].criteria[]", (criterion.field_index, criterion.kind)
            yield "criteria[].value_kind", criterion.value_kind
            yield "criteria[].flags", criterion.ignore_case
            yield "criteria[].operand", _operand(criterion)


def _instances_loaded(loaded: Content) -> Iterator[Line]:
    for instance in loaded.instances:
        yield "instances[]", (instance.id, instance.type_version, instance.action)
        for criterion in instance.criteria or ():
            yield "instances[].criteria[]", (criterion.field_index, criterion.kind)
            if criterion.kind != CriterionKind.WILDCARD:
                yield "criteria[].value_kind", criterion.value_kind
                yield "criteria[].flags", criterion.ignore_case
                yield "criteria[].operand", criterion.operand


def _operand(criterion: Criterion) -> bytes:
    if criterion.words is not None:
        return struct.pack(f"<{len(criterion.words)}Q", *criterion.words)
    if criterion.texts is not None:
        return "\0".join(criterion.texts).encode()
    return (criterion.text or "").encode()


def _matched(
    content: ChannelContent, known: Definitions, loaded: Content, events: Iterator[Event]
) -> tuple[str, str] | None:
    """Compares which instances match each event, by the driver and by the format's page.

    Raises:
        Trap: The driver left an object.
    """
    names = {(item.id, item.version): item.name for item in known.types}
    for event in events:
        by_schema = [
            instance.id
            for instance in content.instances
            if names.get((instance.type_id, instance.type_version)) == event.type
            and event.version in {None, instance.type_version}
            and _all_match(instance, event)
        ]
        found = _compared(evaluate(loaded, event), by_schema)
        if found is not None:
            return found
    return None


def _matched_alone(
    content: ChannelContent, known: Definitions, loaded: Content, agreed: Agreed
) -> tuple[str, str] | None:
    """Compares whether each instance matches its own events, by the driver and by the format's page.

    At most `MOST_EVENTS` events of all instances are compared. Instances and criteria that met their events
    are added to `agreed`.

    Raises:
        Trap: The driver left an object.
    """
    if len(agreed) > MOST_AGREED:
        agreed.clear()
    by_index = {instance.index: instance for instance in content.instances}
    left = MOST_EVENTS
    for instance in loaded.instances:
        criteria = instance.criteria or ()
        type_ = (instance.type_name, instance.type_version)
        asked = [(*type_, c.field_index, c.kind, c.value_kind, c.operand, c.ignore_case) for c in criteria]
        if (whole := tuple(asked)) in agreed:
            continue
        old = {criterion for criterion, key in zip(criteria, asked, strict=True) if key in agreed}
        for event in instance_events(known.named(*type_)[-1], instance, old):
            if not left:
                agreed.update(asked[: event.criterion or 0])
                return None
            left -= 1
            by_schema = [instance.id] if _all_match(by_index[instance.index], event) else []
            found = _compared(evaluate(loaded, event), by_schema)
            if found is not None:
                return found
        agreed.update([whole, *asked])
    return None


def _compared(result: EventResult, by_schema: list[int]) -> tuple[str, str] | None:
    """How the ids that matched differ from those that match by the schema; with telemetry, nobody asks."""
    matched = list(result.matched)
    if result.telemetry or matched == by_schema:
        return None
    ids = f"by the schema {by_schema}, by the interpreter {matched}"
    return "matched", f"an event of {result.event.type} matches, {ids}"


def _all_match(instance: TemplateInstance, event: Event) -> bool:
    return all(_matches(criterion, event) for criterion in instance.criteria)


def _matches(criterion: Criterion, event: Event) -> bool:
    """docs/formats/channel.md, Criterion kinds."""
    if criterion.kind == CriterionKind.WILDCARD:
        return True
    value = event.inputs[criterion.field_index] if criterion.field_index < len(event.inputs) else None
    if value is None or isinstance(value, int) is not (criterion.value_kind == ValueKind.INTEGER):
        return False
    if isinstance(value, int):
        return _integer_matches(criterion.kind, criterion.words or (), value)
    return _text_matches(criterion, encode(value))


def _integer_matches(kind: int, words: tuple[int, ...], value: int) -> bool:
    match kind:
        case CriterionKind.EQUALS:
            return value == words[0]
        case CriterionKind.NOT_EQUALS:
            return value != words[0]
        case CriterionKind.INTEGER_RANGE:
            return words[0] <= value <= words[1]
        case CriterionKind.BIT_MASK:
            return value & words[0] == words[1]
        case _:
            return value in words


def _text_matches(criterion: Criterion, value: bytes) -> bool:
    if criterion.kind == CriterionKind.REGEX:
        options = re2.Options()
        options.log_errors = False
        options.case_sensitive = not criterion.ignore_case
        return re2.compile((criterion.text or "").encode(), options).search(value) is not None
    fold = bytes.lower if criterion.ignore_case else bytes
    held = fold(value)
    texts = [fold(text.encode()) for text in criterion.texts or (criterion.text or "",)]
    match criterion.kind:
        case CriterionKind.EQUALS:
            return held == texts[0]
        case CriterionKind.NOT_EQUALS:
            return held != texts[0]
        case CriterionKind.PREFIX:
            return held.startswith(texts[0])
        case CriterionKind.SUFFIX:
            return held.endswith(texts[0])
        case CriterionKind.CONTAINS:
            return texts[0] in held
        case _:
            return held in texts
