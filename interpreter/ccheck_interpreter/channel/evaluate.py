"""What a driver does with its content when an event arrives: it evaluates every instance of its type."""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from typing import Final

from ccheck_interpreter.channel.loader import (
    COUNT_HIT,
    CRITERION,
    READ_CRITERION,
    READ_OPERAND,
    Content,
    Criterion,
    Instance,
)
from ccheck_interpreter.event import Event, InputArray, input_array
from ccheck_interpreter.match import (
    IGNORE_CASE,
    INTEGER,
    INTEGER_KINDS,
    REGEX,
    TEXT,
    TEXT_KINDS,
    VALUE_KIND_NAMES,
    WILDCARD,
    Program,
    compile_regex,
    integer_operand_size,
    match_integer,
    match_text,
)
from ccheck_interpreter.memory import GlobalWrite
from ccheck_interpreter.trap import Operation, Provenance, Trap

DISPATCH: Final = Operation("dispatch", "criteria[].kind")
FETCH_INPUT: Final = Operation("fetch-input", "criteria[].field_index")
READ_INPUT: Final = Operation("read-input", "criteria[].field_index")
READ_AS: Final = Operation("read-input", "criteria[].value_kind")
MATCH_REGEX: Final = Operation("match-regex", "criteria[].operand_offset")

Seen = set[tuple[str, int, int, int, bool]]
"""(type name, type version, field index, criterion kind, matched) of every criterion that was evaluated."""

Contain = Callable[[Trap, Instance, bool], bool]
"""Called with a trap, its instance, and whether the evaluation wrote global state; true: drop the
evaluation and go on.
"""

_Value = bytes | int | None


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What a build with checks reports home instead of crashing."""

    instance_index: int
    instance_id: int
    criterion_index: int
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class EventResult:
    """The result of one event.

    Attributes:
        event: The event.
        matched: The ids of the instances that matched, in the file's order.
        telemetry: What a build with checks reported instead of crashing.
        global_writes: Writes to state that outlives the event.
        steps: The steps spent.
    """

    event: Event
    matched: tuple[int, ...]
    telemetry: tuple[Telemetry, ...]
    global_writes: tuple[GlobalWrite, ...]
    steps: int


def evaluate(
    content: Content,
    event: Event,
    *,
    seen: Seen | None = None,
    contain: Contain | None = None,
    dropped: Container[int] = (),
) -> EventResult:
    """Evaluate one event against every instance of its type, or only the instance that it is for.

    Args:
        content: The loaded content.
        event: The event.
        seen: Collects what was evaluated.
        contain: Handles a trap, so that it is not raised.
        dropped: The indexes of instances to skip.

    Raises:
        Trap: An access left its object, unless `contain` handles it.
    """
    memory = content.memory
    budget = content.limits.for_event(content.size, 4 * event.longest)  # a character has at most 4 bytes
    memory.steps = budget
    memory.global_writes.clear()
    mark = len(memory.regions)
    run = _Run(content, seen)
    arrays: dict[int, InputArray] = {}
    matched: list[int] = []
    try:
        for slot in _slots(content, event):
            instance = content.instances[slot]
            if instance.type_name != event.type or event.version not in {None, instance.type_version}:
                continue
            if instance.index in dropped:
                continue
            inputs = arrays.get(instance.supplied)
            if inputs is None:
                inputs = input_array(memory, content.profile, event, instance.supplied)
                arrays[instance.supplied] = inputs
            writes = len(memory.global_writes)
            try:
                if run.instance(instance, slot, inputs):
                    run.count(slot)
                    matched.append(instance.id)
            except Trap as trap:
                if contain is None or not contain(trap, instance, len(memory.global_writes) > writes):
                    raise
                memory.steps = budget
    finally:
        del memory.regions[mark:]
    return EventResult(
        event, tuple(matched), tuple(run.telemetry), tuple(memory.global_writes), budget - memory.steps
    )


def _slots(content: Content, event: Event) -> Iterable[int]:
    """The places of the instances that an event is for."""
    if event.instance is None:
        return range(len(content.instances))
    slot = content.slots.get(event.instance)
    return () if slot is None else (slot,)


class _Run:
    """The state of one evaluation of one event; nothing of it outlives the event."""

    __slots__ = ("captured", "content", "regex_steps", "seen", "telemetry")

    def __init__(self, content: Content, seen: Seen | None) -> None:
        self.content = content
        self.seen = seen
        self.telemetry: list[Telemetry] = []
        self.regex_steps = 0
        self.captured: dict[tuple[int, int], tuple[int, _Value]] = {}

    def instance(self, instance: Instance, slot: int, inputs: InputArray) -> bool:
        """Returns whether all criteria of the instance match."""
        self.regex_steps = self.content.limits.regex_steps
        if instance.criteria is None:
            return self._trusting(instance, slot, inputs)
        return self._checking(instance, slot, inputs)

    def count(self, slot: int) -> None:
        """Add one to the instance's counter in the detection table: global state."""
        memory, table = self.content.memory, self.content.counters
        address = table.base + 4 * slot
        hits = memory.read_word(table, address, 4, COUNT_HIT)
        memory.write_global(table, address, hits + 1, COUNT_HIT)

    def _checking(self, instance: Instance, slot: int, inputs: InputArray) -> bool:
        """Evaluate what the loader checked and stored."""
        content = self.content
        seen = self.seen
        for number, criterion in enumerate(instance.criteria or ()):
            kind, index = criterion.kind, criterion.field_index
            if content.profile.reads_in_place:
                self._fetch_again(instance, number, criterion.address)
            if kind == WILDCARD:
                result = True
            elif index >= inputs.count:
                message = f"criterion reads input {index}, the build supplies {inputs.count}"
                self._report(instance, number, "input-index", message)
                result = False
            else:
                found, value = self._capture(inputs, index)
                if value is None:
                    result = False
                elif found != criterion.value_kind:
                    message = f"criterion reads input {index} as {VALUE_KIND_NAMES[criterion.value_kind]}"
                    self._report(
                        instance, number, "input-kind", f"{message}, it is {VALUE_KIND_NAMES[found]}"
                    )
                    result = False
                elif isinstance(value, int):
                    result = match_integer(kind, criterion.operand, value)
                elif kind == REGEX:
                    result = self._search(instance, number, criterion, value)
                else:
                    content.memory.charge(1 + (len(value) >> 6), READ_INPUT)
                    result = match_text(kind, criterion.operand, value, ignore_case=criterion.ignore_case)
            if seen is not None:
                seen.add((instance.type_name, instance.type_version, index, kind, result))
            if not result:
                return False
            if kind != WILDCARD and content.profile.eager_counters:
                self.count(slot)
        return True

    def _trusting(self, instance: Instance, slot: int, inputs: InputArray) -> bool:
        """Evaluate in place, as the build of 2024 did: every number of the file is trusted."""
        content = self.content
        memory, table = content.memory, content.criteria
        seen = self.seen
        number = 0
        try:
            for number in range(instance.count):
                index = instance.first + number
                origin = instance.at + 12
                if table is None:
                    raise memory.wild(index * CRITERION.size, CRITERION.size, READ_CRITERION, origin)
                address = (table.first + index * table.stride) & memory.mask
                if index >= table.count:
                    raise memory.trap(
                        "table-index-out-of-bounds",
                        READ_CRITERION,
                        address=address,
                        size=CRITERION.size,
                        region=table.region,
                        origin=origin,
                        index=index,
                        limit=table.count,
                    )
                record = memory.record(table.region, address, CRITERION, READ_CRITERION, origin)
                result = self._criterion(record, address - content.region.base, inputs)
                if seen is not None:
                    seen.add((instance.type_name, instance.type_version, record[0], record[1], result))
                if not result:
                    return False
                if record[1] != WILDCARD and content.profile.eager_counters:
                    self.count(slot)
        except Trap as trap:
            raise trap.located(
                Provenance(content.profile.name, "content", instance.index, instance.id, number)
            ) from None
        return True

    def _criterion(self, record: tuple[int, ...], here: int, inputs: InputArray) -> bool:
        """One criterion whose record lies at file offset `here`, through the driver's dispatch table."""
        index, kind, offset, length, value_kind, flags = record
        content = self.content
        memory = content.memory
        if kind not in content.profile.criterion_kinds:
            handlers = max(content.profile.criterion_kinds) + 1
            if kind < handlers:
                raise memory.trap(
                    "null-dereference",
                    DISPATCH,
                    address=0,
                    size=1,
                    origin=here + 2,
                    detail=f"kind {kind} has no handler",
                )
            raise memory.trap("dispatch-out-of-bounds", DISPATCH, origin=here + 2, index=kind, limit=handlers)
        if kind == WILDCARD:
            return True
        as_text = kind in TEXT_KINDS and (value_kind != INTEGER or kind not in INTEGER_KINDS)
        _, value = self._fetch(inputs, index, here, TEXT if as_text else INTEGER)
        if value is None:
            return False
        size = length if as_text else integer_operand_size(kind, length)
        address = (content.region.base + offset) & memory.mask
        operand = memory.read_range(content.pool, address, size, READ_OPERAND, here + 4)
        if memory.strict and not as_text and address & 7:
            raise memory.trap(
                "misaligned-access",
                READ_OPERAND,
                address=address,
                size=8,
                region=content.pool,
                origin=here + 4,
            )
        if isinstance(value, int):
            return match_integer(kind, operand, value)
        memory.charge(1 + (len(value) >> 6), READ_INPUT)
        ignore_case = bool(flags & IGNORE_CASE)
        if kind != REGEX:
            return match_text(kind, operand, value, ignore_case=ignore_case)
        program = compile_regex(operand, ignore_case=ignore_case)
        if program is None:
            raise memory.trap(
                "null-dereference",
                MATCH_REGEX,
                address=0,
                size=1,
                origin=here + 4,
                detail="the regex did not compile",
            )
        if not self._affordable(program, value):
            raise memory.trap("step-budget", MATCH_REGEX, origin=here + 4)
        return program.pattern.search(value) is not None

    def _fetch(self, inputs: InputArray, index: int, here: int, wanted: int) -> tuple[int, _Value]:
        """`inputs[index]`, a NULL test, and the read through the pointer.

        The oracle is the index, not the later fault.
        """
        memory = self.content.memory
        address = (inputs.array.base + index * memory.width) & memory.mask
        if index >= inputs.count:
            raise memory.trap(
                "input-index-out-of-bounds",
                FETCH_INPUT,
                address=address,
                size=memory.width,
                region=inputs.array,
                origin=here,
                file="content",
                index=index,
                limit=inputs.count,
            )
        pointer = memory.read_pointer(inputs.array, address, FETCH_INPUT, here)
        if pointer == 0:
            return (wanted, None)
        region, kind = inputs.objects[pointer]
        if kind != wanted:
            detail = f"input {index} is {VALUE_KIND_NAMES[kind]}, it is read as {VALUE_KIND_NAMES[wanted]}"
            raise memory.trap(
                "input-type-confusion",
                READ_AS,
                address=pointer,
                size=8,
                origin=here + 12,
                file="content",
                detail=detail,
            )
        if kind == INTEGER:
            return (kind, memory.read_word(region, pointer, 8, READ_INPUT, here))
        length = memory.read_word(region, pointer, 4, READ_INPUT, here)
        return (kind, memory.read_range(region, pointer + 4, length, READ_INPUT, here))

    def _capture(self, inputs: InputArray, index: int) -> tuple[int, _Value]:
        """The input, whatever its kind, fetched once for an event."""
        key = (inputs.count, index)
        known = self.captured.get(key)
        if known is None:
            memory = self.content.memory
            pointer = memory.read_pointer(inputs.array, inputs.array.base + index * memory.width, FETCH_INPUT)
            known = (
                (TEXT, None) if pointer == 0 else self._fetch(inputs, index, 0, inputs.objects[pointer][1])
            )
            self.captured[key] = known
        return known

    def _fetch_again(self, instance: Instance, number: int, address: int) -> None:
        """What a build that checks at load but reads in place does at every event."""
        content = self.content
        try:
            content.memory.record(content.region, address, CRITERION, READ_CRITERION, instance.at + 12)
        except Trap as trap:
            raise trap.located(
                Provenance(content.profile.name, "content", instance.index, instance.id, number)
            ) from None

    def _search(self, instance: Instance, number: int, criterion: Criterion, value: bytes) -> bool:
        """Search with a regex that the loader compiled once and accepted."""
        program = compile_regex(criterion.operand, ignore_case=criterion.ignore_case)
        if program is not None and self._affordable(program, value):
            return program.pattern.search(value) is not None
        self._report(instance, number, "regex-budget", "the regexes of the instance cost too much")
        return False

    def _affordable(self, program: Program, value: bytes) -> bool:
        """Charge the cost of a regex; false if it exceeds the remaining budget."""
        self.regex_steps -= program.size * (len(value) + 1)
        return self.regex_steps >= 0

    def _report(self, instance: Instance, number: int, reason: str, message: str) -> None:
        self.telemetry.append(Telemetry(instance.index, instance.id, number, reason, message))
