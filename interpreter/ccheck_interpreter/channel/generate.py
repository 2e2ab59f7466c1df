"""Events generated from a file: each instance matched, each criterion just missed, each kind at its edges."""

from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from struct import iter_unpack, unpack
from typing import Final

from ccheck_interpreter.channel.definitions import Definitions, TemplateType, load_definitions
from ccheck_interpreter.channel.loader import (
    CRITERION,
    MOST_CRITERIA,
    MOST_OPERAND_BYTES,
    READ_CRITERION,
    READ_OPERAND,
    Content,
    Criterion,
    Instance,
    check_operand,
    load,
)
from ccheck_interpreter.channel.sample import sample
from ccheck_interpreter.event import Event, Input, encode
from ccheck_interpreter.match import (
    BIT_MASK,
    CONTAINS,
    IGNORE_CASE,
    INTEGER,
    INTEGER_RANGE,
    KIND_NAMES,
    ONE_OF,
    PREFIX,
    REGEX,
    SUFFIX,
    TEXT,
    WILDCARD,
    compile_regex,
    match_integer,
    match_text,
)
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.trap import Refused, Trap

LARGEST: Final = (1 << 64) - 1
LONGEST: Final = 4096
PLAIN: Final = "ccheck"


def generate(definitions: bytes | None, content: bytes) -> Iterator[Event]:
    """The events for a file of instances, in a fixed order.

    First, for each template type, an event with plain, one with empty and one with the longest inputs, and
    one with every input absent. Then for each instance, aimed at it only: one that matches; for each
    criterion near misses and its kind's edges; and the match with the criterion's input absent and longest.
    If a build with checks would refuse the file, instances are read as far as possible, so that a build
    without checks reaches the faults.
    """
    known = _known(definitions)
    if known is None:
        return
    for item in known.types:
        yield from _type_events(item)
    for instance in _instances(known, content):
        yield from instance_events(_type_of(known, instance), instance)


def pressing(definitions: bytes | Definitions | None, content: bytes, most: int) -> Iterator[Event]:
    """The first `most` events, round-robin over the instances: matches first, then near misses and edges."""
    known = definitions if isinstance(definitions, Definitions) else _known(definitions)
    if known is None:
        return
    waiting = [instance_events(_type_of(known, one), one) for one in islice(_instances(known, content), most)]
    while waiting and most:
        left = []
        for events in waiting:
            event = next(events, None)
            if event is not None and most:
                yield event
                most -= 1
                left.append(events)
        waiting = left


def matching(known: Definitions, instances: Iterable[Instance], most: int) -> Iterator[Event]:
    """The matching event of each of the first `most` instances: the cheap part of `generate`."""
    for instance in islice(instances, most):
        yield next(instance_events(_type_of(known, instance), instance))


def _type_of(known: Definitions, instance: Instance) -> TemplateType:
    return known.named(instance.type_name, instance.type_version)[-1]


@lru_cache(maxsize=4)
def _known(definitions: bytes | None) -> Definitions | None:
    """The definitions, checked, or as far as a trusting build reads them; cached."""
    if definitions is None:
        return None
    for bounds_check in (True, False):
        with suppress(Trap, Refused):
            return load_definitions(definitions, Profile("generate", {}, bounds_check=bounds_check))
    return None


def _instances(known: Definitions, content: bytes) -> Iterable[Instance]:
    """The instances as a build reads them that supplies every input and knows every kind."""
    inputs = {f"{item.name}@{item.version}": len(item.fields) for item in known.types}
    with suppress(Trap, Refused):
        return load(known, content, Profile("generate", inputs, bounds_check=True)).instances
    with suppress(Trap, Refused):
        return salvaged(load(known, content, Profile("generate", inputs)))
    return ()


def salvaged(loaded: Content) -> Iterator[Instance]:
    """The instances of a file with faults; a criterion that cannot be read counts as a wildcard."""
    memory, table = loaded.memory, loaded.criteria
    for instance in loaded.instances:
        criteria: list[Criterion] = []
        memory.steps = loaded.limits.for_event(loaded.size, 0)
        with suppress(Trap):
            for number in range(min(instance.count, MOST_CRITERIA)):
                index = instance.first + number
                if table is None or index >= table.count:
                    break
                address = (table.first + index * table.stride) & memory.mask
                record = memory.record(table.region, address, CRITERION, READ_CRITERION)
                criteria.append(_salvaged_criterion(loaded, record, address))
        yield replace(instance, criteria=tuple(criteria))


def _salvaged_criterion(loaded: Content, record: tuple[int, ...], address: int) -> Criterion:
    index, kind, offset, length, value_kind, flags = record
    with suppress(Trap, Refused):
        if kind in KIND_NAMES and kind != WILDCARD and 1 <= length <= MOST_OPERAND_BYTES:
            operand = loaded.memory.read_range(loaded.pool, loaded.region.base + offset, length, READ_OPERAND)
            check_operand(kind, value_kind, operand, flags, 0)
            return Criterion(index, kind, value_kind, operand, bool(flags & IGNORE_CASE), address)
    return Criterion(index, WILDCARD, value_kind, b"", False, address)


def _type_events(item: TemplateType) -> Iterator[Event]:
    kinds = [field.value_kind for field in item.fields]
    for purpose, text, number in (
        ("plain", PLAIN, 1),
        ("empty", "", 0),
        ("longest", "A" * LONGEST, LARGEST),
    ):
        inputs = tuple(number if kind == INTEGER else text for kind in kinds)
        yield Event(item.name, inputs, item.version, purpose=purpose)
    yield Event(item.name, (None,) * len(kinds), item.version, purpose="absent")


def instance_events(
    item: TemplateType, instance: Instance, known: Container[Criterion] = ()
) -> Iterator[Event]:
    """The events for one instance; a purpose is `match`, `near-miss`, `edge`, `absent` or `longest`.

    Args:
        item: The template type.
        instance: The instance.
        known: Criteria that need no events of their own.
    """
    criteria = instance.criteria or ()
    base: list[Input] = [1 if field.value_kind == INTEGER else PLAIN for field in item.fields]
    by_field: dict[int, list[Criterion]] = {}
    for criterion in criteria:
        if _fetches(criterion, item):
            by_field.setdefault(criterion.field_index, []).append(criterion)
    for index, group in by_field.items():
        base[index] = _matching(group, base[index])

    def event(purpose: str, number: int | None = None, value: Input = None) -> Event:
        inputs = list(base)
        if number is not None:
            inputs[criteria[number].field_index] = value
        return Event(item.name, tuple(inputs), instance.type_version, instance.index, number, purpose)

    yield event("match")
    for number, criterion in enumerate(criteria):
        if not _fetches(criterion, item) or criterion in known:
            continue
        group = by_field[criterion.field_index]
        others = [other for other in group if other is not criterion]
        values = edges(criterion)
        misses = [value for value in values if not matches(criterion, value)]
        clean = [value for value in misses if all(matches(other, value) for other in others)]
        for value in values:
            purpose = "near-miss" if value in (clean or misses)[:1] else "edge"
            yield event(purpose, number, value)
        yield event("absent", number, None)
        yield event(
            "longest", number, LARGEST if criterion.value_kind == INTEGER else _longest(base, criterion)
        )


def _fetches(criterion: Criterion, item: TemplateType) -> bool:
    """Returns whether the criterion reads an input that the type declares, as the declared kind."""
    if criterion.kind == WILDCARD or criterion.field_index >= len(item.fields):
        return False
    return item.fields[criterion.field_index].value_kind == criterion.value_kind


def _longest(base: Sequence[Input], criterion: Criterion) -> str:
    """The longest text that begins as the matching one does."""
    value = base[criterion.field_index]
    return (value if isinstance(value, str) else "").ljust(LONGEST, "A")


def matches(criterion: Criterion, value: Input) -> bool:
    """Returns whether an input matches one criterion."""
    if criterion.kind == WILDCARD:
        return True
    if value is None or isinstance(value, int) is not (criterion.value_kind == INTEGER):
        return False
    if isinstance(value, int):
        return match_integer(criterion.kind, criterion.operand, value)
    data = encode(value)
    if criterion.kind == REGEX:
        program = compile_regex(criterion.operand, ignore_case=criterion.ignore_case)
        return program is not None and program.pattern.search(data) is not None
    return match_text(criterion.kind, criterion.operand, data, ignore_case=criterion.ignore_case)


def _matching(group: Sequence[Criterion], plain: Input) -> Input:
    """An input that matches all criteria over one field; the best found if none matches all."""
    return _best(tuple((c.kind, c.value_kind, c.operand, c.ignore_case) for c in group), plain)


@lru_cache(maxsize=4096)
def _best(asked: tuple[tuple[int, int, bytes, bool], ...], plain: Input) -> Input:
    """As `_matching`, cached by operands without their addresses: similar files share them."""
    group = [Criterion(0, *one, address=0) for one in asked]
    candidates: list[Input] = [plain]
    for criterion in group:
        candidates.extend(edges(criterion))
    if group[0].value_kind == TEXT:
        candidates.extend(_joined(group))
    return max(candidates, key=lambda value: sum(matches(criterion, value) for criterion in group))


def _joined(group: Sequence[Criterion]) -> Iterator[str]:
    """Texts joined from a required prefix, substring and suffix."""
    parts: dict[int, list[str]] = {PREFIX: [], CONTAINS: [], REGEX: [], SUFFIX: []}
    for criterion in group:
        if criterion.kind == REGEX:
            parts[REGEX].append(sample(criterion.operand, ignore_case=criterion.ignore_case) or "")
        elif criterion.kind in parts:
            parts[criterion.kind].append(_text(criterion.operand))
    head, middle = max(parts[PREFIX], key=len, default=""), "".join(parts[CONTAINS])
    inner, tail = "".join(parts[REGEX]), max(parts[SUFFIX], key=len, default="")
    yield head + middle + inner + tail
    yield head + inner + middle + tail
    yield head + tail


def edges(criterion: Criterion) -> list[Input]:
    """Inputs at the edges of one criterion, matching and not, without repetition."""
    values = _number_edges(criterion) if criterion.value_kind == INTEGER else _text_edges(criterion)
    return list(dict.fromkeys(values))


def _number_edges(criterion: Criterion) -> list[Input]:
    operand = criterion.operand
    if criterion.kind == ONE_OF:
        numbers = [number for (number,) in iter_unpack("<Q", operand)]
        near = [*numbers, min(numbers) - 1, max(numbers) + 1]
    elif criterion.kind == INTEGER_RANGE:
        low, high = unpack("<QQ", operand)
        near = [low, high, low - 1, high + 1]
    elif criterion.kind == BIT_MASK:
        mask, value = unpack("<QQ", operand)
        near = [value, value | ~mask & LARGEST, value ^ (mask & -mask), value ^ mask, 0]
    else:
        (number,) = unpack("<Q", operand)
        near = [number, number - 1, number + 1]
    return [number for number in [*near, 0, LARGEST] if 0 <= number <= LARGEST]


def _text_edges(criterion: Criterion) -> list[Input]:
    kind, operand = criterion.kind, criterion.operand
    if kind == REGEX:
        text = sample(operand, ignore_case=criterion.ignore_case) or ""
        return [text, text[:-1], f"{text}\0", f"\0{text}", ""]
    if kind == ONE_OF:
        items = [_text(item) for item in operand.split(b"\0")]
        return [*items, f"{items[0]}x", items[-1][:-1], ""]
    text = _text(operand)
    near = [text, text[:-1], text[1:], f"{text}x", f"x{text}", f"x{text}x", ""]
    return [*near, text.swapcase(), text[:-1] + chr((ord(text[-1]) ^ 1) or 2)]


def _text(operand: bytes) -> str:
    return operand.decode("utf-8", "surrogateescape")
