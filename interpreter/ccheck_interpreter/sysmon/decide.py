"""Include or exclude: a Sysmon driver's decision about one event, as in the public reference reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ccheck_interpreter.event import EventError
from ccheck_interpreter.sysmon.loader import (
    Aggregation,
    EventRule,
    Filter,
    Rules,
    read_aggregation,
    table_index,
)
from ccheck_interpreter.sysmon.match import fold, match
from ccheck_interpreter.sysmon.tables import Decision, EventType
from ccheck_interpreter.trap import Operation, Provenance, Trap

MATCH_FILTER: Final = Operation("match-filter", "filters[].data_size")
JOIN_GROUP: Final = Operation("join-group", "filters[].aggregation_id")
COMPARE_SIBLING: Final = Operation("compare-sibling-field", "filters[].field_id")

_NAMED_BY_AGGREGATION: Final = 14 << 16 | 1
_Outcome = Literal["match", "no-match", "failed"]


@dataclass(frozen=True, slots=True)
class SysmonResult:
    """The decision about one event; `failures` is 1 if a rule could not be evaluated."""

    event_id: int
    decision: Decision
    rule_name: str
    failures: int
    steps: int


def decide(rules: Rules, event_id: int, fields: Sequence[str | None]) -> SysmonResult:
    """Evaluate one event.

    Args:
        rules: The loaded blob.
        event_id: The number of the event type.
        fields: The event's fields in the order of the target's table; None, or a field that is left out,
            cannot be resolved.

    Raises:
        Trap: A trusting reader reads outside an object.
        EventError: The target has no such event type.
    """
    event_type = rules.target.events.get(event_id)
    if event_type is None:
        raise EventError(f"a driver of {rules.target.binary} has no event {event_id}")
    longest = max((len(value) for value in fields if value is not None), default=0)
    budget = rules.limits.for_event(rules.region.size, longest)
    rules.memory.steps = budget
    rules.memory.depth = 0
    evaluation = _Evaluation(rules, event_type, fields)
    try:
        decision, name = evaluation.decision()
    except Trap as trap:
        raise trap.located(Provenance(rules.profile.name, "content")) from None
    return SysmonResult(event_id, decision, name, int(evaluation.failed), budget - rules.memory.steps)


class _Evaluation:
    """One event against one blob."""

    __slots__ = ("event_type", "failed", "fields", "folded", "name", "rules")

    def __init__(self, rules: Rules, event_type: EventType, fields: Sequence[str | None]) -> None:
        self.rules = rules
        self.event_type = event_type
        self.fields = fields
        self.folded: dict[int, str] = {}
        self.name = ""
        self.failed = False

    def decision(self) -> tuple[Decision, str]:
        """The decision and the name of the rule that decided."""
        rules, event_type = self.rules, self.event_type
        if event_type.rule_name is None:
            return event_type.default, ""
        number = table_index(rules.memory, rules.target, event_type.id, -1)
        group = rules.by_event.get(number, ())
        if not group:
            return event_type.default, ""
        for rule in group:
            outcome = self._rule(rule)
            if outcome == "match":
                return ("exclude" if rule.includes_by_default else "include"), self.name
            self.failed |= outcome == "failed"
        alone = len(group) == 1 and group[0].includes_by_default
        return ("include" if alone else "exclude"), ""

    def _rule(self, rule: EventRule) -> _Outcome:
        """The filters of a rule, with each run of filters of one aggregation as a group of its own."""
        filters = rule.filters
        if not filters:
            return "no-match"
        matched: set[int] = set()
        at = 0
        while at < len(filters):
            item = filters[at]
            if item.aggregation_id:
                outcome, at = self._group(rule, at)
                done = _done(outcome, joined_by_and=rule.joined_by_and, waits=False)
            elif item.field_id in matched:
                at += 1
                continue
            else:
                outcome = self._filter(rule, item, None)
                if outcome == "match":
                    matched.add(item.field_id)
                done = _done(outcome, joined_by_and=rule.joined_by_and, waits=item.same_field_follows)
                at += 1
            if done:
                return outcome
        return "match" if rule.joined_by_and else "no-match"

    def _group(self, rule: EventRule, start: int) -> tuple[_Outcome, int]:
        """A run of filters of one aggregation, and the number of the filter after it."""
        rules, filters = self.rules, rule.filters
        rules.memory.enter(JOIN_GROUP, filters[start].at + 528, "content")
        aggregation = self._aggregation(filters[start])
        at = start
        outcome: _Outcome = "match" if aggregation.joined_by_and else "no-match"
        while at < len(filters) and filters[at].aggregation_id == aggregation.id:
            one = self._filter(rule, filters[at], aggregation)
            at += 1
            if _done(one, joined_by_and=aggregation.joined_by_and, waits=False):
                outcome = one
                break
        if at == start:
            outcome = "failed"  # the filter names one group and leads to another: the reader did not move
        while at < len(filters) and filters[at].aggregation_id == aggregation.id:
            at += 1
        rules.memory.leave()
        return outcome, max(at, start + 1)

    def _aggregation(self, item: Filter) -> Aggregation:
        known = self.rules.aggregations.get(item.aggregation_offset)
        if known is not None:
            return known
        return read_aggregation(self.rules.memory, self.rules.region, item.aggregation_offset, item.at + 532)

    def _filter(self, rule: EventRule, item: Filter, aggregation: Aggregation | None) -> _Outcome:
        """One filter over one field."""
        rules, index = self.rules, item.field_id
        if index >= len(self.event_type.fields):
            return "no-match"
        if rule.event_id != self.event_type.id and not self._same_field(rule, item):
            return "no-match"
        value = self._field(index)
        if value is None:
            return "failed"
        items = 1 + item.data.count(";")
        rules.memory.charge(items * (1 + (len(value) >> 10)), MATCH_FILTER, item.at + 524, "content")
        operators = rules.target.operators
        result = match(operators[item.operator], item.data, value) if item.operator < len(operators) else None
        if result is None:
            return "failed"
        if not result:
            return "no-match"
        if rules.target.version <= _NAMED_BY_AGGREGATION and aggregation is not None and aggregation.name:
            self.name = aggregation.name
        elif item.name:
            self.name = item.name
        return "match"

    def _same_field(self, rule: EventRule, item: Filter) -> bool:
        """Returns whether the field number means the same field in the event type that the rule names."""
        rules, index = self.rules, item.field_id
        named = rules.target.events[rule.event_id].fields
        if index < len(named):
            return named[index] == self.event_type.fields[index]
        if rules.profile.bounds_check:
            return False
        raise rules.memory.trap(
            "table-index-out-of-bounds",
            COMPARE_SIBLING,
            origin=item.at,
            file="content",
            index=index,
            limit=len(named),
        )

    def _field(self, index: int) -> str | None:
        known = self.folded.get(index)
        if known is not None:
            return known
        value = self.fields[index] if index < len(self.fields) else None
        if value is not None:
            value = fold(value)
            self.folded[index] = value
        return value


def _done(outcome: _Outcome, *, joined_by_and: bool, waits: bool) -> bool:
    """Returns whether a group is decided; `waits`: a later filter on the same field may match."""
    if outcome == "match":
        return not joined_by_and
    return outcome == "failed" or (joined_by_and and not waits)
