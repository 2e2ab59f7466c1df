"""A condition of Sysmon rules with all that it is judged by: its rule, its group, its field and its operator."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.subject import Subject
from ccheck.formats.sysmon.checks import reach
from ccheck.formats.sysmon.checks.rules import content_of, target_of
from ccheck_schemas.formats.sysmon import tables
from ccheck_schemas.formats.sysmon.structure import Aggregation, Combine, EventRule, Filter, RuleDefault
from ccheck_schemas.formats.sysmon.values import Kind, kind_of
from ccheck_schemas.frozen import frozen
from ccheck_schemas.span import Span


@frozen
class Condition:
    """A filter whose event, field and operator the target knows, and whose text could be read.

    Attributes:
        group: Its aggregation; None for a filter that stands alone.
    """

    rule: EventRule
    event: tables.EventType
    filter: Filter
    group: Aggregation | None
    operator: str
    field: str
    text: str

    @property
    def folded(self) -> str:
        """The text in lower case, as the reader compares it."""
        return reach.fold(self.text)

    @property
    def kind(self) -> Kind:
        """The kind of its field."""
        return kind_of(self.field)

    @property
    def span(self) -> Span:
        """Its data; the size of them where they are empty."""
        return self.filter.source.span("data" if self.text else "data_size")

    @property
    def elements(self) -> list[str]:
        """The texts that it looks for."""
        return reach.elements_of(self.operator, self.text)

    @property
    def decides(self) -> bool:
        """Whether a match of it is a match of the rule."""
        joined = self.rule.combine_type == Combine.AND
        return not joined and (self.group is None or self.group.combine_type == Combine.OR)

    @property
    def excludes(self) -> bool:
        """Whether a match of the rule excludes the event."""
        return self.rule.rule_default == RuleDefault.INCLUDE

    @property
    def event_name(self) -> str:
        """The rule name of the event type."""
        return self.event.rule_name or f"event {self.event.id}"

    @property
    def words(self) -> str:
        """The condition as a report shows it."""
        text = self.text if len(self.text) <= _SHOWN else self.text[: _SHOWN - 1] + "…"
        return f"{self.field} {self.operator} {text!r}"


_SHOWN = 60


def understood(subject: Subject) -> Iterator[Condition]:
    """Each condition of a blob that the target understands; others are blamed by checks of their own."""
    target = target_of(subject)
    content = content_of(subject)
    groups = {aggregation.source.offset: aggregation for aggregation in content.aggregations}
    for rule in content.rules if target is not None else ():
        assert target is not None  # noqa: S101 - the loop is over nothing without one
        event = target.event(rule.event_id)
        for each in rule.filters if event is not None and event.rule_name is not None else ():
            group = groups.get(each.aggregation_offset) if each.aggregation_id else None
            assert event is not None  # noqa: S101 - as above
            known = 0 <= each.operator < len(target.operators) and each.field_id < len(event.fields)
            if known and each.text is not None and (group is not None or not each.aggregation_id):
                yield Condition(
                    rule,
                    event,
                    each,
                    group,
                    target.operators[each.operator],
                    event.fields[each.field_id],
                    each.text,
                )


def knows_lists(subject: Subject) -> bool:
    """Whether the target has operators that split their data."""
    target = target_of(subject)
    return target is not None and not tables.LIST_OPERATORS.isdisjoint(target.operators)
