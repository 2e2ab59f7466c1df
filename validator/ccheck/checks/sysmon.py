"""Checks of what a Sysmon rules blob means to the consumer that reads it: events, fields, operators, groups."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.check import Blame
from ccheck.finding import Proof
from ccheck.subject import Subject
from ccheck_schemas.formats import sysmon_tables as tables
from ccheck_schemas.formats.sysmon import ENVIRONMENT, Aggregation, EventRule, Filter, SysmonContent
from ccheck_schemas.record import Record
from ccheck_schemas.span import Span


def content_of(subject: Subject) -> SysmonContent:
    """The content of a rules blob."""
    assert isinstance(subject.content, SysmonContent)  # noqa: S101 - the table gives these checks blobs only
    return subject.content


def target_of(subject: Subject) -> tables.Target | None:
    """The consumer that the blob is judged for: the one that the user named, else one of the blob's own version."""
    if subject.setting.target is not None:
        return tables.target(subject.setting.target)
    return tables.target_of(content_of(subject).version or 0)


def _conditions(subject: Subject) -> Iterator[tuple[EventRule, Filter]]:
    for rule in content_of(subject).rules:
        for condition in rule.filters:
            yield rule, condition


def _proof(words: str, span: Span) -> Proof:
    return Proof(words, span.path, span.offset, span.length)


def _place(record: Record, field: str) -> str:
    return f"{record.get(field):#x}"


def sysmon_layout_of_target(subject: Subject) -> Iterator[Blame]:
    """The target reads records of another layout.

    ## What is wrong
    The consumer named with `--target` reads binary version 1.x or 8.0. Its header is shorter than the one of this blob, and its records
    are laid out otherwise.

    ## Why is this bad
    It takes bytes of this header for the first event. What it reads from then on is not what was written.

    ## How to fix
    Compile the rules with the tool of the target's own version, or name another target.
    """
    target = target_of(subject)
    if target is not None and not target.layout_known:
        yield Blame(
            f"the blob has the layout of binary version 9 and later, target {target.name} reads an older one",
            content_of(subject).header.span("version"),
            label="another layout",
            why="the target takes bytes of this header for the first event",
            fix="compile the rules with the tool of the target's own version",
        )


def sysmon_version_of_target(subject: Subject) -> Iterator[Blame]:
    """The blob is of another major version than the target.

    ## What is wrong
    The major number of the blob's version is not that of the consumer named with `--target`. The rest of the blob is judged as if it were.

    ## Why is this bad
    The public reader refuses a blob whose major version is not its own: none of its rules take effect.

    ## How to fix
    Compile the rules for the target's version.
    """
    target, version = target_of(subject), content_of(subject).version or 0
    if target is not None and target.layout_known and target.binary >> 16 != version >> 16:
        yield Blame(
            f"the blob is of version {tables.version_text(version)}, target {target.name} reads major {target.binary >> 16}",
            content_of(subject).header.span("version"),
            label=tables.version_text(version),
            why="a reader that compares major versions refuses the blob; none of its rules take effect",
            fix=f"compile the rules for version {tables.version_text(target.binary)}",
        )


def sysmon_unknown_event(subject: Subject) -> Iterator[Blame]:
    """A rule is for an event type that the target does not know.

    ## What is wrong
    No generation of the judged version has an event type of this number. Event 0 never exists.

    ## Why is this bad
    The number is an index into the reader's table of event types. Behind the table, or at a hole in it, there is no event type.

    ## How to fix
    Use the number of a known event type, or judge the blob for the version that has it (`--target`).
    """
    target = target_of(subject)
    for rule in content_of(subject).rules if target is not None else ():
        if target is not None and target.event(rule.event_id) is None:
            known = tables.fit_for(rule.event_id, 0)
            yield Blame(
                f"event {rule.event_id} is not known to version {target.name}",
                rule.source.span("event_id"),
                label=f"event {rule.event_id}",
                why="the number is an index into the reader's table of event types; there is none at this place",
                fix=f"judge for a version that has it: {', '.join(known)}" if known else "use a known event type",
            )


def sysmon_event_not_filtered(subject: Subject) -> Iterator[Blame]:
    """A rule is for an event type that cannot be filtered.

    ## What is wrong
    Events 4 (service state), 16 (configuration change) and 255 (error) have no rule name: no XML can ask for a rule on them.

    ## Why is this bad
    The reader looks for the rule name of each event in the blob. These have none, and a reader that does not expect that follows a null pointer.

    ## How to fix
    Remove the rule. These events are always reported.
    """
    target = target_of(subject)
    for rule in content_of(subject).rules if target is not None else ():
        event = target.event(rule.event_id) if target is not None else None
        if event is not None and event.rule_name is None:
            yield Blame(
                f"event {rule.event_id} cannot be filtered: it has no rule name",
                rule.source.span("event_id"),
                label=f"event {rule.event_id}",
                why="a reader that looks up its rule name follows a null pointer",
                fix="remove the rule; this event is always reported",
            )


def sysmon_field_past_table(subject: Subject) -> Iterator[Blame]:
    """A filter reads a field that the event type does not have in the judged version.

    ## What is wrong
    The field of a filter is an index into the field list of its event type. This one is behind the end of the list, in every generation of the
    judged version. Newer versions have longer lists: ProcessCreate grew from 16 to 23 fields.

    ## Why is this bad
    This is how a sensor crashed 8.5 million hosts in July 2024: content named one input more than the code supplied. A reader without a
    check at run time reads behind its array; the public reader has that check, and the filter never matches.

    ## How to fix
    Remove the filter, or send the blob only to consumers of a version that has the field; the finding names them.
    """
    target = target_of(subject)
    for rule, condition in _conditions(subject) if target is not None else ():
        event = target.event(rule.event_id) if target is not None else None
        if target is None or event is None or condition.field_id < len(event.fields):
            continue
        if any(condition.field_id < len(sibling.fields) for sibling in target.siblings(event)):
            continue
        yield Blame(
            f"the filter reads field {condition.field_id} of event {_event_name(event)}, "
            f"which has {len(event.fields)} (0 to {len(event.fields) - 1}) in version {target.name}",
            condition.source.span("field_id"),
            label=f"field {condition.field_id}",
            why="a driver that uses the number as an index reads behind its array of inputs",
            fix=_fit(rule.event_id, condition.field_id),
            because=(_proof(f"the event is {_event_name(event)}", rule.source.span("event_id")),),
        )


def sysmon_field_of_sibling(subject: Subject) -> Iterator[Blame]:
    """A filter reads a field that only a sibling of its event type has.

    ## What is wrong
    One rule name can cover several event types: RegistryEvent is 12, 13 and 14, PipeEvent 17 and 18, WmiEvent 19, 20 and 21. Their field lists
    differ. The index lies inside the list of a sibling and behind the end of the list of the rule's own event type.

    ## Why is this bad
    The public reader offers the rule to all events of its name. It compares the index with the count of the event at hand, then looks it up in the
    table of the rule's own event type as well, behind its end.

    ## How to fix
    Give the rule the event number of the sibling that has the field.
    """
    target = target_of(subject)
    for rule, condition in _conditions(subject) if target is not None else ():
        event = target.event(rule.event_id) if target is not None else None
        if target is None or event is None or condition.field_id < len(event.fields):
            continue
        found = [s for s in target.siblings(event) if condition.field_id < len(s.fields)]
        if found:
            names = " and ".join(f"event {s.id} ({s.fields[condition.field_id]})" for s in found)
            yield Blame(
                f"field {condition.field_id} is behind the {len(event.fields)} fields of event {_event_name(event)} "
                f"in version {target.name}; only {names} has it",
                condition.source.span("field_id"),
                label=f"field {condition.field_id}",
                why="a reader that checks against the event at hand, not the rule's own, reads behind its table",
                fix=f"give the rule the event number {found[0].id}, or remove the filter",
                because=(_proof(f"the event is {_event_name(event)}", rule.source.span("event_id")),),
            )


def sysmon_generations_differ(subject: Subject) -> Iterator[Blame]:
    """Some consumers of the judged version know the event or field, and some do not.

    ## What is wrong
    Several public generations read the same binary version (9.20 has five), and their tables differ. A rule uses an event type or field that only the
    newer ones have.

    ## Why is this bad
    The version number lets an older consumer accept the blob, and then the index is out of bounds.

    ## How to fix
    Send the blob to the newer consumers only, and judge it for their schema version (`--target 4.32`); or leave the filter out.
    """
    target = target_of(subject)
    for rule in content_of(subject).rules if target is not None else ():
        if target is None:
            return
        without = [g.schema for g in target.generations if rule.event_id not in g.events]
        if without and len(without) < len(target.generations):
            yield _differing(f"event {rule.event_id} is", rule.source.span("event_id"), without)
            continue
        for condition in rule.filters:
            index = condition.field_id
            short = [
                g.schema
                for g in target.generations
                if rule.event_id in g.events and index >= len(g.events[rule.event_id].fields)
            ]
            if short and len(short) < len(target.generations):
                words = f"field {index} of event {rule.event_id} is"
                yield _differing(words, condition.source.span("field_id"), short)


def _differing(words: str, span: Span, without: list[str]) -> Blame:
    return Blame(
        f"{words} unknown to some consumers of this version: schema {', '.join(without)}",
        span,
        label="not in all",
        why="an older consumer accepts the version, and the number is out of bounds there",
        fix="send the blob to newer consumers only, and judge it for their schema version with --target",
    )


def _event_name(event: tables.EventType) -> str:
    return f"{event.id} ({event.rule_name})" if event.rule_name else str(event.id)


def _fit(event_id: int, field_id: int) -> str:
    versions = tables.fit_for(event_id, field_id)
    if not versions:
        return "no known version has this field; remove the filter"
    return f"remove the filter, or send the blob only to consumers of version {', '.join(versions)}"


def sysmon_unknown_operator(subject: Subject) -> Iterator[Blame]:
    """A filter has an operator that the target does not know.

    ## What is wrong
    The filter type is not the number of an operator in the judged version. Versions from 15.0 on have 0 to 15, 14.0 has 0 to 13, and below 14.0 they
    are numbered otherwise, 0 to 8.

    ## Why is this bad
    The reader gives up on the whole rule with an error, or uses the number as an index into a table of functions. The public reader looks only
    at the low 16 bits, so a number above hides one that it knows.

    ## How to fix
    Use an operator that the judged version has.
    """
    target = target_of(subject)
    for _, condition in _conditions(subject) if target is not None else ():
        if target is None or 0 <= condition.operator < len(target.operators):
            continue
        names = ", ".join(f"{i} {name}" for i, name in enumerate(target.operators))
        yield Blame(
            f"operator {condition.operator} is unknown to version {target.name}, "
            f"which has 0 to {len(target.operators) - 1}",
            condition.source.span("filter_type"),
            label=f"operator {condition.operator}",
            why="the reader gives up on the rule, or uses the number as an index into a table",
            fix=f"use one of: {names}",
        )


def sysmon_run_time_field_set(subject: Subject) -> Iterator[Blame]:
    """A field that only a running consumer fills is not zero.

    ## What is wrong
    The message id and the counters of an aggregation, and the flag 0x40000000 of a filter type, belong to the running consumer. On disk they are zero.

    ## Why is this bad
    The blob was saved out of a running consumer's memory, or made by hand. A consumer may start from what it finds there; with the flag set,
    the kernel gives up on the filter.

    ## How to fix
    Compile the rules again from their source.
    """
    places = [
        (record.source, name, record.source[name])
        for record in content_of(subject).aggregations
        for name in ("message_id", "rules_checked", "rules_matched")
    ]
    places += [
        (condition.source, "filter_type", condition.filter_type & ENVIRONMENT) for _, condition in _conditions(subject)
    ]
    for record, name, value in places:
        if value:
            yield Blame(
                f"{name} holds {value:#x}, which only a running consumer sets",
                record.span(name),
                label="not zero",
                why="the consumer starts from what it finds there",
                fix="compile the rules again; on disk this is 0",
            )


def sysmon_unknown_aggregation(subject: Subject) -> Iterator[Blame]:
    """A filter belongs to a group that is not there.

    ## What is wrong
    A filter with an aggregation id names an offset at which no aggregation of the blob begins, or one without an id names an offset all the same.

    ## Why is this bad
    The public reader adds the offset to the blob without any check and reads the group's name, id and relation from there, which can be
    outside the blob.

    ## How to fix
    Let the offset be that of the filter's aggregation, or 0 for both when it has none.
    """
    known = {aggregation.source.offset for aggregation in content_of(subject).aggregations}
    for _, condition in _conditions(subject):
        at = condition.aggregation_offset
        if condition.aggregation_id and at not in known:
            outside = f"; the blob ends at {len(subject.data):#x}" if at >= len(subject.data) else ""
            message = f"no aggregation begins at {at:#x}{outside}"
        elif not condition.aggregation_id and at:
            message = f"the filter is in no aggregation (its id is 0), but names one at {at:#x}"
        else:
            continue
        yield Blame(
            message,
            condition.source.span("aggregation_offset"),
            label=f"{at:#x}",
            why="a reader that adds the offset to the blob reads something else as a group, or memory outside it",
            fix="name the offset of the filter's aggregation, or 0 in both fields",
            because=(_proof("the id", condition.source.span("aggregation_id")),),
        )


def sysmon_aggregation_id_differs(subject: Subject) -> Iterator[Blame]:
    """A filter and the aggregation that it names have different ids.

    ## What is wrong
    The aggregation id of a filter is not the id of the aggregation at its aggregation offset.

    ## Why is this bad
    The reader begins a group at the offset and ends it where the id changes. With two ids it never enters the group: it does not
    move on, and gives up on the rule.

    ## How to fix
    Give both the same id.
    """
    by_offset = {a.source.offset: a for a in content_of(subject).aggregations}
    for _, condition in _conditions(subject):
        found = by_offset.get(condition.aggregation_offset)
        if condition.aggregation_id and found is not None and found.id != condition.aggregation_id:
            yield Blame(
                f"the filter is in aggregation {condition.aggregation_id}, but the one that it names is {found.id}",
                condition.source.span("aggregation_id"),
                label=f"id {condition.aggregation_id}",
                why="the reader ends a group where the id changes; this one never begins",
                fix=f"give both the same id, {found.id}",
                because=(_proof(f"its id is {found.id}", found.source.span("aggregation_id")),),
            )


def sysmon_duplicate_aggregation(subject: Subject) -> Iterator[Blame]:
    """Two aggregations have the same id.

    ## What is wrong
    The ids of aggregations are given once each, ascending from 1 over the whole blob. Ids may be left out.

    ## Why is this bad
    The reader tells groups apart by their ids alone. Filters of two groups with one id that follow each other are one group to it.

    ## How to fix
    Number the aggregations anew.
    """
    first: dict[int, Aggregation] = {}
    for aggregation in content_of(subject).aggregations:
        before = first.setdefault(aggregation.id, aggregation)
        if before is not aggregation:
            yield Blame(
                f"aggregation id {aggregation.id} is given twice",
                aggregation.source.span("aggregation_id"),
                label=f"id {aggregation.id} again",
                why="the reader tells groups apart by their ids alone",
                fix="number the aggregations anew, ascending from 1",
                because=(_proof("first given here", before.source.span("aggregation_id")),),
            )


def _members(subject: Subject) -> dict[int, list[tuple[EventRule, int, Filter]]]:
    """The filters of each aggregation with their rule and place in it, by the aggregation's offset."""
    members: dict[int, list[tuple[EventRule, int, Filter]]] = {}
    for rule in content_of(subject).rules:
        for place, condition in enumerate(rule.filters):
            if condition.aggregation_id:
                members.setdefault(condition.aggregation_offset, []).append((rule, place, condition))
    return members


def sysmon_group_interrupted(subject: Subject) -> Iterator[Blame]:
    """The filters of an aggregation do not follow each other.

    ## What is wrong
    Between two filters of one aggregation stand filters that do not belong to it, or the two are in different event rules.

    ## Why is this bad
    The reader takes filters that follow each other as a group. It sees two groups here, each joined by itself: *A and B* becomes *A* and,
    separately, *B*.

    ## How to fix
    Put the filters of a group side by side.
    """
    for members in _members(subject).values():
        for (rule, place, before), (next_rule, next_place, condition) in zip(members, members[1:], strict=False):
            if next_rule is not rule or next_place != place + 1:
                yield Blame(
                    f"the filters of aggregation {condition.aggregation_id} are interrupted before this one",
                    condition.source.span("aggregation_id"),
                    label="not consecutive",
                    why="the reader sees two groups, and joins each by itself",
                    fix="put the filters of a group side by side in one event rule",
                    because=(_proof("the one before", before.source.span("aggregation_id")),),
                )


def sysmon_aggregation_root_wrong(subject: Subject) -> Iterator[Blame]:
    """The root of an aggregation is not its first filter.

    ## What is wrong
    `rootRuleOffset` is the offset of the first filter of the aggregation, or 0 when it has none. It holds another number.

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
            yield Blame(
                f"the root is {aggregation.root_rule_offset:#x}, the first filter of the aggregation is at {first:#x}"
                if mine
                else f"the root is {aggregation.root_rule_offset:#x}, but no filter is in the aggregation",
                aggregation.source.span("root_rule_offset"),
                label=f"{aggregation.root_rule_offset:#x}",
                why="a reader that starts at the root joins other filters",
                fix=f"set the root to {first:#x}",
                because=(_proof("its first filter", mine[0][2].source.span("field_id")),) if mine else (),
            )


def sysmon_aggregation_count_wrong(subject: Subject) -> Iterator[Blame]:
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
            yield Blame(
                f"the count is {aggregation.rule_count}, but {count} filters name this aggregation",
                aggregation.source.span("rule_count"),
                label=f"{aggregation.rule_count} of them",
                why="readers that count and readers that follow the filters disagree about the group's end",
                fix=f"set the count to {count}",
            )


def sysmon_records_out_of_order(subject: Subject) -> Iterator[Blame]:
    """Records do not stand in the order in which they are read.

    ## What is wrong
    A blob holds an event, then its filters, each group's aggregation before the group's filters, then the next event. An offset here leads back.

    ## Why is this bad
    Every genuine blob ascends, so readers may count on it. An order of its own shows one content to a reader that walks the bytes and another to
    one that follows the offsets.

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
                yield Blame(
                    f"this record at {record.offset:#x} is read after the one at {before.offset:#x}",
                    Span(record.offset, 4, record.path),
                    label="out of order",
                    why="every genuine blob ascends, so readers may count on it",
                    fix="compile the rules again",
                    because=(_proof("read before it", Span(before.offset, 4, before.path)),),
                )
            before = record


def sysmon_aggregations_unlisted(subject: Subject) -> Iterator[Blame]:
    """The header names no aggregations, but filters do.

    ## What is wrong
    The offset of the first aggregation in the header is 0 although filters belong to aggregations. The original compiler makes such blobs: when it
    tries a rule as RegistryEvent 12 and begins anew as 13, it forgets that the first aggregation must be entered again.

    ## Why is this bad
    Consumers evaluate such a blob rightly, because filters name their aggregations themselves. A tool that lists the aggregations
    from the header finds none.

    ## How to fix
    Nothing needs to be done for consumers. To mend the blob, set the offset to that of the first aggregation.
    """
    content = content_of(subject)
    members = [c for _, c in _conditions(subject) if c.aggregation_id]
    if content.first_aggregation_offset == 0 and members:
        yield Blame(
            f"the first aggregation is given as 0 (none), but {len(members)} filters name aggregations",
            content.header.span("first_aggregation_offset"),
            label="none listed",
            why="a known fault of the original compiler: consumers evaluate the blob rightly, tools that list groups do not",
            fix=f"set it to {members[0].aggregation_offset:#x}",
            because=(_proof("named here", members[0].source.span("aggregation_offset")),),
        )


def sysmon_empty_list_element(subject: Subject) -> Iterator[Blame]:
    """A list of texts has an empty element.

    ## What is wrong
    The list operators split their data at each semicolon. Two semicolons follow each other, or one stands at an end, so that one of the elements is
    empty.

    ## Why is this bad
    An empty element means something else to each operator and reader: *is any* then matches an empty field, and a search for nothing may find it
    everywhere or nowhere.

    ## How to fix
    Remove the stray semicolon.
    """
    target = target_of(subject)
    for _, condition in _conditions(subject) if target is not None else ():
        if target is None or not condition.text or not 0 <= condition.operator < len(target.operators):
            continue
        operator = target.operators[condition.operator]
        elements = condition.text.split(";")
        if operator in tables.LIST_OPERATORS and "" in elements:
            yield Blame(
                f"element {elements.index('') + 1} of {len(elements)} of the list for {operator!r} is empty",
                condition.source.span("data"),
                label="empty element",
                why="an empty element matches an empty field, everything or nothing, as operator and reader go",
                fix="remove the stray semicolon",
            )


def sysmon_not_a_number(subject: Subject) -> Iterator[Blame]:
    """An operator that asks for an order has data that is not a number.

    ## What is wrong
    The data of *less than* or *more than* is not a decimal or hexadecimal number.

    ## Why is this bad
    Authors mean numbers with these operators. The public reader compares text, character by character, so that the result for anything else than
    numbers of equal length surprises.

    ## How to fix
    Give a number, with as many digits as the values of the field have; or use another operator.
    """
    target = target_of(subject)
    for _, condition in _conditions(subject) if target is not None else ():
        if target is None or condition.text is None or not 0 <= condition.operator < len(target.operators):
            continue
        operator = target.operators[condition.operator]
        if operator in tables.ORDER_OPERATORS and not _number(condition.text):
            yield Blame(
                f"the data of {operator!r} is not a number",
                condition.source.span("data"),
                label="not a number",
                why="the public reader compares text here, so that anything but numbers of equal length surprises",
                fix="give a number, or use another operator",
            )


def _number(text: str) -> bool:
    digits = text.strip()
    if digits[:2].lower() == "0x":
        return all(digit in "0123456789abcdefABCDEF" for digit in digits[2:]) and len(digits) > 2
    return digits.isascii() and digits.removeprefix("-").isdecimal()
