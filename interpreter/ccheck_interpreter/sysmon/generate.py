"""Events generated from a Sysmon blob: each filter matched and just missed, for its rule's event types."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ccheck_interpreter.sysmon.loader import EventRule, Filter, Rules
from ccheck_interpreter.sysmon.match import SEPARATOR, fold, match

OTHER: Final = "ccheck"


@dataclass(frozen=True, slots=True)
class SysmonEvent:
    """One event; `filter_at` is the file offset of the filter that it is for, `purpose` the reason."""

    event_id: int
    fields: tuple[str | None, ...]
    filter_at: int | None = None
    purpose: str = ""


def generate_sysmon(rules: Rules) -> Iterator[SysmonEvent]:
    """The events for a loaded blob, in a fixed order.

    For each event type that the blob has rules for: all fields plain, empty, longest and unresolved. Then for
    each filter, and each event type that shares its rule's name: one in which it and all that are joined with
    it match, and one in which only it is just missed.
    """
    for number in sorted(rules.by_event):
        for sibling in rules.target.siblings.get(number, ()):
            count = len(rules.target.events[sibling].fields)
            for purpose, text in (("plain", OTHER), ("empty", ""), ("longest", "A" * 4096), ("absent", None)):
                yield SysmonEvent(sibling, (text,) * count, purpose=purpose)
        for rule in rules.by_event[number]:
            for sibling in rules.target.siblings.get(number, ()):
                yield from _rule_events(
                    rule, sibling, len(rules.target.events[sibling].fields), rules.target.operators
                )


def _rule_events(
    rule: EventRule, event_id: int, count: int, operators: tuple[str, ...]
) -> Iterator[SysmonEvent]:
    base: list[str | None] = [""] * count
    for item in reversed(rule.filters):  # the first filter on a field has the last word
        value = _value(item, operators, wanted=True)
        if item.field_id < count and value is not None:
            base[item.field_id] = value
    for item in rule.filters:
        if item.field_id >= count:
            continue
        for purpose, wanted in (("match", True), ("near-miss", False)):
            value = _value(item, operators, wanted=wanted)
            if value is not None:
                fields = list(base)
                fields[item.field_id] = value
                yield SysmonEvent(event_id, tuple(fields), item.at, purpose)


def _value(item: Filter, operators: tuple[str, ...], *, wanted: bool) -> str | None:
    """A text that the filter matches, or one that it just misses; None if this simple method finds none."""
    if item.operator >= len(operators):
        return OTHER if wanted else None
    operator, rule = operators[item.operator], item.data
    first, *others = rule.split(SEPARATOR)
    joined = "".join([first, *others])
    for text in (
        rule,
        first,
        joined,
        f"{rule}x",
        f"x{rule}",
        f"x{rule}x",
        f"{first}x",
        rule[:-1],
        rule[1:],
        OTHER,
        "",
    ):
        if match(operator, rule, fold(text)) is wanted:
            return text
    return None
