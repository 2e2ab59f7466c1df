"""Checks of the groups of a Sysmon rules blob (its aggregations), and of the order of its records."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ccheck.core.check import Diagnostic
from ccheck.core.subject import Subject
from ccheck.formats.sysmon.checks.rules import conditions, content_of, proof
from ccheck_schemas.formats.sysmon.structure import ENVIRONMENT, Aggregation, EventRule, Filter
from ccheck_schemas.record import Record
from ccheck_schemas.span import Span


def sysmon_run_time_field_set(subject: Subject) -> Iterator[Diagnostic]:
    """A field that only a running consumer fills is not zero.

    ## What is wrong
    The message id and the counters of an aggregation, and the flag 0x40000000 of a filter type, belong to the
    running consumer. On disk they are zero.

    ## Why is this bad
    The blob was saved out of a running consumer's memory, or made by hand. A consumer may start from what it
    finds there; with the flag set, the kernel gives up on the filter.

    ## How to fix
    Compile the rules again from their source.
    """
    places = [
        (record.source, name, record.source[name])
        for record in content_of(subject).aggregations
        for name in ("message_id", "rules_checked", "rules_matched")
    ]
    places += [
        (condition.source, "filter_type", condition.filter_type & ENVIRONMENT)
        for _, condition in conditions(subject)
    ]
    for record, name, value in places:
        if value:
            yield Diagnostic(
                f"{name} holds {value:#x}, which only a running consumer sets",
                record.span(name),
                label="not zero",
                why="the consumer starts from what it finds there",
                fix="compile the rules again; on disk this is 0",
            )


def sysmon_unknown_aggregation(subject: Subject) -> Iterator[Diagnostic]:
    """A filter belongs to a group that is not there.

    ## What is wrong
    A filter with an aggregation id names an offset at which no aggregation of the blob begins, or one without
    an id names an offset all the same.

    ## Why is this bad
    The public reader adds the offset to the blob without any check and reads the group's name, id and
    relation from there, which can be outside the blob.

    ## How to fix
    Let the offset be that of the filter's aggregation, or 0 for both when it has none.
    """
    known = {aggregation.source.offset for aggregation in content_of(subject).aggregations}
    for _, condition in conditions(subject):
        at = condition.aggregation_offset
        if condition.aggregation_id and at not in known:
            outside = f"; the blob ends at {len(subject.data):#x}" if at >= len(subject.data) else ""
            message = f"no aggregation begins at {at:#x}{outside}"
        elif not condition.aggregation_id and at:
            message = f"the filter is in no aggregation (its id is 0), but names one at {at:#x}"
        else:
            continue
        yield Diagnostic(
            message,
            condition.source.span("aggregation_offset"),
            label=f"{at:#x}",
            why="a reader that adds the offset to the blob reads something else as a group, or memory outside it",
            fix="name the offset of the filter's aggregation, or 0 in both fields",
            related=(proof("the id", condition.source.span("aggregation_id")),),
        )


def sysmon_aggregation_id_differs(subject: Subject) -> Iterator[Diagnostic]:
    """A filter and the aggregation that it names have different ids.

    ## What is wrong
    The aggregation id of a filter is not the id of the aggregation at its aggregation offset.

    ## Why is this bad
    The reader begins a group at the offset and ends it where the id changes. With two ids it never enters the
    group: it does not move on, and gives up on the rule.

    ## How to fix
    Give both the same id.
    """
    by_offset = {a.source.offset: a for a in content_of(subject).aggregations}
    for _, condition in conditions(subject):
        found = by_offset.get(condition.aggregation_offset)
        if condition.aggregation_id and found is not None and found.id != condition.aggregation_id:
            yield Diagnostic(
                f"the filter is in aggregation {condition.aggregation_id}, but the one that it names is {found.id}",
                condition.source.span("aggregation_id"),
                label=f"id {condition.aggregation_id}",
                why="the reader ends a group where the id changes; this one never begins",
                fix=f"give both the same id, {found.id}",
                related=(proof(f"its id is {found.id}", found.source.span("aggregation_id")),),
            )


def sysmon_duplicate_aggregation(subject: Subject) -> Iterator[Diagnostic]:
    """Two aggregations have the same id.

    ## What is wrong
    The ids of aggregations are given once each, ascending from 1 over the whole blob. Ids may be left out.

    ## Why is this bad
    The reader tells groups apart by their ids alone. Filters of two groups with one id that follow each other
    are one group to it.

    ## How to fix
    Number the aggregations anew.
    """
    first: dict[int, Aggregation] = {}
    for aggregation in content_of(subject).aggregations:
        before = first.setdefault(aggregation.id, aggregation)
        if before is not aggregation:
            yield Diagnostic(
                f"aggregation id {aggregation.id} is given twice",
                aggregation.source.span("aggregation_id"),
                label=f"id {aggregation.id} again",
                why="the reader tells groups apart by their ids alone",
                fix="number the aggregations anew, ascending from 1",
                related=(proof("first given here", before.source.span("aggregation_id")),),
            )


def _members(subject: Subject) -> dict[int, list[tuple[EventRule, int, Filter]]]:
    """The filters of each aggregation with their rule and place in it, by the aggregation's offset."""
    members: dict[int, list[tuple[EventRule, int, Filter]]] = {}
    for rule in content_of(subject).rules:
        for place, condition in enumerate(rule.filters):
            if condition.aggregation_id:
                members.setdefault(condition.aggregation_offset, []).append((rule, place, condition))
    return members


def sysmon_group_interrupted(subject: Subject) -> Iterator[Diagnostic]:
    """The filters of an aggregation do not follow each other.

    ## What is wrong
    Between two filters of one aggregation stand filters that do not belong to it, or the two are in different
    event rules.

    ## Why is this bad
    The reader takes filters that follow each other as a group. It sees two groups here, each joined by
    itself: *A and B* becomes *A* and, separately, *B*.

    ## How to fix
    Put the filters of a group side by side.
    """
    for members in _members(subject).values():
        for (rule, place, before), (next_rule, next_place, condition) in pairwise(members):
            if next_rule is not rule or next_place != place + 1:
                yield Diagnostic(
                    f"the filters of aggregation {condition.aggregation_id} are interrupted before this one",
                    condition.source.span("aggregation_id"),
                    label="not consecutive",
                    why="the reader sees two groups, and joins each by itself",
                    fix="put the filters of a group side by side in one event rule",
                    related=(proof("the one before", before.source.span("aggregation_id")),),
                )


def sysmon_aggregation_root_wrong(subject: Subject) -> Iterator[Diagnostic]:
    """The root of an aggregation is not its first filter.

    ## What is wrong
    `rootRuleOffset` is the offset of the first filter of the aggregation, or 0 when it has none. It holds
    another number.

    ## Why is this bad
    A reader that starts at the root joins other filters than one that follows the filters of the event.

    ## How to fix
    Set the root to the offset of the first filter.
    """
    members = _members(subject)
    for aggregation in content_of(subject).aggregations:
        mine = members.get(aggregation.source.offset, [])
        first = mine[0][2].source.offset if mine else 0
        if aggregation.root_rule_offset != first:
            yield Diagnostic(
                f"the root is {aggregation.root_rule_offset:#x}, the first filter of the aggregation is at {first:#x}"
                if mine
                else f"the root is {aggregation.root_rule_offset:#x}, but no filter is in the aggregation",
                aggregation.source.span("root_rule_offset"),
                label=f"{aggregation.root_rule_offset:#x}",
                why="a reader that starts at the root joins other filters",
                fix=f"set the root to {first:#x}",
                related=(proof("its first filter", mine[0][2].source.span("field_id")),) if mine else (),
            )


def sysmon_aggregation_count_wrong(subject: Subject) -> Iterator[Diagnostic]:
    """The count of an aggregation is not the number of its filters.

    ## What is wrong
    `ruleCount` says how many filters are in the aggregation. Another number of filters names it.

    ## Why is this bad
    A reader that counts and one that follows the filters disagree about where the group ends.

    ## How to fix
    Set the count to the number of filters.
    """
    members = _members(subject)
    for aggregation in content_of(subject).aggregations:
        count = len(members.get(aggregation.source.offset, ()))
        if aggregation.rule_count != count:
            yield Diagnostic(
                f"the count is {aggregation.rule_count}, but {count} filters name this aggregation",
                aggregation.source.span("rule_count"),
                label=f"{aggregation.rule_count} of them",
                why="readers that count and readers that follow the filters disagree about the group's end",
                fix=f"set the count to {count}",
            )


def sysmon_records_out_of_order(subject: Subject) -> Iterator[Diagnostic]:
    """Records do not stand in the order in which they are read.

    ## What is wrong
    A blob holds an event, then its filters, each group's aggregation before the group's filters, then the
    next event. An offset here leads back.

    ## Why is this bad
    Every genuine blob ascends, so readers may count on it. An order of its own shows one content to a reader
    that walks the bytes and another to one that follows the offsets.

    ## How to fix
    Compile the rules again.
    """
    known = {aggregation.source.offset: aggregation for aggregation in content_of(subject).aggregations}
    before: Record | None = None
    met: set[int] = set()
    for rule in content_of(subject).rules:
        order = [rule.source]
        for condition in rule.filters:
            at = condition.aggregation_offset
            if condition.aggregation_id and at in known and at not in met:
                met.add(at)
                order.append(known[at].source)
            order.append(condition.source)
        for record in order:
            if before is not None and record.offset < before.offset:
                yield Diagnostic(
                    f"this record at {record.offset:#x} is read after the one at {before.offset:#x}",
                    Span(record.offset, 4, record.path),
                    label="out of order",
                    why="every genuine blob ascends, so readers may count on it",
                    fix="compile the rules again",
                    related=(proof("read before it", Span(before.offset, 4, before.path)),),
                )
            before = record


def sysmon_aggregations_unlisted(subject: Subject) -> Iterator[Diagnostic]:
    """The header names no aggregations, but filters do.

    ## What is wrong
    The offset of the first aggregation in the header is 0 although filters belong to aggregations. The
    original compiler makes such blobs: when it tries a rule as RegistryEvent 12 and begins anew as 13, it
    forgets that the first aggregation must be entered again.

    ## Why is this bad
    Consumers evaluate such a blob rightly, because filters name their aggregations themselves. A tool that
    lists the aggregations from the header finds none.

    ## How to fix
    Nothing needs to be done for consumers. To fix the blob, set the offset to that of the first aggregation.
    """
    content = content_of(subject)
    members = [c for _, c in conditions(subject) if c.aggregation_id]
    if content.first_aggregation_offset == 0 and members:
        yield Diagnostic(
            f"the first aggregation is given as 0 (none), but {len(members)} filters name aggregations",
            content.header.span("first_aggregation_offset"),
            label="none listed",
            why="a known fault of the original compiler: consumers evaluate the blob rightly, tools that list groups do not",
            fix=f"set it to {members[0].aggregation_offset:#x}",
            related=(proof("named here", members[0].source.span("aggregation_offset")),),
        )
